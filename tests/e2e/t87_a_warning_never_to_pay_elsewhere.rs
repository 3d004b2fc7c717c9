//! A buyer's offer to pay outside goes on without numbers, under a warning in the reader's language.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

#[test]
fn a_seller_who_is_asked_for_an_account_is_warned_in_their_language() {
    let mut house = House::open();
    let put = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    house.put(&[&put[..], &["--language", "de"]].concat());
    let text = "Can I pay by bank transfer? Mine is DE89 3704 0044 0532 0130 00.\n";
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), text));
    assert!(mail.words().contains("Can I pay by bank transfer?"), "{}", mail.text);
    mail.holds_nothing_of(&["3704", "0532"]);
    let warning = "Zahlen Sie nie außerhalb von Lumo Market";
    assert!(!mail.words().contains(warning) && mail.text.contains(warning), "{}", mail.text);
    // An answer that quotes it carries neither the frame nor the warning back.
    let answer = house.passes(&Letter::answering(&mail, SHOP, "No, only at the checkout."));
    assert!(!answer.text.contains("Zahlen Sie nie"), "{}", answer.text);
    // Who only asks for a lamp is not warned.
    let plain = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Is it brass?\n"));
    assert!(!plain.text.contains(warning), "{}", plain.text);
}
