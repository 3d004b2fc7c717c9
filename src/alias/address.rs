//! The form of aliases and bounce addresses.
//!
//! An alias's local part is 24 characters of lower-case base32: 96 bits of
//! `HMAC(key, "alias" version role seller buyer)` and 24 bits of `HMAC(key, "check" …those 96 bits)`.
//! The check tells a guess from an alias without asking anybody; the 96 bits are what can't be
//! guessed. A bounce address is `b-` and 32 characters: token, day of expiry, MAC.

use data_encoding::BASE32_NOPAD;

use super::keys::Keyring;
use crate::domain::{AliasAddress, BuyerId, Facts, Role, SellerId, Timestamp};

const ID: usize = 12;
const CHECK: usize = 3;
const DAY: i64 = 86_400;

/// The two aliases of a pair, as minted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairAliases {
    /// The key version they were made with.
    pub key_version: u32,
    /// Stands for the seller: buyers write to it.
    pub seller: AliasAddress,
    /// Stands for the buyer: sellers write to it.
    pub buyer: AliasAddress,
}

/// A delivery's random name in its envelope sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BounceToken(pub [u8; 10]);

/// What a recipient's address can be, as far as its form and our keys tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// Formed like one of our aliases, its check is right; whether it was given out knows the
    /// store. The tag is lower case.
    Alias {
        /// The alias without its tag.
        alias: AliasAddress,
        /// What stands behind the `+`.
        tag: Option<String>,
    },
    /// A bounce address of ours that has not expired.
    Bounce(BounceToken),
    /// `postmaster` or `abuse` at our domain, or `<Postmaster>` alone (RFC 5321 §4.5.1).
    Postmaster,
    /// None of ours.
    Unknown,
}

impl Keyring {
    /// The pair's aliases under the newest key.
    pub fn mint(&self, seller: &SellerId, buyer: &BuyerId) -> PairAliases {
        let key_version = self.newest();
        let (seller, buyer) = (seller.key(), buyer.key());
        let alias = |role| {
            let local = self.local_part(key_version, role, &seller, &buyer).unwrap_or_default();
            AliasAddress::new(&local, &self.domain)
        };
        PairAliases { key_version, seller: alias(Role::Seller), buyer: alias(Role::Buyer) }
    }

    /// A number for something that is to be known again and not to be read: of whom, what kind of
    /// thing, and the thing. The oldest key makes it, so that it is the same after a rotation.
    pub fn print(&self, of: &str, kind: &str, thing: &[u8]) -> u64 {
        let parts = [&b"print"[..], of.as_bytes(), kind.as_bytes(), thing];
        let mac = self.versions().last().and_then(|oldest| self.mac(oldest, &parts));
        mac.unwrap_or_default().iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
    }

    /// What is kept of a code that was mailed to somebody: a code is short, and whoever reads the
    /// database must not find it by trying. The oldest key makes it, as in [`Self::print`].
    pub fn code(&self, of: &str, address: &str, code: &str) -> [u8; 32] {
        let parts = [&b"code"[..], of.as_bytes(), address.as_bytes(), code.as_bytes()];
        let mac = self.versions().last().and_then(|oldest| self.mac(oldest, &parts));
        mac.unwrap_or_default()
    }

