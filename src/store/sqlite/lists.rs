//! The lists of the search index as bytes: which messages of a part have a word.
//!
//! A block holds words in order, with the list of each behind it: `word (5 bytes, big-endian), length
//! (varint), list`. A list is the steps from one message's place in the part to the next, as varints;
//! where these take more bytes than a bit for each message of the part, it is those bits. Which of both
//! its length says.

use crate::domain::Words;
use crate::store::error::StoreError;

/// Bytes of one word's number.
pub(super) const WIDTH: usize = (Words::BITS / 8) as usize;
/// Bytes of a block, about, at most: two stand in a page of the database.
const BLOCK: usize = 1900;

/// A message's place in its part.
pub(super) type At = u16;

/// That a message has a word: in the order of the words, and of the messages that have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Posting(u64);

impl Posting {
    pub(super) fn new(word: u64, at: At) -> Self {
        Self(word << At::BITS | u64::from(at))
    }

    pub(super) fn word(self) -> u64 {
        self.0 >> At::BITS
    }

    pub(super) fn at(self) -> At {
        self.0 as At
    }
}

/// What is to become of a word of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It comes into the index.
    Add,
    /// It is taken out of it.
    TakeOut,
}

/// Some of a part's messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Members(Vec<u64>);

/// A block that is no block.
pub(super) const DAMAGED: StoreError = StoreError::Damaged("found_by.lists");

/// A word's number as it lies on the disk.
pub(super) fn five(word: u64) -> [u8; WIDTH] {
    let [_, _, _, five @ ..] = word.to_be_bytes();
    five
}

pub(super) fn word(five: [u8; WIDTH]) -> u64 {
    five.iter().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

fn put_varint(out: &mut Vec<u8>, mut number: usize) {
    while number > 0x7f {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Result<usize, StoreError> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let Some((byte, rest)) = bytes.split_first() else { return Err(DAMAGED) };
        *bytes = rest;
        number |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        match byte & 0x80 {
            0 => return Ok(number),
            _ if shift > 21 => return Err(DAMAGED),
            _ => {}
        }
    }
}

/// The words of a block with their lists.
struct Entries<'a>(&'a [u8]);

impl<'a> Iterator for Entries<'a> {
    type Item = Result<(u64, &'a [u8]), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| {
            let Some((five, mut rest)) = self.0.split_first_chunk() else { return Err(DAMAGED) };
            let length = take_varint(&mut rest)?;
            let Some((list, rest)) = rest.split_at_checked(length) else { return Err(DAMAGED) };
            self.0 = rest;
            Ok((word(*five), list))
        })
    }
}

/// A part has so many messages; a multiple of 64.
fn bitmap(size: At) -> usize {
    usize::from(size) / 8
}

/// Calls `each` with the members of a list, in order.
fn each_member(list: &[u8], size: At, mut each: impl FnMut(At)) -> Result<(), StoreError> {
    if list.len() == bitmap(size) {
        for (n, byte) in (0..).zip(list) {
            let mut byte = *byte;
            while byte != 0 {
                each(n * 8 + byte.trailing_zeros() as At);
                byte &= byte - 1;
            }
        }
        return Ok(());
    }
    let (mut rest, mut at) = (list, 0);
    while !rest.is_empty() {
        at += take_varint(&mut rest)?;
        match At::try_from(at) {
            Ok(at) if at < size => each(at),
            _ => return Err(DAMAGED),
        }
    }
    Ok(())
}

fn put_list(out: &mut Vec<u8>, members: &[At], size: At) {
    let (begin, mut before) = (out.len(), 0);
    for at in members {
        put_varint(out, usize::from(at - before));
        before = *at;
    }
    if out.len() - begin < bitmap(size) {
        return;
    }
    out.truncate(begin);
    out.resize(begin + bitmap(size), 0);
    for at in members {
        if let Some(byte) = out.get_mut(begin + usize::from(at / 8)) {
            *byte |= 1 << (at % 8);
        }
    }
}

/// Both in order, and each once.
fn united(one: &[At], other: &[At]) -> Vec<At> {
    let mut all = [one, other].concat();
    // Two runs in order: merged in one go.
    all.sort();
    all.dedup();
    all
}

/// A piece of a block with the number that it begins at. None: where the block began.
pub(super) type Piece = (Option<u64>, Vec<u8>);

/// A block with changes made to it.
struct Changed {
    bytes: Vec<u8>,
    /// Where each word begins, and which it is.
    begins: Vec<(usize, u64)>,
    size: At,
}

impl Changed {
    fn put(&mut self, word: u64, list: &[u8]) {
        self.begins.push((self.bytes.len(), word));
        self.bytes.extend(five(word));
        put_varint(&mut self.bytes, list.len());
        self.bytes.extend(list);
    }

