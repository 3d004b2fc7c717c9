//! The world outside fails in its ways; what was answered 250 is not forgotten.

use std::collections::HashMap;

use bauta::smtp::{Behaviour, Stage};

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::{Letter, bare};

fn question(house: &House) -> Letter {
    Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n")
}

/// The results of a delivery's attempts, in order.
fn attempts(house: &House) -> Vec<String> {
    let shown = house.show(&house.newest());
    assert_eq!(shown["deliveries"].as_array().unwrap().len(), 1);
    let history = shown["deliveries"][0]["history"].as_array().unwrap();
    history.iter().map(|a| a["result"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn mail_waits_while_the_smarthost_is_down_and_arrives_once_when_it_is_back() {
    let mut house = House::open();
    house.smarthost.goes_down();
    house.send(&question(&house)).is("250 2.0.0");
    let waiting = house.newest_is("deferred");
    assert!(waiting["delivery"]["next_attempt_at"].is_string(), "{waiting}");
    assert!(waiting["delivery"]["last_reply"].is_string(), "it says why: {waiting}");
    house.smarthost.comes_back();
    assert_eq!(house.smarthost.next().recipients, [bare(SHOP)]);
    let told = house.newest_is("delivered");
    assert!(told["delivery"]["attempts"].as_u64().unwrap() >= 2, "{told}");
    assert_eq!(attempts(&house).last().unwrap(), "delivered");
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn what_was_tried_and_when_it_is_tried_again_survives_a_restart() {
    let mut house = House::open();
    house.smarthost.goes_down();
    house.send(&question(&house)).is("250 2.0.0");
    let tried = eventually("it was tried twice", || {
        let newest = house.newest();
        newest["delivery"]["attempts"].as_u64().filter(|n| *n >= 2)
    });
    house.stop();
    let asleep = house.newest();
    assert_eq!(asleep["delivery"]["state"], "deferred", "{asleep}");
    let before = attempts(&house);
    assert!(before.len() as u64 >= tried);
    house.smarthost.comes_back();
    house.start();
    house.smarthost.next();
    house.newest_is("delivered");
    let after = attempts(&house);
    assert_eq!(&after[..before.len()], &before[..], "nothing of it was forgotten");
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_no_for_good_ends_it_and_the_reason_is_kept_without_the_address() {
    let mut house = House::open();
    let refuse_recipients = HashMap::from([(bare(SHOP), 550)]);
    house.smarthost.behaves(Behaviour { refuse_recipients, ..Behaviour::default() });
    house.send(&question(&house)).is("250 2.0.0");
    let told = house.newest_is("failed");
    assert_eq!(told["delivery"]["attempts"], 1);
    let reply = told["delivery"]["last_reply"].as_str().unwrap();
    assert!(reply.contains("550") && !reply.contains('@'), "{reply}");
    assert_eq!(house.smarthost.next().recipients, [bare(JANE)], "she is told");

    house.smarthost.behaves(Behaviour { refuse_data: Some(554), ..Behaviour::default() });
    house.send(&question(&house)).is("250 2.0.0");
    let told = house.newest_is("failed");
    assert_eq!(told["delivery"]["attempts"], 1, "after the final dot just the same: {told}");
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn greylisting_is_waited_out() {
    let mut house = House::open();
    let refuse_recipients = HashMap::from([(bare(SHOP), 451)]);
    house.smarthost.behaves(Behaviour { refuse_recipients, ..Behaviour::default() });
    house.send(&question(&house)).is("250 2.0.0");
    let waiting = house.newest_is("deferred");
    assert!(waiting["delivery"]["last_reply"].as_str().unwrap().contains("451"), "{waiting}");
    house.smarthost.behaves(Behaviour::default());
    house.smarthost.next();
    house.newest_is("delivered");
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn where_the_last_answer_was_not_seen_the_mail_comes_again_byte_for_byte() {
    let mut house = House::open();
    house.smarthost.behaves(Behaviour { drop_after_dot: true, ..Behaviour::default() });
    house.send(&question(&house)).is("250 2.0.0");
    let first = house.smarthost.next();
    house.smarthost.behaves(Behaviour::default());
    let mut again = house.smarthost.next();
    house.newest_is("delivered");
    assert_eq!(again.raw, first.raw, "the same Message-ID, so that its reader's server can tell");
    for mail in house.smarthost.rest() {
        again.raw = mail.bytes; // it may have hung up more than once before it behaved
        assert_eq!(again.raw, first.raw);
    }
    let tried = attempts(&house);
    assert!(tried.len() >= 2 && tried.last().unwrap() == "delivered", "{tried:?}");
}

#[test]
fn one_recipient_who_can_not_be_reached_keeps_nobody_else_waiting() {
    let mut house = House::open();
    house.put(&["seller", "put", "S2", "--name", "Radhaus", "--email", "service@radhaus.example"]);
    house.put(&["order", "put", "O2", "--seller", "S2", "--buyer", "B1"]);
    let refuse_recipients = HashMap::from([(bare(SHOP), 451)]);
    house.smarthost.behaves(Behaviour { refuse_recipients, ..Behaviour::default() });
    house.send(&question(&house)).is("250 2.0.0");
    let other = house.passes(&Letter::new(JANE, &house.seller_of("O2"), "And my bell?\n"));
    assert_eq!(other.recipients, ["service@radhaus.example"]);
    house.smarthost.behaves(Behaviour::default());
    assert_eq!(house.smarthost.next().recipients, [bare(SHOP)]);
}

#[test]
fn after_give_up_after_it_has_expired() {
    let give_up = ("retry_max = \"1s\"\n", "retry_max = \"1s\"\ngive_up_after = \"1s\"\n");
    let mut house = House::open_with(&[give_up]);
    house.smarthost.goes_down();
    house.send(&question(&house)).is("250 2.0.0");
    let told = house.newest_is("expired");
    assert_eq!(told["state"], "accepted");
}

#[test]
fn a_relay_may_be_stopped_while_mail_waits_and_the_archive_says_why_it_does() {
    let mut house = House::open();
    house.smarthost.goes_down();
    house.send(&question(&house)).is("250 2.0.0");
    house.newest_is("deferred");
    house.stop();
    assert!(house.newest()["delivery"]["last_reply"].as_str().is_some_and(|r| !r.is_empty()));
    house.may_leave_mail_waiting = true;
}

#[test]
fn a_smarthost_that_fell_silent_does_not_keep_the_relay_from_stopping() {
    let mut house = House::open();
    house.smarthost.behaves(Behaviour { hang: Some(Stage::FinalDot), ..Behaviour::default() });
    house.send(&question(&house)).is("250 2.0.0");
    house.newest_is("sending");
    house.stop();
    house.smarthost.behaves(Behaviour::default());
    house.start();
    house.smarthost.next();
}
