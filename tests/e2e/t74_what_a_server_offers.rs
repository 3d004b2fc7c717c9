//! What is said to a mail server depends on what it offers: an address outside ASCII goes only where
//! SMTPUTF8 is, and who asks for a report never names a person in it.

use crate::dns::NameServer;
use crate::house::{House, JANE, eventually};
use crate::letter::Letter;
use crate::mx::{Manner, Mx};
use crate::smarthost::place;
use crate::t55_mx_hosts::house_with;

/// A seller whose address is outside ASCII, and a house that finds her server.
fn open(offers: Vec<&'static str>) -> (House, Mx, NameServer) {
    let dns = NameServer::start();
    let server = Mx::start(place(), 0, Manner { offers, ..Manner::default() });
    let buyers = Mx::start(place(), server.address.port(), Manner::default());
    for (domain, server) in [("bücher.example", &server), ("mail.example", &buyers)] {
        let domain = if domain.is_ascii() { domain } else { "xn--bcher-kva.example" };
        dns.mx(domain, 10, &format!("mx.{domain}"));
        dns.address(&format!("mx.{domain}"), server.address.ip());
    }
    let house = house_with(&dns, server.address.port(), "");
    house.put(&["seller", "put", "S2", "--name", "Maß", "--email", "größe@bücher.example"]);
    house.put(&["order", "put", "O2", "--seller", "S2", "--buyer", "B1"]);
    house.send(&Letter::new(JANE, &house.seller_of("O2"), "Hello?\n")).is("250 2.0.0");
    (house, server, dns)
}

#[test]
fn an_address_outside_ascii_fails_clearly_where_nobody_takes_it() {
    let (house, server, _dns) = open(vec!["8BITMIME"]);
    let failed = house.newest_is("failed");
    assert_eq!(failed["delivery"]["attempts"], 1);
    let reply = failed["delivery"]["last_reply"].as_str().unwrap();
    assert!(reply.starts_with("5.6.7 ") && !reply.contains("größe"), "{reply}");
    assert_eq!(server.given().len(), 0);
    eventually("she is told", || {
        let shown = house.show(&failed);
        (shown["notices"][0]["state"] == "delivered").then_some(())
    });
}

#[test]
fn where_it_is_offered_it_goes_and_reports_are_asked_for_without_naming_anybody() {
    let (house, server, _dns) = open(vec!["8BITMIME", "SMTPUTF8", "DSN", "SIZE 1000000"]);
    let given = &server.waits_for(1)[0];
    house.newest_is("delivered");
    assert!(given.mail.contains(" SMTPUTF8") && given.mail.contains(" RET=HDRS"), "{given:?}");
    assert!(given.rcpt.starts_with("RCPT TO:<größe@xn--"), "{given:?}");
    assert!(given.rcpt.ends_with(" NOTIFY=FAILURE"), "{given:?}");
    assert!(!given.mail.contains("ENVID") && !given.rcpt.contains("ORCPT"), "{given:?}");
    assert!(given.mail.starts_with("MAIL FROM:<b-"), "{given:?}");
}
