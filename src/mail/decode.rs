//! Transfer encodings and charsets: bytes of a part become text, whatever is wrong with them.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    Encoding, GBK, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1252,
};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use memchr::memchr;

use super::message::Defect;
use super::uuencoded;
use crate::domain::{is_plain_text, lines_of, run_of};

/// `Content-Transfer-Encoding` (RFC 2045 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Transfer {
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
    /// No encoding of MIME's, and written by programs older than it.
    Uuencode,
    /// One that we don't know: what it holds can't be read.
    Unknown,
}

impl Transfer {
    pub(super) fn from_keyword(keyword: &str) -> Self {
        match keyword.trim_matches('"') {
            "" | "7bit" | "8bit" | "binary" => Self::Identity,
            "base64" => Self::Base64,
            "quoted-printable" => Self::QuotedPrintable,
            "x-uuencode" | "x-uue" | "uuencode" | "uue" => Self::Uuencode,
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
        Transfer::Uuencode => {
            let found = uuencoded::take(bytes, 1);
            // One part is one file: what stands around it is left out.
            if found.as_ref().is_none_or(|found| !found.rest.trim_ascii().is_empty()) {
                note(defects, Defect::Encoding);
            }
            let file = found.and_then(|found| found.files.into_iter().next());
            file.map_or_else(|| bytes.to_vec(), |file| file.bytes)
        }
    }
}

/// Base64 of which only the alphabet is looked at.
pub(super) fn lax_base64(bytes: &[u8]) -> Vec<u8> {
    // RFC 2045 §6.8: characters outside of the alphabet are to be ignored.
    let mut known: Vec<u8> = bytes
        .iter()
        .copied()
        .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
        .collect();
    match known.len() % 4 {
        // Six bits alone are no byte.
        1 => {
            known.pop();
        }
        // Its padding was lost.
        short @ 2.. => known.extend(std::iter::repeat_n(b'=', 4 - short)),
        _ => {}
    }
    base64_decode(&known).unwrap_or_default()
}

/// The decoded size, without decoding where counting is enough.
pub(super) fn size(bytes: &[u8], how: Transfer, defects: &mut Vec<Defect>) -> usize {
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
        Transfer::Uuencode => transfer(bytes, how, defects).len(),
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

/// Bytes without a charset: what only ISO-2022-JP or a byte order mark can be, UTF-8, else what
/// their letters look most like.
pub(super) fn unlabelled(bytes: &[u8], defects: &mut Vec<Defect>) -> String {
    told(bytes, guessed, defects)
}

/// The same, but that each byte that can't be told is one character of Windows-1252.
pub(super) fn bytewise(bytes: &[u8], defects: &mut Vec<Defect>) -> String {
    told(bytes, |_| WINDOWS_1252, defects)
}

fn told(
    bytes: &[u8],
    otherwise: impl Fn(&[u8]) -> &'static Encoding,
    defects: &mut Vec<Defect>,
) -> String {
    let encoding = match (told_by_bytes(bytes), std::str::from_utf8(bytes)) {
        (Some(encoding), _) => encoding,
        (None, Ok(text)) => return text.to_owned(),
        (None, Err(_)) => otherwise(bytes),
    };
    note(defects, Defect::Charset);
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

/// Bytes of a header field without encoded words, which RFC 5322 §2.2 allows no letters in but
/// ASCII's. Programs that write others there write those of the text below it.
pub(super) fn raw_field(
    bytes: &[u8],
    below: Option<&'static Encoding>,
    defects: &mut Vec<Defect>,
) -> String {
    let is_utf8 = std::str::from_utf8(bytes).is_ok();
    let whole = below
        .filter(|_| !is_utf8)
        .and_then(|encoding| encoding.decode_without_bom_handling_and_without_replacement(bytes));
    match whole {
        Some(text) if told_by_bytes(bytes).is_none() => {
            note(defects, Defect::Charset);
            text.into_owned()
        }
        _ => unlabelled(bytes, defects),
    }
}

/// The charset of this name, where ASCII is ASCII in it and it has letters besides.
pub(super) fn beyond_ascii(declared: &str) -> Option<&'static Encoding> {
    let name = declared.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    if matches!(name.as_str(), "us-ascii" | "ascii") {
        return None;
    }
    let encoding = Encoding::for_label(name.as_bytes()).or_else(|| windows(&name))?;
    encoding.is_ascii_compatible().then_some(encoding)
}

/// By what a guess is made, in bytes.
const GUESSED_BY: usize = 64 * 1024;

/// What these bytes are in, by which letters stand beside which; Windows-1252 where they are too
/// few to tell.
fn guessed(bytes: &[u8]) -> &'static Encoding {
    if is_damaged_utf8(bytes) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes.get(..GUESSED_BY).unwrap_or(bytes), bytes.len() <= GUESSED_BY);
    detector.guess(None, Utf8Detection::Deny)
}

