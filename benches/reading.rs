//! What reading, composing and scanning a mail costs, as a multiple of what parsing it with
//! mail-parser alone costs, and how much memory a large one takes.
//!
//! `cargo bench --bench reading`

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use bauta::config::ShownNameStyle;
use bauta::domain::{
    AliasAddress, Direction, Facts, FactsVersion, Language, MsgId, PairId, Party, PartyId, Secrets,
    Sightings, Timestamp, Verdict,
};
use bauta::leak::{Exempt, scan};
use bauta::mail;
use bauta::rewrite::{Plan, compose, shown_name, thread::ThreadHeaders};
use mail_parser::MessageParser;

const HEAD: &str = "Received: from mail.example by mx.example; Mon, 23 Nov 2026 20:15:01 +0100\r\n\
    From: Jane Roe <jane.roe@roes.example>\r\nTo: <alias@relay.example>\r\n\
    Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?= of my lamp\r\nDate: Mon, 23 Nov 2026 20:15:00 +0100\r\n\
    Message-ID: <1@roes.example>\r\nMIME-Version: 1.0\r\n";
const LINE: &str = "The brass lamp that I ordered last week has not arrived, where is it now?";

fn plain(size: usize) -> Vec<u8> {
    let mut text = format!(
        "{HEAD}Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    );
    while text.len() < size * 2 / 3 {
        text.push_str(&format!("{LINE}\r\n"));
    }
    text.push_str("\r\nOn Mon, 23 Nov 2026 at 18:26, Lamp Shop <alias@relay.example> wrote:\r\n");
    while text.len() < size {
        text.push_str(&format!("> {LINE}\r\n"));
    }
    text.into_bytes()
}

fn html(size: usize) -> Vec<u8> {
    let mut text = format!("{HEAD}Content-Type: text/html; charset=utf-8\r\n\r\n<html><body>\r\n");
    while text.len() < size {
        text.push_str(&format!("<p class=\"x\">{LINE} <b>Now</b>?</p>\r\n"));
    }
    text.push_str("</body></html>\r\n");
    text.into_bytes()
}

fn facts() -> Facts {
    let party = |id, name: &str, address: &str| {
        Party::new(id, name.parse().unwrap(), Language::En, vec![address.parse().unwrap()])
    };
    let seller = PartyId::Seller("S1".parse().unwrap());
    let buyer = PartyId::Buyer("B1".parse().unwrap());
    Facts {
        version: FactsVersion { seller: 0, buyer: 0, pair: 0 },
        pair: PairId(0),
        key_version: 1,
        seller: party(seller, "Lamp Shop", "cs@lamps.example"),
        buyer: party(buyer, "Jane Roe", "jane.roe@roes.example"),
        blocked: false,
        seller_alias: AliasAddress::new("selleraliasselleraliasse", "relay.example"),
        buyer_alias: AliasAddress::new("buyeraliasbuyeraliasbuye", "relay.example"),
    }
}

/// Read, compose, scan; without the judge.
fn relay(raw: &[u8], facts: &Facts) {
    let direction = Direction::BuyerToSeller;
    let message = mail::read(raw);
    let (writer, reader) = (&facts.buyer, &facts.seller);
    let name = shown_name(facts, direction.sender(), ShownNameStyle::FirstName);
    let secrets = Secrets::of(writer, &writer.addresses[0], reader, &name, &["Example Market"]);
    let (seen, id) = (Sightings::default(), MsgId::new("out@relay.example").unwrap());
    let plan = Plan {
        facts,
        direction,
        recipient: &reader.addresses[0],
        order: None,
        message: &message,
        verdict: &Verdict::clean(),
        cut: &[],
        plain: false,
        pictures: &[],
        files: &[],
        left_out: &[],
        secrets: &secrets,
        known: &seen,
        thread: &ThreadHeaders::default(),
        msg_id: &id,
        conversation_subject: None,
        envelope_from: &facts.seller_alias,
        date: Timestamp::EPOCH,
        shown_name: ShownNameStyle::FirstName,
        marketplace: "Example Market",
    };
    let draft = compose(&plan).unwrap();
    black_box(scan(draft, &secrets, &Exempt { known: &seen, ids: &[] }).unwrap());
}

/// The median time of one call.
fn median(mut call: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..400)
        .map(|_| {
            let began = Instant::now();
            call();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[times.len() / 2]
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn main() {
    let facts = facts();
    for (what, raw) in [("plain", plain(4096)), ("HTML", html(4096))] {
        relay(&raw, &facts);
        let parsed = median(|| {
            black_box(MessageParser::default().parse(black_box(raw.as_slice())));
        });
        let read = median(|| {
            black_box(mail::read(black_box(&raw)));
        });
        let all = median(|| relay(black_box(&raw), &facts));
        println!(
            "{what}, {} bytes: mail-parser {parsed:?}, read {read:?}, read + compose + scan {all:?}, {:.1} times",
            raw.len(),
            all.as_secs_f64() / parsed.as_secs_f64()
        );
    }
    let before = peak();
    let raw = large();
    let held = peak().max(before);
    relay(&raw, &facts);
    let after = peak();
    println!(
        "a mail of {} KiB: {} KiB at most, itself included: {:.1} times",
        raw.len() / 1024,
        after - before,
        (after - before) as f64 * 1024.0 / raw.len() as f64
    );
    black_box(held);
}

/// 10 MB: some words and a picture.
fn large() -> Vec<u8> {
    let mut text = format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
         {LINE}\r\n--b\r\nContent-Type: image/jpeg; name=x.jpg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    );
    let line = "/9j/4AAQSkZJRgABAQAAAQABAAD".repeat(2) + "AAAAAAAAAAAAAAAAAAAAAA\r\n";
    while text.len() < 10 * 1024 * 1024 {
        text.push_str(&line);
    }
    text.push_str("--b--\r\n");
    text.into_bytes()
}
