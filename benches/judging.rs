//! What judging a mail costs, as a multiple of what parsing it with mail-parser costs, and what
//! becomes of that where the text is ten times as long.
//!
//! `cargo bench --bench judging`

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "../tests/corpus/policy.rs"]
mod policy;
mod timing;

use std::hint::black_box;

use bauta::config::Policy;
use bauta::domain::Direction;
use bauta::mail;
use bauta::policy::{Context, Rules, judge};
use mail_parser::MessageParser;
use timing::median;

const HEAD: &str = "From: Jane Roe <jane.roe@roes.example>\r\nTo: <alias@relay.example>\r\n\
    Subject: Re: Your lamp\r\nDate: Mon, 23 Nov 2026 20:15:00 +0100\r\nMessage-ID: <1@roes.example>\r\n\
    MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

const ENGLISH: [&str; 6] = [
    "The brass lamp of order 305-7781120-4459017 left us on Monday and is due on Thursday.",
    "It takes an E14 bulb of up to 40 W; the shade is 28 cm wide and the cord 1.80 m long.",
    "If the switch sticks, turn the ring to the left and push it down until it clicks.",
    "We can't take PayPal, but you can pay as usual on the order page of the marketplace.",
    "Which colour shall we send, the dark green one or the one that looks like copper?",
    "You wrote that the box was open: please send us a photo of it, then we will look into it.",
];

const GERMAN: [&str; 6] = [
    "Die Messinglampe aus der Bestellung 305-7781120-4459017 ging am Montag hinaus.",
    "Sie fasst Birnen mit E14 bis 40 W; der Schirm misst 28 cm, das Kabel ist 1,80 m lang.",
    "Wenn der Schalter klemmt, drehen Sie den Ring nach links und drücken, bis es klickt.",
    "PayPal bieten wir nicht an, bezahlen können Sie wie gewohnt auf der Bestellseite.",
    "Welche Farbe sollen wir schicken, die dunkelgrüne oder die, die wie Kupfer aussieht?",
    "Sie schreiben, der Karton war offen: Bitte schicken Sie uns ein Foto, dann prüfen wir das.",
];

const JAPANESE: [&str; 3] = [
    "ご注文の真鍮のランプは月曜日に発送いたしました。木曜日に届く予定でございます。",
    "電球はE14の40ワットまで、かさの直径は28センチ、コードの長さは1.8メートルです。",
    "色は深緑と銅色のどちらをお送りいたしましょうか。写真をお送りいただければ確認いたします。",
];

fn mail(lines: &[&str], size: usize) -> Vec<u8> {
    let mut text = HEAD.to_owned();
    for line in lines.iter().cycle() {
        if text.len() >= size {
            break;
        }
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn rules() -> Rules {
    let competitors = ["MegaBay", "Shoply"].map(str::to_owned).to_vec();
    let policy = Policy { competitors, ..policy::standard() };
    Rules::new(&policy, &["msg.market.example".to_owned()]).unwrap()
}

fn main() {
    let rules = rules();
    let context = Context {
        direction: Direction::SellerToBuyer,
        proactive: true,
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: None,
    };
    for (what, lines) in
        [("English", &ENGLISH[..]), ("German", &GERMAN[..]), ("Japanese", &JAPANESE[..])]
    {
        for size in [4096, 40_960] {
            let raw = mail(lines, size);
            let message = mail::read(&raw);
            judge(&rules, &context, &message);
            let parsed = median(|| {
                black_box(MessageParser::default().parse(black_box(raw.as_slice())));
            });
            let judged = median(|| {
                black_box(judge(&rules, &context, black_box(&message)));
            });
            println!(
                "{what}, {} bytes: mail-parser {parsed:?}, judge {judged:?}, {:.1} times; {:.0} ns a byte",
                raw.len(),
                judged.as_secs_f64() / parsed.as_secs_f64(),
                judged.as_secs_f64() * 1e9 / raw.len() as f64
            );
        }
    }
}
