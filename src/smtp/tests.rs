//! Sessions as a peer sees them: dialogues from `fixtures/smtp/`, smuggling, stopping, limits.

mod tls;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::config;
use crate::domain::{Language, MessageId, Part, RuleId};
use crate::relay::{Outcome, Peer, Refusal, RejectLine, RouteRefusal, Unproved};

/// 20,000 octets in flight, mails of at most 10,000.
pub fn settings() -> Settings {
    let relay = config::Relay {
        hostname: "mx.bauta.example".to_owned(),
        alias_domain: "in.example".to_owned(),
        marketplace: "Fair".to_owned(),
        data_dir: "/nowhere".into(),
        postmaster: None,
        language: "en".parse::<Language>().unwrap(),
    };
    let smtp = config::Smtp {
        listen: vec![],
        max_size: 10_000,
        in_flight: 20_000,
        trusted_networks: vec!["127.0.0.0/8".parse().unwrap()],
        proxy_networks: vec![],
        unknown_alias: config::UnknownAlias::Reject,
    };
    Settings::new(&relay, &smtp)
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
}

impl Scripted {
    fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

impl Door for Scripted {
    type Route = String;

    async fn route(&self, recipient: &str) -> Result<String, RouteRefusal> {
        match recipient.split('@').next().unwrap() {
            "defer" => Err(RouteRefusal::Defer),
            "unavailable" => Err(RouteRefusal::Unavailable),
            "bounce" | "Postmaster" => Err(RouteRefusal::NotYet),
            local if local.starts_with("unknown") => Err(RouteRefusal::Unknown),
            local => Ok(local.to_owned()),
        }
    }

    fn max_recipients(&self) -> usize {
        1000 // the session bears 100
    }

    async fn accept(
        &self,
        peer: Peer,
        mail_from: &str,
        routes: Vec<String>,
        raw: Vec<u8>,
    ) -> Outcome {
        assert!(peer.is_trusted());
        let route = routes.join(",");
        let line = |rule, words: &str| RejectLine { rule, part: Part::Text, words: words.into() };
        let outcome = match route.as_str() {
            "panic" => panic!("told to"),
            "slow" => {
                self.waits.notify_one();
                self.go.notified().await;
                Outcome::Leak
            }
            "unproved" => Outcome::Unproved(Unproved::From),
            "unregistered" => Outcome::Refused(Refusal::NotRegistered),
            "closed" => Outcome::Refused(Refusal::OrderClosed),
            "nameless" => Outcome::Refused(Refusal::NameTheOrder),
            "wrongtag" => Outcome::Refused(Refusal::UnknownTag),
            "leak" => Outcome::Leak,
            "toobusy" => Outcome::TooBusy,
            "storage" => Outcome::Storage,
            "rejected" => Outcome::Rejected(vec![
                line(RuleId::ReviewSolicitation, "leave us \u{2605}\u{2605}"),
                line(RuleId::ExternalLink, "lamps.example"),
            ]),
            _ => Outcome::Accepted { id: MessageId::from_random([0; 10]) },
        };
        let text = String::from_utf8_lossy(&raw).into_owned();
        self.came.lock().unwrap().push((mail_from.to_owned(), route, text));
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

/// `\r \n \0 \\` and `{N*text}`, N times.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = vec![];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = rest.chars().next().unwrap();
                rest = &rest[1..];
                out.push(match escaped {
                    'r' => b'\r',
                    'n' => b'\n',
                    '0' => 0,
                    '\\' => b'\\',
                    other => panic!("no escape: {other}"),
                });
            }
            '{' => {
                let (inner, after) = rest.split_once('}').unwrap();
                let (times, piece) = inner.split_once('*').unwrap();
                out.extend(unescape(piece).repeat(times.parse().unwrap()));
                rest = after;
            }
            c => out.extend(c.to_string().as_bytes()),
        }
    }
    out
}

