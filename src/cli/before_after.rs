//! What `bauta policy check --show` says: a mail before and after, and what was changed and why,
//! for whoever must explain a decision.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::side_by_side::{self, NARROWEST, Row};
use crate::domain::{Action, Finding, Language, Part};
use crate::leak::Leak;
use crate::mail::{self, Attachment, Dropped, Mailbox, Message};
use crate::relay::{Rehearsed, Stopped};
use crate::rewrite::{Change, Draft, Why, rule_text};

/// Fields that the outgoing mail has too, written afresh.
const WRITTEN: [&str; 9] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
];
/// Fields that say how the rest is written, and are written afresh too.
const OF_THE_BODY: [&str; 3] = ["mime-version", "content-type", "content-transfer-encoding"];

/// One mail and what became of it.
pub(super) struct BeforeAfter<'a> {
    pub raw: &'a [u8],
    pub message: &'a Message,
    pub rehearsed: &'a Rehearsed,
}

impl BeforeAfter<'_> {
    /// The finished mail, if it goes on by itself.
    fn after(&self) -> Result<&Draft, String> {
        match &self.rehearsed.result {
            Ok(_) if self.rehearsed.verdict.action == Action::Hold => {
                Err("nothing yet: it waits for a person".to_owned())
            }
            Ok(outgoing) => Ok(outgoing.draft()),
            Err(Stopped::Rejected) => Err("nothing: it is rejected".to_owned()),
            Err(Stopped::Leak(leaks)) => Err(format!(
                "nothing yet: it waits for a person, for it could not be made safe: {}",
                places(leaks)
            )),
            Err(Stopped::Compose(error)) => Err(format!("nothing: {error}")),
        }
    }

    /// In columns on a page of this width; a narrow one has before above after.
    pub fn print(&self, width: usize, out: &mut impl Write) -> io::Result<()> {
        let rows = self.rows();
        writeln!(out)?;
        if width < NARROWEST {
            let stacked = |title: &str, side: fn(&Row) -> &Option<String>, out: &mut dyn Write| {
                writeln!(out, "--- {title}")?;
                rows.iter()
                    .filter_map(|row| side(row).as_ref())
                    .try_for_each(|line| writeln!(out, "{line}"))
            };
            stacked("before", |row| &row.left, out)?;
            writeln!(out)?;
            stacked("after", |row| &row.right, out)?;
        } else {
            let title = Row { mark: ' ', ..Row::of(Some("--- before"), Some("--- after")) };
            side_by_side::write(&[title], width, out)?;
            side_by_side::write(&rows, width, out)?;
        }
        if !self.message.otherwise.body.is_empty() {
            let other = &self.message.otherwise.body;
            writeln!(out, "\n--- before, in its other form, which does not go out\n{other}")?;
        }
        self.reasons(out)?;
        if let Ok(Draft { html: Some(html), .. }) = self.after() {
            writeln!(out, "\n--- after, as HTML\n{html}")?;
        }
        Ok(())
    }

    fn rows(&self) -> Vec<Row> {
        let after = self.after();
        let read = after.as_ref().ok().map(|draft| mail::read(&draft.bytes));
        let mut rows = Vec::new();
        for name in WRITTEN {
            let left = field(self.raw, self.message, name);
            let right = after.as_ref().ok().zip(read.as_ref());
            let right = right.and_then(|(draft, read)| field(&draft.bytes, read, name));
            let row = match (left, &after) {
                (Some(left), Err(_)) => Some(Row::left(&left, ' ')),
                (None, Err(_)) => None,
                (left, Ok(_)) => (left.is_some() || right.is_some())
                    .then(|| Row::of(left.as_deref(), right.as_deref())),
            };
            rows.extend(row);
        }
        match &after {
            Ok(draft) => {
                rows.push(Row::of(Some(""), Some("")));
                rows.extend(side_by_side::aligned(&self.message.text.body, &draft.text));
            }
            Err(why) => {
                rows.push(Row { mark: ' ', ..Row::of(Some(""), Some(why)) });
                rows.extend(self.found_lines());
            }
        }
        let files = self.files(read.as_ref().map(|read| read.attachments.as_slice()));
        if !files.is_empty() {
            rows.push(Row::of(Some(""), Some("")));
        }
        rows.extend(files);
        rows
    }

    /// The text of a mail that does not go on: a mark stands behind lines in which something was
    /// found.
    fn found_lines(&self) -> Vec<Row> {
        let text = &self.message.text.body;
        let mut at = 0;
        let mut rows = Vec::new();
        for line in text.split_inclusive('\n') {
            let end = at + line.len();
            let found = |f: &Finding| f.part == Part::Text && f.start < end && at < f.end;
            let mark = if self.rehearsed.verdict.findings.iter().any(found) { '!' } else { ' ' };
            rows.push(Row::left(line.trim_end_matches('\n'), mark));
            at = end;
        }
        rows
    }

    /// The files as they came, with what was found in each, and as they go out.
    fn files(&self, out: Option<&[Attachment]>) -> Vec<Row> {
        let mut after: Vec<&Attachment> = out.unwrap_or_default().iter().collect();
        let mut rows = Vec::new();
        for file in &self.message.attachments {
            let left = format!("{}: {}", named(file), what_of(file));
            let same = after.iter().position(|a| a.name == file.name);
            let right = same.map(|at| goes_out(after.remove(at)));
            let mark = match (&right, out) {
                (Some(_), _) => '|',
                (None, Some(_)) => '<',
                (None, None) => ' ',
            };
            rows.push(Row { left: Some(left), right, mark });
        }
        rows.extend(after.into_iter().map(|file| Row::of(None, Some(&goes_out(file)))));
        rows
    }

    /// What was found in a file, and what followed.
    fn found_in(&self, file: &Attachment) -> Option<String> {
        let inspected = file.inspected.as_ref()?;
        let facts = &inspected.facts;
        let found = [facts.danger.map(|d| d.word()), facts.unopened.map(|u| u.word())];
        let mut said: Vec<&str> = found.into_iter().flatten().collect();
        let came = file.content.decode(self.raw);
        said.push(match &inspected.bytes {
            Some(bytes) if bytes.as_ref() == came.as_ref() => "nothing in it told about its maker",
            Some(_) => "cleaned of what it told about its maker",
            None => "it does not go out",
        });
        Some(format!("{}: {}", named(file), said.join("; ")))
    }

    /// What was changed or stands in the way, and why.
    fn reasons(&self, out: &mut impl Write) -> io::Result<()> {
        let mut said = Vec::new();
        match self.after() {
            Ok(draft) => said.extend(self.changed(draft)),
            Err(_) => {
                let verdict = &self.rehearsed.verdict;
                let decided = |f: &&Finding| f.enforced && f.action == verdict.action;
                for finding in verdict.findings.iter().filter(decided) {
                    let text = self.text_of(finding.part);
                    let place = place_of(finding.part, text, finding.start);
                    let change = rule_text(finding.rule, Language::En).change;
                    said.push(format!(
                        "{place}: {:?}: rule {}: {change}",
                        finding.words, finding.rule
                    ));
                }
                let holds = verdict.holds.iter().filter(|hold| hold.enforced);
                said.extend(
                    holds.map(|h| format!("{}: {}", h.reason.as_str(), h.reason.meaning())),
                );
            }
        }
        said.extend(self.message.attachments.iter().filter_map(|file| self.found_in(file)));
        let dropped = self.dropped_fields();
        if !dropped.is_empty() {
            said.push(format!(
                "header fields that do not go out, for none but the needed ones are written: {}",
                dropped.join(", ")
            ));
        }
        if let Some(rich) = &self.message.rich {
            said.extend(left_out(&rich.dropped));
        }
        if said.is_empty() {
            return writeln!(out, "\n--- nothing was removed");
        }
        writeln!(out, "\n--- what was removed, and why")?;
        said.iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    /// What was changed in the words. Of a quoted frame the first line stands for all.
    fn changed(&self, draft: &Draft) -> Vec<String> {
        let mut said = Vec::new();
        let mut frames = 0;
        for (part, text, change) in self.changes(draft) {
            frames += usize::from(change.why == Why::Frame);
            if change.why == Why::Frame && frames > 1 {
                continue;
            }
            let place = place_of(part, text, change.range.start);
            let words = text.get(change.range.clone()).unwrap_or_default();
            let became = match change.with.as_str() {
                "" => "gone".to_owned(),
                with => format!("{with:?}"),
            };
            said.push(format!("{place}: {words:?} -> {became}: {}", why(change.why)));
        }
        let taken = |f: &&Finding| {
            f.part == Part::Attachment
                && f.enforced
                && f.action == Action::Redact
                && f.end > f.start
        };
        for found in self.rehearsed.verdict.findings.iter().filter(taken) {
            said.push(format!("attachment: {:?} taken out: rule {}", found.words, found.rule));
        }
        if frames > 1 {
            said.push(format!("text: {} more lines of it, gone with it", frames - 1));
        }
        said
    }

    pub fn text_of(&self, part: Part) -> &str {
        match part {
            Part::Subject => &self.message.subject,
            Part::Alternative => &self.message.otherwise.body,
            Part::Text => &self.message.text.body,
            Part::Attachment | Part::Message => "",
        }
    }

    fn changes<'d>(
        &'d self,
        draft: &'d Draft,
    ) -> impl Iterator<Item = (Part, &'d str, &'d Change)> {
        let of = |part, changes: &'d [Change]| {
            changes.iter().map(move |change| (part, self.text_of(part), change))
        };
        of(Part::Subject, &draft.changes.subject).chain(of(Part::Text, &draft.changes.text))
    }

    /// The names of header fields that do not go out.
    fn dropped_fields(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in fields(self.raw) {
            let is = |known: &str| known.eq_ignore_ascii_case(&name);
            let written = WRITTEN.iter().chain(&OF_THE_BODY).any(|known| is(known));
            if !written && !names.iter().any(|known| is(known)) {
                names.push(name);
            }
        }
        names
    }

    /// For programs.
    pub fn json(&self) -> Map<String, Value> {
        let side = |raw: &[u8], message: &Message, files: Vec<String>| {
            let header: Vec<Value> = WRITTEN
                .iter()
                .filter_map(|name| Some(json!([name, field(raw, message, name)?])))
                .collect();
            json!({ "header": header, "text": message.text.body, "files": files })
        };
        let files = &self.message.attachments;
        let files = files.iter().map(|file| {
            self.found_in(file).unwrap_or_else(|| format!("{}: {}", named(file), what_of(file)))
        });
        let files = files.collect();
        let mut shown = Map::new();
        let mut put = |name: &str, value| shown.insert(name.to_owned(), value);
        put("before", side(self.raw, self.message, files));
        put("dropped_fields", json!(self.dropped_fields()));
        match self.after() {
            Ok(draft) => {
                let read = mail::read(&draft.bytes);
                let files = read.attachments.iter().map(goes_out).collect();
                let mut after = side(&draft.bytes, &read, files);
                after["text"] = json!(draft.text);
                after["html"] = json!(draft.html);
                put("after", after);
                let changes = self.changes(draft).map(|(part, text, change)| {
                    json!({
                        "part": part.as_str(),
                        "start": change.range.start,
                        "end": change.range.end,
                        "words": text.get(change.range.clone()),
                        "with": change.with,
                        "why": why(change.why),
                    })
                });
                put("changes", changes.collect());
            }
            Err(why) => {
                put("after", Value::Null);
                put("nothing_goes_out", json!(why));
            }
        }
        shown
    }
}

