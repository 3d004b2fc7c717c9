//! `bauta init` and `bauta check`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;

use super::dkim;
use super::doctor::text_record;
use super::exit::Wrong;
use crate::app::{House, Purpose, database_path, keys_path};
use crate::config::{self, Config, DkimAlgorithm, make_dkim_key};

/// `bauta init DIR`
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The folder to make
    dir: PathBuf,
    /// Our own host name
    #[arg(long, default_value = "relay.example")]
    hostname: String,
    /// The domain of all aliases
    #[arg(long, default_value = "relay.example")]
    alias_domain: String,
    /// The marketplace's name
    #[arg(long, default_value = "Example Market")]
    marketplace: String,
}

impl Init {
    pub fn run(self, out: &mut impl Write) -> anyhow::Result<()> {
        let file = self.dir.join("bauta.toml");
        let text = config::starter(&self.hostname, &self.alias_domain, &self.marketplace);
        let config = Config::parse(&text, &file).map_err(|errors| Wrong(errors.to_string()))?;
        fs::create_dir_all(&self.dir)
            .with_context(|| format!("{} could not be made", self.dir.display()))?;
        if config.relay.data_dir.exists() && !database_path(&config).exists() {
            bail!(
                "{} exists already and holds no database; where an earlier init was interrupted, `bauta --config {} serve --create` finishes it",
                config.relay.data_dir.display(),
                file.display()
            );
        }
        if config.relay.data_dir.exists() {
            bail!(
                "{} exists already: init never touches data that is there",
                config.relay.data_dir.display()
            );
        }
        let selector = "bauta1";
        let key = dkim::key_file(&self.dir, selector);
        if file.exists() {
            let file = file.display();
            bail!(
                "{file} exists already (where an earlier init left it, `bauta --config {file} serve --create` goes on)"
            );
        }
        let record = make_dkim_key(&key, DkimAlgorithm::Rsa).map_err(anyhow::Error::msg)?;
        let name = key.file_name().unwrap_or_default().to_string_lossy();
        let text = format!(
            "{text}\n[dkim]\n# Mail is signed with this key. `bauta init` printed the record that\n# must stand in the DNS for it; `bauta dkim rotate` makes another.\nselector = \"{selector}\"\nkey = \"{name}\"\n"
        );
        let mut made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&file)
            .with_context(|| {
                let file = file.display();
                format!(
                    "{file} could not be made (where an earlier init left it, `bauta --config {file} serve --create` goes on)"
                )
            })?;
        made.write_all(text.as_bytes())?;
        made.sync_all()?;
        let keys = keys_path(&config);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let house = House::open(Arc::new(config), Purpose::Register, true).await?;
            house.store.close().await;
            anyhow::Ok(())
        })?;
        writeln!(out, "config    {}", file.display())?;
        writeln!(out, "keys      {} (keep a copy: aliases are made of them)", keys.display())?;
        self.tell_records(out, selector, &record)?;
        let file = file.display();
        writeln!(out, "next      edit the config, put the records into the DNS, then:")?;
        writeln!(out, "          bauta --config {file} check")?;
        writeln!(out, "          bauta --config {file} serve")?;
        writeln!(out, "          bauta --config {file} doctor")?;
        Ok(())
    }

    /// What the DNS must say of the alias domain. `bauta doctor` looks whether it does.
    fn tell_records(&self, out: &mut impl Write, selector: &str, dkim: &str) -> anyhow::Result<()> {
        let (domain, host) = (&self.alias_domain, &self.hostname);
        writeln!(out, "records   {domain}. MX 10 {host}.")?;
        for (name, text) in [
            (domain.clone(), format!("v=spf1 a:{host} -all")),
            (format!("{selector}._domainkey.{domain}"), dkim.to_owned()),
            (format!("_dmarc.{domain}"), "v=DMARC1; p=reject".to_owned()),
        ] {
            writeln!(out, "          {}", text_record(&name, &text))?;
        }
        Ok(())
    }
}

/// `bauta check`: the config, and the keys and database that it names, without touching them.
pub(super) fn check(path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
    let config = super::load(path)?;
    crate::policy::Rules::new(&config.policy, &[]).map_err(|e| Wrong(e.to_string()))?;
    House::inspect(&config)?;
    writeln!(out, "{}: ok", path.display())?;
    Ok(())
}
