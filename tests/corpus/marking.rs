//! A mail gets an identity that stands all over it: in every header that names a sender, in the
//! words, the quote and the signature, in HTML where nobody sees it, in the names of files.

use std::ops::Range;

use data_encoding::BASE64_MIME_PERMISSIVE;
use mail_parser::{Encoding, MessageParser, MessagePart, MimeHeaders, PartType};

pub const ADDRESS: &str = "zyxmarker.person@qwvmarker.example";
pub const DOMAIN: &str = "qwvmarker.example";
pub const LOCAL: &str = "zyxmarker.person";
pub const NAME: &str = "Zyxina Markerfamily";

/// The mail with the marked identity. Bytes stay bytes: nothing of it is decoded that need not be.
pub fn marked(raw: &[u8]) -> Vec<u8> {
    let body = marked_parts(raw);
    let lines = unix(&body);
    let end = lines.windows(2).position(|w| w == b"\n\n").map_or(lines.len(), |at| at + 1);
    let (header, rest) = lines.split_at(end);
    let mut fields: Vec<Vec<u8>> = Vec::new();
    for line in header.split_inclusive(|b| *b == b'\n') {
        match fields.last_mut() {
            Some(last) if line.starts_with(b" ") || line.starts_with(b"\t") => {
                last.extend_from_slice(line);
            }
            _ => fields.push(line.to_vec()),
        }
    }
    let sender = ["from:", "sender:", "reply-to:", "return-path:", "message-id:", "references:"];
    fields.retain(|f| {
        let start = String::from_utf8_lossy(f.get(..20).unwrap_or(f)).to_lowercase();
        !sender.iter().any(|s| start.starts_with(s))
    });
    let mut out = format!(
        "Received: from host.{DOMAIN} (host.{DOMAIN} [192.0.2.1]) for <{ADDRESS}>\n\
         From: {NAME} <{ADDRESS}>\nSender: <{ADDRESS}>\nReply-To: {NAME} <{ADDRESS}>\n\
         Message-ID: <1.{ADDRESS}>\nReferences: <0.{ADDRESS}>\nX-Original-Sender: {ADDRESS}\n\
         X-Name: {NAME}\nOrganization: {NAME} at {DOMAIN}\nThread-Topic: {NAME}\n\
         Disposition-Notification-To: {NAME} <{ADDRESS}>\nList-Unsubscribe: <mailto:{ADDRESS}>\n"
    )
    .into_bytes();
    out.extend(fields.concat());
    out.extend_from_slice(rest);
    let mut wire = Vec::with_capacity(out.len() + out.len() / 40);
    for b in out {
        if b == b'\n' {
            wire.push(b'\r');
        }
        wire.push(b);
    }
    wire
}

fn unix(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for (at, b) in raw.iter().enumerate() {
        if !(*b == b'\r' && raw.get(at + 1) == Some(&b'\n')) {
            out.push(*b);
        }
    }
    out
}

