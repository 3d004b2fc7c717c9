//! Opening connections, the pool of readers, and the checkpoints.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::rows::say;
use super::touched::Touched;
use super::writer::{Queue, failed, guarded};
use crate::store::error::StoreError;

/// Other processes write too (`bauta order put` beside a running relay): waiting is normal life.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads at once. Each takes one of tokio's blocking threads for well under a millisecond.
const READERS: usize = 8;
/// Pages that a reader keeps in memory, in KiB.
const READ_KIB: u32 = 512;
/// A WAL of fewer frames is left to grow: 4 MiB.
const WAL_FRAMES: u64 = 1 << 10;
/// Statements that a connection keeps compiled: more than the way of a mail has.
const STATEMENTS: usize = 128;
const CHECKPOINT_EVERY: Duration = Duration::from_millis(250);
/// A WAL of more is begun anew by the writer itself: under steady load it never finds the moment in
/// which all is copied and nobody reads, and would grow for ever.
const WAL_MOST: u64 = 4 << 10;
/// What its file keeps when it is begun anew: a commit that writes over blocks which the file has
/// already is on the disk sooner than one that makes it longer.
const WAL_BYTES: u64 = 20 << 20;
/// So long whoever empties the WAL waits for readers of old snapshots before it tries later: until
/// then nobody can write.
const EMPTYING_WAITS: Duration = Duration::from_millis(50);
/// At the end it is tried so often, where something stands in it that was erased.
const LAST_TRIES: u32 = 20;

/// A connection that writes, or checkpoints. The file must exist.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    keep_statements(&conn)?;
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;")?;
    Ok(conn)
}

/// Settings of a connection that runs the same statements again and again.
fn keep_statements(conn: &Connection) -> Result<(), StoreError> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    // Else SQLite, to look whether a partial index fits what was bound, compiles a statement anew
    // each time that it runs (https://sqlite.org/queryplanner-ng.html#qpsg): 13 of them a mail.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that only looks. `in_use`: there is a WAL, so that somebody has it open or did not
/// close it; else nothing at all is written, not even SQLite's own files beside it.
pub(super) fn open_untouched(path: &Path, in_use: bool) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // https://sqlite.org/uri.html: these have a meaning in it.
    let name =
        path.to_str().map(|path| path.replace('%', "%25").replace('?', "%3f").replace('#', "%23"));
    let conn = match name {
        Some(name) if !in_use => {
            let uri = format!("file:{name}?immutable=1");
            Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI)?
        }
        _ => Connection::open_with_flags(path, flags)?,
    };
    conn.busy_timeout(BUSY_TIMEOUT)?;
    Ok(conn)
}

/// The rest of a writer's settings, for after the schema is there: they write to the file.
pub(super) fn make_durable(conn: &Connection) -> Result<(), StoreError> {
    let mode: String = conn.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Sqlite(format!("the journal mode is {mode}, WAL is needed")));
    }
    // FULL: in WAL mode the only level at which a commit is synced before it returns.
    // No checkpoint on the writer: it would stand between a peer and its 250.
    // What a savepoint may have to undo is kept in memory, or pages with real addresses would lie
    // in a folder for temporary files, and a full one would be a full disk.
    conn.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {WAL_BYTES};"
    ))?;
    Ok(())
}

/// Makes the name of the WAL as durable as what will be committed into it. SQLite syncs the folder
/// at its first commit and says nothing where that fails (`unixSync`): so that commit is made
/// here, before anybody can be answered, and the folder is synced once more, by us.
pub(super) fn make_name_durable(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    match try_write(conn).map_err(failed) {
        // The first commit comes later then; whoever wants mail taken meanwhile is told 4xx.
        Err(error @ (StoreError::Full | StoreError::Locked)) => {
            tracing::warn!(%error, "the database can't be written at the start");
        }
        tried => tried?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
}

/// Writes the schema's number, which stands there already, again.
pub(super) fn try_write(conn: &Connection) -> Result<(), rusqlite::Error> {
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    conn.execute_batch(&format!("PRAGMA user_version = {version}"))
}

/// A few connections that can't write, each used by one read at a time.
#[derive(Clone)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// The database file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Lets nobody read any more and closes what is idle: the last connection to close must be
    /// one that can write, or the WAL stays behind.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn open(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        keep_statements(&conn)?;
        // Whatever is committed empties it: more than one read needs is memory for nothing.
        conn.execute_batch(&format!("PRAGMA cache_size = -{READ_KIB}"))?;
        Ok(conn)
    }

    /// Runs `work` on one snapshot of the database, off the async threads.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let readers = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            readers.look(work)
        });
        read.await.map_err(|error| StoreError::Sqlite(format!("the read failed: {error}")))?
    }

    /// Runs `work` on one snapshot of the database, here and now: for what an index finds at once,
    /// which takes less time than to hand it to another thread and to wake up again. Nobody who
    /// writes makes it wait (WAL), but for who repairs a WAL that a crash left.
    pub(super) fn look<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.permits.is_closed() {
            return Err(StoreError::Closed);
        }
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let conn = idle.map_or_else(|| self.open(), Ok)?;
        // One transaction, so that all statements see the same moment.
        say(&conn, "BEGIN")?;
        let result = guarded(&conn, work);
        // Nothing was written. One that did not end would read the same moment for ever.
        let has_ended = conn.is_autocommit() || say(&conn, "ROLLBACK").is_ok();
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked under the lock: what is closing empties it.
        if has_ended && !self.permits.is_closed() {
            idle.push(conn);
        }
        drop(idle);
        result
    }
}

/// What the maintenance thread is told, and what it tells.
#[derive(Clone)]
pub(super) struct Maintenance(Arc<(Mutex<Told>, Condvar)>);

#[derive(Default)]
struct Told {
    /// The relay may run beside this process.
    beside: bool,
    end: bool,
    copy: bool,
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

    /// How often it has copied all of it.
    pub(super) fn copied(&self) -> u64 {
        self.told().copied
    }

    /// Waits that long, or until there is something to do: whether it is to copy, or none where it is to
    /// end.
    fn wait(&self, span: Duration) -> Option<bool> {
        let waited = self.0.1.wait_timeout_while(self.told(), span, |told| !told.end && !told.copy);
        let mut told = waited.unwrap_or_else(PoisonError::into_inner).0;
        let copies = std::mem::take(&mut told.copy);
        (!told.end).then_some(copies)
    }
}

/// The log beside a database.
pub(super) fn wal_of(database: &Path) -> PathBuf {
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    wal.into()
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
    while let Some(copies) = told.wait(CHECKPOINT_EVERY) {
        touched.follow();
        if (copies || checkpoints.have_much())
            && let Some(Copied { all: true, .. }) =
                checkpoint(conn, "PASSIVE", checkpoints, touched)
        {
            told.told().copied += 1;
        }
        if checkpoints.frames() > WAL_MOST {
            // Now, while little is left to copy.
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

    /// So many frames stand in it now.
    pub(super) fn stand_at(&self, frames: u64) {
        self.frames.store(frames, Ordering::Relaxed);
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
