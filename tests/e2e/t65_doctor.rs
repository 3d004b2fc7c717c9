//! `bauta doctor` looks at a running relay as the world sees it, and names what is wrong and what
//! mends it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use bauta::config::{DkimAlgorithm, make_dkim_key};
use serde_json::Value;

use crate::dns::NameServer;
use crate::house::House;
use crate::mx::{Authority, Manner, Mx};
use crate::smarthost::place;
use crate::t55_mx_hosts::house_like;
use crate::t58_mta_sts::{Promises, answer};

/// Where our mail comes in. Our own name has an address of the world's: a resolver knows the names
/// of this machine's without asking the DNS.
const MX: &str = "mx.relay.example";
const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const REVERSE: &str = "10.2.0.192.in-addr.arpa";
const POLICY: &str = "version: STSv1\nmode: enforce\nmx: mx.relay.example\nmax_age: 604800\n";

/// Tells the time, that many seconds off.
struct TimeServer {
    address: SocketAddr,
    off: Arc<AtomicI64>,
}

impl TimeServer {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, off) = (socket.local_addr().unwrap(), Arc::new(AtomicI64::new(0)));
        let known = Arc::clone(&off);
        thread::spawn(move || {
            let mut question = [0; 128];
            while let Ok((_, from)) = socket.recv_from(&mut question) {
                let seconds = jiff::Timestamp::now().as_second() + known.load(Ordering::Relaxed);
                let seconds = u32::try_from(seconds + 2_208_988_800).unwrap().to_be_bytes();
                let mut answer = [0; 48];
                (answer[0], answer[1]) = (0x24, 2);
                answer[24..32].copy_from_slice(&question[40..48]);
                answer[32..36].copy_from_slice(&seconds);
                answer[40..44].copy_from_slice(&seconds);
                let _ = socket.send_to(&answer, from);
            }
        });
        Self { address, off }
    }
}

/// A relay of which everything is right, and all that it stands among.
struct Scene {
    house: House,
    dns: NameServer,
    authority: Authority,
    /// Somewhere in the world, at another address and the port of all mail servers out there.
    outside: Mx,
    promises: Promises,
    time: TimeServer,
    record: String,
}

impl Scene {
    fn set() -> Self {
        let (dns, authority) = (NameServer::start(), Authority::new());
        let outside = Mx::start(place(), 0, Manner::default());
        let port = outside.address.port();
        let promises = Promises::start(authority.server("mta-sts.alias.example"), &answer(POLICY));
        let house = house_like(&dns, port, "", |house| {
            let folder = house.dir.path();
            authority.write_for(folder, MX);
            let file = authority.write(folder).display().to_string();
            house.environment.push(("SSL_CERT_FILE", file));
            let record = make_dkim_key(&folder.join("one.pem"), DkimAlgorithm::Rsa).unwrap();
            fs::write(folder.join("record"), record).unwrap();
            let config = fs::read_to_string(house.config_file()).unwrap();
            let config = config.replace(
                "data_dir = \"data\"\n",
                "data_dir = \"data\"\npostmaster = \"ops@world.example\"\n",
            );
            let more = "\n[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n\n[dkim]\n\
                selector = \"one\"\nkey = \"one.pem\"\n";
            fs::write(house.config_file(), config + more).unwrap();
        });
        let record = fs::read_to_string(house.dir.path().join("record")).unwrap();
        let time = TimeServer::start();
        let scene = Self { house, dns, authority, outside, promises, time, record };
        scene.is_right();
        scene
    }

