//! `bauta policy check|report|backtest`, and the door to `policy measure`.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::backtest::{Backtest, Report};
use super::before_after::{self, BeforeAfter};
use super::cases::each;
use super::exit::Wrong;
use super::measure::Measure;
use super::{json, not_yet, side_by_side};
use crate::config::{self, Config, Mode};
use crate::domain::{
    AliasAddress, Clock, Direction, Facts, FactsVersion, Finding, Language, MsgId, PairId, Party,
    PartyId, RuleId, Secrets, Sightings, Verdict,
};
use crate::mail::{self, Message};
use crate::policy::{Context, Rules};
use crate::relay::{self, Inspector, Rehearsal, rehearse};
use crate::rewrite::{Plan, thread::ThreadHeaders};

/// `bauta policy …`
#[derive(Debug, Args)]
pub(super) struct Policy {
    #[command(subcommand)]
    command: PolicyCommand,
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// The verdict on one mail, or on many cases, as `enforce` would decide
    Check(Check),
    /// What enforcing every rule would have done
    Report(Report),
    /// What a changed config would have decided differently, over the archive
    Backtest(Backtest),
    /// Precision, recall and F1 of each rule over labelled cases, and each miss
    Measure(Measure),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Args)]
struct Check {
    /// A mail
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    file: Option<PathBuf>,
    /// seller-to-buyer or buyer-to-seller
    #[arg(long, required_unless_present = "jsonl")]
    direction: Option<Direction>,
    /// A seller's message that answers nothing
    #[arg(long)]
    proactive: bool,
    /// The mail before and after, side by side, with what was removed and why
    #[arg(long)]
    show: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
    /// A file of cases, one a line: {"id","direction","proactive","subject","text"}
    #[arg(long, value_name = "CASES")]
    jsonl: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    action: &'static str,
    rules: Vec<RuleId>,
    findings: &'a [Finding],
    cleaned: &'a [Finding],
}

impl<'a> Answer<'a> {
    fn of(id: Option<&'a str>, verdict: &'a Verdict) -> Self {
        let mut rules: Vec<RuleId> = verdict.findings.iter().map(|f| f.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        Self {
            id,
            action: verdict.would.as_str(),
            rules,
            findings: &verdict.findings,
            cleaned: &verdict.cleaned,
        }
    }
}

impl Policy {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            PolicyCommand::Report(report) => report.run(path, out),
            PolicyCommand::Backtest(backtest) => backtest.run(path, out),
            PolicyCommand::Other(words) => Err(not_yet::refuse("policy", &words)),
            PolicyCommand::Measure(measure) => measure.run(&rules(&settings(path)?)?, out),
            PolicyCommand::Check(check) => {
                let config = settings(path)?;
                let rules = rules(&config)?;
                match (check.jsonl, check.file, check.direction) {
                    (Some(cases), ..) => many(&rules, &cases, out),
                    (None, Some(file), Some(direction)) => {
                        let raw = fs::read(&file)
                            .with_context(|| format!("{} can't be read", file.display()))?;
                        let mut message = mail::read(&raw);
                        open_attachments(&raw, &mut message, rules.looks_at_pictures(direction))?;
                        let shown = Shown {
                            rules: &rules,
                            config: &config,
                            raw: &raw,
                            message: &message,
                            direction,
                            proactive: check.proactive,
                        };
                        shown.print(check.json, check.show, out)
                    }
                    _ => Err(Wrong(
                        "policy check takes FILE with --direction, or --jsonl CASES".into(),
                    )
                    .into()),
                }
            }
        }
    }
}

fn rules(config: &Config) -> anyhow::Result<Rules> {
    Ok(relay::rules_of(config).map_err(|e| Wrong(e.to_string()))?)
}

/// As the relay opens them: a file that somebody asks about can be hostile too.
fn open_attachments(raw: &[u8], message: &mut Message, pictures: bool) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    let inspector = Inspector::of_this_binary().looking_at_pictures(pictures);
    Ok(runtime.block_on(inspector.inspect(raw, message))?)
}

/// The config; without one the policy's defaults. What is asked is what enforcing would do.
fn settings(path: &Path) -> anyhow::Result<Config> {
    let mut config = if path.exists() || path != Path::new("bauta.toml") {
        Config::load(path)
    } else {
        let text = config::starter("relay.example", "relay.example", "Example Market");
        Config::parse(&text, path)
    }
    .map_err(|errors| Wrong(errors.to_string()))?;
    config.policy.mode = Mode::Enforce;
    for own in &mut config.policy.custom {
        own.mode = None;
    }
    for setting in config.policy.rules.values_mut() {
        setting.mode = None;
    }
    Ok(config)
}

