//! Account health: what counts against a seller, and what follows from it (PRODUCT §5).

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::verdict::{Action, Certainty, Part, RuleId};

/// A step that may be taken against a seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepKind {
    /// The seller is told that it can't go on so.
    Warning,
    /// Messages that are no answers are refused for a while.
    ProactiveBlocked,
    /// Answers wait for a person, everything else is refused.
    Suspended,
}

impl StepKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Warning, Self::ProactiveBlocked, Self::Suspended];

    /// The word of PRODUCT §5.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::ProactiveBlocked => "proactive-blocked",
            Self::Suspended => "suspended",
        }
    }
}

impl FromStr for StepKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|step| step.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no step"))
    }
}

/// One rung of the ladder.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rung {
    /// From this score on.
    pub score: f64,
    /// What follows.
    pub step: StepKind,
    /// How long, where it ends by itself.
    pub lasts: Option<Duration>,
    /// The machine only proposes it.
    pub by_person: bool,
}

/// `[account_health]`
#[derive(Debug, Clone, PartialEq)]
pub struct HealthRules {
    /// The lowest score first.
    pub ladder: Vec<Rung>,
    /// A strike counts half after this time.
    pub half_life: Duration,
    /// A seller who has not heard of a rule for so long is told of it first, without a strike.
    pub explained_for: Duration,
    /// The same rule in the same conversation within this time is a retry.
    pub retry_within: Duration,
    /// Of a seller's messages in this time one strikes at most.
    pub strike_every: Duration,
    /// So many messages of 30 days the strikes are spread over.
    pub volume: u64,
}

/// One finding of one rule in a message, as it is held against its sender or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which rule.
    pub rule: RuleId,
    /// What its action was.
    pub action: Action,
    /// Whether that was done; false where the rule is only observed.
    pub enforced: bool,
    /// How sure.
    pub certainty: Certainty,
    /// Where.
    pub part: Part,
    /// The exact words found.
    pub words: String,
    /// Whether it stands in a signature.
    pub in_signature: bool,
    /// Whether this rule gives strikes, by the settings.
    pub may_strike: bool,
}

/// Why a violation gives no strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoStrike {
    /// Only sellers have strikes.
    Buyer,
    /// The rule is only observed.
    Observed,
    /// A machine wrote the message.
    Automatic,
    /// The rule gives none.
    Rule,
    /// The finding is only likely.
    Likely,
    /// It stands in a signature.
    Signature,
    /// The seller's first finding of this rule in 30 days.
    First,
    /// The same rule in the same conversation within 24 hours.
    Retry,
    /// Another message of this day gave one already.
    SameDay,
    /// A graver violation of the same message gives it.
    Graver,
}

impl NoStrike {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Buyer,
        Self::Observed,
        Self::Automatic,
        Self::Rule,
        Self::Likely,
        Self::Signature,
        Self::First,
        Self::Retry,
        Self::SameDay,
        Self::Graver,
    ];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Buyer => "buyer",
            Self::Observed => "observed",
            Self::Automatic => "automatic",
            Self::Rule => "rule",
            Self::Likely => "likely",
            Self::Signature => "signature",
            Self::First => "first",
            Self::Retry => "retry",
            Self::SameDay => "same-day",
            Self::Graver => "graver",
        }
    }
}

impl FromStr for NoStrike {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|why| why.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no reason for no strike"))
    }
}
