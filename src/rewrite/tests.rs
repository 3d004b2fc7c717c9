//! The composer as a whole: what goes in, what comes out.

use proptest::prelude::*;

use super::thread::ThreadHeaders;
use super::{Draft, Plan, compose, frame};
use crate::config::ShownNameStyle;
use crate::domain::{
    Action, AliasAddress, Certainty, Direction, Facts, FactsVersion, Finding, Fulfilment, Language,
    MsgId, Order, OrderStatus, PairId, Part, Party, PartyId, RuleId, Secrets, Sightings, Timestamp,
    Verdict,
};
use crate::leak;
use crate::mail::{self, Message};

fn facts(language: Language) -> Facts {
    let party = |id, name: &str, address: &str| {
        let addresses = vec![address.parse().unwrap()];
        Party::new(id, name.parse().unwrap(), language, addresses)
    };
    Facts {
        version: FactsVersion { seller: 1, buyer: 1, pair: 1 },
        pair: PairId(1),
        key_version: 1,
        seller: party(PartyId::Seller("S1".parse().unwrap()), "Lamp Shop", "cs@lamps.example"),
        buyer: party(PartyId::Buyer("B1".parse().unwrap()), "Jane Roe", "jane.roe@roes.example"),
        blocked: false,
        seller_alias: AliasAddress::new("sellersellersellerseller", "relay.example"),
        buyer_alias: AliasAddress::new("buyerbuyerbuyerbuyerbuye", "relay.example"),
    }
}

fn order() -> Order {
    Order {
        id: "O-1".parse().unwrap(),
        seller: "S1".parse().unwrap(),
        buyer: "B1".parse().unwrap(),
        items: vec!["Brass lamp".into()],
        status: OrderStatus::Open,
        fulfilled_by: Fulfilment::Seller,
        placed: None,
        delivered: None,
        tracking: None,
        dispute: false,
        registered_at: Timestamp::EPOCH,
        cancelled_at: None,
    }
}

fn message(subject: &str, text: &str) -> Message {
    Message {
        subject: subject.to_owned(),
        text: mail::segment(text.to_owned()),
        msg_id: MsgId::new("jane-1@mail.roes.example"),
        ..Message::default()
    }
}

/// Writes what Jane sends to the shop.
fn write_in(language: Language, message: &Message, verdict: &Verdict) -> (Draft, Secrets) {
    with_plan(language, message, verdict, |plan| (compose(plan).unwrap(), plan.secrets.clone()))
}

