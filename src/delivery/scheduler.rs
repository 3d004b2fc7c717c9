//! Who is tried when. One loop owns what is in hand; attempts, claims and all else that takes time
//! run beside it and report to it, so that it waits for nobody.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::carry::Carrier;
use super::connect::{Network, close_all};
use super::desk::Desk;
use super::sts::Sts;
use super::times::Times;
use crate::config::{Config, DeliveryTls, Route};
use crate::dns::Dns;
use crate::domain::Clock;
use crate::store::{Store, StoredMail};

/// How long a stop waits for running attempts. A peer may take its time (RFC 5321 §4.5.3.2: ten
/// minutes for the answer to the final dot); whoever stops the relay has less.
const GRACE: Duration = Duration::from_secs(20);

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
        let (tell, mut told) = mpsc::unbounded_channel();
        let mut desk = Desk::new(self.carrier(), tell);
        while !stop.is_cancelled() {
            tokio::select! {
                () = stop.cancelled() => break,
                Ok(()) = self.config.changed() => self.renew(&mut desk),
                Some(event) = told.recv() => desk.account(event),
                Some(mail) = self.incoming.recv() => {
                    // New settings that came before it count for it.
                    if self.config.has_changed().unwrap_or(false) {
                        self.config.mark_unchanged();
                        self.renew(&mut desk);
                    }
                    desk.take_new(mail);
                }
                () = tokio::time::sleep_until(desk.look), if !desk.claiming => desk.look_up(),
            }
            desk.release();
        }
        self.end(desk).await;
    }

    /// Waits for what runs, at most for `grace`.
    async fn end(&self, desk: Desk) {
        let attempts = &desk.attempts;
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
        let pools = desk.hand.destinations.into_values().map(|d| d.pool);
        close_all(pools.collect()).await;
    }

    fn carrier(&self) -> Arc<Carrier> {
        let config = Arc::clone(&self.config.borrow());
        let dns = match config.delivery.route {
            Route::Smarthost { .. } => None,
            Route::Mx { .. } => Dns::new(&config.dns.servers)
                .inspect_err(|error| tracing::error!(error, "no DNS: mail waits"))
                .ok(),
        };
        let sts = match config.delivery.route {
            Route::Mx { sts_port, .. } if config.delivery.tls != DeliveryTls::None => {
                Some(Sts { store: self.store.clone(), clock: self.clock.clone(), port: sts_port })
            }
            _ => None,
        };
        let network = Arc::new(Network::new(dns, sts, self.times, &config.relay.hostname));
        Arc::new(Carrier {
            store: self.store.clone(),
            clock: self.clock.clone(),
            config,
            network,
            abandon: self.abandon.clone(),
        })
    }

    /// Takes new settings. Where none of them is about delivery nothing changes: new destinations
    /// have all their connections free, beside those that hang on the old ones.
    fn renew(&self, desk: &mut Desk) {
        let (old, new) = (&desk.carrier.config, Arc::clone(&self.config.borrow()));
        let same = old.delivery == new.delivery
            && old.dns == new.dns
            && old.relay.hostname == new.relay.hostname;
        if !same {
            desk.renew(self.carrier());
        } else {
            // Keys among the rest: they count from the next attempt on.
            let old = &desk.carrier;
            desk.carrier = Arc::new(Carrier {
                store: old.store.clone(),
                clock: old.clock.clone(),
                config: new,
                network: Arc::clone(&old.network),
                abandon: old.abandon.clone(),
            });
        }
    }
}
