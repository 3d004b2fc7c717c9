//! The HTTP face; in this version for operation only.
//!
//! Flow: [`serve`] → `/healthz` (the process answers), `/readyz` (mail can be taken: the store
//! writes and the relay does not stop), `/metrics` (what waits in the queue, for Prometheus).
//! Invariant: extract, one call into the store, render; nothing here names a person, a message or
//! an address.
//! Logs: why the relay is not ready, and requests that the store could not answer.

mod operation;

pub use operation::serve;
