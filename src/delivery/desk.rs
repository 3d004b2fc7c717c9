//! The loop's own state: what is in hand, and what follows from each thing that it is told.
//! Nothing in here waits: what takes time is spawned, and tells of its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::backoff;
use super::carry::{AGAIN, Carrier, LEASE, Report};
use super::connect::{Pool, close_all};
use super::hand::{Destination, Hand, Waiting};
use crate::config::Route;
use crate::domain::Timestamp;
use crate::store::{Claimed, Release, Store, StoreError, StoredMail, Turns};

/// How often the store is asked what is due: what another process changed is noticed in time
/// (PRODUCT §11: 250 ms).
const LOOK: Duration = Duration::from_millis(250);
/// Asked sooner where there is more, but not more often than this: one transaction for several.
const GAP: Duration = Duration::from_millis(3);
/// Attempts that are over but whose end is not written yet: beyond this a fast peer waits for the
/// disk, or its answers would be lost in a full queue of writes.
const UNWRITTEN: usize = 64;
/// At most so many are claimed or given back in one transaction.
const BATCH: usize = 200;

/// What the loop is told.
pub(super) enum Event {
    /// An attempt is over and its connection free; its end is not written yet.
    Free { generation: u64, to: String, began: Instant, report: Report },
    /// A mail is in hand no more.
    Gone { bytes: usize },
    /// What the store had.
    Claimed { asked: Turns, limit: usize, claimed: Claimed },
    /// All that waits for a destination is put off.
    PutOff { generation: u64, to: String },
    /// What was given back is in the store.
    Released,
    /// A mail expired without an attempt.
    Expired,
}

pub(super) struct Desk {
    pub hand: Hand,
    pub carrier: Arc<Carrier>,
    pub attempts: TaskTracker,
    pub tell: UnboundedSender<Event>,
    /// When the store is looked at next.
    pub look: Instant,
    /// The store is being asked.
    pub claiming: bool,
    /// Counts the settings: what was begun under others says nothing about the pace of these.
    generation: u64,
    looked: Instant,
    tidied: Instant,
    /// The store gave as much as was asked for: there may be more.
    more: bool,
    /// Whose turn it was last.
    last: String,
    unwritten: usize,
    /// Somebody waits for the disk.
    blocked: bool,
    /// To be given back to the store.
    back: Vec<Release>,
    releasing: bool,
}

impl Desk {
    pub fn new(carrier: Arc<Carrier>, tell: UnboundedSender<Event>) -> Self {
        let now = Instant::now();
        Self {
            hand: Hand::default(),
            carrier,
            attempts: TaskTracker::new(),
            tell,
            look: now,
            claiming: false,
            generation: 0,
            looked: now,
            tidied: now,
            more: false,
            last: String::new(),
            unwritten: 0,
            blocked: false,
            back: Vec::new(),
            releasing: false,
        }
    }

    /// Does what follows from what happened.
    pub fn account(&mut self, event: Event) {
        match event {
            Event::Free { generation, to, began, report } => {
                self.unwritten += 1;
                if generation == self.generation {
                    self.free(&to, began, report);
                }
            }
            Event::Gone { bytes } => {
                self.hand.let_go(bytes);
                self.unwritten = self.unwritten.saturating_sub(1);
                if self.blocked && self.unwritten <= UNWRITTEN / 2 {
                    self.start_all();
                }
                if self.more {
                    self.hurry();
                }
            }
            Event::Claimed { asked, limit, claimed } => self.take_claimed(&asked, limit, claimed),
            Event::PutOff { generation, to } if generation == self.generation => {
                if let Some(destination) = self.hand.destinations.get_mut(&to) {
                    destination.putting_off = false;
                }
            }
            Event::PutOff { .. } => {}
            Event::Released => self.releasing = false,
            Event::Expired => self.hurry(),
        }
    }

    fn free(&mut self, to: &str, began: Instant, report: Report) {
        let Some(destination) = self.hand.destinations.get_mut(to) else { return };
        destination.running = destination.running.saturating_sub(1);
        match report {
            Report::Answered => destination.pace.answered(Instant::now()),
            Report::Nothing => {}
            Report::Broke { connecting, why } => {
                if destination.pace.broke(began, connecting) {
                    self.rest(to, why);
                }
            }
        }
        self.start(to);
        if self.hand.destinations.get(to).is_some_and(Destination::is_hungry) {
            self.hurry();
        }
    }

