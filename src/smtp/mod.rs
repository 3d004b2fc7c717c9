//! The MX face: mail comes in by SMTP.
//!
//! Flow: [`serve`] (`listener`) → one `session` per connection, on a `connection` that splits
//! strict `lines` and the octets of `data` or `chunks` → `command` → the house, behind [`Door`] →
//! `reply`. Before that `proxy` reads who is behind a load balancer; STARTTLS begins it anew.
//! Invariant: only CRLF ends a line, only CRLF.CRLF or its counted length a mail; no octet of a
//! mail is ever a command, and none in clear counts inside TLS; every line sent stands in `reply`;
//! a mail is answered 250 only by what the house says of it. [`Sink`] is the outside world of
//! `bauta demo` and of tests.
//! Logs: what was refused before the house saw it, at info; connections at debug; no mail address.
#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod chunks;
mod command;
mod connection;
mod data;
mod door;
mod intake;
mod limits;
mod lines;
mod listener;
mod proxy;
mod quirks;
mod reply;
mod seats;
mod session;
mod sink;
#[cfg(test)]
mod tests;

pub use chunks::Assembler;
pub use data::Scanner;
pub use door::Door;
pub use intake::Scanned;
pub use limits::{Limits, Settings};
pub use listener::{bind, serve};
pub use session::run as converse;
pub use sink::{Behaviour, Received, Sink, Stage};
