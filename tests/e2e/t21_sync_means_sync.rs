//! A 250 stands behind a sync that worked. Where one failed the relay ends: a sync that is tried
//! again reports a success that it did not earn. What it had answered 250 is there at its return.

use std::fs;

use bauta::smtp::{Behaviour, Stage};
use rustix::process::{Pid, Signal, kill_process};

use crate::house::{House, JANE, eventually};
use crate::letter::Letter;
use crate::load::{OnTheirWay, account, while_mail_comes};
use crate::strace::{at_each, may_trace, strace};

/// `EX_IOERR` of sysexits.h.
const EXIT_IO: Option<i32> = Some(74);
const SYNCS: &str = "fsync,fdatasync";

#[test]
fn where_one_sync_fails_nobody_is_answered_250_and_the_relay_ends() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    let mut died_over = OnTheirWay::default();
    let taken = while_mail_comes(&mut house, |house, load| {
        house.stop();
        // The next sync would work again: whoever tried it once more would be told a lie.
        for n in [1, 2, 3, 4, 5, 9] {
            let fails = at_each(SYNCS, &format!("error=EIO:when={n}"));
            let started = house.launch(&strace(&[&fails[0], &fails[1]]), &[]);
            let ended = match house.listens(started) {
                Ok(()) => {
                    load.moves_to(house.relay);
                    house.ends()
                }
                Err(ended) => ended,
            };
            // Or it says why it can't begin.
            assert!(matches!(ended.code(), EXIT_IO | Some(1)), "{n}: {ended}");
            died_over.note(house);
        }
        house.start();
        load.moves_to(house.relay);
        load.waits_for(10);
    });
    println!("6 failed syncs: {}", account(&mut house, &taken, &died_over));
}

#[test]
fn a_checkpoint_that_fails_ends_it_before_the_log_of_writes_is_given_up() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    let database = fs::canonicalize(house.dir.path()).unwrap().join("data/bauta.db");
    house.stop();
    let fails = at_each(SYNCS, "error=EIO");
    let of = format!("--trace-path={}", database.display());
    let started = house.launch(&strace(&[&of, &fails[0], &fails[1]]), &[]);
    house.listens(started).unwrap();
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Is it brass?\n"));
    // Not asked by the command line, which would do its own checkpoint.
    let relay = Pid::from_raw(i32::try_from(house.process()).unwrap()).unwrap();
    kill_process(relay, Signal::TERM).unwrap();
    assert_eq!(house.ends().code(), EXIT_IO, "{}", house.log());
    house.start();
    house.newest_is("delivered");
    assert_eq!(house.newest()["subject"], mail.subject.as_str());
    for again in house.smarthost.rest() {
        assert_eq!(again.bytes, mail.raw, "it may not have been written that it was delivered");
    }
}

/// What the relay did, as far as it is about being safe on disk.
#[derive(Debug, PartialEq)]
enum Did {
    Wrote,
    Synced,
    Answered,
}

/// One line of strace: `PID call(FD</path>, …) = result`. A call that took long stands on two
/// lines, and counts when it has ended.
fn read(line: &str, unfinished: &mut Vec<(String, String)>) -> Option<Did> {
    let (thread, call) = line.split_once(' ')?;
    let mut call = call.trim_start().to_owned();
    if let Some(begun) = call.strip_suffix(" <unfinished ...>") {
        // A write counts from its beginning.
        let written = begun.starts_with("pwrite64") && begun.contains("bauta.db-wal>");
        unfinished.push((thread.to_owned(), begun.to_owned()));
        return written.then_some(Did::Wrote);
    }
    if call.starts_with("<... ") {
        let at = unfinished.iter().position(|(t, _)| t == thread)?;
        let (_, begun) = unfinished.remove(at);
        call = format!("{begun} {}", call.split_once("resumed>")?.1);
    }
    if call.contains("\"250 2.0.0 Accepted") {
        return Some(Did::Answered);
    }
    if !call.contains("bauta.db-wal>") {
        return None;
    }
    match call.split_once('(')?.0 {
        "pwrite64" | "write" => Some(Did::Wrote),
        "fsync" | "fdatasync" if call.ends_with("= 0") => Some(Did::Synced),
        _ => None,
    }
}

#[test]
fn every_250_stands_behind_a_sync_of_all_that_was_written() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    house.stop();
    // Nothing of the way out is written meanwhile.
    house.smarthost.behaves(Behaviour { hang: Some(Stage::Greeting), ..Behaviour::default() });
    let file = house.dir.path().join("strace.log");
    let file = file.to_str().unwrap();
    let what = "--trace=pwrite64,write,sendto,writev,fsync,fdatasync";
    let started = house.launch(&["strace", "-D", "-f", "-qq", "-y", "-o", file, what], &[]);
    house.listens(started).unwrap();
    let to = house.seller_of("O1");
    for n in 0..5 {
        house.send(&Letter::new(JANE, &to, &format!("Number {n}.\n"))).is("250 2.0.0");
    }
    house.kill();
    house.smarthost.behaves(Behaviour::default());
    house.start();
    let mut did = vec![];
    eventually("strace has written all of it", || {
        let traced = fs::read_to_string(file).unwrap();
        let mut unfinished = vec![];
        did = traced.lines().filter_map(|line| read(line, &mut unfinished)).collect();
        (did.iter().filter(|did| **did == Did::Answered).count() == 5).then_some(())
    });
    for (n, answered) in did.split_inclusive(|did| *did == Did::Answered).take(5).enumerate() {
        let wrote = answered.iter().rposition(|did| *did == Did::Wrote);
        let synced = answered.iter().rposition(|did| *did == Did::Synced);
        assert!(wrote.is_some() && synced > wrote, "mail {n}: {answered:?}");
    }
}
