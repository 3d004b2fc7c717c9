//! The scan: what it finds, what it lets pass.

use proptest::prelude::*;

use super::{Exempt, Kind, Leak, Place, leaking_stretches, scan};
use crate::domain::{AliasAddress, MsgId, Secrets, Sightings};
use crate::mail::sighting;
use crate::rewrite::{Changes, Draft};

fn secrets() -> Secrets {
    Secrets {
        addresses: vec!["jane.roe@roes.example".parse().unwrap()],
        domains: vec!["roes.example".into()],
        hidden_name: Some("Jane Roe".into()),
        local_parts: vec!["jane.roe".into()],
        in_prose: false,
    }
}

fn draft(bytes: &str) -> Draft {
    let bytes = bytes.replace('\n', "\r\n").into_bytes();
    Draft {
        recipient: "cs@lamps.example".parse().unwrap(),
        envelope_from: Some(AliasAddress::new("b-x", "relay.example")),
        msg_id: MsgId::new("x@relay.example").unwrap(),
        subject: String::new(),
        text: String::new(),
        html: None,
        words: String::new(),
        recipient_view: bytes.clone(),
        bytes,
        changes: Changes::default(),
    }
}

/// What the scan finds in a mail with these headers and this body.
fn found(headers: &str, body: &str) -> Vec<(Kind, Place)> {
    let mail =
        format!("From: \"Jane\" <alias@relay.example>\nTo: <cs@lamps.example>\n{headers}\n{body}");
    found_beside(&mail, &[], &[])
}

/// The same, where the recipient knows these texts and ids.
fn found_beside(mail: &str, known: &[&str], ids: &[&str]) -> Vec<(Kind, Place)> {
    found_of(&secrets(), mail, known, ids)
}

fn found_of(secrets: &Secrets, mail: &str, known: &[&str], ids: &[&str]) -> Vec<(Kind, Place)> {
    let known = sighting::sighted(known);
    let ids: Vec<MsgId> = ids.iter().filter_map(|i| MsgId::new(i)).collect();
    let ids: Vec<&MsgId> = ids.iter().collect();
    match scan(draft(mail), secrets, &Exempt { known: &known, ids: &ids }) {
        Ok(_) => vec![],
        Err(leaks) => leaks.into_iter().map(|l| (l.kind, l.place)).collect(),
    }
}

const PLAIN: &str = "Content-Type: text/plain; charset=utf-8\n";

#[test]
fn a_mail_without_secrets_passes() {
    assert_eq!(found(PLAIN, "Hello, please engrave: Jane Roe. Thanks, Jane\n"), []);
    assert_eq!(found(PLAIN, "Hello\n\n-- \nJane\n"), []);
    assert_eq!(found("Subject: heroes.example and jane.roes\n", "x\n"), []);
}

#[test]
fn an_address_is_found_through_every_encoding() {
    let base64 = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n";
    let quoted = "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n";
    let html = "Content-Type: text/html; charset=utf-8\n";
    for (headers, body) in [
        (PLAIN, "write jane.roe@roes.example\n"),
        (PLAIN, "write Jane.Roe+shop@ROES.example\n"),
        (PLAIN, "write jane.roe%40roes.example\n"),
        (PLAIN, "write jane.roe&#64;roes.example\n"),
        (base64, "d3JpdGUgamFuZS5yb2VAcm9lcy5leGFtcGxl\n"),
        (quoted, "write jane=2Eroe=40roes=\n.example\n"),
        (html, "<p title='jane.roe@roes.example'>x</p>\n"),
        (html, "<!-- jane.roe&commat;roes.example --><p>x</p>\n"),
        ("Subject: =?utf-8?Q?jane=2Eroe=40roes=2Eexample?=\n", "x\n"),
        ("Subject: =?utf-8?B?amFuZS5yb2VAcm9lcy5leGFtcGxl?=\n", "x\n"),
        ("Message-ID: <1.jane.roe@roes.example>\n", "x\n"),
        ("X-Anything: jane.roe@roes.example\n", "x\n"),
    ] {
        let kinds: Vec<Kind> = found(headers, body).into_iter().map(|(k, _)| k).collect();
        assert!(
            kinds.contains(&Kind::Address) || kinds.contains(&Kind::Domain),
            "{headers}{body}: {kinds:?}"
        );
    }
}

#[test]
fn the_full_name_and_a_telling_local_part_are_found_in_headers_and_margins_only() {
    assert_eq!(found("Subject: from Jane Roe\n", "x\n")[0].0, Kind::Name);
    assert_ne!(found("Message-ID: <jane.roe.1@relay.example>\n", "x\n"), []);
    assert_eq!(found(PLAIN, "x\n\n-- \nJANE  ROE\n")[0], (Kind::Name, Place::Margin));
    assert_eq!(found(PLAIN, "x\n\n> On Monday Jane Roe wrote:\n> y\n")[0].1, Place::Margin);
    assert_eq!(found(PLAIN, "My name is Jane Roe\n"), [], "written now: a delivery name");
}

