//! Newcomers are told to come again, where the config says so; whoever sends nothing but what is
//! refused is put off, and nobody else.

use crate::dns::NameServer;
use crate::house::{House, eventually};
use crate::letter::Letter;

/// A host that the parties' domain sends from.
const OWN: &str = "127.0.0.2";
/// A host that sends for evil.example, and for nobody here.
const FOREIGN: &str = "127.0.0.3";
const JANE: &str = "Jane Roe <jane@plain.example>";
const SHOP: &str = "Lamp Shop <shop@plain.example>";

fn open(dns: &NameServer, more: &str) -> House {
    dns.text("plain.example", &format!("v=spf1 ip4:{OWN} -all"));
    dns.text("evil.example", "v=spf1 -all");
    let senders =
        format!("[dns]\nservers = [\"{}\"]\n\n{more}[senders]\nverify = \"dmarc\"", dns.address);
    let house = House::open_with(&[
        ("[senders]\nverify = \"address\"", &senders),
        ("[smtp]\n", if more.is_empty() { "[smtp]\ngreylist = \"1s\"\n" } else { "[smtp]\n" }),
    ]);
    house.put(&["seller", "put", "S1", "--name", "Lamp Shop", "--email", "shop@plain.example"]);
    house.put(&["buyer", "put", "B1", "--name", "Jane Roe", "--email", "jane@plain.example"]);
    house
}

#[test]
fn a_newcomer_waits_once_and_who_is_known_or_trusted_never() {
    let dns = NameServer::start();
    let house = open(&dns, "");
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    house.send_from(OWN, &question).is("451 4.7.1").says("come again");
    let nobody = Letter::new(JANE, "nobody@alias.example", "Hello?\n");
    house.send_from(OWN, &nobody).is("550 5.1.1");
    assert_eq!(house.messages().len(), 0, "what was put off left no trace");
    eventually("she is let in", || {
        let answer = house.send_from(OWN, &question);
        (answer.code == 250).then_some(())
    });
    // The network has sent proved mail by now.
    house.send_from(OWN, &Letter::new(SHOP, &house.buyer_of("O1"), "On Monday.\n")).is("250 2.0.0");
    // What a server in front brings was made to wait there, if at all.
    let other =
        Letter::new(JANE, &house.seller_of("O1"), "Really?\n").envelope_sender("x@y.example");
    house.send(&other).is("250 2.0.0");
    // Who is not proved is not known either, and the next thing it hears is that.
    let forged = Letter::new(JANE, &house.seller_of("O1"), "Send it to me.\n")
        .envelope_sender("mallory@evil.example");
    house.send_from(FOREIGN, &forged).is("451 4.7.1");
    eventually("it is told that it is not proved", || {
        let answer = house.send_from(FOREIGN, &forged);
        (answer.code == 550).then(|| answer.is("550 5.7.26").code)
    });
}

#[test]
fn who_sends_nothing_but_what_is_refused_is_put_off_and_nobody_else() {
    let dns = NameServer::start();
    let house = open(&dns, "[limits]\nunknown_aliases_per_hour = 3\n\n");
    let forged = |from: &str| {
        Letter::new(JANE, &house.seller_of("O1"), "Send it to me.\n").envelope_sender(from)
    };
    for _ in 0..3 {
        house.send_from(FOREIGN, &forged("mallory@evil.example")).is("550 5.7.26");
    }
    house.send_from(FOREIGN, &forged("mallory@evil.example")).is("450 4.7.1").says("refused");
    house.send_from(FOREIGN, &forged("other@plain.example")).is("550 5.7.26");
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    house.send_from(OWN, &question).is("250 2.0.0");
    // Where the DNS does not answer nobody is to blame.
    dns.breaks("plain.example");
    for _ in 0..5 {
        house.send_from("127.0.0.4", &forged("jane@plain.example")).is("451 4.7.0");
    }
}

#[test]
fn a_network_brings_so_many_mails_an_hour_and_one_of_proved_mail_is_never_refused_whole() {
    let dns = NameServer::start();
    let house = open(&dns, "[limits]\nmails_per_network_per_hour = 1\n\n");
    let mail = |from: &str| {
        Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n").envelope_sender(from)
    };
    house.send_from(OWN, &mail("jane@plain.example")).is("250 2.0.0");
    house.send_from(OWN, &mail("shop@Plain.example")).is("450 4.7.1").says("your network");
    let strange = |n: usize| mail(&format!("x@d{n}.example"));
    for peer in [OWN, FOREIGN] {
        for n in 0..9 {
            house.send_from(peer, &strange(n)).is("550 5.7.26");
        }
    }
    house.send_from(FOREIGN, &strange(9)).is("550 5.7.26");
    house.send_from(FOREIGN, &strange(10)).is("450 4.7.1").says("your network");
    house.send_from(OWN, &strange(9)).is("550 5.7.26");
    house.send_from(OWN, &strange(10)).is("550 5.7.26");
    // What is set counts for trusted peers too, each envelope domain by itself.
    house.send(&mail("y@y.example")).is("250 2.0.0");
    house.send(&mail("y@y.example")).is("450 4.7.1");
    house.send(&mail("z@z.example")).is("250 2.0.0");
}
