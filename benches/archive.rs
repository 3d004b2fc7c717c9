//! What a full archive costs: searching it, mail coming in beside it, erasing from it, the disk.
//!
//!   cargo bench --bench archive                 100,000 messages
//!   cargo bench --bench archive -- 1000000      a million: some ten minutes and 6 GB in target/
//!   cargo bench --bench archive -- 50000 expiry   only erasing
//!
//! Wanted at a million: a search of the named mix within 20 ms (p99), a common word with a narrow
//! filter within 300 ms, accepting at 0.75 of the rate of an empty archive at least, and no message
//! that waits for more than 100 ms while others expire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a benchmark may

mod words;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bauta::alias::{Keyring, WordKey};
use bauta::app::{House, Purpose};
use bauta::config::Config;
use bauta::domain::{
    Action, Clock, Direction, Language, MessageId, MessageState, PartyId, Timestamp, Words,
};
use bauta::relay::{self, Envelope, Erase, Peer, Relay, Space};
use bauta::search::{self, Criteria, Indexed, Query};
use bauta::store::{Keep, KeepFrom, Store};
use rusqlite::{Connection, params};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use words::{Dice, VOCABULARY, mail, text, told, word};
use zstd::bulk::Compressor;

const SELLERS: usize = 200;
const BUYERS: usize = 5_000;
/// Each buyer with four sellers.
const PAIRS: usize = BUYERS * 4;
const DAY: Duration = Duration::from_secs(86_400);
/// The archive reaches back so many days.
const DAYS: u32 = 59;
/// What ends the names of the messages that the archive is filled with, and no others.
const FILLED: &str = ".filled";
/// So long mail comes in with nothing beside it.
const ALONE: Duration = Duration::from_secs(30);
/// Erasing ends after this, wherever it is.
const ERASING: Duration = Duration::from_secs(600);

fn config(folder: &Path) -> Arc<Config> {
    let text = "[relay]\nhostname = \"relay.example\"\nalias_domain = \"alias.example\"\n\
         marketplace = \"M\"\n[senders]\nverify = \"address\"\n[smtp]\n\
         trusted_networks = [\"127.0.0.1\"]\n\
         [delivery]\nroute = \"smarthost\"\nsmarthost = \"127.0.0.1:9\"\n";
    Arc::new(Config::parse(text, &folder.join("bauta.toml")).unwrap())
}

/// A house, and everybody who writes while it is measured.
struct Open {
    relay: Relay,
    store: Store,
    key: WordKey,
    /// Where each pair's buyer writes to.
    aliases: Arc<Vec<String>>,
    path: std::path::PathBuf,
    stop: CancellationToken,
    sent: usize,
    _outbox: mpsc::Receiver<bauta::store::StoredMail>,
}

impl Open {
    async fn new(folder: &Path) -> Self {
        let config = config(folder);
        let path = config.relay.data_dir.join("bauta.db");
        let House { keyring, store, .. } =
            House::open(Arc::clone(&config), Purpose::Serve, true).await.unwrap();
        let key = keyring.word_key();
        let aliases = register(&path, &keyring);
        let (outbox, _outbox) = mpsc::channel(1);
        let relay = Relay::new(config, keyring, store.clone(), Clock::system(), outbox).unwrap();
        let stop = CancellationToken::new();
        let (indexing, stopping) = (relay.clone(), stop.clone());
        tokio::spawn(async move { indexing.index(stopping).await });
        Self { relay, store, key, aliases, path, stop, sent: 0, _outbox }
    }

    /// One mail of 4 KiB: how long it took until the answer.
    async fn accept(relay: &Relay, aliases: &[String], n: usize) -> Duration {
        // Any pair: what comes in touches the archive all over.
        let pair = (n * 6_007) % aliases.len();
        let (alias, from) = (aliases[pair].as_str(), address(pair));
        let peer = Peer::new("127.0.0.1".parse().unwrap(), &["127.0.0.1".parse().unwrap()]);
        let raw = mail(&from, alias, n);
        let began = Instant::now();
        let route = relay.route(peer, &from, alias).await.unwrap();
        let envelope = Envelope { hello: "mail.example", mail_from: &from };
        let mail = (raw.into_bytes(), relay.expect());
        let outcome = relay.accept(peer, envelope, vec![route], mail).await;
        assert!(format!("{outcome:?}").starts_with("Accepted"), "{outcome:?}");
        began.elapsed()
    }

