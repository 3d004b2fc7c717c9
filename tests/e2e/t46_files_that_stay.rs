//! Files that may not go: a seller's mail is refused with the reason, a buyer's goes on without
//! them and says so.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;
use crate::parcel::{File, cleaned_photograph, files, parcel, pdf, zip};

fn docx() -> Vec<u8> {
    zip(&[("[Content_Types].xml", b"<Types/>", 0), ("word/document.xml", b"<w:document/>", 0)])
}

#[test]
fn a_buyers_mail_goes_on_without_the_file_and_says_so_in_the_readers_language() {
    let mut house = House::open();
    house.put(&[
        "seller",
        "put",
        "S1",
        "--name",
        "Lamp Shop",
        "--email",
        "cs@lamps.example",
        "--language",
        "de",
    ]);
    let sent = [
        File::new("Notes of jane.roe@mail.example.docx", "application/msword", docx()),
        File::new("photo.jpg", "image/jpeg", cleaned_photograph()),
    ];
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See these.\n");
    let mail = house.passes(&parcel(letter, &sent));
    assert_eq!(files(&mail).len(), 1);
    assert!(mail.words().starts_with("See these.\n\n[entfernt: Notes of "), "{}", mail.text);
    mail.holds_nothing_of(&["jane.roe", "document.xml"]);
    let told = house.newest();
    assert_eq!(told["action"], "redact");
}

#[test]
fn a_sellers_mail_is_refused_with_what_would_be_right() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    for (name, bytes) in
        [("a.docx", docx()), ("a.pdf", cleaned_photograph()), ("a.pdf", b"x".to_vec())]
    {
        let file = File::new(name, "application/pdf", bytes);
        let answer = house.send(&parcel(Letter::answering(&asked, SHOP, "See this."), &[file]));
        answer.is("550 5.7.0").says("attachment-type").says(name);
    }
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_picture_that_can_not_be_cleaned_is_refused_naming_jpeg() {
    let house = House::open();
    for (name, bytes) in [
        ("IMG_1.HEIC", &b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"[..]),
        ("scan.tif", b"II*\0\x08\0\0\0\0\0"),
        ("film.mov", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "),
    ] {
        let letter = Letter::new(JANE, &house.seller_of("O1"), "It came like this.\n");
        let file = File::new(name, "image/jpeg", bytes);
        house.send(&parcel(letter, &[file])).is("550 5.7.0").says("attachment-type").says("JPEG");
    }
}

#[test]
fn too_many_or_too_large_files_are_refused_with_the_limit() {
    let house = House::open();
    let from_jane = || Letter::new(JANE, &house.seller_of("O1"), "See these.\n");
    let text = || File::new("a.txt", "text/plain", "x");
    let many: Vec<_> = (0..6).map(|_| text()).collect();
    house
        .send(&parcel(from_jane(), &many))
        .is("550 5.7.0")
        .says("attachment-size")
        .says("6 attach");
    let large = File::new("a.txt", "text/plain", "lamp ".repeat(2_100_000));
    house.send(&parcel(from_jane(), &[large])).is("550-5.7.0").says("10.5 MB").says("10 MB");
}

#[test]
fn a_pdf_that_asks_for_a_password_or_is_broken_is_left_out() {
    let mut house = House::open();
    let mut broken = pdf("", |_, _| {});
    broken.truncate(120);
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See this.\n");
    let mail = house.passes(&parcel(letter, &[File::new("a.pdf", "application/pdf", broken)]));
    assert!(mail.words().ends_with("[removed: a.pdf]"), "{}", mail.text);
}

#[test]
fn an_admin_may_let_sellers_send_pictures() {
    let rule = "[policy]\n";
    let allowed = "[policy.rules.attachment-type]\nseller_to_buyer = \"allow\"\n\n[policy]\n";
    let mut house = House::open_with(&[(rule, allowed)]);
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "How does it look?\n"));
    let photo = || File::new("a.jpg", "image/jpeg", cleaned_photograph());
    let mail = house.passes(&parcel(Letter::answering(&asked, SHOP, "So:"), &[photo()]));
    assert_eq!(files(&mail).len(), 1);
    // What can't be cleaned stays behind whatever is allowed.
    let office = File::new("a.docx", "application/msword", docx());
    let mail = house.passes(&parcel(Letter::answering(&asked, SHOP, "So:"), &[photo(), office]));
    assert_eq!(files(&mail).len(), 1);
    assert!(mail.text.contains("[removed: a.docx]"), "{}", mail.text);
}

#[test]
fn what_a_text_file_says_is_judged_and_masked_like_the_mail() {
    let mut house = House::open();
    let said = "Größe 5\r\nCall +44 20 7946 0958 or write jane.roe@mail.example\r\n";
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See this.\n");
    let mail = house.passes(&parcel(letter, &[File::new("a.txt", "text/plain", said)]));
    let [(_, kind, bytes)] = &files(&mail)[..] else { panic!("one file: {}", mail.text) };
    let words = String::from_utf8(bytes.clone()).unwrap();
    assert_eq!(kind, "text/plain");
    assert!(words.starts_with("Größe 5\r\nCall [removed: phone number] or write "), "{words}");
    mail.holds_nothing_of(&["7946", "jane.roe"]);
    let told = house.newest();
    assert_eq!(told["action"], "redact");
}
