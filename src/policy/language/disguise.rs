//! What disguised words read as: `r-e-v-i-e-w`, `r e v i e w`, `re.view`, `d1sc0unt`, `r@ting`.

use std::borrow::Cow;
use std::ops::Range;

use super::slips;
use super::words::{Form, Word, cut, stands_for_letter};
use crate::domain::are_all;

/// Most words that are put together to one.
const RUN: usize = 24;
/// Shortest word that is put together from pieces.
const SHORTEST: usize = 6;

/// The words of a text, one behind the other with nothing between them: what several of them read
/// as together is a part of it.
pub(super) struct Together<'t> {
    text: &'t str,
    places: Vec<Range<usize>>,
    letters: String,
    /// Where each word ends in `letters`.
    ends: Vec<usize>,
}

impl<'t> Together<'t> {
    pub fn of(text: &'t str) -> Self {
        let places = cut(text);
        let mut letters = String::with_capacity(text.len());
        let mut ends = Vec::with_capacity(places.len());
        for range in &places {
            letters.push_str(text.get(range.clone()).unwrap_or_default());
            ends.push(letters.len());
        }
        Self { text, places, letters, ends }
    }

    /// The words, with their other readings.
    pub fn words(&self) -> Vec<Word<'_>> {
        let text = self.text;
        let mut words: Vec<Word<'_>> = Vec::with_capacity(self.places.len());
        let mut end = 0;
        for range in &self.places {
            let between = text.get(end..range.start).unwrap_or_default();
            let mut marks = between.chars();
            let glued = end > 0
                && marks.next().is_none_or(|c| !c.is_whitespace() && !matches!(c, '\'' | '’'))
                && marks.next().is_none();
            let parted = !glued && between.chars().nth(1).is_some();
            end = range.end;
            let text = text.get(range.clone()).unwrap_or_default();
            words.push(Word { range: range.clone(), text, glued, parted, forms: vec![] });
        }
        for at in 0..words.len() {
            let forms = self.forms(&words, at);
            if let Some(word) = words.get_mut(at) {
                word.forms = forms;
            }
        }
        words
    }

    fn forms<'s>(&'s self, words: &[Word<'s>], at: usize) -> Vec<Form<'s>> {
        let mut forms: Vec<Form<'s>> = vec![];
        if let Some((word, taken)) = spelled(words, at) {
            // "s t r o n z o e": the last may be a word of one letter.
            let shorter = word.get(..word.len() - 1).filter(|_| taken > 4).map(str::to_owned);
            forms.push((Cow::Owned(word), taken));
            forms.extend(shorter.map(|word| (Cow::Owned(word), taken - 1)));
        } else {
            self.joined(words, at, &mut forms);
        }
        forms.extend(starred(self.text, words, at).map(|(word, taken)| (Cow::Owned(word), taken)));
        let meant = words.get(at).and_then(|word| slips::intended(word.text));
        forms.extend(meant.map(|word| (Cow::Borrowed(word), 1)));
        let plain = forms.len();
        for leet in words.get(at).into_iter().flat_map(|w| unleeted(w.text)) {
            forms.push((Cow::Owned(leet), 1));
        }
        for of in 0..plain {
            let Some((form, taken)) = forms.get(of) else { break };
            let leet: Vec<Form<'s>> =
                unleeted(form).into_iter().map(|leet| (Cow::Owned(leet), *taken)).collect();
            forms.extend(leet);
        }
        forms
    }

    /// Pieces of one word with a mark or a blank between them.
    fn joined<'s>(&'s self, words: &[Word<'s>], at: usize, forms: &mut Vec<Form<'s>>) {
        let start = at.checked_sub(1).and_then(|at| self.ends.get(at)).copied().unwrap_or(0);
        let whole = |taken: usize| {
            self.ends.get(at + taken - 1).and_then(|end| self.letters.get(start..*end))
        };
        for (taken, next) in (2..=4).zip(words.get(at + 1..).unwrap_or_default()) {
            let Some(before) = whole(taken - 1) else { return };
            if before.len() > 24 || !before.is_ascii() || (!next.glued && taken > 2) || next.parted
            {
                break;
            }
            let together = whole(taken).filter(|word| word.len() >= SHORTEST);
            forms.extend(together.map(|word| (Cow::Borrowed(word), taken)));
            if !next.glued {
                break;
            }
        }
    }
}

