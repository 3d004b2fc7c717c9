//! Whoever is refused learns at once all that is to be changed, and is not struck for a try that
//! still holds some of it.

use crate::house::{House, SHOP};
use crate::letter::{Letter, bare};

#[test]
fn one_refusal_names_everything_and_the_corrected_mail_is_no_second_violation() {
    let mut house = House::open();
    for n in 2..=3 {
        house.put(&["order", "put", &format!("O{n}"), "--seller", "S1", "--buyer", "B1"]);
    }
    let asks = "Please leave us a five star review on the product page.\nOr call 030 901820.\n";
    let first = Letter::new(SHOP, &house.buyer_of("O2"), asks);
    let answer = house.send(&first);
    let lines: Vec<&str> = answer.text.lines().collect();
    assert!(lines[0].contains("(review-solicitation in the text: "), "{lines:?}");
    assert!(lines[1].contains("(phone-number in the text: \"030 901820\")"), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(house.smarthost.told().text.contains("no further consequence"));
    // A second one elsewhere counts; what comes after it in its place is a try to mend it.
    let second = "Do leave us a five star review on the product page, please.\n";
    house.send(&Letter::new(SHOP, &house.buyer_of("O3"), second)).is("550 5.7.0");
    assert!(house.smarthost.told().text.contains("counts as a strike"));
    let third = "Would you give us a five star review on the product page?\n";
    house.send(&Letter::new(SHOP, &house.buyer_of("O3"), third)).is("550 5.7.0");
    let health = house.ask(&["account", "health", "S1"]);
    let why: Vec<_> = health["violations"].as_array().unwrap().iter().rev().collect();
    let why: Vec<_> = why.iter().map(|v| (v["rule"].as_str().unwrap(), &v["no_strike"])).collect();
    assert_eq!(
        why,
        [
            ("phone-number", &"first".into()),
            ("review-solicitation", &"first".into()),
            ("review-solicitation", &serde_json::Value::Null),
            ("review-solicitation", &"retry".into()),
        ]
    );
    let said = house.put(&["account", "health", "S1"]);
    assert!(said.contains("score       2.00, of 2 strikes and 0 messages in 30 days"), "{said}");
}

#[test]
fn words_that_a_reply_can_not_write_are_spelled_or_told_by_their_line() {
    let mut house = House::open();
    let put = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    house.put(&[&put[..], &["--language", "de"]].concat());
    let german = "Guten Tag,\nüber fünf Sterne für unser Geschäft würden wir uns sehr freuen.\n";
    let answer = house.send(&Letter::new(SHOP, &house.buyer_of("O1"), german));
    answer.is("550 5.7.0").says("review-solicitation im text: \"").says("fuer unser geschaeft");
    assert!(answer.text.is_ascii() && !answer.text.contains('?'), "{}", answer.text);
    house.put(&[&put[..], &["--language", "ja"]].concat());
    let japanese = "お世話になっております。\n\n星5つの高評価レビューをお願いします。\n";
    let answer = house.send(&Letter::new(SHOP, &house.buyer_of("O1"), japanese));
    answer.is("550 5.7.0").says("(review-solicitation in the text, line 3)");
    assert!(!answer.text.contains('?'), "{}", answer.text);
    house.settle();
    let _ = house.smarthost.rest();
}

#[test]
fn an_account_without_a_strike_has_the_score_of_none() {
    let house = House::open();
    let said = house.put(&["account", "health", "S1"]);
    assert!(said.contains("score       0.00, of 0 strikes and 0 messages in 30 days"), "{said}");
    assert_eq!(house.ask(&["account", "health", "S1"])["score"].to_string(), "0.0");
}
