//! `bauta alias show|rotate-key`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde_json::json as object;

use super::exit::Wrong;
use super::{beside, json, not_yet, registering, registration};
use crate::app::{House, keys_path};
use crate::domain::{BuyerId, OrderId, SellerId};
use crate::store::PairNames;

/// `bauta alias …`
#[derive(Debug, Args)]
pub(super) struct Aliases {
    #[command(subcommand)]
    command: AliasCommand,
}

#[derive(Debug, Subcommand)]
enum AliasCommand {
    /// The two aliases of an order, or of a seller and a buyer
    Show {
        /// The order
        #[arg(long, conflicts_with_all = ["seller", "buyer"], required_unless_present = "seller")]
        order: Option<OrderId>,
        /// The seller, with --buyer
        #[arg(long, requires = "buyer")]
        seller: Option<SellerId>,
        /// The buyer, with --seller
        #[arg(long, requires = "seller")]
        buyer: Option<BuyerId>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Add a new version of the alias key: pairs named from now on get it, old aliases go on working
    RotateKey,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

impl Aliases {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            AliasCommand::Show { order: Some(order), json: as_json, .. } => {
                beside(path, async |house| show_order(house, &order, as_json, out).await)
            }
            AliasCommand::Show {
                seller: Some(seller), buyer: Some(buyer), json: as_json, ..
            } => registering(path, async |house| {
                show_pair(house, &seller, &buyer, as_json, out).await
            }),
            AliasCommand::Show { .. } => {
                Err(Wrong("alias show takes --order, or --seller with --buyer".to_owned()).into())
            }
            AliasCommand::RotateKey => beside(path, async |house| {
                let mut keyring = house.keyring.clone();
                let version = keyring.rotate()?;
                keyring.replace(&keys_path(&house.config))?;
                writeln!(
                    out,
                    "alias key version {version}; a running relay reads it within a quarter of a second"
                )?;
                Ok(())
            }),
            AliasCommand::Other(words) => Err(not_yet::refuse("alias", &words)),
        }
    }
}

async fn show_order(
    house: &House,
    id: &OrderId,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let Some(order) = house.store.order(id).await? else {
        bail!("order {id} is not registered");
    };
    let pair = house.store.pair_aliases(&order.seller, &order.buyer).await?;
    let PairNames { seller_alias, buyer_alias, .. } =
        pair.ok_or_else(|| anyhow!("order {id} has no aliases: put it again"))?;
    let tag = order.id.key();
    let (for_seller, for_buyer) = (seller_alias.with_tag(&tag), buyer_alias.with_tag(&tag));
    if as_json {
        return json(
            out,
            &object!({
                "order": order.id,
                "seller_alias": seller_alias,
                "buyer_alias": buyer_alias,
                "seller_alias_for_order": for_seller,
                "buyer_alias_for_order": for_buyer,
            }),
        );
    }
    writeln!(out, "the seller, to whom buyers write   {seller_alias}")?;
    writeln!(out, "  about this order                 {for_seller}")?;
    writeln!(out, "the buyer, to whom sellers write   {buyer_alias}")?;
    writeln!(out, "  about this order                 {for_buyer}")?;
    Ok(())
}

async fn show_pair(
    house: &House,
    seller: &SellerId,
    buyer: &BuyerId,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let new = registration::names(house, seller, buyer);
    let PairNames { seller_alias, buyer_alias, .. } =
        house.store.name_pair(seller, buyer, new).await?;
    if as_json {
        return json(
            out,
            &object!({
                "seller": seller,
                "buyer": buyer,
                "seller_alias": seller_alias,
                "buyer_alias": buyer_alias,
            }),
        );
    }
    writeln!(out, "the seller, to whom buyers write   {seller_alias}")?;
    writeln!(out, "the buyer, to whom sellers write   {buyer_alias}")?;
    Ok(())
}
