//! Real reports of dozens of mail systems, beside the project: understood, and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may
#![allow(clippy::print_stdout)] // the figures

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use bauta::bounce;

fn folder() -> Option<PathBuf> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/sisimai-bounces/maildir");
    if !folder.is_dir() {
        println!("SKIPPED: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

/// What a mail says that is no report of a failure; read by hand, of all whose fields don't say it.
/// Warnings that it is tried still.
const DELAYED: &[&str] = &[
    "lhost-exim-38",
    "lhost-exim-41",
    "lhost-gmail-08",
    "lhost-gmail-09",
    "lhost-gmail-17",
    "lhost-opensmtpd-04",
    "lhost-x1-04",
];

/// What a list manager, or a mail server to its own postmaster, says of something else.
const NO_REPORTS: &[&str] = &["lhost-fml-02", "lhost-fml-03", "lhost-postfix-75"];

/// What it is: by its machine-readable fields, else as it was read by hand.
fn truth(name: &str, raw: &[u8]) -> &'static str {
    let text = String::from_utf8_lossy(raw).to_lowercase();
    let is = |list: &[&str]| list.iter().any(|known| name.contains(&format!("/{known}.")));
    let actions: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("action:"))
        .map(|action| action.trim().split([' ', ';', '(']).next().unwrap_or_default())
        .collect();
    if name.contains("/arf-26.") {
        "auto-reply" // A mail program unsubscribes its user.
    } else if name.contains("/arf-") {
        "complaint"
    } else if actions.contains(&"failed") {
        "failed"
    } else if actions.contains(&"delayed") || is(DELAYED) {
        "delayed"
    } else if is(NO_REPORTS) {
        "-"
    } else {
        "failed"
    }
}

/// With `BAUTA_BOUNCES=FILE` a line a mail is written there: name, kind, status, cause.
#[test]
fn reports_of_dozens_of_mail_systems_are_understood() {
    let Some(folder) = folder() else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut understood) = (0_usize, 0_usize);
    let (mut right, mut wrong, mut harmful) = (0_usize, Vec::new(), Vec::new());
    let mut lines = String::new();
    let mut sets: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|e| e.unwrap().path()).collect();
    sets.sort();
    for set in sets {
        let mut files: Vec<PathBuf> =
            fs::read_dir(&set).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        // "not": mails that are no reports; "err": broken on purpose; "tmp": being looked into;
        // "mac": with CR alone at the end of lines, as no mail travels.
        let real = set.ends_with("bsd") || set.ends_with("dos");
        for file in files {
            let raw = fs::read(&file).unwrap();
            let report = bounce::read(&raw, true);
            let name = file.strip_prefix(&folder).unwrap().display().to_string();
            let (kind, status, cause) = match &report {
                Some(r) => (r.kind.as_str(), r.status.as_deref().unwrap_or("-"), r.cause.as_str()),
                None => ("-", "-", "-"),
            };
            lines.push_str(&format!("{name}\t{kind}\t{status}\t{cause}\n"));
            if real {
                all += 1;
                understood += usize::from(report.is_some());
                *counts.entry(kind.to_owned()).or_default() += 1;
                let truth = truth(&name, &raw);
                if kind == truth {
                    right += 1;
                } else {
                    wrong.push(format!("{name}: {kind}, not {truth}"));
                }
                if kind == "failed" && truth != "failed" {
                    harmful.push(name);
                }
            }
        }
    }
    println!("{understood} of {all} understood: {counts:?}");
    println!("{right} of {all} classed right; not: {wrong:#?}");
    if let Some(file) = std::env::var_os("BAUTA_BOUNCES") {
        fs::write(file, lines).unwrap();
    }
    assert!(understood * 100 >= all * 95, "{understood} of {all}: {counts:?}");
    assert!(right * 100 >= all * 97, "{right} of {all} right; {wrong:#?}");
    assert!(harmful.is_empty(), "a delivery would be taken for failed: {harmful:#?}");
}
