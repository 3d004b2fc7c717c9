//! What a path in the file is, by the table of keys.

use super::keys::{KEYS, Key};
use super::not_yet::NOT_YET;

/// What a path in the file is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known {
    /// A key with a value.
    Key(&'static Key),
    /// A table that holds keys.
    Table,
    /// Not in this version.
    NotYet,
    /// Nothing we know.
    Unknown,
}

/// Looks a path up; ids of rules have been replaced by `RULE-ID`.
pub(super) fn look_up(path: &str) -> Known {
    let within = |whole: &str, start: &str| {
        whole.strip_prefix(start).is_some_and(|rest| rest.starts_with('.'))
    };
    if let Some(key) = KEYS.iter().find(|k| k.path == path) {
        Known::Key(key)
    } else if NOT_YET.iter().any(|n| *n == path || within(path, n)) {
        Known::NotYet
    } else if KEYS.iter().any(|k| within(k.path, path)) {
        Known::Table
    } else {
        Known::Unknown
    }
}
