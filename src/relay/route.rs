//! RCPT: where mail for one recipient goes.

use super::Relay;
use crate::alias::Recipient;
use crate::config::UnknownAlias;
use crate::domain::{AliasAddress, Facts, Role};

/// A recipient that we take mail for.
#[derive(Debug, Clone)]
pub struct Route(pub(super) Target);

#[derive(Debug, Clone)]
pub(super) enum Target {
    /// An alias that was given out.
    Party(Box<ToParty>),
    /// `relay.postmaster`
    Postmaster,
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

/// Why no mail is taken for a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteRefusal {
    /// No alias of ours, or none that anybody made: always the same, whatever the reason.
    Unknown,
    /// The same while `smtp.unknown_alias = "defer"`: come again.
    Defer,
    /// Can't be looked up now: the store is busy.
    Unavailable,
    /// An address of ours that this version takes no mail for (bounces, `postmaster@` without
    /// `relay.postmaster`).
    NotYet,
}

impl Relay {
    /// Where mail for this recipient goes. `recipient` as between the angle brackets.
    ///
    /// A guess costs the same look-up as an alias does, so that its time tells nothing (PRODUCT
    /// §3); the check in an alias's own text only spares a database under attack its row.
    pub async fn route(&self, recipient: &str) -> Result<Route, RouteRefusal> {
        let house = &self.0;
        match self.keys(|keys| keys.read(recipient, house.clock.now())) {
            Recipient::Alias { alias, tag } => {
                let party = self.party_behind(&alias, tag).await?;
                party.map(|p| Route(Target::Party(Box::new(p)))).ok_or_else(|| self.unknown())
            }
            Recipient::Postmaster if house.config.relay.postmaster.is_some() => {
                Ok(Route(Target::Postmaster))
            }
            Recipient::Postmaster | Recipient::Bounce(_) => Err(RouteRefusal::NotYet),
            Recipient::Unknown => {
                let nobody = AliasAddress::new("", &house.config.relay.alias_domain);
                self.party_behind(&nobody, None).await?;
                Err(self.unknown())
            }
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

    fn unknown(&self) -> RouteRefusal {
        match self.0.config.smtp.unknown_alias {
            UnknownAlias::Reject => RouteRefusal::Unknown,
            UnknownAlias::Defer => RouteRefusal::Defer,
        }
    }
}
