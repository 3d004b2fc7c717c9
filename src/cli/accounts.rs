//! `bauta account health|excuse|warn|block-proactive|suspend|restore|history`, and the decisions about accounts that `seller` and
//! `buyer` take.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::{beside, json, keeping, not_yet, registration};
use crate::domain::{Clock, MessageId, PartyId, SellerId};
use crate::relay::Erase;
use crate::store::{AccountChange, AccountEvent, AccountHealth, Decision, Expired};

/// `bauta account …`
#[derive(Debug, Args)]
pub(super) struct Accounts {
    #[command(subcommand)]
    command: AccountCommand,
}

/// Who decides, and why.
#[derive(Debug, Args)]
pub(super) struct Who {
    /// Who decides this; default: the name you are logged in by
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why; it is kept with the decision
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// A seller's violations, strikes and score
    Health {
        /// The seller
        seller: SellerId,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Excuse a violation: it counts no more; the seller is told
    Excuse {
        /// Its number, as `account health` shows it
        violation: i64,
        #[command(flatten)]
        why: Why,
    },
    /// Tell a seller that it can't go on so
    Warn {
        /// The seller
        seller: SellerId,
        #[command(flatten)]
        why: Why,
    },
    /// Refuse a seller's messages that are no answers for a while; the seller is told
    BlockProactive {
        /// The seller
        seller: SellerId,
        /// For how many days
        #[arg(long, default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: u32,
        #[command(flatten)]
        why: Why,
    },
    /// Let a seller's answers wait for a person and refuse other mail; buyers still reach the
    /// seller, who is told the reason
    Suspend {
        /// The seller
        seller: SellerId,
        #[command(flatten)]
        why: Why,
    },
    /// Lift a suspension and a block: take a seller's mail again; the seller is told
    Restore {
        /// The seller
        seller: SellerId,
        /// Lift nothing: only decline what the ladder proposes, until the next strike; the seller is
        /// not told
        #[arg(long)]
        proposal: bool,
        #[command(flatten)]
        why: Why,
    },
    /// What was decided about a seller's account, by whom and why
    History {
        /// The seller
        seller: SellerId,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// The same as [`Who`], with a reason that must be given.
#[derive(Debug, Args)]
struct Why {
    /// Who decides this; default: the name you are logged in by
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Why; it is kept in the account's history
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Accounts {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            AccountCommand::Health { seller, json: as_json } => health(&seller, as_json, path, out),
            AccountCommand::Excuse { violation, why } => excuse(violation, why.into(), path, out),
            AccountCommand::Warn { seller, why } => {
                let (id, who) = (PartyId::Seller(seller), why.into());
                change(&id, AccountChange::Warned, who, path, out)
            }
            AccountCommand::BlockProactive { seller, days, why } => {
                let lasts = Duration::from_secs(u64::from(days) * 86_400);
                let until = Clock::system().now().after(lasts);
                let (id, who) = (PartyId::Seller(seller), why.into());
                change(&id, AccountChange::ProactiveBlocked(until), who, path, out)
            }
            AccountCommand::Suspend { seller, why } => {
                let (id, who) = (PartyId::Seller(seller), why.into());
                change(&id, AccountChange::Suspended, who, path, out)
            }
            AccountCommand::Restore { seller, proposal: true, why } => {
                decline(&seller, why.into(), path, out)
            }
            AccountCommand::Restore { seller, proposal: false, why } => {
                let (id, who) = (PartyId::Seller(seller), why.into());
                change(&id, AccountChange::Restored, who, path, out)
            }
            AccountCommand::History { seller, json: as_json } => beside(path, async |house| {
                let events = house.store.account_history(&PartyId::Seller(seller)).await?;
                if as_json {
                    return json(out, &events);
                }
                for AccountEvent { change, other, by, reason, at, .. } in &events {
                    let other = other.as_ref().map_or(String::new(), |o| format!(" {o}"));
                    let reason = reason.as_ref().map_or(String::new(), |r| format!("\t{r}"));
                    writeln!(out, "{at}\t{change}{other}\tby {by}{reason}")?;
                }
                Ok(())
            }),
            AccountCommand::Other(words) => Err(not_yet::refuse("account", &words)),
        }
    }
}

impl From<Why> for Who {
    fn from(Why { by, reason, json }: Why) -> Self {
        Self { by, reason: Some(reason), json }
    }
}

impl Who {
    pub(super) fn decision(&self) -> Decision {
        // sudo keeps the name of who called it.
        let login = ["SUDO_USER", "USER", "LOGNAME"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let user = || format!("user {}", rustix::process::getuid().as_raw());
        Decision {
            by: self.by.clone().or(login).unwrap_or_else(user),
            reason: self.reason.clone(),
            at: Clock::system().now(),
        }
    }
}

/// A seller's violations, strikes and score.
fn health(
    seller: &SellerId,
    as_json: bool,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        let rules = house.config.account_health.clone();
        let health = house.store.account_health(seller, rules, Clock::system().now()).await?;
        if as_json {
            return json(out, &health);
        }
        let AccountHealth { score, strikes, messages_30d, suspended, .. } = health;
        writeln!(out, "seller      {seller}{}", if suspended { ", suspended" } else { "" })?;
        if let Some(until) = health.proactive_blocked_until {
            writeln!(out, "blocked     messages that are no answers, until {until}")?;
        }
        for step in &health.proposed {
            let why = step.reason.as_deref().unwrap_or_default();
            writeln!(out, "proposed    {}, at {}: {why}", step.step.as_str(), step.at)?;
        }
        writeln!(
            out,
            "score       {score:.2}, of {} and {} in 30 days",
            counted(strikes, "strike"),
            counted(messages_30d, "message"),
        )?;
        for v in &health.violations {
            let counts = match (&v.excused, v.no_strike) {
                (Some(excuse), _) => format!("excused by {}: {}", excuse.by, excuse.reason),
                (None, Some(why)) => format!("no strike: {}", why.as_str()),
                (None, None) => format!("strike {}", v.strike),
            };
            let message = v.message.as_ref().map_or("-", MessageId::as_str);
            let (action, certainty) = (v.action.as_str(), v.certainty.as_str());
            let words = v.words.as_deref().unwrap_or_default();
            writeln!(
                out,
                "{}\t{}\t{message}\t{}\t{action}\t{certainty}\t{counts}\t{words:?}",
                v.id, v.at, v.rule
            )?;
        }
        Ok(())
    })
}

/// `1 strike`, `2 strikes`
fn counted(number: u64, what: &str) -> String {
    let many = if number == 1 { "" } else { "s" };
    format!("{number} {what}{many}")
}

fn excuse(violation: i64, who: Who, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    beside(path, async |house| {
        let Some(changed) = house.store.excuse(violation, who.decision()).await? else {
            anyhow::bail!("there is no violation {violation}");
        };
        if who.json {
            let result = if changed { "excused" } else { "unchanged" };
            return json(out, &serde_json::json!({ "result": result, "violation": violation }));
        }
        let already = if changed { "" } else { " already" };
        Ok(writeln!(out, "violation {violation} excused{already}")?)
    })
}

/// Declines what the ladder proposes about a seller.
fn decline(seller: &SellerId, who: Who, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    beside(path, async |house| {
        let rules = house.config.account_health.clone();
        let changed = house.store.decline_proposed(seller, rules, who.decision()).await?;
        if who.json {
            let result = if changed { "declined" } else { "unchanged" };
            return json(out, &serde_json::json!({ "result": result, "seller": seller }));
        }
        let what = if changed { "what was proposed is declined" } else { "nothing is proposed" };
        Ok(writeln!(out, "seller {seller}: {what}")?)
    })
}

/// Decides something about an account.
pub(super) fn change(
    id: &PartyId,
    change: AccountChange,
    who: Who,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let word = change.as_str();
    beside(path, async |house| {
        let changed = house.store.change_account(id, change, who.decision()).await?;
        tell(id, word, None, changed, who.json, out)
    })
}

/// Blocks or unblocks, on behalf of `id`. Which of two blocked the other is theirs to take back.
pub(super) fn block(
    id: &PartyId,
    other: &PartyId,
    blocked: bool,
    who: Who,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        let ((PartyId::Seller(seller), PartyId::Buyer(buyer))
        | (PartyId::Buyer(buyer), PartyId::Seller(seller))) = (id, other)
        else {
            anyhow::bail!("only a seller and a buyer can block each other");
        };
        let names = registration::names(house, seller, buyer);
        let change = match blocked {
            true => AccountChange::Blocked(other.clone(), names),
            false => AccountChange::Unblocked(other.clone(), names),
        };
        let word = change.as_str();
        let changed = house.store.change_account(id, change, who.decision()).await?;
        tell(id, word, Some(other), changed, who.json, out)
    })
}

