//! The durable path: one thread owns the write connection and takes what waits into one
//! transaction, so that one sync serves many callers; each is answered after that sync.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::connection::{Checkpoints, empty_wal};
use super::touched::Touched;
use crate::store::error::{StoreError, is_lost_write};

/// At most this much in one transaction.
const GROUP_JOBS: usize = 128;
const GROUP_BYTES: usize = 8 << 20;
/// At most this much waiting; beyond it a caller gets `Busy` at once.
const WAITING_JOBS: usize = 256;
const WAITING_BYTES: usize = 64 << 20;
/// So long a write waits for company whose answer nobody at the end of a connection waits for.
const ALONG: Duration = Duration::from_millis(5);
/// The first pause after the WAL could not be emptied; it doubles.
const EMPTYING_PAUSE: Duration = Duration::from_millis(100);
/// What makes everybody wait for longer is logged.
const SLOW: Duration = Duration::from_millis(100);
/// `EX_IOERR` of sysexits.h.
const EXIT_IO: i32 = 74;

/// What a job's caller is told, once its fate is known: `Ok` after the sync, else why not.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What one job did inside its savepoint.
struct Done {
    /// Its own error: the savepoint goes back, the neighbours go on.
    error: Option<StoreError>,
    answer: Answer,
}

type Run = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Done + Send>;

struct Job {
    bytes: usize,
    when: When,
    /// With the reason where nothing can be written at all: then only the answer is made.
    run: Run,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Now,
    /// Before all that waits.
    First,
    /// It came at this time, and goes along with the next that is urgent, or after [`ALONG`].
    Along(Instant),
}

impl Job {
    fn is_urgent(&self) -> bool {
        !matches!(self.when, When::Along(_))
    }

    /// When it came, if it goes along with others.
    fn along(&self) -> Option<Instant> {
        match self.when {
            When::Along(come) => Some(come),
            When::Now | When::First => None,
        }
    }
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    bytes: usize,
    /// How many of the jobs are urgent.
    urgent: usize,
    closed: bool,
}

