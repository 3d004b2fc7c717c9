//! What every mail that goes out keeps to, whatever it was written from.

use bauta::mail::{self, Message};
use bauta::rewrite::Draft;

/// The words of a text, without what only stands for markup in it.
pub fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| !matches!(*word, ">" | "|" | "-")).collect()
}

/// Checks a draft that was scanned: a mail of 7-bit lines that loads nothing, says the same to every
/// program, and holds none of the secrets, which are given in lower case.
pub fn check(draft: &Draft, secrets: &[&str]) {
    is_a_mail(&draft.bytes);
    is_a_mail(&draft.recipient_view);
    let again: Message = mail::read(&draft.bytes);
    let html = draft.html.as_deref().unwrap_or_default();
    let seen = [&draft.subject, &draft.text, html, &again.text.body, &again.otherwise.body];
    for text in seen.iter().map(|t| t.to_lowercase()) {
        for secret in secrets {
            assert!(!stands_in(secret, &text), "{secret} in {text}");
        }
    }
    let raw = String::from_utf8_lossy(&draft.bytes).to_lowercase();
    assert!(!secrets.iter().any(|secret| stands_in(secret, &raw)), "{raw}");
    loads_nothing(html);
    assert_eq!(again.subject, draft.subject.trim(), "the subject");
    assert_eq!(words(&again.text.body), words(&draft.text), "the text\n{html}");
}

/// Whether a secret stands in a text: an address whatever clings to it, a domain by itself.
/// "brasslamps.example" is somebody else's than "lamps.example".
fn stands_in(secret: &str, text: &str) -> bool {
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || "-_".contains(c));
    text.match_indices(secret).any(|(at, _)| {
        let (before, after) =
            (text[..at].chars().next_back(), text[at + secret.len()..].chars().next());
        secret.contains('@') || !(goes_on(before) || goes_on(after))
    })
}

fn is_a_mail(bytes: &[u8]) {
    assert!(bytes.is_ascii());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        assert!(line.ends_with(b"\r\n") || !line.ends_with(b"\n"), "a bare LF");
        let inner = line.strip_suffix(b"\r\n").unwrap_or(line);
        assert!(!inner.contains(&b'\r') && inner.len() <= 998);
    }
}

/// In the strict form that we write, a tag begins at every bracket.
fn loads_nothing(html: &str) {
    for piece in html.split('<').skip(1) {
        let tag = piece.split('>').next().unwrap_or_default();
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        let acts = ["script", "style", "iframe", "object", "embed", "form", "input", "link"];
        let loads = ["meta", "base", "svg", "math", "video", "audio", "source", "frame", "button"];
        assert!(!acts.contains(&name) && !loads.contains(&name), "{tag}");
        assert!(!tag.contains("url(") && !tag.contains(" on"), "{tag}");
        assert!(name != "img" || tag.contains("src=\"cid:"), "{tag}");
        assert!(!tag.contains("href=\"") || tag.contains("href=\"http"), "{tag}");
    }
}
