//! A copy of the database beside live traffic, by SQLite's own backup API.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::Store;
use crate::store::error::StoreError;

/// Pages copied at once.
const STEP: i32 = 4096;

impl Store {
    /// Copies the database as it is at this moment to a new file that only its owner reads. The
    /// file has its name when it is whole, checked and synced. Bytes of it.
    ///
    /// Errors: `Io` where the file exists or can't be written, `Damaged` where the copy is not sound.
    pub async fn back_up(&self, to: &Path) -> Result<u64, StoreError> {
        let (from, to) = (self.inner.readers.path().to_owned(), to.to_owned());
        tokio::task::spawn_blocking(move || copy(&from, &to))
            .await
            .map_err(|error| StoreError::Io(error.to_string()))?
    }
}

fn copy(from: &Path, to: &Path) -> Result<u64, StoreError> {
    if to.exists() {
        return Err(StoreError::Io(format!("{} exists already", to.display())));
    }
    let mut unfinished = to.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    // One snapshot for all of it: a commit of the relay's between two steps would begin it anew
    // (https://sqlite.org/c3ref/backup_finish.html), and under steady traffic it would never end.
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let mut target = Connection::open(&unfinished)?;
    let backup = Backup::new(&source, &mut target)?;
    loop {
        match backup.step(STEP)? {
            StepResult::Done => break,
            StepResult::More => {}
            // Somebody holds a lock for a moment.
            _ => std::thread::sleep(Duration::from_millis(20)),
        }
    }
    drop(backup);
    drop(snapshot);
    // A file of its own, without a log beside it.
    target.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    let sound: String = target.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(StoreError::Damaged("the copy"));
    }
    target.close().map_err(|(_, error)| error)?;
    let file = File::open(&unfinished)?;
    file.sync_all()?;
    fs::rename(&unfinished, to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(file.metadata()?.len())
}
