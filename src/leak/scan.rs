//! The scan of a finished mail.

use std::borrow::Cow;
use std::ops::Range;

use mail_parser::{HeaderName, MessageParser, MimeHeaders};

use super::markup::{Markup, take_apart};
use super::search::{Kind, Search};
use crate::domain::{MsgId, Secrets, Sightings};
use crate::mail::{self, SegmentKind, Text, sighting};
use crate::rewrite::Draft;

/// A secret that stands in a finished mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leak {
    /// What kind.
    pub kind: Kind,
    /// Where.
    pub place: Place,
}

/// Where a secret stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the bytes as they are.
    Raw,
    /// In a header field of the mail or of a part.
    Header,
    /// In a decoded part.
    Text,
    /// In the tags of HTML.
    Markup,
    /// In a file that is no text.
    File,
    /// In an attribution line, a quote's head or a signature.
    Margin,
    /// The finished mail can't be read again.
    Unreadable,
}

/// The second seal: a mail that was scanned. Only [`scan`] makes one.
#[derive(Debug, Clone)]
pub struct Outgoing(Draft);

impl Outgoing {
    /// What was scanned.
    pub fn draft(&self) -> &Draft {
        &self.0
    }

    /// What was scanned, for the store to keep.
    pub fn into_draft(self) -> Draft {
        self.0
    }
}

/// What the recipient has anyway: to stop a mail for it would tell the recipient that a guess was
/// right, and would let one side jam a conversation for the other.
#[derive(Debug, Clone, Copy)]
pub struct Exempt<'a> {
    /// What the recipient wrote or was shown in this conversation before.
    pub known: &'a Sightings,
    /// Thread ids that the recipient's own mail program made, or was given by us.
    pub ids: &'a [&'a MsgId],
}

/// Searches a finished mail, and what the recipient may see of it in the archive, for the
/// sender's secrets (PRODUCT §6).
pub fn scan(draft: Draft, secrets: &Secrets, exempt: &Exempt<'_>) -> Result<Outgoing, Vec<Leak>> {
    let search = Search::new(secrets);
    let leaks = {
        let mut scanned = Before::default();
        let mut leaks = scan_bytes(&draft.bytes, &search, exempt, &mut scanned);
        leaks.extend(scan_bytes(&draft.recipient_view, &search, exempt, &mut scanned));
        leaks.dedup();
        leaks
    };
    if leaks.is_empty() { Ok(Outgoing(draft)) } else { Err(leaks) }
}

/// A longer text is scanned each time that it stands somewhere: none is kept beside the mail.
const KEPT_TEXT: usize = 64 * 1024;

/// What was looked at before, and says nothing new where it comes again in the view.
#[derive(Default)]
struct Before<'m> {
    texts: Vec<Scanned>,
    /// Header fields with nothing in them.
    fields: Vec<&'m [u8]>,
}

/// A text that was looked at before.
struct Scanned {
    text: String,
    /// Nothing is in it, and nobody is named in it.
    is_clean: bool,
}

impl Scanned {
    /// Whether this says nothing new: the same, or what stands above a blank line in a text that
    /// nothing is in.
    fn holds(&self, text: &str) -> bool {
        let begins = || self.text.strip_prefix(text.trim_end());
        let goes_on = |rest: &str| rest.starts_with("\r\n\r\n") || rest.starts_with("\n\n");
        self.text == text || (self.is_clean && begins().is_some_and(goes_on))
    }
}

