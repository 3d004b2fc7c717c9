//! Mails as they lie on the disk: zstd frames, packed before the queue and unpacked after reading,
//! so that neither the writer nor a read transaction waits for it.

use std::cell::RefCell;
use std::collections::HashSet;

use zstd::bulk::Compressor;

use crate::store::error::StoreError;

const LEVEL: i32 = 1;
/// Below this packing takes less time than handing it to another thread.
const INLINE: usize = 128 << 10;

thread_local! {
    /// To make one takes longer than to pack a mail with it.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

/// Packs all of these, in order.
pub(super) async fn pack<const N: usize>(mails: [Vec<u8>; N]) -> Result<[Vec<u8>; N], StoreError> {
    let bytes: usize = mails.iter().map(Vec::len).sum();
    if bytes <= INLINE {
        return pack_all(mails);
    }
    tokio::task::spawn_blocking(move || pack_all(mails))
        .await
        .map_err(|error| StoreError::Io(error.to_string()))?
}

fn pack_all<const N: usize>(mut mails: [Vec<u8>; N]) -> Result<[Vec<u8>; N], StoreError> {
    PACKER.with_borrow_mut(|packer| {
        let packer = match packer {
            Some(packer) => packer,
            none => none.insert(Compressor::new(LEVEL)?),
        };
        for mail in &mut mails {
            *mail = packer.compress(mail)?;
        }
        Ok(mails)
    })
}

/// What was packed. The frames are our own: they say how large they become.
pub(super) fn unpack(frame: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::stream::decode_all(frame).map_err(|_| StoreError::Damaged("content"))
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
