//! What comes back to bounce addresses, as it is stored.

use serde::Serialize;

use crate::domain::{DeliveryId, DeliveryState, MessageId, Report, Timestamp};

/// The delivery that a bounce address was made for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reported {
    /// Which.
    pub delivery: DeliveryId,
    /// The message that it brought.
    pub message: MessageId,
    /// How far it had come.
    pub state: DeliveryState,
}

/// A report that is committed to disk. Only the store makes one: a 250 after DATA is built from it.
#[derive(Debug)]
pub struct ReportStored {
    pub(super) delivery: DeliveryId,
    pub(super) changed: bool,
}

impl ReportStored {
    /// The delivery that it is about.
    pub fn delivery(&self) -> DeliveryId {
        self.delivery
    }

    /// Whether the delivery has failed by it.
    pub fn has_failed_it(&self) -> bool {
        self.changed
    }
}

/// A report in a list.
#[derive(Debug, Clone, Serialize)]
pub struct ReportRow {
    /// When it came.
    pub received_at: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub report: Report,
}
