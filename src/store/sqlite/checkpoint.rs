//! Checkpoints: what is committed goes from the WAL into the database file, beside the writer.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connection::BUSY_TIMEOUT;
use super::touched::Touched;
use super::writer::{Queue, end_process, failed};

/// A WAL of fewer frames is left to grow: 4 MiB.
const WAL_FRAMES: u64 = 1 << 10;
const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// A WAL of more is begun anew by the writer itself: under steady load it never finds the moment in
/// which all is copied and nobody reads, and would grow for ever.
const WAL_MOST: u64 = 8 << 10;
/// So many times as much is left to the relay by a command beside it, which may have been idle.
const BESIDE: u64 = 4;
/// Where a reader keeps more than one in so many frames the WAL can't begin anew.
const KEPT_OF: u64 = 8;
/// So often it is copied before that at most, or until no more frames than these are left.
const MOST_COPIES: u32 = 4;
const LITTLE: u64 = 256;
/// So long whoever empties the WAL waits for readers of old snapshots before it tries later: until
/// then nobody can write.
const EMPTYING_WAITS: Duration = Duration::from_millis(50);
/// At the end it is tried so often, where something stands in it that was erased.
const LAST_TRIES: u32 = 20;

/// What the maintenance thread is told, and what it tells.
#[derive(Clone)]
pub(super) struct Maintenance(Arc<(Mutex<Told>, Condvar)>);

#[derive(Default)]
struct Told {
    /// The relay may run beside this process.
    beside: bool,
    end: bool,
    asked: Option<Copying>,
    /// How often it has copied all that stood in the WAL, or nearly.
    copied: u64,
}

/// What it is asked to do before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Copying {
    /// To copy what stands in the WAL, however little that is.
    Once,
    /// Until next to nothing is left for the writer to copy or to sync.
    Most,
}

impl Maintenance {
    pub(super) fn new(beside: bool) -> Self {
        Self(Arc::new((Mutex::new(Told { beside, ..Told::default() }), Condvar::new())))
    }