/// Why a stretch was changed.
fn why(why: Why) -> String {
    match why {
        Why::Rule(rule) => format!("rule {rule}: {}", rule_text(rule, Language::En).what),
        Why::Contact => {
            "the sender's own address or domain, which the other side never learns".into()
        }
        Why::Person => "the sender's name, where it was not written for the reader".into(),
        Why::Leak => "the sender's own contact in another form".into(),
        Why::Frame => "our own block below an earlier mail, quoted back".into(),
        Why::Picture => "a picture that does not go out".into(),
    }
}

/// Where something stands, as a person says it.
pub(super) fn place_of(part: Part, text: &str, at: usize) -> String {
    match part {
        Part::Text | Part::Alternative => {
            let above = text.as_bytes().get(..at).unwrap_or_default();
            format!("{}, line {}", part.as_str(), above.iter().filter(|b| **b == b'\n').count() + 1)
        }
        part => part.as_str().to_owned(),
    }
}

fn places(leaks: &[Leak]) -> String {
    let each: Vec<String> =
        leaks.iter().map(|l| format!("{:?} in {:?}", l.kind, l.place).to_lowercase()).collect();
    each.join(", ")
}

/// What of a mail's HTML was left out when it was read, and why.
fn left_out(dropped: &Dropped) -> impl Iterator<Item = String> {
    let said = [
        (dropped.active, "scripts, frames, forms and the like: they act or load by themselves"),
        (dropped.hidden, "characters that nobody would have seen"),
        (dropped.remote, "pictures that lie elsewhere: they tell who reads"),
        (dropped.pixels, "pictures too small to be seen: they only tell who reads"),
        (dropped.comments, "comments"),
    ];
    let said = said.into_iter().filter(|(count, _)| *count > 0);
    said.map(|(count, what)| format!("HTML: {count} {what}"))
}

