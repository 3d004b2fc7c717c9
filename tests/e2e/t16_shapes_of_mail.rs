//! Mail comes in every shape; its words pass, and what it hides does not.

use crate::house::{House, JANE, SHOP, python_reads};
use crate::letter::{Letter, bare};

/// A mail of several parts, each with its header.
fn of_parts(letter: Letter, kind: &str, parts: &[(&str, &str)]) -> Letter {
    let mut body = String::new();
    for (header, content) in parts {
        let content = content.replace('\n', "\r\n");
        let header = header.replace('\n', "\r\n");
        body.push_str(&format!("--=_b\r\n{header}\r\n\r\n{content}\r\n"));
    }
    body.push_str("--=_b--\r\n");
    letter.header("Content-Type", &format!("{kind}; boundary=\"=_b\"")).body(body.as_bytes())
}

const HTML: &str = "Content-Type: text/html; charset=utf-8";
const TEXT: &str = "Content-Type: text/plain; charset=utf-8";

fn from_jane(house: &House) -> Letter {
    Letter::new(JANE, &house.seller_of("O1"), "")
}

#[test]
fn html_alone_goes_out_with_a_text_beside_it_and_what_its_tags_hide_is_gone() {
    let mut house = House::open();
    let html = "<html><head><style>p{color:red}</style><script>alert('x')</script></head><body>\
        <p>Is the <b>lamp</b> made of brass&nbsp;&amp; glass?</p>\
        <p>See <a href=\"https://evil.example/track?u=jane\">my page</a> or \
        <a href=\"mailto:jane.roe@mail.example\">write me</a>, \
        or <a href='tel:+442079460958'>call</a>.</p>\
        <img src=\"https://pixel.evil.example/open.gif\" width=1 height=1>\
        <!-- jane.roe@mail.example --></body></html>";
    let letter =
        from_jane(&house).header("Content-Type", "text/html; charset=utf-8").body(html.as_bytes());
    let mail = house.passes(&letter);
    assert!(mail.header("Content-Type").unwrap().starts_with("multipart/alternative"));
    assert!(mail.html.contains("Is the <b>lamp</b> made of brass &amp; glass?"), "{}", mail.html);
    assert!(mail.words().contains("made of brass & glass?"), "{}", mail.text);
    mail.holds_nothing_of(&["evil.example", "jane.roe", "pixel", "alert(", "color:red", "7946"]);
    let seen = python_reads(&mail.raw, house.dir.path());
    assert!(seen["text"].as_str().unwrap().contains("made of brass & glass?"));
}

#[test]
fn addresses_and_links_in_html_are_judged_and_redacted() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let html = "<p>On Thursday. <a href=\"https://www.other-lamps.example/\">Buy here</a>, \
        jo&#104;n@else<b>where.exam</b>ple, +44&nbsp;20&#8203; 7946 0958</p>";
    let letter = Letter::answering(&asked, SHOP, "")
        .header("Content-Type", "text/html; charset=utf-8")
        .body(html.as_bytes());
    let mail = house.passes(&letter);
    assert!(mail.words().contains("On Thursday."), "{}", mail.text);
    mail.holds_nothing_of(&["other-lamps", "elsewhere.example", "7946"]);
    let told = house.newest_is("delivered");
    assert_eq!(told["action"], "redact");
}

#[test]
fn of_text_and_html_one_is_relayed_and_neither_leaks() {
    let mut house = House::open();
    let text = "Is it brass? Write jane.roe@mail.example\n";
    let html = "<p>Is it <i>brass</i>? Write <a href=\"mailto:jane.roe@mail.example\">me</a></p>";
    let letter =
        of_parts(from_jane(&house), "multipart/alternative", &[(TEXT, text), (HTML, html)]);
    let mail = house.passes(&letter);
    assert!(mail.words().contains("Is it brass?"), "{}", mail.text);
    mail.holds_nothing_of(&["jane.roe", "=_b\r\n", "=_b\""]);
    assert!(mail.html.contains("Is it <i>brass</i>?"), "{}", mail.html);
}

