//! The phrases of one language, by their first word.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::entry::{GAP, Piece};
use super::words::{Word, is_number};

/// A class of words, by its number in the grammar.
pub(super) type Class = u8;

/// Longest beginning of a word that is looked up.
const STEM: usize = 24;
/// Most characters between two parts of a phrase in a language that writes no blanks.
const REACH: usize = 14;

/// What stands behind the first word of a phrase: the rest of the first choice, and what all of
/// its choices have in common.
#[derive(Debug, Clone)]
struct Phrase {
    class: Class,
    own: Vec<Piece>,
    rest: Arc<Vec<Piece>>,
}

/// A phrase of a language that writes no blanks: its parts, in this order.
#[derive(Debug, Clone)]
struct Run {
    class: Class,
    parts: Vec<Vec<char>>,
}

/// All phrases of one language.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    words: HashMap<String, Vec<Phrase>>,
    beginnings: HashMap<String, Vec<Phrase>>,
    numbers: Vec<Phrase>,
    runs: HashMap<char, Vec<Run>>,
}

/// A class found: where, in words (or, without blanks, in characters).
pub(super) type Hit = (Class, Range<usize>);

impl Lexicon {
    /// Takes up a phrase.
    pub fn add(&mut self, class: Class, mut pieces: Vec<Piece>) {
        if pieces.is_empty() {
            return;
        }
        let first = pieces.remove(0);
        let choices = match first {
            Piece::Choice(choices) => choices,
            piece => vec![vec![piece]],
        };
        if choices.iter().any(Vec::is_empty) {
            self.add(class, pieces.clone());
        }
        let rest = Arc::new(pieces);
        for mut own in choices.into_iter().filter(|choice| !choice.is_empty()) {
            let head = own.remove(0);
            let phrase = Phrase { class, own, rest: Arc::clone(&rest) };
            match head {
                Piece::Word(word) => self.words.entry(word).or_default().push(phrase),
                Piece::Beginning(stem) => self.beginnings.entry(stem).or_default().push(phrase),
                Piece::Number | Piece::Gap | Piece::Choice(_) => self.numbers.push(phrase),
            }
        }
    }

    /// Takes up a phrase of a language that writes no blanks; parts are apart by `..`.
    pub fn add_run(&mut self, class: Class, phrase: &str) {
        let letters =
            |part: &str| crate::policy::view::folded(part).chars().filter(|c| is_run(*c)).collect();
        let parts: Vec<Vec<char>> =
            phrase.split("..").map(letters).filter(|p: &Vec<char>| !p.is_empty()).collect();
        if let Some(first) = parts.first().and_then(|p| p.first()) {
            self.runs.entry(*first).or_default().push(Run { class, parts });
        }
    }

    /// What stands in a sentence of words.
    pub fn find(&self, words: &[Word<'_>]) -> Vec<Hit> {
        let mut hits = vec![];
        for (at, word) in words.iter().enumerate() {
            self.find_at(words, at, word.text, 1, &mut hits);
            for (form, taken) in &word.forms {
                self.find_at(words, at, form, *taken, &mut hits);
            }
            if is_number(word.text) {
                self.take(&self.numbers, words, at, 1, &mut hits);
            }
        }
        hits
    }

    fn find_at(
        &self,
        words: &[Word<'_>],
        at: usize,
        word: &str,
        taken: usize,
        hits: &mut Vec<Hit>,
    ) {
        #[cfg(test)]
        crate::policy::steps::take();
        if let Some(phrases) = self.words.get(word) {
            self.take(phrases, words, at, taken, hits);
        }
        for (end, c) in word.char_indices().take(STEM) {
            let stem = word.get(..end + c.len_utf8()).unwrap_or_default();
            if let Some(phrases) = self.beginnings.get(stem) {
                self.take(phrases, words, at, taken, hits);
            }
        }
    }

    fn take(
        &self,
        phrases: &[Phrase],
        words: &[Word<'_>],
        at: usize,
        taken: usize,
        hits: &mut Vec<Hit>,
    ) {
        for phrase in phrases {
            if let Some(end) = follow(&[&phrase.own, &phrase.rest], words, at + taken) {
                hits.push((phrase.class, at..end));
            }
        }
    }

    /// What stands in a sentence of characters, blanks and marks left out.
    pub fn find_runs(&self, chars: &[char]) -> Vec<Hit> {
        let mut hits = vec![];
        for (at, c) in chars.iter().enumerate() {
            for run in self.runs.get(c).into_iter().flatten() {
                if let Some(end) = follow_run(&run.parts, chars, at) {
                    hits.push((run.class, at..end));
                }
            }
        }
        hits
    }
}

/// Characters that count in a language that writes no blanks.
pub(super) fn is_run(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, 'ー' | '%' | '★' | '☆' | '⭐' | '々' | '〆' | '円' | '¥' | '+')
}

/// Where a phrase ends whose pieces stand in these parts, one behind the other.
fn follow(parts: &[&[Piece]], words: &[Word<'_>], at: usize) -> Option<usize> {
    #[cfg(test)]
    crate::policy::steps::take();
    let Some((part, others)) = parts.split_first() else { return Some(at) };
    let Some((piece, rest)) = part.split_first() else { return follow(others, words, at) };
    let behind: Vec<&[Piece]> = std::iter::once(rest).chain(others.iter().copied()).collect();
    let fits = |text: &str| match piece {
        Piece::Word(expected) => text == expected,
        Piece::Beginning(stem) => text.starts_with(stem.as_str()),
        Piece::Number => is_number(text),
        Piece::Gap | Piece::Choice(_) => false,
    };
    match piece {
        Piece::Gap => (0..=GAP).find_map(|skipped| follow(&behind, words, at + skipped)),
        Piece::Choice(choices) => choices.iter().find_map(|choice| {
            let parts: Vec<&[Piece]> =
                std::iter::once(choice.as_slice()).chain(behind.iter().copied()).collect();
            follow(&parts, words, at)
        }),
        _ => {
            let word = words.get(at)?;
            if fits(word.text) {
                return follow(&behind, words, at + 1);
            }
            let mut forms = word.forms.iter().filter(|(form, _)| fits(form));
            forms.find_map(|(_, taken)| follow(&behind, words, at + taken))
        }
    }
}

fn follow_run(parts: &[Vec<char>], chars: &[char], at: usize) -> Option<usize> {
    #[cfg(test)]
    crate::policy::steps::take();
    let (first, rest) = parts.split_first()?;
    let end = at + first.len();
    if chars.get(at..end)? != first.as_slice() {
        return None;
    }
    if rest.is_empty() {
        return Some(end);
    }
    (end..=end + REACH).find_map(|next| follow_run(rest, chars, next))
}
