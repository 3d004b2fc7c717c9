//! Deleting a party: its mail stops at once, then all that no legal hold keeps is erased, some of it
//! in each transaction, so that nobody else waits long for the disk.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::expire::HOLDS;
use super::rows::{all, get, one, run};
use super::standing::{self, Follows};
use super::{Store, hold, party, search, stray, sweep};
use crate::domain::{PartyId, Role, Timestamp};
use crate::store::error::StoreError;
use crate::store::register::{Decision, Erased};

/// Messages that are erased at once when a hold ends.
const BATCH: usize = 200;
/// Milliseconds.
const DAY: i64 = 86_400_000;

/// Messages of a party's pairs, our notices about them, and those about its account.
const WRITTEN: &str = "SELECT number FROM (
    SELECT m.number FROM message m JOIN pair p ON p.number = m.pair
        WHERE p.seller = ?1 OR p.buyer = ?1
    UNION ALL SELECT number FROM message
        WHERE of_seller = ?1 AND kind = 'notice' AND pair IS NULL)";

impl Store {
    /// Deletes a party: from this transaction on no mail to or from it passes, what waits for
    /// delivery is cancelled, and its name, addresses and domains are gone. Its id stays taken.
    /// `false`: it was deleted before. [`Store::erase_some`] then erases what was written.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn delete_party(&self, id: &PartyId, decision: Decision) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(4096, move |conn| delete_party(conn, &id, &decision)).await
    }

    /// Erases at most so many of what was written to and by a deleted party: call it until nothing is
    /// left.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn erase_some(&self, id: &PartyId, most: usize) -> Result<Erased, StoreError> {
        let id = id.clone();
        self.write(64 << 10, move |conn| {
            let number = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            let (erased, is_all) = erase(conn, number, most, HOLDS)?;
            if !is_all {
                return Ok(Erased { erased, is_all: false, kept: 0 });
            }
            let sql = "SELECT count(*) AS kept FROM message m JOIN pair p ON p.number = m.pair
                WHERE (p.seller = ?1 OR p.buyer = ?1) AND m.kind = 'relay'";
            let kept: Option<i64> = one(conn, sql, [number], |row| get(row, "kept"))?;
            let kept = usize::try_from(kept.unwrap_or(0)).unwrap_or(0);
            Ok(Erased { erased, is_all: true, kept })
        })
        .await
    }
}

