//! Opening connections, and the pool of readers.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::rows::say;
use super::writer::{failed, guarded};
use crate::store::error::StoreError;

/// Other processes write too (`bauta order put` beside a running relay): waiting is normal life.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Reads at once. Each takes one of tokio's blocking threads for well under a millisecond.
const READERS: usize = 8;
/// Pages that a reader keeps in memory, in KiB.
const READ_KIB: u32 = 512;
/// Statements that a connection keeps compiled: more than the way of a mail has.
const STATEMENTS: usize = 128;
/// What its file keeps when it is begun anew: a commit that writes over blocks which the file has
/// already is on the disk sooner than one that makes it longer.
const WAL_BYTES: u64 = 64 << 20;

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

/// The log beside a database.
pub(super) fn wal_of(database: &Path) -> PathBuf {
    let mut wal = database.as_os_str().to_owned();
    wal.push("-wal");
    wal.into()
}