fn with_plan<T>(
    language: Language,
    message: &Message,
    verdict: &Verdict,
    work: impl FnOnce(&Plan<'_>) -> T,
) -> T {
    let facts = facts(language);
    let (order, id) = (order(), MsgId::new("out-1@relay.example").unwrap());
    let (jane, shop) = (&facts.buyer, &facts.seller);
    let secrets = Secrets::of(jane, &jane.addresses[0], shop, "Jane", &["Lumo Market"]);
    let thread = ThreadHeaders {
        in_reply_to: MsgId::new("shop-7@lamps.example"),
        references: ["root@relay.example", "shop-7@lamps.example"]
            .iter()
            .filter_map(|i| MsgId::new(i))
            .collect(),
    };
    let known = Sightings::default();
    let bounce = AliasAddress::new("b-bounce", "relay.example");
    let plan = Plan {
        facts: &facts,
        direction: Direction::BuyerToSeller,
        recipient: &shop.addresses[0],
        order: Some(&order),
        message,
        verdict,
        cut: &[],
        plain: false,
        pictures: &[],
        files: &[],
        left_out: &[],
        secrets: &secrets,
        known: &known,
        thread: &thread,
        msg_id: &id,
        conversation_subject: Some("Brass lamp"),
        envelope_from: &bounce,
        date: Timestamp::from_millis(1_795_473_000_000),
        shown_name: ShownNameStyle::FirstName,
        marketplace: "Lumo Market",
    };
    work(&plan)
}

fn write(message: &Message, verdict: &Verdict) -> (Draft, Secrets) {
    write_in(Language::En, message, verdict)
}

fn finding(rule: RuleId, text: &str, words: &str) -> Finding {
    let start = text.find(words).unwrap();
    Finding {
        rule,
        action: Action::Redact,
        enforced: true,
        certainty: Certainty::Certain,
        part: Part::Text,
        start,
        end: start + words.len(),
        words: words.to_owned(),
    }
}

#[test]
fn the_header_is_the_allow_list_and_nothing_else() {
    let (draft, _) = write(&message("Lamp?", "Hello\n"), &Verdict::clean());
    let text = String::from_utf8(draft.bytes).unwrap();
    let header = text.split("\r\n\r\n").next().unwrap();
    let names: Vec<&str> = header
        .split("\r\n")
        .filter(|l| !l.starts_with([' ', '\t']))
        .filter_map(|l| l.split_once(':').map(|(n, _)| n))
        .collect();
    assert_eq!(
        names,
        [
            "From",
            "Reply-To",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "In-Reply-To",
            "References",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding"
        ]
    );
    for line in [
        "From: \"Jane\" <buyerbuyerbuyerbuyerbuye@relay.example>",
        "To: <cs@lamps.example>",
        "Date: Mon, 23 Nov 2026 22:30:00 +0000",
        "In-Reply-To: <shop-7@lamps.example>",
        "Message-ID: <out-1@relay.example>",
    ] {
        assert!(header.split("\r\n").any(|l| l == line), "{line:?} in\n{header}");
    }
}

#[test]
fn found_words_are_replaced_in_the_readers_language() {
    let text = "Call 555 123 4567 or write x@y.example today\n";
    let message = message("Hi", text);
    let verdict = Verdict::new(
        vec![
            finding(RuleId::PhoneNumber, text, "555 123 4567"),
            finding(RuleId::EmailAddress, text, "x@y.example"),
        ],
        vec![],
    );
    for (language, expected) in [
        (Language::En, "Call [removed: phone number] or write [removed: e-mail address] today"),
        (Language::De, "Call [entfernt: Telefonnummer] or write [entfernt: E-Mail-Adresse] today"),
        (Language::Ja, "Call [削除: 電話番号] or write [削除: メールアドレス] today"),
    ] {
        let (draft, _) = write_in(language, &message, &verdict);
        let read = mail::read(&draft.bytes);
        assert_eq!(read.text.body.lines().next(), Some(expected), "{language}");
    }
}

#[test]
fn each_view_names_aliases_only_and_the_sender_reads_the_own_words_again() {
    let text = "Call 555 123 4567\n";
    let verdict = Verdict::new(vec![finding(RuleId::PhoneNumber, text, "555 123 4567")], vec![]);
    let message = message("Hi", text);
    let (draft, _) = write(&message, &verdict);
    let view = |plan: &Plan<'_>| super::sender_view(plan).unwrap();
    let own = with_plan(Language::En, &message, &verdict, view);
    let own = String::from_utf8(own).unwrap();
    let theirs = String::from_utf8(draft.recipient_view).unwrap();
    for view in [&own, &theirs] {
        assert!(view.contains("To: <sellersellersellerseller@relay.example>"), "{view}");
        assert!(!view.contains("lamps.example") || view.contains("<shop-7@lamps.example>"));
        assert!(!view.contains("===="), "a view carries no frame");
    }
    assert!(own.contains("555 123 4567") && own.contains("Message-ID: <jane-1@mail.roes.example>"));
    assert!(!theirs.contains("555") && theirs.contains("[removed: phone number]"));
}

#[test]
fn a_mail_without_a_subject_gets_that_of_its_conversation() {
    let (draft, _) = write(&message("", "Hello\n"), &Verdict::clean());
    assert_eq!(draft.subject, "Re: Brass lamp");
}

#[test]
fn subjects_keep_their_characters_through_any_encoding() {
    for subject in [
        "Grüße – 50 % off? (no)",
        "=?utf-8?Q?looks_encoded?=",
        "  two  spaces  inside",
        "日本語の件名がとても長いときにも文字が変わらないことを確かめるための件名です",
        &"long ".repeat(60),
        &"x".repeat(300),
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} family",
    ] {
        let subject = subject.trim();
        let (draft, _) = write(&message(subject, "Hello\n"), &Verdict::clean());
        assert_eq!(mail::read(&draft.bytes).subject, subject);
        assert_wire(&draft.bytes);
    }
}