/// Plays one dialogue; every line of it as one write, or octet by octet.
async fn play(path: &Path, octet_by_octet: bool) {
    let script = std::fs::read_to_string(path).unwrap();
    let peer = script.lines().find_map(|l| l.strip_prefix("peer ")).unwrap_or("127.0.0.1");
    let mut line = call(peer, settings());
    let mut mails = 0;
    let mut closed = false;
    for (number, step) in script.lines().enumerate() {
        let place = format!("{}:{}", path.display(), number + 1);
        let (kind, rest) = step.split_once(' ').unwrap_or((step, ""));
        match kind {
            "" | "#" | "peer" => {}
            // One line, or octets as they are.
            "C:" | "C|" => {
                let mut octets = unescape(rest);
                if kind == "C:" {
                    octets.extend(b"\r\n");
                }
                let size = if octet_by_octet { 1 } else { octets.len() };
                for chunk in octets.chunks(size) {
                    line.send(chunk).await;
                    tokio::task::yield_now().await;
                }
            }
            "S:" => assert_eq!(line.hear().await, rest, "{place}"),
            "closed" => {
                assert_eq!(line.hear().await, "", "{place}: the connection is open");
                closed = true;
            }
            // A mail that came through the door: sender, route, text.
            "mail" => {
                let came = line.door.came();
                let (from, route, text) =
                    came.get(mails).unwrap_or_else(|| panic!("{place}: no mail"));
                let text = text.replace('\\', "\\\\").replace('\r', "\\r").replace('\n', "\\n");
                assert_eq!(
                    format!("<{from}> {route} {}", text.replace('\0', "\\0")),
                    rest,
                    "{place}"
                );
                mails += 1;
            }
            other => panic!("{place}: {other:?} is no step"),
        }
    }
    assert_eq!(line.door.came().len(), mails, "{}: mails that nobody expected", path.display());
    if !closed {
        line.send(b"NOOP\r\n").await;
        assert_eq!(line.hear().await, "250 2.0.0 OK", "{}: something was left", path.display());
    }
}

#[tokio::test]
async fn every_dialogue_goes_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/smtp");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "dialogue") {
            play(&path, false).await;
            play(&path, true).await;
            played += 1;
        }
    }
    assert!(played >= 10, "only {played} dialogues were found");
}

/// Every form of an end that some server somewhere takes for one, with a second mail behind it.
#[tokio::test]
async fn no_second_mail_can_be_smuggled_in() {
    let hidden = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\nx";
    for end in [
        "\n.\n",
        "\r.\r",
        "\r\n.\n",
        "\n.\r\n",
        "\r.\r\n",
        "\r\n.\r",
        "\r\n.\r\r\n",
        "\r\n\0.\r\n",
        "\r\r\n.\n",
        "\n\n.\n\n",
        "\r\n.\n\r",
        "\r.\n",
        "\n.\r",
        "\r\n..\r\n",
    ] {
        let body = format!("Subject: a\r\n\r\nb{end}{hidden}\r\n.\r\n");
        for one_by_one in [false, true] {
            let mut line = call("127.0.0.1", settings());
            line.begin("abc").await;
            line.send(b"DATA\r\n").await;
            assert!(line.hear().await.starts_with("354 "));
            for chunk in body.as_bytes().chunks(if one_by_one { 1 } else { body.len() }) {
                line.send(chunk).await;
                tokio::task::yield_now().await;
            }
            line.send(b"QUIT\r\n").await;
            let all = line.hear_all().await;
            let bare = end.replace("\r\n", "").contains(['\r', '\n']);
            if bare {
                starts(&all, &["550 5.6.11"]);
                assert_eq!(line.door.came(), [], "{end:?}");
            } else {
                starts(&all, &["250 2.0.0", "221 2.0.0"]);
                assert_eq!(line.door.came().len(), 1, "{end:?}: the hidden mail came too");
            }
        }
    }
}

