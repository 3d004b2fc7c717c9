//! Greylisting (RFC 6647): who writes here for the first time is told to come again, which mail
//! servers do and most senders of spam do not. Counted in memory: what a restart forgets costs a
//! newcomer one more wait and nobody a mail; and who has written proved mail is known from the store.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Relay;
use super::route::{Route, Target};
use crate::domain::Timestamp;
use crate::sender::Peer;

/// Who came is remembered for one to two of these: mail servers come again for days.
const GENERATION: Duration = Duration::from_secs(2 * 86_400);
/// So many are remembered in one; when there are more it ends early.
const MOST: usize = 50_000;

/// Who writes to whom. Large senders come again from another address of the same network.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Newcomer {
    network: IpAddr,
    mail_from: String,
    recipient: String,
}

impl Newcomer {
    fn new(peer: Peer, mail_from: &str, recipient: &str) -> Self {
        let network = match peer.network() {
            IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & 0xffff_ff00).into(),
            v6 => v6,
        };
        let recipient = recipient.to_owned();
        Self { network, mail_from: mail_from.to_ascii_lowercase(), recipient }
    }
}

/// When each first came. Shared by all sessions.
#[derive(Debug, Default)]
pub(super) struct Greylist(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    began: Timestamp,
    now: HashMap<Newcomer, Timestamp>,
    before: HashMap<Newcomer, Timestamp>,
}

impl Greylist {
    /// How long this one has yet to wait; nothing where that is over.
    fn wait(&self, who: Newcomer, wait: Duration, now: Timestamp) -> Option<Duration> {
        // Nothing that holds this lock can panic half-way through a change.
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.since(seen.began);
        if age >= GENERATION || seen.now.len() >= MOST {
            let ended = std::mem::take(&mut seen.now);
            seen.before = if age < GENERATION * 2 { ended } else { HashMap::new() };
            seen.began = now;
        }
        // Moved on, so that who goes on writing is not forgotten.
        let known = seen.before.remove(&who);
        let first = *seen.now.entry(who).or_insert(known.unwrap_or(now));
        wait.checked_sub(now.since(first)).filter(|left| !left.is_zero())
    }
}

impl Relay {
    /// How long the sender of a mail to these has to wait because nobody knows it, where
    /// `smtp.greylist` says so. Never a trusted peer, nor a network from which proved mail came
    /// within 30 days; never reports to bounce addresses and mail to the postmaster.
    pub(super) async fn newcomer(
        &self,
        peer: Peer,
        mail_from: &str,
        routes: &[Route],
    ) -> Option<Duration> {
        let house = &self.0;
        let wait = house.config.smtp.greylist.filter(|_| !peer.is_trusted())?;
        let now = house.clock.now();
        let parties = routes.iter().filter_map(|route| match &route.0 {
            Target::Party(party) => Some(party.alias.local()),
            _ => None,
        });
        // All of them are noted: the next time none of them waits anew.
        let left = parties.filter_map(|alias| {
            house.greylist.wait(Newcomer::new(peer, mail_from, alias), wait, now)
        });
        let left = left.max()?;
        // An error is no reason to keep anybody waiting.
        if house.store.is_proved(peer.network(), now).await.unwrap_or(true) {
            return None;
        }
        tracing::info!(peer = %peer.address(), wait_s = left.as_secs(), "a newcomer is told to come again");
        Some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(300);

    fn who(ip: &str, from: &str, to: &str) -> Newcomer {
        Newcomer::new(Peer::new(ip.parse().unwrap(), &[]), from, to)
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000).after(Duration::from_secs(seconds))
    }

    #[test]
    fn a_newcomer_waits_once_from_any_address_of_the_network() {
        let list = Greylist::default();
        let ann = |ip| who(ip, "ann@mail.example", "abc");
        assert_eq!(list.wait(ann("192.0.2.1"), WAIT, at(0)), Some(WAIT));
        let left = Some(Duration::from_secs(200));
        assert_eq!(
            list.wait(ann("192.0.2.200"), WAIT, at(100)),
            left,
            "coming often helps nothing"
        );
        assert_eq!(list.wait(who("192.0.2.1", "Ann@Mail.example", "abc"), WAIT, at(300)), None);
        assert_eq!(list.wait(ann("192.0.2.1"), WAIT, at(86_400)), None, "from then on");
        for other in [
            who("192.0.3.1", "ann@mail.example", "abc"),
            who("192.0.2.1", "joe@mail.example", "abc"),
            who("192.0.2.1", "ann@mail.example", "abd"),
            who("2001:db8::1", "ann@mail.example", "abc"),
        ] {
            assert_eq!(list.wait(other.clone(), WAIT, at(86_400)), Some(WAIT), "{other:?}");
        }
        let neighbour = who("2001:db8::2:1", "ann@mail.example", "abc");
        assert_eq!(list.wait(neighbour, WAIT, at(86_400 + 300)), None, "the same /64");
    }

    #[test]
    fn who_goes_on_writing_is_not_forgotten_and_a_flood_fills_no_memory() {
        let list = Greylist::default();
        let ann = || who("192.0.2.1", "ann@mail.example", "abc");
        list.wait(ann(), WAIT, at(0));
        for days in 1..20 {
            assert_eq!(list.wait(ann(), WAIT, at(days * 86_400)), None, "day {days}");
        }
        assert_eq!(list.wait(ann(), WAIT, at(40 * 86_400)), Some(WAIT), "long gone");
        for n in 0..3 * MOST {
            list.wait(who("198.51.100.1", &format!("{n}@x.example"), "abc"), WAIT, at(50 * 86_400));
        }
        let seen = list.0.lock().unwrap();
        assert!(seen.now.len() + seen.before.len() <= 2 * MOST);
    }
}
