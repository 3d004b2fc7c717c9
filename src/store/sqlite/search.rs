//! The search index: messages by the numbers of their words.
//!
//! A message is stored with its numbers; they come into the index a little later, many messages at
//! once ([`Store::index_some`]): one by one they would cost each sender the time, and the index a
//! segment for each. Until then the few that are not in it are looked through, so that a search
//! misses nothing.

use std::time::{Duration, Instant};

use data_encoding::BASE32_NOPAD;
use rusqlite::{Connection, params};

use super::Store;
use super::archive::{MESSAGE_COLUMNS, read_row};
use super::content::unpack;
use super::expire::HOLDS;
use super::rows::{all, get, moment, one, run};
use crate::domain::{Timestamp, Wanted, Words};
use crate::store::error::StoreError;
use crate::store::search::{Found, Search};

/// Bytes of one number.
const WIDTH: usize = (Words::BITS / 8) as usize;
/// Pages of the index that are merged before it is looked at the time.
const MERGED: i32 = 8;
/// Messages are numbered in the order in which they are stored, which is not quite that in which
/// they came in; by how much they may be out of it.
const DISORDER: Duration = Duration::from_secs(3600);

/// Numbers as they lie on the disk.
pub(super) fn pack_words(words: &Words) -> Vec<u8> {
    let low = 8 - WIDTH;
    words.numbers().iter().flat_map(|n| n.to_be_bytes().into_iter().skip(low)).collect()
}

fn unpack_words(bytes: &[u8]) -> Words {
    let number = |five: &[u8; WIDTH]| five.iter().fold(0, |all, byte| all << 8 | u64::from(*byte));
    Words::of(bytes.as_chunks::<WIDTH>().0.iter().map(number).collect())
}

/// A number as the index knows it.
fn token(number: u64) -> String {
    let bytes = number.to_be_bytes();
    let mut token = BASE32_NOPAD.encode(bytes.get(8 - WIDTH..).unwrap_or_default());
    token.make_ascii_lowercase();
    token
}

fn as_text(words: &Words) -> String {
    let mut text = String::with_capacity(words.numbers().len() * 9);
    for number in words.numbers() {
        text.push_str(&token(*number));
        text.push(' ');
    }
    text
}

/// The expression of https://sqlite.org/fts5.html#full_text_query_syntax.
fn expression(wanted: &Wanted) -> String {
    let group = |group: &Vec<u64>| {
        let tokens: Vec<String> = group.iter().map(|n| format!("\"{}\"", token(*n))).collect();
        format!("({})", tokens.join(" OR "))
    };
    wanted.0.iter().map(group).collect::<Vec<_>>().join(" AND ")
}

impl Store {
    /// Messages that have the numbers, the newest first. An id in `before` that is not known finds
    /// nothing.
    pub async fn search(&self, search: Search) -> Result<Vec<Found>, StoreError> {
        let mut found = self.read(move |conn| find(conn, &search)).await?;
        for Found { sender_view, recipient_view, .. } in &mut found {
            for view in [sender_view, recipient_view].into_iter().flatten() {
                *view = unpack(view)?;
            }
        }
        Ok(found)
    }

    /// Takes at most so many messages into the index: how many it were. None: all are in it.
    pub async fn index_some(&self, most: u32) -> Result<usize, StoreError> {
        let waiting = self.read(move |conn| waiting_messages(conn, 1)).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        self.write(64 << 10, move |conn| {
            let waiting = waiting_messages(conn, most)?;
            for (number, words) in &waiting {
                if let Some(words) = words {
                    insert(conn, *number, &unpack_words(words))?;
                }
            }
            if let Some((last, _)) = waiting.last() {
                run(conn, "UPDATE found_by_progress SET upto = ?1", [last])?;
            }
            Ok(waiting.len())
        })
        .await
    }

    /// How many messages are archived, about.
    pub async fn archived(&self) -> Result<usize, StoreError> {
        let sql = "SELECT coalesce(max(number) - min(number), 0) AS span FROM message";
        let span = self.read(move |conn| one(conn, sql, [], |row| get::<i64>(row, "span"))).await?;
        Ok(usize::try_from(span.unwrap_or(0)).unwrap_or(0))
    }

    /// From now on what is erased is only marked in the index, until [`Store::merge_some`] begins to
    /// take all of it out at once. To take one message out of the index's pages costs a hundred
    /// times what it costs to mark it; to merge costs as much as all that is left in it.
    pub async fn mark_in_index(&self) -> Result<(), StoreError> {
        self.write(64, |conn| {
            set_secure_delete(conn, false)?;
            set_marking(conn, Marking::Marked)
        })
        .await
    }

