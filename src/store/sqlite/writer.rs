//! The durable path: one thread owns the write connection and takes what waits into one
//! transaction, so that one sync serves many callers; each is answered after that sync.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use tokio::sync::oneshot;

use super::checkpoint::{Checkpoints, Emptying, Maintenance, empty_wal};
use super::line::{Answer, Coming, Done, Job, Line, When};
use super::rows::say;
use super::touched::Touched;
use crate::store::error::{StoreError, is_lost_write};

/// The first pause after the WAL could not be emptied; it doubles.
const EMPTYING_PAUSE: Duration = Duration::from_millis(100);
/// What makes everybody wait for longer is logged.
const SLOW: Duration = Duration::from_millis(100);
/// `EX_IOERR` of sysexits.h.
const EXIT_IO: i32 = 74;

/// The way to the writer thread. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Queue {
    line: Arc<Line>,
    commits: Arc<AtomicU64>,
    /// Something stands in the WAL that was erased.
    to_cut: Arc<AtomicBool>,
    /// It is too large.
    to_begin_anew: Arc<AtomicBool>,
    emptied: Arc<AtomicU64>,
    checkpoints: Arc<Checkpoints>,
}

impl Queue {
    /// How many transactions were committed so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Has the writer empty and cut the WAL after the group in hand, or now where there is none, and
    /// try again until it is done: what was erased must not stay in it. From inside a transaction it
    /// means after that one.
    pub(super) fn empty_wal_soon(&self) {
        self.ask_for(&self.to_cut);
    }

    /// The same without cutting it: it has grown too large.
    pub(super) fn begin_wal_anew_soon(&self) {
        self.ask_for(&self.to_begin_anew);
    }

    fn ask_for(&self, emptying: &AtomicBool) {
        self.line.wake(|| emptying.store(true, Ordering::Relaxed));
    }

    /// Whether it is still to be emptied of what was erased.
    pub(super) fn is_to_empty_wal(&self) -> bool {
        self.to_cut.load(Ordering::Relaxed)
    }

    /// What is to be done with the WAL, if anything; from now on that is not asked for any more.
    fn take_emptying(&self) -> Option<Emptying> {
        let begin_anew = self.to_begin_anew.swap(false, Ordering::Relaxed);
        let cut = self.to_cut.swap(false, Ordering::Relaxed);
        cut.then_some(Emptying::Cut).or_else(|| begin_anew.then_some(Emptying::BeginAnew))
    }

    /// Has the checkpoints know how many frames stand in the WAL after each of the writer's commits.
    pub(super) fn count_frames(
        &self,
        writer: &mut Connection,
        maintenance: &Maintenance,
    ) -> Result<(), StoreError> {
        let (checkpoints, told) = (Arc::clone(&self.checkpoints), maintenance.clone());
        Ok(writer.wal_hook(Some(move |_: &mut Wal, frames| {
            if checkpoints.stand_at(u64::try_from(frames).unwrap_or(0)) {
                told.much_soon();
            }
            Ok(())
        }))?)
    }

    /// How often the WAL was cut so far.
    pub(super) fn emptied(&self) -> u64 {
        self.emptied.load(Ordering::Acquire)
    }

    /// How the checkpoints of this database go.
    pub(super) fn checkpoints(&self) -> &Checkpoints {
        &self.checkpoints
    }

    /// How many jobs wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// Takes no more jobs; the thread ends when what waits is written.
    pub(super) fn close(&self) {
        self.line.close();
    }

