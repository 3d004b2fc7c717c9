//! Addresses outside ASCII: SMTPUTF8 where the part before the @ needs it (RFC 6531), and a domain
//! in its ASCII form everywhere else.

use crate::house::{House, SHOP};
use crate::letter::{Letter, Opened, bare};
use crate::wire::Wire;

const YOSHIO: &str = "佳男 <佳男@例え.example>";

fn register(house: &House, address: &str) {
    house.put(&["buyer", "put", "B1", "--name", "山田 佳男", "--email", address]);
}

/// Hands a letter in as a client that knows SMTPUTF8.
fn hand_in(house: &House, letter: &Letter) -> String {
    let mut wire = Wire::open(house.relay).unwrap();
    assert!(wire.say("EHLO client.example").unwrap().contains("SMTPUTF8"));
    let mail = wire.say(&format!("MAIL FROM:<{}> BODY=8BITMIME SMTPUTF8", letter.sender)).unwrap();
    assert!(mail.starts_with("250"), "{mail}");
    let rcpt = wire.say(&format!("RCPT TO:<{}>", letter.to)).unwrap();
    assert!(rcpt.starts_with("250"), "{rcpt}");
    assert!(wire.say("DATA").unwrap().starts_with("354"));
    let mail = String::from_utf8(letter.on_the_wire()).unwrap();
    wire.say(mail.strip_suffix("\r\n").unwrap()).unwrap()
}

fn asks_and_is_answered(house: &mut House, from: &str) -> Opened {
    let letter = Letter::new(from, &house.seller_of("O1"), "青いのはありますか。\n");
    let answer = hand_in(house, &letter);
    assert!(answer.starts_with("250"), "{answer}");
    let asked = house.smarthost.next();
    assert_eq!(asked.recipients, [bare(SHOP)]);
    assert!(asked.raw.is_ascii(), "nothing on the seller's side needs SMTPUTF8");
    asked.holds_nothing_of(&["佳男", "例え.example", "xn--r8jz45g"]);
    house.passes(&Letter::answering(&asked, SHOP, "Yes, in blue too."))
}

#[test]
fn a_buyer_with_such_an_address_writes_and_is_answered() {
    let mut house = House::open();
    register(&house, &bare(YOSHIO));
    let answer = asks_and_is_answered(&mut house, YOSHIO);
    assert_eq!(answer.recipients, ["佳男@xn--r8jz45g.example"]);
}

#[test]
fn a_domain_is_the_same_in_both_of_its_forms() {
    let mut house = House::open();
    register(&house, "yoshio@例え.example");
    let answer = asks_and_is_answered(&mut house, "Y <yoshio@xn--r8jz45g.example>");
    assert_eq!(answer.recipients, ["yoshio@xn--r8jz45g.example"]);
    assert!(answer.raw.is_ascii());
}
