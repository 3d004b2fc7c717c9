//! Who is believed to be the sender, and who only says so: each way to forge one, with its answer.

use std::collections::BTreeSet;

use bauta::mail::canonical::{Form, fields, split};
use data_encoding::BASE64;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::dns::NameServer;
use crate::house::House;
use crate::letter::{Letter, bare};

/// A host that the domains of this story send from.
const OWN: &str = "127.0.0.2";
/// A host that none of them names.
const FOREIGN: &str = "127.0.0.3";
const JANE: &str = "Jane Roe <jane@plain.example>";
const MALLORY: &str = "Mallory <mallory@evil.example>";

/// All keys of this story's domains are the same: who signs is told by where its record stands.
struct Signer(Ed25519KeyPair);

impl Signer {
    fn new() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap())
    }

    fn record(&self) -> String {
        format!("v=DKIM1; k=ed25519; p={}", BASE64.encode(self.0.public_key().as_ref()))
    }

    /// The letter, signed by a domain: From, Subject (and that there is no second one) and Date.
    fn sign(&self, letter: &Letter, domain: &str) -> Letter {
        let mail = letter.bytes();
        let (head, body) = split(&mail);
        let hash = BASE64.encode(digest(&SHA256, &Form::Relaxed.body(body)).as_ref());
        let names = ["From", "Subject", "Subject", "Date"];
        let value = format!(
            "v=1; a=ed25519-sha256; c=relaxed/relaxed; d={domain}; s=s1; h={}; bh={hash}; b=",
            names.join(":")
        );
        let mut input = Form::Relaxed.fields(&fields(head), &names);
        input.extend(Form::Relaxed.field(format!("DKIM-Signature: {value}").as_bytes()).iter());
        let signed = self.0.sign(digest(&SHA256, &input).as_ref());
        let mut letter = letter.clone();
        let value = format!("{value}{}", BASE64.encode(signed.as_ref()));
        letter.headers.insert(0, ("DKIM-Signature".to_owned(), value));
        letter
    }
}

/// The domains of this story, each with SPF for [`OWN`] and a key; what their records say is in
/// the rows.
fn serve(signer: &Signer) -> NameServer {
    let dns = NameServer::start();
    for domain in [
        "plain.example",
        "bounce.plain.example",
        "strict.example",
        "bounce.strict.example",
        "shop.giant.example",
        "mail.shop.giant.example",
        "other.giant.example",
        "org.example",
        "evil.example",
        "desk.example",
        "a.co.uk",
        "b.co.uk",
        "client.example",
        "unsure.example",
        "bounce.unsure.example",
    ] {
        dns.text(domain, &format!("v=spf1 ip4:{OWN} -all"));
        dns.text(&format!("s1._domainkey.{domain}"), &signer.record());
    }
    dns.text("_dmarc.strict.example", "v=DMARC1; p=reject; aspf=s; adkim=s");
    dns.text("_dmarc.giant.example", "v=DMARC1; p=none; psd=y");
    dns.text("_dmarc.org.example", "v=DMARC1; p=none; sp=reject; adkim=s");
    dns.breaks("_dmarc.unsure.example");
    dns.text("s1._domainkey.down.example", &signer.record());
    dns.breaks("down.example");
    dns.breaks("s1._domainkey.keyless.example");
    dns
}

/// Takes mail from everybody who is proved; one buyer has an address in each domain.
fn open(dns: &NameServer) -> House {
    let servers = format!(
        "[dns]\nservers = [\"{}\"]\n\n[limits]\nconversation_per_10_minutes = 1000\n\n[senders]\nverify = \"dmarc\"",
        dns.address
    );
    let house = House::open_with(&[("[senders]\nverify = \"address\"", &servers)]);
    let emails: Vec<&str> = [
        "jane@plain.example",
        "jane@strict.example",
        "jane@shop.giant.example",
        "jane@sub.org.example",
        "jane@a.co.uk",
        "jane@client.example",
        "jane@down.example",
        "jane@keyless.example",
        "jane@unsure.example",
    ]
    .into_iter()
    .flat_map(|address| ["--email", address])
    .collect();
    let put = ["buyer", "put", "B1", "--name", "Jane Roe", "--signer", "desk.example"];
    house.put(&[&put[..], &emails[..]].concat());
    house
}

