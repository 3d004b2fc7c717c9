//! `bauta policy report|backtest`: what enforcing would have done, and what other settings would
//! have decided.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;
use tokio::sync::mpsc;

use super::{beside, json, load};
use crate::app::House;
use crate::domain::{Action, Clock, Direction, MessageId, RuleId, Timestamp};
use crate::relay::{Relay, decided_by_rules};
use crate::store::JudgedRow;

/// Messages that are read from the archive in one go.
const PAGE: u32 = 500;

/// A time to look back, such as `14d`.
#[derive(Debug, Clone, Copy)]
struct Span(Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time to look back: write 14d, 12h or 30m");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let number =
            text.strip_suffix(unit).and_then(|n| n.parse::<u64>().ok()).ok_or_else(wrong)?;
        let seconds: u64 = match unit {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            _ => return Err(wrong()),
        };
        number.checked_mul(seconds).map(|s| Self(Duration::from_secs(s))).ok_or_else(wrong)
    }
}

impl Span {
    fn start(self) -> Timestamp {
        Clock::system().now().before(self.0)
    }
}

/// `bauta policy report`
#[derive(Debug, Args)]
pub(super) struct Report {
    /// How far to look back
    #[arg(long, value_name = "TIME", default_value = "14d")]
    since: Span,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// `bauta policy backtest`
#[derive(Debug, Args)]
pub(super) struct Backtest {
    /// The config with the changed policy
    #[arg(long, value_name = "FILE")]
    with: PathBuf,
    /// How far to look back
    #[arg(long, value_name = "TIME", default_value = "14d")]
    since: Span,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

/// What a rule found in one direction.
#[derive(Debug, Clone, Serialize)]
struct OfRule {
    rule: RuleId,
    direction: Direction,
    /// Messages in which it found something.
    messages: u64,
    /// What it would do, enforced.
    action: Action,
    /// Of those messages, how many it only observed.
    observed: u64,
    /// The newest of them.
    example: MessageId,
}

/// What enforcing would have done.
#[derive(Debug, Default, Serialize)]
struct Summary {
    /// Messages that came in.
    messages: u64,
    /// What happened to them.
    did: BTreeMap<&'static str, u64>,
    /// What would have happened if every rule were enforced.
    would: BTreeMap<&'static str, u64>,
    /// Messages to which something else would have happened than did.
    otherwise: u64,
    rules: Vec<OfRule>,
}

impl Summary {
    fn add(&mut self, judged: &JudgedRow) {
        let verdict = &judged.verdict;
        self.messages += 1;
        *self.did.entry(verdict.action.as_str()).or_default() += 1;
        *self.would.entry(verdict.would.as_str()).or_default() += 1;
        self.otherwise += u64::from(verdict.would != verdict.action);
        let direction = judged.row.direction;
        for rule in &judged.row.rules {
            let of_rule = || verdict.findings.iter().filter(|f| f.rule == *rule);
            let Some(action) = of_rule().map(|f| f.action).max() else { continue };
            let observed = u64::from(of_rule().all(|f| !f.enforced));
            let example = judged.row.id.clone();
            let known = self.rules.iter_mut().find(|r| r.rule == *rule && r.direction == direction);
            match known {
                Some(known) => {
                    known.messages += 1;
                    known.observed += observed;
                    known.action = known.action.max(action);
                    known.example = example;
                }
                None => {
                    let rule = *rule;
                    self.rules.push(OfRule {
                        rule,
                        direction,
                        messages: 1,
                        action,
                        observed,
                        example,
                    });
                }
            }
        }
    }
}

impl Report {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        beside(path, async |house| {
            let (mut summary, mut after) = (Summary::default(), 0);
            let since = self.since.start();
            loop {
                let page = house.store.judged(since, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.number;
                page.iter().for_each(|judged| summary.add(judged));
            }
            summary.rules.sort_by_key(|r| std::cmp::Reverse(r.messages));
            if self.json {
                return json(out, &summary);
            }
            print(&summary, out)
        })
    }
}

fn print(summary: &Summary, out: &mut impl Write) -> anyhow::Result<()> {
    let Summary { messages, did, would, otherwise, rules } = summary;
    let counts = |of: &BTreeMap<&str, u64>| {
        let each: Vec<String> = of.iter().map(|(action, n)| format!("{action} {n}")).collect();
        each.join(", ")
    };
    writeln!(out, "messages    {messages}")?;
    writeln!(out, "happened    {}", counts(did))?;
    writeln!(out, "enforced    {}", counts(would))?;
    writeln!(out, "otherwise   {otherwise} messages would have fared otherwise")?;
    for rule in rules {
        let OfRule { rule, direction, messages, action, observed, example } = rule;
        writeln!(
            out,
            "{rule}\t{direction}\t{}\tin {messages} messages, {observed} of them only observed\te.g. {example}",
            action.as_str()
        )?;
    }
    Ok(())
}

/// A message about which the other settings decide otherwise.
#[derive(Debug, Serialize)]
struct Difference {
    message: MessageId,
    direction: Direction,
    was: Action,
    becomes: Action,
    rules_were: Vec<RuleId>,
    rules: Vec<RuleId>,
}

impl Backtest {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let other = load(&self.with)?;
        beside(path, async |house| {
            let (relay, since) = (relay(house, other)?, self.since.start());
            let (mut judged, mut left_out, mut after) = (0_u64, 0_u64, 0);
            let mut moves: BTreeMap<(Action, Action), u64> = BTreeMap::new();
            loop {
                let page = house.store.judged(since, after, PAGE).await?;
                let Some(last) = page.last() else { break };
                after = last.number;
                for one in &page {
                    let Some(verdict) = relay.judge_again(one).await? else {
                        left_out += 1;
                        continue;
                    };
                    judged += 1;
                    let (was, becomes) =
                        (decided_by_rules(&one.verdict), decided_by_rules(&verdict));
                    if was == becomes {
                        continue;
                    }
                    *moves.entry((was, becomes)).or_default() += 1;
                    let mut rules: Vec<RuleId> = verdict.findings.iter().map(|f| f.rule).collect();
                    rules.sort_unstable();
                    rules.dedup();
                    let difference = Difference {
                        message: one.row.id.clone(),
                        direction: one.row.direction,
                        was,
                        becomes,
                        rules_were: one.row.rules.clone(),
                        rules,
                    };
                    tell(&difference, self.json, out)?;
                }
            }
            let different: u64 = moves.values().sum();
            if self.json {
                return json(
                    out,
                    &serde_json::json!({
                        "judged": judged, "different": different, "left_out": left_out,
                    }),
                );
            }
            for ((was, becomes), count) in &moves {
                writeln!(out, "{} -> {}\t{count}", was.as_str(), becomes.as_str())?;
            }
            writeln!(out, "of {judged} messages {different} would have been decided differently")?;
            if left_out > 0 {
                writeln!(out, "{left_out} could not be read again")?;
            }
            Ok(())
        })
    }
}

/// One line for a difference; in JSON one object a line.
fn tell(difference: &Difference, as_json: bool, out: &mut impl Write) -> anyhow::Result<()> {
    if as_json {
        return json(out, difference);
    }
    let Difference { message, direction, was, becomes, rules_were, rules } = difference;
    let words = |rules: &[RuleId]| {
        if rules.is_empty() {
            return "-".to_owned();
        }
        rules.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(",")
    };
    writeln!(
        out,
        "{message}\t{direction}\t{} -> {}\t{} -> {}",
        was.as_str(),
        becomes.as_str(),
        words(rules_were),
        words(rules)
    )?;
    Ok(())
}

/// The spine under other settings, of which only the rules are asked.
fn relay(house: &House, other: Arc<crate::config::Config>) -> anyhow::Result<Relay> {
    let (outbox, _) = mpsc::channel(1);
    let (keyring, store) = (house.keyring.clone(), house.store.clone());
    Ok(Relay::new(other, keyring, store, Clock::system(), outbox)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_look_back_has_a_unit() {
        let seconds = |text: &str| text.parse::<Span>().ok().map(|s| s.0.as_secs());
        assert_eq!(seconds("14d"), Some(14 * 86_400));
        assert_eq!(seconds("90m"), Some(5_400));
        for wrong in ["", "14", "d", "-1d", "14 d", "2w", "99999999999999999999d"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
