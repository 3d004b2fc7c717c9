//! MIME structure: one pass over the lines with a stack of boundaries, so that time stays linear
//! and nesting can't overflow anything.

use std::ops::Range;

use encoding_rs::Encoding;
use mail_parser::parsers::MessageStream;

use super::decode::{self, Transfer};
use super::fields::{self, Block, LONGEST_FIELD};
use super::message::Defect;

/// Nested multiparts that are opened.
pub(super) const DEEPEST: usize = 20;
/// Parts that are read.
pub(super) const MOST_PARTS: usize = 500;

/// One part of the tree; the first is the mail itself.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// `type/subtype`, lower case.
    pub(super) content_type: String,
    pub(super) charset: Option<String>,
    pub(super) smime_type: Option<String>,
    pub(super) flowed: bool,
    pub(super) del_sp: bool,
    pub(super) name: Option<String>,
    /// `Content-Disposition: attachment`.
    pub(super) attached: bool,
    /// `Content-Disposition: inline`.
    pub(super) shown: bool,
    /// `Content-ID`, without brackets.
    pub(super) id: Option<String>,
    pub(super) transfer: Transfer,
    pub(super) body: Range<usize>,
    pub(super) children: Vec<usize>,
    boundary: Option<Vec<u8>>,
}

impl Part {
    pub(super) fn is_multipart(&self) -> bool {
        self.content_type.starts_with("multipart/")
    }
}

/// The parts of a mail, in order of appearance.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) parts: Vec<Part>,
    pub(super) defects: Vec<Defect>,
}

impl Tree {
    /// What the first text that says so is in, where header fields could be in it too.
    pub(super) fn charset(&self) -> Option<&'static Encoding> {
        let texts = self.parts.iter().filter(|part| part.content_type.starts_with("text/"));
        texts.filter_map(|part| part.charset.as_deref()).find_map(decode::beyond_ascii)
    }
}

struct Open {
    part: usize,
    boundary: Vec<u8>,
    digest: bool,
}

/// Reads the structure of a mail whose header block is `top`.
pub(super) fn tree(raw: &[u8], top: &Block<'_>) -> Tree {
    let mut tree = Tree::default();
    let root = part(top, false, &mut tree.defects);
    let mut at = top.body;
    let mut stack: Vec<Open> = Vec::new();
    let mut leaf = enter(&mut tree, root, at, &mut stack);
    while at < raw.len() {
        let next = fields::line_end(raw, at, raw.len());
        let line = raw.get(at..next).unwrap_or_default();
        let Some((level, closes)) = delimiter(line, &stack) else {
            at = next;
            continue;
        };
        // RFC 2046 §5.1.1: the line break before the delimiter belongs to the delimiter.
        let end = end_before(raw, at);
        if let Some(open) = leaf.take() {
            close(&mut tree, open, end);
        }
        for closed in stack.drain(level + 1..) {
            close(&mut tree, closed.part, end);
        }
        at = next;
        if closes {
            if let Some(closed) = stack.pop() {
                close(&mut tree, closed.part, end);
            }
            continue;
        }
        if tree.parts.len() >= MOST_PARTS {
            decode::note(&mut tree.defects, Defect::Bounds);
            break;
        }
        let Some((parent, digest)) = stack.last().map(|o| (o.part, o.digest)) else { break };
        let block = part_block(raw, at, &stack);
        at = block.body;
        let child = part(&block, digest, &mut tree.defects);
        let index = tree.parts.len();
        leaf = enter(&mut tree, child, at, &mut stack);
        if let Some(parent) = tree.parts.get_mut(parent) {
            parent.children.push(index);
        }
    }
    for open in stack.iter().map(|o| o.part).chain(leaf) {
        close(&mut tree, open, raw.len());
    }
    tree
}

/// The header block of a part, which ends before a delimiter even where the blank line is missing.
fn part_block<'x>(raw: &'x [u8], start: usize, stack: &[Open]) -> Block<'x> {
    let mut at = start;
    while at < raw.len() {
        let next = fields::line_end(raw, at, raw.len());
        let line = raw.get(at..next).unwrap_or_default();
        if matches!(line, b"\n" | b"\r\n" | b"\r") {
            at = next;
            break;
        }
        if delimiter(line, stack).is_some() {
            break;
        }
        at = next;
    }
    fields::split(raw, start..at)
}

/// Adds a part; gives its index if lines now go to it, nothing if it is a multipart whose
/// boundary was put on the stack.
fn enter(tree: &mut Tree, mut part: Part, body: usize, stack: &mut Vec<Open>) -> Option<usize> {
    let index = tree.parts.len();
    let boundary = part.boundary.take();
    let digest = part.content_type == "multipart/digest";
    let multipart = part.is_multipart();
    part.body = body..body;
    tree.parts.push(part);
    if !multipart {
        return Some(index);
    }
    match boundary {
        Some(boundary) if stack.len() < DEEPEST => {
            stack.push(Open { part: index, boundary, digest });
            None
        }
        Some(_) => {
            decode::note(&mut tree.defects, Defect::Bounds);
            Some(index)
        }
        None => {
            decode::note(&mut tree.defects, Defect::NoStructure);
            Some(index)
        }
    }
}

