//! A sentence cut in pieces: "Please leave us. A five star. Review.", or one word in each line.

use std::ops::Range;

/// Most pieces that are read together. What is longer is read in stretches that overlap by half.
const MOST: usize = 8;

/// One piece: a sentence, as it was cut.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Whether it is too short for a thought of its own.
    pub is_short: bool,
    /// Whether no full stop stands at its end.
    pub is_open: bool,
}

/// Which pieces, beside one another, may be one sentence.
pub(super) fn glued(pieces: &[Piece]) -> Vec<Range<usize>> {
    let mut all = vec![];
    let mut start = 0;
    let fits = |piece: &Piece| piece.is_short || piece.is_open;
    for at in 0..=pieces.len() {
        if pieces.get(at).is_some_and(fits) {
            continue;
        }
        stretches(pieces, start..at, &mut all);
        start = at + 1;
    }
    all
}

fn stretches(pieces: &[Piece], run: Range<usize>, all: &mut Vec<Range<usize>>) {
    for start in run.clone().step_by(MOST / 2) {
        let stretch = start..run.end.min(start + MOST);
        let of = pieces.get(stretch.clone()).unwrap_or_default();
        if of.len() > 1 && of.iter().any(|piece| piece.is_short) {
            all.push(stretch.clone());
        }
        if stretch.end == run.end {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `s`: short, `o`: open, `.`: neither.
    fn of(pieces: &str) -> Vec<(usize, usize)> {
        let piece = |c| Piece { is_short: c == 's', is_open: c == 'o' };
        let glued = glued(&pieces.chars().map(piece).collect::<Vec<_>>());
        glued.into_iter().map(|range| (range.start, range.end)).collect()
    }

    #[test]
    fn short_pieces_beside_one_another_are_read_together() {
        assert_eq!(of(".sss."), [(1, 4)]);
        assert_eq!(of("os"), [(0, 2)]);
        assert_eq!(of("ss.s.os"), [(0, 2), (5, 7)]);
        assert!(of("oo").is_empty());
        assert!(of("s").is_empty());
        assert_eq!(of(&"s".repeat(14)), [(0, 8), (4, 12), (8, 14)]);
    }
}
