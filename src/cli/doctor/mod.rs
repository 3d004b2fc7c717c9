//! `bauta doctor`: the relay as the world sees it. Each check tells what is right or wrong, and
//! the exact record or command that mends it; one file per check.

mod clock;
mod dkim;
mod dmarc;
mod erasing;
mod finding;
mod mta_sts;
mod mx;
mod outgoing;
mod ports;
mod ptr;
mod searching;
mod spf;
mod test_mail;
mod tls;
mod world;

use std::io::Write;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Args;

use super::json;
use crate::domain::RealAddress;
use crate::store::can_sweep;
use finding::{Finding, State};
use world::World;

pub(super) use finding::text_record;

/// `bauta doctor`
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Send a test mail there too, through the running relay, and tell what became of it
    #[arg(long, value_name = "ADDRESS")]
    send_test: Option<RealAddress>,
    /// Who is asked for the time (SNTP): HOST or HOST:PORT
    #[arg(long, value_name = "HOST", default_value = "pool.ntp.org")]
    time_server: String,
    /// The port at which the world brings its mail (for tests)
    #[arg(long, default_value_t = 25, hide = true)]
    port: u16,
    /// The port of the own MTA-STS policy (for tests)
    #[arg(long, default_value_t = 443, hide = true)]
    mta_sts_port: u16,
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub fn run(self, path: &Path, out: &mut impl Write) -> anyhow::Result<()> {
        let config = super::load(path)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("the runtime could not be started")?;
        let mut findings = runtime.block_on(async {
            let world = World::look(config, path, self.port, self.mta_sts_port).await?;
            anyhow::Ok(examine(&world, &self.time_server).await)
        })?;
        findings.extend(searching::check(path));
        if let Some(address) = &self.send_test {
            findings.push(super::beside(path, async |h| test_mail::send(h, address).await)?);
        }
        if self.json {
            json(out, &findings)?;
        } else {
            findings.iter().try_for_each(|finding| finding.write(out))?;
        }
        let wrong = findings.iter().filter(|f| f.state == State::Wrong).count();
        match wrong {
            0 => Ok(()),
            _ => bail!("{wrong} of {} checks found something wrong", findings.len()),
        }
    }
}

/// All checks, in the order in which a mail would meet them.
async fn examine(world: &World, time_server: &str) -> Vec<Finding> {
    let mut findings = mx::check(world).await;
    findings.extend(ports::check(world).await);
    findings.extend(tls::check(world));
    findings.extend(mta_sts::check(world).await);
    findings.push(outgoing::check(world).await);
    findings.extend(ptr::check(world).await);
    findings.extend(spf::check(world).await);
    findings.extend(dkim::check(world).await);
    findings.push(dmarc::check(world).await);
    findings.push(clock::check(world, time_server).await);
    findings.push(erasing::check(can_sweep()));
    findings
}