#[test]
fn nobody_is_named_in_prose_where_that_is_not_wanted() {
    let found = |body: &str, known: &[&str]| {
        let mail = format!("From: <alias@relay.example>\nTo: <cs@lamps.example>\n{body}");
        found_of(&secrets().hiding_in_prose(true), &mail, known, &[])
    };
    let file =
        "Content-Type: text/plain; name=x.txt\nContent-Disposition: attachment; filename=x.txt\n";
    let html = "Content-Type: text/html; charset=utf-8\n";
    assert_eq!(
        found(&format!("{PLAIN}\nMy name is Jane Roe\n"), &[]),
        [(Kind::Name, Place::Margin)]
    );
    assert_eq!(found(&format!("{html}\n<p>I am jane<b>.roe</b></p>\n"), &[])[0].0, Kind::Name);
    assert_eq!(found(&format!("{file}\nFor Jane Roe\n"), &[]), [(Kind::Name, Place::Text)]);
    let said = "so this is for Jane Roe of the upper floor then";
    assert_eq!(found(&format!("{PLAIN}\n> {said}\n"), &[said]), []);
    assert_eq!(found(&format!("{PLAIN}\nMy name is Jane\n"), &[]), []);
}

#[test]
fn an_own_domain_is_found_in_links() {
    assert_eq!(found(PLAIN, "see https://www.roes.example/me\n")[0].0, Kind::Domain);
}

#[test]
fn a_mail_in_a_mail_is_never_let_through() {
    let nested = "Content-Type: message/rfc822\n";
    assert_eq!(found(nested, "Subject: x\n\ny\n")[0].1, Place::Unreadable);
}

#[test]
fn the_words_that_leak_are_named_so_that_they_can_go() {
    let text = "fine\nj&#97;ne.roe@roes.example\nalso fine\n";
    let found = leaking_stretches(text, &secrets());
    let cut: Vec<&str> = found.into_iter().map(|r| &text[r]).collect();
    assert_eq!(cut, ["j&#97;ne.roe@roes.example"]);
    let text = "call or write to j&#97;ne.roe@roes.example now, or x (jane%2Eroe%40roes.example)\n";
    let cut: Vec<&str> =
        leaking_stretches(text, &secrets()).into_iter().map(|r| &text[r]).collect();
    assert_eq!(cut, ["j&#97;ne.roe@roes.example", "(jane%2Eroe%40roes.example)"]);
}

#[test]
fn an_address_that_is_broken_over_two_lines_goes_from_both() {
    let text = "fine\nwrite jane.roe@roes.\nexample now\n";
    let cut: Vec<&str> =
        leaking_stretches(text, &secrets()).into_iter().map(|r| &text[r]).collect();
    assert_eq!(cut, ["jane.roe@roes.\nexample"]);
}

#[test]
fn what_leaks_over_many_lines_goes_with_all_of_them() {
    let text = "fine\n| jane%2E\n| roe%40\n| ro\n| es.exam\n| ple\nfine too\n";
    let cut: Vec<&str> =
        leaking_stretches(text, &secrets()).into_iter().map(|r| &text[r]).collect();
    assert_eq!(cut, ["| jane%2E\n| roe%40\n| ro\n| es.exam\n| ple\n"]);
}

#[test]
fn what_the_recipient_made_does_not_stop_a_mail() {
    let head = "From: \"Jane\" <alias@relay.example>\nTo: <cs@lamps.example>\n";
    let own = "jane.roe@roes.example";
    let mail = format!("{head}In-Reply-To: <{own}>\nReferences: <r@x>\n <{own}>\n{PLAIN}\nx\n");
    assert_ne!(found_beside(&mail, &[], &[]), []);
    assert_eq!(found_beside(&mail, &[], &[own]), [], "an id of the recipient's own");

    let guess = "Are you Jane Doe or Jane Roe or Jane Poe?";
    let mail = format!("{head}Subject: Re: Jane Roe?\n{PLAIN}\nNo.\n> {guess}\n");
    assert_ne!(found_beside(&mail, &[], &[]), []);
    assert_eq!(found_beside(&mail, &[guess, "Jane Roe?"], &[]), [], "the recipient asked that");
}

