//! What the policy decided, as plain data.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::custom_id::CustomId;

/// What is done about a finding. The strongest wins (PRODUCT §5), so they are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Delivered, nothing recorded.
    Allow,
    /// Delivered, recorded.
    Warn,
    /// The found words are replaced, then delivered, recorded.
    Redact,
    /// Waits for a person.
    Hold,
    /// Refused.
    Reject,
}

impl Action {
    /// The word of PRODUCT §5.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Redact => "redact",
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }
}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Allow, Self::Warn, Self::Redact, Self::Hold, Self::Reject]
            .into_iter()
            .find(|a| a.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of allow, warn, redact, hold, reject"))
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal,)*) => {
        /// A rule of PRODUCT §5, by its id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum RuleId {
            $($(#[$doc])* $name,)*
            /// One that the admin wrote (`[[policy.custom]]`).
            Custom(CustomId),
        }

        impl RuleId {
            /// Every rule that PRODUCT §5 names, built or not.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The id as written in PRODUCT §5, or by the admin.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $id,)*
                    Self::Custom(id) => id.as_str(),
                }
            }
        }
    };
}

rules! {
    /// Asks for, asks to change or to remove a review.
    ReviewSolicitation = "review-solicitation",
    /// Advertising.
    Promotion = "promotion",
    /// A proactive message that only thanks.
    ThankYouOnly = "thank-you-only",
    /// A proactive message that only confirms.
    ShippingConfirmation = "shipping-confirmation",
    /// A proactive message that only offers help.
    ServiceOffer = "service-offer",
    /// A proactive message of no permitted kind.
    Unsolicited = "unsolicited",
    /// Asks the buyer to opt out or in.
    OptOutRequest = "opt-out-request",
    /// A link or bare domain outside the allow-list.
    ExternalLink = "external-link",
    /// An e-mail address, also disguised.
    EmailAddress = "email-address",
    /// A phone number, also disguised.
    PhoneNumber = "phone-number",
    /// A user name on a messenger.
    MessengerHandle = "messenger-handle",
    /// An invitation to pay outside.
    OffPlatformPayment = "off-platform-payment",
    /// A competitor's name or domain.
    Competitor = "competitor",
    /// Tracking pixels and the like.
    Tracking = "tracking",
    /// A logo that links outside.
    LinkedLogo = "linked-logo",
    /// Remote or repeated images, QR codes.
    Image = "image",
    /// An attachment of a type that is not allowed.
    AttachmentType = "attachment-type",
    /// An attachment that is advertising.
    AttachmentPurpose = "attachment-purpose",
    /// Attachments too large or too many.
    AttachmentSize = "attachment-size",
    /// Executables, macros, bombs.
    DangerousContent = "dangerous-content",
    /// Encrypted or opaque-signed mail, calendar and contact files.
    Unreadable = "unreadable",
    /// A payment card number.
    CardNumber = "card-number",
    /// Threats, harassment, slurs.
    Abuse = "abuse",
    /// Refund or one star.
    FeedbackExtortion = "feedback-extortion",
    /// Poses as the marketplace.
    Impersonation = "impersonation",
    /// Too many characters of new text.
    TooLong = "too-long",
    /// `[Important]` on what is not.
    ImportantMisuse = "important-misuse",
    /// The same text to many.
    CopiedAnswer = "copied-answer",
}

impl RuleId {
    /// The rule of what was kept: what is no rule of the product was one of the admin's when it was
    /// written.
    ///
    /// # Errors
    /// It can be no rule's id.
    pub fn kept(text: &str) -> Result<Self, String> {
        text.parse().or_else(|_| text.parse().map(Self::Custom))
    }

    /// Whether a certain finding of it in a seller's message counts as a strike where nothing else
    /// is set (PRODUCT §5).
    pub fn can_strike(self) -> bool {
        matches!(
            self,
            Self::ReviewSolicitation
                | Self::Promotion
                | Self::ThankYouOnly
                | Self::ShippingConfirmation
                | Self::ServiceOffer
                | Self::OptOutRequest
                | Self::ExternalLink
                | Self::EmailAddress
                | Self::PhoneNumber
                | Self::MessengerHandle
                | Self::OffPlatformPayment
                | Self::Competitor
                | Self::DangerousContent
                | Self::Impersonation
                | Self::ImportantMisuse
        )
    }
}

