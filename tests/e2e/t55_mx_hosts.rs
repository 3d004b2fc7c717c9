//! Mail goes to the servers that the DNS names, in the order of RFC 5321 §5.1, and waits or fails
//! where it names none.

use std::net::Ipv6Addr;

use crate::dns::NameServer;
use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::mx::{Manner, Mx};
use crate::smarthost::place;

/// A house that delivers by the DNS.
pub fn house_with(dns: &NameServer, port: u16, more: &str) -> House {
    house_like(dns, port, more, |_| {})
}

/// The same, and something done to it before it opens.
pub fn house_like(dns: &NameServer, port: u16, more: &str, prepare: impl Fn(&mut House)) -> House {
    let mut house = House::closed();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let route = format!("route = \"mx\"\nmx_port = {port}\n{more}\n");
    let servers = format!("[dns]\nservers = [\"{}\"]\n\n[policy]\n", dns.address);
    let config = config.replace("route = \"smarthost\"\n", &route);
    let config = config.replace("[policy]\n", &servers).replace("tls = \"none\"\n", "");
    std::fs::write(house.config_file(), config).unwrap();
    prepare(&mut house);
    house.opens();
    house
}

pub fn question(house: &House) -> Letter {
    Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n")
}

#[test]
fn the_preferred_server_gets_it_and_the_next_where_that_one_is_down() {
    let dns = NameServer::start();
    let first = Mx::start(place(), 0, Manner::default());
    let port = first.address.port();
    let second = Mx::start(place(), port, Manner::default());
    dns.mx("lamps.example", 20, "mx2.lamps.example");
    dns.mx("lamps.example", 10, "mx1.lamps.example");
    dns.mx("lamps.example", 5, "mx0.lamps.example");
    dns.mx("lamps.example", 7, "nowhere.lamps.example");
    dns.address("mx0.lamps.example", place()); // nobody is there
    dns.address("mx1.lamps.example", first.address.ip());
    dns.address("mx2.lamps.example", second.address.ip());
    let house = house_with(&dns, port, "");
    for _ in 0..2 {
        house.send(&question(&house)).is("250 2.0.0");
    }
    let given = first.waits_for(2);
    assert!(given[0].rcpt.starts_with("RCPT TO:<cs@lamps.example>"), "{given:?}");
    assert_eq!(second.given().len(), 0);
    assert_eq!(house.newest_is("delivered")["delivery"]["attempts"], 1, "one attempt found it");
}

#[test]
fn a_domain_without_mx_takes_its_mail_itself_also_over_ipv6() {
    let dns = NameServer::start();
    let four = Mx::start(place(), 0, Manner::default());
    let port = four.address.port();
    let six = Mx::start(Ipv6Addr::LOCALHOST, port, Manner::default());
    dns.address("lamps.example", four.address.ip());
    let house = house_with(&dns, port, "");
    house.send(&question(&house)).is("250 2.0.0");
    four.waits_for(1);
    dns.forget("lamps.example");
    dns.mx("lamps.example", 10, "six.lamps.example");
    dns.address("six.lamps.example", Ipv6Addr::LOCALHOST);
    house.put(&["seller", "put", "S2", "--name", "Six", "--email", "cs@six.example"]);
    house.put(&["order", "put", "O2", "--seller", "S2", "--buyer", "B1"]);
    dns.mx("six.example", 10, "six.lamps.example");
    house.send(&Letter::new(JANE, &house.seller_of("O2"), "Hello?\n")).is("250 2.0.0");
    assert!(six.waits_for(1)[0].rcpt.contains("cs@six.example"));
}

#[test]
fn where_mail_can_never_go_it_fails_at_once_and_says_why() {
    let dns = NameServer::start();
    dns.mx("null.example", 0, "");
    dns.mx("loop.example", 10, "relay.example");
    dns.text("text.example", "no mail here");
    let mut house = house_with(&dns, 2599, "");
    for (n, (domain, code)) in [
        ("null.example", "5.1.10"),
        ("loop.example", "5.4.6"),
        ("text.example", "5.1.2"),
        ("nowhere.example", "5.1.2"),
    ]
    .into_iter()
    .enumerate()
    {
        let (seller, order) = (format!("T{n}"), format!("P{n}"));
        let email = format!("cs@{domain}");
        house.put(&["seller", "put", &seller, "--name", "Shop", "--email", &email]);
        house.put(&["order", "put", &order, "--seller", &seller, "--buyer", "B1"]);
        house.send(&Letter::new(JANE, &house.seller_of(&order), "Hello?\n")).is("250 2.0.0");
        let told = house.newest_is("failed");
        assert_eq!(told["delivery"]["attempts"], 1);
        let reply = told["delivery"]["last_reply"].as_str().unwrap();
        assert!(reply.starts_with(code) && !reply.contains(domain), "{domain}: {reply}");
    }
    house.stop();
}

#[test]
fn while_the_dns_does_not_answer_mail_waits() {
    let dns = NameServer::start();
    let server = Mx::start(place(), 0, Manner::default());
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.lamps.example", server.address.ip());
    dns.breaks("lamps.example");
    let house = house_with(&dns, server.address.port(), "");
    house.send(&question(&house)).is("250 2.0.0");
    let told = house.newest_is("deferred");
    assert!(told["delivery"]["last_reply"].as_str().unwrap().starts_with("4.4.3"), "{told}");
    dns.is_mended();
    server.waits_for(1);
    house.newest_is("delivered");
}

#[test]
fn a_server_that_turns_out_to_be_ourselves_gets_nothing() {
    let dns = NameServer::start();
    let name = Some("relay.example");
    let server = Mx::start(place(), 0, Manner { name, ..Manner::default() });
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.lamps.example", server.address.ip());
    let house = house_with(&dns, server.address.port(), "");
    house.send(&question(&house)).is("250 2.0.0");
    let told = house.newest_is("failed");
    assert!(told["delivery"]["last_reply"].as_str().unwrap().starts_with("5.4.6"), "{told}");
    assert_eq!(server.given().len(), 0);
}
