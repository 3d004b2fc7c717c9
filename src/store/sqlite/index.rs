//! The search index: which messages have a word, by numbers that only our key makes.
//!
//! It is cut by message number into parts of some thousand messages. A part has its own blocks of lists
//! (`lists.rs`) in one table, in the order of the parts and of the words in them, so that to bring
//! messages into it or to take them out rewrites the blocks of one part at most, however large the
//! archive is, and nothing has ever to be merged. A search walks the parts from the newest on: smaller
//! parts would be more look-ups, larger ones more that is rewritten.
//!
//! A message is stored with its words; they come into the index some seconds later, hundreds at once.
//! Until then the few that are not in it are looked through, so that a search misses nothing. The words
//! of a message that was erased stay in their table, marked as gone, until they have been taken out of
//! the index, again many at once; then nothing of them is left in either. A message whose words have
//! changed is looked through as well, and not asked for in the index, until that has its new words and none
//! of the old ones. Each step is one transaction that goes on from the word at which the one before it
//! stopped; where that is stands in the database, so that a crash loses none of it. To bring a word in or
//! to take it out twice does no harm.

use std::ops::RangeInclusive;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::Store;
use super::expire::HOLDS;
use super::lists::{At, Change, DAMAGED, WIDTH, five, word};
use super::mend::{self, Mending};
use super::part::{Packed, Part};
use super::rows::{all, get, one, run};
use super::sweep;
use crate::domain::Words;
use crate::store::error::StoreError;

/// What a step writes, about.
const BYTES: usize = 512 << 10;
/// Bytes of the words of messages that are brought in or taken out together, at most: each step reads
/// them.
const TOGETHER: i64 = 2 << 20;
/// Words of one message that are changed before it is looked whether the step has lasted long enough.
const FEW_WORDS: usize = 32;

/// Numbers as they lie on the disk.
pub(super) fn pack(words: &Words) -> Vec<u8> {
    written(words.numbers())
}

pub(super) fn unpack(bytes: &[u8]) -> Words {
    Words::of(read(bytes))
}

fn written(numbers: &[u64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| five(*number)).collect()
}

/// The same as [`unpack`], of more than a message has at once.
fn read(bytes: &[u8]) -> Vec<u64> {
    bytes.as_chunks::<WIDTH>().0.iter().copied().map(word).collect()
}

/// Both in order, and each once.
fn united(one: &[u64], other: &[u64]) -> Vec<u64> {
    let mut all = [one, other].concat();
    all.sort_unstable();
    all.dedup();
    all
}

/// How far the index goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Messages up to this number are in it.
    pub(super) upto: i64,
    /// Those behind it up to this number are on their way into it.
    coming: i64,
    coming_word: u64,
    gone_word: u64,
    /// So many numbers make a part.
    size: At,
    /// A part that is made anew.
    pub(super) mending: Option<Mending>,
}

impl Reach {
    pub(super) fn read(conn: &Connection) -> Result<Self, StoreError> {
        let reach = one(conn, "SELECT * FROM found_by_progress", [], |row| {
            let size = get(row, "size")?;
            Ok(Self {
                upto: get(row, "upto")?,
                coming: get(row, "coming")?,
                coming_word: get::<i64>(row, "coming_word")?.cast_unsigned(),
                gone_word: get::<i64>(row, "gone_word")?.cast_unsigned(),
                size,
                mending: Mending::read(row, size)?,
            })
        })?;
        reach.ok_or(StoreError::Damaged("found_by_progress"))
    }

    /// The part with this number.
    pub(super) fn part(self, number: i64) -> Part {
        Part { number, size: self.size }
    }

    /// The part of a message.
    pub(super) fn part_of(self, message: i64) -> Part {
        self.part(message.div_euclid(i64::from(self.size)))
    }

    /// The parts with the messages from one to another, the newest first.
    pub(super) fn parts(self, from: i64, to: i64) -> impl Iterator<Item = Part> {
        let (from, to) = (self.part_of(from).number, self.part_of(to).number);
        (from..=to).rev().map(move |number| self.part(number))
    }
}

fn packed_of(conn: &Connection, sql: &str, bounds: [i64; 2]) -> Result<Vec<Packed>, StoreError> {
    all(conn, sql, bounds, |row| Ok((get(row, "message")?, get(row, "words")?)))
}

