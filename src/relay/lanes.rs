//! Whose files are opened when: nobody's hostile files hold up the files of others.
//!
//! A few children at a time open files in the quick lane, one for each sender. A mail whose file
//! brought its child down, or took too long, goes on in the slow lane, where one child at a time
//! has all the time it needs; what its sender writes for a while goes there at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::{Canonical, RealAddress, Timestamp};

/// Children at a time in the quick lane, and one more in the slow one: each may take the memory
/// that `inspect::limit` leaves it.
const QUICK: usize = 3;
/// So long a sender whose file held a child up stays in the slow lane.
const SLOW_FOR: Duration = Duration::from_secs(600);
/// Senders that are remembered before those are forgotten who need not be.
const MOST: usize = 1000;

/// Both lanes, and who stands where.
#[derive(Debug)]
pub(super) struct Lanes {
    quick: Arc<Semaphore>,
    slow: Arc<Semaphore>,
    senders: Mutex<HashMap<Canonical, Arc<Sender>>>,
}

/// One sender: one child at a time.
#[derive(Debug)]
struct Sender {
    turn: Arc<Semaphore>,
    slow_until: Mutex<Timestamp>,
}

/// Which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// For whom nothing is held against.
    Quick,
    /// For whoever held a child up.
    Slow,
}

/// A sender's turn; the next mail of the same sender waits until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    sender: Option<Arc<Sender>>,
    _permit: Option<OwnedSemaphorePermit>,
    lane: Lane,
}

impl Default for Lanes {
    fn default() -> Self {
        Self {
            quick: Arc::new(Semaphore::new(QUICK)),
            slow: Arc::new(Semaphore::new(1)),
            senders: Mutex::default(),
        }
    }
}

impl Lanes {
    /// Waits for this sender's turn. Without a sender nobody waits for anybody but for a place.
    pub async fn turn(&self, sender: Option<&RealAddress>, now: Timestamp) -> Turn {
        let Some(sender) = sender.map(|address| self.sender(address, now)) else {
            return Turn { sender: None, _permit: None, lane: Lane::Quick };
        };
        let permit = Arc::clone(&sender.turn).acquire_owned().await.ok();
        let slow_until = *sender.slow_until.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = if slow_until > now { Lane::Slow } else { Lane::Quick };
        Turn { sender: Some(sender), _permit: permit, lane }
    }

    /// Waits for a place in the lane.
    pub async fn place(&self, lane: Lane) -> Option<OwnedSemaphorePermit> {
        let lane = match lane {
            Lane::Quick => &self.quick,
            Lane::Slow => &self.slow,
        };
        Arc::clone(lane).acquire_owned().await.ok()
    }

    fn sender(&self, address: &RealAddress, now: Timestamp) -> Arc<Sender> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MOST {
            senders.retain(|_, sender| Arc::strong_count(sender) > 1 || sender.is_slow(now));
        }
        let fresh = || {
            let slow_until = Mutex::new(Timestamp::EPOCH);
            Arc::new(Sender { turn: Arc::new(Semaphore::new(1)), slow_until })
        };
        Arc::clone(senders.entry(address.canonical()).or_insert_with(fresh))
    }
}

impl Sender {
    fn is_slow(&self, now: Timestamp) -> bool {
        *self.slow_until.lock().unwrap_or_else(PoisonError::into_inner) > now
    }
}

impl Turn {
    /// Where this mail stands now.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// This mail held its child up.
    pub fn goes_slowly(&mut self, now: Timestamp) {
        self.lane = Lane::Slow;
        if let Some(sender) = &self.sender {
            let mut until = sender.slow_until.lock().unwrap_or_else(PoisonError::into_inner);
            *until = now.after(SLOW_FOR);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn address(text: &str) -> RealAddress {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn who_held_a_child_up_goes_slowly_for_a_while_and_nobody_else_does() {
        let lanes = Lanes::default();
        let (bad, good) = (address("bad@x.example"), address("good@x.example"));
        let mut turn = lanes.turn(Some(&bad), NOW).await;
        assert_eq!(turn.lane(), Lane::Quick);
        turn.goes_slowly(NOW);
        assert_eq!(turn.lane(), Lane::Slow);
        drop(turn);
        let lane = async |of: &RealAddress, at| lanes.turn(Some(of), at).await.lane();
        assert_eq!(lane(&address("Bad+tag@x.example"), NOW).await, Lane::Slow);
        assert_eq!(lane(&good, NOW).await, Lane::Quick);
        assert_eq!(lane(&bad, NOW.after(SLOW_FOR)).await, Lane::Quick);
    }

    #[tokio::test]
    async fn a_sender_has_one_child_at_a_time_and_others_do_not_wait_for_it() {
        let lanes = Lanes::default();
        let (one, other) = (address("one@x.example"), address("other@x.example"));
        let first = lanes.turn(Some(&one), NOW).await;
        let second = lanes.turn(Some(&one), NOW);
        tokio::pin!(second);
        assert!(futures_poll(second.as_mut()).await.is_none(), "its first mail is being opened");
        let _other = lanes.turn(Some(&other), NOW).await;
        let _nobody = lanes.turn(None, NOW).await;
        drop(first);
        second.await;
    }

    /// What is ready at once.
    async fn futures_poll<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
        use std::task::Poll;
        std::future::poll_fn(|cx| {
            Poll::Ready(match std::pin::Pin::new(&mut future).poll(cx) {
                Poll::Ready(done) => Some(done),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test]
    async fn senders_who_need_not_be_remembered_are_forgotten() {
        let lanes = Lanes::default();
        let mut slow = lanes.turn(Some(&address("slow@x.example")), NOW).await;
        slow.goes_slowly(NOW);
        drop(slow);
        for n in 0..2 * MOST {
            drop(lanes.turn(Some(&address(&format!("n{n}@x.example"))), NOW).await);
        }
        assert!(lanes.senders.lock().unwrap().len() <= MOST);
        assert_eq!(lanes.turn(Some(&address("slow@x.example")), NOW).await.lane(), Lane::Slow);
    }
}
