//! One delivery through one attempt, under its lease, to the written end.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Ended, Outcome, Stage};
use super::backoff;
use super::connect::{Network, Pool};
use crate::config::{Config, Route};
use crate::domain::{Clock, MessageId, NoticeKind, Timestamp};
use crate::relay;
use crate::store::{
    AttemptOutcome, AttemptRecord, Lease, NewNotice, Notified, Store, StoreError, StoredMail,
};

/// A lease lasts this long and is renewed while its attempt runs.
pub(super) const LEASE: Duration = Duration::from_secs(60);
/// How soon the store is asked again after it could not write.
pub(super) const AGAIN: Duration = Duration::from_millis(200);

/// Mails up to this size are signed where they are attempted; to hash a larger one takes a while.
const SIGNED_HERE: usize = 64 * 1024;

/// What attempts under the same settings share.
pub(super) struct Carrier {
    pub store: Store,
    pub clock: Clock,
    pub config: Arc<Config>,
    pub network: Arc<Network>,
    /// The relay stops and has waited long enough.
    pub abandon: CancellationToken,
}

/// What an attempt says about its destination.
pub(super) enum Report {
    /// It was answered to the end, with yes or with no.
    Answered,
    /// It could not be reached, fell silent or broke off.
    Broke {
        /// Before a connection stood.
        connecting: bool,
        /// What happened, without a person's name.
        why: String,
    },
    /// Nothing.
    Nothing,
}

/// An attempt's end that has to be written.
pub(super) struct End {
    lease: Lease,
    message: MessageId,
    created_at: Timestamp,
    record: AttemptRecord,
}

impl Carrier {
    /// The name of the destination that a mail goes to.
    pub fn destination_of(&self, mail: &StoredMail) -> String {
        match self.config.delivery.route {
            Route::Smarthost { .. } => String::new(),
            Route::Mx { .. } => mail.recipient.domain().to_owned(),
        }
    }

    /// The connections to a destination of that name.
    pub fn pool(&self, name: &str) -> Pool {
        Pool::to(name, &self.config, Arc::clone(&self.network))
    }

    /// Tries once. The end is to be written with [`Self::write`], when the connection has been
    /// given back; there is none where the lease was lost or the relay stops.
    pub async fn attempt(
        &self,
        mut mail: StoredMail,
        since: Instant,
        pool: &Pool,
    ) -> (Report, Option<End>) {
        let started_at = self.clock.now();
        if !self.holds(&mail, since, started_at).await {
            return (Report::Nothing, None);
        }
        self.sign(&mut mail).await;
        let delivery = mail.lease.delivery();
        let ended = tokio::select! {
            biased;
            ended = attempt::run(pool, &mail) => ended,
            () = self.keep(mail.lease) => {
                tracing::warn!(%delivery, "the lease was lost; the attempt is ended");
                return (Report::Nothing, None);
            }
            // The store gets the lease back when all attempts have ended.
            () = self.abandon.cancelled() => {
                tracing::warn!(%delivery, "the relay stops: the attempt is abandoned");
                return (Report::Nothing, None);
            }
        };
        let report = if ended.broken {
            let connecting = matches!(ended.stage, Stage::Route | Stage::Connect);
            Report::Broke { connecting, why: ended.reply.clone() }
        } else if ended.stage == Stage::Route {
            Report::Nothing
        } else {
            Report::Answered
        };
        (report, Some(self.end(&mail, started_at, ended)))
    }

    /// Ends a delivery that has no time left and whose destination does not answer.
    pub async fn expire(&self, mail: StoredMail, why: String) {
        let ended =
            Ended { outcome: Outcome::Temporary, stage: Stage::Connect, reply: why, broken: true };
        let end = self.end(&mail, self.clock.now(), ended);
        self.write(end).await;
    }

    fn end(&self, mail: &StoredMail, started_at: Timestamp, ended: Ended) -> End {
        let ended_at = self.clock.now();
        let outcome = decide(&self.config, mail, ended_at, &ended);
        log(mail, &outcome, &ended, ended_at.since(mail.created_at));
        let again = matches!(outcome, AttemptOutcome::Deferred { .. });
        let record = AttemptRecord {
            signature: mail.signature.clone().filter(|_| again),
            started_at,
            ended_at,
            outcome,
            stage: ended.stage.as_str().to_owned(),
            reply: ended.reply,
        };
        End {
            lease: mail.lease,
            message: mail.message.clone(),
            created_at: mail.created_at,
            record,
        }
    }

    /// Writes an attempt's end, as long as the relay runs.
    pub async fn write(&self, end: End) {
        let delivery = end.lease.delivery();
        tokio::select! {
            biased;
            () = self.finish(&end) => {}
            () = self.abandon.cancelled() => {
                tracing::error!(%delivery, "the relay stops: an attempt's end could not be written");
            }
        }
    }

    /// Signs a mail before its first attempt; puts the signature before the mail. It is kept with the end
    /// of an attempt that is not the last, so that every attempt sends the same bytes. (Those of one that
    /// has no end, because the relay died over it, are the same as long as the keys are.)
    async fn sign(&self, mail: &mut StoredMail) {
        if let (None, 0, true, Some(dkim)) =
            (&mail.signature, mail.attempts, mail.composed, &self.config.dkim)
        {
            let domain = &self.config.relay.alias_domain;
            let at = mail.created_at.as_secs();
            mail.signature = if mail.bytes.len() <= SIGNED_HERE {
                relay::sign_with_dkim(dkim, domain, &mail.bytes, at)
            } else {
                let (dkim, domain, bytes) = (dkim.clone(), domain.clone(), mail.bytes.clone());
                let signing = move || relay::sign_with_dkim(&dkim, &domain, &bytes, at);
                tokio::task::spawn_blocking(signing).await.ok().flatten()
            };
            if mail.signature.is_none() {
                // Unsigned rather than never.
                let delivery = mail.lease.delivery();
                tracing::error!(%delivery, "a mail could not be signed");
            }
        }
        if let Some(signature) = &mail.signature {
            mail.bytes.splice(0..0, signature.iter().copied());
        }
    }

