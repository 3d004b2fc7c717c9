//! What SQLite leaves of what was erased, overwritten.
//!
//! `PRAGMA secure_delete` overwrites a row where it stands. But where the cells of a page move, because
//! it is split or evened out with its neighbours, what stood where they stood before stays behind in the
//! gap between them (`rebuildPage` in btree.c), and no deletion finds it later: Message-IDs, addresses,
//! the beginnings of packed mails. So after erasing, each tree's page that was written since the last
//! sweep is looked at, by a reader, and where it has such remains the writer makes them zero. No row is
//! touched, and nothing depends on which table it is.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, params};

use super::Store;
use super::pages::{Kinds, Layout, Pages, clear, has_remains};
use super::rows::{get, one, run};
use super::touched::Touched;
use crate::store::error::StoreError;

/// Pages that are overwritten at once: some milliseconds, for which mail waits.
const CLEARED: usize = 64;

/// Pages that are still to be looked at; given back where it ends before.
pub struct Sweep {
    touched: Arc<Touched>,
    left: Pages,
    /// The last that was looked at.
    place: u32,
    is_of_all: bool,
}

impl Sweep {
    fn take(touched: &Arc<Touched>) -> Self {
        let left = touched.take();
        Self { touched: Arc::clone(touched), is_of_all: left.every, left, place: 0 }
    }

    /// Whether it looks at every page there is, not only at those that were written.
    pub fn is_of_all(&self) -> bool {
        self.is_of_all
    }
}

impl Drop for Sweep {
    fn drop(&mut self) {
        if !self.left.is_empty() {
            self.touched.give_back(&self.left);
        }
    }
}

/// What is to be done still about what was erased, in this process or before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// Nothing of it is left anywhere.
    Nothing,
    /// No page has anything of it any more; the WAL is to be cut.
    Cut,
    /// Pages may have remains of it.
    Sweep,
}

/// Notes, in the transaction that erases something, that its remains are to be swept.
pub(super) fn owe(conn: &Connection) -> Result<(), StoreError> {
    run(conn, "UPDATE erasure SET owed = 2 WHERE owed < 2", [])?;
    Ok(())
}

/// Whether the SQLite that this was built with lets its pages be swept: `.cargo/config.toml` asks for it,
/// which Cargo reads in the folder that it is called in.
pub fn can_sweep() -> bool {
    let sql = "SELECT sqlite_compileoption_used('ENABLE_DBPAGE_VTAB')";
    let used = Connection::open_in_memory().and_then(|conn| conn.query_row(sql, [], |r| r.get(0)));
    used.unwrap_or(false)
}

impl Store {
    /// For a transaction that erases something which is not to wait in the WAL for the sweep.
    pub(super) fn leave_no_trace(&self, conn: &Connection) -> Result<(), StoreError> {
        self.inner.queue.empty_wal_soon();
        owe(conn)
    }

    /// What is to be done about what was erased.
    pub async fn owed(&self) -> Result<Owed, StoreError> {
        let sql = "SELECT owed FROM erasure";
        match self.read(move |conn| one(conn, sql, [], |row| get::<i64>(row, "owed"))).await? {
            Some(0) => Ok(Owed::Nothing),
            Some(1) => Ok(Owed::Cut),
            Some(2) => Ok(Owed::Sweep),
            _ => Err(StoreError::Damaged("erasure")),
        }
    }

    /// Notes that the WAL was cut after the sweep: nothing is owed, unless more was erased since.
    pub async fn note_cut(&self) -> Result<(), StoreError> {
        let sql = "UPDATE erasure SET owed = 0 WHERE owed = 1";
        self.write(64, move |conn| run(conn, sql, []).map(|_| ())).await
    }

    /// Begins to sweep what was written until now: in a process that has just started every page.
    pub async fn begin_sweep(&self) -> Result<Sweep, StoreError> {
        let touched = Arc::clone(&self.inner.touched);
        // By the writer, between two commits: the frames of one stand in the WAL before a reader
        // sees what it wrote.
        let mut sweep = self.write(0, move |_| Ok(Sweep::take(&touched))).await?;
        let pages = self.read(|conn| {
            let sql = "PRAGMA page_count";
            Ok(conn.query_row(sql, [], |row| row.get::<_, u32>(0))?)
        });
        let pages = pages.await?;
        sweep.left.spell_out(pages);
        Ok(sweep)
    }

