//! `bauta inspect`: the child that opens files for the relay. Not for people.

use std::io::{Read, Write};

use anyhow::Context as _;

use crate::inspect;

/// Opens the files that come on standard input, under limits that it sets itself first.
pub(super) fn run(input: impl Read, output: impl Write) -> anyhow::Result<()> {
    inspect::limit().context("no limits could be set, so nothing is opened")?;
    inspect::serve(input, output).context("a question that is none")
}
