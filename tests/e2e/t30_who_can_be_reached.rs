//! What was decided about an order or an account counts for the next mail, and each refusal says
//! what its sender may know.

use serde_json::json;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const UNREACHABLE: &str = "550 5.7.1 this person can't be reached here";

/// A fresh mail of each side about O1.
fn letters(house: &House) -> [Letter; 2] {
    [
        Letter::new(JANE, &house.seller_of("O1"), "Is it there yet?\n"),
        Letter::new(SHOP, &house.buyer_of("O1"), "It is on its way.\n"),
    ]
}

fn both_are_refused(house: &House, words: &str) {
    for letter in letters(house) {
        assert_eq!(house.send(&letter).text, words);
    }
}

fn both_pass(house: &mut House) {
    for letter in letters(house) {
        house.passes(&letter);
    }
}

#[test]
fn whoever_blocked_whom_both_get_the_same_words_and_each_takes_back_its_own() {
    let mut house = House::open();
    both_pass(&mut house);
    assert_eq!(
        house.put(&["buyer", "block", "B1", "--seller", "S1"]),
        "buyer B1 blocked seller S1\n"
    );
    both_are_refused(&house, UNREACHABLE);
    let put = house.put(&["seller", "block", "s1", "--buyer", "b1", "--reason", "rude"]);
    assert_eq!(put, "seller s1 blocked buyer b1\n");
    house.put(&["buyer", "unblock", "B1", "--seller", "S1"]);
    both_are_refused(&house, UNREACHABLE);
    house.put(&["seller", "unblock", "S1", "--buyer", "B1"]);
    let again = house.put(&["seller", "unblock", "S1", "--buyer", "B1"]);
    assert_eq!(again, "seller S1 unblocked buyer B1 already\n");
    both_pass(&mut house);

    // Before any order, and of somebody else alone.
    house.put(&["seller", "put", "S2", "--name", "Chairs", "--email", "cs@chairs.example"]);
    house.put(&["buyer", "block", "B1", "--seller", "S2"]);
    house.put(&["order", "put", "O2", "--seller", "S2", "--buyer", "B1"]);
    let chairs = Letter::new("cs@chairs.example", &house.buyer_of("O2"), "Hello.\n");
    assert_eq!(house.send(&chairs).text, UNREACHABLE);
    both_pass(&mut house);
    for (arguments, words) in [
        (["buyer", "block", "B1", "--seller", "S9"], "seller S9 is not registered"),
        (["buyer", "block", "B9", "--seller", "S1"], "buyer B9 is not registered"),
    ] {
        let ran = house.bauta(&arguments);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.err.contains(words), "{ran:?}");
    }
    let ran = house.bauta(&["buyer", "block", "B1", "--buyer", "B1"]);
    assert_eq!(ran.code, 2, "a buyer blocks sellers only: {ran:?}");
}

#[test]
fn a_closed_account_gets_no_mail_until_it_is_opened_again_whatever_is_put() {
    let mut house = House::open();
    for (role, id, name, email) in
        [("buyer", "B1", "Jane Roe", bare(JANE)), ("seller", "S1", "Lamp Shop", bare(SHOP))]
    {
        house.put(&[role, "close", id]);
        both_are_refused(&house, UNREACHABLE);
        house.put(&[role, "put", id, "--name", name, "--email", &email, "--language", "de"]);
        both_are_refused(&house, UNREACHABLE);
        assert_eq!(house.ask(&[role, "show", id])["account"], "closed");
        house.put(&[role, "reopen", id]);
        both_pass(&mut house);
        assert_eq!(house.ask(&[role, "show", id])["account"], "open");
    }
}

#[test]
fn a_stranger_learns_nothing_of_a_closed_account() {
    let house = House::open();
    house.put(&["seller", "close", "S1"]);
    let stranger = Letter::new("joe@elsewhere.example", &house.seller_of("O1"), "Hello?\n");
    house.send(&stranger).is("550 5.7.1").says("This sender is not registered");
}

#[test]
fn a_buyer_who_opted_out_gets_answers_and_nothing_else() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    house.put(&["buyer", "opt-out", "B1"]);
    let new = Letter::new(SHOP, &house.buyer_of("O2"), "Which colour do you want?\n");
    house.send(&new).is("550 5.7.1").says("opted out");
    house.send(&new.clone().subject("Re: [Important] Colour")).is("550 5.7.1").says("opted out");
    let critical = Letter::new(SHOP, &house.buyer_of("O2"), "Which colour do you want?\n");
    let mail = house.passes(&critical.subject("[IMPORTANT] Colour of your lamp"));
    assert_eq!(mail.subject, "[IMPORTANT] Colour of your lamp", "the tag stays");
    house.passes(&Letter::answering(&asked, SHOP, "Tomorrow."));
    house.passes(&Letter::new(JANE, &house.seller_of("O2"), "Blue, please.\n"));
    house.passes(&Letter::new(SHOP, &house.buyer_of("O2"), "Blue it is.\n"));
    house.put(&["order", "put", "O3", "--seller", "S1", "--buyer", "B1"]);
    assert_eq!(house.ask(&["buyer", "show", "B1"])["opted_out"], true);
    house.put(&["buyer", "opt-in", "B1"]);
    house.passes(&Letter::new(SHOP, &house.buyer_of("O3"), "Which size do you want?\n"));
    assert_eq!(house.bauta(&["seller", "opt-out", "S1"]).code, 2, "sellers can't");
}

