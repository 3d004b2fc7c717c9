//! What a mail to a bounce address says: that a delivery failed for good, that it is late, that a
//! machine answered.
//!
//! Flow: [`read`] takes a mail as it came and gives a
//! [`crate::domain::Report`], or nothing where it is none that
//! is understood; `status` reads the machine's part of it (RFC 3464), `words` the sentences of those
//! systems that write none.
//! Invariant: pure. Which delivery a report is about is never guessed from it: the address that it
//! came to says so. A report holds no word of the mail, so that no address can stand in it.
//! Logs: nothing.

mod read;
mod status;
mod words;

pub use read::read;
