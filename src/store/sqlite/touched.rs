//! Which pages were written since the last sweep: read from the heads of the frames of the WAL, through
//! which every page passes, before it is written over (<https://sqlite.org/walformat.html>).
//!
//! Where a part of it was not seen (another process cut it, a commit failed), every page counts as
//! written: it costs time, and nothing else.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::connection::wal_of;
use super::pages::Pages;

const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// What this process knows of it.
pub(super) struct Touched {
    wal: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    pages: Pages,
    /// Which of its beginnings is seen: it counts them.
    generation: Option<u32>,
    salts: [u8; 8],
    /// Frames that were seen, up to the end of a transaction.
    seen: u64,
    /// So many frames were all, when they were copied: if no more are written it begins anew.
    copied: Option<u64>,
}

/// A WAL that is open.
struct Frames {
    file: File,
    page: u64,
    salts: [u8; 8],
}

/// How far frames go.
struct End {
    /// To the end of the last transaction that is whole.
    whole: u64,
    any: u64,
}

impl Touched {
    /// Nothing is known yet: every page.
    pub(super) fn of(database: &Path) -> Self {
        let known =
            Known { pages: Pages::every(), generation: None, salts: [0; 8], seen: 0, copied: None };
        Self { wal: wal_of(database), known: Mutex::new(known) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what was written by now.
    pub(super) fn follow(&self) {
        let mut known = self.known();
        if let Err(error) = known.follow(&self.wal) {
            tracing::debug!(%error, "the WAL could not be read; every page counts as written");
            known.lose();
        }
    }

    /// All of it, so many frames, was copied by a checkpoint of this process.
    pub(super) fn copied(&self, frames: u64) {
        self.known().copied = Some(frames);
        self.follow();
    }

    /// This process cut it, after it had been followed.
    pub(super) fn cut(&self) {
        self.known().begin_anew();
    }

    /// What was written is not known.
    pub(super) fn lose(&self) {
        self.known().lose();
    }

    /// Takes what was written, up to now.
    pub(super) fn take(&self) -> Pages {
        self.follow();
        std::mem::take(&mut self.known().pages)
    }

    /// Gives back what was taken and not swept.
    pub(super) fn give_back(&self, pages: &Pages) {
        self.known().pages.insert_all(pages);
    }
}

impl Known {
    fn lose(&mut self) {
        self.pages.every = true;
    }

    fn begin_anew(&mut self) {
        self.generation = self.generation.map(|generation| generation.wrapping_add(1));
        (self.seen, self.copied) = (0, Some(0));
    }

    fn follow(&mut self, wal: &Path) -> io::Result<()> {
        let frames = match File::open(wal) {
            Ok(file) => Frames::of(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(frames) = frames else {
            // Empty.
            if self.seen > 0 {
                if self.copied != Some(self.seen) {
                    self.lose();
                }
                self.begin_anew();
            }
            return Ok(());
        };
        let generation = frames.generation();
        if self.generation == Some(generation) {
            let end = frames.mark(self.seen, frames.salts, &mut self.pages)?;
            (self.seen, self.salts) = (end.whole.max(self.seen), frames.salts);
            return Ok(());
        }
        let mut end = frames.mark(0, frames.salts, &mut self.pages)?;
        let is_next = self.generation.map(|known| known.wrapping_add(1)) == Some(generation);
        let mut is_whole = self.copied == Some(self.seen);
        if is_next && end.any <= self.seen {
            // What was not seen of the one before stands behind these still.
            frames.mark(self.seen, self.salts, &mut self.pages)?;
            let again = frames.mark(0, frames.salts, &mut self.pages)?;
            is_whole |= again.any <= self.seen;
            end = again;
        }
        if !(is_next && is_whole) {
            self.lose();
        }
        self.generation = Some(generation);
        (self.salts, self.seen, self.copied) = (frames.salts, end.whole, None);
        Ok(())
    }
}

impl Frames {
    /// None: there is nothing in it.
    fn of(file: File) -> io::Result<Option<Self>> {
        let mut header = [0; HEADER as usize];
        match file.read_exact_at(&mut header, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let [_, _, _, _, _, _, _, _, a, b, c, d, _, _, _, _, salts @ .., _, _, _, _, _, _, _, _] =
            header;
        let page = u64::from(u32::from_be_bytes([a, b, c, d]));
        Ok((page > 0).then_some(Self { file, page, salts }))
    }

    fn generation(&self) -> u32 {
        let [a, b, c, d, ..] = self.salts;
        u32::from_be_bytes([a, b, c, d])
    }

    /// Marks the pages of the frames from the nth on that have these salts.
    fn mark(&self, from: u64, salts: [u8; 8], pages: &mut Pages) -> io::Result<End> {
        let mut end = End { whole: from, any: from };
        loop {
            let mut head = [0; 16];
            let at = HEADER + end.any * (FRAME_HEADER + self.page);
            match self.file.read_exact_at(&mut head, at) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(end),
                Err(error) => return Err(error),
            }
            let [a, b, c, d, ended @ .., _, _, _, _, _, _, _, _] = head;
            if head.last_chunk() != Some(&salts) {
                return Ok(end);
            }
            pages.insert(u32::from_be_bytes([a, b, c, d]));
            end.any += 1;
            if ended != [0; 4] {
                end.whole = end.any;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    struct Written {
        dir: tempfile::TempDir,
        conn: Connection,
        touched: Touched,
    }

    impl Written {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x.db");
            let conn = Connection::open(&path).unwrap();
            conn.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
                 CREATE TABLE t (n INTEGER PRIMARY KEY, k TEXT UNIQUE);",
            )
            .unwrap();
            Self { dir, conn, touched: Touched::of(&path) }
        }

        fn insert(&self, from: u32, count: u32) {
            let sql =
                "WITH c (n) AS (VALUES (?1) UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ?1 + ?2)
                INSERT INTO t SELECT n, hex(n * 7919 % 65537) FROM c";
            self.conn.execute(sql, [from, count]).unwrap();
        }

        /// The pages as they are, by a copy.
        fn pages(&self) -> Vec<Vec<u8>> {
            let copy = self.dir.path().join("copy.db");
            let _ = std::fs::remove_file(&copy);
            let mut to = Connection::open(&copy).unwrap();
            let backup = rusqlite::backup::Backup::new(&self.conn, &mut to).unwrap();
            while backup.step(-1).unwrap() != rusqlite::backup::StepResult::Done {}
            drop(backup);
            to.close().unwrap();
            std::fs::read(copy).unwrap().chunks(4096).map(<[u8]>::to_vec).collect()
        }

        fn checkpoint(&self, mode: &str) -> (i64, i64, i64) {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            self.conn.query_row(&sql, [], row).unwrap()
        }
    }

    #[test]
    fn each_page_that_changed_is_known_of_across_beginnings_of_the_wal() {
        let written = Written::new();
        assert!(written.touched.take().every, "nothing is known at first");
        let mut before = written.pages();
        for round in 0..12 {
            written.insert(1 + round * 1000, 40 + round * 60);
            match round % 6 {
                // Copied whole by a checkpoint: the next commit begins at the front.
                1 => {
                    written.touched.follow();
                    let (busy, log, copied) = written.checkpoint("PASSIVE");
                    assert_eq!((busy, log), (0, copied));
                    written.touched.copied(u64::try_from(log).unwrap());
                }
                3 => {
                    written.touched.follow();
                    assert_eq!(written.checkpoint("TRUNCATE").0, 0);
                    written.touched.cut();
                }
                // Nobody looked before it, but the next transaction is shorter than what was seen.
                4 => {
                    written.touched.follow();
                    written.insert(900_000 + round * 10, 3);
                    written.checkpoint("PASSIVE");
                    written.insert(910_000 + round, 1);
                }
                _ => {}
            }
            let mut known = written.touched.take();
            assert!(!known.every, "round {round}: it is known which");
            let after = written.pages();
            let changed = after.iter().enumerate().filter(|(n, page)| before.get(*n) != Some(page));
            let known = known.take(0, usize::MAX);
            for (n, _) in changed {
                let page = u32::try_from(n + 1).unwrap();
                assert!(known.contains(&page), "round {round}: page {page} in {known:?}");
            }
            before = after;
        }
        written.conn.execute("UPDATE t SET k = 'x' WHERE n = 1", []).unwrap();
        let few = written.touched.take().take(0, usize::MAX).len();
        assert!(few < 10, "{few} of {} pages", before.len());
    }

    #[test]
    fn what_was_written_over_unseen_counts_as_every_page() {
        let written = Written::new();
        written.insert(1, 5);
        written.touched.take();
        written.insert(1000, 500);
        written.checkpoint("PASSIVE");
        written.insert(3000, 900);
        assert!(written.touched.take().every);
        written.insert(5000, 5);
        assert!(!written.touched.take().every);
        written.insert(6000, 5);
        written.checkpoint("TRUNCATE");
        assert!(written.touched.take().every, "cut by somebody else");
    }

    #[test]
    fn what_was_rolled_back_hides_nothing() {
        let written = Written::new();
        written.touched.take();
        written.conn.execute_batch("PRAGMA cache_size = 5; BEGIN").unwrap();
        written.insert(1, 5000);
        written.touched.follow();
        written.conn.execute_batch("ROLLBACK").unwrap();
        let before = written.pages();
        written.conn.execute("CREATE TABLE u (x)", []).unwrap();
        written.insert(1, 300);
        let known = written.touched.take().take(0, usize::MAX);
        for (n, page) in written.pages().iter().enumerate() {
            let page_number = u32::try_from(n + 1).unwrap();
            assert!(before.get(n) == Some(page) || known.contains(&page_number), "{page_number}");
        }
    }
}
