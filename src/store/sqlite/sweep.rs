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
}

impl Drop for Sweep {
    fn drop(&mut self) {
        if !self.left.is_empty() {
            self.touched.give_back(&self.left);
        }
    }
}

impl Store {
    /// Begins to sweep what was written until now: in a process that has just started every page.
    pub async fn begin_sweep(&self) -> Result<Sweep, StoreError> {
        let touched = Arc::clone(&self.inner.touched);
        let taken = Arc::clone(&touched);
        // By the writer, between two commits: the frames of one stand in the WAL before a reader
        // sees what it wrote.
        let left = self.write(0, move |_| Ok(taken.take())).await?;
        let mut sweep = Sweep { touched, left, place: 0 };
        let pages = self.read(|conn| {
            let sql = "PRAGMA page_count";
            Ok(conn.query_row(sql, [], |row| row.get::<_, u32>(0))?)
        });
        sweep.left.spell_out(pages.await?);
        Ok(sweep)
    }

    /// Looks at the next pages, so many. `false`: those were the last.
    pub async fn sweep_some(&self, sweep: &mut Sweep, most: usize) -> Result<bool, StoreError> {
        let pages = sweep.left.take(sweep.place, most);
        let Some(last) = pages.last().copied() else { return Ok(false) };
        let done = self.sweep_pages(pages.clone()).await;
        match done {
            Ok(()) => sweep.place = last,
            Err(_) => pages.into_iter().for_each(|page| sweep.left.insert(page)),
        }
        done.map(|()| true)
    }

    /// Ends a sweep: looks at what was written while it went on, as the first of a transaction, so that
    /// nobody writes meanwhile. From then on nothing is left of what was erased before it began. `false`:
    /// that is more than so many pages, which are to be swept first, as before.
    ///
    /// Without it a page could have been missed: SQLite exchanges the numbers of pages that it evens out,
    /// and with its number a page that was not looked at yet leaves the place where it would be.
    pub async fn end_sweep(&self, most: usize) -> Result<bool, StoreError> {
        let touched = Arc::clone(&self.inner.touched);
        let ended = self.inner.queue.write_first(most.saturating_mul(4096), move |conn| {
            let mut left = touched.take();
            let all = left.clone();
            let pages = left.take(0, most);
            if all.every || !left.is_empty() {
                touched.give_back(&all);
                return Ok(false);
            }
            let cleared = clear_all(conn, &pages);
            if cleared.is_err() {
                touched.give_back(&all);
            }
            cleared.map(|()| true)
        });
        let ended = ended.await;
        if ended.is_err() {
            // Not committed: which pages that were is forgotten.
            self.inner.touched.lose();
        }
        ended
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
