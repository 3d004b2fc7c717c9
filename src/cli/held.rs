//! `bauta held list|show|release|reject`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::accounts::Who;
use super::{beside, json, not_yet, spine};
use crate::app::House;
use crate::domain::{Clock, MessageId, NoticeKind, OrderId};
use crate::store::{HeldRow, MessageDetail, ReviewEvent};

/// `bauta held …`
#[derive(Debug, Args)]
pub(super) struct Held {
    #[command(subcommand)]
    command: HeldCommand,
}

#[derive(Debug, Subcommand)]
enum HeldCommand {
    /// List messages that wait for a person, the oldest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one as its sender sees it, why it waits, and what was done with it
    Show {
        /// Our id of it
        id: MessageId,
        /// The mail as received, with real addresses; that you read it is kept
        #[arg(long)]
        original: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Let messages go on, exactly as they would have
    Release {
        /// Our ids of them
        #[arg(required = true)]
        ids: Vec<MessageId>,
        #[command(flatten)]
        who: Who,
    },
    /// Reject messages: their senders are told, with the reason where one is given
    Reject {
        /// Our ids of them
        #[arg(required = true)]
        ids: Vec<MessageId>,
        #[command(flatten)]
        who: Who,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Held {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            HeldCommand::List { limit, json: as_json } => beside(path, async |house| {
                let rows = house.store.held(limit).await?;
                if as_json {
                    return json(out, &rows);
                }
                let now = Clock::system().now();
                rows.iter().try_for_each(|held| {
                    let waits = now.since(held.held_at).as_secs() / 60;
                    let order = held.row.order.as_ref().map_or("-", OrderId::as_str);
                    let (row, why) = (&held.row, why(held).join(","));
                    Ok(writeln!(
                        out,
                        "{}\t{}\t{waits} min\t{order}\t{}\t{}\t{}\t{why}\t{}",
                        row.id, held.held_at, row.seller, row.buyer, row.direction, row.subject
                    )?)
                })
            }),
            HeldCommand::Show { id, original, who } => {
                beside(path, async |house| show(house, &id, original, &who, out).await)
            }
            HeldCommand::Release { ids, who } => beside(path, async |house| {
                let relay = spine(house)?;
                let release = async |id: MessageId| {
                    let released = relay.release(&id, &who.decision()).await;
                    released.map_err(|why| format!("{id}: {why}"))
                };
                each(ids, "released", who.json, out, release).await
            }),
            HeldCommand::Reject { ids, who } => beside(path, async |house| {
                let relay = spine(house)?;
                let reject = async |id: MessageId| match relay
                    .reject_held(&id, who.decision(), NoticeKind::Rejected)
                    .await
                {
                    Ok(true) => Ok(()),
                    Ok(false) => Err(format!(
                        "{id}: it does not wait: it was decided already, or never held"
                    )),
                    Err(error) => Err(format!("{id}: {error}")),
                };
                each(ids, "rejected", who.json, out, reject).await
            }),
            HeldCommand::Other(words) => Err(not_yet::refuse("held", &words)),
        }
    }
}

/// Decides about each, says what became of it, and fails in the end if it did of any.
async fn each(
    ids: Vec<MessageId>,
    word: &str,
    as_json: bool,
    out: &mut impl Write,
    doing: impl AsyncFn(MessageId) -> Result<(), String>,
) -> anyhow::Result<()> {
    let mut refused = Vec::new();
    for id in ids {
        match doing(id.clone()).await {
            Ok(()) if as_json => json(out, &serde_json::json!({ "result": word, "message": id }))?,
            Ok(()) => writeln!(out, "message {id} {word}")?,
            Err(why) => refused.push(why),
        }
    }
    if refused.is_empty() { Ok(()) } else { bail!(refused.join("\n")) }
}

/// Every reason why it waits, each once.
fn why(held: &HeldRow) -> Vec<&str> {
    let rules = held.row.rules.iter().map(|rule| rule.as_str());
    rules.chain(held.holds.iter().map(|hold| hold.reason.as_str())).collect()
}

async fn show(
    house: &House,
    id: &MessageId,
    original: bool,
    who: &Who,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let Some(detail) = house.store.message(id).await? else {
        bail!("message {id} is not in the archive");
    };
    if original {
        house.store.note_opened(id, who.decision()).await?;
        tracing::info!(message_id = %id, by = who.decision().by, "the original was opened");
        return Ok(out.write_all(&detail.original)?);
    }
    let reviews = house.store.reviews(id).await?;
    if who.json {
        return json(out, &as_object(&detail, &reviews));
    }
    let MessageDetail { row, verdict, sender_view, .. } = &detail;
    let order = row.order.as_ref().map_or("-", OrderId::as_str);
    writeln!(out, "message     {id}, {}", row.state.as_str())?;
    writeln!(
        out,
        "about       {order}, {} of seller {}, buyer {}",
        row.direction, row.seller, row.buyer
    )?;
    for finding in &verdict.findings {
        let (rule, action) = (finding.rule, finding.action.as_str());
        writeln!(out, "found       {rule} ({action}): {:?}", finding.words)?;
    }
    for hold in &verdict.holds {
        writeln!(out, "waits       {}: {}", hold.reason.as_str(), hold.reason.meaning())?;
    }
    for ReviewEvent { what, by, reason, at } in &reviews {
        let reason = reason.as_ref().map_or(String::new(), |r| format!(": {r}"));
        writeln!(out, "{what:<11} {at} by {by}{reason}")?;
    }
    if let Some(view) = sender_view {
        let text = String::from_utf8_lossy(view).replace("\r\n", "\n");
        writeln!(out, "\n--- as its sender sees it\n{text}")?;
    }
    Ok(())
}

fn as_object(detail: &MessageDetail, reviews: &[ReviewEvent]) -> serde_json::Value {
    let view =
        |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|b| String::from_utf8_lossy(b).into_owned());
    serde_json::json!({
        "message": detail.row,
        "verdict": detail.verdict,
        "reviews": reviews,
        "views": {
            "sender": view(&detail.sender_view),
            "recipient": view(&detail.recipient_view),
        },
    })
}
