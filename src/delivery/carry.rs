//! One delivery through one attempt, under its lease, to the written end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Ended, Outcome};
use super::backoff;
use super::connect::Pool;
use crate::config::Config;
use crate::domain::{Clock, Timestamp};
use crate::store::{AttemptOutcome, AttemptRecord, Lease, Store, StoreError, StoredMail};

/// A lease lasts this long and is renewed while its attempt runs.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// How soon the store is asked again after it could not write.
const AGAIN: Duration = Duration::from_millis(200);

/// What attempts under the same settings share.
pub(super) struct Carrier {
    pub store: Store,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub pool: Pool,
    /// The relay stops and has waited long enough.
    pub abandon: CancellationToken,
}

impl Carrier {
    /// Tries once. `connection` is given back when the peer is done with, before the end is
    /// written.
    pub async fn carry(&self, mail: StoredMail, connection: OwnedSemaphorePermit) {
        let started_at = self.clock.now();
        if !self.holds(&mail, started_at).await {
            return;
        }
        let delivery = mail.lease.delivery();
        let ended = tokio::select! {
            biased;
            ended = attempt::run(&self.pool, &mail) => ended,
            () = self.keep(mail.lease) => {
                tracing::warn!(%delivery, "the lease was lost; the attempt is ended");
                return;
            }
            // The store gets the lease back when all attempts have ended.
            () = self.abandon.cancelled() => {
                tracing::warn!(%delivery, "the relay stops: the attempt is abandoned");
                return;
            }
        };
        drop(connection);
        let ended_at = self.clock.now();
        let outcome = decide(&self.config, &mail, ended_at, &ended);
        log(&mail, &outcome, &ended, ended_at.since(mail.created_at));
        let record = AttemptRecord {
            started_at,
            ended_at,
            outcome,
            stage: ended.stage.as_str().to_owned(),
            reply: ended.reply,
        };
        tokio::select! {
            biased;
            () = self.write(mail.lease, record) => {}
            () = self.abandon.cancelled() => {
                tracing::error!(%delivery, "the relay stops: an attempt's end could not be written");
            }
        }
    }

    /// Whether the delivery is still ours. What waited in memory may have lost its lease: then
    /// somebody else tries it, or it was cancelled.
    async fn holds(&self, mail: &StoredMail, now: Timestamp) -> bool {
        if now.since(mail.created_at) <= LEASE / 3 {
            return true;
        }
        match self.store.renew(mail.lease, now.after(LEASE)).await {
            Ok(holds) => holds,
            Err(error) => {
                let delivery = mail.lease.delivery();
                tracing::warn!(%delivery, %error, "a lease could not be renewed; not attempted now");
                false
            }
        }
    }

    /// Renews a lease for ever; returns when it is lost.
    async fn keep(&self, lease: Lease) {
        let mut wait = LEASE / 3;
        loop {
            tokio::time::sleep(wait).await;
            match self.store.renew(lease, self.clock.now().after(LEASE)).await {
                Ok(true) => wait = LEASE / 3,
                Ok(false) => return,
                Err(error) => {
                    let delivery = lease.delivery();
                    tracing::warn!(%delivery, %error, "a lease could not be renewed; tried again soon");
                    wait = LEASE / 12;
                }
            }
        }
    }

    /// Writes the end. While the store can't write (a full disk, a lock) it is tried again: an
    /// end that is forgotten is a mail that goes out twice.
    async fn write(&self, lease: Lease, record: AttemptRecord) {
        let delivery = lease.delivery();
        let mut told = false;
        loop {
            match self.store.finish(lease, record.clone()).await {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!(%delivery, "the lease was lost; nothing was written");
                    return;
                }
                Err(error) if error.is_transient() && error != StoreError::Closed => {
                    if !told {
                        tracing::warn!(%delivery, %error, "an attempt's end can't be written; tried again");
                        told = true;
                    }
                    tokio::time::sleep(AGAIN).await;
                }
                // The lease runs out and the mail is tried again: doubled rather than lost.
                Err(error) => {
                    tracing::error!(%delivery, %error, "an attempt's end could not be written");
                    return;
                }
            }
        }
    }
}

/// What an attempt's end means for the delivery.
fn decide(config: &Config, mail: &StoredMail, now: Timestamp, ended: &Ended) -> AttemptOutcome {
    match ended.outcome {
        Outcome::Delivered => AttemptOutcome::Delivered,
        Outcome::Permanent => AttemptOutcome::Failed,
        Outcome::Temporary => {
            let random = getrandom::u64().unwrap_or_default();
            let wait = backoff::wait(&config.delivery, mail.attempts.saturating_add(1), random);
            let next = now.after(wait);
            if next >= mail.give_up_at {
                AttemptOutcome::Expired
            } else {
                AttemptOutcome::Deferred { next }
            }
        }
    }
}

fn log(mail: &StoredMail, outcome: &AttemptOutcome, ended: &Ended, age: Duration) {
    let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let (message, delivery) = (&mail.message, mail.lease.delivery());
    let (stage, reply, attempts) =
        (ended.stage.as_str(), &ended.reply, mail.attempts.saturating_add(1));
    match outcome {
        AttemptOutcome::Delivered => {
            tracing::info!(message_id = %message, %delivery, attempts, age_ms, reply, "delivered");
        }
        AttemptOutcome::Deferred { next } => {
            tracing::info!(message_id = %message, %delivery, attempts, stage, reply, %next, "deferred");
        }
        AttemptOutcome::Failed => {
            tracing::warn!(message_id = %message, %delivery, attempts, stage, reply, "failed for good");
        }
        AttemptOutcome::Expired => {
            tracing::warn!(message_id = %message, %delivery, attempts, stage, reply, "expired: gave up");
        }
    }
}
