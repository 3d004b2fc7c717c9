//! Where time runs from when an order was closed, an open order keeps what was written about it; a
//! dispute and a hold on a conversation stop the time until they end.

use std::thread;
use std::time::Duration;

use crate::house::{House, JANE, eventually};
use crate::letter::Letter;

fn subjects(house: &House) -> Vec<String> {
    let mut all: Vec<String> =
        house.messages().iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

#[test]
fn an_open_order_a_dispute_and_a_hold_keep_what_was_written() {
    let mut house = House::open_with(&[(
        "[policy]\n",
        "[archive]\nkeep = \"1s\"\nkeep_from = \"order-closed\"\n\n[policy]\n",
    )]);
    let order = |house: &House, id: &str, more: &[&str]| {
        let pair = ["order", "put", id, "--seller", "S1", "--buyer", "B1", "--item", "Lamp"];
        house.put(&[&pair[..], more].concat());
    };
    for (id, subject) in [("O1", "Kazoo"), ("O2", "Xylophone"), ("O3", "Zither")] {
        order(&house, id, &[]);
        house.passes(&Letter::new(JANE, &house.seller_of(id), "Hello there.\n").subject(subject));
    }
    house.settle();
    thread::sleep(Duration::from_secs(2));
    assert_eq!(house.ask(&["purge"])["erased"], 0, "the orders are open");
    assert_eq!(subjects(&house), ["Kazoo", "Xylophone", "Zither"]);

    let zither = house.messages();
    let zither = zither.iter().find(|row| row["subject"] == "Zither").unwrap();
    let conversation = match &zither["conversation"] {
        serde_json::Value::String(text) => text.clone(),
        number => number.to_string(),
    };
    house.put(&["hold", "add", "--conversation", &conversation, "--by", "ann"]);
    order(&house, "O2", &["--status", "returned", "--dispute"]);
    order(&house, "O3", &["--status", "returned"]);
    order(&house, "O1", &["--status", "returned"]);
    eventually("what nothing keeps is erased", || {
        (subjects(&house) == ["Xylophone", "Zither"]).then_some(())
    });
    thread::sleep(Duration::from_secs(2));
    let purged = house.ask(&["purge"]);
    assert_eq!((&purged["erased"], &purged["kept_by_hold"]), (&0.into(), &2.into()));
    let holds = house.ask(&["hold", "list"]);
    let causes: Vec<_> = holds.as_array().unwrap().iter().map(|hold| &hold["cause"]).collect();
    assert!(causes.contains(&&"dispute".into()) && causes.contains(&&"hold".into()), "{holds}");

    order(&house, "O2", &["--status", "returned"]);
    eventually("the dispute is over", || (subjects(&house) == ["Zither"]).then_some(()));
    house.put(&["hold", "release", "--conversation", &conversation, "--by", "ann"]);
    eventually("the hold is over", || subjects(&house).is_empty().then_some(()));
}
