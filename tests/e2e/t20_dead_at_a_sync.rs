//! The relay dies at a sync: the first, the second, …. A mail is between being written and being
//! safe just then, and nobody was told 250.

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;

use crate::house::House;
use crate::load::{OnTheirWay, account, while_mail_comes};
use crate::strace::{at_each, may_trace, strace};

const SYNCS: &str = "fsync,fdatasync";

#[test]
fn dead_at_its_nth_sync_it_has_lost_nothing_that_was_answered_250() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    let mut died_over = OnTheirWay::default();
    let taken = while_mail_comes(&mut house, |house, load| {
        house.stop();
        for n in 1..=20 {
            let dies = at_each(SYNCS, &format!("signal=KILL:when={n}"));
            let started = house.launch(&strace(&[&dies[0], &dies[1]]), &[]);
            let ended = match house.listens(started) {
                Ok(()) => {
                    load.moves_to(house.relay);
                    house.ends()
                }
                Err(ended) => ended,
            };
            assert_eq!(ended.signal(), Some(Signal::KILL.as_raw()), "{n}: {ended}");
            died_over.note(house);
        }
        house.start();
        load.moves_to(house.relay);
        load.waits_for(10);
    });
    assert!(taken.len() > 20);
    println!("killed at 20 syncs: {}", account(&mut house, &taken, &died_over));
}

#[test]
fn dead_at_a_sync_of_its_very_first_use_it_begins_anew() {
    if !may_trace() {
        return;
    }
    for n in 1.. {
        let mut house = House::closed();
        let dies = at_each(SYNCS, &format!("signal=KILL:when={n}"));
        let started = house.launch(&strace(&[&dies[0], &dies[1]]), &[]);
        if house.listens(started).is_ok() {
            assert!(n > 4, "a first use has keys, a database and their folder to sync: {n}");
            house.stop();
            return;
        }
        house.start_with(&["--create"]);
        house.stop();
    }
}
