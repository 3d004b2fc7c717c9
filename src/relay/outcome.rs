//! What a face is told about a mail.

use crate::config::Policy;
use crate::domain::{Finding, Language, MessageId, Part, RuleId, Verdict};
use crate::market::Refusal;
use crate::market::limits::Limit;
use crate::rewrite::{
    all_in_ascii, in_ascii, language_of_replies, more_text, own_text, place_text, rule_text,
};
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
    /// The policy says reject.
    Rejected(Explained),
    /// Refused, and told by our own mail in place of the reply (`sellers.refuse_by`).
    Noticed,
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
        matches!(self, Self::Accepted { .. } | Self::Held { .. } | Self::Reported | Self::Noticed)
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
    pub(super) fn rejected(_seal: &Refused, explained: Explained) -> Self {
        Self::Rejected(explained)
    }

    /// The same where a notice that is committed with it tells of it: then it must be archived.
    pub(super) fn noticed(seal: &Refused) -> Option<Self> {
        seal.is_archived().then_some(Self::Noticed)
    }
}

/// A refusal by the policy, as far as its sender is told; at least one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// One for each violation.
    pub lines: Vec<RejectLine>,
    /// Where more about it stands, with a word before it.
    pub more: Option<String>,
}

/// One violation, as far as its sender is told, in the sender's language and in ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectLine {
    /// Which rule.
    pub rule: RuleId,
    /// What to change.
    pub change: String,
    /// Where, as in `in the subject`.
    pub place: String,
    /// The sender's own words that were found.
    pub words: String,
}

impl RejectLine {
    /// What a sender who reads this language is told.
    pub fn new(rule: RuleId, part: Part, words: &str, language: Language) -> Self {
        let language = language_of_replies(language);
        Self {
            rule,
            change: in_ascii(rule_text(rule, language).change),
            place: in_ascii(place_text(part, language)),
            words: words.to_owned(),
        }
    }
}

impl Explained {
    /// The strongest findings, as the policy explains them.
    pub(super) fn of(verdict: &Verdict, language: Language, policy: &Policy) -> Self {
        let strongest = |f: &&Finding| f.enforced && f.action == verdict.action;
        let line = |f: &Finding| {
            let line = RejectLine::new(f.rule, f.part, &f.words, language);
            let own = own_text(policy.own(f.rule), language_of_replies(language));
            match own.and_then(all_in_ascii) {
                Some(change) => RejectLine { change, ..line },
                None => line,
            }
        };
        let lines: Vec<RejectLine> = verdict.findings.iter().filter(strongest).map(line).collect();
        let link = policy.support_link.as_deref();
        let more = lines.first().zip(link).map(|(first, link)| {
            let more = in_ascii(more_text(language_of_replies(language)));
            format!("{more}: {}", link.replace("{rule}", first.rule.as_str()))
        });
        Self { lines, more }
    }
}
