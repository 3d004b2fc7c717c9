//! What all checks look at: the config, the DNS, and what answers where our mail comes in.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::anyhow;

use crate::config::{Config, Route};
use crate::delivery::{Shown, probe};
use crate::dns::{Dns, NoAnswer};
use crate::domain::{Clock, Timestamp};

/// One mail server that the world brings our mail to.
pub(super) struct Server {
    pub host: String,
    pub addresses: Result<Vec<IpAddr>, NoAnswer>,
    /// What answered at each address.
    pub shown: Vec<(IpAddr, Result<Shown, String>)>,
}

pub(super) struct World {
    pub config: Arc<Config>,
    /// The config's file.
    pub file: PathBuf,
    pub dns: Dns,
    pub now: Timestamp,
    /// Where mail comes in; 25 but in tests.
    pub port: u16,
    pub sts_port: u16,
    /// The MX records of the alias domain.
    pub mx: Result<Vec<(u16, String)>, NoAnswer>,
    /// Those that they name; the domain itself or our own name where there are none; nobody where
    /// that is not known.
    pub servers: Vec<Server>,
}

impl World {
    pub async fn look(
        config: Arc<Config>,
        file: &Path,
        port: u16,
        sts_port: u16,
    ) -> anyhow::Result<Self> {
        let dns = Dns::new(&config.dns.servers)
            .map_err(|why| anyhow!("the DNS can't be asked ({why}): set dns.servers"))?;
        let domain = config.relay.alias_domain.clone();
        let mx = dns.mail_servers(&domain).await;
        let mut hosts: Vec<String> = match &mx {
            Ok(found) => found.iter().map(|(_, host)| host.clone()).collect(),
            // Nobody knows where mail comes in: then there is nothing to judge.
            Err(NoAnswer::Failed) => vec![],
            // RFC 5321 §5.1: the domain itself stands for a missing MX.
            Err(_) if dns.addresses(&domain).await.is_ok() => vec![domain],
            Err(_) => vec![config.relay.hostname.clone()],
        };
        hosts.retain(|host| !host.is_empty());
        let mut servers = Vec::new();
        for host in hosts {
            let addresses = dns.addresses(&host).await;
            let mut shown = Vec::new();
            for ip in addresses.iter().flatten().take(8) {
                let seen = probe((*ip, port).into(), &config.relay.hostname, &host).await;
                shown.push((*ip, seen));
            }
            servers.push(Server { host, addresses, shown });
        }
        let (file, now) = (file.to_owned(), Clock::system().now());
        Ok(Self { config, file, dns, now, port, sts_port, mx, servers })
    }

    pub fn hostname(&self) -> &str {
        &self.config.relay.hostname
    }

    pub fn alias_domain(&self) -> &str {
        &self.config.relay.alias_domain
    }

    /// The mail server that all outgoing mail goes to, where there is one.
    pub fn smarthost(&self) -> Option<&str> {
        match &self.config.delivery.route {
            Route::Smarthost { host, .. } => Some(host),
            Route::Mx { .. } => None,
        }
    }

    /// Whether it is this relay that answers.
    pub fn is_ours(&self, shown: &Shown) -> bool {
        shown.name.eq_ignore_ascii_case(self.hostname())
    }
}
