//! Keys → typed values. Every reading notes what is wrong and goes on, so that one run tells an
//! admin everything.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;
use toml::de::DeValue as Value;

use super::document::{Document, article};
use super::keys::{self, Absent, Key, Known};
use super::kind::{self, Kind};
use super::ladder;
use super::values::{self, Wrong};
use crate::domain::{Language, Rung};

/// Reads the keys of a document. `None` means: an error has been noted.
pub(super) struct Reader<'d, 't> {
    document: &'d mut Document<'t>,
}

/// A word of the file and what it stands for.
pub(super) type Words<'w, T> = &'w [(&'w str, Result<T, &'w str>)];

impl<'d, 't> Reader<'d, 't> {
    pub(super) fn new(document: &'d mut Document<'t>) -> Self {
        Self { document }
    }

    /// Notes that a key is wrong in a way that only its neighbours show.
    pub(super) fn wrong(&mut self, path: &str, wrong: String) {
        let at = self.document.place(path);
        self.document.wrong(at, path, wrong);
    }

    /// A key whose value is text.
    pub(super) fn text<T>(
        &mut self,
        path: &str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let (key, value) = self.find(path)?;
        self.parse(key, path, &value, &parse)
    }

    /// The same for a key that may be missing: then, and after an error, `None`.
    pub(super) fn text_if_set<T>(
        &mut self,
        path: &str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        self.document.value(path)?;
        self.text(path, parse)
    }

    /// Whether the file has this key.
    pub(super) fn is_set(&self, path: &str) -> bool {
        self.document.value(path).is_some()
    }

    /// A key whose value is one of a few words. A word that stands for an `Err` is refused with
    /// that text.
    pub(super) fn word<T: Copy>(&mut self, path: &str, words: Words<'_, T>) -> Option<T> {
        let (key, value) = self.find(path)?;
        let text = self.string(key, path, &value)?;
        match words.iter().find(|(word, _)| *word == text) {
            Some((_, Ok(meant))) => return Some(*meant),
            Some((_, Err(refused))) => {
                self.document.wrong(value.span().start, path, (*refused).to_owned());
            }
            None => {
                let known: Vec<&str> =
                    words.iter().filter(|(_, w)| w.is_ok()).map(|(w, _)| *w).collect();
                let wrong = format!("{text:?} is unknown; write {}", kind::one_of(&known));
                self.document.wrong(value.span().start, path, wrong);
            }
        }
        None
    }

    /// The same for a key that may be missing.
    pub(super) fn word_if_set<T: Copy>(&mut self, path: &str, words: Words<'_, T>) -> Option<T> {
        self.document.value(path)?;
        self.word(path, words)
    }

