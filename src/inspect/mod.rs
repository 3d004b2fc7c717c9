//! Opening files: what a file is, what is dangerous in it, and the same file without what it tells
//! about its maker.
//!
//! Flow: [`open`] takes one file: `kind` (by its content) → `pdf` or a picture's format (cleaned)
//! or `archive` (looked through) → [`Opened`]. [`serve`] does so in a child process, one file after
//! the other as `wire` frames them, after [`limit`] has taken from it what it will not need.
//! Invariant: pure but for `serve` and `limit`; a cleaner keeps what it knows and drops what it
//! does not, and the bytes that a picture is drawn from stay the same; what needs no cleaning comes
//! back as it was.
//! Logs: nothing.

mod archive;
mod child;
mod exif;
mod gif;
mod jpeg;
mod kind;
mod names;
mod office;
mod open;
mod pdf;
mod pdf_content;
mod pdf_font;
mod pdf_objects;
mod pdf_words;
mod picture;
mod png;
mod rar;
#[cfg(test)]
mod tests;
mod webp;
pub mod wire;
mod zip;

pub use child::{limit, serve};
pub use kind::kind;
pub use names::{is_run_by_name, without_extensions};
pub use open::{Opened, open};
pub use pdf_words::PAGE_BREAK;
