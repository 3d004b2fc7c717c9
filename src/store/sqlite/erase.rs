//! Deleting a party: its mail stops at once, then all that no legal hold keeps is erased, some of it
//! in each transaction, so that nobody else waits long for the disk.

use std::time::Instant;

use rusqlite::{Connection, params};

use super::expire::HOLDS;
use super::rows::{all, get, one, run};
use super::standing::{self, Follows};
use super::{Store, hold, index, party, stray, sweep};
use crate::domain::{PartyId, Role, Timestamp};
use crate::store::error::StoreError;
use crate::store::expiry::{Expired, Place};
use crate::store::register::Decision;

/// Pairs of a deleted party whose conversations are made nobody's in a step.
const PAIRS: i64 = 500;
/// Messages that are read at once of what a hold kept: more than a step gets done.
const MESSAGES: i64 = 500;
/// Milliseconds.
const DAY: i64 = 86_400_000;

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

    /// Erases at most `most` of the messages to and from a deleted party that stand behind `after`, but
    /// what a legal hold keeps. [`Store::forget_conversations`] comes after the last of them.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn erase_some(
        &self,
        id: &PartyId,
        after: Place,
        most: usize,
    ) -> Result<Expired, StoreError> {
        let id = id.clone();
        self.write(64 << 10, move |conn| {
            let party = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            each_written(conn, party, after, most, |message, step| {
                if hold::keeps(conn, message)? {
                    step.held += usize::from(is_relayed(conn, message)?);
                    return Ok(());
                }
                step.erased += 1;
                erase_message(conn, message)
            })
        })
        .await
    }

    /// Forgets what names the conversations of a deleted party of which nothing is kept, and what was
    /// bought, of some of its pairs, behind that one: the last of them. None: there were no more.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn forget_conversations(
        &self,
        id: &PartyId,
        after: i64,
    ) -> Result<Option<i64>, StoreError> {
        let id = id.clone();
        // Found by a reader: who has many pairs has most of them clean.
        let pairs = self.read(move |conn| pairs_to_clean(conn, &id, after)).await?;
        let last = pairs.last().map(|(pair, _)| *pair);
        let to_clean: Vec<i64> = pairs.into_iter().filter(|(_, is)| *is).map(|(p, _)| p).collect();
        if to_clean.is_empty() {
            return Ok(last);
        }
        let cleaned = self.write(64 << 10, move |conn| {
            let began = Instant::now();
            for pair in to_clean {
                clean_pair(conn, pair)?;
                if began.elapsed() > HOLDS {
                    return Ok(Some(pair));
                }
            }
            Ok(None)
        });
        Ok(cleaned.await?.or(last))
    }

    /// A step of erasing what legal holds kept of deleted parties and that have ended: how many messages.
    /// None: nothing was left of it.
    pub async fn erase_unheld(&self) -> Result<Option<usize>, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM unheld) AS any";
        if self.read(move |conn| one(conn, sql, [], |row| get(row, "any"))).await? != Some(true) {
            return Ok(None);
        }
        self.write(64 << 10, erase_unheld).await
    }
}

/// Goes through at most so many messages to and from a party and our notices about them, behind a
/// place, in a step of [`HOLDS`] at most, so that nobody waits for long.
pub(super) fn each_written(
    conn: &Connection,
    party: i64,
    after: Place,
    most: usize,
    mut work: impl FnMut(i64, &mut Expired) -> Result<(), StoreError>,
) -> Result<Expired, StoreError> {
    // A party is one of both: the other half finds nothing.
    let sql = "SELECT number FROM message WHERE of_seller = ?1 AND number > ?2
        UNION ALL SELECT number FROM message WHERE of_buyer = ?1 AND number > ?2
        ORDER BY number LIMIT ?3";
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let numbers: Vec<i64> =
        all(conn, sql, params![party, after.number, limit], |row| get(row, "number"))?;
    // The time that it took to find them is no part of what is given to erasing them.
    let (began, mut step, mut last) = (Instant::now(), Expired::default(), None);
    for number in &numbers {
        if last.is_some() && began.elapsed() > HOLDS {
            break;
        }
        last = Some(*number);
        work(*number, &mut step)?;
    }
    index::settle(conn)?;
    if numbers.len() >= most || last != numbers.last().copied() {
        step.next = last.map(|number| Place { number, ..after });
    }
    Ok(step)
}

fn is_relayed(conn: &Connection, message: i64) -> Result<bool, StoreError> {
    let sql = "SELECT kind = 'relay' AS relayed FROM message WHERE number = ?1";
    Ok(one(conn, sql, [message], |row| get(row, "relayed"))?.unwrap_or(false))
}

