//! HTML split into tags and text, in linear time whatever the input.
//!
//! A tokenizer of our own: the standard's tree construction (and its check for repeated
//! attributes) takes quadratic time on hostile mail. What goes out is written afresh from what was
//! read here, so a mail program that would build another tree of the original can't be shown
//! anything else.

use html5ever::data::{C1_REPLACEMENTS, NAMED_ENTITIES};

/// A piece of HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'h> {
    /// Text between tags, entities not yet decoded.
    Text(&'h str),
    /// A start tag.
    Start(Tag<'h>),
    /// An end tag: its lower-case name.
    End(String),
    /// A comment.
    Comment,
}

/// A start tag with the attributes that tell about words.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tag<'h> {
    pub(super) name: String,
    /// Of those that are looked at, once each; not decoded.
    attributes: Vec<(&'static str, &'h str)>,
    /// What stands in an element whose content is no markup.
    pub(super) content: &'h str,
}

impl Tag<'_> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.attributes.iter().any(|(known, _)| *known == name)
    }

    /// The decoded value of one of the attributes that are looked at.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let found = self.attributes.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| decode_entities(value, true))
    }

    /// A whole number, between these two.
    pub(super) fn number(&self, name: &str, least: u16, most: u16) -> Option<u16> {
        let value = self.value(name)?;
        let value = value.trim().trim_end_matches("px").parse::<u16>().ok()?;
        (least..=most).contains(&value).then_some(value)
    }
}

/// The attributes that are looked at.
const ATTRIBUTES: [&str; 24] = [
    "href",
    "style",
    "alt",
    "hidden",
    "src",
    "class",
    "id",
    "width",
    "height",
    "color",
    "bgcolor",
    "align",
    "colspan",
    "rowspan",
    "border",
    "start",
    "text",
    "background",
    "open",
    "type",
    "srcset",
    "rel",
    "poster",
    "data",
];

/// Elements whose content is not markup (HTML §13.2.5: RAWTEXT, RCDATA, script data); none of it
/// is shown in a mail.
const RAW_TEXT: [&str; 8] =
    ["script", "style", "title", "xmp", "iframe", "noembed", "noframes", "textarea"];

/// Iterates over the tokens of `html`.
pub(super) struct Tokens<'h> {
    rest: &'h str,
}

impl<'h> Tokens<'h> {
    pub(super) fn new(html: &'h str) -> Self {
        Self { rest: html }
    }

    fn skip_to(&mut self, mark: &str) {
        let end = self.rest.find(mark).map_or(self.rest.len(), |at| at + mark.len());
        self.rest = self.rest.get(end..).unwrap_or_default();
    }

    /// `<!--`: HTML §13.2.5.43 and following.
    fn skip_comment(&mut self) {
        self.rest = self.rest.get(4..).unwrap_or_default();
        for empty in [">", "->"] {
            if let Some(rest) = self.rest.strip_prefix(empty) {
                self.rest = rest;
                return;
            }
        }
        let plain = self.rest.find("-->");
        // "--!>" ends a comment too; looked for only before the other end, or else time would be
        // quadratic in the number of comments.
        let before = self.rest.get(..plain.unwrap_or(self.rest.len())).unwrap_or_default();
        let end = match (before.find("--!>"), plain) {
            (Some(at), _) => at + 4,
            (None, Some(at)) => at + 3,
            (None, None) => self.rest.len(),
        };
        self.rest = self.rest.get(end..).unwrap_or_default();
    }

    fn start_tag(&mut self) -> Token<'h> {
        let raw = self.rest;
        let mut at = 1 + name_len(raw.get(1..).unwrap_or_default());
        let name = raw.get(1..at).unwrap_or_default().to_ascii_lowercase();
        let mut tag = Tag { name, ..Tag::default() };
        while let Some(attribute) = attribute(raw, &mut at) {
            let known = |name: &&&str| name.eq_ignore_ascii_case(attribute.name);
            // HTML §13.2.5.33: of repeated attributes the first counts.
            if let Some(name) = ATTRIBUTES.iter().find(known).filter(|name| !tag.has(name)) {
                tag.attributes.push((name, attribute.value));
            }
        }
        self.rest = raw.get(at..).unwrap_or_default();
        if RAW_TEXT.contains(&tag.name.as_str()) {
            tag.content = self.raw_text(&tag.name);
        }
        Token::Start(tag)
    }

    /// The content of a raw text element, up to its end tag.
    fn raw_text(&mut self, name: &str) -> &'h str {
        let all = self.rest;
        let mut from = 0;
        while let Some(at) = self.rest.get(from..).and_then(|r| r.find("</")).map(|at| from + at) {
            let begin = at + 2;
            let candidate = self.rest.get(begin..).unwrap_or_default();
            if candidate.get(..name.len()).is_some_and(|c| c.eq_ignore_ascii_case(name))
                && name_len(candidate) == name.len()
            {
                self.rest = self.rest.get(at..).unwrap_or_default();
                return all.get(..at).unwrap_or_default();
            }
            from = begin;
        }
        self.rest = "";
        all
    }
}

impl<'h> Iterator for Tokens<'h> {
    type Item = Token<'h>;

