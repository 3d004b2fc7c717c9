//! What comes back to bounce addresses (PRODUCT §8).

use rusqlite::{Connection, params};

use super::Store;
use super::notice::{self, PackedNotice};
use super::rows::{all, get, moment, one, parse, run};
use crate::domain::{DeliveryId, DeliveryState, MessageId, Report, ReportKind, Timestamp};
use crate::store::error::StoreError;
use crate::store::notice::NewNotice;
use crate::store::report::{ReportRow, ReportStored, Reported};

/// So many reports of one delivery are kept: a broken system must not fill the disk.
const MOST: i64 = 20;

impl Store {
    /// The delivery that a bounce address was made for, by its token.
    pub async fn reported(&self, token: [u8; 10]) -> Result<Option<Reported>, StoreError> {
        self.read(move |conn| reported(conn, token)).await
    }

    /// Commits a report. Only one of permanent failure changes the delivery: what was delivered has
    /// failed then, and its sender is told by `notice`. What still waits is attempted again, and
    /// whoever took it reports again.
    ///
    /// Errors: `Busy` while the attempt that it is about is not written yet: it comes again.
    pub async fn report(
        &self,
        token: [u8; 10],
        report: Report,
        notice: Option<NewNotice>,
        now: Timestamp,
    ) -> Result<Option<ReportStored>, StoreError> {
        let notice = match notice {
            Some(notice) => Some(PackedNotice::pack(notice).await?),
            None => None,
        };
        let store = self.clone();
        let size = 256 + notice.as_ref().map_or(0, PackedNotice::size);
        self.write(size, move |conn| {
            let Some(found) = reported(conn, token)? else { return Ok(None) };
            let changed = insert(conn, &found, &report, now)?;
            if let (true, Some(notice)) = (changed, &notice) {
                notice::insert(conn, notice, &store)?;
            }
            Ok(Some(ReportStored { delivery: found.delivery, changed }))
        })
        .await
    }

    /// What came back about a message, the oldest first.
    pub async fn reports_about(&self, message: &MessageId) -> Result<Vec<ReportRow>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            let sql = "SELECT r.* FROM message m JOIN delivery d ON d.message = m.number
                JOIN report r ON r.delivery = d.number WHERE m.id = ?1 ORDER BY r.number";
            all(conn, sql, [message.as_str()], |row| {
                Ok(ReportRow {
                    received_at: moment(row, "received_at")?,
                    report: Report {
                        kind: parse(row, "kind")?,
                        status: get(row, "status")?,
                        cause: parse(row, "cause")?,
                    },
                })
            })
        })
        .await
    }
}

fn reported(conn: &Connection, token: [u8; 10]) -> Result<Option<Reported>, StoreError> {
    let sql = "SELECT d.number, d.state, m.id AS message FROM delivery d
        JOIN message m ON m.number = d.message WHERE d.token = ?1";
    one(conn, sql, [token], |row| {
        Ok(Reported {
            delivery: DeliveryId(get(row, "number")?),
            message: parse(row, "message")?,
            state: parse(row, "state")?,
        })
    })
}

/// Whether the delivery's state changed.
fn insert(
    conn: &Connection,
    found: &Reported,
    report: &Report,
    now: Timestamp,
) -> Result<bool, StoreError> {
    // A smarthost may report before its own answer is written here: forgotten, it would never be
    // told.
    if report.kind == ReportKind::Failed && found.state == DeliveryState::Sending {
        return Err(StoreError::Busy);
    }
    let delivery = found.delivery.0;
    let sql = "SELECT count(*) AS kept FROM report WHERE delivery = ?1";
    let kept: i64 = one(conn, sql, [delivery], |row| get(row, "kept"))?.unwrap_or(0);
    if kept < MOST {
        run(
            conn,
            "INSERT INTO report (delivery, received_at, kind, status, cause)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                delivery,
                now.as_millis(),
                report.kind.as_str(),
                report.status,
                report.cause.as_str()
            ],
        )?;
    }
    if report.kind != ReportKind::Failed || found.state != DeliveryState::Delivered {
        return Ok(false);
    }
    let status = report.status.as_deref().unwrap_or("-");
    let reply = format!("a report came back: {} ({status})", report.cause.as_str());
    let sql = "UPDATE delivery SET state = 'failed', last_reply = ?2, finished_at = ?3
        WHERE number = ?1";
    run(conn, sql, params![delivery, reply, now.as_millis()])?;
    Ok(true)
}
