//! The leak scan, apart from the composer so that nobody checks himself.
//!
//! Flow: a finished `rewrite::Draft` + the sender's `domain::Secrets` → [`scan`] re-reads the bytes
//! as a stranger's mail program would, undoes every encoding it knows (`unveil`, `markup`) and searches
//! (`search`, `address`) → [`Outgoing`], or what [`Leak`]s.
//! Invariant: fails closed. [`Outgoing`] is the second of the three seals: only [`scan`] makes it.
//! Logs: nothing; a leak names its kind and place, never the words.

mod address;
mod binary;
mod domain;
mod markup;
mod scan;
mod search;
#[cfg(test)]
mod tests;
mod unveil;

pub use scan::{Exempt, Leak, Outgoing, Place, leaking_stretches, scan};
pub use search::Kind;