/// Whether what is wrong in here is little beside what only UTF-8 has.
fn is_damaged_utf8(bytes: &[u8]) -> bool {
    let (mut right, mut wrong) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    right > 4 * wrong
}

/// Encodings that their own bytes give away.
fn told_by_bytes(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [0xff, 0xfe, ..] => return Some(UTF_16LE),
        [0xfe, 0xff, ..] => return Some(UTF_16BE),
        _ => {}
    }
    // RFC 1468: the escapes into its two-byte sets. They are no text in any other encoding.
    let escapes = |four: &[u8]| matches!(four, [0x1b, b'$', b'@' | b'B', 0x21..=0x7e]);
    (bytes.contains(&0x1b) && bytes.windows(4).any(escapes)).then_some(ISO_2022_JP)
}

/// Decodes by the declared charset, unless the bytes say that the declaration is wrong.
pub(super) fn charset(bytes: &[u8], declared: Option<&str>, defects: &mut Vec<Defect>) -> String {
    let name = declared.map(|d| d.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let name = name.as_deref().unwrap_or_default();
    if matches!(name, "" | "us-ascii" | "ascii") {
        // Much mail says us-ascii and is UTF-8.
        return unlabelled(bytes, defects);
    }
    let Some(text) = decode_as(name, bytes) else {
        note(defects, Defect::Charset);
        return unlabelled(bytes, defects);
    };
    let wrong = match name {
        // Labelled UTF-8 without one character of it: what was meant is Windows-1252 or the like.
        "utf-8" | "utf8" => text.contains('\u{fffd}') && !holds_utf8(bytes),
        // The reverse: what is UTF-8 by chance would be "Ã¼" and its kin and nothing else.
        name => has_few_pairs(name) && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok(),
    };
    // Escapes that the declared charset does not have.
    let escaped = bytes.is_ascii() && !name.contains("2022") && told_by_bytes(bytes).is_some();
    if wrong || escaped {
        note(defects, Defect::Charset);
        return unlabelled(bytes, defects);
    }
    if text.contains('\u{fffd}') {
        note(defects, Defect::Charset);
    }
    text
}

/// Charsets of one byte a character in which hardly two of them together are UTF-8's. Thai's are.
fn has_few_pairs(name: &str) -> bool {
    let encoding = Encoding::for_label(name.as_bytes()).or_else(|| windows(name));
    encoding.is_some_and(|encoding| encoding.is_single_byte() && encoding != WINDOWS_874)
}

/// Decodes by a charset's name; nothing where nobody knows it.
fn decode_as(name: &str, bytes: &[u8]) -> Option<String> {
    if matches!(name, "utf-8" | "utf8") {
        return Some(String::from_utf8_lossy(bytes).into_owned());
    }
    let bare = name.strip_prefix("x-").unwrap_or(name);
    // RFC 2152 and what Exchange calls it.
    if bare.ends_with("utf-7") {
        return charset_decoder(b"utf-7").map(|decode| decode(bytes));
    }
    // RFC 1843.
    if matches!(bare, "hz-gb-2312" | "hz") {
        return Some(hz(bytes));
    }
    if bare.starts_with("iso-2022-jp") {
        return Some(ISO_2022_JP.decode(bytes).0.into_owned());
    }
    let whatwg = Encoding::for_label(name.as_bytes())
        .or_else(|| Encoding::for_label(bare.as_bytes()))
        .or_else(|| windows(bare));
    match whatwg {
        // RFC 2781 §4.3 has the big end first where no mark says otherwise; many do not.
        Some(encoding) if encoding == UTF_16LE && name == "utf-16" && bytes.first() == Some(&0) => {
            Some(UTF_16BE.decode(bytes).0.into_owned())
        }
        // What browsers refuse to read for safety, we can't.
        Some(encoding) if encoding == REPLACEMENT => None,
        Some(encoding) => Some(encoding.decode(bytes).0.into_owned()),
        None => charset_decoder(bare.as_bytes()).map(|decode| decode(bytes)),
    }
}

/// Two-byte characters of seven bits between `~{` and `~}` (RFC 1843).
fn hz(bytes: &[u8]) -> String {
    let mut wide = false;
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, tail)) = rest.split_first() {
        let code = (first == b'~').then(|| tail.first()).flatten();
        rest = match (code, wide) {
            (Some(b'{'), false) => {
                wide = true;
                tail.get(1..)
            }
            (Some(b'}'), true) => {
                wide = false;
                tail.get(1..)
            }
            (Some(b'~'), false) => {
                out.push(b'~');
                tail.get(1..)
            }
            (Some(b'\n'), _) => tail.get(1..),
            _ => {
                // No line begins wide.
                wide &= first != b'\n';
                out.push(if wide { first | 0x80 } else { first });
                Some(tail)
            }
        }
        .unwrap_or_default();
    }
    GBK.decode_without_bom_handling(&out).0.into_owned()
}

