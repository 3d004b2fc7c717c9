//! What reading, composing and scanning a mail costs, as a multiple of what parsing it with
//! mail-parser alone costs, and how much memory a large one takes.
//!
//! `cargo bench --bench reading`

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/corpus/between.rs"]
mod between;
mod timing;

use std::hint::black_box;

use bauta::domain::Direction;
use bauta::leak::{Exempt, scan};
use bauta::mail;
use bauta::rewrite::{Carried, Plan, compose};
use between::Between;
use mail_parser::MessageParser;
use timing::median;

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

/// Read, compose, scan; without the judge.
fn relay(raw: &[u8], between: &Between) {
    let message = mail::read(raw);
    let draft = compose(&between.plan(&message)).unwrap();
    let exempt = Exempt { known: &between.known, ids: &[] };
    black_box(scan(draft, &between.secrets, &exempt).unwrap());
}

/// The same with its file going along, as the relay carries one that needed no cleaning.
fn relay_with_file(raw: &[u8], between: &Between) {
    let message = mail::read(raw);
    let carried = |file: &mail::Attachment| Carried {
        name: file.name.clone(),
        content_type: file.content_type.clone(),
        content_id: None,
        bytes: file.content.decode(raw).into_owned().into(),
    };
    let files: Vec<Carried> = message.attachments.iter().map(carried).collect();
    let draft = compose(&Plan { files: &files, ..between.plan(&message) }).unwrap();
    assert!(draft.bytes.len() > raw.len() / 2, "the file goes along");
    let exempt = Exempt { known: &between.known, ids: &[] };
    black_box(scan(draft, &between.secrets, &exempt).unwrap());
}

/// The most memory that this process ever had, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn main() {
    let between = Between::new(Direction::BuyerToSeller, "Jane Roe", "jane.roe@roes.example");
    for (what, raw) in [("plain", plain(4096)), ("HTML", html(4096))] {
        relay(&raw, &between);
        let parsed = median(|| {
            black_box(MessageParser::default().parse(black_box(raw.as_slice())));
        });
        let read = median(|| {
            black_box(mail::read(black_box(&raw)));
        });
        let all = median(|| relay(black_box(&raw), &between));
        println!(
            "{what}, {} bytes: mail-parser {parsed:?}, read {read:?}, read + compose + scan {all:?}, {:.1} times",
            raw.len(),
            all.as_secs_f64() / parsed.as_secs_f64()
        );
    }
    let before = peak();
    let raw = large();
    let held = peak().max(before);
    relay_with_file(&raw, &between);
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
