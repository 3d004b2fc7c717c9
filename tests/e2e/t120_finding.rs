//! A message is found by its words at once, in any form of them, by everything that filters it, and
//! by each side only in what that side sees; no word of it lies in the index.

use serde_json::Value;

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::Letter;
use crate::parcel::{File, parcel, pdf_saying};

fn found(house: &House, arguments: &[&str]) -> Vec<Value> {
    house.ask(&[&["message", "search"], arguments].concat()).as_array().unwrap().clone()
}

fn subjects(house: &House, arguments: &[&str]) -> Vec<String> {
    let hits = found(house, arguments);
    hits.iter().map(|hit| hit["subject"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn messages_are_found_by_words_in_any_form_and_by_what_filters_them() {
    let mut house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2"]);
    let question =
        Letter::new(JANE, &house.seller_of("O1"), "Where are the LAMPS? The Müller ones.\n")
            .subject("Xylophone");
    house.passes(&question);
    let answer = "Your lamp leaves tomorrow; call +49 30 901820.\n";
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), answer).subject("Re: Xylophone"));
    let to_shop = house.seller_of("O2");
    house.passes(
        &Letter::new("paul@post.example", &to_shop, "注文したランプが届きません。\n").subject("灯"),
    );
    let long = "Zanzibar ".repeat(900);
    house.send(&Letter::new(JANE, &house.seller_of("O1"), &long).subject("Long")).is("550 5.7.0");

    // At once, whether or not it has come into the index, and again when it surely has.
    for _ in 0..2 {
        for (arguments, expected) in [
            (&["lamps"][..], &["Re: Xylophone", "Xylophone"][..]),
            (&["Lamp"], &["Re: Xylophone", "Xylophone"]),
            (&["muller"], &["Xylophone"]),
            (&["xylophone", "where"], &["Xylophone"]),
            (&["\"the lamps\""], &["Xylophone"]),
            (&["\"lamps the\" xylophone"], &["Xylophone"]),
            (&["\"lamps xylophone\""], &[]),
            (&["ランプ"], &["灯"]),
            (&["プラン"], &[]),
            (&["灯"], &["灯"]),
            (&["901820"], &["Re: Xylophone"]),
            (&["901820", "--for", "seller"], &["Re: Xylophone"]),
            (&["901820", "--for", "buyer"], &[]),
            (&["tomorrow", "--for", "buyer"], &["Re: Xylophone"]),
            (&["zanzibar"], &["Long"]),
            (&["zanzibar", "--for", "seller"], &[]),
            (&["lamp", "--direction", "buyer-to-seller"], &["Xylophone"]),
            (&["lamp", "--verdict", "redact"], &["Re: Xylophone"]),
            (&["--state", "rejected"], &["Long"]),
            (&["--order", "o2"], &["灯"]),
            (&["--buyer", "B1", "--state", "accepted"], &["Re: Xylophone", "Xylophone"]),
            (&["--seller", "S1", "--limit", "2"], &["Long", "灯"]),
            (&["--since", "2020-01-01", "--until", "2020-01-31"], &[]),
            (&["--since", "2020-01-01", "lamp"], &["Re: Xylophone", "Xylophone"]),
            (&["zebra"], &[]),
        ] {
            assert_eq!(subjects(&house, arguments), expected, "{arguments:?}");
        }
        let hits = found(&house, &["lamps"]);
        let snippets: Vec<&str> = hits.iter().map(|h| h["snippet"].as_str().unwrap()).collect();
        assert!(snippets[0].contains("Your lamp leaves"), "{snippets:?}");
        assert!(!snippets[0].contains("901820"), "the recipient's view is shown: {snippets:?}");
        assert!(snippets[1].contains("LAMPS"), "{snippets:?}");
        let page = found(&house, &["--limit", "3"]);
        let last = page[2]["id"].as_str().unwrap();
        assert_eq!(subjects(&house, &["--before", last]), ["Xylophone"]);
        assert!(found(&house, &["--before", "aaaaaaaaaaaaaaaa"]).is_empty());
        waits_for_the_index(&house);
    }
    let wrong = house.bauta(&["message", "search", "--since", "yesterday"]);
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert!(wrong.err.contains("write 2026-11-23"), "{wrong:?}");
    let text = house.put(&["message", "search", "lamp", "--limit", "1"]);
    assert!(text.contains("Your lamp leaves") && text.contains("older: --before "), "{text}");
}

/// Waits until all is in the index.
pub fn waits_for_the_index(house: &House) {
    let conn = rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap();
    let sql = "SELECT upto >= (SELECT max(message) FROM found_words) FROM found_by_progress";
    eventually("all is in the index", || {
        conn.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap().then_some(())
    });
}

#[test]
fn a_message_that_waited_is_found_in_the_state_that_it_has_and_files_by_their_names() {
    let mut house = House::open_with(&[(
        "[policy]\nmode = \"enforce\"\n",
        "[policy]\nmode = \"enforce\"\n[policy.rules.phone-number]\nseller_to_buyer = \"hold\"\n",
    )]);
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    for text in ["Call +49 30 901820 about walnut.", "Call +49 30 901821 about cherry."] {
        house.send(&Letter::answering(&asked, SHOP, text)).is("250 2.0.0");
        house.smarthost.next();
    }
    waits_for_the_index(&house);
    let held = found(&house, &["--state", "held"]);
    assert_eq!(held.len(), 2);
    assert!(found(&house, &["walnut", "--for", "buyer"]).is_empty());
    assert_eq!(found(&house, &["walnut", "--for", "seller"]).len(), 1);
    let id = |word: &str| found(&house, &[word])[0]["id"].as_str().unwrap().to_owned();
    house.put(&["held", "release", &id("walnut"), "--by", "ann"]);
    house.put(&["held", "reject", &id("cherry"), "--by", "ann"]);
    assert!(found(&house, &["--state", "held"]).is_empty());
    assert_eq!(found(&house, &["walnut", "--for", "buyer", "--state", "accepted"]).len(), 1);
    assert_eq!(found(&house, &["cherry", "--state", "rejected"]).len(), 1);
    assert!(found(&house, &["cherry", "--for", "buyer"]).is_empty());
    house.settle();
    let file = File::new("Invoice-Walnut-77.pdf", "application/pdf", pdf_saying("Invoice 77"));
    let letter = Letter::new(SHOP, &house.buyer_of("O1"), "Your invoice is attached.\n");
    house.send(&parcel(letter, &[file])).is("250 2.0.0");
    assert_eq!(found(&house, &["77", "--for", "buyer"]).len(), 1);
    house.settle();
}
