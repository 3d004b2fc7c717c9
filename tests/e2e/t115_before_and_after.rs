//! Whoever must explain a decision sees the mail before and after, what was removed, and why.

use std::fs;

use crate::house::{House, JANE, Ran, SHOP};
use crate::letter::Letter;

const SAID: &str = "Hello,\nring me at +44 20 7946 0958 before Friday.\nOr write jane.roe@mail.example\n\n\
    On Mon, 23 Nov 2026, Lamp Shop wrote to jane.roe@mail.example:\n> When are you at home?\n> ==== Order O1 ====\n\
    > Lamp Shop writes to you. (Brass lamp)\n> To answer, just reply to this mail. Example Market \
    passes your answer on; neither side sees the other's address.\n> ====================\n";

/// What `policy check --show` says on a page so wide.
fn shown(house: &mut House, letter: &Letter, options: &[&str], columns: &str) -> Ran {
    let file = house.dir.path().join("mail.eml");
    fs::write(&file, letter.bytes()).unwrap();
    house.environment = vec![("COLUMNS", columns.to_owned())];
    let check = ["policy", "check", file.to_str().unwrap(), "--show"];
    let ran = house.bauta(&[&check, options].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

const FROM_BUYER: [&str; 2] = ["--direction", "buyer-to-seller"];

/// The two columns of the line that holds these words on its left.
fn beside<'a>(page: &'a str, words: &str, column: usize) -> (&'a str, &'a str) {
    let line = page.lines().find(|line| line.starts_with(words));
    let line = line.unwrap_or_else(|| panic!("{words:?} in\n{page}"));
    line.split_at_checked(column).unwrap_or((line, ""))
}

#[test]
fn before_and_after_stand_side_by_side_with_what_was_removed_and_why() {
    let mut house = House::closed();
    let letter = Letter::new(JANE, "alias@alias.example", SAID).header("X-Mailer", "JanesMail");
    let page = shown(&mut house, &letter, &FROM_BUYER, "123").out;
    for (left, right) in [
        ("--- before", "   --- after"),
        ("From: Jane Roe <jane.roe@mail.example>", " | From: Buyer <buyer-alias@alias.example>"),
        ("Subject: A question about my lamp", "   Subject: A question about my lamp"),
        ("Hello,", "   Hello,"),
        ("ring me at +44", " | ring me at [removed: phone number] before Friday."),
        ("Or write jane", " | Or write [removed: e-mail address]"),
        ("> When are you at home?", "   > When are you at home?"),
        ("> ==== Order O1", " <"),
    ] {
        assert_eq!(beside(&page, left, 60).1, right, "{page}");
    }
    for reason in [
        "text, line 2: \"+44 20 7946 0958\" -> \"[removed: phone number]\": rule phone-number",
        "text, line 3: \"jane.roe@mail.example\" -> \"[removed: e-mail address]\": rule email-address",
        "text, line 5: \"jane.roe@mail.example\" -> \"[removed: e-mail address]\": rule email-address",
        "our own block below an earlier mail, quoted back",
        "header fields that do not go out, for none but the needed ones are written: X-Mailer",
    ] {
        assert!(page.contains(reason), "{reason:?} in\n{page}");
    }
}

#[test]
fn a_mail_that_is_refused_shows_where_and_by_which_rule() {
    let mut house = House::closed();
    let text = "Your lamp is on its way.\nPlease leave us a positive review!\n";
    let letter = Letter::new(SHOP, "alias@alias.example", text);
    let from_seller = ["--direction", "seller-to-buyer"];
    let page = shown(&mut house, &letter, &from_seller, "120").out;
    assert!(page.starts_with("reject\n"), "{page}");
    assert!(page.contains("nothing: it is rejected"), "{page}");
    assert_eq!(beside(&page, "Please leave us", 58).1.trim(), "!", "{page}");
    assert!(
        page.contains("text, line 2: ") && page.contains(": rule review-solicitation: "),
        "{page}"
    );
}

#[test]
fn a_narrow_page_has_one_above_the_other_and_programs_get_one_object() {
    let mut house = House::closed();
    let letter = Letter::new(JANE, "alias@alias.example", SAID);
    let page = shown(&mut house, &letter, &FROM_BUYER, "60").out;
    let (before, after) = page.split_once("\n--- after\n").unwrap();
    assert!(before.contains("ring me at +44 20 7946 0958 before Friday.\n"), "{page}");
    assert!(after.contains("ring me at [removed: phone number] before Friday.\n"), "{page}");
    let ran = shown(&mut house, &letter, &[FROM_BUYER[0], FROM_BUYER[1], "--json"], "60");
    let json = ran.json();
    assert_eq!(json["action"], "redact");
    assert!(json["before"]["text"].as_str().unwrap().contains("+44 20 7946 0958"));
    assert!(json["after"]["text"].as_str().unwrap().contains("[removed: phone number]"));
    assert_eq!(json["changes"][0]["words"], "+44 20 7946 0958");
    assert_eq!(json["changes"][0]["why"], "rule phone-number: phone number");
}
