//! What is kept how long, as plain data.

use std::time::Duration;

use serde::Serialize;

use crate::domain::{ConversationId, OrderId, SellerId, Timestamp};

/// From when on a message's time runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepFrom {
    /// From when it came in.
    Message,
    /// From when its order was closed; without an order as above.
    OrderClosed,
}

/// How long messages are kept.
#[derive(Debug, Clone, Copy)]
pub struct Keep {
    /// So long.
    pub span: Duration,
    /// From when on.
    pub from: KeepFrom,
    /// The present moment.
    pub now: Timestamp,
}

/// How far a pass over the archive has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The last message's time,
    pub received_at: Timestamp,
    /// and its number.
    pub number: i64,
}

/// What one step of a pass did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expired {
    /// Messages that were erased.
    pub erased: usize,
    /// Messages past their time that a legal hold keeps.
    pub held: usize,
    /// Messages past their time that wait for their delivery or for a person.
    pub busy: usize,
    /// Where the next step begins; none: the pass is over.
    pub next: Option<Place>,
}

/// What a legal hold is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HoldOn {
    /// All that was written about an order.
    Order(OrderId),
    /// One conversation.
    Conversation(ConversationId),
    /// A seller's messages that gave violations, while the seller appeals.
    Appeal(SellerId),
}

/// What became of an order to place or release a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    /// It is done.
    Done,
    /// It was so before.
    Already,
    /// There is no such thing to be held.
    Unknown,
}

/// A legal hold in a list.
#[derive(Debug, Clone, Serialize)]
pub struct HoldRow {
    /// `hold`: a person's; `dispute`: the order's; `appeal`.
    pub cause: String,
    /// On this order,
    pub order: Option<OrderId>,
    /// or this conversation,
    pub conversation: Option<ConversationId>,
    /// or this seller's violations.
    pub seller: Option<SellerId>,
    /// Who placed it.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub placed_at: Timestamp,
}
