//! Header fields: splitting a header block, unfolding, encoded words, ids.
//!
//! Our own, because ids and subjects must come out exactly as they were written, and because time
//! must stay linear whatever a sender writes.

use std::ops::Range;

use encoding_rs::Encoding;
use mail_parser::decoders::base64::base64_decode;

use super::decode;
use super::message::{Automatic, Defect};
use crate::domain::MsgId;

/// Fields that anything in here reads. Others are not even kept.
const WANTED: [&str; 21] = [
    "from",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "precedence",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-mail-autoreply",
    "x-ms-exchange-generated-message-source",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "disposition-notification-to",
    "return-receipt-to",
    "return-receipt-requested",
    "read-receipt-to",
    "x-confirm-reading-to",
    "x-pmrqc",
];
const CONTENT_ID: &str = "content-id";
/// What asks for a report of being read (RFC 8098 §2.1 and its forerunners), as it is written.
const RECEIPTS: [&str; 6] = [
    "Disposition-Notification-To",
    "Return-Receipt-To",
    "Return-Receipt-Requested",
    "Read-Receipt-To",
    "X-Confirm-Reading-To",
    "X-PMRQC",
];
/// More than this in one block is no mail program's work.
const MOST_FIELDS: usize = 500;
/// One field's value in bytes. References of 100 ids fit.
pub(super) const LONGEST_FIELD: usize = 16 * 1024;

/// Bytes of an encoded word in which a stray question mark is forgiven; RFC 2047 §2 has 75 for all.
const STRAY: usize = 200;

/// One header field; the value still holds its folds and ends with its last line break.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'x> {
    pub(super) name: &'static str,
    pub(super) value: &'x [u8],
}

/// A header block.
#[derive(Debug, Default)]
pub(super) struct Block<'x> {
    pub(super) fields: Vec<Field<'x>>,
    /// Where the body begins.
    pub(super) body: usize,
    /// Not one field was found: the block is body.
    pub(super) empty: bool,
    /// More or longer fields than are read.
    pub(super) cut: bool,
    /// A line that is no field stood between fields.
    pub(super) broken: bool,
}

impl<'x> Block<'x> {
    /// The values of all fields of this (lower-case) name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'x [u8]> + 'a {
        self.fields.iter().filter(move |f| f.name == name).map(|f| f.value)
    }

    /// The first value of this name.
    pub(super) fn first(&self, name: &str) -> Option<&'x [u8]> {
        self.fields.iter().find(|f| f.name == name).map(|f| f.value)
    }
}

/// The fields by which a report of being read is asked for.
pub(super) fn receipts(block: &Block<'_>) -> Vec<&'static str> {
    let asks = |name: &&str| {
        let name = name.to_ascii_lowercase();
        block.all(&name).any(|value| !value.trim_ascii().is_empty())
    };
    RECEIPTS.into_iter().filter(asks).collect()
}

/// The end of the line that begins at `start`, its line feed included.
pub(super) fn line_end(raw: &[u8], start: usize, end: usize) -> usize {
    raw.get(start..end)
        .and_then(|rest| rest.iter().position(|&b| b == b'\n'))
        .map_or(end, |at| start + at + 1)
}

/// Splits the header block that begins at `range.start`.
pub(super) fn split(raw: &[u8], range: Range<usize>) -> Block<'_> {
    let mut block = Block::default();
    let mut open: Option<(Option<&'static str>, usize)> = None;
    let mut seen_field = false;
    let mut at = range.start;
    let mut first = true;
    while at < range.end {
        let next = line_end(raw, at, range.end);
        let line = raw.get(at..next).unwrap_or_default();
        let is_blank = matches!(line, b"\n" | b"\r\n" | b"\r");
        // RFC 5322 §2.2.3: a line that begins with white space goes on with the field before it.
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        if folded && !is_blank && open.is_some() {
            at = next;
            first = false;
            continue;
        }
        if let Some((name, start)) = open.take() {
            keep(&mut block, name, raw.get(start..at).unwrap_or_default());
        }
        if is_blank {
            at = next;
            break;
        }
        match field_name(line) {
            Some((name, colon)) => {
                seen_field = true;
                open = Some((name, at + colon + 1));
            }
            // The first line of a mailbox file ("From someone Thu …") is no field.
            None if first && line.starts_with(b"From ") => {}
            None if !seen_field => {
                return Block { body: range.start, empty: true, ..Block::default() };
            }
            // Skipped rather than taken for the end: a From below it must not go unseen.
            None => block.broken = true,
        }
        first = false;
        at = next;
    }
    if let Some((name, start)) = open {
        keep(&mut block, name, raw.get(start..range.end).unwrap_or_default());
    }
    block.empty = !seen_field;
    block.body = at;
    block
}

fn keep<'x>(block: &mut Block<'x>, name: Option<&'static str>, value: &'x [u8]) {
    let Some(name) = name else { return };
    if block.fields.len() >= MOST_FIELDS {
        block.cut = true;
        return;
    }
    block.fields.push(Field { name, value });
}

