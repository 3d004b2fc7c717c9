//! The key that the search index is made with.

use siphasher::sip::SipHasher24;

use super::keys::Keyring;
use crate::domain::{SightingKey, Words};

/// Makes words into numbers from which nobody without the key learns the word. Of the oldest alias
/// key, so that it is the same after a rotation, and is kept and lost together with it.
#[derive(Clone)]
pub struct WordKey([u8; 16]);

impl std::fmt::Debug for WordKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WordKey")
    }
}

impl Keyring {
    /// The key of the search index.
    pub fn word_key(&self) -> WordKey {
        WordKey(*self.derived.words.get_or_init(|| self.of_the_oldest(b"search words")))
    }

    /// The key of the hashes by which earlier text is recognised, made and kept as that one.
    pub fn sighting_key(&self) -> SightingKey {
        SightingKey(*self.derived.sightings.get_or_init(|| self.of_the_oldest(b"sightings")))
    }

    fn of_the_oldest(&self, purpose: &[u8]) -> [u8; 16] {
        let mac = self.versions().last().and_then(|oldest| self.mac(oldest, &[purpose]));
        let mut key = [0; 16];
        key.iter_mut().zip(mac.unwrap_or_default()).for_each(|(to, from)| *to = from);
        key
    }
}

impl Keyring {
    /// What the key is made of that exports of evidence are signed with: of the oldest alias key, so
    /// that it is made, kept and lost together with it.
    pub fn evidence_seed(&self) -> [u8; 32] {
        let mac = self.versions().last().and_then(|oldest| self.mac(oldest, &[b"evidence key"]));
        mac.unwrap_or_default()
    }
}

impl WordKey {
    /// The number of a word. SipHash-2-4 is a keyed function that gives nothing away of short
    /// inputs (Aumasson and Bernstein, 2012), and a fiftieth of the cost of an HMAC: a mail has
    /// hundreds of words.
    pub fn word(&self, word: &str) -> u64 {
        self.number("word", word.as_bytes())
    }

    /// The number of something that is no word of the text: what kind of thing, and its value.
    pub fn thing(&self, kind: &str, value: &str) -> u64 {
        Words::keyed(self.number(kind, value.as_bytes()))
    }

    /// The number by which a word is found: who sees it, and its [`WordKey::word`].
    pub fn seen_by(&self, whom: &str, word: u64) -> u64 {
        Words::keyed(self.number(whom, &word.to_le_bytes()))
    }

    /// The number of a message's name in front of one side, for a thread whose messages are gone.
    pub fn thread(&self, side: &str, id: &str) -> i64 {
        self.number(side, id.as_bytes()).cast_signed()
    }

    fn number(&self, kind: &str, value: &[u8]) -> u64 {
        let hasher = SipHasher24::new_with_key(&self.0);
        // No kind has this byte in it, so that ("ab", "c") and ("a", "bc") differ.
        let parts = [kind.as_bytes(), &[0xff], value];
        // Most are short, and put together are hashed in one go.
        let mut whole = [0; 64];
        let mut end = 0;
        for part in parts {
            if let Some(room) = whole.get_mut(end..end + part.len()) {
                room.copy_from_slice(part);
            }
            end += part.len();
        }
        match whole.get(..end) {
            Some(whole) => hasher.hash(whole),
            None => hasher.hash(&parts.concat()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_the_same_number_after_a_rotation_and_another_under_another_key() {
        let mut ring = Keyring::fixed("relay.example", [7; 32]);
        let key = ring.word_key();
        let (lamp, seller) = (key.word("lamp"), key.thing("seller", "lamp"));
        ring.rotate().unwrap();
        assert_eq!(ring.word_key().word("lamp"), lamp);
        assert_ne!(key.word("lamps"), lamp);
        assert_ne!(seller, Words::keyed(lamp));
        let other = Keyring::fixed("relay.example", [8; 32]).word_key();
        assert_ne!(other.word("lamp"), lamp);
        assert_ne!(key.seen_by("both", lamp), key.seen_by("seller", lamp));
    }
}
