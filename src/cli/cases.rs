//! Cases of the policy, one a line: what `policy check --jsonl` and `policy measure` read.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::exit::Wrong;
use crate::domain::{Direction, Verdict};
use crate::mail::{self, Message};
use crate::policy::{self, Context, Rules};

/// A message, and perhaps what is right about it.
#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub id: String,
    #[serde(default = "no_language")]
    pub lang: String,
    direction: String,
    #[serde(default)]
    proactive: bool,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    text: String,
    /// What the buyer wrote before.
    question: Option<String>,
    /// The rules that are right.
    pub expect: Option<Vec<String>>,
}

fn no_language() -> String {
    "-".to_owned()
}

impl Case {
    /// The verdict on it; `at` is its place, for the error.
    pub fn judge(&self, rules: &Rules, at: &str) -> anyhow::Result<Verdict> {
        let direction: Direction =
            self.direction.parse().map_err(|e| Wrong(format!("{at}: direction {e}")))?;
        let context = Context {
            direction,
            proactive: self.proactive,
            sightings: None,
            known_ids: vec![],
            copies: None,
            question: self.question.as_deref(),
        };
        let message = Message {
            subject: self.subject.split_whitespace().collect::<Vec<_>>().join(" "),
            text: mail::segment(self.text.replace("\r\n", "\n")),
            ..Message::default()
        };
        Ok(policy::judge(rules, &context, &message))
    }
}

/// Does something with each case of a file; the second argument is its place, `FILE:LINE`.
pub(super) fn each(
    cases: &Path,
    mut then: impl FnMut(Case, &str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let file =
        fs::File::open(cases).with_context(|| format!("{} can't be read", cases.display()))?;
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let at = format!("{}:{}", cases.display(), number + 1);
        let case = serde_json::from_str(&line).map_err(|e| Wrong(format!("{at}: {e}")))?;
        then(case, &at)?;
    }
    Ok(())
}
