//! DKIM signatures (RFC 6376, RFC 8463) on mail that was composed here.

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use sha2::{Digest as _, Sha256};

use crate::config::{Dkim, DkimSecret};

/// What is signed where it is there, and as often again as not there: whoever adds one of these
/// on the way breaks the signature (RFC 6376 §5.4.2).
const SIGNED: &[&str] = &[
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "Sender",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Auto-Submitted",
];

/// One signature header per key, the whole lines, to be put before the mail; `None` where the mail
/// is not from `domain` or can't be signed. The same mail, key and moment give the same bytes.
///
/// `at`: seconds since 1970.
pub fn sign(dkim: &Dkim, domain: &str, mail: &[u8], at: i64) -> Option<Vec<u8>> {
    let (head, body) = split(mail);
    let fields = fields(head);
    if !is_from(&fields, domain) {
        return None;
    }
    let body_hash = BASE64.encode(&Sha256::digest(relaxed_body(body)));
    let names = names(&fields);
    let signed = relaxed_fields(&fields, &names);
    let mut headers = Vec::new();
    for key in &dkim.keys {
        let algorithm = match key.secret {
            DkimSecret::Rsa(_) => "rsa-sha256",
            DkimSecret::Ed25519(_) => "ed25519-sha256",
        };
        let mut header = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n\ts={}; t={at};\r\n\th={};\r\n\tbh={body_hash};\r\n\tb=",
            key.selector,
            folded(&names)
        );
        // RFC 6376 §3.7: what is signed ends with this field, its "b=" empty, without CRLF.
        let mut input = signed.clone();
        input.extend(relaxed(header.as_bytes()));
        let signature = signature(&key.secret, &input)?;
        for (n, part) in BASE64.encode(&signature).as_bytes().chunks(70).enumerate() {
            if n > 0 {
                header.push_str("\r\n\t ");
            }
            header.push_str(&String::from_utf8_lossy(part));
        }
        header.push_str("\r\n");
        headers.extend(header.into_bytes());
    }
    (!headers.is_empty()).then_some(headers)
}

fn signature(secret: &DkimSecret, input: &[u8]) -> Option<Vec<u8>> {
    match secret {
        DkimSecret::Rsa(key) => {
            let mut signature = vec![0; key.public().modulus_len()];
            key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).ok()?;
            Some(signature)
        }
        // RFC 8463 §3: what Ed25519 signs is the SHA-256 of it.
        DkimSecret::Ed25519(key) => Some(key.sign(&Sha256::digest(input)).as_ref().to_vec()),
    }
}

/// Head without the empty line, and body.
fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    match mail.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => {
            (mail.get(..at + 2).unwrap_or_default(), mail.get(at + 4..).unwrap_or_default())
        }
        None => (mail, b""),
    }
}

/// The header fields, folded as they are, without their last CRLF.
fn fields(head: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while let Some(end) = head.get(at..).and_then(|rest| rest.windows(2).position(|w| w == b"\r\n"))
    {
        at += end + 2;
        if !matches!(head.get(at), Some(b' ' | b'\t')) {
            fields.extend(head.get(begin..at - 2));
            begin = at;
        }
    }
    fields
}

fn name(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    field.get(..end).unwrap_or_default().trim_ascii()
}

/// Whether there is one author, of this domain (RFC 7489 §3.1.1: aligned).
fn is_from(fields: &[&[u8]], domain: &str) -> bool {
    let mut authors = fields.iter().filter(|field| name(field).eq_ignore_ascii_case(b"From"));
    let (Some(author), None) = (authors.next(), authors.next()) else { return false };
    let author = String::from_utf8_lossy(author);
    let address = author.trim_end().trim_end_matches('>');
    address.rsplit_once('@').is_some_and(|(_, d)| d.trim().eq_ignore_ascii_case(domain))
}

/// Each name as often as it occurs, and once more.
fn names(fields: &[&[u8]]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for known in SIGNED {
        let count =
            fields.iter().filter(|f| name(f).eq_ignore_ascii_case(known.as_bytes())).count();
        names.extend(std::iter::repeat_n(*known, count + 1));
    }
    names
}

