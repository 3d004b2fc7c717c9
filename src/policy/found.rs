//! What a detector found, before it is known whether it was quoted and what is done about it.

use std::ops::Range;

use crate::domain::Certainty;

/// A stretch of the folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// How sure.
    pub certainty: Certainty,
    /// Bytes of the view's text.
    pub range: Range<usize>,
}

/// Whether two ranges share a byte.
pub(super) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}
