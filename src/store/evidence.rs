//! What proves an archived conversation, as plain data.

use crate::domain::{MessageId, Timestamp};
use crate::evidence::{Hash, Salt, tree};

/// One link of a conversation's chain.
#[derive(Debug, Clone)]
pub struct EvidenceLink {
    /// Counted from 1.
    pub position: i64,
    /// Our id of the message.
    pub message: MessageId,
    /// `accepted`, `held`, `released` or `rejected`.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// What it binds.
    pub leaf: Hash,
    /// Bound to the link before.
    pub hash: Hash,
    /// What it binds, where that is still there.
    pub bound: Option<Bound>,
    /// The day's root, where it was made.
    pub day: Option<DayRoot>,
}

/// The parts of a message that a link binds.
#[derive(Debug, Clone)]
pub struct Bound {
    /// With which they were bound.
    pub salt: Salt,
    /// In the order of [`crate::evidence::PARTS`].
    pub parts: [Option<Vec<u8>>; 6],
}

/// The root over all that was archived in a day.
#[derive(Debug, Clone)]
pub struct DayRoot {
    /// The day's beginning, in UTC.
    pub start: Timestamp,
    /// The root.
    pub root: Hash,
    /// The way from the link to it.
    pub path: Vec<tree::Step>,
}