impl Store {
    /// How many numbers of messages the index has passed in its newest part.
    pub async fn newest_part_has(&self) -> Result<u32, StoreError> {
        let has = |reach: Reach| u32::try_from(reach.upto.rem_euclid(i64::from(reach.size)));
        Ok(has(self.read(Reach::read).await?).unwrap_or(0))
    }

    /// A step of bringing messages into the index, at most `most` at once, all of one part, or what one
    /// has since it has changed. `false`: all is there, but perhaps what stands behind fewer than so
    /// many numbers of messages.
    pub async fn index_some(&self, few: u32, most: u32) -> Result<bool, StoreError> {
        if !self.read(move |conn| has_to_index(conn, few)).await? {
            return Ok(false);
        }
        self.write(BYTES, move |conn| {
            let reach = Reach::read(conn)?;
            if let Some(mending) = reach.mending {
                mending.step(conn, reach, most)?;
                return Ok(true);
            }
            if put_right_some(conn, reach)? {
                return Ok(true);
            }
            let reach = begin_to_index(conn, reach, most)?;
            let coming = words_of(conn, reach.upto + 1..=reach.coming)?;
            let part = reach.part_of(reach.coming);
            let changed = part.change_some(conn, &coming, reach.coming_word, Change::Add);
            match mend::unless_damaged(conn, part, changed)? {
                Some(Some(next)) => set(conn, "coming_word", next.cast_signed())?,
                Some(None) => set(conn, "upto", reach.coming)?,
                None => {}
            }
            Ok(true)
        })
        .await
    }

    /// A step of taking the words of erased messages out of the index, at most of so many at once, all
    /// of one part. `false`: none are left in it.
    ///
    /// Errors: `Damaged` where they can't be taken out before that part is made anew, which is noted.
    pub async fn take_out_some(&self, most: u32) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM found_words WHERE gone IS NOT NULL) AS any";
        if self.read(move |conn| one(conn, sql, [], |row| get(row, "any"))).await? != Some(true) {
            return Ok(false);
        }
        let has_gone_on = self.write(BYTES, move |conn| {
            let reach = Reach::read(conn)?;
            let sql = "SELECT message, words FROM found_words
                WHERE gone = 2 AND message BETWEEN ?1 AND ?2 ORDER BY message";
            let gone = packed_of(conn, sql, [i64::MIN, i64::MAX])?;
            let Some((first, _)) = gone.first() else {
                begin_to_take_out(conn, reach, most)?;
                return Ok(true);
            };
            let part = reach.part_of(*first);
            let changed = part.change_some(conn, &gone, reach.gone_word, Change::TakeOut);
            match mend::unless_damaged(conn, part, changed)? {
                Some(Some(next)) => set(conn, "gone_word", next.cast_signed())?,
                Some(None) => {
                    run(conn, "DELETE FROM found_words WHERE gone = 2", [])?;
                }
                None => return Ok(false),
            }
            // Whoever swept since they were erased did not find these.
            sweep::owe(conn)?;
            Ok(true)
        });
        // Asked behind the transaction, which keeps the note.
        if has_gone_on.await? { Ok(true) } else { Err(DAMAGED) }
    }
}

/// Whether there is something to bring in: begun, changed, or waiting behind at least so many numbers.
/// Counted by the first and the last of them, for to read them all takes as long as a search.
fn has_to_index(conn: &Connection, few: u32) -> Result<bool, StoreError> {
    let sql = "SELECT coming > upto OR mend_part IS NOT NULL
            OR EXISTS (SELECT 1 FROM found_changed WHERE message <= upto)
            OR (SELECT max(message) FROM found_words) - (SELECT message FROM found_words
                WHERE message > upto AND gone IS NULL ORDER BY message LIMIT 1) + 1 >= ?1 AS has
        FROM found_by_progress";
    Ok(one(conn, sql, [few], |row| get::<Option<bool>>(row, "has"))?.flatten().unwrap_or(false))
}

fn set(conn: &Connection, column: &str, value: i64) -> Result<(), StoreError> {
    run(conn, &format!("UPDATE found_by_progress SET {column} = ?1"), [value])?;
    Ok(())
}