fn folded(names: &[&str]) -> String {
    let mut lines = vec![String::new()];
    for (n, name) in names.iter().enumerate() {
        let colon = if n + 1 < names.len() { ":" } else { "" };
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < 70 => line.push_str(&format!("{name}{colon}")),
            _ => lines.push(format!("{name}{colon}")),
        }
    }
    lines.join("\r\n\t ")
}

/// RFC 6376 §5.4.2: of several with one name the last comes first; one that is not there is
/// nothing.
fn relaxed_fields(fields: &[&[u8]], names: &[&str]) -> Vec<u8> {
    let mut left: Vec<&[u8]> = fields.to_vec();
    let mut signed = Vec::new();
    for wanted in names {
        let found = left.iter().rposition(|f| name(f).eq_ignore_ascii_case(wanted.as_bytes()));
        if let Some(at) = found {
            signed.extend(relaxed(left.remove(at)));
            signed.extend(b"\r\n");
        }
    }
    signed
}

/// RFC 6376 §3.4.2: the name in lower case, unfolded, runs of spaces made one, none around the
/// value.
fn relaxed(field: &[u8]) -> Vec<u8> {
    let own = name(field);
    let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
    let value = field.get(colon + 1..).unwrap_or_default();
    let mut line = own.to_ascii_lowercase();
    line.push(b':');
    line.extend(one_space(value).trim_ascii());
    line
}

/// Runs of spaces and tabs made one space, line ends left out.
fn one_space(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        match byte {
            b' ' | b'\t' if out.last() == Some(&b' ') => {}
            b' ' | b'\t' => out.push(b' '),
            other => out.push(*other),
        }
    }
    out
}

/// RFC 6376 §3.4.4: runs of spaces made one, none at the ends of lines, no empty lines at the end,
/// the last line ended.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty = 0;
    let mut lines = body.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() && line.is_empty() {
            break;
        }
        let line = one_space(line);
        let line = line.strip_suffix(b" ").unwrap_or(&line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        (0..empty).for_each(|_| out.extend(b"\r\n"));
        empty = 0;
        out.extend(line);
        out.extend(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_relaxed_as_the_rfc_shows() {
        // RFC 6376 §3.4.5
        assert_eq!(relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
        assert_eq!(relaxed_body(b""), b"");
        assert_eq!(relaxed_body(b"\r\n\r\n"), b"");
        assert_eq!(relaxed_body(b"no end"), b"no end\r\n");
        assert_eq!(relaxed_body(b"a\r\n\r\nb\r\n"), b"a\r\n\r\nb\r\n");
    }

    #[test]
    fn a_field_is_relaxed_as_the_rfc_shows() {
        assert_eq!(relaxed(b"A: X"), b"a:X");
        assert_eq!(relaxed(b"B : Y\t\r\n\tZ  "), b"b:Y Z");
    }

    #[test]
    fn only_one_author_of_the_domain_is_signed_for() {
        for (head, expected) in [
            ("From: a@alias.example\r\n", true),
            ("From: \"x@y.example\" <a@ALIAS.example>\r\n", true),
            ("From: \"a@alias.example\"\r\n <a@other.example>\r\n", false),
            ("From: a@sub.alias.example\r\n", false),
            ("From: a@alias.example\r\nFrom: b@alias.example\r\n", false),
            ("Sender: a@alias.example\r\n", false),
        ] {
            assert_eq!(is_from(&fields(head.as_bytes()), "alias.example"), expected, "{head}");
        }
    }

    #[test]
    fn each_field_is_named_once_more_than_it_occurs_and_the_last_is_taken_first() {
        let head = b"To: first\r\nFrom: a\r\nto:\r\n second\r\n";
        let fields = fields(head);
        assert_eq!(fields, [&b"To: first"[..], b"From: a", b"to:\r\n second"]);
        let names = names(&fields);
        assert_eq!(names.iter().filter(|n| **n == "To").count(), 3);
        assert_eq!(names.iter().filter(|n| **n == "Cc").count(), 1);
        assert_eq!(
            relaxed_fields(&fields, &["To", "From", "To", "To"]),
            b"to:second\r\nfrom:a\r\nto:first\r\n"
        );
    }
}
