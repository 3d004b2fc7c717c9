//! What somebody is to be told by mail: noted in the transaction that it follows from, so that a
//! crash forgets nothing, and taken off in the one that makes the mail.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::notice::{self, PackedNotice};
use super::rows::{all, get, moment_some, one, parse, parse_some, run};
use super::{Store, party};
use crate::domain::{NoticeKind, Timestamp};
use crate::store::error::StoreError;
use crate::store::health::ToldChange;
use crate::store::notice::NewNotice;
use crate::store::review::{Telling, TellingAbout};

const DAY: Duration = Duration::from_secs(86_400);

impl Store {
    /// What is to be told and was not put aside, the oldest first.
    pub async fn tellings(&self, limit: u32, now: Timestamp) -> Result<Vec<Telling>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT t.number, t.notice, m.id AS message, t.change, t.tries FROM telling t
                LEFT JOIN message m ON m.number = t.message
                WHERE t.next_at <= ?2 ORDER BY t.number LIMIT ?1";
            all(conn, sql, (limit, now.as_millis()), |row| {
                let change: Option<i64> = get(row, "change")?;
                let about = match (parse_some(row, "message")?, change) {
                    (Some(message), _) => TellingAbout::Message(message),
                    (None, Some(change)) => TellingAbout::Change(change),
                    (None, None) => return Err(StoreError::Damaged("telling")),
                };
                let (number, kind) = (get(row, "number")?, parse(row, "notice")?);
                Ok(Telling { number, kind, about, tries: get(row, "tries")? })
            })
        })
        .await
    }

    /// Puts what can't be told aside until then.
    pub async fn put_telling_aside(
        &self,
        telling: i64,
        next_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(64, move |conn| {
            let sql = "UPDATE telling SET tries = tries + 1, next_at = ?2 WHERE number = ?1";
            run(conn, sql, (telling, next_at.as_millis()))?;
            Ok(())
        })
        .await
    }

    /// Commits the notices that a telling became, none where nobody is to be told, and takes it off.
    /// `told`: violations that are told by it.
    pub async fn tell(
        &self,
        telling: i64,
        notices: Vec<NewNotice>,
        told: Vec<i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut packed = Vec::with_capacity(notices.len());
        for notice in notices {
            packed.push(PackedNotice::pack(notice).await?);
        }
        let (store, size) = (self.clone(), packed.iter().map(PackedNotice::size).sum());
        self.write(size, move |conn| {
            // Taken off by another process meanwhile: told by it.
            if run(conn, "DELETE FROM telling WHERE number = ?1", [telling])? == 1 {
                for notice in &packed {
                    notice::insert(conn, notice, &store)?;
                }
                for violation in &told {
                    let sql = "UPDATE violation SET told_at = ?2 WHERE number = ?1";
                    run(conn, sql, (violation, now.as_millis()))?;
                }
            }
            Ok(())
        })
        .await
    }

    /// A decision about an account, with what is to be told of it.
    pub async fn told_change(&self, change: i64) -> Result<Option<ToldChange>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT * FROM account_change WHERE number = ?1";
            let found = one(conn, sql, [change], |row| {
                let party: i64 = get(row, "party")?;
                let words = (get(row, "change")?, get(row, "by")?, get(row, "reason")?);
                Ok((party, words, moment_some(row, "until")?))
            })?;
            let Some((party, (change, by, reason), until)) = found else { return Ok(None) };
            let party = party::load(conn, party)?.0;
            Ok(Some(ToldChange { party, change, by, reason, until }))
        })
        .await
    }

    /// Whether a day has passed since the last digest.
    pub async fn is_digest_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        self.read(move |conn| Ok(last_digest(conn)?.is_none_or(|at| now.since(at) >= DAY))).await
    }

    /// Commits the day's digest, also where it says nothing.
    pub async fn note_digest(
        &self,
        now: Timestamp,
        notices: Vec<NewNotice>,
    ) -> Result<(), StoreError> {
        let mut packed = Vec::with_capacity(notices.len());
        for notice in notices {
            packed.push(PackedNotice::pack(notice).await?);
        }
        let (store, size) = (self.clone(), packed.iter().map(PackedNotice::size).sum());
        self.write(size, move |conn| {
            if last_digest(conn)?.is_some_and(|at| now.since(at) < DAY) {
                return Ok(());
            }
            let sql = "INSERT INTO setting (name, value) VALUES ('review_digest_at', ?1)
                ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            run(conn, sql, [now.as_millis().to_string()])?;
            for notice in &packed {
                notice::insert(conn, notice, &store)?;
            }
            Ok(())
        })
        .await
    }
}

fn last_digest(conn: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT value FROM setting WHERE name = 'review_digest_at'";
    let at: Option<i64> = one(conn, sql, [], |row| parse(row, "value"))?;
    Ok(at.map(Timestamp::from_millis))
}

/// Notes that somebody is to be told something of a message.
pub(super) fn about_message(
    conn: &Connection,
    kind: NoticeKind,
    message: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    note(conn, kind, Some(message), None, at)
}

/// Notes that somebody is to be told of a decision about an account.
pub(super) fn about_change(
    conn: &Connection,
    kind: NoticeKind,
    change: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    note(conn, kind, None, Some(change), at)
}

fn note(
    conn: &Connection,
    kind: NoticeKind,
    message: Option<i64>,
    change: Option<i64>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO telling (notice, message, change, at) VALUES (?1, ?2, ?3, ?4)";
    run(conn, sql, params![kind.as_str(), message, change, at.as_millis()])?;
    Ok(())
}