/// The known name before the colon (`None` for one that nobody reads) and where the colon stands;
/// nothing where the line is no field.
fn field_name(line: &[u8]) -> Option<(Option<&'static str>, usize)> {
    let colon = line.iter().take(998).position(|&b| b == b':')?;
    // RFC 5322 §4.5: old mail may have white space before the colon.
    let name = line.get(..colon)?.trim_ascii_end();
    // RFC 5322 §2.2: printable ASCII but the colon.
    if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let known = WANTED
        .iter()
        .chain(std::iter::once(&CONTENT_ID))
        .find(|w| name.eq_ignore_ascii_case(w.as_bytes()));
    Some((known.copied(), colon))
}

/// Unfolds and decodes an unstructured field: one line, encoded words decoded, nothing else
/// changed but outer white space and control characters (RFC 5322 §2.2.3, RFC 2047).
///
/// `below`: what the text below the header is in.
pub(super) fn unstructured(
    value: &[u8],
    below: Option<&'static Encoding>,
    defects: &mut Vec<Defect>,
) -> String {
    let value = match value.get(..LONGEST_FIELD) {
        Some(cut) => {
            decode::note(defects, Defect::Bounds);
            cut
        }
        None => value,
    };
    let unfolded: Vec<u8> = value.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let text = words(&decode::raw_field(&unfolded, below, defects), defects);
    let one_line: String = text
        .chars()
        // An encoded word can hold a line break, which would make a second header line.
        .map(|c| match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' | '\u{85}' => ' ',
            c => c,
        })
        .filter(|c| !c.is_control())
        .collect();
    one_line.trim().to_owned()
}

/// One encoded word: where it ends, its charset and its bytes.
struct Word<'t> {
    len: usize,
    charset: &'t str,
    bytes: Vec<u8>,
}

/// Decodes the encoded words of an unfolded text.
fn words(text: &str, defects: &mut Vec<Defect>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // Bytes of neighbouring words of one charset: senders split characters between words although
    // RFC 2047 §5 forbids it, so they are decoded together.
    let mut waiting: Option<(String, Vec<u8>)> = None;
    while let Some(at) = rest.find("=?") {
        let (before, tail) = rest.split_at(at);
        let Some(word) = word(tail) else {
            flush(&mut out, &mut waiting, defects);
            out.push_str(before);
            out.push_str("=?");
            rest = tail.get(2..).unwrap_or_default();
            continue;
        };
        // RFC 2047 §6.2: white space between two encoded words is not shown.
        let joins = waiting.is_some() && before.trim().is_empty();
        if !joins {
            flush(&mut out, &mut waiting, defects);
            out.push_str(before);
        }
        match &mut waiting {
            Some((charset, bytes)) if charset.eq_ignore_ascii_case(word.charset) => {
                bytes.extend_from_slice(&word.bytes);
            }
            _ => {
                flush(&mut out, &mut waiting, defects);
                waiting = Some((word.charset.to_owned(), word.bytes));
            }
        }
        rest = tail.get(word.len..).unwrap_or_default();
    }
    flush(&mut out, &mut waiting, defects);
    out.push_str(rest);
    out
}

fn flush(out: &mut String, waiting: &mut Option<(String, Vec<u8>)>, defects: &mut Vec<Defect>) {
    if let Some((charset, bytes)) = waiting.take() {
        out.push_str(&decode::charset(&bytes, Some(&charset), defects));
    }
}

