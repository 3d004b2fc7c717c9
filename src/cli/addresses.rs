//! `bauta address …`: mail from addresses that are not registered, and what makes them so.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::accounts::Who;
use super::registration::address;
use super::{beside, json, not_yet, spine};
use crate::domain::{BuyerId, Clock, PartyId, RealAddress, SellerId};
use crate::relay::Outcome;
use crate::store::{Confirmed, StrayRow};

/// `bauta address …`
#[derive(Debug, Args)]
pub(super) struct Addresses {
    #[command(subcommand)]
    command: AddressCommand,
}

/// Whose address it is, or is to be.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Whose {
    /// The buyer
    #[arg(long)]
    buyer: Option<BuyerId>,
    /// The seller
    #[arg(long)]
    seller: Option<SellerId>,
}

/// One address of one party.
#[derive(Debug, Args)]
struct Which {
    /// The address that is not registered
    #[arg(value_parser = address)]
    address: RealAddress,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Debug, Subcommand)]
enum AddressCommand {
    /// Mail from addresses that nobody registered: refused, and kept for 7 days in case that it was
    /// the buyer or seller who may write there
    List {
        /// Only this buyer's
        #[arg(long, conflicts_with = "seller")]
        buyer: Option<BuyerId>,
        /// Only this seller's
        #[arg(long)]
        seller: Option<SellerId>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Mail a code to the address; whoever has it reads the code out to you
    SendCode {
        #[command(flatten)]
        which: Which,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Register the address with the code: it may write from now on. `put` replaces the whole list,
    /// so name it there too
    Confirm {
        #[command(flatten)]
        which: Which,
        /// The eight digits
        code: String,
        #[command(flatten)]
        who: Who,
    },
    /// Send on what is kept of the address's mail, once it is registered: judged as if it came in now
    SendOn {
        #[command(flatten)]
        which: Which,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Erase what is kept of the address's mail: it was somebody else
    Forget {
        #[command(flatten)]
        which: Which,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Whose {
    fn party(self) -> anyhow::Result<PartyId> {
        match (self.buyer, self.seller) {
            (Some(buyer), None) => Ok(PartyId::Buyer(buyer)),
            (None, Some(seller)) => Ok(PartyId::Seller(seller)),
            _ => bail!("name one of --buyer and --seller"),
        }
    }
}

impl Addresses {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            AddressCommand::List { buyer, seller, json } => {
                list(buyer.map(PartyId::Buyer).or(seller.map(PartyId::Seller)), json, path, out)
            }
            AddressCommand::SendCode { which: Which { address, whose }, json } => {
                let party = whose.party()?;
                beside(path, async |house| {
                    spine(house)?.send_code(&party, &address).await?;
                    said(&party, "sent", "a code is on its way to the address", json, out)
                })
            }
            AddressCommand::Confirm { which: Which { address, whose }, code, who } => {
                confirm(&whose.party()?, &address, &code, &who, path, out)
            }
            AddressCommand::SendOn { which: Which { address, whose }, json } => {
                send_on(&whose.party()?, &address, json, path, out)
            }
            AddressCommand::Forget { which: Which { address, whose }, json } => {
                let party = whose.party()?;
                beside(path, async |house| {
                    let now = Clock::system().now();
                    match house.store.forget_strays(&party, &address, now).await? {
                        0 => bail!("nothing is kept from that address"),
                        mails => said(&party, "forgotten", &format!("erased: {mails}"), json, out),
                    }
                })
            }
            AddressCommand::Other(words) => Err(not_yet::refuse("address", &words)),
        }
    }
}

fn said(
    party: &PartyId,
    result: &str,
    words: &str,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (role, id) = (party.role(), party.as_str());
    if as_json {
        return json(out, &serde_json::json!({ "result": result, role.as_str(): id }));
    }
    Ok(writeln!(out, "{role} {id}: {words}")?)
}

fn list(
    of: Option<PartyId>,
    as_json: bool,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        let rows = house.store.strays(of.as_ref(), Clock::system().now()).await?;
        if as_json {
            let rows: Vec<serde_json::Value> = rows.iter().map(as_object).collect();
            return json(out, &rows);
        }
        for row in &rows {
            let StrayRow { party, other, address, received_at, until, told, code, .. } = row;
            let told = if *told { "told" } else { "not told yet" };
            let code = match code {
                Some(code) => {
                    format!("\tcode until {}, {} tries left", code.until, code.tries_left)
                }
                None => String::new(),
            };
            let (role, id) = (party.role(), party.as_str());
            let (other_role, other) = (other.role(), other.as_str());
            writeln!(
                out,
                "{role} {id}\t{}\tto {other_role} {other}\t{received_at}\tuntil {until}\t{told}{code}",
                address.reveal()
            )?;
        }
        Ok(())
    })
}

fn as_object(row: &StrayRow) -> serde_json::Value {
    let mut object = serde_json::json!({
        row.party.role().as_str(): row.party.as_str(),
        row.other.role().as_str(): row.other.as_str(),
        "written_by": row.party.role(),
        "address": row.address.reveal(),
    });
    let more = serde_json::to_value(row).unwrap_or_default();
    if let (Some(all), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
        all.extend(more);
    }
    object
}

fn confirm(
    party: &PartyId,
    address: &RealAddress,
    code: &str,
    who: &Who,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        let confirmed = spine(house)?.confirm_address(party, address, code, who.decision()).await?;
        match confirmed {
            Confirmed::Registered => {
                said(party, "registered", "the address is registered", who.json, out)
            }
            Confirmed::Already => {
                said(party, "unchanged", "the address is registered already", who.json, out)
            }
            Confirmed::Wrong { tries_left } => {
                bail!("that is not the code; {tries_left} more may be tried")
            }
            Confirmed::NoCode => bail!(
                "there is no code for that address that is still good: bauta address send-code"
            ),
        }
    })
}