/// Deletes a party, and says how much was erased and how much a legal hold keeps. Where that was
/// interrupted, it goes on.
pub(super) fn delete(
    id: &PartyId,
    who: &Who,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        let changed = house.store.delete_party(id, who.decision()).await?;
        let Expired { erased, held: kept, .. } = keeping::erase(house, &Erase::Deleted(id)).await?;
        let (role, id) = (id.role(), id.as_str());
        if who.json {
            let result = if changed { "deleted" } else { "unchanged" };
            return json(
                out,
                &serde_json::json!({
                    "result": result, role.as_str(): id, "erased": erased, "kept": kept,
                }),
            );
        }
        let already = if changed { "" } else { " already" };
        writeln!(
            out,
            "{role} {id} deleted{already}; messages erased: {erased}, kept by a legal hold: {kept}"
        )?;
        Ok(())
    })
}

fn tell(
    id: &PartyId,
    word: &str,
    other: Option<&PartyId>,
    changed: bool,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (role, id) = (id.role(), id.as_str());
    if as_json {
        let result = if changed { word } else { "unchanged" };
        return json(out, &serde_json::json!({ "result": result, role.as_str(): id }));
    }
    let other = other.map_or(String::new(), |o| format!(" {} {}", o.role(), o.as_str()));
    let already = if changed { "" } else { " already" };
    writeln!(out, "{role} {id} {word}{other}{already}")?;
    Ok(())
}
