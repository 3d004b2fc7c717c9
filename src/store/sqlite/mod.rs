//! The store on SQLite: one file for each area; the writer and the connections below them.

mod accept;
mod archive;
mod backup;
mod birth;
mod checkpoint;
mod clock;
mod connection;
mod content;
mod copies;
mod delivery;
mod erase;
mod evidence;
mod expire;
mod facts;
mod history;
mod hold;
mod import;
mod index;
mod line;
mod lists;
mod mend;
mod notice;
mod orders;
mod pages;
mod part;
mod party;
mod postmaster;
mod queue;
mod refuse;
mod repeat;
mod report;
mod review;
mod rows;
mod schema;
mod search;
mod shrink;
mod standing;
mod stray;
mod sts;
mod sweep;
mod telling;
mod touched;
mod traffic;
mod turns;
mod violation;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use rusqlite::Connection;

use self::checkpoint::{Database, Maintenance};
use self::connection::Readers;
pub use self::line::Coming;
pub use self::sweep::{Owed, Sweep, can_sweep};
use self::touched::Touched;
use self::writer::Queue;
use crate::domain::{AliasAddress, Timestamp};
use crate::store::error::StoreError;
use crate::store::in_hand::{InHand, Mark, Taken};

/// Who opens a database, and so what may be done to its schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// The relay's first start: makes the database where there is none, else as `Serve`.
    Create,
    /// The relay: brings an older schema to the newest, refuses where there is no database.
    Serve,
    /// The CLI beside a relay: refuses any schema but its own.
    Beside,
}

/// The open database. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Queue,
    readers: Readers,
    touched: Arc<Touched>,
    maintenance: Maintenance,
    alias_domain: String,
    /// This process among all that ever opened the database: random.
    owner: i64,
    in_hand: InHand,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.close();
        self.maintenance.end();
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl Store {
    /// Opens the database file at `path`. Aliases are kept by their local part; `alias_domain`
    /// is put behind it. Blocks on the disk: call it before serving.
    ///
    /// Errors: `Missing`, `Foreign`, `Schema` as the mode says, `AliasDomain` where it was made for
    /// another; else what SQLite says.
    pub fn open(path: &Path, mode: OpenMode, alias_domain: &str) -> Result<Self, StoreError> {
        // An empty file is what a first use leaves that was broken off.
        if !path.metadata().is_ok_and(|found| found.is_file() && found.len() > 0) {
            match mode {
                OpenMode::Create => birth::make(path, alias_domain)?,
                _ => return Err(StoreError::Missing(path.to_owned())),
            }
        }
        let mut conn = connection::open_writer(path)?;
        match mode {
            OpenMode::Create | OpenMode::Serve => schema::migrate(&mut conn, path)?,
            OpenMode::Beside => schema::require_current(&conn, path)?,
        }
        birth::require_domain(&conn, alias_domain)?;
        connection::make_durable(&conn)?;
        if mode != OpenMode::Beside {
            connection::make_name_durable(&conn, path)?;
        }
        let maintenance = connection::open_writer(path)?;
        connection::make_durable(&maintenance)?;
        let mut owner = [0; 8];
        getrandom::fill(&mut owner).map_err(|error| StoreError::Io(error.to_string()))?;
        // Only one process accepts mail there; the others have nothing in hand.
        let in_hand = match path.parent() {
            Some(folder) if mode != OpenMode::Beside => InHand::open(folder),
            _ => InHand::default(),
        };
        let inner = Inner {
            queue: Queue::default(),
            readers: Readers::new(path),
            touched: Arc::new(Touched::of(path)),
            maintenance: Maintenance::new(mode == OpenMode::Beside),
            alias_domain: alias_domain.to_owned(),
            owner: i64::from_ne_bytes(owner),
            in_hand,
            threads: Mutex::default(),
        };
        inner.start(path, conn, maintenance)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes no more requests, writes what waits, empties the WAL, closes. For all clones.
    pub async fn close(self) {
        self.inner.queue.close();
        self.inner.readers.close();
        let inner = self.inner;
        let closing = tokio::task::spawn_blocking(move || {
            let threads =
                std::mem::take(&mut *inner.threads.lock().unwrap_or_else(PoisonError::into_inner));
            // The writer stands first: the maintenance thread is told to end after its last
            // commit, so that the checkpoint takes all of it.
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a thread of the store panicked");
                }
                inner.maintenance.end();
            }
        });
        if closing.await.is_err() {
            tracing::error!("closing the store panicked");
        }
    }

    /// How many transactions this handle's writer has committed: with many writes at once, far
    /// fewer than writes.
    pub fn commits(&self) -> u64 {
        self.inner.queue.commits()
    }

    /// How often a process that accepts mail died while it had this one in hand.
    pub fn deaths_over(&self, mark: &Mark, now: Timestamp) -> u64 {
        self.inner.in_hand.deaths(mark, now)
    }

    /// Marks a mail as in hand until the answer is dropped. Not synced: it outlives the process,
    /// not the machine.
    pub fn take_in_hand(&self, mark: &Mark, now: Timestamp) -> Taken {
        self.inner.in_hand.take(mark, now)
    }

    /// Says that a mail will be accepted soon: what is to be written before waits a moment for it, so
    /// that one sync serves both.
    pub fn expect(&self) -> Coming {
        self.inner.queue.expect()
    }

    fn alias(&self, local: &str) -> AliasAddress {
        AliasAddress::new(local, &self.inner.alias_domain)
    }

    async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.readers.read(work).await
    }

    /// A read that an index answers at once, on the thread that asks.
    fn look<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.inner.readers.look(work)
    }

    async fn write<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.queue.write(bytes, work).await
    }
}

impl Inner {
    fn start(
        &self,
        path: &Path,
        mut writer: Connection,
        maintenance: Connection,
    ) -> Result<(), StoreError> {
        let (queue, told) = (self.queue.clone(), self.maintenance.clone());
        let (asked, touched) = (self.queue.clone(), Arc::clone(&self.touched));
        queue.count_frames(&mut writer, &told)?;
        let (followed, database) = (Arc::clone(&self.touched), Database::at(path));
        let writing = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || queue.serve(&writer, &touched))?;
        let checkpoints = Builder::new().name("store-checkpoint".to_owned()).spawn(move || {
            checkpoint::checkpoint_until(&told, &maintenance, &asked, &followed, database);
        })?;
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.extend([writing, checkpoints]);
        Ok(())
    }
}