    fn local_part(
        &self,
        version: u32,
        stands_for: Role,
        seller: &str,
        buyer: &str,
    ) -> Option<String> {
        let mac = self.mac(
            version,
            &[
                b"alias",
                &version.to_be_bytes(),
                stands_for.as_str().as_bytes(),
                seller.as_bytes(),
                buyer.as_bytes(),
            ],
        )?;
        let id = mac.get(..ID)?;
        let check = self.mac(version, &[b"check", id])?;
        let bytes = [id, check.get(..CHECK)?].concat();
        Some(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    /// Reads a recipient's address by its form and check alone.
    pub fn read(&self, address: &str, now: Timestamp) -> Recipient {
        if address.eq_ignore_ascii_case("postmaster") {
            return Recipient::Postmaster; // RFC 5321 §4.5.1
        }
        let Some((local, domain)) = address.rsplit_once('@') else { return Recipient::Unknown };
        if !domain.eq_ignore_ascii_case(&self.domain) {
            return Recipient::Unknown;
        }
        let local = local.to_ascii_lowercase();
        if local == "postmaster" || local == "abuse" {
            return Recipient::Postmaster;
        }
        if let Some(code) = local.strip_prefix("b-") {
            return self.read_bounce(code, now).map_or(Recipient::Unknown, Recipient::Bounce);
        }
        let (bare, tag) = match local.split_once('+') {
            Some((bare, tag)) => (bare, Some(tag.to_owned())),
            None => (local.as_str(), None),
        };
        if self.check_fits(bare) {
            Recipient::Alias { alias: AliasAddress::new(bare, &self.domain), tag }
        } else {
            Recipient::Unknown
        }
    }

    fn check_fits(&self, local: &str) -> bool {
        let Ok(bytes) = BASE32_NOPAD.decode(local.to_ascii_uppercase().as_bytes()) else {
            return false;
        };
        let (Some(id), Some(check)) = (bytes.get(..ID), bytes.get(ID..ID + CHECK)) else {
            return false;
        };
        bytes.len() == ID + CHECK
            && self.versions().any(|version| {
                self.mac(version, &[b"check", id])
                    .is_some_and(|mac| same(mac.get(..CHECK).unwrap_or_default(), check))
            })
    }

    /// Whether the alias that stands for this side of the pair really is that pair's, under the
    /// key version it was made with: a row of the store alone proves nothing.
    pub fn is_genuine(&self, facts: &Facts, stands_for: Role, alias: &AliasAddress) -> bool {
        let (seller, buyer) = (facts.seller.id.key(), facts.buyer.id.key());
        self.made(facts.key_version, stands_for, (&seller, &buyer), alias)
    }

    /// Whether these keys made both aliases of a pair.
    pub fn named(&self, seller: &SellerId, buyer: &BuyerId, aliases: &PairAliases) -> bool {
        let ids = (seller.key(), buyer.key());
        let made = |role, alias| self.made(aliases.key_version, role, (&ids.0, &ids.1), alias);
        made(Role::Seller, &aliases.seller) && made(Role::Buyer, &aliases.buyer)
    }

    fn made(
        &self,
        version: u32,
        stands_for: Role,
        (seller, buyer): (&str, &str),
        alias: &AliasAddress,
    ) -> bool {
        alias.domain() == self.domain
            && self
                .local_part(version, stands_for, seller, buyer)
                .is_some_and(|local| same(local.as_bytes(), alias.local().as_bytes()))
    }

    /// The envelope sender of one delivery (VERP), good until `expires`, to the day.
    pub fn bounce_address(&self, token: BounceToken, expires: Timestamp) -> AliasAddress {
        let day =
            u16::try_from(expires.as_secs().div_euclid(DAY)).unwrap_or(u16::MAX).to_be_bytes();
        let mac = self.mac(self.newest(), &[b"bounce", &token.0, &day]).unwrap_or_default();
        let bytes = [&token.0[..], &day, mac.get(..8).unwrap_or_default()].concat();
        let code = BASE32_NOPAD.encode(&bytes).to_ascii_lowercase();
        AliasAddress::new(&format!("b-{code}"), &self.domain)
    }

    fn read_bounce(&self, code: &str, now: Timestamp) -> Option<BounceToken> {
        let bytes = BASE32_NOPAD.decode(code.to_ascii_uppercase().as_bytes()).ok()?;
        let token: [u8; 10] = bytes.get(..10)?.try_into().ok()?;
        let day: [u8; 2] = bytes.get(10..12)?.try_into().ok()?;
        let given = bytes.get(12..20)?;
        let fresh = now.as_secs().div_euclid(DAY) <= i64::from(u16::from_be_bytes(day));
        let genuine = self.versions().any(|version| {
            self.mac(version, &[b"bounce", &token, &day])
                .is_some_and(|mac| same(mac.get(..8).unwrap_or_default(), given))
        });
        (bytes.len() == 20 && fresh && genuine).then_some(BounceToken(token))
    }
}

/// Compares in a time that depends on the length only.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |diff, (x, y)| diff | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring() -> Keyring {
        Keyring::fixed("relay.example", [7; 32])
    }

    fn mint(ring: &Keyring, seller: &str, buyer: &str) -> PairAliases {
        ring.mint(&seller.parse().unwrap(), &buyer.parse().unwrap())
    }

    const NOW: Timestamp = Timestamp::EPOCH;

