//! The same mail again: what it was answered the first time.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Store;
use super::rows::{get, message_state, one, parse};
use crate::domain::{ConversationId, DeliveryId, MessageState, Timestamp, Verdict};
use crate::store::error::StoreError;
use crate::store::records::FirstAnswer;
use crate::store::seal::{Accepted, Held, Refused};

/// The same mail within this time is the same message (PRODUCT §4).
const SAME_WITHIN: Duration = Duration::from_secs(5 * 86_400);

/// The oldest moment that counts as the same mail's first time, in milliseconds.
pub(super) fn since(received_at: Timestamp) -> i64 {
    received_at.before(SAME_WITHIN).as_millis()
}

impl Store {
    /// How the mail with this fingerprint was answered within the last 5 days, whatever has been
    /// decided or changed since. `None`: it is new. [`Store::accept`] and [`Store::refuse`] ask
    /// again inside their transactions, for two that come in at once.
    pub async fn first_answer(
        &self,
        fingerprint: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<FirstAnswer>, StoreError> {
        self.look(|conn| first_answer(conn, fingerprint, now))
    }
}

fn first_answer(
    conn: &Connection,
    fingerprint: [u8; 32],
    now: Timestamp,
) -> Result<Option<FirstAnswer>, StoreError> {
    let sql = "SELECT m.id, m.state, m.conversation, m.verdict, m.held_at, d.number AS delivery
        FROM message m LEFT JOIN delivery d ON d.message = m.number
        WHERE m.number = (SELECT min(number) FROM message
            WHERE fingerprint = ?1 AND received_at >= ?2)
        ORDER BY d.number LIMIT 1";
    let found = one(conn, sql, params![fingerprint, since(now)], |row| {
        let message = parse(row, "id")?;
        if get::<Option<i64>>(row, "held_at")?.is_some() {
            return Ok(Some(FirstAnswer::Held(Held { message, duplicate: true })));
        }
        Ok(match (message_state(row)?, get::<Option<i64>>(row, "delivery")?) {
            (MessageState::Accepted, Some(delivery)) => Some(FirstAnswer::Accepted(Accepted {
                message,
                conversation: get::<Option<i64>>(row, "conversation")?.map(ConversationId),
                delivery: DeliveryId(delivery),
                mail: None,
            })),
            (MessageState::Rejected, _) => {
                let verdict: Verdict = serde_json::from_str(&get::<String>(row, "verdict")?)
                    .map_err(|_| StoreError::Damaged("message.verdict"))?;
                Some(FirstAnswer::Refused(Refused { message, archived: true }, verdict))
            }
            (MessageState::Accepted | MessageState::Held, _) => None,
        })
    })?;
    Ok(found.flatten())
}
