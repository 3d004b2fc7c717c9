//! Which pages were written since the last sweep: read from the heads of the frames of the WAL, through
//! which every page passes, before it is written over (<https://sqlite.org/walformat.html>).
//!
//! A transaction can begin the WAL anew only where a checkpoint has copied all of it before the
//! transaction began. So whoever makes a checkpoint says so ([`Touched::copying`]), and the next
//! transactions look, as soon as they hold the lock that keeps everybody else from writing, at what stands
//! in the WAL, and at their end at what became of it. Whatever else has become of it (another process cut
//! it or began it anew, a commit failed) was not seen: then every page counts as written, which costs time,
//! and nothing else.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::checkpoint::others_commits;
use super::connection::wal_of;
use super::pages::Pages;
use super::rows::say;

const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// What this process knows of it.
pub(super) struct Touched {
    wal: PathBuf,
    known: Mutex<Known>,
    copies: Mutex<Copies>,
}

/// Checkpoints of this process.
#[derive(Default)]
struct Copies {
    going_on: u32,
    ended: u64,
    /// So many had ended when the last transaction began that came behind them and wrote something.
    behind: u64,
}

struct Known {
    pages: Pages,
    stands: Stands,
    /// This process holds the write lock and has seen all that stands in it.
    whole: bool,
    /// The transaction that goes on may begin it anew.
    watched: Option<Watched>,
    /// A commit failed half-way: frames of it may stand there that look whole.
    blind: bool,
}

/// What stands in the WAL, as far as was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Unknown,
    /// Nothing.
    Empty,
    /// Frames with these salts: so many, up to the end of a transaction.
    Frames([u8; 8], u64),
}

struct Watched {
    /// What others had committed,
    others: Option<i64>,
    stands: Stands,
    /// and how many checkpoints had ended when it began.
    ended: u64,
}

/// A WAL that is open.
struct Frames {
    file: File,
    page: u64,
    salts: [u8; 8],
}

impl Touched {
    /// Nothing is known yet: every page.
    pub(super) fn of(database: &Path) -> Self {
        let known = Known {
            pages: Pages::every(),
            stands: Stands::Unknown,
            whole: false,
            watched: None,
            blind: false,
        };
        // The first transaction looks: who knows what others copied before.
        let copies = Copies { ended: 1, ..Copies::default() };
        Self { wal: wal_of(database), known: Mutex::new(known), copies: Mutex::new(copies) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copies(&self) -> MutexGuard<'_, Copies> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what stands there by now, beside whoever writes: less is left then for those who hold
    /// the lock.
    pub(super) fn follow(&self) {
        if let Err(error) = self.known().follow(&self.wal) {
            tracing::debug!(%error, "the WAL could not be read");
        }
    }

    /// A checkpoint begins.
    pub(super) fn copying(&self) {
        self.copies().going_on += 1;
    }

    /// It has ended, whatever it did.
    pub(super) fn copied(&self) {
        let mut copies = self.copies();
        copies.going_on = copies.going_on.saturating_sub(1);
        copies.ended += 1;
    }

    /// Begins a transaction of the connection that all of this process write with.
    pub(super) fn begin(&self, conn: &Connection) -> Result<(), rusqlite::Error> {
        // Held until it has begun, so that no checkpoint begins and ends unseen before it does.
        let copies = self.copies();
        say(conn, "BEGIN IMMEDIATE")?;
        let (ended, may_begin_anew) =
            (copies.ended, copies.going_on > 0 || copies.ended > copies.behind);
        drop(copies);
        if may_begin_anew {
            let mut known = self.known();
            known.whole = known.look(&self.wal);
            let (others, stands) = (others_commits(conn), known.stands);
            known.watched = Some(Watched { others, stands, ended });
        }
        Ok(())
    }

    /// It has ended. `failed`: its commit did.
    pub(super) fn end(&self, conn: &Connection, failed: bool) {
        let mut known = self.known();
        let watched = known.watched.take();
        if watched.is_some() {
            known.look(&self.wal);
            known.whole = false;
        }
        if failed {
            (known.blind, known.pages.every) = (true, true);
        }
        let Some(Watched { others, stands, ended }) = watched else { return };
        // Since it has ended others may have written, and begun the WAL anew behind it.
        if !known.stands.is_of(stands) && (others.is_none() || others_commits(conn) != others) {
            known.pages.every = true;
        }
        let has_written = known.stands != stands;
        drop(known);
        if has_written {
            self.copies().behind = ended;
        }
    }

    /// Before this process cuts the WAL, between two transactions: takes in what stands there.
    pub(super) fn before_cut(&self) {
        self.known().look(&self.wal);
    }

    /// This process cut it, and nobody wrote since [`Touched::before_cut`].
    pub(super) fn cut(&self) {
        let mut known = self.known();
        (known.stands, known.blind) = (Stands::Empty, false);
    }

    /// What was written is not known.
    pub(super) fn lose(&self) {
        self.known().pages.every = true;
    }

    /// Takes what was written, up to now. Inside a transaction.
    pub(super) fn take(&self) -> Pages {
        let mut known = self.known();
        known.look(&self.wal);
        std::mem::take(&mut known.pages)
    }

    /// Gives back what was taken and not swept.
    pub(super) fn give_back(&self, pages: &Pages) {
        self.known().pages.insert_all(pages);
    }
}

impl Stands {
    /// Whether it began when that did.
    fn is_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::Frames(salts, _), Self::Frames(others, _)) => salts == others,
            (one, other) => one == other,
        }
    }

    /// Whether what has these salts is the next after it.
    fn is_before(self, next: [u8; 8]) -> bool {
        match self {
            Self::Unknown => false,
            Self::Empty => true,
            Self::Frames(salts, _) => number(salts).wrapping_add(1) == number(next),
        }
    }
}

