//! What can be wrong with a config file. All of it is permanent: only an edit helps.

use std::fmt;

/// A place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// One thing that is wrong. Its text is one line and names no real address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read at all.
    #[error("{file}: can't be read: {why}")]
    Unreadable {
        /// As given on the command line.
        file: String,
        /// The system's words.
        why: String,
    },
    /// It is no TOML.
    #[error("{file}:{position}: {wrong}")]
    Syntax {
        /// As given on the command line.
        file: String,
        /// Where the parser stopped.
        position: Position,
        /// The parser's words.
        wrong: String,
    },
    /// A key is unknown, missing, or its value is wrong.
    #[error("{file}:{position}: {key}: {wrong}")]
    Wrong {
        /// As given on the command line.
        file: String,
        /// The value; for an unknown key the key; for a missing one its table, or 1:1.
        position: Position,
        /// The whole path, such as `smtp.max_size`.
        key: String,
        /// What is wrong; what would be right.
        wrong: String,
    },
    /// A key that the product has and this version does not.
    #[error("{file}:{position}: {key} is not in this version; remove it")]
    NotYet {
        /// As given on the command line.
        file: String,
        /// The key.
        position: Position,
        /// The whole path, such as `imap.listen`.
        key: String,
    },
}

impl ConfigError {
    /// Where in the file; none where there was nothing to read.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Unreadable { .. } => None,
            Self::Syntax { position, .. }
            | Self::Wrong { position, .. }
            | Self::NotYet { position, .. } => Some(*position),
        }
    }
}

/// Everything that is wrong with the file, in the order of the file. Shown one a line, without a
/// line break at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    pub(super) fn new(mut errors: Vec<ConfigError>) -> Self {
        errors.sort_by_key(ConfigError::position);
        Self(errors)
    }

    /// One by one; never empty.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
