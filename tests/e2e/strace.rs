//! `strace` in front of the relay: what it asks of the disk, and a disk that fails when it is told.

use std::process::{Command, Stdio};

/// Whether there is one that may trace. Says so where it may not: some sandboxes forbid it.
pub fn may_trace() -> bool {
    let there = Command::new("strace").arg("--version").stdout(Stdio::null()).status().is_ok();
    assert!(there, "strace is missing: install Debian's package strace (apt-get install strace)");
    let traced = Command::new("strace").args(["-qq", "-e", "trace=none", "true"]).status();
    let may = traced.is_ok_and(|status| status.success());
    if !may {
        eprintln!("SKIPPED: this machine does not let one program trace another");
    }
    may
}

/// The command that a relay is launched under, which then is our child itself. Threads count
/// their calls each for itself. Not with `--seccomp-bpf`: with that, strace 6.1 sends no signal.
pub fn strace<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["strace", "-D", "-f", "-qq", "-o", "/dev/null"], options].concat()
}

/// The same where this is done to each of these calls, or to one of them (`signal=KILL:when=3`).
pub fn at_each(calls: &str, what: &str) -> [String; 2] {
    [format!("--trace={calls}"), format!("--inject={calls}:{what}")]
}