/// The first salt counts how often the WAL was begun anew.
fn number([a, b, c, d, ..]: [u8; 8]) -> u32 {
    u32::from_be_bytes([a, b, c, d])
}

impl Known {
    /// Takes in more of what was seen before: whether that is what stands there.
    fn follow(&mut self, wal: &Path) -> io::Result<bool> {
        self.pages.every |= self.blind;
        let found = Frames::open(wal)?;
        match (self.stands, found) {
            (Stands::Frames(salts, seen), Some(frames)) if frames.salts == salts => {
                let end = frames.mark(seen, &mut self.pages)?;
                self.stands = Stands::Frames(salts, end);
                Ok(true)
            }
            (Stands::Empty, None) => Ok(true),
            _ => Ok(false),
        }
    }

    /// Takes in all that stands there, where nobody else writes; whether it is known now.
    fn look(&mut self, wal: &Path) -> bool {
        let looked = match self.follow(wal) {
            Ok(true) => Ok(()),
            Ok(false) => self.look_anew(wal),
            Err(error) => Err(error),
        };
        if let Err(error) = &looked {
            tracing::debug!(%error, "the WAL could not be read; every page counts as written");
            self.pages.every = true;
        }
        looked.is_ok()
    }

    /// It was begun anew, or cut.
    fn look_anew(&mut self, wal: &Path) -> io::Result<()> {
        let found = Frames::open(wal)?;
        let is_next = found.as_ref().is_some_and(|frames| self.stands.is_before(frames.salts));
        self.pages.every |= !(self.whole && is_next);
        (self.whole, self.blind) = (false, false);
        self.stands = Stands::Empty;
        if let Some(frames) = found {
            self.stands = Stands::Frames(frames.salts, frames.mark(0, &mut self.pages)?);
        }
        Ok(())
    }
}

