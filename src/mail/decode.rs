//! Transfer encodings and charsets: bytes of a part become text, whatever is wrong with them.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

use super::message::Defect;

/// `Content-Transfer-Encoding` (RFC 2045 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Transfer {
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
    /// One that we don't know: what it holds can't be read.
    Unknown,
}

impl Transfer {
    pub(super) fn from_keyword(keyword: &str) -> Self {
        match keyword.trim_matches('"') {
            "" | "7bit" | "8bit" | "binary" => Self::Identity,
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            _ => Self::Unknown,
        }
    }
}

/// Notes a defect once.
pub(super) fn note(defects: &mut Vec<Defect>, defect: Defect) {
    if !defects.contains(&defect) {
        defects.push(defect);
    }
}

/// Undoes the transfer encoding; what is broken in it is skipped or left as it stands.
pub(super) fn transfer(bytes: &[u8], how: Transfer, defects: &mut Vec<Defect>) -> Vec<u8> {
    match how {
        Transfer::Identity => bytes.to_vec(),
        Transfer::Unknown => {
            note(defects, Defect::Encoding);
            bytes.to_vec()
        }
        Transfer::Base64 => base64_decode(bytes).unwrap_or_else(|| {
            note(defects, Defect::Encoding);
            // RFC 2045 §6.8: characters outside of the alphabet are to be ignored.
            let mut known: Vec<u8> = bytes
                .iter()
                .copied()
                .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
                .collect();
            // One character alone is no byte; two or three are one or two of them.
            if known.len() % 4 == 1 {
                known.pop();
            }
            known.resize(known.len().next_multiple_of(4), b'=');
            base64_decode(&known).unwrap_or_default()
        }),
        Transfer::QuotedPrintable => quoted_printable_decode(bytes).unwrap_or_else(|| {
            note(defects, Defect::Encoding);
            lax_quoted_printable(bytes)
        }),
    }
}

/// The decoded size, without decoding where counting is enough.
pub(super) fn size(bytes: &[u8], how: Transfer) -> usize {
    match how {
        Transfer::Identity | Transfer::Unknown => bytes.len(),
        Transfer::Base64 => {
            let known = bytes
                .iter()
                .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
                .count();
            known / 4 * 3 + (known % 4).saturating_sub(1)
        }
        Transfer::QuotedPrintable => {
            quoted_printable_decode(bytes).map_or_else(|| bytes.len(), |b| b.len())
        }
    }
}

fn hex(byte: Option<&u8>) -> Option<u8> {
    char::from(*byte?).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// RFC 2045 §6.7, note 4: an `=` that begins no code is left as it stands.
fn lax_quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        at += 1;
        if b != b'=' {
            out.push(b);
            continue;
        }
        match (hex(bytes.get(at)), hex(bytes.get(at + 1))) {
            (Some(high), Some(low)) => {
                out.push(high << 4 | low);
                at += 2;
            }
            _ if bytes.get(at) == Some(&b'\n') => at += 1,
            _ if bytes.get(at..at + 2) == Some(b"\r\n".as_slice()) => at += 2,
            _ => out.push(b'='),
        }
    }
    out
}

/// The "Q" encoding of RFC 2047 §4.2.
pub(super) fn q_word(bytes: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = bytes.iter().map(|&b| if b == b'_' { b' ' } else { b }).collect();
    lax_quoted_printable(&spaced)
}

/// Bytes without a charset: UTF-8, else Windows-1252, which never fails.
pub(super) fn unlabelled(bytes: &[u8], defects: &mut Vec<Defect>) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            note(defects, Defect::Charset);
            charset_decoder(b"windows-1252")
                .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decode| decode(bytes))
        }
    }
}

/// Decodes by the declared charset.
pub(super) fn charset(bytes: &[u8], declared: Option<&str>, defects: &mut Vec<Defect>) -> String {
    let name = declared.map(|d| d.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    match name.as_deref() {
        // Much mail says us-ascii and is UTF-8.
        None | Some("" | "us-ascii" | "ascii" | "utf-8" | "utf8") => {
            if matches!(name.as_deref(), Some("utf-8" | "utf8")) {
                let text = String::from_utf8_lossy(bytes);
                if matches!(text, std::borrow::Cow::Owned(_)) {
                    note(defects, Defect::Charset);
                }
                return text.into_owned();
            }
            unlabelled(bytes, defects)
        }
        Some(name) => match charset_decoder(name.as_bytes()) {
            Some(decode) => {
                let text = decode(bytes);
                if text.contains('\u{fffd}') {
                    note(defects, Defect::Charset);
                }
                text
            }
            None => {
                note(defects, Defect::Charset);
                unlabelled(bytes, defects)
            }
        },
    }
}

/// LF line ends, no control characters but LF and TAB, no blank lines at the end.
pub(super) fn clean(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => out.push('\n'),
            '\t' => out.push('\t'),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// At most `most` bytes, cut at a character.
pub(super) fn bounded(mut text: String, most: usize, defects: &mut Vec<Defect>) -> String {
    if text.len() > most {
        note(defects, Defect::Bounds);
        let end = (0..=most).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
        text.truncate(end);
    }
    text
}
