//! Over 5,000 characters of new text is not a message but a book.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

/// So many characters in lines of 60, of ever new words.
fn text(characters: usize, salt: &str) -> String {
    let mut text = String::new();
    for line in 0.. {
        let words = format!("{salt} line {line} tells once more how the lamp looks in the evening");
        text.extend(words.chars().chain("............".chars()).take(59));
        text.push('\n');
        if text.len() >= characters {
            break;
        }
    }
    text.truncate(characters - 1);
    text + "x"
}

#[test]
fn it_is_refused_with_the_limit_and_the_length_found_and_archived_as_rejected() {
    let mut house = House::open();
    let answer = house.send(&Letter::new(JANE, &house.seller_of("O1"), &text(5001, "jane")));
    answer.is("550 5.7.0").says("too-long");
    let digits = answer.text.replace([',', '.'], "");
    assert!(digits.contains("5000") && digits.contains("5001"), "{}", answer.text);
    let told = house.newest();
    assert_eq!((&told["state"], &told["rules"][0]), (&"rejected".into(), &"too-long".into()));
    assert_eq!(told["delivery"], serde_json::Value::Null);
    assert_eq!(house.smarthost.rest(), [], "nothing was sent");
}

#[test]
fn five_thousand_characters_and_what_is_quoted_below_them_are_not_too_much() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), &text(4900, "jane")));
    let answer = Letter::answering(&asked, SHOP, &text(4900, "shop"));
    let answered = house.passes(&answer);
    assert!(answered.text.contains("jane line 3 tells"), "what was quoted stays");
    assert!(answered.text.len() > 9_500);
}

#[test]
fn quote_marks_alone_make_no_quotation() {
    let house = House::open();
    let quoted: String = text(5900, "never said").lines().map(|l| format!("> {l}\n")).collect();
    let letter = Letter::new(JANE, &house.seller_of("O1"), &quoted);
    house.send(&letter).is("550 5.7.0").says("too-long");
}
