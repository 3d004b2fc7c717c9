//! How much may be written in a time: counted in the database, so that a restart forgets nothing.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

fn with(limits: &str) -> House {
    House::open_with(&[("[policy]\n", &format!("[limits]\n{limits}\n[policy]\n"))])
}

#[test]
fn a_party_that_writes_too_much_is_told_to_come_again_and_nobody_else_is() {
    let mut house = with("messages_per_hour = 3");
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2"]);
    let jane = |house: &House, n: usize| {
        Letter::new(JANE, &house.seller_of("O1"), &format!("Number {n}\n"))
    };
    for n in 0..3 {
        house.passes(&jane(&house, n));
    }
    let fourth = jane(&house, 3);
    house.send(&fourth).is("450 4.7.1").says("too many messages");
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "I am not she.\n"));
    house.passes(&Letter::new("paul@post.example", &house.seller_of("O2"), "Nor am I.\n"));
    house.stop();
    house.start();
    house.send(&fourth).is("450 4.7.1");
    assert_eq!(house.messages().len(), 5, "what was put off left no trace");
}

#[test]
fn two_programs_that_answer_each_other_are_stopped_in_their_conversation_alone() {
    let mut house = with("conversation_per_10_minutes = 4");
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    for n in 0..2 {
        house.passes(&Letter::new(JANE, &house.seller_of("O1"), &format!("Ping {n}\n")));
        house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), &format!("Pong {n}\n")));
    }
    for letter in [
        Letter::new(JANE, &house.seller_of("O1"), "Ping again\n"),
        Letter::new(SHOP, &house.buyer_of("O1"), "Pong again\n"),
    ] {
        house.send(&letter).is("250 2.0.0").says("waits");
    }
    let held = house.ask(&["held", "list"]);
    assert_eq!(held.as_array().unwrap().len(), 2);
    assert_eq!(held[0]["holds"][0]["reason"], "too-many-messages", "{held}");
    let mut told = [house.smarthost.next().recipients, house.smarthost.next().recipients];
    told.sort();
    assert_eq!(told, [[bare(SHOP)], [bare(JANE)]], "each is told that it waits");
    house.passes(&Letter::new(JANE, &house.seller_of("O2"), "And something else.\n"));
}

#[test]
fn a_sellers_proactive_messages_are_capped_by_the_orders_and_answers_are_not() {
    // 30 orders in 30 days are one a day.
    let mut house = with("proactive_per_day = 1\nproactive_per_order = 1");
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    for n in 2..=4 {
        let id = format!("O{n}");
        house.put(&["order", "put", &id, "--seller", "S1", "--buyer", "B1"]);
    }
    let new = |house: &House, order: &str| {
        Letter::new(SHOP, &house.buyer_of(order), &format!("Which colour for {order}?\n"))
    };
    house.passes(&new(&house, "O2"));
    // Four orders are one message more, rounded up.
    house.passes(&new(&house, "O3"));
    house.send(&new(&house, "O4")).is("450 4.7.1").says("no answers");
    house.passes(&Letter::answering(&asked, SHOP, "Tomorrow."));
    for n in 5..=31 {
        let id = format!("O{n}");
        let old = ["--placed", "2020-01-01"];
        house.put(&[&["order", "put", &id, "--seller", "S1", "--buyer", "B1"], &old[..]].concat());
    }
    house.send(&new(&house, "O4")).is("450 4.7.1");
}

#[test]
fn without_a_word_in_the_config_mail_of_trusted_networks_is_not_counted() {
    let mut house = House::open();
    for n in 0..25 {
        house.passes(&Letter::new(JANE, &house.seller_of("O1"), &format!("Number {n}\n")));
    }
}