    /// A key whose value is a list of texts.
    pub(super) fn list<T>(
        &mut self,
        path: &str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<T>> {
        let (key, value) = self.find(path)?;
        let Value::Array(items) = value.get_ref() else {
            self.mistyped(key, path, &value);
            return None;
        };
        // All of them, before the first wrong one ends it.
        let read: Vec<Option<T>> =
            items.iter().map(|item| self.parse(key, path, item, &parse)).collect();
        read.into_iter().collect()
    }

    /// A size in bytes, within the bounds of its kind.
    pub(super) fn size(&mut self, path: &str) -> Option<usize> {
        let (key, value) = self.find(path)?;
        let Kind::Size { min, max } = key.kind else { return self.misfit(path) };
        self.parse(key, path, &value, &|text| bounded(text, min, max, values::size))
    }

    /// A span of time, within the bounds of its kind.
    pub(super) fn duration(&mut self, path: &str) -> Option<Duration> {
        let (key, value) = self.find(path)?;
        let Kind::Duration { min, max } = key.kind else { return self.misfit(path) };
        self.parse(key, path, &value, &|text| bounded(text, min, max, values::duration))
    }

    /// A whole number, within the bounds of its kind.
    pub(super) fn count(&mut self, path: &str) -> Option<usize> {
        let (key, value) = self.find(path)?;
        let Kind::Count { min, max } = key.kind else { return self.misfit(path) };
        let Value::Integer(number) = value.get_ref() else {
            self.mistyped(key, path, &value);
            return None;
        };
        // What doesn't parse is negative or larger than the machine can count: out of range too.
        let read = usize::from_str_radix(number.as_str(), number.radix()).ok();
        let within = read.filter(|n| (min..=max).contains(n));
        if within.is_none() {
            let wrong = format!("{number} is out of range; write {}", key.kind.right());
            self.document.wrong(value.span().start, path, wrong);
        }
        within
    }

    /// The same for a key that may be missing: then, and after an error, `None`.
    pub(super) fn count_if_set(&mut self, path: &str) -> Option<usize> {
        self.document.value(path)?;
        self.count(path)
    }

    /// A key that is true or false, and may be missing: then, and after an error, `None`.
    pub(super) fn flag_if_set(&mut self, path: &str) -> Option<bool> {
        self.document.value(path)?;
        let (key, value) = self.find(path)?;
        if let Value::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.mistyped(key, path, &value);
        None
    }

    /// The steps of a ladder, the lowest score first.
    pub(super) fn ladder(&mut self, path: &str) -> Option<Vec<Rung>> {
        let (key, value) = self.find(path)?;
        let Value::Array(items) = value.get_ref() else {
            self.mistyped(key, path, &value);
            return None;
        };
        let mut rungs: Vec<Rung> = Vec::new();
        for item in items {
            match ladder::rung(item.get_ref(), rungs.last()) {
                Ok(rung) => rungs.push(rung),
                Err(wrong) => {
                    let wrong = format!("{wrong}; write {}", key.kind.right());
                    self.document.wrong(item.span().start, path, wrong);
                    return None;
                }
            }
        }
        Some(rungs)
    }

    /// Sentences by their languages, of a key that may be missing: then none.
    pub(super) fn messages(&mut self, path: &str) -> Option<BTreeMap<Language, String>> {
        if !self.is_set(path) {
            return Some(BTreeMap::new());
        }
        let (key, value) = self.find(path)?;
        let Value::Table(table) = value.get_ref() else {
            self.mistyped(key, path, &value);
            return None;
        };
        let mut messages = BTreeMap::new();
        for (name, text) in table {
            let language = values::language(name.get_ref());
            let sentence =
                text.get_ref().as_str().ok_or_else(|| Wrong::from("holds what is no text"));
            match language.and_then(|l| Ok((l, values::sentence(sentence?)?))) {
                Ok((language, sentence)) => drop(messages.insert(language, sentence)),
                Err(wrong) => {
                    let wrong = format!("{wrong}; write {}", key.kind.right());
                    self.document.wrong(name.span().start, path, wrong);
                    return None;
                }
            }
        }
        Some(messages)
    }

    /// The same of a time.
    pub(super) fn duration_if_set(&mut self, path: &str) -> Option<Duration> {
        self.document.value(path)?;
        self.duration(path)
    }

    /// A key that is only ever true in this version.
    pub(super) fn always_true(&mut self, path: &str) -> Option<()> {
        let (key, value) = self.find(path)?;
        match value.get_ref() {
            Value::Boolean(true) => return Some(()),
            Value::Boolean(false) => {
                let wrong = "false is not in this version; write true".to_owned();
                self.document.wrong(value.span().start, path, wrong);
            }
            _ => self.mistyped(key, path, &value),
        }
        None
    }

    /// The key's value in the file, or its default.
    fn find(&mut self, path: &str) -> Option<(&'static Key, Spanned<Value<'t>>)> {
        let Known::Key(key) = keys::look_up(&pattern(path)) else { return self.misfit(path) };
        if let Some(value) = self.document.value(path) {
            return Some((key, value.clone()));
        }
        if self.document.is_no_table(keys::table_of(path)) {
            return None; // that has been noted, and one error is enough
        }
        match key.absent {
            Absent::Default(default) => match Value::parse(default) {
                Ok(value) => return Some((key, value)),
                Err(_) => return self.misfit(path),
            },
            Absent::Missing(example) | Absent::Unset(example) => {
                let (table, name) = (keys::table_of(path), keys::name_of(path));
                let wrong = format!("is missing; write {name} = {example} under [{table}]");
                self.wrong(path, wrong);
            }
        }
        None
    }

    fn string<'v>(
        &mut self,
        key: &Key,
        path: &str,
        value: &'v Spanned<Value<'_>>,
    ) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.mistyped(key, path, value);
        }
        text
    }

    fn parse<T>(
        &mut self,
        key: &Key,
        path: &str,
        value: &Spanned<Value<'_>>,
        parse: &impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let text = self.string(key, path, value)?;
        match parse(text) {
            Ok(read) => Some(read),
            Err(wrong) => {
                let wrong = format!("{wrong}; write {}", key.kind.right());
                self.document.wrong(value.span().start, path, wrong);
                None
            }
        }
    }

    fn mistyped(&mut self, key: &Key, path: &str, value: &Spanned<Value<'_>>) {
        let whole = self.document.value(path).is_none_or(|v| v.span() == value.span());
        let verb = if whole { "is" } else { "holds" };
        let what = article(value.get_ref().type_str());
        let wrong = format!("{verb} {what}; write {}", key.kind.right());
        self.document.wrong(value.span().start, path, wrong);
    }

    /// The code and the table of keys disagree. The tests read every key and every default, so
    /// that this never reaches an admin.
    fn misfit<T>(&mut self, path: &str) -> Option<T> {
        self.wrong(path, "is read otherwise than the table of keys says: a fault of Bauta".into());
        None
    }
}

/// The path as the table of keys has it.
fn pattern(path: &str) -> String {
    match path.strip_prefix("policy.rules.") {
        Some(rule) => format!("policy.rules.RULE-ID.{}", keys::name_of(rule)),
        None if path.starts_with(CUSTOM) => format!("{CUSTOM}N.{}", keys::name_of(path)),
        None => path.to_owned(),
    }
}

const CUSTOM: &str = "policy.custom.";

fn bounded<T: PartialOrd>(
    text: &str,
    min: &str,
    max: &str,
    parse: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<T, Wrong> {
    let read = parse(text)?;
    if read < parse(min)? || read > parse(max)? {
        return Err(format!("{text:?} is out of range"));
    }
    Ok(read)
}
