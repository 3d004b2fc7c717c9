//! Searching one decoded text for secrets.

use std::sync::LazyLock;

use regex::Regex;

use super::binary::Letters;
use super::unveil;
use crate::domain::{Secrets, folded};

/// What kind of secret was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A full address.
    Address,
    /// A domain of the sender's own.
    Domain,
    /// The hidden full name.
    Name,
    /// A distinctive local part.
    LocalPart,
}

#[allow(clippy::unwrap_used)] // constants that every test compiles
mod pattern {
    use super::{LazyLock, Regex};

    pub static HOST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:[\p{L}\p{N}_-]+\.)+[\p{L}\p{N}-]+").unwrap());
    pub static AT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]+@[\p{L}\p{N}.-]*[\p{L}\p{N}]").unwrap()
    });
}

/// The secrets, ready to be searched for.
pub(super) struct Search<'a> {
    secrets: &'a Secrets,
    /// Full addresses, lower case.
    addresses: Vec<String>,
    /// The same from their end: a mark or a style turns them round again for their reader.
    turned: Vec<String>,
}

impl<'a> Search<'a> {
    pub fn new(secrets: &'a Secrets) -> Self {
        let addresses = secrets.addresses.iter().map(|a| a.reveal().to_lowercase());
        let addresses: Vec<String> = addresses.collect();
        let turned = addresses.iter().map(|a| a.chars().rev().collect()).collect();
        Self { secrets, addresses, turned }
    }

    /// The letters by which a secret is found in a file.
    pub fn letters(&self) -> Letters {
        let addresses = self.addresses.iter().flat_map(|a| a.split('@'));
        let name = self.secrets.hidden_name.iter().flat_map(|name| name.split_whitespace());
        let name: Vec<String> = name.map(str::to_lowercase).collect();
        let Secrets { domains, local_parts, .. } = self.secrets;
        let words = addresses
            .chain(domains.iter().map(String::as_str))
            .chain(local_parts.iter().map(String::as_str))
            .chain(name.iter().map(String::as_str));
        Letters::of(words)
    }

    /// Full addresses in text that was not decoded.
    pub fn raw(&self, text: &str) -> Option<Kind> {
        let lower = text.to_lowercase();
        self.addresses.iter().any(|a| stands_in(&lower, a)).then_some(Kind::Address)
    }

    /// Addresses and own domains in decoded text.
    pub fn contacts(&self, text: &str) -> Option<Kind> {
        let forms = unveil::forms(text);
        let hidden = unveil::base64_words(text);
        forms.iter().chain(&hidden).find_map(|form| {
            let all = self.addresses.iter().chain(&self.turned);
            let has_address = { all }.any(|a| stands_in(form, a))
                || pattern::AT.find_iter(form).any(|m| self.is_address(m.as_str()));
            if has_address {
                return Some(Kind::Address);
            }
            let has_domain = !self.secrets.domains.is_empty()
                && pattern::HOST.find_iter(form).any(|m| self.secrets.holds_domain(m.as_str()));
            has_domain.then_some(Kind::Domain)
        })
    }

    /// The hidden name and distinctive local parts as whole words.
    pub fn person(&self, text: &str) -> Option<Kind> {
        unveil::forms(text).iter().find_map(|form| {
            let spaced = form.split_whitespace().collect::<Vec<_>>().join(" ");
            let letters = folded(&spaced);
            if self.secrets.name_spellings().iter().any(|name| holds_name(&letters, name)) {
                return Some(Kind::Name);
            }
            let local = self.secrets.local_parts.iter().any(|l| contains_word(&spaced, l));
            local.then_some(Kind::LocalPart)
        })
    }

    /// Whether what looks like an address is a secret one, also behind characters that cling.
    fn is_address(&self, found: &str) -> bool {
        let starts = found.char_indices().filter(|(at, c)| *at == 0 || !c.is_alphanumeric());
        starts
            .flat_map(|(at, c)| [at, at + c.len_utf8()])
            .any(|at| found.get(at..).is_some_and(|tail| self.secrets.holds_address(tail)))
    }
}

/// White space, line ends, quote marks and the borders of cells that may stand inside of an address at one place.
const MOST_BETWEEN: usize = 12;

/// Whether an address stands in a text, also with spaces or a line end inside of it, and whatever
/// clings to it: a person reads it all the same. Somebody else's that holds it counts too.
fn stands_in(text: &str, address: &str) -> bool {
    let Some(first) = address.chars().next() else { return false };
    text.match_indices(first)
        .filter_map(|(at, _)| text.get(at..))
        .any(|tail| begins_with(tail, address))
}

fn begins_with(text: &str, address: &str) -> bool {
    let mut rest = text;
    for wanted in address.chars() {
        let behind = rest.strip_prefix(wanted).or_else(|| {
            let behind =
                rest.trim_start_matches(|c: char| c.is_whitespace() || c == '>' || c == '|');
            let near = rest.len() - behind.len() <= MOST_BETWEEN;
            behind.strip_prefix(wanted).filter(|_| near)
        });
        match behind {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    true
}

/// Whether a full name stands in a text: as it is, with up to two words or initials between its
/// first and its last word, or with its last word first.
fn holds_name(text: &str, name: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric();
    let parts: Vec<&str> = name.split(|c| !is_letter(c)).filter(|p| !p.is_empty()).collect();
    let words: Vec<&str> = text.split(|c| !is_letter(c)).filter(|p| !p.is_empty()).collect();
    let [first, .., last] = parts.as_slice() else { return contains_word(text, name) };
    words.iter().enumerate().any(|(at, word)| {
        let next = |n: usize| words.get(at + n);
        (word == first && (1..=3).any(|n| next(n) == Some(last)))
            || (word == last && next(1) == Some(first))
    })
}

/// Whether `word` stands in `text` and no letter or digit continues it on either side.
fn contains_word(text: &str, word: &str) -> bool {
    !word.is_empty()
        && text.match_indices(word).any(|(at, found)| {
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let after = text.get(at + found.len()..).and_then(|t| t.chars().next());
            !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
        })
}