#[test]
fn a_suspended_seller_is_reached_but_can_not_write_and_who_did_it_is_known() {
    let mut house = House::open();
    let [ask, answer] = letters(&house);
    let ran = house.bauta(&["account", "suspend", "S1"]);
    assert_eq!(ran.code, 2, "a reason is needed: {ran:?}");
    house.put(&["account", "suspend", "S1", "--reason", "asked for reviews", "--by", "ann"]);
    house.send(&answer).is("550 5.7.1").says("suspended");
    house.passes(&ask);
    assert_eq!(house.ask(&["seller", "show", "S1"])["suspended"], true);
    house.put(&["account", "restore", "S1", "--reason", "promised not to", "--by", "joe"]);
    house.passes(&answer);
    let history = house.ask(&["account", "history", "S1"]);
    let told: Vec<_> = history.as_array().unwrap().iter().collect();
    let line = |n: usize, key: &str| told[n][key].clone();
    assert_eq!((line(0, "change"), line(0, "by")), (json!("suspended"), json!("ann")));
    assert_eq!(line(0, "reason"), "asked for reviews");
    assert_eq!((line(1, "change"), line(1, "by")), (json!("restored"), json!("joe")));
    assert_eq!(house.bauta(&["account", "suspend", "S9", "--reason", "x"]).code, 1);
}

#[test]
fn a_cancelled_order_closes_when_its_grace_is_over() {
    let mut house =
        House::open_with(&[("[policy]\n", "[orders]\ncancelled_grace = \"1h\"\n[policy]\n")]);
    both_pass(&mut house);
    let cancel = ["order", "put", "O1", "--seller", "S1", "--buyer", "B1", "--status", "cancelled"];
    house.put(&cancel);
    both_pass(&mut house);
    let at = house.ask(&["order", "show", "O1"])["cancelled_at"].clone();
    assert!(at.is_string());
    house.put(&[&cancel[..], &["--item", "Brass lamp"]].concat());
    assert_eq!(
        house.ask(&["order", "show", "O1"])["cancelled_at"],
        at,
        "put again, not cancelled again"
    );
    house.stop();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    std::fs::write(house.config_file(), config.replace("\"1h\"", "\"0s\"")).unwrap();
    house.start();
    both_are_refused(&house, "550 5.7.1 this order is closed");
}

#[test]
fn what_the_marketplace_ships_goes_to_an_address_of_its_own_once_it_is_turned_on() {
    let mut house = House::open();
    house.put(&[
        "order",
        "put",
        "O1",
        "--seller",
        "S1",
        "--buyer",
        "B1",
        "--fulfilled-by",
        "marketplace",
    ]);
    let [ask, answer] = letters(&house);
    house.send(&ask).is("550 5.7.1").says("messages are off");
    house.send(&answer).is("550 5.7.1").says("messages are off");
    let seller = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    let depot = "depot@warehouse.example";
    house.put(&[&seller[..], &["--marketplace-fulfilled-email", depot]].concat());
    assert_eq!(house.ask(&["seller", "show", "S1"])["marketplace_fulfilled_email"], depot);
    let mail = house.passes(&ask);
    assert_eq!(mail.recipients, [depot]);
    let text = "Write to depot@warehouse.example or look at warehouse.example.\n";
    let from_there = Letter::answering(&mail, &format!("Lamp Depot <{depot}>"), text);
    let mail = house.passes(&from_there);
    mail.holds_nothing_of(&[depot, "warehouse.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O2"), "And this one?\n"));
    assert_eq!(mail.recipients, [bare(SHOP)], "the seller ships it");
    house.put(&seller);
    house.send(&Letter::new(JANE, &house.seller_of("O1"), "Hm?\n")).says("messages are off");
    let refused = house.bauta(&[
        "buyer",
        "put",
        "B1",
        "--name",
        "X",
        "--email",
        "x@m.example",
        "--marketplace-fulfilled-email",
        depot,
    ]);
    assert_eq!(refused.code, 2, "{refused:?}");
}
