//! Reading mail: bytes become a [`Message`] with its decoded words, told apart into new text,
//! quotes and signature.
//!
//! Flow: [`read`] → header (`fields`) and parts (`parts`, `decode`, `uuencoded`) → one text (`body`, which of two
//! forms by `alternatives`; `html` with its markup in `rich`, `flowed`, `openpgp`) → segments
//! (`segment`); [`sighting`]
//! turns text into hashes by which a later mail's quotation of it is recognised, and [`canonical`]
//! has a mail in the forms that signatures are about.
//! Invariant: read-only, never fails, never panics, bounded in depth, parts and size; what is odd
//! is noted as a [`Defect`]. Nothing in here decides about a mail.
//! Logs: nothing.
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod alternatives;
mod body;
pub mod canonical;
mod content;
mod decode;
mod encoded;
mod enriched;
mod fields;
mod flowed;
mod heading;
mod html;
mod html_colour;
mod html_elements;
mod html_lines;
mod html_look;
mod html_remote;
mod html_style;
mod html_tables;
mod html_tokens;
mod introduction;
mod message;
mod nested;
mod openpgp;
mod parts;
mod phrases;
mod read;
mod remote;
mod rich;
mod segment;
pub mod sighting;
mod signature;
mod subject;
mod tnef;
mod uuencoded;

pub use body::text_of_html;
pub use content::{Content, is_guessed, words};
pub use decode::with_lf;
pub use encoded::{base64_word, code_words, is_code, may_be_text};
pub use message::{
    Attachment, Automatic, Defect, Inspected, Mailbox, Message, Segment, SegmentKind, Text,
    Unreadable,
};
pub use read::{read, read_header};
pub use remote::{Remote, RemoteKind};
pub use rich::{Align, Dropped, Element, Link, Picture, Piece, Rich};
pub use segment::{new_text, segment};
pub use subject::base_subject;