    /// Whether the delivery is still ours. What waited in memory may have lost its lease: then
    /// somebody else tries it, or it was cancelled.
    async fn holds(&self, mail: &StoredMail, since: Instant, now: Timestamp) -> bool {
        if since.elapsed() <= LEASE / 3 {
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
    async fn finish(&self, end: &End) {
        let delivery = end.lease.delivery();
        let mut told = false;
        loop {
            match self.finish_and_tell(end).await {
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

    /// Writes the end together with what the sender is told of it (PRODUCT §8).
    async fn finish_and_tell(&self, end: &End) -> Result<bool, StoreError> {
        let End { lease, message, created_at, record } = end;
        let waited = record.ended_at.since(*created_at);
        let kind = match record.outcome {
            AttemptOutcome::Delivered => None,
            AttemptOutcome::Failed => Some(NoticeKind::Failed),
            AttemptOutcome::Expired => Some(NoticeKind::Expired),
            AttemptOutcome::Deferred { .. } => {
                relay::is_delayed(&self.config, waited).then_some(NoticeKind::Delayed)
            }
        };
        let notice = match kind {
            Some(kind) => self.notice(message, kind, record.ended_at).await?,
            None => None,
        };
        let Some(notice) = notice else {
            return self.store.finish(*lease, record.clone()).await;
        };
        let (kind, id) = (notice.kind.as_str(), notice.message.clone());
        let told = self.store.finish_and_tell(*lease, record.clone(), notice).await?;
        if told == Some(Notified::Told) {
            tracing::info!(message_id = %message, notice = %id, kind, "its sender is told");
        }
        Ok(told.is_some())
    }

    /// What the sender is told. Where that can't be written for good, the end is written without
    /// it: a delivery that never ends would be worse.
    async fn notice(
        &self,
        message: &MessageId,
        kind: NoticeKind,
        now: Timestamp,
    ) -> Result<Option<NewNotice>, StoreError> {
        match relay::not_delivered(&self.store, &self.config, message, kind, now).await {
            Err(error) if !error.is_transient() => {
                tracing::error!(message_id = %message, %error, "its sender can't be told");
                Ok(None)
            }
            found => found,
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
            if now >= mail.give_up_at {
                AttemptOutcome::Expired
            } else {
                // The last one falls on the very end: no hour of what was promised is given away.
                AttemptOutcome::Deferred { next: now.after(wait).min(mail.give_up_at) }
            }
        }
    }
}

fn log(mail: &StoredMail, outcome: &AttemptOutcome, ended: &Ended, age: Duration) {
    let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let (message, delivery) = (&mail.message, mail.lease.delivery());
    let (stage, reply, attempts) =
        (ended.stage.as_str(), codes_of(&ended.reply), mail.attempts.saturating_add(1));
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

/// A peer's reply for the log: its codes. Its words may name anybody; `queue show` has them.
fn codes_of(reply: &str) -> &str {
    if reply.starts_with(|c: char| c.is_ascii_digit()) {
        let end = reply.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ' ' | '-')));
        return reply.get(..end.unwrap_or(reply.len())).unwrap_or_default().trim();
    }
    // "permanent error (550): …"
    reply.split_once("): ").map_or(reply, |(codes, _)| codes)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::{Forward, OpenMode};

    #[tokio::test]
    async fn the_last_attempt_falls_on_the_end_and_only_that_one_gives_up() {
        let text = "[relay]\nhostname = \"r.example\"\nalias_domain = \"a.example\"\n\
            marketplace = \"M\"\n[senders]\nverify = \"address\"\n[delivery]\n\
            route = \"smarthost\"\nsmarthost = \"127.0.0.1:1\"\nretry_first = \"30m\"\n";
        let config = Config::parse(text, Path::new("bauta.toml")).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bauta.db");
        let store = Store::open(&path, OpenMode::Create, "a.example").unwrap();
        let born = Timestamp::from_millis(1_000_000);
        let end = born.after(Duration::from_secs(600));
        let forward = Forward {
            message: MessageId::from_random([1; 10]),
            token: [1; 10],
            bytes: b"Subject: x\r\n\r\nx\r\n".to_vec(),
            recipient: "who@b.example".parse().unwrap(),
            envelope_from: crate::domain::AliasAddress::new("b-1", "a.example"),
            received_at: born,
            give_up_at: end,
        };
        let mail = store.forward_to_postmaster(forward).await.unwrap().into_mail().unwrap();
        let ended = Ended {
            outcome: Outcome::Temporary,
            stage: Stage::Rcpt,
            reply: "450".to_owned(),
            broken: false,
        };
        let decided = |at| decide(&config, &mail, at, &ended);
        assert_eq!(decided(born), AttemptOutcome::Deferred { next: end });
        assert_eq!(decided(end), AttemptOutcome::Expired);
    }

    #[test]
    fn of_a_peers_reply_the_log_has_the_codes() {
        assert_eq!(codes_of("550 5.1.1 cs at lamps dot example is unknown"), "550 5.1.1");
        assert_eq!(codes_of("250 2.0.0"), "250 2.0.0");
        assert_eq!(codes_of("permanent error (550): jane (at) roes"), "permanent error (550");
        assert_eq!(codes_of("the connection broke"), "the connection broke");
        assert_eq!(codes_of(""), "");
    }
}
