//! Messages that wait for a person: held, let pass, rejected.

use rusqlite::{Connection, params};

use super::accept::verdict_text;
use super::accept::{
    MessageFields, NewDelivery, insert_arrival, insert_queued, record_violations, touch,
};
use super::archive::{MESSAGE_COLUMNS, read_row};
use super::content::{Mails, Which, mails, pack_shown, pack_sightings};
use super::orders::{ORDER_COLUMNS, read_order};
use super::repeat::since;
use super::rows::{all, get, moment, moment_some, one, parse, run};
use super::{Store, clock, evidence, facts, index, telling, violation};
use crate::domain::{
    ConversationId, Direction, MessageId, MessageState, NoticeKind, PairId, Role, Timestamp,
};
use crate::evidence::{Sealed, of_nothing};
use crate::store::error::StoreError;
use crate::store::records::Arrival;
use crate::store::register::Decision;
use crate::store::review::{HeldDepth, HeldMail, HeldRow, Holding, Passage, ReviewEvent, Reviewed};
use crate::store::seal::Held;

/// A [`Holding`] as the writer gets it: its mails packed.
struct PackedHolding {
    holding: Holding,
    mails: Vec<u8>,
    sealed: Sealed,
}

impl Store {
    /// Commits a message that waits for a person, and all that follows from it. The same mail again
    /// within 5 days gives the first one's id and writes nothing.
    ///
    /// Errors: as [`Store::accept`].
    pub async fn hold(&self, mut holding: Holding) -> Result<Held, StoreError> {
        let mut mails = Mails::default()
            .with(Which::Original, std::mem::take(&mut holding.arrival.original))
            .with(Which::SenderView, std::mem::take(&mut holding.sender_view));
        let verdict = verdict_text(&holding.arrival.verdict)?;
        let sealed = evidence::seal(&mails, &verdict, &holding.arrival.proof)?;
        // Not bound: what is shown when it is let pass is.
        if let Some(view) = holding.recipient_view.take() {
            mails = mails.with(Which::RecipientView, view);
        }
        let packed = PackedHolding { holding, mails: mails.pack().await?, sealed };
        self.write(packed.mails.len(), move |conn| hold(conn, &packed)).await
    }

    /// Lets a held message pass: from now on it is accepted and its delivery is due. It counts as
    /// said, and starts a clock, at `decision.at`.
    ///
    /// Errors: `Stale` where the operator changed the pair since the facts were read; else as any
    /// write.
    pub async fn let_pass(
        &self,
        passage: Passage,
        decision: Decision,
    ) -> Result<Reviewed, StoreError> {
        // Nothing changes them while it waits.
        let Some(came) = self.held_texts(&passage.message).await? else {
            return Ok(Reviewed::NotHeld);
        };
        let draft = passage.outgoing.draft().clone();
        let mails = came
            .with(Which::Outgoing, draft.bytes)
            .with(Which::RecipientView, draft.recipient_view)
            .pack()
            .await?;
        let store = self.clone();
        self.write(mails.len(), move |conn| let_pass(conn, &passage, &mails, &decision, &store))
            .await
    }

