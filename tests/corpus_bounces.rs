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

/// With `BAUTA_BOUNCES=FILE` a line a mail is written there: name, kind, status, cause.
#[test]
fn reports_of_dozens_of_mail_systems_are_understood() {
    let Some(folder) = folder() else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let (mut all, mut understood) = (0_usize, 0_usize);
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
            let report = bounce::read(&fs::read(&file).unwrap(), true);
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
            }
        }
    }
    println!("{understood} of {all} understood: {counts:?}");
    if let Some(file) = std::env::var_os("BAUTA_BOUNCES") {
        fs::write(file, lines).unwrap();
    }
    assert!(understood * 100 >= all * 95, "{understood} of {all}: {counts:?}");
}
