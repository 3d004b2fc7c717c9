//! The line before the writer: what waits to be written, and what is on its way.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::store::error::StoreError;

/// At most this much in one transaction.
const GROUP_JOBS: usize = 128;
const GROUP_BYTES: usize = 8 << 20;
/// At most this much waiting; beyond it a caller gets `Busy` at once.
const WAITING_JOBS: usize = 256;
const WAITING_BYTES: usize = 64 << 20;
/// So long a write waits for company whose answer nobody at the end of a connection waits for.
const ALONG: Duration = Duration::from_millis(5);
/// So long a write waits for others that are on their way, and until there are so many, or as many as
/// still come: each transaction writes some twenty pages whatever it holds, and a sync takes half
/// a millisecond. Waiting for all of them would leave the processors nothing to do during the sync.
const COMPANY: Duration = Duration::from_millis(2);
const ENOUGH: usize = 16;
/// So often it waits as long again, where some have come meanwhile: on a slow machine they come slowly, and
/// small groups would make it slower still.
const ROUNDS: u32 = 3;
/// Where none has come in that time, half as long the next time, down to this: what is said to come may take
/// long on its way.
const LEAST: Duration = Duration::from_micros(100);

/// What a job's caller is told, once its fate is known: `Ok` after the sync, else why not.
pub(super) type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// What one job did inside its savepoint.
pub(super) struct Done {
    /// Its own error: the savepoint goes back, the neighbours go on.
    pub error: Option<StoreError>,
    pub answer: Answer,
}

type Run = Box<dyn FnOnce(Result<&Connection, StoreError>) -> Done + Send>;

pub(super) struct Job {
    /// Whose it is, for the log.
    pub of: fn() -> &'static str,
    pub bytes: usize,
    pub when: When,
    /// With the reason where nothing can be written at all: then only the answer is made.
    pub run: Run,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
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
    /// The writer waits for what is on its way.
    for_company: bool,
    /// So long at most, as it was worth it lately.
    patience: Duration,
    closed: bool,
}

/// A write that is on its way, until this is dropped or the write is there.
pub struct Coming(Option<Arc<Line>>);

impl Coming {
    /// The write is there with the next step, which itself tells the writer.
    pub(super) fn arrive(mut self) {
        if let Some(line) = self.0.take() {
            line.coming.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        if let Some(line) = self.0.take() {
            line.turn_back();
        }
    }
}

/// All of it; the writer is the only one that takes.
pub(super) struct Line {
    waiting: Mutex<Waiting>,
    woken: Condvar,
    coming: AtomicUsize,
    /// How long a write waits at most for those on their way.
    company: Duration,
}

impl Line {
    fn with_patience(company: Duration) -> Self {
        let waiting = Mutex::new(Waiting { patience: company, ..Waiting::default() });
        Self { waiting, woken: Condvar::new(), coming: AtomicUsize::new(0), company }
    }
}

impl Default for Line {
    fn default() -> Self {
        Self::with_patience(COMPANY)
    }
}

impl Line {
    /// Says that an urgent write will be there soon: the writer, if it has one already, waits for it a
    /// moment, so that one sync serves both.
    pub fn expect(self: &Arc<Self>) -> Coming {
        self.coming.fetch_add(1, Ordering::Relaxed);
        Coming(Some(Arc::clone(self)))
    }

    /// One that was expected does not come: the writer may have waited for it alone.
    fn turn_back(&self) {
        self.coming.fetch_sub(1, Ordering::Relaxed);
        let waiting = self.waiting();
        let wakes = waiting.for_company && !self.wants_company(&waiting);
        drop(waiting);
        if wakes {
            self.woken.notify_one();
        }
    }

    /// Whether more is on its way, and to be waited for.
    fn wants_company(&self, waiting: &Waiting) -> bool {
        waiting.urgent < self.coming.load(Ordering::Relaxed).min(ENOUGH) && !waiting.closed
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing that holds this lock can panic half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many jobs wait.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.waiting().jobs.len()
    }

    /// Has the writer look again, after this.
    pub fn wake(&self, change: impl FnOnce()) {
        let waiting = self.waiting();
        change();
        drop(waiting);
        self.woken.notify_one();
    }

    /// Takes no more jobs.
    pub fn close(&self) {
        self.waiting().closed = true;
        self.woken.notify_all();
    }

    /// Takes no more and drops those that wait: their callers get `Closed`.
    pub fn clear(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        waiting.jobs.clear();
        waiting.urgent = 0;
    }

