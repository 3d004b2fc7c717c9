//! Accepting a message: archive entry, thread link, clock and delivery in one transaction.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::content::{Mails, Which, pack_shown, pack_sightings};
use super::history::is_known;
use super::repeat::since;
use super::rows::{get, moment_some, one, parse, run};
use super::violation::{self, Offence};
use super::{Coming, Store, clock, copies, evidence, facts, index, traffic};
use crate::domain::{
    AliasAddress, ConversationId, DeliveryId, MessageId, MessageState, MsgId, RealAddress, Role,
    ThreadLink, Timestamp, Verdict,
};
use crate::evidence::Sealed;
use crate::market::{Admission, Place};
use crate::store::error::StoreError;
use crate::store::records::{Acceptance, Arrival};
use crate::store::seal::{Accepted, Lease, StoredMail};

/// A new delivery is born leased to this process for so long: time enough for the scheduler to
/// take it up, and to renew it.
const BORN_LEASE: Duration = Duration::from_secs(120);

/// What the transaction made, or found.
struct Written {
    message: MessageId,
    conversation: Option<ConversationId>,
    delivery: DeliveryId,
    duplicate: bool,
}

/// An [`Acceptance`] as the writer gets it: its mails packed.
struct Packed {
    arrival: Arrival,
    subject: String,
    outgoing_id: MsgId,
    recipient: RealAddress,
    envelope_from: Option<AliasAddress>,
    token: [u8; 10],
    give_up_at: Timestamp,
    mails: Vec<u8>,
    written: Vec<u8>,
    shown: Vec<u8>,
    words: Vec<u8>,
    sealed: Sealed,
}

/// A delivery about to be born.
pub(super) struct NewDelivery<'a> {
    pub(super) message: i64,
    pub(super) token: [u8; 10],
    pub(super) recipient: String,
    pub(super) envelope_from: String,
    pub(super) created_at: Timestamp,
    pub(super) give_up_at: Timestamp,
    pub(super) store: &'a Store,
}

impl Store {
    /// Commits a message and all that follows from it. The same mail again within 5 days (by its
    /// fingerprint) gives the first one's ids and writes nothing.
    ///
    /// Errors: `Stale` where the operator changed the pair since the facts were read, or an
    /// automatic mail of this side came in meanwhile: admit it again. Else as any write.
    pub async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, StoreError> {
        self.accept_expected(acceptance, self.expect()).await
    }

    /// The same for one that was said to come.
    pub async fn accept_expected(
        &self,
        acceptance: Acceptance,
        coming: Coming,
    ) -> Result<Accepted, StoreError> {
        let Acceptance { mut arrival, outgoing, sender_view, token, written, shown, give_up_at } =
            acceptance;
        let draft = outgoing.into_draft();
        let (bytes, recipient, envelope_from) = (draft.bytes, draft.recipient, draft.envelope_from);
        let mails = Mails::default()
            .with(Which::Original, std::mem::take(&mut arrival.original))
            .with(Which::Outgoing, bytes.clone())
            .with(Which::SenderView, sender_view)
            .with(Which::RecipientView, draft.recipient_view);
        let verdict = verdict_text(&arrival.verdict)?;
        let sealed = evidence::seal(&mails, &verdict, &arrival.proof)?;
        let mails = mails.pack().await?;
        let shown = pack_shown(&written, &shown);
        let written = pack_sightings(&written);
        let words = index::pack(&arrival.words);
        let size = mails.len() + written.len() + shown.len() + words.len();
        let created_at = arrival.received_at;
        let packed = Packed {
            arrival,
            subject: draft.subject,
            outgoing_id: draft.msg_id,
            recipient: recipient.clone(),
            envelope_from: envelope_from.clone(),
            token,
            give_up_at,
            mails,
            written,
            shown,
            words,
            sealed,
        };
        let store = self.clone();
        coming.arrive();
        let written = self.write(size, move |conn| accept(conn, &packed, &store)).await?;
        let mail = (!written.duplicate).then(|| StoredMail {
            lease: Lease { delivery: written.delivery, claim: 1 },
            message: written.message.clone(),
            recipient,
            envelope_from,
            bytes,
            composed: true,
            signature: None,
            attempts: 0,
            created_at,
            give_up_at,
        });
        Ok(Accepted {
            message: written.message,
            conversation: written.conversation,
            delivery: written.delivery,
            mail,
        })
    }
}

