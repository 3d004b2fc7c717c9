//! Whoever guesses an address learns nothing: always the same words, whatever the reason.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};
use crate::wire::Wire;

const WORDS: &str = "550 5.1.1 There is no such address here";

#[test]
fn malformed_never_minted_wrongly_tagged_and_foreign_addresses_get_the_same_words() {
    let house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2"]);
    let seller = house.alias("O1", "seller_alias");
    let turned = {
        // One letter of a real alias changed: its MAC is wrong.
        let other = if seller.starts_with('a') { "b" } else { "a" };
        format!("{other}{}", &seller[1..])
    };
    let mut wire = Wire::open(house.relay).unwrap();
    wire.say(&format!("MAIL FROM:<{}>", bare(JANE))).unwrap();
    for nobody in [
        "jane@alias.example",
        "x@alias.example",
        "abcdefghijklmnopqrstuvwxy@alias.example",
        turned.as_str(),
        &seller.replace('@', "+nosuch@"),
        &seller.replace('@', "+o2@"), // an order, but of another buyer
        &seller.replace('@', "+@"),
        "someone@elsewhere.example",
        "paul@post.example", // registered, and no alias: never an open relay
        &seller.replace("alias.example", "sub.alias.example"),
        "\"@elsewhere.example:someone\"@alias.example",
    ] {
        let answer = wire.say(&format!("RCPT TO:<{nobody}>")).unwrap();
        assert_eq!(answer, WORDS, "{nobody}");
    }
    assert!(wire.say("DATA").unwrap().starts_with("503"), "nobody was taken");
    wire.say("QUIT").unwrap();
    assert_eq!(house.messages().len(), 0);
}

#[test]
fn who_guesses_on_is_sent_away_and_others_are_not() {
    let mut house = House::open();
    let mut wire = Wire::open(house.relay).unwrap();
    wire.say("MAIL FROM:<guesser@elsewhere.example>").unwrap();
    let answers: Vec<String> =
        (0..).map_while(|n| wire.say(&format!("RCPT TO:<guess{n}@alias.example>")).ok()).collect();
    let (last, before) = answers.split_last().unwrap();
    assert!(last.starts_with("421 4.7.0"), "{last}");
    assert!(before.iter().all(|a| a == WORDS) && before.len() < 50, "{before:?}");
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n"));
}

#[test]
fn an_alias_is_read_in_any_case_and_the_null_sender_is_taken_at_rcpt() {
    let mut house = House::open();
    let to = house.seller_of("O1").to_uppercase();
    let mail = house.passes(&Letter::new(JANE, &to, "Hello?\n"));
    assert_eq!(mail.recipients, [bare(SHOP)]);
    let mut wire = Wire::open(house.relay).unwrap();
    wire.say("MAIL FROM:<>").unwrap();
    let answer = wire.say(&format!("RCPT TO:<{to}>")).unwrap();
    assert!(answer.starts_with("250"), "{answer}");
}

#[test]
fn during_a_restore_unknown_aliases_are_put_off_instead() {
    let house = House::open_with(&[("[smtp]\n", "[smtp]\nunknown_alias = \"defer\"\n")]);
    for nobody in ["x@alias.example", "someone@elsewhere.example"] {
        house.send(&Letter::new(JANE, nobody, "Hello?\n")).is("451 4.3.2");
    }
}

#[test]
fn the_postmaster_is_reached_by_anybody_where_one_is_named() {
    let named =
        ("data_dir = \"data\"\n", "data_dir = \"data\"\npostmaster = \"pm@market.example\"\n");
    let mut house = House::open_with(&[named]);
    for to in ["postmaster@alias.example", "ABUSE@alias.example"] {
        let mail = house.passes(&Letter::new("anybody@elsewhere.example", to, "Help\n"));
        assert_eq!(mail.recipients, ["pm@market.example"]);
    }
    assert_eq!(house.messages().len(), 0, "it is nobody's conversation");
}
