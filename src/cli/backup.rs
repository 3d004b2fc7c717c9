//! `bauta backup`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use super::{beside, json};
use crate::app::keys_path;
use crate::store::Store;

/// `bauta backup`
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// A folder to make, for database and keys; or a file that ends with .db, for the database alone
    to: PathBuf,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let Self { to, json: as_json } = self;
        let alone = to.extension().is_some_and(|e| e == "db" || e == "sqlite");
        beside(path, async |house| {
            let keys = keys_path(&house.config);
            let mut made = vec![];
            let database = if alone { to.clone() } else { to.join("bauta.db") };
            if !alone {
                let copy = to.join("alias.keys");
                if let Some(there) = [&copy, &database].into_iter().find(|file| file.exists()) {
                    bail!("{} exists already: name a folder that does not", there.display());
                }
                fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&to)
                    .with_context(|| to.display().to_string())?;
                let bytes = fs::read(&keys).with_context(|| keys.display().to_string())?;
                let mut file = fs::OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(&copy)
                    .with_context(|| copy.display().to_string())?;
                file.write_all(&bytes)?;
                file.sync_all()?;
                made.push(copy);
            }
            let bytes = house.store.back_up(&database).await?;
            // Whether it can be used, as far as can be told without using it.
            Store::inspect(&database, &house.config.relay.alias_domain)?;
            made.push(database);
            let made: Vec<String> = made.iter().map(|file| file.display().to_string()).collect();
            if as_json {
                return json(out, &serde_json::json!({ "files": made, "bytes": bytes }));
            }
            for file in &made {
                writeln!(out, "{file}")?;
            }
            writeln!(
                out,
                "{bytes} bytes; the config and the DKIM keys are yours to keep beside it"
            )?;
            if alone {
                let keys = keys.display();
                writeln!(out, "without {keys} no alias in it works: keep a copy of that too")?;
            }
            Ok(())
        })
    }
}
