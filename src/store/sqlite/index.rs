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
//! the index, again many at once; then nothing of them is left in either. Each step is one transaction
//! that goes on from the word at which the one before it stopped; where that is stands in the database, so
//! that a crash loses none of it. To bring a word in or to take it out twice does no harm.

use std::ops::Range;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::Store;
use super::expire::HOLDS;
use super::lists::{self, At, Change, Members, Posting, WIDTH, five, word};
use super::rows::{all, get, one, run};
use super::sweep;
use crate::domain::Words;
use crate::store::error::StoreError;

/// What a step writes, about.
const BYTES: usize = 512 << 10;
/// Bytes of the words of messages that are brought in or taken out together, at most: each step reads
/// them.
const TOGETHER: i64 = 2 << 20;
/// Words of messages that a step is given: more than it gets done.
const AT_ONCE: usize = 32 << 10;
/// Numbers of words are below this, and those that a key makes lie evenly in its upper half.
const ALL_WORDS: u64 = 1 << Words::BITS;

/// Numbers as they lie on the disk.
pub(super) fn pack(words: &Words) -> Vec<u8> {
    words.numbers().iter().flat_map(|number| five(*number)).collect()
}

pub(super) fn unpack(bytes: &[u8]) -> Words {
    Words::of(bytes.as_chunks::<WIDTH>().0.iter().copied().map(word).collect())
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
}

/// Of the messages with these numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    number: i64,
    size: At,
}

impl Reach {
    pub(super) fn read(conn: &Connection) -> Result<Self, StoreError> {
        let reach = one(conn, "SELECT * FROM found_by_progress", [], |row| {
            Ok(Self {
                upto: get(row, "upto")?,
                coming: get(row, "coming")?,
                coming_word: get::<i64>(row, "coming_word")?.cast_unsigned(),
                gone_word: get::<i64>(row, "gone_word")?.cast_unsigned(),
                size: get(row, "size")?,
            })
        })?;
        reach.ok_or(StoreError::Damaged("found_by_progress"))
    }

    /// The part of a message.
    pub(super) fn part_of(self, message: i64) -> Part {
        Part { number: message.div_euclid(i64::from(self.size)), size: self.size }
    }

    /// The parts with the messages from one to another, the newest first.
    pub(super) fn parts(self, from: i64, to: i64) -> impl Iterator<Item = Part> {
        let (from, to) = (self.part_of(from).number, self.part_of(to).number);
        (from..=to).rev().map(move |number| Part { number, size: self.size })
    }
}

impl Part {
    fn first(self) -> i64 {
        self.number * i64::from(self.size)
    }

    fn end(self) -> i64 {
        self.first() + i64::from(self.size)
    }

    /// The number of a message by its place.
    pub(super) fn message(self, at: At) -> i64 {
        self.first() + i64::from(at)
    }

    /// Where a block that begins with this word stands in the table.
    fn place(self, word: u64) -> i64 {
        self.number << Words::BITS | word.cast_signed()
    }

    /// That the messages have these of their words.
    ///
    /// Errors: `Damaged` where one of them is no message of the part.
    fn postings(self, messages: &[Packed], words: Range<u64>) -> Result<Vec<Posting>, StoreError> {
        let mut postings = vec![];
        for (message, packed) in messages {
            let at = At::try_from(message - self.first()).ok().filter(|at| *at < self.size);
            let at = at.ok_or(StoreError::Damaged("found_by_progress"))?;
            let packed = packed.as_chunks::<WIDTH>().0;
            let from = packed.partition_point(|five| word(*five) < words.start);
            let own = packed.iter().skip(from).map(|five| word(*five));
            let own = own.take_while(|word| *word < words.end);
            postings.extend(own.map(|word| Posting::new(word, at)));
        }
        postings.sort_unstable();
        Ok(postings)
    }

