//! Whatever is wrong out there, and whenever the relay dies meanwhile: mail waits, says why, and
//! arrives once when it is mended.

use crate::dns::NameServer;
use crate::house::{House, eventually};
use crate::mx::{Authority, Manner, Mx};
use crate::smarthost::place;
use crate::t55_mx_hosts::{house_like, question};

/// A server for lamps.example, and a house that finds it and trusts an authority.
struct Scene {
    house: House,
    server: Mx,
    dns: NameServer,
    authority: Authority,
}

impl Scene {
    fn set(more: &str) -> Self {
        let (dns, authority) = (NameServer::start(), Authority::new());
        let server = Mx::start(place(), 0, Manner::default());
        dns.mx("lamps.example", 10, "mx.lamps.example");
        dns.address("mx.lamps.example", server.address.ip());
        let house = house_like(&dns, server.address.port(), more, |house| {
            let file = authority.write(house.dir.path());
            house.environment.push(("SSL_CERT_FILE", file.display().to_string()));
        });
        Self { house, server, dns, authority }
    }

    /// Waits for so many attempts, the last of which was told this.
    fn waits_saying(&self, attempts: u64, words: &str) {
        eventually(words, || {
            let newest = self.house.newest();
            let delivery = &newest["delivery"];
            let told = delivery["last_reply"].as_str()?.contains(words);
            let state = delivery["state"].as_str()?;
            assert!(["deferred", "sending", "queued"].contains(&state), "{newest}");
            (told && delivery["attempts"].as_u64()? >= attempts).then_some(())
        });
    }

    /// The relay dies and begins again while it is so, and once more when it is mended.
    fn bear(mut self, words: &str, mend: impl Fn(&Self)) {
        self.house.send(&question(&self.house)).is("250 2.0.0");
        self.waits_saying(1, words);
        self.house.kill();
        self.house.start();
        self.waits_saying(2, words);
        self.house.kill();
        mend(&self);
        self.house.start();
        self.server.waits_for(1);
        self.house.newest_is("delivered");
        assert_eq!(self.server.given().len(), 1, "once: {words}");
    }
}

#[test]
fn a_server_that_greylists() {
    let scene = Scene::set("");
    let to_rcpt = vec!["451 4.7.1 greylisted, come again"; 1000];
    scene.server.behaves(Manner { to_rcpt, ..Manner::default() });
    scene.bear("greylisted", |scene| scene.server.behaves(Manner::default()));
}

#[test]
fn a_server_that_hangs_up_after_data() {
    let scene = Scene::set("");
    scene.server.behaves(Manner { drops_after_data: true, ..Manner::default() });
    scene.bear("", |scene| scene.server.behaves(Manner::default()));
}

#[test]
fn a_server_whose_encryption_is_broken_where_it_is_required() {
    let scene = Scene::set("tls_required_domains = [\"lamps.example\"]");
    scene.server.behaves(Manner { broken_tls: true, ..Manner::default() });
    scene.bear("encryption failed", |scene| {
        let tls = Some(scene.authority.server("mx.lamps.example"));
        scene.server.behaves(Manner { tls, ..Manner::default() });
    });
}

#[test]
fn a_dns_that_fails() {
    let scene = Scene::set("");
    scene.dns.breaks("lamps.example");
    scene.bear("4.4.3", |scene| scene.dns.is_mended());
}

#[test]
fn a_server_that_is_not_there() {
    let scene = Scene::set("");
    scene.dns.forget("mx.lamps.example");
    scene.dns.address("mx.lamps.example", place());
    scene.bear("refused", |scene| {
        scene.dns.forget("mx.lamps.example");
        scene.dns.address("mx.lamps.example", scene.server.address.ip());
    });
}
