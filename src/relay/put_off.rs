//! Before a mail is taken: whether its sender is told to come again.

use std::time::Duration;

use super::Relay;
use super::route::{Route, Target};
use super::sources::Source;
use crate::config;
use crate::market::limits::Limit;
use crate::sender::Peer;

/// Why a mail is not taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOff {
    /// Nobody knows its sender yet, who has to wait for so long.
    Newcomer(Duration),
    /// Its network has brought too many.
    Limit(Limit),
}

impl Relay {
    /// Whether a mail to these is put off, at DATA: a valid alias is always told from one that is
    /// none (PRODUCT §4), and who only asks is not kept waiting. Never reports to bounce addresses
    /// nor mail to the postmaster.
    pub async fn put_off(&self, peer: Peer, mail_from: &str, routes: &[Route]) -> Option<PutOff> {
        if !routes.iter().any(|route| matches!(route.0, Target::Party(_))) {
            return None;
        }
        if self.has_brought_too_many(peer, mail_from).await {
            tracing::info!(peer = %peer.address(), "put off: too many mails from its network");
            return Some(PutOff::Limit(Limit::Network));
        }
        self.newcomer(peer, mail_from, routes).await.map(PutOff::Newcomer)
    }

    /// Counts a mail of a network with an envelope domain. Over the limit that pair alone waits, and
    /// over ten times as much the network whole, unless proved mail came from it lately: one who
    /// floods must not shut the others out who send through the same server (PRODUCT §3). A trusted
    /// peer is limited by what the config sets only.
    async fn has_brought_too_many(&self, peer: Peer, mail_from: &str) -> bool {
        let house = &self.0;
        let most = match house.config.limits.mails_per_network_per_hour {
            None if peer.is_trusted() => return false,
            set => set.unwrap_or(config::Limits::MAILS_PER_NETWORK_PER_HOUR),
        };
        let (now, source) = (house.clock.now(), Source::new(peer, mail_from));
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let excess = house.mails.excess(&source, most, now);
        // An error is no reason to keep anybody waiting.
        let over = excess.pair
            || excess.network
                && !peer.is_trusted()
                && !house.store.is_proved(source.network(), now).await.unwrap_or(true);
        if !over {
            house.mails.count(source, now);
        }
        over
    }
}
