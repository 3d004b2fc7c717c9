//! What the process has in hand, so that a mail that brings it down is not tried again and again.

use sha2::{Digest, Sha256};

use super::Relay;
use super::accept::INLINE;
use super::prepare::{body, field};
use crate::domain::Timestamp;
use crate::store::Mark;

/// How much work a mail is, and what it is known by should the process die over it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Work {
    /// Its length as received.
    pub bytes: usize,
    /// None for what nobody sends again, and for small plain mails: no reading of those is deep
    /// or long enough to bring a process down, and every kill of it would find some in hand.
    pub mark: Option<Mark>,
}

impl Work {
    /// A mail that came in.
    pub fn on(raw: &[u8]) -> Self {
        let mark = (!is_small_and_plain(raw)).then(|| mark(raw));
        Self { bytes: raw.len(), mark }
    }

    /// Of what is here already.
    pub fn unmarked(raw: &[u8]) -> Self {
        Self { bytes: raw.len(), mark: None }
    }
}

impl Relay {
    /// How often the process died while it had this mail in hand.
    pub(super) fn deaths(&self, work: Work, now: Timestamp) -> u64 {
        work.mark.map_or(0, |mark| self.0.store.deaths_over(&mark, now))
    }
}

/// One part of text, judged where it came in.
fn is_small_and_plain(raw: &[u8]) -> bool {
    let plain = |line: &[u8]| {
        let value = line.splitn(2, |b| *b == b':').nth(1).unwrap_or_default().trim_ascii_start();
        value.get(..10).is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/plain"))
    };
    raw.len() <= INLINE && field(raw, b"content-type").is_none_or(plain)
}

/// By its id and content: each try adds trace fields of its own to the header. Of a large mail by
/// its length and its ends, which tell it from others and cost nothing.
fn mark(raw: &[u8]) -> Mark {
    let body = body(raw);
    let ends = [body.get(..INLINE), body.len().checked_sub(INLINE).and_then(|at| body.get(at..))];
    let mut hash = Sha256::new();
    hash.update(field(raw, b"message-id").or_else(|| field(raw, b"date")).unwrap_or_default());
    hash.update(body.len().to_be_bytes());
    match ends {
        [Some(first), Some(last)] => {
            hash.update(first);
            hash.update(last);
        }
        _ => hash.update(body),
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_plain_mails_have_no_mark_and_the_same_mail_has_the_same() {
        let mail = |head: &str, body: &str| {
            format!("Message-ID: <1@x>\r\n{head}\r\n\r\n{body}").into_bytes()
        };
        let long = "lamp ".repeat(20_000);
        for (head, body, marked) in [
            ("Subject: x", "Hi", false),
            ("Content-Type: Text/PLAIN; charset=utf-8", "Hi", false),
            ("Content-Type:text/plain", "Hi", false),
            ("Content-Type: text/html", "Hi", true),
            ("Content-Type:\r\n text/plain", "Hi", true),
            ("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\nHi", true),
            ("Content-Type: text/plain", &long, true),
        ] {
            assert_eq!(Work::on(&mail(head, body)).mark.is_some(), marked, "{head}");
        }
        let html = |more: &str| Work::on(&mail(&format!("{more}Content-Type: text/html"), "Hi"));
        assert_eq!(html("Received: now\r\n").mark, html("Received: later\r\n").mark);
        let of = |body: &str| Work::on(&mail("Content-Type: text/html", body)).mark;
        assert_ne!(html("").mark, of("Ho"));
        let marks = [of(&long), of(&format!("x{long}")), of(&format!("{long}x"))];
        assert!(marks[0] != marks[1] && marks[1] != marks[2] && marks[0] != marks[2]);
    }
}
