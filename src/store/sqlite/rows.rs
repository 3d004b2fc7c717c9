//! Between columns and the words of the domain.

use std::str::FromStr;

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::domain::{
    AliasAddress, Assigned, BuyerId, MessageState, MsgId, PartyId, Role, SellerId, ThreadLink,
    Timestamp,
};
use crate::store::error::StoreError;

/// One column's value.
pub(super) fn get<T: FromSql>(row: &Row<'_>, column: &'static str) -> Result<T, StoreError> {
    Ok(row.get(column)?)
}

/// A column that holds a domain value as text. The error names the column, never the text.
pub(super) fn parse<T: FromStr>(row: &Row<'_>, column: &'static str) -> Result<T, StoreError> {
    get::<String>(row, column)?.parse().map_err(|_| StoreError::Damaged(column))
}

/// The same where the column may be NULL.
pub(super) fn parse_some<T: FromStr>(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let Some(text) = get::<Option<String>>(row, column)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| StoreError::Damaged(column))
}

/// A column that holds a moment.
pub(super) fn moment(row: &Row<'_>, column: &'static str) -> Result<Timestamp, StoreError> {
    get(row, column).map(Timestamp::from_millis)
}

/// The same where the column may be NULL.
pub(super) fn moment_some(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<Timestamp>, StoreError> {
    Ok(get::<Option<i64>>(row, column)?.map(Timestamp::from_millis))
}

/// A column that holds a whole bounce address, or the empty text of a null reverse-path.
pub(super) fn reverse_path(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<AliasAddress>, StoreError> {
    let text: String = get(row, column)?;
    if text.is_empty() {
        return Ok(None);
    }
    let (local, domain) = text.rsplit_once('@').ok_or(StoreError::Damaged(column))?;
    Ok(Some(AliasAddress::new(local, domain)))
}

/// Two columns that hold one message's names on the two sides.
pub(super) fn link(
    row: &Row<'_>,
    seller: &'static str,
    buyer: &'static str,
) -> Result<ThreadLink, StoreError> {
    let side = |column| -> Result<Option<MsgId>, StoreError> {
        Ok(get::<Option<String>>(row, column)?.and_then(|text| MsgId::new(&text)))
    };
    Ok(ThreadLink { seller: side(seller)?, buyer: side(buyer)? })
}

pub(super) fn message_state(row: &Row<'_>) -> Result<MessageState, StoreError> {
    let text: String = get(row, "state")?;
    [MessageState::Accepted, MessageState::Held, MessageState::Rejected]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or(StoreError::Damaged("message.state"))
}

pub(super) fn assigned(row: &Row<'_>) -> Result<Option<Assigned>, StoreError> {
    let Some(text) = get::<Option<String>>(row, "assigned")? else { return Ok(None) };
    [
        Assigned::Headers,
        Assigned::Tag,
        Assigned::Subject,
        Assigned::Frame,
        Assigned::Latest,
        Assigned::Question,
    ]
    .into_iter()
    .find(|assigned| assigned.as_str() == text)
    .map(Some)
    .ok_or(StoreError::Damaged("message.assigned"))
}

pub(super) fn party_id(role: Role, id: &str) -> Result<PartyId, StoreError> {
    let damaged = |_| StoreError::Damaged("party.id");
    Ok(match role {
        Role::Seller => PartyId::Seller(id.parse::<SellerId>().map_err(damaged)?),
        Role::Buyer => PartyId::Buyer(id.parse::<BuyerId>().map_err(damaged)?),
    })
}

/// The one row that fits, if any.
pub(super) fn one<T, P: Params>(
    conn: &Connection,
    sql: &str,
    params: P,
    read: impl FnOnce(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    // The closure's own error must not be squeezed into rusqlite's.
    let found = statement.query_row(params, |row| Ok(read(row))).optional()?;
    found.transpose()
}

/// All rows that fit.
pub(super) fn all<T, P: Params>(
    conn: &Connection,
    sql: &str,
    params: P,
    read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// Begins or ends a transaction or a savepoint: compiled once, as each mail does so some ten times.
pub(super) fn say(conn: &Connection, sql: &str) -> rusqlite::Result<()> {
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

/// Runs a statement that gives no rows: how many it changed.
pub(super) fn run<P: Params>(conn: &Connection, sql: &str, params: P) -> Result<usize, StoreError> {
    Ok(conn.prepare_cached(sql)?.execute(params)?)
}
