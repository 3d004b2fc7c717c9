//! DKIM signatures on mail that comes in (RFC 6376, RFC 8301, RFC 8463).
//!
//! Our own over ring, beside the signer: the crates that verify take SHA-1 and a signature that
//! leaves `From:` out, and bring a resolver of their own. Here a signature has to prove who wrote
//! the mail as it will be read, so what weakens that is a flaw.

use data_encoding::BASE64_NOPAD;
use ring::signature::{ED25519, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

use super::domain::ascii;
use super::tags;
use crate::dns::{Dns, NoAnswer};
use crate::domain::Timestamp;
use crate::mail::canonical::{Form, fields, is_named, split, value};

/// Signatures that are looked at (RFC 6376 §6.1 lets a verifier bound them): each costs a
/// look-up, and the sender chooses how many there are.
const MOST: usize = 10;
/// Keys of one name that are tried.
const KEYS: usize = 4;

/// What may stand once in a header (RFC 5322 §3.6, RFC 2045 §3). Where such a field stands twice
/// and the signature does not cover both, one may have been added on the way, and which of them a
/// reader is shown nobody knows (RFC 6376 §8.15).
const ONCE: &[&str] = &[
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];

/// Why a signature proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// It can't be read.
    #[error("malformed")]
    Malformed,
    /// An algorithm that nobody should use any more, or that we don't know.
    #[error("algorithm")]
    Algorithm,
    /// It does not cover `From:` (RFC 6376 §5.4).
    #[error("From is not signed")]
    FromNotSigned,
    /// A field that may stand once stands twice, and one of them is not covered.
    #[error("a header was added")]
    Added,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// It covers the beginning of the body only: anybody may have written the rest.
    #[error("part of the body only")]
    PartOfBody,
    /// The body is not the one that was signed.
    #[error("the body was changed")]
    Body,
    /// There is no key, or it was revoked.
    #[error("no key")]
    NoKey,
    /// The key was not made for this.
    #[error("the key does not fit")]
    Key,
    /// The header is not the one that was signed, or somebody else signed it.
    #[error("does not verify")]
    Wrong,
    /// The key can't be had now.
    #[error("temperror")]
    Temporary,
}

/// A signature whose body hash is right, and all that is needed to verify the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `d=`, in ASCII and lower case: who signed.
    pub domain: String,
    selector: String,
    /// The domain in `i=`.
    identity: String,
    algorithm: Algorithm,
    /// What was signed.
    input: Vec<u8>,
    value: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Rsa,
    Ed25519,
}

/// The signatures of a mail in the order in which they stand: those that may be right, and why
/// the others are not.
pub fn read(mail: &[u8], now: Timestamp) -> Vec<Result<Signature, Flaw>> {
    let (head, body) = split(mail);
    let fields = fields(head);
    let mut hashes = BodyHashes { body, simple: None, relaxed: None };
    let signatures = fields.iter().filter(|field| is_named(field, "DKIM-Signature"));
    signatures.take(MOST).map(|field| read_one(field, &fields, &mut hashes, now)).collect()
}

/// The body's hash and length in each form; made once, however many signatures there are.
struct BodyHashes<'a> {
    body: &'a [u8],
    simple: Option<([u8; 32], usize)>,
    relaxed: Option<([u8; 32], usize)>,
}

impl BodyHashes<'_> {
    fn of(&mut self, form: Form) -> ([u8; 32], usize) {
        let known = match form {
            Form::Simple => &mut self.simple,
            Form::Relaxed => &mut self.relaxed,
        };
        *known.get_or_insert_with(|| {
            let body = form.body(self.body);
            (Sha256::digest(&body).into(), body.len())
        })
    }
}

