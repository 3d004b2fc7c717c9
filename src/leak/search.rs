//! Searching one decoded text for secrets.

use std::cell::OnceCell;

use super::address::Wanted;
use super::binary::Letters;
use super::{domain, unveil};
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

/// The secrets, ready to be searched for.
pub(super) struct Search<'a> {
    secrets: &'a Secrets,
    addresses: Vec<Wanted>,
    /// The hidden name as it may be spelt.
    names: Vec<String>,
    /// Made for the first file, because making it takes longer than to search a plain mail.
    letters: OnceCell<Letters>,
}

impl<'a> Search<'a> {
    pub fn new(secrets: &'a Secrets) -> Self {
        Self {
            secrets,
            addresses: secrets.addresses.iter().flat_map(Wanted::of).collect(),
            names: secrets.name_spellings(),
            letters: OnceCell::new(),
        }
    }

    /// Whether nobody is to be named in prose either.
    pub fn in_prose(&self) -> bool {
        self.secrets.in_prose
    }

    /// The letters by which a secret is found in a file.
    pub fn letters(&self) -> &Letters {
        self.letters.get_or_init(|| self.make_letters())
    }

    fn make_letters(&self) -> Letters {
        let addresses = self.secrets.addresses.iter().map(|a| a.reveal().to_lowercase());
        let addresses: Vec<String> =
            addresses.flat_map(|a| a.split('@').map(str::to_owned).collect::<Vec<_>>()).collect();
        let name = self.secrets.hidden_name.iter().flat_map(|name| name.split_whitespace());
        let name: Vec<String> = name.map(str::to_lowercase).collect();
        let Secrets { domains, local_parts, .. } = self.secrets;
        let words = addresses
            .iter()
            .map(String::as_str)
            .chain(domains.iter().map(String::as_str))
            .chain(local_parts.iter().map(String::as_str))
            .chain(name.iter().map(String::as_str));
        Letters::of(words)
    }

    /// Full addresses in text that was not decoded.
    pub fn raw(&self, text: &str) -> Option<Kind> {
        self.addresses.iter().any(|a| a.stands_in(text)).then_some(Kind::Address)
    }

    /// Addresses and own domains in decoded text.
    pub fn contacts(&self, text: &str) -> Option<Kind> {
        let forms = unveil::forms(text);
        let hidden = unveil::base64_words(text);
        forms.iter().chain(&hidden).find_map(|form| {
            if self.addresses.iter().any(|a| a.stands_in(form)) {
                return Some(Kind::Address);
            }
            let has_domain = self.secrets.domains.iter().any(|d| domain::stands_in(d, form));
            has_domain.then_some(Kind::Domain)
        })
    }

    /// The hidden name and distinctive local parts as whole words.
    pub fn person(&self, text: &str) -> Option<Kind> {
        if self.names.is_empty() && self.secrets.local_parts.is_empty() {
            return None;
        }
        unveil::forms(text).iter().find_map(|form| {
            let letters = folded(form);
            if self.names.iter().any(|name| holds_name(&letters, name)) {
                return Some(Kind::Name);
            }
            let local = self.secrets.local_parts.iter().any(|l| contains_word(form, l));
            local.then_some(Kind::LocalPart)
        })
    }
}

/// Whether a full name stands in a text: as it is, with up to two words or initials between its
/// first and its last word, or with its last word first.
fn holds_name(text: &str, name: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric();
    let parts: Vec<&str> = name.split(|c| !is_letter(c)).filter(|p| !p.is_empty()).collect();
    let [first, .., last] = parts.as_slice() else { return contains_word(text, name) };
    // Most texts: they are not cut into words.
    if !text.contains(first) || !text.contains(last) {
        return false;
    }
    let words: Vec<&str> = text.split(|c| !is_letter(c)).filter(|p| !p.is_empty()).collect();
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
