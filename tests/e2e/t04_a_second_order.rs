//! Jane buys again. The aliases are the same for ever; each order is a conversation of its own.

use serde_json::Value;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, Opened};

/// O1 and ORDER-2, and a mail about each.
fn two_orders() -> (House, Opened, Opened) {
    let mut house = House::open();
    let put = ["order", "put", "ORDER-2", "--seller", "S1", "--buyer", "B1", "--item", "Oil lamp"];
    house.put(&put);
    let first = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "The brass one?\n"));
    let second = house.passes(&Letter::new(JANE, &house.seller_of("ORDER-2"), "The oil one?\n"));
    (house, first, second)
}

/// Hands it in and tells where it went: the order, and how that was found.
fn went_to(house: &mut House, letter: &Letter) -> (Value, Value) {
    house.passes(letter);
    let newest = house.newest_is("delivered");
    (newest["order"].clone(), newest["assigned"].clone())
}

fn found(order: &str, by: &str) -> (Value, Value) {
    (order.into(), by.into())
}

#[test]
fn the_same_two_people_have_the_same_two_aliases() {
    let (house, first, second) = two_orders();
    assert_eq!(first.from, second.from);
    for alias in ["seller_alias", "buyer_alias"] {
        assert_eq!(house.alias("O1", alias), house.alias("ORDER-2", alias));
    }
    let pair = house.ask(&["alias", "show", "--seller", "S1", "--buyer", "B1"]);
    assert_eq!(pair["seller_alias"], *house.alias("O1", "seller_alias"));
    assert_eq!(
        house.seller_of("ORDER-2"),
        house.alias("O1", "seller_alias").replace('@', "+order-2@")
    );
}

#[test]
fn the_tag_names_the_order_and_each_order_is_a_conversation_of_its_own() {
    let (house, first, second) = two_orders();
    assert!(first.text.contains("Order O1") && second.text.contains("Order ORDER-2"));
    assert_ne!(first.references[0], second.references[0]);
    let seen = house.messages();
    assert_eq!((&seen[0]["order"], &seen[1]["order"]), (&"O1".into(), &"ORDER-2".into()));
    assert_ne!(seen[0]["conversation"], seen[1]["conversation"]);
}

#[test]
fn an_answer_finds_its_conversation_by_its_headers_before_all_else() {
    let (mut house, first, _) = two_orders();
    let answer = Letter::answering(&first, SHOP, "Soon.").subject("Re: ORDER-2 and all else");
    assert_eq!(went_to(&mut house, &answer), found("O1", "headers"));
}

#[test]
fn without_headers_the_order_id_in_the_subject_is_enough() {
    let (mut house, first, _) = two_orders();
    let mail = Letter::new(SHOP, &first.from, "Soon.\n").subject("Re: your order (order-2).");
    assert_eq!(went_to(&mut house, &mail), found("ORDER-2", "subject"));
}

#[test]
fn without_that_the_quoted_frame_tells() {
    let (mut house, first, _) = two_orders();
    let lost =
        Letter::answering(&first, SHOP, "Soon.").without("In-Reply-To").without("References");
    let told = went_to(&mut house, &lost);
    assert_eq!(told, found("O1", "frame"));
    assert_eq!(house.newest()["proactive"], false, "the frame is a sure sign: it is an answer");
}

#[test]
fn with_nothing_at_all_it_is_the_latest_and_a_sellers_mail_is_then_proactive() {
    let (mut house, first, second) = two_orders();
    let mail = Letter::new(SHOP, &first.from, "We send it tomorrow.\n").subject("News");
    assert_eq!(went_to(&mut house, &mail), found("ORDER-2", "latest"));
    assert_eq!(house.newest()["proactive"], true);
    let mail = Letter::new(JANE, &house.alias("O1", "seller_alias"), "Fine!\n").subject("Good");
    assert_eq!(went_to(&mut house, &mail), found("ORDER-2", "latest"));
    assert!(second.text.contains("Oil lamp"));
}

#[test]
fn before_any_order_a_buyer_asks_a_question_and_a_seller_is_told_to_name_the_order() {
    let mut house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    let pair = house.ask(&["alias", "show", "--seller", "S1", "--buyer", "B2"]);
    let (seller, buyer) =
        (pair["seller_alias"].as_str().unwrap(), pair["buyer_alias"].as_str().unwrap());
    let push = Letter::new(SHOP, buyer, "Hello Paul\n");
    house.send(&push).is("550 5.7.1").says("Name the order");

    let asked =
        house.passes(&Letter::new("paul@post.example", seller, "Do you have it in blue?\n"));
    assert_eq!(asked.from_name, "Paul");
    assert!(asked.text.contains("==== Question ===="), "{}", asked.text);
    assert_eq!(house.newest()["order"], Value::Null);
    let answered = house.passes(&Letter::answering(&asked, SHOP, "Yes, in blue."));
    assert_eq!(answered.recipients, ["paul@post.example"]);
}
