//! A message that can't be read any more is named in the log and put aside; everybody else is told and
//! decided about as ever.

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::{Letter, bare};

const HOLD: (&str, &str) = (
    "[policy]\nmode = \"enforce\"\n",
    "[policy]\nmode = \"enforce\"\n[policy.rules.phone-number]\nseller_to_buyer = \"hold\"\n",
);

#[test]
fn what_is_damaged_keeps_no_notice_back() {
    let mut house = House::open_with(&[HOLD]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    for order in ["O1", "O2"] {
        let letter = Letter::new(SHOP, &house.buyer_of(order), "Call us: +49 30 901820\n");
        house.send(&letter).is("250 2.0.0").says("waits");
        assert!(house.smarthost.next().subject.starts_with("Your message waits"));
    }
    house.settle();
    house.stop();
    // Four days pass, and the first of them can't be read any more.
    let held = house.ask(&["held", "list"]);
    let id = held[0]["id"].as_str().unwrap();
    let conn = rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap();
    conn.execute("UPDATE message SET held_at = held_at - 345600000", []).unwrap();
    let damage = "UPDATE content SET mails = x'00' WHERE message =
        (SELECT number FROM message WHERE id = ?1)";
    assert_eq!(conn.execute(damage, [id]).unwrap(), 1);
    drop(conn);
    house.start();
    let late = house.smarthost.next();
    assert!(late.text.contains("Nobody at Lumo Market decided in time"), "{}", late.text);
    assert!(late.text.contains("O2") && late.recipients == [bare(SHOP)], "{}", late.text);
    // A person may reject it, and its sender can't be told.
    house.put(&["held", "reject", id, "--by", "ann"]);
    let told = "can't be told by mail and is put aside";
    eventually("it is named", || house.log().contains(told).then_some(()));
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n"));
    let ring = Letter::new(SHOP, &house.buyer_of("O1"), "Call us: +49 30 901821\n");
    house.send(&ring).is("250 2.0.0").says("waits");
    assert!(house.smarthost.next().subject.starts_with("Your message waits"));
    house.settle();
    let log = house.log();
    for words in ["can't be decided about and is put aside", told] {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(words)).collect();
        assert!(lines.len() == 1 && lines[0].contains(id), "once: {lines:?}");
    }
    assert_eq!(house.smarthost.rest(), []);
}
