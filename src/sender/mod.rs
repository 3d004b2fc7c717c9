//! Who a mail is from, proved.
//!
//! Flow: the session's facts about its peer ([`Peer`]) + the read message → [`prove`] → [`Proof`].
//! This version knows `verify = "address"`: a peer in `smtp.trusted_networks` has verified the
//! sender, anybody else is turned away at MAIL. SPF, DKIM and DMARC come with their own version.
//! Invariant: only [`prove`] makes a [`Proof`], and it never looks at who is registered.
//! Logs: nothing.

mod proof;
pub mod spf;

pub use proof::{Peer, Proof, Unproved, prove};
