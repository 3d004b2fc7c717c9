//! What a key of the file is.

use super::kind::Kind;

/// What holds where the file says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// This value, as TOML.
    Default(&'static str),
    /// Nothing is set; the example shows this value behind a `#`.
    Unset(&'static str),
    /// An error; the example shows this value.
    Missing(&'static str),
}

/// One key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Table and name: `smtp.max_size`. `RULE-ID` stands for the id of any built rule, `N` for the
    /// place of a table among its like (`[[policy.custom]]`).
    pub(super) path: &'static str,
    /// What it takes.
    pub(super) kind: Kind,
    /// What holds without it.
    pub(super) absent: Absent,
    /// For an admin at three in the morning; lines are broken when printed.
    pub(super) comment: &'static str,
}

pub(super) const fn key(
    path: &'static str,
    kind: Kind,
    absent: Absent,
    comment: &'static str,
) -> Key {
    Key { path, kind, absent, comment }
}

/// The table in a path: all before the last dot; empty at the top.
pub(super) fn table_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(table, _)| table)
}

/// The name in a path: what follows the last dot.
pub(super) fn name_of(path: &str) -> &str {
    path.rsplit_once('.').map_or(path, |(_, name)| name)
}
