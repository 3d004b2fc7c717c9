//! The tables, as a list of migrations: entry N brings a database from version N to N + 1.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::error::StoreError;

/// "Baut": tells our databases from anybody else's.
const APPLICATION_ID: i64 = 0x4261_7574;

const MIGRATIONS: &[&str] = &[include_str!("schema_v1.sql")];

/// The schema that this program reads and writes.
pub(super) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn pragma(conn: &Connection, name: &str) -> Result<i64, StoreError> {
    Ok(conn.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
}

/// The schema's version; 0 for an empty database. Anything that is not ours is refused.
fn found(conn: &Connection, path: &Path) -> Result<i64, StoreError> {
    let ours = pragma(conn, "application_id")? == APPLICATION_ID;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (ours, tables) {
        (true, _) => pragma(conn, "user_version"),
        (false, 0) => Ok(0),
        (false, _) => Err(StoreError::Foreign(path.to_owned())),
    }
}

/// Refuses any schema but the one we know, and changes nothing.
pub(super) fn require_current(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    match found(conn, path)? {
        0 => Err(StoreError::Missing(path.to_owned())),
        version if version == known() => Ok(()),
        version if version > known() => Err(newer(version)),
        version => Err(StoreError::Schema {
            found: version,
            known: known(),
            advice: "only `serve` and `migrate` change the schema; start one of them first",
        }),
    }
}

fn newer(version: i64) -> StoreError {
    StoreError::Schema {
        found: version,
        known: known(),
        advice: "a newer Bauta wrote it; run that one, or restore a backup of before",
    }
}

/// Makes an empty file a database of the schema we know.
pub(super) fn create(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    // Takes effect only before the first table exists and before the WAL is switched on.
    conn.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
    apply(conn, path, MIGRATIONS)
}

/// Brings an older database to the schema we know.
pub(super) fn migrate(conn: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if found(conn, path)? == 0 {
        return Err(StoreError::Missing(path.to_owned()));
    }
    apply(conn, path, MIGRATIONS)
}

fn apply(conn: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    // One transaction for all steps, and the version read inside it: of two processes that
    // start at once, one finds the work done.
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version = found(&tx, path)?;
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(newer(version));
    }
    for step in migrations.iter().skip(usize::try_from(version).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    if version < known {
        tx.execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {known};"
        ))?;
        tracing::info!(from = version, to = known, "schema migrated");
    }
    tx.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(conn: &Connection) -> Vec<(String, i64)> {
        let mut statement = conn
            .prepare(
                "SELECT name, strict FROM pragma_table_list
                 WHERE name NOT LIKE 'sqlite_%' AND type = 'table'",
            )
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn an_empty_database_becomes_the_newest_and_every_table_is_strict() {
        let mut conn = Connection::open_in_memory().unwrap();
        let path = Path::new("x");
        assert!(matches!(migrate(&mut conn, path), Err(StoreError::Missing(_))));
        create(&mut conn, path).unwrap();
        require_current(&conn, path).unwrap();
        let tables = tables(&conn);
        assert!(tables.len() >= 9, "{tables:?}");
        assert!(tables.iter().all(|(_, strict)| *strict == 1), "{tables:?}");
        migrate(&mut conn, path).unwrap();
    }

    #[test]
    fn a_row_that_each_mail_writes_is_checked_without_a_table_for_the_moment() {
        let mut conn = Connection::open_in_memory().unwrap();
        create(&mut conn, Path::new("x")).unwrap();
        for table in ["message", "content", "delivery", "attempt", "evidence"] {
            let sql = format!("EXPLAIN INSERT INTO {table} DEFAULT VALUES");
            let mut statement = conn.prepare(&sql).unwrap();
            let steps = statement.query_map([], |row| row.get("opcode")).unwrap();
            let steps: Vec<String> = steps.map(Result::unwrap).collect();
            assert!(steps.len() > 10, "{table}: {steps:?}");
            assert!(!steps.iter().any(|step| step == "OpenEphemeral"), "{table}: {steps:?}");
        }
    }

    #[test]
    fn each_version_can_be_brought_to_the_newest() {
        let path = Path::new("x");
        for version in 1..=MIGRATIONS.len() {
            let mut conn = Connection::open_in_memory().unwrap();
            apply(&mut conn, path, &MIGRATIONS[..version]).unwrap();
            migrate(&mut conn, path).unwrap();
            require_current(&conn, path).unwrap();
        }
    }

    #[test]
    fn an_older_schema_is_migrated_and_refused_beside() {
        let mut conn = Connection::open_in_memory().unwrap();
        let path = Path::new("x");
        apply(&mut conn, path, MIGRATIONS).unwrap();
        let longer = [MIGRATIONS[0], "CREATE TABLE later (x INTEGER) STRICT"];
        apply(&mut conn, path, &longer).unwrap();
        let error = require_current(&conn, path).unwrap_err();
        assert!(error.to_string().contains("a newer Bauta wrote it"), "{error}");
        assert!(matches!(migrate(&mut conn, path), Err(StoreError::Schema { .. })));
    }

    #[test]
    fn a_database_of_something_else_is_left_alone() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE theirs (x)").unwrap();
        let path = Path::new("x");
        assert!(matches!(create(&mut conn, path), Err(StoreError::Foreign(_))));
        assert!(matches!(require_current(&conn, path), Err(StoreError::Foreign(_))));
    }
}
