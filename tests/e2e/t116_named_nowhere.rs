//! A marketplace that wants no buyer named at all: not in what the buyer writes either.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;
use crate::parcel::{File, files, parcel};

const ASKED: &str = "Please engrave it:\nJane Roe\nI am jane.roe everywhere.\nThanks\n";

#[test]
fn a_buyer_can_give_a_name_unless_the_marketplace_hides_it_everywhere() {
    let mut house = House::open();
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), ASKED));
    assert_eq!(mail.words(), ASKED.trim_end());

    let everywhere = ("[delivery]\n", "[buyers]\nhide_name = \"everywhere\"\n\n[delivery]\n");
    let mut house = House::open_with(&[everywhere]);
    let note = File::new("note.txt", "text/plain; charset=utf-8", "For Jane Roe, please.\r\n");
    let letter = Letter::new(JANE, &house.seller_of("O1"), ASKED).subject("A lamp for Jane Roe");
    let mail = house.passes(&parcel(letter, &[note]));
    assert_eq!(mail.words(), "Please engrave it:\nJane\nI am Jane everywhere.\nThanks");
    assert_eq!(mail.header("Subject"), Some("A lamp for Jane"));
    let [(_, _, note)] = &files(&mail)[..] else { panic!("one file: {}", mail.text) };
    assert_eq!(String::from_utf8_lossy(note).trim_end(), "For Jane, please.");
    mail.holds_nothing_of(&["Roe"]);

    // In HTML too.
    let html = "<p>Please engrave: <b>Jane</b> <i>Roe</i></p>";
    let letter = Letter::new(JANE, &house.seller_of("O1"), "")
        .header("Content-Type", "text/html; charset=utf-8")
        .body(html.as_bytes());
    let formatted = house.passes(&letter);
    assert!(formatted.html.contains("Please engrave:"), "{}", formatted.html);
    formatted.holds_nothing_of(&["Roe"]);

    // It is buyers whom it hides: a shop signs with its name.
    let answer = house.passes(&Letter::answering(&mail, SHOP, "Done.\n\nLamp Shop\n"));
    assert!(answer.words().starts_with("Done.\n\nLamp Shop\n"), "{}", answer.words());
}
