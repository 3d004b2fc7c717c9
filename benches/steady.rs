//! The relay as it runs, from outside: how soon it answers at a steady rate, and its memory, at rest
//! and in the long run. It runs the real binary; the senders and the sink are in this process.
//!
//!   cargo bench --bench steady -- latency [RATE=100] [SECONDS=60]
//!   cargo bench --bench steady -- at-rest [CONNECTIONS=1000]
//!   cargo bench --bench steady -- soak [MINUTES=60]
//!
//! latency: mails of 4 KiB, a connection each, one every 1/RATE seconds whatever became of those
//! before; then a bare loop of SQLite commits at the same rate on the same disk. Wanted at 100: half
//! of them answered within 1.5 ms and at the sink within 3 ms.
//! at-rest: memory with so many open connections that say nothing. Wanted: 60 MiB at most.
//! soak: half of what it takes at most, all the while erasing what is past its time; ends with 1
//! where its memory grows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // a benchmark may

mod words;

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bauta::app::{House, Purpose};
use bauta::config::Config;
use bauta::smtp::Sink;
use rusqlite::Connection;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use words::{mail, told};

const SELLERS: usize = 40;
/// Each with one order; a seller has fifty of them.
const BUYERS: usize = 2_000;
/// What the mails that are sent before anything is measured are for: caches, compiled statements.
const WARMING: usize = 500;
/// Connections at once where it is seen what can be taken.
const SESSIONS: usize = 10;
/// Memory may grow by so much between the first third and the last: pages of the database that are
/// kept, and what the allocator has not given back yet.
const MAY_GROW: f64 = 0.10;
const MAY_GROW_MIB: f64 = 4.0;

/// What each mail met, by its number.
#[derive(Debug, Clone, Copy)]
struct Met {
    began: Instant,
    /// From when its text was sent to 250,
    text: Duration,
    /// from connecting to 250,
    answered: Duration,
    /// and to the sink.
    arrived: Duration,
}

type Book = Arc<Mutex<Vec<Option<Met>>>>;