    /// Takes what is marked out of the index, about so many of its pages at once. `false`: nothing
    /// is marked any more.
    pub async fn merge_some(&self, pages: u16) -> Result<bool, StoreError> {
        if self.read(marking).await? == Marking::Nothing {
            return Ok(false);
        }
        self.write(usize::from(pages) * 4096, move |conn| {
            let pages = i32::from(pages.max(1));
            // https://sqlite.org/fts5.html#the_merge_command: below 0 it begins with all there is.
            let merge = |pages: i32| {
                let sql = "INSERT INTO found_by (found_by, rank) VALUES ('merge', ?1)";
                let before = total_changes(conn)?;
                run(conn, sql, [pages])?;
                Ok::<_, StoreError>(total_changes(conn)? - before >= 2)
            };
            match marking(conn)? {
                Marking::Nothing => Ok(false),
                Marking::Marked => {
                    merge(-pages.min(MERGED))?;
                    // What is erased from now on the merge would not take out: it is gone at once.
                    set_secure_delete(conn, true)?;
                    set_marking(conn, Marking::Merging)?;
                    Ok(true)
                }
                Marking::Merging => {
                    // A few at a time: how long they take is not known before.
                    let (began, mut merged) = (Instant::now(), 0);
                    while merge(pages.min(MERGED))? {
                        merged += MERGED;
                        if merged >= pages || began.elapsed() > HOLDS {
                            return Ok(true);
                        }
                    }
                    set_marking(conn, Marking::Nothing)?;
                    Ok(false)
                }
            }
        })
        .await
    }
}

/// What is marked as erased in the index and stands in its pages still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marking {
    Nothing,
    /// Something, since the last merge began.
    Marked,
    /// Only what the merge that is going on takes out: however much is erased meanwhile, it ends.
    Merging,
}

fn marking(conn: &Connection) -> Result<Marking, StoreError> {
    let sql = "SELECT marking FROM found_by_progress";
    match one(conn, sql, [], |row| get::<i64>(row, "marking"))? {
        Some(0) => Ok(Marking::Nothing),
        Some(1) => Ok(Marking::Marked),
        Some(2) => Ok(Marking::Merging),
        _ => Err(StoreError::Damaged("found_by_progress")),
    }
}

fn set_marking(conn: &Connection, marking: Marking) -> Result<(), StoreError> {
    let number = match marking {
        Marking::Nothing => 0,
        Marking::Marked => 1,
        Marking::Merging => 2,
    };
    run(conn, "UPDATE found_by_progress SET marking = ?1", [number])?;
    Ok(())
}

fn total_changes(conn: &Connection) -> Result<i64, StoreError> {
    let sql = "SELECT total_changes() AS total";
    Ok(one(conn, sql, [], |row| get(row, "total"))?.unwrap_or(0))
}

/// Whether what is taken out of the index is gone from its pages at once.
fn set_secure_delete(conn: &Connection, at_once: bool) -> Result<(), StoreError> {
    let sql = "INSERT INTO found_by (found_by, rank) VALUES ('secure-delete', ?1)";
    run(conn, sql, [i64::from(at_once)])?;
    Ok(())
}

type Waiting = (i64, Option<Vec<u8>>);

/// Messages that are not in the index yet, the oldest first. Those without words never are.
fn waiting_messages(conn: &Connection, most: u32) -> Result<Vec<Waiting>, StoreError> {
    let sql = "SELECT message, words FROM content
        WHERE message > (SELECT upto FROM found_by_progress) ORDER BY message LIMIT ?1";
    all(conn, sql, [most], |row| Ok((get(row, "message")?, get(row, "words")?)))
}

fn upto(conn: &Connection) -> Result<i64, StoreError> {
    let upto = one(conn, "SELECT upto FROM found_by_progress", [], |row| get(row, "upto"))?;
    upto.ok_or(StoreError::Damaged("found_by_progress"))
}

fn insert(conn: &Connection, number: i64, words: &Words) -> Result<(), StoreError> {
    let sql = "INSERT INTO found_by (rowid, numbers) VALUES (?1, ?2)";
    run(conn, sql, params![number, as_text(words)])?;
    Ok(())
}

fn remove(conn: &Connection, number: i64, words: &Words) -> Result<(), StoreError> {
    // The index keeps no text: it must be told what it holds
    // (https://sqlite.org/fts5.html#the_delete_command).
    let sql = "INSERT INTO found_by (found_by, rowid, numbers) VALUES ('delete', ?1, ?2)";
    run(conn, sql, params![number, as_text(words)])?;
    Ok(())
}

fn words_of(conn: &Connection, number: i64) -> Result<Option<Words>, StoreError> {
    let sql = "SELECT words FROM content WHERE message = ?1";
    let words = one(conn, sql, [number], |row| get::<Option<Vec<u8>>>(row, "words"))?;
    Ok(words.flatten().map(|words| unpack_words(&words)))
}

/// Takes a message out of the index that is about to be erased. [`settle`] comes after it.
pub(super) fn forget(conn: &Connection, number: i64) -> Result<(), StoreError> {
    match words_of(conn, number)? {
        Some(words) if number <= upto(conn)? => remove(conn, number, &words),
        _ => Ok(()),
    }
}

/// After messages were erased: a number that is given out anew must come into the index.
pub(super) fn settle(conn: &Connection) -> Result<(), StoreError> {
    let sql = "UPDATE found_by_progress SET upto = (SELECT coalesce(max(number), 0) FROM message)
        WHERE upto > (SELECT coalesce(max(number), 0) FROM message)";
    run(conn, sql, [])?;
    Ok(())
}

