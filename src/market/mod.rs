//! What the marketplace's own rules say: who may write when, what is an answer and what is
//! proactive, and how the response clock runs.
//!
//! Flow: [`admit`] takes the route, the proof and what the pair has said so far, finds the
//! message's conversation and gives [`Admitted`] or a [`Refusal`]; [`clock`] says what a message
//! does to the seller's response clock; [`limits`] which limit it would pass; [`strikes`]
//! what of it counts against its seller, and what follows.
//! Invariant: pure. [`Admitted`] is the first of the three seals: only [`admit`] makes it, which
//! needs a `sender::Proof`, and [`readmit`] of what a person lets pass.
//! Logs: nothing.

mod admit;
pub mod clock;
pub mod limits;
pub mod strikes;

pub use admit::{Admission, Admitted, Place, Refusal, Request, Review, admit, readmit};
