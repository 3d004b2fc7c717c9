//! `bauta seller|buyer put|show|list`, and what is decided about an account.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::accounts::{self, Who};
use super::exit::Wrong;
use super::registration::{self, address};
use super::{beside, json, keeping, not_yet, registering};
use crate::app::House;
use crate::domain::{
    BuyerId, Language, Party, PartyDomain, PartyId, RealAddress, Role, SellerId, ShownName,
    Standing,
};
use crate::store::{AccountChange, Put, PutParty};

/// `bauta seller …`
#[derive(Debug, Args)]
pub(super) struct Seller {
    #[command(subcommand)]
    command: SellerCommand,
}

/// `bauta buyer …`
#[derive(Debug, Args)]
pub(super) struct Buyer {
    #[command(subcommand)]
    command: BuyerCommand,
}

#[derive(Debug, Subcommand)]
enum SellerCommand {
    /// Register, or replace the whole record
    Put(Box<SellerPut>),
    #[command(flatten)]
    Common(Common),
    /// No mail between this seller and a buyer any more
    Block {
        /// The seller
        id: String,
        /// Who is blocked
        #[arg(long)]
        buyer: BuyerId,
        #[command(flatten)]
        who: Who,
    },
    /// Take a seller's own block back
    Unblock {
        /// The seller
        id: String,
        /// Who was blocked
        #[arg(long)]
        buyer: BuyerId,
        #[command(flatten)]
        who: Who,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
enum BuyerCommand {
    /// Register, or replace the whole record
    Put(Box<PutArguments>),
    #[command(flatten)]
    Common(Common),
    /// No mail between this buyer and a seller any more
    Block {
        /// The buyer
        id: String,
        /// Who is blocked
        #[arg(long)]
        seller: SellerId,
        #[command(flatten)]
        who: Who,
    },
    /// Take a buyer's own block back
    Unblock {
        /// The buyer
        id: String,
        /// Who was blocked
        #[arg(long)]
        seller: SellerId,
        #[command(flatten)]
        who: Who,
    },
    /// No proactive messages of sellers to this buyer any more; answers still pass
    OptOut {
        /// The buyer
        id: String,
        #[command(flatten)]
        who: Who,
    },
    /// Proactive messages pass again
    OptIn {
        /// The buyer
        id: String,
        #[command(flatten)]
        who: Who,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Subcommand)]
enum Common {
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
    /// The account is closed: no mail to or from it, until it is opened again
    Close {
        /// The id
        id: String,
        #[command(flatten)]
        who: Who,
    },
    /// Open a closed account again
    Reopen {
        /// The id
        id: String,
        #[command(flatten)]
        who: Who,
    },
    /// Erase all messages to and from it now, whatever their age, but what a legal hold keeps and
    /// what is on its way; the account stays as it is
    Erase {
        /// The id
        id: String,
        #[command(flatten)]
        who: Who,
    },
    /// Stop all mail to and from it at once and erase all that was written, for both sides, but
    /// what a legal hold keeps. Can't be taken back, and the id stays taken
    Delete {
        /// The id
        id: String,
        #[command(flatten)]
        who: Who,
    },
}

#[derive(Debug, Args)]
struct PutArguments {
    /// Your own id, [A-Za-z0-9._-]{1,40}
    id: String,
    /// A buyer's full name, a seller's shop name
    #[arg(long, value_parser = registration::name)]
    name: ShownName,
    /// An address; the first is where mail goes, all of them may write. Repeat for more
    #[arg(long = "email", required = true, value_parser = address)]
    emails: Vec<RealAddress>,
    /// en, de, fr, es, it, pt, nl, pl or ja; default: relay.language
    #[arg(long)]
    language: Option<Language>,
    /// A domain of the party's own: every address there may write, not those of its subdomains.
    /// Never a free-mail domain or a public suffix. Repeat for more
    #[arg(long = "domain")]
    domains: Vec<PartyDomain>,
    /// The DKIM domain (d=) of a help desk that signs for the registered addresses. Repeat for more
    #[arg(long = "signer")]
    signers: Vec<PartyDomain>,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct SellerPut {
    #[command(flatten)]
    put: PutArguments,
    /// Turn messages on for orders that the marketplace fulfils: this is where they go, and it may
    /// write too. Left out: they are off
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    marketplace_fulfilled_email: Option<RealAddress>,
}

impl Seller {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let id = |id: &str| party_id(Role::Seller, id);
        match self.command {
            SellerCommand::Put(seller) => {
                let SellerPut { put, marketplace_fulfilled_email } = *seller;
                put.run(Role::Seller, marketplace_fulfilled_email, path, out)
            }
            SellerCommand::Common(common) => common.run(Role::Seller, path, out),
            SellerCommand::Block { id: seller, buyer, who } => {
                accounts::block(&id(&seller)?, &PartyId::Buyer(buyer), true, who, path, out)
            }
            SellerCommand::Unblock { id: seller, buyer, who } => {
                accounts::block(&id(&seller)?, &PartyId::Buyer(buyer), false, who, path, out)
            }
            SellerCommand::Other(words) => Err(not_yet::refuse("seller", &words)),
        }
    }
}

impl Buyer {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let id = |id: &str| party_id(Role::Buyer, id);
        match self.command {
            BuyerCommand::Put(put) => put.run(Role::Buyer, None, path, out),
            BuyerCommand::Common(common) => common.run(Role::Buyer, path, out),
            BuyerCommand::Block { id: buyer, seller, who } => {
                accounts::block(&id(&buyer)?, &PartyId::Seller(seller), true, who, path, out)
            }
            BuyerCommand::Unblock { id: buyer, seller, who } => {
                accounts::block(&id(&buyer)?, &PartyId::Seller(seller), false, who, path, out)
            }
            BuyerCommand::OptOut { id: buyer, who } => {
                accounts::change(&id(&buyer)?, AccountChange::OptedOut, who, path, out)
            }
            BuyerCommand::OptIn { id: buyer, who } => {
                accounts::change(&id(&buyer)?, AccountChange::OptedIn, who, path, out)
            }
            BuyerCommand::Other(words) => Err(not_yet::refuse("buyer", &words)),
        }
    }
}

impl Common {
    fn run(self, role: Role, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self {
            Self::Show { id, json: as_json } => beside(path, async |house| {
                let id = party_id(role, &id)?;
                let Some(party) = house.store.party(&id).await? else {
                    bail!("{role} {} is not registered", id.as_str());
                };
                if party.standing.deleted {
                    bail!("{role} {} was deleted", id.as_str());
                }
                show(&[party], as_json, false, out)
            }),
            Self::List { json: as_json } => beside(path, async |house| {
                show(&house.store.parties(role).await?, as_json, true, out)
            }),
            Self::Close { id, who } => {
                accounts::change(&party_id(role, &id)?, AccountChange::Closed, who, path, out)
            }
            Self::Erase { id, who } => keeping::erase_party(&party_id(role, &id)?, &who, path, out),
            Self::Delete { id, who } => accounts::delete(&party_id(role, &id)?, &who, path, out),
            Self::Reopen { id, who } => {
                accounts::change(&party_id(role, &id)?, AccountChange::Reopened, who, path, out)
            }
        }
    }
}

pub(super) fn party_id(role: Role, text: &str) -> anyhow::Result<PartyId> {
    let id = match role {
        Role::Seller => text.parse().map(PartyId::Seller),
        Role::Buyer => text.parse().map(PartyId::Buyer),
    };
    id.map_err(|e| Wrong(e.to_string()).into())
}

impl PutArguments {
    fn run(
        self,
        role: Role,
        marketplace_fulfilled: Option<RealAddress>,
        path: &Path,
        out: &mut impl Write,
    ) -> anyhow::Result<()> {
        let id = party_id(role, &self.id)?;
        registering(path, async |house| {
            let put = PutParty {
                id,
                name: self.name,
                language: self.language.unwrap_or(house.config.relay.language),
                addresses: self.emails,
                domains: self.domains,
                signers: self.signers,
                marketplace_fulfilled,
            };
            let put = registration::party(house, put).map_err(|wrong| anyhow!(wrong))?;
            register(house, put, self.json, out).await
        })
    }
}

async fn register(
    house: &House,
    put: PutParty,
    as_json: bool,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let id = put.id.clone();
    let done = house.store.put_party(put).await?;
    let role = id.role();
    if !as_json {
        writeln!(out, "{role} {} {}", id.as_str(), word(done))?;
        return Ok(());
    }
    let row = house.store.party(&id).await?.as_ref().map(Row::of);
    json(out, &serde_json::json!({ "result": word(done), role.as_str(): row }))
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
    domains: Vec<PartyDomain>,
    signers: Vec<PartyDomain>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marketplace_fulfilled_email: Option<String>,
    /// `open` or `closed`.
    account: &'static str,
    suspended: bool,
    opted_out: bool,
}

impl Row {
    fn of(party: &Party) -> Self {
        let Standing { suspended, opted_out, .. } = party.standing;
        Self {
            id: party.id.as_str().to_owned(),
            name: party.name.as_str().to_owned(),
            language: party.language.to_string(),
            emails: party.addresses.iter().map(RealAddress::reveal).collect(),
            domains: party.domains.clone(),
            signers: party.signers.clone(),
            marketplace_fulfilled_email: party
                .marketplace_fulfilled
                .as_ref()
                .map(RealAddress::reveal),
            account: if party.standing.is_open() { "open" } else { "closed" },
            suspended,
            opted_out,
        }
    }

    /// What stands out, for people.
    fn remarks(&self) -> String {
        let mut remarks = Vec::new();
        let domains: Vec<&str> = self.domains.iter().map(PartyDomain::as_str).collect();
        let signers: Vec<&str> = self.signers.iter().map(PartyDomain::as_str).collect();
        for (what, list) in [("domain", domains), ("signer", signers)] {
            remarks.extend(list.iter().map(|d| format!("{what} {d}")));
        }
        if let Some(address) = &self.marketplace_fulfilled_email {
            remarks.push(format!("marketplace-fulfilled {address}"));
        }
        let states = [
            (self.account == "closed", "closed"),
            (self.suspended, "suspended"),
            (self.opted_out, "opted out"),
        ];
        remarks.extend(states.iter().filter(|(is, _)| *is).map(|(_, word)| (*word).to_owned()));
        remarks.join(", ")
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
            for row in &rows {
                let Row { id, name, language, emails, .. } = row;
                let remarks = row.remarks();
                let remarks = if remarks.is_empty() { remarks } else { format!("\t{remarks}") };
                writeln!(out, "{id}\t{name}\t{language}\t{}{remarks}", emails.join(", "))?;
            }
            Ok(())
        }
    }
}
