//! Checkpoints: what is committed goes from the WAL into the database file, beside the writer.

use std::fs::File;
use std::io::ErrorKind;
use std::mem::ManuallyDrop;
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
/// So often it is copied before that at most, or until no more frames came meanwhile than these.
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
    copy: bool,
    /// The WAL has become too large.
    much: bool,
    /// How often it has copied all that stood in the WAL.
    copied: u64,
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

    /// It is to copy what stands in the WAL now, however little that is.
    pub(super) fn copy_soon(&self) {
        self.told().copy = true;
        self.0.1.notify_all();
    }

    /// The WAL has become too large: the longer that is left, the more there is to do.
    pub(super) fn much_soon(&self) {
        self.told().much = true;
        self.0.1.notify_all();
    }

    /// How often it has copied all of it.
    pub(super) fn copied(&self) -> u64 {
        self.told().copied
    }

    /// Waits that long, or until there is something to do: whether it is to copy, or none where it is to
    /// end.
    fn wait(&self, span: Duration) -> Option<bool> {
        let idle = |told: &mut Told| !told.end && !told.copy && !told.much;
        let waited = self.0.1.wait_timeout_while(self.told(), span, idle);
        let mut told = waited.unwrap_or_else(PoisonError::into_inner).0;
        let copies = std::mem::take(&mut told.copy);
        told.much = false;
        (!told.end).then_some(copies)
    }
}

/// The maintenance thread's whole life: moves what is committed from the WAL into the database
/// file, beside the writer, and empties the WAL at the end.
pub(super) fn checkpoint_until(
    told: &Maintenance,
    conn: &Connection,
    writer: &Queue,
    touched: &Touched,
) {
    let checkpoints = writer.checkpoints();
    let mut database = Database::default();
    while let Some(copies) = told.wait(CHECKPOINT_EVERY) {
        touched.follow();
        let copied = if checkpoints.frames() > WAL_MOST {
            let copied = copy_most(conn, checkpoints, touched, &mut database);
            writer.begin_wal_anew_soon();
            copied
        } else if copies || checkpoints.have_much() {
            checkpoint(conn, "PASSIVE", checkpoints, touched)
        } else {
            None
        };
        if let Some(Copied { all: true, .. }) = copied {
            told.told().copied += 1;
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

/// Copies until little is left, and has the disk take it: for as long as the writer begins the WAL anew,
/// which copies the rest and syncs the database, nobody is answered.
fn copy_most(
    conn: &Connection,
    checkpoints: &Checkpoints,
    touched: &Touched,
    database: &mut Database,
) -> Option<Copied> {
    let mut copied = None;
    for _ in 0..MOST_COPIES {
        let before = checkpoints.frames();
        copied = checkpoint(conn, "PASSIVE", checkpoints, touched);
        database.sync(conn);
        // What was committed meanwhile is left.
        if checkpoints.frames() < before + LITTLE {
            break;
        }
    }
    copied
}

/// The database's file, to sync it: SQLite does so only where a checkpoint has copied all that was
/// committed by its end, which beside a busy writer is the one for which that writer waits.
#[derive(Default)]
struct Database(Option<ManuallyDrop<File>>);

impl Database {
    /// Does not return where the disk has failed.
    fn sync(&mut self, conn: &Connection) {
        if self.0.is_none() {
            // Never closed: that would give up every lock that SQLite holds on the file for this process
            // (https://sqlite.org/howtocorrupt.html, §2.2).
            let opened = conn.path().map_or(Err(ErrorKind::NotFound.into()), File::open);
            match opened {
                Ok(file) => self.0 = Some(ManuallyDrop::new(file)),
                Err(error) => {
                    tracing::debug!(%error, "the database could not be opened to be synced");
                    return;
                }
            }
        }
        if let Some(Err(error)) = self.0.as_ref().map(|file| file.sync_data()) {
            end_process(&error.into());
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
struct Copied {
    /// Somebody stood in its way.
    busy: bool,
    /// It copied all that there was.
    all: bool,
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
        Ok(Copied { busy: busy != 0, all: frames == copied })
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
    use super::*;

    #[test]
    fn only_the_first_checkpoint_that_fails_or_works_again_is_told() {
        let checkpoints = Checkpoints::default();
        let told = [true, false, false, false, true, true, false].map(|w| checkpoints.turned(w));
        assert_eq!(told, [false, true, false, false, true, false, true]);
    }
}
