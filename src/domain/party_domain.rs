//! Domains that a party is registered with.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::secrets::is_shared;

/// Why a text can't be registered as a domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartyDomainError {
    /// It isn't one.
    #[error("{0:?} is no domain name: write it as lamps.example, in its ASCII form (xn--…)")]
    Form(String),
    /// Anybody can have a name below it.
    #[error("{0} is a public suffix: everybody has a name below it; register the party's own")]
    PublicSuffix(String),
    /// Millions have an address there.
    #[error("{0} is a free-mail domain, shared by many: register the one address with --email")]
    FreeMail(String),
}

/// A domain that belongs to one party: never a free-mail domain or a public suffix, for anybody
/// there could write in the party's name (PRODUCT §4). Lower case, ASCII.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct PartyDomain(String);

impl PartyDomain {
    /// The domain, lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PartyDomain {
    type Err = PartyDomainError;

    fn from_str(text: &str) -> Result<Self, PartyDomainError> {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        let labels: Vec<&str> = name.split('.').collect();
        // RFC 1123 §2.1: a last label of digits alone is an IP address's.
        let digits = labels.last().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit()));
        if name.len() > 253 || digits || !labels.iter().all(|l| label(l)) {
            return Err(PartyDomainError::Form(text.to_owned()));
        }
        if psl::domain_str(&name).is_none() {
            return Err(match labels.len() {
                1 if psl::suffix_str(&name).is_none() => PartyDomainError::Form(text.to_owned()),
                _ => PartyDomainError::PublicSuffix(name),
            });
        }
        if is_shared(&name) {
            return Err(PartyDomainError::FreeMail(name));
        }
        Ok(Self(name))
    }
}

impl fmt::Display for PartyDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Endings that no registry gives out, yet people write under them (RFC 2606 §2).
const RESERVED: [&str; 4] = ["example", "test", "invalid", "localhost"];

/// Whether a lower-case name lies under a suffix that really exists.
pub(super) fn has_registrable(name: &str) -> bool {
    let Some((_, ending)) = name.rsplit_once('.') else { return false };
    RESERVED.contains(&ending)
        || psl::suffix(name.as_bytes())
            .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() < name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_domain_of_ones_own_can_be_registered() {
        for good in ["lamps.example", "Shop.Lamps.CO.UK.", "xn--mller-kva.de", "lamps.zendesk.com"]
        {
            assert!(good.parse::<PartyDomain>().is_ok(), "{good}");
        }
        assert_eq!("Lamps.Example".parse::<PartyDomain>().unwrap().as_str(), "lamps.example");
        let error = |text: &str| text.parse::<PartyDomain>().unwrap_err();
        for public in ["co.uk", "com", "github.io", "example"] {
            assert!(matches!(error(public), PartyDomainError::PublicSuffix(_)), "{public}");
        }
        for free in ["gmail.com", "GMX.de", "yahoo.co.uk", "outlook.com", "mail.ru"] {
            assert!(matches!(error(free), PartyDomainError::FreeMail(_)), "{free}");
        }
        for none in ["", "a b.example", "-a.example", "cs@lamps.example", "192.0.2.1", "müller.de"]
        {
            assert!(matches!(error(none), PartyDomainError::Form(_)), "{none}");
        }
    }
}