/// The next messages, of one part, that are brought in or taken out together: the first and the last
/// of them. `which`: of those where this is so.
pub(super) fn next_together(
    conn: &Connection,
    reach: Reach,
    which: &str,
    most: u32,
) -> Result<Option<(i64, i64)>, StoreError> {
    let sql = format!("SELECT min(message) AS message FROM found_words WHERE {which}");
    let first = one(conn, &sql, [], |row| get::<Option<i64>>(row, "message"))?;
    let Some(first) = first.flatten() else { return Ok(None) };
    let sql = format!(
        "SELECT message, length(words) AS bytes FROM found_words
         WHERE {which} AND message >= ?1 AND message < ?2 ORDER BY message LIMIT ?3"
    );
    let bounds = params![first, reach.part_of(first).end(), most];
    let all = all(conn, &sql, bounds, |row| Ok((get(row, "message")?, get::<i64>(row, "bytes")?)))?;
    let (mut last, mut together) = (first, 0_i64);
    for (message, bytes) in all {
        together += bytes;
        if together > TOGETHER {
            break;
        }
        last = message;
    }
    Ok(Some((first, last)))
}

/// Which messages are on their way into the index: where there are none, the next that wait.
fn begin_to_index(conn: &Connection, reach: Reach, most: u32) -> Result<Reach, StoreError> {
    if reach.coming > reach.upto {
        return Ok(reach);
    }
    let waiting = "gone IS NULL AND message > (SELECT upto FROM found_by_progress)";
    let Some((_, coming)) = next_together(conn, reach, waiting, most)? else { return Ok(reach) };
    set(conn, "coming", coming)?;
    set(conn, "coming_word", 0)?;
    Ok(Reach { coming, coming_word: 0, ..reach })
}

/// Which words are taken out next.
fn begin_to_take_out(conn: &Connection, reach: Reach, most: u32) -> Result<(), StoreError> {
    if let Some((first, last)) = next_together(conn, reach, "gone = 1", most)? {
        let sql = "UPDATE found_words SET gone = 2 WHERE gone = 1 AND message BETWEEN ?1 AND ?2";
        run(conn, sql, [first, last])?;
    }
    set(conn, "gone_word", 0)
}

