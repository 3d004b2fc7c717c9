//! A mail that is forwarded inside of a mail, and Outlook's winmail.dat: opened, and what is in
//! them treated like the rest.

use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::parcel::{File, cleaned_photograph, files, parcel, pdf, photograph, winmail};

const FORWARDED: &str = "Received: from phone.roe.example ([192.0.2.1])\r\n\
    From: Jane Roe <jane.roe@mail.example>\r\nTo: friend@other.example\r\n\
    Message-ID: <secret.1@phone.roe.example>\r\nSubject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?=\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n\
    --i\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Passt Gr=C3=B6=C3=9Fe 5?\r\nWrite jane.roe@mail.example\r\n--i\r\n\
    Content-Type: image/jpeg; name=\"lamp.jpg\"\r\nContent-Disposition: attachment\r\n\
    Content-Transfer-Encoding: base64\r\n\r\n";

fn forwarded(picture: &[u8]) -> Vec<u8> {
    format!("{FORWARDED}{}\r\n--i--\r\n", data_encoding::BASE64.encode(picture)).into_bytes()
}

#[test]
fn a_forwarded_mail_is_quoted_without_who_wrote_it_and_its_files_go_along() {
    let mut house = House::open();
    let inner = forwarded(&photograph("jane.roe@mail.example 52.5200"));
    for (name, content_type, twice) in [
        ("mail.eml", "message/rfc822", false),
        ("mail.eml", "application/octet-stream", false),
        ("mail.eml", "message/rfc822", true),
    ] {
        let mut inner = inner.clone();
        if twice {
            let head = b"Subject: outer\r\nContent-Type: message/rfc822\r\n\r\n".to_vec();
            inner = [head, inner].concat();
        }
        let letter = Letter::new(JANE, &house.seller_of("O1"), "See what I wrote.\n");
        let mail = house.passes(&parcel(letter, &[File::new(name, content_type, inner)]));
        let words = mail.words();
        assert!(words.starts_with("See what I wrote."), "{words}");
        assert!(words.contains("> Passt Größe 5?") && words.contains("Subject: Größe"), "{words}");
        let came = files(&mail);
        let expected = ("lamp.jpg".into(), "image/jpeg".into(), cleaned_photograph());
        assert_eq!(came, [expected]);
        mail.holds_nothing_of(&["jane.roe", "friend@other", "rfc822", "phone.roe", "52.5200"]);
    }
}

#[test]
fn what_is_attached_to_a_forwarded_mail_is_judged_like_the_rest() {
    let house = House::open();
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See below.\n");
    let inner = File::new("a.eml", "message/rfc822", forwarded(b"MZ\x90\0\x03"));
    house
        .send(&parcel(letter, &[inner]))
        .is("550-5.7.0")
        .says("dangerous-content")
        .says("lamp.jpg");
    let mut deep = forwarded(b"x");
    for _ in 0..9 {
        deep = [b"Subject: x\r\nContent-Type: message/rfc822\r\n\r\n".to_vec(), deep].concat();
    }
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See below.\n");
    let answer = house.send(&parcel(letter, &[File::new("a.eml", "message/rfc822", deep)]));
    answer.is("550 5.7.0").says("attachment-type");
}

#[test]
fn winmail_dat_is_unpacked_to_what_it_holds() {
    let mut house = House::open();
    let wrapped = winmail("Passt Größe 5?\r\n", "Bestellung für Größe 5.pdf", &pdf("", |_, _| {}));
    // Beside a text, and as all that there is.
    for (text, expected) in [("See the order.\n", "See the order."), ("", "Passt Größe 5?")] {
        let letter = Letter::new(JANE, &house.seller_of("O1"), text);
        let file = File::new("winmail.dat", "application/ms-tnef", wrapped.clone());
        let mail = house.passes(&parcel(letter, &[file]));
        assert_eq!(mail.words(), expected);
        let [(name, _, bytes)] = &files(&mail)[..] else { panic!("one file: {}", mail.text) };
        assert_eq!(name, "Bestellung für Größe 5.pdf");
        assert_eq!(*bytes, pdf("", |_, _| {}));
    }
    let broken = File::new("winmail.dat", "application/ms-tnef", wrapped[..80].to_vec());
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See the order.\n");
    house.send(&parcel(letter, &[broken])).is("550 5.7.0").says("winmail.dat");
    let program = winmail("", "order.pdf.exe", b"MZ\x90\0\x03");
    let program = File::new("winmail.dat", "application/ms-tnef", program);
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See the order.\n");
    house.send(&parcel(letter, &[program])).is("550 5.7.0").says("dangerous-content");
}
