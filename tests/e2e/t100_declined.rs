//! What the ladder proposes is shown with the command that does it and the one that declines it; and
//! what is done about one order is no retry of what was done about another.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

const REVIEWER: &str = "review@market.example";

fn house(ladder: &str) -> House {
    let review = format!(
        "[review]\nnotify = [\"{REVIEWER}\"]\n[account_health]\nladder = [{ladder}]\n\n[policy]\n"
    );
    let house = House::open_with(&[("[policy]\n", &review)]);
    for order in ["O2", "O3"] {
        house.put(&["order", "put", order, "--seller", "S1", "--buyer", "B1"]);
    }
    house
}

#[test]
fn a_proposal_is_shown_and_declined_and_the_seller_hears_nothing_of_it() {
    let mut house =
        house("{ score = 0.5, step = \"proactive-blocked\", for = \"14d\", by = \"person\" }");
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "Call us: +49 30 901820\n"));
    let second = Letter::new(SHOP, &house.buyer_of("O2"), "Call us: +49 30 901821\n");
    house.send(&second).is("250 2.0.0");
    let [_, proposal] = house.smarthost.next_for([JANE, REVIEWER]);
    for command in ["bauta account block-proactive S1", "bauta account restore S1"] {
        assert!(proposal.text.contains(command), "{command:?} is not in {}", proposal.text);
    }
    let proposed = |house: &House| house.ask(&["account", "health", "S1"])["proposed"].clone();
    let open = proposed(&house);
    assert_eq!(open[0]["step"], "proactive-blocked", "{open}");
    assert!(open[0]["reason"].as_str().unwrap().contains("score"), "{open}");
    house.put(&["account", "restore", "S1", "--reason", "their own hotline", "--by", "ann"]);
    assert_eq!(proposed(&house), serde_json::json!([]));
    let history = house.ask(&["account", "history", "S1"]);
    let last = &history.as_array().unwrap()[1];
    assert_eq!((&last["change"], &last["by"]), (&"declined".into(), &"ann".into()));
    assert_eq!(last["reason"], "their own hotline");
    // Both findings were told when they were made; of the proposal and its end the seller hears nothing.
    for follows in ["no further consequence", "counts as a strike"] {
        let told = house.smarthost.told();
        assert!(told.text.contains(follows), "{follows:?} is not in {}", told.text);
    }
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn the_same_about_another_order_is_no_retry() {
    let house = house("{ score = 90, step = \"warning\" }");
    for order in ["O1", "O1", "O2"] {
        let asks = Letter::new(SHOP, &house.buyer_of(order), "Please leave us a review.\n");
        house.send(&asks).is("550 5.7.0");
    }
    let health = house.ask(&["account", "health", "S1"]);
    let violations = health["violations"].as_array().unwrap().iter().rev();
    let counts: Vec<_> =
        violations.map(|v| (v["strike"].to_string(), v["no_strike"].to_string())).collect();
    let expected = [("0", "\"first\""), ("0", "\"retry\""), ("2", "null")];
    let expected = expected.map(|(strike, why)| (strike.to_owned(), why.to_owned()));
    assert_eq!(counts, expected, "{health}");
}
