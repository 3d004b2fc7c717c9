//! What the archive needs while nobody asks for anything: the search index, and expiry.

use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use tokio_util::sync::CancellationToken;

use super::Relay;
use crate::alias::{Keyring, WordKey};
use crate::config::{self, Archive};
use crate::domain::{Date, PartyId, Role, Timestamp};
use crate::store::{Expired, Keep, KeepFrom, Owed, Place, Store, StoreError, can_sweep};

/// Messages that come into the search index at once: what that takes of the store's writer grows with the
/// part of the index that is rewritten rather than with how many they are.
const INDEXED: u32 = 1024;
/// So often it is looked whether so many wait for it.
const INDEX_EVERY: Duration = Duration::from_millis(250);
/// So long they wait at most where they are fewer, and as long again for each so many messages that their
/// part has: a few rewrite nearly as much of it as a thousand do. A search looks through them until then.
const INDEX_ALL_EVERY: Duration = Duration::from_secs(5);
const LIGHT: u32 = 64;
/// What could not be written is tried again after this.
const AFTER_ERROR: Duration = Duration::from_secs(10);
/// So long a look that found nothing is rested after at most.
const LONGEST_REST: Duration = Duration::from_secs(600);
/// A step of expiry shall take about so long; more or fewer messages are erased in the next.
const STEP: Duration = Duration::from_millis(15);
/// At most so many messages in a step.
const MOST: usize = 64;
/// And so many where the disk is slow: fewer would be no sooner on it, and erasing would fall behind.
const LEAST: usize = 8;
/// Milliseconds.
const DAY: i64 = 86_400_000;
/// After its end a day is given so long for what is still being stored.
const LATE: Duration = Duration::from_secs(600);
/// Erased messages whose words are taken out of the search index in a step, at most.
const MOST_TAKEN_OUT: u32 = 1024;
/// Pages that are looked through for remains in a step, at most.
const MOST_SWEPT: usize = 1024;
/// After so many rounds the rest waits for the next sweep: whoever asked for it is not kept waiting.
const ROUNDS: u32 = 8;
/// Every page is looked at so often at most: what a process beside this one does to the WAL is not seen.
const ROUNDS_OF_ALL: u32 = 2;
/// Pages that were written while a sweep went on and are swept while nobody writes, at most.
const LAST_SWEPT: usize = 256;
/// Pages given back to the file system in a step.
const PAGES: u32 = 128;
/// Beside live traffic free pages are kept for what comes in next, up to one in so many.
const KEPT_FREE: u32 = 10;

/// By what a message's name on one side is known when the message is gone.
pub(super) fn thread_hash(key: &WordKey, side: Role, id: &str) -> i64 {
    let kind = match side {
        Role::Seller => "seller's thread",
        Role::Buyer => "buyer's thread",
    };
    key.thread(kind, id)
}

/// How long messages are kept, seen from now.
pub fn keep(archive: &Archive, now: Timestamp) -> Keep {
    let from = match archive.keep_from {
        config::KeepFrom::Message => KeepFrom::Message,
        config::KeepFrom::OrderClosed => KeepFrom::OrderClosed,
    };
    Keep { span: archive.keep, from, now }
}

/// Whose messages are erased.
#[derive(Debug, Clone)]
pub enum Erase<'a> {
    /// Those past their time.
    Expired(Keep),
    /// Those to and from a party, whatever their age.
    Party(&'a PartyId),
    /// What is left of a party that was deleted.
    Deleted(&'a PartyId),
}

/// What becomes of the space that erased messages took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Some space is left free for what comes in next: for the relay itself.
    Kept,
    /// All that became free is given back: somebody asked for it.
    GivenBack,
}

