//! Undoing the encodings that can stand inside of decoded text.

use unicode_normalization::UnicodeNormalization;

/// A text and the forms that a reader's program may turn it into: as it stands, and with HTML
/// entities, percent-encoding, look-alike widths and invisible characters undone. Lower case.
pub(super) fn forms(text: &str) -> Vec<String> {
    let plain = fold(text);
    let opened = fold(&entities(&percent(text)));
    let twice = fold(&percent(&entities(text)));
    let mut forms = vec![plain];
    for form in [opened, twice] {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// NFKC, lower case, without characters that are not seen.
fn fold(text: &str) -> String {
    text.nfkc()
        .filter(|c| {
            !matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
        })
        .flat_map(char::to_lowercase)
        .collect()
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
    fn broken_encodings_stay_as_they_are() {
        assert_eq!(forms("100% & &amp &#; %zz &#x110000; ="), ["100% & &amp &#; %zz &#x110000; ="]);
    }
}
