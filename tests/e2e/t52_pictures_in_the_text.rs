//! Pictures that HTML shows in its text arrive there, cleaned, under a name of ours.

use bauta::mail;

use crate::house::{House, JANE, SHOP, python_reads};
use crate::letter::{Letter, Opened};
use crate::parcel::{cleaned_photograph, photograph};
use data_encoding::BASE64;

const TOLD: &str = "Jane Roe <jane.roe@mail.example> at 52.5200 N";

/// HTML with what it shows beside it, as mail programs write it.
fn with_picture(letter: Letter, html: &str, kind: &str, bytes: &[u8]) -> Letter {
    let body = format!(
        "--=_a\n\
         Content-Type: text/plain; charset=utf-8\n\nLike this: [image001]\n\
         --=_a\n\
         Content-Type: multipart/related; boundary=\"=_r\"\n\n\
         --=_r\nContent-Type: text/html; charset=utf-8\n\n{html}\n\
         --=_r\nContent-Type: {kind}; name=\"image001.jpg\"\nContent-ID: <image001@JANES-PC>\n\
         Content-Disposition: inline; filename=\"image001.jpg\"\n\
         Content-Transfer-Encoding: base64\n\n{}\n\
         --=_r--\n\
         --=_a--\n",
        BASE64.encode(bytes)
    );
    letter
        .header("Content-Type", "multipart/alternative; boundary=\"=_a\"")
        .body(body.replace('\n', "\r\n").as_bytes())
}

/// The id by which the HTML shows its only picture, and the picture that has it.
fn shown(mail: &Opened) -> (String, Vec<u8>) {
    let shown = mail.html.split("src=\"cid:").nth(1).and_then(|s| s.split('"').next());
    let id = shown.unwrap_or_else(|| panic!("no picture in {}", mail.html)).to_owned();
    let read = mail::read(&mail.raw);
    let picture = read.attachments.iter().find(|a| a.content_id.as_deref() == Some(&id));
    let picture = picture.unwrap_or_else(|| panic!("nothing is called {id}"));
    assert!(picture.inline && picture.content_type == "image/jpeg", "{picture:?}");
    (id, picture.content.decode(&mail.raw).into_owned())
}

#[test]
fn a_picture_is_shown_where_it_stood_on_both_sides_and_tells_nothing() {
    let mut house = House::open();
    let html = "<p>Like <b>this</b>:</p><p><img src=\"cid:image001@JANES-PC\" width=\"400\" \
                alt=\"C:\\Users\\jane.roe\\lamp.jpg\"></p><p>Broken.</p>";
    let letter = Letter::new(JANE, &house.seller_of("O1"), "");
    let asked = house.passes(&with_picture(letter, html, "image/jpeg", &photograph(TOLD)));
    let answer = Letter::answering(&asked, SHOP, "");
    let answered = house.passes(&with_picture(answer, html, "image/jpeg", &photograph(TOLD)));
    let mut ids = Vec::new();
    for mail in [&asked, &answered] {
        let (id, picture) = shown(mail);
        assert_eq!(picture, cleaned_photograph());
        let between = mail.html.split("<b>this</b>:").nth(1).unwrap();
        assert!(between.find("<img").unwrap() < between.find("Broken.").unwrap());
        mail.holds_nothing_of(&["JANES-PC", "52.5200", "Users"]);
        let seen = python_reads(&mail.raw, house.dir.path());
        let parts = ["multipart/related", "multipart/alternative", "text/plain", "text/html"];
        assert_eq!(seen["parts"].as_array().unwrap()[..4], parts);
        assert_eq!(seen["defects"].as_array().unwrap().len(), 0, "{seen}");
        ids.push(id);
    }
    asked.holds_nothing_of(&["jane.roe"]);
    assert_ne!(ids[0], ids[1], "an id of each mail's own");
}

#[test]
fn words_that_call_themselves_a_picture_are_a_file_and_no_part_of_the_text() {
    let mut house = House::open();
    let html = "<p>Like <b>this</b>:</p><img src=\"cid:image001@JANES-PC\">";
    let letter = Letter::new(JANE, &house.seller_of("O1"), "");
    let words = b"These words were never part of the text.\r\n";
    let mail = house.passes(&with_picture(letter, html, "image/jpeg", words));
    assert!(mail.words().starts_with("Like this:"), "{}", mail.words());
    assert!(!mail.text.contains("never part"), "{}", mail.text);
    let read = mail::read(&mail.raw);
    let [file] = &read.attachments[..] else { panic!("{:?}", read.attachments) };
    assert_eq!((file.name.as_deref(), file.inline), (Some("image001.txt"), false));
}

#[test]
fn a_check_shows_header_and_files_before_and_after() {
    let house = House::closed();
    let letter = Letter::new(JANE, "alias@in.example", "").header("X-Mailer", "JanesMail 1.0");
    let html = "<p>Like <b>this</b>:</p><img src=\"cid:image001@JANES-PC\">";
    let letter = with_picture(letter, html, "image/jpeg", &photograph(TOLD));
    let file = house.dir.path().join("picture.eml");
    std::fs::write(&file, letter.bytes()).unwrap();
    let file = file.to_str().unwrap();
    let shown = house.bauta(&["policy", "check", file, "--direction", "buyer-to-seller", "--show"]);
    for words in [
        "header fields that do not go out",
        "X-Mailer",
        "image001.jpg: JPEG picture",
        "cleaned of what it told about its maker",
        "Reply-To: ",
        "image001.jpg: image/jpeg",
    ] {
        assert!(shown.out.contains(words), "{words:?} in\n{}", shown.out);
    }
    assert!(!shown.out.contains("JanesMail"), "{}", shown.out);
}
