//! Searching one decoded text for secrets.

use std::borrow::Cow;
use std::cell::OnceCell;

use memchr::memchr;
use memchr::memmem::Finder;

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
    /// Each own domain with what finds its beginning.
    domains: Vec<(Finder<'a>, &'a str)>,
    /// The hidden name as it may be spelt.
    names: Vec<Name>,
    /// Each telling local part with what finds it.
    local_parts: Vec<(Finder<'a>, &'a str)>,
    /// Made for the first file, because making it takes longer than to search a plain mail.
    letters: OnceCell<Letters>,
}

impl<'a> Search<'a> {
    pub fn new(secrets: &'a Secrets) -> Self {
        let beginning = |domain: &'a String| domain.split('.').next().unwrap_or_default();
        let domains = secrets.domains.iter();
        let local_parts = secrets.local_parts.iter();
        Self {
            secrets,
            addresses: secrets.addresses.iter().flat_map(Wanted::of).collect(),
            domains: domains.map(|d| (Finder::new(beginning(d)), d.as_str())).collect(),
            names: secrets.name_spellings().into_iter().map(Name::new).collect(),
            local_parts: local_parts.map(|l| (Finder::new(l), l.as_str())).collect(),
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
        self.has_address(text).then_some(Kind::Address)
    }

    /// Addresses and own domains in decoded text.
    pub fn contacts(&self, text: &str) -> Option<Kind> {
        self.contacts_in(text, &unveil::forms(text))
    }

    /// The hidden name and distinctive local parts as whole words.
    pub fn person(&self, text: &str) -> Option<Kind> {
        if self.names.is_empty() && self.local_parts.is_empty() {
            return None;
        }
        self.person_in(&unveil::forms(text))
    }

    /// Both.
    pub fn contacts_and_person(&self, text: &str) -> (Option<Kind>, Option<Kind>) {
        let forms = unveil::forms(text);
        (self.contacts_in(text, &forms), self.person_in(&forms))
    }

    fn contacts_in(&self, text: &str, forms: &[Cow<'_, str>]) -> Option<Kind> {
        let hidden = unveil::base64_words(text);
        forms.iter().chain(&hidden).find_map(|form| {
            if self.has_address(form) {
                return Some(Kind::Address);
            }
            let stands_in = |(beginning, domain): &(Finder<'_>, &str)| {
                beginning.find(form.as_bytes()).is_some() && domain::stands_in(domain, form)
            };
            self.domains.iter().any(stands_in).then_some(Kind::Domain)
        })
    }

    fn has_address(&self, text: &str) -> bool {
        memchr(b'@', text.as_bytes()).is_some() && self.addresses.iter().any(|a| a.stands_in(text))
    }

    fn person_in(&self, forms: &[Cow<'_, str>]) -> Option<Kind> {
        forms.iter().find_map(|form| {
            // Of ASCII no more is to be folded.
            let letters = match form.is_ascii() {
                true => Cow::Borrowed(form.as_ref()),
                false => Cow::Owned(folded(form)),
            };
            if self.names.iter().any(|name| name.stands_in(&letters)) {
                return Some(Kind::Name);
            }
            let local = self.local_parts.iter().any(|(part, word)| {
                part.find(form.as_bytes()).is_some() && contains_word(form, word)
            });
            local.then_some(Kind::LocalPart)
        })
    }
}

/// A full name, folded.
struct Name {
    whole: String,
    words: Vec<String>,
    /// What finds the first of the words, or the name where it has not two.
    first: Finder<'static>,
}

impl Name {
    fn new(whole: String) -> Self {
        let words: Vec<String> = words_of(&whole).map(str::to_owned).collect();
        let first = words.first().filter(|_| words.len() > 1).unwrap_or(&whole);
        let first = Finder::new(first).into_owned();
        Self { whole, words, first }
    }

    /// Whether it stands in a text: as it is, with up to two words or initials between its first and
    /// its last word, or with its last word first.
    fn stands_in(&self, text: &str) -> bool {
        // Most texts: they are not cut into words.
        if self.first.find(text.as_bytes()).is_none() {
            return false;
        }
        let [first, .., last] = self.words.as_slice() else {
            return contains_word(text, &self.whole);
        };
        if !text.contains(last) {
            return false;
        }
        let words: Vec<&str> = words_of(text).collect();
        words.iter().enumerate().any(|(at, word)| {
            let next = |n: usize| words.get(at + n).copied();
            (word == first && (1..=3).any(|n| next(n) == Some(last)))
                || (word == last && next(1) == Some(first))
        })
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
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