/// The raw mail with words of the identity at the end of each text, and in each file's name. Lines
/// of a text that look like a header name no file: they are what somebody wrote, who may name himself.
fn marked_parts(raw: &[u8]) -> Vec<u8> {
    let mut edits: Vec<(Range<usize>, Vec<u8>)> = Vec::new();
    // The parser that finds the places asserts in a debug build what not every mail keeps to.
    let parsed = std::panic::catch_unwind(|| MessageParser::default().parse(raw)).ok().flatten();
    if let Some(mail) = parsed {
        for part in &mail.parts {
            let header = part.offset_header as usize..part.offset_body as usize;
            if let Some(fields) = raw.get(header.clone()) {
                edits.push((header, named(fields)));
            }
            let body = part.offset_body as usize..part.offset_end as usize;
            let own = match &part.body {
                PartType::Text(_) if is_enriched(part) => plain().replace('\n', "<nl>"),
                PartType::Text(_) => plain(),
                PartType::Html(_) => html(),
                // A mail inside of the mail was written by the same person.
                PartType::Message(_) if part.encoding == Encoding::None => {
                    let inner = raw.get(body.clone()).unwrap_or_default();
                    edits.push((body, unix(&marked(inner))));
                    continue;
                }
                _ => continue,
            };
            let Some(bytes) = raw.get(body.clone()) else { continue };
            match part.encoding {
                Encoding::None => edits.push((body.end..body.end, own.into_bytes())),
                Encoding::QuotedPrintable => {
                    let quoted = format!("=\n{}", own.replace('=', "=3D"));
                    edits.push((body.end..body.end, quoted.into_bytes()));
                }
                Encoding::Base64 => {
                    let clean: Vec<u8> =
                        bytes.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
                    if let Ok(mut decoded) = BASE64_MIME_PERMISSIVE.decode(&clean) {
                        decoded.extend(own.as_bytes());
                        let again = BASE64_MIME_PERMISSIVE.encode(&decoded).replace('\r', "");
                        edits.push((body, format!("{}\n", again.trim_end()).into_bytes()));
                    }
                }
            }
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let (mut out, mut at) = (Vec::new(), 0);
    for (range, with) in edits {
        if range.start < at {
            continue;
        }
        out.extend_from_slice(&raw[at..range.start]);
        out.extend(with);
        at = range.end;
    }
    out.extend_from_slice(&raw[at..]);
    out
}

/// `text/enriched` and `text/richtext`, where a line end is a space.
fn is_enriched(part: &MessagePart<'_>) -> bool {
    let kind = part.content_type().and_then(|kind| kind.subtype());
    kind.is_some_and(|kind| ["enriched", "richtext"].iter().any(|k| k.eq_ignore_ascii_case(kind)))
}

/// Every name of a file begins with the identity, in header fields.
fn named(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    for line in raw.split_inclusive(|b| *b == b'\n') {
        let lower = line.to_ascii_lowercase();
        let start = lower.trim_ascii_start();
        let folded = start.len() < lower.len();
        let field = start.starts_with(b"content-")
            || (folded && (start.starts_with(b"name=") || start.starts_with(b"filename=")));
        let name = lower.windows(6).position(|w| w == b"name=\"").filter(|_| field);
        match name {
            Some(at) => {
                out.extend_from_slice(&line[..at + 6]);
                out.extend(format!("{LOCAL} {NAME} ").bytes());
                out.extend_from_slice(&line[at + 6..]);
            }
            None => out.extend_from_slice(line),
        }
    }
    out
}

fn plain() -> String {
    format!(
        "\n\nreach me: {ADDRESS} or https://www.{DOMAIN}/x or <mailto:{ADDRESS}?subject=x>\n\
         or zyxmarker%2Eperson%40qwvmarker.example or zyxmarker.person&#64;qwvmarker.example\n\
         On Mon, 23 Nov 2026 at 18:26, {NAME} <{ADDRESS}> wrote:\n> From: {NAME} [mailto:{ADDRESS}]\n\
         > To: {ADDRESS}\n\n-- \n{NAME}\n{ADDRESS}\n{LOCAL}\n"
    )
}

fn html() -> String {
    format!(
        "\n<!-- {ADDRESS} {NAME} --><style>.x {{ background: url(https://{DOMAIN}/{LOCAL}) }}</style>\
         <p title=\"{NAME} {ADDRESS}\" class=\"{LOCAL}\" style=\"font-family: '{ADDRESS}'\">reach me: {ADDRESS}</p>\
         <div style=\"display:none\">{NAME} {ADDRESS}</div><span style=\"font-size:0\">{LOCAL}</span>\
         <a href=\"mailto:{ADDRESS}\">write</a> <a href=\"https://www.{DOMAIN}/?u=zyxmarker.person%40qwvmarker.example\">here</a>\
         <img src=\"https://{DOMAIN}/t.gif?u={LOCAL}\" alt=\"{NAME}\">\
         <script>var x = '{ADDRESS}'</script><form action=\"https://{DOMAIN}/\"><input value=\"{ADDRESS}\"></form>\
         <p>On Mon, 23 Nov 2026 at 18:26, {NAME} &lt;zyxmarker&#46;person&commat;{DOMAIN}&gt; wrote:</p>\
         <blockquote cite=\"mid:1.{ADDRESS}\">From: {NAME} &lt;{ADDRESS}&gt;</blockquote>\
         <p>-- <br>{NAME}<br>{ADDRESS}</p>\n"
    )
}
