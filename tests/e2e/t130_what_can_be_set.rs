//! How much is too much, what those are told whom a rule of Bauta's own finds, and what counts as a
//! strike: the marketplace decides.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const SET: &str = r#"
[account_health]
explained_for = "1m"
strike_every = "1m"
volume = 1

[policy.rules.too-long]
message = { en = "Write less than a page", de = "Schreiben Sie weniger als eine Seite" }

[policy.rules.phone-number]
seller_to_buyer = "reject"
message = { en = "Our hotline calls for you" }

[policy]
max_characters = 300
"#;

#[test]
fn limits_and_words_of_ones_own_are_what_a_sender_meets() {
    let mut house = House::open_with(&[("[policy]\n", SET)]);
    let page = "The lamp glows warmly in the evening and we like it. ".repeat(6);
    let answer = house.send(&Letter::new(JANE, &house.seller_of("O1"), &format!("{page}\n")));
    answer.is("550 5.7.0").says("Write less than a page (too-long").says("limit 300 characters");
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), &format!("{}\n", &page[..280])));
    // In the sender's language, else in English; in the reply and in the notice.
    let put = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    house.put(&[&put[..], &["--language", "de"]].concat());
    let page = "Die Lampe leuchtet am Abend warm, und das freut uns sehr. ".repeat(6);
    let long = Letter::new(SHOP, &house.buyer_of("O1"), &format!("{page}\n"));
    house.send(&long).is("550 5.7.0").says("Schreiben Sie weniger als eine Seite (too-long");
    let call = Letter::new(SHOP, &house.buyer_of("O1"), "Rufen Sie an: 030 901820\n");
    house.send(&call).is("550 5.7.0").says("Our hotline calls for you (phone-number im Text");
    let notice = house.smarthost.told();
    assert!(notice.text.contains("Our hotline calls for you."), "{}", notice.text);
}
