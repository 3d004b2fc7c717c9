//! A mail as it came in, without the card numbers in it: what the archive keeps of one in which a
//! number was found (PRODUCT §5, `card-number`). The last four figures stay, as on a receipt.

use std::borrow::Cow;
use std::ops::Range;

use data_encoding::BASE64;
use mail_parser::{Encoding, HeaderName, MessageParser, MessagePart, MimeHeaders, PartType};

use crate::mail;
use crate::policy::{card_numbers, without_figures};

/// The mail with every number hidden, in its subject, its texts and the text files that it brings,
/// whatever they are encoded in. Parts that hold none stay byte for byte.
pub fn without_card_numbers(raw: &[u8]) -> Vec<u8> {
    let out = rewritten(raw, |text, _| hidden(text));
    // Markup can stand between the figures: then its text goes in place of it.
    let read = mail::read(&out);
    let shown = [&read.text.body, &read.otherwise.body].map(|text| hidden(text));
    if shown.iter().all(Option::is_none) {
        return out;
    }
    let plain: Vec<String> = shown.into_iter().flatten().collect();
    let markup =
        format!("<pre>{}</pre>\r\n", plain.join("\n").replace('&', "&amp;").replace('<', "&lt;"));
    rewritten(&out, |_, is_html| is_html.then(|| markup.clone()))
}

/// A line without card numbers.
pub fn without_numbers(line: &str) -> String {
    hidden(line).unwrap_or_else(|| line.to_owned())
}

/// The text without the numbers; nothing where it holds none.
pub(super) fn hidden(text: &str) -> Option<String> {
    let ranges = card_numbers(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in &ranges {
        out.push_str(text.get(at..range.start)?);
        out.push_str(&without_figures(text.get(range.clone())?));
        at = range.end;
    }
    out.push_str(text.get(at..)?);
    (!ranges.is_empty()).then_some(out)
}

/// The mail with other texts: `change` says what becomes of one, and whether it is HTML.
fn rewritten(raw: &[u8], change: impl Fn(&str, bool) -> Option<String>) -> Vec<u8> {
    let Some(mail) = MessageParser::default().parse(raw) else { return raw.to_vec() };
    let mut edits: Vec<(Range<usize>, Vec<u8>)> = vec![];
    for header in mail.parts.first().iter().flat_map(|part| &part.headers) {
        let changed = || header.value.as_text().and_then(|text| change(text, false));
        if header.name == HeaderName::Subject
            && let Some(subject) = changed()
        {
            let place = header.offset_start as usize..header.offset_end as usize;
            edits.push((place, field(&subject)));
        }
    }
    for part in &mail.parts {
        let (text, is_html) = match &part.body {
            PartType::Text(text) => (Cow::Borrowed(text.as_ref()), false),
            PartType::Html(text) => (Cow::Borrowed(text.as_ref()), true),
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
                match std::str::from_utf8(bytes) {
                    Ok(text) => (Cow::Borrowed(text), false),
                    Err(_) => continue,
                }
            }
            PartType::Message(_) | PartType::Multipart(_) => continue,
        };
        if let Some(changed) = change(&text, is_html) {
            replace(raw, part, (&text, &changed), &mut edits);
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    for (range, with) in edits {
        out.extend_from_slice(raw.get(at..range.start).unwrap_or_default());
        out.extend_from_slice(&with);
        at = range.end.max(at);
    }
    out.extend_from_slice(raw.get(at..).unwrap_or_default());
    out
}

/// Another body for a part: as it was written where it is plain ASCII, else in UTF-8 and base64
/// (RFC 2045 §6.8).
fn replace(
    raw: &[u8],
    part: &MessagePart<'_>,
    (text, changed): (&str, &str),
    edits: &mut Vec<(Range<usize>, Vec<u8>)>,
) {
    let body = part.offset_body as usize..part.offset_end as usize;
    let written = raw.get(body.clone()).unwrap_or_default();
    if part.encoding == Encoding::None && text.is_ascii() && text.as_bytes() == written {
        edits.push((body, changed.as_bytes().to_vec()));
        return;
    }
    let mut encoded = Vec::new();
    for line in BASE64.encode(changed.as_bytes()).as_bytes().chunks(76) {
        encoded.extend_from_slice(line);
        encoded.extend_from_slice(b"\r\n");
    }
    edits.push((body, encoded));
    let kept = |name: &HeaderName<'_>| {
        *name != HeaderName::ContentTransferEncoding && *name != HeaderName::ContentType
    };
    for header in part.headers.iter().filter(|h| !kept(&h.name)) {
        edits.push((header.offset_field as usize..header.offset_end as usize, vec![]));
    }
    let start = part.offset_header as usize;
    let kind = content_type(part);
    let fields = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n");
    edits.push((start..start, fields.into_bytes()));
}

/// The part's type with what was said of it, in UTF-8.
fn content_type(part: &MessagePart<'_>) -> String {
    let Some(kind) = part.content_type() else { return "text/plain; charset=utf-8".to_owned() };
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    let mut out = format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("plain"));
    let named =
        kind.attributes.iter().flatten().filter(|a| !a.name.eq_ignore_ascii_case("charset"));
    for attribute in named.filter(|a| plain(&a.name) && plain(&a.value)) {
        out.push_str(&format!(";\r\n {}=\"{}\"", attribute.name, attribute.value));
    }
    if out.starts_with("text/") {
        out.push_str(";\r\n charset=utf-8");
    }
    out
}

