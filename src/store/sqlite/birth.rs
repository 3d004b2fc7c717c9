//! How a database comes to be, and what it was made for.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::rows::{all, get, one, parse, run};
use super::{Store, connection, schema};
use crate::domain::{AliasAddress, BuyerId, SellerId};
use crate::store::error::StoreError;
use crate::store::register::{NamedPair, PairNames};

/// Makes a whole database beside `path` and gives it its name last, so that whoever finds that
/// name finds a database, wherever a crash fell. The caller sees to it that nobody else does the
/// same at the same time.
pub(super) fn make(path: &Path, alias_domain: &str) -> Result<(), StoreError> {
    let unfinished = beside(path, ".new");
    for file in [unfinished.clone(), beside(&unfinished, "-journal")] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    // Only its owner reads it: it will hold real addresses. SQLite gives the WAL the same
    // permissions.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let mut conn = connection::open_writer(&unfinished)?;
    schema::create(&mut conn, &unfinished)?;
    run(&conn, "INSERT INTO setting VALUES ('alias_domain', ?1)", [alias_domain])?;
    conn.close().map_err(|(_, error)| error)?;
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    // The name must survive a crash as surely as what is committed under it.
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Refuses to work for another domain than the one whose aliases were given out.
pub(super) fn require_domain(conn: &Connection, asked: &str) -> Result<(), StoreError> {
    let sql = "SELECT value FROM setting WHERE name = 'alias_domain'";
    let made_for: Option<String> = one(conn, sql, [], |row| get(row, "value"))?;
    let made_for = made_for.ok_or(StoreError::Damaged("setting.alias_domain"))?;
    if made_for.eq_ignore_ascii_case(asked) {
        return Ok(());
    }
    Err(StoreError::AliasDomain { made_for, asked: asked.to_owned() })
}

impl Store {
    /// One pair for each version of the alias key that pairs were named with: enough to tell
    /// whether a keyring is the one that named them.
    pub async fn named_pairs(&self) -> Result<Vec<NamedPair>, StoreError> {
        let domain = self.inner.alias_domain.clone();
        self.read(move |conn| named_pairs(conn, &domain)).await
    }

    /// The same of a database that nobody has open, or somebody else has, without writing to it.
    /// Refuses what [`Store::open`] refuses beside a relay.
    pub fn inspect(path: &Path, alias_domain: &str) -> Result<Vec<NamedPair>, StoreError> {
        let conn = connection::open_untouched(path, beside(path, "-wal").exists())?;
        schema::require_current(&conn, path)?;
        require_domain(&conn, alias_domain)?;
        named_pairs(&conn, alias_domain)
    }
}

fn named_pairs(conn: &Connection, domain: &str) -> Result<Vec<NamedPair>, StoreError> {
    let mut pairs: Vec<NamedPair> = Vec::new();
    // From version to version along the index: its rows are as many as the pairs.
    let sql = "SELECT p.key_version, p.seller_alias, p.buyer_alias, s.id AS seller, b.id AS buyer
        FROM pair p JOIN party s ON s.number = p.seller JOIN party b ON b.number = p.buyer
        WHERE p.number = (SELECT number FROM pair WHERE key_version > ?1
            ORDER BY key_version, number LIMIT 1)";
    loop {
        let last = pairs.last().map_or(0, |pair| pair.names.key_version);
        let next = all(conn, sql, params![last], |row| {
            let alias = |local: String| AliasAddress::new(&local, domain);
            Ok(NamedPair {
                seller: parse::<SellerId>(row, "seller")?,
                buyer: parse::<BuyerId>(row, "buyer")?,
                names: PairNames {
                    key_version: get(row, "key_version")?,
                    seller_alias: alias(get(row, "seller_alias")?),
                    buyer_alias: alias(get(row, "buyer_alias")?),
                },
            })
        })?;
        if next.is_empty() {
            return Ok(pairs);
        }
        pairs.extend(next);
    }
}
