//! Out-of-office notes: passed on once a day, marked as what they are, and never an answer.

use serde_json::Value;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, Opened, bare};

fn away(mail: &Opened, from: &str, text: &str) -> Letter {
    Letter::answering(mail, from, text).header("Auto-Submitted", "auto-replied (vacation)")
}

#[test]
fn it_is_passed_on_marked_once_a_day_and_direction() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let note = house.passes(&away(&asked, SHOP, "The shop is closed till Monday."));
    assert_eq!(note.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(house.newest()["automatic"], true);
    house.send(&away(&asked, SHOP, "Still closed.")).is("550 5.7.1").says("automatic");

    let back = house.passes(&away(&note, JANE, "I am on holiday too."));
    assert_eq!(back.recipients, [bare(SHOP)]);
    house.send(&away(&note, JANE, "Still on holiday.")).is("550 5.7.1").says("automatic");

    let by_hand = house.passes(&Letter::answering(&asked, SHOP, "On Thursday."));
    assert_eq!(by_hand.header("Auto-Submitted"), None, "what a person writes passes as ever");
}

#[test]
fn another_conversation_has_a_day_of_its_own() {
    let mut house = House::open();
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    for order in ["O1", "O2"] {
        let asked = house.passes(&Letter::new(JANE, &house.seller_of(order), "When?\n"));
        house.passes(&away(&asked, SHOP, "The shop is closed till Monday."));
    }
}

#[test]
fn it_answers_nothing_and_makes_no_later_mail_an_answer() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    house.passes(&away(&asked, SHOP, "The shop is closed till Monday."));
    let shown = house.show(&house.newest());
    assert_ne!(shown["response_needed_since"], Value::Null, "Jane still waits for an answer");
    house.passes(&Letter::answering(&asked, SHOP, "On Thursday."));
    let shown = house.show(&house.newest());
    assert_eq!(shown["response_needed_since"], Value::Null, "now she has it");

    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    let told = house.passes(&Letter::new(SHOP, &house.buyer_of("O2"), "Which colour, please?\n"));
    assert_eq!(house.newest()["proactive"], true);
    let note = house.passes(&away(&told, JANE, "I am on holiday."));
    let shown = house.show(&house.newest());
    assert_eq!(shown["response_needed_since"], Value::Null, "a machine waits for no answer");
    house.passes(&Letter::answering(&note, SHOP, "A nice holiday to you."));
    assert_eq!(house.newest()["proactive"], true, "it answers nobody");
}

#[test]
fn what_has_the_null_sender_was_written_by_a_machine() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let note = Letter::answering(&asked, SHOP, "Closed till Monday.").envelope_sender("");
    let note = house.passes(&note);
    assert_eq!(note.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(house.newest()["automatic"], true);
}

#[test]
fn what_a_help_desk_generates_counts_as_written_by_hand() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    for text in ["On Thursday.", "Or on Friday."] {
        let mail = Letter::answering(&asked, SHOP, text)
            .header("Auto-Submitted", "auto-generated")
            .header("Precedence", "bulk");
        let mail = house.passes(&mail);
        assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
        assert_eq!(mail.header("Precedence"), None);
        assert_eq!(house.newest()["automatic"], false);
    }
}
