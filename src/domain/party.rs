//! Buyers and sellers.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::address::RealAddress;
use super::id::{BuyerId, SellerId};
use super::language::Language;
use super::order::{Fulfilment, Order};
use super::party_domain::{PartyDomain, has_registrable};
use super::time::Timestamp;

/// Which side of the market someone stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sells.
    Seller,
    /// Buys.
    Buyer,
}

impl Role {
    /// The counterpart.
    pub fn other(self) -> Self {
        match self {
            Self::Seller => Self::Buyer,
            Self::Buyer => Self::Seller,
        }
    }

    /// `seller` or `buyer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Buyer => "buyer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who a party is, in the marketplace's own ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PartyId {
    /// A seller.
    Seller(SellerId),
    /// A buyer.
    Buyer(BuyerId),
}

impl PartyId {
    /// The side.
    pub fn role(&self) -> Role {
        match self {
            Self::Seller(_) => Role::Seller,
            Self::Buyer(_) => Role::Buyer,
        }
    }

    /// The id as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Seller(id) => id.as_str(),
            Self::Buyer(id) => id.as_str(),
        }
    }

    /// The id as compared.
    pub fn key(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShownNameError {
    /// Nothing in it.
    #[error("a name must not be empty")]
    Empty,
    /// Over 100 characters.
    #[error("a name has at most 100 characters")]
    Length,
    /// A line break or another control character.
    #[error("a name must not hold line breaks or control characters")]
    Control,
    /// It would carry a contact across: an address, a domain or a phone number (PRODUCT §4).
    #[error("a name must not hold an e-mail address, a domain or a phone number")]
    Contact,
}

/// A name as the marketplace registered it: one line, at most 100 characters, no control
/// characters, no address, domain or phone number in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ShownName(String);

impl ShownName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first name: what a seller sees of a buyer with `shown_name = "first-name"`. Nothing
    /// where it can't be told: in a script without spaces between the names.
    pub fn first_name(&self) -> Option<&str> {
        // "Roe, Jane" stands in many registers.
        let behind_comma = self.0.split_once(',').map(|(_, first)| first);
        let first = behind_comma.unwrap_or(&self.0).split_whitespace().next()?;
        let first = first.trim_matches(|c: char| !c.is_alphanumeric() && c != '.');
        let has_case = |c: char| c.is_lowercase() || c.is_uppercase();
        (!first.is_empty() && first.chars().any(has_case)).then_some(first)
    }
}

impl FromStr for ShownName {
    type Err = ShownNameError;

    fn from_str(text: &str) -> Result<Self, ShownNameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ShownNameError::Empty);
        }
        if text.chars().count() > 100 {
            return Err(ShownNameError::Length);
        }
        if text.chars().any(char::is_control) {
            return Err(ShownNameError::Control);
        }
        // "1001 Lamps since 1984" is a name: only what no letter parts is one number.
        let number = text
            .split(char::is_alphabetic)
            .any(|run| run.chars().filter(|c| c.is_numeric()).count() >= 7);
        if text.contains('@') || text.contains("://") || number || names_domain(text) {
            return Err(ShownNameError::Contact);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether a word is a domain: "lamps.example", "Lamps.COM". "J.R." and "Dr.Roe" are names.
fn names_domain(text: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || "/,;()[]<>\"'".contains(c)).any(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let labels: Vec<&str> = word.split('.').collect();
        let written_so = labels.len() > 1 && labels.iter().all(|l| l.chars().count() > 1);
        written_so && has_registrable(&word)
    })
}

/// What was decided about an account, by the party itself or by the marketplace. Registering the
/// party again leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Standing {
    /// The account is closed: no mail to or from it.
    pub closed: bool,
    /// The party was deleted: nothing but its id is left, and no mail passes.
    pub deleted: bool,
    /// A seller whose answers wait for a person and whose other mail is refused; buyers still
    /// reach them.
    pub suspended: bool,
    /// A seller whose mail is refused until then where it is no answer.
    pub proactive_blocked_until: Option<Timestamp>,
    /// A buyer who wants no proactive messages.
    pub opted_out: bool,
}

impl Standing {
    /// Whether the account takes part at all.
    pub fn is_open(self) -> bool {
        !self.closed && !self.deleted
    }
}

