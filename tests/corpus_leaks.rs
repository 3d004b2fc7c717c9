//! Every mail of the test corpora, sent by somebody whose name and address stand all over it, is
//! judged, composed and scanned in both directions: what comes out holds no trace of the sender,
//! and what does not come out was refused for a reason.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "corpus/files.rs"]
mod in_files;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bauta::config::{Config, Mode, ShownNameStyle, starter};
use bauta::domain::{
    AliasAddress, Direction, Facts, FactsVersion, Language, MsgId, PairId, Party, PartyId, Role,
    Secrets, Sightings, Timestamp, Verdict,
};
use bauta::leak::Outgoing;
use bauta::mail::{self, Message};
use bauta::policy::{Context, Rules};
use bauta::relay::{Inspector, Rehearsal, Stopped, rehearse};
use bauta::rewrite::{Plan, shown_name, thread::ThreadHeaders};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");

/// Sets that hold mails.
const SETS: &[&str] = &[
    "spamassassin-public-corpus",
    "spamassassin-tdata",
    "stalwart-mail-parser",
    "stalwart-smtp",
    "mime-tools",
    "mikel-mail",
    "postfix-mime",
    "flanker",
    "rspamd",
    "eai-test-messages",
    "sisimai-bounces",
    "relay-fx-private-relay",
    "relay-anonaddy",
    "chasquid",
];

