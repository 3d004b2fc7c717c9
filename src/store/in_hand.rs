//! Marks of the mails that are worked on, in a file beside the database: what was in hand when the
//! process died is known at its return.
//!
//! Nothing here is synced, so that a mark costs two small writes and no mail waits for the disk:
//! what a process has written stays with the kernel when the process dies, and where the machine
//! itself loses its power no mail is to blame.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::domain::Timestamp;

const FILE: &str = "in-hand";
/// Of one mark: the mail's 32 bytes, how often the process died over it, when it was taken in hand.
const LENGTH: usize = 48;
/// Mail servers try again for so long (RFC 5321 §4.5.4.1).
const KEPT: Duration = Duration::from_secs(5 * 86_400);
/// Mails that the process died over, the newest. Each death adds as many as were in hand.
const MOST: usize = 1024;

/// What a mail is known by when it comes again.
pub type Mark = [u8; 32];

/// The marks of one process, and those of its forerunners that died. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct InHand(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    file: File,
    died_over: HashMap<Mark, Death>,
    /// Which places behind theirs are taken.
    places: Mutex<Vec<bool>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Death {
    times: u64,
    at: i64,
}

/// A mail is in hand as long as this lives.
#[derive(Debug)]
#[must_use = "the mail is out of hand when this is dropped"]
pub struct Taken(Option<(Arc<Inner>, usize)>);

impl InHand {
    /// The marks in this folder, for the one process that accepts mail there. Where they can't be
    /// kept mail is accepted all the same.
    pub fn open(folder: &Path) -> Self {
        match Inner::open(&folder.join(FILE)) {
            Ok(inner) => Self(Some(Arc::new(inner))),
            Err(error) => {
                tracing::warn!(%error, "mails in hand can't be marked: none will be known by the relay's death");
                Self(None)
            }
        }
    }

    /// How often a process died while it had this mail in hand.
    pub fn deaths(&self, mark: &Mark, now: Timestamp) -> u64 {
        let since = now.before(KEPT).as_millis();
        let died = self.0.as_ref().and_then(|inner| inner.died_over.get(mark));
        died.filter(|death| death.at >= since).map_or(0, |death| death.times)
    }

    /// Marks a mail until the answer is dropped.
    pub fn take(&self, mark: &Mark, now: Timestamp) -> Taken {
        let Some(inner) = &self.0 else { return Taken(None) };
        let place = inner.take_place();
        let death = Death { times: self.deaths(mark, now) + 1, at: now.as_millis() };
        inner.write(place, &record(mark, death));
        Taken(Some((Arc::clone(inner), place)))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if let Some((inner, place)) = self.0.take() {
            inner.write(place, &[0; LENGTH]);
            let mut places = inner.places.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(taken) = places.get_mut(place) {
                *taken = false;
            }
        }
    }
}

