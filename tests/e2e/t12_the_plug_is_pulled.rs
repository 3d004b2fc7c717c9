//! `kill -9` under load, again and again. What was answered 250 is in the archive exactly once and
//! reaches the outside world at least once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::house::{House, JANE, eventually};
use crate::letter::{Letter, Opened};
use crate::smarthost::PATIENCE;
use crate::wire::Wire;

const ROUNDS: usize = 10;
const WRITERS: usize = 4;
/// Of 250s that must be heard before the plug is pulled.
const EACH_ROUND: usize = 25;
/// `delivery.connections`: so many mails can be on their way out when the plug is pulled.
const CONNECTIONS: usize = 10;

/// What all writers share.
struct Load {
    alias: String,
    relay: Mutex<SocketAddr>,
    stop: AtomicBool,
    next: AtomicUsize,
    answered: AtomicUsize,
}

impl Load {
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
            "421" | "451" | "452" => None,
            _ => panic!("refused: {answer}"),
        }
    }
}

/// Writers write while, in every round, `interrupt` stops the relay in its way and it is started
/// again. Gives the numbers that were answered 250.
fn under_load(house: &mut House, rounds: usize, interrupt: impl Fn(&mut House)) -> BTreeSet<usize> {
    let load = Load {
        alias: house.seller_of("O1"),
        relay: Mutex::new(house.relay),
        stop: AtomicBool::new(false),
        next: AtomicUsize::new(1),
        answered: AtomicUsize::new(0),
    };
    let taken: BTreeSet<usize> = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(|| load.write())).collect();
        for _ in 0..rounds {
            let before = load.answered.load(Ordering::Relaxed);
            eventually("mail is taken", || {
                (load.answered.load(Ordering::Relaxed) >= before + EACH_ROUND).then_some(())
            });
            interrupt(house);
            house.start();
            *load.relay.lock().unwrap() = house.relay;
        }
        load.stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    });
    assert!(taken.len() >= rounds * EACH_ROUND);
    house.settle();
    taken
}

/// All of them are in the archive once and came out at least once. Gives how many doubles did.
fn all_is_accounted_for(house: &mut House, taken: &BTreeSet<usize>) -> usize {
    let number = |subject: &str| subject.strip_prefix("Number ").unwrap().parse::<usize>().unwrap();
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
    let same = |copies: &Vec<Opened>| copies.iter().all(|c| c.raw == copies[0].raw);
    assert!(arrived.values().all(same), "a double differs");
    arrived.values().map(|copies| copies.len() - 1).sum()
}

#[test]
fn whoever_was_answered_250_is_not_forgotten_however_often_the_plug_is_pulled() {
    let mut house = House::open();
    let taken = under_load(&mut house, ROUNDS, House::kill);
    let doubles = all_is_accounted_for(&mut house, &taken);
    println!("{} mails, {doubles} doubles over {ROUNDS} kills", taken.len());
    assert!(
        doubles <= ROUNDS * CONNECTIONS,
        "{doubles} doubles: more than can have been on their way when the plug was pulled"
    );
}

#[test]
fn a_relay_that_is_told_to_stop_under_load_doubles_nothing() {
    let mut house = House::open();
    let taken = under_load(&mut house, 3, House::stop);
    assert_eq!(all_is_accounted_for(&mut house, &taken), 0);
}

#[test]
fn a_mail_that_was_on_its_way_out_comes_again_and_is_the_same() {
    use bauta::smtp::{Behaviour, Stage};
    let mut house = House::open();
    house.smarthost.behaves(Behaviour { hang: Some(Stage::FinalDot), ..Behaviour::default() });
    house.send(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n")).is("250 2.0.0");
    house.newest_is("sending");
    house.kill();
    house.smarthost.behaves(Behaviour::default());
    house.start();
    house.smarthost.next();
    house.newest_is("delivered");
    assert_eq!(house.messages().len(), 1);
}