const ADDRESS: &str = "zyxmarker.person@qwvmarker.example";
const DOMAIN: &str = "qwvmarker.example";
const LOCAL: &str = "zyxmarker.person";
const NAME: &str = "Zyxina Markerfamily";

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// The mail with the marked identity in every header that names a sender, in headers of its own,
/// and below the text as signature and quotation.
fn marked(raw: &[u8]) -> Vec<u8> {
    let text = raw.iter().map(|b| char::from(*b)).collect::<String>().replace("\r\n", "\n");
    let (header, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut fields: Vec<String> = Vec::new();
    for line in header.lines() {
        match fields.last_mut() {
            Some(last) if line.starts_with([' ', '\t']) => {
                last.push('\n');
                last.push_str(line);
            }
            _ => fields.push(line.to_owned()),
        }
    }
    let sender = ["from:", "sender:", "reply-to:", "return-path:", "message-id:", "references:"];
    fields.retain(|f| !sender.iter().any(|s| f.to_lowercase().starts_with(s)));
    let plain = !fields.iter().any(|f| {
        let f = f.to_lowercase();
        f.starts_with("content-type:") && !f.contains("text/plain")
            || f.starts_with("content-transfer-encoding:") && !f.contains("bit")
    });
    let mut out = format!(
        "Received: from host.{DOMAIN} (host.{DOMAIN} [192.0.2.1]) for <{ADDRESS}>\n\
         From: {NAME} <{ADDRESS}>\nSender: <{ADDRESS}>\nReply-To: {NAME} <{ADDRESS}>\n\
         Message-ID: <1.{ADDRESS}>\nReferences: <0.{ADDRESS}>\nX-Original-Sender: {ADDRESS}\n\
         X-Name: {NAME}\nOrganization: {NAME} at {DOMAIN}\n"
    );
    out.push_str(&fields.join("\n"));
    out.push_str("\n\n");
    out.push_str(body);
    if plain {
        out.push_str(&format!(
            "\nreach me: {ADDRESS} or https://www.{DOMAIN}/x\n\
             On Monday, {NAME} <{ADDRESS}> wrote:\n> From: {NAME} [mailto:{ADDRESS}]\n> To: {ADDRESS}\n\n\
             -- \n{NAME}\n{ADDRESS}\n{LOCAL}\n"
        ));
    }
    out.replace('\n', "\r\n").chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
}

fn facts(direction: Direction) -> Facts {
    let reader = "reader@otherside.example";
    let (seller, buyer) = match direction {
        Direction::SellerToBuyer => (ADDRESS, reader),
        Direction::BuyerToSeller => (reader, ADDRESS),
    };
    let party = |id, name: &str, address: &str| {
        let addresses = vec![address.parse().unwrap()];
        Party::new(id, name.parse().unwrap(), Language::En, addresses)
    };
    Facts {
        version: FactsVersion { seller: 0, buyer: 0, pair: 0 },
        pair: PairId(0),
        key_version: 1,
        seller: party(PartyId::Seller("S1".parse().unwrap()), "Lamp Shop", seller),
        buyer: party(PartyId::Buyer("B1".parse().unwrap()), NAME, buyer),
        blocked: false,
        seller_alias: AliasAddress::new("selleraliasselleraliasse", "relay.example"),
        buyer_alias: AliasAddress::new("buyeraliasbuyeraliasbuye", "relay.example"),
    }
}

fn rules(mode: Mode) -> Rules {
    let text = starter("relay.example", "relay.example", "Example Market");
    let mut policy = Config::parse(&text, Path::new("bauta.toml")).unwrap().policy;
    policy.mode = mode;
    Rules::new(&policy, &["relay.example".to_owned()]).unwrap()
}

fn send(rules: &Rules, message: &Message, direction: Direction) -> Result<Outgoing, Stopped> {
    let facts = facts(direction);
    let sender = direction.sender();
    let (writer, reader) = (facts.party(sender), facts.party(sender.other()));
    let name = shown_name(&facts, sender, ShownNameStyle::FirstName);
    let secrets = Secrets::of(writer, &writer.addresses[0], reader, &name, &["Example Market"]);
    let (seen, id) = (Sightings::default(), MsgId::new("out@relay.example").unwrap());
    let context = Context {
        direction,
        proactive: false,
        sightings: Some(&seen),
        known_ids: vec![],
        copies: None,
        question: None,
    };
    let plan = Plan {
        facts: &facts,
        direction,
        recipient: &reader.addresses[0],
        order: None,
        message,
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
    rehearse(&Rehearsal { rules, context: &context, plan, let_pass: false }).result
}

/// Where a marker stands in what the recipient gets.
fn trace(outgoing: &Outgoing, direction: Direction) -> Option<String> {
    let draft = outgoing.draft();
    let read = mail::read(&draft.bytes);
    let raw = String::from_utf8_lossy(&draft.bytes).to_lowercase();
    let said = format!("{}\n{}", read.subject, read.text.body).to_lowercase();
    let name = match direction.sender() {
        Role::Buyer => NAME.to_lowercase(),
        Role::Seller => ADDRESS.to_owned(), // a seller's own name is the shop's
    };
    for text in [&raw, &said] {
        for marker in [ADDRESS, DOMAIN, LOCAL, &name] {
            if text.contains(marker) {
                return Some(marker.to_owned());
            }
        }
    }
    None
}

#[test]
fn no_mail_of_the_corpora_carries_its_sender_across() {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpora are not beside the project");
        return;
    }
    let (observe, enforce) = (rules(Mode::Observe), rules(Mode::Enforce));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let inspector = Inspector::of(env!("CARGO_BIN_EXE_bauta"));
    let mut leaks = Vec::new();
    // Every mail takes four minutes on two cores without optimisation.
    let all = std::env::var_os("BAUTA_CORPUS").is_some_and(|v| v == "all");
    let step = if all { 1 } else { 4 };
    println!("one mail in {step}; BAUTA_CORPUS=all for each of them");
    for set in SETS {
        let mut paths = Vec::new();
        files(&Path::new(CORPUS).join(set), &mut paths);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (number, path) in paths.into_iter().step_by(step).enumerate() {
            let raw = marked(&fs::read(&path).unwrap());
            let mut message = mail::read(&raw);
            runtime.block_on(inspector.inspect(&raw, &mut message)).unwrap();
            // In observe mode nothing is redacted by policy: the mask and the scan stand alone. Of
            // the mails that are cleaned by policy too, a part is enough.
            let ways = [
                (&observe, Direction::BuyerToSeller, true),
                (&observe, Direction::SellerToBuyer, true),
                (&enforce, Direction::SellerToBuyer, number % 4 == 0),
            ];
            for (rules, direction, _) in ways.into_iter().filter(|(_, _, taken)| *taken) {
                let what = match send(rules, &message, direction) {
                    Ok(outgoing) => {
                        if let Some(marker) = trace(&outgoing, direction) {
                            leaks.push(format!("{} {direction}: {marker}", path.display()));
                        }
                        "relayed".to_owned()
                    }
                    Err(Stopped::Rejected) => "refused by policy".to_owned(),
                    Err(Stopped::Leak(found)) => format!("not safe {:?}", found.first()),
                    Err(Stopped::Compose(error)) => format!("not written {error}"),
                };
                *counts.entry(what).or_default() += 1;
            }
        }
        println!("{set}: {counts:?}");
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

/// The markers that stand in the files of a finished mail or in their names, as bytes or in UTF-16.
fn trace_in_files(bytes: &[u8], direction: Direction) -> (usize, Option<&'static str>) {
    let read = mail::read(bytes);
    let mut all = String::new();
    for file in &read.attachments {
        let content = file.content.decode(bytes);
        let narrow: Vec<u8> = content.iter().copied().filter(|b| *b != 0).collect();
        let name = file.name.as_deref().unwrap_or_default();
        // What a seller calls a file is no secret but for addresses: the shop has a name of its own.
        match direction {
            Direction::BuyerToSeller => all.push_str(name),
            Direction::SellerToBuyer => all.push_str(&name.replace(NAME, "")),
        }
        all.push_str(&String::from_utf8_lossy(&narrow));
        if file.content_type == "application/pdf" {
            let document = lopdf::Document::load_mem(&content).unwrap();
            all.push_str(&format!("{document:?}"));
        }
    }
    let all = all.to_lowercase();
    let kept = ["image/jpeg", "application/pdf"];
    let came = read.attachments.iter().filter(|a| kept.contains(&a.content_type.as_str()));
    (came.count(), in_files::MARKERS.iter().copied().find(|marker| all.contains(marker)))
}

#[test]
fn no_file_that_goes_along_carries_its_sender_across() {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpora are not beside the project");
        return;
    }
    let observe = rules(Mode::Observe);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let inspector = Inspector::of(env!("CARGO_BIN_EXE_bauta"));
    let (mut wrong, mut relayed) = (Vec::new(), 0);
    for set in SETS {
        let mut paths = Vec::new();
        files(&Path::new(CORPUS).join(set), &mut paths);
        // The files are the same in each mail: a part of the mails is enough.
        for path in paths.into_iter().step_by(25) {
            let raw = in_files::with_files(&fs::read(&path).unwrap());
            let mut message = mail::read(&raw);
            runtime.block_on(inspector.inspect(&raw, &mut message)).unwrap();
            for direction in [Direction::BuyerToSeller, Direction::SellerToBuyer] {
                let Ok(outgoing) = send(&observe, &message, direction) else { continue };
                relayed += 1;
                let draft = outgoing.draft();
                for bytes in [&draft.bytes, &draft.recipient_view] {
                    let (came, marker) = trace_in_files(bytes, direction);
                    if let Some(marker) = marker {
                        wrong.push(format!("{} {direction}: {marker}", path.display()));
                    } else if came < 2 {
                        wrong.push(format!("{} {direction}: {came} files came", path.display()));
                    }
                }
            }
        }
    }
    println!("{relayed} mails relayed with their files");
    assert!(relayed > 50, "{relayed} were relayed");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
