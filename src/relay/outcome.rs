//! What a face is told about a mail.

use crate::domain::{Finding, MessageId, Part, RuleId};
use crate::market::Refusal;
use crate::market::limits::Limit;
use crate::sender::Unproved;
use crate::store::{Accepted, Held, Refused, ReportStored};

/// What became of one mail for one recipient: one variant per row of PRODUCT §4's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Committed to disk together with everything that follows from it. Made
    /// from the store's seal only.
    Accepted {
        /// Our id of the message, or of the first one where this was the same mail again.
        id: MessageId,
    },
    /// Committed to disk, and waits for a person. Made from the store's seal only.
    Held {
        /// Our id of the message, or of the first one where this was the same mail again.
        id: MessageId,
    },
    /// A report about one of our deliveries: committed to disk.
    Reported,
    /// Mail to a bounce address that is no report which is understood.
    NoReport,
    /// The sender is not proved.
    Unproved(Unproved),
    /// A proved sender may not write here, or not now.
    Refused(Refusal),
    /// Over a limit; nothing was written, and the sender comes again.
    Limited(Limit),
    /// The policy says reject; at least one line.
    Rejected(Vec<RejectLine>),
    /// It could not be written.
    Unwritable,
    /// Too much at once; nothing was written.
    TooBusy,
    /// The disk is full or the database can't be written; nothing was written.
    Storage,
}

impl Outcome {
    /// Whether the sender comes again.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::TooBusy | Self::Storage | Self::Limited(_) | Self::Unproved(Unproved::Temporary)
        )
    }

    /// Whether it is on disk, and its sender needs to do nothing more.
    pub(super) fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Held { .. } | Self::Reported)
    }

    /// Why a mail was not admitted: who is not proved to this party hears what strangers hear.
    pub(super) fn not_admitted(why: Refusal) -> Self {
        match why {
            Refusal::Unproved(why) => Self::Unproved(why),
            why => Self::Refused(why),
        }
    }

    /// A 250 after DATA is built from the store's seal.
    pub(super) fn accepted(seal: &Accepted) -> Self {
        Self::Accepted { id: seal.message().clone() }
    }

    /// A 250 after DATA is built from the store's seal.
    pub(super) fn held(seal: &Held) -> Self {
        Self::Held { id: seal.message().clone() }
    }

    /// A 250 after DATA is built from the store's seal.
    pub(super) fn reported(_seal: &ReportStored) -> Self {
        Self::Reported
    }

    /// A 550 that names violations is built from the store's seal.
    pub(super) fn rejected(_seal: &Refused, lines: Vec<RejectLine>) -> Self {
        Self::Rejected(lines)
    }
}

/// One violation, as far as its sender is told. What to change follows from the rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectLine {
    /// Which rule.
    pub rule: RuleId,
    /// Where.
    pub part: Part,
    /// The sender's own words that were found.
    pub words: String,
}

impl From<&Finding> for RejectLine {
    fn from(finding: &Finding) -> Self {
        Self { rule: finding.rule, part: finding.part, words: finding.words.clone() }
    }
}
