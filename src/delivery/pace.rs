//! How hard a destination is pressed: a slow start, growth with success, and a rest for one that
//! does not answer (Postfix's scheduler is the model).

use std::time::Duration;

use tokio::time::Instant;

/// Connections to a destination of which nothing is known yet.
pub(super) const FIRST: usize = 2;
/// So many attempts that broke in a row, wherever they were, are the destination's fault.
const BROKEN: u32 = 3;

/// What is known of a destination.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// Connections at the same time, now.
    limit: usize,
    /// At most.
    most: usize,
    /// Whether it has failed before: then it grows by one for each `limit` answers, not for each.
    careful: bool,
    credit: usize,
    answered_at: Option<Instant>,
    /// Attempts that broke since it last answered.
    broken: u32,
    /// Rests in a row.
    rests: u32,
    resting: Option<Rest>,
}

/// It did not answer: nothing new is tried before this is over.
#[derive(Debug, Clone)]
pub(super) struct Rest {
    /// When it is over.
    pub until: Instant,
    /// What happened.
    pub why: String,
}

impl Pace {
    pub fn new(most: usize) -> Self {
        Self {
            limit: FIRST.min(most),
            most,
            careful: false,
            credit: 0,
            answered_at: None,
            broken: 0,
            rests: 0,
            resting: None,
        }
    }

    /// Connections at the same time.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Whether it has answered, and not failed since.
    pub fn is_proven(&self) -> bool {
        self.answered_at.is_some() && self.broken == 0 && self.resting.is_none()
    }

    /// The rest that it takes now.
    pub fn rest(&self, now: Instant) -> Option<&Rest> {
        self.resting.as_ref().filter(|rest| now < rest.until)
    }

    /// An attempt was answered to its end, with yes or with no.
    pub fn answered(&mut self, now: Instant) {
        self.answered_at = Some(now);
        (self.broken, self.rests, self.resting) = (0, 0, None);
        self.credit += 1;
        if !self.careful || self.credit >= self.limit {
            self.credit = 0;
            self.limit = (self.limit + 1).min(self.most);
        }
    }

    /// An attempt that began then broke off; `connecting`: before it stood. Whether the destination
    /// needs a rest, which [`Self::take_rest`] begins: it could not be reached, and nobody else got
    /// through meanwhile.
    pub fn broke(&mut self, began: Instant, connecting: bool) -> bool {
        self.limit = (self.limit / 2).max(1);
        (self.careful, self.credit) = (true, 0);
        self.broken = self.broken.saturating_add(1);
        let reached = self.answered_at.is_some_and(|at| at > began);
        !reached && (connecting || self.broken >= BROKEN)
    }

    /// How often it was given a rest without an answer since, the next one counted.
    pub fn rests(&self) -> u32 {
        self.rests.saturating_add(1)
    }

    /// Begins a rest. Then one attempt tells whether it is over.
    pub fn take_rest(&mut self, now: Instant, span: Duration, why: String) {
        self.limit = 1;
        self.rests = self.rests.saturating_add(1);
        self.resting = Some(Rest { until: now + span, why });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_while_all_goes_well_and_grows_slowly_after_a_failure() {
        let now = Instant::now();
        let mut pace = Pace::new(20);
        assert_eq!((pace.limit(), pace.is_proven()), (FIRST, false));
        // Each of the two answers opens one more connection: four.
        pace.answered(now);
        pace.answered(now);
        assert_eq!((pace.limit(), pace.is_proven()), (4, true));
        (0..50).for_each(|_| pace.answered(now));
        assert_eq!(pace.limit(), 20, "never more than it may");
        let began = now.checked_sub(Duration::from_secs(1)).unwrap();
        assert!(!pace.broke(began, true), "others got through since it began");
        assert_eq!((pace.limit(), pace.is_proven()), (10, false));
        (0..10).for_each(|_| pace.answered(now));
        assert_eq!((pace.limit(), pace.is_proven()), (11, true));
    }

    #[test]
    fn who_can_not_be_reached_rests_and_one_attempt_tells_whether_it_is_over() {
        let now = Instant::now();
        let mut pace = Pace::new(20);
        assert!(pace.broke(now, true));
        assert_eq!(pace.rests(), 1);
        pace.take_rest(now, Duration::from_secs(5), "timed out".into());
        assert_eq!(pace.rest(now).unwrap().why, "timed out");
        assert!(pace.rest(now + Duration::from_secs(5)).is_none());
        assert_eq!((pace.limit(), pace.rests()), (1, 2));
        pace.answered(now);
        assert!(pace.rest(now).is_none());
        assert_eq!((pace.limit(), pace.rests()), (2, 1));
    }

    #[test]
    fn whoever_answers_and_then_breaks_off_each_time_rests_at_the_third_time() {
        let now = Instant::now();
        let mut pace = Pace::new(20);
        assert_eq!([1, 2, 3].map(|_| pace.broke(now, false)), [false, false, true]);
        assert_eq!(pace.limit(), 1);
    }
}
