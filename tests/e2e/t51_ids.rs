//! What mail programs do with ids: one mail for two shops, one id for two mails, none at all.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const OTHER: &str = "Oil Shop <help@oil.example>";

fn two_shops() -> House {
    let house = House::open();
    house.put(&["seller", "put", "S2", "--name", "Oil Shop", "--email", &bare(OTHER)]);
    house.put(&["order", "put", "O2", "--seller", "S2", "--buyer", "B1", "--item", "Oil lamp"]);
    house
}

#[test]
fn one_mail_for_two_shops_shows_neither_the_others_id() {
    let mut house = two_shops();
    let (lamp, oil) = (house.seller_of("O1"), house.seller_of("O2"));
    let both = Letter::new(JANE, &lamp, "Which of you has it in blue?\n").header("Cc", &oil);
    let at_lamp = house.passes(&both);
    let at_oil = house.passes(&Letter { to: oil.clone(), ..both.clone() });
    assert_ne!(at_lamp.id, at_oil.id);
    assert_ne!(at_lamp.from, at_oil.from, "she has an alias for each");
    assert_ne!(at_lamp.references, at_oil.references);
    at_lamp.holds_nothing_of(&[both.id(), &at_oil.id, &at_oil.from, &oil, "oil.example"]);
    at_oil.holds_nothing_of(&[both.id(), &at_lamp.id, &at_lamp.from, &lamp, "lamps.example"]);

    // Each answers, and names to her the one mail that she wrote.
    for (mail, shop) in [(&at_lamp, SHOP), (&at_oil, OTHER)] {
        let answer = house.passes(&Letter::answering(mail, shop, "I do."));
        assert_eq!(answer.in_reply_to, [both.id()]);
    }
    // What one shop knows the other's mail by leads nowhere there.
    let crossed = Letter::answering(&at_lamp, SHOP, "And in red.")
        .header("In-Reply-To", &at_oil.id)
        .header("References", &at_oil.id);
    let crossed = house.passes(&crossed);
    assert!(!crossed.references.contains(&at_oil.id), "{:?}", crossed.references);
}

#[test]
fn an_id_that_is_used_again_is_a_fresh_one_for_its_reader() {
    let mut house = House::open();
    let first = Letter::new(JANE, &house.seller_of("O1"), "Is it brass?\n");
    let one = house.passes(&first);
    let second = first.clone().body(b"Is it heavy?\r\n");
    let two = house.passes(&second);
    assert_ne!(one.id, two.id);
    let answer = house.passes(&Letter::answering(&two, SHOP, "Very."));
    assert_eq!(answer.in_reply_to, [first.id()], "she knows both by this");
}

#[test]
fn a_mail_that_refers_to_nothing_is_about_what_the_correspondence_is_about() {
    let mut house = House::open();
    let to = house.seller_of("O1");
    let first = house.passes(&Letter::new(JANE, &to, "When?\n").subject("My lamp: [A-7] when?"));
    let bare = Letter::new(JANE, &to, "And how?\n").without("Subject");
    let second = house.passes(&bare);
    assert_eq!(second.subject, "Re: My lamp: [A-7] when?");
    assert_eq!(second.in_reply_to, [first.id.as_str()]);
    let own = Letter::new(JANE, &to, "And why?\n").subject("AW: Re:  two  spaces (=?x) 50%");
    let third = house.passes(&own);
    assert_eq!(third.subject, "AW: Re:  two  spaces (=?x) 50%", "to the character");
    assert_eq!(third.in_reply_to, [second.id.as_str()]);
}
