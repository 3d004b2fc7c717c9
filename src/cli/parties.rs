//! `bauta seller|buyer put|show|list`.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::exit::Wrong;
use super::{beside, json, not_yet, registering};
use crate::app::House;
use crate::domain::{Language, Party, PartyId, RealAddress, Role, ShownName};
use crate::store::{Put, PutParty};

/// `bauta seller …`
#[derive(Debug, Args)]
pub(super) struct Seller {
    #[command(subcommand)]
    command: PartyCommand,
}

/// `bauta buyer …`
#[derive(Debug, Args)]
pub(super) struct Buyer {
    #[command(subcommand)]
    command: PartyCommand,
}

#[derive(Debug, Subcommand)]
enum PartyCommand {
    /// Register, or replace the whole record
    Put {
        /// Your own id, [A-Za-z0-9._-]{1,40}
        id: String,
        /// A buyer's full name, a seller's shop name
        #[arg(long)]
        name: ShownName,
        /// An address; the first is where mail goes, all of them may write. Repeat for more
        #[arg(long = "email", required = true, value_parser = address)]
        emails: Vec<RealAddress>,
        /// en, de, fr, es, it, pt, nl, pl or ja; default: relay.language
        #[arg(long)]
        language: Option<Language>,
        /// Not in this version
        #[arg(long, hide = true)]
        domain: Vec<String>,
        /// Not in this version
        #[arg(long, hide = true)]
        signer: Vec<String>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one
    Show {
        /// The id
        id: String,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    /// List all
    List {
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// An address as it may be registered in this version.
fn address(text: &str) -> Result<RealAddress, String> {
    let address: RealAddress = text.parse().map_err(|e| format!("{e}"))?;
    if !text.is_ascii() {
        return Err(
            "addresses with characters outside ASCII are not in this version (a domain can be written as xn--…)"
                .to_owned(),
        );
    }
    Ok(address)
}

impl Seller {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        run(self.command, Role::Seller, path, out)
    }
}

impl Buyer {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        run(self.command, Role::Buyer, path, out)
    }
}

fn run(command: PartyCommand, role: Role, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        PartyCommand::Put { domain, signer, .. } if !domain.is_empty() || !signer.is_empty() => {
            Err(Wrong("--domain and --signer are not in this version".to_owned()).into())
        }
        PartyCommand::Put { id, name, emails, language, json: as_json, .. } => {
            registering(path, async |house| {
                let party = Party {
                    id: party_id(role, &id)?,
                    name,
                    language: language.unwrap_or(house.config.relay.language),
                    addresses: emails,
                };
                put(house, party, as_json, out).await
            })
        }
        PartyCommand::Show { id, json: as_json } => beside(path, async |house| {
            let id = party_id(role, &id)?;
            let Some(party) = house.store.party(&id).await? else {
                bail!("{role} {} is not registered", id.as_str());
            };
            show(&[party], as_json, false, out)
        }),
        PartyCommand::List { json: as_json } => {
            beside(path, async |house| show(&house.store.parties(role).await?, as_json, true, out))
        }
        PartyCommand::Other(words) => Err(not_yet::refuse(role.as_str(), &words)),
    }
}

fn party_id(role: Role, text: &str) -> anyhow::Result<PartyId> {
    let id = match role {
        Role::Seller => text.parse().map(PartyId::Seller),
        Role::Buyer => text.parse().map(PartyId::Buyer),
    };
    id.map_err(|e| Wrong(e.to_string()).into())
}

async fn put(
    house: &House,
    mut party: Party,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let alias_domain = &house.config.relay.alias_domain;
    if party.addresses.iter().any(|a| a.domain() == alias_domain) {
        bail!("an address at {alias_domain} is an alias, not a person's own: register their own");
    }
    let mut seen = Vec::new();
    party.addresses.retain(|a| {
        let new = !seen.contains(&a.canonical());
        seen.push(a.canonical());
        new
    });
    let (role, id) = (party.id.role(), party.id.as_str().to_owned());
    let row = Row::of(&party);
    let Party { id: party_id, name, language, addresses } = party;
    let put = PutParty { id: party_id, name, language, addresses };
    let done = house.store.put_party(put).await?;
    if as_json {
        return json(out, &serde_json::json!({ "result": word(done), role.as_str(): row }));
    }
    writeln!(out, "{role} {id} {}", word(done))?;
    Ok(())
}

/// What a put did, in a word.
pub(super) fn word(put: Put) -> &'static str {
    match put {
        Put::Created => "created",
        Put::Changed => "changed",
        Put::Unchanged => "unchanged",
    }
}

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    name: String,
    language: String,
    emails: Vec<String>,
}

impl Row {
    fn of(party: &Party) -> Self {
        Self {
            id: party.id.as_str().to_owned(),
            name: party.name.as_str().to_owned(),
            language: party.language.to_string(),
            emails: party.addresses.iter().map(RealAddress::reveal).collect(),
        }
    }
}

fn show(
    parties: &[Party],
    as_json: bool,
    as_list: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let rows: Vec<Row> = parties.iter().map(Row::of).collect();
    match (as_json, as_list, rows.first()) {
        (true, true, _) => json(out, &rows),
        (true, false, Some(row)) => json(out, row),
        _ => {
            for Row { id, name, language, emails } in &rows {
                writeln!(out, "{id}\t{name}\t{language}\t{}", emails.join(", "))?;
            }
            Ok(())
        }
    }
}
