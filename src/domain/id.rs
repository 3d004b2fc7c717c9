//! Ids: the marketplace's own (`SellerId`, `BuyerId`, `OrderId`), ours (`MessageId`) and the mail
//! programs' (`MsgId`).

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use data_encoding::BASE32_NOPAD;
use serde::Serialize;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {text:?} is not valid: {rule}")]
pub struct IdError {
    what: &'static str,
    text: String,
    rule: &'static str,
}

const MARKETPLACE_RULE: &str = "use 1 to 40 characters of A-Z a-z 0-9 . _ -";
const MESSAGE_RULE: &str = "it has 16 characters of a-z 2-7, as `message list` shows them";

fn is_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// An id the marketplace gives, `[A-Za-z0-9._-]{1,40}`, kept as written and compared without
/// letter case (PRODUCT §10).
macro_rules! marketplace_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The id as the marketplace wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The form that is compared and keyed: lower case.
            pub fn key(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                if is_id(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { what: $what, text: text.to_owned(), rule: MARKETPLACE_RULE })
                }
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.key().hash(state);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

marketplace_id!(
    /// A seller, as the marketplace names it.
    SellerId,
    "seller id"
);
marketplace_id!(
    /// A buyer, as the marketplace names it.
    BuyerId,
    "buyer id"
);
marketplace_id!(
    /// An order, as the marketplace names it.
    OrderId,
    "order id"
);

/// Our own id of a message in the archive: 80 random bits as 16 characters of lower-case base32,
/// so that nothing can be learnt from two of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// From 10 random bytes.
    pub fn from_random(bytes: [u8; 10]) -> Self {
        Self(BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
    }

    /// The 16 characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MessageId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let lower = text.to_ascii_lowercase();
        let fits = lower.len() == 16
            && lower.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'2'..=b'7'));
        if fits {
            Ok(Self(lower))
        } else {
            Err(IdError { what: "message id", text: text.to_owned(), rule: MESSAGE_RULE })
        }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A `msg-id` of RFC 5322 §3.6.4, without its angle brackets, exactly as the mail program wrote
/// it. At most 998 octets, printable, without spaces or angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct MsgId(String);

impl MsgId {
    /// The id, or nothing where the text can't stand between angle brackets.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim().trim_start_matches('<').trim_end_matches('>');
        // RFC 5322 §2.1.1: a line has at most 998 characters; the brackets and a space are ours.
        let fits = !text.is_empty()
            && text.len() <= 990
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
        fits.then(|| Self(text.to_owned()))
    }

    /// The id without angle brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_whatever_their_case() {
        let upper: OrderId = "AB-1".parse().unwrap();
        let lower: OrderId = "ab-1".parse().unwrap();
        assert_eq!(upper, lower);
        assert_eq!(upper.as_str(), "AB-1");
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_rule() {
        for bad in ["", "a b", "ä", "x".repeat(41).as_str(), "a+b", "a@b"] {
            let error = bad.parse::<SellerId>().unwrap_err().to_string();
            assert!(error.contains("1 to 40 characters"), "{error}");
        }
    }

    #[test]
    fn a_message_id_that_was_cut_is_refused_with_its_own_rule() {
        for bad in ["csrvg3iv", "csrvg3ivcsrvg3i1", "csrvg3ivcsrvg3ivc", ""] {
            let error = bad.parse::<MessageId>().unwrap_err().to_string();
            assert!(error.contains("16 characters of a-z 2-7"), "{error}");
        }
        assert_eq!("CSRVG3IVcsrvg3iv".parse::<MessageId>().unwrap().as_str(), "csrvg3ivcsrvg3iv");
    }

    #[test]
    fn a_msg_id_loses_its_brackets_and_nothing_else() {
        assert_eq!(MsgId::new(" <A.b+C@x.example> ").unwrap().as_str(), "A.b+C@x.example");
        for bad in ["", "<>", "a b@x", "a\r\nBcc: x@y", "<a<b>"] {
            assert!(MsgId::new(bad).is_none(), "{bad:?}");
        }
    }
}