fn many(rules: &Rules, cases: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    each(cases, |case, at| {
        let verdict = case.judge(rules, at)?;
        json(out, &Answer::of(Some(&case.id), &verdict))
    })
}

/// One mail to be shown with its verdict.
struct Shown<'a> {
    rules: &'a Rules,
    config: &'a Config,
    raw: &'a [u8],
    message: &'a Message,
    direction: Direction,
    proactive: bool,
}

impl Shown<'_> {
    fn print(&self, as_json: bool, show: bool, out: &mut impl Write) -> anyhow::Result<()> {
        let facts = self.stand_ins()?;
        let sender = self.direction.sender();
        let name = crate::rewrite::shown_name(&facts, sender, self.config.buyers.shown_name);
        let (writer, reader) = (facts.party(sender), facts.party(sender.other()));
        let used = writer.delivery_address().context("nobody wrote this")?;
        let recipient = reader.delivery_address().context("nobody reads this")?;
        let public =
            [self.config.relay.marketplace.as_str(), self.config.relay.alias_domain.as_str()];
        let secrets = Secrets::of(writer, used, reader, &name, &public)
            .hiding_in_prose(self.config.buyers.hides_in_prose(sender));
        let msg_id = MsgId::new("policy-check@relay.example").context("no Message-ID")?;
        let context = Context {
            direction: self.direction,
            proactive: self.proactive,
            sightings: None,
            known_ids: vec![],
            copies: None,
            question: None,
        };
        let plan = Plan {
            facts: &facts,
            direction: self.direction,
            recipient,
            order: None,
            message: self.message,
            verdict: &Verdict::clean(),
            cut: &[],
            plain: false,
            pictures: &[],
            files: &[],
            left_out: &[],
            secrets: &secrets,
            known: &Sightings::default(),
            thread: &ThreadHeaders::default(),
            msg_id: &msg_id,
            conversation_subject: None,
            envelope_from: &facts.seller_alias,
            date: Clock::system().now(),
            shown_name: self.config.buyers.shown_name,
            marketplace: &self.config.relay.marketplace,
        };
        let rehearsed =
            rehearse(&Rehearsal { rules: self.rules, context: &context, plan, let_pass: false });
        let answer = Answer::of(None, &rehearsed.verdict);
        let shown = BeforeAfter { raw: self.raw, message: self.message, rehearsed: &rehearsed };
        if as_json && show {
            let mut all = serde_json::to_value(&answer)?;
            if let Some(all) = all.as_object_mut() {
                all.extend(shown.json());
            }
            return json(out, &all);
        }
        if as_json {
            return json(out, &answer);
        }
        writeln!(out, "{}", answer.action)?;
        let found = answer.findings.iter().map(|f| ("found", f));
        for (mark, finding) in found.chain(answer.cleaned.iter().map(|f| ("quoted", f))) {
            let Finding { rule, action, part, start, words, .. } = finding;
            let place = before_after::place_of(*part, shown.text_of(*part), *start);
            writeln!(out, "{mark}\t{rule}\t{}\t{place}\t{words:?}", action.as_str())?;
        }
        if show {
            shown.print(side_by_side::page_width(), out)?;
        }
        Ok(())
    }

    /// A seller and a buyer for a mail that has no registered ones: whoever wrote it, to a reader.
    fn stand_ins(&self) -> anyhow::Result<Facts> {
        let from = self.message.from.first().and_then(|m| m.address.parse().ok());
        let reader = "reader@recipient.invalid".parse()?;
        let writer = match from {
            Some(address) => address,
            None => "writer@sender.invalid".parse()?,
        };
        let (seller, buyer) = match self.direction {
            Direction::SellerToBuyer => (writer, reader),
            Direction::BuyerToSeller => (reader, writer),
        };
        let party = |id, name, address| Party::new(id, name, Language::En, vec![address]);
        let domain = &self.config.relay.alias_domain;
        Ok(Facts {
            version: FactsVersion { seller: 0, buyer: 0, pair: 0 },
            pair: PairId(0),
            key_version: 0,
            seller: party(PartyId::Seller("S1".parse()?), "Seller".parse()?, seller),
            buyer: party(PartyId::Buyer("B1".parse()?), "Buyer".parse()?, buyer),
            blocked: false,
            seller_alias: AliasAddress::new("seller-alias", domain),
            buyer_alias: AliasAddress::new("buyer-alias", domain),
        })
    }
}
