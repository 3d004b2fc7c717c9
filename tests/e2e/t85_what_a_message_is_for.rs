//! What a seller may write unasked, and what an answer may say.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

/// A house in which every kind of message is judged.
fn house() -> House {
    House::open_with(&[(".seller_to_buyer = \"allow\"", ".seller_to_buyer = \"reject\"")])
}

#[test]
fn what_nobody_asked_for_and_nobody_needs_is_refused_by_its_name() {
    let house = house();
    let buyer = house.buyer_of("O1");
    let unasked = |text: &str, rule: &str| {
        house.send(&Letter::new(SHOP, &buyer, text)).is("550 5.7.0").says(rule);
    };
    unasked("Thank you so much for your order, we hope you love it!\n", "thank-you-only");
    unasked("Your lamp was dispatched today and arrives on Friday.\n", "shipping-confirmation");
    unasked("If you have any problem with the lamp, please contact us.\n", "service-offer");
    unasked("We wish you and your family a merry Christmas.\n", "unsolicited");
    unasked("Please leave us a review, it helps our small shop a lot.\n", "review-solicitation");
    unasked("Our new collection has arrived, come and have a look at our shop!\n", "promotion");
}

#[test]
fn what_the_order_needs_passes_and_so_does_what_was_asked() {
    let mut house = house();
    let needed = "Which text shall we engrave on the lamp? We start as soon as you tell us.\n";
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), needed));
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Where is my lamp?\n"));
    let news = "Your lamp was dispatched today and arrives on Friday.";
    house.passes(&Letter::answering(&asked, SHOP, news));
}

#[test]
fn an_answer_to_what_the_buyer_asked_is_no_advertising() {
    let mut house = house();
    let offer = "For ten lamps there is 10% off, just use the code TENLAMPS at checkout.";
    let other = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Is it made of brass?\n"));
    house.send(&Letter::answering(&other, SHOP, offer)).is("550 5.7.0").says("promotion");
    let asked = Letter::new(JANE, &house.seller_of("O1"), "Is there a discount for ten lamps?\n");
    let asked = house.passes(&asked);
    house.passes(&Letter::answering(&asked, SHOP, offer));
}

#[test]
fn what_is_too_short_or_in_no_known_language_waits_for_a_person() {
    let mut house = house();
    let buyer = house.buyer_of("O1");
    for text in ["Thanks!\n", "Vi har skickat din lampa och den kommer fram hos dig på fredag.\n"]
    {
        house.send(&Letter::new(SHOP, &buyer, text)).is("250");
        assert_eq!(house.newest()["state"], "held", "{text}");
    }
    house.may_leave_mail_waiting = true;
}

#[test]
fn only_a_message_that_can_not_wait_may_be_marked_as_important() {
    let mut house = house();
    let buyer = house.buyer_of("O1");
    let invoice = Letter::new(SHOP, &buyer, "Please find the invoice for your order attached.\n");
    let invoice = invoice.subject("[Important] Your invoice");
    house.send(&invoice).is("550 5.7.0").says("important-misuse");
    let address = "The house number is missing in your address. Could you please tell us?\n";
    house.passes(&Letter::new(SHOP, &buyer, address).subject("[Important] Your address"));
}
