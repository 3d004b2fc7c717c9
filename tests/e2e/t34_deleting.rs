//! A party is deleted: no mail passes from that moment on, and nothing of what was written is left
//! anywhere in the database, but what a legal hold keeps.

use std::fs;

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::Letter;

/// Whether these words stand anywhere in the database's files, as they are or packed.
fn is_left(house: &House, words: &str) -> bool {
    ["bauta.db", "bauta.db-wal", "bauta.db-shm"].iter().any(|file| {
        let bytes = fs::read(house.dir.path().join("data").join(file)).unwrap_or_default();
        bytes.windows(words.len()).any(|w| w.eq_ignore_ascii_case(words.as_bytes()))
    })
}

#[test]
fn a_deleted_buyer_leaves_no_trace_and_the_sellers_other_buyers_stay() {
    let mut house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2"]);
    let asked =
        house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n").subject("Xylophone"));
    house.passes(&Letter::answering(&asked, SHOP, "Tomorrow."));
    house.passes(&Letter::new("paul@post.example", &house.seller_of("O2"), "And mine?\n"));
    // Refused, and archived.
    let long = "word ".repeat(1500);
    house
        .send(&Letter::new(JANE, &house.seller_of("O1"), &long).subject("Zanzibar"))
        .is("550 5.7.0");
    house.settle();
    let (to_shop, to_jane) = (house.seller_of("O1"), house.buyer_of("O1"));
    for words in ["jane.roe@mail.example", "Jane Roe", "Xylophone", "Zanzibar", "Brass lamp"] {
        assert!(is_left(&house, words), "{words} is there to be erased");
    }

    let said = house.put(&["buyer", "delete", "B1", "--by", "ann"]);
    assert_eq!(said, "buyer B1 deleted; messages erased: 3, kept by a legal hold: 0\n");
    for words in ["jane.roe@mail.example", "Jane Roe", "Xylophone", "Zanzibar", "Brass lamp"] {
        assert!(!is_left(&house, words), "{words} is left");
    }
    assert_eq!(house.messages().len(), 1, "Paul's is left");
    assert_eq!(house.ask(&["buyer", "list"]).as_array().unwrap().len(), 1);
    assert_eq!(house.bauta(&["buyer", "show", "B1"]).code, 1);

    house
        .send(&Letter::new(SHOP, &to_jane, "Are you there?\n"))
        .is("550 5.7.1")
        .says("this person can't be reached here");
    house.send(&Letter::new(JANE, &to_shop, "Hello?\n")).is("550 5.7.1").says("not registered");
    house.passes(&Letter::new("paul@post.example", &house.seller_of("O2"), "Hello?\n"));

    for (arguments, words) in [
        (&["order", "put", "O9", "--seller", "S1", "--buyer", "B1"][..], "was deleted"),
        (&["buyer", "put", "b1", "--name", "X", "--email", "x@mail.example"], "another id"),
        (&["buyer", "reopen", "B1"], "was deleted"),
        (&["buyer", "delete", "B9"], "not registered"),
    ] {
        let ran = house.bauta(arguments);
        assert_eq!(ran.code, 1, "{arguments:?}: {ran:?}");
        assert!(ran.err.contains(words), "{arguments:?}: {ran:?}");
    }
    let again = house.put(&["buyer", "delete", "B1"]);
    assert!(again.starts_with("buyer B1 deleted already; messages erased: 0"), "{again}");
    assert_eq!(house.ask(&["order", "show", "O1"])["buyer"], "B1", "its id is known still");
}

#[test]
fn what_waits_for_a_deleted_party_is_never_delivered() {
    let mut house = House::open_with(&[
        ("retry_max = \"1s\"", "retry_max = \"1h\""),
        ("retry_first = \"100ms\"", "retry_first = \"1h\""),
    ]);
    let (to_shop, to_jane) = (house.seller_of("O1"), house.buyer_of("O1"));
    house.smarthost.goes_down();
    for letter in [Letter::new(JANE, &to_shop, "Hi\n"), Letter::new(SHOP, &to_jane, "Hi\n")] {
        house.send(&letter).is("250");
    }
    eventually("one was tried, and both wait", || {
        let tried = house.ask(&["queue", "list", "--state", "deferred"]);
        let all = house.ask(&["queue", "list"]);
        let count = |list: &serde_json::Value| list.as_array().unwrap().len();
        (count(&tried) >= 1 && count(&all) == 2).then_some(())
    });
    house.put(&["seller", "delete", "S1"]);
    assert!(house.ask(&["queue", "list"]).as_array().unwrap().is_empty());
    house.smarthost.comes_back();
    house.put(&["queue", "retry", "--all"]);
    assert_eq!(house.messages().len(), 0);
    assert!(house.smarthost.rest().is_empty());
}

#[test]
fn what_a_dispute_keeps_is_erased_when_it_ends() {
    let mut house = House::open();
    let order = ["order", "put", "O1", "--seller", "S1", "--buyer", "B1"];
    house.put(&[&order[..], &["--item", "Brass lamp", "--dispute"]].concat());
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    house
        .passes(&Letter::new(JANE, &house.seller_of("O1"), "It is broken.\n").subject("Xylophone"));
    house.passes(
        &Letter::new(JANE, &house.seller_of("O2"), "This one works.\n").subject("Zanzibar"),
    );
    house.settle();
    let said = house.ask(&["buyer", "delete", "B1", "--reason", "asked to"]);
    assert_eq!((&said["erased"], &said["kept"]), (&1.into(), &1.into()));
    assert!(is_left(&house, "Xylophone") && !is_left(&house, "Zanzibar"));
    assert!(!is_left(&house, "jane.roe@mail.example"), "what is kept is packed");
    let kept = house.newest();
    assert_eq!(kept["order"], "O1");
    house.put(&order);
    assert_eq!(house.messages().len(), 0);
    assert!(!is_left(&house, "Xylophone") && !is_left(&house, "Brass lamp"));
}
