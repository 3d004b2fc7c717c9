//! Where guesses and mails come from: counted per network and envelope domain (PRODUCT §3), in
//! bounded memory.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::Timestamp;
use crate::sender::Peer;

/// Counts live for one to two of these: together an hour.
const GENERATION: Duration = Duration::from_secs(1800);
/// Networks and pairs that one generation remembers; when there are more it ends early.
const MOST: usize = 10_000;
/// A network as a whole may do so many times what it may with one envelope domain.
const WHOLE: u32 = 10;

/// Who names recipients.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Source {
    network: IpAddr,
    domain: String,
}

impl Source {
    /// The peer with the domain of its envelope sender, empty for `<>`.
    pub fn new(peer: Peer, mail_from: &str) -> Self {
        let domain = mail_from.rsplit_once('@').map_or("", |(_, domain)| domain);
        Self { network: peer.network(), domain: domain.to_ascii_lowercase() }
    }

    /// The network.
    pub fn network(&self) -> IpAddr {
        self.network
    }
}

/// What of a source is over its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Excess {
    /// This network with this envelope domain.
    pub pair: bool,
    /// The network, whatever domain it names.
    pub network: bool,
}

/// The counts. Shared by all sessions; a restart forgets them.
#[derive(Debug, Default)]
pub(super) struct Sources(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    began: Timestamp,
    now: Generation,
    before: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    pairs: HashMap<Source, u32>,
    networks: HashMap<IpAddr, u32>,
}

impl Sources {
    /// Counts one.
    pub fn count(&self, source: Source, now: Timestamp) {
        self.with(now, |counts| {
            let Generation { pairs, networks } = &mut counts.now;
            let network = networks.entry(source.network).or_default();
            *network = network.saturating_add(1);
            let pair = pairs.entry(source).or_default();
            *pair = pair.saturating_add(1);
        });
    }

    /// Whether this one was counted `limit` times or more.
    pub fn excess(&self, source: &Source, limit: u32, now: Timestamp) -> Excess {
        self.with(now, |Counts { now, before, .. }| {
            let sum = |a: Option<&u32>, b: Option<&u32>| {
                a.copied().unwrap_or(0).saturating_add(b.copied().unwrap_or(0))
            };
            let network = &source.network;
            let whole = sum(now.networks.get(network), before.networks.get(network));
            let pair = sum(now.pairs.get(source), before.pairs.get(source));
            Excess { pair: pair >= limit, network: whole >= limit.saturating_mul(WHOLE) }
        })
    }

    fn with<T>(&self, now: Timestamp, work: impl FnOnce(&mut Counts) -> T) -> T {
        // Nothing that holds this lock can panic half-way through a change.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.since(counts.began);
        if age >= GENERATION || counts.now.pairs.len() >= MOST {
            let ended = std::mem::take(&mut counts.now);
            let recent = age < GENERATION * 2;
            counts.before = if recent { ended } else { Generation::default() };
            counts.began = now;
        }
        work(&mut counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(network: &str, from: &str) -> Source {
        Source::new(Peer::new(network.parse().unwrap(), &[]), from)
    }

    const NONE: Excess = Excess { pair: false, network: false };
    const PAIR: Excess = Excess { pair: true, network: false };
    const NETWORK: Excess = Excess { pair: false, network: true };

    fn at(minutes: u32) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).after(Duration::from_secs(60) * minutes)
    }

    #[test]
    fn a_pair_is_over_its_limit_alone_and_not_for_ever() {
        let guesses = Sources::default();
        let joe = source("2001:db8::1", "joe@Elsewhere.example");
        for n in 0..5 {
            assert_eq!(guesses.excess(&joe, 5, at(0)), NONE, "{n}");
            guesses.count(joe.clone(), at(0));
        }
        assert_eq!(guesses.excess(&joe, 5, at(0)), PAIR);
        let same = source("2001:db8::2:1", "ann@elsewhere.example");
        assert_eq!(guesses.excess(&same, 5, at(0)), PAIR, "the same /64 and domain");
        for other in [
            source("2001:db8:0:1::1", "joe@elsewhere.example"),
            source("2001:db8::1", "joe@other.example"),
            source("2001:db8::1", ""),
            source("192.0.2.1", "joe@elsewhere.example"),
        ] {
            assert_eq!(guesses.excess(&other, 5, at(0)), NONE, "{other:?}");
        }
        assert_eq!(guesses.excess(&joe, 5, at(31)), PAIR, "half an hour later still");
        assert_eq!(guesses.excess(&joe, 5, at(62)), NONE);
        guesses.count(joe.clone(), at(62));
        assert_eq!(guesses.excess(&joe, 1, at(500)), NONE, "long after");
    }

    #[test]
    fn who_names_ever_new_domains_is_counted_as_a_network_and_fills_no_memory() {
        let guesses = Sources::default();
        let from = |n: usize| source("192.0.2.1", &format!("x@d{n}.example"));
        for n in 0..50 {
            guesses.count(from(n), at(0));
        }
        assert_eq!(guesses.excess(&from(99), 5, at(0)), NETWORK);
        assert_eq!(guesses.excess(&source("192.0.2.2", "x@d1.example"), 5, at(0)), NONE);
        for n in 0..3 * MOST {
            guesses.count(from(n), at(1));
        }
        let counts = guesses.0.lock().unwrap();
        assert!(counts.now.pairs.len() + counts.before.pairs.len() <= 2 * MOST);
        assert_eq!(counts.now.networks.len(), 1);
        drop(counts);
        assert!(guesses.excess(&from(0), 5, at(1)).network);
    }
}