#[test]
fn a_file_is_searched_as_bytes_and_as_utf_16() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let check = |kind: &str, bytes: &[u8], expected: &[(Kind, Place)]| {
        let body = data_encoding::BASE64.encode(&[b"\0\x01\xff", bytes, b"\0\x02"].concat());
        let head = format!("Content-Type: {kind}\nContent-Transfer-Encoding: base64\n");
        assert_eq!(found(&head, &format!("{body}\n")), expected, "{kind} {bytes:?}");
    };
    let (address, name) = ("Jane.Roe@Roes.example", "by Jane Roe");
    for kind in ["image/jpeg", "application/pdf"] {
        check(kind, address.as_bytes(), &[(Kind::Address, Place::File)]);
        check(kind, &wide(address), &[(Kind::Address, Place::File)]);
        check(kind, b"www.roes.example", &[(Kind::Domain, Place::File)]);
        check(kind, b"an innocent file of roe deer", &[]);
    }
    check("text/plain; name=x.txt", &wide(address), &[(Kind::Address, Place::Text)]);
    // A document has prose, in which a buyer may give a name; a picture has none.
    check("image/jpeg", name.as_bytes(), &[(Kind::Name, Place::File)]);
    check("image/jpeg", &wide(name), &[(Kind::Name, Place::File)]);
    check("application/pdf", name.as_bytes(), &[]);
}

#[test]
fn a_domain_before_a_files_extension_is_found() {
    let head = "Content-Type: image/png\nContent-Disposition: attachment; filename=\"x at roes.example.png\"\nContent-Transfer-Encoding: base64\n";
    assert_eq!(found(head, "AAEC\n"), [(Kind::Domain, Place::Header)]);
}

/// How a secret may be disguised inside of decoded text.
#[derive(Debug, Clone)]
enum Disguise {
    Capitals,
    Entities(bool),
    Percent,
    PercentTwice,
    PercentOfEntities,
    Unseen,
    Wide,
    Tag,
    Glued,
    TagGlued,
    Spaced,
    Wrapped,
    Cells,
    Turned,
    Base64,
    Base64Lines,
}

fn disguise(secret: &str, how: &Disguise, seed: usize) -> String {
    let every = |n: usize| move |(at, _): &(usize, char)| (at + seed).is_multiple_of(n);
    let coded = |n: usize, code: &dyn Fn(char) -> String| -> String {
        let chars = secret.chars().enumerate();
        chars.map(|(at, c)| if every(n)(&(at, c)) { code(c) } else { c.to_string() }).collect()
    };
    match how {
        Disguise::Capitals => coded(2, &|c| c.to_uppercase().to_string()),
        Disguise::Entities(true) => coded(2, &|c| format!("&#x{:x};", u32::from(c))),
        Disguise::Entities(false) => coded(3, &|c| format!("&#{};", u32::from(c))),
        Disguise::Percent => coded(2, &|c| format!("%{:02X}", u32::from(c))),
        Disguise::PercentTwice => coded(3, &|c| format!("%25{:02x}", u32::from(c))),
        Disguise::PercentOfEntities => coded(3, &|c| format!("%26%23{};", u32::from(c))),
        Disguise::Unseen => coded(2, &|c| format!("\u{200b}{c}\u{ad}")),
        Disguise::Wide => {
            coded(1, &|c| char::from_u32(u32::from(c) - 0x20 + 0xff00).unwrap_or(c).to_string())
        }
        Disguise::Tag => secret.replace('@', "+shop@"),
        Disguise::Glued => format!("x{secret}foo"),
        Disguise::TagGlued => format!("x{}foo", secret.replace('@', "+shop@")),
        Disguise::Spaced => secret.replace('.', " . ").replace('@', " @ "),
        Disguise::Wrapped => secret.replacen('.', ".\n> ", 1),
        Disguise::Cells => secret.replace('@', " | @\n").replace('.', "\n | ."),
        Disguise::Turned => secret.chars().rev().collect(),
        Disguise::Base64Lines => {
            let said = format!("my mail has said {secret} for {seed} years");
            let code = data_encoding::BASE64.encode(said.as_bytes());
            let lines: Vec<&str> = (0..code.len())
                .step_by(22 + seed)
                .map(|at| &code[at..(at + 22 + seed).min(code.len())])
                .collect();
            format!("\n{}\n", lines.join("\n"))
        }
        Disguise::Base64 => {
            data_encoding::BASE64URL_NOPAD.encode(format!("u={secret}&x={seed}").as_bytes())
        }
    }
}

fn any_disguise() -> impl Strategy<Value = Disguise> {
    use Disguise::*;
    prop::sample::select(vec![
        Capitals,
        Entities(true),
        Entities(false),
        Percent,
        PercentTwice,
        PercentOfEntities,
        Unseen,
        Wide,
        Tag,
        Glued,
        TagGlued,
        Spaced,
        Wrapped,
        Cells,
        Turned,
        Base64,
        Base64Lines,
    ])
}

