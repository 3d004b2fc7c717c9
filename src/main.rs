//! The `bauta` command.

fn main() {}
