//! Legal holds: what they keep, nobody erases, and its clock stands still (PRODUCT §7).

use std::time::Duration;

use rusqlite::{Connection, params};

use super::rows::{all, get, moment, moment_some, one, parse_some, run};
use super::{Store, erase, party};
use crate::domain::{ConversationId, OrderId, PartyId, SellerId, Timestamp};
use crate::store::error::StoreError;
use crate::store::expiry::{HoldOn, HoldRow, Placed};
use crate::store::register::Decision;

/// A message, with what it is about where it is a notice: holds are on either.
const HOLDS_ON_MESSAGE: &str = "FROM message m LEFT JOIN message told ON told.number = m.about
    JOIN legal_hold h ON h.\"order\" = coalesce(m.\"order\", told.\"order\")
        OR h.conversation = coalesce(m.conversation, told.conversation)
        OR (h.party = coalesce(m.sender, told.sender) AND EXISTS
            (SELECT 1 FROM violation v WHERE v.message = coalesce(told.number, m.number)))
    WHERE m.number = ?1";

impl Store {
    /// Keeps what was written in an order or a conversation, or what a seller's violations are
    /// about, until it is released.
    ///
    /// Errors: `UnknownSeller`. `Placed::Unknown`: no such order or conversation.
    pub async fn add_hold(&self, on: HoldOn, decision: Decision) -> Result<Placed, StoreError> {
        self.write(512, move |conn| {
            let Some((column, number)) = find(conn, &on)? else { return Ok(Placed::Unknown) };
            let cause = match on {
                HoldOn::Appeal(_) => "appeal",
                HoldOn::Order(_) | HoldOn::Conversation(_) => "hold",
            };
            if open(conn, cause, column, number)?.is_some() {
                return Ok(Placed::Already);
            }
            place(conn, cause, column, number, &decision)?;
            Ok(Placed::Done)
        })
        .await
    }

    /// Releases what a person placed; a dispute ends with the order's record.
    ///
    /// Errors: as [`Store::add_hold`].
    pub async fn release_hold(&self, on: HoldOn, decision: Decision) -> Result<Placed, StoreError> {
        let store = self.clone();
        self.write(512, move |conn| {
            let Some((column, number)) = find(conn, &on)? else { return Ok(Placed::Unknown) };
            let cause = match on {
                HoldOn::Appeal(_) => "appeal",
                HoldOn::Order(_) | HoldOn::Conversation(_) => "hold",
            };
            let Some(hold) = open(conn, cause, column, number)? else { return Ok(Placed::Already) };
            release(conn, hold, &decision)?;
            store.inner.queue.empty_wal_soon();
            Ok(Placed::Done)
        })
        .await
    }

    /// All holds that were not released, the oldest first.
    pub async fn holds(&self) -> Result<Vec<HoldRow>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT h.cause, h.by, h.reason, h.placed_at, o.id AS order_id,
                    h.conversation, p.id AS party_id
                FROM legal_hold h LEFT JOIN orders o ON o.number = h.\"order\"
                LEFT JOIN party p ON p.number = h.party
                WHERE h.released_at IS NULL ORDER BY h.number";
            all(conn, sql, [], |row| {
                Ok(HoldRow {
                    cause: get(row, "cause")?,
                    order: parse_some::<OrderId>(row, "order_id")?,
                    conversation: get::<Option<i64>>(row, "conversation")?.map(ConversationId),
                    seller: parse_some::<SellerId>(row, "party_id")?,
                    by: get(row, "by")?,
                    reason: get(row, "reason")?,
                    placed_at: moment(row, "placed_at")?,
                })
            })
        })
        .await
    }
}

