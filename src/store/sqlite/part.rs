//! A part of the search index: the blocks of lists of some thousand messages, in the order of the words.

use std::ops::Range;
use std::time::Instant;

use rusqlite::{Connection, params};

use super::expire::HOLDS;
use super::lists::{self, At, Change, DAMAGED, Members, Posting, WIDTH, word};
use super::rows::{get, one, run};
use crate::domain::Words;
use crate::store::error::StoreError;

/// Words of messages that a step is given: more than it gets done.
const AT_ONCE: usize = 32 << 10;
/// Numbers of words are below this, and those that a key makes lie evenly in its upper half.
const ALL_WORDS: u64 = 1 << Words::BITS;

/// A message and its words, as they lie on the disk.
pub(super) type Packed = (i64, Vec<u8>);

/// Of the messages with these numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) number: i64,
    /// So many numbers make a part.
    pub(super) size: At,
}

impl Part {
    pub(super) fn first(self) -> i64 {
        self.number * i64::from(self.size)
    }

    /// The first number behind it.
    pub(super) fn end(self) -> i64 {
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

    /// Where its first block may stand, and the next part's.
    pub(super) fn places(self) -> (i64, i64) {
        (self.place(0), Self { number: self.number + 1, ..self }.place(0))
    }

    /// The place of a message, where it is one of the part's.
    pub(super) fn at(self, message: i64) -> Option<At> {
        At::try_from(message - self.first()).ok().filter(|at| *at < self.size)
    }

    fn place_of(self, message: i64) -> Result<At, StoreError> {
        self.at(message).ok_or(StoreError::Damaged("found_by_progress"))
    }

    /// That the messages have these of their words.
    fn postings(self, messages: &[Packed], words: Range<u64>) -> Result<Vec<Posting>, StoreError> {
        let mut postings = vec![];
        for (message, packed) in messages {
            let at = self.place_of(*message)?;
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
            read(get(row, "place")?, lists.map_err(|_| DAMAGED)?)
        })
    }

    /// Changes words of messages from this word on, as many as there is time for: from which word on to
    /// go on. None: that is done.
    pub(super) fn change_some(
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
            let (_, end) = self.places();
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

    /// Changes words of one message, which are in order.
    pub(super) fn change_one(
        self,
        conn: &Connection,
        message: i64,
        words: &[u64],
        how: Change,
    ) -> Result<(), StoreError> {
        let at = self.place_of(message)?;
        let postings: Vec<_> = words.iter().map(|word| Posting::new(*word, at)).collect();
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
