//! A shop's mailbox is full or dead, and reports come back for it: each message has its own fate, and
//! nobody's alias suffers for it.

use std::collections::HashMap;

use bauta::smtp::Behaviour;
use serde_json::Value;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, Opened, bare};
use crate::t70_reports::report;

const PAUL: &str = "Paul Meier <paul@post.example>";

/// Jane and Paul buy from the same shop, Jane also from another.
fn open() -> House {
    let house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", &bare(PAUL)]);
    house.put(&["seller", "put", "S2", "--name", "Chairs", "--email", "cs@chairs.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2"]);
    house.put(&["order", "put", "O3", "--seller", "S2", "--buyer", "B1"]);
    house
}

/// Sends a question about an order, which arrives.
fn asks(house: &mut House, from: &str, order: &str) -> Opened {
    house.passes(&Letter::new(from, &house.seller_of(order), &format!("And {order}?\n")))
}

fn state(house: &House, order: &str) -> Value {
    let messages = house.ask(&["message", "list", "--order", order]);
    messages[0]["delivery"]["state"].clone()
}

#[test]
fn a_bounce_of_one_buyers_message_is_that_messages_alone() {
    let mut house = open();
    let of_jane = asks(&mut house, JANE, "O1");
    let of_paul = asks(&mut house, PAUL, "O2");
    let elsewhere = asks(&mut house, JANE, "O3");
    house.settle();
    assert_ne!(of_jane.envelope_from, of_paul.envelope_from);
    assert_ne!(of_jane.envelope_from, elsewhere.envelope_from);

    // The shop's mailbox is gone, says a report about Jane's message.
    house.send(&report(&of_jane.envelope_from, "failed", "5.1.1")).is("250 2.0.0");
    let told = house.smarthost.next();
    assert_eq!(told.recipients, [bare(JANE)], "she is told, and nobody else");
    told.holds_nothing_of(&["lamps.example", "post.example", "Paul"]);
    assert_eq!(state(&house, "O1"), "failed");
    assert_eq!(
        (state(&house, "O2"), state(&house, "O3")),
        ("delivered".into(), "delivered".into())
    );

    // Everybody goes on writing to everybody, the shop's next mail is tried like the first.
    for (from, order) in [(JANE, "O1"), (PAUL, "O2"), (JANE, "O3")] {
        asks(&mut house, from, order);
    }
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "We are back.\n"));
    house.passes(&Letter::new(SHOP, &house.buyer_of("O2"), "We are back.\n"));

    // And then one about Paul's: it is his turn to hear of it.
    house.send(&report(&of_paul.envelope_from, "failed", "5.2.2")).is("250 2.0.0");
    assert_eq!(house.smarthost.next().recipients, [bare(PAUL)]);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_mailbox_that_is_refused_in_the_session_keeps_no_other_mail_waiting() {
    let mut house = open();
    let refuses = |code| Behaviour {
        refuse_recipients: HashMap::from([(bare(SHOP), code)]),
        ..Behaviour::default()
    };
    house.smarthost.behaves(refuses(550));
    for (from, order) in [(JANE, "O1"), (PAUL, "O2")] {
        house.send(&Letter::new(from, &house.seller_of(order), "Hello?\n")).is("250 2.0.0");
        let told = house.smarthost.next();
        assert_eq!(
            (told.recipients.clone(), state(&house, order)),
            (vec![bare(from)], "failed".into())
        );
    }
    // Others are reached meanwhile, and the shop reaches its buyers.
    asks(&mut house, JANE, "O3");
    house.passes(&Letter::new(SHOP, &house.buyer_of("O2"), "Our mailbox is full, sorry.\n"));
    house.smarthost.behaves(Behaviour::default());
    asks(&mut house, PAUL, "O2");
    asks(&mut house, JANE, "O1");
}