/// A registered buyer or seller.
#[derive(Debug, Clone)]
pub struct Party {
    /// Who.
    pub id: PartyId,
    /// The name the marketplace gave: a buyer's full name, a seller's shop name.
    pub name: ShownName,
    /// The language of what we write to them.
    pub language: Language,
    /// Registered addresses; the first is where mail goes. Empty once the party was deleted.
    pub addresses: Vec<RealAddress>,
    /// Domains of the party's own: every address there may write for it.
    pub domains: Vec<PartyDomain>,
    /// Help desks whose DKIM signature (`d=`) proves a `From:` that is registered in full.
    pub signers: Vec<PartyDomain>,
    /// Where a seller's mail goes about orders that the marketplace fulfils (PRODUCT §10); none:
    /// messages are off for those. It may write too.
    pub marketplace_fulfilled: Option<RealAddress>,
    /// What was decided about the account.
    pub standing: Standing,
}

impl Party {
    /// A party in good standing that has registered nothing but addresses.
    pub fn new(
        id: PartyId,
        name: ShownName,
        language: Language,
        addresses: Vec<RealAddress>,
    ) -> Self {
        Self {
            id,
            name,
            language,
            addresses,
            domains: vec![],
            signers: vec![],
            marketplace_fulfilled: None,
            standing: Standing::default(),
        }
    }

    /// Where this party's mail goes.
    pub fn delivery_address(&self) -> Option<&RealAddress> {
        self.addresses.first()
    }

    /// Where this party's mail about an order goes: a seller has an address of its own for what
    /// the marketplace fulfils.
    pub fn delivery_address_for(&self, order: Option<&Order>) -> Option<&RealAddress> {
        match (order.map(|o| o.fulfilled_by), self.id.role()) {
            (Some(Fulfilment::Marketplace), Role::Seller) => self.marketplace_fulfilled.as_ref(),
            _ => self.delivery_address(),
        }
    }

    /// Every address that is this party's in full.
    pub fn all_addresses(&self) -> impl Iterator<Item = &RealAddress> {
        self.addresses.iter().chain(&self.marketplace_fulfilled)
    }

    /// Whether this is one of the party's registered addresses, in the compared form.
    pub fn has_address(&self, address: &RealAddress) -> bool {
        let wanted = address.canonical();
        self.all_addresses().any(|a| a.canonical() == wanted)
    }

    /// Whether an address that is not registered looks like this party's all the same: at a domain
    /// of its own, or at one that it has an address at and that is shared by nobody.
    pub fn may_own(&self, address: &RealAddress) -> bool {
        let domain = address.domain();
        self.may_write_from(address)
            || domain.parse::<PartyDomain>().is_ok()
                && self.all_addresses().any(|own| own.domain() == domain)
    }

    /// Whether a proved sender writes for this party: a registered address, or any at a domain of
    /// the party's own. A subdomain is a domain of its own.
    pub fn may_write_from(&self, address: &RealAddress) -> bool {
        self.has_address(address) || self.domains.iter().any(|d| d.as_str() == address.domain())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_name_is_told_where_it_can_be() {
        for (name, expected) in [
            ("Jane Roe", Some("Jane")),
            ("Roe, Jane", Some("Jane")),
            ("Roe,", None),
            ("田中愛子", None),
            ("Élodie", Some("Élodie")),
        ] {
            assert_eq!(name.parse::<ShownName>().unwrap().first_name(), expected, "{name}");
        }
    }

    #[test]
    fn a_name_carries_no_contact_across() {
        for bad in [
            "jane@mail.example",
            "Lamps lamps.example",
            "Lamps.Com",
            "Lamps (LAMPS.CO.UK)",
            "lamps.example/shop",
            "Call 555 123 4567",
            "https://x",
            "",
            "a\nb",
            &"x".repeat(101),
        ] {
            assert!(bad.parse::<ShownName>().is_err(), "{bad:?}");
        }
        for good in
            ["Jane Roe", "J.R. Smith", "Lamp Shop 24", "山田太郎", "Dr.Roe", "O'Neill & Sons"]
        {
            assert!(good.parse::<ShownName>().is_ok(), "{good:?}");
        }
    }
}
