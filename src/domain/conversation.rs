//! Conversations: all messages of one buyer and one seller about one order, or about a question
//! asked before any order.

use std::fmt;

use serde::Serialize;

use super::id::MsgId;

/// The store's number of a conversation. Never leaves the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ConversationId(pub i64);

impl fmt::Display for ConversationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// One message's two names: the `Message-ID` that the seller's mail program knows it by, and the
/// one that the buyer's knows it by. One of them came in, the other is ours (PRODUCT §6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadLink {
    /// As the seller's side knows it. `None` where the mail came in without a usable one.
    pub seller: Option<MsgId>,
    /// As the buyer's side knows it.
    pub buyer: Option<MsgId>,
}