/// Keeps what a message that was just stored is to be found by.
pub(super) fn keep(conn: &Connection, message: i64, packed: &[u8]) -> Result<(), StoreError> {
    if packed.is_empty() {
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO found_words (message, words) VALUES (?1, ?2)";
    if run(conn, sql, params![message, packed])? == 0 {
        // Its number was that of a message which was erased, the newest there was, and whose words are
        // in the index still.
        let gone = "INSERT INTO found_changed (message, word, stands)
            SELECT message, 0, words FROM found_words WHERE message = ?1 AND gone IS NOT NULL";
        if run(conn, gone, [message])? == 0 {
            return Err(StoreError::Damaged("found_words"));
        }
        let sql = "UPDATE found_words SET words = ?2, gone = NULL WHERE message = ?1";
        run(conn, sql, params![message, packed])?;
    }
    Ok(())
}

/// Takes note that a message is about to be erased. [`settle`] comes after the last.
pub(super) fn forget(conn: &Connection, message: i64) -> Result<(), StoreError> {
    if let Some((stands, words)) = changed_of(conn, message)? {
        let sql = "UPDATE found_words SET gone = 1, words = ?2 WHERE message = ?1";
        run(conn, sql, params![message, written(&united(&stands, &words))])?;
        run(conn, "DELETE FROM found_changed WHERE message = ?1", [message])?;
        return Ok(());
    }
    let sql = if message > Reach::read(conn)?.coming {
        "DELETE FROM found_words WHERE message = ?1 AND gone IS NULL"
    } else {
        "UPDATE found_words SET gone = 1 WHERE message = ?1 AND gone IS NULL"
    };
    run(conn, sql, [message])?;
    Ok(())
}

/// After messages were erased: a number that is given out anew must come into the index.
pub(super) fn settle(conn: &Connection) -> Result<(), StoreError> {
    let sql = "UPDATE found_by_progress SET upto = min(upto, newest), coming = min(coming, newest),
            mend_upto = min(mend_upto, newest), mend_coming = min(mend_coming, newest)
        FROM (SELECT coalesce(max(number), 0) AS newest FROM message) WHERE coming > newest";
    run(conn, sql, [])?;
    Ok(())
}

/// Gives a message other words. What of the old ones is in the index leaves it in steps.
pub(super) fn replace(
    conn: &Connection,
    message: i64,
    change: impl FnOnce(&Words) -> Words,
) -> Result<(), StoreError> {
    let sql = "SELECT words FROM found_words WHERE message = ?1 AND gone IS NULL";
    let packed = one(conn, sql, [message], |row| get::<Vec<u8>>(row, "words"))?;
    let Some(old) = packed.map(|packed| unpack(&packed)) else { return Ok(()) };
    let stood = changed_of(conn, message)?.map(|(stands, _)| stands);
    if stood.is_some() || message <= Reach::read(conn)?.coming {
        let stands = united(&stood.unwrap_or_default(), old.numbers());
        let sql = "INSERT OR REPLACE INTO found_changed (message, word, stands) VALUES (?1, 0, ?2)";
        run(conn, sql, params![message, written(&stands)])?;
    }
    let sql = "UPDATE found_words SET words = ?2 WHERE message = ?1";
    run(conn, sql, params![message, pack(&change(&old))])?;
    Ok(())
}

/// What may stand in the index of a message that has changed, and what it has now.
type Changed = (Vec<u64>, Vec<u64>);

fn changed_of(conn: &Connection, message: i64) -> Result<Option<Changed>, StoreError> {
    let sql = "SELECT stands, words FROM found_changed JOIN found_words USING (message)
        WHERE message = ?1";
    one(conn, sql, [message], |row| {
        Ok((read(&get::<Vec<u8>>(row, "stands")?), read(&get::<Vec<u8>>(row, "words")?)))
    })
}

/// What messages are to be found by.
pub(super) fn words_of(
    conn: &Connection,
    messages: RangeInclusive<i64>,
) -> Result<Vec<Packed>, StoreError> {
    let sql = "SELECT message, words FROM found_words
        WHERE message BETWEEN ?1 AND ?2 AND gone IS NULL ORDER BY message";
    packed_of(conn, sql, [*messages.start(), *messages.end()])
}

/// The few that have changed first: CROSS, or SQLite may look through all that have words.
pub(super) const CHANGED: &str = "SELECT found_changed.message AS message, words
    FROM found_changed CROSS JOIN found_words ON found_words.message = found_changed.message
    WHERE found_changed.message BETWEEN ?1 AND ?2";

/// Which of these messages have changed, with what they have now: what the index says of them is not so.
pub(super) fn changed(
    conn: &Connection,
    messages: RangeInclusive<i64>,
) -> Result<Vec<Packed>, StoreError> {
    packed_of(conn, CHANGED, [*messages.start(), *messages.end()])
}

/// A step towards what a message has now that changed. `false`: there is none.
fn put_right_some(conn: &Connection, reach: Reach) -> Result<bool, StoreError> {
    let began = Instant::now();
    // The others come first, with all that they have.
    let sql = "SELECT min(message) AS message FROM found_changed WHERE message <= ?1";
    let message = one(conn, sql, [reach.upto], |row| get::<Option<i64>>(row, "message"))?;
    let Some(message) = message.flatten() else { return Ok(false) };
    let damaged = StoreError::Damaged("found_changed");
    let (stands, words) = changed_of(conn, message)?.ok_or(damaged.clone())?;
    let sql = "SELECT word FROM found_changed WHERE message = ?1";
    let from: Option<i64> = one(conn, sql, [message], |row| get(row, "word"))?;
    let from = from.ok_or(damaged)?.cast_unsigned();
    let all = united(&stands, &words);
    let (part, mut rest) = (reach.part_of(message), &all[..]);
    (_, rest) = rest.split_at(rest.partition_point(|word| *word < from));
    while !rest.is_empty() {
        let (some, behind) = rest.split_at(rest.len().min(FEW_WORDS));
        let (into, out): (Vec<_>, Vec<_>) =
            some.iter().partition(|word| words.binary_search(word).is_ok());
        let changed = part
            .change_one(conn, message, &out, Change::TakeOut)
            .and_then(|()| part.change_one(conn, message, &into, Change::Add));
        if mend::unless_damaged(conn, part, changed)?.is_none() {
            return Ok(true);
        }
        rest = behind;
        if began.elapsed() > HOLDS {
            break;
        }
    }
    if let Some(next) = rest.first() {
        let sql = "UPDATE found_changed SET word = ?2 WHERE message = ?1";
        run(conn, sql, params![message, next.cast_signed()])?;
    } else {
        run(conn, "DELETE FROM found_changed WHERE message = ?1", [message])?;
    }
    // Perhaps some are those of an erased message, and whoever swept since then did not find them.
    if all.iter().any(|word| Words::keyed(*word) == *word && words.binary_search(word).is_err()) {
        sweep::owe(conn)?;
    }
    Ok(true)
}

/// Each word in the index with one of the messages that have it there, as far as it can be read.
#[cfg(test)]
pub(super) fn read_all(conn: &Connection) -> Vec<(u64, i64)> {
    let Reach { size, .. } = Reach::read(conn).unwrap();
    let mut found: Vec<(u64, i64)> = vec![];
    let sql = "SELECT place, lists FROM found_by";
    let blocks =
        all(conn, sql, [], |row| Ok((get::<i64>(row, "place")?, get::<Vec<u8>>(row, "lists")?)));
    for (place, lists) in blocks.unwrap() {
        let part = Part { number: place >> Words::BITS, size };
        if !super::lists::is_sound(&lists, size) {
            continue;
        }
        let postings = super::lists::read(&lists, size);
        found.extend(postings.into_iter().map(|p| (p.word(), part.message(p.at()))));
    }
    found
}

/// Holds the index against what it is made from.
#[cfg(test)]
pub(super) fn check(conn: &Connection) {
    use std::collections::BTreeSet;

    let found = read_all(conn);
    let each_once: BTreeSet<(u64, i64)> = found.iter().copied().collect();
    assert_eq!(found.len(), each_once.len(), "nothing stands in it twice");
    let reach = Reach::read(conn).unwrap();
    // What is made anew, or will be when somebody finds that it is damaged, is another matter.
    let sql = "SELECT place, lists FROM found_by";
    let blocks =
        all(conn, sql, [], |row| Ok((get::<i64>(row, "place")?, get::<Vec<u8>>(row, "lists")?)));
    let mut broken: BTreeSet<i64> = reach.mending.iter().map(|m| m.part.number).collect();
    for (place, lists) in blocks.unwrap() {
        if !super::lists::is_sound(&lists, reach.size) {
            broken.insert(place >> Words::BITS);
        }
    }
    let is_whole = |(_, message): &(u64, i64)| !broken.contains(&reach.part_of(*message).number);
    let numbers = |column: &str, filter: &str| {
        let sql = format!(
            "SELECT message, {column} AS words FROM found_words w LEFT JOIN found_changed USING (message),
                found_by_progress
             WHERE {filter} AND message > ?1 AND message < ?2"
        );
        let mut found = BTreeSet::new();
        for (message, packed) in packed_of(conn, &sql, [i64::MIN, i64::MAX]).unwrap() {
            found.extend(read(&packed).into_iter().map(|word| (word, message)));
        }
        found
    };
    let words = |filter: &str| numbers("words", filter);
    let changed = numbers("stands", "stands IS NOT NULL");
    let all_there = words("gone IS NULL AND message <= upto AND stands IS NULL");
    let on_their_way = words("gone IS NULL AND message > upto AND message <= coming");
    let begun = words("gone IS NULL AND message > upto AND message <= coming AND stands IS NULL");
    let begun = begun.into_iter().filter(|(word, _)| *word < reach.coming_word);
    let must: BTreeSet<_> = all_there.into_iter().chain(begun).collect();
    let may: BTreeSet<_> = words("gone IS NOT NULL").into_iter().chain(on_their_way).collect();
    // Of one that has changed.
    let of_changed = words("stands IS NOT NULL");
    let may: BTreeSet<_> = may.into_iter().chain(changed).chain(of_changed).collect();
    let missing: Vec<_> = must.difference(&each_once).filter(|one| is_whole(one)).collect();
    assert!(missing.is_empty(), "not in it: {missing:?}");
    let found: BTreeSet<_> = each_once.difference(&must).copied().collect();
    let left: Vec<_> = found.difference(&may).filter(|one| is_whole(one)).collect();
    assert!(left.is_empty(), "in it still: {left:?}");
    let wrong =
        words("(gone IS NULL) <> EXISTS (SELECT 1 FROM message m WHERE m.number = w.message)");
    assert!(wrong.is_empty(), "who is gone is marked as gone");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_written() {
        let words = Words::of(vec![1, 0x00ff_1234_5678, Words::keyed(u64::MAX)]);
        assert_eq!(unpack(&pack(&words)), words);
    }
}
