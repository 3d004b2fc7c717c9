//! The queue of deliveries: claimed under a lease, carried on by attempts.

use std::time::Duration;

use rusqlite::{Connection, Row, params};

use super::Store;
use super::content::{self, unpack_to_send};
use super::notice::{self, PackedNotice};
use super::rows::{all, get, moment, one, parse, reverse_path, run};
use crate::domain::{DeliveryId, Timestamp};
use crate::store::error::StoreError;
use crate::store::notice::{NewNotice, Notified};
use crate::store::records::{AttemptOutcome, AttemptRecord};
use crate::store::seal::{Lease, StoredMail};

impl Store {
    /// Claims deliveries that are due, the longest due first: those that wait and whose time has
    /// come, and those whose lease ran out. Each becomes `sending` until `now + lease`; a claim
    /// ends the one before it.
    pub async fn claim_due(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
    ) -> Result<Vec<StoredMail>, StoreError> {
        let owner = self.inner.owner;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let claimed =
            self.write(256, move |conn| claim_due(conn, owner, now, lease, limit)).await?;
        unpack_mails(claimed).await
    }

    /// Lengthens a lease while its attempt runs. `false`: it is lost, end the attempt.
    pub async fn renew(&self, lease: Lease, until: Timestamp) -> Result<bool, StoreError> {
        let owner = self.inner.owner;
        self.write(64, move |conn| {
            let sql = "UPDATE delivery SET lease_until = ?4 WHERE number = ?1 AND lease = ?2
                AND state = 'sending' AND lease_owner = ?3";
            let params = params![lease.delivery.0, lease.claim, owner, until.as_millis()];
            Ok(run(conn, sql, params)? == 1)
        })
        .await
    }

    /// Writes how an attempt ended and gives its lease back. `false`: the lease was lost, somebody
    /// else attempts it now, and nothing was written.
    pub async fn finish(&self, lease: Lease, record: AttemptRecord) -> Result<bool, StoreError> {
        let owner = self.inner.owner;
        let size = 256 + record.reply.len() + record.signature.as_ref().map_or(0, Vec::len);
        self.inner.queue.write_along(size, move |conn| finish(conn, owner, lease, &record)).await
    }

    /// The same together with what the sender is told of it; `None`: the lease was lost.
    pub async fn finish_and_tell(
        &self,
        lease: Lease,
        record: AttemptRecord,
        notice: NewNotice,
    ) -> Result<Option<Notified>, StoreError> {
        let (owner, store) = (self.inner.owner, self.clone());
        let notice = PackedNotice::pack(notice).await?;
        let size = 256 + record.reply.len() + notice.size();
        self.write(size, move |conn| {
            if !finish(conn, owner, lease, &record)? {
                return Ok(None);
            }
            notice::insert(conn, &notice, &store).map(Some)
        })
        .await
    }

    /// Makes due at once what earlier processes had claimed. Only for the one that holds the
    /// lock on `data_dir`: the others are dead then. Returns how many.
    pub async fn free_leases(&self) -> Result<usize, StoreError> {
        let owner = self.inner.owner;
        self.write(256, move |conn| {
            let sql = "UPDATE delivery SET state = iif(attempts > 0, 'deferred', 'queued'),
                    lease_owner = NULL, lease_until = NULL
                WHERE state = 'sending' AND lease_owner <> ?1";
            run(conn, sql, [owner])
        })
        .await
    }

    /// Gives back all that this process has claimed, at its end: due at once for the next one.
    /// Attempts that still run write nothing any more. Returns how many.
    pub async fn give_back(&self) -> Result<usize, StoreError> {
        let owner = self.inner.owner;
        self.write(256, move |conn| {
            let sql = "UPDATE delivery SET state = iif(attempts > 0, 'deferred', 'queued'),
                    lease = lease + 1, lease_owner = NULL, lease_until = NULL
                WHERE state = 'sending' AND lease_owner = ?1";
            run(conn, sql, [owner])
        })
        .await
    }

    /// When the next delivery is due, or the next lease runs out; may lie in the past.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT min(at) AS at FROM (
                SELECT min(next_attempt_at) AS at FROM delivery
                    WHERE state IN ('queued', 'deferred')
                UNION ALL SELECT min(lease_until) FROM delivery WHERE state = 'sending')";
            let at: Option<Option<i64>> = one(conn, sql, [], |row| get(row, "at"))?;
            Ok(at.flatten().map(Timestamp::from_millis))
        })
        .await
    }
}

fn claim_due(
    conn: &Connection,
    owner: i64,
    now: Timestamp,
    lease: Duration,
    limit: i64,
) -> Result<Vec<StoredMail>, StoreError> {
    let sql = "SELECT number FROM (
            SELECT number, next_attempt_at AS due FROM delivery
                WHERE state IN ('queued', 'deferred') AND next_attempt_at <= ?1
            UNION ALL SELECT number, lease_until FROM delivery
                WHERE state = 'sending' AND lease_until <= ?1)
        ORDER BY due, number LIMIT ?2";
    let due: Vec<i64> = all(conn, sql, params![now.as_millis(), limit], |row| get(row, "number"))?;
    let mut claimed = Vec::with_capacity(due.len());
    for delivery in due {
        claimed.extend(claim(conn, owner, now, lease, delivery)?);
    }
    Ok(claimed)
}

