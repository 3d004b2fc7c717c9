//! `bauta dkim rotate`.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::doctor::text_record;
use super::{json, not_yet};
use crate::config::{DkimAlgorithm, make_dkim_key};
use crate::domain::Clock;

/// `bauta dkim …`
#[derive(Debug, Args)]
pub(super) struct Dkim {
    #[command(subcommand)]
    command: DkimCommand,
}

#[derive(Debug, Subcommand)]
enum DkimCommand {
    /// Make a new key; print its DNS record and how to switch to it
    Rotate {
        /// The new key's name in the DNS [default: bauta and today's date]
        #[arg(long)]
        selector: Option<String>,
        /// What kind of key
        #[arg(long, value_enum, default_value_t = Algorithm::Rsa)]
        algorithm: Algorithm,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
    },
    #[command(external_subcommand)]
    Other(Vec<OsString>),
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Algorithm {
    /// 2048 bits; everybody understands it
    Rsa,
    /// Besides an RSA key; some receivers report it as failed
    Ed25519,
}

impl Dkim {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        match self.command {
            DkimCommand::Rotate { selector, algorithm, json } => {
                rotate(path, out, selector, algorithm, json)
            }
            DkimCommand::Other(words) => Err(not_yet::refuse("dkim", &words)),
        }
    }
}

fn rotate(
    path: &Path,
    out: &mut impl Write,
    selector: Option<String>,
    algorithm: Algorithm,
    as_json: bool,
) -> anyhow::Result<()> {
    let config = super::load(path)?;
    let selector = match selector {
        Some(selector) => selector,
        None => {
            let today = Clock::system().now().to_string();
            let day: String = today.chars().take(10).filter(char::is_ascii_digit).collect();
            let kind = if matches!(algorithm, Algorithm::Rsa) { "" } else { "-ed25519" };
            format!("bauta{day}{kind}")
        }
    };
    let wrong = |c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '-';
    if selector.is_empty() || selector.len() > 63 || selector.contains(wrong) {
        bail!("{selector:?} is no selector: write 1 to 63 small letters, digits and hyphens");
    }
    let folder = &config.relay.data_dir;
    if !folder.is_dir() {
        bail!(
            "{} is not there yet, and the key is kept in it: start the relay once (`bauta serve`), or make the folder (`mkdir -m 700 {}`); if the relay has run before, the volume with its data is missing",
            folder.display(),
            folder.display()
        );
    }
    let file = key_file(folder, &selector);
    let (kind, prefix) = match algorithm {
        Algorithm::Rsa => (DkimAlgorithm::Rsa, ""),
        Algorithm::Ed25519 => (DkimAlgorithm::Ed25519, "ed25519_"),
    };
    let record = make_dkim_key(&file, kind).map_err(anyhow::Error::msg)?;
    let name = format!("{selector}._domainkey.{}", config.relay.alias_domain);
    if as_json {
        let made = json!({
            "selector": selector, "file": file, "name": name, "type": "TXT", "record": record,
        });
        return json(out, &made);
    }
    writeln!(out, "key       {} (keep it secret)", file.display())?;
    tell_record(out, &name, &record)?;
    writeln!(out, "switch    when the record can be seen (dig TXT {name}), write")?;
    writeln!(out, "              [dkim]")?;
    writeln!(out, "              {prefix}selector = \"{selector}\"")?;
    writeln!(out, "              {prefix}key = \"{}\"", file.display())?;
    writeln!(
        out,
        "          and reload (SIGHUP). Leave the old record in the DNS for a week more:"
    )?;
    writeln!(out, "          mail that is signed with the old key is still under way.")?;
    Ok(())
}

/// Where a key lies.
pub(super) fn key_file(folder: &Path, selector: &str) -> PathBuf {
    folder.join(format!("dkim-{selector}.pem"))
}

/// A record as it is put into the DNS.
pub(super) fn tell_record(out: &mut impl Write, name: &str, record: &str) -> anyhow::Result<()> {
    writeln!(out, "record    {}", text_record(name, record))?;
    Ok(())
}
