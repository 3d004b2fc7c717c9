//! Account health, as plain data.

use serde::Serialize;

use crate::domain::{
    Action, Certainty, MessageId, NoStrike, Part, Party, RuleId, SellerId, StepKind, Timestamp,
};

/// A violation as it is kept.
#[derive(Debug, Clone, Serialize)]
pub struct ViolationRow {
    /// Its number.
    pub id: i64,
    /// The message; none once that was erased.
    pub message: Option<MessageId>,
    /// When.
    pub at: Timestamp,
    /// Which rule.
    pub rule: RuleId,
    /// What its action was.
    pub action: Action,
    /// Whether that was done; false where the rule was only observed.
    pub enforced: bool,
    /// How sure.
    pub certainty: Certainty,
    /// Where.
    pub part: Part,
    /// The exact words found; none once the message was erased.
    pub words: Option<String>,
    /// Whether it stood in a signature.
    pub signature: bool,
    /// What it counts; 0: nothing.
    pub strike: u8,
    /// Why nothing.
    pub no_strike: Option<NoStrike>,
    /// Who excused it, when and why: it counts nothing any more.
    pub excused: Option<Excuse>,
}

/// Why a violation does not count any more.
#[derive(Debug, Clone, Serialize)]
pub struct Excuse {
    /// Who excused it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A step that a person is to decide about.
#[derive(Debug, Clone, Serialize)]
pub struct Proposed {
    /// Which.
    pub step: StepKind,
    /// When it was proposed.
    pub at: Timestamp,
    /// Why: the score then.
    pub reason: Option<String>,
}

/// How a seller's account stands.
#[derive(Debug, Clone, Serialize)]
pub struct AccountHealth {
    /// Who.
    pub seller: SellerId,
    /// PRODUCT §5: strikes halved every half-life, spread over many messages.
    pub score: f64,
    /// Strikes that count, whatever their age.
    pub strikes: u64,
    /// The seller's messages of the last 30 days.
    pub messages_30d: u64,
    /// Whether the account is suspended.
    pub suspended: bool,
    /// Messages that are no answers are refused until then.
    pub proactive_blocked_until: Option<Timestamp>,
    /// Steps that the ladder has proposed and that nobody has decided about.
    pub proposed: Vec<Proposed>,
    /// The newest first.
    pub violations: Vec<ViolationRow>,
}

/// What the writer of a message is to be told of its violations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldViolation {
    /// Its number.
    pub id: i64,
    /// Which rule.
    pub rule: RuleId,
    /// The exact words found.
    pub words: String,
    /// What its action was.
    pub action: Action,
    /// Whether the rule is enforced.
    pub enforced: bool,
    /// What it counts.
    pub strike: u8,
    /// Why nothing.
    pub no_strike: Option<NoStrike>,
    /// Its writer was told of it.
    pub told: bool,
    /// The same party was told of this rule within 24 hours.
    pub told_today: bool,
}

/// A decision about an account whose party is to be told, or that somebody is to decide about.
#[derive(Debug, Clone)]
pub struct ToldChange {
    /// Whose.
    pub party: Party,
    /// What: a word of `account_change`.
    pub change: String,
    /// Who decided; `bauta`: the ladder.
    pub by: String,
    /// Why.
    pub reason: Option<String>,
    /// Until when, where it ends by itself.
    pub until: Option<Timestamp>,
}
