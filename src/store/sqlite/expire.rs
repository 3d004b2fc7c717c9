//! Expiry: what is past its time is erased, a few messages in each transaction, beside live traffic.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use super::rows::{all, get, one, run};
use super::standing::{self, Follows};
use super::{Store, erase, hold, index, party, stray, sweep};
use crate::domain::{PartyId, Role, Timestamp};
use crate::store::error::StoreError;
use crate::store::expiry::{Expired, Keep, KeepFrom, Place};
use crate::store::register::Decision;

/// Messages past their time that one read looks through for such that may go.
const LOOKED_AT: usize = 500;

/// A transaction that erases ends after this, however much it was to erase: mail waits behind it.
pub(super) const HOLDS: Duration = Duration::from_millis(10);

/// A message that may be past its time.
struct Candidate {
    number: i64,
    received_at: Timestamp,
    closed_at: Option<Timestamp>,
    has_order: bool,
}

/// Whether a message goes.
enum Due {
    Now,
    /// A legal hold keeps it.
    Held,
    /// It waits for a person, for its delivery, or somebody is to be told of it.
    Busy,
    /// Its order is open still, or a hold stopped its clock for a while.
    Later,
}

impl Store {
    /// Erases at most `most` messages that are past their time, looking at those behind `after`,
    /// the oldest first. `thread` makes what stays of a message's name on one side.
    pub async fn expire_some<F>(
        &self,
        keep: Keep,
        after: Place,
        most: usize,
        thread: F,
    ) -> Result<Expired, StoreError>
    where
        F: Fn(Role, &str) -> i64 + Send + 'static,
    {
        let seen = self.read(move |conn| look(conn, keep, after, most)).await?;
        if seen.due.is_empty() {
            return Ok(seen.expired(0));
        }
        self.write(64 << 10, move |conn| {
            let (began, mut seen, mut erased) = (Instant::now(), seen, 0);
            for candidate in &seen.due {
                // A hold, a retry or a release may have come between.
                if matches!(judge(conn, candidate, keep)?, Due::Now) {
                    erase::forget_message(conn, candidate.number, &thread)?;
                    erased += 1;
                }
                if began.elapsed() > HOLDS
                    && seen.due.last().map(Candidate::place) != Some(candidate.place())
                {
                    seen.next = Some(candidate.place());
                    break;
                }
            }
            index::settle(conn)?;
            Ok(seen.expired(erased))
        })
        .await
    }

    /// Erases at most `most` messages to and from a party, whatever their age, but what a legal
    /// hold keeps and what is on its way; looking at those behind `after`.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn erase_written<F>(
        &self,
        id: &PartyId,
        after: Place,
        most: usize,
        thread: F,
    ) -> Result<Expired, StoreError>
    where
        F: Fn(Role, &str) -> i64 + Send + 'static,
    {
        let id = id.clone();
        self.write(64 << 10, move |conn| {
            let party = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            let step = erase::each_written(conn, party, after, most, |number, step| {
                if hold::keeps(conn, number)? {
                    step.held += 1;
                } else if is_busy(conn, number)? {
                    step.busy += 1;
                } else {
                    erase::forget_message(conn, number, &thread)?;
                    step.erased += 1;
                }
                Ok(())
            })?;
            stray::forget_mails(conn, party)?;
            sweep::owe(conn)?;
            Ok(step)
        })
        .await
    }
}

impl Store {
    /// Notes who asked that a party's messages be erased.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`.
    pub async fn note_erasure(&self, id: &PartyId, decision: Decision) -> Result<(), StoreError> {
        let id = id.clone();
        self.write(256, move |conn| {
            let party = party::find(conn, &id)?.ok_or_else(|| StoreError::unknown(&id))?;
            standing::note(conn, party, None, "messages-erased", &decision, Follows::default())
        })
        .await
    }
}

impl Store {
    /// A step of erasing what was kept of strangers' mail for long enough, and the mails of codes that
    /// nobody needs any more. `false`: nothing is left of it.
    pub async fn expire_strays_some(&self, now: Timestamp) -> Result<bool, StoreError> {
        if !self.read(move |conn| is_any_stray_over(conn, now)).await? {
            return Ok(false);
        }
        let store = self.clone();
        self.write(256, move |conn| {
            let (mails, codes) = expire_strays_some(conn, now)?;
            tracing::info!(mails, codes, "what was kept for a while is erased");
            // What is left of it in the log of the database goes too.
            store.leave_no_trace(conn)?;
            Ok(true)
        })
        .await
    }
}

/// Codes whose time is over, and those whose mail has come to its end.
const CODES_OVER: &str = "SELECT c.party, c.canonical FROM address_code c
    WHERE c.until <= ?1 OR (c.mail IS NOT NULL AND NOT EXISTS (SELECT 1 FROM delivery d
        WHERE d.message = c.mail AND d.state IN ('queued', 'deferred', 'sending')))";

fn is_any_stray_over(conn: &Connection, now: Timestamp) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM stray WHERE until <= ?1) OR EXISTS ({CODES_OVER}) AS found"
    );
    Ok(one(conn, &sql, [now.as_millis()], |row| get(row, "found"))?.unwrap_or(false))
}

