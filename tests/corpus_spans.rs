//! Where a finding begins and ends, against the marks of two public projects: linkify's own cases of
//! links and addresses, and presidio's annotated sentences.
//!
//! Reported, with a floor under what was reached: both mark things that are no finding of ours
//! (`file:///`, any scheme), and presidio's numbers are made up, many of them valid nowhere.
//! What is not found there, and why it need not be: numbers that no plan of any country has, of which
//! nothing but a place or a person is said (presidio's generator makes up most of its); seven figures
//! alone; of linkify's cases schemes that lead to no place in the web (`ab://c`, `file:///home`), an
//! address of figures without a scheme (`1.0.0.0` is a version as well), a domain of one letter (`e.com`:
//! abbreviations are written so), and an ending that does not exist (`a@a.xyϸ`).
//! `BAUTA_CORPUS_SHOW=1` shows each miss. Skipped, visibly, where the corpus is not beside the project.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "corpus/policy.rs"]
mod policy;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use bauta::domain::{Direction, Finding, RuleId};
use bauta::mail::{self, Message};
use bauta::policy::{Context, Rules, judge};
use serde_json::Value;

fn corpus(file: &str) -> Option<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
    let text = std::fs::read_to_string(PathBuf::from(folder).join(file)).ok();
    if text.is_none() {
        eprintln!("SKIPPED: {file} of the corpus is not beside the project");
    }
    text
}

fn rules() -> Rules {
    Rules::new(&policy::standard(), &["msg.market.example".to_owned()]).unwrap()
}

fn findings(rules: &Rules, text: &str) -> Vec<Finding> {
    let context = Context {
        direction: Direction::SellerToBuyer,
        proactive: false,
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: None,
    };
    let message = Message { text: mail::segment(text.to_owned()), ..Message::default() };
    judge(rules, &context, &message).findings
}

/// How many of the marked stretches are found, how many exactly, and how many findings are of none.
#[derive(Debug, Default)]
struct Score {
    marked: usize,
    found: usize,
    exact: usize,
    wrong: usize,
}

impl Score {
    fn note(&mut self, text: &str, marks: &[Range<usize>], found: &[Finding]) {
        let meets = |m: &Range<usize>, f: &Finding| m.start < f.end && f.start < m.end;
        for mark in marks {
            self.marked += 1;
            let of_mark: Vec<&Finding> = found.iter().filter(|f| meets(mark, f)).collect();
            self.found += usize::from(!of_mark.is_empty());
            self.exact +=
                usize::from(of_mark.iter().any(|f| (f.start, f.end) == (mark.start, mark.end)));
            if of_mark.is_empty() && std::env::var("BAUTA_CORPUS_SHOW").is_ok() {
                eprintln!("missed {:?} in {text:?}", &text[mark.clone()]);
            }
        }
        let of_none = found.iter().filter(|f| !marks.iter().any(|m| meets(m, f)));
        self.wrong += of_none.count();
    }

    fn share(&self) -> usize {
        self.found * 100 / self.marked.max(1)
    }
}

/// `see |http://x.example|.`: the text and what is marked in it.
fn marks(marked: &str) -> (String, Vec<Range<usize>>) {
    let (mut text, mut marks, mut open) = (String::new(), vec![], None);
    for piece in marked.split_inclusive('|') {
        text.push_str(piece.trim_end_matches('|'));
        if piece.ends_with('|') {
            match open.take() {
                None => open = Some(text.len()),
                Some(start) => marks.push(start..text.len()),
            }
        }
    }
    (text, marks)
}

#[test]
fn links_and_addresses_are_found_where_linkify_marks_them() {
    let Some(cases) = corpus("linkify-cases/cases.jsonl") else { return };
    let (rules, mut sheet) = (rules(), BTreeMap::<String, Score>::new());
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| case[name].as_str().unwrap();
        let (text, marks) = marks(field("marked"));
        // A bar that is part of the text itself can't be told from a mark.
        if text != field("text") {
            continue;
        }
        let found = findings(&rules, &text);
        sheet
            .entry(format!("{} {}", field("file"), field("mode")))
            .or_default()
            .note(&text, &marks, &found);
    }
    for (kind, score) in &sheet {
        eprintln!("linkify-cases: {kind}: {} % found, {score:?}", score.share());
    }
    assert!(sheet["email assert_linked"].share() >= 85, "{sheet:?}");
    assert!(sheet["domains assert_linked"].share() >= 65, "{sheet:?}");
    assert!(sheet["url assert_linked"].share() >= 75, "{sheet:?}");
}

#[test]
fn contacts_are_found_where_presidio_marks_them() {
    let wanted = [
        ("PHONE_NUMBER", RuleId::PhoneNumber),
        ("EMAIL_ADDRESS", RuleId::EmailAddress),
        ("DOMAIN_NAME", RuleId::ExternalLink),
        ("IBAN_CODE", RuleId::OffPlatformPayment),
        ("CREDIT_CARD", RuleId::CardNumber),
    ];
    let Some(small) = corpus("presidio-research/tests/data/generated_small.json") else { return };
    let Some(large) = corpus("presidio-research/tests/data/generated_large.json") else { return };
    let (rules, mut sheet) = (rules(), BTreeMap::<&str, Score>::new());
    let sentences = [small, large].map(|file| serde_json::from_str::<Vec<Value>>(&file).unwrap());
    // Every other sentence of two thousand says as much.
    for sentence in sentences.iter().flatten().step_by(2) {
        let text = sentence["full_text"].as_str().unwrap();
        // Positions count characters.
        let byte = |at: &Value| {
            let at = usize::try_from(at.as_u64().unwrap()).unwrap();
            text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte)
        };
        let found = findings(&rules, text);
        for (kind, rule) in wanted {
            let spans = sentence["spans"].as_array().unwrap().iter();
            let spans = spans.filter(|span| span["entity_type"] == kind);
            let marks: Vec<Range<usize>> = spans
                .map(|span| byte(&span["start_position"])..byte(&span["end_position"]))
                .collect();
            let of_rule: Vec<Finding> = found.iter().filter(|f| f.rule == rule).cloned().collect();
            sheet.entry(kind).or_default().note(text, &marks, &of_rule);
        }
    }
    for (kind, score) in &sheet {
        eprintln!("presidio-research: {kind}: {} % found, {score:?}", score.share());
    }
    assert!(sheet["PHONE_NUMBER"].share() >= 80, "{sheet:?}");
    for kind in ["EMAIL_ADDRESS", "DOMAIN_NAME", "IBAN_CODE"] {
        assert!(sheet[kind].share() >= 85, "{kind}: {sheet:?}");
    }
}