    /// Messages a second, 50 at a time.
    async fn rate(&mut self, count: usize) -> f64 {
        let began = Instant::now();
        let mut tasks = tokio::task::JoinSet::new();
        for lane in 0..50 {
            let (relay, aliases, from) = (self.relay.clone(), self.aliases.clone(), self.sent);
            tasks.spawn(async move {
                for n in (lane..count).step_by(50) {
                    Self::accept(&relay, &aliases, from + n).await;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        self.sent += count;
        count as f64 / began.elapsed().as_secs_f64()
    }
}

/// A pair's seller and buyer.
fn parties(pair: usize) -> (usize, usize) {
    ((pair % BUYERS * 7 + pair / BUYERS * 31) % SELLERS, SELLERS + pair % BUYERS)
}

fn party_row(party: usize) -> i64 {
    1 + i64::try_from(party).unwrap()
}

/// A pair's buyer's address.
fn address(pair: usize) -> String {
    format!("b{}@mail.example", parties(pair).1)
}

/// Registers sellers, buyers and an order for each pair, straight into the tables.
fn register(path: &Path, keyring: &Keyring) -> Arc<Vec<String>> {
    let mut conn = Connection::open(path).unwrap();
    let tx = conn.transaction().unwrap();
    for n in 0..SELLERS + BUYERS {
        let (role, id) =
            if n < SELLERS { ("seller", format!("S{n}")) } else { ("buyer", format!("B{n}")) };
        tx.execute(
            "INSERT INTO party (number, role, id, id_key, name, language, version)
             VALUES (?1, ?2, ?3, ?4, 'Jane Roe', 'en', 1)",
            params![party_row(n), role, id, id.to_lowercase()],
        )
        .unwrap();
        let address = format!("{}@mail.example", id.to_lowercase());
        tx.execute(
            "INSERT INTO party_address (party, position, address, canonical) VALUES (?1, 0, ?2, ?2)",
            params![party_row(n), address],
        )
        .unwrap();
    }
    let mut aliases = Vec::new();
    for n in 0..PAIRS {
        let (seller, buyer) = parties(n);
        let number = 10 + i64::try_from(n).unwrap();
        let names = keyring
            .mint(&format!("S{seller}").parse().unwrap(), &format!("B{buyer}").parse().unwrap());
        tx.execute(
            "INSERT INTO pair (number, seller, buyer, version, key_version, seller_alias, buyer_alias)
             VALUES (?1, ?2, ?3, 1, 1, ?4, ?5)",
            params![
                number,
                party_row(seller),
                party_row(buyer),
                names.seller.local(),
                names.buyer.local()
            ],
        )
        .unwrap();
        tx.execute(
            "INSERT INTO orders (number, id, id_key, pair, seller, items, status, fulfilled_by,
                dispute, registered_at, day)
             VALUES (?1, ?2, ?3, ?1, ?4, '[\"Lamp\"]', 'open', 'seller', 0, 0, '1970-01-01')",
            params![number, format!("O{n}"), format!("o{n}"), party_row(seller)],
        )
        .unwrap();
        tx.execute(
            "INSERT INTO conversation (number, pair, \"order\", subject, opened_at, last_message_at,
                seller_root, buyer_root) VALUES (?1, ?1, ?1, 'x', 0, 0, ?2, ?3)",
            params![number, format!("r{n}s@alias.example"), format!("r{n}b@alias.example")],
        )
        .unwrap();
        aliases.push(names.seller.to_string());
    }
    tx.commit().unwrap();
    Arc::new(aliases)
}

/// Fills the archive with so many messages of the last 59 days: written straight into its tables, as
/// the relay would have.
fn fill(house: &Open, count: usize, now: Timestamp) {
    let mut conn = Connection::open(&house.path).unwrap();
    conn.execute_batch(
        "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000; PRAGMA foreign_keys = OFF;",
    )
    .unwrap();
    let (mut dice, mut packer) = (Dice(42), Compressor::new(1).unwrap());
    let step = DAY * DAYS / u32::try_from(count).unwrap();
    let start = now.before(DAY * DAYS);
    for begin in (0..count).step_by(5_000) {
        let tx = conn.transaction().unwrap();
        for n in begin..(begin + 5_000).min(count) {
            message(
                &tx,
                house,
                n,
                start.after(step * u32::try_from(n).unwrap()),
                &mut dice,
                &mut packer,
            );
        }
        tx.commit().unwrap();
    }
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
}

fn message(
    tx: &Connection,
    house: &Open,
    n: usize,
    at: Timestamp,
    dice: &mut Dice,
    packer: &mut Compressor<'_>,
) {
    let pair = (n * 7_919) % PAIRS;
    let (seller, buyer) = parties(pair);
    let from_buyer = n.is_multiple_of(2);
    let direction = if from_buyer { Direction::BuyerToSeller } else { Direction::SellerToBuyer };
    let rejected = n % 100 == 99;
    let (state, action) = match rejected {
        true => (MessageState::Rejected, Action::Reject),
        false => (MessageState::Accepted, Action::Allow),
    };
    let subject = format!("{} {}", word(dice.skewed(VOCABULARY)), word(dice.skewed(VOCABULARY)));
    let mut body = text(dice, n);
    if n % 50_000 == 777 {
        body.push_str("xylophone");
    }
    let said = [subject.as_str(), body.as_str()];
    let words = search::index(
        &house.key,
        &Indexed {
            seller: &PartyId::Seller(format!("S{seller}").parse().unwrap()),
            buyer: &PartyId::Buyer(format!("B{buyer}").parse().unwrap()),
            order: Some(&format!("O{pair}").parse().unwrap()),
            direction,
            state,
            action,
            languages: [Language::En; 2],
            sent: &said,
            shown: &said,
        },
    );
    let mut random = [0; 10];
    random[..8].copy_from_slice(&dice.next().to_be_bytes());
    let id = MessageId::from_random(random);
    let (buyer, seller) = (party_row(buyer), party_row(seller));
    put(
        tx,
        "INSERT INTO message (id, kind, conversation, pair, \"order\", sender, of_seller, of_buyer,
            direction, state, received_at, subject, verdict, proof, assigned, proactive, automatic,
            seller_msg_id, buyer_msg_id, fingerprint)
         VALUES (?1, 'relay', ?2, ?2, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'spf', 'headers', 0, 0,
            ?11, ?12, randomblob(32))",
        params![
            id.as_str(),
            10 + pair as i64,
            if from_buyer { buyer } else { seller },
            seller,
            buyer,
            direction.as_str(),
            state.as_str(),
            at.as_millis(),
            subject,
            serde_json::to_string(&bauta::domain::Verdict::clean()).unwrap(),
            format!("s{n}{FILLED}@alias.example"),
            format!("b{n}{FILLED}@alias.example"),
        ],
    );
    let number = tx.last_insert_rowid();
    let head = "From: a@alias.example\r\nTo: b@alias.example\r\nMessage-ID: <x@alias.example>\r\n\
        MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
    let trace = "Received: from somewhere.example by relay.example; Sat, 28 Nov 2026\r\n".repeat(6);
    let view = format!("{head}Subject: {subject}\r\n\r\n{body}\r\n");
    let original = format!("{trace}{view}");
    let gone = (!rejected).then_some(&view);
    let mails = packed_mails(packer, [gone, Some(&view), gone, Some(&original)]);
    let sightings: Vec<u8> = (0..130).flat_map(|_| dice.next().to_le_bytes()).collect();
    put(
        tx,
        "INSERT INTO content (message, salt, mails, written, shown)
         VALUES (?1, randomblob(16), ?2, ?3, ?3)",
        params![number, mails, sightings],
    );
    put(
        tx,
        "INSERT INTO found_words (message, words) VALUES (?1, ?2)",
        params![number, packed(&words)],
    );
    put(
        tx,
        "INSERT INTO evidence (conversation, position, message, what, at, leaf, hash)
         VALUES (?1, (SELECT 1 + coalesce(max(position), 0) FROM evidence WHERE conversation = ?1),
            ?2, ?3, ?4, randomblob(32), randomblob(32))",
        params![10 + pair as i64, id.as_str(), state.as_str(), at.as_millis()],
    );
    if rejected {
        return;
    }
    put(
        tx,
        "INSERT INTO delivery (message, token, recipient, domain, envelope_from, state, attempts,
            created_at, next_attempt_at, give_up_at, lease, finished_at)
         VALUES (?1, randomblob(10), 'somebody@mail.example', 'mail.example', 'b-x@alias.example',
            'delivered', 1, ?2, ?2, ?2, 1, ?2)",
        params![number, at.as_millis()],
    );
    put(
        tx,
        "INSERT INTO attempt (delivery, number, started_at, ended_at, result, stage, reply)
         VALUES (?1, 1, ?2, ?2, 'delivered', 'taken', '250 2.0.0 Ok: queued')",
        params![tx.last_insert_rowid(), at.as_millis()],
    );
}

