//! The marketplace's content policy.
//!
//! Flow: [`Rules`] (compiled once from the config) + [`Context`] (what is known about this
//! message's place) + `mail::Message` → [`judge`] → `Verdict`. One file per detector; each reads
//! one normalised view (`view`) of the text that maps every finding back to the exact words.
//! Invariant: pure; linear in the length of the text; a finding names bytes of the original text.
//! Logs: nothing.

mod account_numbers;
mod attachment_purpose;
mod attachment_size;
mod attachment_type;
mod card_number;
mod carries;
mod clauses;
mod competitor;
mod conduct;
mod context;
mod copies;
mod custom;
mod dangerous_content;
mod dates;
mod domains;
mod email_address;
mod encoded;
mod external_link;
mod fetched;
mod found;
mod image;
mod judge;
mod kana;
mod keyboard;
mod kinds;
mod language;
mod lexicon;
mod linked_logo;
mod meant;
mod messenger_handle;
mod names;
mod number_words;
mod off_platform_payment;
mod phone_around;
mod phone_number;
mod phone_plan;
mod phone_scan;
mod phone_shape;
mod quoted;
mod rules;
#[cfg(test)]
mod steps;
mod tokens;
mod too_long;
mod tracking;
mod trie;
mod unreadable;
mod url;
mod user_name;
mod view;

pub use card_number::{card_numbers, without_figures};
pub use carries::{Carries, carries};
pub use context::Context;
pub use copies::prints;
pub use judge::{holds_contact, judge, warm};
pub use language::PackError;
pub use rules::{RuleError, Rules};
