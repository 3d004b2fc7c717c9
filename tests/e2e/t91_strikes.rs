//! What counts against a seller: each violation is kept with what it counts and why; the seller is
//! told; the machine warns, blocks and proposes, a person suspends and excuses.

use serde_json::Value;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const REVIEWER: &str = "review@market.example";

fn house(more: &str) -> House {
    House::open_with(&[(
        "[policy]\n",
        &format!("[review]\nnotify = [\"{REVIEWER}\"]\n{more}\n[policy]\n"),
    )])
}

fn health(house: &House) -> Value {
    house.ask(&["account", "health", "S1"])
}

/// What each violation counts, or why nothing; the oldest first.
fn counts(health: &Value) -> Vec<(String, String)> {
    let violations = health["violations"].as_array().unwrap().iter().rev();
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    violations
        .map(|v| {
            let counts = if v["strike"] == 0 { &v["no_strike"] } else { &v["strike"] };
            (text(&v["rule"]), text(counts))
        })
        .collect()
}

#[test]
fn the_first_finding_is_explained_and_what_counts_is_told_with_what_to_change() {
    let mut house = house("");
    let order = |house: &House, n: usize| {
        let id = format!("O{n}");
        house.put(&["order", "put", &id, "--seller", "S1", "--buyer", "B1"]);
        house.buyer_of(&id)
    };
    let first = Letter::new(SHOP, &order(&house, 2), "Call us: +49 30 901820\n");
    let mail = house.passes(&first);
    assert!(mail.words().contains("[removed: phone number]"), "{}", mail.text);
    let notice = house.smarthost.told();
    assert_eq!(notice.recipients, [bare(SHOP)]);
    assert!(
        notice.subject.starts_with("Something was taken out of your message"),
        "{}",
        notice.subject
    );
    assert_eq!(notice.header("In-Reply-To"), Some(first.id()));
    for words in
        ["(phone-number): +49 30 901820", "Take out the phone number", "no further consequence"]
    {
        assert!(notice.text.contains(words), "{words:?} is not in {}", notice.text);
    }
    notice.holds_nothing_of(&["mail.example", "jane.roe", "Jane Roe"]);
    // A second one the same day, elsewhere: it counts, and is told as what it is.
    house.passes(&Letter::new(SHOP, &order(&house, 3), "Call us: +49 30 901821\n"));
    let notice = house.smarthost.told();
    assert!(notice.text.contains("counts as a strike"), "{}", notice.text);
    // A third: one a day is enough, and the seller has heard of it.
    house.passes(&Letter::new(SHOP, &order(&house, 4), "Call us: +49 30 901822\n"));
    // A retry, a signature, a machine, a buyer: nothing of it counts.
    let signed = "It leaves tomorrow.\n\n-- \nLamp Shop\n+49 30 901823\n";
    house.passes(&Letter::new(SHOP, &order(&house, 5), signed));
    let asked =
        house.passes(&Letter::new(JANE, &house.seller_of("O5"), "My number: +49 30 901824\n"));
    assert_eq!(house.smarthost.told().recipients, [bare(JANE)], "a buyer is told too");
    let away = Letter::answering(&asked, SHOP, "Away. Call +49 30 901825.");
    house.passes(&away.header("Auto-Submitted", "auto-replied"));
    let found = health(&house);
    let expected = ["first", "1", "same-day", "signature", "automatic"];
    let expected = expected.map(|why| ("phone-number".to_owned(), why.to_owned()));
    assert_eq!(counts(&found), expected);
    assert_eq!((&found["strikes"], &found["suspended"]), (&1.into(), &false.into()));
    let one = &found["violations"][3];
    assert_eq!((&one["words"], &one["certainty"]), (&"+49 30 901821".into(), &"certain".into()));
    let id = one["id"].to_string();
    house.put(&["account", "excuse", &id, "--reason", "their own hotline", "--by", "ann"]);
    assert_eq!(health(&house)["score"], 0.0);
    let excused = house.smarthost.next();
    assert_eq!(excused.recipients, [bare(SHOP)]);
    assert!(excused.text.contains("their own hotline"), "{}", excused.text);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn the_ladder_warns_and_blocks_and_a_person_suspends_with_a_reason() {
    let ladder =
        "[account_health]\nladder = [{ score = 0.5, step = \"proactive-blocked\", for = \"14d\" }]";
    let mut house = house(ladder);
    for n in 2..=5 {
        house.put(&["order", "put", &format!("O{n}"), "--seller", "S1", "--buyer", "B1"]);
    }
    house.passes(&Letter::new(SHOP, &house.buyer_of("O2"), "Call us: +49 30 901820\n"));
    let second = Letter::new(SHOP, &house.buyer_of("O3"), "Call us: +49 30 901821\n");
    house.send(&second).is("250 2.0.0");
    let [_, blocked] = house.smarthost.next_for([JANE, SHOP]);
    assert!(blocked.subject.starts_with("About your account"), "{}", blocked.subject);
    let until = health(&house)["proactive_blocked_until"].as_str().unwrap().to_owned();
    assert!(blocked.text.contains(&until[..10]), "{}", blocked.text);
    assert!(blocked.text.contains("answer this mail and say why"), "{}", blocked.text);
    let new = Letter::new(SHOP, &house.buyer_of("O4"), "Which colour?\n");
    house.send(&new).is("550 5.7.1").says("can only answer");
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O4"), "When?\n"));
    house.passes(&Letter::answering(&asked, SHOP, "Tomorrow."));
    house.put(&["account", "restore", "S1", "--reason", "promised not to", "--by", "ann"]);
    assert!(house.smarthost.next().text.contains("promised not to"));
    house.passes(&Letter::new(SHOP, &house.buyer_of("O5"), "Which colour?\n"));
    house.put(&["account", "suspend", "S1", "--reason", "Four numbers in a week.", "--by", "ann"]);
    let suspended = house.smarthost.next();
    assert!(suspended.text.contains("Four numbers in a week."), "{}", suspended.text);
    assert!(suspended.text.contains("has suspended your account"), "{}", suspended.text);
    let history = house.ask(&["account", "history", "S1"]);
    let history: Vec<_> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["change"].as_str().unwrap(), e["by"].as_str().unwrap()))
        .collect();
    assert_eq!(
        history,
        [("proactive-blocked", "bauta"), ("restored", "ann"), ("suspended", "ann")]
    );
}

#[test]
fn a_suspension_is_only_proposed_by_the_machine() {
    let ladder =
        "[account_health]\nladder = [{ score = 0.5, step = \"suspended\", by = \"person\" }]";
    let mut house = house(ladder);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "Call us: +49 30 901820\n"));
    let second = Letter::new(SHOP, &house.buyer_of("O2"), "Call us: +49 30 901821\n");
    house.send(&second).is("250 2.0.0");
    let [_, proposal] = house.smarthost.next_for([JANE, REVIEWER]);
    assert!(proposal.text.contains("bauta account suspend S1"), "{}", proposal.text);
    proposal.holds_nothing_of(&["901821", "lamps.example"]);
    assert_eq!(health(&house)["suspended"], false);
}

#[test]
fn who_only_observes_strikes_nobody_and_tells_nobody() {
    let mut house = House::open_with(&[("mode = \"enforce\"", "mode = \"observe\"")]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    for order in ["O1", "O2"] {
        house.passes(&Letter::new(SHOP, &house.buyer_of(order), "Call us: +49 30 901820\n"));
    }
    let why = ("phone-number".to_owned(), "observed".to_owned());
    assert_eq!(counts(&health(&house)), [why.clone(), why]);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}
