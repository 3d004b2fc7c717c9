//! `mode = "observe"`: every mail is judged, and what would have been done is recorded; nothing is
//! changed but what must always be masked.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

const OBSERVE: (&str, &str) = ("mode = \"enforce\"", "mode = \"observe\"");

#[test]
fn the_words_pass_unchanged_and_the_verdict_says_what_would_have_been_done() {
    let mut house = House::open_with(&[OBSERVE]);
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let text = "Call +44 20 7946 0958, see www.other-lamps.example or write joe@elsewhere.example.";
    let answered = house.passes(&Letter::answering(&asked, SHOP, text));
    assert!(answered.words().starts_with(text), "{}", answered.text);
    let shown = house.show(&house.newest_is("delivered"));
    let verdict = &shown["verdict"];
    assert_eq!((&verdict["action"], &verdict["would"]), (&"allow".into(), &"redact".into()));
    let mut rules: Vec<&str> =
        verdict["findings"].as_array().unwrap().iter().filter_map(|f| f["rule"].as_str()).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["email-address", "external-link", "phone-number"]);
}

#[test]
fn the_writers_own_address_is_masked_all_the_same() {
    let mut house = House::open_with(&[OBSERVE]);
    let text =
        "Write me at cs@lamps.example or CS@LAMPS.EXAMPLE.\n-- \nLamp Shop <cs@lamps.example>\n";
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let answered = house.passes(&Letter::answering(&asked, SHOP, text));
    answered.holds_nothing_of(&["cs@lamps.example", "lamps.example"]);
    assert!(answered.words().contains("Write me at"), "{}", answered.text);
}

#[test]
fn what_would_have_been_refused_is_delivered() {
    let mut house = House::open_with(&[OBSERVE]);
    let book = "All about lamps, told at length and in good order.\n".repeat(120);
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), &book));
    let shown = house.show(&house.newest_is("delivered"));
    assert_eq!(shown["verdict"]["would"], "reject", "{}", shown["verdict"]);
    assert_eq!(shown["message"]["state"], "accepted");
}

#[test]
fn one_rule_alone_may_observe_while_the_others_act() {
    let rule = "mode = \"enforce\"\n[policy.rules.phone-number]\nmode = \"observe\"\n";
    let mut house = House::open_with(&[("mode = \"enforce\"\n", rule)]);
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let text = "Call +44 20 7946 0958 or write joe@elsewhere.example.";
    let answered = house.passes(&Letter::answering(&asked, SHOP, text));
    let expected = "Call +44 20 7946 0958 or write [removed: e-mail address].";
    assert!(answered.words().starts_with(expected), "{}", answered.text);
}
