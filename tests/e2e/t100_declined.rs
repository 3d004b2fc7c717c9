//! What the ladder proposes is shown with the command that does it and the one that declines it; and
//! what is done about one order is no retry of what was done about another.

use crate::house::{House, JANE, SHOP, eventually};
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
    for command in ["bauta account block-proactive S1", "bauta account restore S1 --proposal"] {
        assert!(proposal.text.contains(command), "{command:?} is not in {}", proposal.text);
    }
    let proposed = |house: &House| house.ask(&["account", "health", "S1"])["proposed"].clone();
    let open = proposed(&house);
    assert_eq!(open[0]["step"], "proactive-blocked", "{open}");
    assert!(open[0]["reason"].as_str().unwrap().contains("score"), "{open}");
    // What is in force stays so; without the word it would be lifted, and the seller told.
    let decline =
        ["account", "restore", "S1", "--proposal", "--reason", "their own hotline", "--by", "ann"];
    assert_eq!(house.put(&decline), "seller S1: what was proposed is declined\n");
    assert_eq!(house.put(&decline), "seller S1: nothing is proposed\n");
    assert_eq!(proposed(&house), serde_json::json!([]));
    let history = house.ask(&["account", "history", "S1"]);
    let last = &history.as_array().unwrap()[1];
    assert_eq!((&last["change"], &last["by"]), (&"declined".into(), &"ann".into()));
    assert_eq!(last["reason"], "their own hotline");
    // Both findings were told when they were made; of the proposal and its end the seller hears nothing.
    let told = [house.smarthost.told().text, house.smarthost.told().text];
    for follows in ["no further consequence", "counts as a strike"] {
        assert!(told.iter().any(|text| text.contains(follows)), "{follows:?} is not in {told:?}");
    }
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn declining_lifts_no_block_that_is_in_force() {
    let mut house = house("{ score = 0.5, step = \"suspended\", by = \"person\" }");
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "Call us: +49 30 901820\n"));
    let second = Letter::new(SHOP, &house.buyer_of("O2"), "Call us: +49 30 901821\n");
    house.send(&second).is("250 2.0.0");
    house.smarthost.next_for([JANE, REVIEWER]);
    house.put(&["account", "block-proactive", "S1", "--reason", "Two numbers.", "--by", "ann"]);
    let blocked = house.smarthost.next();
    assert!(blocked.text.contains("Two numbers."), "{}", blocked.text);
    let until =
        |house: &House| house.ask(&["account", "health", "S1"])["proactive_blocked_until"].clone();
    let before = until(&house);
    assert!(before.is_string(), "{before}");
    let decline = ["account", "restore", "S1", "--proposal", "--reason", "enough", "--by", "ann"];
    assert_eq!(house.ask(&decline)["result"], "declined");
    assert_eq!(until(&house), before);
    // What was taken out of both was told, and nothing else.
    house.smarthost.told();
    house.smarthost.told();
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_block_that_ran_out_is_not_lifted() {
    let mut house = house("{ score = 0.5, step = \"proactive-blocked\", for = \"1s\" }");
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "Call us: +49 30 901820\n"));
    let second = Letter::new(SHOP, &house.buyer_of("O2"), "Call us: +49 30 901821\n");
    house.send(&second).is("250 2.0.0");
    house.smarthost.next_for([JANE, SHOP]);
    eventually("the block has run out", || {
        let health = house.ask(&["account", "health", "S1"]);
        health["proactive_blocked_until"].is_null().then_some(())
    });
    for option in [&[][..], &["--proposal"]] {
        let lift = [&["account", "restore", "S1", "--reason", "over", "--by", "ann"], option];
        assert_eq!(house.ask(&lift.concat())["result"], "unchanged", "{option:?}");
    }
    let history = house.ask(&["account", "history", "S1"]);
    let changes: Vec<_> = history.as_array().unwrap().iter().map(|e| &e["change"]).collect();
    assert_eq!(changes, ["proactive-blocked"]);
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
