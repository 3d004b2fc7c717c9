//! Which stretches of a text were only quoted.

use std::ops::Range;

use crate::domain::Sightings;
use crate::mail::sighting::seen;
use crate::mail::{SegmentKind, Text};

/// The quoted stretches of a text, in order and apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Quoted {
    ranges: Vec<Range<usize>>,
}

impl Quoted {
    /// Of the body. What the conversation has seen is quoted, whatever marks it carries; marks
    /// count only where there is no conversation to look into (PRODUCT §5).
    pub fn of_text(text: &Text, sightings: Option<&Sightings>) -> Self {
        let marked = |kinds: &'static [SegmentKind]| {
            text.segments.iter().filter(|s| kinds.contains(&s.kind)).map(|s| s.range.clone())
        };
        Self::join(match sightings {
            None => marked(&[SegmentKind::Quote, SegmentKind::Attribution]).collect(),
            // Mail programs write the attribution line, with the address in it; not the person.
            Some(sightings) => {
                let seen = seen(&text.body, sightings).into_iter();
                seen.chain(marked(&[SegmentKind::Attribution])).collect()
            }
        })
    }

    /// Of a subject or a name, which carry no marks.
    pub fn of_line(line: &str, sightings: Option<&Sightings>) -> Self {
        Self::join(sightings.map(|s| seen(line, s)).unwrap_or_default())
    }

    fn join(mut ranges: Vec<Range<usize>>) -> Self {
        ranges.retain(|r| r.start < r.end);
        ranges.sort_unstable_by_key(|r| (r.start, r.end));
        let mut joined: Vec<Range<usize>> = vec![];
        for range in ranges {
            match joined.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => joined.push(range),
            }
        }
        Self { ranges: joined }
    }

    /// Whether a stretch lies wholly in quoted text.
    pub fn covers(&self, range: &Range<usize>) -> bool {
        let after = self.ranges.partition_point(|q| q.start <= range.start);
        after.checked_sub(1).and_then(|i| self.ranges.get(i)).is_some_and(|q| range.end <= q.end)
    }

    /// The characters outside of quoted text, without white space at the two ends of each
    /// stretch.
    pub fn new_characters(&self, text: &str) -> usize {
        let mut at = 0;
        let mut count = 0;
        for quoted in self.ranges.iter().chain([&(text.len()..text.len())]) {
            count += text.get(at..quoted.start).unwrap_or_default().trim().chars().count();
            at = quoted.end.max(at);
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_quoted_only_if_all_of_it_is() {
        let quoted = Quoted::join(vec![10..20, 0..4, 18..25, 30..30]);
        for (range, expected) in
            [(0..4, true), (0..5, false), (12..25, true), (9..11, false), (26..27, false)]
        {
            assert_eq!(quoted.covers(&range), expected, "{range:?}");
        }
    }

    #[test]
    fn characters_are_counted_outside_of_quotes() {
        let quoted = Quoted::join(vec![4..10, 13..19]);
        assert_eq!(quoted.new_characters("äb\nquote\ncd\nquote\nef"), 6);
        assert_eq!(Quoted::default().new_characters("äöü"), 3);
    }
}
