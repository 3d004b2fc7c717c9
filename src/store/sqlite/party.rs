//! The register of buyers and sellers.

use rusqlite::{Connection, Row, params};

use super::Store;
use super::rows::{all, get, one, parse, party_id, run};
use crate::domain::{Party, PartyId, RealAddress, Role};
use crate::store::error::StoreError;
use crate::store::records::{Put, PutParty};

impl Store {
    /// Registers a party, or replaces its whole record: every address given is the whole list.
    pub async fn put_party(&self, put: PutParty) -> Result<Put, StoreError> {
        self.write(1024, move |conn| put_party(conn, &put)).await
    }

    /// A party's record.
    pub async fn party(&self, id: &PartyId) -> Result<Option<Party>, StoreError> {
        let id = id.clone();
        self.read(move |conn| {
            find(conn, &id)?.map(|number| load(conn, number).map(|(party, _)| party)).transpose()
        })
        .await
    }

    /// All parties of one side, by id.
    pub async fn parties(&self, role: Role) -> Result<Vec<Party>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT number FROM party WHERE role = ?1 ORDER BY id_key";
            let numbers: Vec<i64> = all(conn, sql, [role.as_str()], |row| get(row, "number"))?;
            numbers.into_iter().map(|number| load(conn, number).map(|(party, _)| party)).collect()
        })
        .await
    }
}

/// The party's row, by its id in any case.
pub(super) fn find(conn: &Connection, id: &PartyId) -> Result<Option<i64>, StoreError> {
    let sql = "SELECT number FROM party WHERE role = ?1 AND id_key = ?2";
    one(conn, sql, params![id.role().as_str(), id.key()], |row| get(row, "number"))
}

/// A party that is known to be there, and its record's version.
pub(super) fn load(conn: &Connection, number: i64) -> Result<(Party, i64), StoreError> {
    let sql = "SELECT role, id, name, language, version FROM party WHERE number = ?1";
    let found = one(conn, sql, [number], |row| Ok((read(row)?, get(row, "version")?)))?;
    let (mut party, version) = found.ok_or(StoreError::Damaged("party"))?;
    let sql = "SELECT address FROM party_address WHERE party = ?1 ORDER BY position";
    party.addresses = all(conn, sql, [number], |row| parse::<RealAddress>(row, "address"))?;
    Ok((party, version))
}

fn read(row: &Row<'_>) -> Result<Party, StoreError> {
    let role = match get::<String>(row, "role")?.as_str() {
        "seller" => Role::Seller,
        _ => Role::Buyer, // the table's CHECK knows no third
    };
    Ok(Party {
        id: party_id(role, &get::<String>(row, "id")?)?,
        name: parse(row, "name")?,
        language: parse(row, "language")?,
        addresses: vec![],
    })
}

fn put_party(conn: &Connection, put: &PutParty) -> Result<Put, StoreError> {
    let (number, done) = match find(conn, &put.id)? {
        Some(number) => {
            let (known, _) = load(conn, number)?;
            let same = known.id.as_str() == put.id.as_str()
                && known.name == put.name
                && known.language == put.language
                && known.addresses == put.addresses;
            if same {
                return Ok(Put::Unchanged);
            }
            run(
                conn,
                "UPDATE party SET id = ?2, name = ?3, language = ?4, version = version + 1
                 WHERE number = ?1",
                params![number, put.id.as_str(), put.name.as_str(), put.language.code()],
            )?;
            run(conn, "DELETE FROM party_address WHERE party = ?1", [number])?;
            (number, Put::Changed)
        }
        None => {
            run(
                conn,
                "INSERT INTO party (role, id, id_key, name, language, version)
                 VALUES (?1, ?2, ?3, ?4, ?5, 1)",
                params![
                    put.id.role().as_str(),
                    put.id.as_str(),
                    put.id.key(),
                    put.name.as_str(),
                    put.language.code()
                ],
            )?;
            (conn.last_insert_rowid(), Put::Created)
        }
    };
    for (position, address) in (0_i64..).zip(&put.addresses) {
        run(
            conn,
            "INSERT INTO party_address (party, position, address, canonical)
             VALUES (?1, ?2, ?3, ?4)",
            params![number, position, address.reveal(), address.canonical().reveal()],
        )?;
    }
    Ok(done)
}
