//! `bauta message list|show|search`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::accounts::Who;
use super::search::Search;
use super::{beside, json, not_yet};
use crate::app::House;
use crate::domain::{BuyerId, MessageId, MessageState, OrderId, SellerId, Timestamp};
use crate::store::{MessageDetail, MessageFilter, MessageRow, NoticeRow, ReportRow};

/// `bauta message …`
#[derive(Debug, Args)]
pub(super) struct Messages {
    #[command(subcommand)]
    command: MessageCommand,
}

#[derive(Debug, Subcommand)]
enum MessageCommand {
    /// List messages, the newest first
    List {
        /// About this order
        #[arg(long)]
        order: Option<OrderId>,
        /// To or from this seller
        #[arg(long)]
        seller: Option<SellerId>,
        /// To or from this buyer
        #[arg(long)]
        buyer: Option<BuyerId>,
        /// accepted, held or rejected
        #[arg(long)]
        state: Option<MessageState>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Only those older than this one: the last of the page before
        #[arg(long, value_name = "ID")]
        before: Option<MessageId>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one with its verdict, its views and its deliveries
    Show {
        /// Our id of it
        id: MessageId,
        /// The mail as received, with real addresses; that you read it is kept
        #[arg(long, conflicts_with_all = ["outgoing", "json"])]
        original: bool,
        /// The mail as sent, with real addresses
        #[arg(long, conflicts_with = "json")]
        outgoing: bool,
        #[command(flatten)]
        who: Who,
    },
    /// Find messages by their words, the newest first
    Search(Search),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Messages {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            MessageCommand::List { order, seller, buyer, state, limit, before, json: as_json } => {
                let filter =
                    MessageFilter { order, seller, buyer, state, limit: Some(limit), before };
                beside(path, async |house| {
                    let rows = house.store.messages(filter).await?;
                    if as_json {
                        return json(out, &rows);
                    }
                    rows.iter().try_for_each(|row| line(out, row))
                })
            }
            MessageCommand::Show { id, original, outgoing, who } => {
                let as_json = who.json;
                beside(path, async |house| {
                    let Some(detail) = house.store.message(&id).await? else {
                        bail!("message {id} is not in the archive");
                    };
                    match (original, outgoing, as_json) {
                        (true, ..) => {
                            house.store.note_opened(&id, who.decision()).await?;
                            out.write_all(&detail.original)?;
                        }
                        (_, true, _) => match &detail.outgoing {
                            Some(bytes) => out.write_all(bytes)?,
                            None => bail!("message {id} was never sent"),
                        },
                        (.., true) => {
                            let waits = waiting_since(house, &detail).await?;
                            let mut object = as_object(&detail, waits);
                            let notices = house.store.notices_about(&id).await?;
                            object["notices"] = serde_json::to_value(notices)?;
                            let reports = house.store.reports_about(&id).await?;
                            object["reports"] = serde_json::to_value(reports)?;
                            json(out, &object)?;
                        }
                        _ => {
                            print(out, &detail)?;
                            for ReportRow { received_at, report } in
                                house.store.reports_about(&id).await?
                            {
                                let (kind, cause) = (report.kind.as_str(), report.cause.as_str());
                                let status = report.status.as_deref().unwrap_or("-");
                                writeln!(
                                    out,
                                    "report      {kind} at {received_at}: {cause} ({status})"
                                )?;
                            }
                            for notice in house.store.notices_about(&id).await? {
                                let NoticeRow { kind, created_at, state } = notice;
                                writeln!(
                                    out,
                                    "notice      {} at {created_at}, {state}",
                                    kind.as_str()
                                )?;
                            }
                            if let Some(since) = waiting_since(house, &detail).await? {
                                writeln!(out, "clock       response needed since {since}")?;
                            }
                            print_views(out, &detail)?;
                        }
                    }
                    Ok(())
                })
            }
            MessageCommand::Search(search) => search.run(path, out),
            MessageCommand::Other(words) => Err(not_yet::refuse("message", &words)),
        }
    }
}

/// Since when the buyer of this message's conversation waits for an answer (PRODUCT §9).
async fn waiting_since(house: &House, detail: &MessageDetail) -> anyhow::Result<Option<Timestamp>> {
    let Some(conversation) = detail.row.conversation else { return Ok(None) };
    let turns = house.store.turns(conversation).await?;
    Ok(turns.iter().find(|t| t.stopped_at.is_none()).map(|t| t.started_at))
}

pub(super) fn line(out: &mut impl Write, row: &MessageRow) -> anyhow::Result<()> {
    let order = row.order.as_ref().map_or("-", OrderId::as_str);
    let delivery = row.delivery.as_ref().map_or("-", |d| d.state.as_str());
    let (state, action) = (row.state.as_str(), row.action.as_str());
    let MessageRow { id, seller, buyer, direction, received_at, subject, .. } = row;
    writeln!(
        out,
        "{id}\t{received_at}\t{order}\t{seller}\t{buyer}\t{direction}\t{state}\t{action}\t{delivery}\t{subject}"
    )?;
    Ok(())
}

fn text(bytes: Option<&Vec<u8>>) -> Option<String> {
    bytes.map(|b| String::from_utf8_lossy(b).into_owned())
}

fn as_object(detail: &MessageDetail, waits: Option<Timestamp>) -> serde_json::Value {
    serde_json::json!({
        "message": detail.row,
        "verdict": detail.verdict,
        "proof": detail.proof,
        "response_needed_since": waits,
        "views": {
            "sender": text(detail.sender_view.as_ref()),
            "recipient": text(detail.recipient_view.as_ref()),
        },
        "deliveries": detail.deliveries,
    })
}

fn print(out: &mut impl Write, detail: &MessageDetail) -> anyhow::Result<()> {
    let row = &detail.row;
    line(out, row)?;
    writeln!(out, "proved by   {}", detail.proof)?;
    let assigned = row.assigned.map_or("-", |a| a.as_str());
    writeln!(out, "found by    {assigned}{}", if row.proactive { ", proactive" } else { "" })?;
    let verdict = &detail.verdict;
    writeln!(out, "verdict     {}", verdict.action.as_str())?;
    if verdict.would != verdict.action {
        writeln!(out, "would have  {}", verdict.would.as_str())?;
    }
    for (mark, finding) in verdict
        .findings
        .iter()
        .map(|f| ("found", f))
        .chain(verdict.cleaned.iter().map(|f| ("quoted", f)))
    {
        writeln!(out, "{mark}       {} {:?}", finding.rule, finding.words)?;
    }
    for delivery in &detail.deliveries {
        writeln!(
            out,
            "delivery    {} after {} attempts",
            delivery.row.state, delivery.row.attempts
        )?;
        for attempt in &delivery.history {
            let (stage, reply) = (&attempt.stage, &attempt.reply);
            writeln!(out, "  {}  {}  at {stage}: {reply}", attempt.ended_at, attempt.result)?;
        }
    }
    Ok(())
}

fn print_views(out: &mut impl Write, detail: &MessageDetail) -> anyhow::Result<()> {
    for (title, view) in [
        ("as its sender sees it", &detail.sender_view),
        ("as its recipient sees it", &detail.recipient_view),
    ] {
        if let Some(view) = view {
            writeln!(
                out,
                "\n--- {title}\n{}",
                String::from_utf8_lossy(view).replace("\r\n", "\n")
            )?;
        }
    }
    Ok(())
}
