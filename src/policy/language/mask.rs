//! Sets of classes, as bits.

use std::ops::{BitOr, BitOrAssign};

use super::lexicon::Class;

/// Most classes: as many as a [`Class`] can number.
pub(super) const CLASSES: usize = 256;

/// Some of the classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Mask {
    low: u128,
    high: u128,
}

impl Mask {
    /// One class alone.
    pub fn of(class: Class) -> Self {
        let bit = 1 << (class % 128);
        if class < 128 { Self { low: bit, high: 0 } } else { Self { low: 0, high: bit } }
    }

    pub fn has(self, class: Class) -> bool {
        self.meets(Self::of(class))
    }

    /// Whether a class is in both.
    pub fn meets(self, other: Self) -> bool {
        (self.low & other.low) | (self.high & other.high) != 0
    }

    pub fn without(self, class: Class) -> Self {
        let one = Self::of(class);
        Self { low: self.low & !one.low, high: self.high & !one.high }
    }
}

impl BitOr for Mask {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self { low: self.low | other.low, high: self.high | other.high }
    }
}

impl BitOrAssign for Mask {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_bit_of_its_own() {
        let some = [0, 1, 63, 64, 127, 128, 129, 200, 255];
        let all = some.into_iter().fold(Mask::default(), |all, class| all | Mask::of(class));
        for class in 0..=Class::MAX {
            assert_eq!(all.has(class), some.contains(&class), "{class}");
            assert!(!all.without(class).has(class), "{class}");
        }
        assert!(
            !Mask::of(3).meets(Mask::of(131))
                && Mask::of(131).meets(all.without(0) | Mask::of(131))
        );
        assert!(!Mask::default().meets(all));
    }
}