/// Gives a message other numbers.
pub(super) fn replace(
    conn: &Connection,
    number: i64,
    change: impl FnOnce(&Words) -> Words,
) -> Result<(), StoreError> {
    let Some(old) = words_of(conn, number)? else { return Ok(()) };
    let new = change(&old);
    if number <= upto(conn)? {
        remove(conn, number, &old)?;
        insert(conn, number, &new)?;
    }
    let sql = "UPDATE content SET words = ?2 WHERE message = ?1";
    run(conn, sql, params![number, pack_words(&new)])?;
    Ok(())
}

/// Between which numbers the messages lie that are meant.
struct Bounds {
    above: i64,
    below: i64,
}

fn bounds(conn: &Connection, search: &Search) -> Result<Option<Bounds>, StoreError> {
    let mut bounds = Bounds { above: 0, below: i64::MAX };
    if let Some(before) = &search.before {
        let sql = "SELECT number FROM message WHERE id = ?1";
        match one(conn, sql, [before.as_str()], |row| get(row, "number"))? {
            Some(number) => bounds.below = number,
            None => return Ok(None),
        }
    }
    let numbered = |sql: &str, at: Timestamp| {
        one(conn, sql, [at.as_millis()], |row| get::<i64>(row, "number"))
    };
    if let Some(since) = search.since {
        let sql = "SELECT number FROM message WHERE received_at < ?1
            ORDER BY received_at DESC LIMIT 1";
        bounds.above = numbered(sql, since.before(DISORDER))?.unwrap_or(0);
    }
    if let Some(until) = search.until {
        let sql = "SELECT number FROM message WHERE received_at >= ?1
            ORDER BY received_at LIMIT 1";
        let first = numbered(sql, until.after(DISORDER))?.unwrap_or(i64::MAX);
        bounds.below = bounds.below.min(first);
    }
    Ok(Some(bounds))
}

fn find(conn: &Connection, search: &Search) -> Result<Vec<Found>, StoreError> {
    let Some(Bounds { above, below }) = bounds(conn, search)? else { return Ok(vec![]) };
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    if search.wanted.0.is_empty() {
        let sql = "SELECT number FROM message WHERE number > ?1 AND number < ?2
            AND kind = 'relay' ORDER BY number DESC";
        let mut statement = conn.prepare_cached(sql)?;
        let mut rows = statement.query(params![above, below])?;
        while let (true, Some(row)) = (found.len() < limit, rows.next()?) {
            found.extend(read(conn, get(row, "number")?, search)?);
        }
        return Ok(found);
    }
    let upto = upto(conn)?;
    let sql = "SELECT message, words FROM content WHERE message > ?1 AND message < ?2
        AND words IS NOT NULL ORDER BY message DESC";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![above.max(upto), below])?;
    while let (true, Some(row)) = (found.len() < limit, rows.next()?) {
        if search.wanted.fits(&unpack_words(&get::<Vec<u8>>(row, "words")?)) {
            found.extend(read(conn, get(row, "message")?, search)?);
        }
    }
    let sql = "SELECT rowid AS number FROM found_by
        WHERE found_by MATCH ?1 AND rowid > ?2 AND rowid < ?3 ORDER BY rowid DESC";
    let mut statement = conn.prepare_cached(sql)?;
    let below = below.min(upto.saturating_add(1));
    let mut rows = statement.query(params![expression(&search.wanted), above, below])?;
    while let (true, Some(row)) = (found.len() < limit, rows.next()?) {
        found.extend(read(conn, get(row, "number")?, search)?);
    }
    Ok(found)
}

/// A message with its views, packed; nothing where it came in at another time.
fn read(conn: &Connection, number: i64, search: &Search) -> Result<Option<Found>, StoreError> {
    let sql = format!("{MESSAGE_COLUMNS} AND m.number = ?1");
    let row = one(conn, &sql, [number], |row| {
        let at = moment(row, "received_at")?;
        let fits = search.since.is_none_or(|since| at >= since)
            && search.until.is_none_or(|until| at < until);
        if fits { read_row(row).map(|(row, _)| Some(row)) } else { Ok(None) }
    })?;
    let Some(row) = row.flatten() else { return Ok(None) };
    let sql = "SELECT sender_view, recipient_view FROM content WHERE message = ?1";
    let views = one(conn, sql, [number], |row| {
        Ok((get(row, "sender_view")?, get(row, "recipient_view")?))
    })?;
    let (sender_view, recipient_view) = views.ok_or(StoreError::Damaged("content"))?;
    Ok(Some(Found { row, sender_view, recipient_view }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_were_written() {
        let words = Words::of(vec![1, 0x00ff_1234_5678, Words::keyed(u64::MAX)]);
        assert_eq!(unpack_words(&pack_words(&words)), words);
        assert_eq!(token(1), "aaaaaaab");
        let wanted = Wanted(vec![vec![1, 2], vec![3]]);
        let expected = "(\"aaaaaaab\" OR \"aaaaaaac\") AND (\"aaaaaaad\")";
        assert_eq!(expression(&wanted), expected);
    }
}
