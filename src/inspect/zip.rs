//! ZIP (PKWARE APPNOTE): the list of what is in it, and single files out of it.

use std::io::Read as _;
use std::ops::Range;

use flate2::read::DeflateDecoder;

/// A file in a ZIP.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub encrypted: bool,
    /// As declared, in bytes.
    pub size: u64,
    deflated: bool,
    /// Where its bytes stand; empty where they can't be read.
    at: Range<usize>,
}

/// §4.3.16: the end of central directory record, at most a comment of 64 KiB before the end.
fn end_record(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(22 + 0xffff);
    bytes.get(from..)?.windows(4).rposition(|w| w == b"PK\x05\x06").map(|at| from + at)
}

/// What is in it, at most `most` files and whether there are more; `None` where it is no ZIP that
/// can be read.
pub(super) fn list(bytes: &[u8], most: usize) -> Option<(Vec<Entry>, bool)> {
    let end = end_record(bytes)?;
    let size = usize::try_from(long(bytes, end + 12)?).ok()?;
    // Whatever stands before the archive moved it: the directory ends where its end begins.
    let mut at = end.checked_sub(size)?;
    let moved = at.checked_sub(usize::try_from(long(bytes, end + 16)?).ok()?);
    let mut entries = Vec::new();
    while bytes.get(at..at + 4) == Some(b"PK\x01\x02") {
        if entries.len() >= most {
            return Some((entries, true));
        }
        let name_end = at + 46 + usize::from(short(bytes, at + 28)?);
        let extra_end = name_end + usize::from(short(bytes, at + 30)?);
        let name = String::from_utf8_lossy(bytes.get(at + 46..name_end)?).into_owned();
        let flags = short(bytes, at + 8)?;
        let method = short(bytes, at + 10)?;
        let mut size = u64::from(long(bytes, at + 24)?);
        if size == u64::from(u32::MAX) {
            size = zip64_size(bytes.get(name_end..extra_end)?).unwrap_or(u64::MAX);
        }
        let packed = usize::try_from(long(bytes, at + 20)?).ok()?;
        let local = usize::try_from(long(bytes, at + 42)?).ok()?;
        let start = moved.and_then(|moved| data_start(bytes, local.checked_add(moved)?));
        entries.push(Entry {
            name,
            // §4.4.4 bit 0; §4.4.5: 99 is AES.
            encrypted: flags & 1 != 0 || method == 99,
            size,
            deflated: method == 8,
            at: match start {
                Some(start) if method == 0 || method == 8 => {
                    start..start.saturating_add(packed).min(bytes.len())
                }
                _ => 0..0,
            },
        });
        at = extra_end + usize::from(short(bytes, at + 32)?);
    }
    Some((entries, false))
}

/// §4.3.7: behind the local header.
fn data_start(bytes: &[u8], local: usize) -> Option<usize> {
    let lengths = usize::from(short(bytes, local.checked_add(26)?)?)
        + usize::from(short(bytes, local.checked_add(28)?)?);
    Some(local + 30 + lengths)
}

/// §4.5.3: the first of its values is the size.
fn zip64_size(mut extra: &[u8]) -> Option<u64> {
    while !extra.is_empty() {
        let length = usize::from(short(extra, 2)?);
        if short(extra, 0)? == 1 {
            return Some(u64::from_le_bytes(extra.get(4..12)?.try_into().ok()?));
        }
        extra = extra.get(4 + length..)?;
    }
    None
}

/// The first `most` bytes of a file; what is broken ends it.
pub(super) fn read(bytes: &[u8], entry: &Entry, most: usize) -> Vec<u8> {
    let packed = bytes.get(entry.at.clone()).unwrap_or_default();
    let mut out = Vec::new();
    let most = u64::try_from(most).unwrap_or(u64::MAX);
    // What was read before an error counts.
    let _ = if entry.deflated {
        DeflateDecoder::new(packed).take(most).read_to_end(&mut out)
    } else {
        packed.take(most).read_to_end(&mut out)
    };
    out
}

pub(super) fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