    /// Looks at the next pages, so many. `false`: those were the last.
    pub async fn sweep_some(&self, sweep: &mut Sweep, most: usize) -> Result<bool, StoreError> {
        let pages = sweep.left.first(sweep.place, most);
        let Some(last) = pages.last().copied() else { return Ok(false) };
        self.sweep_pages(pages.clone()).await?;
        // Not before: whoever waits for this may go away.
        pages.into_iter().for_each(|page| sweep.left.remove(page));
        sweep.place = last;
        Ok(true)
    }

    /// Ends a sweep: looks at what was written while it went on, as the first of a transaction, so that
    /// nobody writes meanwhile. From then on nothing is left in any page of what was erased before.
    /// `false`: that is more than so many pages, which are to be swept first, as before.
    ///
    /// Without it a page could have been missed: SQLite exchanges the numbers of pages that it evens out,
    /// and with its number a page that was not looked at yet leaves the place where it would be.
    pub async fn end_sweep(&self, most: usize) -> Result<bool, StoreError> {
        let touched = Arc::clone(&self.inner.touched);
        let ended = self.inner.queue.write_first(most.saturating_mul(4096), move |conn| {
            let last = Sweep::take(&touched);
            let pages = last.left.first(0, most.saturating_add(1));
            if last.is_of_all || pages.len() > most {
                return Ok(None);
            }
            clear_all(conn, &pages)?;
            run(conn, "UPDATE erasure SET owed = 1 WHERE owed = 2", [])?;
            Ok(Some(last))
        });
        // Given back, unless it is committed and we are here to see it.
        let Some(mut last) = ended.await? else { return Ok(false) };
        last.left = Pages::default();
        Ok(true)
    }

    async fn sweep_pages(&self, pages: Vec<u32>) -> Result<(), StoreError> {
        let found = self.read(move |conn| with_remains(conn, &pages)).await?;
        for some in found.chunks(CLEARED) {
            // They may have changed since.
            let some = some.to_vec();
            self.write(some.len().saturating_mul(4096), move |conn| clear_all(conn, &some)).await?;
        }
        Ok(())
    }
}

/// Overwrites what is nobody's in those of the pages that are trees'.
fn clear_all(conn: &Connection, pages: &[u32]) -> Result<(), StoreError> {
    for page in with_remains(conn, pages)? {
        let Some(mut bytes) = read(conn, page)? else { continue };
        clear(&mut bytes, page == 1);
        let sql = "UPDATE sqlite_dbpage SET data = ?2 WHERE pgno = ?1";
        conn.prepare_cached(sql)?.execute(params![page, bytes])?;
    }
    Ok(())
}

/// Those of the pages that are trees' and hold what is nobody's.
fn with_remains(conn: &Connection, pages: &[u32]) -> Result<Vec<u32>, StoreError> {
    let first = read(conn, 1)?.unwrap_or_default();
    let layout = Layout::read(&first).ok_or(StoreError::Damaged("the file's first page"))?;
    let mut kinds = Kinds::new(layout);
    let mut found = Vec::new();
    let mut statement = conn.prepare_cached(PAGE)?;
    for page in pages.iter().copied() {
        let is_tree = kinds.is_tree(page, |map| Ok(read(conn, map)?.unwrap_or_default()));
        if !is_tree.map_err(|error: StoreError| error)? {
            continue;
        }
        let mut rows = statement.query([page])?;
        if let Some(row) = rows.next()?
            && row.get_ref(0)?.as_blob().is_ok_and(|bytes| has_remains(bytes, page == 1))
        {
            found.push(page);
        }
    }
    Ok(found)
}

/// <https://sqlite.org/dbpage.html>: part of our SQLite because `.cargo/config.toml` says so.
const PAGE: &str = "SELECT data FROM sqlite_dbpage WHERE pgno = ?1";

/// None: the file has not so many pages.
fn read(conn: &Connection, page: u32) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(conn.prepare_cached(PAGE)?.query_row([page], |row| row.get(0)).optional()?)
}
