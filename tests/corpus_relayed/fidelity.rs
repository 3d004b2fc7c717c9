//! What is relayed says what its sender wrote, and is a mail that other programs read without a
//! complaint.

use std::fs;
use std::path::Path;
use std::process::Command;

use bauta::config::Mode;
use bauta::domain::Direction;
use bauta::mail::{self, Defect};
use bauta::rewrite::frame;
use mail_parser::{MessageParser, PartType};

use crate::{CORPUS, each, mails, one_in, rules, send};

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// A text without the frame and what stands for pictures.
fn without_ours(text: &str) -> String {
    let mut text = text.to_owned();
    let ours: Vec<_> = frame::find(&text).into_iter().flat_map(|found| found.ranges).collect();
    for range in ours.into_iter().rev() {
        text.replace_range(range, "");
    }
    text.lines()
        .filter(|line| *line != "[removed: image]" && *line != "[removed: picture]")
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The words of a plain mail of one part, by another decoder than ours.
fn decoded_outside(raw: &[u8]) -> Option<String> {
    let parsed = MessageParser::default().parse(raw)?;
    match parsed.parts.as_slice() {
        [only] => match &only.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// Directional marks turn reading around and are taken out; the rest is compared as it stands.
fn readable(text: &str) -> String {
    text.chars()
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
        .collect()
}

#[test]
fn what_is_relayed_says_what_was_written_and_is_read_by_others_without_a_complaint() {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpora are not beside the project");
        return;
    }
    let rules = rules(Mode::Enforce);
    let folder = tempfile::tempdir().unwrap();
    let part = one_in(4);
    let compared = each(&mails(), |number, _, path| {
        if number % part != 0 {
            return vec![];
        }
        let raw = fs::read(path).unwrap();
        let rehearsed = send(&rules, &raw, Direction::BuyerToSeller);
        let Ok(outgoing) = rehearsed.result else { return vec![] };
        let bytes = &outgoing.draft().bytes;
        fs::write(folder.path().join(format!("{number:05}.eml")), bytes).unwrap();
        let verdict = rehearsed.verdict;
        if !verdict.findings.is_empty() || !verdict.cleaned.is_empty() {
            return vec![];
        }
        let before = mail::read(&raw);
        let after = mail::read(bytes);
        let (was, is) = (readable(&before.text.body), without_ours(&after.text.body));
        let mut same = words(&was) == words(&is);
        // Where both can be sure of what stands there, by other eyes too.
        let odd = before.defects.iter().any(|d| *d != Defect::AlternativesDiffer);
        let guessed =
            !raw.is_ascii() && raw.to_ascii_lowercase().windows(8).any(|w| w == b"us-ascii");
        if let (false, Some(was)) = (odd || guessed, decoded_outside(&raw)) {
            let flowed = String::from_utf8_lossy(&raw).contains("flowed");
            same &= flowed || words(&readable(&was)) == words(&is);
        }
        vec![(same, path.to_owned(), was, is)]
    });
    let otherwise: Vec<_> = compared.iter().filter(|(same, ..)| !same).collect();
    println!("{} mails without findings, {} read otherwise", compared.len(), otherwise.len());
    for (_, path, was, is) in &otherwise {
        let (was, is) = (words(was), words(is));
        let at = was.iter().zip(&is).position(|(a, b)| a != b).unwrap_or(was.len().min(is.len()));
        let around = |w: &[&str]| w.get(at..(at + 6).min(w.len())).unwrap_or_default().join(" ");
        println!("  {}: {:?} became {:?}", path.display(), around(&was), around(&is));
    }
    // One in a small sample is no more than it.
    let most = compared.len().div_ceil(200);
    assert!(otherwise.len() <= most, "more than 0.5 % say something else");
    complaints(folder.path());
}

/// What other programs say of the relayed mails: Python's `email`, and Perl's MIME::Parser where
/// it is installed.
fn complaints(folder: &Path) {
    let checks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus_relayed");
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