fn scan_bytes<'m>(
    bytes: &'m [u8],
    search: &Search<'_>,
    exempt: &Exempt<'_>,
    scanned: &mut Before<'m>,
) -> Vec<Leak> {
    let mut leaks = Vec::new();
    let mut note = |kind: Option<Kind>, place| {
        if let Some(kind) = kind {
            leaks.push(Leak { kind, place });
        }
    };
    // The recipient's own address is in To; what is theirs is in no `Secrets`.
    let raw =
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
    // Whoever finds nothing looks no second time.
    let found = search.raw(&raw);
    note(found.and_then(|_| search.raw(&without_ids(&raw, exempt.ids))), Place::Raw);
    let Some(parsed) = MessageParser::default().parse(bytes) else {
        leaks.push(Leak { kind: Kind::Address, place: Place::Unreadable });
        return leaks;
    };
    let mut texts: Vec<Text> = Vec::new();
    let (mut plain, mut html_parts) = (0, 0);
    for part in &parsed.parts {
        for header in &part.headers {
            let range = header.offset_field as usize..header.offset_end as usize;
            let field = bytes.get(range).unwrap_or_default();
            if scanned.fields.contains(&field) {
                continue;
            }
            let found = in_header(bytes, header, search, exempt);
            if found == [None; 3] {
                scanned.fields.push(field);
            }
            found.into_iter().for_each(|kind| note(kind, Place::Header));
        }
        match &part.body {
            mail_parser::PartType::Text(text) => {
                let prose = part.attachment_name().is_none();
                plain += usize::from(prose);
                if prose && scanned.texts.iter().any(|before| before.holds(text)) {
                    // Nothing new.
                } else if prose {
                    let words = mail::with_lf(text);
                    let (found, named) = search.contacts_and_person(&words);
                    // Nothing of it is left out, and who is named nowhere is named in no margin.
                    let is_whole = exempt.known.hashes.is_empty() && named.is_none();
                    if is_whole {
                        note(found, Place::Text);
                    } else {
                        let words = mail::segment(words.into_owned());
                        note(search.contacts(&without_repeated(&words, exempt.known)), Place::Text);
                        texts.push(words);
                    }
                    let is_clean = is_whole && found.is_none();
                    let kept = || Scanned { text: text.to_string(), is_clean };
                    scanned.texts.extend((text.len() <= KEPT_TEXT).then(kept));
                } else {
                    note(search.contacts(text), Place::Text);
                    note(search.in_prose().then(|| search.person(text)).flatten(), Place::Text);
                    // A file in UTF-16 that does not say so.
                    if text.contains('\0') {
                        note(search.contacts(&text.replace('\0', "")), Place::Text);
                    }
                }
            }
            mail_parser::PartType::Html(html) => {
                html_parts += 1;
                note(search.contacts(&without_known(html, exempt.known)), Place::Text);
                let Markup { words, values } = take_apart(html);
                let words = mail::segment(words);
                note(search.contacts(&without_repeated(&words, exempt.known)), Place::Text);
                // Nobody reads an attribute: there is no prose in it that may name somebody.
                note(search.contacts(&values).or(search.person(&values)), Place::Markup);
                // As its reader takes it.
                texts.push(mail::text_of_html(html));
            }
            mail_parser::PartType::Binary(data) | mail_parser::PartType::InlineBinary(data) => {
                let picture = part.content_type().is_some_and(|kind| kind.ctype() == "image");
                note(search.letters().search(data, picture, search), Place::File);
            }
            mail_parser::PartType::Message(_) => {
                // A nested mail was never composed: nobody knows what is in it.
                note(Some(Kind::Address), Place::Unreadable);
            }
            mail_parser::PartType::Multipart(_) => {}
        }
        if let Some(name) = part.attachment_name() {
            note(search.person(name), Place::Header);
            // The extension hides the end of a domain before it: "roes.example.jpg".
            let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
            note(search.contacts(stem), Place::Header);
        }
    }
    // Texts that are one for their reader: all but the two forms of one.
    let is_one = plain + html_parts == 2 && html_parts == 1 && are_forms(&parsed);
    if plain + html_parts > 1 && !is_one {
        texts.push(mail::read(bytes).text);
    }
    for text in &texts {
        note(margins(text, search, exempt), Place::Margin);
    }
    leaks
}

/// What stands in a header field, in the order in which it is told.
fn in_header(
    bytes: &[u8],
    header: &mail_parser::Header<'_>,
    search: &Search<'_>,
    exempt: &Exempt<'_>,
) -> [Option<Kind>; 3] {
    let value = decoded(bytes, header);
    match &header.name {
        // The recipient's own name or address may hold the same words.
        HeaderName::To => [None, search.contacts(&value), None],
        HeaderName::Subject => {
            let (whole, base) = (&value, without_known(mail::base_subject(&value), exempt.known));
            let (contacts, person) = search.contacts_and_person(&base);
            [search.contacts(whole), contacts, person]
        }
        HeaderName::InReplyTo | HeaderName::References => {
            let (contacts, person) = match search.contacts_and_person(&value) {
                (None, None) => (None, None),
                _ => search.contacts_and_person(&without_ids(&value, exempt.ids)),
            };
            [None, contacts, person]
        }
        _ => {
            let (contacts, person) = search.contacts_and_person(&value);
            [None, contacts, person]
        }
    }
}

