//! The response clock (PRODUCT §9): it belongs to the turn, not to the message.

use crate::domain::Direction;

/// What an accepted message does to its conversation's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// Nothing.
    None,
    /// The buyer waits from now on.
    Start,
    /// The seller answered.
    Stop,
}

/// What an accepted message does to the clock. `waiting`: the clock runs already, so that of
/// several unanswered messages the first one's time counts.
pub fn change(direction: Direction, automatic: bool, waiting: bool) -> ClockChange {
    match (direction, waiting) {
        _ if automatic => ClockChange::None,
        (Direction::BuyerToSeller, false) => ClockChange::Start,
        (Direction::SellerToBuyer, true) => ClockChange::Stop,
        _ => ClockChange::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Direction::{BuyerToSeller, SellerToBuyer};

    #[test]
    fn the_clock_belongs_to_the_turn() {
        for (direction, automatic, waiting, expected) in [
            (BuyerToSeller, false, false, ClockChange::Start),
            (BuyerToSeller, false, true, ClockChange::None),
            (SellerToBuyer, false, true, ClockChange::Stop),
            (SellerToBuyer, false, false, ClockChange::None),
            (SellerToBuyer, true, true, ClockChange::None),
            (BuyerToSeller, true, false, ClockChange::None),
        ] {
            assert_eq!(
                change(direction, automatic, waiting),
                expected,
                "{direction} automatic={automatic} waiting={waiting}"
            );
        }
    }
}