/// A mail that says something, in one of the transfer encodings and places of a text.
fn saying(text: &str, place: usize) -> String {
    let head = "From: \"Jane\" <alias@relay.example>\nTo: <cs@lamps.example>\n";
    let base64 = |text: &str| {
        let wire = text.replace('\n', "\r\n");
        data_encoding::BASE64_MIME.encode(wire.as_bytes()).replace('\r', "")
    };
    let quoted = |text: &str| -> String {
        text.bytes().map(|b| if b == b'\n' { "\n".into() } else { format!("={b:02X}") }).collect()
    };
    let kind = |kind: &str, how: &str| {
        format!("Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: {how}\n\n")
    };
    let one_line = text.replace("\n> ", " ").replace('\n', " ");
    match place {
        0 => format!("{head}{}{text}\n", kind("text/plain", "8bit")),
        1 => format!("{head}{}{}\n", kind("text/plain", "base64"), base64(text)),
        2 => format!("{head}{}{}\n", kind("text/plain", "quoted-printable"), quoted(text)),
        3 => format!("{head}{}<p title=\"{one_line}\">x</p>\n", kind("text/html", "8bit")),
        4 => format!("{head}{}<!-- {one_line} --><p>x</p>\n", kind("text/html", "8bit")),
        5 => format!(
            "{head}Subject: =?utf-8?B?{}?=\n\nx\n",
            data_encoding::BASE64.encode(one_line.as_bytes())
        ),
        6 => format!("{head}Subject: =?utf-8?Q?{}?=\n\nx\n", quoted(&one_line)),
        _ => format!("{head}X-Anything: {one_line}\n\nx\n"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn an_address_is_found_however_and_wherever_it_is_encoded(
        how in any_disguise(), seed in 0_usize..6, place in 0_usize..8,
        before in "[a-z ]{0,20}[ <(:]", after in "[ >),;][a-z ]{0,20}",
    ) {
        // A header has no lines.
        prop_assume!(place < 3 || !matches!(how, Disguise::Base64Lines));
        let said = format!("{before}{}{after}", disguise("jane.roe@roes.example", &how, seed));
        let mail = saying(&said, place);
        prop_assert_ne!(found_beside(&mail, &[], &[]), [], "{}", mail);
    }

    #[test]
    fn what_is_no_secret_stops_no_mail(
        words in prop::collection::vec(prop::sample::select(vec![
            "lamp", "Jane", "Janet", "Roebuck", "\n", "deliver to Jane Roe, please", "heroes.example",
            "mary.roe@mail.example", "jane.roe@post.example.org", "jane.roe2@mail.example",
            "jane_roe@mail.example", "cs@lamps.example", "alias@relay.example", ".", "jane.",
            "https://relay.example/x?y=%41&z=1", "jane . roe", "mail.example", "jane", "roe",
            "SmFuZSBSb2Ugd2FzIGhlcmUgYW5kIHRoZXJl", "roes.example.org", "+49 30 123456",
        ]), 0..30), place in 0_usize..3,
    ) {
        let shared = Secrets {
            addresses: vec!["jane.roe@mail.example".parse().unwrap()],
            domains: vec![],
            hidden_name: Some("Jane Roe".into()),
            local_parts: vec!["jane.roe".into()],
        in_prose: false,
        };
        let mail = saying(&words.join(" "), place);
        let known = Sightings::default();
        let scanned = scan(draft(&mail), &shared, &Exempt { known: &known, ids: &[] });
        let found = scanned.err().unwrap_or_default();
        // "Jane" and "roe" below one another at the end are a signature with the hidden name.
        let signs = |leak: &Leak| leak.kind == Kind::Name && leak.place == Place::Margin;
        prop_assert!(found.iter().all(signs), "{:?}: {}", found, mail);
    }

    #[test]
    fn what_leaks_is_gone_with_the_words_that_are_named(
        how in any_disguise(), seed in 0_usize..6, before in "[a-z \n]{0,40} ", after in "[ \n][a-z \n]{0,40}",
    ) {
        let mut text = format!("{before}{}{after}", disguise("jane.roe@roes.example", &how, seed));
        for range in leaking_stretches(&text, &secrets()).into_iter().rev() {
            text.replace_range(range, "");
        }
        prop_assert!(leaking_stretches(&text, &secrets()).is_empty(), "{}", text);
        let mail = saying(&text, 0);
        let scanned = found_beside(&mail, &[], &[]);
        prop_assert!(scanned.iter().all(|(_, place)| *place == Place::Margin), "{}", text);
        let around = before.split_whitespace().count() + after.split_whitespace().count();
        prop_assert!(text.split_whitespace().count() + 6 >= around);
    }
}
