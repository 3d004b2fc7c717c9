//! One mail to several recipients: each gets a copy of its own or is told of, and the answer stands
//! for all.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare, encoded};

const BIKES: &str = "Radhaus <service@radhaus.example>";

/// A second seller, whose order O2 is Jane's too.
fn second_seller(house: &House) {
    house.put(&["seller", "put", "S2", "--name", "Radhaus", "--email", &bare(BIKES)]);
    house.put(&["order", "put", "O2", "--seller", "S2", "--buyer", "B1"]);
}

fn both(house: &House) -> String {
    format!("{},{}", house.seller_of("O1"), house.seller_of("O2"))
}

#[test]
fn each_of_two_sellers_gets_a_copy_that_shows_nothing_of_the_other() {
    let mut house = House::open();
    second_seller(&house);
    let letter = Letter::new(JANE, &both(&house), "Do you both have blue ones?\n");
    house.send(&letter).is("250 2.0.0");
    let mut copies = [house.smarthost.next(), house.smarthost.next()];
    copies.sort_by(|a, b| a.recipients.cmp(&b.recipients));
    let [shop, bikes] = &copies;
    assert_eq!((&shop.recipients, &bikes.recipients), (&vec![bare(SHOP)], &vec![bare(BIKES)]));
    assert_ne!(shop.id, bikes.id);
    assert_ne!(shop.from, bikes.from, "nobody can find out that they share a buyer");
    let (to_shop, to_bikes) =
        (house.alias("O1", "seller_alias"), house.alias("O2", "seller_alias"));
    for (copy, others) in [(shop, [&bikes.id, &to_bikes]), (bikes, [&shop.id, &to_shop])] {
        for other in others {
            copy.holds_nothing_of(&[other]);
        }
    }
    let orders: Vec<String> =
        house.messages().iter().map(|m| m["order"].as_str().unwrap().to_owned()).collect();
    assert_eq!(orders, ["O1", "O2"]);
}

