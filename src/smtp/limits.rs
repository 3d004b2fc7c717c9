//! What sessions share: the settings, and the counts that keep one of them from starving others.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::seats::{Bounds, Seat, Seats};
use crate::config::{self, Config, Network, Verify};

/// What a session bears, and for how long it waits.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one address; IPv6 by /64. A trusted network may have as many as there are:
    /// all mail may come from the one mail server in front.
    pub connections_per_address: usize,
    /// Where no more may be had, a connection from which nothing has come for so long makes room.
    pub silent: Duration,
    /// Wrong commands in a session; the last one ends it.
    pub errors: usize,
    /// Commands in a row that bring no mail (NOOP, RSET, …); the last one ends the session.
    pub idle_commands: usize,
    /// Unknown recipients in a session; the last one ends it.
    pub unknown_recipients: usize,
    /// From the last reply to the end of the next command, not per octet
    /// (RFC 5321 §4.5.3.2.7: at least 5 minutes).
    pub command: Duration,
    /// From 354 to the final dot.
    pub data: Duration,
    /// So long after 354 others wait for its end a moment, to be written along with it.
    pub soon: Duration,
    /// For the PROXY header of a load balancer.
    pub proxy: Duration,
    /// For a reply to be taken by the peer.
    pub write: Duration,
    /// After a stop, for a transaction that was begun.
    pub drain: Duration,
    /// Octets over `max_size` that are read and dropped so that the peer hears why.
    pub excess: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1000,
            connections_per_address: 100,
            silent: Duration::from_millis(250),
            errors: 20,
            idle_commands: 100,
            unknown_recipients: 20,
            command: Duration::from_secs(300),
            data: Duration::from_secs(600),
            soon: Duration::from_millis(25),
            proxy: Duration::from_secs(10),
            write: Duration::from_secs(60),
            drain: Duration::from_secs(10),
            excess: 100 * 1024 * 1024,
        }
    }
}

/// Settings and counts of all sessions of a relay, over all its listeners.
#[derive(Debug)]
pub struct Settings {
    /// `relay.hostname`
    pub hostname: String,
    /// `smtp.max_size`
    pub max_size: usize,
    /// `senders.verify = "address"`: nobody else may send.
    pub only_trusted: bool,
    /// `smtp.trusted_networks`
    pub trusted_networks: Vec<Network>,
    /// `smtp.proxy_networks`
    pub proxy_networks: Vec<Network>,
    /// What a session bears.
    pub limits: Limits,
    /// `smtp.in_flight`
    octets: usize,
    /// Certificate and key; none: STARTTLS is not offered.
    pub(super) tls: Option<Arc<ServerConfig>>,
    in_flight: Arc<Semaphore>,
    seats: Seats,
    sessions: Arc<AtomicU64>,
}

impl Settings {
    /// From the config, with the usual limits.
    pub fn new(config: &Config) -> Self {
        let smtp = &config.smtp;
        Self {
            hostname: config.relay.hostname.clone(),
            only_trusted: config.senders.verify == Verify::Address,
            max_size: smtp.max_size,
            trusted_networks: smtp.trusted_networks.clone(),
            proxy_networks: smtp.proxy_networks.clone(),
            limits: Limits::default(),
            octets: smtp.in_flight,
            tls: None,
            in_flight: Arc::new(Semaphore::new(smtp.in_flight.min(Semaphore::MAX_PERMITS))),
            seats: Seats::default(),
            sessions: Arc::default(),
        }
    }

    /// The same, with STARTTLS where there is a certificate.
    pub fn with_tls(self, tls: Option<&config::Tls>) -> Self {
        Self { tls: tls.map(|tls| Arc::clone(&tls.server)), ..self }
    }

    /// The same with other limits.
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// From a config that takes this one's place: the counts go on, since the sessions do. Where
    /// `smtp.in_flight` changed, the mails of older sessions count under the old one.
    pub fn renewed(&self, config: &Config) -> Self {
        let mut new = Self::new(config).with_limits(self.limits.clone());
        new.seats = self.seats.clone();
        new.sessions = Arc::clone(&self.sessions);
        if new.octets == self.octets {
            new.in_flight = Arc::clone(&self.in_flight);
        }
        new
    }

    /// The number of the next session, for the log.
    pub(super) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A seat for a connection from this address, if one is free or can be made free.
    pub(super) fn seat(&self, address: IpAddr, stop: &CancellationToken) -> Option<Seat> {
        let trusted = self.trusted_networks.iter().any(|n| n.contains(address));
        let most =
            if trusted { self.limits.connections } else { self.limits.connections_per_address };
        self.seat_among(address, most, stop)
    }

    /// A seat for a connection of a load balancer, which may have as many as there are.
    pub(super) fn seat_of_proxy(&self, address: IpAddr, stop: &CancellationToken) -> Option<Seat> {
        self.seat_among(address, self.limits.connections, stop)
    }

    /// Whether the connections of this address begin with a PROXY header.
    pub(super) fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxy_networks.iter().any(|n| n.contains(address))
    }

    fn seat_among(&self, address: IpAddr, own: usize, stop: &CancellationToken) -> Option<Seat> {
        let bounds = Bounds { all: self.limits.connections, own, silent: self.limits.silent };
        self.seats.take(address, bounds, stop)
    }

    /// Room for this many octets of a mail, if it is left under `smtp.in_flight`.
    pub(super) fn share(&self, octets: usize) -> Option<Share> {
        let permit = Arc::clone(&self.in_flight).try_acquire_many_owned(permits(octets)?).ok()?;
        Some(Share { permit, all: Arc::clone(&self.in_flight) })
    }
}

fn permits(octets: usize) -> Option<u32> {
    u32::try_from(octets).ok()
}

/// A mail's part of `smtp.in_flight`, given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    permit: OwnedSemaphorePermit,
    all: Arc<Semaphore>,
}

impl Share {
    /// Makes it at least this large; false: there is no room.
    pub(super) fn grow(&mut self, octets: usize) -> bool {
        let have = self.permit.num_permits();
        if octets <= have {
            return true;
        }
        let more = permits(octets - have)
            .and_then(|more| Arc::clone(&self.all).try_acquire_many_owned(more).ok());
        match more {
            Some(more) => {
                self.permit.merge(more);
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;

    #[test]
    fn octets_in_flight_are_counted_and_given_back() {
        let settings = settings(); // 20,000 octets
        let mut share = settings.share(15_000).unwrap();
        assert!(settings.share(5_001).is_none());
        assert!(share.grow(10) && share.grow(20_000) && !share.grow(20_001));
        drop(share);
        assert!(settings.share(20_000).is_some());
        assert!(settings.share(usize::MAX).is_none());
    }
}
