//! What proves that an archived conversation is what it was: hashes in a chain, a tree for each day,
//! and a signed folder that a third party can check without the database.
//!
//! Flow: the store makes a [`leaf`] of each archived thing and a [`link`] to the one before it in its
//! conversation; [`tree`] binds a day's links into one root; an [`Export`] writes a conversation out
//! with its [`Manifest`], and [`verify`] checks such a folder or zip.
//! Invariant: what one side is given tells nothing of what it is not: every part of a message is
//! hashed with a salt of its own, and only the salts of disclosed parts are given out.
//! Logs: nothing.

mod chain;
mod export;
mod key;
mod manifest;
mod page;
pub mod tree;
mod verify;

pub use chain::{Hash, NOTHING, PARTS, Salt, Sealed, leaf, link, of_nothing};
pub use export::{Export, ExportError};
pub use key::EvidenceKey;
pub use manifest::{Day, Disclosed, Item, Kept, Manifest};
pub use page::{Entry, Page};
pub use verify::{Verified, VerifyError, verify};
