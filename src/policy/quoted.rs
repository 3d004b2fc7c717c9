//! Which stretches of a text were only quoted.

use std::ops::Range;

use crate::domain::Sightings;
use crate::mail::sighting::{seen, seen_of};
use crate::mail::{SegmentKind, Text, base_subject};

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
                let seen = seen_of(text, sightings).into_iter();
                seen.chain(marked(&[SegmentKind::Attribution])).collect()
            }
        })
    }

    /// Of a subject, which carries no marks: what answering puts before it proves nothing either,
    /// and belongs to the words behind it.
    pub fn of_subject(subject: &str, sightings: Option<&Sightings>) -> Self {
        let Some(sightings) = sightings else { return Self::default() };
        let base = base_subject(subject);
        let head = subject.trim_end().len().saturating_sub(base.len());
        let is_bare = |range: Range<usize>| {
            !base.get(range).unwrap_or_default().contains(char::is_alphanumeric)
        };
        let mut ranges = seen(base, sightings);
        for range in &mut ranges {
            let Range { start, end } = range.clone();
            let starts = is_bare(0..start);
            let ends = is_bare(end..base.len());
            range.start = if starts { 0 } else { head + start };
            range.end = if ends { subject.len() } else { head + end };
        }
        Self::join(ranges)
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
    use crate::mail::sighting::sighted;

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
    fn a_subject_that_the_conversation_knows_is_quoted_with_the_marks_of_answering() {
        let sightings = sighted(&["Where is my parcel?", "A review?"]);
        for (subject, covered) in [
            ("Re: Where is my parcel?", 0..23),
            ("AW: Re: a review", 0..16),
            ("A review?", 0..9),
            ("Re: Where is my parcel? Call me", 0..22),
        ] {
            let quoted = Quoted::of_subject(subject, Some(&sightings));
            assert!(quoted.covers(&covered), "{subject}: {quoted:?}");
        }
        for subject in ["Re: Where is my parcel? Call me", "Re: Please leave us a review", "Re:"] {
            let quoted = Quoted::of_subject(subject, Some(&sightings));
            assert!(!quoted.covers(&(0..subject.len())), "{subject}: {quoted:?}");
        }
        assert!(!Quoted::of_subject("Re: A review?", None).covers(&(0..3)));
    }

    #[test]
    fn characters_are_counted_outside_of_quotes() {
        let quoted = Quoted::join(vec![4..10, 13..19]);
        assert_eq!(quoted.new_characters("äb\nquote\ncd\nquote\nef"), 6);
        assert_eq!(Quoted::default().new_characters("äöü"), 3);
    }
}
