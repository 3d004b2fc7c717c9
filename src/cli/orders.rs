//! `bauta order put|show|list`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::exit::Wrong;
use super::parties::word;
use super::{beside, json, not_yet, registering, registration};
use crate::domain::{BuyerId, Clock, Date, Fulfilment, Order, OrderId, OrderStatus, SellerId};
use crate::store::{OrderFilter, PutOrder};

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
    /// The day it was placed: 2026-11-23
    #[arg(long, value_name = "DAY")]
    placed: Option<Date>,
    /// The day it was delivered
    #[arg(long, value_name = "DAY")]
    delivered: Option<Date>,
    /// The carrier's word for the parcel
    #[arg(long)]
    tracking: Option<String>,
    /// A dispute is open: a legal hold, what was written about this order is not erased
    #[arg(long)]
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
        let order = PutOrder {
            id: self.id,
            seller: self.seller,
            buyer: self.buyer,
            items: self.items,
            status: self.status,
            fulfilled_by: self.fulfilled_by,
            placed: self.placed,
            delivered: self.delivered,
            tracking: self.tracking,
            dispute: self.dispute,
        };
        registration::order(&order).map_err(Wrong)?;
        registering(path, async |house| {
            let id = order.id.clone();
            let names = registration::names(house, &order.seller, &order.buyer);
            let done = house.store.put_order(order, names, Clock::system().now()).await?;
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
    let (by, items) = (fulfilled_by.as_str(), items.join(", "));
    let days = [("placed", order.placed), ("delivered", order.delivered)];
    let days = days.iter().filter_map(|(what, day)| Some(format!("{what} {}", (*day)?)));
    let mut remarks: Vec<String> = days.collect();
    remarks.extend(order.tracking.iter().map(|t| format!("tracking {t}")));
    remarks.extend(order.dispute.then(|| "dispute".to_owned()));
    let remarks = remarks.join(", ");
    let remarks = if remarks.is_empty() { remarks } else { format!("\t{remarks}") };
    writeln!(out, "{id}\t{seller}\t{buyer}\t{status}\t{by}\t{items}{remarks}")?;
    Ok(())
}
