//! How much was written lately, counted from what is archived: a restart forgets nothing.

use std::net::IpAddr;
use std::time::Duration;

use rusqlite::{Connection, Params, params};

use super::Store;
use super::rows::{get, one, run};
use crate::domain::{ConversationId, PairId, Timestamp};
use crate::market::Admission;
use crate::market::limits::{self, Traffic};
use crate::store::error::StoreError;
use crate::store::records::Arrival;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
/// A network from which proved mail came is remembered for so long (PRODUCT §3).
const PROVED_FOR: Duration = Duration::from_secs(30 * 86_400);

impl Store {
    /// Whether proved mail came from a network within 30 days.
    pub async fn is_proved(&self, network: IpAddr, now: Timestamp) -> Result<bool, StoreError> {
        self.look(|conn| {
            let sql = "SELECT 1 AS one FROM proved_network WHERE network = ?1 AND last_at > ?2";
            let since = now.before(PROVED_FOR).as_millis();
            let found =
                one(conn, sql, params![network.to_string(), since], |row| get::<i64>(row, "one"))?;
            Ok(found.is_some())
        })
    }
}

/// Remembers that proved mail came from a network, to the hour.
pub(super) fn note_proved(
    conn: &Connection,
    network: IpAddr,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changed = run(
        conn,
        "INSERT INTO proved_network (network, last_at) VALUES (?1, ?2)
         ON CONFLICT (network) DO UPDATE SET last_at = excluded.last_at
            WHERE last_at < excluded.last_at - 3600000",
        params![network.to_string(), now.as_millis()],
    )?;
    if changed > 0 {
        let since = now.before(PROVED_FOR).as_millis();
        run(conn, "DELETE FROM proved_network WHERE last_at <= ?1", [since])?;
    }
    Ok(())
}

/// Refuses what would pass a limit. Asked inside the transaction, so that of two messages at once
/// one sees the other.
pub(super) fn require_room(
    conn: &Connection,
    arrival: &Arrival,
    conversation: ConversationId,
) -> Result<(), StoreError> {
    let traffic = read(conn, arrival, conversation)?;
    let proactive = arrival.admitted.admission().proactive;
    match limits::reached(&arrival.limits, &traffic, proactive) {
        Some(limit) => Err(StoreError::Limit(limit)),
        None => Ok(()),
    }
}

/// Counts only what some limit asks for, and no further than it reaches.
fn read(
    conn: &Connection,
    arrival: &Arrival,
    conversation: ConversationId,
) -> Result<Traffic, StoreError> {
    let (limits, now) = (&arrival.limits, arrival.received_at);
    let Admission { facts, direction, proactive, .. } = arrival.admitted.admission();
    let sender = sender(conn, facts.pair, direction.sender().as_str())?;
    let mut traffic = Traffic::default();
    if let Some(most) = limits.messages_per_hour {
        let sql = "SELECT count(*) AS count FROM (SELECT 1 FROM message
            WHERE sender = ?1 AND received_at > ?2 AND state IN ('accepted', 'held') LIMIT ?3)";
        let since = now.before(MINUTE * 60).as_millis();
        traffic.hour = count(conn, sql, (sender, since, most))?;
    }
    if let Some(most) = limits.conversation_per_10_minutes {
        // The newest stand last.
        let sql = "SELECT count(*) AS count FROM (SELECT received_at FROM message
                WHERE conversation = ?1 AND state = 'accepted' ORDER BY number DESC LIMIT ?3)
            WHERE received_at > ?2";
        let since = now.before(MINUTE * 10).as_millis();
        traffic.conversation = count(conn, sql, (conversation.0, since, most))?;
    }
    if *proactive {
        let sql = "SELECT count(*) AS count FROM message WHERE sender = ?1 AND received_at > ?2
            AND state <> 'rejected' AND proactive = 1";
        traffic.proactive = count(conn, sql, (sender, now.before(DAY).as_millis()))?;
        if traffic.proactive >= limits.proactive_per_day {
            traffic.orders = count(conn, ORDERS, (sender, now.before(DAY * 30).as_millis()))?;
        }
    }
    Ok(traffic)
}

/// A seller's orders since some day.
pub(super) const ORDERS: &str = "SELECT count(*) AS count FROM orders
    WHERE seller = ?1 AND day > date(?2 / 1000, 'unixepoch')";

fn sender(conn: &Connection, pair: PairId, role: &str) -> Result<i64, StoreError> {
    let sql = "SELECT CASE ?2 WHEN 'seller' THEN seller ELSE buyer END AS sender
        FROM pair WHERE number = ?1";
    one(conn, sql, params![pair.0, role], |row| get(row, "sender"))?.ok_or(StoreError::Stale)
}

fn count<P: Params>(conn: &Connection, sql: &str, params: P) -> Result<u32, StoreError> {
    let count: i64 = one(conn, sql, params, |row| get(row, "count"))?.unwrap_or(0);
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
