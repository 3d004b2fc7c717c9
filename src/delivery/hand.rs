//! What is in hand: at most so much in all, and of each destination its share, so that no number of
//! slow ones keeps the others from being tried.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::connect::Pool;
use super::pace::{FIRST, Pace};
use crate::store::{StoredMail, Turns};

/// Deliveries in hand: those that are tried, and those that wait here for a connection.
pub(super) const WINDOW: usize = 1000;
/// What their mails may weigh together.
const BYTES: usize = 256 << 20;
/// How many wait here for one destination beside those that are tried: enough that a fast one
/// does not wait for the store.
const AHEAD: usize = 64;
/// A destination that was not used for so long is forgotten.
const FORGET: Duration = Duration::from_secs(600);

/// A mail in hand that is not tried yet.
pub(super) struct Waiting {
    pub mail: StoredMail,
    /// Since when it is leased.
    pub since: Instant,
}

/// Where mail goes: the smarthost, or the servers of a recipient's domain.
pub(super) struct Destination {
    pub pool: Arc<Pool>,
    pub pace: Pace,
    pub waiting: VecDeque<Waiting>,
    /// Connections in use.
    pub running: usize,
    /// Whether the store may have more for it than was claimed.
    pub more: bool,
    /// What waits for it in the store is being put off.
    pub putting_off: bool,
    used: Instant,
}

impl Destination {
    pub fn new(pool: Pool, most: usize) -> Self {
        Self {
            pool: Arc::new(pool),
            pace: Pace::new(most),
            waiting: VecDeque::new(),
            running: 0,
            more: false,
            putting_off: false,
            used: Instant::now(),
        }
    }

    /// Takes the next mail that may be tried now.
    pub fn start(&mut self) -> Option<Waiting> {
        if self.running >= self.pace.limit() {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.running += 1;
        self.used = Instant::now();
        Some(next)
    }

    fn held(&self) -> usize {
        self.running + self.waiting.len()
    }

    /// Whether it is time to fetch more for it.
    pub fn is_hungry(&self) -> bool {
        self.more && self.waiting.len() <= AHEAD / 4
    }
}

/// All of it.
#[derive(Default)]
pub(super) struct Hand {
    /// By name: the recipients' domain; empty for the smarthost.
    pub destinations: HashMap<String, Destination>,
    /// Deliveries in hand, those among them whose end is being written.
    pub held: usize,
    /// What their mails weigh.
    pub bytes: usize,
}

impl Hand {
    /// How many more of a destination's may be taken up.
    pub fn room(&self, name: &str) -> usize {
        if self.held >= WINDOW || self.bytes >= BYTES {
            return 0;
        }
        self.share(self.destinations.get(name), self.unproven()).min(WINDOW - self.held)
    }

    /// Deliveries to destinations that have not shown that they answer. They get half of
    /// everything at most: the other half is for those that do, whoever hangs.
    fn unproven(&self) -> (usize, usize) {
        let unproven = self.destinations.values().filter(|d| !d.pace.is_proven());
        unproven.fold((0, 0), |(held, bytes), d| {
            let waiting: usize = d.waiting.iter().map(|w| w.mail.bytes.len()).sum();
            (held + d.held(), bytes + waiting)
        })
    }

    fn share(&self, of: Option<&Destination>, unproven: (usize, usize)) -> usize {
        let few = unproven.0 < WINDOW / 2 && unproven.1 < BYTES / 2;
        match of {
            None if few => FIRST,
            None => 0,
            Some(d) if d.putting_off => 0,
            Some(d) if d.pace.is_proven() => {
                let waiting: usize = self.destinations.values().map(|d| d.waiting.len()).sum();
                let ample = waiting < WINDOW / 2 && self.bytes < BYTES / 2;
                let ahead = if ample { AHEAD } else { 0 };
                (d.pace.limit() + ahead).saturating_sub(d.held())
            }
            Some(d) if few => d.pace.limit().saturating_sub(d.held()),
            Some(_) => 0,
        }
    }

    /// Who may be claimed for, and how much in all.
    pub fn turns(&self, after: String) -> (Turns, usize) {
        if self.held >= WINDOW || self.bytes >= BYTES {
            return (Turns { after, ..Turns::default() }, 0);
        }
        let unproven = self.unproven();
        let room = self.share(None, unproven);
        let known = self.destinations.iter();
        let rooms = known.map(|(n, d)| (n.clone(), self.share(Some(d), unproven))).collect();
        (Turns { after, rooms, room }, WINDOW - self.held)
    }

    /// Whether a mail that just came in is taken up at once, or waits in the store for its turn:
    /// while the store has older mail for the destination, half of the room is for that.
    pub fn takes_new(&self, name: &str) -> bool {
        let room = self.room(name);
        match self.destinations.get(name) {
            Some(d) if d.more => room > AHEAD / 2 || d.waiting.is_empty() && room > 0,
            _ => room > 0,
        }
    }

    /// Takes a mail up.
    pub fn take(&mut self, mail: StoredMail, since: Instant, to: &str) {
        let Some(destination) = self.destinations.get_mut(to) else { return };
        self.held += 1;
        self.bytes += mail.bytes.len();
        destination.used = Instant::now();
        destination.waiting.push_back(Waiting { mail, since });
    }

    /// A mail is in hand no more.
    pub fn let_go(&mut self, bytes: usize) {
        self.held = self.held.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Takes out what waits for a destination, all of it or what has waited for so long.
    pub fn take_back(&mut self, name: &str, longer_than: Duration) -> Vec<StoredMail> {
        let Some(destination) = self.destinations.get_mut(name) else { return vec![] };
        let old = |w: &mut Waiting| w.since.elapsed() >= longer_than;
        let mut all: Vec<Waiting> = std::mem::take(&mut destination.waiting).into();
        let back: Vec<_> = all.extract_if(.., old).map(|w| w.mail).collect();
        destination.waiting = all.into();
        destination.more |= !back.is_empty();
        back.iter().for_each(|mail| self.let_go(mail.bytes.len()));
        back
    }

    /// Forgets destinations that nobody has written to for a while.
    pub fn forget(&mut self, now: Instant) -> Vec<Arc<Pool>> {
        let idle = |_: &String, d: &mut Destination| {
            d.held() == 0
                && !d.putting_off
                && d.pace.rest(now).is_none()
                && now.duration_since(d.used) >= FORGET
        };
        self.destinations.extract_if(idle).map(|(_, d)| d.pool).collect()
    }
}
