//! Text to words, as they are compared: without case, accents and forms of the same letter.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{decompose_canonical, is_combining_mark};

use crate::domain::{parts_of, push_lower, run_of};

/// A word is so many characters long at most; what is longer was written by no person.
const LONGEST: usize = 48;

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// Letters and digits between others.
    Whole(&'a str),
    /// Of a language written without spaces: a run of its characters.
    Run(&'a str),
}

/// A text as its words are compared.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for (plain, other) in parts_of(text) {
        push_lower(plain, &mut folded);
        for c in other.nfkc().flat_map(char::to_lowercase) {
            match c {
                'ß' => folded.push_str("ss"),
                _ if c.is_ascii() || is_unspaced(c) => folded.push(c),
                // Accents go, whole letters stay: é is found as e.
                _ => decompose_canonical(c, |c| {
                    if !is_combining_mark(c) {
                        folded.push(c);
                    }
                }),
            }
        }
    }
    Cow::Owned(folded)
}

/// The words of a [`folded`] text, in order.
pub(super) fn words(folded: &str) -> impl Iterator<Item = Word<'_>> {
    let mut rest = folded;
    std::iter::from_fn(move || {
        loop {
            let start = rest.find(|c: char| c.is_alphanumeric() || is_unspaced(c))?;
            let from = rest.get(start..)?;
            // Most letters of most words are looked at as bytes.
            let plain = run_of(from.as_bytes(), |b| b.is_ascii_alphanumeric());
            let more = from.get(plain..)?;
            let unspaced = plain == 0 && is_unspaced(from.chars().next()?);
            let end = more.find(|c: char| match unspaced {
                true => !is_unspaced(c),
                false => !c.is_alphanumeric() || is_unspaced(c),
            });
            let (word, behind) = from.split_at(end.map_or(from.len(), |end| plain + end));
            rest = behind;
            if unspaced {
                return Some(Word::Run(word));
            }
            if word.len() <= LONGEST || (!word.is_ascii() && word.chars().count() <= LONGEST) {
                return Some(Word::Whole(word));
            }
        }
    })
}

/// The characters of a run, and each with its neighbour.
pub(super) fn pairs(run: &str) -> impl Iterator<Item = &str> {
    let starts = run.char_indices().map(|(at, c)| (at, at + c.len_utf8()));
    starts.flat_map(move |(at, end)| {
        let next = run.get(end..).and_then(|rest| rest.chars().next());
        let pair = next.and_then(|next| run.get(at..end + next.len_utf8()));
        [run.get(at..end), pair].into_iter().flatten()
    })
}

/// Written without spaces between words: Han, kana, Hangul.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}'
        | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let folded = folded(text);
        let found: Vec<String> = words(&folded)
            .map(|word| match word {
                Word::Whole(word) => word.to_owned(),
                Word::Run(run) => format!("<{run}>"),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn words_are_compared_without_case_accents_and_forms() {
        check("When does it ARRIVE?", &["when", "does", "it", "arrive"]);
        check("Straße, Müller & Łódź", &["strasse", "muller", "łodz"]);
        check("ＡＢＣ ﬁnd 2½", &["abc", "find", "21", "2"]);
        check("AB-1234_x a@b.example", &["ab", "1234", "x", "a", "b", "example"]);
        check(
            "注文したランプが届きません。Lamp型です",
            &["<注文したランプが届きません>", "lamp", "<型です>"],
        );
        check("ﾗﾝﾌﾟ", &["<ランプ>"]);
        check(&"x".repeat(49), &[]);
        check("", &[]);
    }

    #[test]
    fn a_run_becomes_its_characters_and_their_pairs() {
        let found: Vec<&str> = pairs("注文品").collect();
        assert_eq!(found, ["注", "注文", "文", "文品", "品"]);
        assert_eq!(pairs("").count(), 0);
    }
}
