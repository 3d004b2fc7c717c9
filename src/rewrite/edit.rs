//! Changes to a text, collected by their places in the original and made in one pass.

use std::ops::Range;

/// Replacements of byte ranges of one text.
#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Replaces a range; where two overlap, the one that was asked for first stands and the other
    /// takes what is left of it away, so that nothing which was to go remains.
    pub fn replace(&mut self, range: Range<usize>, with: impl Into<String>) {
        if range.start < range.end {
            self.0.push((range, with.into()));
        }
    }

    /// Makes the changes. Ranges off a character's border are widened to it.
    pub fn apply(self, text: &str) -> String {
        let mut edits: Vec<(usize, Range<usize>, String)> = self
            .0
            .into_iter()
            .enumerate()
            .map(|(n, (r, with))| (n, widen(text, r), with))
            .collect();
        edits.sort_by_key(|(n, range, _)| (range.start, *n));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (_, range, with) in edits {
            if range.start >= at {
                out.push_str(text.get(at..range.start).unwrap_or_default());
                out.push_str(&with);
            }
            at = at.max(range.end);
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
            all.replace(range.clone(), *with);
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
}