    /// Puts everything into the DNS as it should be.
    fn is_right(&self) {
        let dns = &self.dns;
        dns.is_mended();
        for name in ["alias.example", "relay.example", "one._domainkey.alias.example"] {
            dns.forget(name);
        }
        for name in ["_dmarc.alias.example", "_mta-sts.alias.example", REVERSE] {
            dns.forget(name);
        }
        dns.mx("alias.example", 10, MX);
        dns.address("alias.example", Ipv4Addr::LOCALHOST);
        dns.text("alias.example", "v=spf1 a:relay.example -all");
        dns.address("relay.example", OURS);
        dns.pointer(REVERSE, "relay.example");
        dns.forget(MX);
        dns.address(MX, Ipv4Addr::LOCALHOST);
        dns.text("one._domainkey.alias.example", &self.record);
        dns.text("_dmarc.alias.example", "v=DMARC1; p=reject");
        dns.text("_mta-sts.alias.example", "v=STSv1; id=1");
        dns.forget("mta-sts.alias.example");
        dns.address("mta-sts.alias.example", self.promises.address.ip());
        dns.forget("world.example");
        dns.mx("world.example", 10, "mx.world.example");
        dns.forget("mx.world.example");
        dns.address("mx.world.example", self.outside.address.ip());
        self.time.off.store(0, Ordering::Relaxed);
    }

    /// What the doctor finds, with mail expected at a port, and the exit code.
    fn asked_at(&self, port: u16, more: &[&str]) -> (Vec<Value>, i32) {
        let (port, sts) = (port.to_string(), self.promises.address.port().to_string());
        let time = self.time.address.to_string();
        let doctor = ["doctor", "--json", "--port", &port, "--mta-sts-port", &sts];
        let ran = self.house.bauta(&[&doctor[..], &["--time-server", &time], more].concat());
        (ran.json().as_array().unwrap().clone(), ran.code)
    }

    fn asked(&self) -> (Vec<Value>, i32) {
        self.asked_at(self.house.relay.port(), &[])
    }
}

/// The one finding of a check that is in this state, says this, and is mended so.
fn has(found: &(Vec<Value>, i32), check: &str, state: &str, says: &str, mend: &str) {
    let text = |v: &Value, key: &str| v[key].as_str().unwrap_or_default().to_owned();
    let fits = |v: &&Value| {
        v["check"] == check
            && v["state"] == state
            && text(v, "says").contains(says)
            && text(v, "mend").contains(mend)
    };
    let all = serde_json::to_string_pretty(&found.0).unwrap();
    assert!(found.0.iter().any(|v| fits(&v)), "no {check} {state} {says:?} {mend:?} in {all}");
    let wrong = found.0.iter().any(|v| v["state"] == "wrong");
    assert_eq!(found.1, i32::from(wrong), "{all}");
}

#[test]
fn where_all_is_right_every_line_says_so() {
    let scene = Scene::set();
    let found = scene.asked();
    let all = serde_json::to_string_pretty(&found.0).unwrap();
    assert!(found.0.iter().all(|finding| finding["state"] == "ok"), "{all}");
    let checks: Vec<&str> = found.0.iter().map(|f| f["check"].as_str().unwrap()).collect();
    let expected = [
        "mx", "ports", "tls", "mta-sts", "outgoing", "ptr", "spf", "dkim", "dmarc", "clock",
        "erasing", "search",
    ];
    assert_eq!(checks, expected);
    has(&found, "mx", "ok", "this relay", "");
    has(&found, "tls", "ok", "STARTTLS, the certificate counts (it ends ", "");
    let port = scene.house.relay.port().to_string();
    let ran = scene.house.bauta(&["doctor", "--port", &port, "--time-server", "192.0.2.1:x"]);
    assert!(ran.out.contains("ok       dkim      one._domainkey.alias.example"), "{ran:?}");
    assert!(ran.out.contains("unknown  clock"), "{ran:?}");
}

