//! One SMTP session over a pipe, with a house that takes some mail. Whatever the peer says and in
//! however many pieces: every reply is a reply, the same octets are answered alike, and no mail
//! with a bare CR or LF comes through the door.

#![no_main]

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use bauta::config::Config;
use bauta::domain::MessageId;
use bauta::relay::{Envelope, Outcome, Peer, RouteRefusal};
use bauta::smtp::{Door, Settings, converse};
use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let text = r#"
[relay]
hostname = "mx.example"
alias_domain = "in.example"
marketplace = "Fair"
data_dir = "/nowhere"
[smtp]
max_size = "1KB"
in_flight = "1MB"
trusted_networks = ["127.0.0.1/32"]
[senders]
verify = "address"
[delivery]
route = "smarthost"
smarthost = "127.0.0.1:2526"
"#;
    let config = Config::parse(text, Path::new("bauta.toml")).expect("a config");
    Settings::new(&config)
});

/// Takes what is sent to `a…`, refuses `b…` after DATA, knows nobody else.
#[derive(Default)]
struct House(Mutex<Vec<(String, usize, Vec<u8>)>>);

impl Door for House {
    type Route = String;

    async fn route(&self, _: Peer, _: &str, recipient: &str) -> Result<String, RouteRefusal> {
        match recipient.as_bytes().first() {
            Some(b'a' | b'b') => Ok(recipient.to_owned()),
            Some(b'c') => Err(RouteRefusal::Unavailable),
            _ => Err(RouteRefusal::Unknown),
        }
    }

    async fn accept(
        &self,
        _: Peer,
        envelope: Envelope<'_>,
        routes: Vec<String>,
        raw: Vec<u8>,
    ) -> Outcome {
        let all = String::from_utf8_lossy(&raw).replace("\r\n", "");
        assert!(!all.contains(['\r', '\n']), "a bare line end came through the door");
        assert!(raw.len() <= SETTINGS.max_size, "it is over the limit");
        assert!((1..=100).contains(&routes.len()));
        let refused = routes.iter().any(|route| route.starts_with('b'));
        self.0.lock().expect("one task").push((envelope.mail_from.to_owned(), routes.len(), raw));
        if refused {
            return Outcome::Storage;
        }
        Outcome::Accepted { id: MessageId::from_random([0; 10]) }
    }
}

/// What was answered, and what came through the door.
fn talk(said: &[u8], piece: usize) -> (Vec<u8>, Vec<(String, usize, Vec<u8>)>) {
    let house = Arc::new(House::default());
    let answered = RUNTIME.block_on(async {
        let (wire, ours) = duplex(64);
        let (mut hears, mut says) = tokio::io::split(wire);
        let stop = CancellationToken::new();
        let peer = Peer::new([127, 0, 0, 1].into(), &SETTINGS.trusted_networks);
        let session = converse(ours, peer, &SETTINGS, &*house, &stop);
        let speak = async {
            for piece in said.chunks(piece) {
                // Nobody listens any more.
                if says.write_all(piece).await.is_err() {
                    break;
                }
            }
            let _ = says.shutdown().await;
        };
        let mut answered = vec![];
        let hear = hears.read_to_end(&mut answered);
        let ((), (), heard) = tokio::join!(session, speak, hear);
        heard.expect("a pipe does not break");
        answered
    });
    let came = std::mem::take(&mut *house.0.lock().expect("one task"));
    (answered, came)
}

fn is_reply(line: &[u8]) -> bool {
    line.len() <= 512
        && line.ends_with(b"\r\n")
        && line.is_ascii()
        && !line[..line.len() - 2].iter().any(u8::is_ascii_control)
        && matches!(line, [b'2'..=b'5', b'0'..=b'9', b'0'..=b'9', b' ' | b'-', ..])
}

fuzz_target!(|said: &[u8]| {
    let Some((&piece, said)) = said.split_first() else { return };
    let whole = talk(said, said.len().max(1));
    for line in whole.0.split_inclusive(|octet| *octet == b'\n') {
        assert!(is_reply(line), "{:?}", String::from_utf8_lossy(line));
    }
    assert_eq!(talk(said, usize::from(piece).max(1)), whole, "pieces make a difference");
});