    #[test]
    fn a_pair_has_two_aliases_that_stay_the_same_and_no_other_pair_has_them() {
        let ring = ring();
        let first = mint(&ring, "S1", "B1");
        assert_eq!(first, mint(&ring, "s1", "b1"), "ids are the same in any case");
        assert_ne!(first.seller, first.buyer);
        assert_ne!(first.buyer, mint(&ring, "S2", "B1").buyer, "sellers can't tell a shared buyer");
        assert_ne!(mint(&ring, "ab", "c").seller, mint(&ring, "a", "bc").seller);
        assert_eq!(first.seller.local().len(), 24);
    }

    #[test]
    fn an_alias_is_read_with_its_tag_in_any_case() {
        let ring = ring();
        let alias = mint(&ring, "S1", "B1").seller;
        let read = ring.read(&alias.with_tag("O-1").to_string().to_ascii_uppercase(), NOW);
        assert_eq!(read, Recipient::Alias { alias, tag: Some("o-1".into()) });
    }

    #[test]
    fn what_nobody_was_given_is_unknown() {
        let ring = ring();
        let local = mint(&ring, "S1", "B1").seller.local().to_owned();
        let turned: String = local.chars().rev().collect();
        for guess in [
            format!("{turned}@relay.example"),
            format!("{local}a@relay.example"),
            format!("{local}@other.example"),
            "x@relay.example".into(),
            "@relay.example".into(),
            "relay.example".into(),
            format!("b-{local}@relay.example"),
        ] {
            assert_eq!(ring.read(&guess, NOW), Recipient::Unknown, "{guess}");
        }
        let stranger = Keyring::fixed("relay.example", [8; 32]);
        assert_eq!(stranger.read(&format!("{local}@relay.example"), NOW), Recipient::Unknown);
    }

    #[test]
    fn old_aliases_go_on_working_after_a_rotation_and_new_pairs_get_the_new_key() {
        let mut ring = ring();
        let old = mint(&ring, "S1", "B1");
        ring.rotate().unwrap();
        let new = mint(&ring, "S1", "B2");
        assert_eq!((old.key_version, new.key_version), (1, 2));
        for alias in [old.seller, old.buyer, new.seller, new.buyer] {
            assert!(matches!(ring.read(&alias.to_string(), NOW), Recipient::Alias { .. }));
        }
    }

    #[test]
    fn keys_tell_the_pairs_that_they_named_from_those_that_others_did() {
        let mut ring = ring();
        let (seller, buyer) = ("S1".parse().unwrap(), "B1".parse().unwrap());
        let pair = ring.mint(&seller, &buyer);
        let stranger = Keyring::fixed("relay.example", [8; 32]);
        let elsewhere = Keyring::fixed("other.example", [7; 32]);
        let (other, swapped) = (
            PairAliases { key_version: 2, ..pair.clone() },
            PairAliases { seller: pair.buyer.clone(), ..pair.clone() },
        );
        for (keys, pair, expected) in [
            (&ring, &pair, true),
            (&stranger, &pair, false),
            (&elsewhere, &pair, false),
            (&ring, &other, false),
            (&ring, &swapped, false),
        ] {
            assert_eq!(keys.named(&seller, &buyer, pair), expected, "{keys:?} {pair:?}");
        }
        ring.rotate().unwrap();
        assert!(ring.named(&seller, &buyer, &pair));
        assert!(!ring.named(&seller, &buyer, &other));
    }

    #[test]
    fn postmaster_and_abuse_are_always_someone() {
        for address in ["Postmaster", "postmaster@relay.example", "ABUSE@RELAY.EXAMPLE"] {
            assert_eq!(ring().read(address, NOW), Recipient::Postmaster, "{address}");
        }
        assert_eq!(ring().read("postmaster@other.example", NOW), Recipient::Unknown);
    }

    #[test]
    fn a_bounce_address_is_good_until_its_day_and_can_not_be_forged() {
        let ring = ring();
        let token = BounceToken([3; 10]);
        let expires = Timestamp::from_millis(30 * DAY * 1000);
        let address = ring.bounce_address(token, expires).to_string();
        assert_eq!(ring.read(&address, expires), Recipient::Bounce(token));
        let later = Timestamp::from_millis(31 * DAY * 1000);
        assert_eq!(ring.read(&address, later), Recipient::Unknown);
        let (first, rest) = address.split_at(2);
        let forged = format!("{first}q{}", rest.get(1..).unwrap());
        assert_eq!(ring.read(&forged, NOW), Recipient::Unknown);
    }
}