    fn next(&mut self) -> Option<Token<'h>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let mut ahead = self.rest.chars();
            if ahead.next() != Some('<') {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at_checked(end)?;
                self.rest = rest;
                return Some(Token::Text(text));
            }
            match (ahead.next(), ahead.next()) {
                (Some('!'), _) if self.rest.starts_with("<!--") => {
                    self.skip_comment();
                    return Some(Token::Comment);
                }
                (Some('!' | '?'), _) => self.skip_to(">"),
                (Some('/'), Some(c)) if c.is_ascii_alphabetic() => {
                    let mut at = 2 + name_len(self.rest.get(2..).unwrap_or_default());
                    let name = self.rest.get(2..at).unwrap_or_default().to_ascii_lowercase();
                    while attribute(self.rest, &mut at).is_some() {}
                    self.rest = self.rest.get(at..).unwrap_or_default();
                    return Some(Token::End(name));
                }
                (Some('/'), Some(_)) => self.skip_to(">"),
                (Some(c), _) if c.is_ascii_alphabetic() => return Some(self.start_tag()),
                _ => {
                    let (text, rest) = self.rest.split_at_checked(1)?;
                    self.rest = rest;
                    return Some(Token::Text(text));
                }
            }
        }
    }
}

fn name_len(text: &str) -> usize {
    text.bytes()
        .position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))
        .unwrap_or(text.len())
}

struct Attribute<'h> {
    name: &'h str,
    value: &'h str,
}

/// The next attribute from `at` on; nothing once the tag has ended, `at` then stands behind it.
fn attribute<'h>(raw: &'h str, at: &mut usize) -> Option<Attribute<'h>> {
    let bytes = raw.as_bytes();
    let skip = |at: &mut usize, what: fn(u8) -> bool| {
        while bytes.get(*at).is_some_and(|&b| what(b)) {
            *at += 1;
        }
    };
    skip(at, |b| b.is_ascii_whitespace() || b == b'/');
    match bytes.get(*at) {
        None => return None,
        Some(b'>') => {
            *at += 1;
            return None;
        }
        _ => {}
    }
    let start = *at;
    // HTML §13.2.5.32: a name may begin with "=".
    *at += 1;
    skip(at, |b| !b.is_ascii_whitespace() && !matches!(b, b'/' | b'>' | b'='));
    let name = raw.get(start..*at).unwrap_or_default();
    let mut ahead = *at;
    skip(&mut ahead, |b| b.is_ascii_whitespace());
    if bytes.get(ahead) != Some(&b'=') {
        return Some(Attribute { name, value: "" });
    }
    *at = ahead + 1;
    skip(at, |b| b.is_ascii_whitespace());
    let (start, end) = match bytes.get(*at) {
        Some(&quote @ (b'"' | b'\'')) => {
            let start = *at + 1;
            let tail = bytes.get(start..).unwrap_or_default();
            let end = tail.iter().position(|&b| b == quote).map_or(bytes.len(), |e| start + e);
            *at = (end + 1).min(bytes.len());
            (start, end)
        }
        _ => {
            let start = *at;
            skip(at, |b| !b.is_ascii_whitespace() && b != b'>');
            (start, *at)
        }
    };
    Some(Attribute { name, value: raw.get(start..end).unwrap_or_default() })
}

/// Decodes character references (HTML §13.2.5.72).
pub(super) fn decode_entities(text: &str, in_attribute: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(before);
        match reference(tail, in_attribute, &mut out) {
            Some(len) => rest = tail.get(len..).unwrap_or_default(),
            None => {
                out.push('&');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// Decodes the reference at the beginning of `text`; gives its length.
fn reference(text: &str, in_attribute: bool, out: &mut String) -> Option<usize> {
    let body = text.strip_prefix('&')?;
    if let Some(number) = body.strip_prefix('#') {
        return numeric(number, out).map(|len| len + 2);
    }
    // The longest name has 32 characters with its semicolon.
    let longest = body.bytes().take(32).take_while(u8::is_ascii_alphanumeric).count();
    let closed = body.as_bytes().get(longest) == Some(&b';');
    for len in (2..=longest + usize::from(closed)).rev() {
        let name = body.get(..len)?;
        // The table holds beginnings of names too, with 0.
        let Some(&(first, second)) = NAMED_ENTITIES.get(name).filter(|(first, _)| *first != 0)
        else {
            continue;
        };
        let next = body.as_bytes().get(len);
        if in_attribute
            && !name.ends_with(';')
            && next.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'=')
        {
            return None;
        }
        out.extend([first, second].into_iter().filter(|&c| c != 0).filter_map(char::from_u32));
        return Some(len + 1);
    }
    None
}

fn numeric(number: &str, out: &mut String) -> Option<usize> {
    let (radix, prefix) = match number.as_bytes().first() {
        Some(b'x' | b'X') => (16, 1),
        _ => (10, 0),
    };
    let digits = number.get(prefix..)?;
    let len = digits.bytes().take_while(|&b| char::from(b).is_digit(radix)).count();
    if len == 0 {
        return None;
    }
    let value = digits
        .bytes()
        .take(len)
        .filter_map(|b| char::from(b).to_digit(radix))
        .fold(0_u32, |value, digit| value.saturating_mul(radix).saturating_add(digit));
    let c1 =
        value.checked_sub(0x80).and_then(|at| C1_REPLACEMENTS.get(at as usize)).copied().flatten();
    let c = match value {
        0 => None,
        _ => c1.or_else(|| char::from_u32(value)),
    };
    out.push(c.unwrap_or('\u{fffd}'));
    let semicolon = usize::from(digits.as_bytes().get(len) == Some(&b';'));
    Some(prefix + len + semicolon)
}
