//! What came back about a delivery. Made by `bounce`, kept by `store`.

use std::str::FromStr;

use serde::Serialize;

/// What a report says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What became of the delivery.
    pub kind: ReportKind,
    /// The status code of RFC 3463, `5.1.1`, where it names one.
    pub status: Option<String>,
    /// Why.
    pub cause: Cause,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $error:ident: $($(#[$of:meta])* $variant:ident = $word:literal,)*) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            /// The word that is stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        #[doc = concat!("A word that is no [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
        #[error("{0:?} is unknown")]
        pub struct $error(String);

        impl FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err($error(text.to_owned())),
                }
            }
        }
    };
}

words! {
    /// What became of a delivery, as a report tells it.
    ReportKind, ReportKindError:
    /// Given up by whoever had taken it (RFC 3464 §2.3.3: `failed`).
    Failed = "failed",
    /// Not there yet, still tried (`delayed`).
    Delayed = "delayed",
    /// There, or passed on to where no reports are made (`delivered`, `relayed`, `expanded`).
    Delivered = "delivered",
    /// A machine answered in the recipient's place: out of office.
    AutoReply = "auto-reply",
    /// A machine asks the sender to prove that it is none.
    Challenge = "challenge",
    /// The recipient called it spam (RFC 5965).
    Complaint = "complaint",
}

words! {
    /// Why, as far as a report tells it.
    Cause, CauseError:
    /// There is no such mailbox.
    UserUnknown = "user-unknown",
    /// There is no such domain, or it takes no mail.
    HostUnknown = "host-unknown",
    /// The mailbox takes nothing now: disabled, moved.
    MailboxDisabled = "mailbox-disabled",
    /// It is full.
    MailboxFull = "mailbox-full",
    /// The mail is larger than is taken.
    TooLarge = "too-large",
    /// The other side's rules refuse it: spam, reputation, authentication.
    Policy = "policy",
    /// It was tried until time was up.
    Expired = "expired",
    /// Their mail system is broken or set up wrongly.
    System = "system",
    /// Not said, or not understood.
    Unknown = "unknown",
}