/// A row, by a statement that is compiled once.
fn put(tx: &Connection, sql: &str, params: impl rusqlite::Params) {
    tx.prepare_cached(sql).unwrap().execute(params).unwrap();
}

/// As the store packs them: how long each is, and one frame of all.
fn packed_mails(packer: &mut Compressor<'_>, texts: [Option<&String>; 4]) -> Vec<u8> {
    let length = |text: &Option<&String>| text.map_or(u32::MAX, |text| text.len() as u32);
    let mut packed: Vec<u8> = texts.iter().flat_map(|text| length(text).to_le_bytes()).collect();
    let all: String = texts.into_iter().flatten().map(String::as_str).collect();
    packed.extend(packer.compress(all.as_bytes()).unwrap());
    packed
}

/// As the store packs them.
fn packed(words: &Words) -> Vec<u8> {
    words.numbers().iter().flat_map(|n| n.to_be_bytes().into_iter().skip(3)).collect()
}

/// A search of the mix: its name, how many times, and what the nth asks for.
type NamedSearch<'a> = (&'a str, usize, &'a dyn Fn(u64) -> Criteria);

async fn searches(house: &Open, now: Timestamp) {
    println!("search, 20 a page, each with its snippets:");
    let mut mix = Vec::new();
    let day = now.before(DAY * 20);
    let with =
        |query: &str| Criteria { query: Query::read(query), limit: 20, ..Criteria::default() };
    let named: [NamedSearch<'_>; 8] = [
        ("a rare word", 100, &|_| with("xylophone")),
        ("a word in every mail", 100, &|_| with("order")),
        ("one seller", 100, &|n| Criteria {
            seller: Some(format!("S{}", n % SELLERS as u64).parse().unwrap()),
            ..with("")
        }),
        ("a day, and a word", 100, &|n| Criteria {
            since: Some(day),
            until: Some(day.after(DAY)),
            ..with(&word(n % 500))
        }),
        ("nothing found", 100, &|_| with("zzyzzyx")),
        ("a common word, one buyer", 50, &|n| Criteria {
            buyer: Some(format!("B{}", SELLERS as u64 + n % BUYERS as u64).parse().unwrap()),
            ..with("order")
        }),
        ("a common word, rejected, one seller", 50, &|n| Criteria {
            state: Some(MessageState::Rejected),
            seller: Some(format!("S{}", n % SELLERS as u64).parse().unwrap()),
            ..with("order")
        }),
        ("two common words and a day", 50, &|n| Criteria {
            since: Some(day),
            until: Some(day.after(DAY)),
            ..with(&format!("order {}", word(n % 20)))
        }),
    ];
    for (place, (what, times, criteria)) in named.iter().enumerate() {
        let mut took = Vec::new();
        let mut hits = 0;
        for n in 0..*times as u64 {
            let began = Instant::now();
            hits += search::find(&house.store, &house.key, &criteria(n)).await.unwrap().len();
            took.push(began.elapsed());
        }
        if place < 5 {
            mix.extend(took.iter().copied());
        }
        told(&format!("{what} ({:.1} hits)", hits as f64 / *times as f64), took);
    }
    told("the mix (the first five)", mix);
}

