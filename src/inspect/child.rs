//! The child: takes from itself what it will not need, then opens one file after the other.

use std::io::{self, BufReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::kind::kind;
use super::open::{Opened, look, open};
use super::wire;
use crate::domain::{FileFacts, Unopened};

/// Memory, in bytes: a file of 10 MB is some thirty times that in its objects.
const MEMORY: u64 = 768 * 1024 * 1024;
/// Processor time, in seconds.
const SECONDS: u64 = 10;

/// Limits this process for good: memory, processor time, and no file that is not open already.
/// `panic = abort` and a signal are both its end, and its parent's finding.
///
/// # Errors
/// What the machine refuses; then nothing may be opened.
pub fn limit() -> io::Result<()> {
    let most = |value| Rlimit { current: Some(value), maximum: Some(value) };
    for (resource, value) in [
        (Resource::As, MEMORY),
        (Resource::Cpu, SECONDS),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        // Standard input, output and error are 0 to 2.
        (Resource::Nofile, 3),
    ] {
        setrlimit(resource, most(value))?;
    }
    Ok(())
}

/// Opens what is asked about until no more comes.
///
/// # Errors
/// A question that is none, or a parent that is gone.
pub fn serve(input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut input = BufReader::new(input);
    while let Some((name, declared, asks, bytes)) = wire::read_question(&mut input)? {
        let look_too = || {
            let mut opened = open(name.as_deref(), &declared, &bytes);
            if asks {
                look(&mut opened, &bytes);
            }
            opened
        };
        let opened = catch_unwind(AssertUnwindSafe(look_too));
        let damaged = |_| {
            let kind = kind(name.as_deref(), &declared, &bytes);
            Opened::only(FileFacts::unopened(kind, Unopened::Damaged))
        };
        wire::write_answer(&mut output, &opened.unwrap_or_else(damaged))?;
    }
    Ok(())
}
