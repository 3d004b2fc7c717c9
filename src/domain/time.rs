//! Time comes in from outside: nothing in Bauta asks the machine for it but [`Clock`].

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// From milliseconds since the epoch.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// That much later; the end of time where it would overflow.
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// That much earlier.
    pub fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long since `earlier`; zero where that lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::fmt::Display for Timestamp {
    /// RFC 3339, UTC, whole seconds: `2026-11-23T22:30:00Z`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match jiff::Timestamp::from_second(self.as_secs()) {
            Ok(moment) => write!(f, "{moment}"),
            Err(_) => f.write_str("out of range"),
        }
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Timestamp {
    type Err = DateError;

    /// A moment (RFC 3339), or the beginning of a day in UTC: `2026-11-23`.
    fn from_str(text: &str) -> Result<Self, DateError> {
        if !text.contains(['T', 't']) {
            return text.parse().map(Date::start);
        }
        let moment: jiff::Timestamp = text.parse().map_err(|_| DateError(text.to_owned()))?;
        Ok(Self(moment.as_millisecond()))
    }
}

/// A day, as the marketplace names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(jiff::civil::Date);

impl Date {
    /// The day of a moment, in UTC.
    pub fn of(at: Timestamp) -> Option<Self> {
        let moment = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        Some(Self(moment.to_zoned(jiff::tz::TimeZone::UTC).date()))
    }

    /// Its beginning, in UTC.
    pub fn start(self) -> Timestamp {
        let start = self.0.to_zoned(jiff::tz::TimeZone::UTC);
        start.map_or(Timestamp::EPOCH, |start| {
            Timestamp::from_millis(start.timestamp().as_millisecond())
        })
    }

    /// The beginning of the next.
    pub fn end(self) -> Timestamp {
        self.start().after(Duration::from_secs(86_400))
    }
}

/// Why a text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no day: write 2026-11-23, or a moment as 2026-11-23T22:30:00Z")]
pub struct DateError(String);

impl FromStr for Date {
    type Err = DateError;

    /// `2026-11-23`; of a moment (RFC 3339) its day in UTC.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned());
        if text.contains(['T', 't']) {
            let moment: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
            return Ok(Self(moment.to_zoned(jiff::tz::TimeZone::UTC).date()));
        }
        let fits = text.len() == 10 && text.bytes().filter(|b| *b == b'-').count() == 2;
        if !fits {
            return Err(wrong());
        }
        text.parse().map(Self).map_err(|_| wrong())
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where the time comes from: the machine, or a hand-set value in tests.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until [`Clock::advance`] moves it. Clones share it.
    pub fn fixed(now: Timestamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(now.as_millis()))))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Some(millis) => Timestamp(millis.load(Ordering::SeqCst)),
            None => Timestamp(jiff::Timestamp::now().as_millisecond()),
        }
    }

    /// Moves a fixed clock on; the machine's clock stays as it is.
    pub fn advance(&self, span: Duration) {
        if let Some(millis) = &self.0 {
            let by = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
            millis.fetch_add(by, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_in_one_way_only() {
        let day = |text: &str| text.parse::<Date>().map(|d| d.to_string());
        assert_eq!(day("2026-11-23"), Ok("2026-11-23".to_owned()));
        assert_eq!(day("2026-11-23T22:30:00-05:00"), Ok("2026-11-24".to_owned()));
        for bad in ["", "23.11.2026", "2026-13-01", "2026-02-30", "20261123", "2026-11-23T25:00Z"] {
            assert!(day(bad).is_err(), "{bad}");
        }
    }
}