/// 50 mails a second until it is over: how long each took.
async fn steadily(house: &mut Open, over: &CancellationToken) -> Vec<Duration> {
    let mut took = Vec::new();
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    while !over.is_cancelled() {
        ticks.tick().await;
        house.sent += 1;
        took.push(Open::accept(&house.relay, &house.aliases, house.sent).await);
    }
    took
}

async fn expiry(house: &mut Open, count: usize, now: Timestamp) {
    let (alone, over) = (CancellationToken::new(), CancellationToken::new());
    let ended = alone.clone();
    tokio::spawn(async move {
        tokio::time::sleep(ALONE).await;
        ended.cancel();
    });
    told("accept, 50 a second, nothing beside it", steadily(house, &alone).await);
    // The oldest tenth.
    let span = DAY * DAYS - DAY * DAYS / 10;
    let keep = Keep { span, from: KeepFrom::Message, now };
    let (store, key, ended) = (house.store.clone(), house.key.clone(), over.clone());
    let began = Instant::now();
    let erasing = tokio::spawn(async move {
        let what = Erase::Expired(keep);
        let enough = CancellationToken::new();
        let over = enough.clone();
        tokio::spawn(async move {
            tokio::time::sleep(ERASING).await;
            over.cancel();
        });
        let expired = relay::erase(&store, &key, &what, Space::Kept, &enough).await.unwrap();
        ended.cancel();
        expired
    });
    let took = steadily(house, &over).await;
    let expired = erasing.await.unwrap();
    println!(
        "expiry of {} of {}, {} coming in meanwhile: {:.0?}",
        expired.erased,
        count / 10,
        took.len(),
        began.elapsed()
    );
    told("accept beside it", took);
    traces(house, expired.erased).await;
}

