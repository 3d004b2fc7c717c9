//! The register of buyers and sellers.

use rusqlite::{Connection, Row, params};

use super::Store;
use super::rows::{all, get, moment_some, one, parse, parse_some, party_id, run};
use crate::domain::{Party, PartyDomain, PartyId, RealAddress, Role, Standing};
use crate::store::error::StoreError;
use crate::store::register::{Put, PutParty};

impl Store {
    /// Registers a party, or replaces its whole record: every address given is the whole list.
    /// What was decided about the account stays.
    ///
    /// Errors: `Deleted` where the id was deleted.
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

    /// All parties of one side that were not deleted, by id.
    pub async fn parties(&self, role: Role) -> Result<Vec<Party>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT number FROM party WHERE role = ?1 AND deleted_at IS NULL
                ORDER BY id_key";
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

/// The same of a party that must be there, and not be deleted.
pub(super) fn require(conn: &Connection, id: &PartyId) -> Result<i64, StoreError> {
    let sql = "SELECT number, deleted_at IS NOT NULL AS deleted FROM party
        WHERE role = ?1 AND id_key = ?2";
    let found = one(conn, sql, params![id.role().as_str(), id.key()], |row| {
        Ok((get(row, "number")?, get(row, "deleted")?))
    })?;
    match found {
        Some((number, false)) => Ok(number),
        Some((_, true)) => Err(StoreError::Deleted(id.clone())),
        None => Err(StoreError::unknown(id)),
    }
}

/// A party that is known to be there, and its record's version.
pub(super) fn load(conn: &Connection, number: i64) -> Result<(Party, i64), StoreError> {
    let sql = "SELECT * FROM party WHERE number = ?1";
    let found = one(conn, sql, [number], |row| Ok((read(row)?, get(row, "version")?)))?;
    let (mut party, version) = found.ok_or(StoreError::Damaged("party"))?;
    let sql = "SELECT address FROM party_address WHERE party = ?1 ORDER BY position";
    party.addresses = all(conn, sql, [number], |row| parse::<RealAddress>(row, "address"))?;
    let sql = "SELECT kind, domain FROM party_domain WHERE party = ?1 ORDER BY kind, position";
    for (kind, domain) in all(conn, sql, [number], |row| {
        Ok((get::<String>(row, "kind")?, parse::<PartyDomain>(row, "domain")?))
    })? {
        let list = if kind == "signer" { &mut party.signers } else { &mut party.domains };
        list.push(domain);
    }
    Ok((party, version))
}

fn read(row: &Row<'_>) -> Result<Party, StoreError> {
    let role = match get::<String>(row, "role")?.as_str() {
        "seller" => Role::Seller,
        _ => Role::Buyer, // the table's CHECK knows no third
    };
    let id = party_id(role, &get::<String>(row, "id")?)?;
    let happened = |column| Ok::<_, StoreError>(get::<Option<i64>>(row, column)?.is_some());
    Ok(Party {
        marketplace_fulfilled: parse_some(row, "marketplace_fulfilled")?,
        standing: Standing {
            closed: happened("closed_at")?,
            deleted: happened("deleted_at")?,
            suspended: happened("suspended_at")?,
            proactive_blocked_until: moment_some(row, "proactive_blocked_until")?,
            opted_out: happened("opted_out_at")?,
        },
        ..Party::new(id, parse(row, "name")?, parse(row, "language")?, vec![])
    })
}

pub(super) fn put_party(conn: &Connection, put: &PutParty) -> Result<Put, StoreError> {
    let known = match find(conn, &put.id)? {
        Some(number) => Some((number, load(conn, number)?.0)),
        None => None,
    };
    let (number, done) = match known {
        Some((_, known)) if known.standing.deleted => {
            return Err(StoreError::Deleted(put.id.clone()));
        }
        Some((_, known)) if put.is(&known) => return Ok(Put::Unchanged),
        Some((number, _)) => (number, Put::Changed),
        None => {
            run(
                conn,
                "INSERT INTO party (role, id, id_key, name, language, version)
                 VALUES (?1, ?2, ?3, '', '', 0)",
                params![put.id.role().as_str(), put.id.as_str(), put.id.key()],
            )?;
            (conn.last_insert_rowid(), Put::Created)
        }
    };
    run(
        conn,
        "UPDATE party SET id = ?2, name = ?3, language = ?4, marketplace_fulfilled = ?5,
            version = version + 1 WHERE number = ?1",
        params![
            number,
            put.id.as_str(),
            put.name.as_str(),
            put.language.code(),
            put.marketplace_fulfilled.as_ref().map(RealAddress::reveal)
        ],
    )?;
    forget_contacts(conn, number)?;
    for (position, address) in (0_i64..).zip(&put.addresses) {
        run(
            conn,
            "INSERT INTO party_address (party, position, address, canonical)
             VALUES (?1, ?2, ?3, ?4)",
            params![number, position, address.reveal(), address.canonical().reveal()],
        )?;
    }
    for (kind, domains) in [("domain", &put.domains), ("signer", &put.signers)] {
        for (position, domain) in (0_i64..).zip(domains) {
            run(
                conn,
                "INSERT INTO party_domain (party, kind, position, domain) VALUES (?1, ?2, ?3, ?4)",
                params![number, kind, position, domain.as_str()],
            )?;
        }
    }
    Ok(done)
}

/// Takes a party's addresses and domains out of the register.
pub(super) fn forget_contacts(conn: &Connection, number: i64) -> Result<(), StoreError> {
    run(conn, "DELETE FROM party_address WHERE party = ?1", [number])?;
    run(conn, "DELETE FROM party_domain WHERE party = ?1", [number])?;
    Ok(())
}
