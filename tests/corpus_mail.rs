//! Every mail of the test corpora is read, in bounded time, and what comes out keeps its promises.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bauta::mail::{Message, SegmentKind, Text, new_text, read, segment};

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

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn check_text(text: &Text, path: &Path) {
    let mut at = 0;
    for segment in &text.segments {
        assert_eq!(segment.range.start, at, "{}: a gap or an overlap", path.display());
        assert!(segment.range.end > at, "{}: an empty segment", path.display());
        assert!(text.body.get(segment.range.clone()).is_some(), "{}", path.display());
        at = segment.range.end;
        let ends_line = at == text.body.len() || text.body[..at].ends_with('\n');
        assert!(ends_line, "{}: a segment ends inside of a line", path.display());
    }
    assert_eq!(at, text.body.len(), "{}: not covered to the end", path.display());
    let control = text.body.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    assert_eq!(control, None, "{}", path.display());
    assert!(text.body.len() <= 2 * 1024 * 1024);
}

fn check_message(message: &Message, path: &Path) {
    check_text(&message.text, path);
    assert!(!message.subject.contains(char::is_control), "{}: subject", path.display());
    assert!(message.in_reply_to.len() <= 10 && message.references.len() <= 100);
    if message.unreadable.is_some() {
        assert!(message.text.body.is_empty(), "{}", path.display());
    }
}

#[test]
fn every_mail_of_the_corpora_is_read_in_bounded_time() {
    let Some(folder) = corpus("") else { return };
    let mut count = 0;
    for path in files(&folder) {
        let raw = std::fs::read(&path).unwrap();
        let began = Instant::now();
        let message = read(&raw);
        let took = began.elapsed();
        // Generous, for a build without optimisation on a busy machine.
        let allowed = Duration::from_millis(500) + Duration::from_micros(raw.len() as u64 * 4);
        assert!(took < allowed, "{}: {took:?} for {} bytes", path.display(), raw.len());
        check_message(&message, &path);
        count += 1;
    }
    println!("{count} files read");
    assert!(count > 1000, "the corpora are there but hold {count} files only");
}

/// Words, for comparing texts whatever their white space.
fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// New text and signature: the reference sets differ on whether a signature belongs to the reply.
fn written(text: &Text) -> Vec<String> {
    let kept = text
        .segments
        .iter()
        .filter(|s| matches!(s.kind, SegmentKind::New | SegmentKind::Signature));
    kept.flat_map(|s| words(&text.body[s.range.clone()])).collect()
}

#[test]
fn the_reply_is_found_in_most_mails_of_other_peoples_samples() {
    let Some(folder) = corpus("email-reply-trimmer") else { return };
    let (mut right, mut all) = (0, 0);
    for path in files(&folder.join("emails")) {
        let trimmed = folder.join("trimmed").join(path.file_name().unwrap());
        let Ok(expected) = std::fs::read_to_string(trimmed) else { continue };
        let Ok(mail) = std::fs::read_to_string(&path) else { continue };
        all += 1;
        let text = segment(mail.replace("\r\n", "\n"));
        let exact = words(&new_text(&text)) == words(&expected);
        if exact || written(&text) == words(&expected) {
            right += 1;
        } else {
            println!("otherwise than email-reply-trimmer: {}", path.display());
        }
    }
    println!("email-reply-trimmer: {right} of {all}");
    assert!(all > 0 && right * 2 > all, "{right} of {all}");
}

#[test]
fn the_first_fragment_is_found_in_most_of_crisps_fixtures() {
    let Some(folder) = corpus("crisp-reply-fixtures") else { return };
    let cases = std::fs::read_to_string(folder.join("expected.jsonl")).unwrap();
    let (mut right, mut all) = (0, 0);
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(expected) = case["first_fragment"].as_str() else { continue };
        let Ok(mail) = std::fs::read_to_string(folder.join(case["fixture"].as_str().unwrap()))
        else {
            continue;
        };
        all += 1;
        let text = segment(mail.replace("\r\n", "\n"));
        let first = text.segments.first().map_or("", |s| &text.body[s.range.clone()]);
        if [words(first), words(&new_text(&text)), written(&text)].contains(&words(expected)) {
            right += 1;
        } else {
            println!("otherwise than crisp: {}", case["fixture"]);
        }
    }
    println!("crisp-reply-fixtures: {right} of {all}");
    assert!(all > 0 && right * 2 > all, "{right} of {all}");
}

#[test]
fn replies_and_signatures_are_found_in_most_of_talons_samples() {
    let Some(folder) = corpus("talon-replies") else { return };
    let (mut right, mut all) = (0, 0);
    for path in files(&folder.join("standard_replies")) {
        let Some(client) = path.to_str().and_then(|p| p.strip_suffix(".eml")) else { continue };
        let message = read(&std::fs::read(&path).unwrap());
        let expected = std::fs::read_to_string(format!("{client}_reply_text"))
            .unwrap_or_else(|_| "Hello".to_owned());
        all += 1;
        if [words(&new_text(&message.text)), written(&message.text)].contains(&words(&expected)) {
            right += 1;
        } else {
            println!("otherwise than talon: {} {:?}", path.display(), new_text(&message.text));
        }
    }
    println!("talon replies: {right} of {all}");
    let (mut signed, mut signatures) = (0, 0);
    for path in files(&folder.join("signature/emails/stripped")) {
        let Some(name) = path.to_str().and_then(|p| p.strip_suffix("_signature")) else { continue };
        let Ok(body) = std::fs::read_to_string(format!("{name}_body")) else { continue };
        let expected = std::fs::read_to_string(&path).unwrap();
        let text = segment(body.replace("\r\n", "\n"));
        let found: Vec<String> = text
            .segments
            .iter()
            .filter(|s| s.kind == SegmentKind::Signature)
            .flat_map(|s| words(&text.body[s.range.clone()]))
            .collect();
        signatures += 1;
        signed += usize::from(found == words(&expected));
    }
    println!("talon signatures: {signed} of {signatures}");
    assert!(all > 0 && right * 2 > all, "{right} of {all}");
}
