//! A language pack: a TOML file.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use crate::domain::MessageKind;

/// What is wrong with a pack, and where. Permanent: the file has to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {wrong}")]
pub struct PackError {
    /// As the config names it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// What is wrong; what would be right.
    pub wrong: String,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// `de`, `fr`…
    pub language: Spanned<String>,
    /// Whether it stands in place of the language of this build; else its words are added.
    #[serde(default)]
    pub replace: bool,
    /// The language's most common words, by which it is known.
    pub common: Option<Spanned<String>>,
    /// Its phrases by class.
    #[serde(default)]
    pub classes: BTreeMap<String, Spanned<String>>,
    /// Formulas beside those of every language.
    #[serde(default)]
    pub acts: BTreeMap<String, Spanned<String>>,
    /// Words in brackets at the start of a subject, by what they name.
    #[serde(default)]
    pub tags: BTreeMap<String, Spanned<String>>,
}

/// A file with its name, to tell where something stands in it.
pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

impl Source<'_> {
    /// The file read.
    pub fn parse(&self) -> Result<File, PackError> {
        toml::from_str(self.text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.wrong(at, error.message().trim().to_owned())
        })
    }

    /// An error at a byte of the file.
    pub fn wrong(&self, at: usize, wrong: String) -> PackError {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        PackError { file: self.file.to_owned(), line, column, wrong }
    }

    /// The entries of a value, each with its place: apart by `|` or by lines.
    pub fn entries<'v>(&self, value: &'v Spanned<String>) -> Vec<(&'v str, usize)> {
        let Range { start, end } = value.span();
        let raw = self.text.get(start..end).unwrap_or_default();
        let mut from = 0;
        let mut entries = vec![];
        for line in value.get_ref().lines() {
            for entry in line.split('|').map(str::trim).filter(|entry| !entry.is_empty()) {
                // Where the entry is written with escapes its place is that of the value.
                let found = raw.get(from..).and_then(|rest| rest.find(entry)).map(|at| from + at);
                let place = found.unwrap_or(from);
                from = found.map_or(from, |at| at + entry.len());
                entries.push((entry, start + place));
            }
        }
        entries
    }
}

/// What a tag may name: `important`, or a kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// That the message is critical, or must be told by law.
    Important,
    /// One kind.
    Kind(MessageKind),
}

impl Tag {
    pub fn parse(name: &str) -> Result<Self, String> {
        if name == "important" {
            return Ok(Self::Important);
        }
        name.parse().map(Self::Kind).map_err(|_| {
            format!(
                "{name:?} can't be named by a tag; what can is important, {}",
                MessageKind::WORDS.join(", ")
            )
        })
    }
}
