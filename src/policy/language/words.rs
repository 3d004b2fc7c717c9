//! The words of a folded text.

use std::borrow::Cow;
use std::ops::Range;

use crate::domain::run_of;

/// A word, and what else it may read as.
#[derive(Debug)]
pub(super) struct Word<'t> {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// The word itself.
    pub text: &'t str,
    /// What stands between it and the word before: nothing but one mark.
    pub glued: bool,
    /// Whether more than one blank or mark stands there: a comma and a blank, a line's end.
    pub parted: bool,
    /// Other readings.
    pub forms: Vec<Form<'t>>,
}

/// What words read as, and how many they are.
pub(super) type Form<'t> = (Cow<'t, str>, usize);

/// Signs that are words of their own.
fn is_sign(c: char) -> bool {
    matches!(c, '%' | '$' | '€' | '£' | '+' | '¥' | '&')
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric()
}

/// Marks that are read as letters inside of a word: `r@ting`, `di$count`, `g!ft`.
pub(super) fn stands_for_letter(c: char) -> bool {
    matches!(c, '@' | '$' | '!' | '|' | '€')
}

/// The places of the words in a folded text. Between a number and the letters after it there is
/// no border: `50x70`, `save10`.
pub(super) fn cut(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::with_capacity(text.len() / 5);
    let mut open: Option<usize> = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        // Most letters are looked at as one.
        let plain = run_of(rest, |b| b.is_ascii_alphanumeric());
        if plain > 0 {
            open = open.or(Some(at));
            at += plain;
            continue;
        }
        let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
        let end = at + c.len_utf8();
        let after_is_letter = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
        // "r€v1€w": after a figure, too, where a letter stands before that. Looked for only at such
        // a mark, which ends the figures before it: else it would not be linear.
        let after_letter = |start: usize| {
            let word = text.get(start..at).unwrap_or_default();
            word.trim_end_matches(|c: char| c.is_ascii_digit())
                .ends_with(|c: char| c.is_ascii_alphabetic())
        };
        if is_letter(c)
            || (stands_for_letter(c) && after_is_letter && open.is_some_and(after_letter))
        {
            open = open.or(Some(at));
            at = end;
            continue;
        }
        if let Some(start) = open.take() {
            words.push(start..at);
        }
        if is_sign(c) {
            words.push(at..end);
        }
        at = end;
    }
    words.extend(open.map(|start| start..text.len()));
    words
}

/// Whether a word is a number.
pub(super) fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_letters_and_figures_and_signs_stand_alone() {
        let text = "we'd take 20% off, di$count r@ting! a+b";
        let words: Vec<&str> = cut(text).into_iter().map(|r| &text[r]).collect();
        assert_eq!(cut("r€v1€w 50€each").len(), 4);
        let expected = ["we", "d", "take", "20", "%", "off", "di$count", "r@ting", "a", "+", "b"];
        assert_eq!(words, expected);
    }
}