impl Inner {
    /// What stands in the file is what the process before died over, now or earlier.
    fn open(path: &Path) -> io::Result<Self> {
        let found = match fs::read(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut died: Vec<(Mark, Death)> = found.chunks_exact(LENGTH).filter_map(read).collect();
        died.sort_by_key(|(_, death)| std::cmp::Reverse((death.at, death.times)));
        let mut died_over = HashMap::new();
        for (mark, death) in died {
            let times = died_over.get(&mark).map_or(0, |known: &Death| known.times);
            if times < death.times && (times > 0 || died_over.len() < MOST) {
                died_over.insert(mark, death);
            }
        }
        let kept: Vec<u8> =
            died_over.iter().flat_map(|(mark, death)| record(mark, *death)).collect();
        // Whole or not at all: a death in between must not lose what is known.
        let new: PathBuf = path.with_extension("new");
        fs::write(&new, kept)?;
        let file = File::options().write(true).open(&new)?;
        fs::rename(&new, path)?;
        Ok(Self { file, died_over, places: Mutex::default() })
    }

    fn take_place(&self) -> usize {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let free = places.iter_mut().enumerate().find(|(_, taken)| !**taken);
        if let Some((place, taken)) = free {
            *taken = true;
            return place;
        }
        places.push(true);
        places.len() - 1
    }

    fn write(&self, place: usize, record: &[u8; LENGTH]) {
        let at = (self.died_over.len() + place) * LENGTH;
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        // A full disk has no place for a new mark; the mail is none the worse for it.
        if let Err(error) = self.file.write_all_at(record, at) {
            tracing::debug!(%error, "a mail in hand could not be marked");
        }
    }
}

fn record(mark: &Mark, death: Death) -> [u8; LENGTH] {
    let mut record = [0; LENGTH];
    let (head, rest) = record.split_at_mut(mark.len());
    head.copy_from_slice(mark);
    let (times, at) = rest.split_at_mut(8);
    times.copy_from_slice(&death.times.to_le_bytes());
    at.copy_from_slice(&death.at.to_le_bytes());
    record
}

fn read(record: &[u8]) -> Option<(Mark, Death)> {
    let (mark, rest) = record.split_first_chunk()?;
    let (times, rest) = rest.split_first_chunk()?;
    let death =
        Death { times: u64::from_le_bytes(*times), at: i64::from_le_bytes(*rest.first_chunk()?) };
    (death.times > 0).then_some((*mark, death))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn mark(n: u8) -> Mark {
        [n; 32]
    }

    #[test]
    fn what_was_in_hand_at_a_death_is_known_and_what_was_done_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = InHand::open(folder.path());
        let done = first.take(&mark(1), NOW);
        let culprit = first.take(&mark(2), NOW);
        drop(done);
        let again = first.take(&mark(3), NOW);
        assert_eq!(first.deaths(&mark(2), NOW), 0, "nobody died yet");
        // Dead: what it holds is never dropped.
        std::mem::forget((culprit, again));
        let second = InHand::open(folder.path());
        let deaths = |of: &InHand, n| of.deaths(&mark(n), NOW);
        assert_eq!([1, 2, 3].map(|n| deaths(&second, n)), [0, 1, 1]);
        // It dies over one of them again; the other ends well, and is not forgotten.
        std::mem::forget(second.take(&mark(2), NOW));
        drop(second.take(&mark(3), NOW));
        drop(second.take(&mark(4), NOW));
        let third = InHand::open(folder.path());
        assert_eq!([1, 2, 3, 4].map(|n| deaths(&third, n)), [0, 2, 1, 0]);
        drop(third);
        let fourth = InHand::open(folder.path());
        assert_eq!([1, 2, 3, 4].map(|n| deaths(&fourth, n)), [0, 2, 1, 0]);
        let later = NOW.after(KEPT + Duration::from_millis(1));
        assert_eq!(fourth.deaths(&mark(2), later), 0, "nobody tries again for so long");
    }

    #[test]
    fn a_damaged_file_or_none_or_one_that_can_not_be_written_stops_nobody() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE), [7; LENGTH * 2 + 5]).unwrap();
        let odd = InHand::open(folder.path());
        drop(odd.take(&mark(1), NOW));
        assert_eq!(odd.deaths(&mark(1), NOW), 0);
        let nowhere = InHand::open(&folder.path().join("nowhere"));
        drop(nowhere.take(&mark(1), NOW));
        assert_eq!(
            (nowhere.deaths(&mark(1), NOW), InHand::default().deaths(&mark(1), NOW)),
            (0, 0)
        );
    }

    #[test]
    fn the_file_stays_small_however_often_the_process_dies() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..3 {
            let marks = InHand::open(folder.path());
            for i in 0..800_u64 {
                let mut mark = [n; 32];
                mark[..8].copy_from_slice(&i.to_le_bytes());
                std::mem::forget(marks.take(&mark, NOW.after(Duration::from_secs(u64::from(n)))));
            }
        }
        let last = InHand::open(folder.path());
        let size = fs::metadata(folder.path().join(FILE)).unwrap().len();
        assert_eq!(size, u64::try_from(MOST * LENGTH).unwrap());
        let mut newest = [2; 32];
        newest[..8].copy_from_slice(&7_u64.to_le_bytes());
        assert_eq!(last.deaths(&newest, NOW), 1);
    }
}
