//! Mail servers out there: encrypted well, badly or not at all, strict and sloppy.

use std::time::Duration;

use crate::dns::NameServer;
use crate::house::{House, JANE};
use crate::letter::Letter;
use crate::mx::{Authority, Given, Manner, Mx};
use crate::smarthost::place;
use crate::t55_mx_hosts::{house_like, house_with, question};

/// A server for lamps.example, and a house that finds it.
fn beside(manner: Manner, more: &str) -> (House, Mx) {
    let dns = NameServer::start();
    let server = Mx::start(place(), 0, manner);
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.lamps.example", server.address.ip());
    let house = house_with(&dns, server.address.port(), more);
    (house, server)
}

fn one_mail(house: &House, server: &Mx) -> Given {
    house.send(&question(house)).is("250 2.0.0");
    let given = server.waits_for(1).remove(0);
    house.newest_is("delivered");
    given
}

#[test]
fn what_is_offered_is_used_whoever_signed_the_certificate() {
    let tls = Some(Authority::new().server("somebody.else.example"));
    let offers = vec!["SIZE 1000000", "DSN", "8BITMIME"];
    let (house, server) = beside(Manner { tls, offers, ..Manner::default() }, "");
    let given = one_mail(&house, &server);
    assert!(given.encrypted);
    assert!(given.mail.contains(" SIZE=") && given.mail.contains(" RET=HDRS"), "{given:?}");
    assert!(given.rcpt.ends_with("> NOTIFY=FAILURE"), "no ORCPT: {given:?}");
}

#[test]
fn where_encryption_is_broken_it_goes_without() {
    let (house, server) = beside(Manner { broken_tls: true, ..Manner::default() }, "");
    let given = one_mail(&house, &server);
    assert!(!given.encrypted);
    assert_eq!(house.newest()["delivery"]["attempts"], 1);
}

#[test]
fn where_it_is_required_nothing_goes_without_a_certificate_for_the_name() {
    let authority = Authority::new();
    let dns = NameServer::start();
    let server = Mx::start(place(), 0, Manner::default());
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.lamps.example", server.address.ip());
    let required = "tls_required_domains = [\"lamps.example\"]";
    let house = house_like(&dns, server.address.port(), required, |house| {
        let file = authority.write(house.dir.path());
        house.environment.push(("SSL_CERT_FILE", file.display().to_string()));
    });
    house.send(&question(&house)).is("250 2.0.0");
    let says = |words: &str| {
        crate::house::eventually(words, || {
            let reply = house.newest()["delivery"]["last_reply"].as_str()?.to_owned();
            reply.contains(words).then_some(())
        });
    };
    says("offers no STARTTLS");
    server.behaves(Manner { broken_tls: true, ..Manner::default() });
    says("encryption failed");
    let other = Some(authority.server("mx.other.example"));
    server.behaves(Manner { tls: other, ..Manner::default() });
    says("mx.other.example");
    let strange = Some(Authority::new().server("mx.lamps.example"));
    server.behaves(Manner { tls: strange, ..Manner::default() });
    says("BadSignature");
    assert_eq!(server.given().len(), 0);
    let right = Some(authority.server("mx.lamps.example"));
    server.behaves(Manner { tls: right, ..Manner::default() });
    assert!(server.waits_for(1)[0].encrypted);
    house.newest_is("delivered");
}

#[test]
fn a_yes_in_another_charset_is_a_yes() {
    let at_the_end = Some(b"250 2.0.0 angenommen, sch\xf6nen Tag".to_vec());
    let (house, server) = beside(Manner { at_the_end, ..Manner::default() }, "");
    one_mail(&house, &server);
    assert_eq!(house.newest()["delivery"]["attempts"], 1);
    assert_eq!(server.given().len(), 1);
}

#[test]
fn greylisting_is_waited_out_and_a_no_for_good_after_a_no_for_now_ends_it() {
    let to_rcpt = vec!["450 4.2.0 greylisted, come again", "451 4.7.1 not yet"];
    let (house, server) = beside(Manner { to_rcpt, ..Manner::default() }, "");
    one_mail(&house, &server);
    assert_eq!(house.newest()["delivery"]["attempts"], 3);
    let to_rcpt = vec!["450 4.2.0 come again", "451 4.3.0 again", "550 5.1.1 nobody"];
    server.behaves(Manner { to_rcpt, ..Manner::default() });
    house.send(&question(&house)).is("250 2.0.0");
    let told = house.newest_is("failed");
    assert_eq!(told["delivery"]["attempts"], 3);
    assert_eq!(server.given().len(), 1);
}

#[test]
fn who_hangs_up_after_data_gets_it_again_also_after_a_restart_and_once() {
    let (mut house, server) = beside(Manner { drops_after_data: true, ..Manner::default() }, "");
    house.send(&question(&house)).is("250 2.0.0");
    house.newest_is("deferred");
    house.kill();
    house.start();
    server.behaves(Manner::default());
    server.waits_for(1);
    house.newest_is("delivered");
    assert_eq!(server.given().len(), 1);
}

#[test]
fn a_restart_in_the_midst_of_a_slow_answer_delivers_it_again_and_loses_nothing() {
    let takes = Duration::from_secs(2);
    let (mut house, server) = beside(Manner { takes, ..Manner::default() }, "");
    house.send(&question(&house)).is("250 2.0.0");
    house.newest_is("sending");
    house.kill();
    server.behaves(Manner::default());
    house.start();
    server.waits_for(1);
    house.newest_is("delivered");
    let given = server.waits_for(1);
    assert!(given.iter().all(|g| g.bytes == given[0].bytes), "the same mail, if twice");
}

#[test]
fn many_mails_to_one_domain_go_over_few_connections() {
    let (house, server) = beside(Manner::default(), "connections = 3");
    for n in 0..12 {
        let text = format!("Question number {n}?\n");
        house.send(&Letter::new(JANE, &house.seller_of("O1"), &text)).is("250 2.0.0");
    }
    server.waits_for(12);
    assert!(server.connections() <= 3, "{} connections", server.connections());
}