/// Whether the text and the HTML of a mail stand beside each other as forms of one text (RFC 2046
/// §5.1.4), and not one below the other.
fn are_forms(mail: &mail_parser::Message<'_>) -> bool {
    let is_text = |part: &mail_parser::MessagePart<'_>| {
        use mail_parser::PartType::{Html, Text};
        matches!(part.body, Text(_) | Html(_)) && part.attachment_name().is_none()
    };
    mail.parts.iter().any(|part| {
        let kind = part.content_type().and_then(mail_parser::ContentType::subtype);
        let mail_parser::PartType::Multipart(inner) = &part.body else { return false };
        let texts =
            inner.iter().filter_map(|at| mail.parts.get(*at as usize)).filter(|p| is_text(p));
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("alternative")) && texts.count() == 2
    })
}

/// What attribution lines, quotes and signatures say, and what was written now where nobody is to
/// be named in that.
fn margins(text: &Text, search: &Search<'_>, exempt: &Exempt<'_>) -> Option<Kind> {
    let searched = |kind| kind != SegmentKind::New || search.in_prose();
    text.segments.iter().filter(|s| searched(s.kind)).find_map(|segment| {
        let words = text.body.get(segment.range.clone()).unwrap_or_default();
        match segment.kind {
            SegmentKind::Quote | SegmentKind::New => {
                search.person(&without_known(words, exempt.known))
            }
            _ => search.person(words),
        }
    })
}

/// A text without these ids.
fn without_ids<'t>(text: &'t str, ids: &[&MsgId]) -> Cow<'t, str> {
    ids.iter().fold(Cow::Borrowed(text), |text, id| match text.contains(id.as_str()) {
        true => Cow::Owned(text.replace(id.as_str(), "")),
        false => text,
    })
}

/// A text without what its reader knows.
fn without_known<'t>(text: &'t str, known: &Sightings) -> Cow<'t, str> {
    without(text, sighting::seen(text, known))
}

/// A text without the quotes of what its reader wrote.
fn without_repeated<'t>(text: &'t Text, known: &Sightings) -> Cow<'t, str> {
    without(&text.body, sighting::repeated(text, known))
}

/// A text without these stretches, which are in order; a mark stands for each.
fn without(text: &str, stretches: Vec<Range<usize>>) -> Cow<'_, str> {
    if stretches.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut left = String::with_capacity(text.len());
    let mut at = 0;
    for seen in stretches {
        left.push_str(text.get(at..seen.start).unwrap_or_default());
        left.push('\u{fffc}');
        at = at.max(seen.end);
    }
    left.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(left)
}

/// A header's value with RFC 2047 undone; beside it its raw form where that differs.
fn decoded(bytes: &[u8], header: &mail_parser::Header<'_>) -> String {
    let range = header.offset_start as usize..header.offset_end as usize;
    let raw = bytes.get(range).unwrap_or_default();
    let mut stream = mail_parser::parsers::MessageStream::new(raw);
    let value = stream.parse_unstructured();
    let text = value.as_text().unwrap_or_default();
    let raw = String::from_utf8_lossy(raw);
    if raw.contains("=?") { format!("{raw} {text}") } else { text.trim().to_owned() }
}

/// A longer line goes as a whole: to search for the stretch would take too long.
const LONGEST_LINE: usize = 4000;

/// The stretches of a text that hold a secret contact in any form, also one that is broken over
/// lines: what a second draft leaves out. In order; each is as short as it can be made by
/// whole words.
pub fn leaking_stretches(text: &str, secrets: &Secrets) -> Vec<Range<usize>> {
    let search = Search::new(secrets);
    let mut at = 0;
    let mut lines: Vec<Range<usize>> = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push(at..at + line.len());
        at += line.len();
    }
    let mut stretches: Vec<Range<usize>> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let from = stretches.last().map_or(line.start, |last| last.end.max(line.start));
        let alone = leaking_words(text, from..line.end, &search);
        let joins = alone.is_empty() && from < line.end;
        stretches.extend(alone);
        let Some(next) = lines.get(number + 1).filter(|_| joins) else { continue };
        // One that the line break hides; the next line is looked at for itself.
        let alone = search.contacts(text.get(next.clone()).unwrap_or_default()).is_some();
        if !alone && search.contacts(&joined(text, from..line.end, next)).is_some() {
            let second = leaking_pair(text, from..line.end, next, &search);
            stretches.push(second);
        }
    }
    leaking_blocks(text, &lines, &search, &mut stretches);
    stretches
}

