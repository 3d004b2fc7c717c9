//! Mails as they lie on the disk: zstd frames, packed before the queue and unpacked after reading,
//! so that neither the writer nor a read transaction waits for it.

use std::cell::RefCell;

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

/// The same read back.
pub(super) fn unpack_sightings(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().copied().map(u64::from_le_bytes)
}
