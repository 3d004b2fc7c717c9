//! Connections to a destination: made, kept for a while, handed out again.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex as AsyncMutex;
use tokio::task::JoinSet;

use super::encrypt;
use super::opening::{Encryption, OpenError, Opened, open};
use super::route::{NoRoute, OURSELVES, mail_servers};
use super::sts::{self, Sts};
use super::times::Times;
use crate::config::{Config, DeliveryTls, Route};
use crate::dns::{Dns, NoAnswer};

/// Peers close idle connections; what lay about longer is not worth a try.
const IDLE: Duration = Duration::from_secs(20);
/// A server that could not be reached is tried after all others for so long.
const DEAD: Duration = Duration::from_secs(300);
/// So many addresses of a domain's servers are tried in one attempt.
const ADDRESSES: usize = 6;

/// Where a destination's mail goes.
pub(super) enum Target {
    /// To this host, at this port.
    Host(String, u16),
    /// To the mail servers of this domain, at this port.
    Domain(String, u16),
}

/// What all destinations share.
pub(super) struct Network {
    pub dns: Option<Dns>,
    pub sts: Option<Sts>,
    pub times: Times,
    /// Our own name.
    pub hello: String,
    /// Servers that could not be reached, and until when that counts.
    dead: Mutex<HashMap<IpAddr, Instant>>,
}

impl Network {
    pub fn new(dns: Option<Dns>, sts: Option<Sts>, times: Times, hello: &str) -> Self {
        Self { dns, sts, times, hello: hello.to_owned(), dead: Mutex::default() }
    }

    fn is_dead(&self, ip: IpAddr) -> bool {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.get(&ip).is_some_and(|until| Instant::now() < *until)
    }

    fn reached(&self, ip: IpAddr, alive: bool) {
        let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        if alive {
            dead.remove(&ip);
        } else {
            let now = Instant::now();
            dead.retain(|_, until| now < *until);
            dead.insert(ip, now + DEAD);
        }
    }
}

/// The connections to one destination.
pub(super) struct Pool {
    target: Target,
    tls: DeliveryTls,
    pub network: Arc<Network>,
    idle: AsyncMutex<Vec<(Opened, Instant)>>,
    /// Whatever it offers, something there does not take several commands at once.
    one_by_one: AtomicBool,
}

/// Why there is no connection. For log and store: names no person.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The mail can't go anywhere.
    #[error("{}", .0.why)]
    NoRoute(NoRoute),
    /// None of the servers could be spoken to; what the last one said.
    #[error("{0}")]
    Open(#[from] OpenError),
}

impl Pool {
    pub fn new(target: Target, tls: DeliveryTls, network: Arc<Network>) -> Self {
        let (idle, one_by_one) = (AsyncMutex::new(Vec::new()), AtomicBool::new(false));
        Self { target, tls, network, idle, one_by_one }
    }

    /// To the destination of that name: a recipients' domain, or whatever the smarthost is called.
    pub fn to(name: &str, config: &Config, network: Arc<Network>) -> Self {
        let delivery = &config.delivery;
        let (target, tls) = match &delivery.route {
            Route::Smarthost { host, port } => (Target::Host(host.clone(), *port), delivery.tls),
            Route::Mx { port, .. } => {
                // RFC 5891 §4.4: the DNS, certificates and policies know it in ASCII only.
                let name = idna::domain_to_ascii(name).unwrap_or_else(|_| name.to_owned());
                let required = delivery.tls_required_domains.contains(&name);
                let tls = if required { DeliveryTls::Required } else { delivery.tls };
                (Target::Domain(name, *port), tls)
            }
        };
        Self::new(target, tls, network)
    }

    /// Whether each command waits for the answer to the one before.
    pub fn is_one_by_one(&self) -> bool {
        self.one_by_one.load(Ordering::Relaxed)
    }

    /// From now on, until the destination is forgotten, it does.
    pub fn speak_one_by_one(&self) {
        self.one_by_one.store(true, Ordering::Relaxed);
    }

    /// A connection that was used before, if one still lies about.
    pub async fn reuse(&self) -> Option<Opened> {
        let mut idle = self.idle.lock().await;
        while let Some((connection, since)) = idle.pop() {
            if since.elapsed() < IDLE && !connection.smtp.has_broken() {
                return Some(connection);
            }
        }
        None
    }

    /// A new connection, greeted and encrypted as is asked for.
    pub async fn connect(&self) -> Result<Opened, ConnectError> {
        let no_route = |permanent, why| ConnectError::NoRoute(NoRoute { permanent, why });
        match &self.target {
            Target::Host(host, port) => {
                let lookup = tokio::net::lookup_host((host.as_str(), *port));
                let found = tokio::time::timeout(self.network.times.connect, lookup).await;
                let found = found.map_err(|_| OpenError::Timeout)?.map_err(OpenError::from)?;
                let addresses: Vec<SocketAddr> = found.collect();
                let mut error = no_route(false, "4.4.3 the smarthost has no address");
                for address in self.living_first(addresses) {
                    match self.open(address, host, self.tls).await {
                        Ok(opened) => return Ok(opened),
                        Err(why) => error = why.into(),
                    }
                }
                Err(error)
            }
            Target::Domain(domain, port) => {
                let Some(dns) = &self.network.dns else {
                    return Err(no_route(false, "4.4.3 this system names no DNS servers"));
                };
                let hosts = mail_servers(dns, domain, &self.network.hello).await;
                let mut hosts = hosts.map_err(ConnectError::NoRoute)?;
                let policy = match &self.network.sts {
                    Some(sts) => sts.policy(dns, domain).await,
                    None => None,
                };
                let mut tls = self.tls;
                if let Some(policy) = policy.filter(|policy| policy.mode == "enforce") {
                    tls = DeliveryTls::Required;
                    hosts.retain(|host| sts::fits(&policy.hosts, host));
                    if hosts.is_empty() {
                        let why = "4.7.5 none of the domain's mail servers is one that its MTA-STS policy names";
                        return Err(no_route(false, why));
                    }
                }
                self.connect_to_one_of(dns, &hosts, *port, tls).await
            }
        }
    }

