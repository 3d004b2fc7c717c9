//! The phrases of one language, by their first word.

use std::ops::Range;
use std::sync::Arc;

use foldhash::HashMap;

use super::entry::{GAP, Piece};
use super::packs::Pack;
use super::words::{Word, is_number};
use crate::policy::trie::Trie;
use crate::policy::view::View;

/// A class of words, by its number in the grammar.
pub(super) type Class = u8;

/// Most characters between two parts of a phrase in a language that writes no blanks.
const REACH: usize = 14;

/// What stands behind the first word of a phrase: the rest of the first choice, and what all of
/// its choices have in common.
#[derive(Debug, Clone)]
struct Phrase {
    class: Class,
    /// How the word behind the first may begin.
    next: Openings,
    own: Vec<Piece>,
    rest: Arc<Vec<Piece>>,
}

/// Beginnings of words: a bit for each of 64 groups of their first two letters. Most phrases
/// end here, without a look at their pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Openings(u64);

impl Openings {
    /// Of any word, and where none follows.
    const ALL: Self = Self(u64::MAX);

    /// Of words that begin so.
    fn of(text: &str) -> Self {
        match text.as_bytes() {
            [first, second, ..] => {
                Self(1 << ((first.wrapping_mul(5) ^ second.wrapping_mul(3)) % 64))
            }
            _ => Self::ALL,
        }
    }

    /// Of a word in all its forms. Beyond the last word a phrase may end.
    fn of_word(word: Option<&Word<'_>>) -> Self {
        let Some(word) = word else { return Self::ALL };
        let forms = word.forms.iter().map(|(form, _)| Self::of(form));
        forms.fold(Self::of(word.text), |all, form| Self(all.0 | form.0))
    }

    /// Of the words that the first of these pieces stands for.
    fn of_pieces(pieces: &[Piece], behind: Option<&[Piece]>) -> Self {
        match pieces.split_first() {
            None => behind.map_or(Self::ALL, |behind| Self::of_pieces(behind, None)),
            Some((Piece::Word(text) | Piece::Beginning(text), _)) => Self::of(text),
            Some((Piece::Number | Piece::Gap, _)) => Self::ALL,
            Some((Piece::Choice(choices), rest)) => {
                let each = choices.iter().map(|choice| match choice.is_empty() {
                    true => Self::of_pieces(rest, behind),
                    false => Self::of_pieces(choice, None),
                });
                each.fold(Self::default(), |all, one| Self(all.0 | one.0))
            }
        }
    }

    fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A phrase of a language that writes no blanks: its parts, in this order.
#[derive(Debug, Clone)]
struct Run {
    class: Class,
    parts: Vec<Vec<char>>,
}

/// The phrases whose first word is this one, and those for which it may go on.
#[derive(Debug, Clone, Default)]
struct Heads {
    whole: Vec<Phrase>,
    beginning: Vec<Phrase>,
}

/// All phrases of one language.
#[derive(Debug, Clone, Default)]
pub(super) struct Lexicon {
    /// By their first word, and by the beginning of it.
    heads: Trie<Heads>,
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
        // There are tens of thousands, and none grows any more.
        pieces.shrink_to_fit();
        let rest = Arc::new(pieces);
        for mut own in choices.into_iter().filter(|choice| !choice.is_empty()) {
            let head = own.remove(0);
            own.shrink_to_fit();
            let next = Openings::of_pieces(&own, Some(&rest));
            let phrase = Phrase { class, next, own, rest: Arc::clone(&rest) };
            match head {
                Piece::Word(word) => self.heads.put(&word, |heads| heads.whole.push(phrase)),
                Piece::Beginning(stem) => {
                    self.heads.put(&stem, |heads| heads.beginning.push(phrase));
                }
                Piece::Number | Piece::Gap | Piece::Choice(_) => self.numbers.push(phrase),
            }
        }
    }

    /// Gives back the memory that it took while phrases were taken up.
    pub fn fit(&mut self) {
        self.heads.fit(|Heads { whole, beginning }| {
            whole.shrink_to_fit();
            beginning.shrink_to_fit();
        });
        self.numbers.shrink_to_fit();
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
        for (end, heads) in self.heads.beginnings(word) {
            if end == word.len() {
                self.take(&heads.whole, words, at, taken, hits);
            }
            self.take(&heads.beginning, words, at, taken, hits);
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
        let next = Openings::of_word(words.get(at + taken));
        for phrase in phrases {
            let alone = phrase.own.is_empty() && phrase.rest.is_empty();
            if !alone && !phrase.next.meet(next) {
                continue;
            }
            let rest = Parts { pieces: &phrase.rest, behind: None };
            let own = Parts { pieces: &phrase.own, behind: Some(&rest) };
            if let Some(end) = follow(&own, words, at + taken) {
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

/// What stands in words, and where in bytes of the original text.
pub(super) fn in_words(
    pack: &Pack,
    view: &View<'_>,
    words: &[Word<'_>],
) -> Vec<(u8, Range<usize>)> {
    let place = |(class, range): Hit| {
        let start = words.get(range.start)?.range.start;
        let end = words.get(range.end.checked_sub(1)?)?.range.end;
        Some((class, view.source(&(start..end))))
    };
    pack.lexicon().find(words).into_iter().filter_map(place).collect()
}

/// The same of a stretch that writes no blanks.
pub(super) fn runs(pack: &Pack, view: &View<'_>, range: &Range<usize>) -> Vec<(u8, Range<usize>)> {
    let text = view.slice(range.clone());
    let (places, chars): (Vec<usize>, Vec<char>) =
        text.char_indices().filter(|(_, c)| is_run(*c)).unzip();
    let place = |(class, run): Hit| {
        let start = range.start + places.get(run.start)?;
        let last = run.end.checked_sub(1)?;
        let end = range.start + places.get(last)? + chars.get(last)?.len_utf8();
        Some((class, view.source(&(start..end))))
    };
    pack.lexicon().find_runs(&chars).into_iter().filter_map(place).collect()
}

/// Pieces that follow on one another, and those behind them.
#[derive(Clone, Copy)]
struct Parts<'p> {
    pieces: &'p [Piece],
    behind: Option<&'p Parts<'p>>,
}

/// Where a phrase ends whose pieces stand in these parts, one behind the other.
fn follow(parts: &Parts<'_>, words: &[Word<'_>], at: usize) -> Option<usize> {
    #[cfg(test)]
    crate::policy::steps::take();
    let Some((piece, rest)) = parts.pieces.split_first() else {
        return parts.behind.map_or(Some(at), |behind| follow(behind, words, at));
    };
    let behind = Parts { pieces: rest, behind: parts.behind };
    let fits = |text: &str| match piece {
        Piece::Word(expected) => text == expected,
        Piece::Beginning(stem) => text.starts_with(stem.as_str()),
        Piece::Number => is_number(text),
        Piece::Gap | Piece::Choice(_) => false,
    };
    match piece {
        Piece::Gap => (0..=GAP).find_map(|skipped| follow(&behind, words, at + skipped)),
        Piece::Choice(choices) => choices
            .iter()
            .find_map(|pieces| follow(&Parts { pieces, behind: Some(&behind) }, words, at)),
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
