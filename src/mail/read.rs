//! From bytes to [`Message`].

use encoding_rs::Encoding;
use mail_parser::parsers::MessageStream;

use super::body;
use super::decode;
use super::fields::{self, Block, LONGEST_FIELD};
use super::message::{Defect, Mailbox, Message};
use super::nested::Place;
use super::parts;
use super::segment::segment;
use super::uuencoded;
use crate::domain::MsgId;

/// Reads a mail. Total: whatever the bytes, a [`Message`] comes out, in time linear to their
/// number; what is odd about them is in [`Message::defects`].
///
/// Bounds: 20 nested multiparts, 500 parts, 2 MiB of text, 500 known header fields a block, 16 KiB
/// a field, 100 files in lines of text; the rest is left out and noted as [`Defect::Bounds`]. A `From:` beyond the bounds gives
/// no mailbox at all, so that none can hide behind them.
pub fn read(raw: &[u8]) -> Message {
    let block = fields::split(raw, 0..raw.len());
    let tree = parts::tree(raw, &block);
    let mut message = Message { defects: tree.defects.clone(), ..Message::default() };
    if block.empty {
        decode::note(&mut message.defects, Defect::NoStructure);
    }
    header(&block, tree.charset(), &mut message);
    let mut files_left = uuencoded::MOST;
    let content = body::content(raw, &tree, Place::Whole, &mut files_left, &mut message.defects);
    message.attachments = content.attachments;
    message.unreadable = content.unreadable;
    message.receipts = fields::receipts(&block);
    if message.unreadable.is_none() {
        message.remotes = content.remotes;
        message.text = segment(content.text);
        message.rich = content.rich;
        message.otherwise = segment(content.otherwise);
    }
    message
}

/// Reads the header alone, for a mail whose body must not be touched: who wrote it and what it
/// answers is known, its text is empty.
pub fn read_header(raw: &[u8]) -> Message {
    let mut message = Message::default();
    header(&fields::split(raw, 0..raw.len()), None, &mut message);
    message
}

fn header(block: &Block<'_>, below: Option<&'static Encoding>, message: &mut Message) {
    let defects = &mut message.defects;
    for name in ["from", "subject", "message-id", "in-reply-to", "references"] {
        if block.all(name).count() > 1 {
            decode::note(defects, Defect::RepeatedField);
        }
    }
    message.from = from(block, defects);
    if let Some(value) = block.first("subject") {
        message.subject = fields::unstructured(value, below, defects);
    }
    let mut own = ids(block, "message-id", defects);
    message.msg_id = if own.len() == 1 { own.pop() } else { None };
    message.in_reply_to = ids(block, "in-reply-to", defects);
    message.in_reply_to.truncate(10);
    message.references = ids(block, "references", defects);
    if let Some(surplus) = message.references.len().checked_sub(100).filter(|&n| n > 0) {
        // RFC 5322 §3.6.4 has the thread's beginning first; the newest stand last.
        message.references.drain(1..=surplus);
    }
    message.automatic = fields::automatic(block);
}

fn ids(block: &Block<'_>, name: &str, defects: &mut Vec<Defect>) -> Vec<MsgId> {
    let mut all = Vec::new();
    for value in block.all(name) {
        let (found, bad) = fields::ids(value);
        if bad || (found.is_empty() && !value.trim_ascii().is_empty()) {
            decode::note(defects, Defect::MsgId);
        }
        all.extend(found);
    }
    all
}

fn from(block: &Block<'_>, defects: &mut Vec<Defect>) -> Vec<Mailbox> {
    let mut mailboxes = Vec::new();
    let mut cut = block.cut;
    for value in block.all("from") {
        if value.len() > LONGEST_FIELD {
            cut = true;
            break;
        }
        // RFC 6532 lets the field be UTF-8. In what isn't each byte stays one character: whatever
        // it was meant to be, who writes is read in the ASCII between.
        let mut field = decode::bytewise(value, defects).into_bytes();
        field.extend_from_slice(b"\r\n");
        let parsed = MessageStream::new(&field).parse_address();
        let Some(addresses) = parsed.as_address() else { continue };
        for address in addresses.iter() {
            let Some(spec) = address.address.as_deref().filter(|a| !a.is_empty()) else { continue };
            let name = address.name.as_deref().map(one_line).filter(|n| !n.is_empty());
            mailboxes.push(Mailbox { name, address: spec.to_owned() });
        }
    }
    if cut {
        decode::note(defects, Defect::Bounds);
        mailboxes.clear();
    }
    mailboxes
}

