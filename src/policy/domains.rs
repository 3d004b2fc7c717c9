//! What is a domain, and which domains are allowed.

use super::lexicon::LEXICON;
use super::tokens::{Dot, Host, Tokens};
use super::view::View;

/// Domains that stand for nobody by RFC 2606 §2 and RFC 6761 §6, yet are written like any other.
const RESERVED: [&str; 5] = ["example", "test", "invalid", "onion", "localhost"];

/// Whether a name ends in a public suffix and has a label before it. Lower case.
pub(super) fn is_domain(name: &str) -> bool {
    let Some((before, ending)) = name.rsplit_once('.') else { return false };
    if before.is_empty() || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return false;
    }
    if RESERVED.contains(&ending) {
        return true;
    }
    psl::suffix(name.as_bytes())
        .is_some_and(|suffix| suffix.is_known() && suffix.as_bytes().len() < name.len())
}

/// Letters for the digits that stand for them: "yah00" is "yahoo", "c0m" is "com".
pub(super) fn unleet(text: &str) -> String {
    // Figures and letters are one byte each, and no part of a longer character.
    String::from_utf8(text.bytes().map(letter).collect()).unwrap_or_default()
}

/// The letter that a figure looks like.
pub(super) fn letter(byte: u8) -> u8 {
    match byte {
        b'0' => b'o',
        b'1' => b'i',
        b'3' => b'e',
        b'4' => b'a',
        b'5' => b's',
        b'7' => b't',
        byte => byte,
    }
}

/// Cuts a host after its last label that makes it a domain; false where none does.
pub(super) fn settle(host: &mut Host, view: &View<'_>, tokens: &Tokens<'_>) -> bool {
    for labels in (2..=host.labels.len()).rev() {
        let mut shorter = host.clone();
        shorter.cut(labels);
        // "jane@x.example .\nIt may": after real dots a dot apart ends the sentence.
        let apart = shorter.dots.last() == Some(&Dot::Spaced);
        if apart && shorter.dots.contains(&Dot::Plain) {
            continue;
        }
        let name = shorter.name();
        let leet = || {
            let ending = shorter.ending();
            matches!(ending, "c0m" | "n3t" | "0rg")
                && is_domain(&name.replace(ending, &unleet(ending)))
        };
        // An ending in another script does not survive folding ("рф").
        let raw = || {
            let words = view.words(&tokens.bytes(&shorter.tokens())).to_lowercase();
            !words.is_ascii() && is_domain(&words)
        };
        if is_domain(&name) || leet() || raw() {
            *host = shorter;
            return true;
        }
    }
    false
}

/// Whether a label names a free-mail provider.
pub(super) fn is_provider(label: &str) -> bool {
    LEXICON.providers.has(label) || LEXICON.providers.read(label.bytes().map(letter)).1.is_some()
}

/// Whether a label may go on to be a provider's name.
pub(super) fn begins_provider(label: &str, figures: bool) -> bool {
    let leet = || LEXICON.providers.read(label.bytes().map(letter)).0;
    LEXICON.providers.begins(label) || (figures && leet())
}

/// Domains that may be named: each with its subdomains, never their parents.
#[derive(Debug, Clone, Default)]
pub(super) struct Allowed(Vec<String>);

impl Allowed {
    /// From lower-case domains.
    pub fn new(domains: impl IntoIterator<Item = String>) -> Self {
        let tidy = |d: String| d.trim().trim_matches('.').to_ascii_lowercase();
        Self(domains.into_iter().map(tidy).filter(|d| !d.is_empty()).collect())
    }

    /// Whether a host *as it was written* is one of these. Never ask with a folded name: a
    /// look-alike of an allowed domain folds to it and is somebody else's.
    pub fn has(&self, written: &str) -> bool {
        let host = written.trim_end_matches('.').to_ascii_lowercase();
        self.0.iter().any(|domain| match host.strip_suffix(domain.as_str()) {
            Some(before) => before.is_empty() || before.ends_with('.'),
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_domain_covers_its_subdomains_and_nothing_else() {
        let allowed = Allowed::new(["dhl.com".to_owned(), "Shop.Market.Example".to_owned()]);
        for (host, expected) in [
            ("dhl.com", true),
            ("WWW.DHL.com", true),
            ("notdhl.com", false),
            ("dhl.com.evil.example", false),
            ("dhl.de", false),
            ("com", false),
            ("shop.market.example", true),
            ("market.example", false),
            ("dhl.cоm", false), // a Cyrillic о
        ] {
            assert_eq!(allowed.has(host), expected, "{host}");
        }
    }

    #[test]
    fn a_domain_has_a_public_suffix() {
        for good in ["lamps.example", "x.co.uk", "t.co", "müller.de", "пример.рф"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in ["co.uk", "com", "node.js", "1.2", "invoice.pdf", "a..de", ".de", "etc"] {
            assert!(!is_domain(bad), "{bad}");
        }
    }
}