    /// Runs `work` inside a transaction and gives its answer once that is on the disk. `bytes`:
    /// about how much it will write. Once queued it is done, also if the caller goes away.
    pub(super) async fn write<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(bytes, When::Now, work).await
    }

    /// The same, as the first of its transaction: what it finds is what is committed, and nothing else.
    pub(super) async fn write_first<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(bytes, When::First, work).await
    }

    /// The same for what nobody at the end of a connection waits for: it asks for no sync of its
    /// own where the next write is near.
    pub(super) async fn write_along<T, F>(&self, bytes: usize, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.ask(bytes, When::Along(Instant::now()), work).await
    }

    async fn ask<T, F>(&self, bytes: usize, when: When, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel::<Result<T, StoreError>>();
        let run = Box::new(move |conn: Result<&Connection, StoreError>| {
            let (error, result) = match conn.and_then(|conn| guarded(conn, work)) {
                Ok(value) => (None, Some(value)),
                Err(error) => (Some(error), None),
            };
            let own = error.clone();
            let answer: Answer = Box::new(move |fate| {
                let answer = match (own, result, fate) {
                    (Some(own), _, _) => Err(own),
                    (None, _, Err(error)) => Err(error),
                    (None, Some(value), Ok(())) => Ok(value),
                    (None, None, Ok(())) => Err(StoreError::Closed),
                };
                // The caller may have gone away; what it asked for stays done.
                let _ = tell.send(answer);
            });
            Done { error, answer }
        });
        self.line.push(Job { of: operation::<F>, bytes, when, run })?;
        // A sender that is dropped unasked: the writer thread is gone.
        told.await.unwrap_or(Err(StoreError::Closed))
    }

    /// When the WAL is to be emptied, if it is.
    fn empties_at(&self, not_before: Instant) -> Option<Instant> {
        let is_asked = self.is_to_empty_wal() || self.to_begin_anew.load(Ordering::Relaxed);
        is_asked.then_some(not_before)
    }

    /// Says that an urgent write will be there soon: the writer, if it has one already, waits for it a
    /// moment, so that one sync serves both.
    pub(super) fn expect(&self) -> Coming {
        self.line.expect()
    }

    /// The writer thread's whole life.
    pub(super) fn serve(&self, conn: &Connection, touched: &Touched) {
        // Whatever ends this thread, nobody may wait for it any more.
        let _guard = CloseOnDrop(self);
        let (mut not_before, mut pause) = (Instant::now(), EMPTYING_PAUSE);
        while let Some(mut group) = self.line.take(|| self.empties_at(not_before)) {
            while !group.is_empty() {
                let is_written = self.write_group(conn, &mut group, touched);
                touched.end(conn, !is_written);
            }
            let now = Instant::now();
            if now < not_before {
                continue;
            }
            let Some(how) = self.take_emptying() else { continue };
            let is_empty = empty_wal(conn, &self.checkpoints, touched, how);
            if now.elapsed() > SLOW {
                tracing::info!(
                    took_ms = millis(now.elapsed()),
                    is_empty,
                    "emptying the WAL took long"
                );
            }
            if is_empty {
                self.emptied.fetch_add(u64::from(how == Emptying::Cut), Ordering::Release);
                pause = EMPTYING_PAUSE;
            } else {
                // Somebody reads an old snapshot, perhaps for long, as a backup does: nobody shall
                // wait for that again and again. Whether it is to begin anew still the checkpoints say.
                self.to_cut.fetch_or(how == Emptying::Cut, Ordering::Relaxed);
                not_before = now + pause;
                pause = (pause * 2).min(EMPTYING_PAUSE * 16);
            }
        }
    }

    /// Writes the group, or its first jobs where one of them broke the transaction: the rest
    /// stays in `group` for the next. `false`: its commit failed.
    fn write_group(&self, conn: &Connection, group: &mut VecDeque<Job>, touched: &Touched) -> bool {
        let began = Instant::now();
        if let Err(error) = touched.begin(conn) {
            let error = failed(error);
            tracing::warn!(%error, jobs = group.len(), "no transaction could begin");
            for job in group.drain(..) {
                ((job.run)(Err(error.clone())).answer)(Err(error.clone()));
            }
            return true;
        }
        let mut answers = Vec::with_capacity(group.len());
        let mut longest: (Duration, fn() -> &'static str) = (Duration::ZERO, || "");
        while let Some(job) = group.pop_front() {
            let (of, begun, is_first) = (job.of, Instant::now(), answers.is_empty());
            let ran = if is_first { run(conn, job) } else { run_in_savepoint(conn, job) };
            if begun.elapsed() > longest.0 {
                longest = (begun.elapsed(), of);
            }
            match ran {
                // Nobody stands before it whose work must stay.
                Ok(Done { error: Some(error), answer }) if is_first => {
                    roll_back(conn);
                    answer(Err(error));
                    return true;
                }
                Ok(Done { answer, .. }) => answers.push(answer),
                Err((answer, error)) => {
                    roll_back(conn);
                    answers.push(answer);
                    tracing::warn!(%error, jobs = answers.len(), "transaction rolled back");
                    answers.into_iter().for_each(|answer| answer(Err(error.clone())));
                    return true;
                }
            }
        }
        let ran = began.elapsed();
        let fate = say(conn, "COMMIT").map_err(failed);
        let took = began.elapsed();
        if took > SLOW {
            let (ran_ms, commit_ms) = (millis(ran), millis(took - ran));
            let (longest_ms, of) = (millis(longest.0), longest.1());
            let jobs = answers.len();
            tracing::info!(jobs, ran_ms, longest_ms, of, commit_ms, "a transaction took long");
        }
        match &fate {
            Ok(()) => {
                self.commits.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                roll_back(conn);
                tracing::warn!(%error, jobs = answers.len(), "commit failed");
            }
        }
        let is_written = fate.is_ok();
        answers.into_iter().for_each(|answer| answer(fate.clone()));
        is_written
    }
}