/// The way to the writer thread. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Queue {
    waiting: Arc<(Mutex<Waiting>, Condvar)>,
    commits: Arc<AtomicU64>,
    /// The WAL is too large, or something stands in it that was erased.
    to_empty: Arc<AtomicBool>,
    emptied: Arc<AtomicU64>,
    checkpoints: Arc<Checkpoints>,
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds this lock can panic half-way through a change.
        self.waiting.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many transactions were committed so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Has the writer empty the WAL after the group in hand, or now where there is none, and try
    /// again until it is done: it is too large, or what was erased must not stay in it. From inside
    /// a transaction it means after that one.
    pub(super) fn empty_wal_soon(&self) {
        let waiting = self.waiting();
        self.to_empty.store(true, Ordering::Relaxed);
        drop(waiting);
        self.waiting.1.notify_one();
    }

    /// Whether it is still to be emptied.
    pub(super) fn is_to_empty_wal(&self) -> bool {
        self.to_empty.load(Ordering::Relaxed)
    }

    /// How often the WAL was emptied so far.
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
        self.waiting().jobs.len()
    }

    /// Takes no more jobs; the thread ends when what waits is written.
    pub(super) fn close(&self) {
        self.waiting().closed = true;
        self.waiting.1.notify_all();
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
        self.push(Job { bytes, when, run })?;
        // A sender that is dropped unasked: the writer thread is gone.
        told.await.unwrap_or(Err(StoreError::Closed))
    }

    fn push(&self, job: Job) -> Result<(), StoreError> {
        let mut waiting = self.waiting();
        if waiting.closed {
            return Err(StoreError::Closed);
        }
        let bytes = waiting.bytes.saturating_add(job.bytes);
        if waiting.jobs.len() >= WAITING_JOBS || (bytes > WAITING_BYTES && !waiting.jobs.is_empty())
        {
            return Err(StoreError::Busy);
        }
        waiting.bytes = bytes;
        let is_urgent = job.is_urgent();
        waiting.urgent += usize::from(is_urgent);
        if job.when == When::First {
            waiting.jobs.push_front(job);
        } else {
            waiting.jobs.push_back(job);
        }
        // The first that is not urgent sets the writer's clock; those behind it wake nobody.
        let wakes = is_urgent || waiting.jobs.len() == 1;
        drop(waiting);
        if wakes {
            self.waiting.1.notify_one();
        }
        Ok(())
    }

    /// The next group: waits for the first urgent job, never for company. An empty one: the WAL is
    /// to be emptied, and it is not before the moment for that. `None`: closed and empty.
    fn take(&self, not_before: Instant) -> Option<VecDeque<Job>> {
        let mut waiting = self.waiting();
        while waiting.urgent == 0 {
            if waiting.closed && waiting.jobs.is_empty() {
                return None;
            }
            let now = Instant::now();
            let emptying = self.is_to_empty_wal().then_some(not_before);
            let along = waiting.jobs.front().and_then(Job::along).map(|come| come + ALONG);
            let span = emptying.into_iter().chain(along).min();
            let span = span.map(|at| at.saturating_duration_since(now));
            let (_, woken) = &*self.waiting;
            waiting = match span {
                Some(span) if span.is_zero() || waiting.closed => break,
                Some(span) => {
                    let waited = woken.wait_timeout(waiting, span);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => woken.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let mut group = VecDeque::new();
        let mut bytes = 0;
        while let Some(job) = waiting.jobs.front() {
            bytes += job.bytes;
            if group.len() >= GROUP_JOBS || (bytes > GROUP_BYTES && !group.is_empty()) {
                break;
            }
            let (size, urgent) = (job.bytes, usize::from(job.is_urgent()));
            waiting.bytes = waiting.bytes.saturating_sub(size);
            waiting.urgent = waiting.urgent.saturating_sub(urgent);
            group.extend(waiting.jobs.pop_front());
        }
        Some(group)
    }

    /// The writer thread's whole life.
    pub(super) fn serve(&self, conn: &Connection, touched: &Touched) {
        // Whatever ends this thread, nobody may wait for it any more.
        let _guard = CloseOnDrop(self);
        let (mut not_before, mut pause) = (Instant::now(), EMPTYING_PAUSE);
        while let Some(mut group) = self.take(not_before) {
            while !group.is_empty() {
                let is_written = self.write_group(conn, &mut group, touched);
                touched.end(conn, !is_written);
            }
            let now = Instant::now();
            if now < not_before || !self.to_empty.swap(false, Ordering::Relaxed) {
                continue;
            }
            let is_empty = empty_wal(conn, &self.checkpoints, touched);
            if now.elapsed() > SLOW {
                tracing::info!(
                    took_ms = millis(now.elapsed()),
                    is_empty,
                    "emptying the WAL took long"
                );
            }
            if is_empty {
                self.emptied.fetch_add(1, Ordering::Release);
                pause = EMPTYING_PAUSE;
            } else {
                // Somebody reads an old snapshot, perhaps for long, as a backup does: nobody shall
                // wait for that again and again.
                self.to_empty.store(true, Ordering::Relaxed);
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
        while let Some(job) = group.pop_front() {
            match run_in_savepoint(conn, job) {
                Ok(answer) => answers.push(answer),
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
        let fate = conn.execute_batch("COMMIT").map_err(failed);
        let took = began.elapsed();
        if took > SLOW {
            let (ran_ms, commit_ms) = (millis(ran), millis(took - ran));
            tracing::info!(jobs = answers.len(), ran_ms, commit_ms, "a transaction took long");
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

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

struct CloseOnDrop<'a>(&'a Queue);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.closed = true;
        // Dropped jobs drop their senders: their callers get `Closed`.
        waiting.jobs.clear();
        waiting.urgent = 0;
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

/// Runs a job inside a savepoint of its own. `Err`: the transaction as a whole is lost, and why.
fn run_in_savepoint(conn: &Connection, job: Job) -> Result<Answer, (Answer, StoreError)> {
    if let Err(error) = conn.execute_batch("SAVEPOINT job") {
        let error = failed(error);
        return Err(((job.run)(Err(error.clone())).answer, error));
    }
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
    let end = if error.is_none() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match conn.execute_batch(end) {
        Ok(()) => Ok(answer),
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

/// Ends the process: what is on the disk is known again only after SQLite's recovery. No caller
/// was answered, so no peer was told 250.
fn end_process(error: &StoreError) -> ! {
    tracing::error!(%error, code = EXIT_IO, "the disk failed on a write or sync; ending");
    std::process::exit(EXIT_IO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &Queue, when: When) {
        let run = Box::new(|_: Result<&Connection, StoreError>| Done {
            error: None,
            answer: Box::new(|_| ()),
        });
        queue.push(Job { bytes: 1, when, run }).unwrap();
    }

    #[test]
    fn what_is_not_urgent_goes_along_with_what_is_and_alone_after_a_while() {
        let queue = Queue::default();
        let come = Instant::now();
        push(&queue, When::Along(come));
        assert_eq!(queue.take(come).map(|group| group.len()), Some(1));
        assert!(come.elapsed() >= ALONG);
        // Far in the future: only the urgent one can have ended the wait.
        push(&queue, When::Along(come + Duration::from_secs(3600)));
        push(&queue, When::Now);
        assert_eq!(queue.take(come).map(|group| group.len()), Some(2));
        push(&queue, When::Along(come + Duration::from_secs(3600)));
        queue.close();
        assert_eq!(queue.take(come).map(|group| group.len()), Some(1));
        assert!(queue.take(come).is_none());
    }
}