fn is_single(word: &Word<'_>) -> bool {
    let mut chars = word.text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphanumeric()) && chars.next().is_none()
}

/// Single letters in a row, all with a mark between them or all with blanks.
fn spelled(words: &[Word<'_>], at: usize) -> Option<(String, usize)> {
    let first = words.get(at).filter(|word| is_single(word))?;
    let glued = words.get(at + 1)?.glued;
    let run =
        words.get(at + 1..)?.iter().take(RUN).take_while(|w| is_single(w) && w.glued == glued);
    let word: String = std::iter::once(first).chain(run).map(|w| w.text).collect();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    let taken = word.len();
    (taken >= 4 && letters >= 3).then_some((word, taken))
}

/// `f*ck`, `a**hole`, `sh##ty`: with an `x` for each mark that stands for a letter.
fn starred(text: &str, words: &[Word<'_>], at: usize) -> Option<(String, usize)> {
    let first = words.get(at)?;
    let mut end = first.range.end;
    // Most words: nothing is made for them.
    text.get(end..)?.starts_with(['*', '#', '_', '-']).then_some(())?;
    let mut whole = first.text.to_owned();
    let mut taken = 1;
    for next in words.get(at + 1..)?.iter().take(3) {
        let between = text.get(end..next.range.start)?;
        let mark = between.chars().next().filter(|c| matches!(c, '*' | '#' | '_' | '-'));
        if between.len() > 4 || mark.is_none_or(|mark| between.chars().any(|c| c != mark)) {
            break;
        }
        whole.extend(std::iter::repeat_n('x', between.len()));
        whole.push_str(next.text);
        end = next.range.end;
        taken += 1;
    }
    (taken > 1).then_some((whole, taken))
}

/// Figures and marks among letters, read as the letters that they look like.
fn unleeted(word: &str) -> Vec<String> {
    let other = |c: char| c.is_ascii_digit() || stands_for_letter(c);
    // Most words are of small letters alone.
    let is_plain = || are_all(word.as_bytes(), |b| b.is_ascii_lowercase());
    if !(3..=40).contains(&word.len()) || is_plain() || !word.contains(other) {
        return vec![];
    }
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    // "0ne", but "3d" and "5kg" are what they are.
    let short = word.len() < 4 && (letters < 2 || !word.starts_with('0'));
    if letters == 0 || short {
        return vec![];
    }
    let read = |one: char| -> String {
        word.chars()
            .map(|c| match c {
                '0' => 'o',
                '1' | '!' | '|' => one,
                '3' | '€' => 'e',
                '4' | '@' => 'a',
                '5' | '$' => 's',
                '6' | '9' => 'g',
                '7' => 't',
                '8' => 'b',
                c => c,
            })
            .collect()
    };
    let mut forms = vec![read('i')];
    if word.contains(['1', '!', '|']) {
        forms.push(read('l'));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disguised_word_reads_as_what_it_is() {
        let check = |text: &str, expected: &str| {
            let together = Together::of(text);
            let words = together.words();
            let forms: Vec<&str> =
                words.iter().flat_map(|w| w.forms.iter().map(|f| f.0.as_ref())).collect();
            assert!(forms.contains(&expected), "{text:?}: {forms:?}");
        };
        check("a r-e-v-i-e-w for us", "review");
        check("into a r e v i e w", "review");
        check("r e v 1 e w", "review");
        check("re-view", "review");
        check("re view", "review");
        check("re.vi.ew", "review");
        check("d1sc0unt", "discount");
        check("r@ting", "rating");
        check("a 0ne-star", "one");
        check("disc0unt c0de", "code");
        check("g1adly", "gladly");
    }

    #[test]
    fn words_with_a_comma_between_are_two() {
        let together = Together::of("ti piace, raccontalo");
        let words = together.words();
        assert!(words.iter().all(|w| w.forms.iter().all(|f| !f.0.starts_with("piacer"))));
    }

    #[test]
    fn ordinary_words_have_no_other_reading_but_their_neighbours() {
        let together = Together::of("3 lamps, 20 watts; it's 230v");
        for word in together.words().iter().filter(|w| w.text != "230v") {
            assert!(word.forms.iter().all(|f| f.1 == 2), "{word:?}");
        }
    }
}
