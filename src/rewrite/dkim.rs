//! DKIM signatures (RFC 6376, RFC 8463) on mail that was composed here.

use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::signature::RSA_PKCS1_SHA256;
use sha2::{Digest as _, Sha256};

use crate::config::{Dkim, DkimSecret};
use crate::mail::canonical::{Form, fields, is_named, split};

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
    let body_hash = BASE64.encode(&Sha256::digest(Form::Relaxed.body(body)));
    let names = names(&fields);
    let signed = Form::Relaxed.fields(&fields, &names);
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
        input.extend(Form::Relaxed.field(header.as_bytes()).iter());
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

/// Whether there is one author, of this domain (RFC 7489 §3.1.1: aligned).
fn is_from(fields: &[&[u8]], domain: &str) -> bool {
    let mut authors = fields.iter().filter(|field| is_named(field, "From"));
    let (Some(author), None) = (authors.next(), authors.next()) else { return false };
    let author = String::from_utf8_lossy(author);
    let address = author.trim_end().trim_end_matches('>');
    address.rsplit_once('@').is_some_and(|(_, d)| d.trim().eq_ignore_ascii_case(domain))
}

/// Each name as often as it occurs, and once more.
fn names(fields: &[&[u8]]) -> Vec<&'static str> {
    let mut names = Vec::new();
    for known in SIGNED {
        let count = fields.iter().filter(|field| is_named(field, known)).count();
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn each_field_is_named_once_more_than_it_occurs() {
        let fields = fields(b"To: first\r\nFrom: a\r\nto:\r\n second\r\n");
        let names = names(&fields);
        assert_eq!(names.iter().filter(|n| **n == "To").count(), 3);
        assert_eq!(names.iter().filter(|n| **n == "Cc").count(), 1);
    }
}
