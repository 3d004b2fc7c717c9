//! The relay dies over a mail. Its sender sends it again, and again; it must not die each time.

use std::fs;
use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;

use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::strace::{at_each, may_trace, strace};
use crate::wire::Wire;

/// A mail with HTML, which the relay marks while it works on it.
fn letter(house: &House) -> Letter {
    let text = "<p>Is the <b>brass lamp</b> still to be had?</p>";
    Letter::new(JANE, &house.seller_of("O1"), text).header("Content-Type", "text/html")
}

/// Starts a relay that aborts while it works on the first mail that is not small and plain.
fn starts_to_die(house: &mut House) {
    house.stop();
    let marks = fs::canonicalize(house.dir.path()).unwrap().join("data/in-hand");
    let of = format!("--trace-path={}", marks.display());
    let dies = at_each("pwrite64", "signal=ABRT:when=1");
    let started = house.launch(&strace(&[&of, &dies[0], &dies[1]]), &[]);
    house.listens(started).unwrap();
}

fn dies_over(house: &mut House, letter: &Letter) {
    starts_to_die(house);
    let answer = Wire::open(house.relay).unwrap().send(letter);
    assert!(answer.is_err(), "it must be dead: {answer:?}");
    assert_eq!(house.ends().signal(), Some(Signal::ABORT.as_raw()), "{}", house.log());
}

#[test]
fn the_mail_that_it_died_over_is_held_at_its_second_try_and_told_of() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    let sent = letter(&house);
    starts_to_die(&mut house);
    // Small plain mails are judged where they came in, and cost no mark.
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n"));
    dies_over(&mut house, &sent);

    house.start();
    for _ in 0..2 {
        house.send(&sent).is("250 2.0.0").says("until a person has looked at it");
    }
    let notice = house.smarthost.next();
    assert!(notice.text.contains("waits until a person at Lumo Market"), "{}", notice.text);
    let held = house.ask(&["held", "list"]);
    assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
    assert_eq!(held[0]["holds"][0]["reason"], "brought-down");
    let id = held[0]["id"].as_str().unwrap();
    let shown = house.put(&["held", "show", id]);
    assert!(shown.contains("the relay ended while it worked on this mail"), "{shown}");
    // Its neighbours pass as ever.
    let mail = house.passes(&letter(&house));
    assert!(mail.text.contains("brass lamp"), "{}", mail.text);
    // Whoever has read it may let it go on.
    house.put(&["held", "release", id, "--reason", "read, harmless"]);
    let mail = house.smarthost.next();
    assert!(mail.text.contains("brass lamp"), "{}", mail.text);
    mail.holds_nothing_of(&["jane.roe"]);
}

#[test]
fn the_mail_that_it_died_over_twice_is_refused_unread() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    let sent = letter(&house);
    for _ in 0..2 {
        dies_over(&mut house, &sent);
        house.start();
    }
    house.send(&sent).is("550 5.7.0").says("write it again as plain text");
    assert_eq!(house.messages().len(), 0);
    house.passes(&letter(&house));
}