/// Claims one; nothing where there is nothing to send.
pub(super) fn claim(
    conn: &Connection,
    owner: i64,
    now: Timestamp,
    lease: Duration,
    delivery: i64,
) -> Result<Option<StoredMail>, StoreError> {
    run(
        conn,
        "UPDATE delivery SET state = 'sending', lease = lease + 1, lease_owner = ?2,
            lease_until = ?3 WHERE number = ?1",
        params![delivery, owner, now.after(lease).as_millis()],
    )?;
    let sql = "SELECT d.*, m.id AS message_id, m.kind, c.mails
        FROM delivery d JOIN message m ON m.number = d.message
        JOIN content c ON c.message = m.number WHERE d.number = ?1";
    match one(conn, sql, [delivery], read_mail) {
        Ok(Some(mail)) => return Ok(Some(mail)),
        Ok(None) => fail_without_content(conn, DeliveryId(delivery), now)?,
        Err(error @ StoreError::Damaged(_)) => skip(DeliveryId(delivery), &error),
        Err(error) => return Err(error),
    }
    Ok(None)
}

/// Unpacks what was claimed, off the writer, so that it does not wait for it.
pub(super) async fn unpack_mails(claimed: Vec<StoredMail>) -> Result<Vec<StoredMail>, StoreError> {
    let unpacked =
        tokio::task::spawn_blocking(move || claimed.into_iter().filter_map(unpack_mail).collect());
    unpacked.await.map_err(|error| StoreError::Io(error.to_string()))
}

fn unpack_mail(mail: StoredMail) -> Option<StoredMail> {
    match unpack_to_send(&mail.bytes) {
        Ok(bytes) => Some(StoredMail { bytes, ..mail }),
        Err(error) => {
            skip(mail.lease.delivery, &error);
            None
        }
    }
}

/// There is nothing left to send, and never will be: claimed again and again, it would look as if
/// it were on its way.
fn fail_without_content(
    conn: &Connection,
    delivery: DeliveryId,
    now: Timestamp,
) -> Result<(), StoreError> {
    tracing::error!(%delivery, "a delivery has no mail in the archive any more; it has failed");
    run(
        conn,
        "UPDATE delivery SET state = 'failed', lease_owner = NULL, lease_until = NULL,
            finished_at = ?2, last_reply = 'the mail is not in the archive any more'
         WHERE number = ?1",
        params![delivery.0, now.as_millis()],
    )?;
    Ok(())
}

/// One damaged row must not keep all other mail from going out: it stays claimed until its lease
/// ends, and is told of again then.
fn skip(delivery: DeliveryId, error: &StoreError) {
    tracing::error!(%delivery, %error, "a delivery's row is damaged; it is not attempted");
}

/// With what it may send still packed.
fn read_mail(row: &Row<'_>) -> Result<StoredMail, StoreError> {
    let (kind, bytes) = (get::<String>(row, "kind")?, get::<Vec<u8>>(row, "mails")?);
    if kind == "relay" && !content::is_composed(&bytes) {
        // The original has real addresses.
        return Err(StoreError::Damaged("content.mails"));
    }
    Ok(StoredMail {
        lease: Lease { delivery: DeliveryId(get(row, "number")?), claim: get(row, "lease")? },
        message: parse(row, "message_id")?,
        recipient: parse(row, "recipient")?,
        envelope_from: reverse_path(row, "envelope_from")?,
        bytes,
        composed: kind != "postmaster",
        signature: get(row, "signature")?,
        attempts: get(row, "attempts")?,
        created_at: moment(row, "created_at")?,
        give_up_at: moment(row, "give_up_at")?,
    })
}

fn finish(
    conn: &Connection,
    owner: i64,
    lease: Lease,
    record: &AttemptRecord,
) -> Result<bool, StoreError> {
    let state = record.outcome.state();
    let next = match record.outcome {
        AttemptOutcome::Deferred { next } => Some(next.as_millis()),
        _ => None,
    };
    let finished = state.is_final().then_some(record.ended_at.as_millis());
    let changed = run(
        conn,
        "UPDATE delivery SET state = ?4, attempts = attempts + 1, last_reply = ?5,
            next_attempt_at = coalesce(?6, next_attempt_at), finished_at = ?7,
            lease_owner = NULL, lease_until = NULL, signature = coalesce(signature, ?8)
         WHERE number = ?1 AND lease = ?2 AND state = 'sending' AND lease_owner = ?3",
        params![
            lease.delivery.0,
            lease.claim,
            owner,
            state.as_str(),
            record.reply,
            next,
            finished,
            record.signature
        ],
    )?;
    if changed == 0 {
        return Ok(false);
    }
    run(
        conn,
        "INSERT INTO attempt (delivery, number, started_at, ended_at, result, stage, reply)
         SELECT number, attempts, ?2, ?3, ?4, ?5, ?6 FROM delivery WHERE number = ?1",
        params![
            lease.delivery.0,
            record.started_at.as_millis(),
            record.ended_at.as_millis(),
            state.as_str(),
            record.stage,
            record.reply
        ],
    )?;
    Ok(true)
}
