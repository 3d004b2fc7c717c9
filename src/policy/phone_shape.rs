//! What the grouping of a run of digits says: a telephone number, or a date, a time, an order id, a
//! version, a list of sizes.

use std::ops::Range;

use crate::domain::Certainty;

use super::phone_scan::Group;

/// "6 2 0 1 2 3 4 5 6", "0*8*0*3": nobody writes a measure like that.
pub(super) fn spaced_out(groups: &[Group]) -> bool {
    let single = groups.iter().filter(|g| g.digits.len() == 1).count();
    let odd = groups.iter().any(|g| g.gap.contains(['*', '~', '|', '_']) || !g.gap.is_ascii());
    (single >= 6 && single * 4 >= groups.len() * 3) || (odd && groups.len() >= 3)
}

/// Beside a word like "call" any run is a number that has the length of one and is no year.
pub(super) fn plausible(groups: &[Group]) -> bool {
    let year = groups.first().is_some_and(|g| g.digits.len() == 4 && is_year(&g.digits));
    let digits: usize = groups.iter().map(|g| g.digits.len()).sum();
    // Beside "call it the 5000-2000 series", "tel quel, 1500 2000 3000".
    let long: Vec<&Group> = groups.iter().filter(|g| g.digits.len() > 2).collect();
    let round = long.len() > 1 && long.iter().all(|g| g.digits.ends_with('0'));
    !year && !round && digits <= 13 && groups.len() <= 13
}

/// A number that is valid and nothing else speaks for it: only if it is grouped like one.
pub(super) fn shaped(groups: &[Group]) -> Option<Certainty> {
    let lengths: Vec<usize> = groups.iter().map(|g| g.digits.len()).collect();
    let zero = groups.first().is_some_and(|g| g.digits.starts_with('0'));
    let bracket = groups.iter().any(|g| g.gap.starts_with(')'));
    let dots = groups.iter().skip(1).all(|g| g.gap == ".");
    match lengths.as_slice() {
        [3, 3, 4] | [1, 3, 3, 4] => Some(Certainty::Certain),
        [2, 2, 2, 2, 2] if zero => Some(Certainty::Certain),
        [10 | 11] if zero => Some(Certainty::Likely),
        [first, rest @ ..] if zero && !rest.is_empty() && rest.len() <= 4 => {
            ((2..=6).contains(first) && rest.iter().all(|&n| n >= 2) && !(dots && rest.len() > 2))
                .then_some(Certainty::Certain)
        }
        [2, 4 | 5, 4] if bracket => Some(Certainty::Certain),
        [2, 4 | 5, 4] if groups.last().is_some_and(|g| g.gap == "-") => Some(Certainty::Likely),
        // Also how big amounts are written: with points it is one.
        [3, 2, 2, 3] => Some(Certainty::Likely),
        [3, 3, 3] | [3, 2, 2, 2] | [2, 3, 2, 2] | [3, 3, 2, 2] if !dots => Some(Certainty::Likely),
        _ => None,
    }
}

/// `20240312`
fn first_group_is_date(groups: &[Group]) -> bool {
    let Some(digits) = groups.first().map(|g| g.digits.as_str()) else { return false };
    let part = |range: Range<usize>| digits.get(range).and_then(|d| d.parse::<u8>().ok());
    digits.get(..4).is_some_and(is_year)
        && part(4..6).is_some_and(|month| (1..=12).contains(&month))
        && part(6..8).is_some_and(|day| (1..=31).contains(&day))
}