/// What RFC 5322 §2.1.1 and a signature that must survive ask of a finished mail.
fn assert_wire(bytes: &[u8]) {
    assert!(bytes.is_ascii(), "what goes out is 7-bit");
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare CR or LF");
    assert!(text.split("\r\n").all(|l| l.len() <= 998), "a line over 998 octets");
}

/// Anything a person may write, with our own marks and contacts strewn in.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9 ,.!?]{0,30}",
        "\\PC{0,12}",
        Just("\n".to_owned()),
        Just("> ".to_owned()),
        Just("jane.roe@roes.example".to_owned()),
        Just("Jane.Roe+x@ROES.example".to_owned()),
        Just("jane.roe%40roes.example".to_owned()),
        Just("https://www.roes.example/a?b=c".to_owned()),
        Just("\n-- \nJane Roe\n".to_owned()),
        Just("\nOn Monday Jane Roe <jane.roe@roes.example> wrote:\n".to_owned()),
        Just("\n==== Order O-1 ====\n".to_owned()),
        Just("\n====================\n".to_owned()),
        Just(".".to_owned()),
        Just(" ".to_owned()),
    ];
    prop::collection::vec(piece, 0..25).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_is_written_goes_out_whole_readable_and_without_the_writers_address(text in any_text()) {
        let read = mail::read(format!("From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\
            Content-Transfer-Encoding: 8bit\r\n\r\n{}", text.replace('\n', "\r\n")).as_bytes());
        let message = Message { subject: String::from("Hi"), ..read };
        let (draft, secrets) = write(&message, &Verdict::clean());
        assert_wire(&draft.bytes);
        let again = mail::read(&draft.bytes);
        prop_assert_eq!(again.text.body.trim_end(), draft.text.trim_end());
        let (second, _) = write(&message, &Verdict::clean());
        prop_assert_eq!(&second.bytes, &draft.bytes, "composing twice gives the same");
        // The scan has the last word: what it passes holds no address; what it stops it can name.
        let sent = [draft.bytes.clone(), draft.recipient_view.clone()];
        let known = Sightings::default();
        match leak::scan(draft, &secrets, &leak::Exempt { known: &known, ids: &[] }) {
            Ok(_) => for bytes in sent {
                let lower = String::from_utf8_lossy(&bytes).to_lowercase();
                prop_assert!(!lower.contains("jane.roe@roes.example"));
                let text = mail::read(&bytes).text.body.to_lowercase();
                prop_assert!(!text.contains("jane.roe@roes.example"));
            },
            Err(leaks) => prop_assert!(text.to_lowercase().contains("roes"), "{:?}", leaks),
        }
    }

    #[test]
    fn composed_words_come_back_as_they_were_written(text in "[a-zA-Zäöüßéñ日本 ,.!?=\n]{0,400}") {
        let written = mail::segment(text.clone());
        let message = Message { text: written, subject: "Hi".into(), ..Message::default() };
        let (draft, _) = write(&message, &Verdict::clean());
        let back = mail::read(&draft.bytes).text.body;
        let mut rest = back.clone();
        let ours: Vec<_> = frame::find(&back).into_iter().flat_map(|f| f.ranges).collect();
        for range in ours.into_iter().rev() {
            rest.replace_range(range, "");
        }
        let words = |t: &str| t.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(&rest), words(&text));
    }
}
