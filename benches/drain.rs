//! How fast a queue drains beside destinations that are dead or slow.
//!
//!   cargo bench --bench drain            (or `--profile dev`, for a quick look)
//!
//! 10,000 deliveries to 500 domains of which 50 are dead (half of them refuse connections, half
//! accept and say nothing), beside the 9,000 to the healthy ones alone; and 1,000 mails to one
//! domain, alone and beside 1,000 to one that takes a second for each. Wanted: at most 1.3 times.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a benchmark may

#[path = "../tests/e2e/dns.rs"]
#[allow(dead_code)]
mod dns;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bauta::config::Config;
use bauta::delivery::Scheduler;
use bauta::domain::{AliasAddress, Clock, DeliveryState, MessageId};
use bauta::smtp::Sink;
use bauta::store::{Forward, OpenMode, QueueFilter, Store};
use dns::NameServer;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

fn config(dns: SocketAddr, port: u16) -> Arc<Config> {
    let text = format!(
        "[relay]\nhostname = \"relay.example\"\nalias_domain = \"alias.example\"\n\
         marketplace = \"M\"\n[senders]\nverify = \"address\"\n[dns]\nservers = [\"{dns}\"]\n\
         [delivery]\nroute = \"mx\"\nmx_port = {port}\nretry_first = \"2s\"\n"
    );
    Arc::new(Config::parse(&text, Path::new("bauta.toml")).unwrap())
}

/// Puts mails for these domains into a queue, by turns.
async fn fill(store: &Store, domains: &[String], count: usize) {
    let now = Clock::system().now();
    let mut writing = tokio::task::JoinSet::new();
    for n in 0..count {
        if writing.len() >= 100 {
            writing.join_next().await.unwrap().unwrap();
        }
        let mut id = [0; 10];
        id[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let forward = Forward {
            message: MessageId::from_random(id),
            token: id,
            bytes: format!("Subject: {n}\r\n\r\n{}\r\n", "hello ".repeat(100)).into_bytes(),
            recipient: format!("who@{}", domains[n % domains.len()]).parse().unwrap(),
            envelope_from: AliasAddress::new("b-1", "alias.example"),
            received_at: now,
            give_up_at: now.after(Duration::from_secs(172_800)),
        };
        let store = store.clone();
        writing.spawn(async move { store.forward_to_postmaster(forward).await.map(drop).unwrap() });
    }
    while let Some(written) = writing.join_next().await {
        written.unwrap();
    }
    store.give_back().await.unwrap();
}

/// How long until `count` mails have come to `taken`.
async fn drain(
    config: &Arc<Config>,
    domains: &[String],
    queued: usize,
    taken: &mut mpsc::UnboundedReceiver<()>,
    count: usize,
) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bauta.db");
    let store = Store::open(&path, OpenMode::Create, "alias.example").unwrap();
    fill(&store, domains, queued).await;
    let (_settings, in_force) = watch::channel(Arc::clone(config));
    let (_outbox, incoming) = mpsc::channel(1000);
    let stop = CancellationToken::new();
    let began = Instant::now();
    let scheduler = Scheduler::new(store.clone(), in_force, Clock::system(), incoming);
    let running = tokio::spawn(scheduler.run(stop.clone()));
    for _ in 0..count {
        tokio::time::timeout(Duration::from_secs(300), taken.recv()).await.expect("it drains");
    }
    let took = began.elapsed();
    let sending = QueueFilter { state: Some(DeliveryState::Sending), ..QueueFilter::default() };
    let held = store.queue(QueueFilter { limit: Some(100_000), ..sending }).await.unwrap().len();
    println!("    {count} of {queued} in {took:.2?}; {held} in hand at the end, {}", memory());
    running.abort();
    let _ = running.await;
    store.close().await;
    while taken.try_recv().is_ok() {}
    took
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A server that takes this long for each mail.
async fn slow(listener: TcpListener, takes: Duration) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let _ = stream.get_mut().write_all(b"220 slow\r\n").await;
            let (mut line, mut text) = (String::new(), false);
            while matches!(stream.read_line(&mut line).await, Ok(1..)) {
                let answer = match line.trim_end() {
                    "." if text => {
                        tokio::time::sleep(takes).await;
                        text = false;
                        "250 taken\r\n"
                    }
                    _ if text => "",
                    "DATA" => {
                        text = true;
                        "354 go\r\n"
                    }
                    _ => "250 fine\r\n",
                };
                let _ = stream.get_mut().write_all(answer.as_bytes()).await;
                line.clear();
            }
        });
    }
}

fn told(what: &str, alone: Duration, beside: Duration) {
    let ratio = beside.as_secs_f64() / alone.as_secs_f64();
    println!("{what}: {ratio:.2} times (at most 1.3 is wanted)");
}

#[tokio::main]
async fn main() {
    let dns = NameServer::start();
    let (took, mut taken) = mpsc::unbounded_channel();
    let first = Ipv4Addr::new(127, 77, 0, 1);
    let mut sinks = Vec::new();
    let mut port = 0;
    for n in 1..=9 {
        let ip = Ipv4Addr::new(127, 77, 0, n);
        let (sink, mut mails) = Sink::bind((ip, port).into()).await.unwrap();
        port = sink.address().port();
        sinks.push(sink);
        let took = took.clone();
        tokio::spawn(async move {
            while mails.recv().await.is_some() {
                let _ = took.send(());
            }
        });
        dns.address(&format!("mx{n}.example"), ip);
    }
    let silent = TcpListener::bind((Ipv4Addr::new(127, 77, 1, 1), port)).await.unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = silent.accept().await {
            held.push(stream);
        }
    });
    let slowly = TcpListener::bind((Ipv4Addr::new(127, 77, 2, 1), port)).await.unwrap();
    tokio::spawn(slow(slowly, Duration::from_secs(1)));
    dns.address("silent.example", Ipv4Addr::new(127, 77, 1, 1));
    dns.address("refuses.example", Ipv4Addr::new(127, 77, 3, 1));
    dns.address("slow.example", Ipv4Addr::new(127, 77, 2, 1));
    dns.address("quick.example", first);
    let healthy: Vec<String> = (0..450).map(|n| format!("d{n}.example")).collect();
    let dead: Vec<String> = (0..50).map(|n| format!("dead{n}.example")).collect();
    for (n, domain) in healthy.iter().enumerate() {
        dns.mx(domain, 10, &format!("mx{}.example", n % 9 + 1));
    }
    for (n, domain) in dead.iter().enumerate() {
        dns.mx(domain, 10, ["silent.example", "refuses.example"][n % 2]);
    }
    let config = config(dns.address, port);

    println!("9,000 mails to 450 healthy domains, alone and beside 1,000 to 50 dead ones:");
    let alone = drain(&config, &healthy, 9000, &mut taken, 9000).await;
    // The dead ones first.
    let all: Vec<String> = dead.iter().chain(&healthy).cloned().collect();
    let beside = drain(&config, &all, 10_000, &mut taken, 9000).await;
    told("beside dead ones", alone, beside);

    println!("1,000 mails to one domain, alone and beside 1,000 to one that takes 1 s for each:");
    let alone = drain(&config, &["quick.example".to_owned()], 1000, &mut taken, 1000).await;
    let both = ["slow.example".to_owned(), "quick.example".to_owned()];
    let beside = drain(&config, &both, 2000, &mut taken, 1000).await;
    told("beside a slow one", alone, beside);
}
