//! Messages that wait for a person, as plain data.

use serde::Serialize;

use super::records::{Arrival, MessageRow};
use crate::domain::{Facts, Hold, MessageId, NoticeKind, Order, Timestamp, Verdict, Words};
use crate::leak::Outgoing;
use crate::market::Admitted;

/// A message that waits for a person, with everything that follows from it.
#[derive(Debug, Clone)]
pub struct Holding {
    /// What came in; its limits don't hold for the conversation's.
    pub arrival: Arrival,
    /// As its sender may see it.
    pub sender_view: Vec<u8>,
    /// As its recipient would be shown it; none where it could not be made safe.
    pub recipient_view: Option<Vec<u8>>,
    /// The decoded subject.
    pub subject: String,
    /// What somebody is told of it: kinds of notice.
    pub tell: Vec<NoticeKind>,
}

/// A held message that a person lets pass.
#[derive(Debug, Clone)]
pub struct Passage {
    /// Seal 1, of now.
    pub admitted: Admitted,
    /// Seal 2.
    pub outgoing: Outgoing,
    /// Which message.
    pub message: MessageId,
    /// The subject without "Re:", for a conversation that it opened.
    pub base_subject: String,
    /// The delivery's random name in its envelope sender.
    pub token: [u8; 10],
    /// What the sender wrote, as hashes of runs of words.
    pub written: Vec<u64>,
    /// What the recipient is shown of it, likewise.
    pub shown: Vec<u64>,
    /// What it is found by from now on.
    pub words: Words,
    /// When its delivery gives up.
    pub give_up_at: Timestamp,
}

/// A held message, with what it is written from when it is let pass.
#[derive(Debug, Clone)]
pub struct HeldMail {
    /// As in a list.
    pub row: MessageRow,
    /// Since when it waits.
    pub held_at: Timestamp,
    /// What was decided when it came in.
    pub verdict: Verdict,
    /// As received.
    pub original: Vec<u8>,
    /// The pair, as it is now.
    pub facts: Facts,
    /// The order it is about, as it is now.
    pub order: Option<Order>,
}

/// A held message in a list.
#[derive(Debug, Clone, Serialize)]
pub struct HeldRow {
    /// The message.
    #[serde(flatten)]
    pub row: MessageRow,
    /// Why it waits beside the rules.
    pub holds: Vec<Hold>,
    /// Since when.
    pub held_at: Timestamp,
}

/// What became of an order to decide about a held message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// It is done.
    Done,
    /// It does not wait: it was decided before, or never held.
    NotHeld,
}

/// What was done with a message by a person who reviewed it.
#[derive(Debug, Clone, Serialize)]
pub struct ReviewEvent {
    /// `opened` (the original was shown), `released` or `rejected`.
    pub what: String,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// How much waits for a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeldDepth {
    /// Messages.
    pub held: i64,
    /// Since when the first of them.
    pub oldest: Option<Timestamp>,
    /// Those that have waited for longer than was asked.
    pub overdue: i64,
}

/// What somebody is to be told by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telling {
    /// Its number.
    pub number: i64,
    /// Of which kind.
    pub kind: NoticeKind,
    /// What it is about.
    pub about: TellingAbout,
    /// How often it could not be told.
    pub tries: u32,
}

/// What a [`Telling`] is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TellingAbout {
    /// A message.
    Message(MessageId),
    /// A decision about an account.
    Change(i64),
}
