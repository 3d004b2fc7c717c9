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

    /// What a tag that says "important" names: it says only that the message is critical, or must
    /// be told by law.
    pub const IMPORTANT: [Self; 4] = [
        Self::Customization,
        Self::DeliveryScheduling,
        Self::AddressCorrection,
        Self::LegalDisclosure,
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
    fn every_kind_is_read_by_its_word() {
        assert_eq!(MessageKind::ALL.map(MessageKind::as_str), MessageKind::WORDS);
        for kind in MessageKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
    }
}
