//! Our own mail to a sender, as it goes into the store, and what it is written from.

use serde::Serialize;

use crate::domain::{
    DeliveryState, Direction, Facts, MessageId, NoticeKind, Order, PairId, SellerId, ThreadLink,
    Timestamp,
};
use crate::leak::Outgoing;

/// A notice that goes out.
#[derive(Debug, Clone)]
pub struct NewNotice {
    /// What it is about.
    pub kind: NoticeKind,
    /// The message that it tells of, where that is in the archive: told once for each kind.
    pub about: Option<MessageId>,
    /// The pair in front of which its reader wrote; none where it is about an account.
    pub pair: Option<PairId>,
    /// The seller whose account it is about.
    pub account: Option<SellerId>,
    /// Told once in 5 days for the same fingerprint; `None`: never the same.
    pub fingerprint: Option<[u8; 32]>,
    /// Seal 2.
    pub outgoing: Outgoing,
    /// Our id for it.
    pub message: MessageId,
    /// The delivery's random name.
    pub token: [u8; 10],
    /// When it was written.
    pub created_at: Timestamp,
    /// When its delivery gives up.
    pub give_up_at: Timestamp,
}

/// A message whose sender is to be told something, with what a notice is written from.
#[derive(Debug, Clone)]
pub struct Told {
    /// The pair.
    pub facts: Facts,
    /// Who wrote to whom.
    pub direction: Direction,
    /// The order it is about.
    pub order: Option<Order>,
    /// What each side knows the message by.
    pub link: ThreadLink,
    /// What stands first in References on each side.
    pub root: ThreadLink,
    /// Whether a machine wrote it: its sender is told nothing (PRODUCT §4).
    pub automatic: bool,
    /// What was told already.
    pub told: Vec<NoticeKind>,
}

/// What became of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notified {
    /// It is committed.
    Told,
    /// It was told before, or there is nobody to tell.
    Already,
    /// Its reader had the day's notices; nothing was written.
    TooMany,
}

/// A notice in a list.
#[derive(Debug, Clone, Serialize)]
pub struct NoticeRow {
    /// What it is about.
    pub kind: NoticeKind,
    /// When it was written.
    pub created_at: Timestamp,
    /// How far its delivery has come.
    pub state: DeliveryState,
}
