//! How often new text, quote and signature are told apart as other projects' samples say. Beside
//! it, on the same files: `tests/quotes_beside_libraries.py`, which runs published libraries.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use bauta::mail::{SegmentKind, Text, new_text, read, segment};
use mail_parser::MessageParser;
use regex::Regex;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");

/// The folder, or nothing where the project was cloned alone; that is said.
fn corpus(set: &str) -> Option<PathBuf> {
    let path = Path::new(CORPUS).join(set);
    if path.is_dir() {
        return Some(path);
    }
    println!("SKIPPED: no test corpus at {}", path.display());
    None
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    found.sort();
    found
}

/// Words, for comparing texts whatever their white space.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn of_kinds(text: &Text, kinds: &[SegmentKind]) -> String {
    let kept = text.segments.iter().filter(|s| kinds.contains(&s.kind));
    kept.map(|s| &text.body[s.range.clone()]).collect()
}

/// New text and signature: the sets differ on whether a closing and a name belong to the reply.
fn written(text: &Text) -> String {
    of_kinds(text, &[SegmentKind::New, SegmentKind::Signature])
}

/// Whether the reply is the expected one, with or without its signature.
fn is_reply(text: &Text, expected: &str) -> bool {
    [new_text(text), written(text)].iter().any(|found| words(found) == words(expected))
}

#[derive(Default)]
struct Score {
    right: usize,
    all: usize,
}

impl Score {
    fn count(&mut self, right: bool, what: &dyn std::fmt::Display) {
        self.all += 1;
        self.right += usize::from(right);
        if !right {
            println!("  otherwise: {what}");
        }
    }

    /// Prints the score; it must not fall below what was reached.
    fn at_least(&self, floor: usize, set: &str) {
        println!("{set}: {} of {}", self.right, self.all);
        assert!(self.right >= floor, "{set}: {} of {}, was {floor}", self.right, self.all);
    }
}

fn text_of(path: &Path) -> Text {
    segment(fs::read_to_string(path).unwrap().replace("\r\n", "\n"))
}

#[test]
fn replies_of_email_reply_trimmer() {
    let Some(folder) = corpus("email-reply-trimmer") else { return };
    let mut score = Score::default();
    for path in sorted(&folder.join("emails")) {
        let trimmed = folder.join("trimmed").join(path.file_name().unwrap());
        let Ok(expected) = fs::read_to_string(trimmed) else { continue };
        score.count(is_reply(&text_of(&path), &expected), &path.display());
    }
    score.at_least(26, "email-reply-trimmer");
}

#[test]
fn first_fragments_of_crisps_fixtures() {
    let Some(folder) = corpus("crisp-reply-fixtures") else { return };
    let cases = fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let mut score = Score::default();
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = folder.join(case["fixture"].as_str().unwrap());
        let text = text_of(&path);
        let right = match case["first_fragment"].as_str() {
            Some(expected) => {
                // "The first" ends before a signature in the middle, or before an answer's quote.
                let first = text.segments.first().map_or("", |s| &text.body[s.range.clone()]);
                is_reply(&text, expected) || words(first) == words(expected)
            }
            None if case["fragments"] == 1 => words(&written(&text)) == words(&text.body),
            None => fits(&text, &case["fragment_regex"]),
        };
        score.count(right, &case["fixture"]);
    }
    score.at_least(68, "crisp-reply-fixtures");
}

/// Whether the first fragment's pattern is in the reply and those of introductions, quotes and
/// signatures are not.
fn fits(text: &Text, patterns: &serde_json::Value) -> bool {
    let new = new_text(text);
    patterns.as_array().into_iter().flatten().all(|fragment| {
        let pattern = fragment["re"].as_str().unwrap().replace("\\:", ":");
        let found = Regex::new(&format!("(?m){pattern}")).unwrap().is_match(&new);
        let quoted = ["^On", "^>", "^_", "^--"].iter().any(|start| pattern.starts_with(start));
        match fragment["i"].as_u64() {
            Some(0) => found,
            _ => !quoted || !found,
        }
    })
}

#[test]
fn replies_and_signatures_of_talon() {
    let Some(folder) = corpus("talon-replies") else { return };
    let mut score = Score::default();
    for path in sorted(&folder.join("standard_replies")) {
        let Some(client) = path.to_str().and_then(|p| p.strip_suffix(".eml")) else { continue };
        // The truth is about the plain text; the HTML beside it says other things in two of them.
        let raw = fs::read(&path).unwrap();
        let parsed = MessageParser::default().parse(&raw).unwrap();
        let text = segment(parsed.body_text(0).unwrap().replace("\r\n", "\n"));
        let expected = fs::read_to_string(format!("{client}_reply_text"))
            .unwrap_or_else(|_| "Hello".to_owned());
        score.count(is_reply(&text, &expected), &path.display());
    }
    score.at_least(12, "talon, plain replies");

    // The same answer, written with nine mail programs.
    let mut score = Score::default();
    for path in sorted(&folder.join("html_replies")) {
        let mut mail = b"Content-Type: text/html; charset=utf-8\r\n\r\n".to_vec();
        mail.extend(fs::read(&path).unwrap());
        let message = read(&mail);
        let right = is_reply(&message.text, "Hi. I am fine. Thanks, Alex");
        score.count(right, &path.display());
    }
    score.at_least(9, "talon, HTML replies");

    let mut score = Score::default();
    for path in sorted(&folder.join("signature/emails/stripped")) {
        let Some(name) = path.to_str().and_then(|p| p.strip_suffix("_body")) else { continue };
        let Ok(expected) = fs::read_to_string(format!("{name}_signature")) else { continue };
        let found = of_kinds(&text_of(&path), &[SegmentKind::Signature]);
        score.count(words(&found) == words(&expected), &path.display());
    }
    score.at_least(5, "talon, signatures");
}
