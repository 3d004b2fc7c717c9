//! What disguised words read as: `r-e-v-i-e-w`, `r e v i e w`, `re.view`, `d1sc0unt`, `r@ting`.

use super::slips;
use super::words::{Word, cut, stands_for_letter};

/// Most words that are put together to one.
const RUN: usize = 24;
/// Shortest word that is put together from pieces.
const SHORTEST: usize = 6;

/// The words of a text, with their other readings.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let places = cut(text);
    let mut words: Vec<Word<'_>> = Vec::with_capacity(places.len());
    let mut end = 0;
    for range in places {
        let between = text.get(end..range.start).unwrap_or_default();
        let mut marks = between.chars();
        let glued = end > 0
            && marks.next().is_none_or(|c| !c.is_whitespace() && !matches!(c, '\'' | '’'))
            && marks.next().is_none();
        let parted = !glued && between.chars().nth(1).is_some();
        end = range.end;
        let text = text.get(range.clone()).unwrap_or_default();
        words.push(Word { range, text, glued, parted, forms: vec![] });
    }
    for i in 0..words.len() {
        let mut forms: Vec<(String, usize)> = spelled(&words, i).into_iter().collect();
        // "s t r o n z o e": the last may be a word of one letter.
        if let Some((word, taken)) = forms.first().filter(|(_, taken)| *taken > 4) {
            forms.push((word.get(..word.len() - 1).unwrap_or_default().to_owned(), taken - 1));
        }
        if forms.is_empty() {
            forms = joined(&words, i);
        }
        forms.extend(starred(text, &words, i));
        let meant = words.get(i).and_then(|word| slips::intended(word.text));
        forms.extend(meant.map(|word| (word.to_owned(), 1)));
        forms.extend(words.get(i).into_iter().flat_map(|w| unleeted(w.text)).map(|w| (w, 1)));
        let leet: Vec<_> =
            forms.iter().flat_map(|(w, n)| unleeted(w).into_iter().map(|w| (w, *n))).collect();
        forms.extend(leet);
        if let Some(word) = words.get_mut(i) {
            word.forms = forms;
        }
    }
    words
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

/// Pieces of one word with a mark or a blank between them.
fn joined(words: &[Word<'_>], at: usize) -> Vec<(String, usize)> {
    let mut forms = vec![];
    let Some(first) = words.get(at) else { return forms };
    let mut whole = first.text.to_owned();
    for (taken, next) in (2..=4).zip(words.get(at + 1..).unwrap_or_default()) {
        if whole.len() > 24 || !whole.is_ascii() || (!next.glued && taken > 2) || next.parted {
            break;
        }
        whole.push_str(next.text);
        if whole.len() >= SHORTEST {
            forms.push((whole.clone(), taken));
        }
        if !next.glued {
            break;
        }
    }
    forms
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
    if !(3..=40).contains(&word.len()) || !word.contains(other) {
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
            let words = words(text);
            let forms: Vec<&str> =
                words.iter().flat_map(|w| w.forms.iter().map(|f| f.0.as_str())).collect();
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
        let words = words("ti piace, raccontalo");
        assert!(words.iter().all(|w| w.forms.iter().all(|f| !f.0.starts_with("piacer"))));
    }

    #[test]
    fn ordinary_words_have_no_other_reading_but_their_neighbours() {
        for word in words("3 lamps, 20 watts; it's 230v").iter().filter(|w| w.text != "230v") {
            assert!(word.forms.iter().all(|f| f.1 == 2), "{word:?}");
        }
    }
}