struct Relay {
    folder: TempDir,
    process: Child,
    address: SocketAddr,
    aliases: Arc<Vec<String>>,
    book: Book,
    sent: AtomicUsize,
    arrived: Arc<AtomicUsize>,
    _sink: Sink,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Relay {
    /// Starts one in a folder on this disk.
    async fn start(keep: &str) -> Self {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        let folder = tempfile::tempdir_in(target).unwrap();
        let (sink, mut mails) = Sink::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let text = config(sink.address(), keep);
        let file = folder.path().join("bauta.toml");
        fs::write(&file, &text).unwrap();
        let aliases = register(&text, &file).await;
        let log = folder.path().join("log");
        let process = bauta(&file)
            .arg("serve")
            .env("BAUTA_LOG", "info")
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let address = listens(&log).await;
        let (book, arrived) = (Book::default(), Arc::new(AtomicUsize::new(0)));
        let (known, count) = (Arc::clone(&book), Arc::clone(&arrived));
        tokio::spawn(async move {
            while let Some(mail) = mails.recv().await {
                let now = Instant::now();
                if let Some(Some(met)) = known.lock().unwrap().get_mut(number(&mail.bytes)) {
                    met.arrived = now - met.began;
                }
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        let aliases = Arc::new(aliases);
        let sent = AtomicUsize::new(0);
        Self { folder, process, address, aliases, book, sent, arrived, _sink: sink }
    }

    /// Numbers for so many mails.
    fn numbers(&self, count: usize) -> std::ops::Range<usize> {
        let first = self.sent.fetch_add(count, Ordering::Relaxed);
        self.book.lock().unwrap().resize(first + count, None);
        first..first + count
    }

    fn sender(&self) -> Sender {
        let (address, aliases) = (self.address, Arc::clone(&self.aliases));
        Sender { address, aliases, book: Arc::clone(&self.book) }
    }

    /// Waits until all have come out.
    async fn drained(&self) {
        let sent = self.sent.load(Ordering::Relaxed);
        for _ in 0..6_000 {
            if self.arrived.load(Ordering::Relaxed) >= sent {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} of {sent} came out", self.arrived.load(Ordering::Relaxed));
    }

    /// As many as it takes, over so many connections at once; a second.
    async fn at_once(&self, count: usize) -> f64 {
        let began = Instant::now();
        let next = Arc::new(AtomicUsize::new(0));
        let numbers = self.numbers(count);
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..SESSIONS {
            let (sender, numbers, next) = (self.sender(), numbers.clone(), Arc::clone(&next));
            senders.spawn(async move {
                while let Some(n) = numbers.clone().nth(next.fetch_add(1, Ordering::Relaxed)) {
                    sender.send(n).await;
                }
            });
        }
        while let Some(done) = senders.join_next().await {
            done.unwrap();
        }
        self.drained().await;
        count as f64 / began.elapsed().as_secs_f64()
    }

    /// So many a second, whatever becomes of them. What each met.
    async fn steadily(&self, rate: f64, span: Duration) -> Vec<Met> {
        let numbers = self.numbers((rate * span.as_secs_f64()) as usize);
        let began = Instant::now();
        let mut senders = tokio::task::JoinSet::new();
        for (at, n) in numbers.clone().enumerate() {
            tokio::time::sleep_until((began + Duration::from_secs_f64(at as f64 / rate)).into())
                .await;
            let sender = self.sender();
            senders.spawn(async move { sender.send(n).await });
            while let Some(done) = senders.try_join_next() {
                done.unwrap();
            }
        }
        while let Some(done) = senders.join_next().await {
            done.unwrap();
        }
        self.drained().await;
        self.book.lock().unwrap()[numbers].iter().map(|met| met.unwrap()).collect()
    }

    /// MiB that it and its children have in memory.
    fn memory(&self) -> f64 {
        let id = self.process.id();
        let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let all = children.split_whitespace().filter_map(|id| id.parse().ok()).chain([id]);
        all.map(resident).sum::<f64>()
    }
}

/// MiB of one process; 0 where it has ended.
fn resident(id: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn config(sink: SocketAddr, keep: &str) -> String {
    format!(
        "[relay]\nhostname = \"relay.example\"\nalias_domain = \"alias.example\"\n\
         marketplace = \"M\"\ndata_dir = \"data\"\n\
         [smtp]\nlisten = [\"127.0.0.1:0\"]\ntrusted_networks = [\"127.0.0.1/32\"]\n\
         [senders]\nverify = \"address\"\n\
         [delivery]\nroute = \"smarthost\"\nsmarthost = \"{sink}\"\ntls = \"none\"\n\
         [archive]\nkeep = \"{keep}\"\n\
         [policy]\nmode = \"enforce\"\n"
    )
}

fn bauta(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bauta"));
    command.arg("--config").arg(file).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn parties(n: usize) -> (String, String) {
    (format!("S{}", n % SELLERS), format!("B{n}"))
}

fn address(n: usize) -> String {
    format!("b{n}@mail.example")
}

/// Registers everybody; where each buyer writes to.
async fn register(text: &str, file: &Path) -> Vec<String> {
    let config = Arc::new(Config::parse(text, file).unwrap());
    let House { keyring, store, .. } = House::open(config, Purpose::Serve, true).await.unwrap();
    store.close().await;
    let mut lines = String::new();
    for n in 0..SELLERS {
        let _ = writeln!(
            lines,
            r#"{{"type":"seller","id":"S{n}","name":"Shop {n}","emails":["s{n}@shop.example"]}}"#
        );
    }
    let mut aliases = Vec::new();
    for n in 0..BUYERS {
        let (seller, buyer) = parties(n);
        let address = address(n);
        let _ = writeln!(
            lines,
            r#"{{"type":"buyer","id":"{buyer}","name":"Jane Roe","emails":["{address}"]}}
{{"type":"order","id":"O{n}","seller":"{seller}","buyer":"{buyer}","items":["Brass lamp"]}}"#
        );
        let alias = keyring.mint(&seller.parse().unwrap(), &buyer.parse().unwrap()).seller;
        aliases.push(alias.to_string());
    }
    let people: PathBuf = file.with_file_name("people.jsonl");
    fs::write(&people, lines).unwrap();
    assert!(bauta(file).arg("import").arg(&people).status().unwrap().success());
    aliases
}

async fn listens(log: &Path) -> SocketAddr {
    for _ in 0..600 {
        let text = fs::read_to_string(log).unwrap_or_default();
        let line = text.lines().find(|line| line.contains("listening for SMTP"));
        let address = line.and_then(|line| line.split_once("address="));
        if let Some((_, address)) = address {
            return address.trim().parse().unwrap();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the relay did not start: {}", fs::read_to_string(log).unwrap_or_default());
}

/// The number of a mail that came out, as its text says.
fn number(mail: &[u8]) -> usize {
    let text = String::from_utf8_lossy(mail);
    let (_, rest) = text.split_once("my order number ").expect("the text came out");
    rest.split(':').next().unwrap().parse().unwrap()
}

/// A mail server that hands mail in, with a connection for each.
struct Sender {
    address: SocketAddr,
    aliases: Arc<Vec<String>>,
    book: Book,
}

impl Sender {
    async fn send(&self, n: usize) {
        let who = n % self.aliases.len();
        let (from, to) = (address(who), &self.aliases[who]);
        let raw = format!("{}.\r\n", mail(&from, to, n));
        let began = Instant::now();
        let note = |text: Duration, answered: Duration| {
            let slot = &mut self.book.lock().unwrap()[n];
            let arrived = slot.map_or(Duration::ZERO, |met| met.arrived);
            *slot = Some(Met { began, text, answered, arrived });
        };
        note(Duration::ZERO, Duration::ZERO);
        let mut line = hello(self.address).await;
        say(&mut line, &format!("MAIL FROM:<{from}>\r\n"), "250").await;
        say(&mut line, &format!("RCPT TO:<{to}>\r\n"), "250").await;
        say(&mut line, "DATA\r\n", "354").await;
        let before = began.elapsed();
        say(&mut line, &raw, "250").await;
        let answered = began.elapsed();
        note(answered - before, answered);
        // Where connections wait, the relay may have ended it already.
        let _ = line.get_mut().write_all(b"QUIT\r\n").await;
        let _ = line.read_line(&mut String::new()).await;
    }
}

async fn hello(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut line = BufReader::new(stream);
    say(&mut line, "", "220").await;
    say(&mut line, "EHLO mail.example\r\n", "250").await;
    line
}

async fn say(line: &mut BufReader<TcpStream>, words: &str, expected: &str) {
    line.get_mut().write_all(words.as_bytes()).await.unwrap();
    let mut reply = String::new();
    loop {
        reply.clear();
        line.read_line(&mut reply).await.unwrap();
        if reply.as_bytes().get(3) != Some(&b'-') {
            break;
        }
    }
    assert!(reply.starts_with(expected), "{words:.60}: {reply}");
}

/// One commit after the other at a steady rate, as a store would make that does nothing else.
fn bare_commits(folder: &Path, rate: f64, span: Duration) -> Vec<Duration> {
    let conn = Connection::open(folder.join("bare.db")).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
         CREATE TABLE mail (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;",
    )
    .unwrap();
    let bytes = vec![7_u8; 8 << 10];
    let began = Instant::now();
    let mut took = Vec::new();
    for n in 0..(rate * span.as_secs_f64()) as u32 {
        let due = began + Duration::from_secs_f64(f64::from(n) / rate);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let start = Instant::now();
        conn.execute("INSERT INTO mail (bytes) VALUES (?1)", [&bytes]).unwrap();
        took.push(start.elapsed());
    }
    took
}

async fn latency(rate: f64, span: Duration) {
    let relay = Relay::start("60d").await;
    relay.at_once(WARMING).await;
    let met = relay.steadily(rate, span).await;
    println!("{} mails of 4 KiB, {rate} a second, a connection each:", met.len());
    told("from connecting to 250", met.iter().map(|met| met.answered).collect());
    told("of it from the text to 250", met.iter().map(|met| met.text).collect());
    told("from connecting to the sink", met.iter().map(|met| met.arrived).collect());
    let folder = relay.folder.path().to_owned();
    let bare = tokio::task::spawn_blocking(move || bare_commits(&folder, rate, span / 3));
    told("a bare commit of 8 KiB, same disk", bare.await.unwrap());
}

async fn at_rest(connections: usize) {
    let relay = Relay::start("60d").await;
    println!("memory: {:.1} MiB at the start", relay.memory());
    relay.at_once(WARMING).await;
    println!("        {:.1} MiB after {WARMING} mails", relay.memory());
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(hello(relay.address).await);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let files = fs::read_dir(format!("/proc/{}/fd", relay.process.id())).unwrap().count();
    println!("        {:.1} MiB with {connections} connections at rest", relay.memory());
    assert!(files > connections, "{files} files are open: not all connections are");
    println!("        (at most 60 MiB with 1,000 is wanted)");
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_unstable_by(f64::total_cmp);
    of[of.len() / 2]
}

/// Whether its memory stays where it is.
async fn soak(minutes: u64) -> bool {
    let span = Duration::from_secs(minutes * 60);
    // Long enough for what is on its way, and over many times while this lasts.
    let relay = Relay::start(&format!("{}s", (span.as_secs() / 10).max(30))).await;
    let most = relay.at_once(5_000).await;
    let rate = most / 2.0;
    println!("{most:.0} mails a second at most, over {SESSIONS} connections; so {rate:.0} now");
    let (began, mut samples) = (Instant::now(), Vec::new());
    let load = relay.steadily(rate, span);
    tokio::pin!(load);
    let mut every = tokio::time::interval(Duration::from_secs(10));
    let met = loop {
        tokio::select! {
            met = &mut load => break met,
            _ = every.tick() => {
                samples.push(relay.memory());
                if samples.len() % 6 == 1 {
                    let size = fs::metadata(relay.folder.path().join("data/bauta.db")).unwrap().len();
                    println!(
                        "  {:>5.0?}  {:.1} MiB of memory, {} MiB of database",
                        began.elapsed(), samples.last().unwrap(), size >> 20
                    );
                }
            }
        }
    };
    told("from connecting to 250", met.iter().map(|met| met.answered).collect());
    let third = samples.len() / 3;
    assert!(third > 0, "at least a minute");
    let first = median(samples[..third].to_vec());
    let last = median(samples[samples.len() - third..].to_vec());
    let most = first * (1.0 + MAY_GROW) + MAY_GROW_MIB;
    println!(
        "{} mails; memory: {first:.1} MiB in the first third, {last:.1} in the last \
         (medians of {third}; more than {most:.1} is too much)",
        met.len()
    );
    last <= most
}

#[tokio::main]
async fn main() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    // cargo says --bench too.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize, otherwise: u64| {
        words.get(at).map_or(otherwise, |word| word.parse().expect("a number"))
    };
    match words.first().map(String::as_str) {
        Some("latency") => latency(number(1, 100) as f64, Duration::from_secs(number(2, 60))).await,
        Some("at-rest") => at_rest(usize::try_from(number(1, 1000)).unwrap()).await,
        Some("soak") => {
            if !soak(number(1, 60)).await {
                println!("its memory grows");
                std::process::exit(1);
            }
        }
        _ => {
            println!("name one of: latency [RATE] [SECONDS], at-rest [CONNECTIONS], soak [MINUTES]")
        }
    }
}
