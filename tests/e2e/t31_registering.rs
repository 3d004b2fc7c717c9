//! What can be registered of a party, and what can't.

use serde_json::json;

use crate::house::{House, JANE};
use crate::letter::Letter;

const SELLER: [&str; 7] =
    ["seller", "put", "S1", "--name", "Lamp Shop", "--email", "cs@lamps.example"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&SELLER[..], more].concat()
}

#[test]
fn every_address_at_a_registered_domain_may_write_and_none_of_them_gets_out() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let desk = "Joe Doe <joe.doe@lamps-group.example>";
    let answer = Letter::answering(&asked, desk, "Tomorrow. joe.doe@lamps-group.example\n");
    house.send(&answer).is("550 5.7.1").says("not registered");
    let notice = house.smarthost.next();
    assert_eq!(notice.recipients, ["cs@lamps.example"], "was it you?");
    let domains = ["--domain", "Lamps-Group.example", "--signer", "desk.example"];
    house.put(&with(&domains));
    let shown = house.ask(&["seller", "show", "S1"]);
    assert_eq!(shown["domains"], json!(["lamps-group.example"]));
    assert_eq!(shown["signers"], json!(["desk.example"]));
    assert_eq!(house.put(&with(&domains)), "seller S1 unchanged\n");
    let mail = house.passes(&answer);
    mail.holds_nothing_of(&["lamps-group.example", "joe.doe"]);
    let below = Letter::new("x@sub.lamps-group.example", &house.buyer_of("O1"), "Hello.\n");
    house.send(&below).is("550 5.7.1");
    let desk = Letter::new("x@desk.example", &house.buyer_of("O1"), "Hello.\n");
    house.send(&desk).is("550 5.7.1").says("not registered");
    house.put(&SELLER);
    assert_eq!(house.ask(&["seller", "show", "S1"])["domains"], json!([]));
    let again = Letter::answering(&asked, "joe.doe@lamps-group.example", "Or later.\n");
    house.send(&again).is("550 5.7.1");
}

#[test]
fn the_same_person_writes_in_any_case_with_a_tag_and_at_gmail_with_dots() {
    let mut house = House::open();
    house.put(&["buyer", "put", "B1", "--name", "Jane Roe", "--email", "jane.roe@gmail.com"]);
    for from in ["JaneRoe@GoogleMail.com", "j.a.n.e.r.o.e+shop@gmail.com", "JANE.ROE@GMAIL.COM"] {
        house.passes(&Letter::new(from, &house.seller_of("O1"), "Hello?\n"));
    }
    let other = Letter::new("jane.roe2@gmail.com", &house.seller_of("O1"), "Hello?\n");
    house.send(&other).is("550 5.7.1");
}

#[test]
fn what_is_nobodys_own_is_not_registered() {
    let house = House::open();
    for (more, code, words) in [
        (&["--domain", "gmail.com"][..], 2, "free-mail"),
        (&["--domain", "co.uk"], 2, "public suffix"),
        (&["--domain", "lamps"], 2, "lamps"),
        (&["--signer", "outlook.com"], 2, "free-mail"),
        (&["--domain", "alias.example"], 1, "aliases"),
        (&["--domain", "sub.alias.example"], 1, "aliases"),
        (&["--email", "x@alias.example"], 1, "alias"),
        (&["--email", "x@sub.alias.example"], 1, "alias"),
        (&["--marketplace-fulfilled-email", "x@ALIAS.example"], 1, "alias"),
    ] {
        let ran = house.bauta(&with(more));
        assert_eq!((ran.code, ran.out.as_str()), (code, ""), "{more:?}: {ran:?}");
        assert!(ran.err.contains(words), "{more:?}: {ran:?}");
    }
    assert_eq!(house.ask(&["seller", "show", "S1"])["emails"], json!(["cs@lamps.example"]));
}

#[test]
fn a_name_carries_no_contact_across_in_whatever_disguise() {
    let house = House::open();
    let put = |name: &str| {
        house.bauta(&["seller", "put", "S7", "--name", name, "--email", "x@mail.example"])
    };
    for bad in [
        "Lamps.com",
        "lamps.co.uk",
        "Lamps LAMPS.EXAMPLE",
        "jane at gmail dot com",
        "cs@lamps.example",
        "Lamps (at) lamps [dot] com",
        "www.lamps.shop",
        "Call 0171 555 0199",
        "+1 555-010-0199",
        "WhatsApp 015112345678",
        "http://lamps",
    ] {
        let ran = put(bad);
        assert_eq!(ran.code, 2, "{bad}: {ran:?}");
        assert!(ran.err.contains("must not hold"), "{bad}: {ran:?}");
    }
    for good in [
        "Lamp Shop",
        "Lamp Shop 24",
        "Müller & Söhne GmbH",
        "J.R. Smith",
        "Dr. Jane Roe",
        "O'Neill, Sons & Co.",
        "山田太郎",
        "Lamps & More Ltd.",
        "Studio 54",
        "A. Meier",
        "St. Pauli Shop",
        "1001 Lamps since 1984",
        "Me at Work",
        "L'Atelier de Zoé",
        "No. 1 Lamps",
    ] {
        let ran = put(good);
        assert_eq!(ran.code, 0, "{good}: {ran:?}");
    }
}

#[test]
fn an_order_knows_its_days_its_parcel_and_its_dispute() {
    let house = House::open();
    let order = ["order", "put", "O1", "--seller", "S1", "--buyer", "B1"];
    let put = |more: &[&str]| house.bauta(&[&order[..], more].concat());
    let all = [
        "--placed",
        "2026-11-20",
        "--delivered",
        "2026-11-23",
        "--tracking",
        "DHL 00340434",
        "--dispute",
    ];
    assert_eq!(put(&all).out, "order O1 changed\n");
    assert_eq!(put(&all).out, "order O1 unchanged\n");
    let shown = house.ask(&["order", "show", "O1"]);
    assert_eq!(
        (&shown["placed"], &shown["delivered"]),
        (&json!("2026-11-20"), &json!("2026-11-23"))
    );
    assert_eq!((&shown["tracking"], &shown["dispute"]), (&json!("DHL 00340434"), &json!(true)));
    assert_eq!(put(&[]).out, "order O1 changed\n");
    assert_eq!(house.ask(&["order", "show", "O1"])["dispute"], false);
    for (more, words) in [
        (&["--placed", "20.11.2026"][..], "2026-11-23"),
        (&["--placed", "2026-11-20", "--delivered", "2026-11-19"], "before"),
        (&["--tracking", "a\nb"], "one line"),
    ] {
        let ran = put(more);
        assert_eq!(ran.code, 2, "{more:?}: {ran:?}");
        assert!(ran.err.contains(words), "{more:?}: {ran:?}");
    }
}
