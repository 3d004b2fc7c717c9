//! Mail going out.
//!
//! Flow: the scheduler takes deliveries, handed over as they are accepted or claimed when they are
//! due, each destination at its own pace and within its share of what is in hand → carried under
//! its lease: one attempt over lettre's connection, one verb at a time, each under its time → the
//! outcome is written to the store, with the next time where there is one.
//! Invariant: state, next time and lease are in the store, not in here; an attempt whose lease is
//! lost writes nothing; every attempt sends the same bytes. An unknown error is temporary.
//! Logs: one line for each attempt's outcome, with delay and the peer's reply without addresses;
//! one for each rest of a destination that does not answer.

mod attempt;
mod backoff;
mod carry;
mod connect;
mod desk;
mod encrypt;
mod hand;
mod opening;
mod pace;
mod probe;
mod route;
mod scheduler;
mod sts;
mod times;
mod wire;

#[cfg(test)]
mod tests;

pub use probe::{Certificate, Shown, probe, reach};
pub use scheduler::Scheduler;
pub use sts::{Policy as StsPromise, published as sts_promise};