/// The operation of the store that a piece of work belongs to, by the name of its type.
fn operation<F>() -> &'static str {
    let name = std::any::type_name::<F>();
    let name = name.split_once("Store>::").map_or(name, |(_, operation)| operation);
    name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

struct CloseOnDrop<'a>(&'a Queue);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.line.clear();
    }
}

/// Runs one piece of work; a panic in it is its own error, not the end of who runs it.
pub(super) fn guarded<T>(
    conn: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(|| work(conn))).unwrap_or_else(|_| {
        tracing::error!("work on the database panicked");
        Err(StoreError::Sqlite("work on the database panicked".to_owned()))
    })
}

/// Runs a job. `Err`: the transaction as a whole is lost, and why.
fn run(conn: &Connection, job: Job) -> Result<Done, (Answer, StoreError)> {
    let Done { error, answer } = (job.run)(Ok(conn));
    if let Some(error @ StoreError::Io(_)) = &error {
        end_process(error);
    }
    // SQLite rolls back the whole transaction by itself on some errors, a full disk among them
    // (https://sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction").
    if conn.is_autocommit() {
        let error = match error {
            Some(error) if error.is_transient() => error,
            Some(error) => StoreError::RolledBack(error.to_string()),
            None => StoreError::RolledBack("a write ended the transaction".to_owned()),
        };
        return Err((answer, error));
    }
    Ok(Done { error, answer })
}

/// The same inside a savepoint of its own, to which its error goes back. SQLite keeps a copy of each page
/// as it was before.
fn run_in_savepoint(conn: &Connection, job: Job) -> Result<Done, (Answer, StoreError)> {
    if let Err(error) = say(conn, "SAVEPOINT job") {
        let error = failed(error);
        return Err(((job.run)(Err(error.clone())).answer, error));
    }
    let Done { error, answer } = run(conn, job)?;
    let undone = if error.is_some() { say(conn, "ROLLBACK TO job") } else { Ok(()) };
    match undone.and_then(|()| say(conn, "RELEASE job")) {
        Ok(()) => Ok(Done { error, answer }),
        Err(error) => Err((answer, failed(error))),
    }
}

fn roll_back(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("ROLLBACK")
    {
        let error = failed(error);
        tracing::error!(%error, "rollback failed");
    }
}

/// The error of the transaction as a whole. Does not return where a write may have been lost.
pub(super) fn failed(error: rusqlite::Error) -> StoreError {
    let lost = is_lost_write(&error);
    let error = StoreError::from(error);
    if lost {
        end_process(&error);
    }
    error
}

/// Ends the process: what is on the disk is known again only after SQLite's recovery. No caller was
/// answered for whose commit this was, so no peer was told 250; what was committed before stands in the WAL,
/// synced.
pub(super) fn end_process(error: &StoreError) -> ! {
    tracing::error!(%error, code = EXIT_IO, "the disk failed on a write or sync; ending");
    std::process::exit(EXIT_IO)
}
