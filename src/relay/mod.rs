//! The spine: the stations in the order in which a mail meets them.
//!
//! Flow: a face asks [`Relay::route`] for each recipient and hands the whole mail to
//! [`Relay::accept`]: read → prove → admit → judge → compose → scan → store, and the delivery goes
//! to whoever holds the outbox; what does not reach the other side its sender is told by
//! [`not_delivered`]. [`rehearse`] is the middle of it, without the store.
//! Invariant: the only place that orders the stations. No parsing, no SQL, no header text in here.
//! Logs: one line for each mail that was answered: which message, what was decided, how long it
//! took; never a word or an address of it.

mod accept;
mod attend;
mod backtest;
mod evidence;
mod greylist;
mod in_hand;
mod inspector;
mod lanes;
mod notify;
mod outcome;
mod perform;
mod postmaster;
mod prepare;
mod put_off;
mod recipients;
mod rehearse;
mod report;
mod review;
mod route;
mod sources;
mod stray;
mod tell;
mod upkeep;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Notify, Semaphore, mpsc};

use crate::alias::Keyring;
use crate::config::Config;
use crate::domain::Clock;
use crate::policy::{self, RuleError, Rules};
use crate::sender::Prover;
use crate::store::{Store, StoredMail};
use attend::Aside;
use greylist::Greylist;
use sources::Sources;

pub use crate::market::Refusal;
pub use crate::market::limits::Limit;
pub use crate::rewrite::dkim::sign as sign_with_dkim;
pub use crate::sender::{Envelope, Peer, Unproved};
pub use crate::store::Coming;
pub use backtest::decided_by_rules;
pub use evidence::{Reader, export};
pub use inspector::{InspectError, Inspector};
pub use notify::{is_delayed, not_delivered};
pub use outcome::{Explained, Outcome, RejectLine};
pub use put_off::PutOff;
pub use rehearse::{Rehearsal, Rehearsed, Stopped, rehearse};
pub use review::NotReleased;
pub use route::{Route, RouteRefusal};
pub use stray::NotDone;
pub use upkeep::{Erase, Space, erase, erase_unheld, keep};

/// The spine, with everything it needs. Cheap to clone; clones are the same relay.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    keyring: Arc<RwLock<Keyring>>,
    store: Store,
    rules: Rules,
    clock: Clock,
    /// Where accepted mail is handed over to delivery. Full: the store keeps it until it is due.
    outbox: mpsc::Sender<StoredMail>,
    guesses: Arc<Sources>,
    mails: Arc<Sources>,
    greylist: Arc<Greylist>,
    prover: Prover,
    /// Large mails are read by so many threads at a time.
    large: Arc<Semaphore>,
    /// Opens attachments.
    inspector: Inspector,
    /// Rung when somebody is to be told something.
    tell: Arc<Notify>,
    /// What could not be done for somebody, and waits to be tried again.
    aside: Arc<Aside>,
}

/// The rules as the config sets them.
///
/// # Errors
/// A rule that can't be compiled.
pub fn rules_of(config: &Config) -> Result<Rules, RuleError> {
    let own = std::slice::from_ref(&config.relay.alias_domain);
    Ok(Rules::new(&config.policy, own)?.of_marketplace(&config.relay.marketplace))
}

impl Relay {
    /// Builds the spine. The rules are compiled here, once.
    pub fn new(
        config: Arc<Config>,
        keyring: Keyring,
        store: Store,
        clock: Clock,
        outbox: mpsc::Sender<StoredMail>,
    ) -> Result<Self, RuleError> {
        let rules = rules_of(&config)?;
        // What is loaded at first use is loaded before the first mail waits for it.
        policy::warm(&rules);
        let large = Arc::new(Semaphore::new(4));
        let inspector = Inspector::of_this_binary();
        let keyring = Arc::new(RwLock::new(keyring));
        let (guesses, mails) = (Arc::default(), Arc::default());
        let greylist = Arc::default();
        let prover = Prover::new(&config);
        Ok(Self(Arc::new(Inner {
            config,
            keyring,
            store,
            rules,
            clock,
            outbox,
            guesses,
            mails,
            greylist,
            prover,
            large,
            inspector,
            tell: Arc::default(),
            aside: Arc::default(),
        })))
    }

    /// The same relay under other settings. This one goes on under its own, so that a mail is
    /// judged under the settings that it began with; keys and store are shared.
    ///
    /// # Errors
    /// A rule that can't be compiled.
    pub fn under(&self, config: Arc<Config>) -> Result<Self, RuleError> {
        let rules = rules_of(&config)?;
        let Inner {
            keyring,
            store,
            clock,
            outbox,
            guesses,
            mails,
            greylist,
            prover,
            large,
            inspector,
            tell,
            aside,
            ..
        } = &*self.0;
        Ok(Self(Arc::new(Inner {
            rules,
            keyring: Arc::clone(keyring),
            store: store.clone(),
            clock: clock.clone(),
            outbox: outbox.clone(),
            guesses: Arc::clone(guesses),
            mails: Arc::clone(mails),
            greylist: Arc::clone(greylist),
            prover: prover.under(&self.0.config, &config),
            config,
            large: Arc::clone(large),
            inspector: inspector.clone(),
            tell: Arc::clone(tell),
            aside: Arc::clone(aside),
        })))
    }

    /// Takes the keys that the operator rotated meanwhile.
    pub fn use_keys(&self, keyring: Keyring) {
        *self.0.keyring.write().unwrap_or_else(PoisonError::into_inner) = keyring;
    }

    /// Asks the keys something.
    fn keys<T>(&self, ask: impl FnOnce(&Keyring) -> T) -> T {
        ask(&self.0.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }
}
