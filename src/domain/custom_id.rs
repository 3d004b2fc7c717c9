//! The id of a rule that the admin wrote.

use std::fmt;
use std::str::FromStr;

/// Most bytes of such an id.
const LONGEST: usize = 40;

/// The id of a rule of `[[policy.custom]]`: small letters, digits and hyphens, at most 40. It is kept
/// in place, so that the id of a rule can be copied whoever wrote the rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomId {
    bytes: [u8; LONGEST],
    length: u8,
}

impl CustomId {
    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        // Only ASCII gets in.
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl FromStr for CustomId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let right = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let edges = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > LONGEST || edges || !text.bytes().all(right) {
            return Err(format!(
                "{text:?} is no id of a rule: small letters, digits and hyphens inside, at most \
                 {LONGEST}"
            ));
        }
        let mut id = Self { bytes: [0; LONGEST], length: 0 };
        for (place, byte) in id.bytes.iter_mut().zip(text.bytes()) {
            *place = byte;
            id.length += 1;
        }
        Ok(id)
    }
}

impl fmt::Debug for CustomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was_given() {
        let longest = "a".repeat(LONGEST);
        for good in ["no-fax", "a", "x2", longest.as_str()] {
            assert_eq!(good.parse::<CustomId>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(LONGEST + 1);
        for bad in ["", "No-fax", "-a", "a-", "a b", "ä", "a_b", too_long.as_str()] {
            assert!(bad.parse::<CustomId>().is_err(), "{bad}");
        }
    }
}