    fn is_beside(&self) -> bool {
        self.told().beside
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is to end.
    pub(super) fn end(&self) {
        self.told().end = true;
        self.0.1.notify_all();
    }

    /// It is to copy now.
    pub(super) fn copy_soon(&self, how: Copying) {
        let mut told = self.told();
        told.asked = told.asked.max(Some(how));
        drop(told);
        self.0.1.notify_all();
    }

    /// The WAL has become too large: the longer that is left, the more there is to do. A command beside the
    /// relay leaves it to that.
    pub(super) fn much_soon(&self) {
        if !self.is_beside() {
            self.copy_soon(Copying::Most);
        }
    }

    /// How often it has copied all of it.
    pub(super) fn copied(&self) -> u64 {
        self.told().copied
    }

    /// Waits that long, or until there is something to do: what it is asked for, or none where it is to end.
    fn wait(&self, span: Duration) -> Option<Option<Copying>> {
        let idle = |told: &mut Told| !told.end && told.asked.is_none();
        let waited = self.0.1.wait_timeout_while(self.told(), span, idle);
        let mut told = waited.unwrap_or_else(PoisonError::into_inner).0;
        let asked = told.asked.take();
        (!told.end).then_some(asked)
    }
}

/// The maintenance thread's whole life: moves what is committed from the WAL into the database
/// file, beside the writer, and empties the WAL at the end.
pub(super) fn checkpoint_until(
    told: &Maintenance,
    conn: &Connection,
    writer: &Queue,
    touched: &Touched,
    mut database: Database,
) {
    let checkpoints = writer.checkpoints();
    let most = if told.is_beside() { WAL_MOST * BESIDE } else { WAL_MOST };
    while let Some(asked) = told.wait(CHECKPOINT_EVERY) {
        touched.follow();
        let copied = if checkpoints.frames() > most || asked == Some(Copying::Most) {
            copy_most(told, || {
                let copied = checkpoint(conn, "PASSIVE", checkpoints, touched)?;
                if !copied.busy {
                    database.sync();
                }
                Some((copied, checkpoints.frames()))
            })
        } else if asked.is_some() || checkpoints.have_much() {
            checkpoint(conn, "PASSIVE", checkpoints, touched)
        } else {
            None
        };
        let Some(copied) = copied else { continue };
        told.told().copied += u64::from(copied.is_nearly_all());
        let frames = checkpoints.frames();
        if frames > most && copied.may_begin_anew(frames) {
            writer.begin_wal_anew_soon();
        }
    }
    if told.is_beside() && !writer.is_to_empty_wal() && !is_anything_owed(conn) {
        // The relay goes on with it, and knows what stands in it unless that is begun anew; where none
        // runs, SQLite empties it when we close.
        if checkpoints.have_much() {
            checkpoint(conn, "PASSIVE", checkpoints, touched);
        }
        return;
    }
    // Of the relay this is the end of the WAL; a command beside it holds nobody up for long.
    let tries = if writer.is_to_empty_wal() { LAST_TRIES } else { 1 };
    for _ in 0..tries {
        if empty_wal(conn, checkpoints, touched, Emptying::Cut) {
            return;
        }
        std::thread::sleep(EMPTYING_WAITS);
    }
    if writer.is_to_empty_wal() {
        tracing::warn!(
            tries,
            "the WAL could not be emptied at the end, and erased mail stands in it: something reads \
             the database; the next that opens it empties it"
        );
    }
}

/// Copies until little is left, or more than half of what was: for as long as the writer begins the WAL anew,
/// which copies the rest and syncs the database, nobody is answered. `copy`: what it did, and how many frames stand
/// in the WAL behind it.
fn copy_most(
    told: &Maintenance,
    mut copy: impl FnMut() -> Option<(Copied, u64)>,
) -> Option<Copied> {
    let (mut last, mut left_before) = (None, u64::MAX);
    for _ in 0..MOST_COPIES {
        let (copied, frames) = copy()?;
        let left = frames.saturating_sub(copied.upto);
        last = Some(copied);
        let wins = copied.may_begin_anew(frames) && left <= left_before / 2;
        if left <= LITTLE || !wins || told.told().end {
            break;
        }
        left_before = left;
    }
    last
}

/// The database's file, to sync it: SQLite does so only where a checkpoint has copied all that was
/// committed by its end, which beside a busy writer is the one for which that writer waits.
pub(super) struct Database {
    path: PathBuf,
    /// Never closed, not even with the store: that would give up every lock that SQLite holds on the file
    /// for this process (<https://sqlite.org/howtocorrupt.html>, §2.2).
    file: Option<ManuallyDrop<File>>,
    /// That it could not be opened was told.
    told: bool,
}

impl Database {
    pub(super) fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), file: None, told: false }
    }

    /// Does not return where the disk has failed.
    fn sync(&mut self) {
        let opened = match self.file.take() {
            Some(file) => Ok(file),
            None => File::open(&self.path).map(ManuallyDrop::new),
        };
        match opened.map(|file| self.file.insert(file).sync_data()) {
            Ok(Ok(())) => (),
            Ok(Err(error)) => end_process(&error.into()),
            Err(error) => {
                if !std::mem::replace(&mut self.told, true) {
                    tracing::warn!(%error, "the database's file could not be opened to be synced");
                }
            }
        }
    }
}

/// Whether something was erased that may stand in the WAL still.
fn is_anything_owed(conn: &Connection) -> bool {
    let sql = "SELECT owed > 0 FROM erasure";
    conn.query_row(sql, [], |row| row.get(0)).unwrap_or(true)
}

/// What becomes of the WAL's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Emptying {
    /// The next transaction writes over it from its beginning.
    BeginAnew,
    /// It is cut: nothing of what was erased stands in it any more.
    Cut,
}