fn accept(conn: &Connection, packed: &Packed, store: &Store) -> Result<Written, StoreError> {
    let Packed { arrival, subject, outgoing_id, recipient, envelope_from, .. } = packed;
    // Before the facts: a repetition gets the first answer, whatever has changed since.
    if let Some(first) = find_same(conn, arrival.fingerprint, arrival.received_at)? {
        return Ok(first);
    }
    let row =
        MessageFields { state: MessageState::Accepted, subject, outgoing_id: Some(outgoing_id) };
    let (conversation, message) = insert_arrival(conn, arrival, &row)?;
    run(
        conn,
        "INSERT INTO content (message, mails, written, shown, salt) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![message, packed.mails, packed.written, packed.shown, packed.sealed.salt.0],
    )?;
    index::keep(conn, message, &packed.words)?;
    let entry = (arrival.message.as_str(), "accepted");
    evidence::append(conn, conversation, entry, arrival.received_at, &packed.sealed.leaf)?;
    let admission = arrival.admitted.admission();
    touch(conn, admission, conversation, arrival.received_at)?;
    let kind = (admission.direction, admission.automatic);
    clock::run_clock(conn, kind, conversation, message, arrival.received_at)?;
    record_violations(conn, arrival, conversation, message)?;
    let delivery = insert_delivery(
        conn,
        &NewDelivery {
            message,
            token: packed.token,
            recipient: recipient.reveal(),
            envelope_from: envelope_from.as_ref().map_or_else(String::new, |a| a.to_string()),
            created_at: arrival.received_at,
            give_up_at: packed.give_up_at,
            store,
        },
    )?;
    Ok(Written {
        message: arrival.message.clone(),
        conversation: Some(conversation),
        delivery,
        duplicate: false,
    })
}

/// A verdict as it is stored, and bound.
pub(super) fn verdict_text(verdict: &Verdict) -> Result<String, StoreError> {
    serde_json::to_string(verdict).map_err(|_| StoreError::Damaged("message.verdict"))
}

/// Records what of a message is held against its sender.
pub(super) fn record_violations(
    conn: &Connection,
    arrival: &Arrival,
    conversation: ConversationId,
    message: i64,
) -> Result<(), StoreError> {
    let admission = arrival.admitted.admission();
    violation::record(
        conn,
        &Offence {
            message,
            pair: admission.facts.pair.0,
            conversation: Some(conversation.0),
            direction: admission.direction,
            automatic: admission.automatic,
            at: arrival.received_at,
            violations: &arrival.violations,
            health: &arrival.health,
        },
    )
}

/// What differs between a message that goes out and one that waits.
pub(super) struct MessageFields<'a> {
    pub(super) state: MessageState,
    pub(super) subject: &'a str,
    /// What the other side knows it by; none while it knows nothing of it.
    pub(super) outgoing_id: Option<&'a MsgId>,
}

/// Finds or opens its conversation, holds it against the limits, and makes the message's row.
pub(super) fn insert_arrival(
    conn: &Connection,
    arrival: &Arrival,
    fields: &MessageFields<'_>,
) -> Result<(ConversationId, i64), StoreError> {
    facts::require_fresh(conn, &arrival.admitted.admission().facts)?;
    let conversation = find_or_open(conn, arrival)?;
    traffic::require_room(conn, arrival, conversation)?;
    if let Some(network) = arrival.proved_network {
        traffic::note_proved(conn, network, arrival.received_at)?;
    }
    let message = insert_message(conn, arrival, conversation, fields)?;
    copies::note(conn, message, &arrival.prints)?;
    Ok((conversation, message))
}