/// The value of an unstructured field, with its line's end (RFC 2047 §2: at most 75 characters a word).
fn field(text: &str) -> Vec<u8> {
    if text.is_ascii() && !text.contains("=?") {
        return format!(" {text}\r\n").into_bytes();
    }
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut end = rest.len().min(45);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (head, tail) = rest.split_at(end);
        out.push_str(&format!(" =?utf-8?B?{}?=\r\n", BASE64.encode(head.as_bytes())));
        rest = tail;
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBER: &str = "4111 1111 1111 1111";

    fn check(raw: &str, holds: &[&str]) {
        let raw = raw.replace('\n', "\r\n");
        let before = mail::read(raw.as_bytes());
        assert!(
            [&before.subject, &before.text.body].iter().any(|text| hidden(text).is_some()),
            "the number is in it: {raw}"
        );
        let out = without_card_numbers(raw.as_bytes());
        let read = mail::read(&out);
        let all = [&read.subject, &read.text.body, &read.otherwise.body];
        for text in all {
            assert_eq!(hidden(text), None, "{text}");
        }
        let text = String::from_utf8_lossy(&out);
        assert!(!text.contains("1111 1111"), "{text}");
        for words in holds {
            assert!(all.iter().any(|text| text.contains(words)), "{words} is not in {all:?}");
        }
        // A second time there is nothing to do.
        assert_eq!(without_card_numbers(&out), out);
    }

    #[test]
    fn the_number_goes_whatever_it_is_written_in_and_all_else_stays() {
        let head = "From: a@x.example\nSubject: My card\nMIME-Version: 1.0\n";
        check(
            &format!("{head}\nHello, {NUMBER} is it.\nBye\n"),
            &["Hello, XXXX XXXX XXXX 1111 is it."],
        );
        check(
            &format!(
                "{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=C3=9Fe 4111 1111=\n 1111 1111\n"
            ),
            &["Grüße XXXX XXXX XXXX 1111"],
        );
        let base64 = BASE64.encode(format!("Grüße {NUMBER}\r\n").as_bytes());
        check(
            &format!(
                "{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{base64}\n"
            ),
            &["Grüße XXXX XXXX XXXX 1111"],
        );
        check(
            &format!("From: a@x.example\nSubject: card {NUMBER}\n\nSee above.\n"),
            &["card XXXX XXXX XXXX 1111", "See above."],
        );
        check(
            &format!(
                "{head}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nHere: {NUMBER}\n--b\nContent-Type: text/html\n\n<p>Here: {NUMBER}</p>\n--b--\n"
            ),
            &["Here: XXXX XXXX XXXX 1111"],
        );
        check(
            &format!(
                "{head}Content-Type: text/html\n\n<p>Here: 4111 <b>1111</b> 1111 1111, thanks</p>\n"
            ),
            &["Here: XXXX XXXX XXXX 1111, thanks"],
        );
    }

    #[test]
    fn a_mail_without_a_number_is_not_touched() {
        let raw = b"Subject: order 4111 1111\r\n\r\nOrder 1234 5678 9012 3456.\r\n";
        assert_eq!(without_card_numbers(raw), raw);
    }
}