fn read_one(
    field: &[u8],
    all: &[&[u8]],
    hashes: &mut BodyHashes<'_>,
    now: Timestamp,
) -> Result<Signature, Flaw> {
    let text = String::from_utf8_lossy(value(field)).into_owned();
    let tags = tags::read(&text).ok_or(Flaw::Malformed)?;
    let tag = |name| tags::value(&tags, name);
    let need = |name| tag(name).filter(|value| !value.is_empty()).ok_or(Flaw::Malformed);
    if need("v")? != "1" {
        return Err(Flaw::Malformed);
    }
    let algorithm = match need("a")?.to_ascii_lowercase().as_str() {
        "rsa-sha256" => Algorithm::Rsa,
        "ed25519-sha256" => Algorithm::Ed25519,
        // RFC 8301 §3.1: rsa-sha1 must not be taken.
        _ => return Err(Flaw::Algorithm),
    };
    let domain = ascii(need("d")?).ok_or(Flaw::Malformed)?;
    let selector = ascii(need("s")?).ok_or(Flaw::Malformed)?;
    let identity = match tag("i") {
        None => domain.clone(),
        Some(identity) => {
            let (_, own) = identity.rsplit_once('@').ok_or(Flaw::Malformed)?;
            ascii(own).ok_or(Flaw::Malformed)?
        }
    };
    // RFC 6376 §3.5: the same as d= or below it.
    let below = identity.strip_suffix(&domain).is_some_and(|s| s.is_empty() || s.ends_with('.'));
    let (head_form, body_form) = forms(tag("c")).ok_or(Flaw::Malformed)?;
    let by_dns =
        tag("q").is_none_or(|ways| ways.split(':').any(|way| tags::trim(way) == "dns/txt"));
    if !below || !by_dns {
        return Err(Flaw::Malformed);
    }
    in_time(tag("t"), tag("x"), now)?;
    let names: Vec<&str> = need("h")?.split(':').map(tags::trim).collect();
    covers(&names, all)?;
    let (hash, length) = hashes.of(body_form);
    // RFC 6376 §8.2: what is behind the signed part may be anybody's.
    if tag("l").is_some_and(|l| l.parse() != Ok(length)) {
        return Err(Flaw::PartOfBody);
    }
    if base64(need("bh")?).ok_or(Flaw::Malformed)? != hash {
        return Err(Flaw::Body);
    }
    let signed = base64(need("b")?).ok_or(Flaw::Malformed)?;
    // RFC 6376 §3.7: the signature's own field comes last, its b= empty, without a CRLF.
    let mut input = head_form.fields(&without(all, field), &names);
    input.extend(head_form.field(&emptied(field)).iter());
    Ok(Signature { domain, selector, identity, algorithm, input, value: signed })
}

/// `c=`: of the head and of the body; simple where it says nothing (RFC 6376 §3.5).
fn forms(tag: Option<&str>) -> Option<(Form, Form)> {
    let form = |word: &str| match tags::trim(word).to_ascii_lowercase().as_str() {
        "simple" => Some(Form::Simple),
        "relaxed" => Some(Form::Relaxed),
        _ => None,
    };
    let (head, body) = match tag {
        None => ("simple", "simple"),
        Some(tag) => tag.split_once('/').unwrap_or((tag, "simple")),
    };
    Some((form(head)?, form(body)?))
}

/// RFC 6376 §3.5: `x=`, which must be later than `t=`.
fn in_time(made: Option<&str>, expires: Option<&str>, now: Timestamp) -> Result<(), Flaw> {
    let seconds = |tag: Option<&str>| match tag {
        None => Ok(None),
        // More digits than a number has: the end of time.
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(digits.parse().unwrap_or(i64::MAX)))
        }
        Some(_) => Err(Flaw::Malformed),
    };
    match (seconds(made)?, seconds(expires)?) {
        (Some(made), Some(expires)) if expires <= made => Err(Flaw::Malformed),
        (_, Some(expires)) if expires <= now.as_secs() => Err(Flaw::Expired),
        _ => Ok(()),
    }
}

/// Whether `h=` names what it must.
fn covers(names: &[&str], all: &[&[u8]]) -> Result<(), Flaw> {
    let named = |name: &str| names.iter().filter(|n| n.eq_ignore_ascii_case(name)).count();
    if named("From") == 0 {
        return Err(Flaw::FromNotSigned);
    }
    let added = ONCE.iter().any(|name| {
        let count = all.iter().filter(|field| is_named(field, name)).count();
        count > 1 && count > named(name)
    });
    if added { Err(Flaw::Added) } else { Ok(()) }
}

/// All fields but this one, which its own signature can't cover.
fn without<'a>(all: &[&'a [u8]], own: &[u8]) -> Vec<&'a [u8]> {
    all.iter().filter(|field| !std::ptr::eq(field.as_ptr(), own.as_ptr())).copied().collect()
}

/// The field with nothing behind `b=`.
fn emptied(field: &[u8]) -> Vec<u8> {
    let head = field.len() - value(field).len();
    let (name, tags) = field.split_at_checked(head).unwrap_or((field, b""));
    let mut out = name.to_vec();
    for (n, tag) in tags.split(|byte| *byte == b';').enumerate() {
        if n > 0 {
            out.push(b';');
        }
        let equals = tag.iter().position(|byte| *byte == b'=').unwrap_or(tag.len());
        match tag.split_at_checked(equals) {
            Some((name, [b'=', ..])) if name.trim_ascii() == b"b" => {
                out.extend(name);
                out.push(b'=');
            }
            _ => out.extend(tag),
        }
    }
    out
}

