//! Reading the archive.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::Store;
use super::content::{Which, mails};
use super::rows::{all, assigned, get, message_state, moment, moment_some, one, parse, parse_some};
use crate::domain::{
    BuyerId, ConversationId, DeliveryId, DeliveryState, MessageId, MessageState, OrderId, PairId,
    RuleId, SellerId, Timestamp, Verdict,
};
use crate::store::error::StoreError;
use crate::store::records::{
    AttemptDetail, Counts, DeliveryDetail, DeliveryRow, JudgedRow, MessageDetail, MessageFilter,
    MessageRow, Turn,
};

const PAGE: u32 = 100;

/// A message with its pair, its order and its latest delivery. CROSS: SQLite shall begin with the
/// messages, in their order (https://sqlite.org/optoverview.html, "Manual Control Of Query Plans").
pub(super) const MESSAGE_COLUMNS: &str =
    "SELECT m.*, s.id AS seller, b.id AS buyer, o.id AS order_id,
        d.state AS delivery_state, d.attempts, d.next_attempt_at, d.last_reply
    FROM message m CROSS JOIN pair p ON p.number = m.pair
    JOIN party s ON s.number = p.seller JOIN party b ON b.number = p.buyer
    LEFT JOIN orders o ON o.number = m.\"order\"
    LEFT JOIN delivery d ON d.number = (SELECT max(number) FROM delivery WHERE message = m.number)
    WHERE m.kind = 'relay'";

impl Store {
    /// Messages, the newest first. An id in `before` that is not known lists nothing.
    pub async fn messages(&self, filter: MessageFilter) -> Result<Vec<MessageRow>, StoreError> {
        self.read(move |conn| {
            let (sql, values) = listing(&filter);
            all(conn, &sql, params_from_iter(values), |row| read_row(row).map(|(row, _)| row))
        })
        .await
    }

    /// Messages that came in since then, the oldest first: at most `limit` behind `after`, which is
    /// the last one's number of those before, or 0.
    pub async fn judged(
        &self,
        since: Timestamp,
        after: i64,
        limit: u32,
    ) -> Result<Vec<JudgedRow>, StoreError> {
        self.read(move |conn| {
            let sql = format!(
                "{MESSAGE_COLUMNS} AND m.number > ?1 AND m.received_at >= ?2
                 ORDER BY m.number LIMIT ?3"
            );
            all(conn, &sql, (after, since.as_millis(), limit), |row| {
                let (number, pair) = (get(row, "number")?, PairId(get(row, "pair")?));
                read_row(row).map(|(row, verdict)| JudgedRow { number, row, pair, verdict })
            })
        })
        .await
    }

    /// One message with all that is kept of it.
    pub async fn message(&self, id: &MessageId) -> Result<Option<MessageDetail>, StoreError> {
        let id = id.clone();
        self.read(move |conn| {
            let sql = format!("{MESSAGE_COLUMNS} AND m.id = ?1");
            let found = one(conn, &sql, [id.as_str()], |row| {
                Ok((get::<i64>(row, "number")?, read_row(row)?, get::<String>(row, "proof")?))
            })?;
            let Some((number, (row, verdict), proof)) = found else { return Ok(None) };
            read_detail(conn, number, row, verdict, proof).map(Some)
        })
        .await
    }

    /// A conversation's response clock, the oldest turn first.
    pub async fn turns(&self, conversation: ConversationId) -> Result<Vec<Turn>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT * FROM turn WHERE conversation = ?1 ORDER BY number";
            all(conn, sql, [conversation.0], |row| {
                Ok(Turn {
                    started_at: moment(row, "started_at")?,
                    stopped_at: moment_some(row, "stopped_at")?,
                    excluded: Timestamp::from_millis(get(row, "excluded")?).since(Timestamp::EPOCH),
                    paused_at: moment_some(row, "paused_at")?,
                })
            })
        })
        .await
    }

    /// How much of everything there is. Counts every row: for health checks and tests.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        self.read(|conn| {
            let sql = "SELECT
                (SELECT count(*) FROM message WHERE kind = 'relay' AND state = 'accepted')
                    AS accepted,
                (SELECT count(*) FROM message WHERE state = 'held') AS held,
                (SELECT count(*) FROM message WHERE state = 'rejected') AS rejected,
                (SELECT count(*) FROM message WHERE kind = 'postmaster') AS postmaster,
                (SELECT count(*) FROM conversation) AS conversations,
                (SELECT count(*) FROM turn WHERE stopped_at IS NULL) AS response_needed,
                (SELECT count(*) FROM delivery
                    WHERE state IN ('queued', 'sending', 'deferred')) AS deliveries_open,
                (SELECT count(*) FROM delivery WHERE state = 'delivered')
                    AS deliveries_delivered,
                (SELECT count(*) FROM delivery
                    WHERE state IN ('failed', 'expired', 'cancelled')) AS deliveries_lost";
            let counts = one(conn, sql, [], |row| {
                Ok(Counts {
                    accepted: get(row, "accepted")?,
                    held: get(row, "held")?,
                    rejected: get(row, "rejected")?,
                    postmaster: get(row, "postmaster")?,
                    conversations: get(row, "conversations")?,
                    response_needed: get(row, "response_needed")?,
                    deliveries_open: get(row, "deliveries_open")?,
                    deliveries_delivered: get(row, "deliveries_delivered")?,
                    deliveries_lost: get(row, "deliveries_lost")?,
                })
            })?;
            counts.ok_or(StoreError::Damaged("counts"))
        })
        .await
    }
}