/// How many of the erased messages' names stand anywhere in the database's files still.
async fn traces(house: &Open, erased: usize) {
    house.store.empty_wal().await;
    let mut left = BTreeSet::new();
    for end in ["", "-wal", "-shm"] {
        let mut path = house.path.clone().into_os_string();
        path.push(end);
        let Ok(file) = File::open(path) else { continue };
        let mut file = BufReader::with_capacity(1 << 20, file);
        let mut before = vec![];
        // Up to each "@": a name ends there.
        while file.read_until(b'@', &mut before).unwrap() > 0 {
            let name = before.strip_suffix(b"@").unwrap_or_default();
            if let Some(name) = name.strip_suffix(FILLED.as_bytes()) {
                let digits = name.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
                let number = String::from_utf8_lossy(&name[name.len() - digits..]).parse::<usize>();
                left.extend(number.ok().filter(|n| *n < erased));
            }
            before.clear();
        }
    }
    println!("  of them {} are named still somewhere in the files", left.len());
}

fn sizes(house: &Open, count: usize) {
    let conn = Connection::open(&house.path).unwrap();
    let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as f64;
    let of = |bytes: f64| bytes / count as f64;
    let file = one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    let index = one("SELECT sum(length(lists)) FROM found_by");
    let sql = "SELECT sum(length(mails)) FROM content";
    let words = one("SELECT sum(length(words)) FROM found_words");
    println!(
        "bytes per message: file {:.0}, of it packed mails {:.0}, index {:.0}, its numbers {:.0}",
        of(file),
        of(one(sql)),
        of(index),
        of(words)
    );
}

#[tokio::main]
async fn main() {
    // What held the writer for long, and for how long.
    let only = Targets::new().with_target("bauta::store", Level::INFO);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time();
    tracing_subscriber::registry().with(lines.with_filter(only)).init();
    let count = std::env::args().filter_map(|a| a.parse::<usize>().ok()).next().unwrap_or(100_000);
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    let (full, empty) =
        (tempfile::tempdir_in(&target).unwrap(), tempfile::tempdir_in(&target).unwrap());
    let now = Clock::system().now();
    let mut house = Open::new(full.path()).await;
    let mut beside = Open::new(empty.path()).await;
    let began = Instant::now();
    fill(&house, count, now);
    println!("{count} messages written in {:.0?}", began.elapsed());
    let began = Instant::now();
    while house.store.index_some(1, 2_000).await.unwrap() {}
    println!("indexed in {:.0?}", began.elapsed());
    sizes(&house, count);
    if !std::env::args().any(|word| word == "expiry") {
        searches(&house, now).await;
        accepting(&mut house, &mut beside).await;
    }
    expiry(&mut house, count, now).await;
    for house in [house, beside] {
        house.stop.cancel();
        house.store.close().await;
    }
}

/// How fast mail comes in beside an empty archive.
async fn accepting(house: &mut Open, beside: &mut Open) {
    let mut ratios = Vec::new();
    let (mut rates, messages) = (Vec::new(), 2_000);
    beside.rate(messages).await;
    house.rate(messages).await;
    for _ in 0..7 {
        let (empty, full) = (beside.rate(messages).await, house.rate(messages).await);
        rates.push((empty, full));
        ratios.push(full / empty);
    }
    ratios.sort_by(f64::total_cmp);
    println!("accept, 50 at a time, empty and full, 7 pairs of {messages}:");
    for (empty, full) in rates {
        println!("  {empty:>6.0} /s   {full:>6.0} /s   {:.2}", full / empty);
    }
    println!("  median of the ratios {:.2} (at least 0.75 is wanted)", ratios[3]);
}