/// Erases all that may go, step by step, and leaves no trace of it. Ends early when told to stop. At most
/// half of the writer's time is taken: steps without a rest between them keep a relay beside a command
/// waiting for seconds.
///
/// # Errors
/// The store could not do its part; what was erased before stays erased.
pub async fn erase(
    store: &Store,
    key: &WordKey,
    what: &Erase<'_>,
    space: Space,
    stop: &CancellationToken,
) -> Result<Expired, StoreError> {
    let mut total = Expired::default();
    if let Erase::Expired(keep) = what {
        // Mail of addresses that are not registered has a time of its own, and so has what a hold kept.
        let mut began = Instant::now();
        while !stop.is_cancelled() && store.expire_strays_some(keep.now).await? {
            rest(store, began.elapsed()).await;
            began = Instant::now();
        }
        total.erased += erase_unheld(store, stop).await?;
    }
    let (mut place, mut most) = (Place::default(), LEAST);
    while !stop.is_cancelled() {
        let began = Instant::now();
        let key = key.clone();
        let thread = move |side, id: &str| thread_hash(&key, side, id);
        let step = match what {
            Erase::Expired(keep) => store.expire_some(*keep, place, most, thread).await?,
            Erase::Party(id) => store.erase_written(id, place, most, thread).await?,
            Erase::Deleted(id) => store.erase_some(id, place, most).await?,
        };
        let took = began.elapsed();
        total.erased += step.erased;
        total.held += step.held;
        total.busy += step.busy;
        // The time in the queue counts too: under load the steps are smaller.
        most = if took < STEP { (most * 2).min(MOST) } else { (most / 2).max(LEAST) };
        match step.next {
            Some(next) => place = next,
            None => break,
        }
        if step.erased > 0 {
            rest(store, took).await;
        }
    }
    if let Erase::Deleted(id) = what {
        let mut pair = Some(0);
        while let (Some(after), false) = (pair, stop.is_cancelled()) {
            let began = Instant::now();
            pair = store.forget_conversations(id, after).await?;
            rest(store, began.elapsed()).await;
        }
    }
    // What can't be taken out of a damaged index is no reason to leave what was erased in the WAL.
    let is_out = take_out(store, stop).await;
    let is_asked = total.erased > 0 || !matches!(what, Erase::Expired(_));
    leave_no_trace(store, is_asked, space, stop).await?;
    is_out.map(|()| total)
}

/// Erases what legal holds kept of deleted parties and that have ended, step by step: how many messages.
///
/// # Errors
/// The store could not do its part; what was erased before stays erased.
pub async fn erase_unheld(store: &Store, stop: &CancellationToken) -> Result<usize, StoreError> {
    let (mut all, mut began) = (0, Instant::now());
    while !stop.is_cancelled()
        && let Some(erased) = store.erase_unheld().await?
    {
        all += erased;
        rest(store, began.elapsed()).await;
        began = Instant::now();
    }
    Ok(all)
}

/// Does what is owed after something was erased, here or by a command beside us, now or before we were
/// started: nothing of it is left then.
async fn leave_no_trace(
    store: &Store,
    is_asked: bool,
    space: Space,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let mut owed = store.owed().await?;
    // What can't be swept stays owed, and waits for a relay that can.
    let is_done = match owed {
        Owed::Nothing => true,
        Owed::Cut => false,
        Owed::Sweep => !is_asked && !can_sweep(),
    };
    if is_done {
        return Ok(());
    }
    let kept_free = if space == Space::Kept { KEPT_FREE } else { u32::MAX };
    while !stop.is_cancelled() && store.shrink_some(PAGES, kept_free).await? {
        rest(store, STEP).await;
    }
    if owed == Owed::Sweep {
        match sweep(store, stop).await {
            Ok(true) => owed = Owed::Cut,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "what was erased may stand in pages still; tried again later");
            }
        }
    }
    if !store.empty_wal().await {
        tracing::warn!("the WAL could not be emptied after expiry: something reads all the time");
    } else if owed == Owed::Cut {
        store.note_cut().await?;
    }
    Ok(())
}

/// After a step that took so long: mail has its turn, and what was written is copied before more is.
async fn rest(store: &Store, took: Duration) {
    tokio::time::sleep(took).await;
    store.settle_wal().await;
}

/// Takes the words of what was erased out of the search index, now or in a pass that was broken off.
async fn take_out(store: &Store, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut most = 16;
    loop {
        let began = Instant::now();
        if stop.is_cancelled() || !store.take_out_some(most).await? {
            return Ok(());
        }
        let took = began.elapsed();
        most = if took < STEP { (most * 2).min(MOST_TAKEN_OUT) } else { (most / 2).max(16) };
        rest(store, took).await;
    }
}

