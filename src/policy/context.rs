//! What the judge knows beside the words.

use crate::domain::{Copies, Direction, Sightings};

/// The place of a message in its conversation.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Who writes to whom.
    pub direction: Direction,
    /// A seller's message that is no answer (PRODUCT §2).
    pub proactive: bool,
    /// What was said before in this conversation: text that occurs there is quoted. `None` where
    /// there is no conversation to look into (`policy check`): then quote marks are taken at
    /// their word.
    pub sightings: Option<&'a Sightings>,
    /// Words that are no finding in this message: ids of the pair's orders.
    pub known_ids: Vec<String>,
    /// To how many other buyers the same was sent before; `None` where there is no archive to look
    /// into.
    pub copies: Option<&'a Copies>,
    /// The buyer's last text in this conversation: what an answer answers. `None` where there is
    /// none.
    pub question: Option<&'a str>,
}
