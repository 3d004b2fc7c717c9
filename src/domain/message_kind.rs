//! Kinds of proactive message (PRODUCT §5).

use std::fmt;
use std::str::FromStr;

/// What a seller may write unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// What the buyer wants made. Critical.
    Customization,
    /// When the parcel can be brought. Critical.
    DeliveryScheduling,
    /// Where the parcel goes. Critical.
    AddressCorrection,
    /// A question about the order.
    OrderQuestion,
    /// Something went wrong.
    UnexpectedProblem,
    /// The invoice.
    Invoice,
    /// The warranty.
    Warranty,
    /// How to use it.
    Instructions,
    /// What the law says must be told, recalls included.
    LegalDisclosure,
    /// A key to what was bought.
    DigitalAccessKey,
}

impl MessageKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Customization,
        Self::DeliveryScheduling,
        Self::AddressCorrection,
        Self::OrderQuestion,
        Self::UnexpectedProblem,
        Self::Invoice,
        Self::Warranty,
        Self::Instructions,
        Self::LegalDisclosure,
        Self::DigitalAccessKey,
    ];

    /// The words of all of them.
    pub const WORDS: [&'static str; 10] = [
        "customization",
        "delivery-scheduling",
        "address-correction",
        "order-question",
        "unexpected-problem",
        "invoice",
        "warranty",
        "instructions",
        "legal-disclosure",
        "digital-access-key",
    ];

    /// The word of PRODUCT §5.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customization => "customization",
            Self::DeliveryScheduling => "delivery-scheduling",
            Self::AddressCorrection => "address-correction",
            Self::OrderQuestion => "order-question",
            Self::UnexpectedProblem => "unexpected-problem",
            Self::Invoice => "invoice",
            Self::Warranty => "warranty",
            Self::Instructions => "instructions",
            Self::LegalDisclosure => "legal-disclosure",
            Self::DigitalAccessKey => "digital-access-key",
        }
    }

    /// The kinds that a tag at the start of a new mail's subject names, in any case:
    /// `[Important] Your colour`. Behind "Re:" it is quoting. "Important" says only that it is
    /// critical, or must be told by law.
    pub fn named_by(subject: &str) -> &'static [Self] {
        let tag = subject.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'));
        let Some((tag, _)) = tag else { return &[] };
        match tag.trim().to_lowercase().as_str() {
            "important" => &[
                Self::Customization,
                Self::DeliveryScheduling,
                Self::AddressCorrection,
                Self::LegalDisclosure,
            ],
            "invoice" => &[Self::Invoice],
            "warranty" => &[Self::Warranty],
            "instructions" => &[Self::Instructions],
            _ => &[],
        }
    }
}

/// No kind of message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no kind of message")]
pub struct MessageKindError(String);

impl FromStr for MessageKind {
    type Err = MessageKindError;

    fn from_str(text: &str) -> Result<Self, MessageKindError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| MessageKindError(text.to_owned()))
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_counts_in_brackets_at_the_start_in_any_case() {
        for (subject, expected) in [
            ("[Important] Your colour", 4),
            (" [IMPORTANT]Your colour", 4),
            ("[ important ]", 4),
            ("[Invoice] Order O1", 1),
            ("Re: [Important] Your colour", 0),
            ("Important: your colour", 0),
            ("(Important) your colour", 0),
            ("Your colour [Important]", 0),
            ("[Important your colour", 0),
            ("", 0),
        ] {
            assert_eq!(MessageKind::named_by(subject).len(), expected, "{subject}");
        }
    }

    #[test]
    fn every_kind_is_read_by_its_word() {
        assert_eq!(MessageKind::ALL.map(MessageKind::as_str), MessageKind::WORDS);
        for kind in MessageKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