/// Blocks of lines that leak only together, as an address over the cells of a table does.
const MOST_BLOCKS: usize = 20;

/// Adds whole lines to the stretches until nothing leaks besides.
fn leaking_blocks(
    text: &str,
    lines: &[Range<usize>],
    search: &Search<'_>,
    stretches: &mut Vec<Range<usize>>,
) {
    for _ in 0..MOST_BLOCKS {
        let leaks = |first: usize, last: usize| {
            let range = lines.get(first..=last).and_then(|l| Some(l.first()?.start..l.last()?.end));
            range.is_some_and(|r| search.contacts(&besides(text, r, stretches)).is_some())
        };
        let numbers: Vec<usize> = (0..lines.len()).collect();
        let last = numbers.partition_point(|last| !leaks(0, *last));
        if last == lines.len() {
            return;
        }
        let first = numbers.partition_point(|first| leaks(*first, last)).saturating_sub(1);
        let (Some(from), Some(to)) = (lines.get(first), lines.get(last)) else { return };
        stretches.push(from.start..to.end);
        stretches.sort_by_key(|range| (range.start, range.end));
    }
}

/// What of a range remains when the stretches, in order, are gone; a mark stands for each.
fn besides(text: &str, range: Range<usize>, stretches: &[Range<usize>]) -> String {
    let mut left = String::new();
    let mut at = range.start;
    for gone in stretches.iter().filter(|s| s.end > range.start && s.start < range.end) {
        left.push_str(text.get(at..gone.start).unwrap_or_default());
        left.push('\u{fffc}');
        at = at.max(gone.end);
    }
    left.push_str(text.get(at..range.end).unwrap_or_default());
    left
}

fn joined(text: &str, first: Range<usize>, second: &Range<usize>) -> String {
    let marks = |c: char| c.is_whitespace() || c == '>' || c == '|';
    let first = text.get(first).unwrap_or_default().trim_end();
    let second = text.get(second.clone()).unwrap_or_default().trim_start_matches(marks);
    format!("{first}{second}")
}

/// The words that leak over the end of a line, from the first to the last.
fn leaking_pair(
    text: &str,
    first: Range<usize>,
    second: &Range<usize>,
    search: &Search<'_>,
) -> Range<usize> {
    if second.end - first.start > LONGEST_LINE {
        return first.start..second.end;
    }
    let leaks = |first: Range<usize>, second: &Range<usize>| {
        search.contacts(&joined(text, first, second)).is_some()
    };
    let ends: Vec<usize> = words(text, second.clone()).map(|w| w.end).collect();
    let end = ends.partition_point(|end| !leaks(first.clone(), &(second.start..*end)));
    let end = ends.get(end).copied().unwrap_or(second.end);
    let starts: Vec<usize> = words(text, first.clone()).map(|w| w.start).collect();
    let start = starts.partition_point(|start| leaks(*start..first.end, &(second.start..end)));
    let start = start.checked_sub(1).and_then(|at| starts.get(at)).copied();
    start.unwrap_or(first.start)..end
}

/// The runs of words in a line that leak, each as short as it can be.
fn leaking_words(text: &str, line: Range<usize>, search: &Search<'_>) -> Vec<Range<usize>> {
    let leaks = |range: Range<usize>| text.get(range).is_some_and(|t| search.contacts(t).is_some());
    let mut found = Vec::new();
    let mut from = line.start;
    while from < line.end && leaks(from..line.end) {
        if line.len() > LONGEST_LINE {
            found.push(from..line.end);
            break;
        }
        // What holds it goes on holding it when more is added: the ends can be halved to.
        let ends: Vec<usize> = words(text, from..line.end).map(|w| w.end).collect();
        let end = ends.partition_point(|end| !leaks(from..*end));
        let end = ends.get(end).copied().unwrap_or(line.end);
        let starts: Vec<usize> = words(text, from..end).map(|w| w.start).collect();
        let start = starts.partition_point(|start| leaks(*start..end));
        let start = start.checked_sub(1).and_then(|at| starts.get(at)).copied().unwrap_or(from);
        found.push(start..end);
        from = end;
    }
    found
}

/// The words of a stretch, in bytes of the whole text.
fn words(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let inner = text.get(range.clone()).unwrap_or_default();
    inner.split_whitespace().map(move |word| {
        let start = range.start + (word.as_ptr() as usize - inner.as_ptr() as usize);
        start..start + word.len()
    })
}
