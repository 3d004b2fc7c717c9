//! `bauta message search`.

use std::io::Write;
use std::path::Path;

use clap::Args;

use super::messages::line;
use super::{beside, json};
use crate::domain::{
    Action, BuyerId, Date, Direction, MessageId, MessageState, OrderId, Role, SellerId, Timestamp,
};
use crate::search::{Criteria, Query, find};

/// `bauta message search`
#[derive(Debug, Args)]
pub(super) struct Search {
    /// Words of subject, text or file names, in any form; all must be there. "In double quotes":
    /// together, as written
    words: Vec<String>,
    /// About this order
    #[arg(long)]
    order: Option<OrderId>,
    /// To or from this seller
    #[arg(long)]
    seller: Option<SellerId>,
    /// To or from this buyer
    #[arg(long)]
    buyer: Option<BuyerId>,
    /// buyer-to-seller or seller-to-buyer
    #[arg(long)]
    direction: Option<Direction>,
    /// What the policy did: allow, warn, redact, hold or reject
    #[arg(long, value_name = "ACTION")]
    verdict: Option<Action>,
    /// accepted, held or rejected
    #[arg(long)]
    state: Option<MessageState>,
    /// Not older than this day (UTC) or moment: 2026-11-23 or 2026-11-23T22:30:00Z
    #[arg(long, alias = "from", value_name = "WHEN", value_parser = since)]
    since: Option<Timestamp>,
    /// Not newer than this day, its end included, or older than this moment
    #[arg(long, alias = "to", value_name = "WHEN", value_parser = until)]
    until: Option<Timestamp>,
    /// Only what this side sees: seller or buyer
    #[arg(long = "for", value_name = "SIDE", value_parser = side)]
    side: Option<Role>,
    /// At most so many
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Only those older than this one: the last of the page before
    #[arg(long, value_name = "ID")]
    before: Option<MessageId>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

fn since(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|e: crate::domain::DateError| e.to_string())
}

fn until(text: &str) -> Result<Timestamp, String> {
    if text.contains(['T', 't']) {
        return since(text);
    }
    let day: Date = text.parse().map_err(|e: crate::domain::DateError| e.to_string())?;
    Ok(day.end())
}

/// A side, as `--for` names it.
pub(super) fn side(text: &str) -> Result<Role, String> {
    [Role::Seller, Role::Buyer]
        .into_iter()
        .find(|role| role.as_str() == text)
        .ok_or_else(|| format!("{text:?} is not one of seller, buyer"))
}

impl Search {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let criteria = Criteria {
            query: Query::read(&self.words.join(" ")),
            side: self.side,
            order: self.order,
            seller: self.seller,
            buyer: self.buyer,
            direction: self.direction,
            state: self.state,
            action: self.verdict,
            since: self.since,
            until: self.until,
            before: self.before,
            limit: self.limit,
        };
        beside(path, async |house| {
            let hits = find(&house.store, &house.keyring.word_key(), &criteria).await?;
            if self.json {
                return json(out, &hits);
            }
            for hit in &hits {
                line(out, &hit.row)?;
                writeln!(out, "    {}", hit.snippet)?;
            }
            if let Some(last) = hits.last().filter(|_| hits.len() as u64 == u64::from(self.limit)) {
                writeln!(out, "older: --before {}", last.row.id)?;
            }
            Ok(())
        })
    }
}