    /// The block in which a word stands, if it stands anywhere.
    fn block<T>(
        self,
        conn: &Connection,
        word: u64,
        read: impl FnOnce(i64, &[u8]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let sql = "SELECT place, lists FROM found_by WHERE place BETWEEN ?1 AND ?2
            ORDER BY place DESC LIMIT 1";
        one(conn, sql, [self.place(0), self.place(word)], |row| {
            let lists = row.get_ref("lists")?.as_blob();
            read(get(row, "place")?, lists.map_err(|_| StoreError::Damaged("found_by.lists"))?)
        })
    }

    /// Changes words of messages from this word on, as many as there is time for: from which word on to
    /// go on. None: that is done.
    fn change_some(
        self,
        conn: &Connection,
        messages: &[Packed],
        from: u64,
        how: Change,
    ) -> Result<Option<u64>, StoreError> {
        let began = Instant::now();
        let all = messages.iter().map(|(_, packed)| packed.len() / WIDTH).sum::<usize>();
        let times = u64::try_from(all.div_ceil(AT_ONCE)).unwrap_or(u64::MAX).max(1);
        let half = ALL_WORDS / 2;
        let to = from.max(half).saturating_add(half.div_ceil(times)).min(ALL_WORDS);
        let postings = self.postings(messages, from..to)?;
        let stopped = self.change(conn, &postings, how, || began.elapsed() > HOLDS)?;
        Ok(stopped.or((to < ALL_WORDS).then_some(to)))
    }

    /// Changes words of the part's messages: all blocks that they stand in, each once, until it is
    /// enough. Which word comes next, if any.
    fn change(
        self,
        conn: &Connection,
        changes: &[Posting],
        how: Change,
        is_enough: impl Fn() -> bool,
    ) -> Result<Option<u64>, StoreError> {
        let mut rest = changes;
        while let Some(first) = rest.first() {
            let block =
                self.block(conn, first.word(), |place, lists| Ok((place, lists.to_vec())))?;
            let sql = "SELECT min(place) AS place FROM found_by WHERE place > ?1 AND place < ?2";
            let end = Self { number: self.number + 1, ..self }.place(0);
            let next = one(conn, sql, [self.place(first.word()), end], |row| get(row, "place"))?;
            let next = next.flatten().unwrap_or(end);
            let own = rest.partition_point(|posting| self.place(posting.word()) < next);
            let (own, behind) = rest.split_at(own);
            self.change_block(conn, block, own, how)?;
            rest = behind;
            if is_enough() {
                break;
            }
        }
        Ok(rest.first().map(|next| next.word()))
    }

    /// Changes words of one message.
    fn change_one(
        self,
        conn: &Connection,
        message: i64,
        words: &Words,
        how: Change,
    ) -> Result<(), StoreError> {
        let postings = self.postings(&[(message, pack(words))], 0..ALL_WORDS)?;
        self.change(conn, &postings, how, || false).map(|_| ())
    }

    fn change_block(
        self,
        conn: &Connection,
        block: Option<(i64, Vec<u8>)>,
        changes: &[Posting],
        how: Change,
    ) -> Result<(), StoreError> {
        let is_there = block.is_some();
        // What is before all blocks of the part comes into one that begins with it.
        let (place, before) = block.unwrap_or_else(|| (self.place(0), vec![]));
        let pieces = lists::change(&before, changes, how, self.size)?;
        if pieces.is_empty() && is_there {
            run(conn, "DELETE FROM found_by WHERE place = ?1", [place])?;
        }
        for (begin, lists) in pieces {
            let sql = "INSERT OR REPLACE INTO found_by (place, lists) VALUES (?1, ?2)";
            run(conn, sql, params![begin.map_or(place, |word| self.place(word)), lists])?;
        }
        Ok(())
    }

    /// Those of the part's messages that have a word of each group.
    pub(super) fn members(
        self,
        conn: &Connection,
        asked: &[&[u64]],
    ) -> Result<Members, StoreError> {
        let mut all: Option<Members> = None;
        for group in asked {
            let mut any = Members::none(self.size);
            for word in *group {
                self.block(conn, *word, |_, lists| any.add(lists, *word, self.size))?;
            }
            if let Some(all) = &all {
                any.keep(all);
            }
            if any.is_empty() {
                return Ok(any);
            }
            all = Some(any);
        }
        Ok(all.unwrap_or_else(|| Members::none(self.size)))
    }
}

/// A message and its words.
type Packed = (i64, Vec<u8>);

fn packed_of(conn: &Connection, sql: &str, bounds: [i64; 2]) -> Result<Vec<Packed>, StoreError> {
    all(conn, sql, bounds, |row| Ok((get(row, "message")?, get(row, "words")?)))
}

impl Store {
    /// Whether so many messages wait to come into the index.
    pub async fn has_to_index(&self, many: u32) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) AS many FROM (SELECT 1 FROM found_words
            WHERE message > (SELECT upto FROM found_by_progress) AND gone IS NULL LIMIT ?1)";
        let waiting = self.read(move |conn| one(conn, sql, [many], |row| get::<u32>(row, "many")));
        Ok(waiting.await?.is_some_and(|waiting| waiting >= many))
    }

    /// How many numbers of messages the index has passed in its newest part.
    pub async fn newest_part_has(&self) -> Result<u32, StoreError> {
        let has = |reach: Reach| u32::try_from(reach.upto.rem_euclid(i64::from(reach.size)));
        Ok(has(self.read(Reach::read).await?).unwrap_or(0))
    }

    /// A step of bringing messages into the index, at most so many at once, all of one part: how many
    /// are on their way into it or there with this step. None: all are there.
    pub async fn index_some(&self, most: u32) -> Result<usize, StoreError> {
        if !self.has_to_index(1).await? {
            return Ok(0);
        }
        self.write(BYTES, move |conn| {
            let reach = begin_to_index(conn, most)?;
            let sql = "SELECT message, words FROM found_words
                WHERE message > ?1 AND message <= ?2 AND gone IS NULL ORDER BY message";
            let coming = packed_of(conn, sql, [reach.upto, reach.coming])?;
            let part = reach.part_of(reach.coming);
            match part.change_some(conn, &coming, reach.coming_word, Change::Add)? {
                Some(next) => set(conn, "coming_word", next.cast_signed())?,
                None => set(conn, "upto", reach.coming)?,
            }
            Ok(coming.len().max(1))
        })
        .await
    }

    /// A step of taking the words of erased messages out of the index, at most of so many at once, all
    /// of one part. `false`: none are left in it.
    pub async fn take_out_some(&self, most: u32) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM found_words WHERE gone IS NOT NULL) AS any";
        if self.read(move |conn| one(conn, sql, [], |row| get(row, "any"))).await? != Some(true) {
            return Ok(false);
        }
        self.write(BYTES, move |conn| {
            let reach = Reach::read(conn)?;
            let sql = "SELECT message, words FROM found_words
                WHERE gone = 2 AND message BETWEEN ?1 AND ?2 ORDER BY message";
            let gone = packed_of(conn, sql, [i64::MIN, i64::MAX])?;
            let Some((first, _)) = gone.first() else {
                begin_to_take_out(conn, reach, most)?;
                return Ok(true);
            };
            let part = reach.part_of(*first);
            match part.change_some(conn, &gone, reach.gone_word, Change::TakeOut)? {
                Some(next) => set(conn, "gone_word", next.cast_signed())?,
                None => {
                    run(conn, "DELETE FROM found_words WHERE gone = 2", [])?;
                }
            }
            // Whoever swept since they were erased did not find these.
            sweep::owe(conn)?;
            Ok(true)
        })
        .await
    }
}