/// One row: what is tried, from where, the mail, and how the answer begins.
type Row = (&'static str, &'static str, Letter, &'static str);

const TAKEN: &str = "250 2.0.0";
const UNPROVED: &str = "550 5.7.26";
const NOT_REGISTERED: &str = "550 5.7.1";
const LATER: &str = "451 4.7.0";

/// A letter in whose envelope somebody else stands than in From.
fn by(from: &str, envelope: &str, to: &str) -> Letter {
    Letter::new(from, to, "Is it brass?\n").envelope_sender(envelope)
}

fn spf(to: &str) -> Vec<Row> {
    let own = |from: &str| Letter::new(from, to, "Is it brass?\n");
    vec![
        ("her own domain's host", OWN, own(JANE), TAKEN),
        ("the domain in capitals", OWN, own("JANE@PLAIN.Example"), TAKEN),
        ("a host that her domain does not name", FOREIGN, own(JANE), UNPROVED),
        ("his own domain, her From", OWN, by(JANE, "mallory@evil.example", to), UNPROVED),
        ("a bounce domain of hers", OWN, by(JANE, "b@bounce.plain.example", to), TAKEN),
        (
            "the same, which she does not want",
            OWN,
            by("jane@strict.example", "b@bounce.strict.example", to),
            UNPROVED,
        ),
        ("strict, and it is the same", OWN, own("jane@strict.example"), TAKEN),
        (
            "no record, and a public suffix in common",
            OWN,
            by("jane@a.co.uk", "b@b.co.uk", to),
            UNPROVED,
        ),
        (
            "names below psd=y: of one owner",
            OWN,
            by("jane@shop.giant.example", "b@mail.shop.giant.example", to),
            TAKEN,
        ),
        (
            "names below psd=y: of two",
            OWN,
            by("jane@shop.giant.example", "b@other.giant.example", to),
            UNPROVED,
        ),
        (
            "her organisation's host, relaxed",
            OWN,
            by("jane@sub.org.example", "b@org.example", to),
            TAKEN,
        ),
        ("the null sender, and the host's own name", OWN, by("jane@client.example", "", to), TAKEN),
        ("the null sender, and another domain", OWN, by(JANE, "", to), UNPROVED),
        (
            "a domain without any record",
            OWN,
            by("jane@nothing.example", "jane@nothing.example", to),
            UNPROVED,
        ),
        ("proved, but nobody's", OWN, own(MALLORY), NOT_REGISTERED),
        ("her domain's SPF fails to answer", OWN, own("jane@down.example"), LATER),
        (
            "whether it is aligned, nobody can say now",
            OWN,
            by("jane@unsure.example", "b@bounce.unsure.example", to),
            LATER,
        ),
        ("the same domain needs no record", OWN, own("jane@unsure.example"), TAKEN),
    ]
}

fn dkim(to: &str, signer: &Signer) -> Vec<Row> {
    let forwarded = |from: &str| by(from, "list@forward.example", to);
    let signed = |from: &str, domain: &str| signer.sign(&forwarded(from), domain);
    let hers = signed(JANE, "plain.example");
    let with = |name: &str, value: &str| {
        let mut letter = hers.clone();
        letter.headers.insert(0, (name.to_owned(), value.to_owned()));
        letter
    };
    let mut stale = hers.clone();
    stale.headers.retain(|(name, _)| name != "Subject");
    vec![
        ("signed by her domain", FOREIGN, hers.clone(), TAKEN),
        ("signed by a domain below hers", FOREIGN, signed(JANE, "bounce.plain.example"), TAKEN),
        (
            "the same, which she does not want",
            FOREIGN,
            signed("jane@strict.example", "bounce.strict.example"),
            UNPROVED,
        ),
        (
            "strict, and it is the same",
            FOREIGN,
            signed("jane@strict.example", "strict.example"),
            TAKEN,
        ),
        (
            "strict, as the organisation says",
            FOREIGN,
            signed("jane@sub.org.example", "org.example"),
            UNPROVED,
        ),
        ("signed by him", FOREIGN, signed(JANE, "evil.example"), UNPROVED),
        ("signed by her help desk", FOREIGN, signed(JANE, "desk.example"), TAKEN),
        (
            "by it, for an address that is not registered",
            FOREIGN,
            signed("ceo@plain.example", "desk.example"),
            UNPROVED,
        ),
        ("signed by nobody's key", FOREIGN, signed(JANE, "keyless.plain.example"), UNPROVED),
        ("the body was changed", FOREIGN, hers.clone().body(b"Send it to Mallory.\r\n"), UNPROVED),
        (
            "From was changed",
            FOREIGN,
            signed(MALLORY, "plain.example").header("From", JANE),
            UNPROVED,
        ),
        ("the subject was changed", FOREIGN, hers.clone().subject("Another"), UNPROVED),
        ("the subject was taken away", FOREIGN, stale, UNPROVED),
        ("sent again as it was", FOREIGN, hers.clone(), TAKEN),
        (
            "sent again with a trace of the way",
            FOREIGN,
            with("Received", "from x by y; Mon, 23 Nov 2026 20:15:00 +0100"),
            TAKEN,
        ),
        ("sent again, a subject added", FOREIGN, with("Subject", "Pay Mallory"), UNPROVED),
        ("a field added that stands once", FOREIGN, with("Content-Type", "text/html"), UNPROVED),
        ("a second From added", FOREIGN, with("From", "jane@strict.example"), UNPROVED),
        ("a From added that holds nobody", FOREIGN, with("From", "undisclosed:;"), UNPROVED),
        (
            "her domain's key can't be had now",
            FOREIGN,
            signed("jane@keyless.example", "keyless.example"),
            LATER,
        ),
        (
            "SPF can't be had now, DKIM passes",
            FOREIGN,
            signer.sign(&by("jane@down.example", "jane@down.example", to), "down.example"),
            TAKEN,
        ),
    ]
}

fn words(to: &str) -> Vec<Row> {
    let own = |sender: &str, from: &str| by(sender, &bare(sender), to).header("From", from);
    let sender = |name: &str, sender_field: &str| own(name, name).header("Sender", sender_field);
    vec![
        ("two addresses", OWN, own(JANE, "jane@plain.example, mallory@evil.example"), UNPROVED),
        ("no From", OWN, own(JANE, JANE).without("From"), UNPROVED),
        ("an empty group", OWN, own(JANE, "Jane: ;"), UNPROVED),
        ("a group of one", OWN, own(JANE, "Jane: jane@plain.example;"), TAKEN),
        (
            "a group of two",
            OWN,
            own(JANE, "us: jane@plain.example, mallory@evil.example;"),
            UNPROVED,
        ),
        ("a comment", OWN, own(JANE, "jane@plain.example (mallory@evil.example)"), TAKEN),
        (
            "her address in his comment",
            OWN,
            own(MALLORY, "mallory@evil.example (jane@plain.example)"),
            NOT_REGISTERED,
        ),
        (
            "her address for a name",
            OWN,
            own(MALLORY, "\"jane@plain.example\" <mallory@evil.example>"),
            NOT_REGISTERED,
        ),
        (
            "the same encoded",
            OWN,
            own(MALLORY, "=?utf-8?q?jane=40plain.example?= <mallory@evil.example>"),
            NOT_REGISTERED,
        ),
        (
            "her address in brackets for a name",
            OWN,
            own(MALLORY, "\"Jane <jane@plain.example>\" <mallory@evil.example>"),
            NOT_REGISTERED,
        ),
        (
            "two pairs of brackets",
            OWN,
            own(MALLORY, "<jane@plain.example> <mallory@evil.example>"),
            "550",
        ),
        ("a route", OWN, own(MALLORY, "<@plain.example:mallory@evil.example>"), "550"),
        ("her address in Sender", OWN, sender(MALLORY, "jane@plain.example"), NOT_REGISTERED),
        (
            "his Sender under her From",
            OWN,
            by(JANE, "mallory@evil.example", to).header("Sender", MALLORY),
            UNPROVED,
        ),
        ("a NUL", OWN, own(MALLORY, "jane@plain.example\0@evil.example"), "550"),
    ]
}

#[test]
fn each_way_to_forge_a_sender_has_its_answer_and_strangers_hear_the_same() {
    let signer = Signer::new();
    let dns = serve(&signer);
    let house = open(&dns);
    let to = house.seller_of("O1");
    let rows = [spf(&to), dkim(&to, &signer), words(&to)].concat();
    let (mut wrong, mut refusals, mut taken) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (what, peer, letter, expected) in rows {
        let answer = house.send_from(peer, &letter);
        let first = answer.text.lines().next().unwrap_or_default().to_owned();
        println!("{what:45} {first}");
        if !answer.text.starts_with(expected) {
            wrong.push(format!("{what}: {first}, not {expected}"));
        }
        if answer.code == 250 {
            taken.insert(letter.id().to_owned());
        }
        if answer.text.starts_with(UNPROVED) {
            refusals.insert(answer.text.clone());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(refusals.len(), 1, "the same words, whoever is named: {refusals:?}");
    assert!(refusals.iter().all(|text| text.contains("SPF") && text.contains("Message Center")));
    assert_eq!(house.messages().len(), taken.len(), "a mail that comes again is one");
}

#[test]
fn how_a_sender_was_proved_is_archived_and_only_the_trusted_are_believed() {
    let signer = Signer::new();
    let dns = serve(&signer);
    let house = open(&dns);
    let to = house.seller_of("O1");
    let proof_of = |peer: &str, letter: &Letter| {
        house.send_from(peer, letter).is(TAKEN);
        house.show(&house.newest())["proof"].as_str().unwrap().to_owned()
    };
    let letter = by(JANE, "list@evil.example", &to);
    let signed = signer.sign(&signer.sign(&letter, "plain.example"), "evil.example");
    assert_eq!(
        proof_of(OWN, &signed),
        "dkim=pass d=evil.example; dkim=pass d=plain.example; spf=pass d=evil.example; aligned by dkim"
    );
    let letter = by(JANE, "b@bounce.plain.example", &to);
    assert_eq!(proof_of(OWN, &letter), "spf=pass d=bounce.plain.example; aligned by spf");
    let letter = signer.sign(&by(JANE, "b@forward.example", &to), "desk.example");
    assert_eq!(
        proof_of(OWN, &letter),
        "dkim=pass d=desk.example; spf=none d=forward.example; aligned by none"
    );
    assert_eq!(proof_of("127.0.0.1", &by(JANE, "", &to)), "trusted peer 127.0.0.1");
}

#[test]
fn a_server_in_front_is_believed_under_its_name_only() {
    let dns = serve(&Signer::new());
    let servers = format!(
        "[dns]\nservers = [\"{}\"]\n\n[senders]\nauthserv_id = \"mx.market.example\"",
        dns.address
    );
    let house = House::open_with(&[("[senders]\nverify = \"address\"", &servers)]);
    house.put(&["buyer", "put", "B1", "--name", "Jane Roe", "--email", "jane@plain.example"]);
    let to = house.seller_of("O1");
    let stamped = |results: &[&str]| {
        let mut letter = by(JANE, "list@forward.example", &to);
        for results in results.iter().rev() {
            letter.headers.insert(0, ("Authentication-Results".into(), (*results).into()));
        }
        letter
    };
    let (pass, fail) =
        ("dmarc=pass header.from=plain.example", "dmarc=fail header.from=plain.example");
    let ours = |said: &str| format!("mx.market.example; {said}");
    let theirs = format!("mx.evil.example; {pass}");
    for (what, peer, letter, expected) in [
        ("DMARC passes", "127.0.0.1", stamped(&[&ours(pass)]), TAKEN),
        (
            "a signature passes",
            "127.0.0.1",
            stamped(&[&ours("dkim=pass header.d=plain.example")]),
            TAKEN,
        ),
        (
            "SPF passes, relaxed",
            "127.0.0.1",
            stamped(&[&ours("spf=pass smtp.mailfrom=b@bounce.plain.example")]),
            TAKEN,
        ),
        ("DMARC fails", "127.0.0.1", stamped(&[&ours(fail)]), UNPROVED),
        (
            "it passes for another domain",
            "127.0.0.1",
            stamped(&[&ours("dmarc=pass header.from=evil.example")]),
            UNPROVED,
        ),
        ("somebody else says that it passes", "127.0.0.1", stamped(&[&theirs]), UNPROVED),
        (
            "it fails, and below is said that it passes",
            "127.0.0.1",
            stamped(&[&ours(fail), &ours(pass)]),
            UNPROVED,
        ),
        ("nobody says anything", "127.0.0.1", stamped(&[]), UNPROVED),
        (
            "it could not be found out",
            "127.0.0.1",
            stamped(&[&ours("dkim=temperror header.d=plain.example")]),
            LATER,
        ),
        ("a stranger says so", FOREIGN, stamped(&[&ours(pass)]), UNPROVED),
        ("a stranger is proved without it", OWN, Letter::new(JANE, &to, "Hello?\n"), TAKEN),
    ] {
        let answer = house.send_from(peer, &letter);
        assert!(answer.text.starts_with(expected), "{what}: {}", answer.transcript);
    }
}

#[test]
fn whether_a_guessed_address_is_registered_no_opened_file_tells() {
    let signer = Signer::new();
    let dns = serve(&signer);
    let mut house = open(&dns);
    house.stop();
    house.log_level = "debug";
    house.start();
    let to = house.seller_of("O1");
    let with_file = |from: &str, by_whom: &str| {
        let letter = by(from, "list@forward.example", &to)
            .header("Content-Type", "multipart/mixed; boundary=b")
            .body(b"--b\r\n\r\nSee below.\r\n--b\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nIs it brass?\r\n--b--\r\n");
        signer.sign(&letter, by_whom)
    };
    for guess in [JANE, "Jane Roe <jane.roe@plain.example>"] {
        house.send_from(FOREIGN, &with_file(guess, "evil.example")).is(UNPROVED);
    }
    house.send_from(FOREIGN, &with_file(MALLORY, "evil.example")).is(NOT_REGISTERED);
    assert!(!house.log().contains("files were opened"), "of somebody who may not write");
    house.send_from(FOREIGN, &with_file(JANE, "plain.example")).is(TAKEN);
    assert!(house.log().contains("files were opened"));
}

#[test]
fn who_is_proved_to_one_of_two_is_told_of_the_other() {
    let signer = Signer::new();
    let dns = serve(&signer);
    let mut house = open(&dns);
    // The buyer sells too, under the same address, and no help desk signs for that shop.
    house.put(&["seller", "put", "S3", "--name", "Other Shop", "--email", "jane@plain.example"]);
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&["order", "put", "O3", "--seller", "S3", "--buyer", "B2"]);
    let (first, other) = (house.seller_of("O1"), house.buyer_of("O3"));
    let letter = by(JANE, "list@forward.example", &format!("{first},{other}"));
    house.send_from(FOREIGN, &signer.sign(&letter, "desk.example")).is(TAKEN);
    let came = [house.smarthost.next(), house.smarthost.next()];
    let recipients: BTreeSet<&str> =
        came.iter().flat_map(|mail| &mail.recipients).map(String::as_str).collect();
    let expected = [bare(crate::house::SHOP), "jane@plain.example".to_owned()];
    assert_eq!(recipients, expected.iter().map(String::as_str).collect());
    let notice = came.iter().find(|mail| mail.recipients == ["jane@plain.example"]).unwrap();
    assert!(notice.text.contains(&other), "{}", notice.text);
}