#[test]
fn each_record_that_is_missing_or_wrong_is_named_with_the_right_one() {
    let scene = Scene::set();
    let dns = &scene.dns;
    let broken = |breaking: &dyn Fn()| {
        scene.is_right();
        breaking();
        scene.asked()
    };
    let found = broken(&|| {
        dns.forget("alias.example");
        dns.address("alias.example", Ipv4Addr::LOCALHOST);
    });
    has(&found, "mx", "wrong", "no MX record", "alias.example. MX 10 relay.example.");
    let spf = "alias.example. TXT \"v=spf1 a:relay.example -all\"";
    has(&found, "spf", "wrong", "no SPF record", spf);
    has(&found, "ports", "ok", "alias.example (127.0.0.1), port", "");

    let found = broken(&|| {
        dns.forget("alias.example");
        dns.mx("alias.example", 0, "");
        dns.text("alias.example", "v=spf1 +all");
    });
    has(&found, "mx", "wrong", "null MX", "alias.example. MX 10 relay.example.");
    has(&found, "spf", "wrong", "everybody", spf);

    let found = broken(&|| {
        dns.text("alias.example", "v=spf1 -all");
        dns.mx("alias.example", 20, "other.alias.example");
        dns.alias("other.alias.example", MX);
        dns.mx("alias.example", 30, "nowhere.example");
    });
    has(&found, "spf", "wrong", "several", spf);
    has(&found, "mx", "wrong", "CNAME", "alias.example. MX 20 mx.relay.example.");
    has(&found, "mx", "wrong", "no address", "nowhere.example. A ");
    has(&found, "mta-sts", "wrong", "does not name other.alias.example", "mx: nowhere.example");

    let found = broken(&|| {
        dns.forget("alias.example");
        dns.mx("alias.example", 10, MX);
        dns.text("alias.example", "v=spf1 ip4:192.0.2.11 -all");
        dns.text("relay.example", "v=spf1 -all");
    });
    has(&found, "spf", "wrong", "alias.example says fail of 192.0.2.10 (relay.example)", spf);
    let greeting = "relay.example. TXT \"v=spf1 a -all\"";
    has(&found, "spf", "wrong", "says fail of its own 192.0.2.10: our notices fail", greeting);

    let found = broken(&|| dns.forget("one._domainkey.alias.example"));
    let record = format!("one._domainkey.alias.example. TXT (\"{}", &scene.record[..250]);
    has(&found, "dkim", "wrong", "does not exist", &record);
    let found = broken(&|| {
        dns.forget("one._domainkey.alias.example");
        dns.text("one._domainkey.alias.example", "v=DKIM1; k=rsa; p=AAAA");
    });
    has(&found, "dkim", "wrong", "another key", &record);

    let found = broken(&|| {
        dns.forget("_dmarc.alias.example");
        dns.forget(REVERSE);
    });
    let dmarc = "_dmarc.alias.example. TXT \"v=DMARC1; p=reject\"";
    has(&found, "dmarc", "wrong", "no DMARC record", dmarc);
    has(&found, "ptr", "wrong", "has no name", &format!("{REVERSE}. PTR relay.example."));
    let found = broken(&|| {
        dns.text("_dmarc.alias.example", "v=DMARC1; p=none");
        dns.forget(REVERSE);
        dns.pointer(REVERSE, "other.example");
    });
    has(&found, "dmarc", "wrong", "several", dmarc);
    has(&found, "ptr", "wrong", "192.0.2.10 is called other.example", "PTR relay.example.");

    let found = broken(&|| dns.forget("mta-sts.alias.example"));
    has(&found, "mta-sts", "wrong", "can't be had", "mode: testing");
    let found = broken(&|| dns.forget("_mta-sts.alias.example"));
    has(&found, "mta-sts", "ok", "nothing is promised", "_mta-sts.alias.example. TXT");
    assert_eq!(found.1, 0);

    let found = broken(&|| dns.breaks("alias.example"));
    has(&found, "mx", "unknown", "no answer about alias.example", "dig MX alias.example");
    has(&found, "spf", "unknown", "no answer", "dig TXT alias.example");
    assert_eq!(found.1, 0, "what can't be known is not wrong");

    let found = broken(&|| scene.time.off.store(7200, Ordering::Relaxed));
    has(&found, "clock", "wrong", "s behind", "set-ntp");
    let found = broken(&|| scene.time.off.store(-7200, Ordering::Relaxed));
    has(&found, "clock", "wrong", "s ahead", "set-ntp");

    let found = broken(&|| {
        dns.forget("mx.world.example");
        dns.address("mx.world.example", place()); // nobody is there
    });
    has(&found, "outgoing", "wrong", "mail servers of world.example", "nc -v MAIL-SERVER");
}

