//! The response clock (PRODUCT §9), run inside the transactions that move it.

use rusqlite::{Connection, params};

use super::rows::{all, get, moment, moment_some, one, run};
use crate::domain::{ConversationId, Direction, Timestamp};
use crate::market::clock::{self, ClockChange};
use crate::store::error::StoreError;

/// What a message does to its conversation's clock. Of a suspended seller the clock stands still
/// from its beginning.
pub(super) fn run_clock(
    conn: &Connection,
    (direction, automatic): (Direction, bool),
    conversation: ConversationId,
    message: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "SELECT number FROM turn WHERE conversation = ?1 AND stopped_at IS NULL";
    let running: Option<i64> = one(conn, sql, [conversation.0], |row| get(row, "number"))?;
    match clock::change(direction, automatic, running.is_some()) {
        ClockChange::None => {}
        ClockChange::Start => {
            run(
                conn,
                "INSERT INTO turn (conversation, started_at, started_by, excluded, paused_at)
                 SELECT c.number, ?2, ?3, 0, iif(s.suspended_at IS NULL, NULL, ?2)
                 FROM conversation c JOIN pair p ON p.number = c.pair
                 JOIN party s ON s.number = p.seller WHERE c.number = ?1",
                params![conversation.0, at.as_millis(), message],
            )?;
        }
        ClockChange::Stop => {
            run(
                conn,
                "UPDATE turn SET stopped_at = ?2, stopped_by = ?3,
                    excluded = excluded + max(0, ?2 - coalesce(paused_at, ?2)), paused_at = NULL
                 WHERE number = ?1",
                params![running, at.as_millis(), message],
            )?;
        }
    }
    Ok(())
}

/// Lets the clock go on that a held answer stopped and that was rejected: without the time it was
/// held. A turn that began meanwhile would never have begun: the first one's time counts, and ends
/// where that one ended.
pub(super) fn resume(conn: &Connection, message: i64, now: Timestamp) -> Result<(), StoreError> {
    let sql = "SELECT number, conversation, stopped_at FROM turn WHERE stopped_by = ?1";
    let found = one(conn, sql, [message], |row| {
        Ok((
            get::<i64>(row, "number")?,
            get::<i64>(row, "conversation")?,
            moment(row, "stopped_at")?,
        ))
    })?;
    let Some((turn, conversation, stopped_at)) = found else { return Ok(()) };
    let sql = "SELECT number, stopped_at, stopped_by FROM turn
        WHERE conversation = ?1 AND number > ?2 ORDER BY number LIMIT 1";
    let later = one(conn, sql, (conversation, turn), |row| {
        let stop = moment_some(row, "stopped_at")?;
        Ok((get::<i64>(row, "number")?, stop, get::<Option<i64>>(row, "stopped_by")?))
    })?;
    let (stop, stopped_by) = match later {
        Some((later, stop, by)) => {
            run(conn, "DELETE FROM turn WHERE number = ?1", [later])?;
            (stop, by)
        }
        None => (None, None),
    };
    let held = stop.unwrap_or(now).min(now).since(stopped_at).as_millis();
    run(
        conn,
        "UPDATE turn SET stopped_at = ?2, stopped_by = ?3, excluded = excluded + ?4
         WHERE number = ?1",
        params![
            turn,
            stop.map(Timestamp::as_millis),
            stopped_by,
            i64::try_from(held).unwrap_or(i64::MAX)
        ],
    )?;
    Ok(())
}

/// Stops the time of every buyer who waits for this seller, who may not answer freely now.
pub(super) fn pause(conn: &Connection, seller: i64, at: Timestamp) -> Result<(), StoreError> {
    for turn in running(conn, seller)? {
        let sql = "UPDATE turn SET paused_at = coalesce(paused_at, ?2) WHERE number = ?1";
        run(conn, sql, (turn, at.as_millis()))?;
    }
    Ok(())
}

/// The same backwards.
pub(super) fn go_on(conn: &Connection, seller: i64, at: Timestamp) -> Result<(), StoreError> {
    for turn in running(conn, seller)? {
        let sql = "UPDATE turn SET excluded = excluded + max(0, ?2 - coalesce(paused_at, ?2)),
                paused_at = NULL WHERE number = ?1";
        run(conn, sql, (turn, at.as_millis()))?;
    }
    Ok(())
}

fn running(conn: &Connection, seller: i64) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT t.number FROM pair p JOIN conversation c ON c.pair = p.number
        JOIN turn t ON t.conversation = c.number
        WHERE p.seller = ?1 AND t.stopped_at IS NULL";
    all(conn, sql, [seller], |row| get(row, "number"))
}