impl Frames {
    /// None: there is nothing in it.
    fn open(wal: &Path) -> io::Result<Option<Self>> {
        let file = match File::open(wal) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
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

    /// Marks the pages of its frames from the nth on. Returns how many frames there are up to the end
    /// of the last transaction that is whole.
    fn mark(&self, from: u64, pages: &mut Pages) -> io::Result<u64> {
        let (mut whole, mut any) = (from, from);
        loop {
            let mut head = [0; 16];
            let at = HEADER + any * (FRAME_HEADER + self.page);
            match self.file.read_exact_at(&mut head, at) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(whole),
                Err(error) => return Err(error),
            }
            let [a, b, c, d, ended @ .., _, _, _, _, _, _, _, _] = head;
            // Behind its own stand those of what was written over.
            if head.last_chunk() != Some(&self.salts) {
                return Ok(whole);
            }
            pages.insert(u32::from_be_bytes([a, b, c, d]));
            any += 1;
            if ended != [0; 4] {
                whole = any;
            }
        }
    }
}

#[cfg(test)]
mod tests {
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

        /// As another process would.
        fn other(&self) -> Connection {
            Connection::open(self.dir.path().join("x.db")).unwrap()
        }

        fn write(&self, work: impl FnOnce(&Connection), end: &str) {
            self.touched.begin(&self.conn).unwrap();
            work(&self.conn);
            self.conn.execute_batch(end).unwrap();
            self.touched.end(&self.conn, false);
        }

        fn insert(&self, from: u32, count: u32) {
            self.write(|conn| insert(conn, from, count), "COMMIT");
        }

        fn take(&self) -> Pages {
            let mut taken = Pages::default();
            self.write(|_| taken = self.touched.take(), "COMMIT");
            taken
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

        /// That it is known which pages were written since then.
        #[track_caller]
        fn knows(&self, before: &[Vec<u8>]) -> usize {
            let known = self.take();
            assert!(!known.every, "it is known which");
            let known = known.first(0, usize::MAX);
            for (n, page) in (1..).zip(self.pages()) {
                let was = before.get(n as usize - 1);
                assert!(was == Some(&page) || known.contains(&n), "page {n} in {known:?}");
            }
            known.len()
        }

        fn copy(&self) {
            self.touched.copying();
            let (busy, log, copied) = checkpoint(&self.conn, "PASSIVE");
            assert_eq!((busy, log), (0, copied), "all is copied");
            self.touched.copied();
        }

        fn cut(&self) {
            self.touched.before_cut();
            self.touched.copying();
            assert_eq!(checkpoint(&self.conn, "TRUNCATE").0, 0);
            self.touched.copied();
            self.touched.cut();
        }
    }

    fn insert(conn: &Connection, from: u32, count: u32) {
        let sql = "WITH c (n) AS (VALUES (?1) UNION ALL SELECT n + 1 FROM c WHERE n + 1 < ?1 + ?2)
            INSERT INTO t SELECT n, hex(n * 7919 % 16777213) FROM c";
        conn.execute(sql, [from, count]).unwrap();
    }

    fn checkpoint(conn: &Connection, mode: &str) -> (i64, i64, i64) {
        let sql = format!("PRAGMA wal_checkpoint({mode})");
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        conn.query_row(&sql, [], row).unwrap()
    }

    #[test]
    fn each_page_that_changed_is_known_of_across_beginnings_of_the_wal() {
        let written = Written::new();
        assert!(written.take().every, "nothing is known at first");
        for round in 0..12 {
            let before = written.pages();
            written.insert(1 + round * 1000, 40 + round * 60);
            match round % 6 {
                1 => written.copy(),
                2 => {
                    // It begins anew, with more than stood in it, and once more.
                    written.insert(400_000 + round * 3000, 2500);
                    written.copy();
                    written.insert(500_000 + round, 1);
                }
                3 => written.cut(),
                4 => {
                    // All that was copied is not all that there is.
                    written.touched.copying();
                    checkpoint(&written.conn, "PASSIVE");
                    written.insert(600_000 + round * 10, 3);
                    written.touched.copied();
                    written.copy();
                    written.touched.follow();
                }
                _ => written.touched.follow(),
            }
            written.knows(&before);
        }
        let before = written.pages();
        written.write(
            |conn| {
                conn.execute("UPDATE t SET k = 'x' WHERE n = 1", []).unwrap();
            },
            "COMMIT",
        );
        let few = written.knows(&before);
        assert!(few < 10, "{few} of {} pages", before.len());
    }

