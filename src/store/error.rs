//! What can go wrong in the store.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::domain::{BuyerId, OrderId, PartyId, Role, SellerId};
use crate::market::limits::Limit;

/// Why the store did not do what it was asked. Nothing was written then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too much waits to be written already. Transient.
    #[error("too many writes are waiting")]
    Busy,
    /// Another process has held the database for longer than the store waits. Transient.
    #[error("the database is locked by another process")]
    Locked,
    /// The disk is full. Transient: it works again when there is room.
    #[error("the disk is full")]
    Full,
    /// The facts that were decided on have changed since: decide again. Transient.
    #[error("the facts changed since they were read")]
    Stale,
    /// A limit is reached. Transient: time passes.
    #[error("{0}")]
    Limit(Limit),
    /// Another job of the same group broke the transaction. Transient.
    #[error("the transaction was rolled back: {0}")]
    RolledBack(String),
    /// The store was closed, or its writer is gone. Transient for the peer.
    #[error("the store is closed")]
    Closed,
    /// The seller is not registered.
    #[error("seller {0} is not registered")]
    UnknownSeller(SellerId),
    /// The buyer is not registered.
    #[error("buyer {0} is not registered")]
    UnknownBuyer(BuyerId),
    /// The party was deleted; its id stays taken, for its aliases are known to people.
    #[error("{} {} was deleted; register the person under another id", .0.role(), .0.as_str())]
    Deleted(PartyId),
    /// An order stays with its seller and buyer.
    #[error("order {order} belongs to another {side}; an order can't move to another {side}")]
    OrderMoved {
        /// Which order.
        order: OrderId,
        /// Which side differs.
        side: Role,
    },
    /// There is no database where one must be.
    #[error("there is no Bauta database at {0}")]
    Missing(PathBuf),
    /// The file is a database of something else.
    #[error("{0} is no Bauta database")]
    Foreign(PathBuf),
    /// The aliases in it end in another domain.
    #[error(
        "the database was made for aliases at {made_for}, the config says relay.alias_domain = \"{asked}\": every alias ever given out would stop working; write \"{made_for}\" again, or give the new domain a data_dir of its own"
    )]
    AliasDomain {
        /// What it was made for.
        made_for: String,
        /// What the config says.
        asked: String,
    },
    /// The database has another schema than this program.
    #[error("the database has schema {found}, this program knows {known}: {advice}")]
    Schema {
        /// What the database has.
        found: i64,
        /// What this program knows.
        known: i64,
        /// What to do.
        advice: &'static str,
    },
    /// The file system or the operating system failed.
    #[error("i/o: {0}")]
    Io(String),
    /// A row holds what it can't hold: the named column is not valid.
    #[error("the database is damaged: {0} holds no valid value")]
    Damaged(&'static str),
    /// SQLite refused: a fault of this program or a damaged file.
    #[error("sqlite: {0}")]
    Sqlite(String),
}

impl StoreError {
    /// The party is not registered.
    pub fn unknown(id: &PartyId) -> Self {
        match id {
            PartyId::Seller(id) => Self::UnknownSeller(id.clone()),
            PartyId::Buyer(id) => Self::UnknownBuyer(id.clone()),
        }
    }

    /// Whether the same request may well succeed later. At the SMTP door everything that went
    /// wrong in here is a 4xx; this tells the log and the CLI apart from what needs a person.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::Locked
                | Self::Full
                | Self::Stale
                | Self::Limit(_)
                | Self::RolledBack(_)
                | Self::Closed
        )
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            Some(ErrorCode::DiskFull) => Self::Full,
            // The index of the WAL, which is no file of data, could not be made longer.
            Some(ErrorCode::SystemIoFailure) if has_code(&error, ffi::SQLITE_IOERR_SHMSIZE) => {
                Self::Full
            }
            Some(ErrorCode::SystemIoFailure) if is_lost_write(&error) => Self::Io(text(&error)),
            Some(ErrorCode::SystemIoFailure) => Self::Locked,
            _ => Self::Sqlite(text(&error)),
        }
    }
}

/// SQLite's words without the statement's text or any value of a row: they go to the log.
fn text(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, _) => code.to_string(),
        rusqlite::Error::SqlInputError { error, .. } => error.to_string(),
        rusqlite::Error::FromSqlConversionFailure(column, kind, _) => {
            format!("column {column} has type {kind}")
        }
        other => other.to_string(),
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.to_string())
    }
}

/// Whether this is an I/O error after which nobody knows what is on the disk: a retried fsync
/// reports a success that it did not earn, so the process must end and recover from the WAL.
/// Errors of locks, of memory and of the WAL's index leave the file as it was.
pub(super) fn is_lost_write(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(code, _) = error else { return false };
    code.code == ErrorCode::SystemIoFailure
        && !matches!(
            code.extended_code,
            ffi::SQLITE_IOERR_LOCK
                | ffi::SQLITE_IOERR_UNLOCK
                | ffi::SQLITE_IOERR_RDLOCK
                | ffi::SQLITE_IOERR_CHECKRESERVEDLOCK
                | ffi::SQLITE_IOERR_BLOCKED
                | ffi::SQLITE_IOERR_SHMLOCK
                | ffi::SQLITE_IOERR_SHMSIZE
                | ffi::SQLITE_IOERR_SHMMAP
                | ffi::SQLITE_IOERR_NOMEM
        )
}

fn has_code(error: &rusqlite::Error, extended: i32) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(code, _) if code.extended_code == extended)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(code: i32) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn only_an_error_that_may_have_lost_a_write_ends_the_process() {
        for (code, lost) in [
            (ffi::SQLITE_IOERR, true),
            (ffi::SQLITE_IOERR_WRITE, true),
            (ffi::SQLITE_IOERR_FSYNC, true),
            (ffi::SQLITE_IOERR_DIR_FSYNC, true),
            (ffi::SQLITE_IOERR_TRUNCATE, true),
            (ffi::SQLITE_IOERR_SHMLOCK, false),
            (ffi::SQLITE_IOERR_SHMSIZE, false),
            (ffi::SQLITE_IOERR_SHMMAP, false),
            (ffi::SQLITE_IOERR_LOCK, false),
            (ffi::SQLITE_IOERR_NOMEM, false),
            (ffi::SQLITE_FULL, false),
            (ffi::SQLITE_BUSY, false),
            (ffi::SQLITE_BUSY_SNAPSHOT, false),
            (ffi::SQLITE_CONSTRAINT_UNIQUE, false),
        ] {
            assert_eq!(is_lost_write(&failure(code)), lost, "{code}");
        }
    }

    #[test]
    fn full_and_locked_are_transient_and_a_broken_constraint_is_not() {
        for (code, expected, transient) in [
            (ffi::SQLITE_FULL, StoreError::Full, true),
            (ffi::SQLITE_BUSY, StoreError::Locked, true),
            (ffi::SQLITE_IOERR_LOCK, StoreError::Locked, true),
            (ffi::SQLITE_IOERR_SHMSIZE, StoreError::Full, true),
        ] {
            let error = StoreError::from(failure(code));
            assert_eq!((error.clone(), error.is_transient()), (expected, transient));
        }
        assert!(!StoreError::from(failure(ffi::SQLITE_CONSTRAINT_UNIQUE)).is_transient());
        assert!(!StoreError::from(failure(ffi::SQLITE_IOERR_FSYNC)).is_transient());
    }
}
