//! What time and other processes ask for. Each duty is done by itself, and so is each thing in it:
//! what can't be done is told in the log, put aside for a while, and keeps nothing else back.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Relay;
use crate::domain::Timestamp;
use crate::store::StoreError;

/// After these times a duty as a whole is tried again.
const DUTY: Pace = Pace { first: Duration::from_secs(1), most: Duration::from_secs(60) };
/// After these times something in a duty is tried again that is damaged rather than busy.
pub(super) const DAMAGED: Pace =
    Pace { first: Duration::from_secs(600), most: Duration::from_secs(86_400) };

/// How long is waited from try to try.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    first: Duration,
    most: Duration,
}

impl Pace {
    /// Doubled with each try that failed before.
    pub fn wait(self, tries: u32) -> Duration {
        self.first.saturating_mul(1 << tries.min(30)).min(self.most)
    }
}

/// What failed and waits to be tried again. In memory: after a restart it is tried once more.
#[derive(Debug, Default)]
pub(super) struct Aside(Mutex<HashMap<String, Failed>>);

#[derive(Debug, Clone, Copy)]
struct Failed {
    tries: u32,
    next_at: Timestamp,
}

impl Aside {
    /// Whether it may be done now.
    pub fn is_due(&self, what: &str, now: Timestamp) -> bool {
        self.of(|all| all.get(what).is_none_or(|failed| failed.next_at <= now))
    }

    /// Puts it aside: how often it failed before.
    pub fn put(&self, what: &str, pace: Pace, now: Timestamp) -> u32 {
        self.of(|all| {
            let tries = all.get(what).map_or(0, |failed| failed.tries);
            let next_at = now.after(pace.wait(tries));
            all.insert(what.to_owned(), Failed { tries: tries.saturating_add(1), next_at });
            tries
        })
    }

    /// It was done.
    pub fn forget(&self, what: &str) {
        self.of(|all| all.remove(what));
    }

    /// How much waits.
    pub fn len(&self) -> usize {
        self.of(|all| all.len())
    }

    fn of<T>(&self, look: impl FnOnce(&mut HashMap<String, Failed>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Relay {
    /// Waits until something may be to tell.
    pub async fn something_to_tell(&self) {
        self.0.tell.notified().await;
    }

    /// Does what time and other processes ask for: decides about what waited too long, and tells
    /// those who are to be told.
    pub async fn attend(&self) {
        self.duty("decide about what waited too long", self.decide_overdue()).await;
        self.duty("tell what waits for review", self.tell_digest()).await;
        self.duty("ask whether it was they", self.tell_of_strays()).await;
        self.duty("tell what is to be told", self.tell_all()).await;
    }

    async fn duty(&self, what: &'static str, done: impl Future<Output = Result<(), StoreError>>) {
        let now = self.0.clock.now();
        if !self.0.aside.is_due(what, now) {
            return;
        }
        match done.await {
            Ok(()) => self.0.aside.forget(what),
            Err(error) => {
                let tries = self.0.aside.put(what, DUTY, now);
                tracing::warn!(duty = what, tries, %error, "a duty is done later");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_waits_longer_each_time_and_is_forgotten_when_it_is_done() {
        let aside = Aside::default();
        let start = Timestamp::EPOCH;
        let after = |seconds| start.after(Duration::from_secs(seconds));
        assert!(aside.is_due("a", start));
        assert_eq!(aside.put("a", DUTY, start), 0);
        assert!(!aside.is_due("a", start) && aside.is_due("a", after(1)));
        assert!(aside.is_due("b", start));
        assert_eq!(aside.put("a", DUTY, start), 1);
        assert!(!aside.is_due("a", after(1)) && aside.is_due("a", after(2)));
        for _ in 0..50 {
            aside.put("a", DUTY, start);
        }
        assert!(!aside.is_due("a", after(59)) && aside.is_due("a", after(60)));
        assert_eq!(aside.len(), 1);
        aside.forget("a");
        assert!(aside.is_due("a", start));
    }
}
