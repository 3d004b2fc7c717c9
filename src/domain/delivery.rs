//! Deliveries: the attempts to bring a message to its recipient.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// The store's number of a delivery. Never leaves the machine in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct DeliveryId(pub i64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d{}", self.0)
    }
}

/// A text that is no delivery's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no delivery: write its number, such as d17")]
pub struct DeliveryIdError(String);

impl FromStr for DeliveryId {
    type Err = DeliveryIdError;

    /// As it is shown, or the number alone, as JSON has it.
    fn from_str(text: &str) -> Result<Self, DeliveryIdError> {
        let digits = text.strip_prefix('d').unwrap_or(text);
        let number = digits.parse().ok().filter(|n| *n > 0);
        number.map(Self).ok_or_else(|| DeliveryIdError(text.to_owned()))
    }
}

/// How far a delivery has come (PRODUCT §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Waits for its first attempt.
    Queued,
    /// An attempt runs.
    Sending,
    /// An attempt met a temporary failure; another follows.
    Deferred,
    /// The next hop took it.
    Delivered,
    /// Refused for good.
    Failed,
    /// Gave up.
    Expired,
    /// A person stopped it.
    Cancelled,
}

/// A word that is no delivery state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no delivery state")]
pub struct DeliveryStateError(String);

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Sending,
        Self::Deferred,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The word of PRODUCT §8.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Deferred => "deferred",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will happen to it.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Sending | Self::Deferred)
    }
}

impl FromStr for DeliveryState {
    type Err = DeliveryStateError;

    fn from_str(text: &str) -> Result<Self, DeliveryStateError> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| DeliveryStateError(text.to_owned()))
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_named_by_what_is_shown_of_it_or_by_its_number() {
        for (text, expected) in [
            ("d17", Some(17)),
            ("17", Some(17)),
            ("", None),
            ("d", None),
            ("d0", None),
            ("-3", None),
        ] {
            assert_eq!(text.parse().ok(), expected.map(DeliveryId), "{text:?}");
        }
        assert_eq!(DeliveryId(17).to_string(), "d17");
    }
}
