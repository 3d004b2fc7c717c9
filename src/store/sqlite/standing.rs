//! What is decided about accounts: closed, suspended, opted out, blocked. Each decision is kept with
//! who made it and why.

use rusqlite::{Connection, params};

use super::rows::{all, get, moment, moment_some, run};
use super::{Store, clock, orders, party, telling, violation};
use crate::domain::{HealthRules, NoticeKind, PartyId, Role, SellerId, Timestamp};
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

    /// Declines what the ladder proposes about a seller, until the next strike. What is in force stays
    /// so, and the seller, who never heard of it, hears nothing. `false`: nothing is proposed.
    ///
    /// Errors: `UnknownSeller`.
    pub async fn decline_proposed(
        &self,
        seller: &SellerId,
        rules: HealthRules,
        decision: Decision,
    ) -> Result<bool, StoreError> {
        let id = PartyId::Seller(seller.clone());
        self.write(512, move |conn| {
            let number = party::require(conn, &id)?;
            if violation::proposals(conn, number, &rules, decision.at)?.is_empty() {
                return Ok(false);
            }
            note(conn, number, None, DECLINED, &decision, Follows::default())?;
            Ok(true)
        })
        .await
    }

    /// All that was decided about an account, the oldest first.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn account_history(&self, id: &PartyId) -> Result<Vec<AccountEvent>, StoreError> {
        let id = id.clone();
        self.read(move |conn| {
            let number = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            let sql = "SELECT c.change, o.id AS other, c.by, c.reason, c.at, c.until FROM account_change c
                LEFT JOIN party o ON o.number = c.other WHERE c.party = ?1 ORDER BY c.number";
            all(conn, sql, [number], |row| {
                Ok(AccountEvent {
                    change: get(row, "change")?,
                    other: get(row, "other")?,
                    by: get(row, "by")?,
                    reason: get(row, "reason")?,
                    at: moment(row, "at")?,
                    until: moment_some(row, "until")?,
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
    let at = decision.at.as_millis();
    match change {
        AccountChange::Blocked(other, names) => {
            block(conn, (id, number), (other, names), (change, decision), Some(at))
        }
        AccountChange::Unblocked(other, names) => {
            block(conn, (id, number), (other, names), (change, decision), None)
        }
        _ => take_step(conn, number, change, decision),
    }
}

/// What follows from a decision.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Follows {
    /// It ends by itself then.
    pub(super) until: Option<Timestamp>,
    /// Somebody is told by a notice of this kind.
    pub(super) tell: Option<NoticeKind>,
}

/// Decides something about one account alone. `false`: it was so already.
pub(super) fn take_step(
    conn: &Connection,
    number: i64,
    change: &AccountChange,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let at = decision.at.as_millis();
    // The version tells mail in hand that it must look again.
    let sql = match change {
        AccountChange::Closed => "closed_at = ?2 WHERE number = ?1 AND closed_at IS NULL",
        AccountChange::Reopened => "version = version + 1, closed_at = NULL WHERE number = ?1 AND closed_at IS NOT NULL",
        AccountChange::Suspended => "suspended_at = ?2 WHERE number = ?1 AND suspended_at IS NULL",
        AccountChange::Restored => {
            "version = version + 1, suspended_at = NULL, proactive_blocked_until = NULL WHERE number = ?1
                AND (suspended_at IS NOT NULL OR proactive_blocked_until > ?2)"
        }
        AccountChange::OptedOut => "opted_out_at = ?2 WHERE number = ?1 AND opted_out_at IS NULL",
        AccountChange::OptedIn => {
            "version = version + 1, opted_out_at = NULL WHERE number = ?1 AND opted_out_at IS NOT NULL"
        }
        AccountChange::ProactiveBlocked(_) => {
            "proactive_blocked_until = ?2 WHERE number = ?1
                AND coalesce(proactive_blocked_until, 0) < ?2"
        }
        AccountChange::Warned => "version = version WHERE number = ?1",
        AccountChange::Blocked(..) | AccountChange::Unblocked(..) => return Ok(false),
    };
    let (until, value) = match change {
        AccountChange::ProactiveBlocked(until) => (Some(*until), until.as_millis()),
        _ => (None, at),
    };
    let changed = if sql.contains("?2") {
        run(
            conn,
            &format!("UPDATE party SET version = version + 1, {sql}"),
            params![number, value],
        )?
    } else {
        run(conn, &format!("UPDATE party SET {sql}"), [number])?
    };
    if changed == 0 {
        return Ok(false);
    }
    match change {
        AccountChange::Suspended => clock::pause(conn, number, decision.at)?,
        AccountChange::Restored => clock::go_on(conn, number, decision.at)?,
        _ => {}
    }
    let tell = change.is_told().then_some(NoticeKind::Account);
    note(conn, number, None, change.as_str(), decision, Follows { until, tell })?;
    Ok(true)
}

/// What stands in an account's history where a person took no step that the ladder had proposed.
pub(super) const DECLINED: &str = "declined";

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
    note(conn, number, Some(other_number), change.as_str(), decision, Follows::default())?;
    Ok(true)
}

/// Keeps who decided what, and why.
pub(super) fn note(
    conn: &Connection,
    party: i64,
    other: Option<i64>,
    change: &str,
    decision: &Decision,
    follows: Follows,
) -> Result<(), StoreError> {
    run(
        conn,
        "INSERT INTO account_change (party, other, change, by, reason, at, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            party,
            other,
            change,
            decision.by,
            decision.reason,
            decision.at.as_millis(),
            follows.until.map(Timestamp::as_millis)
        ],
    )?;
    match follows.tell {
        Some(kind) => telling::about_change(conn, kind, conn.last_insert_rowid(), decision.at),
        None => Ok(()),
    }
}
