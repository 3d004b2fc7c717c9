//! The `bauta` command: one file per command group.
//!
//! Flow: arguments → `Command` → the config, where the command needs it → one call into the house
//! → words or JSON on standard output.
//! Invariant: exit 0 done, 1 refused or failed, 2 wrong usage or config (PRODUCT §11); errors go to
//! standard error, one line each, and say what would be right.
//! Logs: `serve` and `demo` log to standard error.

mod accounts;
mod addresses;
mod aliases;
mod backtest;
mod backup;
mod before_after;
mod cases;
mod demo;
mod dkim;
mod doctor;
mod evidence;
mod exit;
mod held;
mod import;
mod inspect;
mod keeping;
mod measure;
mod messages;
mod not_yet;
mod orders;
mod parties;
mod policy;
mod queue;
mod registration;
mod search;
mod serve;
mod setup;
mod side_by_side;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tokio::sync::mpsc;

use crate::app::{House, Purpose};
use crate::config::Config;
use crate::domain::Clock;
use crate::relay::Relay;
use exit::{Wrong, report};

/// A mail relay for marketplaces: buyer and seller write to each other by mail, each sees only an
/// alias of the other.
#[derive(Debug, Parser)]
#[command(name = "bauta", version, propagate_version = true, disable_help_subcommand = true)]
struct Arguments {
    /// The config file
    #[arg(long, global = true, value_name = "FILE", default_value = "bauta.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A whole little marketplace on loopback: see what Bauta does
    Demo(demo::Demo),
    /// Make a config (in observe mode), keys and an empty database to start from
    Init(setup::Init),
    /// Run the relay
    Serve(serve::Serve),
    /// Validate the config: file, line, column, what is wrong, what would be right
    Check,
    /// Register, show and list sellers; block, close, delete
    Seller(parties::Seller),
    /// Register, show and list buyers; block, close, opt out, delete
    Buyer(parties::Buyer),
    /// Register, show and list orders
    Order(orders::Orders),
    /// Register sellers, buyers and orders in bulk
    Import(import::Import),
    /// How sellers' accounts stand; warn, block, suspend and restore them
    Account(accounts::Accounts),
    /// Mail from addresses that are not registered: list it, register the address by a code
    Address(addresses::Addresses),
    /// Show aliases, rotate their key
    Alias(aliases::Aliases),
    /// Look into the archive
    Message(messages::Messages),
    /// Messages that wait for a person: list, show, release, reject
    Held(held::Held),
    /// Legal holds: what nobody may erase
    Hold(keeping::Holds),
    /// Conversations as signed evidence: export, verify
    Evidence(evidence::Evidence),
    /// Copy database and keys while the relay runs
    Backup(backup::Backup),
    /// Erase now what is past its time
    Purge(keeping::Purge),
    /// Judge a mail without sending it
    Policy(policy::Policy),
    /// Look at the deliveries, hurry or stop them
    Queue(queue::Queue),
    /// Open the files that come on standard input: the relay's own child
    #[command(hide = true)]
    Inspect,
    /// Make a new key for the signature on outgoing mail
    Dkim(dkim::Dkim),
    /// Look at the relay as the world sees it: ports, TLS, MX, SPF, DKIM, DMARC, PTR, clock
    Doctor(doctor::Doctor),
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

/// Runs the command line and says how it ended.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // clap prints help and version to standard output and ends with 0, errors with 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let mut out = io::stdout().lock();
    let result = run(arguments, &mut out).and_then(|()| Ok(out.flush()?));
    report(result)
}

fn run(arguments: Arguments, out: &mut impl Write) -> anyhow::Result<()> {
    let path = arguments.config;
    match arguments.command {
        Command::Demo(demo) => demo.run(),
        Command::Init(init) => init.run(out),
        Command::Serve(serve) => serve.run(load(&path)?, &path),
        Command::Check => setup::check(&path, out),
        Command::Seller(seller) => seller.run(&path, out),
        Command::Buyer(buyer) => buyer.run(&path, out),
        Command::Order(order) => order.run(&path, out),
        Command::Import(import) => import.run(&path, out),
        Command::Account(account) => account.run(&path, out),
        Command::Address(address) => address.run(&path, out),
        Command::Alias(alias) => alias.run(&path, out),
        Command::Message(message) => message.run(&path, out),
        Command::Held(held) => held.run(&path, out),
        Command::Hold(hold) => hold.run(&path, out),
        Command::Evidence(evidence) => evidence.run(&path, out),
        Command::Backup(backup) => backup.run(&path, out),
        Command::Purge(purge) => purge.run(&path, out),
        Command::Policy(policy) => policy.run(&path, out),
        Command::Queue(queue) => queue.run(&path, out),
        Command::Inspect => inspect::run(io::stdin().lock(), out),
        Command::Dkim(dkim) => dkim.run(&path, out),
        Command::Doctor(doctor) => doctor.run(&path, out),
        Command::Other(words) => Err(not_yet::refuse("", &words)),
    }
}

fn load(path: &std::path::Path) -> anyhow::Result<Arc<Config>> {
    Ok(Arc::new(Config::load(path).map_err(|errors| Wrong(errors.to_string()))?))
}

/// Does one thing with the store beside a running relay, and closes it. Makes no store: in a
/// mistyped `data_dir` there is nothing to look at.
fn beside<T>(
    path: &std::path::Path,
    doing: impl AsyncFnOnce(&House) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    with_house(path, Purpose::Look, doing)
}

/// The same for what registers, which may be the first that is done with a `data_dir`.
fn registering<T>(
    path: &std::path::Path,
    doing: impl AsyncFnOnce(&House) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    with_house(path, Purpose::Register, doing)
}

fn with_house<T>(
    path: &std::path::Path,
    purpose: Purpose,
    doing: impl AsyncFnOnce(&House) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let config = load(path)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime could not be started")?;
    runtime.block_on(async {
        let house = House::open(config, purpose, false).await?;
        let result = doing(&house).await;
        house.store.close().await;
        result
    })
}

/// The spine beside a running relay: what it makes due, the relay brings on its way.
fn spine(house: &House) -> anyhow::Result<Relay> {
    let (outbox, _) = mpsc::channel(1);
    let config = Arc::clone(&house.config);
    let (keyring, store) = (house.keyring.clone(), house.store.clone());
    Ok(Relay::new(config, keyring, store, Clock::system(), outbox)?)
}

/// Writes a value as one line of JSON.
fn json(out: &mut impl Write, value: &impl serde::Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}
