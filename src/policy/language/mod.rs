//! What a text does with its words: sentences, the language of each, and the speech acts in them.
//!
//! Flow: [`Packs`] (data, compiled once: `pack` reads a file, `entry` its phrases, `grammar` the
//! formulas over classes of words) + the normalised view → `sentences` → `words` (with what
//! disguised words read as) → [`read`]: for each sentence its language, which classes of words
//! stand in it and where, and which acts follow.
//! Invariant: linear in the length of the text. What a rule makes of the acts is decided in
//! `kinds`, never here.

mod disguise;
mod entry;
mod glue;
mod grammar;
mod letters;
mod lexicon;
mod marks;
mod mask;
mod pack;
mod packs;
mod reading;
mod sentences;
mod slips;
mod words;

pub(super) use grammar::{Act, MARKETPLACE, MARKETPLACE_STAFF};
pub use pack::PackError;
pub(super) use packs::{Languages, Packs};
pub(super) use reading::{Done, Reading, Sentence, Zone, read, read_in_each};
