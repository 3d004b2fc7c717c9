//! `bauta order put|show|list`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::exit::Wrong;
use super::parties::word;
use super::{beside, json, not_yet, registering};
use crate::domain::{BuyerId, Fulfilment, Order, OrderId, OrderStatus, SellerId};
use crate::store::{OrderFilter, PairNames, PutOrder};

/// `bauta order …`
#[derive(Debug, Args)]
pub(super) struct Orders {
    #[command(subcommand)]
    command: OrderCommand,
}

#[derive(Debug, Subcommand)]
enum OrderCommand {
    /// Register, or replace the whole record
    Put(Box<PutArguments>),
    /// Show one
    Show {
        /// The order's id
        id: OrderId,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List orders, the newest first
    List {
        /// Of this seller
        #[arg(long)]
        seller: Option<SellerId>,
        /// Of this buyer
        #[arg(long)]
        buyer: Option<BuyerId>,
        /// At most so many
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Args)]
struct PutArguments {
    /// Your own id, [A-Za-z0-9._-]{1,40}
    id: OrderId,
    /// Who sells
    #[arg(long)]
    seller: SellerId,
    /// Who buys
    #[arg(long)]
    buyer: BuyerId,
    /// What was bought. Repeat for more
    #[arg(long = "item")]
    items: Vec<String>,
    /// open, shipped, delivered, returned, refunded or cancelled
    #[arg(long, default_value = "open")]
    status: OrderStatus,
    /// seller or marketplace
    #[arg(long, default_value = "seller")]
    fulfilled_by: Fulfilment,
    /// Not in this version
    #[arg(long, hide = true)]
    tracking: Option<String>,
    /// Not in this version
    #[arg(long, hide = true)]
    placed: Option<String>,
    /// Not in this version
    #[arg(long, hide = true)]
    delivered: Option<String>,
    /// Not in this version
    #[arg(long, hide = true)]
    dispute: bool,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Orders {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            OrderCommand::Put(put) => put.run(path, out),
            OrderCommand::Show { id, json: as_json } => beside(path, async |house| {
                let Some(order) = house.store.order(&id).await? else {
                    bail!("order {id} is not registered");
                };
                if as_json { json(out, &order) } else { line(out, &order) }
            }),
            OrderCommand::List { seller, buyer, limit, json: as_json } => {
                beside(path, async |house| {
                    let filter = OrderFilter { seller, buyer, limit: Some(limit) };
                    let orders = house.store.orders(filter).await?;
                    if as_json {
                        return json(out, &orders);
                    }
                    orders.iter().try_for_each(|order| line(out, order))
                })
            }
            OrderCommand::Other(words) => Err(not_yet::refuse("order", &words)),
        }
    }
}

impl PutArguments {
    fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let missing = [
            ("--tracking", self.tracking.is_some()),
            ("--placed", self.placed.is_some()),
            ("--delivered", self.delivered.is_some()),
            ("--dispute", self.dispute),
        ];
        if let Some((option, _)) = missing.iter().find(|(_, given)| *given) {
            return Err(Wrong(format!("{option} is not in this version")).into());
        }
        // An item stands in the frame of every mail: one line, and no room for a letter.
        let fits = |i: &String| i.chars().count() <= 200 && !i.chars().any(char::is_control);
        if let Some(item) = self.items.iter().find(|i| !fits(i)) {
            let item: String = item.chars().take(20).collect();
            let text = format!("--item {item:?}…: a title is one line of at most 200 characters");
            return Err(Wrong(text).into());
        }
        registering(path, async |house| {
            let aliases = house.keyring.mint(&self.seller, &self.buyer);
            let id = self.id.clone();
            let order = PutOrder {
                id: self.id,
                seller: self.seller,
                buyer: self.buyer,
                items: self.items,
                status: self.status,
                fulfilled_by: self.fulfilled_by,
            };
            let pair = PairNames {
                key_version: aliases.key_version,
                seller_alias: aliases.seller,
                buyer_alias: aliases.buyer,
            };
            let now = crate::domain::Clock::system().now();
            let done = house.store.put_order(order, pair, now).await?;
            if !self.json {
                writeln!(out, "order {id} {}", word(done))?;
                return Ok(());
            }
            let order = house.store.order(&id).await?;
            json(out, &serde_json::json!({ "result": word(done), "order": order }))
        })
    }
}

fn line(out: &mut impl Write, order: &Order) -> anyhow::Result<()> {
    let Order { id, seller, buyer, items, status, fulfilled_by, .. } = order;
    let by = fulfilled_by.as_str();
    writeln!(out, "{id}\t{seller}\t{buyer}\t{status}\t{by}\t{}", items.join(", "))?;
    Ok(())
}
