//! Dates and times among figures, so that `phone-number` never takes them, or a part of them, for
//! a number.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Dates as the nine languages write them in figures: day, month and year in either order with
/// one separator, the year first, a span of days, a month of a year; and times with a colon, or
/// with a dot where the word for it follows. Alone "09.15" is too short for a number.
const DATES: &str = r"(?x-u)
    (?: (?P<from>\d{1,2}) (?: [./-] (?P<from_month>\d{1,2}) )? \.? \x20? - \x20? )?
    (?: (?P<a>\d{1,2}) (?: \.\x20?(?P<b>\d{1,2})\.\x20? | /(?P<b2>\d{1,2})/ | -(?P<b3>\d{1,2})- )
        (?P<year>(?:19|20)\d\d) )
  | (?P<year_first>(?:19|20)\d\d)
    (?: \.\x20?(?P<m>\d{1,2})\.\x20? | /(?P<m2>\d{1,2})/ | -(?P<m3>\d{1,2})- ) (?P<d>\d{1,2})
  | (?P<s>\d{1,2}) (?: \.(?P<t>\d{1,2})\. | /(?P<t2>\d{1,2})/ | -(?P<t3>\d{1,2})- )
    (?P<short_year>\d\d)
  | (?P<month>\d{1,2}) [/.-] (?P<month_year>(?:19|20)\d\d)
  | (?P<told_hour>\d{1,2}) \.(?P<told_minute>\d\d) (?: \x20?-\x20? \d{1,2}\.\d\d )? \x20? (?: uhr | uur | h )\b
  | (?P<hour>\d{1,2}) : (?P<minute>\d\d) (?: :\d\d (?: [.,]\d+ )? )?
";

/// A date's expression; `None` only if it were none, which the tests rule out.
static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(DATES).ok());

/// The dates and times in a folded text, in order. Linear in its length.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let Some(date) = DATE.as_ref() else { return vec![] };
    let mut found: Vec<Range<usize>> = vec![];
    let mut at = 0;
    // Its parts are looked for only where one stands: that takes far longer.
    while let Some(hit) = date.find_at(text, at).and_then(|hit| date.captures_at(text, hit.start()))
    {
        let Some(range) = hit.get(0).map(|all| all.range()) else { break };
        if is_one(text, &hit, &range) {
            at = range.end;
            found.push(range);
        } else {
            // The next one begins behind these figures, not within them.
            let skip = text.as_bytes().iter().skip(range.start).take_while(|b| b.is_ascii_digit());
            at = range.start + skip.count().max(1);
        }
    }
    found
}

fn is_one(text: &str, hit: &Captures<'_>, range: &Range<usize>) -> bool {
    let value = |names: &[&str]| {
        let found = names.iter().find_map(|name| hit.name(name));
        found.and_then(|figures| figures.as_str().parse::<u32>().ok())
    };
    let fits = |value: Option<u32>, most: u32| value.is_none_or(|v| (1..=most).contains(&v));
    let pair = |a: Option<u32>, b: Option<u32>| {
        let (Some(a), Some(b)) = (a, b) else { return false };
        // Either order: 05/31/2026, 31/05/2026.
        a.min(b) >= 1 && a.min(b) <= 12 && a.max(b) <= 31
    };
    if !stands_alone(text, range) {
        return false;
    }
    if hit.name("year").is_some() {
        let from = value(&["from"]);
        let begins = fits(from, 31) && fits(value(&["from_month"]), 31);
        return begins && pair(value(&["a"]), value(&["b", "b2", "b3"]));
    }
    if hit.name("year_first").is_some() {
        return fits(value(&["m", "m2", "m3"]), 12) && fits(value(&["d"]), 31);
    }
    let after = text.get(range.end..).unwrap_or_default();
    if hit.name("short_year").is_some() {
        // "06.12.19 98.12" is a French number.
        return pair(value(&["s"]), value(&["t", "t2", "t3"]))
            && (is_free(after) || is_time(after));
    }
    if hit.name("month").is_some() {
        return fits(value(&["month"]), 12) && (is_free(after) || begins_date(after));
    }
    value(&["hour", "told_hour"]).is_some_and(|hour| hour <= 24)
        && value(&["minute", "told_minute"]).is_some_and(|minute| minute < 60)
}

/// No figure or letter is glued to it, nor a separator with a figure behind it.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let mut before = text.get(..range.start).unwrap_or_default().chars().rev();
    let mut after = text.get(range.end..).unwrap_or_default().chars();
    let glued = |first: Option<char>, second: Option<char>, separators: &[char]| match first {
        Some(c) if c.is_ascii_digit() => true,
        Some(c) if separators.contains(&c) => second.is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    let letter = before.clone().next().is_some_and(|c| c.is_ascii_alphabetic());
    // RFC 3339 §5.6 writes a T between date and time, and a time is glued to it.
    let letter = letter && before.clone().next() != Some('t');
    !letter
        && !glued(before.next(), before.next(), &['.', '/', ':', '+'])
        && !glued(after.next(), after.next(), &['.', '/'])
}

/// No figures come next that could belong to it.
fn is_free(after: &str) -> bool {
    !after.trim_start_matches([' ', '\n', '-', '.', '/', '(', ')']).starts_with(digit)
}

/// "09:15", "09.15 uhr"
fn is_time(after: &str) -> bool {
    let after = after.trim_start_matches([' ', '-']);
    let hours = after.bytes().take_while(u8::is_ascii_digit).count();
    let hour = after.get(..hours).and_then(|h| h.parse::<u32>().ok());
    let rest = after.get(hours..).unwrap_or_default();
    let minutes = rest.get(1..3).is_some_and(|m| m.bytes().all(|b| b.is_ascii_digit()));
    let told = rest.starts_with(':') || rest.get(3..).is_some_and(|r| r.starts_with(" uhr"));
    hours <= 2 && hour.is_some_and(|hour| hour <= 24) && minutes && told
}

fn begins_date(after: &str) -> bool {
    let after = after.trim_start_matches([' ', '-']);
    // Only its head is looked at, so that a page of months costs no more than a page of words.
    let head = after.char_indices().nth(16).map_or(after, |(end, _)| after.split_at(end).0);
    DATE.as_ref()
        .and_then(|date| date.find(head))
        .is_some_and(|date| date.start() == 0 && date.len() >= 6)
}

fn digit(c: char) -> bool {
    c.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_told_from_other_figures() {
        for (text, expected) in [
            ("04/02/2012 06:26 pm", &["04/02/2012", "06:26"][..]),
            ("on 2026-05-06t09:15:07.123z", &["2026-05-06", "09:15:07.123"]),
            ("12. 05. 2026", &["12. 05. 2026"]),
            ("01.-03.05.2026", &["01.-03.05.2026"]),
            ("05.06. - 14.06.2026.", &["05.06. - 14.06.2026"]),
            ("05.06.26 09:15", &["05.06.26", "09:15"]),
            ("02/2012 06/2013", &["02/2012", "06/2013"]),
            ("08.00-16.00 uhr, 09.15 uur", &["08.00-16.00 uhr", "09.15 uur"]),
            ("06.12.19.98.12", &[]),
            ("06.12.19 98.12", &[]),
            ("06/12/19/98/12", &[]),
            ("02/2012 345", &[]),
            ("45.13.2026, 13/13/2026, 25:10", &[]),
            ("192.168.4.10", &[]),
        ] {
            let found: Vec<&str> = find(text).into_iter().map(|r| &text[r]).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert!(DATE.is_some());
    }
}