fn send_on(
    party: &PartyId,
    address: &RealAddress,
    as_json: bool,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        let outcomes = spine(house)?.send_on(party, address).await?;
        let mut stayed = 0;
        for outcome in &outcomes {
            stayed += usize::from(outcome.is_temporary());
            let (result, message, why) = words(outcome);
            if as_json {
                let object =
                    serde_json::json!({ "result": result, "message": message, "why": why });
                json(out, &object)?;
                continue;
            }
            let message = message.map_or(String::new(), |id| format!("message {id} "));
            let why = why.map_or(String::new(), |why| format!(": {why}"));
            writeln!(out, "{message}{result}{why}")?;
        }
        if stayed > 0 {
            bail!("{stayed} could not be sent on now and are kept still: try again");
        }
        Ok(())
    })
}

/// What became of a mail: a word, the message, and why where it did not go on.
fn words(outcome: &Outcome) -> (&'static str, Option<String>, Option<String>) {
    let told = |why: String| ("rejected", None, Some(format!("{why}; its sender is told by mail")));
    match outcome {
        Outcome::Accepted { id } => ("accepted", Some(id.to_string()), None),
        Outcome::Held { id } => ("held", Some(id.to_string()), None),
        Outcome::Rejected(explained) => {
            let rules: Vec<&str> = explained.lines.iter().map(|line| line.rule.as_str()).collect();
            told(rules.join(", "))
        }
        Outcome::Refused(why) => told(why.to_string()),
        Outcome::Unproved(why) => told(why.to_string()),
        Outcome::Limited(why) => ("kept", None, Some(why.to_string())),
        Outcome::TooBusy | Outcome::Storage => ("kept", None, None),
        Outcome::Unwritable => told("it could not be made safe to pass on".to_owned()),
        Outcome::Noticed | Outcome::NoReport | Outcome::Reported => told("refused".to_owned()),
    }
}
