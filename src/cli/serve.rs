//! `bauta serve`.

use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::app::{App, House, Purpose, ReloadError};
use crate::config::Config;
use crate::domain::Clock;
use crate::store::can_sweep;

/// `bauta serve [--create]`
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// First use: make database and keys in an empty data_dir
    #[arg(long)]
    create: bool,
}

impl Serve {
    pub fn run(self, config: Arc<Config>, file: &Path) -> anyhow::Result<()> {
        log_to_stderr();
        raise_file_limit();
        runtime()?.block_on(async {
            if config.smtp.trusted_networks.is_empty() {
                tracing::warn!("smtp.trusted_networks is empty: nobody can send mail here");
            }
            if !can_sweep() {
                tracing::warn!(
                    "built without sqlite_dbpage: pieces of erased mail stay between the rows of the \
                     database; `bauta doctor` says how to build it"
                );
            }
            let signals = Signals::take()?;
            let house = House::open(config, Purpose::Serve, self.create).await?;
            let app = App::start(house, Clock::system()).await?;
            for address in &app.smtp {
                tracing::info!(%address, "listening for SMTP");
            }
            for address in &app.http {
                tracing::info!(%address, "listening for HTTP");
            }
            signals.until_told(&app, file).await;
            app.stop().await;
            Ok(())
        })
    }
}

/// Every connection is an open file, and the soft limit that processes usually begin with (1024)
/// leaves none for the database once all connections are taken. The hard one is there for those
/// who ask.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
}

/// The relay's runtime: threads with stacks deep enough for the deepest mail.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(8 << 20)
        .build()
        .context("the runtime could not be started")
}

/// One line for each event, on standard error.
pub(super) fn log_to_stderr() {
    let level = std::env::var("BAUTA_LOG").ok().and_then(|l| l.parse().ok());
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(tracing::Level::INFO))
        .init();
}

/// The signals that tell the relay something. Taken before it starts: without a handler SIGHUP
/// would end it.
pub(super) struct Signals {
    term: Signal,
    int: Signal,
    hup: Signal,
}

impl Signals {
    pub fn take() -> anyhow::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            hup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for SIGTERM or SIGINT; at SIGHUP reads the config file again.
    pub async fn until_told(mut self, app: &App, file: &Path) {
        loop {
            tokio::select! {
                _ = self.term.recv() => return,
                _ = self.int.recv() => return,
                _ = self.hup.recv() => reload(app, file),
            }
        }
    }
}

fn reload(app: &App, file: &Path) {
    match app.reload(file) {
        Ok(kept) => {
            tracing::info!("config reloaded");
            for key in kept {
                tracing::warn!(
                    key,
                    "the key has changed, which needs a restart; its old value stays"
                );
            }
        }
        Err(ReloadError::Config(errors)) => {
            for error in errors.iter() {
                tracing::error!("{error}");
            }
            tracing::error!("config not reloaded; the old one stays");
        }
        Err(error) => tracing::error!(%error, "config not reloaded; the old one stays"),
    }
}