    /// A destination does not answer: all that waits for it waits until it is tried again.
    fn rest(&mut self, to: &str, why: String) {
        let Some(destination) = self.hand.destinations.get_mut(to) else { return };
        let random = getrandom::u64().unwrap_or_default();
        let rests = destination.pace.rests();
        let span = backoff::wait(&self.carrier.config.delivery, rests, random);
        destination.pace.take_rest(Instant::now(), span, why.clone());
        destination.putting_off = true;
        let until = self.carrier.clock.now().after(span);
        tracing::warn!(rests, %until, why, "a destination does not answer; what is for it waits");
        for mail in self.hand.take_back(to, Duration::ZERO) {
            self.back.push(Release { lease: mail.lease, until, why: Some(why.clone()) });
        }
        let domain = match self.carrier.config.delivery.route {
            Route::Smarthost { .. } => None,
            Route::Mx { .. } => Some(to.to_owned()),
        };
        let (store, tell, to) = (self.carrier.store.clone(), self.tell.clone(), to.to_owned());
        let generation = self.generation;
        self.attempts.spawn(async move {
            if let Err(error) = store.put_off(domain, until, why).await {
                tracing::warn!(%error, "what waits for it could not be put off; it is tried one by one");
            }
            let _ = tell.send(Event::PutOff { generation, to });
        });
    }

    /// Takes up a mail that was just accepted, or leaves it to the store.
    pub fn take_new(&mut self, mail: StoredMail) {
        let (to, now) = (self.carrier.destination_of(&mail), Instant::now());
        if let Some(rest) = self.know(&to).pace.rest(now).cloned() {
            let until = self.carrier.clock.now().after(rest.until.duration_since(now));
            self.back.push(Release { lease: mail.lease, until, why: Some(rest.why) });
        } else if self.hand.takes_new(&to) {
            self.hand.take(mail, now, &to);
            self.start(&to);
        } else {
            self.know(&to).more = true;
            self.back.push(Release { lease: mail.lease, until: Timestamp::EPOCH, why: None });
        }
    }

    fn take_claimed(&mut self, asked: &Turns, limit: usize, claimed: Claimed) {
        self.claiming = false;
        let now = Instant::now();
        self.more = limit > 0 && claimed.mails.len() >= limit;
        self.last = claimed.last;
        let mut counts = std::collections::HashMap::<String, usize>::new();
        for mail in claimed.mails {
            let to = self.carrier.destination_of(&mail);
            *counts.entry(to.clone()).or_default() += 1;
            let rest = self.know(&to).pace.rest(now).cloned();
            match rest {
                // No time is left to wait for it, and an attempt would be in vain.
                Some(rest) if mail.give_up_at <= self.carrier.clock.now() => {
                    self.expire(mail, rest.why);
                }
                _ => self.hand.take(mail, now, &to),
            }
        }
        for (to, count) in counts {
            self.know(&to).more = count >= asked.room(&to);
            self.start(&to);
        }
        if self.more {
            self.hurry();
        }
    }

    fn expire(&self, mail: StoredMail, why: String) {
        let (carrier, tell) = (Arc::clone(&self.carrier), self.tell.clone());
        self.attempts.spawn(async move {
            carrier.expire(mail, why).await;
            let _ = tell.send(Event::Expired);
        });
    }

    fn know(&mut self, to: &str) -> &mut Destination {
        let carrier = &self.carrier;
        self.hand.destinations.entry(to.to_owned()).or_insert_with(|| {
            Destination::new(carrier.pool(to), carrier.config.delivery.connections)
        })
    }

    /// Tries what may be tried.
    fn start(&mut self, to: &str) {
        let Some(destination) = self.hand.destinations.get_mut(to) else { return };
        loop {
            if self.unwritten >= UNWRITTEN {
                self.blocked |= !destination.waiting.is_empty();
                return;
            }
            let Some(Waiting { mail, since }) = destination.start() else { return };
            let (carrier, pool) = (Arc::clone(&self.carrier), Arc::clone(&destination.pool));
            let (tell, to, generation) = (self.tell.clone(), to.to_owned(), self.generation);
            self.attempts.spawn(async move {
                let (bytes, began) = (mail.bytes.len(), Instant::now());
                let (report, end) = carrier.attempt(mail, since, &pool).await;
                let _ = tell.send(Event::Free { generation, to, began, report });
                if let Some(end) = end {
                    carrier.write(end).await;
                }
                let _ = tell.send(Event::Gone { bytes });
            });
        }
    }

    fn start_all(&mut self) {
        self.blocked = false;
        let waiting = self.hand.destinations.iter().filter(|(_, d)| !d.waiting.is_empty());
        let names: Vec<String> = waiting.map(|(name, _)| name.clone()).collect();
        names.iter().for_each(|to| self.start(to));
    }

    /// Looks soon.
    fn hurry(&mut self) {
        self.look = self.look.min(self.looked + GAP);
    }

