//! RCPT: where mail for one recipient goes.

use super::Relay;
use super::sources::Source;
use crate::alias::{BounceToken, Recipient};
use crate::config::UnknownAlias;
use crate::domain::{AliasAddress, Facts, Party, Role};
use crate::sender::{Peer, Unproved};

/// A recipient that we take mail for.
#[derive(Debug, Clone)]
pub struct Route(pub(super) Target);

#[derive(Debug, Clone)]
pub(super) enum Target {
    /// An alias that was given out.
    Party(Box<ToParty>),
    /// `relay.postmaster`
    Postmaster,
    /// A bounce address of ours: what comes to it is read, and never passed on.
    Bounce(BounceToken),
}

/// Mail for the party behind an alias.
#[derive(Debug, Clone)]
pub(super) struct ToParty {
    pub alias: AliasAddress,
    pub tag: Option<String>,
    /// Whom the alias stands for.
    pub stands_for: Role,
    pub facts: Facts,
}

impl ToParty {
    /// Who may write to it.
    pub fn writer(&self) -> &Party {
        self.facts.party(self.stands_for.other())
    }
}

/// Why no mail is taken for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteRefusal {
    /// No alias of ours, or none that anybody made: always the same, whatever the reason.
    Unknown,
    /// The same while `smtp.unknown_alias = "defer"`: come again.
    Defer,
    /// Can't be looked up now: the store is busy.
    Unavailable,
    /// `postmaster@` or `abuse@` where no `relay.postmaster` is named.
    NoPostmaster,
    /// Too many unknown aliases were named from here.
    TooManyGuesses,
}

impl Relay {
    /// Where mail for this recipient goes. `mail_from` and `recipient` as between the angle
    /// brackets.
    ///
    /// A guess costs the same look-up as an alias does, so that its time tells nothing (PRODUCT
    /// §3); the check in an alias's own text only spares a database under attack its row.
    pub async fn route(
        &self,
        peer: Peer,
        mail_from: &str,
        recipient: &str,
    ) -> Result<Route, RouteRefusal> {
        let house = &self.0;
        let now = house.clock.now();
        let party = match self.keys(|keys| keys.read(recipient, now)) {
            Recipient::Alias { alias, tag } => self.party_behind(&alias, tag).await?,
            Recipient::Postmaster if house.config.relay.postmaster.is_some() => {
                return Ok(Route(Target::Postmaster));
            }
            Recipient::Postmaster => return Err(RouteRefusal::NoPostmaster),
            Recipient::Bounce(token) => return Ok(Route(Target::Bounce(token))),
            Recipient::Unknown => {
                let nobody = AliasAddress::new("", &house.config.relay.alias_domain);
                self.party_behind(&nobody, None).await?
            }
        };
        self.bear(&Source::new(peer, mail_from), peer, party.is_some()).await?;
        party.map(|p| Route(Target::Party(Box::new(p)))).ok_or_else(|| self.unknown())
    }

    /// Counts a guess, and refuses whoever has guessed too often: with `known` aliases too, unless
    /// mail that was proved came from the network within 30 days. That is never refused whole: a
    /// source among its users must not shut the others out (PRODUCT §3).
    async fn bear(&self, source: &Source, peer: Peer, known: bool) -> Result<(), RouteRefusal> {
        let house = &self.0;
        let now = house.clock.now();
        let limit = house.config.limits.unknown_aliases_per_hour;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let excess = house.guesses.excess(source, limit, now);
        // During a restore it is we who do not know.
        if !known && house.config.smtp.unknown_alias == UnknownAlias::Reject {
            house.guesses.count(source.clone(), now);
        }
        if !excess.pair && !excess.network {
            return Ok(());
        }
        let proved = peer.is_trusted() || {
            let proved = house.store.is_proved(source.network(), now).await;
            proved.map_err(|error| {
                tracing::warn!(%error, "a network could not be looked up");
                RouteRefusal::Unavailable
            })?
        };
        if proved && (known || !excess.pair) {
            return Ok(());
        }
        tracing::info!(peer = %peer.address(), ?excess, "unknown aliases were named too often");
        Err(RouteRefusal::TooManyGuesses)
    }

    /// Counts a mail whose sender was not proved as a guess is (PRODUCT §3): each costs look-ups, and
    /// whoever sends nothing else is put off at RCPT before long. Where the DNS does not answer it
    /// is no fault of the sender's.
    pub(super) fn note_refused(&self, peer: Peer, mail_from: &str, why: Unproved) {
        if !peer.is_trusted() && why != Unproved::Temporary {
            let now = self.0.clock.now();
            self.0.guesses.count(Source::new(peer, mail_from), now);
        }
    }

    pub(super) async fn party_behind(
        &self,
        alias: &AliasAddress,
        tag: Option<String>,
    ) -> Result<Option<ToParty>, RouteRefusal> {
        let house = &self.0;
        let found = house.store.facts(alias, tag.as_deref()).await.map_err(|error| {
            tracing::warn!(%error, "a recipient could not be looked up");
            RouteRefusal::Unavailable
        })?;
        Ok(found.and_then(|(facts, stands_for)| {
            // The row alone proves nothing: the alias must be what the key makes of this pair.
            let genuine = self.keys(|keys| keys.is_genuine(&facts, stands_for, alias));
            genuine.then(|| ToParty { alias: alias.clone(), tag, stands_for, facts })
        }))
    }

    pub(super) fn unknown(&self) -> RouteRefusal {
        match self.0.config.smtp.unknown_alias {
            UnknownAlias::Reject => RouteRefusal::Unknown,
            UnknownAlias::Defer => RouteRefusal::Defer,
        }
    }
}