    /// What came in of a message that waits, and what its sender may see of it.
    async fn held_texts(&self, message: &MessageId) -> Result<Option<Mails>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            let sql = "SELECT c.mails FROM message m JOIN content c ON c.message = m.number
                WHERE m.id = ?1 AND m.state = 'held'";
            let texts = [Which::Original, Which::SenderView];
            one(conn, sql, [message.as_str()], |row| mails(row, &texts))
        })
        .await
    }

    /// Rejects a held message; its sender is told by a notice of this kind. A clock that it stopped
    /// goes on.
    pub async fn reject_held(
        &self,
        message: &MessageId,
        decision: Decision,
        tell: NoticeKind,
    ) -> Result<Reviewed, StoreError> {
        let message = message.clone();
        self.write(512, move |conn| reject(conn, &message, &decision, tell)).await
    }

    /// What waits for a person, the oldest first.
    pub async fn held(&self, limit: u32) -> Result<Vec<HeldRow>, StoreError> {
        self.read(move |conn| {
            // Written out for the index's sake.
            let sql = format!(
                "{MESSAGE_COLUMNS} AND m.state = 'held' ORDER BY m.held_at, m.number LIMIT ?1"
            );
            all(conn, &sql, [limit], |row| {
                let held_at = moment(row, "held_at")?;
                read_row(row).map(|(row, verdict)| HeldRow { row, holds: verdict.holds, held_at })
            })
        })
        .await
    }

    /// Messages that have waited since `moment` or longer, the oldest first.
    pub async fn held_since(
        &self,
        moment: Timestamp,
        limit: u32,
    ) -> Result<Vec<MessageId>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT id FROM message WHERE state = 'held' AND held_at <= ?1
                ORDER BY held_at LIMIT ?2";
            all(conn, sql, (moment.as_millis(), limit), |row| parse(row, "id"))
        })
        .await
    }

    /// A held message with what it is written from; none where it does not wait.
    pub async fn held_mail(&self, message: &MessageId) -> Result<Option<HeldMail>, StoreError> {
        let (message, store) = (message.clone(), self.clone());
        self.read(move |conn| {
            let sql = format!("{MESSAGE_COLUMNS} AND m.id = ?1 AND m.state = 'held'");
            let found = one(conn, &sql, [message.as_str()], |row| {
                let numbers: (i64, i64, Option<i64>) =
                    (get(row, "number")?, get(row, "pair")?, get(row, "order")?);
                Ok((numbers, moment(row, "held_at")?, read_row(row)?))
            })?;
            let Some(((number, pair, order), held_at, (row, verdict))) = found else {
                return Ok(None);
            };
            let order = match order {
                Some(order) => {
                    let sql = format!("{ORDER_COLUMNS} WHERE o.number = ?1");
                    one(conn, &sql, [order], read_order)?
                }
                None => None,
            };
            let sql = "SELECT mails FROM content WHERE message = ?1";
            let original = one(conn, sql, [number], |row| {
                mails(row, &[Which::Original])?.needed(Which::Original)
            })?;
            let original = original.ok_or(StoreError::Damaged("content"))?;
            let facts = store.facts_of_pair(conn, PairId(pair))?;
            Ok(Some(HeldMail { row, held_at, verdict, original, facts, order }))
        })
        .await
    }

    /// How much waits, and how much of it for longer than `act_within` asks.
    pub async fn held_depth(&self, due: Timestamp) -> Result<HeldDepth, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT count(*) AS held, min(held_at) AS oldest,
                    coalesce(sum(held_at <= ?1), 0) AS overdue
                FROM message WHERE state = 'held'";
            let depth = one(conn, sql, [due.as_millis()], |row| {
                Ok(HeldDepth {
                    held: get(row, "held")?,
                    oldest: moment_some(row, "oldest")?,
                    overdue: get(row, "overdue")?,
                })
            })?;
            Ok(depth.unwrap_or_default())
        })
        .await
    }

    /// Notes who read a message's original, which holds real addresses.
    pub async fn note_opened(
        &self,
        message: &MessageId,
        decision: Decision,
    ) -> Result<(), StoreError> {
        let message = message.clone();
        self.write(256, move |conn| {
            let sql = "SELECT number FROM message WHERE id = ?1";
            match one(conn, sql, [message.as_str()], |row| get(row, "number"))? {
                Some(number) => note(conn, number, "opened", &decision),
                None => Ok(()),
            }
        })
        .await
    }

    /// What people did with a message, the oldest first.
    pub async fn reviews(&self, message: &MessageId) -> Result<Vec<ReviewEvent>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            let sql = "SELECT r.what, r.by, r.reason, r.at FROM review r
                JOIN message m ON m.number = r.message WHERE m.id = ?1 ORDER BY r.number";
            all(conn, sql, [message.as_str()], |row| {
                Ok(ReviewEvent {
                    what: get(row, "what")?,
                    by: get(row, "by")?,
                    reason: get(row, "reason")?,
                    at: moment(row, "at")?,
                })
            })
        })
        .await
    }
}

fn hold(conn: &Connection, packed: &PackedHolding) -> Result<Held, StoreError> {
    let holding = &packed.holding;
    let arrival = &holding.arrival;
    // Before the facts: a repetition gets the first answer, whatever has changed since.
    if let Some(message) = find_same(conn, arrival)? {
        return Ok(Held { message, duplicate: true });
    }
    let fields =
        MessageFields { state: MessageState::Held, subject: &holding.subject, outgoing_id: None };
    let (conversation, message) = insert_arrival(conn, arrival, &fields)?;
    run(
        conn,
        "INSERT INTO content (message, mails, salt) VALUES (?1, ?2, ?3)",
        params![message, packed.mails, packed.sealed.salt.0],
    )?;
    index::keep(conn, message, &index::pack(&arrival.words))?;
    let entry = (arrival.message.as_str(), "held");
    evidence::append(conn, conversation, entry, arrival.received_at, &packed.sealed.leaf)?;
    let admission = arrival.admitted.admission();
    if admission.automatic {
        note_automatic(conn, admission.direction, conversation, arrival.received_at)?;
    }
    // PRODUCT §9: a held answer stops the clock at submission; a held message of the buyer starts
    // it when the seller can see it.
    if admission.direction.sender() == Role::Seller {
        let kind = (admission.direction, admission.automatic);
        clock::run_clock(conn, kind, conversation, message, arrival.received_at)?;
    }
    record_violations(conn, arrival, conversation, message)?;
    for kind in &holding.tell {
        telling::about_message(conn, *kind, message, arrival.received_at)?;
    }
    Ok(Held { message: arrival.message.clone(), duplicate: false })
}

/// One automatic mail in a conversation, direction and day, waiting or not.
fn note_automatic(
    conn: &Connection,
    direction: Direction,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = match direction.sender() {
        Role::Seller => "UPDATE conversation SET last_automatic_from_seller = ?2 WHERE number = ?1",
        Role::Buyer => "UPDATE conversation SET last_automatic_from_buyer = ?2 WHERE number = ?1",
    };
    run(conn, sql, (conversation.0, at.as_millis()))?;
    Ok(())
}

