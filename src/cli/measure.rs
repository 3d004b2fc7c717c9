//! `bauta policy measure`: labelled cases judged, and how well.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::cases::{Case, each};
use super::exit::Wrong;
use super::json;

use crate::domain::{Finding, RuleId};
use crate::policy::Rules;

#[derive(Debug, Args)]
pub(super) struct Measure {
    /// A file of cases, one a line: {"id","lang","direction","proactive","subject","text","expect",
    /// "question"}; "expect" lists the rules that are right, "question" what the buyer wrote before
    #[arg(value_name = "CASES")]
    cases: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// How often a rule was right.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Score {
    hit: usize,
    missed: usize,
    wrong: usize,
}

impl Score {
    fn precision(self) -> Option<f64> {
        ratio(self.hit, self.hit + self.wrong)
    }

    fn recall(self) -> Option<f64> {
        ratio(self.hit, self.hit + self.missed)
    }

    fn f1(self) -> Option<f64> {
        ratio(2 * self.hit, 2 * self.hit + self.wrong + self.missed)
    }
}

/// None where there is nothing to divide by: no score is better than a perfect one of nothing.
#[allow(clippy::cast_precision_loss)]
fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// One case that was judged otherwise than it is labelled.
#[derive(Debug, Serialize)]
struct Difference {
    id: String,
    lang: String,
    missed: Vec<RuleId>,
    wrong: Vec<RuleId>,
    /// The words of each wrong finding.
    words: Vec<String>,
}

/// All cases together.
#[derive(Debug, Default)]
struct Sheet {
    /// By rule and language; "all" is all languages together.
    scores: BTreeMap<(RuleId, String), Score>,
    cases: usize,
    exact: usize,
    /// Messages in which nothing is to be found, and how many of them were hit.
    clean: usize,
    clean_hit: usize,
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    rule: RuleId,
    lang: &'a str,
    hit: usize,
    missed: usize,
    wrong: usize,
    precision: Option<f64>,
    recall: Option<f64>,
    f1: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Report<'a> {
    cases: usize,
    exact: usize,
    clean: usize,
    clean_hit: usize,
    scores: Vec<Line<'a>>,
    differences: &'a [Difference],
}

impl Measure {
    pub fn run(&self, rules: &Rules, out: &mut impl Write) -> anyhow::Result<()> {
        let sheet = measure(rules, &self.cases)?;
        if self.json { json(out, &sheet.report()) } else { sheet.print(out) }
    }
}

fn measure(rules: &Rules, cases: &Path) -> anyhow::Result<Sheet> {
    let mut sheet = Sheet::default();
    each(cases, |case, at| {
        let Some(expect) = &case.expect else {
            return Err(
                Wrong(format!("{at}: \"expect\" is missing: the rules that are right")).into()
            );
        };
        let mut expected = BTreeSet::new();
        for rule in expect {
            let rule = RuleId::kept(rule).map_err(|e| Wrong(format!("{at}: expect: {e}")))?;
            expected.insert(rule);
        }
        let verdict = case.judge(rules, at)?;
        sheet.note(&case, expected, &verdict.findings);
        Ok(())
    })?;
    Ok(sheet)
}

impl Sheet {
    fn note(&mut self, case: &Case, expected: BTreeSet<RuleId>, findings: &[Finding]) {
        let is_clean = expected.is_empty();
        let found: BTreeSet<RuleId> = findings.iter().map(|f| f.rule).collect();
        for rule in expected.union(&found) {
            for lang in [case.lang.as_str(), "all"] {
                let score = self.scores.entry((*rule, lang.to_owned())).or_default();
                match (expected.contains(rule), found.contains(rule)) {
                    (true, true) => score.hit += 1,
                    (true, false) => score.missed += 1,
                    _ => score.wrong += 1,
                }
            }
        }
        self.cases += 1;
        self.clean += usize::from(is_clean);
        self.clean_hit += usize::from(is_clean && !found.is_empty());
        if expected == found {
            self.exact += 1;
            return;
        }
        let wrong: Vec<RuleId> = found.difference(&expected).copied().collect();
        let words = findings.iter().filter(|f| wrong.contains(&f.rule));
        self.differences.push(Difference {
            id: case.id.clone(),
            lang: case.lang.clone(),
            missed: expected.difference(&found).copied().collect(),
            words: words.map(|f| f.words.clone()).collect(),
            wrong,
        });
    }

    fn report(&self) -> Report<'_> {
        let scores = self.scores.iter().map(|((rule, lang), score)| Line {
            rule: *rule,
            lang,
            hit: score.hit,
            missed: score.missed,
            wrong: score.wrong,
            precision: score.precision(),
            recall: score.recall(),
            f1: score.f1(),
        });
        Report {
            cases: self.cases,
            exact: self.exact,
            clean: self.clean,
            clean_hit: self.clean_hit,
            scores: scores.collect(),
            differences: &self.differences,
        }
    }

    fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        let shown = |of: Option<f64>| of.map_or("-".to_owned(), |of| format!("{of:.3}"));
        writeln!(out, "rule\tlanguage\thit\tmissed\twrong\tprecision\trecall\tf1")?;
        for ((rule, lang), score) in &self.scores {
            let Score { hit, missed, wrong } = score;
            let (precision, recall) = (shown(score.precision()), shown(score.recall()));
            let f1 = shown(score.f1());
            writeln!(out, "{rule}\t{lang}\t{hit}\t{missed}\t{wrong}\t{precision}\t{recall}\t{f1}")?;
        }
        writeln!(out)?;
        for Difference { id, lang, missed, wrong, words } in &self.differences {
            let all =
                |rules: &[RuleId]| rules.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(", ");
            if !missed.is_empty() {
                writeln!(out, "missed\t{id}\t{lang}\t{}", all(missed))?;
            }
            if !wrong.is_empty() {
                writeln!(out, "wrong\t{id}\t{lang}\t{}\t{words:?}", all(wrong))?;
            }
        }
        let exact = shown(ratio(self.exact, self.cases));
        writeln!(out, "\nexact set of rules: {} of {} cases ({exact})", self.exact, self.cases)?;
        writeln!(out, "clean messages wrongly hit: {} of {}", self.clean_hit, self.clean)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_of_nothing_is_none() {
        assert_eq!((Score::default().precision(), Score::default().f1()), (None, None));
        let score = Score { hit: 3, missed: 1, wrong: 0 };
        assert_eq!((score.precision(), score.recall()), (Some(1.0), Some(0.75)));
        assert!((score.f1().unwrap() - 6.0 / 7.0).abs() < 1e-9);
    }
}