/// A display name without what would break a header line.
fn one_line(name: &str) -> String {
    let spaced = name.replace(['\r', '\n', '\t', '\u{2028}', '\u{2029}'], " ");
    spaced.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::message::{Automatic, SegmentKind, Text, Unreadable};
    use super::*;

    fn mail(text: &str) -> Message {
        read(text.replace('\n', "\r\n").as_bytes())
    }

    fn ids_of(ids: &[MsgId]) -> Vec<&str> {
        ids.iter().map(MsgId::as_str).collect()
    }

    #[test]
    fn a_plain_mail_is_read() {
        let read = mail(
            "From: Jane Roe <jane@mail.example>\nSubject: A\n lamp\nMessage-ID: <1@mail.example>\n\n\
             Hello\n\n> Hi\n\n\n",
        );
        assert_eq!(
            read.from,
            [Mailbox { name: Some("Jane Roe".into()), address: "jane@mail.example".into() }]
        );
        assert_eq!(read.subject, "A lamp");
        assert_eq!(read.msg_id, MsgId::new("1@mail.example"));
        assert_eq!(read.text.body, "Hello\n\n> Hi");
        assert_eq!(read.text.kind_at(8), SegmentKind::Quote);
        assert_eq!((read.automatic, read.unreadable), (Automatic::No, None));
        assert!(read.defects.is_empty() && read.attachments.is_empty());
    }

    #[test]
    fn every_mailbox_of_every_from_is_given() {
        let check = |fields: &str, expected: &[&str]| {
            let read = mail(&format!("{fields}\n\nHi"));
            let found: Vec<&str> = read.from.iter().map(|m| m.address.as_str()).collect();
            assert_eq!(found, expected, "{fields}");
        };
        check("From: a@x.example", &["a@x.example"]);
        check("From: \"b@y.example\" <a@x.example>", &["a@x.example"]);
        check("From: a@x.example, B <b@y.example>", &["a@x.example", "b@y.example"]);
        check("From: us: a@x.example, b@y.example;", &["a@x.example", "b@y.example"]);
        check("From: a@x.example\nfrom : b@y.example", &["a@x.example", "b@y.example"]);
        check(
            "From: a@x.example\nthis is no field\nFrom: b@y.example",
            &["a@x.example", "b@y.example"],
        );
        check("From: <jörg@müller.example>", &["jörg@müller.example"]);
        check("Subject: none", &[]);
        check(&format!("From: a@x.example ({}), b@y.example", "x".repeat(20_000)), &[]);
        check(&format!("From: a@x.example\n{}From: b@y.example", "Subject: x\n".repeat(600)), &[]);
    }

    #[test]
    fn subjects_are_decoded_to_the_character() {
        let check = |field: &str, expected: &str| {
            assert_eq!(mail(&format!("Subject:{field}\n\n")).subject, expected, "{field}");
        };
        check(" two  spaces\n  and a fold ", "two  spaces  and a fold");
        check(" =?utf-8?q?Gr=C3=BC=C3=9Fe?= an =?iso-8859-1?Q?J=F6rg?=", "Grüße an Jörg");
        check(" =?utf-8?b?w6Q=?=\n =?utf-8?b?w7Y=?=", "äö");
        // One character split between two words.
        check(" =?utf-8?b?5pel5g==?= =?utf-8?b?nKw=?=", "日本");
        check(" =?utf-8?q?a=0D=0ABcc:_x=00?=", "a  Bcc: x");
        check(" =?utf-8?q?open", "=?utf-8?q?open");
        check(" [Important] =?x", "[Important] =?x");
        check(" grün", "grün");
        check("", "");
    }

    #[test]
    fn ids_come_out_exactly_as_written() {
        let check = |field: &str, expected: &[&str], odd: bool| {
            let read = mail(&format!("References:{field}\n\n"));
            assert_eq!(ids_of(&read.references), expected, "{field}");
            assert_eq!(read.defects.contains(&Defect::MsgId), odd, "{field}");
        };
        check(" <A.b+C@x.example>", &["A.b+C@x.example"], false);
        check(
            " <1@x>\n\t<2@x>,<3@x> (a <no@x> comment) <4@x>",
            &["1@x", "2@x", "3@x", "4@x"],
            false,
        );
        check(" <no-at-sign>", &["no-at-sign"], false);
        check(" <a b@x> <1@x>", &["1@x"], true);
        check(" < 1@x >", &[], true);
        check(" 1@x", &[], true);
        check(" <1@x> <open", &["1@x"], true);
        check(" <a<b@x> <1@x>", &["1@x"], true);
        check("", &[], false);
    }

    #[test]
    fn of_long_threads_the_first_and_the_last_ids_are_kept() {
        let many: String = (0..150).map(|n| format!(" <{n}@x>\n")).collect();
        let read = mail(&format!("References:{many}In-Reply-To:{many}Subject: x\n\n"));
        let ids = ids_of(&read.references);
        assert_eq!((ids.len(), ids[0], ids[1], ids[99]), (100, "0@x", "51@x", "149@x"));
        assert_eq!(read.in_reply_to.len(), 10);
        let twice = mail("Message-ID: <1@x>\nMessage-ID: <2@x>\n\n");
        assert_eq!(twice.msg_id, None);
        assert!(twice.defects.contains(&Defect::RepeatedField));
    }

    #[test]
    fn automatic_mail_is_what_says_so_and_nothing_else() {
        let check = |field: &str, expected: Automatic| {
            assert_eq!(mail(&format!("{field}\n\nHi")).automatic, expected, "{field}");
        };
        check("Auto-Submitted: auto-replied", Automatic::Replied);
        check("Auto-Submitted: (vacation) Auto-Replied; owner-email=\"x@y\"", Automatic::Replied);
        check("Auto-Submitted: auto-generated", Automatic::Generated);
        check("Auto-Submitted: no", Automatic::No);
        check("X-Autoreply: yes", Automatic::Replied);
        check("X-Autoreply: no", Automatic::No);
        check("X-Autorespond: Re: your mail", Automatic::Replied);
        check("Precedence: auto_reply", Automatic::Replied);
        check("Precedence: bulk", Automatic::No);
        check("X-Auto-Response-Suppress: All", Automatic::No);
        check(
            "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
            Automatic::Generated,
        );
        check("Subject: Out of office", Automatic::No);
        check(
            "Auto-Submitted: auto-generated\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
            Automatic::Replied,
        );
    }

    fn multipart(kind: &str, parts: &[&str]) -> Message {
        let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
        mail(&format!(
            "Content-Type: multipart/{kind}; boundary=\"b\"\n\npreamble\n{parts}--b--\nepilogue"
        ))
    }

    const PLAIN: &str = "Content-Type: text/plain; charset=utf-8\n\n";
    const HTML: &str = "Content-Type: text/html\n\n";

    #[test]
    fn of_two_alternatives_the_one_with_the_persons_words_wins() {
        let check = |plain: &str, html: &str, expected: &str, differ: bool| {
            let (plain, html) = (format!("{PLAIN}{plain}"), format!("{HTML}{html}"));
            let read = multipart("alternative", &[&plain, &html]);
            assert_eq!(read.text.body, expected);
            assert_eq!(
                read.defects.contains(&Defect::AlternativesDiffer),
                differ,
                "{plain} {html}"
            );
        };
        check("Hello  Jane", "<p>Hello <b>Jane</b></p>", "Hello Jane", false);
        check("Hello  Jane", "<div>Hello<br>Jane</div>", "Hello  Jane", false);
        check(
            "See https://x.example",
            "See <a href='https://x.example'>https://x.example</a>",
            "See https://x.example",
            false,
        );
        check("", "<p>Hello</p>", "Hello", false);
        check("Hello", "", "Hello", false);
        check("A lamp", "<p>Call +49 30 123456</p>", "A lamp", true);
        let much =
            "The lamp leaves on Monday and will be with you by Thursday, as you asked. ".repeat(3);
        check("Your mail program can't display HTML.", &much, much.trim(), true);
        check("This mail is in HTML format", "Yours came back", "Yours came back", true);
    }

    #[test]
    fn parts_that_are_no_words_are_attachments() {
        let read = multipart(
            "mixed",
            &[
                &format!("{PLAIN}One"),
                "Content-Type: image/PNG; name=\"=?utf-8?q?B=C3=A4r.png?=\"\nContent-ID: <1@x>\nContent-Disposition: inline\nContent-Transfer-Encoding: base64\n\nAAEC\nAw==",
                "Content-Type: text/plain\nContent-Disposition: attachment; filename*=utf-8''n%C3%B6.txt\n\nnot the text",
                "Content-Type: text/calendar\n\nBEGIN:VCALENDAR",
                &format!("{PLAIN}Two"),
            ],
        );
        assert_eq!(read.text.body, "One\n\nTwo");
        let attachments: Vec<_> = read
            .attachments
            .iter()
            .map(|a| (a.name.as_deref(), a.content_type.as_str(), a.inline, a.size))
            .collect();
        assert_eq!(
            attachments,
            [
                (Some("Bär.png"), "image/png", true, 4),
                (Some("nö.txt"), "text/plain", false, 12),
                (None, "text/calendar", false, 15),
            ]
        );
        let related = multipart(
            "related",
            &[
                &format!("{HTML}<p>Look<img src='cid:1'></p>"),
                "Content-Type: image/png\nContent-ID: <1>\n\nxyz",
            ],
        );
        assert_eq!(related.text.body, "Look");
        assert!(related.attachments[0].inline);
    }

    #[test]
    fn the_content_of_an_attachment_is_decoded_when_it_is_looked_at() {
        let check = |head: &str, body: &str, id: Option<&str>, expected: &[u8]| {
            let raw = format!(
                "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n\
                 {head}\n\n{body}\n--b--\n"
            );
            let raw = raw.replace('\n', "\r\n").into_bytes();
            let read = read(&raw);
            let attachment = &read.attachments[0];
            assert_eq!(&*attachment.content.decode(&raw), expected, "{head}");
            assert_eq!(attachment.size, expected.len(), "{head}");
            assert_eq!(attachment.content_id.as_deref(), id, "{head}");
        };
        check("Content-Transfer-Encoding: base64", "AAEC\nAw==", None, &[0, 1, 2, 3]);
        check("Content-Transfer-Encoding: base64", "AA!E\nCAw=", None, &[0, 1, 2, 3]);
        check("Content-Transfer-Encoding: quoted-printable", "a=00=\nb", None, b"a\0b");
        check("Content-ID: <a.1@x>", "plain", Some("a.1@x"), b"plain");
        check("Content-ID: bare", "plain", Some("bare"), b"plain");
        check("Content-ID: <>", "plain", None, b"plain");
    }

    #[test]
    fn clear_signed_mail_is_opened_and_sealed_mail_is_not() {
        let signed = multipart(
            "signed",
            &[&format!("{PLAIN}Hello"), "Content-Type: application/pgp-signature\n\nxx"],
        );
        assert_eq!((signed.text.body.as_str(), signed.attachments.len()), ("Hello", 0));
        let check = |read: Message, expected| {
            assert_eq!(read.unreadable, Some(expected));
            assert_eq!(read.text, Text::default());
        };
        check(
            multipart("encrypted", &["Content-Type: application/pgp-encrypted\n\nVersion: 1"]),
            Unreadable::Encrypted,
        );
        check(
            mail("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nxx"),
            Unreadable::Encrypted,
        );
        check(
            mail("Content-Type: application/x-pkcs7-mime; smime-type=signed-data\n\nxx"),
            Unreadable::OpaqueSigned,
        );
        check(
            mail("\n-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----"),
            Unreadable::Encrypted,
        );
    }

    #[test]
    fn charsets_and_encodings_are_decoded_or_the_defect_is_said() {
        let check = |header: &str, body: &[u8], expected: &str, defects: &[Defect]| {
            let mut raw = format!("{header}\r\n\r\n").into_bytes();
            raw.extend_from_slice(body);
            let read = read(&raw);
            assert_eq!(
                (read.text.body.as_str(), read.defects.as_slice()),
                (expected, defects),
                "{header}"
            );
        };
        check("Content-Type: text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße", &[]);
        check(
            "Content-Type: text/plain; charset=iso-2022-jp",
            b"\x1b$B%i%s%W\x1b(B",
            "ランプ",
            &[],
        );
        check(
            "Content-Type: text/plain; charset=utf-8",
            b"\xc3\xa4\xffb",
            "ä\u{fffd}b",
            &[Defect::Charset],
        );
        check("Content-Type: text/plain; charset=x-none", b"gr\xfcn", "grün", &[Defect::Charset]);
        check("Subject: x", "grün".as_bytes(), "grün", &[]);
        check("Content-Transfer-Encoding: quoted-printable", b"gr=C3=BC=\r\nn", "grün", &[]);
        check(
            "Content-Transfer-Encoding: quoted-printable",
            b"100=% =C3=BC",
            "100=% ü",
            &[Defect::Encoding],
        );
        check("Content-Transfer-Encoding: base64", b"SGVs\r\nbG8=", "Hello", &[]);
        check("Content-Transfer-Encoding: base64", b"SGVs*bG8h", "Hello!", &[Defect::Encoding]);
        check("Content-Type: text/plain; format=flowed; delsp=yes", b"ab \r\ncd", "abcd", &[]);
        check("Subject: x", b"a\rb\x00\x1bc\x0cd\xe2\x80\xa8e", "a\nbc\nd\ne", &[]);
    }

    #[test]
    fn hostile_structure_is_cut_in_linear_time() {
        let nested: String = (0..30_000)
            .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"))
            .collect();
        let twins = format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\nContent-Type: multipart/mixed; boundary=never\n\n".repeat(20_000)
        );
        let letters = "Content-Type: message/rfc822\n\n".repeat(50_000);
        let words = format!("Subject: {}\n\n", "=?utf-8?q?a".repeat(50_000));
        let empty = "a:\n".repeat(300_000);
        let long = |what: &str| what.repeat(16_000 / what.len());
        let with_fields = |field: &str| {
            let parts = format!("--b\n{field}\n\n").repeat(400);
            format!("Content-Type: multipart/mixed; boundary=b\n\n{parts}")
        };
        let numbered: String = (0..1400).map(|n| format!(";a*{n}*=%41")).collect();
        let continued = with_fields(&format!("Content-Type: x/y{numbered}"));
        let encoded = with_fields(&format!("Content-Type: x/y; name=\"{}\"", long("=?a?q? ")));
        let commented = with_fields(&format!("Content-Disposition: x; {}", long("(")));
        let senders = format!("From: {}\n", long("=?a?q? ")).repeat(400);
        let groups = format!("From: {}\n", long("a:;<(")).repeat(400);
        for hostile in
            &[nested, twins, letters, words, empty, continued, encoded, commented, senders, groups]
        {
            let read = mail(hostile);
            assert!(read.attachments.len() <= 500);
        }
        let fat = mail(&format!("Subject: x\n\n{}", "word ".repeat(1_000_000)));
        assert!(fat.text.body.len() <= 2 << 20 && fat.defects.contains(&Defect::Bounds));
    }

    #[test]
    fn what_is_no_mail_is_text() {
        let read = read(b"just words\nand more");
        assert_eq!(read.text.body, "just words\nand more");
        assert_eq!(read.defects, [Defect::NoStructure]);
        let lost = mail("Content-Type: multipart/mixed\n\nno boundary, but words");
        assert_eq!(lost.text.body, "no boundary, but words");
        assert_eq!(super::read(b"").text, Text::default());
    }

    const WHOLE: &str = "From: =?utf-8?q?J=C3=B6?= <j@x.example>\r\nSubject: =?iso-2022-jp?B?GyRCJWkbKEI=?=\r\n\
        References: <1@x> (c) <2@x>\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\n\
        Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain; format=flowed\r\n\r\n\
        Hello \r\n> > you\r\n-- \r\nJ\r\n--c\r\nContent-Type: text/html; charset=utf-7\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <p style=3D\"display:none\">x</p><a href=3D'https://x.example'>&eacute;</a><!-- -->\r\n--c--\r\n--b\r\n\
        Content-Type: image/png; name*0=a; name*1*=%20b\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";

    fn promises(message: &Message) {
        let text = &message.text;
        assert!(text.body.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        assert!(message.subject.chars().all(|c| !c.is_control()));
        assert_eq!(text.segments.last().map_or(0, |s| s.range.end), text.body.len());
    }

    proptest! {
        #[test]
        fn random_bytes_are_read(raw in prop::collection::vec(any::<u8>(), 0..600)) {
            promises(&read(&raw));
        }

        #[test]
        fn damaged_mail_is_read(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0_u8..4), 1..12)
        ) {
            let mut raw = WHOLE.as_bytes().to_vec();
            for (index, byte, how) in edits {
                let at = index.index(raw.len());
                match how {
                    0 => raw[at] = byte,
                    1 => raw.insert(at, byte),
                    2 => { raw.truncate(at.max(1)); }
                    _ => { let copy = raw[at..(at + 80).min(raw.len())].to_vec(); raw.splice(at..at, copy); }
                }
            }
            promises(&read(&raw));
        }
    }
}
