//! Mail of our own that tells a sender what became of a message.

use std::str::FromStr;

use serde::Serialize;

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// The next hop refused it for good.
    Failed,
    /// It was tried until time was up.
    Expired,
    /// It waits for longer than a sender would guess, and is still tried.
    Delayed,
    /// One of several recipients of a mail that was accepted does not get it.
    NotPassedOn,
    /// It waits until a person has looked at it.
    Held,
    /// A person has looked at it, and it is not passed on.
    Rejected,
    /// Nobody decided in time, and it is not passed on.
    TimedOut,
    /// Something in a message was not allowed: taken out of it, or it was refused.
    Violation,
    /// Something was decided about an account.
    Account,
    /// Mail came from an address that is not registered: was it the reader?
    NewAddress,
    /// To an address that is to be registered: its code.
    AddressCode,
    /// To those who review: the ladder proposes a step.
    Proposal,
    /// To those who review: a message that goes on and that they should know of.
    ReviewNote,
    /// To those who review: a message waits for them.
    Review,
    /// The same once a day, of all that wait.
    ReviewDigest,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Failed,
        Self::Expired,
        Self::Delayed,
        Self::NotPassedOn,
        Self::Held,
        Self::Rejected,
        Self::TimedOut,
        Self::Violation,
        Self::Account,
        Self::NewAddress,
        Self::AddressCode,
        Self::Proposal,
        Self::ReviewNote,
        Self::Review,
        Self::ReviewDigest,
    ];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Delayed => "delayed",
            Self::NotPassedOn => "not-passed-on",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::TimedOut => "timed-out",
            Self::Violation => "violation",
            Self::Account => "account",
            Self::NewAddress => "new-address",
            Self::AddressCode => "address-code",
            Self::Proposal => "proposal",
            Self::ReviewNote => "review-note",
            Self::Review => "review",
            Self::ReviewDigest => "review-digest",
        }
    }
}

/// A word that is no kind of notice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of notice")]
pub struct NoticeKindError(String);

impl FromStr for NoticeKind {
    type Err = NoticeKindError;

    fn from_str(text: &str) -> Result<Self, NoticeKindError> {
        Self::ALL
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or_else(|| NoticeKindError(text.to_owned()))
    }
}
