//! Changes to a text, collected by their places in the original and made in one pass.

use std::ops::Range;

use crate::domain::RuleId;

/// Replacements of byte ranges of one text, and words put in between.
#[derive(Debug, Default)]
pub(super) struct Edits {
    replaced: Vec<Change>,
    inserted: Vec<(usize, String)>,
}

/// One change to what was written, with its place in the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What goes, in bytes; nothing where words are only put in.
    pub range: Range<usize>,
    /// What stands there instead.
    pub with: String,
    /// Why.
    pub why: Why,
}

/// Why a stretch of a text does not go out as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// This rule found it.
    Rule(RuleId),
    /// The sender's own address or domain.
    Contact,
    /// The sender's name or a local part that names them, where nobody writes prose.
    Person,
    /// The leak scan found the sender's own contact in a first draft.
    Leak,
    /// Our own block below the text, quoted back.
    Frame,
    /// A picture that does not go out had its place there.
    Picture,
}

impl Edits {
    /// Replaces a range; where two overlap, the one that was asked for first stands and the other
    /// takes what is left of it away, so that nothing which was to go remains.
    pub fn replace(&mut self, range: Range<usize>, with: impl Into<String>, why: Why) {
        if range.start < range.end {
            self.replaced.push(Change { range, with: with.into(), why });
        }
    }

    /// Puts words in at a place, with spaces where others touch them.
    pub fn insert(&mut self, at: usize, words: impl Into<String>) {
        self.inserted.push((at, words.into()));
    }

    /// The replacements in order and apart, on the borders of characters: what overlaps another is
    /// cut off at its end.
    pub fn changes(&self, text: &str) -> Vec<Change> {
        let widened =
            self.replaced.iter().map(|change| (widen(text, change.range.clone()), change));
        let mut edits: Vec<(Range<usize>, &Change)> = widened.collect();
        edits.sort_by_key(|(range, _)| range.start);
        let mut changes: Vec<Change> = Vec::with_capacity(edits.len());
        let mut at = 0;
        for (range, change) in edits {
            if range.start >= at {
                changes.push(Change { range: range.clone(), ..change.clone() });
            } else if range.end > at
                && let Some(last) = changes.last_mut()
            {
                last.range.end = range.end;
            }
            at = at.max(range.end);
        }
        changes
    }

    /// Makes the changes.
    pub fn apply(&self, text: &str) -> String {
        let mut changes = self.changes(text);
        let inside = |changes: &[Change], at: usize| {
            let next = changes.partition_point(|c| c.range.end <= at);
            changes.get(next).is_some_and(|c| c.range.start < at)
        };
        let mut put: Vec<Change> = Vec::new();
        for (at, words) in &self.inserted {
            let at = widen(text, *at..*at).start;
            if !inside(&changes, at) {
                put.push(Change { range: at..at, with: words.clone(), why: Why::Picture });
            }
        }
        changes.extend(put);
        changes.sort_by_key(|c| c.range.start);
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for Change { range, with, .. } in changes {
            out.push_str(text.get(at..range.start).unwrap_or_default());
            let put_in = range.is_empty();
            if put_in && out.ends_with(|c: char| !c.is_whitespace()) {
                out.push(' ');
            }
            out.push_str(&with);
            at = range.end;
            let next = text.get(at..).unwrap_or_default();
            if put_in && next.starts_with(|c: char| !c.is_whitespace()) {
                out.push(' ');
            }
        }
        out.push_str(text.get(at..).unwrap_or_default());
        out
    }
}

fn widen(text: &str, range: Range<usize>) -> Range<usize> {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(edits: &[(Range<usize>, &str)], expected: &str) {
        let mut all = Edits::default();
        for (range, with) in edits {
            all.replace(range.clone(), *with, Why::Contact);
        }
        assert_eq!(all.apply("0123456789"), expected);
    }

    #[test]
    fn changes_are_made_at_their_places_and_nothing_that_was_to_go_remains() {
        check(&[(7..8, "b"), (1..3, "a")], "0a3456b89");
        check(&[(1..5, "a"), (3..7, "b")], "0a789");
        check(&[(2..4, "a"), (1..9, "b")], "0b9");
        check(&[], "0123456789");
        check(&[(8..99, "")], "01234567");
    }

    #[test]
    fn words_are_put_in_apart_from_others_and_not_into_what_goes() {
        let mut all = Edits::default();
        all.replace(2..6, "X", Why::Contact);
        for at in [0, 4, 8, 99] {
            all.insert(at, "[p]");
        }
        assert_eq!(all.apply("0123456 89"), "[p] 01X6 [p] 89 [p]");
    }
}
