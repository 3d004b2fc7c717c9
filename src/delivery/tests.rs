//! Stories between a scheduler, a store and a sink that misbehaves.

mod at_once;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Scheduler;
use super::connect::{ConnectError, Network, Pool, Target};
use super::opening::OpenError;
use super::times::Times;
use crate::config::{Config, DeliveryTls};
use crate::domain::{AliasAddress, Clock, DeliveryId, DeliveryState, MessageId};
use crate::smtp::{Behaviour, Received, Sink, Stage};
use crate::store::{AttemptDetail, Forward, OpenMode, QueueFilter, QueueRow, Store, StoredMail};

const SOON: Duration = Duration::from_secs(60);

fn config(smarthost: SocketAddr, connections: usize) -> Arc<Config> {
    let text = format!(
        r#"
[relay]
hostname = "relay.example"
alias_domain = "relay.example"
marketplace = "Lumo Market"
data_dir = "data"
[senders]
verify = "address"
[delivery]
route = "smarthost"
smarthost = "{smarthost}"
tls = "none"
retry_first = "30m"
connections = {connections}
"#
    );
    Arc::new(Config::parse(&text, Path::new("bauta.toml")).unwrap())
}

async fn sink() -> (Sink, UnboundedReceiver<Received>) {
    Sink::bind("127.0.0.1:0".parse().unwrap()).await.unwrap()
}

/// A peer's patience in tests.
fn short() -> Times {
    let time = Duration::from_millis(300);
    Times {
        connect: time,
        greeting: time,
        tls: time,
        mail: time,
        rcpt: time,
        data: time,
        message: time,
        farewell: time,
    }
}

/// A store and a scheduler over it.
struct House {
    dir: TempDir,
    store: Store,
    config: watch::Sender<Arc<Config>>,
    outbox: mpsc::Sender<StoredMail>,
    clock: Clock,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl House {
    fn open(smarthost: SocketAddr, times: Times) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bauta.db");
        let store = Store::open(&path, OpenMode::Create, "relay.example").unwrap();
        Self::over((dir, store), smarthost, times, Clock::system())
    }

    /// Over what another one left.
    fn over(
        (dir, store): (TempDir, Store),
        smarthost: SocketAddr,
        times: Times,
        clock: Clock,
    ) -> Self {
        let (config, settings) = watch::channel(config(smarthost, 1));
        let (outbox, incoming) = mpsc::channel(100);
        let mut scheduler = Scheduler::new(store.clone(), settings, clock.clone(), incoming);
        scheduler.times = times;
        scheduler.grace = Duration::from_millis(300);
        let stop = CancellationToken::new();
        let running = tokio::spawn(scheduler.run(stop.clone()));
        Self { dir, store, config, outbox, clock, stop, running }
    }

    /// Stores a mail without handing it over.
    async fn write(&self, n: u8) -> StoredMail {
        self.write_bytes(n, format!("Subject: {n}\r\n\r\nhello\r\n").into_bytes()).await
    }

    async fn write_bytes(&self, n: u8, bytes: Vec<u8>) -> StoredMail {
        let now = self.clock.now();
        let forward = Forward {
            message: MessageId::from_random([n; 10]),
            token: [n; 10],
            bytes,
            recipient: "ops@market.example".parse().unwrap(),
            envelope_from: AliasAddress::new("b-1", "relay.example"),
            received_at: now,
            give_up_at: now.after(Duration::from_secs(86_400)),
        };
        self.store.forward_to_postmaster(forward).await.unwrap().into_mail().unwrap()
    }

    async fn send(&self, n: u8) -> DeliveryId {
        let mail = self.write(n).await;
        let delivery = mail.lease.delivery();
        self.outbox.send(mail).await.unwrap();
        delivery
    }

    async fn look(&self, delivery: DeliveryId) -> (QueueRow, Vec<AttemptDetail>) {
        self.store.queued(delivery).await.unwrap().unwrap()
    }

