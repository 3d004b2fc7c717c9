//! Only the two who belong to an alias may write through it.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

#[test]
fn an_unregistered_sender_is_told_what_to_do_and_never_which_address_is_registered() {
    let house = House::open();
    for from in ["Jane Roe <jane@work.example>", "stranger@elsewhere.example", SHOP] {
        let answer = house.send(&Letter::new(from, &house.seller_of("O1"), "Hello?\n"));
        answer.is("550 5.7.1").says("register your address");
        let heard = answer.text.to_lowercase();
        assert!(!heard.contains('@') && !heard.contains("mail.example"), "{heard}");
    }
    assert_eq!(house.messages().len(), 0, "nothing of it is archived");
}

#[test]
fn a_buyer_may_not_write_to_the_alias_that_stands_for_her() {
    let house = House::open();
    house.send(&Letter::new(JANE, &house.buyer_of("O1"), "Hello me\n")).is("550 5.7.1");
}

#[test]
fn a_registered_party_without_an_order_with_this_one_may_not_write_either() {
    let house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    let letter = Letter::new("paul@post.example", &house.seller_of("O1"), "Hello?\n");
    house.send(&letter).is("550 5.7.1").says("not registered");
}

#[test]
fn every_registered_address_may_write_in_any_case_and_with_any_tag_and_mail_goes_to_the_first() {
    let mut house = House::open();
    let emails = ["--email", "first@lamps.example", "--email", "second@lamps.example"];
    house.put(&[&["seller", "put", "S1", "--name", "Lamp Shop"], &emails[..]].concat());
    let asked =
        house.passes(&Letter::new("JANE.ROE+shop@Mail.Example", &house.seller_of("O1"), "Hi\n"));
    assert_eq!(asked.recipients, ["first@lamps.example"]);
    let answered = house.passes(&Letter::answering(&asked, "Second@lamps.example", "Hello."));
    assert_eq!(answered.recipients, [bare(JANE)]);
    answered.holds_nothing_of(&["lamps.example"]);
    let former = Letter::answering(&asked, SHOP, "Hello again.");
    house.send(&former).is("550 5.7.1");
}

#[test]
fn a_peer_outside_the_trusted_networks_is_refused_at_mail_whoever_it_names() {
    let house = House::open();
    let mut heard = Vec::new();
    for from in [JANE, "stranger@elsewhere.example"] {
        let letter = Letter::new(from, &house.seller_of("O1"), "Hello?\n");
        let answer = house.send_from("127.0.0.2", &letter);
        answer.is("550 5.7.26");
        assert!(!answer.transcript.contains("RCPT TO"), "at MAIL:\n{}", answer.transcript);
        heard.push(answer.text);
    }
    assert_eq!(heard[0], heard[1]);
}

#[test]
fn two_from_addresses_or_none_prove_nobody() {
    let house = House::open();
    let to = house.seller_of("O1");
    for from in ["jane.roe@mail.example, stranger@elsewhere.example", "undisclosed-recipients:;"] {
        let letter = Letter::new(JANE, &to, "Hello?\n").header("From", from);
        house.send(&letter).is("550 5.7.26").says("exactly one address");
    }
    let mut twice = Letter::new(JANE, &to, "Hello?\n");
    twice.headers.push(("From".into(), "stranger@elsewhere.example".into()));
    house.send(&twice).is("550 5.7.26");
    house.send(&Letter::new(JANE, &to, "Hello?\n").without("From")).is("550 5.7.26");
}
