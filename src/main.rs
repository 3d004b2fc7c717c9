//! The `bauta` command.

use std::process::ExitCode;

/// Judging and writing a mail takes many small pieces of memory for a moment.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    bauta::cli::main(std::env::args_os())
}