/// The same ends in a chunk: its length counts, and nothing in it is a command or an end.
#[tokio::test]
async fn nothing_in_a_chunk_is_an_end_or_a_command() {
    let hidden = "MAIL FROM:<evil@mail.example>\r\nRCPT TO:<abc@in.example>\r\nBDAT 1 LAST\r\nx";
    for end in ["\n.\n", "\r.\r", "\r\n.\n", "\r\n.\r\n", "\n", "\r", "\r\n", "\r\n.\r\r\n", "\0"] {
        let body = format!("Subject: a\r\n\r\nb{end}{hidden}\r\n.\r\n");
        let expected = body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        let (head, tail) = body.split_at(body.find("MAIL").unwrap() - 1);
        let whole = format!("BDAT {} LAST\r\n{body}QUIT\r\n", body.len());
        let halves = format!(
            "BDAT {}\r\n{head}BDAT {}\r\n{tail}BDAT 0 LAST\r\nQUIT\r\n",
            head.len(),
            tail.len()
        );
        for (said, answers) in [
            (&whole, &["250 2.0.0", "221 2.0.0"][..]),
            (&halves, &["250 2.0.0", "250 2.0.0", "250 2.0.0", "221 2.0.0"][..]),
        ] {
            for one_by_one in [false, true] {
                let mut line = call("127.0.0.1", settings());
                line.begin("abc").await;
                for chunk in said.as_bytes().chunks(if one_by_one { 1 } else { said.len() }) {
                    line.send(chunk).await;
                    tokio::task::yield_now().await;
                }
                starts(&line.hear_all().await, answers);
                let came = line.door.came();
                assert_eq!(came.len(), 1, "{said:?}");
                assert_eq!(came[0].2, expected, "{said:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_mail_in_chunks_takes_room_and_gives_it_back() {
    let settings = Arc::new(settings());
    let mut line = call("127.0.0.1", Arc::clone(&settings));
    line.begin("abc").await;
    // Twice its size once every LF is CRLF: over 10,000.
    let lines = "\n".repeat(4_000);
    line.send(format!("BDAT 4000\r\n{lines}").as_bytes()).await;
    assert_eq!(line.hear().await, "250 2.0.0 Octets taken: 4000");
    assert!(settings.share(12_001).is_none(), "8,000 octets are in hand");
    line.send(format!("BDAT 4000\r\n{lines}BDAT 5\r\nQUIT\nBDAT 0 LAST\r\n").as_bytes()).await;
    assert_eq!(
        line.hear().await,
        "552 5.3.4 The mail is too large: the limit is 10000 octets, this one has 16000"
    );
    for _ in 0..2 {
        assert_eq!(line.hear().await, "503 5.5.1 A chunk of this mail was refused: RSET first");
    }
    let taken = settings.share(20_000).expect("the room was given back");
    line.send(b"RSET\r\n").await;
    line.hear().await;
    line.begin("abc").await;
    line.send(b"BDAT 4\r\nNOOPBDAT 2 LAST\r\n\r\n").await;
    assert!(line.hear().await.starts_with("451 4.3.2 "));
    assert!(line.hear().await.starts_with("503 5.5.1 "));
    drop(taken);
    assert_eq!(line.door.came(), []);
    // Nobody reads over chunks for ever: ten times the limit in a session.
    line.send(b"RSET\r\n").await;
    line.hear().await;
    let unwanted = format!("BDAT 30000\r\n{}", "x".repeat(30_000));
    line.send(unwanted.repeat(3).as_bytes()).await;
    for _ in 0..3 {
        assert_eq!(line.hear().await, "503 5.5.1 MAIL first");
    }
    line.send(b"BDAT 30000\r\n").await;
    let all = line.hear_all().await;
    assert_eq!(all, ["552 5.3.4 The mail is far too large: the limit is 10000 octets"]);
}

#[tokio::test]
async fn a_mail_goes_to_a_hundred_recipients_and_no_more() {
    let mut line = call("127.0.0.1", settings());
    line.send(b"EHLO x\r\nMAIL FROM:<jane@mail.example>\r\n").await;
    while line.hear().await != "250 2.1.0 Sender OK" {}
    for n in 0..100 {
        line.send(format!("RCPT TO:<abc{n}@in.example>\r\n").as_bytes()).await;
        assert_eq!(line.hear().await, "250 2.1.5 Recipient OK");
    }
    line.send(b"RCPT TO:<ABC7@in.example>\r\nRCPT TO:<more@in.example>\r\n").await;
    assert_eq!(line.hear().await, "250 2.1.5 Recipient OK", "it is in already");
    assert_eq!(
        line.hear().await,
        "452 4.5.3 At most 100 recipients at a time: send this mail again for the others"
    );
    line.send(b"DATA\r\nx\r\n.\r\nQUIT\r\n").await;
    starts(&line.hear_all().await, &["354 Send", "250 2.0.0", "221 2.0.0"]);
    let routes: Vec<String> = (0..100).map(|n| format!("abc{n}")).collect();
    let came = ("jane@mail.example".to_owned(), routes.join(","), "x\r\n".to_owned());
    assert_eq!(line.door.came(), [came]);
}

#[tokio::test]
async fn an_end_that_comes_in_two_segments_is_an_end() {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    for piece in ["DATA\r\n", "a\r\n.\r", "\nQUIT\r\n"] {
        line.send(piece.as_bytes()).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    starts(&line.hear_all().await, &["354 Send", "250 2.0.0", "221 2.0.0"]);
    assert_eq!(line.door.came(), [("jane@mail.example".into(), "abc".into(), "a\r\n".into())]);
}

#[tokio::test]
async fn replies_of_a_pipelined_group_go_out_together() {
    let mut line = call("127.0.0.1", settings());
    assert_eq!(line.hear().await, "220 mx.bauta.example ESMTP Bauta");
    line.send(b"NOOP\r\nRSET\r\nNOOP\r\nNO").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut heard = [0; 1000];
    let count = line.wire.read(&mut heard).await.unwrap();
    assert_eq!(heard[..count].iter().filter(|b| **b == b'\n').count(), 3, "not in one piece");
}

#[tokio::test]
async fn too_many_wrong_commands_or_recipients_end_the_session() {
    for (command, last) in [
        ("BOGUS", "421 4.7.0 Too many wrong commands"),
        ("DATA", "421 4.7.0 Too many wrong commands"),
        ("RCPT TO:<unknown@in.example>", "421 4.7.0 Too many wrong recipients"),
    ] {
        let mut line = call("127.0.0.1", settings());
        if command.starts_with("RCPT") {
            line.send(b"EHLO x\r\nMAIL FROM:<>\r\n").await;
            while line.hear().await != "250 2.1.0 Sender OK" {}
        } else {
            line.hear().await;
        }
        line.send(format!("{command}\r\n").repeat(25).as_bytes()).await;
        let all = line.hear_all().await;
        assert_eq!((all.len(), all[19].as_str()), (20, last), "{command}");
    }
}

#[tokio::test]
async fn a_slow_peer_is_waited_for_in_all_and_not_per_octet() {
    let soon = Duration::from_millis(300);
    for data in [false, true] {
        let limits = Limits { command: soon, data: soon, ..Limits::default() };
        let mut line = call("127.0.0.1", settings().with_limits(limits));
        line.begin("abc").await;
        if data {
            line.send(b"DATA\r\n").await;
            line.hear().await;
        }
        let begun = std::time::Instant::now();
        let mut trickled = 0;
        while line.wire.write_all(b"x").await.is_ok() && begun.elapsed() < Duration::from_secs(5) {
            trickled += 1;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        assert!(trickled > 3, "it was not slow");
        assert_eq!(line.hear_all().await, ["421 4.4.2 Waited too long"], "data: {data}");
        assert_eq!(line.door.came(), []);
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_left() {
    let limits = Limits { write: Duration::from_millis(200), ..Limits::default() };
    let mut line = call("127.0.0.1", settings().with_limits(limits));
    let flood = async { while line.wire.write_all(&b"HELP\r\n".repeat(100)).await.is_ok() {} };
    tokio::time::timeout(Duration::from_secs(10), flood).await.expect("it is served for ever");
    line.session.await.unwrap();
}

#[tokio::test]
async fn a_mail_over_the_limit_is_read_and_refused_with_both_numbers() {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    line.send(b"DATA\r\n").await;
    line.hear().await;
    let long = format!("{}\r\n.\r\nNOOP\r\n", "x".repeat(10_500));
    line.send(long.as_bytes()).await;
    assert_eq!(
        line.hear().await,
        "552 5.3.4 The mail is too large: the limit is 10000 octets, this one has 10502"
    );
    assert_eq!(line.hear().await, "250 2.0.0 OK");
    // And one whose end is too far away: ten times the limit.
    line.begin("abc").await;
    line.send(b"DATA\r\n").await;
    line.hear().await;
    line.send("x".repeat(120_000).as_bytes()).await;
    let all = line.hear_all().await;
    assert_eq!(all, ["552 5.3.4 The mail is far too large: the limit is 10000 octets"]);
    assert_eq!(line.door.came(), []);
}

#[tokio::test]
async fn octets_in_flight_are_bounded_over_all_mails() {
    let settings = settings();
    let taken = settings.share(16_000).unwrap();
    let mut line = call("127.0.0.1", settings);
    // Announced: refused before 354.
    line.send(b"EHLO x\r\nMAIL FROM:<> SIZE=5000\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
    while !line.hear().await.starts_with("451 4.3.2 ") {}
    // Not announced: there is no room for the first octets either.
    line.send(b"MAIL FROM:<>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
    while !line.hear().await.starts_with("451 4.3.2 ") {}
    // Announced too small: refused after the end, and nothing of it was kept.
    line.send(b"MAIL FROM:<> SIZE=10\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
    while !line.hear().await.starts_with("354 ") {}
    line.send(format!("{}\r\n.\r\n", "x".repeat(6_000)).as_bytes()).await;
    assert!(line.hear().await.starts_with("451 4.3.2 "));
    drop(taken);
    line.send(b"MAIL FROM:<>\r\nRCPT TO:<abc@in.example>\r\nDATA\r\na\r\n.\r\n").await;
    while !line.hear().await.starts_with("250 2.0.0 Accepted") {}
    assert_eq!(line.door.came().len(), 1);
}

#[tokio::test]
async fn a_mail_that_is_lost_already_takes_no_room_from_others() {
    let settings = Arc::new(settings());
    let mut calls = vec![];
    for expected in ["354 ", "354 ", "451 "] {
        let mut line = call("127.0.0.1", Arc::clone(&settings));
        line.send(b"EHLO x\r\nMAIL FROM:<> SIZE=10000\r\n").await;
        line.send(b"RCPT TO:<abc@in.example>\r\nDATA\r\n").await;
        while line.hear().await != "250 2.1.5 Recipient OK" {}
        assert!(line.hear().await.starts_with(expected), "{expected}");
        calls.push(line);
    }
    calls[0].send(b"a bare\nline end").await;
    for _ in 0..100 {
        calls[2].send(b"MAIL FROM:<> SIZE=10000\r\nRCPT TO:<abc@in.example>\r\nDATA\r\n").await;
        while calls[2].hear().await != "250 2.1.5 Recipient OK" {}
        if calls[2].hear().await.starts_with("354 ") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("its room was not given back");
}

/// What is logged goes in here.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn refusals_are_logged_without_any_mail_address() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/smtp");
    for name in ["recipients", "outcomes", "stranger", "size", "bare-line-end-in-data"] {
        play(&folder.join(format!("{name}.dialogue")), false).await;
    }
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for turn in ["RCPT refused why=Unknown", "MAIL refused: the peer", "too large", "bare CR or LF"]
    {
        assert!(log.contains(turn), "{turn:?} is not in the log:\n{log}");
    }
    for secret in ["@", "jane", "abc", "unknown-too"] {
        assert!(!log.contains(secret), "{secret:?} is in the log:\n{log}");
    }
}

#[tokio::test]
async fn a_stop_ends_idle_sessions_and_lets_a_mail_finish() {
    let mut idle = call("127.0.0.1", settings());
    idle.hear().await;
    idle.stop.cancel();
    assert_eq!(idle.hear_all().await, ["421 4.3.2 This server is stopping, come again"]);

    let mut begun = call("127.0.0.1", settings());
    begun.begin("abc").await;
    begun.stop.cancel();
    begun.send(b"NOOP\r\nDATA\r\n").await;
    assert_eq!(begun.hear().await, "250 2.0.0 OK");
    assert!(begun.hear().await.starts_with("354 "));
    begun.send(b"a\r\n.\r\n").await;
    starts(&begun.hear_all().await, &["250 2.0.0", "421 4.3.2"]);
    assert_eq!(begun.door.came().len(), 1);

    let limits = Limits { drain: Duration::from_millis(200), ..Limits::default() };
    let mut endless = call("127.0.0.1", settings().with_limits(limits.clone()));
    endless.begin("abc").await;
    endless.send(b"DATA\r\n").await;
    endless.stop.cancel();
    starts(&endless.hear_all().await, &["354 Send", "421 4.3.2"]);
    assert_eq!(endless.door.came(), []);

    let mut slow = call("127.0.0.1", settings().with_limits(limits));
    slow.begin("slow").await;
    slow.send(b"DATA\r\n.\r\n").await;
    slow.door.waits.notified().await;
    slow.stop.cancel();
    starts(&slow.hear_all().await, &["354 Send", "421 4.3.2"]);
}

#[tokio::test]
async fn a_peer_that_goes_in_the_middle_leaves_nothing() {
    let mut line = call("127.0.0.1", settings());
    line.begin("abc").await;
    line.send(b"DATA\r\nhalf a mail\r\n").await;
    drop(line.wire);
    line.session.await.unwrap();
    assert_eq!(line.door.came(), []);
}

/// A running listener on any port.
async fn listen(
    settings: Settings,
) -> (std::net::SocketAddr, Arc<Scripted>, CancellationToken, TaskTracker) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
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

#[tokio::test]
async fn a_panic_in_one_session_leaves_the_others_alone() {
    let (address, door, stop, tracker) = listen(settings()).await;
    let heard = say(address, &a_mail_to("panic")).await;
    assert!(!heard.contains("250 2.0.0"), "{heard}");
    let heard = say(address, &a_mail_to("abc")).await;
    assert!(
        heard.contains("\r\n250 2.0.0 Accepted as aaaaaaaaaaaaaaaa\r\n221 2.0.0 Bye\r\n"),
        "{heard}"
    );
    assert_eq!(door.came().len(), 1);
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), tracker.wait()).await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "it still listens");
}

#[tokio::test]
async fn connections_over_the_limit_are_told_so_and_places_come_free() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let (address, _door, _stop, _tracker) = listen(settings().with_limits(limits)).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut heard = [0; 3];
    first.read_exact(&mut heard).await.unwrap();
    second.read_exact(&mut heard).await.unwrap();
    let third = say(address, "").await;
    assert_eq!(third, "421 4.3.2 Too many connections, come again later\r\n");
    drop(first);
    let mut heard = String::new();
    for _ in 0..100 {
        heard = say(address, "QUIT\r\n").await;
        if heard.starts_with("220") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(heard.ends_with("221 2.0.0 Bye\r\n"), "{heard}");
}

#[tokio::test]
async fn behind_a_load_balancer_the_address_in_its_header_counts() {
    let proxied = || {
        let limits = Limits { proxy: Duration::from_millis(500), ..Limits::default() };
        let mut settings = settings().with_limits(limits);
        settings.proxy_networks = vec!["127.0.0.1".parse().unwrap()];
        settings.trusted_networks.push("192.0.2.1".parse().unwrap());
        settings
    };
    let (address, door, _stop, _tracker) = listen(proxied()).await;
    let v2 = "\r\n\r\n\0\r\nQUIT\n\u{21}\u{11}\0\u{c}\u{7f}\0\0\u{1}\u{7f}\0\0\u{1}\0\u{1}\0\u{19}";
    let local = "\r\n\r\n\0\r\nQUIT\n\u{20}\0\0\0";
    let refused = "550 5.7.26 ";
    for (header, said) in [
        ("PROXY TCP4 192.0.2.1 127.0.0.1 5000 25\r\n", "250 2.0.0 Accepted"),
        (v2, "250 2.0.0 Accepted"),
        // The balancer stands in a trusted network itself: that helps nobody behind it.
        ("PROXY TCP4 192.0.2.2 127.0.0.1 5000 25\r\n", refused),
        ("PROXY UNKNOWN\r\n", refused),
        (local, refused),
    ] {
        let heard = say(address, &format!("{header}{}", a_mail_to("abc"))).await;
        assert!(heard.starts_with("220 ") && heard.contains(said), "{header:?}: {heard}");
    }
    assert_eq!(door.came().len(), 2);
    for no_header in ["", "QUIT\r\n", "EHLO client.example\r\n", "PROXY TCP4 a b c d\r\n"] {
        assert_eq!(say(address, no_header).await, "", "{no_header:?} was answered");
    }
    // Anybody else who sends one is told that this is no command, and gains nothing.
    let (address, _door, _stop, _tracker) = listen(settings()).await;
    let heard = say(address, "PROXY TCP4 192.0.2.1 127.0.0.1 5000 25\r\nQUIT\r\n").await;
    assert!(heard.contains("\r\n500 5.5.1 "), "{heard}");
}

#[tokio::test]
async fn the_sink_takes_every_mail_and_misbehaves_when_told() {
    let (sink, mut mails) = Sink::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let two = "EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<One@c.example>\r\nRCPT TO:<two@c.example>\r\nDATA\r\n..x\r\n.\r\nQUIT\r\n";
    let heard = say(sink.address(), two).await;
    assert!(heard.contains("250 2.0.0 Taken by the sink\r\n221 "), "{heard}");
    let expected = |recipients: &[&str]| Received {
        mail_from: "a@b.example".into(),
        recipients: recipients.iter().map(|r| (*r).to_owned()).collect(),
        bytes: b".x\r\n".to_vec(),
    };
    assert_eq!(mails.try_recv().unwrap(), expected(&["One@c.example", "two@c.example"]));

    sink.behave(Behaviour {
        refuse_recipients: [("one@c.example".to_owned(), 550)].into(),
        ..Behaviour::default()
    });
    let heard = say(sink.address(), two).await;
    assert!(heard.contains("550 5.0.0 As the sink was told\r\n250 2.1.5 "), "{heard}");
    assert_eq!(mails.try_recv().unwrap(), expected(&["two@c.example"]));

    for (behaviour, said) in [
        (Behaviour { refuse_mail: Some(451), ..Behaviour::default() }, "451 4.0.0 As the sink"),
        (Behaviour { refuse_data: Some(452), ..Behaviour::default() }, "452 4.0.0 As the sink"),
    ] {
        sink.behave(behaviour);
        let heard = say(sink.address(), two).await;
        assert!(heard.contains(said) && !heard.contains("Taken"), "{heard}");
    }
    assert!(mails.try_recv().is_err());

    sink.behave(Behaviour { drop_after_dot: true, ..Behaviour::default() });
    let heard = say(sink.address(), two).await;
    assert!(!heard.contains("Taken") && !heard.contains("221 "), "{heard}");
    assert_eq!(mails.try_recv().unwrap().recipients.len(), 2);

    sink.behave(Behaviour { hang: Some(Stage::Mail), ..Behaviour::default() });
    let hung = tokio::time::timeout(Duration::from_millis(300), say(sink.address(), two)).await;
    assert!(hung.is_err(), "it did not hang");
}