#[test]
fn what_only_one_alternative_says_is_judged_too() {
    let mut house = House::open();
    let html = "<p>Is it brass? Call +44 20 7946 0958 or see https://evil.example/ soon.</p>";
    for (text, html) in
        [("Is it brass?\n", html), ("Is it brass? Call +44 20 7946 0958\n", "<p>Is it brass?</p>")]
    {
        let parts = [(TEXT, text), (HTML, html)];
        let mail = house.passes(&of_parts(from_jane(&house), "multipart/alternative", &parts));
        mail.holds_nothing_of(&["7946", "evil.example"]);
        assert!(mail.words().contains("Is it brass?"), "{}", mail.text);
    }
}

#[test]
fn encrypted_mail_is_refused_with_the_reason() {
    let house = House::open();
    let parts = [
        ("Content-Type: application/pgp-encrypted", "Version: 1\n"),
        (
            "Content-Type: application/octet-stream",
            "-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n",
        ),
    ];
    let kind = "multipart/encrypted; protocol=\"application/pgp-encrypted\"";
    let answer = house.send(&of_parts(from_jane(&house), kind, &parts));
    answer.is("550 5.7.0").says("unreadable").says("unencrypted");
}

#[test]
fn a_mail_inside_the_mail_does_not_carry_its_header_through() {
    let mut house = House::open();
    let inner = "From: jane.roe@mail.example\nTo: friend@other.example\nSubject: Secret\n\nSecret words of jane.roe@mail.example\n";
    let parts = [(TEXT, "See below.\n"), ("Content-Type: message/rfc822", inner)];
    let letter = of_parts(from_jane(&house), "multipart/mixed", &parts);
    let answer = house.send(&letter);
    if answer.code == 250 {
        house.smarthost.next().holds_nothing_of(&["jane.roe", "friend@other", "rfc822"]);
    } else {
        answer.is("550 5.7.0");
    }
}

/// `(charset, subject as written, body as written, both as read)`
const CHARSETS: [(&str, &str, &[u8], &str); 3] = [
    ("iso-2022-jp", "=?ISO-2022-JP?B?GyRCJWklcyVXGyhC?=", b"\x1b$B%i%s%W\x1b(B", "ランプ"),
    (
        "windows-1252",
        "=?windows-1252?Q?Gr=F6=DFe_=96_5_=80?=",
        b"Gr\xf6\xdfe \x96 5 \x80",
        "Größe – 5 €",
    ),
    (
        "utf-8",
        "=?utf-8?Q?=C5=BC=C3=B3=C5=82ta_?= =?utf-8?B?8J+SoQ==?=",
        "żółta 💡".as_bytes(),
        "żółta 💡",
    ),
];

#[test]
fn in_every_charset_subject_and_text_keep_their_characters() {
    let mut house = House::open();
    for (charset, subject, body, expected) in CHARSETS {
        let letter = from_jane(&house)
            .subject(subject)
            .header("Content-Type", &format!("text/plain; charset={charset}"))
            .body(body);
        let mail = house.passes(&letter);
        assert_eq!((mail.subject.as_str(), mail.words()), (expected, expected), "{charset}");
        assert!(mail.raw.is_ascii());
        let seen = python_reads(&mail.raw, house.dir.path());
        assert!(seen["text"].as_str().unwrap().starts_with(expected), "{charset}: {seen}");
        let headers = seen["headers"].as_array().unwrap();
        let subject = headers.iter().find(|h| h[0] == "Subject").unwrap();
        assert_eq!(subject[1], expected, "{charset}");
    }
}

#[test]
fn dots_long_lines_and_odd_white_space_arrive_as_they_were() {
    let mut house = House::open();
    let text = format!(
        ".\n..\n.hidden\n  indented  \ttab\n{}\n=3D is no code\nFrom here\n\nend",
        "long ".repeat(150).trim_end()
    );
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), &format!("{text}\n")));
    assert_eq!(mail.words(), text);
    assert_eq!(mail.recipients, [bare(SHOP)]);
    assert!(mail.raw.split(|b| *b == b'\n').all(|line| line.len() <= 998));
}

