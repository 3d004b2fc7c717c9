//! Every mail of the test corpora, on its whole way through reading, judging, composing and
//! scanning. Without the corpora beside the project each of these tests says that it was skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs
)]

mod between;
mod fidelity;
mod files;
mod html;
mod leaks;
mod marking;
mod outside;
mod promises;
mod sets;