/// Pairs of a party, and whether something there names a conversation of which nothing is kept.
fn pairs_to_clean(
    conn: &Connection,
    id: &PartyId,
    after: i64,
) -> Result<Vec<(i64, bool)>, StoreError> {
    let party = party::find(conn, id)?.ok_or_else(|| StoreError::unknown(id))?;
    let sql = format!(
        "SELECT p.number, EXISTS (SELECT 1 FROM expired_thread t WHERE t.pair = p.number)
            OR EXISTS (SELECT 1 FROM conversation WHERE pair = p.number AND {TO_CLEAN})
            OR EXISTS (SELECT 1 FROM orders WHERE pair = p.number AND {TO_FORGET}) AS to_clean
         FROM (SELECT number FROM pair WHERE (seller = ?1 OR buyer = ?1) AND number > ?2
            ORDER BY number LIMIT ?3) p ORDER BY p.number"
    );
    all(conn, &sql, [party, after, PAIRS], |row| Ok((get(row, "number")?, get(row, "to_clean")?)))
}

/// Of conversations.
const TO_CLEAN: &str = "(subject <> '' OR seller_root IS NOT NULL OR buyer_root IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM message m WHERE m.conversation = conversation.number)";

/// Of orders. They keep their ids, so that they are refused cleanly; what was bought is nobody's any more.
const TO_FORGET: &str = "(items <> '[]' OR tracking IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM legal_hold h
        WHERE h.\"order\" = orders.number AND h.released_at IS NULL)";

fn clean_pair(conn: &Connection, pair: i64) -> Result<(), StoreError> {
    run(conn, "DELETE FROM expired_thread WHERE pair = ?1", [pair])?;
    let sql = format!(
        "UPDATE conversation SET subject = '', seller_root = NULL, buyer_root = NULL
         WHERE pair = ?1 AND {TO_CLEAN}"
    );
    run(conn, &sql, [pair])?;
    let sql =
        format!("UPDATE orders SET items = '[]', tracking = NULL WHERE pair = ?1 AND {TO_FORGET}");
    run(conn, &sql, [pair])?;
    Ok(())
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
    sweep::owe(conn)?;
    standing::note(conn, number, None, "deleted", decision, Follows::default())?;
    Ok(true)
}

/// Also what is attempted just now: its lease is lost, so that the attempt ends and writes nothing.
fn cancel_deliveries(conn: &Connection, number: i64, at: Timestamp) -> Result<(), StoreError> {
    // From the queue on: it is short where the party's history is long.
    let sql = "UPDATE delivery SET state = 'cancelled', finished_at = ?2,
            lease = lease + 1, lease_owner = NULL, lease_until = NULL
        WHERE number IN (SELECT number FROM delivery WHERE state IN ('queued', 'deferred')
            UNION ALL SELECT number FROM delivery WHERE state = 'sending')
        AND EXISTS (SELECT 1 FROM message m
            WHERE m.number = delivery.message AND ?1 IN (m.of_seller, m.of_buyer))";
    run(conn, sql, params![number, at.as_millis()])?;
    Ok(())
}

/// Erases what legal holds kept of pairs, now that they have ended, where one of the two was deleted: what
/// there is time for, and the rest in steps ([`Store::erase_unheld`]). `pairs` says which of `pair`.
pub(super) fn after_hold(conn: &Connection, pairs: &str, of: i64) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO unheld (pair, message) SELECT number, 0 FROM pair WHERE {pairs}
            AND EXISTS (SELECT 1 FROM party d
                WHERE d.number IN (pair.seller, pair.buyer) AND d.deleted_at IS NOT NULL)
         ON CONFLICT DO UPDATE SET message = 0"
    );
    if run(conn, &sql, [of])? > 0 {
        erase_unheld(conn)?;
    }
    Ok(())
}

/// A step of it: how many messages it erased. None: there is nothing left to do.
fn erase_unheld(conn: &Connection) -> Result<Option<usize>, StoreError> {
    let (began, mut erased) = (Instant::now(), None);
    let is_over = || began.elapsed() > HOLDS;
    let sql = "SELECT pair, message FROM unheld ORDER BY pair LIMIT 1";
    while let Some((pair, after)) =
        one(conn, sql, [], |row| Ok((get::<i64>(row, "pair")?, get::<i64>(row, "message")?)))?
    {
        // By the buyer's: an index of pairs would be kept up for every mail, and serve nobody else.
        let sql = "SELECT number FROM message WHERE pair = ?1 AND number > ?2
            AND of_buyer = (SELECT buyer FROM pair WHERE number = ?1) ORDER BY number LIMIT ?3";
        let messages: Vec<i64> = all(conn, sql, [pair, after, MESSAGES], |row| get(row, "number"))?;
        let mut last = None;
        for message in messages {
            if !hold::keeps(conn, message)? {
                erase_message(conn, message)?;
                *erased.get_or_insert(0) += 1;
            }
            last = Some(message);
            if is_over() {
                break;
            }
        }
        if let Some(last) = last {
            run(conn, "UPDATE unheld SET message = ?2 WHERE pair = ?1", [pair, last])?;
        } else {
            clean_pair(conn, pair)?;
            run(conn, "DELETE FROM unheld WHERE pair = ?1", [pair])?;
        }
        erased.get_or_insert(0);
        if is_over() {
            break;
        }
    }
    index::settle(conn)?;
    sweep::owe(conn)?;
    Ok(erased)
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

/// Erases a message with all that hangs on it. [`index::settle`] comes after the last.
fn erase_message(conn: &Connection, message: i64) -> Result<(), StoreError> {
    index::forget(conn, message)?;
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
