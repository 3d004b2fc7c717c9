//! Mails as they lie on the disk. The texts of one say mostly the same, so they are one zstd frame, packed
//! before the queue, so that the writer does not wait for it. Whoever wants one of them unpacks that and
//! what stands before it.
//!
//! A packed mail is the length of each text that it may have, in the order of [`Which`] (u32,
//! little-endian; [`NONE`]: it has no such text), and a frame of those that it has, one behind the other.

use std::cell::RefCell;
use std::collections::HashSet;
use std::io::{self, Read, Write};

use rusqlite::Row;
use zstd::zstd_safe::{CCtx, CParameter, DCtx, get_frame_content_size};
use zstd::{Decoder, Encoder};

use crate::store::error::StoreError;

const LEVEL: i32 = 1;
/// Below this packing takes less time than handing it to another thread.
const INLINE: usize = 128 << 10;
/// The length of a text that is not there.
const NONE: u32 = u32::MAX;
const DAMAGED: StoreError = StoreError::Damaged("content.mails");

thread_local! {
    // To make one takes longer than what is done with it.
    static PACKER: RefCell<CCtx<'static>> = RefCell::new(CCtx::create());
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// One of the texts of a mail. In the order in which they are packed: first what is sent once more, then
/// what is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Outgoing,
    SenderView,
    RecipientView,
    Original,
}

impl Which {
    pub(super) const ALL: [Self; 4] =
        [Self::Outgoing, Self::SenderView, Self::RecipientView, Self::Original];
}

/// The texts of a mail, or those of them that are wanted.
#[derive(Debug, Default)]
pub(super) struct Mails([Option<Vec<u8>>; 4]);

impl Mails {
    /// Of what goes out as it is, or not at all.
    pub(super) fn only(original: Vec<u8>) -> Self {
        Self::default().with(Which::Original, original)
    }

    /// With this text too.
    pub(super) fn with(mut self, which: Which, text: Vec<u8>) -> Self {
        self.0[which as usize] = Some(text);
        self
    }

    pub(super) fn get(&self, which: Which) -> Option<&[u8]> {
        self.0[which as usize].as_deref()
    }

    pub(super) fn take(&mut self, which: Which) -> Option<Vec<u8>> {
        self.0[which as usize].take()
    }

    /// One that must be there.
    pub(super) fn needed(&mut self, which: Which) -> Result<Vec<u8>, StoreError> {
        self.take(which).ok_or(DAMAGED)
    }

    pub(super) async fn pack(self) -> Result<Vec<u8>, StoreError> {
        if self.bytes() <= INLINE {
            return self.pack_here();
        }
        tokio::task::spawn_blocking(move || self.pack_here())
            .await
            .map_err(|error| StoreError::Io(error.to_string()))?
    }

    fn bytes(&self) -> usize {
        self.0.iter().flatten().map(Vec::len).sum()
    }

    fn pack_here(self) -> Result<Vec<u8>, StoreError> {
        let mut packed = Vec::new();
        for text in &self.0 {
            let length = text.as_ref().map_or(Ok(NONE), |text| u32::try_from(text.len()));
            let too_large = |_| StoreError::Io("a mail is too large to be packed".to_owned());
            packed.extend(length.map_err(too_large)?.to_le_bytes());
        }
        PACKER.with_borrow_mut(|packer| {
            let mut frame = Encoder::with_context(packed, packer);
            frame.set_parameter(CParameter::CompressionLevel(LEVEL))?;
            // So zstd takes tables that fit, and the frame says what becomes of it.
            frame.set_pledged_src_size(u64::try_from(self.bytes()).ok())?;
            // One by one: of a large mail none is kept for longer than it takes.
            for text in self.0.into_iter().flatten() {
                frame.write_all(&text)?;
            }
            Ok(frame.finish()?)
        })
    }
}

/// Of a row's `mails` those that are wanted, where they are there.
pub(super) fn mails(row: &Row<'_>, wanted: &[Which]) -> Result<Mails, StoreError> {
    unpack(row.get_ref("mails")?.as_blob().map_err(|_| DAMAGED)?, wanted)
}

/// Those that are wanted, where they are there.
pub(super) fn unpack(packed: &[u8], wanted: &[Which]) -> Result<Mails, StoreError> {
    let (lengths, frame) = lengths(packed).ok_or(DAMAGED)?;
    read(lengths, frame, wanted).ok_or(DAMAGED)
}

/// The original of a mail that another column keeps.
pub(super) fn unpack_original(packed: &[u8], column: &'static str) -> Result<Vec<u8>, StoreError> {
    let damaged = |_| StoreError::Damaged(column);
    unpack(packed, &[Which::Original])
        .and_then(|mut mails| mails.needed(Which::Original))
        .map_err(damaged)
}