    fn put_members(&mut self, word: u64, members: &[At]) {
        if !members.is_empty() {
            let mut list = Vec::with_capacity(members.len() * 2);
            put_list(&mut list, members, self.size);
            self.put(word, &list);
        }
    }

    /// In pieces of about the same length.
    fn cut(self) -> Vec<Piece> {
        if self.bytes.is_empty() {
            return vec![];
        }
        let most = self.bytes.len() / self.bytes.len().div_ceil(BLOCK);
        let (mut pieces, mut begin, mut first, mut before) = (vec![], 0, None, 0);
        for (at, word) in self.begins {
            // Rather a little long than one more that is short.
            if at - begin >= most {
                pieces.push((first, self.bytes.get(begin..at).unwrap_or_default().to_vec()));
                (begin, first) = (at, Some(between(before, word)));
            }
            before = word;
        }
        pieces.push((first, self.bytes.get(begin..).unwrap_or_default().to_vec()));
        pieces
    }
}

/// The roundest number above the one and up to the other: what a block's name tells of the words in it
/// is as little as it can be, for it outlives them.
fn between(one: u64, other: u64) -> u64 {
    let differ = 63_u32.saturating_sub((one ^ other).leading_zeros());
    other >> differ << differ
}

/// A block after some words of messages came into it or were taken out, in pieces; none: nothing is left of
/// it. `changes` are in order.
pub(super) fn change(
    block: &[u8],
    changes: &[Posting],
    how: Change,
    size: At,
) -> Result<Vec<Piece>, StoreError> {
    let bytes = Vec::with_capacity(block.len() + changes.len() * 2);
    let mut changed = Changed { bytes, begins: vec![], size };
    let mut groups = changes.chunk_by(|one, other| one.word() == other.word()).peekable();
    let word_of = |group: &[Posting]| group.first().map_or(u64::MAX, |first| first.word());
    let members = |group: &[Posting]| -> Vec<At> { group.iter().map(|p| p.at()).collect() };
    let new = |changed: &mut Changed, group: &[Posting]| {
        if how == Change::Add {
            changed.put_members(word_of(group), &united(&members(group), &[]));
        }
    };
    for entry in Entries(block) {
        let (word, list) = entry?;
        while let Some(group) = groups.next_if(|group| word_of(group) < word) {
            new(&mut changed, group);
        }
        let Some(group) = groups.next_if(|group| word_of(group) == word) else {
            changed.put(word, list);
            continue;
        };
        let mut had = Vec::with_capacity(list.len());
        each_member(list, size, |at| had.push(at))?;
        let group = members(group);
        match how {
            Change::Add => had = united(&had, &group),
            Change::TakeOut => had.retain(|at| group.binary_search(at).is_err()),
        }
        changed.put_members(word, &had);
    }
    groups.for_each(|group| new(&mut changed, group));
    Ok(changed.cut())
}

/// Whether a block can be read.
pub(super) fn is_sound(block: &[u8], size: At) -> bool {
    Entries(block).all(|entry| entry.and_then(|(_, list)| each_member(list, size, |_| {})).is_ok())
}

/// All that stands in a block.
#[cfg(test)]
pub(super) fn read(block: &[u8], size: At) -> Vec<Posting> {
    let mut all = vec![];
    for entry in Entries(block) {
        let (word, list) = entry.unwrap();
        each_member(list, size, |at| all.push(Posting::new(word, at))).unwrap();
    }
    all
}

impl Members {
    pub(super) fn none(size: At) -> Self {
        Self(vec![0; usize::from(size) / 64])
    }

    /// Also those that have the word, as a block has it.
    pub(super) fn add(&mut self, block: &[u8], wanted: u64, size: At) -> Result<(), StoreError> {
        for entry in Entries(block) {
            let (word, list) = entry?;
            if word > wanted {
                break;
            }
            if word == wanted {
                each_member(list, size, |at| self.put(at, true))?;
                break;
            }
        }
        Ok(())
    }

    /// Whether it is one of them.
    pub(super) fn put(&mut self, at: At, is_one: bool) {
        if let Some(bits) = self.0.get_mut(usize::from(at / 64)) {
            *bits = *bits & !(1 << (at % 64)) | u64::from(is_one) << (at % 64);
        }
    }

    /// Only those that are also among the others.
    pub(super) fn keep(&mut self, others: &Self) {
        self.0.iter_mut().zip(&others.0).for_each(|(bits, others)| *bits &= others);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }

    /// The newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = At> {
        let words = self.0.iter().enumerate().rev();
        words.flat_map(|(n, bits)| {
            let from = At::try_from(n * 64).unwrap_or(At::MAX);
            (0..64).rev().filter(move |bit| bits >> bit & 1 == 1).map(move |bit| from + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const SIZE: At = 64;

    #[test]
    fn a_list_takes_a_bit_for_each_message_at_most() {
        let check = |members: &[At], size, bytes| {
            let mut list = vec![];
            put_list(&mut list, members, size);
            assert_eq!(list.len(), bytes);
            let mut back = vec![];
            each_member(&list, size, |at| back.push(at)).unwrap();
            assert_eq!(back, members);
        };
        check(&[0], 4096, 1);
        check(&[4095], 4096, 2);
        check(&[3, 4, 1000], 4096, 4);
        check(&(0..511).collect::<Vec<_>>(), 4096, 511);
        check(&(0..4096).collect::<Vec<_>>(), 4096, 512);
        check(&(0..64).step_by(2).collect::<Vec<_>>(), 64, 8);
        check(&[63], 64, 1);
    }

    #[test]
    fn where_a_block_begins_tells_little_of_its_words() {
        let check = |one, other, expected| assert_eq!(between(one, other), expected);
        check(0, 1, 1);
        check(0b1010_0001, 0b1010_0111, 0b1010_0100);
        check(0x80_0000_0001, 0xff_ffff_ffff, 0xc0_0000_0000);
        check(0x12_3456_789a, 0x12_3456_789b, 0x12_3456_789b);
    }

    #[test]
    fn what_is_damaged_is_said_and_no_more() {
        for block in [&[1, 2][..], &[0, 0, 0, 0, 1], &[0, 0, 0, 0, 1, 9, 1], &[0xff; 30]] {
            assert!(change(block, &[Posting::new(1, 1)], Change::Add, SIZE).is_err(), "{block:?}");
        }
        // Behind the part's end.
        let beyond = [0, 0, 0, 0, 1, 1, 64];
        assert!(change(&beyond, &[Posting::new(1, 1)], Change::Add, SIZE).is_err());
        assert!(Members::none(SIZE).add(&beyond, 1, SIZE).is_err());
    }

    /// As a part's blocks lie in the table: by where each begins.
    fn blocks_of(changes: &[(BTreeSet<Posting>, Change)]) -> Vec<(u64, Vec<u8>)> {
        let mut blocks = vec![(0, vec![])];
        for (changes, how) in changes {
            let all: Vec<_> = changes.iter().copied().collect();
            let mut next = vec![];
            for (n, (begin, block)) in blocks.iter().enumerate() {
                let end = blocks.get(n + 1).map_or(u64::MAX, |(begin, _)| *begin);
                let is_own = |p: &Posting| (*begin..end).contains(&p.word());
                let own: Vec<_> = all.iter().copied().filter(is_own).collect();
                let pieces = change(block, &own, *how, SIZE).unwrap();
                assert!(pieces.iter().all(|(_, bytes)| bytes.len() < 2 * BLOCK));
                next.extend(pieces.into_iter().map(|(at, bytes)| (at.unwrap_or(*begin), bytes)));
            }
            blocks = if next.is_empty() { vec![(0, vec![])] } else { next };
            // The first may be gone: what is before the others has a block again.
            if blocks[0].0 != 0 {
                blocks.insert(0, (0, vec![]));
            }
        }
        blocks
    }

    fn some(most: usize) -> impl Strategy<Value = BTreeSet<Posting>> {
        let posting = (0_u64..700, 0..SIZE).prop_map(|(word, at)| Posting::new(word, at));
        prop::collection::btree_set(posting, 0..most)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn blocks_hold_what_came_in_and_was_not_taken_out(
            one in some(2000), two in some(2000), out in some(1500)
        ) {
            let blocks = blocks_of(&[
                (one.clone(), Change::Add),
                (out.clone(), Change::TakeOut),
                (two.clone(), Change::Add),
                (one.clone(), Change::TakeOut),
            ]);
            let found: Vec<_> = blocks.iter().flat_map(|(_, block)| read(block, SIZE)).collect();
            let expected: Vec<_> = two.difference(&one).copied().collect();
            prop_assert_eq!(&found, &expected);
            for (n, (begin, block)) in blocks.iter().enumerate() {
                let end = blocks.get(n + 1).map_or(u64::MAX, |(begin, _)| *begin);
                prop_assert!(read(block, SIZE).iter().all(|p| (*begin..end).contains(&p.word())));
            }
            let word = expected.first().map_or(0, |p| p.word());
            let mut members = Members::none(SIZE);
            for (_, block) in &blocks {
                members.add(block, word, SIZE).unwrap();
            }
            let mut back: Vec<At> = members.newest_first().collect();
            back.reverse();
            let has: Vec<At> =
                expected.iter().filter(|p| p.word() == word).map(|p| p.at()).collect();
            prop_assert_eq!(back, has);
        }
    }
}
