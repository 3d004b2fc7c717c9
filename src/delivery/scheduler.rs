//! Who is tried when: deliveries in hand are bounded by connections, everything else waits in the
//! store.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::carry::{Carrier, LEASE};
use super::connect::Pool;
use super::times::Times;
use crate::config::Config;
use crate::domain::Clock;
use crate::store::{Store, StoredMail};

/// How often the store is asked what is due: what another process changed is noticed in time
/// (PRODUCT §11: 250 ms).
const LOOK: Duration = Duration::from_millis(250);
/// How long a stop waits for running attempts. A peer may take its time (RFC 5321 §4.5.3.2: ten
/// minutes for the answer to the final dot); whoever stops the relay has less.
const GRACE: Duration = Duration::from_secs(20);
/// Attempts that are over but whose end is not written yet: beyond this a fast peer waits for the
/// disk, or its answers would be lost in a full queue of writes.
const UNWRITTEN: usize = 64;

/// Brings stored mail to its next hop until it is told to stop.
pub struct Scheduler {
    store: Store,
    config: watch::Receiver<Arc<Config>>,
    clock: Clock,
    /// Deliveries handed over as they are accepted.
    incoming: mpsc::Receiver<StoredMail>,
    pub(super) times: Times,
    pub(super) grace: Duration,
    abandon: CancellationToken,
}

/// What is in hand.
struct InHand {
    /// Claimed and not yet tried.
    waiting: VecDeque<StoredMail>,
    /// When the store is looked at next.
    look: Instant,
    /// Whether new mail comes before claimed mail this time.
    new_first: bool,
}

/// The next hop under the settings in force.
struct Hop {
    carrier: Arc<Carrier>,
    connections: Arc<Semaphore>,
    /// Attempts whose end is not written yet, those that run among them.
    unwritten: Arc<Semaphore>,
}

/// Room for one more attempt.
struct Place {
    connection: OwnedSemaphorePermit,
    unwritten: OwnedSemaphorePermit,
}

impl Hop {
    async fn place(&self) -> Option<Place> {
        let unwritten = Arc::clone(&self.unwritten).acquire_owned().await.ok()?;
        let connection = Arc::clone(&self.connections).acquire_owned().await.ok()?;
        Some(Place { connection, unwritten })
    }
}

impl Scheduler {
    /// Over a store, with the channel through which new deliveries come. What changes in `config`
    /// counts from the next attempt on.
    pub fn new(
        store: Store,
        config: watch::Receiver<Arc<Config>>,
        clock: Clock,
        incoming: mpsc::Receiver<StoredMail>,
    ) -> Self {
        let abandon = CancellationToken::new();
        Self { store, config, clock, incoming, times: Times::default(), grace: GRACE, abandon }
    }

    /// Runs until `stop`; then claims no more, lets running attempts end for a while, gives back
    /// what is left, and closes its connections.
    pub async fn run(mut self, stop: CancellationToken) {
        let attempts = TaskTracker::new();
        let mut hop = self.hop();
        let mut hand = InHand { waiting: VecDeque::new(), look: Instant::now(), new_first: false };
        loop {
            let place = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                // Also while every connection hangs: the new settings may be what mends it.
                Ok(()) = self.config.changed() => {
                    self.renew(&mut hop, &attempts);
                    continue;
                }
                place = hop.place() => place,
            };
            let Some(mut place) = place else { break };
            // No more is claimed than can be tried at once: what waits here waits under its lease.
            let free = hop.connections.available_permits().saturating_add(1);
            let Some(mail) = self.next(&mut hand, free, &hop.carrier.pool, &stop).await else {
                break;
            };
            if self.config.has_changed().unwrap_or(false) {
                self.config.mark_unchanged();
                if self.renew(&mut hop, &attempts) {
                    let Some(new) = hop.place().await else { break };
                    place = new;
                }
            }
            let carrier = Arc::clone(&hop.carrier);
            attempts.spawn(async move {
                carrier.carry(mail, place.connection).await;
                drop(place.unwritten);
            });
        }
        self.end(&attempts, &hop.carrier.pool).await;
    }

    /// Waits for what runs, at most for `grace`.
    async fn end(&self, attempts: &TaskTracker, pool: &Pool) {
        attempts.close();
        if tokio::time::timeout(self.grace, attempts.wait()).await.is_err() {
            self.abandon.cancel();
            attempts.wait().await;
        }
        match self.store.give_back().await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "deliveries in hand given back to the queue"),
            Err(error) => {
                tracing::warn!(%error, "deliveries in hand could not be given back; the next start frees them");
            }
        }
        pool.close().await;
    }

    fn hop(&self) -> Hop {
        let config = Arc::clone(&self.config.borrow());
        let pool = Pool::new(&config.delivery, &config.relay.hostname, self.times);
        let count = config.delivery.connections;
        let connections = Arc::new(Semaphore::new(count));
        let unwritten = Arc::new(Semaphore::new(count.saturating_add(UNWRITTEN)));
        let carrier = Carrier {
            store: self.store.clone(),
            clock: self.clock.clone(),
            config,
            pool,
            abandon: self.abandon.clone(),
        };
        Hop { carrier: Arc::new(carrier), connections, unwritten }
    }

    /// Takes the new settings for all attempts from now on; those that run end under the old ones.
    /// Where none of them is about delivery nothing changes: a new hop has all its connections
    /// free, beside those that hang on the old one. Whether something changed.
    fn renew(&self, hop: &mut Hop, attempts: &TaskTracker) -> bool {
        let (old, new) = (&hop.carrier.config, self.config.borrow());
        if old.delivery == new.delivery && old.relay.hostname == new.relay.hostname {
            return false;
        }
        drop(new);
        let old = std::mem::replace(hop, self.hop());
        attempts.spawn(async move { old.carrier.pool.close().await });
        true
    }

    /// The next mail to try; nothing when it is time to stop.
    async fn next(
        &mut self,
        hand: &mut InHand,
        free: usize,
        pool: &Pool,
        stop: &CancellationToken,
    ) -> Option<StoredMail> {
        loop {
            if stop.is_cancelled() {
                return None;
            }
            // By turns: neither a backlog nor a flood of new mail starves the other.
            hand.new_first = !hand.new_first;
            if hand.new_first
                && let Ok(mail) = self.incoming.try_recv()
            {
                return Some(mail);
            }
            if let Some(mail) = hand.waiting.pop_front() {
                return Some(mail);
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return None,
                () = tokio::time::sleep_until(hand.look) => {
                    let claimed = self.claim(free).await;
                    // Where there was as much as was asked for there may be more.
                    let wait = if claimed.len() < free { LOOK } else { Duration::ZERO };
                    hand.look = Instant::now() + wait;
                    hand.waiting.extend(claimed);
                    pool.prune().await;
                }
                Some(mail) = self.incoming.recv() => return Some(mail),
            }
        }
    }

    /// Claims what is due, at most as many as there are connections free. Looking costs a read,
    /// claiming a write: it is not done in vain.
    async fn claim(&self, free: usize) -> Vec<StoredMail> {
        let now = self.clock.now();
        match self.store.next_due().await {
            Ok(Some(due)) if due <= now => {}
            Ok(_) => return vec![],
            Err(error) => {
                tracing::warn!(%error, "the queue could not be looked at; asked again soon");
                return vec![];
            }
        }
        match self.store.claim_due(now, LEASE, free).await {
            Ok(mails) => mails,
            Err(error) => {
                tracing::warn!(%error, "due deliveries could not be claimed; asked again soon");
                vec![]
            }
        }
    }
}