/// Of the rules that PRODUCT §5 names.
impl FromStr for RuleId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|r| r.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no rule"))
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RuleId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RuleId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::kept(&text).map_err(serde::de::Error::custom)
    }
}

/// How sure a detector is. Only certain findings strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// No honest reading.
    Certain,
    /// Probably.
    Likely,
}

impl Certainty {
    /// `certain` or `likely`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }
}

impl FromStr for Certainty {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Certain, Self::Likely]
            .into_iter()
            .find(|c| c.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of certain, likely"))
    }
}

/// Where in a message something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The decoded subject.
    Subject,
    /// The decoded text that is relayed.
    Text,
    /// Another form of the text (RFC 2046 §5.1.4), which is not relayed.
    Alternative,
    /// The name of an attachment.
    Attachment,
    /// The message as a whole.
    Message,
}

impl Part {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Alternative => "alternative",
            Self::Attachment => "attachment",
            Self::Message => "message",
        }
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Subject, Self::Text, Self::Alternative, Self::Attachment, Self::Message]
            .into_iter()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no part of a message"))
    }
}

/// One finding of one rule, with the exact words it found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule.
    pub rule: RuleId,
    /// What its action is in this direction, in `enforce` mode.
    pub action: Action,
    /// Whether the action is taken; false where the rule is only observed.
    pub enforced: bool,
    /// How sure.
    pub certainty: Certainty,
    /// Where.
    pub part: Part,
    /// Byte offset of the first found byte in the part's decoded text. 0 for `Message`.
    pub start: usize,
    /// Byte offset after the last found byte. Equal to `start` where the finding has no place.
    pub end: usize,
    /// The exact words found, at most 200 characters; for `too-long` the limit and the length.
    pub words: String,
}

/// Why a message waits for a person without a finding of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldReason {
    /// A proactive message in no installed language, or too short to tell (PRODUCT §5).
    UnknownLanguage,
    /// It still holds a secret after a second composition (PRODUCT §6).
    Leak,
    /// More than 20 messages in 10 minutes in its conversation (PRODUCT §4).
    TooManyMessages,
    /// An answer of a suspended seller (PRODUCT §5).
    SuspendedSeller,
    /// The relay ended while it worked on it; nothing but its header was read since
    /// (ARCHITECTURE, CPU off the runtime).
    BroughtDown,
}

impl HoldReason {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownLanguage => "unknown-language",
            Self::Leak => "leak",
            Self::TooManyMessages => "too-many-messages",
            Self::SuspendedSeller => "suspended-seller",
            Self::BroughtDown => "brought-down",
        }
    }

    /// The same for the person who reviews: what happened, and what to look at.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::UnknownLanguage => {
                "in no language that has rules, or too short to tell what it is for"
            }
            Self::Leak => "what would go out still holds what the other side must not learn",
            Self::TooManyMessages => "too many messages in this conversation in a few minutes",
            Self::SuspendedSeller => "the seller is suspended, and this is an answer",
            Self::BroughtDown => {
                "the relay ended while it worked on this mail, so it has read no more than the header \
                 this time; read it with --original before you release it"
            }
        }
    }
}

/// A message waits for a person, or would if it were enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// Whether it is done; false where it is only observed.
    pub enforced: bool,
}

/// What the policy decided about one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What happens to the message now: the strongest action of an enforced finding.
    pub action: Action,
    /// What would happen if every rule were enforced: the strongest action of any finding.
    pub would: Action,
    /// Findings in new text.
    pub findings: Vec<Finding>,
    /// The same in text that was only quoted: redacted where they must be, never held against
    /// the sender.
    pub cleaned: Vec<Finding>,
    /// Why it waits for a person beside any finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
}

impl Verdict {
    /// A verdict with nothing to say.
    pub fn clean() -> Self {
        Self::new(vec![], vec![])
    }

    /// What follows from findings in new text; what was only quoted decides nothing.
    pub fn new(findings: Vec<Finding>, cleaned: Vec<Finding>) -> Self {
        let strongest = |only_enforced: bool| {
            let counted = findings.iter().filter(|f| f.enforced || !only_enforced);
            counted.map(|f| f.action).max().unwrap_or(Action::Allow)
        };
        let holds = vec![];
        Self { action: strongest(true), would: strongest(false), findings, cleaned, holds }
    }

