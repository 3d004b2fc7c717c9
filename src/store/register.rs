//! What the marketplace registers and decides, as plain data.

use serde::Serialize;

use crate::domain::{
    AliasAddress, BuyerId, Date, Fulfilment, Language, Order, OrderId, OrderStatus, Party,
    PartyDomain, PartyId, RealAddress, SellerId, ShownName, Timestamp,
};

/// What registering something did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Put {
    /// It was not known before.
    Created,
    /// It was known otherwise.
    Changed,
    /// It was known just so.
    Unchanged,
}

/// A party's whole record as it shall be.
#[derive(Debug, Clone)]
pub struct PutParty {
    /// Who.
    pub id: PartyId,
    /// The name.
    pub name: ShownName,
    /// The language of what we write to them.
    pub language: Language,
    /// All addresses, the first is where mail goes.
    pub addresses: Vec<RealAddress>,
    /// All domains of its own.
    pub domains: Vec<PartyDomain>,
    /// All help desks that sign for it.
    pub signers: Vec<PartyDomain>,
    /// A seller's address for orders that the marketplace fulfils; none: messages are off.
    pub marketplace_fulfilled: Option<RealAddress>,
}

impl PutParty {
    /// A record of addresses only.
    pub fn new(
        id: PartyId,
        name: ShownName,
        language: Language,
        addresses: Vec<RealAddress>,
    ) -> Self {
        let (domains, signers, marketplace_fulfilled) = (vec![], vec![], None);
        Self { id, name, language, addresses, domains, signers, marketplace_fulfilled }
    }

    /// Whether the party is registered just so.
    pub fn is(&self, known: &Party) -> bool {
        known.id.as_str() == self.id.as_str()
            && known.name == self.name
            && known.language == self.language
            && known.addresses == self.addresses
            && known.domains == self.domains
            && known.signers == self.signers
            && known.marketplace_fulfilled == self.marketplace_fulfilled
    }
}

/// An order's whole record as it shall be.
#[derive(Debug, Clone)]
pub struct PutOrder {
    /// Its id.
    pub id: OrderId,
    /// Who sells; can't change.
    pub seller: SellerId,
    /// Who buys; can't change.
    pub buyer: BuyerId,
    /// Titles of what was bought.
    pub items: Vec<String>,
    /// How far it has come.
    pub status: OrderStatus,
    /// Who sends the goods.
    pub fulfilled_by: Fulfilment,
    /// When it was placed.
    pub placed: Option<Date>,
    /// When it was delivered.
    pub delivered: Option<Date>,
    /// The carrier's word for the parcel.
    pub tracking: Option<String>,
    /// Whether a dispute is open.
    pub dispute: bool,
}

impl PutOrder {
    /// An order that was placed, of which nothing more is known.
    pub fn new(id: OrderId, seller: SellerId, buyer: BuyerId) -> Self {
        Self {
            id,
            seller,
            buyer,
            items: vec![],
            status: OrderStatus::default(),
            fulfilled_by: Fulfilment::default(),
            placed: None,
            delivered: None,
            tracking: None,
            dispute: false,
        }
    }

    /// Whether the order is registered just so.
    pub fn is(&self, known: &Order) -> bool {
        known.id.as_str() == self.id.as_str()
            && known.items == self.items
            && known.status == self.status
            && known.fulfilled_by == self.fulfilled_by
            && known.placed == self.placed
            && known.delivered == self.delivered
            && known.tracking == self.tracking
            && known.dispute == self.dispute
    }
}

/// What can be decided about an account (PRODUCT §4, §10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountChange {
    /// No mail to or from it any more.
    Closed,
    /// Takes `Closed` back.
    Reopened,
    /// A seller is told that it can't go on so.
    Warned,
    /// A seller's mail that is no answer is refused until then.
    ProactiveBlocked(Timestamp),
    /// A seller's answers wait for a person, other mail is refused.
    Suspended,
    /// Takes `ProactiveBlocked` and `Suspended` back.
    Restored,
    /// A buyer wants no proactive messages.
    OptedOut,
    /// Takes `OptedOut` back.
    OptedIn,
    /// No mail between this party and the other, with the aliases that their pair gets where it
    /// has none yet.
    Blocked(PartyId, PairNames),
    /// Takes `Blocked` back.
    Unblocked(PartyId, PairNames),
}

impl AccountChange {
    /// Whether the party is told by mail.
    pub fn is_told(&self) -> bool {
        matches!(self, Self::Warned | Self::ProactiveBlocked(_) | Self::Suspended | Self::Restored)
    }

    /// The word that the log of changes keeps.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Warned => "warned",
            Self::ProactiveBlocked(_) => "proactive-blocked",
            Self::Suspended => "suspended",
            Self::Restored => "restored",
            Self::OptedOut => "opted-out",
            Self::OptedIn => "opted-in",
            Self::Blocked(..) => "blocked",
            Self::Unblocked(..) => "unblocked",
        }
    }
}

/// Who decides something about an account, why, and when.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Who: a person's or a program's name.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A line of an account's history.
#[derive(Debug, Clone, Serialize)]
pub struct AccountEvent {
    /// What was decided: a word of [`AccountChange`], or `deleted`.
    pub change: String,
    /// Whom it was about besides the party: who was blocked.
    pub other: Option<String>,
    /// Who decided.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// One record of many that are registered together.
#[derive(Debug, Clone)]
pub enum Record {
    /// A buyer or seller.
    Party(PutParty),
    /// An order, with the aliases that its pair gets where it has none yet.
    Order(PutOrder, PairNames),
}

/// The two aliases of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairNames {
    /// The alias key's version that they were made with.
    pub key_version: u32,
    /// Stands for the seller.
    pub seller_alias: AliasAddress,
    /// Stands for the buyer.
    pub buyer_alias: AliasAddress,
}

/// A pair and the aliases that it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPair {
    /// Who sells.
    pub seller: SellerId,
    /// Who buys.
    pub buyer: BuyerId,
    /// Their aliases.
    pub names: PairNames,
}

/// Which orders to list: all that are set must fit.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// This seller's.
    pub seller: Option<SellerId>,
    /// This buyer's.
    pub buyer: Option<BuyerId>,
    /// At most this many; `None`: all.
    pub limit: Option<u32>,
}