fn named(file: &Attachment) -> &str {
    file.name.as_deref().unwrap_or("without a name")
}

fn what_of(file: &Attachment) -> String {
    match &file.inspected {
        Some(inspected) => format!("{}, {} bytes", inspected.facts.kind.word(), file.size),
        None => format!("{}, not opened", file.content_type),
    }
}

fn goes_out(file: &Attachment) -> String {
    format!("{}: {}, {} bytes", named(file), file.content_type, file.size)
}

/// A line of the header as a person reads it.
fn field(raw: &[u8], message: &Message, name: &str) -> Option<String> {
    let (_, value) = fields(raw).into_iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
    let value = match name {
        "Subject" => message.subject.clone(),
        "From" if !message.from.is_empty() => {
            message.from.iter().map(mailbox).collect::<Vec<_>>().join(", ")
        }
        _ => value,
    };
    Some(format!("{name}: {value}"))
}

fn mailbox(mailbox: &Mailbox) -> String {
    match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.clone(),
    }
}

/// The fields of the header, unfolded.
fn fields(raw: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    let header = text.split("\n\n").next().unwrap_or_default();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in header.lines() {
        match (line.starts_with([' ', '\t']), fields.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (false, _, Some((name, value))) => {
                fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            _ => {}
        }
    }
    fields
}
