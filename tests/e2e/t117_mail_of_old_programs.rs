//! What scanners, web forms and old programs send: no MIME at all, no charset, files in the text.

use data_encoding::BASE64;

use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::parcel::{cleaned_photograph, files, photograph};

const TOLD: &str = "Jane Roe <jane.roe@mail.example> at 52.5200 N";

#[test]
fn a_text_without_a_charset_arrives_in_the_letters_that_were_meant() {
    let mut house = House::open();
    let text = "Здравствуйте! Когда придёт лампа, которую я заказала в понедельник?";
    for name in ["windows-1251", "koi8-r"] {
        let charset = encoding_rs::Encoding::for_label(name.as_bytes()).unwrap();
        let (bytes, _, _) = charset.encode(text);
        let letter = Letter::new(JANE, &house.seller_of("O1"), "")
            .without("MIME-Version")
            .without("Content-Type")
            .body(&bytes);
        let mail = house.passes(&letter);
        assert_eq!(mail.words(), text, "{name}");
    }
}

#[test]
fn a_file_in_the_lines_of_the_text_is_cleaned_as_any_other() {
    let mut house = House::open();
    let bytes = BASE64.encode(&photograph(TOLD));
    let lines: Vec<&str> =
        bytes.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let text = format!(
        "It came like this:\nbegin-base64 644 lamp.jpg\n{}\n====\nJane\n",
        lines.join("\n")
    );
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), &text));
    assert_eq!(mail.words(), "It came like this:\nJane");
    let expected = ("lamp.jpg".into(), "image/jpeg".into(), cleaned_photograph());
    assert_eq!(files(&mail), [expected]);
    mail.holds_nothing_of(&["52.5200", "jane.roe"]);
}

#[test]
fn a_report_that_somebody_passes_on_keeps_its_words_and_loses_what_the_machine_added() {
    let mut house = House::open();
    let body = "--b\nContent-Type: text/plain\n\nSee, my mail to the workshop came back.\n\
        --b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
        Final-Recipient: rfc822; jane.roe@mail.example\nAction: failed\n\
        --b\nContent-Type: text/rfc822-headers\n\nReceived: from mx.example\n\
        Message-ID: <1@mail.example>\nSubject: Lamp\n--b--\n";
    let letter = Letter::new(JANE, &house.seller_of("O1"), "")
        .header("Content-Type", "multipart/report; report-type=delivery-status; boundary=b")
        .body(body.replace('\n', "\r\n").as_bytes());
    let mail = house.passes(&letter);
    assert_eq!(mail.words(), "See, my mail to the workshop came back.");
    assert_eq!(files(&mail), []);
    mail.holds_nothing_of(&["jane.roe", "Final-Recipient"]);
}
