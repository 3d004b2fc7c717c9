//! Jane asks the lamp shop when her lamp arrives. The shop learns that "Jane" asks about order O1,
//! and nothing else.

use crate::house::{House, JANE, SHOP, python_reads};
use crate::letter::{Letter, Opened, bare};

/// What Jane's mail program tells of her.
const TELLTALE: [&str; 12] = [
    "jane.roe@mail.example",
    "jane.roe",
    "mail.example",
    "Jane Roe",
    "192.0.2.44",
    "ExampleMail",
    "janes-laptop",
    "Roe Industries",
    "cc-friend@other.example",
    "thread-index-value",
    "+0100",
    "letter-",
];

fn question(house: &House) -> Letter {
    Letter::new(
        JANE,
        &house.seller_of("O1"),
        "Hello,\n\nwhen does my brass lamp arrive? It is a present for Sunday.\n\nThank you\nJane\n\n-- \nJane Roe\njane.roe@mail.example\n",
    )
    .subject("When does it arrive?")
    .header("Received", "from janes-laptop (unknown [192.0.2.44]) by mx.mail.example")
    .header("X-Originating-IP", "[192.0.2.44]")
    .header("User-Agent", "ExampleMail 5.1")
    .header("X-Mailer", "ExampleMail")
    .header("Sender", "jane.roe@mail.example")
    .header("Reply-To", "jane.roe@mail.example")
    .header("Return-Path", "<jane.roe@mail.example>")
    .header("Cc", "cc-friend@other.example")
    .header("Organization", "Roe Industries")
    .header("Thread-Index", "thread-index-value")
    .header("Disposition-Notification-To", "jane.roe@mail.example")
    .header("List-Unsubscribe", "<mailto:jane.roe@mail.example>")
    .header("Autocrypt", "addr=jane.roe@mail.example; keydata=AAAA")
    .header("DKIM-Signature", "v=1; d=mail.example; s=x; b=AAAA")
    .header("X-Anything", "jane.roe@mail.example")
}

fn at_the_shop(house: &mut House) -> Opened {
    let question = question(house);
    house.passes(&question)
}

#[test]
fn her_question_reaches_the_shop_s_own_mailbox_in_the_name_of_an_alias() {
    let mut house = House::open();
    let mail = at_the_shop(&mut house);
    assert_eq!(mail.recipients, [bare(SHOP)]);
    assert_eq!(
        (mail.from.as_str(), mail.from_name.as_str()),
        (&*house.alias("O1", "buyer_alias"), "Jane")
    );
    assert_eq!(mail.subject, "When does it arrive?");
    assert!(mail.words().starts_with(
        "Hello,\n\nwhen does my brass lamp arrive? It is a present for Sunday.\n\nThank you\nJane"
    ));
    assert!(mail.text.contains("Order O1") && mail.text.contains("Brass lamp"), "{}", mail.text);
    let told = house.newest_is("delivered");
    assert_eq!(told["direction"], "buyer-to-seller");
    assert_eq!(told["assigned"], "tag");
}

#[test]
fn nothing_of_her_passes_but_her_words_and_her_first_name() {
    let mut house = House::open();
    let mail = at_the_shop(&mut house);
    mail.holds_nothing_of(&TELLTALE);
}

#[test]
fn the_header_is_exactly_the_allow_list() {
    let mut house = House::open();
    let mail = at_the_shop(&mut house);
    assert_eq!(
        mail.header_names(),
        [
            "Content-Transfer-Encoding",
            "Content-Type",
            "Date",
            "From",
            "MIME-Version",
            "Message-ID",
            "References",
            "Reply-To",
            "Subject",
            "To",
        ]
    );
    assert!(mail.header("Date").unwrap().ends_with(" +0000"));
    assert!(mail.header("Reply-To").unwrap().contains(&house.alias("O1", "buyer_alias")));
    assert!(mail.id.ends_with("@alias.example>"), "{}", mail.id);
    assert!(mail.raw.is_ascii(), "7-bit, so that no server on the way has to change it");
}

#[test]
fn a_failure_would_come_back_to_a_bounce_address_of_ours() {
    let mut house = House::open();
    let first = at_the_shop(&mut house);
    let second = at_the_shop(&mut house);
    let alias = house.alias("O1", "buyer_alias");
    for mail in [&first, &second] {
        assert!(mail.envelope_from.ends_with("@alias.example"), "{}", mail.envelope_from);
        assert_ne!(mail.envelope_from, alias);
    }
    assert_ne!(first.envelope_from, second.envelope_from, "one for each delivery");
    assert_ne!(first.id, second.id);
}

#[test]
fn another_mail_library_sees_the_same_and_no_more() {
    let mut house = House::open();
    let mail = at_the_shop(&mut house);
    let seen = python_reads(&mail.raw, house.dir.path());
    assert_eq!(seen["parts"], serde_json::json!(["text/plain"]));
    assert_eq!(seen["defects"], serde_json::json!([]));
    assert_eq!(seen["utc_offset"], 0.0);
    assert!(seen["text"].as_str().unwrap().contains("It is a present for Sunday."));
    let all = seen.to_string().to_lowercase();
    for secret in TELLTALE {
        assert!(!all.contains(&secret.to_lowercase()), "{secret:?} stands in\n{all}");
    }
}
