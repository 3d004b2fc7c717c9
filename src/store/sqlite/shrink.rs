//! After something was erased: no trace of it in the WAL, and the file no larger than it must be.

use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Store;
use super::checkpoint::Copying;
use super::expire::HOLDS;
use crate::store::error::StoreError;

/// So often it is looked whether the WAL is empty, and how long between.
const LOOKS: u32 = 250;
const PAUSE: Duration = Duration::from_millis(20);

/// So often it is looked whether what stands in the WAL has been copied.
const SETTLING_LOOKS: u32 = 100;
const SETTLING_PAUSE: Duration = Duration::from_millis(10);

impl Store {
    /// Between two steps of work that writes much and that nobody waits for: waits until what stands
    /// in the WAL has been copied into the database file, where it is much; for a second at most. Else
    /// the WAL would grow until the writer itself has to copy it, and everybody waits for that.
    pub async fn settle_wal(&self) {
        if self.inner.queue.checkpoints().have_much() {
            self.copy_wal(Copying::Once).await;
        }
    }

    /// Waits until what stands in the WAL has been copied beside the writer, for a second at most.
    async fn copy_wal(&self, how: Copying) {
        let maintenance = &self.inner.maintenance;
        let before = maintenance.copied();
        maintenance.copy_soon(how);
        for _ in 0..SETTLING_LOOKS {
            tokio::time::sleep(SETTLING_PAUSE).await;
            if maintenance.copied() > before {
                return;
            }
        }
    }

    /// Moves all that is committed into the database file and cuts the WAL: what was erased before
    /// stands in neither. `false`: somebody reads an old snapshot all the time; it is done when
    /// that has ended.
    pub async fn empty_wal(&self) -> bool {
        // What is left then the writer copies: it keeps mail waiting.
        self.copy_wal(Copying::Most).await;
        let queue = &self.inner.queue;
        let before = queue.emptied();
        queue.empty_wal_soon();
        for _ in 0..LOOKS {
            tokio::time::sleep(PAUSE).await;
            if queue.emptied() > before {
                return true;
            }
        }
        false
    }

    /// Gives at most so many free pages back to the file system, where more than one in `one_in`
    /// pages is free. `false`: there are no more to give back.
    pub async fn shrink_some(&self, pages: u32, one_in: u32) -> Result<bool, StoreError> {
        let (free, all) = self
            .read(|conn| Ok((pragma(conn, "freelist_count")?, pragma(conn, "page_count")?)))
            .await?;
        if free == 0 || free.saturating_mul(i64::from(one_in)) <= all {
            return Ok(false);
        }
        let bytes = usize::try_from(pages).unwrap_or(usize::MAX).saturating_mul(4096);
        self.write(bytes, move |conn| {
            let mut statement = conn.prepare(&format!("PRAGMA incremental_vacuum({pages})"))?;
            // Each row is one page.
            let (began, mut rows) = (Instant::now(), statement.query([])?);
            while rows.next()?.is_some() && began.elapsed() < HOLDS {}
            Ok(())
        })
        .await?;
        Ok(true)
    }
}

fn pragma(conn: &Connection, name: &str) -> Result<i64, StoreError> {
    Ok(conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
}