/// What goes out: what was composed, or the original where that goes out as it is.
pub(super) fn unpack_to_send(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let (lengths, frame) = lengths(packed).ok_or(DAMAGED)?;
    let is_composed = lengths[Which::Outgoing as usize].is_some();
    let which = if is_composed { Which::Outgoing } else { Which::Original };
    read(lengths, frame, &[which]).ok_or(DAMAGED)?.needed(which)
}

/// Whether what goes out was composed: nothing else of a mail between two people ever may.
pub(super) fn is_composed(packed: &[u8]) -> bool {
    packed.first_chunk().is_some_and(|length| u32::from_le_bytes(*length) != NONE)
}

type Lengths = [Option<usize>; 4];

fn lengths(packed: &[u8]) -> Option<(Lengths, &[u8])> {
    let (header, frame) = packed.split_first_chunk::<16>()?;
    let mut lengths = [None; 4];
    for (length, bytes) in lengths.iter_mut().zip(header.as_chunks::<4>().0) {
        let said = u32::from_le_bytes(*bytes);
        *length = if said == NONE { None } else { Some(usize::try_from(said).ok()?) };
    }
    let all: usize = lengths.iter().flatten().sum();
    // The frame says it too: a damaged length is no reason to ask for so much memory.
    let is_whole = get_frame_content_size(frame).ok()? == u64::try_from(all).ok();
    is_whole.then_some((lengths, frame))
}

fn read(lengths: Lengths, frame: &[u8], wanted: &[Which]) -> Option<Mails> {
    let is_there = |which: &Which| wanted.contains(which) && lengths[*which as usize].is_some();
    let last = Which::ALL.iter().rposition(is_there);
    UNPACKER.with_borrow_mut(|unpacker| {
        let mut mails = Mails::default();
        let mut texts = Decoder::with_context(frame, unpacker).single_frame();
        for which in Which::ALL.into_iter().take(last.map_or(0, |last| last + 1)) {
            let Some(length) = lengths[which as usize] else { continue };
            let mut text = texts.by_ref().take(u64::try_from(length).ok()?);
            if wanted.contains(&which) {
                let mut bytes = Vec::with_capacity(length);
                text.read_to_end(&mut bytes).ok()?;
                mails.0[which as usize] = Some(bytes);
            } else {
                io::copy(&mut text, &mut io::sink()).ok()?;
            }
            if text.limit() > 0 {
                return None;
            }
        }
        Some(mails)
    })
}

/// Hashes as they lie on the disk.
pub(super) fn pack_sightings(sightings: &[u64]) -> Vec<u8> {
    sightings.iter().flat_map(|hash| hash.to_le_bytes()).collect()
}

/// What a recipient was shown, as it differs from what the sender wrote, of which mostly all goes on: how
/// many hashes came to it, these, and those that it is without.
pub(super) fn pack_shown(written: &[u64], shown: &[u64]) -> Vec<u8> {
    let sorted = |of: &[u64]| {
        let mut of = of.to_vec();
        of.sort_unstable();
        of.dedup();
        of
    };
    let (written, shown) = (&sorted(written), &sorted(shown));
    let beside = |of: &[u64], other: &[u64]| -> Vec<u64> {
        of.iter().copied().filter(|hash| other.binary_search(hash).is_err()).collect()
    };
    let (more, less) = (beside(shown, written), beside(written, shown));
    let mut bytes = u32::try_from(more.len()).unwrap_or(u32::MAX).to_le_bytes().to_vec();
    bytes.extend(pack_sightings(&more));
    bytes.extend(pack_sightings(&less));
    bytes
}

/// The same read back; nothing where nothing is kept, for nothing was shown.
pub(super) fn unpack_shown(written: &[u8], bytes: &[u8]) -> impl Iterator<Item = u64> {
    let written = if bytes.is_empty() { &[] } else { written };
    let (count, hashes) = bytes.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
    let more = usize::try_from(u32::from_le_bytes(*count)).unwrap_or(usize::MAX);
    let (more, less) = hashes.split_at(more.saturating_mul(8).min(hashes.len()));
    let less: HashSet<u64> = unpack_sightings(less).collect();
    let same = unpack_sightings(written).filter(move |hash| !less.contains(hash));
    same.chain(unpack_sightings(more))
}

