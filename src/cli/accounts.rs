//! `bauta account suspend|restore|history`, and the decisions about accounts that `seller` and
//! `buyer` take.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::{Args, Subcommand};

use super::{beside, json, not_yet, registration};
use crate::domain::{Clock, PartyId, SellerId};
use crate::store::{AccountChange, AccountEvent, Decision};

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
    /// Refuse a seller's mail from now on; buyers still reach the seller
    Suspend {
        /// The seller
        seller: SellerId,
        #[command(flatten)]
        why: Why,
    },
    /// Take a seller's mail again
    Restore {
        /// The seller
        seller: SellerId,
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
            AccountCommand::Suspend { seller, why } => {
                let (id, who) = (PartyId::Seller(seller), why.into());
                change(&id, AccountChange::Suspended, who, path, out)
            }
            AccountCommand::Restore { seller, why } => {
                let (id, who) = (PartyId::Seller(seller), why.into());
                change(&id, AccountChange::Restored, who, path, out)
            }
            AccountCommand::History { seller, json: as_json } => beside(path, async |house| {
                let events = house.store.account_history(&PartyId::Seller(seller)).await?;
                if as_json {
                    return json(out, &events);
                }
                for AccountEvent { change, other, by, reason, at } in &events {
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
        let mut erased = 0;
        let kept = loop {
            let step = house.store.erase_some(id).await?;
            erased += step.erased;
            if step.is_all {
                break step.kept;
            }
        };
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
            "{role} {id} deleted{already}; messages erased: {erased}, kept for an open dispute: {kept}"
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
