//! What is decided about accounts: closed, suspended, opted out, blocked. Each decision is kept with
//! who made it and why.

use rusqlite::{Connection, params};

use super::rows::{all, get, moment, run};
use super::{Store, clock, orders, party};
use crate::domain::{PartyId, Role};
use crate::store::error::StoreError;
use crate::store::register::{AccountChange, AccountEvent, Decision, PairNames};

impl Store {
    /// Decides something about an account. `false`: it was so already, and nothing was written.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`, `Deleted`.
    pub async fn change_account(
        &self,
        id: &PartyId,
        change: AccountChange,
        decision: Decision,
    ) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(512, move |conn| change_account(conn, &id, &change, &decision)).await
    }

    /// All that was decided about an account, the oldest first.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn account_history(&self, id: &PartyId) -> Result<Vec<AccountEvent>, StoreError> {
        let id = id.clone();
        self.read(move |conn| {
            let number = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            let sql = "SELECT c.change, o.id AS other, c.by, c.reason, c.at FROM account_change c
                LEFT JOIN party o ON o.number = c.other WHERE c.party = ?1 ORDER BY c.number";
            all(conn, sql, [number], |row| {
                Ok(AccountEvent {
                    change: get(row, "change")?,
                    other: get(row, "other")?,
                    by: get(row, "by")?,
                    reason: get(row, "reason")?,
                    at: moment(row, "at")?,
                })
            })
        })
        .await
    }
}

fn change_account(
    conn: &Connection,
    id: &PartyId,
    change: &AccountChange,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let number = party::require(conn, id)?;
    let at = Some(decision.at.as_millis());
    let (column, value) = match change {
        AccountChange::Closed => ("closed_at", at),
        AccountChange::Reopened => ("closed_at", None),
        AccountChange::Suspended => ("suspended_at", at),
        AccountChange::Restored => ("suspended_at", None),
        AccountChange::OptedOut => ("opted_out_at", at),
        AccountChange::OptedIn => ("opted_out_at", None),
        AccountChange::Blocked(other, names) => {
            return block(conn, (id, number), (other, names), (change, decision), at);
        }
        AccountChange::Unblocked(other, names) => {
            return block(conn, (id, number), (other, names), (change, decision), None);
        }
    };
    // The column's name is one of ours; the version tells mail in hand that it must look again.
    let sql = format!(
        "UPDATE party SET {column} = ?2, version = version + 1
         WHERE number = ?1 AND ({column} IS NULL) = (?2 IS NOT NULL)"
    );
    if run(conn, &sql, params![number, value])? == 0 {
        return Ok(false);
    }
    match change {
        AccountChange::Suspended => clock::pause(conn, number, decision.at)?,
        AccountChange::Restored => clock::go_on(conn, number, decision.at)?,
        _ => {}
    }
    note(conn, number, None, change.as_str(), decision)?;
    Ok(true)
}

fn block(
    conn: &Connection,
    (id, number): (&PartyId, i64),
    (other, names): (&PartyId, &PairNames),
    (change, decision): (&AccountChange, &Decision),
    value: Option<i64>,
) -> Result<bool, StoreError> {
    let other_number = party::require(conn, other)?;
    let pair = match (id, other) {
        (PartyId::Seller(seller), PartyId::Buyer(buyer))
        | (PartyId::Buyer(buyer), PartyId::Seller(seller)) => {
            orders::find_or_make_pair(conn, seller, buyer, names)?
        }
        _ => return Err(StoreError::unknown(other)), // two of one side are no pair
    };
    let column = match id.role() {
        Role::Seller => "blocked_by_seller_at",
        Role::Buyer => "blocked_by_buyer_at",
    };
    let sql = format!(
        "UPDATE pair SET {column} = ?2, version = version + 1
         WHERE number = ?1 AND ({column} IS NULL) = (?2 IS NOT NULL)"
    );
    if run(conn, &sql, params![pair, value])? == 0 {
        return Ok(false);
    }
    note(conn, number, Some(other_number), change.as_str(), decision)?;
    Ok(true)
}

/// Keeps who decided what, and why.
pub(super) fn note(
    conn: &Connection,
    party: i64,
    other: Option<i64>,
    change: &str,
    decision: &Decision,
) -> Result<(), StoreError> {
    run(
        conn,
        "INSERT INTO account_change (party, other, change, by, reason, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![party, other, change, decision.by, decision.reason, decision.at.as_millis()],
    )?;
    Ok(())
}
