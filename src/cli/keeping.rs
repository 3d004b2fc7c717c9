//! `bauta hold add|release|list`, `bauta purge`, and `bauta seller|buyer erase`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};
use tokio_util::sync::CancellationToken;

use super::accounts::Who;
use super::exit::Wrong;
use super::{beside, json, not_yet};
use crate::app::House;
use crate::domain::{Clock, ConversationId, OrderId, PartyId, SellerId};
use crate::relay::{self, Erase, Space};
use crate::store::{Expired, HoldOn, HoldRow, Placed};

/// `bauta hold …`
#[derive(Debug, Args)]
pub(super) struct Holds {
    #[command(subcommand)]
    command: HoldCommand,
}

#[derive(Debug, Subcommand)]
enum HoldCommand {
    /// Keep what was written, whatever its age, until it is released
    Add(On),
    /// Let time go on where it stood still
    Release(On),
    /// What is held, by whom and why; disputes of orders too
    List {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Args)]
struct On {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    who: Who,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// All that was written about this order
    #[arg(long)]
    order: Option<OrderId>,
    /// This conversation, as `message list --json` numbers it
    #[arg(long, value_name = "NUMBER", value_parser = conversation)]
    conversation: Option<ConversationId>,
    /// This seller's messages that gave violations, while the seller appeals
    #[arg(long, value_name = "SELLER")]
    appeal: Option<SellerId>,
}

fn conversation(text: &str) -> Result<ConversationId, String> {
    let number = text.strip_prefix('c').unwrap_or(text).parse();
    number.map(ConversationId).map_err(|_| format!("{text:?} is no number of a conversation"))
}

impl What {
    fn on(self) -> Option<HoldOn> {
        let Self { order, conversation, appeal } = self;
        order
            .map(HoldOn::Order)
            .or(conversation.map(HoldOn::Conversation))
            .or(appeal.map(HoldOn::Appeal))
    }
}

fn named(on: &HoldOn) -> String {
    match on {
        HoldOn::Order(order) => format!("order {order}"),
        HoldOn::Conversation(conversation) => format!("conversation {conversation}"),
        HoldOn::Appeal(seller) => format!("appeal of seller {seller}"),
    }
}

impl Holds {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            HoldCommand::Add(on) => on.run("held", path, out),
            HoldCommand::Release(on) => on.run("released", path, out),
            HoldCommand::List { json: as_json } => beside(path, async |house| {
                let holds = house.store.holds().await?;
                if as_json {
                    return json(out, &holds);
                }
                holds.iter().try_for_each(|hold| line(out, hold))
            }),
            HoldCommand::Other(words) => Err(not_yet::refuse("hold", &words)),
        }
    }
}

impl On {
    fn run(self, result: &str, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let on = self.what.on().ok_or_else(|| Wrong("name an order or a conversation".into()))?;
        let what = named(&on);
        beside(path, async |house| {
            let decision = self.who.decision();
            let placed = match result {
                "held" => house.store.add_hold(on, decision).await?,
                _ => {
                    let released = house.store.release_hold(on, decision).await?;
                    relay::erase_unheld(&house.store, &CancellationToken::new()).await?;
                    released
                }
            };
            let already = match placed {
                Placed::Done => "",
                Placed::Already => " already",
                Placed::Unknown => bail!("{what} is not known"),
            };
            if self.who.json {
                let word = if placed == Placed::Done { result } else { "unchanged" };
                return json(out, &serde_json::json!({ "result": word, "on": what }));
            }
            Ok(writeln!(out, "{what} {result}{already}")?)
        })
    }
}

fn line(out: &mut impl Write, hold: &HoldRow) -> anyhow::Result<()> {
    let HoldRow { cause, order, conversation, seller, by, reason, placed_at } = hold;
    let on = order
        .as_ref()
        .map(|order| format!("order {order}"))
        .or(conversation.map(|c| format!("conversation {c}")))
        .or(seller.as_ref().map(|seller| format!("seller {seller}")))
        .unwrap_or_default();
    let reason = reason.as_deref().unwrap_or("-");
    Ok(writeln!(out, "{on}\t{cause}\t{placed_at}\t{by}\t{reason}")?)
}

/// `bauta purge`
#[derive(Debug, Args)]
pub(super) struct Purge {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Purge {
    pub fn run(&self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        beside(path, async |house| {
            let keep = relay::keep(&house.config.archive, Clock::system().now());
            let expired = erase(house, &Erase::Expired(keep)).await?;
            if self.json {
                return json(out, &as_json(expired));
            }
            Ok(writeln!(out, "{}", told(expired))?)
        })
    }
}

/// `bauta seller|buyer erase ID`
pub(super) fn erase_party(
    id: &PartyId,
    who: &Who,
    path: &Path,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    beside(path, async |house| {
        if house.store.party(id).await?.is_none() {
            bail!("{} {} is not registered", id.role(), id.as_str());
        }
        house.store.note_erasure(id, who.decision()).await?;
        let expired = erase(house, &Erase::Party(id)).await?;
        if who.json {
            let mut object = as_json(expired);
            object[id.role().as_str()] = id.as_str().into();
            return json(out, &object);
        }
        Ok(writeln!(out, "{} {}: {}", id.role(), id.as_str(), told(expired))?)
    })
}

/// Erases and leaves no trace, in as many steps as it takes.
pub(super) async fn erase(house: &House, what: &Erase<'_>) -> anyhow::Result<Expired> {
    let (key, stop) = (house.keyring.word_key(), CancellationToken::new());
    Ok(relay::erase(&house.store, &key, what, Space::GivenBack, &stop).await?)
}

fn as_json(expired: Expired) -> serde_json::Value {
    let Expired { erased, held, busy, .. } = expired;
    serde_json::json!({ "erased": erased, "kept_by_hold": held, "on_their_way": busy })
}

fn told(expired: Expired) -> String {
    let Expired { erased, held, busy, .. } = expired;
    format!(
        "messages erased: {erased}, kept by a legal hold: {held}, on their way or waiting for a person: {busy}"
    )
}