/// Reads the encoded word at the beginning of `text` (RFC 2047 §2).
fn word(text: &str) -> Option<Word<'_>> {
    let inner = text.strip_prefix("=?")?;
    let (charset, rest) = split_within(inner, '?', 80)?;
    let (encoding, rest) = split_within(rest, '?', 1)?;
    let mut end = rest.find('?')?;
    if !rest.get(end..)?.starts_with("?=") {
        // A "?" inside is against RFC 2047 §2, and is written.
        let near = (0..=rest.len().min(STRAY)).rev().find(|at| rest.is_char_boundary(*at))?;
        end = rest.get(..near)?.find("?=")?;
    }
    let encoded = rest.get(..end)?;
    if charset.is_empty() || !charset.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => base64_decode(encoded.as_bytes())
            .unwrap_or_else(|| decode::lax_base64(encoded.as_bytes())),
        "Q" | "q" => decode::q_word(encoded.as_bytes()),
        _ => return None,
    };
    let len = 2 + charset.len() + 1 + encoding.len() + 1 + end + 2;
    // RFC 2231 §5: a language may stand behind the charset.
    let charset = charset.split('*').next().unwrap_or(charset);
    Some(Word { len, charset, bytes })
}

fn split_within(text: &str, mark: char, most: usize) -> Option<(&str, &str)> {
    let at = text.bytes().take(most + 1).position(|b| b == mark as u8)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The ids of a `Message-ID`, `In-Reply-To` or `References` field in order, exactly as written
/// (RFC 5322 §3.6.4). Commas, comments and phrases between them are passed over; the second value
/// says that something in there looked like an id and is none.
pub(super) fn ids(value: &[u8]) -> (Vec<MsgId>, bool) {
    let mut found = Vec::new();
    let mut bad = false;
    let mut comment = 0_usize;
    let mut bytes = value.iter().enumerate();
    while let Some((at, &b)) = bytes.next() {
        match b {
            b'\\' if comment > 0 => {
                bytes.next();
            }
            b'(' => comment += 1,
            b')' => comment = comment.saturating_sub(1),
            b'<' if comment == 0 => {
                let start = at + 1;
                let Some((end, _)) = bytes.by_ref().find(|&(_, &b)| b == b'>') else {
                    bad = true;
                    break;
                };
                let id = value.get(start..end).and_then(|id| std::str::from_utf8(id).ok());
                // `MsgId::new` trims: an id with white space inside its brackets is not one that
                // we could give back as it was written.
                match id.filter(|id| !id.contains(char::is_whitespace)).and_then(MsgId::new) {
                    Some(id) => found.push(id),
                    None => bad = true,
                }
            }
            b'@' if comment == 0 => bad = true,
            _ => {}
        }
    }
    (found, bad)
}

/// Whether a machine wrote the mail, as far as its header says (PRODUCT §4).
pub(super) fn automatic(block: &Block<'_>) -> Automatic {
    let mut generated = false;
    for value in block.all("auto-submitted") {
        match keyword(value).as_str() {
            "auto-replied" => return Automatic::Replied,
            // RFC 3834 §5: "no" is a person; whatever else is said there is a machine.
            "no" | "" => {}
            _ => generated = true,
        }
    }
    // Out-of-office headers of programs that knew nothing of RFC 3834.
    // X-Auto-Response-Suppress is none: it asks others not to answer automatically, and help
    // desks put it on what people write.
    for name in ["x-autoreply", "x-autorespond", "x-autoresponder", "x-mail-autoreply"] {
        if block.all(name).any(|v| !matches!(keyword(v).as_str(), "no" | "false" | "0" | "")) {
            return Automatic::Replied;
        }
    }
    if block.all("precedence").any(|v| matches!(keyword(v).as_str(), "auto_reply" | "auto-reply")) {
        return Automatic::Replied;
    }
    // Exchange calls its out-of-office answers auto-generated; this tells them from a help desk's.
    let rules_agent = block
        .all("x-ms-exchange-generated-message-source")
        .any(|v| v.trim_ascii().eq_ignore_ascii_case(b"Mailbox Rules Agent"));
    match (generated, rules_agent) {
        (true, true) => Automatic::Replied,
        (true, false) => Automatic::Generated,
        (false, _) => Automatic::No,
    }
}

/// The first word of a field in lower case, without comments before it and parameters behind it.
pub(super) fn keyword(value: &[u8]) -> String {
    let mut depth = 0_usize;
    let mut word = String::new();
    for &b in value.iter().take(LONGEST_FIELD) {
        match b {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            b';' => break,
            b if b.is_ascii_whitespace() => {
                if !word.is_empty() {
                    break;
                }
            }
            b => word.push(char::from(b.to_ascii_lowercase())),
        }
    }
    word
}