/// Erases what there is time for: how many mails and the mails of how many codes.
fn expire_strays_some(conn: &Connection, now: Timestamp) -> Result<(usize, usize), StoreError> {
    let (began, now_millis) = (Instant::now(), now.as_millis());
    let is_over = || began.elapsed() > HOLDS;
    let (mut mails, mut codes) = (0, 0);
    // By its index, so that none is read which is not erased: each has a mail of some size.
    let sql = "DELETE FROM stray WHERE number =
        (SELECT number FROM stray WHERE until <= ?1 ORDER BY until LIMIT 1)";
    while run(conn, sql, [now_millis])? > 0 {
        mails += 1;
        if is_over() {
            return Ok((mails, codes));
        }
    }
    let over = all(conn, CODES_OVER, [now_millis], |row| {
        Ok((get::<i64>(row, "party")?, get::<String>(row, "canonical")?))
    })?;
    for (party, canonical) in over {
        stray::drop_mail(conn, party, &canonical, now)?;
        let sql = "DELETE FROM address_code WHERE party = ?1 AND canonical = ?2 AND until <= ?3";
        run(conn, sql, params![party, canonical, now_millis])?;
        codes += 1;
        if is_over() {
            break;
        }
    }
    Ok((mails, codes))
}

struct Looked {
    due: Vec<Candidate>,
    held: Vec<Place>,
    busy: Vec<Place>,
    next: Option<Place>,
}

impl Looked {
    /// What came of it, up to where the next step begins.
    fn expired(&self, erased: usize) -> Expired {
        let count = |places: &[Place]| {
            places.iter().filter(|place| self.next.is_none_or(|next| **place <= next)).count()
        };
        Expired { erased, held: count(&self.held), busy: count(&self.busy), next: self.next }
    }
}

impl Candidate {
    fn place(&self) -> Place {
        Place { received_at: self.received_at, number: self.number }
    }
}

/// Looks through what is old enough for what may go.
fn look(conn: &Connection, keep: Keep, after: Place, most: usize) -> Result<Looked, StoreError> {
    let sql = "SELECT m.number, m.received_at, m.\"order\" IS NOT NULL AS has_order, o.closed_at
        FROM message m LEFT JOIN orders o ON o.number = m.\"order\"
        WHERE (m.received_at, m.number) > (?1, ?2) AND m.received_at <= ?3
        ORDER BY m.received_at, m.number LIMIT ?4";
    let limit = i64::try_from(LOOKED_AT).unwrap_or(i64::MAX);
    let old = keep.now.before(keep.span).as_millis();
    let params = params![after.received_at.as_millis(), after.number, old, limit];
    let candidates = all(conn, sql, params, |row| {
        Ok(Candidate {
            number: get(row, "number")?,
            received_at: Timestamp::from_millis(get(row, "received_at")?),
            closed_at: get::<Option<i64>>(row, "closed_at")?.map(Timestamp::from_millis),
            has_order: get(row, "has_order")?,
        })
    })?;
    let is_all = candidates.len() < LOOKED_AT;
    let mut looked = Looked { due: vec![], held: vec![], busy: vec![], next: None };
    for candidate in candidates {
        let place = candidate.place();
        match judge(conn, &candidate, keep)? {
            Due::Now => looked.due.push(candidate),
            Due::Held => looked.held.push(place),
            Due::Busy => looked.busy.push(place),
            Due::Later => {}
        }
        looked.next = Some(place);
        if looked.due.len() >= most {
            return Ok(looked);
        }
    }
    if is_all {
        looked.next = None;
    }
    Ok(looked)
}

fn judge(conn: &Connection, candidate: &Candidate, keep: Keep) -> Result<Due, StoreError> {
    let from = match (keep.from, candidate.has_order, candidate.closed_at) {
        (KeepFrom::OrderClosed, true, None) => return Ok(Due::Later),
        (KeepFrom::OrderClosed, true, Some(closed)) => closed.max(candidate.received_at),
        (KeepFrom::Message, ..) | (_, false, _) => candidate.received_at,
    };
    if hold::keeps(conn, candidate.number)? {
        return Ok(Due::Held);
    }
    // While it was held its clock stood still.
    let stood: Duration = hold::held_for(conn, candidate.number, from)?;
    if from.after(keep.span).after(stood) > keep.now {
        return Ok(Due::Later);
    }
    Ok(if is_busy(conn, candidate.number)? { Due::Busy } else { Due::Now })
}

/// Deliveries still queued end first (PRODUCT §7), and so does what a person is to decide or to be
/// told.
fn is_busy(conn: &Connection, number: i64) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM message WHERE number = ?1 AND state = 'held')
        OR EXISTS (SELECT 1 FROM delivery WHERE message = ?1
            AND state IN ('queued', 'sending', 'deferred'))
        OR EXISTS (SELECT 1 FROM telling WHERE message = ?1) AS busy";
    Ok(one(conn, sql, [number], |row| get(row, "busy"))?.unwrap_or(false))
}
