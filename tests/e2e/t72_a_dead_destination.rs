//! A mail server that is not there is remembered as such: it is not tried for every mail, nobody
//! else waits for it, and when it is back it is found by itself.

use serde_json::Value;

use crate::dns::NameServer;
use crate::house::{House, SHOP, eventually};
use crate::letter::Letter;
use crate::mx::{Manner, Mx};
use crate::smarthost::place;
use crate::t55_mx_hosts::{house_like, question};

const MAILS: usize = 12;

/// The shop's server is not there, the buyers' is.
fn open(dns: &NameServer, retry: &[(&str, &str)]) -> (House, Mx) {
    let buyers = Mx::start(place(), 0, Manner::default());
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.lamps.example", place());
    dns.mx("mail.example", 10, "mx.mail.example");
    dns.address("mx.mail.example", buyers.address.ip());
    let house = house_like(dns, buyers.address.port(), "", |house| {
        let mut config = std::fs::read_to_string(house.config_file()).unwrap();
        for (line, other) in retry {
            config = config.replace(line, other);
        }
        std::fs::write(house.config_file(), config).unwrap();
    });
    (house, buyers)
}

fn queue(house: &House) -> Vec<Value> {
    house.ask(&["queue", "list"]).as_array().unwrap().clone()
}

fn attempts(rows: &[Value]) -> u64 {
    rows.iter().map(|row| row["attempts"].as_u64().unwrap()).sum()
}

#[test]
fn it_is_not_tried_for_every_mail_and_the_queue_says_why_and_until_when() {
    let dns = NameServer::start();
    let long = [
        ("retry_first = \"100ms\"", "retry_first = \"1h\""),
        ("retry_max = \"1s\"", "retry_max = \"1h\""),
    ];
    let (mut house, buyers) = open(&dns, &long);
    house.may_leave_mail_waiting = true;
    for _ in 0..MAILS {
        house.send(&question(&house)).is("250 2.0.0");
    }
    let rows = eventually("all of them wait and say why", || {
        let rows = queue(&house);
        let waits = |row: &Value| row["state"] == "deferred" || row["state"] == "queued";
        let told = |row: &Value| row["last_reply"].as_str().is_some_and(|r| r.contains("refused"));
        rows.iter().all(|row| waits(row) && told(row)).then_some(rows)
    });
    assert_eq!(rows.len(), MAILS);
    // It begins with two connections at a time.
    assert!((1..=2).contains(&attempts(&rows)), "{rows:?}");
    assert!(rows.iter().all(|row| row["next_attempt_at"].is_string()), "{rows:?}");
    house.send(&Letter::new(SHOP, &house.buyer_of("O1"), "It has left.\n")).is("250 2.0.0");
    assert!(buyers.waits_for(1)[0].rcpt.contains("jane.roe@mail.example"), "others do not wait");
    // What waits counts as nothing forgotten: an operator who knows better has it tried at once.
    let shop = Mx::start(place(), buyers.address.port(), Manner::default());
    dns.forget("mx.lamps.example");
    dns.address("mx.lamps.example", shop.address.ip());
    house.put(&["queue", "retry", "--all"]);
    shop.waits_for(MAILS);
    house.settle();
    assert_eq!(shop.given().len(), MAILS, "each once");
}

#[test]
fn when_it_is_back_it_is_found_by_one_attempt_and_gets_everything_once() {
    let dns = NameServer::start();
    let (house, buyers) = open(&dns, &[]);
    for _ in 0..MAILS {
        house.send(&question(&house)).is("250 2.0.0");
    }
    let rested = |house: &House| house.log().matches("a destination does not answer").count();
    eventually("it was tried again and again", || (rested(&house) >= 4).then_some(()));
    let shop = Mx::start(place(), buyers.address.port(), Manner::default());
    dns.forget("mx.lamps.example");
    dns.address("mx.lamps.example", shop.address.ip());
    shop.waits_for(MAILS);
    house.settle();
    assert_eq!(shop.given().len(), MAILS, "each once");
    let tried: u64 =
        house.messages().iter().map(|m| m["delivery"]["attempts"].as_u64().unwrap()).sum();
    let in_vain = usize::try_from(tried).unwrap() - MAILS;
    // One attempt for each rest, and the second of the first two.
    assert!(in_vain <= rested(&house) + 1, "{in_vain} in vain, {} rests", rested(&house));
}
