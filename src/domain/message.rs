//! Messages on their way from one party to the other.

use std::fmt;

use serde::Serialize;

use super::party::Role;

/// Who writes to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Direction {
    /// The buyer writes.
    #[serde(rename = "buyer-to-seller")]
    BuyerToSeller,
    /// The seller writes.
    #[serde(rename = "seller-to-buyer")]
    SellerToBuyer,
}

impl Direction {
    /// The direction of what this side writes.
    pub fn from_sender(role: Role) -> Self {
        match role {
            Role::Buyer => Self::BuyerToSeller,
            Role::Seller => Self::SellerToBuyer,
        }
    }

    /// Who writes.
    pub fn sender(self) -> Role {
        match self {
            Self::BuyerToSeller => Role::Buyer,
            Self::SellerToBuyer => Role::Seller,
        }
    }

    /// Who reads.
    pub fn recipient(self) -> Role {
        self.sender().other()
    }

    /// `buyer-to-seller` or `seller-to-buyer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BuyerToSeller => "buyer-to-seller",
            Self::SellerToBuyer => "seller-to-buyer",
        }
    }
}

impl std::str::FromStr for Direction {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::BuyerToSeller, Self::SellerToBuyer]
            .into_iter()
            .find(|d| d.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of buyer-to-seller, seller-to-buyer"))
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What became of a message at the door (PRODUCT §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// On its way or delivered.
    Accepted,
    /// Waits for a person.
    Held,
    /// Refused; nothing reached the other side.
    Rejected,
}

impl std::str::FromStr for MessageState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Accepted, Self::Held, Self::Rejected]
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not one of accepted, held, rejected"))
    }
}

impl MessageState {
    /// The word of PRODUCT §8.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Held => "held",
            Self::Rejected => "rejected",
        }
    }
}

/// How a message found its conversation (PRODUCT §3), from the surest to the weakest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Assigned {
    /// In-Reply-To or References name a message of it.
    Headers,
    /// The alias carried the order's tag.
    Tag,
    /// The subject names the order.
    Subject,
    /// The frame of one of our mails, quoted below, names the order.
    Frame,
    /// The pair's latest open conversation: a guess.
    Latest,
    /// A buyer's first question, before any order.
    Question,
}

impl Assigned {
    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Tag => "tag",
            Self::Subject => "subject",
            Self::Frame => "frame",
            Self::Latest => "latest",
            Self::Question => "question",
        }
    }
}