/// Hashes read back.
pub(super) fn unpack_sightings(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().copied().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Does not compress.
    fn noise(bytes: usize, seed: u32) -> Vec<u8> {
        let mut state = seed;
        let next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        std::iter::repeat_with(next).take(bytes).collect()
    }

    fn all_of(texts: [Vec<u8>; 4]) -> Mails {
        Mails(texts.map(Some))
    }

    fn letter() -> [Vec<u8>; 4] {
        ["Where is my lamp?\r\n--\r\nLumo Market", "Where is my lamp?\r\n", "", "Where is my lamp?"]
            .map(|text| format!("Subject: Lamp\r\n\r\n{text}").into_bytes())
    }

    #[tokio::test]
    async fn each_text_of_a_mail_comes_back_and_one_that_it_has_not_does_not() {
        let mut texts = letter();
        texts[2].clear();
        for there in 0..16 {
            let is_there = |which: Which| there & (1 << which as u32) != 0;
            let text = |which: Which| is_there(which).then(|| texts[which as usize].clone());
            let packed = Mails(Which::ALL.map(text)).pack().await.unwrap();
            assert_eq!(unpack(&packed, &Which::ALL).unwrap().0, Which::ALL.map(text));
            for wanted in Which::ALL {
                let mut alone = unpack(&packed, &[wanted]).unwrap();
                assert_eq!(alone.take(wanted), text(wanted), "{there:04b} {wanted:?}");
                assert_eq!(alone.0, [None, None, None, None], "nothing that nobody asked for");
            }
            let sent = text(Which::Outgoing).or(text(Which::Original)).ok_or(DAMAGED);
            assert_eq!(unpack_to_send(&packed), sent);
            assert_eq!(is_composed(&packed), is_there(Which::Outgoing));
        }
    }

    #[tokio::test]
    async fn what_a_mail_says_four_times_takes_the_room_of_once() {
        let text = noise(4000, 1);
        let once = Mails::only(text.clone()).pack().await.unwrap();
        let packed = all_of([(); 4].map(|()| text.clone())).pack().await.unwrap();
        assert!(packed.len() < once.len() + 100, "{} {}", packed.len(), once.len());
    }

    #[tokio::test]
    async fn one_text_of_a_large_mail_is_read_without_those_behind_it() {
        // Some more than one has (RFC 8878 §3.1.1.2.4).
        const BLOCK: usize = 140_000;
        let texts = [1, 2, 3, 4].map(|seed| noise(700_000, seed));
        let mut packed = all_of(texts.clone()).pack().await.unwrap();
        assert!(packed.len() > 2_800_000, "{}", packed.len());
        // Nothing stands there but the text, those before it, and the rest of a block.
        for which in Which::ALL.into_iter().rev() {
            packed.truncate((which as usize + 1) * 700_000 + BLOCK);
            let mut read = unpack(&packed, &[which]).unwrap();
            assert!(read.take(which).as_ref() == Some(&texts[which as usize]), "{which:?}");
            assert_eq!(unpack(&packed, &Which::ALL).is_err(), which != Which::Original);
        }
        assert!(unpack_to_send(&packed).unwrap() == texts[0]);
    }

    #[tokio::test]
    async fn a_damaged_mail_is_said_to_be_damaged() {
        let packed = all_of(letter()).pack().await.unwrap();
        let is_damaged = |packed: &[u8]| {
            matches!(unpack(packed, &Which::ALL), Err(StoreError::Damaged("content.mails")))
        };
        for length in 0..packed.len() {
            assert!(is_damaged(&packed[..length]), "cut after {length}");
        }
        for at in 0..packed.len() {
            for bit in 0..8 {
                let mut packed = packed.clone();
                packed[at] ^= 1 << bit;
                // A length changes no text but where it ends: the sum of all says so.
                assert!(at >= 16 || is_damaged(&packed), "length, byte {at}");
                if let Err(error) = unpack(&packed, &Which::ALL) {
                    assert_eq!(error, DAMAGED);
                }
            }
        }
        // Nobody asks for the memory that a damaged length would take.
        let mut large = packed.clone();
        large[..16].fill(0xFE);
        assert!(is_damaged(&large));
        // The same thread goes on with the next.
        assert_eq!(unpack(&packed, &Which::ALL).unwrap().0, letter().map(Some));
    }

    #[test]
    fn what_was_shown_takes_as_much_as_it_differs_from_what_was_written() {
        let check = |written: &[u64], shown: &[u64], bytes: usize| {
            let packed = pack_shown(written, shown);
            assert_eq!(packed.len(), bytes);
            let mut back: Vec<u64> = unpack_shown(&pack_sightings(written), &packed).collect();
            back.sort_unstable();
            let mut shown = shown.to_vec();
            shown.sort_unstable();
            assert_eq!(back, shown);
        };
        // A text's and, behind them, its subject's.
        check(&[5, 9, 2], &[5, 9, 12, 2], 4 + 8);
        check(&[1, 2, u64::MAX], &[1, 2, u64::MAX], 4);
        check(&[1, 2, 3], &[2, 5], 4 + 3 * 8);
        check(&[], &[7], 4 + 8);
        check(&[7], &[], 4 + 8);
        check(&[], &[], 4);
        assert_eq!(unpack_shown(&pack_sightings(&[1]), &[]).count(), 0, "nothing was shown");
    }
}
