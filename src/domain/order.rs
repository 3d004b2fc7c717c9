//! Orders (PRODUCT §10).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::id::{BuyerId, OrderId, SellerId};
use super::time::{Date, Timestamp};

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Placed.
    #[default]
    Open,
    /// On its way.
    Shipped,
    /// There.
    Delivered,
    /// Sent back.
    Returned,
    /// Paid back.
    Refunded,
    /// No messages either way.
    Cancelled,
}

impl OrderStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Open,
        Self::Shipped,
        Self::Delivered,
        Self::Returned,
        Self::Refunded,
        Self::Cancelled,
    ];

    /// The word of PRODUCT §10.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Returned => "returned",
            Self::Refunded => "refunded",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more is to be done for the order.
    pub fn is_closed(self) -> bool {
        match self {
            Self::Open | Self::Shipped => false,
            Self::Delivered | Self::Returned | Self::Refunded | Self::Cancelled => true,
        }
    }
}

/// A word that stands for none of the allowed values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is not one of {allowed}")]
pub struct WordError {
    found: String,
    allowed: &'static str,
}

impl FromStr for OrderStatus {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| WordError {
            found: text.to_owned(),
            allowed: "open, shipped, delivered, returned, refunded, cancelled",
        })
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who sends the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fulfilment {
    /// The seller: messaging is on.
    #[default]
    Seller,
    /// The marketplace: messaging is off until the seller turns it on.
    Marketplace,
}

impl Fulfilment {
    /// The word of PRODUCT §10.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seller => "seller",
            Self::Marketplace => "marketplace",
        }
    }
}

impl FromStr for Fulfilment {
    type Err = WordError;

    fn from_str(text: &str) -> Result<Self, WordError> {
        [Self::Seller, Self::Marketplace]
            .into_iter()
            .find(|f| f.as_str() == text)
            .ok_or_else(|| WordError { found: text.to_owned(), allowed: "seller, marketplace" })
    }
}

/// An order as registered.
#[derive(Debug, Clone, Serialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// Who sells.
    pub seller: SellerId,
    /// Who buys.
    pub buyer: BuyerId,
    /// Titles of what was bought; may be empty.
    pub items: Vec<String>,
    /// How far it has come.
    pub status: OrderStatus,
    /// Who sends the goods.
    pub fulfilled_by: Fulfilment,
    /// When it was placed, where the marketplace says so.
    pub placed: Option<Date>,
    /// When it was delivered, where the marketplace says so.
    pub delivered: Option<Date>,
    /// The carrier's word for the parcel.
    pub tracking: Option<String>,
    /// A dispute is open: a legal hold on what was written about this order.
    pub dispute: bool,
    /// When it was first registered here.
    pub registered_at: Timestamp,
    /// When it was first registered as cancelled.
    pub cancelled_at: Option<Timestamp>,
}

impl Order {
    /// Whether no message passes any more: it was cancelled at least `grace` ago.
    pub fn is_closed(&self, grace: Duration, now: Timestamp) -> bool {
        self.status == OrderStatus::Cancelled
            && self.cancelled_at.is_none_or(|at| now.since(at) >= grace)
    }
}
