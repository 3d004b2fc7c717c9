//! `bauta evidence export|verify|key`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};

use super::accounts::Who;
use super::{beside, json, not_yet};
use crate::domain::{Clock, MessageId, OrderId, Role};
use crate::evidence::{EvidenceKey, verify};
use crate::relay::{self, Reader};

/// `bauta evidence …`
#[derive(Debug, Args)]
pub(super) struct Evidence {
    #[command(subcommand)]
    command: EvidenceCommand,
}

#[derive(Debug, Subcommand)]
enum EvidenceCommand {
    /// Write an order's conversation out, signed, as a folder or a zip
    Export(Export),
    /// Check an export; needs nothing but the folder or zip
    Verify {
        /// The folder or zip
        path: PathBuf,
        /// The marketplace's public key, as `bauta evidence key` prints it there. Without it the key
        /// in the export is believed
        #[arg(long)]
        key: Option<String>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// The public key that exports are signed with: give it to those who verify
    Key,
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Args)]
struct Export {
    /// Which order
    #[arg(long)]
    order: OrderId,
    /// seller or buyer: what that side saw. authority: the originals too, with real addresses; that
    /// you read them is kept
    #[arg(long = "for", value_name = "WHOM", value_parser = reader)]
    reader: Reader,
    /// A folder to make, or a file that ends with .zip; default: evidence-ORDER-WHOM
    #[arg(long, alias = "to", alias = "output", value_name = "PATH", conflicts_with = "path")]
    out: Option<PathBuf>,
    /// The same
    path: Option<PathBuf>,
    #[command(flatten)]
    who: Who,
}

fn reader(text: &str) -> Result<Reader, String> {
    match text {
        "seller" => Ok(Reader::Side(Role::Seller)),
        "buyer" => Ok(Reader::Side(Role::Buyer)),
        "authority" => Ok(Reader::Authority),
        _ => Err(format!("{text:?} is not one of seller, buyer, authority")),
    }
}

impl Evidence {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            EvidenceCommand::Export(export) => export.run(path, out),
            EvidenceCommand::Verify { path, key, json: as_json } => {
                check(&path, key.as_deref(), as_json, out)
            }
            EvidenceCommand::Key => beside(path, async |house| {
                let key = EvidenceKey::from_seed(&house.keyring.evidence_seed());
                Ok(writeln!(out, "{}", key.context("no key could be made")?.public())?)
            }),
            EvidenceCommand::Other(words) => Err(not_yet::refuse("evidence", &words)),
        }
    }
}

impl Export {
    fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let Self { order, reader, out: target, path: positional, who } = self;
        beside(path, async |house| {
            let key = EvidenceKey::from_seed(&house.keyring.evidence_seed());
            let key = key.context("no key could be made")?;
            let marketplace = &house.config.relay.marketplace;
            let now = Clock::system().now();
            let export = relay::export(&house.store, marketplace, &order, reader, now).await?;
            let Some(export) = export else { bail!("nothing is archived of order {order}") };
            let target = target
                .or(positional)
                .unwrap_or_else(|| format!("evidence-{order}-{}", export.exported_for).into());
            let items = export.items.len();
            let ids: BTreeSet<String> =
                export.items.iter().map(|item| item.message.clone()).collect();
            if reader == Reader::Authority {
                for id in ids.iter().filter_map(|id| id.parse::<MessageId>().ok()) {
                    house.store.note_opened(&id, who.decision()).await?;
                }
            }
            export.write(&target, &key)?;
            let path = target.display();
            if who.json {
                let public_key = key.public();
                let path = path.to_string();
                return json(
                    out,
                    &serde_json::json!({ "path": path, "items": items, "public_key": public_key }),
                );
            }
            Ok(writeln!(out, "{path}: {items} items, signed with {}", key.public())?)
        })
    }
}

fn check(
    path: &Path,
    key: Option<&str>,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let verified =
        verify(path, key).with_context(|| format!("{} proves nothing", path.display()))?;
    let manifest = &verified.manifest;
    if as_json {
        return json(
            out,
            &serde_json::json!({
                "result": "whole", "order": manifest.order, "for": manifest.exported_for,
                "marketplace": manifest.marketplace, "exported_at": manifest.exported_at,
                "here": verified.here, "expired": verified.expired, "withheld": verified.withheld,
                "public_key": manifest.public_key, "roots": verified.roots,
            }),
        );
    }
    let (order, whom) = (&manifest.order, &manifest.exported_for);
    writeln!(out, "{}: whole (order {order}, for {whom})", path.display())?;
    writeln!(
        out,
        "items     {} here, {} expired, {} withheld: the chain is unbroken",
        verified.here, verified.expired, verified.withheld
    )?;
    let believed = if key.is_some() { "" } else { " (in the export itself: compare it)" };
    writeln!(out, "signed    {}{believed}", manifest.public_key)?;
    for (date, root) in &verified.roots {
        writeln!(out, "root      {date} {root}")?;
    }
    Ok(())
}