fn delete_party(conn: &Connection, id: &PartyId, decision: &Decision) -> Result<bool, StoreError> {
    let number = party::find(conn, id)?.ok_or_else(|| StoreError::unknown(id))?;
    let at = decision.at;
    // The version tells mail in hand that it must look again.
    let changed = run(
        conn,
        "UPDATE party SET name = 'deleted', marketplace_fulfilled = NULL, deleted_at = ?2,
            version = version + 1 WHERE number = ?1 AND deleted_at IS NULL",
        params![number, at.as_millis()],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    party::forget_contacts(conn, number)?;
    cancel_deliveries(conn, number, at)?;
    stray::forget_party(conn, number, at)?;
    forget_orders(conn, number)?;
    sweep::owe(conn)?;
    standing::note(conn, number, None, "deleted", decision, Follows::default())?;
    Ok(true)
}

/// Also what is attempted just now: its lease is lost, so that the attempt ends and writes nothing.
fn cancel_deliveries(conn: &Connection, number: i64, at: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE delivery SET state = 'cancelled', finished_at = ?2,
            lease = lease + 1, lease_owner = NULL, lease_until = NULL
        WHERE state IN ('queued', 'deferred', 'sending') AND message IN (
            SELECT m.number FROM pair p JOIN message m ON m.pair = p.number
            WHERE p.seller = ?1 OR p.buyer = ?1
            UNION ALL SELECT number FROM message
            WHERE of_seller = ?1 AND kind = 'notice' AND pair IS NULL)";
    run(conn, sql, params![number, at.as_millis()])?;
    Ok(())
}

/// The orders keep their ids, so that they are refused cleanly; what was bought is nobody's any
/// more.
fn forget_orders(conn: &Connection, number: i64) -> Result<(), StoreError> {
    let sql = "UPDATE orders SET items = '[]', tracking = NULL
        WHERE (items <> '[]' OR tracking IS NOT NULL)
        AND pair IN (SELECT number FROM pair WHERE seller = ?1 OR buyer = ?1)
        AND NOT EXISTS (SELECT 1 FROM legal_hold h
            WHERE h.\"order\" = orders.number AND h.released_at IS NULL)";
    run(conn, sql, [number])?;
    Ok(())
}

/// Erases what a legal hold kept, now that it has ended, where one of the pair was deleted.
pub(super) fn after_hold(conn: &Connection, pair: i64) -> Result<(), StoreError> {
    let sql = "SELECT number FROM party WHERE deleted_at IS NOT NULL AND number IN (
        SELECT seller FROM pair WHERE number = ?1 UNION SELECT buyer FROM pair WHERE number = ?1)";
    for number in all(conn, sql, [pair], |row| get::<i64>(row, "number"))? {
        forget_orders(conn, number)?;
        while !erase(conn, number, BATCH, Duration::MAX)?.1 {}
    }
    Ok(())
}

/// Erases at most so many messages of a deleted party with all that hangs on them, and none after that
/// time: how many it were, and whether those were all.
fn erase(
    conn: &Connection,
    number: i64,
    most: usize,
    holds: Duration,
) -> Result<(usize, bool), StoreError> {
    let keeping: i64 =
        one(conn, "SELECT count(*) AS holds FROM legal_hold", [], |row| get(row, "holds"))?
            .unwrap_or(0);
    // Notices last written first: what they are about is erased after them.
    // Where nothing is kept, so many are all that is asked for, and one that says there are more.
    let asked = if keeping == 0 { most.saturating_add(1) } else { usize::MAX };
    let asked = i64::try_from(asked).unwrap_or(i64::MAX);
    let sql = format!("{WRITTEN} ORDER BY number DESC LIMIT ?2");
    let written = all(conn, &sql, params![number, asked], |row| get::<i64>(row, "number"))?;
    // The time that it took to find them is no part of what is given to erasing them.
    let began = Instant::now();
    let (mut erased, mut is_all) = (0, true);
    for message in written {
        if erased == most || (erased > 0 && began.elapsed() > holds) {
            is_all = false;
            break;
        }
        if keeping == 0 || !hold::keeps(conn, message)? {
            erase_message(conn, message)?;
            erased += 1;
        }
    }
    search::settle(conn)?;
    let of_pairs = "pair IN (SELECT number FROM pair WHERE seller = ?1 OR buyer = ?1)";
    run(conn, &format!("DELETE FROM expired_thread WHERE {of_pairs}"), [number])?;
    let sql = format!(
        "UPDATE conversation SET subject = '', seller_root = NULL, buyer_root = NULL
         WHERE {of_pairs} AND (subject <> '' OR seller_root IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM message m WHERE m.conversation = conversation.number)"
    );
    run(conn, &sql, [number])?;
    Ok((erased, is_all))
}

/// What is known of a message that outlives it.
struct Outlived {
    pair: i64,
    conversation: Option<i64>,
    sender: i64,
    received_at: i64,
    state: String,
    names: [(Role, Option<String>); 2],
}

/// Erases a message whose time is over. What it counts stays, and what it was known by on each
/// side, as `thread` makes it, so that an answer to it finds its conversation (PRODUCT §7).
pub(super) fn forget_message(
    conn: &Connection,
    message: i64,
    thread: &dyn Fn(Role, &str) -> i64,
) -> Result<(), StoreError> {
    let sql = "SELECT * FROM message WHERE number = ?1 AND kind = 'relay'";
    let outlived = one(conn, sql, [message], |row| {
        Ok(Outlived {
            pair: get(row, "pair")?,
            conversation: get(row, "conversation")?,
            sender: get(row, "sender")?,
            received_at: get(row, "received_at")?,
            state: get(row, "state")?,
            names: [
                (Role::Seller, get(row, "seller_msg_id")?),
                (Role::Buyer, get(row, "buyer_msg_id")?),
            ],
        })
    })?;
    erase_message(conn, message)?;
    let Some(Outlived { pair, conversation, sender, received_at, state, names }) = outlived else {
        return Ok(());
    };
    let sql = "INSERT INTO expired_count (sender, day, state, messages) VALUES (?1, ?2, ?3, 1)
        ON CONFLICT DO UPDATE SET messages = messages + 1";
    run(conn, sql, params![sender, received_at.div_euclid(DAY), state])?;
    let Some(conversation) = conversation else { return Ok(()) };
    for (side, name) in names {
        let Some(name) = name else { continue };
        let sql = "INSERT OR IGNORE INTO expired_thread (pair, hash, conversation)
            VALUES (?1, ?2, ?3)";
        run(conn, sql, params![pair, thread(side, &name), conversation])?;
    }
    // The conversation is named by what is left of it.
    let sql = "UPDATE conversation SET subject = coalesce((
            SELECT CASE WHEN subject LIKE 're: %' THEN substr(subject, 5) ELSE subject END
            FROM message WHERE conversation = ?1 AND state = 'accepted' ORDER BY number LIMIT 1), '')
        WHERE number = ?1";
    run(conn, sql, [conversation])?;
    Ok(())
}

/// Erases a message with all that hangs on it. [`search::settle`] comes after the last.
fn erase_message(conn: &Connection, message: i64) -> Result<(), StoreError> {
    search::forget(conn, message)?;
    for sql in [
        "DELETE FROM attempt WHERE delivery IN (SELECT number FROM delivery WHERE message = ?1)",
        "DELETE FROM report WHERE delivery IN (SELECT number FROM delivery WHERE message = ?1)",
        "DELETE FROM delivery WHERE message = ?1",
        // How long an answer took is told without what was said.
        "UPDATE turn SET started_by = NULL WHERE started_by = ?1",
        "UPDATE turn SET stopped_by = NULL WHERE stopped_by = ?1",
        "DELETE FROM content WHERE message = ?1",
        "DELETE FROM print WHERE message = ?1",
        "DELETE FROM review WHERE message = ?1",
        // A violation keeps rule, date and score (PRODUCT §7).
        "UPDATE violation SET message = NULL, conversation = NULL, words = NULL WHERE message = ?1",
        "DELETE FROM telling WHERE message = ?1",
        "UPDATE address_code SET mail = NULL WHERE mail = ?1",
        "UPDATE message SET about = NULL WHERE about = ?1",
        "DELETE FROM message WHERE number = ?1",
    ] {
        run(conn, sql, [message])?;
    }
    sweep::owe(conn)
}
