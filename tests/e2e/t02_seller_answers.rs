//! The shop just hits reply.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const OWN_ID: &str = "<CAF=Weird+ID.1%x$y@Mail.EXAMPLE>";
const SUBJECT: &str = "Größe der Lampe – 50 % „Messing“? ランプ [#12] =?not?= Fw: x";

fn a_question(house: &House) -> Letter {
    Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n")
        .header("Message-ID", OWN_ID)
        .subject("=?utf-8?B?R3LDtsOfZSBkZXIgTGFtcGUg4oCTIDUwICUg4oCeTWVzc2luZ+KAnD8g44Op44Oz44OXIFsjMTJdID0/bm90Pz0gRnc6IHg=?=")
}

#[test]
fn her_own_message_id_comes_back_to_jane_exactly_and_the_subject_keeps_every_character() {
    let mut house = House::open();
    let question = a_question(&house);
    let asked = house.passes(&question);
    assert_eq!(asked.subject, SUBJECT);
    asked.holds_nothing_of(&[OWN_ID, "weird+id"]);

    let answer = Letter::answering(&asked, SHOP, "On Thursday.");
    let answered = house.passes(&answer);
    assert_eq!(answered.recipients, [bare(JANE)]);
    assert_eq!(answered.in_reply_to, [OWN_ID]);
    assert_eq!(answered.references.last().unwrap(), OWN_ID);
    assert_eq!(answered.subject, format!("Re: {SUBJECT}"));
    let (from, name) = (house.alias("O1", "seller_alias"), "Lamp Shop");
    assert_eq!((answered.from.as_str(), answered.from_name.as_str()), (from.as_str(), name));
    answered.holds_nothing_of(&["cs@lamps.example", "lamps.example", answer.id()]);
    let told = house.newest_is("delivered");
    assert_eq!((&told["proactive"], &told["assigned"]), (&false.into(), &"headers".into()));
}

#[test]
fn the_phone_number_is_gone_and_the_archive_says_which_words_were_found() {
    let mut house = House::open();
    let question = a_question(&house);
    let asked = house.passes(&question);
    let text = "It is on the van. Call me directly: +44 20 7946 0958.\n\nMarta";
    let answered = house.passes(&Letter::answering(&asked, SHOP, text));
    answered.holds_nothing_of(&["7946", "0958"]);
    assert!(
        answered
            .words()
            .starts_with("It is on the van. Call me directly: [removed: phone number]."),
        "{}",
        answered.text
    );
    let told = house.newest_is("delivered");
    assert_eq!((&told["action"], &told["rules"][0]), (&"redact".into(), &"phone-number".into()));
    let shown = house.ask(&["message", "show", told["id"].as_str().unwrap()]);
    assert_eq!(shown["verdict"]["findings"][0]["words"], "+44 20 7946 0958");
    // What the buyer may read again in the archive holds no more than the mail did.
    let view = shown["views"]["recipient"].as_str().unwrap();
    assert!(!view.contains("7946") && !view.contains("cs@lamps.example"), "{view}");
    assert!(!view.contains("jane.roe"), "both sides of a view are aliases: {view}");
}

#[test]
fn each_side_reads_the_frame_in_its_own_language_and_it_never_piles_up() {
    let mut house = House::open();
    let language = ["--language", "de", "--email", &bare(SHOP)];
    house.put(&[&["seller", "put", "S1", "--name", "Lamp Shop"], &language[..]].concat());
    let mut mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n"));
    assert!(mail.text.contains("Jane schreibt Ihnen."), "{}", mail.text);
    for (writer, round) in [(SHOP, "one"), (JANE, "two"), (SHOP, "three"), (JANE, "four")] {
        mail = house.passes(&Letter::answering(&mail, writer, round));
        assert_eq!(mail.text.matches("====================").count(), 1, "{}", mail.text);
        let heads = ["Order O1", "Bestellung O1"].map(|head| mail.text.matches(head).count());
        assert_eq!(heads, if writer == SHOP { [1, 0] } else { [0, 1] }, "{}", mail.text);
    }
}
