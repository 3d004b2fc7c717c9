//! What is signed in the clear is opened; what is sealed, and what names people by its nature, is
//! refused with the reason.

use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::parcel::{File, files, parcel};

const KEY: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----\r\n\r\nmQ jane.roe@mail.example\r\n-----END PGP PUBLIC KEY BLOCK-----\r\n";

#[test]
fn a_mail_signed_in_the_clear_loses_signature_certificate_and_key_and_keeps_its_words() {
    let mut house = House::open();
    let text = "--s\r\nContent-Type: text/plain\r\n\r\nIs it brass?\r\n--s\r\n";
    for (protocol, name) in [
        ("application/pgp-signature", "signature.asc"),
        ("application/pkcs7-signature", "smime.p7s"),
    ] {
        let signature = format!(
            "Content-Type: {protocol}; name={name}\r\n\r\n-----BEGIN PGP SIGNATURE-----\r\njane.roe@mail.example\r\n--s--\r\n"
        );
        let kind = format!("multipart/signed; protocol=\"{protocol}\"; boundary=s");
        let body = format!("{text}{signature}");
        let letter = Letter::new(JANE, &house.seller_of("O1"), "")
            .header("Content-Type", &kind)
            .body(body.as_bytes());
        let mail = house.passes(&letter);
        assert_eq!(mail.words(), "Is it brass?");
        mail.holds_nothing_of(&["signature", "jane.roe"]);
    }
    // A signature or key that a mail program or a list put beside the text.
    let sent = [
        File::new("publickey.asc", "application/pgp-keys", KEY),
        File::new("key.txt", "text/plain", KEY),
        File::new("signature.asc", "application/pgp-signature", "-----BEGIN PGP SIGNATURE-----"),
        File::new("smime.p7s", "application/pkcs7-signature", b"0\x80\x06\x09".to_vec()),
        File::new("ATT00001.txt", "text/plain", ""),
    ];
    let letter = Letter::new(JANE, &house.seller_of("O1"), "Is it brass?\n");
    let mail = house.passes(&parcel(letter, &sent));
    assert_eq!((mail.words(), files(&mail).len()), ("Is it brass?", 0));
    mail.holds_nothing_of(&["jane.roe", "BEGIN PGP"]);
}

#[test]
fn what_is_sealed_and_calendar_and_contact_files_are_refused_by_what_they_hold() {
    let house = House::open();
    let event = "BEGIN:VCALENDAR\r\nATTENDEE:mailto:jane.roe@mail.example\r\nEND:VCALENDAR\r\n";
    let card = "BEGIN:VCARD\r\nEMAIL:jane.roe@mail.example\r\nEND:VCARD\r\n";
    let sealed = "-----BEGIN PGP MESSAGE-----\r\n\r\nhQ\r\n-----END PGP MESSAGE-----\r\n";
    for (name, content_type, content, word) in [
        ("invite.ics", "text/calendar", event, "calendar"),
        ("notes.txt", "text/plain", event, "calendar"),
        ("invite.ics", "application/octet-stream", "x", "calendar"),
        ("jane.vcf", "text/vcard", card, "contact"),
        ("notes.txt", "text/plain", card, "contact"),
        ("notes.txt", "text/plain", sealed, "encrypted"),
        ("photo.jpg", "application/octet-stream", sealed, "encrypted"),
    ] {
        let letter = Letter::new(JANE, &house.seller_of("O1"), "See this.\n");
        let answer = house.send(&parcel(letter, &[File::new(name, content_type, content)]));
        answer.is("550 5.7.0").says("unreadable").says(name).says(word);
    }
    let invitation = "--s\r\nContent-Type: text/plain\r\n\r\nLet us meet.\r\n--s\r\n\
        Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--s--\r\n";
    let letter = Letter::new(JANE, &house.seller_of("O1"), "")
        .header("Content-Type", "multipart/alternative; boundary=s")
        .body(invitation.as_bytes());
    house.send(&letter).is("550 5.7.0").says("unreadable").says("calendar");
}
