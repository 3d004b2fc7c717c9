//! The third seal, and what delivery gets to carry out.

use crate::domain::{AliasAddress, ConversationId, DeliveryId, MessageId, RealAddress, Timestamp};

/// A message that is committed to disk with everything that follows from it. Only the store makes
/// one, after the sync: a 250 after DATA is built from it.
#[derive(Debug)]
pub struct Accepted {
    pub(super) message: MessageId,
    pub(super) conversation: Option<ConversationId>,
    pub(super) delivery: DeliveryId,
    pub(super) mail: Option<StoredMail>,
}

impl Accepted {
    /// Our id for it; of a duplicate the first one's.
    pub fn message(&self) -> &MessageId {
        &self.message
    }

    /// Its conversation; none for mail to the operator.
    pub fn conversation(&self) -> Option<ConversationId> {
        self.conversation
    }

    /// Its delivery.
    pub fn delivery(&self) -> DeliveryId {
        self.delivery
    }

    /// Whether the same mail was accepted before: nothing was written then.
    pub fn is_duplicate(&self) -> bool {
        self.mail.is_none()
    }

    /// The delivery, leased to this process, to be attempted at once; none for a duplicate. Where
    /// it is dropped instead, [`super::Store::claim_due`] gives it out when the lease ends.
    pub fn into_mail(self) -> Option<StoredMail> {
        self.mail
    }
}

/// A message that is committed to disk and waits for a person. Only the store makes one: a 250
/// after DATA is built from it.
#[derive(Debug)]
pub struct Held {
    pub(super) message: MessageId,
    pub(super) duplicate: bool,
}

impl Held {
    /// Our id for it; of the same mail again the first one's.
    pub fn message(&self) -> &MessageId {
        &self.message
    }

    /// Whether the same mail came before: nothing was written then.
    pub fn is_duplicate(&self) -> bool {
        self.duplicate
    }
}

/// A refusal that is settled: archived and synced, or over its sender's quota. Only the store
/// makes one: a 550 that records a violation is built from it.
#[derive(Debug)]
pub struct Refused {
    pub(super) message: MessageId,
    pub(super) archived: bool,
}

impl Refused {
    /// Our id for it; of the same mail again the first one's.
    pub fn message(&self) -> &MessageId {
        &self.message
    }

    /// Whether it stands in the archive.
    pub fn is_archived(&self) -> bool {
        self.archived
    }
}

/// One claim of one delivery. A later claim, also by the same process, ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    pub(super) delivery: DeliveryId,
    pub(super) claim: i64,
}

impl Lease {
    /// Which delivery.
    pub fn delivery(&self) -> DeliveryId {
        self.delivery
    }
}

/// A mail as the store holds it, to be attempted under its lease. Every attempt of a delivery
/// sends these same bytes.
#[derive(Debug, Clone)]
pub struct StoredMail {
    /// The right to attempt it, to be given back with [`super::Store::finish`].
    pub lease: Lease,
    /// The message.
    pub message: MessageId,
    /// Where it goes.
    pub recipient: RealAddress,
    /// Its bounce address; `None`: the null reverse-path of our own notices, so that no report of
    /// them ever comes (RFC 5321 §4.5.5).
    pub envelope_from: Option<AliasAddress>,
    /// The mail, CRLF line ends.
    pub bytes: Vec<u8>,
    /// Whether it was composed here: mail for the operator is sent on as it came.
    pub composed: bool,
    /// Header lines that go out before it, signed by us; none: not signed.
    pub signature: Option<Vec<u8>>,
    /// Attempts that ended before.
    pub attempts: u32,
    /// When the delivery was made.
    pub created_at: Timestamp,
    /// When it gives up.
    pub give_up_at: Timestamp,
}
