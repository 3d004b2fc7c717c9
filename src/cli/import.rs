//! `bauta import FILE.jsonl`: parties and orders in bulk.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::{Deserialize, Serialize};

use super::{json, registering, registration};
use crate::app::House;
use crate::domain::{Clock, PartyId};
use crate::store::{Put, PutOrder, PutParty, Record};

/// Lines that are registered in one transaction.
const BATCH: usize = 500;

/// `bauta import …`
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Import {
    /// One record a line; - for standard input
    file: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

const HELP: &str = r#"A line is one record, with the fields of `seller put`, `buyer put` and `order put`:
  {"type":"seller","id":"S1","name":"Lamp Shop","emails":["cs@lamps.example"],"language":"de",
   "domains":["lamps.example"],"signers":[],"marketplace_fulfilled_email":"depot@lamps.example"}
  {"type":"buyer","id":"B1","name":"Jane Roe","emails":["jane@mail.example"]}
  {"type":"order","id":"O1","seller":"S1","buyer":"B1","items":["Brass lamp"],"status":"shipped",
   "fulfilled_by":"seller","placed":"2026-11-20","delivered":"2026-11-23","tracking":"…","dispute":false}
(each in one line). A party stands before its orders. A line that is wrong is told with its number and
changes nothing; the others are registered, and the exit code is 1. The same file again does no harm."#;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line {
    Seller(PartyLine),
    Buyer(PartyLine),
    Order(OrderLine),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyLine {
    id: String,
    name: String,
    emails: Vec<String>,
    language: Option<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    signers: Vec<String>,
    marketplace_fulfilled_email: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrderLine {
    id: String,
    seller: String,
    buyer: String,
    #[serde(default)]
    items: Vec<String>,
    status: Option<String>,
    fulfilled_by: Option<String>,
    placed: Option<String>,
    delivered: Option<String>,
    tracking: Option<String>,
    #[serde(default)]
    dispute: bool,
}

/// What an import did.
#[derive(Debug, Default, Serialize)]
struct Summary {
    created: usize,
    changed: usize,
    unchanged: usize,
    failed: usize,
    errors: Vec<LineError>,
}

#[derive(Debug, Serialize)]
struct LineError {
    line: usize,
    error: String,
}

impl Summary {
    fn add(&mut self, line: usize, done: Result<Put, String>) {
        match done {
            Ok(Put::Created) => self.created += 1,
            Ok(Put::Changed) => self.changed += 1,
            Ok(Put::Unchanged) => self.unchanged += 1,
            Err(error) => {
                self.failed += 1;
                self.errors.push(LineError { line, error });
            }
        }
    }
}

impl Import {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let name = self.file.display().to_string();
        let open = || -> io::Result<Box<dyn BufRead>> {
            if self.file == Path::new("-") {
                return Ok(Box::new(io::stdin().lock()));
            }
            Ok(Box::new(BufReader::new(File::open(&self.file)?)))
        };
        let mut input = open().with_context(|| name.clone())?;
        registering(path, async |house| {
            let mut summary = Summary::default();
            let read = import(house, &mut input, &mut summary).await;
            summary.errors.sort_by_key(|e| e.line);
            for LineError { line, error } in &summary.errors {
                writeln!(io::stderr(), "{name}:{line}: {error}")?;
            }
            let Summary { created, changed, unchanged, failed, .. } = &summary;
            if self.json {
                json(out, &summary)?;
            } else {
                writeln!(
                    out,
                    "created {created}, changed {changed}, unchanged {unchanged}, failed {failed}"
                )?;
            }
            read.with_context(|| name.clone())?;
            match failed {
                0 => Ok(()),
                // What is told above is done all the same.
                failed => {
                    out.flush()?;
                    bail!("{failed} lines were not registered")
                }
            }
        })
    }
}

async fn import(
    house: &House,
    input: &mut dyn BufRead,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let mut batch: Vec<(usize, Record)> = Vec::new();
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let ended = input.read_until(b'\n', &mut bytes)? == 0;
        let text = bytes.trim_ascii();
        if !text.is_empty() {
            match record(house, text) {
                Ok(record) => batch.push((number, record)),
                Err(wrong) => summary.add(number, Err(wrong)),
            }
        }
        if batch.len() >= BATCH || (ended && !batch.is_empty()) {
            let (lines, records): (Vec<usize>, Vec<Record>) = batch.drain(..).unzip();
            let done = house.store.import(records, Clock::system().now()).await?;
            for (line, done) in lines.into_iter().zip(done) {
                summary.add(line, done.map_err(|refused| refused.to_string()));
            }
        }
        if ended {
            break;
        }
    }
    Ok(())
}

