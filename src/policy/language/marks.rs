//! What stands in a sentence without being a word of a language: stars that are drawn, codes.

use super::words::Word;
use crate::domain::are_all;
use crate::policy::view::View;

/// Three stars in a row, or one with a figure: `5 ⭐`. Folding takes them away.
pub(super) fn is_starred(written: &str) -> bool {
    if written.is_ascii() {
        return false;
    }
    let stars =
        written.chars().filter(|c| matches!(c, '★' | '⭐' | '☆' | '🌟' | '✩' | '✭')).count();
    let of_five = |c: char| matches!(c, '1'..='5' | '１'..='５');
    stars >= 3 || (stars > 0 && written.contains(of_five))
}

/// A word that looks like a code: capitals and figures, four at least.
pub(super) fn is_code(view: &View<'_>, word: &Word<'_>) -> bool {
    if word.text.len() < 4 || !word.text.contains(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let written = view.words(&word.range);
    match written.is_ascii() {
        true => are_all(written.as_bytes(), |b| b.is_ascii_uppercase() | b.is_ascii_digit()),
        false => written.chars().all(|c| c.is_uppercase() || c.is_ascii_digit()),
    }
}