/// "cp932", "ms932", "cp-1251", "windows1250": code pages by their numbers.
fn windows(name: &str) -> Option<&'static Encoding> {
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (head, number) = name.split_at(digits);
    if !matches!(head.trim_end_matches(['-', '_']), "cp" | "ms" | "windows" | "win") {
        return None;
    }
    let label = match number {
        "932" => "shift_jis".to_owned(),
        "936" => "gbk".to_owned(),
        "949" => "euc-kr".to_owned(),
        "950" => "big5".to_owned(),
        "50220" | "50221" | "50222" => "iso-2022-jp".to_owned(),
        "65001" => "utf-8".to_owned(),
        number => format!("windows-{number}"),
    };
    Encoding::for_label(label.as_bytes())
}

/// Whether a character of more than one byte stands among these bytes as UTF-8 writes it.
fn holds_utf8(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

/// LF line ends, no control characters but LF and TAB, no byte order mark at the start and no blank
/// lines at the end.
pub(super) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // Most of most texts.
        let plain = run_of(rest.as_bytes(), is_plain_text);
        out.push_str(rest.get(..plain).unwrap_or_default());
        let mut chars = rest.get(plain..).unwrap_or_default().chars();
        let Some(c) = chars.next() else { break };
        rest = chars.as_str();
        match c {
            '\r' => {
                rest = rest.strip_prefix('\n').unwrap_or(rest);
                out.push('\n');
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' => out.push('\n'),
            c if c.is_control() => {}
            // RFC 3629 §6: there it is no character of the text.
            '\u{feff}' if out.is_empty() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A text with LF line ends for CRLF.
pub fn with_lf(text: &str) -> Cow<'_, str> {
    if memchr(b'\r', text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in lines_of(text) {
        match line.strip_suffix("\r\n") {
            Some(line) => {
                out.push_str(line);
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    Cow::Owned(out)
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
