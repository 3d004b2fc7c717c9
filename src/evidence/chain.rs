//! The chain of a conversation: SHA-256 (FIPS 180-4) over salted parts.

use ring::digest::{Context, SHA256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// What stands before the first.
pub const NOTHING: Hash = [0; 32];

/// The parts of an archived message, in the order in which a leaf binds them.
pub const PARTS: [&str; 6] =
    ["original", "outgoing", "sender_view", "recipient_view", "verdict", "proof"];

/// What keeps a hash from telling what it is of: erased together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    /// The salt of one part: whoever has it learns nothing about the other parts.
    pub fn of_part(self, part: &str) -> Self {
        let hash = hash(&[b"bauta part salt", &self.0, part.as_bytes()]);
        let mut salt = [0; 16];
        salt.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Self(salt)
    }

    /// Binds the bytes of a part: `self` is that part's salt.
    pub fn commit(self, bytes: &[u8]) -> Hash {
        hash(&[b"bauta part", &self.0, bytes])
    }
}

/// A message bound, before it is stored.
#[derive(Debug, Clone, Copy)]
pub struct Sealed {
    /// Kept with the message.
    pub salt: Salt,
    /// Kept for ever.
    pub leaf: Hash,
}

impl Sealed {
    /// Binds these parts, in the order of [`PARTS`].
    pub fn new(salt: Salt, parts: [Option<&[u8]>; 6]) -> Self {
        let mut commitments = [None; 6];
        for ((to, name), part) in commitments.iter_mut().zip(PARTS).zip(parts) {
            *to = part.map(|bytes| salt.of_part(name).commit(bytes));
        }
        Self { salt, leaf: leaf(&commitments) }
    }
}

/// Binds the parts of a message; none: it has no such part.
pub fn leaf(commitments: &[Option<Hash>; 6]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(b"bauta leaf");
    for commitment in commitments {
        match commitment {
            Some(hash) => {
                context.update(&[1]);
                context.update(hash);
            }
            None => context.update(&[0]),
        }
    }
    finish(context)
}

/// The leaf of what says only that something happened.
pub fn of_nothing() -> Hash {
    leaf(&[None; 6])
}

/// Binds a leaf to the link before it in its conversation: our id of the message, what became of
/// it, and when, in milliseconds since the epoch.
pub fn link(previous: &Hash, message: &str, what: &str, at: i64, leaf: &Hash) -> Hash {
    let length = |text: &str| u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    hash(&[
        b"bauta link",
        previous,
        &length(message),
        message.as_bytes(),
        &length(what),
        what.as_bytes(),
        &at.to_be_bytes(),
        leaf,
    ])
}

pub(super) fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    finish(context)
}

fn finish(context: Context) -> Hash {
    let mut hash = NOTHING;
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_and_a_link_change_with_everything_that_they_bind() {
        let salt = Salt([7; 16]);
        let parts: [Option<&[u8]>; 6] =
            [Some(b"in"), Some(b"out"), Some(b"own"), Some(b"shown"), Some(b"{}"), Some(b"spf")];
        let whole = Sealed::new(salt, parts).leaf;
        for changed in 0..6 {
            for other in [None, Some(&b"other"[..])] {
                let mut parts = parts;
                parts[changed] = other;
                assert_ne!(Sealed::new(salt, parts).leaf, whole);
            }
        }
        assert_ne!(Sealed::new(Salt([8; 16]), parts).leaf, whole);
        let first = link(&NOTHING, "m1", "accepted", 5, &whole);
        for other in [
            link(&whole, "m1", "accepted", 5, &whole),
            link(&NOTHING, "m2", "accepted", 5, &whole),
            link(&NOTHING, "m1", "rejected", 5, &whole),
            link(&NOTHING, "m1", "accepted", 6, &whole),
            link(&NOTHING, "m1", "accepted", 5, &of_nothing()),
            link(&NOTHING, "m1a", "ccepted", 5, &whole),
        ] {
            assert_ne!(other, first);
        }
        assert_ne!(salt.of_part("original"), salt.of_part("outgoing"));
    }
}
