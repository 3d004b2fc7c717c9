//! What a message is found by, as plain data: numbers that only our key makes.

use super::message::{Direction, MessageState};
use super::verdict::Action;

/// The numbers that a message is found by: sorted, each once. Of its words, its parties and its
/// order only numbers made with a key; whoever has them alone learns nothing. What is no secret
/// (direction, state, verdict) has numbers of its own below those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Vec<u64>);

impl Words {
    /// A number is so many bits long.
    pub const BITS: u32 = 40;
    /// So many are kept of one message; the rest of it is not found.
    pub const MOST: usize = 4000;
    const KEYED: u64 = 1 << (Self::BITS - 1);

    /// A number as it is kept, apart from those that no key makes.
    pub fn keyed(number: u64) -> u64 {
        (number % Self::KEYED) | Self::KEYED
    }

    /// From numbers in any order.
    pub fn of(mut numbers: Vec<u64>) -> Self {
        numbers.truncate(Self::MOST);
        numbers.sort_unstable();
        numbers.dedup();
        Self(numbers)
    }

    /// The numbers.
    pub fn numbers(&self) -> &[u64] {
        &self.0
    }

    /// Whether one of these is among them.
    pub fn has_any(&self, wanted: &[u64]) -> bool {
        wanted.iter().any(|number| self.0.binary_search(number).is_ok())
    }

    /// The same message in another state.
    #[must_use]
    pub fn in_state(&self, state: MessageState) -> Self {
        let states = [MessageState::Accepted, MessageState::Held, MessageState::Rejected];
        let states = states.map(Self::of_state);
        let mut numbers = self.0.clone();
        numbers.retain(|number| !states.contains(number));
        numbers.insert(0, Self::of_state(state));
        Self::of(numbers)
    }

    /// The number of a state.
    pub fn of_state(state: MessageState) -> u64 {
        match state {
            MessageState::Accepted => 1,
            MessageState::Held => 2,
            MessageState::Rejected => 3,
        }
    }

    /// The number of a direction.
    pub fn of_direction(direction: Direction) -> u64 {
        match direction {
            Direction::BuyerToSeller => 8,
            Direction::SellerToBuyer => 9,
        }
    }

    /// The number of what the policy did.
    pub fn of_action(action: Action) -> u64 {
        match action {
            Action::Allow => 16,
            Action::Warn => 17,
            Action::Redact => 18,
            Action::Hold => 19,
            Action::Reject => 20,
        }
    }
}

/// What is searched for, as numbers: of each group at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted(pub Vec<Vec<u64>>);

impl Wanted {
    /// Whether a message is meant.
    pub fn fits(&self, words: &Words) -> bool {
        self.0.iter().all(|group| words.has_any(group))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_one_number_and_a_change_of_it_leaves_the_rest() {
        let state = Words::of_state;
        let lamp = Words::keyed(77);
        let held = Words::of(vec![lamp, state(MessageState::Held), lamp]);
        assert_eq!(held.numbers(), [state(MessageState::Held), lamp]);
        let rejected = held.in_state(MessageState::Rejected);
        assert_eq!(rejected.numbers(), [state(MessageState::Rejected), lamp]);
        let wanted = Wanted(vec![vec![1, 2], vec![lamp, 4]]);
        assert!(wanted.fits(&held) && !wanted.fits(&rejected));
        assert!(Wanted::default().fits(&held));
    }
}
