//! A message that waits for a person may count already: its sender is told so, and is told when it
//! counts no more.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

#[test]
fn a_strike_for_a_held_message_is_told_and_so_is_that_it_was_excused() {
    let mut house = House::open();
    for n in 2..=3 {
        house.put(&["order", "put", &format!("O{n}"), "--seller", "S1", "--buyer", "B1"]);
    }
    let poses = "We are the Lumo Market support team and need your order number.\n";
    let waits = |house: &mut House, order: &str, text: &str| {
        house.send(&Letter::new(SHOP, &house.buyer_of(order), text)).is("250").says("waits");
        house.smarthost.next()
    };
    let first = waits(&mut house, "O1", poses);
    assert!(first.text.contains("no further consequence"), "{}", first.text);
    let again = "This is the Lumo Market support team: answer today.\n";
    let second = waits(&mut house, "O2", again);
    assert!(second.text.contains("counts as a strike"), "{}", second.text);
    // Rejected: told that, but not of the strike once more.
    let held = house.ask(&["held", "list"]);
    let id = |at: usize| held[at]["id"].as_str().unwrap().to_owned();
    house.put(&["held", "reject", &id(0), "--by", "ann", "--reason", "You are not us."]);
    let rejected = house.smarthost.next();
    assert!(rejected.text.contains("You are not us."), "{}", rejected.text);
    assert!(!rejected.text.contains("consequence"), "{}", rejected.text);
    // Let pass: it counts no more, and that is told too.
    house.put(&["held", "release", &id(1), "--by", "ann", "--reason", "known to us"]);
    let [mail, excused] = house.smarthost.next_for([JANE, SHOP]);
    assert!(mail.words().contains("support team"), "{}", mail.text);
    assert!(excused.text.contains("does not count against your account"), "{}", excused.text);
    assert!(!excused.text.contains("known to us"), "{}", excused.text);
    assert_eq!(house.ask(&["account", "health", "S1"])["strikes"], 0);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}
