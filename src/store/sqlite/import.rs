//! Many records in one transaction, each of them whole or not at all.

use rusqlite::Connection;

use super::{Store, orders, party};
use crate::domain::Timestamp;
use crate::store::error::StoreError;
use crate::store::register::{Put, Record};

impl Store {
    /// Registers records in their order: what each did, or why it was refused. A refused one
    /// changes nothing and stops none of the others; where the store itself fails, none of them
    /// is written.
    pub async fn import(
        &self,
        records: Vec<Record>,
        now: Timestamp,
    ) -> Result<Vec<Result<Put, StoreError>>, StoreError> {
        self.write(1024 * records.len(), move |conn| {
            records.iter().map(|record| put(conn, record, now)).collect()
        })
        .await
    }
}

/// `Err`: the store failed.
fn put(
    conn: &Connection,
    record: &Record,
    now: Timestamp,
) -> Result<Result<Put, StoreError>, StoreError> {
    conn.execute_batch("SAVEPOINT record")?;
    let done = match record {
        Record::Party(put) => party::put_party(conn, put),
        Record::Order(put, names) => orders::put_order(conn, put, names, now),
    };
    match done {
        Ok(put) => {
            conn.execute_batch("RELEASE record")?;
            Ok(Ok(put))
        }
        Err(
            refused @ (StoreError::UnknownSeller(_)
            | StoreError::UnknownBuyer(_)
            | StoreError::Deleted(_)
            | StoreError::OrderMoved { .. }),
        ) => {
            conn.execute_batch("ROLLBACK TO record; RELEASE record")?;
            Ok(Err(refused))
        }
        Err(failed) => Err(failed),
    }
}