/// The column that a hold is on, and the number of what it is on.
fn find(conn: &Connection, on: &HoldOn) -> Result<Option<(&'static str, i64)>, StoreError> {
    let number = |sql: &str, key: &dyn rusqlite::ToSql| {
        one(conn, sql, [key], |row| get::<i64>(row, "number"))
    };
    Ok(match on {
        HoldOn::Order(order) => {
            let found = number("SELECT number FROM orders WHERE id_key = ?1", &order.key())?;
            found.map(|number| ("\"order\"", number))
        }
        HoldOn::Conversation(conversation) => {
            let sql = "SELECT number FROM conversation WHERE number = ?1";
            number(sql, &conversation.0)?.map(|number| ("conversation", number))
        }
        HoldOn::Appeal(seller) => {
            let id = PartyId::Seller(seller.clone());
            let number = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            Some(("party", number))
        }
    })
}

fn open(
    conn: &Connection,
    cause: &str,
    column: &str,
    number: i64,
) -> Result<Option<i64>, StoreError> {
    let sql = format!(
        "SELECT number FROM legal_hold WHERE {column} = ?1 AND cause = ?2 AND released_at IS NULL"
    );
    one(conn, &sql, params![number, cause], |row| get(row, "number"))
}

fn place(
    conn: &Connection,
    cause: &str,
    column: &str,
    number: i64,
    decision: &Decision,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO legal_hold (cause, {column}, by, reason, placed_at)
         VALUES (?1, ?2, ?3, ?4, ?5)"
    );
    let at = decision.at.as_millis();
    run(conn, &sql, params![cause, number, decision.by, decision.reason, at])?;
    Ok(())
}

fn release(conn: &Connection, hold: i64, decision: &Decision) -> Result<(), StoreError> {
    let sql = "UPDATE legal_hold SET released_at = ?2, released_by = ?3 WHERE number = ?1";
    run(conn, sql, params![hold, decision.at.as_millis(), decision.by])?;
    // What it kept of a party that was deleted goes now; of an appeal that is what its violations are
    // about.
    let pairs = "number IN (SELECT coalesce(o.pair, c.pair) FROM legal_hold h
            LEFT JOIN orders o ON o.number = h.\"order\"
            LEFT JOIN conversation c ON c.number = h.conversation
            WHERE h.number = ?1 AND h.party IS NULL
        UNION SELECT v.pair FROM legal_hold h JOIN violation v ON v.party = h.party
            WHERE h.number = ?1 AND v.message IS NOT NULL)";
    erase::after_hold(conn, pairs, hold)
}

/// An order's dispute, as its record says (`order put --dispute`): a hold like any other.
pub(super) fn note_dispute(
    conn: &Connection,
    order: i64,
    is_open: bool,
    at: Timestamp,
) -> Result<(), StoreError> {
    let decision = Decision { by: "order put".to_owned(), reason: None, at };
    match (open(conn, "dispute", "\"order\"", order)?, is_open) {
        (None, true) => place(conn, "dispute", "\"order\"", order, &decision),
        (Some(hold), false) => release(conn, hold, &decision),
        _ => Ok(()),
    }
}

/// Whether a legal hold keeps a message.
pub(super) fn keeps(conn: &Connection, message: i64) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 AS one {HOLDS_ON_MESSAGE} AND h.released_at IS NULL LIMIT 1");
    Ok(one(conn, &sql, [message], |row| get::<i64>(row, "one"))?.is_some())
}

/// How long holds that were released kept a message, from then on.
pub(super) fn held_for(
    conn: &Connection,
    message: i64,
    from: Timestamp,
) -> Result<Duration, StoreError> {
    let sql = format!(
        "SELECT h.placed_at, h.released_at {HOLDS_ON_MESSAGE} AND h.released_at > ?2
         ORDER BY h.placed_at"
    );
    let spans = all(conn, &sql, params![message, from.as_millis()], |row| {
        Ok((moment(row, "placed_at")?, moment_some(row, "released_at")?))
    })?;
    let (mut held, mut until) = (Duration::ZERO, from);
    for (placed, released) in spans {
        // Of two at the same time only one counts.
        let released = released.unwrap_or(placed);
        held += released.since(placed.max(until));
        until = until.max(released);
    }
    Ok(held)
}