#[test]
fn a_certificate_is_judged_as_a_sender_would_that_checks_it() {
    let scene = Scene::set();
    let other = Mx::start(place(), 0, Manner::default());
    scene.dns.forget(MX);
    scene.dns.address(MX, other.address.ip());
    let shows = |tls, words: &str, mend: &str| {
        other.behaves(Manner { tls, name: Some("relay.example"), ..Manner::default() });
        let found = scene.asked_at(other.address.port(), &[]);
        has(&found, "tls", "wrong", words, mend);
    };
    shows(None, "no STARTTLS", "certbot certonly --standalone -d mx.relay.example\n[tls]");
    let of = |authority: &Authority, name, days| Some(authority.server_until(name, days));
    let ours = &scene.authority;
    shows(of(ours, "other.example", None), "other names (other.example)", "[tls]");
    shows(of(ours, MX, Some(-2)), "has ended", "[tls]");
    shows(of(ours, MX, Some(5)), "ends in ", "renew");
    shows(of(&Authority::new(), MX, None), "no authority", "fullchain.pem");
    // Somebody else's mail server: the one in front, since this relay trusts one.
    other.behaves(Manner { name: Some("front.example"), ..Manner::default() });
    has(&scene.asked_at(other.address.port(), &[]), "mx", "ok", "calls itself front.example", "");
}

#[test]
fn where_nobody_answers_it_says_whether_the_relay_does() {
    let mut scene = Scene::set();
    // A port where nobody listens.
    let found = scene.asked_at(1, &[]);
    let place = "mx.relay.example (127.0.0.1), port 1: ";
    has(&found, "ports", "wrong", place, "open port 1 to where the relay listens");
    has(&found, "tls", "unknown", "could be asked", "ports first");
    let running = scene.house.relay;
    let config = fs::read_to_string(scene.house.config_file()).unwrap();
    let fixed = config.replace("127.0.0.1:0", &running.to_string());
    fs::write(scene.house.config_file(), fixed).unwrap();
    let found = scene.asked_at(1, &[]);
    has(&found, "ports", "wrong", place, "listen = [\"0.0.0.0:1\", \"[::]:1\"]");
    scene.house.settle();
    scene.house.stop();
    let found = scene.asked_at(running.port(), &[]);
    has(&found, "ports", "wrong", "mx.relay.example (127.0.0.1)", "bauta.toml serve");
}

#[test]
fn a_test_mail_goes_the_way_of_all_mail() {
    let scene = Scene::set();
    let port = scene.house.relay.port();
    let found = scene.asked_at(port, &["--send-test", "who@world.example"]);
    has(&found, "test mail", "ok", "was taken (250 taken)", "");
    let given = scene.outside.waits_for(1).remove(0);
    assert_eq!(
        given.rcpt.split(' ').take(2).collect::<Vec<_>>(),
        ["RCPT", "TO:<who@world.example>"]
    );
    assert!(given.mail.starts_with("MAIL FROM:<b-"), "a bounce address: {}", given.mail);
    let mail = String::from_utf8(given.bytes).unwrap();
    assert!(mail.contains("DKIM-Signature:") && mail.contains("d=alias.example"), "{mail}");
    assert!(mail.contains("<postmaster@alias.example>"), "{mail}");
    scene.outside.behaves(Manner { to_rcpt: vec!["550 5.1.1 nobody"], ..Manner::default() });
    let found = scene.asked_at(port, &["--send-test", "none@world.example"]);
    has(&found, "test mail", "wrong", "is failed: ", "bauta queue show d");
    let ran = scene.house.bauta(&["doctor", "--send-test", "x@alias.example"]);
    assert!(ran.code == 1 && ran.err.contains("out in the world"), "{ran:?}");
    assert!(scene.house.bauta(&["doctor", "--send-test", "nobody"]).code == 2);
}