#[test]
fn the_same_through_python_s_eyes_for_a_name_that_is_not_ascii() {
    let mut house = House::open();
    house.put(&["buyer", "put", "B2", "--name", "Zoë Østergård", "--email", "zoe@post.example"]);
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B2", "--item", "ランプ"]);
    let mail = house.passes(&Letter::new("zoe@post.example", &house.seller_of("O2"), "Hej!\n"));
    assert_eq!(mail.from_name, "Zoë");
    mail.holds_nothing_of(&["Østergård", "zoe@"]);
    let seen = python_reads(&mail.raw, house.dir.path());
    let from = seen["headers"].as_array().unwrap().iter().find(|h| h[0] == "From").unwrap();
    assert_eq!(from[1], format!("Zoë <{}>", house.alias("O2", "buyer_alias")));
    assert!(seen["text"].as_str().unwrap().contains("ランプ"));
}

#[test]
fn what_is_encoded_in_a_subject_can_not_become_a_header_of_its_own() {
    let mut house = House::open();
    for subject in [
        "=?utf-8?Q?Hi=0D=0ABcc:_x@evil.example=0D=0A=0D=0Abody?=",
        "=?utf-8?B?SGkKQmNjOiB4QGV2aWwuZXhhbXBsZQ==?=",
    ] {
        let mail = house.passes(&from_jane(&house).subject(subject).body(b"Hello\r\n"));
        assert!(mail.header("Bcc").is_none() && mail.subject.starts_with("Hi"), "{}", mail.subject);
        assert!(mail.words().starts_with("Hello"), "{}", mail.text);
        mail.holds_nothing_of(&["evil.example"]);
    }
}

#[test]
fn her_full_name_is_hidden_where_programs_write_it_and_stays_where_she_does() {
    let mut house = House::open();
    let text = "Please engrave \"Jane Roe\".\n\nOn Monday, Jane Roe <jane.roe@mail.example> wrote:\n> x\n\n-- \nJane Roe\nTel +44 20 7946 0958\n";
    let mail =
        house.passes(&Letter::new(JANE, &house.seller_of("O1"), text).subject("Jane Roe asks"));
    assert_eq!(mail.subject, "Jane asks");
    assert!(mail.words().starts_with("Please engrave \"Jane Roe\"."), "{}", mail.text);
    assert_eq!(mail.text.matches("Roe").count(), 1, "{}", mail.text);
    mail.holds_nothing_of(&["jane.roe", "7946"]);
}

#[test]
fn trees_of_tags_and_parts_hurt_nobody() {
    let mut house = House::open();
    let tags = "<div>\r\n".repeat(50_000) + "Is it brass?";
    let mut parts = String::new();
    for depth in 0..500 {
        let next = depth + 1;
        let header = format!("Content-Type: multipart/mixed; boundary=b{next}");
        parts.push_str(&format!("--b{depth}\r\n{header}\r\n\r\n"));
    }
    parts.push_str("--b500\r\nContent-Type: text/plain\r\n\r\nhello\r\n");
    for (kind, body) in [("text/html", tags), ("multipart/mixed; boundary=b0", parts)] {
        let answer =
            house.send(&from_jane(&house).header("Content-Type", kind).body(body.as_bytes()));
        assert!(matches!(answer.code, 250 | 550), "{}", answer.text);
    }
    house.settle();
    house.smarthost.rest();
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Still there?\n"));
}

#[test]
fn what_is_too_large_is_refused_with_the_limit_and_the_size() {
    let house = House::open_with(&[("[smtp]\n", "[smtp]\nmax_size = \"100KB\"\n")]);
    let letter =
        from_jane(&house).body("a line of a very long letter\r\n".repeat(5_000).as_bytes());
    house.send(&letter).is("552 5.3.4").says("100000");
}