fn set(conn: &Connection, column: &str, value: i64) -> Result<(), StoreError> {
    run(conn, &format!("UPDATE found_by_progress SET {column} = ?1"), [value])?;
    Ok(())
}

/// The next messages, of one part, that are brought in or taken out together: the first and the last
/// of them. `which`: of those where this is so.
fn next_together(
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
fn begin_to_index(conn: &Connection, most: u32) -> Result<Reach, StoreError> {
    let reach = Reach::read(conn)?;
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
        let gone = "SELECT words FROM found_words WHERE message = ?1 AND gone IS NOT NULL";
        let gone = one(conn, gone, [message], |row| get::<Vec<u8>>(row, "words"))?;
        let words = unpack(&gone.ok_or(StoreError::Damaged("found_words"))?);
        let part = Reach::read(conn)?.part_of(message);
        part.change_one(conn, message, &words, Change::TakeOut)?;
        run(conn, "DELETE FROM found_words WHERE message = ?1", [message])?;
        sweep::owe(conn)?;
        run(conn, sql, params![message, packed])?;
    }
    Ok(())
}

/// Takes note that a message is about to be erased. [`settle`] comes after the last.
pub(super) fn forget(conn: &Connection, message: i64) -> Result<(), StoreError> {
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
    let sql = "UPDATE found_by_progress SET upto = min(upto, newest), coming = min(coming, newest)
        FROM (SELECT coalesce(max(number), 0) AS newest FROM message) WHERE coming > newest";
    run(conn, sql, [])?;
    Ok(())
}

