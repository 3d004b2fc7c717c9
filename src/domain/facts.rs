//! What the store knows, as plain data: read before a decision, compared again when it is written.

use foldhash::HashSet;

use super::address::AliasAddress;
use super::conversation::{ConversationId, ThreadLink};
use super::id::OrderId;
use super::order::Order;
use super::party::{Party, Role};
use super::time::Timestamp;

/// The store's number of one seller and one buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PairId(pub i64);

/// Changes whenever the operator changes the seller, the buyer or one of their orders. Messages
/// do not change it, so that two mails to one alias never make each other stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactsVersion {
    /// Counts changes of the seller.
    pub seller: i64,
    /// Counts changes of the buyer.
    pub buyer: i64,
    /// Counts changes of the pair's orders.
    pub pair: i64,
}

/// Who stands behind an alias.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What a later write compares.
    pub version: FactsVersion,
    /// The pair.
    pub pair: PairId,
    /// The alias key's version that the pair's aliases were made with.
    pub key_version: u32,
    /// The seller.
    pub seller: Party,
    /// The buyer.
    pub buyer: Party,
    /// One of the two has blocked the other: nobody who decides needs to know which.
    pub blocked: bool,
    /// The alias that stands for the seller: buyers write to it.
    pub seller_alias: AliasAddress,
    /// The alias that stands for the buyer: sellers write to it.
    pub buyer_alias: AliasAddress,
}

impl Facts {
    /// The party on this side.
    pub fn party(&self, role: Role) -> &Party {
        match role {
            Role::Seller => &self.seller,
            Role::Buyer => &self.buyer,
        }
    }

    /// The alias that stands for the party on this side.
    pub fn alias(&self, role: Role) -> &AliasAddress {
        match role {
            Role::Seller => &self.seller_alias,
            Role::Buyer => &self.buyer_alias,
        }
    }
}

/// One conversation of a pair, as far as the next message needs it.
#[derive(Debug, Clone)]
pub struct HistoryConversation {
    /// Its number.
    pub id: ConversationId,
    /// The order it is about; `None` for a question.
    pub order: Option<OrderId>,
    /// The subject of its first message, without "Re:".
    pub subject: String,
    /// When its last message was accepted.
    pub last_message_at: Timestamp,
    /// When the buyer's last message that was not automatic was accepted.
    pub last_buyer_message_at: Option<Timestamp>,
    /// When the seller's last automatic message was accepted.
    pub last_automatic_from_seller: Option<Timestamp>,
    /// When the buyer's last automatic message was accepted.
    pub last_automatic_from_buyer: Option<Timestamp>,
    /// The name that stands first in References on the seller's and on the buyer's side: a
    /// random msg-id of ours per side (PRODUCT §6).
    pub root: ThreadLink,
    /// On each side the name of the newest message that this side knows by one.
    pub newest: Option<ThreadLink>,
}

/// What a pair has said so far, read together with the ids that a new mail refers to.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The pair's orders, newest first; at most 500.
    pub orders: Vec<Order>,
    /// The pair's conversations, the one with the newest message first; at most 500.
    pub conversations: Vec<HistoryConversation>,
    /// For each id the new mail refers to and that the sender's side knows: the conversation and
    /// both names. In the order of the references asked for.
    pub links: Vec<(ConversationId, ThreadLink)>,
}

/// What was said before in a conversation, as hashes of runs of words, so that a quotation is
/// told from new text without keeping the text at hand. Made and asked by `mail::sighting`.
#[derive(Debug, Clone, Default)]
pub struct Sightings {
    /// What the hashes are made with.
    pub key: SightingKey,
    /// One for each run of words.
    pub hashes: HashSet<u64>,
}

/// The key of the hashes of [`Sightings`]: whoever knows earlier text must not be able to find other
/// words with the same hash.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct SightingKey(pub [u8; 16]);

impl std::fmt::Debug for SightingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SightingKey")
    }
}

impl Sightings {
    /// Nothing yet, by this key.
    pub fn with(key: SightingKey) -> Self {
        Self { key, hashes: HashSet::default() }
    }
}

/// What each side of a conversation has written or was shown.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// What the seller knows.
    pub seller: Sightings,
    /// What the buyer knows.
    pub buyer: Sightings,
}

impl Said {
    /// Nothing yet, by this key.
    pub fn with(key: SightingKey) -> Self {
        Self { seller: Sightings::with(key), buyer: Sightings::with(key) }
    }

    /// What this side knows.
    pub fn by(&self, role: Role) -> &Sightings {
        match role {
            Role::Seller => &self.seller,
            Role::Buyer => &self.buyer,
        }
    }

    /// The same, to be added to.
    pub fn by_mut(&mut self, role: Role) -> &mut Sightings {
        match role {
            Role::Seller => &mut self.seller,
            Role::Buyer => &mut self.buyer,
        }
    }

    /// What either side knows: what was said before.
    pub fn all(&self) -> Sightings {
        let hashes = self.seller.hashes.union(&self.buyer.hashes).copied().collect();
        Sightings { key: self.seller.key, hashes }
    }
}
