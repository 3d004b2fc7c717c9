//! Every mail of the test corpora is read, in bounded time, and what comes out keeps its promises.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use bauta::mail::{Message, Text, read};

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
        let message = read(&raw);
        check_message(&message, &path);
        count += 1;
    }
    println!("{count} files read");
    assert!(count > 1000, "the corpora are there but hold {count} files only");
}
