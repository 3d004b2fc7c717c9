//! Answers as mail programs and help desks write them in nine languages, told apart line by line,
//! as plain text and as what HTML is turned into.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use bauta::mail::{SegmentKind, Text, read, segment};

struct Case {
    name: String,
    /// The kind of each line ('.' where it is blank) and its words.
    lines: Vec<(char, String)>,
}

/// `#### NAME`, then one `K|line` for each: New, Attribution, Quote, Signature.
fn cases(path: &Path) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        if let Some(name) = line.strip_prefix("#### ") {
            let name = format!("{} {name}", path.file_stem().unwrap().display());
            cases.push(Case { name, lines: vec![] });
            continue;
        }
        let (kind, words) = line.split_once('|').unwrap();
        let kind = if words.trim().is_empty() { '.' } else { kind.parse().unwrap() };
        cases.last_mut().unwrap().lines.push((kind, words.to_owned()));
    }
    assert!(!cases.is_empty(), "{}", path.display());
    cases
}

fn kinds(text: &Text) -> String {
    let mut at = 0;
    let mut kinds = String::new();
    for line in text.body.split_inclusive('\n') {
        kinds.push(match text.kind_at(at) {
            _ if line.trim().is_empty() => '.',
            SegmentKind::New => 'N',
            SegmentKind::Attribution => 'A',
            SegmentKind::Quote => 'Q',
            SegmentKind::Signature => 'S',
        });
        at += line.len();
    }
    kinds
}

fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 9, "a file for each language");
    paths.iter().flat_map(|path| cases(path)).collect()
}

/// Fails with every case that was told otherwise.
fn check(told: impl Fn(&Case) -> (String, String)) {
    let wrong: Vec<String> = all()
        .iter()
        .filter_map(|case| {
            let (found, expected) = told(case);
            let text: Vec<&str> = case.lines.iter().map(|(_, words)| words.as_str()).collect();
            (found != expected)
                .then(|| format!("{}: {found} for {expected}\n{}\n", case.name, text.join("\n")))
        })
        .collect();
    assert!(wrong.is_empty(), "{} told otherwise\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn new_text_quote_and_signature_are_told_in_plain_text() {
    check(|case| {
        let text: Vec<&str> = case.lines.iter().map(|(_, words)| words.as_str()).collect();
        let expected: String = case.lines.iter().map(|(kind, _)| kind).collect();
        (kinds(&segment(text.join("\n"))), expected)
    });
}

/// A line of HTML; what carries a quote mark stands in a blockquote, as the clients write it.
fn html(case: &Case) -> String {
    let mut html = String::new();
    let mut quoted = false;
    for (kind, words) in &case.lines {
        let inner = words.strip_prefix("> ").or_else(|| words.strip_prefix('>'));
        let inner = inner.filter(|_| *kind != 'A');
        if quoted != inner.is_some() {
            html.push_str(if quoted { "</blockquote>" } else { "<blockquote>" });
            quoted = inner.is_some();
        }
        let shown = inner.unwrap_or(words).replace('&', "&amp;").replace('<', "&lt;");
        let shown = if shown.is_empty() { "<br>" } else { &shown };
        html.push_str(&format!("<div>{shown}</div>\n"));
    }
    html
}

#[test]
fn the_same_is_told_in_what_html_is_turned_into() {
    check(|case| {
        let mail = format!("Content-Type: text/html; charset=utf-8\r\n\r\n{}", html(case));
        let full = |kinds: &str| kinds.replace('.', "");
        let expected: String = case.lines.iter().map(|(kind, _)| kind).collect();
        // A lone quote mark is a blank line there.
        let marks = case.lines.iter().filter(|(_, words)| words == ">").count();
        let found = full(&kinds(&read(mail.as_bytes()).text));
        let lone = found.matches('Q').count().abs_diff(full(&expected).matches('Q').count());
        assert!(lone <= marks, "{}", case.name);
        let squeeze = |kinds: &str| {
            let mut kinds: Vec<char> = kinds.chars().collect();
            kinds.dedup_by(|a, b| a == b && *a == 'Q');
            kinds.into_iter().collect::<String>()
        };
        (squeeze(&found), squeeze(&full(&expected)))
    });
}
