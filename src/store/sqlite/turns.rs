//! Claims by turns: every domain that has mail due gets its share, however much of it another has.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Store;
use super::delivery::{claim, unpack_mails};
use super::rows::{all, get, one, run};
use crate::domain::Timestamp;
use crate::store::error::StoreError;
use crate::store::records::{Claimed, Release, Turns};

/// How many rows one transaction changes at most: whoever waits for the writer waits no longer.
const BATCH: u16 = 1000;

impl Store {
    /// Claims deliveries that wait and are due, domain after domain from `turns.after` on in a
    /// circle, of each at most as many as it has room for, the longest due first. What another
    /// process held and whose lease ran out is freed first.
    pub async fn claim_by_turns(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: usize,
        turns: Turns,
    ) -> Result<Claimed, StoreError> {
        self.free_expired(now).await?;
        // Looked up beside the writer: with many domains it takes a while.
        let (due, last) = self.read(move |conn| due_by_turns(conn, now, limit, &turns)).await?;
        if due.is_empty() {
            return Ok(Claimed { mails: Vec::new(), last });
        }
        let owner = self.inner.owner;
        let claimed = self.write(256, move |conn| {
            let mut claimed = Vec::with_capacity(due.len());
            for delivery in due {
                // Claimed or cancelled meanwhile?
                let sql = "SELECT number FROM delivery
                    WHERE number = ?1 AND state IN ('queued', 'deferred') AND next_attempt_at <= ?2";
                let waits = one(conn, sql, params![delivery, now.as_millis()], |row| {
                    get::<i64>(row, "number")
                })?;
                if waits.is_some() {
                    claimed.extend(claim(conn, owner, now, lease, delivery)?);
                }
            }
            Ok(claimed)
        });
        Ok(Claimed { mails: unpack_mails(claimed.await?).await?, last })
    }

    async fn free_expired(&self, now: Timestamp) -> Result<(), StoreError> {
        let some = self.read(move |conn| {
            let sql = "SELECT number FROM delivery WHERE state = 'sending' AND lease_until <= ?1
                LIMIT 1";
            one(conn, sql, [now.as_millis()], |row| get::<i64>(row, "number"))
        });
        if some.await?.is_none() {
            return Ok(());
        }
        let freed = self.write(256, move |conn| {
            let sql = "UPDATE delivery SET state = iif(attempts > 0, 'deferred', 'queued'),
                    lease_owner = NULL, lease_until = NULL
                WHERE number IN (SELECT number FROM delivery
                    WHERE state = 'sending' AND lease_until <= ?1 LIMIT ?2)";
            run(conn, sql, params![now.as_millis(), BATCH])
        });
        freed.await.map(|_| ())
    }

    /// Gives back what was claimed and not attempted. A lease that is lost is left alone.
    pub async fn release(&self, releases: Vec<Release>) -> Result<(), StoreError> {
        let owner = self.inner.owner;
        self.write(64 * releases.len(), move |conn| {
            for Release { lease, until, why } in releases {
                let sql = "UPDATE delivery SET state = iif(attempts > 0, 'deferred', 'queued'),
                        next_attempt_at = max(next_attempt_at, min(?4, give_up_at)),
                        last_reply = coalesce(?5, last_reply),
                        lease_owner = NULL, lease_until = NULL
                    WHERE number = ?1 AND lease = ?2 AND state = 'sending' AND lease_owner = ?3";
                let (delivery, until) = (lease.delivery.0, until.as_millis());
                run(conn, sql, params![delivery, lease.claim, owner, until, why])?;
            }
            Ok(())
        })
        .await
    }

    /// Puts off all that waits for a domain (`None`: for any) until its destination is tried
    /// again: so the queue says when and why, and nobody looks at it before. Never beyond the
    /// moment at which a delivery gives up. Returns how many.
    pub async fn put_off(
        &self,
        domain: Option<String>,
        until: Timestamp,
        why: String,
    ) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let (domain, why) = (domain.clone(), why.clone());
            let count =
                self.write(256, move |conn| put_off(conn, domain.as_deref(), until, &why)).await?;
            all += count;
            if count < usize::from(BATCH) {
                return Ok(all);
            }
        }
    }
}

fn put_off(
    conn: &Connection,
    domain: Option<&str>,
    until: Timestamp,
    why: &str,
) -> Result<usize, StoreError> {
    let of_domain = if domain.is_some() { "domain = ?4" } else { "?4 IS NULL" };
    let sql = format!(
        "UPDATE delivery SET next_attempt_at = min(?1, give_up_at), last_reply = ?2
         WHERE number IN (SELECT number FROM delivery
            WHERE state IN ('queued', 'deferred') AND {of_domain}
                AND next_attempt_at < min(?1, give_up_at) LIMIT ?3)"
    );
    run(conn, &sql, params![until.as_millis(), why, BATCH, domain])
}

/// Walks the domains along their index, one step each, so that a domain with very much mail costs
/// the others nothing.
fn due_by_turns(
    conn: &Connection,
    now: Timestamp,
    limit: usize,
    turns: &Turns,
) -> Result<(Vec<i64>, String), StoreError> {
    let (mut due, mut last, mut at) = (Vec::new(), turns.after.clone(), turns.after.clone());
    let mut around = false;
    while due.len() < limit {
        let sql = "SELECT min(domain) AS domain FROM delivery INDEXED BY delivery_domain
            WHERE state IN ('queued', 'deferred') AND domain > ?1";
        let next: Option<Option<String>> = one(conn, sql, [&at], |row| get(row, "domain"))?;
        let Some(domain) = next.flatten() else {
            if around || turns.after.is_empty() {
                break;
            }
            (around, at) = (true, String::new());
            continue;
        };
        if around && domain > turns.after {
            break;
        }
        let room = turns.room(&domain).min(limit - due.len());
        if room > 0 {
            let sql = "SELECT number FROM delivery INDEXED BY delivery_domain
                WHERE state IN ('queued', 'deferred') AND domain = ?1 AND next_attempt_at <= ?2
                ORDER BY next_attempt_at LIMIT ?3";
            let room = i64::try_from(room).unwrap_or(i64::MAX);
            let params = params![domain, now.as_millis(), room];
            let found: Vec<i64> = all(conn, sql, params, |row| get(row, "number"))?;
            if !found.is_empty() {
                last.clone_from(&domain);
            }
            due.extend(found);
        }
        at = domain;
    }
    Ok((due, last))
}