fn find_same(
    conn: &Connection,
    fingerprint: Option<[u8; 32]>,
    received_at: Timestamp,
) -> Result<Option<Written>, StoreError> {
    let Some(fingerprint) = fingerprint else { return Ok(None) };
    let sql = "SELECT m.id, m.conversation, d.number AS delivery
        FROM message m LEFT JOIN delivery d ON d.message = m.number
        WHERE m.number = (SELECT min(number) FROM message
            WHERE fingerprint = ?1 AND received_at >= ?2
                AND (state = 'accepted' OR held_at IS NOT NULL))
        ORDER BY d.number LIMIT 1";
    one(conn, sql, params![fingerprint, since(received_at)], |row| {
        // It was held meanwhile: that is its answer.
        let delivery: Option<i64> = get(row, "delivery")?;
        Ok(Written {
            message: parse(row, "id")?,
            conversation: get::<Option<i64>>(row, "conversation")?.map(ConversationId),
            delivery: DeliveryId(delivery.ok_or(StoreError::Stale)?),
            duplicate: true,
        })
    })
}

/// The conversation that the message was admitted to. An order has one: where another message
/// opened it meanwhile, that one.
fn find_or_open(conn: &Connection, arrival: &Arrival) -> Result<ConversationId, StoreError> {
    let admission = arrival.admitted.admission();
    let pair = admission.facts.pair.0;
    let existing = match (&admission.place, &admission.order) {
        (Place::In(conversation), _) => {
            let sql = "SELECT * FROM conversation WHERE number = ?1 AND pair = ?2";
            let found = require_same_automatic(conn, sql, (conversation.id.0, pair), admission)?;
            // Erased between the reading and now.
            Some(found.ok_or(StoreError::Stale)?)
        }
        (Place::New, Some(order)) => {
            let sql = "SELECT * FROM conversation
                WHERE \"order\" = (SELECT number FROM orders WHERE id_key = ?1) AND pair = ?2";
            require_same_automatic(conn, sql, (order.id.key(), pair), admission)?
        }
        (Place::New, None) => None,
    };
    if let Some(conversation) = existing {
        return Ok(conversation);
    }
    let now = arrival.received_at.as_millis();
    let order = admission.order.as_ref().map(|order| order.id.key());
    let roots = &arrival.roots;
    run(
        conn,
        "INSERT INTO conversation
            (pair, \"order\", subject, opened_at, last_message_at, seller_root, buyer_root)
         VALUES (?1, (SELECT number FROM orders WHERE id_key = ?2 AND pair = ?1), ?3, ?4, ?4,
            ?5, ?6)",
        params![
            pair,
            order,
            arrival.base_subject,
            now,
            roots.seller.as_ref().map(MsgId::as_str),
            roots.buyer.as_ref().map(MsgId::as_str)
        ],
    )?;
    Ok(ConversationId(conn.last_insert_rowid()))
}

/// Finds a conversation. Two automatic mails that came in at once were both admitted as the day's
/// only one (PRODUCT §4): the second must be admitted again.
fn require_same_automatic<P: rusqlite::Params>(
    conn: &Connection,
    sql: &str,
    params: P,
    admission: &Admission,
) -> Result<Option<ConversationId>, StoreError> {
    let column = last_automatic(admission.direction.sender());
    let seen = match &admission.place {
        Place::In(conversation) => match admission.direction.sender() {
            Role::Seller => conversation.last_automatic_from_seller,
            Role::Buyer => conversation.last_automatic_from_buyer,
        },
        Place::New => None,
    };
    one(conn, sql, params, |row| {
        if admission.automatic && moment_some(row, column)? != seen {
            return Err(StoreError::Stale);
        }
        Ok(ConversationId(get(row, "number")?))
    })
}

fn last_automatic(sender: Role) -> &'static str {
    match sender {
        Role::Seller => "last_automatic_from_seller",
        Role::Buyer => "last_automatic_from_buyer",
    }
}

