//! A seller who poses as the marketplace or its staff waits for a person, and it counts.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

const REVIEWER: &str = "review@market.example";

#[test]
fn a_seller_who_poses_as_the_marketplace_is_held_and_strikes() {
    let mut house = House::open_with(&[(
        "[policy]\n",
        &format!("[review]\nnotify = [\"{REVIEWER}\"]\n\n[policy]\n"),
    )]);
    for n in 2..=4 {
        house.put(&["order", "put", &format!("O{n}"), "--seller", "S1", "--buyer", "B1"]);
    }
    let poses = [
        ("O2", "We are the Lumo Market support team and need your order number.\n"),
        ("O3", "Please choose a colour today.\n\nLumo Market Customer Service\n"),
    ];
    for (order, text) in poses {
        house.send(&Letter::new(SHOP, &house.buyer_of(order), text)).is("250").says("waits");
        let [notice, _] = house.smarthost.next_for([SHOP, REVIEWER]);
        assert!(notice.text.contains("(impersonation): "), "{}", notice.text);
    }
    // The first finding of a rule is only explained, the second counts.
    let health = house.ask(&["account", "health", "S1"]);
    let found: Vec<_> = health["violations"].as_array().unwrap().iter().collect();
    assert!(found.iter().all(|v| v["rule"] == "impersonation"), "{health}");
    assert_eq!((found.len(), &health["strikes"]), (2, &1.into()), "{health}");
    // Somebody's word that it was none: it goes on, and counts nothing.
    let waiting = house.ask(&["held", "list"]);
    let newest = waiting.as_array().unwrap().last().unwrap();
    house.put(&["held", "release", newest["id"].as_str().unwrap(), "--by", "ann"]);
    let [mail, _] = house.smarthost.next_for([JANE, SHOP]);
    assert!(mail.words().contains("Customer Service"), "{}", mail.text);
    assert_eq!(house.ask(&["account", "health", "S1"])["strikes"], 0);
    // A seller may speak of the staff.
    let honest = "If we can't agree, you can always ask the Lumo Market support team.\n";
    let mail = house.passes(&Letter::new(SHOP, &house.buyer_of("O4"), honest));
    assert!(mail.words().contains("support team"), "{}", mail.text);
    assert_eq!(mail.recipients, [crate::letter::bare(JANE)]);
}
