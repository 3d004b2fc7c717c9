//! A domain promises by MTA-STS (RFC 8461) how its mail servers are encrypted, and is taken at its
//! word, also when the promise can't be read again.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::dns::NameServer;
use crate::house::{House, eventually};
use crate::mx::{Authority, Manner, Mx};
use crate::smarthost::place;
use crate::t55_mx_hosts::{house_like, question};

/// Serves one text over HTTPS, and counts.
pub struct Promises {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    pub text: Arc<Mutex<String>>,
}

impl Promises {
    pub fn start(tls: Arc<ServerConfig>, text: &str) -> Self {
        let listener = TcpListener::bind((place(), 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let text = Arc::new(Mutex::new(text.to_owned()));
        let (log, answer) = (Arc::clone(&asked), Arc::clone(&text));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = ServerConnection::new(Arc::clone(&tls)).unwrap();
                let mut stream = StreamOwned::new(connection, stream);
                let mut question = vec![0; 4096];
                let Ok(length) = stream.read(&mut question) else { continue };
                let question = String::from_utf8_lossy(&question[..length]).into_owned();
                log.lock().unwrap().push(question);
                let text = answer.lock().unwrap().clone();
                let _ = stream.write_all(text.as_bytes());
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        });
        Self { address, asked, text }
    }
}

pub fn answer(policy: &str) -> String {
    let policy = policy.replace('\n', "\r\n");
    let length = policy.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{policy}"
    )
}

fn waits_saying(house: &House, words: &str) {
    eventually(words, || {
        let newest = house.newest();
        let reply = newest["delivery"]["last_reply"].as_str()?;
        (newest["delivery"]["state"] != "delivered" && reply.contains(words)).then_some(())
    });
}

#[test]
fn a_domain_that_enforces_gets_nothing_over_any_other_way_also_after_a_restart() {
    let authority = Authority::new();
    let dns = NameServer::start();
    let policy = "version: STSv1\nmode: enforce\nmx: *.lamps.example\nmax_age: 86400\n";
    let promises = Promises::start(authority.server("mta-sts.lamps.example"), &answer(policy));
    let server = Mx::start(place(), 0, Manner::default());
    let stranger = Mx::start(place(), server.address.port(), Manner::default());
    dns.text("_mta-sts.lamps.example", "v=STSv1; id=1;");
    dns.address("mta-sts.lamps.example", promises.address.ip());
    // Who forges the DNS names a server of his own.
    dns.mx("lamps.example", 5, "mx.stranger.example");
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.stranger.example", stranger.address.ip());
    dns.address("mx.lamps.example", server.address.ip());
    let port = format!("mta_sts_port = {}", promises.address.port());
    let mut house = house_like(&dns, server.address.port(), &port, |house| {
        let file = authority.write(house.dir.path());
        house.environment.push(("SSL_CERT_FILE", file.display().to_string()));
    });
    house.send(&question(&house)).is("250 2.0.0");
    waits_saying(&house, "offers no STARTTLS");
    let tls = Some(Authority::new().server("mx.lamps.example"));
    server.behaves(Manner { tls, ..Manner::default() });
    waits_saying(&house, "encryption failed");
    let tls = Some(authority.server("mx.lamps.example"));
    server.behaves(Manner { tls, ..Manner::default() });
    assert!(server.waits_for(1)[0].encrypted);
    house.newest_is("delivered");
    let asked = promises.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "it is kept: {asked:?}");
    assert!(asked[0].starts_with("GET /.well-known/mta-sts.txt HTTP/1."), "{asked:?}");
    // Neither a restart nor a promise that is out of reach takes it back.
    dns.forget("_mta-sts.lamps.example");
    house.stop();
    house.start();
    server.behaves(Manner::default());
    house.send(&question(&house)).is("250 2.0.0");
    waits_saying(&house, "offers no STARTTLS");
    // A policy with another id does.
    *promises.text.lock().unwrap() = answer("version: STSv1\nmode: none\nmax_age: 60\n");
    dns.text("_mta-sts.lamps.example", "v=STSv1; id=2;");
    dns.forget("mx.stranger.example");
    assert!(!server.waits_for(2)[1].encrypted);
    house.newest_is("delivered");
    assert_eq!(stranger.given().len(), 0);
}

#[test]
fn a_promise_that_is_only_tested_or_can_not_be_had_stops_nothing() {
    let authority = Authority::new();
    let dns = NameServer::start();
    let policy = "version: STSv1\nmode: testing\nmx: other.example\nmax_age: 86400\n";
    let promises = Promises::start(authority.server("mta-sts.lamps.example"), &answer(policy));
    let server = Mx::start(place(), 0, Manner::default());
    dns.text("_mta-sts.lamps.example", "v=STSv1; id=1;");
    dns.address("mta-sts.lamps.example", promises.address.ip());
    dns.mx("lamps.example", 10, "mx.lamps.example");
    dns.address("mx.lamps.example", server.address.ip());
    let port = format!("mta_sts_port = {}", promises.address.port());
    let house = house_like(&dns, server.address.port(), &port, |house| {
        let file = authority.write(house.dir.path());
        house.environment.push(("SSL_CERT_FILE", file.display().to_string()));
    });
    house.send(&question(&house)).is("250 2.0.0");
    server.waits_for(1);
    // Announced anew; but what it says now is a redirect.
    dns.forget("_mta-sts.lamps.example");
    dns.text("_mta-sts.lamps.example", "v=STSv1; id=2;");
    let moved = "HTTP/1.1 301 Moved\r\nLocation: https://x.example/\r\nContent-Length: 0\r\n\r\n";
    moved.clone_into(&mut promises.text.lock().unwrap());
    house.send(&question(&house)).is("250 2.0.0");
    server.waits_for(2);
    house.newest_is("delivered");
}
