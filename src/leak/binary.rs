//! Searching a file that is no text: the places where a secret's letters stand, in bytes or in
//! UTF-16, and what stands around them.

use regex::bytes::{Regex, RegexBuilder};

use super::search::{Kind, Search};

/// What is looked at around a find, in bytes.
const AROUND: usize = 200;

/// Finds the letters of secrets in bytes, without reading ten megabytes as text.
pub(super) struct Letters(Option<Regex>);

impl Letters {
    /// Of words in lower case.
    pub fn of<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let each = words.filter(|w| w.len() >= 3).flat_map(|word| {
            let narrow = regex::escape(word);
            // UTF-16: a NUL before or behind each letter.
            let wide = word.chars().map(|c| regex::escape(&c.to_string()));
            [narrow, wide.collect::<Vec<_>>().join(r"\x00")]
        });
        let pattern = each.collect::<Vec<_>>().join("|");
        if pattern.is_empty() {
            return Self(None);
        }
        // Of a pattern that can't be made, everything matches: the search fails closed.
        let made = |p: &str| RegexBuilder::new(p).case_insensitive(true).unicode(false).build();
        Self(made(&pattern).or_else(|_| made("(?s-u:.)")).ok())
    }

    /// The secrets in a file; in a picture, where nobody writes prose, the person's name too.
    pub fn search(&self, data: &[u8], picture: bool, search: &Search<'_>) -> Option<Kind> {
        let mut from = 0;
        let regex = self.0.as_ref()?;
        while let Some(found) = regex.find_at(data, from) {
            let start = found.start().saturating_sub(AROUND);
            let end = found.end().saturating_add(AROUND).min(data.len());
            let around = data.get(start..end).unwrap_or_default();
            let narrow: Vec<u8> = around.iter().copied().filter(|b| *b != 0).collect();
            let text = String::from_utf8_lossy(&narrow);
            let kind = search.contacts(&text).or_else(|| search.person(&text).filter(|_| picture));
            if kind.is_some() {
                return kind;
            }
            from = found.end();
        }
        None
    }
}