/// Between two transactions: copies the rest of the WAL and empties it; whether that is done. While
/// this lasts nobody is answered, so it gives up soon where a reader holds an old snapshot.
pub(super) fn empty_wal(
    conn: &Connection,
    checkpoints: &Checkpoints,
    touched: &Touched,
    how: Emptying,
) -> bool {
    let waits = |span| {
        if let Err(error) = conn.busy_timeout(span) {
            tracing::warn!(%error, "the busy timeout could not be set");
        }
    };
    waits(EMPTYING_WAITS);
    let before = others_commits(conn);
    touched.before_cut();
    let mode = if how == Emptying::Cut { "TRUNCATE" } else { "RESTART" };
    let copied = checkpoint(conn, mode, checkpoints, touched);
    let done = copied.is_some_and(|copied| !copied.busy);
    if done {
        checkpoints.stand_at(0);
        if how == Emptying::Cut {
            touched.cut();
        }
    }
    if before.is_none() || others_commits(conn) != before {
        touched.lose();
    }
    waits(BUSY_TIMEOUT);
    done
}

/// Changes whenever another connection has committed.
pub(super) fn others_commits(conn: &Connection) -> Option<i64> {
    conn.query_row("PRAGMA data_version", [], |row| row.get(0)).ok()
}

/// What a checkpoint did.
#[derive(Clone, Copy)]
struct Copied {
    /// Somebody stood in its way.
    busy: bool,
    /// So many frames are copied,
    upto: u64,
    /// and so many of those that stood there when it began are not: a reader of an old snapshot needs them.
    kept: u64,
}

impl Copied {
    /// Next to nothing is left of what stood there.
    fn is_nearly_all(self) -> bool {
        !self.busy && self.kept <= LITTLE
    }

    /// Whether the WAL may begin anew, with so many frames in it. Where a reader, as a backup is, needs much of
    /// it the writer would stand still for nothing.
    fn may_begin_anew(self, frames: u64) -> bool {
        !self.busy && self.kept <= frames / KEPT_OF
    }
}

fn checkpoint(
    conn: &Connection,
    mode: &str,
    checkpoints: &Checkpoints,
    touched: &Touched,
) -> Option<Copied> {
    touched.copying();
    // A checkpoint syncs too: `failed` ends the process where that went wrong, before the WAL
    // that still holds the data is overwritten.
    let copied = conn.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |row| {
        let (busy, frames, copied): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        // -1 where somebody else makes one.
        let (busy, upto) = (busy != 0, u64::try_from(copied).unwrap_or(0));
        let kept = u64::try_from(frames).unwrap_or(0).saturating_sub(upto);
        Ok(Copied { busy, upto, kept })
    });
    touched.copied();
    match copied.map_err(failed) {
        Ok(copied) => {
            if checkpoints.turned(true) {
                tracing::info!(mode, "checkpoints work again");
            }
            Some(copied)
        }
        Err(error) => {
            if checkpoints.turned(false) {
                tracing::warn!(%error, mode, "checkpoints fail; tried again until one works");
            }
            None
        }
    }
}

/// How much there is to copy, and whether checkpoints work: a full disk is told of once, not four times
/// a second.
#[derive(Debug, Default)]
pub(super) struct Checkpoints {
    failing: AtomicBool,
    /// Frames that stood in the WAL after the last commit of this process.
    frames: AtomicU64,
}

impl Checkpoints {
    fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// So many frames stand in it now: whether that has become too many.
    pub(super) fn stand_at(&self, frames: u64) -> bool {
        self.frames.swap(frames, Ordering::Relaxed) <= WAL_MOST && frames > WAL_MOST
    }

    /// Whether so much stands in the WAL that it is to be copied.
    pub(super) fn have_much(&self) -> bool {
        self.frames() > WAL_FRAMES
    }