/// Base64 with white space in it, with padding or without.
fn base64(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.chars().filter(|c| !tags::SPACE.contains(c)).collect();
    BASE64_NOPAD.decode(packed.trim_end_matches('=').as_bytes()).ok()
}

/// Looks the key up and verifies.
pub async fn verify(dns: &Dns, signature: &Signature) -> Result<(), Flaw> {
    let Signature { domain, selector, .. } = signature;
    let texts = match dns.texts(&format!("{selector}._domainkey.{domain}")).await {
        Ok(texts) => texts,
        Err(NoAnswer::Failed) => return Err(Flaw::Temporary),
        Err(NoAnswer::NoName | NoAnswer::NoRecords) => return Err(Flaw::NoKey),
    };
    // RFC 6376 §3.6.2.2: one, and of several any may be tried.
    let mut flaw = Flaw::NoKey;
    for text in texts.iter().take(KEYS) {
        match verify_with(text, signature) {
            Ok(()) => return Ok(()),
            Err(why) if flaw != Flaw::Wrong => flaw = why,
            Err(_) => {}
        }
    }
    Err(flaw)
}

/// Verifies with the key in a record (RFC 6376 §3.6.1).
///
/// `t=y` is not looked at: it asks for mercy with what does not verify, and nobody gets any here.
fn verify_with(record: &str, signature: &Signature) -> Result<(), Flaw> {
    let tags = tags::read(record).ok_or(Flaw::NoKey)?;
    let tag = |name| tags::value(&tags, name);
    let lists = |name: &str, wanted: &[&str]| {
        tags::value(&tags, name).is_none_or(|list| {
            list.split(':').any(|one| wanted.iter().any(|w| one.trim().eq_ignore_ascii_case(w)))
        })
    };
    let version = tags.iter().position(|(name, _)| *name == "v");
    if version.is_some_and(|at| at > 0) || tag("v").is_some_and(|v| v != "DKIM1") {
        return Err(Flaw::NoKey);
    }
    let key = base64(tag("p").ok_or(Flaw::NoKey)?).ok_or(Flaw::NoKey)?;
    if key.is_empty() {
        return Err(Flaw::NoKey); // revoked
    }
    let kind = tag("k").unwrap_or("rsa").to_ascii_lowercase();
    let strict = tag("t").is_some_and(|flags| flags.split(':').any(|flag| flag.trim() == "s"));
    let fits = match signature.algorithm {
        Algorithm::Rsa => kind == "rsa",
        Algorithm::Ed25519 => kind == "ed25519",
    };
    if !fits
        || !lists("h", &["sha256"])
        || !lists("s", &["*", "email"])
        || (strict && signature.identity != signature.domain)
    {
        return Err(Flaw::Key);
    }
    let Signature { input, value, .. } = signature;
    let verified = match signature.algorithm {
        // RFC 8301 §3.2: from 1024 bits on.
        Algorithm::Rsa => {
            let key = rsa_key(&key).ok_or(Flaw::Key)?;
            UnparsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, key)
                .verify(input, value)
        }
        // RFC 8463 §3: what Ed25519 signs is the SHA-256 of it.
        Algorithm::Ed25519 => {
            UnparsedPublicKey::new(&ED25519, &key).verify(&Sha256::digest(input), value)
        }
    };
    verified.map_err(|_| Flaw::Wrong)
}

/// The `RSAPublicKey` (RFC 8017 §A.1.1) inside of a `SubjectPublicKeyInfo` (RFC 5280 §4.1). RFC
/// 6376 §3.6.1 asks for the former and shows the latter; both stand in the DNS.
fn rsa_key(der: &[u8]) -> Option<&[u8]> {
    const INTEGER: u8 = 2;
    const BIT_STRING: u8 = 3;
    const SEQUENCE: u8 = 0x30;
    let (inside, _) = der_value(der, SEQUENCE)?;
    if inside.first() == Some(&INTEGER) {
        return Some(der);
    }
    let (_, rest) = der_value(inside, SEQUENCE)?;
    let (bits, _) = der_value(rest, BIT_STRING)?;
    // No bit of the last octet is left out.
    bits.strip_prefix(&[0])
}

/// The value of this tag, and what stands behind it (X.690 §8.1, lengths of up to two octets).
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match der {
        [found, 0x82, high, low, rest @ ..] if *found == tag => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        [found, 0x81, length, rest @ ..] if *found == tag => (usize::from(*length), rest),
        [found, length @ ..=0x7f, rest @ ..] if *found == tag => (usize::from(*length), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests;
