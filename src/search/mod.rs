//! Finding messages by their words.
//!
//! Flow: [`index`] makes a message's words into numbers before it is stored; a [`Query`] becomes
//! numbers in the same way, [`find`] asks the store for the messages that have them, holds what a
//! number can't tell (the order of words) against their views, and cuts a [`Hit`]'s snippet from
//! the view in which it stands.
//! Invariant: what leaves this room for the store is numbers made with the key, never a word; a
//! side finds only what stands in its own views (PRODUCT §7).
//! Logs: nothing.

mod find;
mod index;
mod query;
mod snippet;
mod stem;
mod words;

pub use find::{Hit, find};
pub use index::{Indexed, index};
pub use query::{Criteria, Query};