/// Gives a message other words.
pub(super) fn replace(
    conn: &Connection,
    message: i64,
    change: impl FnOnce(&Words) -> Words,
) -> Result<(), StoreError> {
    let sql = "SELECT words FROM found_words WHERE message = ?1 AND gone IS NULL";
    let packed = one(conn, sql, [message], |row| get::<Vec<u8>>(row, "words"))?;
    let Some(old) = packed.map(|packed| unpack(&packed)) else { return Ok(()) };
    let new = change(&old);
    let reach = Reach::read(conn)?;
    if message <= reach.coming {
        let part = reach.part_of(message);
        part.change_one(conn, message, &old.without(&new), Change::TakeOut)?;
        part.change_one(conn, message, &new.without(&old), Change::Add)?;
    }
    let sql = "UPDATE found_words SET words = ?2 WHERE message = ?1";
    run(conn, sql, params![message, pack(&new)])?;
    Ok(())
}

/// Each word in the index with one of the messages that have it there.
#[cfg(test)]
pub(super) fn read_all(conn: &Connection) -> Vec<(u64, i64)> {
    let Reach { size, .. } = Reach::read(conn).unwrap();
    let mut found: Vec<(u64, i64)> = vec![];
    let sql = "SELECT place, lists FROM found_by";
    let blocks =
        all(conn, sql, [], |row| Ok((get::<i64>(row, "place")?, get::<Vec<u8>>(row, "lists")?)));
    for (place, lists) in blocks.unwrap() {
        let part = Part { number: place >> Words::BITS, size };
        let postings = lists::read(&lists, size);
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
    let words = |filter: &str| {
        let sql = format!(
            "SELECT message, words FROM found_words w, found_by_progress
             WHERE {filter} AND message > ?1 AND message < ?2"
        );
        let mut found = BTreeSet::new();
        for (message, packed) in packed_of(conn, &sql, [i64::MIN, i64::MAX]).unwrap() {
            found.extend(unpack(&packed).numbers().iter().map(|word| (*word, message)));
        }
        found
    };
    let must = words("gone IS NULL AND message <= upto");
    let on_their_way = words("gone IS NULL AND message > upto AND message <= coming");
    let begun = on_their_way.iter().filter(|(word, _)| *word < reach.coming_word);
    let must: BTreeSet<_> = must.into_iter().chain(begun.copied()).collect();
    let may: BTreeSet<_> = words("gone IS NOT NULL").into_iter().chain(on_their_way).collect();
    let missing: Vec<_> = must.difference(&each_once).collect();
    assert!(missing.is_empty(), "not in it: {missing:?}");
    let found: BTreeSet<_> = each_once.difference(&must).copied().collect();
    let left: Vec<_> = found.difference(&may).collect();
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
