//! `email-address` in words that are a text in another form: base64, quoted-printable. A person
//! sees nothing in them, but a list of guesses in such forms, quoted back by whoever is guessed at,
//! tells by what is missing which of them was right.

use std::ops::Range;

use memchr::memmem;

use super::email_address::Detector;
use super::found::Found;
use super::tokens::Tokens;
use super::view::View;
use crate::domain::Certainty;
use crate::mail;

/// The shortest word in base64 that can hold an address, and what is a picture rather than a word.
const CODED: Range<usize> = 12..4096;

/// The words of a text that hide an address.
pub(super) fn find(text: &str, detector: &Detector<'_>) -> Vec<Found> {
    let holds = |plain: String| {
        let view = View::new(&plain);
        let tokens = Tokens::new(&view.text);
        !detector.find(&view, &tokens).0.is_empty()
    };
    // Most texts, all of which is looked through at once.
    if decoded(text).next().is_none() && memmem::find(text.as_bytes(), b"=40").is_none() {
        return vec![];
    }
    let hides = |word: &str| {
        if decoded(word).any(holds) {
            return true;
        }
        let printable = word.contains("=40").then(|| word.replace("=40", "@").replace("=2E", "."));
        printable.is_some_and(holds)
    };
    let mut found = Vec::new();
    let mut at = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        if hides(word) {
            found.push(Found { range: at..at + word.len(), certainty: Certainty::Certain });
        }
        at += piece.len();
    }
    found
}

/// What stands in base64 in a text and has an `@` in it.
fn decoded(text: &str) -> impl Iterator<Item = String> {
    let codes = mail::code_words(text, CODED);
    codes.filter_map(mail::base64_word).filter(|plain| plain.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::super::domains::Allowed;
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let nothing = Allowed::default();
        let found = find(text, &Detector { domains: &nothing, contacts: &[] });
        let words: Vec<&str> = found.into_iter().map(|f| &text[f.range]).collect();
        assert_eq!(words, expected, "{text:?}");
    }

    #[test]
    fn an_address_is_found_in_what_stands_for_it() {
        let code = data_encoding::BASE64.encode(b"jane77@gmail.com");
        check(&format!("ref {code} thanks"), &[&code]);
        check(&format!("ref:{code}, thanks"), &[&format!("ref:{code},")]);
        check(
            &format!("ref\n{}\nthanks", code.trim_end_matches('=')),
            &[code.trim_end_matches('=')],
        );
        check(
            "=?utf-8?q?jane=2Eroe=40gmail=2Ecom?= here",
            &["=?utf-8?q?jane=2Eroe=40gmail=2Ecom?="],
        );
    }

    #[test]
    fn what_only_looks_like_it_is_none() {
        check("the part AB-4471-QQ-LAMPEX fits", &[]);
        check("size=40 cm, colour=40%", &[]);
        check("jane77@gmail.com is found elsewhere", &[]);
        check(&data_encoding::BASE64.encode(b"the brass lamp at home"), &[]);
        check("", &[]);
    }
}
