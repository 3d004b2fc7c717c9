//! The folder that holds the database: who may use it, and that only one relay does.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const LOCK_FILE: &str = "relay.lock";

/// Why a `data_dir` can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another relay runs on it. Transient: it may end.
    #[error("another relay runs on {0}")]
    InUse(PathBuf),
    /// It belongs to somebody else: files made now would be unreadable to the relay.
    #[error("{path} belongs to user {owner}, this is user {user}: run it as user {owner}")]
    NotOwner {
        /// The folder.
        path: PathBuf,
        /// Its owner's user id.
        owner: u32,
        /// Our effective user id.
        user: u32,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    Io {
        /// What was touched.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Held by `serve` as long as it runs; freed by the kernel however the process ends.
#[derive(Debug)]
pub struct DataDirLock {
    _file: File,
}

impl DataDirLock {
    /// Takes the folder's lock for this process, or says that another relay has it.
    pub fn take(data_dir: &Path) -> Result<Self, DataDirError> {
        let path = data_dir.join(LOCK_FILE);
        let failed = |source| DataDirError::Io { path: path.clone(), source };
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(DataDirError::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

/// Held while keys and database are made, so that of two processes that find none one makes both
/// and the other then finds them. Waits for the other one.
#[derive(Debug)]
pub struct FirstUse {
    _folder: File,
}

impl FirstUse {
    /// Waits until this process alone may make what the folder lacks.
    pub fn take(data_dir: &Path) -> Result<Self, DataDirError> {
        let failed = |source| DataDirError::Io { path: data_dir.to_owned(), source };
        let folder = File::open(data_dir).map_err(failed)?;
        folder.lock().map_err(failed)?;
        Ok(Self { _folder: folder })
    }
}

/// Whether this process acts as the folder's owner (PRODUCT §11); root is no exception, since a
/// database file that root made is one that the relay can't open.
pub fn require_owner(data_dir: &Path) -> Result<(), DataDirError> {
    let owner = std::fs::metadata(data_dir)
        .map_err(|source| DataDirError::Io { path: data_dir.to_owned(), source })?
        .uid();
    require_same(data_dir, owner, rustix::process::geteuid().as_raw())
}

fn require_same(path: &Path, owner: u32, user: u32) -> Result<(), DataDirError> {
    if owner == user {
        Ok(())
    } else {
        Err(DataDirError::NotOwner { path: path.to_owned(), owner, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_relays_can_not_run_on_one_folder_and_the_second_may_after_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDirLock::take(dir.path()).unwrap();
        assert!(matches!(DataDirLock::take(dir.path()), Err(DataDirError::InUse(_))));
        drop(first);
        DataDirLock::take(dir.path()).unwrap();
    }

    #[test]
    fn somebody_elses_folder_is_refused_naming_its_owner() {
        let dir = tempfile::tempdir().unwrap();
        require_owner(dir.path()).unwrap();
        let refused = require_same(dir.path(), 1234, 0).unwrap_err().to_string();
        assert!(refused.contains("run it as user 1234"), "{refused}");
        assert!(matches!(require_owner(&dir.path().join("nothing")), Err(DataDirError::Io { .. })));
    }
}
