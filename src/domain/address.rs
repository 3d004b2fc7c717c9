//! Two kinds of address that must never be taken for one another.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::bytes::are_all;

/// Why a text is no address we can deliver to. Names no part of the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`, or nothing on one side of it.
    #[error("an e-mail address has the form local@domain")]
    Form,
    /// The local part is over 64 octets or the whole over 254 (RFC 5321 §4.5.3.1).
    #[error("the address is longer than RFC 5321 allows (64 octets before the @, 254 in all)")]
    Length,
    /// The local part has a character that would need quoting.
    #[error("the part before the @ has a character that is not allowed unquoted (RFC 5321 §4.1.2)")]
    Local,
    /// The domain is not a dotted host name.
    #[error("the part after the @ is not a domain name")]
    Domain,
}

/// A party's own address. It never reaches the other party, so it can't be printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct RealAddress {
    local: String,
    domain: String,
}

impl RealAddress {
    /// The address as text. **Dangerous**: only for delivery to its owner, for the store, for the
    /// owner's own records shown to the operator, and for the leak scan to search for.
    pub fn reveal(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// The address as it stands in a header or an envelope: its domain in ASCII (RFC 5891 §4.4),
    /// so that only a local part outside ASCII needs SMTPUTF8. As secret as [`Self::reveal`].
    pub fn reveal_for_mail(&self) -> String {
        format!("{}@{}", self.local, ascii(&self.domain))
    }

    /// The domain, lower case, as it was written.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The form that is compared: no letter case, no `+tag`, no dots at Gmail (PRODUCT §4).
    /// Only for addresses whose domain is proved.
    pub fn canonical(&self) -> Canonical {
        let local = self.local.to_lowercase();
        let local = match local.split_once('+') {
            Some((before, _)) if !before.is_empty() => before.to_owned(),
            _ => local,
        };
        let (local, domain) = match self.domain.as_str() {
            "gmail.com" | "googlemail.com" => (local.replace('.', ""), "gmail.com"),
            domain => (local, domain),
        };
        Canonical(format!("{local}@{}", ascii(domain)))
    }
}

/// A domain in ASCII: each label outside it as its A-label (RFC 5890 §2.3.2.1). What has none
/// stays as it is.
fn ascii(domain: &str) -> String {
    if is_spelt_one_way(domain) {
        return domain.to_owned();
    }
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}

/// Whether a domain is the same in ASCII and as it is shown: most have nothing but small letters.
pub(super) fn is_spelt_one_way(domain: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() | b.is_ascii_digit() | (b == b'.') | (b == b'-');
    are_all(domain.as_bytes(), plain) && !domain.contains("xn--")
}

/// A letter or a mark of a script other than Latin's.
fn is_letter(c: char) -> bool {
    !c.is_ascii() && (c.is_alphanumeric() || is_combining_mark(c))
}

impl FromStr for RealAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        // RFC 6532 §3.1: the same character may be written in several ways.
        let text = match text.trim() {
            text if text.is_ascii() => Cow::Borrowed(text),
            text => Cow::Owned(text.nfc().collect::<String>()),
        };
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Form);
        }
        // RFC 5321 §4.5.3.1
        if local.len() > 64 || local.len() + domain.len() + 1 > 254 {
            return Err(AddressError::Length);
        }
        // RFC 5321 §4.1.2 Dot-string, RFC 6531 §3.3 for what is not ASCII.
        let atom = |c: char| {
            c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_letter(c)
        };
        // Some providers gave out addresses with doubled or trailing dots; they can be delivered.
        if !local.chars().all(|c| atom(c) || c == '.') || local.starts_with('.') {
            return Err(AddressError::Local);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || is_letter(c))
        };
        if domain.split('.').count() < 2 || !domain.split('.').all(label) {
            return Err(AddressError::Domain);
        }
        Ok(Self { local: local.to_owned(), domain: domain.to_lowercase() })
    }
}

impl fmt::Debug for RealAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RealAddress(redacted)")
    }
}

/// The compared form of a [`RealAddress`]. As secret as the address itself.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Canonical(String);

impl Canonical {
    /// The text, for the store's index only.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Canonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canonical(redacted)")
    }
}

/// An address at the relay's domain that stands for one party in front of one other. Free to be
/// shown, logged and written into mail. Only `alias::Keyring` and `store` make them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AliasAddress {
    local: String,
    domain: String,
}

impl AliasAddress {
    /// From a local part that a keyring made and the alias domain of the config.
    pub fn new(local: &str, domain: &str) -> Self {
        Self { local: local.to_ascii_lowercase(), domain: domain.to_ascii_lowercase() }
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The alias domain.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The same alias with an order's tag: `alias+tag@domain` (PRODUCT §3).
    pub fn with_tag(&self, tag: &str) -> Self {
        Self::new(&format!("{}+{tag}", self.local), &self.domain)
    }
}

impl fmt::Display for AliasAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl Serialize for AliasAddress {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_real_address_shows_nothing_in_a_debug_line() {
        let address: RealAddress = "jane.roe@mail.example".parse().unwrap();
        let shown = format!("{address:?} {:?}", address.canonical());
        assert!(!shown.contains("jane") && !shown.contains("mail.example"), "{shown}");
    }

    #[test]
    fn addresses_are_compared_without_case_tag_and_gmail_dots() {
        let same = |a: &str, b: &str| {
            let canonical = |t: &str| t.parse::<RealAddress>().unwrap().canonical();
            assert_eq!(canonical(a), canonical(b), "{a} {b}");
        };
        same("Jane@Mail.Example", "jane+shop@mail.example");
        same("j.a.ne+x@gmail.com", "jane@googlemail.com");
        same("jane@müller.example", "jane@XN--mller-kva.example");
        same("jo\u{308}rg@mail.example", "jörg@mail.example");
        assert_ne!(
            "j.ane@mail.example".parse::<RealAddress>().unwrap().canonical(),
            "jane@mail.example".parse::<RealAddress>().unwrap().canonical(),
        );
    }

    #[test]
    fn what_can_not_be_delivered_to_is_no_address() {
        for bad in [
            "",
            "jane",
            "@x.example",
            "jane@",
            "jane@localhost",
            "a b@x.example",
            "jane@-x.example",
            "\"a b\"@x.example",
            "jane@x..example",
            "a@[127.0.0.1]",
            "jane@x.example\r\nRCPT TO:<b@x.example>",
        ] {
            assert!(bad.parse::<RealAddress>().is_err(), "{bad:?}");
        }
        assert!("用户@例え.example".parse::<RealAddress>().is_ok());
    }
}