/// One line's record, or what is wrong with it.
fn record(house: &House, text: &[u8]) -> Result<Record, String> {
    let line: Line = serde_json::from_slice(text).map_err(|e| {
        // Of serde's "at line 1 column 7" the line is not the file's.
        let told = e.to_string();
        let what = told.split(" at line ").next().unwrap_or_default();
        format!("{what} (column {})", e.column())
    })?;
    match line {
        Line::Seller(line) => {
            let id = PartyId::Seller(parse("id", &line.id)?);
            party(house, id, line)
        }
        Line::Buyer(line) if line.marketplace_fulfilled_email.is_some() => {
            Err("marketplace_fulfilled_email: only sellers have one".to_owned())
        }
        Line::Buyer(line) => {
            let id = PartyId::Buyer(parse("id", &line.id)?);
            party(house, id, line)
        }
        Line::Order(line) => order(house, line),
    }
}

fn parse<T: std::str::FromStr>(field: &str, text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|wrong| format!("{field}: {wrong}"))
}

fn parse_some<T: std::str::FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, String>
where
    T::Err: std::fmt::Display,
{
    text.map(|text| parse(field, text)).transpose()
}

fn party(house: &House, id: PartyId, line: PartyLine) -> Result<Record, String> {
    let address = |text: &String| registration::address(text);
    let emails: Result<Vec<_>, _> = line.emails.iter().map(address).collect();
    let domains = |field: &str, list: &[String]| {
        list.iter().map(|d| parse(field, d)).collect::<Result<Vec<_>, String>>()
    };
    let own = line.marketplace_fulfilled_email.as_ref().map(address).transpose();
    let put = PutParty {
        id,
        name: registration::name(&line.name).map_err(|wrong| format!("name: {wrong}"))?,
        language: parse_some("language", line.language.as_deref())?
            .unwrap_or(house.config.relay.language),
        addresses: emails.map_err(|wrong| format!("emails: {wrong}"))?,
        domains: domains("domains", &line.domains)?,
        signers: domains("signers", &line.signers)?,
        marketplace_fulfilled: own.map_err(|w| format!("marketplace_fulfilled_email: {w}"))?,
    };
    if put.addresses.is_empty() {
        return Err("emails: at least one address, where mail goes".to_owned());
    }
    registration::party(house, put).map(Record::Party)
}

fn order(house: &House, line: OrderLine) -> Result<Record, String> {
    let (seller, buyer) = (parse("seller", &line.seller)?, parse("buyer", &line.buyer)?);
    let names = registration::names(house, &seller, &buyer);
    let put = PutOrder {
        items: line.items,
        status: parse_some("status", line.status.as_deref())?.unwrap_or_default(),
        fulfilled_by: parse_some("fulfilled_by", line.fulfilled_by.as_deref())?.unwrap_or_default(),
        placed: parse_some("placed", line.placed.as_deref())?,
        delivered: parse_some("delivered", line.delivered.as_deref())?,
        tracking: line.tracking,
        dispute: line.dispute,
        ..PutOrder::new(parse("id", &line.id)?, seller, buyer)
    };
    registration::order(&put)?;
    Ok(Record::Order(put, names))
}
