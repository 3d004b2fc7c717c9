//! What is relayed says what its sender wrote, and is a mail that other programs read without a
//! complaint.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bauta::config::Mode;
use bauta::domain::Direction;
use bauta::mail::{self, Attachment, Defect, Message};
use bauta::rewrite::frame;
use mail_parser::{MessageParser, MimeHeaders, PartType};

use crate::between::Between;
use crate::marking::{ADDRESS, NAME};
use crate::sets::{Mail, Sample, each, opened, places, rules, send};

/// The borders of cells stand for markup; nobody wrote them.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| *word != "|").collect()
}

/// A text without the frame and what stands for pictures.
fn without_ours(text: &str) -> String {
    let mut text = text.to_owned();
    let ours: Vec<_> = frame::find(&text).into_iter().flat_map(|found| found.ranges).collect();
    for range in ours.into_iter().rev() {
        text.replace_range(range, "");
    }
    text.replace("[removed: picture]", " ")
}

/// The words of a plain mail of one part, by another decoder than ours.
fn decoded_outside(raw: &[u8]) -> Option<String> {
    let parsed = MessageParser::default().parse(raw)?;
    match parsed.parts.as_slice() {
        // One with a name is a file.
        [only] if only.attachment_name().is_none() => match &only.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Directional marks turn reading around and are taken out; the rest is compared as it stands.
fn readable(text: &str) -> String {
    text.replace('\r', "\n")
        .chars()
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .collect()
}

/// A mail that was relayed without a finding: whether it says what was written.
struct Compared {
    path: PathBuf,
    was: String,
    is: String,
    same: bool,
    files: Files,
}

/// What became of the files of a mail.
#[derive(Default)]
struct Files {
    /// Files that went out, and those of them that are the very bytes that came.
    out: usize,
    untouched: usize,
    /// Pictures that the HTML shows, and those of them that are there.
    shown: usize,
    resolved: usize,
    /// Files that needed no cleaning and went out otherwise all the same.
    changed: Vec<String>,
}

fn compare(mail: &Mail, before: &Message, bytes: &[u8]) -> Compared {
    let after = mail::read(bytes);
    let (was, is) = (readable(&before.text.body), without_ours(&after.text.body));
    let mut same = words(&was) == words(&is);
    // Where both can be sure of what stands there, by other eyes too.
    // The other decoder leaves files in the lines of a text.
    let unpacked = !before.attachments.is_empty();
    let odd = unpacked || before.defects.iter().any(|d| *d != Defect::AlternativesDiffer);
    let raw = &mail.raw;
    let guessed = !raw.is_ascii() && raw.to_ascii_lowercase().windows(8).any(|w| w == b"us-ascii");
    if let (false, Some(was)) = (odd || guessed, decoded_outside(raw)) {
        let flowed = String::from_utf8_lossy(raw).contains("flowed");
        same &= flowed || words(&readable(&was)) == words(&is);
    }
    Compared { path: mail.path.clone(), was, is, same, files: compare_files(mail, before, bytes) }
}

/// The files of the outgoing mail by another parser than ours, beside those that came.
fn compare_files(mail: &Mail, before: &Message, bytes: &[u8]) -> Files {
    let mut files = Files::default();
    let parsed = MessageParser::default().parse(bytes).unwrap();
    let mut ids = Vec::new();
    for part in &parsed.parts {
        let (PartType::Binary(data) | PartType::InlineBinary(data)) = &part.body else { continue };
        ids.extend(part.content_id().map(str::to_owned));
        files.out += 1;
        let came = |a: &&Attachment| a.content.decode(&mail.raw).as_ref() == data.as_ref();
        files.untouched += usize::from(before.attachments.iter().any(|a| came(&a)));
        let cleaned = before.attachments.iter().filter_map(|a| a.inspected.as_ref()?.bytes.clone());
        if !cleaned.into_iter().any(|c| c.as_ref() == data.as_ref()) {
            files.changed.push(format!("{:?} {} bytes", part.attachment_name(), data.len()));
        }
    }
    let html = parsed.html_part(0).and_then(|part| match &part.body {
        PartType::Html(html) => Some(html.as_ref()),
        _ => None,
    });
    for piece in html.unwrap_or_default().split("src=\"cid:").skip(1) {
        files.shown += 1;
        let id = piece.split('"').next().unwrap_or_default();
        files.resolved += usize::from(ids.iter().any(|known| known == id));
    }
    files
}

#[test]
fn what_is_relayed_says_what_was_written_and_is_read_by_others_without_a_complaint() {
    let Some(places) = places() else { return };
    let rules = rules(Mode::Enforce, &[]);
    let between = Between::new(Direction::BuyerToSeller, NAME, ADDRESS);
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::one_in(4);
    let compared = each(&places, |number, mail| {
        if !sample.takes(number, mail) {
            return vec![];
        }
        let before = opened(&mail.raw);
        let rehearsed = send(&rules, &between, &before);
        let Ok(outgoing) = rehearsed.result else { return vec![] };
        let bytes = &outgoing.draft().bytes;
        fs::write(folder.path().join(format!("{number:05}.eml")), bytes).unwrap();
        let verdict = rehearsed.verdict;
        if verdict.findings.is_empty() && verdict.cleaned.is_empty() {
            vec![compare(mail, &before, bytes)]
        } else {
            vec![]
        }
    });
    let otherwise: Vec<_> = compared.iter().filter(|c| !c.same).collect();
    println!("{} mails without findings, {} read otherwise", compared.len(), otherwise.len());
    for Compared { path, was, is, .. } in &otherwise {
        let (was, is) = (words(was), words(is));
        let at = was.iter().zip(&is).position(|(a, b)| a != b).unwrap_or(was.len().min(is.len()));
        let around = |w: &[&str]| w.get(at..(at + 6).min(w.len())).unwrap_or_default().join(" ");
        println!("  {}: {:?} became {:?}", path.display(), around(&was), around(&is));
    }
    // One in a small sample is no more than it.
    let most = compared.len().div_ceil(200);
    assert!(otherwise.len() <= most, "more than 0.5 % say something else");
    let sum = |of: fn(&Files) -> usize| compared.iter().map(|c| of(&c.files)).sum::<usize>();
    let (shown, resolved) = (sum(|f| f.shown), sum(|f| f.resolved));
    println!("{} files went out, {} untouched", sum(|f| f.out), sum(|f| f.untouched));
    println!("{shown} pictures are shown by the HTML, {resolved} of them are there");
    assert_eq!(shown, resolved, "a picture that the HTML shows is not in the mail");
    let changed: Vec<_> = compared
        .iter()
        .filter(|c| !c.files.changed.is_empty())
        .map(|c| (&c.path, &c.files.changed))
        .collect();
    assert!(changed.is_empty(), "{changed:?}");
    complaints(folder.path());
}

/// What other programs say of the relayed mails: Python's `email`, and Perl's MIME::Parser where
/// it is installed.
fn complaints(folder: &Path) {
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let run = |program: &str, script: &str| {
        let output = Command::new(program).arg(checks.join(script)).arg(folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        println!("{said}");
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    };
    run("python3", "complaints.py");
    let perl = Command::new("perl").args(["-MMIME::Parser", "-e", "1"]).output();
    if perl.is_ok_and(|output| output.status.success()) {
        run("perl", "complaints.pl");
    } else {
        println!("SKIPPED: MIME::Parser (Debian's libmime-tools-perl) is not installed");
    }
}