/// Overwrites what SQLite left of what was erased (and of what will be) in the pages that were written
/// since the last time: whether that is done. Else what is left is known, and the next sweep begins with
/// it.
async fn sweep(store: &Store, stop: &CancellationToken) -> Result<bool, StoreError> {
    let mut of_all = 0;
    // Each time fewer are left, those that were written in the time that the last ones took, unless
    // mail comes in faster than pages are looked at.
    for _ in 0..ROUNDS {
        let (mut sweep, mut most) = (store.begin_sweep().await?, 64);
        of_all += u32::from(sweep.is_of_all());
        if of_all > ROUNDS_OF_ALL {
            break;
        }
        loop {
            let began = Instant::now();
            if stop.is_cancelled() {
                return Ok(false);
            }
            if !store.sweep_some(&mut sweep, most).await? {
                break;
            }
            let took = began.elapsed();
            most = if took < STEP { (most * 2).min(MOST_SWEPT) } else { (most / 2).max(16) };
            rest(store, took).await;
        }
        if store.end_sweep(LAST_SWEPT).await? {
            return Ok(true);
        }
    }
    tracing::info!("more is written than can be swept at once; the rest is swept later");
    Ok(false)
}

impl Relay {
    /// Erases what is past its time: how long to wait until the next look.
    pub async fn expire(&self, stop: &CancellationToken) -> Duration {
        let (archive, now) = (&self.0.config.archive, self.0.clock.now());
        let began = Instant::now();
        let key = self.keys(Keyring::word_key);
        let what = Erase::Expired(keep(archive, now));
        let rests = match erase(&self.0.store, &key, &what, Space::Kept, stop).await {
            // Where much is kept by holds or open orders, a look takes a while, and for nothing.
            Ok(Expired { erased: 0, .. }) => 20,
            // As much comes to its end as comes in, and the steps leave mail its time.
            Ok(Expired { erased, held, busy, .. }) => {
                let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                tracing::info!(erased, held, busy, took_ms, "messages past their time erased");
                0
            }
            Err(error) => {
                tracing::warn!(%error, "expiry waits");
                return AFTER_ERROR;
            }
        };
        // An owed sweep of every page is no look.
        let rest = (began.elapsed() * rests).min(LONGEST_REST);
        let often = (archive.keep / 100).clamp(Duration::from_millis(200), Duration::from_secs(60));
        often.max(rest)
    }

    /// Makes and logs the root of each day that is over, of the last month: what is archived can be
    /// held against it by whoever keeps the log.
    pub async fn log_roots(&self) {
        let today = self.0.clock.now().before(LATE).as_millis().div_euclid(DAY);
        for day in today - 31..today {
            match self.0.store.close_day(day).await {
                Ok(None) => {}
                Ok(Some((items, root))) => {
                    let date = Date::of(Timestamp::from_millis(day * DAY));
                    let date = date.map(|date| date.to_string()).unwrap_or_default();
                    let root = HEXLOWER.encode(&root);
                    tracing::info!(date, items, root, "evidence of the day");
                }
                Err(error) => {
                    tracing::warn!(%error, "the day's root waits");
                    return;
                }
            }
        }
    }

    /// Brings what is stored into the search index, until it is told to stop.
    pub async fn index(&self, stop: CancellationToken) {
        let (mut since, mut wait) = (Instant::now(), INDEX_ALL_EVERY);
        loop {
            let began = Instant::now();
            let few = if since.elapsed() < wait { INDEXED } else { 1 };
            let pause = match self.0.store.index_some(few, INDEXED).await {
                // As long as it took, so that mail has its turn.
                Ok(true) => began.elapsed(),
                Ok(false) => {
                    if few == 1 {
                        let has = self.0.store.newest_part_has().await.unwrap_or(0);
                        (since, wait) = (began, INDEX_ALL_EVERY * (1 + has / LIGHT));
                    }
                    INDEX_EVERY
                }
                Err(error) => {
                    tracing::warn!(%error, "the search index waits");
                    AFTER_ERROR
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
