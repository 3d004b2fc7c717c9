//! Who a mail is from, proved.
//!
//! Flow: the mail's own claims ([`Prover::claims`]: `dkim` signatures, or the `results` that a
//! trusted server wrote on it) + the session's facts ([`Peer`], [`Envelope`]) → [`Prover::prove`]:
//! `spf` and `dkim` ask the DNS, `dmarc` says whether what they prove speaks for the domain in
//! `From:` → [`Proof`]. The word of a trusted peer is taken as it is ([`believe`]).
//! Invariant: only this room makes a [`Proof`], and it never looks at who is registered before all
//! look-ups have ended. `From:` holds exactly one address. Look-ups end within a minute.
//! Logs: that there is no DNS.

pub mod dkim;
mod dmarc;
mod domain;
mod proof;
mod results;
pub mod spf;
mod tags;

pub use proof::{Claims, Envelope, Found, Peer, Proof, Prover, Unproved, believe};
