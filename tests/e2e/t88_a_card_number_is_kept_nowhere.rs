//! A card number goes out to nobody and stays nowhere: not in the archive's original either.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const NUMBER: &str = "4111 1111 1111 1111";

#[test]
fn a_card_number_stands_in_no_view_no_original_and_nowhere_in_the_database() {
    let mut house = House::open();
    let html = format!(
        "My card is <b>{NUMBER}</b>, thanks. Gr=C3=BC=C3=9Fe\r\n--b\r\nContent-Type: text/plain; \
         charset=utf-8; name=\"card.txt\"\r\nContent-Disposition: attachment; \
         filename=\"card.txt\"\r\n\r\nAgain {NUMBER}\r\n--b--\r\n"
    );
    let body = format!(
        "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: \
         quoted-printable\r\n\r\n{html}"
    );
    let letter = Letter::new(JANE, &house.seller_of("O1"), "")
        .subject(&format!("My card {NUMBER}"))
        .without("Content-Type")
        .without("Content-Transfer-Encoding")
        .header("MIME-Version", "1.0")
        .header("Content-Type", "multipart/mixed; boundary=b")
        .body(body.as_bytes());
    let mail = house.passes(&letter);
    assert!(mail.words().contains("My card is [removed: card number], thanks."), "{}", mail.text);
    mail.holds_nothing_of(&["4111 1111", "1111 1111"]);
    let notice = house.smarthost.told();
    assert_eq!(notice.recipients, [bare(JANE)]);
    assert!(notice.text.contains("(card-number): XXXX XXXX XXXX 1111"), "{}", notice.text);

    // Held and refused messages are kept too.
    let refused = Letter::new(SHOP, &house.buyer_of("O1"), "Please leave us a 5 star review.\n");
    let refused = refused.subject(&format!("Card {NUMBER}"));
    house.send(&refused).is("550 5.7.0");
    for message in house.messages() {
        let id = message["id"].as_str().unwrap();
        for view in [&["--original"][..], &[]] {
            let shown = house.bauta(&[&["message", "show", id][..], view].concat());
            assert_eq!(shown.code, 0, "{shown:?}");
            assert!(!shown.out.contains("1111 1111"), "{}", shown.out);
        }
        let shown = house.show(&message).to_string();
        assert!(!shown.contains("1111 1111"), "{shown}");
    }
    let first = house.messages()[0]["id"].as_str().unwrap().to_owned();
    let original = house.put(&["message", "show", &first, "--original"]);
    assert!(original.contains("My card XXXX XXXX XXXX 1111"), "{original}");
    house.settle();
    house.stop();
    for file in std::fs::read_dir(house.dir.path().join("data")).unwrap() {
        let file = file.unwrap().path();
        let bytes = std::fs::read(&file).unwrap_or_default();
        for number in ["4111 1111 1111 1111", "4111111111111111"] {
            let found = bytes.windows(number.len()).any(|w| w == number.as_bytes());
            assert!(!found, "{number} stands in {}", file.display());
        }
    }
}