#[test]
fn who_is_refused_beside_one_that_was_accepted_is_told_of_in_a_notice_once() {
    let mut house = House::open();
    second_seller(&house);
    let pair = ["--seller", "S2", "--buyer", "B1"];
    house.put(&[&["order", "put", "O2", "--status", "cancelled"], &pair[..]].concat());
    let letter = Letter::new(JANE, &both(&house), "Do you both have blue ones?\n");
    house.send(&letter).is("250 2.0.0");
    let mut out = [house.smarthost.next(), house.smarthost.next()];
    out.sort_by(|a, b| a.recipients.cmp(&b.recipients));
    let [copy, notice] = &out;
    assert_eq!((&copy.recipients, &notice.recipients), (&vec![bare(SHOP)], &vec![bare(JANE)]));
    assert_eq!(notice.envelope_from, "");
    assert_eq!(notice.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(notice.header("In-Reply-To"), Some(letter.id()));
    assert!(notice.text.contains("This order is closed."), "{}", notice.text);
    assert!(notice.text.contains(&house.seller_of("O2")), "{}", notice.text);
    notice.holds_nothing_of(&["radhaus.example"]);

    // The same mail again, because the answer was not seen: nothing new for anybody.
    house.send(&letter).is("250 2.0.0");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn what_a_rule_found_stands_in_the_notice_in_the_senders_own_words() {
    let house_with = (
        "[policy]\nmode = \"enforce\"\n",
        "[policy]\nmode = \"enforce\"\n[policy.rules.phone-number]\nbuyer_to_seller = \"reject\"\n",
    );
    let mut house = House::open_with(&[house_with]);
    let to = format!("{},postmaster@alias.example", house.seller_of("O1"));
    let letter = Letter::new(JANE, &to, "Call me: +49 30 901820\n");
    // No postmaster is set: that recipient is refused at RCPT, and nobody is left but the seller.
    house.send(&letter);
    assert_eq!(house.newest()["state"], "rejected");
    assert_eq!(house.smarthost.rest(), [], "a refusal in the session needs no notice");

    second_seller(&house);
    let letter = Letter::new(JANE, &both(&house), "Call me: +49 30 901820\n");
    house.send(&letter).is("550 5.7.0").says("phone-number");
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "where all are refused the answer says it");
}

#[test]
fn a_machine_is_told_nothing() {
    let mut house = House::open();
    second_seller(&house);
    let pair = ["--seller", "S2", "--buyer", "B1"];
    house.put(&[&["order", "put", "O2", "--status", "cancelled"], &pair[..]].concat());
    let letter =
        Letter::new(JANE, &both(&house), "I am away.\n").header("Auto-Submitted", "auto-replied");
    house.send(&letter).is("250 2.0.0");
    assert_eq!(house.smarthost.next().recipients, [bare(SHOP)]);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

/// A second buyer of the shop's.
fn second_buyer(house: &House) {
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["order", "put", "O3", "--seller", "S1", "--buyer", "B2"]);
}

#[test]
fn a_notice_that_does_not_come_is_no_answer_to_a_guess() {
    let strict = (
        "[policy]\nmode = \"enforce\"\n",
        "[policy]\nmode = \"enforce\"\n[policy.rules.email-address]\nseller_to_buyer = \"reject\"\n",
    );
    let mut house = House::open_with(&[strict]);
    second_buyer(&house);
    // Only what goes to Jane is too much: Paul's is gone when it is looked at.
    house.put(&["order", "put", "O1", "--seller", "S1", "--buyer", "B1", "--status", "cancelled"]);
    for guess in ["jane.roe\u{ff20}mail.example", "joan.roe\u{ff20}mail.example"] {
        let to = format!("{},{}", house.buyer_of("O3"), house.buyer_of("O1"));
        let letter = Letter::new(SHOP, &to, "It leaves tomorrow.\n").subject(&encoded(guess));
        house.send(&letter);
        house.settle();
    }
    // Both were refused to both, in the same words: neither of them says more than the other.
    assert_eq!(house.smarthost.rest(), []);
    for guess in ["jane.roe (at) mail.example", "joan.roe (at) mail.example"] {
        let to = format!("{},{}", house.buyer_of("O3"), house.buyer_of("O1"));
        let letter = Letter::new(SHOP, &to, "It leaves tomorrow.\n")
            .header("From", &format!("\"{guess}\" <{}>", bare(SHOP)));
        house.send(&letter).is("250 2.0.0");
        let mut out = [house.smarthost.next(), house.smarthost.next()];
        out.sort_by(|a, b| a.recipients.cmp(&b.recipients));
        assert_eq!(out[0].recipients, [bare(SHOP)], "the notice comes for either guess");
    }
}

#[test]
fn a_deleted_buyer_is_told_of_as_a_closed_one_is() {
    let mut house = House::open();
    second_buyer(&house);
    let to = format!("{},{}", house.buyer_of("O1"), house.buyer_of("O3"));
    house.put(&["buyer", "delete", "B2"]);
    house.send(&Letter::new(SHOP, &to, "It leaves tomorrow.\n")).is("250 2.0.0");
    let mut out = [house.smarthost.next(), house.smarthost.next()];
    out.sort_by(|a, b| a.recipients.cmp(&b.recipients));
    assert!(out[0].text.contains("This person can't be reached here."), "{}", out[0].text);
}

#[test]
fn a_refusal_beside_the_postmaster_is_said_in_the_session() {
    let named = (
        "marketplace = \"Lumo Market\"\n",
        "marketplace = \"Lumo Market\"\npostmaster = \"ops@market.example\"\n",
    );
    let mut house = House::open_with(&[named]);
    let to = format!("{},postmaster@alias.example", house.seller_of("O1"));
    let stranger = Letter::new("Eve <eve@elsewhere.example>", &to, "Hello?\n");
    house.send(&stranger).is("550 5.7.1");
    assert_eq!(house.smarthost.next().recipients, ["ops@market.example"]);
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "and no mail goes to a stranger");
}

#[test]
fn the_answer_where_all_are_refused_is_the_one_that_helps() {
    let house = House::open();
    second_seller(&house);
    house.put(&["seller", "close", "S2"]);
    let long = "word ".repeat(1200);
    for to in [both(&house), format!("{},{}", house.seller_of("O2"), house.seller_of("O1"))] {
        house.send(&Letter::new(JANE, &to, &long)).is("550 5.7.0").says("shorter");
    }
}

#[test]
fn a_mail_without_an_id_that_comes_again_is_the_same_mail() {
    let mut house = House::open();
    let letter = Letter::new(JANE, &house.seller_of("O1"), "Hello?\n").without("Message-ID");
    house.passes(&letter);
    house.send(&letter).is("250 2.0.0");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}
