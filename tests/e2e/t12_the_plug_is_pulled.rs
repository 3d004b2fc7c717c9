//! `kill -9` under load, again and again. What was answered 250 is in the archive exactly once and
//! reaches the outside world at least once.

use std::thread;

use bauta::smtp::{Behaviour, Stage};

use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::load::{Load, OnTheirWay, a_moment, account, while_mail_comes};

/// Of 250s that must be heard before the plug is pulled, at least.
const EACH_ROUND: usize = 20;

/// At a random moment under load, and now and then while the relay starts.
fn pull_the_plug(house: &mut House, load: &Load, died_over: &mut OnTheirWay) {
    load.waits_for(EACH_ROUND);
    thread::sleep(a_moment(100));
    house.kill();
    died_over.note(house);
    if a_moment(4).is_zero() {
        house.launch(&[], &[]);
        thread::sleep(a_moment(80));
        house.kill();
        died_over.note(house);
    }
    house.start();
    load.moves_to(house.relay);
}

fn pulled(rounds: usize) {
    let mut house = House::open();
    let mut died_over = OnTheirWay::default();
    let taken = while_mail_comes(&mut house, |house, load| {
        for _ in 0..rounds {
            pull_the_plug(house, load, &mut died_over);
        }
    });
    assert!(taken.len() >= rounds * EACH_ROUND);
    println!("{rounds} kills: {}", account(&mut house, &taken, &died_over));
}

#[test]
fn whoever_was_answered_250_is_not_forgotten_however_often_the_plug_is_pulled() {
    pulled(10);
}

/// Not in the suite; the README names the command.
#[test]
#[ignore = "takes minutes"]
fn two_hundred_times() {
    for _ in 0..10 {
        pulled(20);
    }
}

#[test]
fn a_relay_that_is_told_to_stop_under_load_doubles_nothing() {
    let mut house = House::open();
    let taken = while_mail_comes(&mut house, |house, load| {
        for _ in 0..3 {
            load.waits_for(EACH_ROUND);
            house.stop();
            house.start();
            load.moves_to(house.relay);
        }
    });
    assert_eq!(account(&mut house, &taken, &OnTheirWay::default()).doubles, 0);
}

#[test]
fn a_mail_that_was_on_its_way_out_comes_again_and_is_the_same() {
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