    /// Tries a domain's servers in their order (RFC 5321 §5.1).
    async fn connect_to_one_of(
        &self,
        dns: &Dns,
        hosts: &[String],
        port: u16,
        tls: DeliveryTls,
    ) -> Result<Opened, ConnectError> {
        let why = "4.4.4 none of the domain's mail servers has an address";
        let mut error = ConnectError::NoRoute(NoRoute { permanent: false, why });
        let (mut tried, mut later) = (0, Vec::new());
        for host in hosts {
            let addresses = match dns.addresses(host).await {
                Ok(addresses) => addresses,
                Err(NoAnswer::Failed) if matches!(error, ConnectError::NoRoute(_)) => {
                    let why = "4.4.3 the DNS gave no answer about the domain's mail servers";
                    error = ConnectError::NoRoute(NoRoute { permanent: false, why });
                    continue;
                }
                Err(_) => continue,
            };
            for ip in addresses {
                if self.network.is_dead(ip) {
                    later.push((host, ip));
                    continue;
                }
                tried += 1;
                match self.open((ip, port).into(), host, tls).await {
                    Ok(opened) => return Ok(opened),
                    Err(OpenError::Ourselves) => {
                        let why = NoRoute { permanent: true, why: OURSELVES };
                        return Err(ConnectError::NoRoute(why));
                    }
                    Err(why) => error = why.into(),
                }
                if tried >= ADDRESSES {
                    return Err(error);
                }
            }
        }
        // Nobody else is left. Whether it is worth a try is for the destination's pace to say.
        for (host, ip) in later.into_iter().take(ADDRESSES.saturating_sub(tried).min(2)) {
            match self.open((ip, port).into(), host, tls).await {
                Ok(opened) => return Ok(opened),
                Err(why) => error = why.into(),
            }
        }
        Err(error)
    }

    fn living_first(&self, mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        addresses.sort_by_key(|address| self.network.is_dead(address.ip()));
        addresses.truncate(ADDRESSES);
        addresses
    }

    async fn open(
        &self,
        address: SocketAddr,
        host: &str,
        tls: DeliveryTls,
    ) -> Result<Opened, OpenError> {
        let encryption = encryption(host, tls)?;
        let Network { times, hello, .. } = &*self.network;
        let mut opened = open(address, hello, encryption.as_ref(), times).await;
        if let (Err(error), Some(Encryption { required: false, .. })) = (&opened, &encryption)
            && error.is_about_tls()
        {
            // RFC 3207 leaves it to us; unencrypted is better than not at all, where nobody asked
            // for more.
            tracing::info!(%error, "sent without encryption: the server's own is broken");
            opened = open(address, hello, None, times).await;
        }
        let is_reached = !matches!(opened, Err(OpenError::Network(_) | OpenError::Timeout));
        self.network.reached(address.ip(), is_reached);
        opened
    }

    /// Takes a connection back that is ready for the next MAIL.
    pub async fn keep(&self, connection: Opened) {
        if !connection.smtp.has_broken() {
            self.idle.lock().await.push((connection, Instant::now()));
        }
    }

    /// Says QUIT to every idle connection.
    pub async fn close(&self) {
        let all = std::mem::take(&mut *self.idle.lock().await);
        self.part(all).join_all().await;
    }

    /// Says QUIT to those that lay about too long, so that the peer need not wonder. Does not wait
    /// for their answers.
    pub async fn prune(&self) {
        let stale: Vec<_> = {
            let mut idle = self.idle.lock().await;
            idle.extract_if(.., |(_, since)| since.elapsed() >= IDLE).collect()
        };
        self.part(stale).detach_all();
    }

    fn part(&self, from: Vec<(Opened, Instant)>) -> JoinSet<()> {
        let time = self.network.times.farewell;
        let quit = |mut connection: Opened| async move {
            let _ = tokio::time::timeout(time, connection.smtp.quit()).await;
        };
        from.into_iter().map(|(connection, _)| quit(connection)).collect()
    }
}

/// Closes all of them.
pub(super) async fn close_all(pools: Vec<Arc<Pool>>) {
    let mut closing = JoinSet::new();
    for pool in pools {
        closing.spawn(async move { pool.close().await });
    }
    closing.join_all().await;
}

fn encryption(host: &str, tls: DeliveryTls) -> Result<Option<Encryption>, OpenError> {
    let broken = |error: tokio_rustls::rustls::Error| OpenError::BrokenTls(error.to_string());
    let name = host.to_owned();
    Ok(match tls {
        DeliveryTls::None => None,
        DeliveryTls::Opportunistic => {
            let config = encrypt::unproved().map_err(broken)?;
            Some(Encryption { config, name, required: false })
        }
        DeliveryTls::Required => {
            let config = encrypt::proved().map_err(broken)?;
            Some(Encryption { config, name, required: true })
        }
    })
}