    /// `Closed`, or `Busy` where too much waits already.
    pub fn push(&self, job: Job) -> Result<(), StoreError> {
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
        // The first that is not urgent sets the writer's clock; those behind it wake nobody, and neither
        // does one for which the writer waits, unless it is the last.
        let wakes = match waiting.for_company {
            true => is_urgent && !self.wants_company(&waiting),
            false => is_urgent || waiting.jobs.len() == 1,
        };
        drop(waiting);
        if wakes {
            self.woken.notify_one();
        }
        Ok(())
    }

    /// The next group: waits for the first urgent job, and a moment for those that are coming. An empty
    /// one: the moment is there at which something else is to be done. `None`: closed and empty.
    pub fn take(&self, else_at: impl Fn() -> Option<Instant>) -> Option<VecDeque<Job>> {
        let mut waiting = self.waiting();
        while waiting.urgent == 0 {
            if waiting.closed && waiting.jobs.is_empty() {
                return None;
            }
            let now = Instant::now();
            let along = waiting.jobs.front().and_then(Job::along).map(|come| come + ALONG);
            let span = else_at().into_iter().chain(along).min();
            let span = span.map(|at| at.saturating_duration_since(now));
            waiting = match span {
                Some(span) if span.is_zero() || waiting.closed => break,
                Some(span) => {
                    let waited = self.woken.wait_timeout(waiting, span);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.woken.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
        let mut waiting = self.await_company(waiting);
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

    /// Waits a moment for urgent jobs that are coming, if there is one already.
    fn await_company<'a>(
        &'a self,
        mut waiting: MutexGuard<'a, Waiting>,
    ) -> MutexGuard<'a, Waiting> {
        if waiting.urgent == 0 || !self.wants_company(&waiting) {
            return waiting;
        }
        let mut rounds = Rounds::of(waiting.patience, waiting.urgent, Instant::now());
        while self.wants_company(&waiting)
            && let Some(span) = rounds.left(waiting.urgent, Instant::now())
        {
            waiting.for_company = true;
            let waited = self.woken.wait_timeout(waiting, span);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
            waiting.for_company = false;
        }
        // Those who only hold their texts back, however many, must not keep those who send them.
        let patience = match rounds.none_in {
            Some(1) => waiting.patience / 2,
            Some(_) => waiting.patience,
            None => waiting.patience * 2,
        };
        waiting.patience = patience.clamp(LEAST.min(self.company), self.company);
        waiting
    }
}

/// A wait for company.
struct Rounds {
    span: Duration,
    until: Instant,
    were_there: usize,
    ended: u32,
    /// The round in which nobody came, with which it ends.
    none_in: Option<u32>,
}

impl Rounds {
    fn of(span: Duration, are_there: usize, now: Instant) -> Self {
        Self { span, until: now + span, were_there: are_there, ended: 0, none_in: None }
    }

    /// How long it goes on at most; `None`: it is over.
    fn left(&mut self, are_there: usize, now: Instant) -> Option<Duration> {
        if now >= self.until {
            self.ended += 1;
            self.none_in = (are_there == self.were_there).then_some(self.ended);
            if self.none_in.is_some() || self.ended == ROUNDS {
                return None;
            }
            (self.until, self.were_there) = (now + self.span, are_there);
        }
        Some(self.until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &Line, when: When) {
        let run = Box::new(|_: Result<&Connection, StoreError>| Done {
            error: None,
            answer: Box::new(|_| ()),
        });
        queue.push(Job { of: || "test", bytes: 1, when, run }).unwrap();
    }

    #[test]
    fn a_write_waits_until_as_many_are_there_as_still_come() {
        let queue = Arc::new(Line::default());
        let mut coming: Vec<Coming> = (0..5).map(|_| queue.expect()).collect();
        coming.pop();
        push(&queue, When::Now);
        assert!(queue.wants_company(&queue.waiting()), "one of four has turned back");
        coming.pop();
        push(&queue, When::Now);
        assert!(queue.wants_company(&queue.waiting()), "two, and three come");
        coming.pop();
        push(&queue, When::Now);
        assert!(!queue.wants_company(&queue.waiting()), "three, and two come");
        assert_eq!(queue.take(|| None).map(|group| group.len()), Some(3));
        // Some that never come hold nobody up for long.
        push(&queue, When::Now);
        let began = Instant::now();
        assert_eq!(queue.take(|| None).map(|group| group.len()), Some(1));
        assert!(began.elapsed() >= COMPANY);
        // The next time for half as long, and so on, down to the least.
        assert_eq!(queue.waiting().patience, COMPANY / 2);
        for _ in 0..9 {
            push(&queue, When::Now);
            queue.take(|| None);
        }
        assert_eq!(queue.waiting().patience, LEAST);
        coming.extend((0..ENOUGH * 2).map(|_| queue.expect()));
        for n in 1..=ENOUGH {
            push(&queue, When::Now);
            assert_eq!(queue.wants_company(&queue.waiting()), n < ENOUGH);
        }
    }

    #[test]
    fn who_makes_them_as_many_sets_the_writer_off() {
        let patience = Duration::from_secs(60);
        let queue = Arc::new(Line::with_patience(patience));
        let writer = Arc::clone(&queue);
        let mut coming: Vec<Coming> = (0..6).map(|_| queue.expect()).collect();
        push(&queue, When::Now);
        let began = Instant::now();
        let taken = std::thread::spawn(move || writer.take(|| None).map(|g| g.len()));
        // It waits for company now.
        while !queue.waiting().for_company {
            std::thread::yield_now();
        }
        // Of those that are left there are no more than of those that are there.
        for one in coming.drain(3..) {
            one.arrive();
            push(&queue, When::Now);
        }
        assert_eq!(taken.join().unwrap(), Some(4));
        assert!(began.elapsed() < patience, "nobody woke it");
    }

    #[test]
    fn those_who_come_slowly_are_waited_for_while_somebody_comes() {
        let (began, span) = (Instant::now(), Duration::from_millis(2));
        let at = |halves: u32| began + span / 2 * halves;
        let mut rounds = Rounds::of(span, 1, began);
        assert_eq!(rounds.left(1, at(1)), Some(span / 2));
        assert_eq!(rounds.left(2, at(2)), Some(span), "one has come");
        assert_eq!(rounds.left(2, at(3)), Some(span / 2));
        assert_eq!(rounds.left(2, at(4)), None, "none has");
        assert_eq!(rounds.none_in, Some(2), "one had come before");
        let mut rounds = Rounds::of(span, 1, began);
        assert_eq!(rounds.left(1, at(2)), None);
        assert_eq!(rounds.none_in, Some(1), "in vain");
        let mut rounds = Rounds::of(span, 1, began);
        let lefts: Vec<_> = (1..=ROUNDS).map(|n| rounds.left(1 + n as usize, at(n * 2))).collect();
        assert_eq!(lefts, [Some(span), Some(span), None], "they may come for ever");
        assert_eq!(rounds.none_in, None);
    }

    #[test]
    fn who_turns_back_is_not_waited_for() {
        let patience = Duration::from_secs(60);
        let queue = Arc::new(Line::with_patience(patience));
        let writer = Arc::clone(&queue);
        let (one, other) = (queue.expect(), queue.expect());
        push(&queue, When::Now);
        let began = Instant::now();
        let taken = std::thread::spawn(move || writer.take(|| None).map(|g| g.len()));
        while !queue.waiting().for_company {
            std::thread::yield_now();
        }
        drop(one);
        assert_eq!(taken.join().unwrap(), Some(1));
        assert!(began.elapsed() < patience, "nobody woke it");
        drop(other);
    }

    #[test]
    fn those_who_hold_their_texts_back_do_not_keep_those_who_send_them() {
        let queue = Arc::new(Line::default());
        let _held: Vec<Coming> = (0..ENOUGH).map(|_| queue.expect()).collect();
        for _ in 0..9 {
            // Somebody comes each time, but never so many.
            push(&queue, When::Now);
            push(&queue, When::Now);
            assert_eq!(queue.take(|| None).map(|group| group.len()), Some(2));
        }
        assert_eq!(queue.waiting().patience, LEAST);
    }

    #[test]
    fn what_is_not_urgent_goes_along_with_what_is_and_alone_after_a_while() {
        let queue = Line::default();
        let come = Instant::now();
        push(&queue, When::Along(come));
        assert_eq!(queue.take(|| None).map(|group| group.len()), Some(1));
        assert!(come.elapsed() >= ALONG);
        // Far in the future: only the urgent one can have ended the wait.
        push(&queue, When::Along(come + Duration::from_secs(3600)));
        push(&queue, When::Now);
        assert_eq!(queue.take(|| None).map(|group| group.len()), Some(2));
        push(&queue, When::Along(come + Duration::from_secs(3600)));
        queue.close();
        assert_eq!(queue.take(|| None).map(|group| group.len()), Some(1));
        assert!(queue.take(|| None).is_none());
    }
}