/// The statement for a filter, and its values. Only what is asked stands in it, so that SQLite can
/// take the index of it.
pub(super) fn listing(filter: &MessageFilter) -> (String, Vec<Value>) {
    let mut sql = MESSAGE_COLUMNS.to_owned();
    let mut values = Vec::new();
    let mut with = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.push(Value::Text(value));
        }
    };
    with(
        "m.\"order\" = (SELECT number FROM orders WHERE id_key = ?)",
        filter.order.as_ref().map(OrderId::key),
    );
    with(
        "m.of_seller = (SELECT number FROM party WHERE role = 'seller' AND id_key = ?)",
        filter.seller.as_ref().map(SellerId::key),
    );
    with(
        "m.of_buyer = (SELECT number FROM party WHERE role = 'buyer' AND id_key = ?)",
        filter.buyer.as_ref().map(BuyerId::key),
    );
    with(
        "m.number < (SELECT number FROM message WHERE id = ?)",
        filter.before.as_ref().map(|id| id.as_str().to_owned()),
    );
    // Written out: SQLite takes a partial index only for words that it sees, and these two only
    // together. The newest accepted ones are found without one.
    match filter.state {
        Some(MessageState::Accepted) => sql.push_str(" AND m.state = 'accepted'"),
        Some(MessageState::Held) => sql.push_str(" AND m.state <> 'accepted' AND m.state = 'held'"),
        Some(MessageState::Rejected) => {
            sql.push_str(" AND m.state <> 'accepted' AND m.state = 'rejected'");
        }
        None => {}
    }
    sql.push_str(" ORDER BY m.number DESC LIMIT ?");
    values.push(Value::Integer(i64::from(filter.limit.unwrap_or(PAGE))));
    (sql, values)
}

pub(super) fn read_row(row: &Row<'_>) -> Result<(MessageRow, Verdict), StoreError> {
    let verdict: Verdict = serde_json::from_str(&get::<String>(row, "verdict")?)
        .map_err(|_| StoreError::Damaged("message.verdict"))?;
    let mut rules: Vec<RuleId> = verdict.findings.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    let delivery = match parse_some::<DeliveryState>(row, "delivery_state")? {
        Some(state) => Some(read_delivery(row, state)?),
        None => None,
    };
    let read = MessageRow {
        id: parse(row, "id")?,
        conversation: get::<Option<i64>>(row, "conversation")?.map(ConversationId),
        order: parse_some(row, "order_id")?,
        seller: parse(row, "seller")?,
        buyer: parse(row, "buyer")?,
        direction: parse(row, "direction")?,
        state: message_state(row)?,
        received_at: moment(row, "received_at")?,
        subject: get(row, "subject")?,
        action: verdict.action,
        rules,
        proactive: get(row, "proactive")?,
        automatic: get(row, "automatic")?,
        assigned: assigned(row)?,
        delivery,
    };
    Ok((read, verdict))
}

pub(super) fn read_delivery(
    row: &Row<'_>,
    state: DeliveryState,
) -> Result<DeliveryRow, StoreError> {
    let next = moment(row, "next_attempt_at")?;
    Ok(DeliveryRow {
        state,
        attempts: get(row, "attempts")?,
        next_attempt_at: (!state.is_final()).then_some(next),
        last_reply: get(row, "last_reply")?,
    })
}

fn read_detail(
    conn: &Connection,
    number: i64,
    row: MessageRow,
    verdict: Verdict,
    proof: String,
) -> Result<MessageDetail, StoreError> {
    let sql = "SELECT mails FROM content WHERE message = ?1";
    let mails = one(conn, sql, [number], |row| mails(row, &Which::ALL))?;
    let mut mails = mails.ok_or(StoreError::Damaged("content"))?;
    Ok(MessageDetail {
        row,
        verdict,
        proof,
        original: mails.needed(Which::Original)?,
        outgoing: mails.take(Which::Outgoing),
        sender_view: mails.take(Which::SenderView),
        recipient_view: mails.take(Which::RecipientView),
        deliveries: read_deliveries(conn, number)?,
    })
}

fn read_deliveries(conn: &Connection, message: i64) -> Result<Vec<DeliveryDetail>, StoreError> {
    let sql = "SELECT * FROM delivery WHERE message = ?1 ORDER BY number";
    let mut deliveries = all(conn, sql, [message], |row| {
        Ok(DeliveryDetail {
            id: DeliveryId(get(row, "number")?),
            row: read_delivery(row, parse(row, "state")?)?,
            created_at: moment(row, "created_at")?,
            give_up_at: moment(row, "give_up_at")?,
            finished_at: moment_some(row, "finished_at")?,
            history: vec![],
        })
    })?;
    for delivery in &mut deliveries {
        delivery.history = read_attempts(conn, delivery.id)?;
    }
    Ok(deliveries)
}

/// A delivery's attempts, the oldest first.
pub(super) fn read_attempts(
    conn: &Connection,
    delivery: DeliveryId,
) -> Result<Vec<AttemptDetail>, StoreError> {
    let sql = "SELECT * FROM attempt WHERE delivery = ?1 ORDER BY number";
    all(conn, sql, [delivery.0], |row| {
        Ok(AttemptDetail {
            started_at: moment(row, "started_at")?,
            ended_at: moment(row, "ended_at")?,
            result: parse(row, "result")?,
            stage: get(row, "stage")?,
            reply: get(row, "reply")?,
        })
    })
}