fn insert_message(
    conn: &Connection,
    arrival: &Arrival,
    conversation: ConversationId,
    fields: &MessageFields<'_>,
) -> Result<i64, StoreError> {
    let admission = arrival.admitted.admission();
    let (pair, sender) = (admission.facts.pair, admission.direction.sender());
    // A reused id is taken as none: it would name two messages (PRODUCT §6).
    let own = match &arrival.sender_msg_id {
        Some(id) if !is_known(conn, pair, sender, id)? => Some(id.clone()),
        _ => None,
    };
    let link = match sender {
        Role::Seller => ThreadLink { seller: own, buyer: fields.outgoing_id.cloned() },
        Role::Buyer => ThreadLink { seller: fields.outgoing_id.cloned(), buyer: own },
    };
    let verdict = verdict_text(&arrival.verdict)?;
    run(
        conn,
        "INSERT INTO message (id, kind, conversation, pair, \"order\", sender,
            of_seller, of_buyer, direction, state,
            received_at, subject, verdict, proof, assigned, proactive, automatic,
            seller_msg_id, buyer_msg_id, fingerprint, held_at)
         VALUES (?1, 'relay', ?2, ?3, (SELECT \"order\" FROM conversation WHERE number = ?2),
            (SELECT iif(?4 = 'seller', seller, buyer) FROM pair WHERE number = ?3),
            (SELECT seller FROM pair WHERE number = ?3),
            (SELECT buyer FROM pair WHERE number = ?3), ?5, ?16,
            ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, iif(?16 = 'held', ?6, NULL))",
        params![
            arrival.message.as_str(),
            conversation.0,
            pair.0,
            sender.as_str(),
            admission.direction.as_str(),
            arrival.received_at.as_millis(),
            fields.subject,
            verdict,
            arrival.proof,
            admission.assigned.as_str(),
            admission.proactive,
            admission.automatic,
            link.seller.as_ref().map(MsgId::as_str),
            link.buyer.as_ref().map(MsgId::as_str),
            arrival.fingerprint,
            fields.state.as_str()
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

/// What a message that reaches the other side does to its conversation.
pub(super) fn touch(
    conn: &Connection,
    admission: &Admission,
    conversation: ConversationId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let from_buyer = admission.direction.sender() == Role::Buyer;
    run(
        conn,
        "UPDATE conversation SET last_message_at = max(last_message_at, ?2),
            last_buyer_message_at = iif(?3, ?2, last_buyer_message_at),
            last_automatic_from_seller = iif(?4, ?2, last_automatic_from_seller),
            last_automatic_from_buyer = iif(?5, ?2, last_automatic_from_buyer)
         WHERE number = ?1",
        params![
            conversation.0,
            at.as_millis(),
            from_buyer && !admission.automatic,
            !from_buyer && admission.automatic,
            from_buyer && admission.automatic
        ],
    )?;
    Ok(())
}

/// Makes a delivery that is due at once, and that whoever comes first claims.
pub(super) fn insert_queued(
    conn: &Connection,
    new: &NewDelivery<'_>,
) -> Result<DeliveryId, StoreError> {
    let delivery = insert_delivery(conn, new)?;
    let sql = "UPDATE delivery SET state = 'queued', lease_owner = NULL, lease_until = NULL
        WHERE number = ?1";
    run(conn, sql, [delivery.0])?;
    Ok(delivery)
}

/// Makes a delivery, leased to this process: its first claim is number 1.
pub(super) fn insert_delivery(
    conn: &Connection,
    new: &NewDelivery<'_>,
) -> Result<DeliveryId, StoreError> {
    run(
        conn,
        "INSERT INTO delivery (message, token, recipient, envelope_from, state, attempts,
            created_at, next_attempt_at, give_up_at, lease, lease_owner, lease_until, domain)
         VALUES (?1, ?2, ?3, ?4, 'sending', 0, ?5, ?5, ?6, 1, ?7, ?8, ?9)",
        params![
            new.message,
            new.token,
            new.recipient,
            new.envelope_from,
            new.created_at.as_millis(),
            new.give_up_at.as_millis(),
            new.store.inner.owner,
            new.created_at.after(BORN_LEASE).as_millis(),
            new.recipient.rsplit('@').next().unwrap_or_default().to_lowercase()
        ],
    )?;
    Ok(DeliveryId(conn.last_insert_rowid()))
}