    /// Whether that is news.
    fn turned(&self, works: bool) -> bool {
        self.failing.swap(!works, Ordering::Relaxed) == works
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// What each copy leaves for the next one, and how many there were of them.
    fn copies(lefts: &[u64], told: &Maintenance) -> usize {
        let mut copies = 0;
        copy_most(told, || {
            let copied = Copied { busy: false, upto: 10_000, kept: 0 };
            copies += 1;
            Some((copied, 10_000 + lefts[copies - 1]))
        });
        copies
    }

    #[test]
    fn it_is_copied_until_little_is_left_or_no_less_than_before() {
        let told = Maintenance::new(false);
        assert_eq!(copies(&[LITTLE, 0], &told), 1);
        assert_eq!(copies(&[8_000, 3_000, 1_000, 400, 0], &told), MOST_COPIES as usize);
        assert_eq!(copies(&[8_000, 3_000, 200, 0], &told), 3);
        assert_eq!(copies(&[8_000, 5_000, 0], &told), 2, "nearly as much comes as is copied");
        told.end();
        assert_eq!(copies(&[8_000, 3_000, 200, 0], &told), 1, "it is to end");
    }

    #[test]
    fn for_who_reads_long_nobody_stands_still() {
        let copied = |busy, upto, kept| Copied { busy, upto, kept };
        for (copied, frames, nearly_all, anew) in [
            (copied(false, 9_000, 0), 9_100, true, true),
            (copied(false, 9_000, LITTLE), 9_300, true, true),
            (copied(false, 8_000, 1_000), 9_000, false, true),
            // A backup keeps more and more; readers of some 100 ms do not.
            (copied(false, 2_000, 7_000), 9_000, false, false),
            (copied(false, 2_000, 70_000), 72_000, false, false),
            (copied(false, 70_000, 2_000), 72_000, false, true),
            // Somebody else makes one.
            (copied(true, 0, 0), 9_000, false, false),
        ] {
            assert_eq!(copied.is_nearly_all(), nearly_all, "{} {}", copied.upto, copied.kept);
            assert_eq!(copied.may_begin_anew(frames), anew, "{} {}", copied.upto, copied.kept);
        }
        let mut times = 0;
        copy_most(&Maintenance::new(false), || {
            times += 1;
            Some((copied(false, 2_000, 7_000), 9_000))
        });
        assert_eq!(times, 1, "nothing is won by another");
    }

    #[test]
    fn it_is_copied_as_soon_as_the_wal_is_too_large_and_not_at_each_commit_then() {
        let checkpoints = Checkpoints::default();
        let news: Vec<_> = [WAL_MOST, WAL_MOST + 1, WAL_MOST + 9, 7, WAL_MOST + 1]
            .map(|frames| checkpoints.stand_at(frames))
            .to_vec();
        assert_eq!(news, [false, true, false, false, true]);
        let (told, minute) = (Maintenance::new(false), Duration::from_secs(60));
        let (began, waiting) = (Instant::now(), told.clone());
        let waited = std::thread::spawn(move || waiting.wait(minute));
        std::thread::sleep(Duration::from_millis(50));
        told.much_soon();
        assert_eq!(waited.join().unwrap(), Some(Some(Copying::Most)));
        assert!(began.elapsed() < minute, "nobody woke it");
        told.much_soon();
        told.copy_soon(Copying::Once);
        assert_eq!(told.wait(minute), Some(Some(Copying::Most)), "the more of the two");
        let beside = Maintenance::new(true);
        beside.much_soon();
        assert_eq!(beside.wait(Duration::ZERO), Some(None), "that is for the relay to do");
        beside.end();
        assert_eq!(beside.wait(minute), None);
    }

    #[test]
    fn the_database_is_synced_by_one_file_that_stays_open() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("bauta.db");
        let open = || {
            let files = std::fs::read_dir("/proc/self/fd").unwrap();
            files
                .filter(|fd| fd.as_ref().unwrap().path().read_link().is_ok_and(|to| to == path))
                .count()
        };
        let mut database = Database::at(&path);
        database.sync();
        std::fs::write(&path, "pages").unwrap();
        assert_eq!(open(), 0, "there was nothing to open");
        database.sync();
        database.sync();
        assert_eq!(open(), 1);
        drop(database);
        assert_eq!(open(), 1, "SQLite's locks would be gone");
    }

    #[test]
    fn only_the_first_checkpoint_that_fails_or_works_again_is_told() {
        let checkpoints = Checkpoints::default();
        let told = [true, false, false, false, true, true, false].map(|w| checkpoints.turned(w));
        assert_eq!(told, [false, true, false, false, true, false, true]);
    }
}