fn close(tree: &mut Tree, part: usize, end: usize) {
    if let Some(part) = tree.parts.get_mut(part) {
        part.body.end = end.max(part.body.start);
    }
}

fn end_before(raw: &[u8], at: usize) -> usize {
    let before = raw.get(..at).unwrap_or_default();
    let before = before.strip_suffix(b"\n").unwrap_or(before);
    before.strip_suffix(b"\r").unwrap_or(before).len()
}

/// Which open multipart this line delimits, innermost first, and whether it ends it.
fn delimiter(line: &[u8], stack: &[Open]) -> Option<(usize, bool)> {
    let dashed = line.strip_prefix(b"--")?.trim_ascii_end();
    stack.iter().enumerate().rev().find_map(|(level, open)| {
        let rest = dashed.strip_prefix(open.boundary.as_slice())?.trim_ascii_start();
        match rest {
            b"" => Some((level, false)),
            b"--" => Some((level, true)),
            _ => None,
        }
    })
}

/// What the Content fields say.
fn part(block: &Block<'_>, in_digest: bool, defects: &mut Vec<Defect>) -> Part {
    if block.cut {
        decode::note(defects, Defect::Bounds);
    }
    if block.broken {
        decode::note(defects, Defect::BrokenField);
    }
    for name in ["content-type", "content-transfer-encoding", "content-disposition"] {
        if block.all(name).count() > 1 {
            decode::note(defects, Defect::RepeatedField);
        }
    }
    // RFC 2046 §5.1.5: in a digest the default is message/rfc822.
    let default = if in_digest { "message/rfc822" } else { "text/plain" };
    let mut part = Part { content_type: default.to_owned(), ..Part::default() };
    if let Some(value) = block.first("content-type") {
        content_type(&mut part, value, defects);
    }
    if let Some(value) = block.first("content-disposition") {
        let kind = fields::keyword(value);
        part.shown = kind == "inline";
        // RFC 2183 §2.8: an unknown disposition is an attachment.
        part.attached = !kind.is_empty() && !part.shown;
        if let Some(file) = Parameters::of(value).file_name("filename") {
            part.name = Some(file);
        }
    }
    part.name = part.name.map(|name| fields::unstructured(name.as_bytes(), None, defects));
    part.id = block.first("content-id").and_then(content_id);
    part.transfer = block
        .first("content-transfer-encoding")
        .map_or(Transfer::Identity, |v| Transfer::from_keyword(&fields::keyword(v)));
    part
}

/// RFC 2045 §7 wants angle brackets; some leave them out.
fn content_id(value: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(value);
    let text = text.trim().trim_start_matches('<').trim_end_matches('>').trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn content_type(part: &mut Part, value: &[u8], defects: &mut Vec<Defect>) {
    let declared = fields::keyword(value);
    let mut halves = declared.splitn(2, '/').map(str::trim);
    part.content_type = match (halves.next(), halves.next()) {
        (Some(main), Some(sub)) if !main.is_empty() && !sub.is_empty() => format!("{main}/{sub}"),
        // RFC 2045 §5.2: what is no content type at all is taken as plain text.
        (Some("" | "text"), _) => "text/plain".to_owned(),
        _ => "application/octet-stream".to_owned(),
    };
    let parameters = Parameters::of(value);
    let is = |name, wanted: &str| {
        parameters.value(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    part.charset = parameters.value("charset").map(str::to_owned);
    part.smime_type = parameters.value("smime-type").map(str::to_ascii_lowercase);
    part.flowed = is("format", "flowed");
    part.del_sp = is("delsp", "yes");
    part.name = parameters.file_name("name");
    if part.is_multipart() {
        part.boundary = parameters
            .value("boundary")
            .map(|b| b.trim_end().as_bytes().to_vec())
            .filter(|b| !b.is_empty());
    }
    if value.len() > LONGEST_FIELD {
        decode::note(defects, Defect::Bounds);
    }
}

/// The decoded parameters of a field (RFC 2045 §5.1, RFC 2231); names are lower case.
struct Parameters(Vec<(String, String)>);

impl Parameters {
    fn of(value: &[u8]) -> Self {
        let mut bounded = value.get(..LONGEST_FIELD).unwrap_or(value).to_vec();
        bounded.extend_from_slice(b"\r\n");
        let parsed = MessageStream::new(&bounded).parse_content_type();
        let all = parsed.as_content_type().and_then(|c| c.attributes()).unwrap_or_default();
        Self(all.iter().map(|a| (a.name.to_lowercase(), a.value.to_string())).collect())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// A file name; of several the one that is not only the ASCII stand-in of another.
    fn file_name(&self, name: &str) -> Option<String> {
        let named = |(n, value): &&(String, String)| n == name && !value.trim().is_empty();
        let last = self.0.iter().rfind(named);
        let telling = self.0.iter().filter(named).find(|(_, value)| !value.is_ascii());
        telling.or(last).map(|(_, value)| value.clone())
    }
}
