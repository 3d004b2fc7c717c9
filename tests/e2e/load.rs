//! Mail that comes without a pause while something happens to the relay, and the account that is
//! drawn up afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::house::{House, JANE, eventually};
use crate::letter::{Letter, Opened};
use crate::smarthost::PATIENCE;
use crate::wire::Wire;

const WRITERS: usize = 4;

/// What all writers share.
pub struct Load {
    alias: String,
    relay: Mutex<SocketAddr>,
    stop: AtomicBool,
    next: AtomicUsize,
    answered: AtomicUsize,
    put_off: AtomicUsize,
}

impl Load {
    /// How many mails were answered 250 so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// How many times a writer was told 4xx.
    pub fn put_off(&self) -> usize {
        self.put_off.load(Ordering::Relaxed)
    }

    /// Where the relay is now.
    pub fn moves_to(&self, relay: SocketAddr) {
        *self.relay.lock().unwrap() = relay;
    }

    /// Waits until so many more were answered 250.
    pub fn waits_for(&self, more: usize) {
        let before = self.answered();
        eventually("mail is taken", || (self.answered() >= before + more).then_some(()));
    }

    /// Writes mail after mail. As a mail server does, it comes again with the same mail until it
    /// has heard an answer. Gives the numbers that were answered 250.
    fn write(&self) -> BTreeSet<usize> {
        let mut taken = BTreeSet::new();
        while !self.stop.load(Ordering::Relaxed) {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let letter = Letter::new(JANE, &self.alias, &format!("This is number {number}.\n"))
                .subject(&format!("Number {number}"));
            let started = Instant::now();
            while self.hand_in(&letter).is_none() {
                assert!(started.elapsed() < PATIENCE, "nobody takes number {number}");
                thread::sleep(Duration::from_millis(10));
            }
            taken.insert(number);
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    fn hand_in(&self, letter: &Letter) -> Option<()> {
        let relay = *self.relay.lock().unwrap();
        let answer = Wire::open(relay).and_then(|mut wire| wire.send(letter)).ok()?;
        match &answer[..3] {
            "250" => Some(()),
            "421" | "451" | "452" => {
                self.put_off.fetch_add(1, Ordering::Relaxed);
                None
            }
            _ => panic!("refused: {answer}"),
        }
    }
}

/// Writers write while this is done. Gives the numbers that were answered 250, once nothing is on
/// its way any more.
pub fn while_mail_comes(house: &mut House, act: impl FnOnce(&mut House, &Load)) -> BTreeSet<usize> {
    let load = Load {
        alias: house.seller_of("O1"),
        relay: Mutex::new(house.relay),
        stop: AtomicBool::new(false),
        next: AtomicUsize::new(1),
        answered: AtomicUsize::new(0),
        put_off: AtomicUsize::new(0),
    };
    let taken: BTreeSet<usize> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(|| load.write())).collect();
        // Also where it panics: the writers are waited for.
        let stops = StopOnDrop(&load);
        act(house, &load);
        drop(stops);
        writers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    house.settle();
    taken
}

struct StopOnDrop<'a>(&'a Load);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}

fn number(subject: &str) -> usize {
    subject.strip_prefix("Number ").unwrap().parse().unwrap()
}

/// The mails that were on their way out each time the relay was found dead: what the next hop
/// answered to those, it may never have seen.
#[derive(Debug, Default)]
pub struct OnTheirWay(BTreeMap<usize, usize>);

impl OnTheirWay {
    /// Looks into a copy of what a dead relay left, so that the relay itself has to recover it.
    pub fn note(&mut self, house: &House) {
        let copy = tempfile::tempdir().unwrap();
        for file in ["bauta.db", "bauta.db-wal"] {
            let from = house.dir.path().join("data").join(file);
            if from.exists() {
                fs::copy(from, copy.path().join(file)).unwrap();
            }
        }
        let database = rusqlite::Connection::open(copy.path().join("bauta.db")).unwrap();
        let sql = "SELECT m.subject FROM delivery d JOIN message m ON m.number = d.message
            WHERE d.state = 'sending'";
        let mut found = database.prepare(sql).unwrap();
        let subjects = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for subject in subjects {
            *self.0.entry(number(&subject.unwrap())).or_default() += 1;
        }
    }
}

/// What became of all that was answered 250.
#[derive(Debug)]
pub struct Account {
    pub answered: usize,
    pub doubles: usize,
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { answered, doubles } = self;
        write!(
            f,
            "{answered} answered 250, {answered} in the archive once, {answered} reached the sink; \
             {doubles} came there twice, each on its way out when the relay died"
        )
    }
}

/// All of them are in the archive once and came out: once, or once more for each time that the
/// relay died over them.
pub fn account(house: &mut House, taken: &BTreeSet<usize>, died_over: &OnTheirWay) -> Account {
    let archived: Vec<usize> =
        house.messages().iter().map(|m| number(m["subject"].as_str().unwrap())).collect();
    let once: BTreeSet<usize> = archived.iter().copied().collect();
    assert_eq!(archived.len(), once.len(), "in the archive twice");
    let lost: Vec<_> = taken.difference(&once).collect();
    assert!(lost.is_empty(), "answered 250 and not in the archive: {lost:?}");
    let extra: Vec<_> = once.difference(taken).collect();
    assert!(extra.is_empty(), "every writer came again until it was answered, but: {extra:?}");

    let mut arrived: BTreeMap<usize, Vec<Opened>> = BTreeMap::new();
    for mail in house.smarthost.rest() {
        let mail = Opened::read(&mail);
        arrived.entry(number(&mail.subject)).or_default().push(mail);
    }
    let lost: Vec<_> = taken.iter().filter(|n| !arrived.contains_key(n)).collect();
    assert!(lost.is_empty(), "answered 250 and never sent: {lost:?}");
    let mut doubles = 0;
    for (number, copies) in &arrived {
        assert!(copies.iter().all(|c| c.raw == copies[0].raw), "a double of {number} differs");
        let died = died_over.0.get(number).copied().unwrap_or(0);
        let again = copies.len() - 1;
        assert!(again <= died, "number {number} came {again} times more, the relay died {died}");
        doubles += again;
    }
    Account { answered: taken.len(), doubles }
}

/// A random span below so many milliseconds.
pub fn a_moment(below_ms: u64) -> Duration {
    Duration::from_millis(getrandom::u64().unwrap() % below_ms)
}
