//! What is searched for and found, as plain data.

use super::records::MessageRow;
use crate::domain::{MessageId, Timestamp, Wanted};

/// Which messages to find: all that is set must fit.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The numbers of what is searched for; nothing: any message.
    pub wanted: Wanted,
    /// Not older.
    pub since: Option<Timestamp>,
    /// Older.
    pub until: Option<Timestamp>,
    /// Only those older than this one: the last of the page before.
    pub before: Option<MessageId>,
    /// At most this many.
    pub limit: u32,
}

/// A message that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// As in a list.
    pub row: MessageRow,
    /// As the sender may see it.
    pub sender_view: Option<Vec<u8>>,
    /// As the recipient may see it.
    pub recipient_view: Option<Vec<u8>>,
}