    /// It is time: asks the store what is due, and tidies up now and then.
    pub fn look_up(&mut self) {
        let now = Instant::now();
        (self.looked, self.look) = (now, now + LOOK);
        if now.duration_since(self.tidied) >= LOOK {
            self.tidied = now;
            self.tidy(now);
        }
        let (store, now, last) =
            (self.carrier.store.clone(), self.carrier.clock.now(), self.last.clone());
        let (asked, limit, by_turns) = match self.carrier.config.delivery.route {
            Route::Smarthost { .. } => {
                let room = match self.hand.destinations.get("") {
                    Some(_) => self.hand.room(""),
                    None => self.hand.turns(String::new()).0.room,
                };
                (Turns { room, ..Turns::default() }, room.min(BATCH), false)
            }
            Route::Mx { .. } => {
                let (turns, limit) = self.hand.turns(self.last.clone());
                (turns, limit.min(BATCH), true)
            }
        };
        if limit == 0 {
            return;
        }
        self.claiming = true;
        let (store, tell) = (store, self.tell.clone());
        self.attempts.spawn(async move {
            let turns = asked.clone();
            let claimed = claim(&store, now, limit, by_turns.then_some(turns)).await;
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::warn!(%error, "due deliveries could not be claimed; asked again soon");
                Claimed { mails: vec![], last }
            });
            let _ = tell.send(Event::Claimed { asked, limit, claimed });
        });
    }

    /// Gives back what has waited long, so that its lease does not run out here; closes and
    /// forgets what nobody uses.
    fn tidy(&mut self, now: Instant) {
        let names: Vec<String> = self.hand.destinations.keys().cloned().collect();
        for to in names {
            for mail in self.hand.take_back(&to, LEASE / 3) {
                let release = Release { lease: mail.lease, until: Timestamp::EPOCH, why: None };
                self.back.push(release);
            }
        }
        let forgotten = self.hand.forget(now);
        let pools: Vec<Arc<Pool>> =
            self.hand.destinations.values().map(|d| Arc::clone(&d.pool)).collect();
        self.attempts.spawn(async move {
            close_all(forgotten).await;
            for pool in pools {
                pool.prune().await;
            }
        });
    }

    /// Gives back to the store what is not tried here.
    pub fn release(&mut self) {
        if self.releasing || self.back.is_empty() {
            return;
        }
        self.releasing = true;
        let back: Vec<Release> = self.back.drain(..self.back.len().min(BATCH)).collect();
        let (store, tell) = (self.carrier.store.clone(), self.tell.clone());
        self.attempts.spawn(async move {
            give_back(|| store.release(back.clone())).await;
            let _ = tell.send(Event::Released);
        });
    }

    /// Takes the new settings for all attempts from now on; those that run end under the old ones.
    pub fn renew(&mut self, carrier: Arc<Carrier>) {
        self.carrier = carrier;
        self.generation += 1;
        let (mut pools, mut waiting) = (Vec::new(), Vec::new());
        for (_, destination) in self.hand.destinations.drain() {
            pools.push(destination.pool);
            waiting.extend(destination.waiting);
        }
        self.attempts.spawn(close_all(pools));
        for Waiting { mail, since } in waiting {
            self.hand.let_go(mail.bytes.len());
            let to = self.carrier.destination_of(&mail);
            self.know(&to);
            self.hand.take(mail, since, &to);
            self.start(&to);
        }
        self.look = Instant::now();
    }
}

/// Claims what is due. Looking costs a read, claiming a write: it is not done in vain.
async fn claim(
    store: &Store,
    now: Timestamp,
    limit: usize,
    turns: Option<Turns>,
) -> Result<Claimed, StoreError> {
    let due = store.next_due().await?.is_some_and(|due| due <= now);
    match turns {
        _ if !due => {
            Ok(Claimed { mails: vec![], last: turns.map(|t| t.after).unwrap_or_default() })
        }
        Some(turns) => store.claim_by_turns(now, LEASE, limit, turns).await,
        None => {
            let mails = store.claim_due(now, LEASE, limit).await?;
            Ok(Claimed { mails, last: String::new() })
        }
    }
}

/// Gives deliveries back. While the store can't write it is tried again: nobody attempts them until their
/// leases end.
async fn give_back<F: Future<Output = Result<(), StoreError>>>(write: impl Fn() -> F) {
    let mut told = false;
    while let Err(error) = write().await {
        let is_tried_again = error.is_transient() && error != StoreError::Closed;
        if !told {
            tracing::warn!(%error, is_tried_again, "deliveries could not be given back");
            told = true;
        }
        if !is_tried_again {
            return;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn what_can_not_be_given_back_now_is_given_back_soon() {
        for (answers, tries) in [
            (vec![Ok(())], 1),
            (vec![Err(StoreError::Full), Err(StoreError::Locked), Ok(())], 3),
            (vec![Err(StoreError::Full), Err(StoreError::Closed), Ok(())], 2),
        ] {
            let (began, asked) = (Instant::now(), Cell::new(0));
            give_back(|| {
                let n = asked.replace(asked.get() + 1);
                std::future::ready(answers[n].clone())
            })
            .await;
            assert_eq!(asked.get(), tries);
            assert!(began.elapsed() >= AGAIN * (tries as u32 - 1));
        }
    }
}
