//! How a command ends: exit 0 done, 1 refused or failed, 2 wrong usage or config (PRODUCT §11).

use std::io::{self, Write};
use std::process::ExitCode;

/// Wrong usage or a wrong config: exit 2. May be several lines.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Wrong(pub String);

/// Tells an error on standard error and gives the exit code.
pub(super) fn report(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe) {
        return ExitCode::SUCCESS; // "bauta message list | head"
    }
    let _ = writeln!(io::stderr(), "{error:#}");
    match error.downcast_ref::<Wrong>() {
        Some(_) => ExitCode::from(2),
        None => ExitCode::from(1),
    }
}