    async fn until(&self, delivery: DeliveryId, state: DeliveryState) -> Vec<AttemptDetail> {
        let start = Instant::now();
        loop {
            let (row, attempts) = self.look(delivery).await;
            if row.row.state == state {
                return attempts;
            }
            assert!(start.elapsed() < SOON, "still {}, not {state}", row.row.state);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn stop(self) -> (TempDir, Store) {
        self.stop.cancel();
        tokio::time::timeout(SOON, self.running).await.expect("it stops").unwrap();
        (self.dir, self.store)
    }
}

async fn receive(mails: &mut UnboundedReceiver<Received>) -> String {
    let mail = tokio::time::timeout(SOON, mails.recv()).await.expect("a mail").unwrap();
    String::from_utf8(mail.bytes).unwrap().lines().next().unwrap().to_owned()
}

fn hangs_at(stage: Stage) -> Behaviour {
    Behaviour { hang: Some(stage), ..Behaviour::default() }
}

#[tokio::test]
async fn a_peer_that_falls_silent_at_any_stage_is_left_in_time_and_its_mail_is_delivered_later() {
    for (n, stage, told) in [
        (1, Stage::Greeting, "connect"),
        (2, Stage::Hello, "connect"),
        (3, Stage::Mail, "mail"),
        (4, Stage::Rcpt, "rcpt"),
        (5, Stage::Data, "data"),
        (6, Stage::FinalDot, "message"),
    ] {
        let (sink, mut mails) = sink().await;
        sink.behave(hangs_at(stage));
        // One connection: were it not given back, nothing would follow.
        let house = House::open(sink.address(), short());
        let delivery = house.send(n).await;
        let attempts = house.until(delivery, DeliveryState::Deferred).await;
        let stages: Vec<_> = attempts.iter().map(|a| a.stage.as_str()).collect();
        assert_eq!(stages, [told], "{stage:?}");
        sink.behave(Behaviour::default());
        house.store.retry_all(Clock::system().now()).await.unwrap();
        let attempts = house.until(delivery, DeliveryState::Delivered).await;
        assert_eq!(attempts.len(), 2, "{stage:?}");
        assert_eq!(receive(&mut mails).await, format!("Subject: {n}"));
        house.stop().await;
        assert!(mails.try_recv().is_err(), "{stage:?}: it came twice");
    }
}

#[tokio::test]
async fn a_no_at_any_stage_is_for_now_or_for_good_as_the_peer_says() {
    for (n, stage, told) in [
        (1, Stage::Greeting, "connect"),
        (2, Stage::Hello, "connect"),
        (3, Stage::Mail, "mail"),
        (4, Stage::Rcpt, "rcpt"),
        (5, Stage::Data, "data"),
        (6, Stage::FinalDot, "message"),
    ] {
        for code in [421, 451, 550, 554] {
            let (sink, mut mails) = sink().await;
            sink.behave(Behaviour { refuse_at: Some((stage, code)), ..Behaviour::default() });
            let house = House::open(sink.address(), short());
            let delivery = house.send(n).await;
            // A no before MAIL is about us, not about this mail: somebody will mend it.
            let for_good = code >= 500 && told != "connect";
            let state = if for_good { DeliveryState::Failed } else { DeliveryState::Deferred };
            let attempts = house.until(delivery, state).await;
            let stages: Vec<_> = attempts.iter().map(|a| a.stage.as_str()).collect();
            assert_eq!(stages, [told], "{stage:?} {code}");
            sink.behave(Behaviour::default());
            house.store.retry_all(Clock::system().now()).await.unwrap();
            if !for_good {
                house.until(delivery, DeliveryState::Delivered).await;
                assert_eq!(receive(&mut mails).await, format!("Subject: {n}"));
            }
            house.stop().await;
            assert!(mails.try_recv().is_err(), "{stage:?} {code}: it came all the same");
        }
    }
}

/// A peer that takes one mail and gives what came over the wire after DATA, its final dot too.
async fn takes_octets(listener: TcpListener) -> Vec<u8> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 mx.example\r\n").await.unwrap();
    for answer in ["250 mx.example\r\n", "250 ok\r\n", "250 ok\r\n", "354 go ahead\r\n"] {
        stream.read_line(&mut String::new()).await.unwrap();
        stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
    }
    let mut octets = vec![];
    while !(octets == b".\r\n" || octets.ends_with(b"\r\n.\r\n")) {
        octets.push(stream.read_u8().await.unwrap());
    }
    stream.get_mut().write_all(b"250 taken\r\n").await.unwrap();
    octets
}

#[tokio::test]
async fn what_goes_over_the_wire_is_the_stored_mail_with_its_dots_doubled_and_nothing_else() {
    for (n, body) in (1..).zip([
        "",
        "\r\n",
        "a",
        ".\r\n",
        "..\r\n",
        ".a\r\n..b\r\n...\r\n",
        "a\r\n.\r\nMAIL FROM:<evil@mail.example>\r\n",
        "a.\r\n.\r\n.\r\n.",
        "a\r\n.",
        "\0.\r\n\0\r\n",
        "\u{e9}\r\n.\u{e9}\r\n\r\n\r\n",
    ]) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let house = House::open(listener.local_addr().unwrap(), Times::default());
        let peer = tokio::spawn(takes_octets(listener));
        let stored = format!("Subject: {n}\r\n\r\n{body}");
        let mail = house.write_bytes(n, stored.clone().into_bytes()).await;
        let delivery = mail.lease.delivery();
        house.outbox.send(mail).await.unwrap();
        let wire = tokio::time::timeout(SOON, peer).await.expect("a mail").unwrap();
        house.until(delivery, DeliveryState::Delivered).await;
        let wire = String::from_utf8(wire).unwrap();
        assert!(!wire.replace("\r\n", "").contains(['\r', '\n']), "{wire:?}");
        // A last line without its end gets one: there is no other way to end it.
        let end = if stored.ends_with("\r\n") { "" } else { "\r\n" };
        let lines = format!("{stored}{end}");
        let stuffed: String = lines
            .split_inclusive("\r\n")
            .map(|line| if line.starts_with('.') { format!(".{line}") } else { line.to_owned() })
            .collect();
        assert_eq!(wire, format!("{stuffed}.\r\n"));
        house.stop().await;
    }
}