    /// The same, and the message waits for a person, whatever the rules found; where it is not
    /// `enforced`, it only would.
    #[must_use]
    pub fn held_for(mut self, reason: HoldReason, enforced: bool) -> Self {
        if !self.holds.iter().any(|hold| hold.reason == reason) {
            self.holds.push(Hold { reason, enforced });
        }
        self.would = self.would.max(Action::Hold);
        if enforced {
            self.action = self.action.max(Action::Hold);
        }
        self
    }

    /// What is to be replaced in a part, as (start, end, rule), in order, without overlaps: what
    /// an enforced `redact` found, in new and in quoted text.
    pub fn redactions(&self, part: Part) -> Vec<(usize, usize, RuleId)> {
        let mut spans: Vec<_> = self
            .findings
            .iter()
            .chain(&self.cleaned)
            .filter(|f| f.enforced && f.part == part && f.action == Action::Redact)
            .filter(|f| f.end > f.start)
            .map(|f| (f.start, f.end, f.rule))
            .collect();
        spans.sort_unstable();
        let mut end = 0;
        spans.retain(|&(s, e, _)| {
            let keep = s >= end;
            if keep {
                end = e;
            }
            keep
        });
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_action_is_the_greatest() {
        let mut all = [Action::Reject, Action::Allow, Action::Hold, Action::Warn, Action::Redact];
        all.sort();
        assert_eq!(all.map(Action::as_str), ["allow", "warn", "redact", "hold", "reject"]);
    }

    #[test]
    fn a_rule_is_read_back_as_it_was_written_whoever_made_it() {
        let own = RuleId::Custom("no-fax".parse().unwrap());
        for (rule, text) in [(RuleId::PhoneNumber, "\"phone-number\""), (own, "\"no-fax\"")] {
            assert_eq!(serde_json::to_string(&rule).unwrap(), text);
            assert_eq!(serde_json::from_str::<RuleId>(text).unwrap(), rule);
        }
        assert!(serde_json::from_str::<RuleId>("\"No rule\"").is_err());
        assert!("no-fax".parse::<RuleId>().is_err());
    }

    fn finding(action: Action, enforced: bool, start: usize, end: usize) -> Finding {
        Finding {
            rule: RuleId::PhoneNumber,
            action,
            enforced,
            certainty: Certainty::Certain,
            part: Part::Text,
            start,
            end,
            words: String::new(),
        }
    }

    #[test]
    fn only_what_is_enforced_acts_and_only_what_is_new_decides() {
        let verdict = Verdict::new(
            vec![finding(Action::Reject, false, 0, 5), finding(Action::Redact, true, 8, 9)],
            vec![finding(Action::Redact, true, 2, 4), finding(Action::Redact, false, 10, 12)],
        );
        assert_eq!((verdict.action, verdict.would), (Action::Redact, Action::Reject));
        let spans: Vec<_> =
            verdict.redactions(Part::Text).into_iter().map(|(s, e, _)| (s, e)).collect();
        assert_eq!(spans, [(2, 4), (8, 9)]);
        assert_eq!(Verdict::new(vec![], verdict.cleaned).action, Action::Allow);
    }

    #[test]
    fn a_message_is_held_without_a_finding_and_a_refusal_stays_stronger() {
        let held = Verdict::clean().held_for(HoldReason::Leak, true);
        assert_eq!((held.action, held.would), (Action::Hold, Action::Hold));
        let observed = Verdict::clean().held_for(HoldReason::UnknownLanguage, false);
        assert_eq!((observed.action, observed.would), (Action::Allow, Action::Hold));
        let refused = Verdict::new(vec![finding(Action::Reject, true, 0, 5)], vec![]);
        assert_eq!(refused.held_for(HoldReason::Leak, true).action, Action::Reject);
        let read = serde_json::to_string(&held).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&read).unwrap(), held);
        let older = r#"{"action":"allow","would":"allow","findings":[],"cleaned":[]}"#;
        assert_eq!(serde_json::from_str::<Verdict>(older).unwrap(), Verdict::clean());
    }
}
