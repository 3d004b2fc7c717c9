//! `bauta demo`: a whole little marketplace on loopback. No DNS, no root, no other program.
//!
//! Everything in it is the real thing: a config file, a database, keys, the relay on an SMTP port
//! and, in place of the outside world, a mail sink that takes what the relay sends.

mod market;
mod once;
mod show;

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::sync::mpsc::UnboundedReceiver;

use super::serve::{Signals, log_to_stderr, runtime};
use crate::app::{App, House, Purpose};
use crate::config::Config;
use crate::domain::Clock;
use crate::smtp::{Received, Sink};
use market::Market;

/// The port that `bauta demo` takes where it is free.
const PORT: u16 = 2525;

/// `bauta demo [--once]`
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Send one buyer's mail and one seller's answer, print both before and after, and exit
    #[arg(long)]
    once: bool,
    /// The folder for config, keys and database; default: a new one among the temporary files
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Demo {
    pub fn run(self) -> anyhow::Result<()> {
        let (dir, temporary) = match self.dir {
            Some(dir) => (dir, false),
            None => (fresh_folder()?, true),
        };
        if !self.once {
            log_to_stderr();
        }
        let result = runtime()?.block_on(async {
            let place = Place::open(&dir, self.once).await?;
            if self.once { place.once().await } else { place.stay().await }
        });
        if temporary && self.once {
            let _ = std::fs::remove_dir_all(&dir);
        }
        result
    }
}

/// The running little marketplace.
struct Place {
    app: App,
    smtp: SocketAddr,
    config_file: PathBuf,
    market: Market,
    /// Keeps the sink open.
    _sink: Sink,
    delivered: UnboundedReceiver<Received>,
}

impl Place {
    async fn open(dir: &Path, once: bool) -> anyhow::Result<Self> {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let (sink, delivered) = Sink::bind(loopback(0)).await.context("the sink has no port")?;
        let port = match tokio::net::TcpListener::bind(loopback(PORT)).await {
            Ok(_) if !once => PORT,
            _ => 0,
        };
        std::fs::create_dir_all(dir).with_context(|| format!("{} can't be made", dir.display()))?;
        let config_file = dir.join("bauta.toml");
        if config_file.exists() {
            bail!("{} exists already: the demo takes a new folder", config_file.display());
        }
        std::fs::write(&config_file, market::config(loopback(port), sink.address()))?;
        let config = Arc::new(Config::load(&config_file)?);
        let house = House::open(config, Purpose::Serve, false).await?;
        let market = Market::register(&house).await?;
        let app = App::start(house, Clock::system()).await?;
        let smtp = app.smtp.first().copied().context("the relay has no port")?;
        Ok(Self { app, smtp, config_file, market, _sink: sink, delivered })
    }

    /// `--once`: two mails through the real port, and out.
    async fn once(mut self) -> anyhow::Result<()> {
        let told = once::run(self.smtp, &self.market, &mut self.delivered).await;
        self.app.stop().await;
        told
    }

    /// Shows every mail that reaches the sink until it is told to stop.
    async fn stay(mut self) -> anyhow::Result<()> {
        let signals = Signals::take()?;
        show::welcome(&mut io::stdout(), &self.market, self.smtp, &self.config_file)?;
        tokio::select! {
            () = signals.until_told(&self.app, &self.config_file) => {}
            () = async {
                while let Some(mail) = self.delivered.recv().await {
                    let _ = show::delivered(&mut io::stdout(), &self.market, self.smtp, &mail);
                }
            } => {}
        }
        writeln!(io::stdout(), "\nStopping.")?;
        self.app.stop().await;
        Ok(())
    }
}

/// A new folder that nobody else can have made.
fn fresh_folder() -> anyhow::Result<PathBuf> {
    let name = format!("bauta-demo-{:08x}", getrandom::u32().unwrap_or_default());
    let dir = std::env::temp_dir().join(name);
    std::fs::create_dir(&dir).with_context(|| format!("{} can't be made", dir.display()))?;
    Ok(dir)
}