#[tokio::test]
async fn a_peer_that_closes_without_its_last_answer_gets_the_mail_again_and_nothing_else_is_doubled()
 {
    let (sink, mut mails) = sink().await;
    sink.behave(Behaviour { drop_after_dot: true, ..Behaviour::default() });
    let house = House::open(sink.address(), short());
    let unsure = house.send(1).await;
    let attempts = house.until(unsure, DeliveryState::Deferred).await;
    assert_eq!(attempts[0].stage, "message");
    sink.behave(Behaviour::default());
    let sure = house.send(2).await;
    house.until(sure, DeliveryState::Delivered).await;
    house.store.retry_all(Clock::system().now()).await.unwrap();
    house.until(unsure, DeliveryState::Delivered).await;
    let mut got = vec![];
    for _ in 0..3 {
        got.push(receive(&mut mails).await);
    }
    assert_eq!(got, ["Subject: 1", "Subject: 2", "Subject: 1"]);
    house.stop().await;
    assert!(mails.try_recv().is_err());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_silent_peer_and_the_next_start_delivers_what_it_held() {
    let (silent, _mails) = sink().await;
    silent.behave(hangs_at(Stage::FinalDot));
    let house = House::open(silent.address(), Times::default());
    let tried = house.send(1).await;
    let waits = house.send(2).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    let (dir, store) = house.stop().await;
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    for delivery in [tried, waits] {
        let (row, attempts) = store.queued(delivery).await.unwrap().unwrap();
        assert_eq!((row.row.state, attempts.len()), (DeliveryState::Queued, 0));
    }
    let (willing, mut mails) = sink().await;
    let (_config, settings) = watch::channel(config(willing.address(), 1));
    let (_outbox, incoming) = mpsc::channel(1);
    let scheduler = Scheduler::new(store, settings, Clock::system(), incoming);
    let stop = CancellationToken::new();
    let running = tokio::spawn(scheduler.run(stop.clone()));
    let got = [receive(&mut mails).await, receive(&mut mails).await];
    assert_eq!(got, ["Subject: 1", "Subject: 2"]);
    stop.cancel();
    running.await.unwrap();
    drop(dir);
}

#[tokio::test]
async fn new_settings_are_taken_while_every_connection_hangs() {
    let (silent, _mails) = sink().await;
    silent.behave(hangs_at(Stage::Mail));
    let house = House::open(silent.address(), Times::default());
    house.send(1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let second = house.send(2).await;
    let (willing, mut mails) = sink().await;
    house.config.send_replace(config(willing.address(), 2));
    assert_eq!(receive(&mut mails).await, "Subject: 2");
    house.until(second, DeliveryState::Delivered).await;
    // While it is idle too.
    let (third, mut mails) = sink().await;
    house.config.send_replace(config(third.address(), 1));
    house.send(3).await;
    assert_eq!(receive(&mut mails).await, "Subject: 3");
    // What is not about delivery gives no further connection to a peer that hangs.
    third.behave(hangs_at(Stage::Mail));
    house.send(4).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut same = Config::clone(&config(third.address(), 1));
    same.relay.marketplace = "Luma".to_owned();
    house.config.send_replace(Arc::new(same));
    third.behave(Behaviour::default());
    house.send(5).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(mails.try_recv().is_err(), "a second connection was opened");
    house.stop().await;
}

#[tokio::test]
async fn an_end_that_can_not_be_written_is_kept_until_it_can_and_the_mail_is_not_doubled() {
    let (sink, mut mails) = sink().await;
    let house = House::open(sink.address(), Times::default());
    let mail = house.write(1).await;
    let delivery = mail.lease.delivery();
    let other = rusqlite::Connection::open(house.dir.path().join("bauta.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    house.outbox.send(mail).await.unwrap();
    assert_eq!(receive(&mut mails).await, "Subject: 1");
    // Longer than the store waits for another process.
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    other.execute_batch("COMMIT").unwrap();
    let attempts = house.until(delivery, DeliveryState::Delivered).await;
    assert_eq!(attempts.len(), 1);
    house.stop().await;
    assert!(mails.try_recv().is_err(), "it came twice");
}

#[tokio::test]
async fn a_destination_that_does_not_answer_is_not_tried_for_every_mail() {
    let (sink, mut mails) = sink().await;
    sink.behave(hangs_at(Stage::Greeting));
    let house = House::open(sink.address(), short());
    let first = house.send(1).await;
    house.until(first, DeliveryState::Deferred).await;
    // Each of these would take as long as the first to find out the same.
    for n in 2..=20 {
        house.send(n).await;
    }
    let all = || house.store.queue(QueueFilter::default());
    let start = Instant::now();
    while all().await.unwrap().iter().any(|row| row.row.last_reply.is_none()) {
        assert!(start.elapsed() < SOON, "some know nothing: {:?}", all().await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for row in all().await.unwrap() {
        let tried = u32::from(row.delivery == first);
        assert_eq!(row.row.attempts, tried, "{row:?}");
        assert!(row.row.last_reply.unwrap().contains("nobody answered"));
        assert!(row.row.next_attempt_at.unwrap() > Clock::system().now(), "it says when");
    }
    sink.behave(Behaviour::default());
    house.store.retry_all(Clock::system().now()).await.unwrap();
    for _ in 1..=20 {
        receive(&mut mails).await;
    }
    house.stop().await;
    assert!(mails.try_recv().is_err(), "something came twice");
}

/// Offers STARTTLS, says yes to it, and falls silent before the handshake.
async fn silent_in_handshake(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"220 mx.example\r\n").await.unwrap();
    for answer in ["250-mx.example\r\n250 STARTTLS\r\n", "220 go ahead\r\n"] {
        stream.read_line(&mut String::new()).await.unwrap();
        stream.get_mut().write_all(answer.as_bytes()).await.unwrap();
    }
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_left_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let peer = tokio::spawn(silent_in_handshake(listener));
    let mut settings = config(address, 1).delivery.clone();
    settings.tls = DeliveryTls::Opportunistic;
    let network = Network::new(None, None, short(), "relay.example");
    let target = Target::Host("127.0.0.1".to_owned(), address.port());
    let pool = Pool::new(target, settings.tls, Arc::new(network));
    let connected = tokio::time::timeout(SOON, pool.connect()).await.expect("it is left");
    assert!(matches!(connected, Err(ConnectError::Open(OpenError::Timeout))));
    assert!(!peer.is_finished(), "the peer got as far as the handshake");
    peer.abort();
}

#[tokio::test]
async fn a_no_for_now_is_borne_for_hours_and_over_a_restart_until_a_no_for_good_ends_it() {
    let (sink, mut mails) = sink().await;
    let refuses = |code| Behaviour { refuse_at: Some((Stage::Rcpt, code)), ..Behaviour::default() };
    sink.behave(refuses(451));
    let clock = Clock::fixed(Clock::system().now());
    let mut house = House::open(sink.address(), Times::default());
    let mut delivery = None;
    for hours in 0..6_u8 {
        // Each hour in another life of the relay.
        let left = house.stop().await;
        house = House::over(left, sink.address(), Times::default(), clock.clone());
        let delivery = match delivery {
            Some(delivery) => delivery,
            None => *delivery.insert(house.send(1).await),
        };
        let start = Instant::now();
        let tried = usize::from(hours) + 1;
        while house.look(delivery).await.1.len() < tried {
            assert!(start.elapsed() < SOON, "not tried in hour {hours}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let attempts = house.until(delivery, DeliveryState::Deferred).await;
        assert_eq!(attempts.len(), tried, "once an hour, for it waits half of one: {hours}");
        clock.advance(Duration::from_secs(3600));
    }
    sink.behave(refuses(550));
    let attempts = house.until(delivery.unwrap(), DeliveryState::Failed).await;
    assert!(attempts.last().unwrap().reply.contains("550"), "{attempts:?}");
    assert!(attempts[..attempts.len() - 1].iter().all(|a| a.reply.contains("451")));
    house.stop().await;
    assert!(mails.try_recv().is_err());
}
