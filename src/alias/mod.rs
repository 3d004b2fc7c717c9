//! Aliases and bounce addresses: the only holder of the alias key.
//!
//! Flow: [`Keyring::mint`] makes a pair's two aliases when it is first named; [`Keyring::read`]
//! tells from a recipient's address alone what it could be; [`Keyring::is_genuine`] holds what the
//! store found under an alias against the key.
//! Invariant: an alias is a keyed hash (PRODUCT §3); nothing about a person can be read from it and
//! nobody without the key can make one. No look-ups in here: the store's rows prove nothing alone.
//! Logs: nothing.

mod address;
mod keys;
mod words;

pub use address::{BounceToken, PairAliases, Recipient};
pub use keys::{KeyError, Keyring};
pub use words::WordKey;