    #[test]
    fn what_was_cut_off_behind_a_wal_that_began_anew_was_seen_before() {
        let written = Written::new();
        written.conn.execute_batch("PRAGMA journal_size_limit = 100000").unwrap();
        written.insert(1, 3000);
        written.take();
        let before = written.pages();
        // Between the look and the copy more comes in; and what begins the WAL anew cuts its file.
        written.touched.follow();
        written.insert(10_000, 300);
        written.copy();
        written.insert(20_000, 1);
        written.touched.follow();
        written.knows(&before);
    }

    #[test]
    fn what_a_reader_kept_from_beginning_anew_does_so_later() {
        let written = Written::new();
        written.insert(1, 500);
        written.take();
        let before = written.pages();
        let reader = written.other();
        reader.execute_batch("BEGIN; SELECT count(*) FROM t").unwrap();
        written.copy();
        written.insert(1000, 50);
        reader.execute_batch("COMMIT").unwrap();
        written.insert(2000, 50);
        written.copy();
        // Nothing is written: the next may begin it anew still.
        written.write(|_| {}, "COMMIT");
        written.insert(3000, 900);
        written.insert(4000, 5);
        written.knows(&before);
    }

    #[test]
    fn what_others_began_anew_counts_as_every_page_and_what_they_wrote_before_does_not() {
        let written = Written::new();
        written.insert(1, 500);
        written.take();
        let other = written.other();
        let before = written.pages();
        insert(&other, 1000, 50);
        written.insert(2000, 5);
        written.knows(&before);
        // Copied by another, so that we began it anew without having looked.
        insert(&other, 3000, 50);
        checkpoint(&other, "PASSIVE");
        written.insert(4000, 900);
        assert!(written.take().every);
        written.insert(5000, 5);
        assert!(!written.take().every);
        // Copied by us, and begun anew by another.
        written.copy();
        insert(&other, 6000, 5);
        written.insert(7000, 5);
        assert!(written.take().every);
        written.insert(8000, 5);
        assert!(!written.take().every);
        checkpoint(&other, "TRUNCATE");
        assert!(written.take().every, "cut by somebody else");
    }

    #[test]
    fn what_was_rolled_back_hides_nothing() {
        let written = Written::new();
        written.take();
        written.conn.execute_batch("PRAGMA cache_size = 5").unwrap();
        written.write(
            |conn| {
                insert(conn, 1, 5000);
                written.touched.follow();
            },
            "ROLLBACK",
        );
        let before = written.pages();
        written.write(|conn| conn.execute_batch("CREATE TABLE u (x)").unwrap(), "COMMIT");
        written.insert(1, 300);
        written.knows(&before);
        // One that begins the WAL anew before it is rolled back.
        let before = written.pages();
        written.insert(10_000, 30);
        written.copy();
        written.write(|conn| insert(conn, 20_000, 5000), "ROLLBACK");
        written.insert(30_000, 300);
        written.knows(&before);
    }

    #[test]
    fn after_a_failed_commit_every_page_counts_until_the_wal_begins_anew() {
        let written = Written::new();
        written.take();
        written.touched.begin(&written.conn).unwrap();
        written.conn.execute_batch("ROLLBACK").unwrap();
        written.touched.end(&written.conn, true);
        for _ in 0..2 {
            assert!(written.take().every);
        }
        written.insert(1, 5);
        written.copy();
        written.insert(10, 5);
        assert!(written.take().every);
        assert!(!written.take().every);
    }
}
