//! SPF as RFC 7208's public test suite has it, its zones served by a name server.

use std::net::IpAddr;

use bauta::dns::Dns;
use bauta::domain::Timestamp;
use bauta::sender::spf::{Client, check, explain};
use serde_json::Value;

use crate::dns::NameServer;

/// BSD licence, see beside it.
const SUITE: &str = include_str!("../../fixtures/spf/rfc7208-tests.json");

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The strings of a TXT record. One without strings can't be sent; one empty string can.
fn strings(value: &Value) -> Vec<String> {
    let strings: Vec<String> = match value {
        Value::Array(strings) => strings.iter().map(|s| text(s).to_owned()).collect(),
        one => vec![text(one).to_owned()],
    };
    if strings.is_empty() { vec![String::new()] } else { strings }
}

/// A name server that has the zone. Records of the kind SPF stand for texts where the zone has no
/// texts of its own (the suite was made when there were both).
fn serve(zone: &Value) -> NameServer {
    let server = NameServer::start();
    // As the suite's own driver has it.
    server.breaks_below("error");
    for (owner, records) in zone.as_object().unwrap() {
        let records = records.as_array().unwrap();
        let of_kind = |kind: &'static str| records.iter().filter_map(move |r| r.get(kind));
        let texts: Vec<&Value> = of_kind("TXT").collect();
        let texts = if texts.is_empty() { of_kind("SPF").collect() } else { texts };
        for value in texts {
            match value {
                Value::String(none) if none == "NONE" => {}
                Value::String(late) if late == "TIMEOUT" => server.breaks_else(owner),
                value => server.strings(owner, strings(value)),
            }
        }
        for record in records {
            if record == "TIMEOUT" {
                server.breaks_else(owner);
                continue;
            }
            for (kind, value) in record.as_object().unwrap() {
                match kind.as_str() {
                    "TXT" | "SPF" => {}
                    _ if value == "TIMEOUT" => server.breaks_else(owner),
                    "A" | "AAAA" => server.address(owner, text(value).parse::<IpAddr>().unwrap()),
                    "MX" => {
                        let preference = value[0].as_u64().unwrap().try_into().unwrap();
                        server.mx(owner, preference, text(&value[1]));
                    }
                    "PTR" => server.pointer(owner, text(value)),
                    "CNAME" => server.alias(owner, text(value)),
                    other => panic!("{other} in the suite"),
                }
            }
        }
        server.exists(owner);
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_suite_is_answered_right_and_nobody_passes_who_must_not() {
    let suite: Value = serde_json::from_str(SUITE).unwrap();
    let (mut count, mut wrong, mut wrong_passes) = (0, Vec::new(), Vec::new());
    for scenario in suite.as_array().unwrap() {
        let server = serve(&scenario["zonedata"]);
        let dns = Dns::new(&[server.address]).unwrap();
        for (name, case) in scenario["tests"].as_object().unwrap() {
            count += 1;
            let client = Client {
                ip: text(&case["host"]).parse().unwrap(),
                hello: case["helo"].as_str().unwrap_or_default(),
                mail_from: case["mailfrom"].as_str().unwrap_or_default(),
            };
            let found = check(&dns, &client).await.as_str();
            let right: Vec<&str> = match &case["result"] {
                Value::Array(results) => results.iter().map(text).collect(),
                one => vec![text(one)],
            };
            let mut told = format!("{name}: {found}, not {right:?}");
            let mut fits = right.contains(&found);
            if found == "pass" && !fits {
                wrong_passes.push(name.clone());
            }
            if let Some(words) = case["explanation"].as_str() {
                let ours = explain(&dns, &client, Timestamp::EPOCH).await;
                let ours = ours.unwrap_or_else(|| "DEFAULT".to_owned());
                fits &= ours == words;
                told.push_str(&format!(" ({ours:?}, not {words:?})"));
            }
            if !fits {
                wrong.push(told);
            }
        }
    }
    println!("RFC 7208 suite: {} of {count} right", count - wrong.len());
    assert_eq!(count, 203, "the suite is whole");
    assert!(wrong_passes.is_empty(), "passes that are none: {wrong_passes:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