fn find_same(conn: &Connection, arrival: &Arrival) -> Result<Option<MessageId>, StoreError> {
    let Some(fingerprint) = arrival.fingerprint else { return Ok(None) };
    let sql = "SELECT id, held_at FROM message
        WHERE fingerprint = ?1 AND received_at >= ?2
            AND (state = 'accepted' OR held_at IS NOT NULL) ORDER BY number LIMIT 1";
    one(conn, sql, params![fingerprint, since(arrival.received_at)], |row| {
        // It was accepted meanwhile: that is its answer.
        get::<Option<i64>>(row, "held_at")?.ok_or(StoreError::Stale)?;
        parse(row, "id")
    })
}

fn let_pass(
    conn: &Connection,
    passage: &Passage,
    mails: &[u8],
    decision: &Decision,
    store: &Store,
) -> Result<Reviewed, StoreError> {
    let sql = "SELECT number, conversation FROM message WHERE id = ?1 AND state = 'held'";
    let found = one(conn, sql, [passage.message.as_str()], |row| {
        let conversation: Option<i64> = get(row, "conversation")?;
        let conversation = conversation.ok_or(StoreError::Damaged("message.conversation"))?;
        Ok((get(row, "number")?, ConversationId(conversation)))
    })?;
    let Some((message, conversation)) = found else { return Ok(Reviewed::NotHeld) };
    let admission = passage.admitted.admission();
    facts::require_fresh(conn, &admission.facts)?;
    let draft = passage.outgoing.draft();
    let column = match admission.direction.recipient() {
        Role::Seller => "seller_msg_id",
        Role::Buyer => "buyer_msg_id",
    };
    let sql = format!(
        "UPDATE message SET state = 'accepted', subject = ?2, {column} = ?3 WHERE number = ?1"
    );
    run(conn, &sql, params![message, draft.subject, draft.msg_id.as_str()])?;
    run(
        conn,
        "UPDATE content SET mails = ?2, written = ?3, shown = ?4 WHERE message = ?1",
        params![
            message,
            mails,
            pack_sightings(&passage.written),
            pack_shown(&passage.written, &passage.shown)
        ],
    )?;
    index::replace(conn, message, |_| passage.words.clone())?;
    if let Some(salt) = evidence::salt_of(conn, message)? {
        let parts = [None, Some(&draft.bytes[..]), None, Some(&draft.recipient_view), None, None];
        let entry = (passage.message.as_str(), "released");
        let leaf = Sealed::new(salt, parts).leaf;
        evidence::append(conn, conversation, entry, decision.at, &leaf)?;
    }
    let sql = "UPDATE conversation SET subject = ?2 WHERE number = ?1 AND subject = ''";
    run(conn, sql, params![conversation.0, passage.base_subject])?;
    touch(conn, admission, conversation, decision.at)?;
    if admission.direction.sender() == Role::Buyer {
        let kind = (admission.direction, admission.automatic);
        clock::run_clock(conn, kind, conversation, message, decision.at)?;
    }
    violation::excuse_held(conn, message, decision)?;
    note(conn, message, "released", decision)?;
    insert_queued(
        conn,
        &NewDelivery {
            message,
            token: passage.token,
            recipient: draft.recipient.reveal(),
            envelope_from: draft.envelope_from.as_ref().map_or_else(String::new, |a| a.to_string()),
            created_at: decision.at,
            give_up_at: passage.give_up_at,
            store,
        },
    )?;
    Ok(Reviewed::Done)
}

fn reject(
    conn: &Connection,
    message: &MessageId,
    decision: &Decision,
    tell: NoticeKind,
) -> Result<Reviewed, StoreError> {
    let sql = "SELECT number, conversation FROM message WHERE id = ?1 AND state = 'held'";
    let found = one(conn, sql, [message.as_str()], |row| {
        Ok((get::<i64>(row, "number")?, get::<Option<i64>>(row, "conversation")?))
    })?;
    let Some((number, conversation)) = found else { return Ok(Reviewed::NotHeld) };
    if let Some(conversation) = conversation {
        let entry = (message.as_str(), "rejected");
        let conversation = ConversationId(conversation);
        evidence::append(conn, conversation, entry, decision.at, &of_nothing())?;
    }
    run(conn, "UPDATE message SET state = 'rejected' WHERE number = ?1", [number])?;
    index::replace(conn, number, |words| words.in_state(MessageState::Rejected))?;
    clock::resume(conn, number, decision.at)?;
    note(conn, number, "rejected", decision)?;
    telling::about_message(conn, tell, number, decision.at)?;
    Ok(Reviewed::Done)
}

fn note(
    conn: &Connection,
    message: i64,
    what: &str,
    decision: &Decision,
) -> Result<(), StoreError> {
    run(
        conn,
        "INSERT INTO review (message, what, by, reason, at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![message, what, decision.by, decision.reason, decision.at.as_millis()],
    )?;
    Ok(())
}
