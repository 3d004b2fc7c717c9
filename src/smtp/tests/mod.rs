//! Sessions as a peer sees them, one file for each kind of story; here the peer, and a house that
//! does as it is told.

mod dialogues;
mod ending;
mod limits;
mod listening;
mod misbehaving;
mod smuggling;
mod tls;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::config::Config;
use crate::domain::{Language, MessageId, Part, RuleId};
use crate::relay::{
    Envelope, Explained, Outcome, Peer, PutOff, Refusal, RejectLine, RouteRefusal, Unproved,
};

/// 20,000 octets in flight, mails of at most 10,000.
pub fn settings() -> Settings {
    let config = r#"
        relay.hostname = "mx.bauta.example"
        relay.alias_domain = "in.example"
        relay.marketplace = "Fair"
        smtp.max_size = "10KB"
        smtp.in_flight = "20KB"
        smtp.trusted_networks = ["127.0.0.0/8"]
        senders.verify = "address"
        delivery.route = "mx"
    "#;
    Settings::new(&Config::parse(config, Path::new("bauta.toml")).unwrap())
}

/// A mail that came through the door: sender, routes with a comma between, text.
type Came = (String, String, String);

/// A house whose answers the recipient's local part names.
#[derive(Default)]
struct Scripted {
    came: Mutex<Vec<Came>>,
    /// Lets `slow@` go on.
    go: Notify,
    /// Says that `slow@` waits.
    waits: Notify,
    /// Held by each mail that is expected.
    expected: Arc<()>,
}

impl Scripted {
    fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    fn is_expecting(&self) -> bool {
        Arc::strong_count(&self.expected) > 1
    }
}

impl Door for Scripted {
    type Route = String;
    type Coming = Arc<()>;

    fn expect(&self) -> Arc<()> {
        Arc::clone(&self.expected)
    }

    async fn route(
        &self,
        _peer: Peer,
        _mail_from: &str,
        recipient: &str,
    ) -> Result<String, RouteRefusal> {
        match recipient.split('@').next().unwrap() {
            "defer" => Err(RouteRefusal::Defer),
            "unavailable" => Err(RouteRefusal::Unavailable),
            "Postmaster" => Err(RouteRefusal::NoPostmaster),
            local if local.starts_with("unknown") => Err(RouteRefusal::Unknown),
            local => Ok(local.to_owned()),
        }
    }

    async fn put_off(&self, _: Peer, _: &str, routes: &[String]) -> Option<PutOff> {
        let newcomer = PutOff::Newcomer(Duration::from_secs(250));
        routes.iter().any(|r| r == "newcomer").then_some(newcomer)
    }

    async fn accept(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        routes: Vec<String>,
        (raw, _coming): (Vec<u8>, Arc<()>),
    ) -> Outcome {
        assert!(peer.is_trusted());
        let route = routes.join(",");
        let line = |rule, words: &str| RejectLine::new(rule, Part::Text, words, Language::En);
        let outcome = match route.as_str() {
            "panic" => panic!("told to"),
            "slow" => {
                self.waits.notify_one();
                self.go.notified().await;
                Outcome::Unwritable
            }
            "unproved" => Outcome::Unproved(Unproved::From),
            "unregistered" => Outcome::Refused(Refusal::NotRegistered),
            "closed" => Outcome::Refused(Refusal::OrderClosed),
            "nameless" => Outcome::Refused(Refusal::NameTheOrder),
            "wrongtag" => Outcome::Refused(Refusal::UnknownTag),
            "leak" => Outcome::Unwritable,
            "toobusy" => Outcome::TooBusy,
            "storage" => Outcome::Storage,
            "rejected" => Outcome::Rejected(Explained {
                more: None,
                lines: vec![
                    line(RuleId::ReviewSolicitation, "leave us \u{2605}\u{2605}"),
                    line(RuleId::ExternalLink, "lamps.example"),
                ],
            }),
            _ => Outcome::Accepted { id: MessageId::from_random([0; 10]) },
        };
        let text = String::from_utf8_lossy(&raw).into_owned();
        self.came.lock().unwrap().push((envelope.mail_from.to_owned(), route, text));
        outcome
    }
}

/// A session over a pipe, and the peer's end of it.
struct Line {
    wire: DuplexStream,
    door: Arc<Scripted>,
    stop: CancellationToken,
    session: tokio::task::JoinHandle<()>,
}

fn call(peer: &str, settings: impl Into<Arc<Settings>>) -> Line {
    let settings: Arc<Settings> = settings.into();
    let (wire, ours) = duplex(64 * 1024);
    let (door, stop) = (Arc::new(Scripted::default()), CancellationToken::new());
    let (inner_door, inner_stop) = (Arc::clone(&door), stop.clone());
    let peer = Peer::new(peer.parse().unwrap(), &settings.trusted_networks);
    let session = tokio::spawn(async move {
        session::run(ours, peer, &settings, &*inner_door, &inner_stop).await;
    });
    Line { wire, door, stop, session }
}

impl Line {
    async fn send(&mut self, octets: &[u8]) {
        self.wire.write_all(octets).await.unwrap();
    }

    /// One reply line; empty: the session closed the connection.
    async fn hear(&mut self) -> String {
        let mut line = vec![];
        let read = async {
            while !line.ends_with(b"\r\n") {
                match self.wire.read_u8().await {
                    Ok(octet) => line.push(octet),
                    Err(_) => break,
                }
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), read).await;
        assert!(waited.is_ok(), "no reply came; so far {:?}", String::from_utf8_lossy(&line));
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    /// Replies until the session closes the connection.
    async fn hear_all(&mut self) -> Vec<String> {
        let mut all = vec![];
        loop {
            match self.hear().await {
                line if line.is_empty() => return all,
                line => all.push(line),
            }
        }
    }

    /// Up to 250 after RCPT.
    async fn begin(&mut self, local: &str) {
        let rcpt = format!("RCPT TO:<{local}@in.example>\r\n");
        self.send(b"EHLO x\r\nMAIL FROM:<jane@mail.example>\r\n").await;
        self.send(rcpt.as_bytes()).await;
        while self.hear().await != "250 2.1.5 Recipient OK" {}
    }
}

fn starts(lines: &[String], codes: &[&str]) {
    let found: Vec<_> =
        lines.iter().map(|l| l.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(found, codes, "{lines:#?}");
}

/// A running listener on any port.
async fn listen(
    settings: Settings,
) -> (std::net::SocketAddr, Arc<Scripted>, CancellationToken, TaskTracker) {
    let listener = bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = listener.local_addr().unwrap();
    let (door, stop, tracker) =
        (Arc::new(Scripted::default()), CancellationToken::new(), TaskTracker::new());
    let settings = watch::channel(Arc::new(settings)).1;
    let serving = serve(listener, settings, Arc::clone(&door), stop.clone(), tracker.clone());
    tracker.spawn(serving);
    tracker.close();
    (address, door, stop, tracker)
}

/// Says all this at once over TCP and gives what was answered until the end.
async fn say(address: std::net::SocketAddr, words: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    let mut heard = vec![];
    // A reset after the last reply is an end too.
    let _ = stream.read_to_end(&mut heard).await;
    String::from_utf8(heard).unwrap()
}

fn a_mail_to(local: &str) -> String {
    format!(
        "EHLO x\r\nMAIL FROM:<j@m.example>\r\nRCPT TO:<{local}@in.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
    )
}