pub(super) fn brazilian(groups: &[Group]) -> bool {
    let [area, first, last] = groups else { return false };
    let lengths = (area.digits.len(), first.digits.len(), last.digits.len());
    matches!(lengths, (2, 4 | 5, 4)) && first.gap.starts_with(')') && last.gap == "-"
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// Shapes of other things (`called`: a word like "call" stands beside it): dates, times, versions, order ids, article codes, sizes, counting.
pub(super) fn is_something_else(groups: &[Group], called: bool) -> bool {
    let lengths: Vec<usize> = groups.iter().map(|g| g.digits.len()).collect();
    let value = |i: usize| groups.get(i).and_then(|g| g.digits.parse::<u64>().ok()).unwrap_or(0);
    let all = |gap: &str| groups.len() > 1 && groups.iter().skip(1).all(|g| g.gap.trim() == gap);
    let day = |i: usize| (1..=31).contains(&value(i));
    let first_is_year = groups.first().is_some_and(|g| is_year(&g.digits));
    let clock = |i: usize| value(i) / 100 < 25 && value(i) % 100 < 60 && value(i).is_multiple_of(5);
    let parted = matches!(
        (groups.get(1).map(|g| g.gap.trim()), groups.get(2).map(|g| g.gap.trim())),
        (Some("." | "/" | "-"), Some("." | "/" | "-"))
    );
    match lengths.as_slice() {
        // A date, whatever comes after it.
        [1 | 2, 1 | 2, 4, ..] if parted && day(0) && day(1) => {
            return groups.get(2).is_some_and(|g| is_year(&g.digits));
        }
        [4, 2, 2, ..] if parted && first_is_year && day(1) && day(2) => return true,
        // A decimal fraction.
        [1, second, ..]
            if *second > 1 && value(0) == 0 && groups.get(1).is_some_and(|g| g.gap == ".") =>
        {
            return true;
        }
        [4, 4] if first_is_year || (clock(0) && clock(1)) => return true,
        [8] if first_group_is_date(groups) => return true,
        // marketplace orders: 113-4471902-5530218
        [3, 7, 7] => return true,
        // UPC as it is printed
        [1, 5, 5, 1] => return true,
        [_, _, _, _]
            if all(".")
                && (0..4).all(|i| value(i) <= 255)
                && groups.iter().all(|g| g.digits.len() <= 3 && !g.spoken)
                && lengths.iter().any(|&n| n > 1) =>
        {
            return true;
        }
        _ => {}
    }
    let evenly = |from: usize| {
        let step = value(from + 1).wrapping_sub(value(from));
        groups.len() >= from + 4
            && (from + 1..groups.len()).all(|i| value(i).wrapping_sub(value(i - 1)) == step)
    };
    if evenly(0) && !called {
        return true;
    }
    // "one two three four five six seven eight nine ten"
    let counted: String = groups.iter().map(|g| g.digits.as_str()).collect();
    let counting = groups.iter().all(|g| g.spoken)
        && "12345678910111213".contains(counted.trim_start_matches('0'))
        && !called;
    // sizes: many numbers of two or three figures that rise
    let rising = groups.len() >= 4
        && !counted.starts_with('0')
        && lengths.iter().all(|&n| (2..=3).contains(&n))
        && (1..groups.len()).all(|i| value(i) > value(i - 1));
    counting || (rising && !called)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(text: &str) -> Vec<Group> {
        let mut gap = String::new();
        let mut groups: Vec<Group> = vec![];
        for c in text.chars() {
            match groups.last_mut().filter(|_| gap.is_empty()) {
                _ if !c.is_ascii_digit() => gap.push(c),
                Some(last) => last.digits.push(c),
                None => groups.push(Group {
                    digits: c.to_string(),
                    tokens: 0..0,
                    bytes: 0..0,
                    spoken: false,
                    disguised: false,
                    gap: std::mem::take(&mut gap),
                }),
            }
        }
        groups
    }

    #[test]
    fn dates_times_ids_and_sizes_have_shapes_of_their_own() {
        for (text, expected) in [
            ("12.11.2023", true),
            ("2024-08-19 10", true),
            ("20240819", true),
            ("0800-1700", true),
            ("113-4471902-5530218", true),
            ("192.168.4.10", true),
            ("38 40 42 44 46", true),
            ("0 70330 60301 6", true),
            ("06 39 98 12 34", false),
            ("202-555-0142", false),
            ("0171 3920045", false),
        ] {
            assert_eq!(is_something_else(&groups(text), false), expected, "{text}");
        }
    }

    #[test]
    fn a_valid_number_counts_as_such_where_it_is_grouped_like_one() {
        for (text, expected) in [
            ("202-555-0142", Some(Certainty::Certain)),
            ("06 39 98 12 34", Some(Certainty::Certain)),
            ("0171 3920045", Some(Certainty::Certain)),
            ("612 345 678", Some(Certainty::Likely)),
            ("612.345.678", None),
            ("0612345678", Some(Certainty::Likely)),
            ("2025550142", None),
            ("20 25 55 01 42", None),
        ] {
            assert_eq!(shaped(&groups(text)), expected, "{text}");
        }
    }
}
