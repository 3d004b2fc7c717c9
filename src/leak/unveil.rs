//! Undoing the encodings that can stand inside of decoded text.

use std::borrow::Cow;

use decancer::Translation;
use memchr::memchr3_iter;
use unicode_normalization::UnicodeNormalization;

use crate::domain::{folded, is_unseen, lines_of, parts_of, push_lower};
use crate::mail;

/// Encodings inside of one another that are undone.
const DEEPEST: usize = 3;

/// A text and the forms that a reader's program may turn it into: as it stands, and with HTML
/// entities, percent-encoding, look-alike widths and invisible characters undone, also where one
/// stands inside of another. Lower case.
pub(super) fn forms(text: &str) -> Vec<Cow<'_, str>> {
    let mut forms = vec![fold(text)];
    if !text.is_ascii() {
        let plain = Cow::Owned(plain(&forms.concat()));
        if !forms.contains(&plain) {
            forms.push(plain);
        }
    }
    // Nothing to undo: no second copy of a long text.
    if !is_encoded(text) {
        return forms;
    }
    let (mut one, mut other) = (text.to_owned(), text.to_owned());
    for _ in 0..DEEPEST {
        one = entities(&percent(&one));
        other = percent(&entities(&other));
        let before = forms.len();
        for form in [&one, &other] {
            let form = Cow::Owned(fold(form).into_owned());
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
        if forms.len() == before {
            break;
        }
    }
    forms
}

/// Whether something stands in a text that [`percent`] or [`entities`] may undo. "====" is none.
fn is_encoded(text: &str) -> bool {
    let bytes = text.as_bytes();
    let code = |at: usize| {
        let two = bytes.get(at + 1..at + 3).unwrap_or_default();
        two.len() == 2 && two.iter().all(u8::is_ascii_hexdigit)
    };
    memchr3_iter(b'&', b'%', b'=', bytes).any(|at| bytes.get(at) == Some(&b'&') || code(at))
}

/// What stands in base64 inside of a text: in a word, as in links that name their reader, or in
/// lines of it, as in the source of a mail. Lower case.
pub(super) fn base64_words(text: &str) -> Vec<Cow<'static, str>> {
    // The shortest address worth hiding; and a picture is no word.
    let words = mail::code_words(text, 12..4096);
    let blocks = base64_blocks(text);
    words
        .chain(blocks.iter().map(String::as_str))
        .filter_map(mail::base64_word)
        .filter(|decoded| decoded.contains('@'))
        .map(|decoded| Cow::Owned(fold(&decoded).into_owned()))
        .collect()
}

/// Lines of nothing but base64 that follow on one another, put together, where they may stand for a
/// text. A line that ends before the others ends them (RFC 2045 §6.8).
fn base64_blocks(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open = 0;
    let mut is_text = false;
    for line in lines_of(text) {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.trim_start_matches(['>', '|', ' ', '\t']).trim_end();
        let letters = line.trim_end_matches('=');
        let is_none = letters.is_empty() || (open == 0 && letters.len() < 20);
        if is_none || !mail::is_code(letters) {
            open = 0;
            continue;
        }
        match blocks.last_mut().filter(|_| open > 0) {
            _ if open > 0 && !is_text => {}
            Some(block) => block.push_str(letters),
            None => {
                is_text = mail::may_be_text(letters);
                blocks.extend(is_text.then(|| letters.to_owned()));
            }
        }
        let ends = line.len() > letters.len() || line.len() < open;
        open = if ends { 0 } else { line.len() };
    }
    blocks
}

/// NFKC, lower case, without characters that are not seen.
pub(super) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len());
    for (plain, other) in parts_of(text) {
        // Most text: its NFKC is itself, and all of it is seen.
        push_lower(plain, &mut folded);
        let seen = other.nfkc().filter(|c| !is_unseen(*c));
        folded.extend(seen.flat_map(char::to_lowercase));
    }
    Cow::Owned(folded)
}

/// A text in lower case: letters without the marks around them, and as the Latin letters that they look
/// like.
fn plain(text: &str) -> String {
    let mut like = String::with_capacity(text.len());
    for (plain, other) in parts_of(text) {
        like.push_str(plain);
        folded(other).chars().for_each(|c| push_like(c, &mut like));
    }
    like
}

fn push_like(c: char, to: &mut String) {
    let stays = c.is_ascii() || matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}');
    match if stays { Translation::None } else { decancer::cure_char!(c) } {
        Translation::Character(like) => to.push(like),
        Translation::String(like) => to.push_str(&like),
        Translation::None => to.push(c),
    }
}

/// RFC 3986 §2.1; also `=40` as a mail program leaves it where it did not decode.
fn percent(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'%' || first == b'=').then(|| tail.get(..2)).flatten().and_then(hex);
        match code {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn hex(two: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()
}

/// Numeric character references and the few names that can hide an address.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, tail) = rest.split_at(at);
        out.push_str(before);
        let end = tail.char_indices().take(12).find(|(_, c)| *c == ';').map(|(i, _)| i);
        match end.and_then(|end| Some((reference(tail.get(1..end)?)?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = tail.get(end + 1..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "commat" => '@',
        "period" => '.',
        "lowbar" => '_',
        "hyphen" | "dash" => '-',
        "plus" => '+',
        "amp" => '&',
        "shy" | "zwnj" | "zwj" => '\u{200b}',
        "nbsp" => ' ',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_seen_however_it_is_encoded() {
        for text in [
            "Jane@Mail.Example",
            "jane%40mail.example",
            "jane&#64;mail&period;example",
            "j&#x61;ne&commat;mail.example",
            "ｊａｎｅ＠ｍａｉｌ．ｅｘａｍｐｌｅ",
            "ja\u{200b}ne@mail\u{ad}.example",
            "jane=40mail.example",
            "jane%26%2364;mail.example",
        ] {
            assert!(
                forms(text).iter().any(|f| f.contains("jane@mail.example")),
                "{text}: {:?}",
                forms(text)
            );
        }
    }

    #[test]
    fn lines_of_base64_are_put_together() {
        let code =
            data_encoding::BASE64.encode("Reach me at jane@mail.example, or nowhere.".as_bytes());
        for width in [20, 24, 33, 60] {
            let lines: Vec<&str> =
                code.as_bytes().chunks(width).map(|l| std::str::from_utf8(l).unwrap()).collect();
            let text = format!("Hello\n> {}\nthere", lines.join("\n> "));
            let found = base64_words(&text);
            assert!(found.iter().any(|f| f.contains("jane@mail.example")), "{text}: {found:?}");
        }
        assert_eq!(base64_blocks("Thanks\nyes\n\nto: me\n"), [""; 0]);
    }

    #[test]
    fn broken_encodings_stay_as_they_are() {
        assert_eq!(forms("100% & &amp &#; %zz &#x110000; ="), ["100% & &amp &#; %zz &#x110000; ="]);
    }
}
