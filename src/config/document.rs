//! TOML with positions: every value of the file under its whole path, held against the table of
//! keys. What doesn't belong there is an error already here.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable as Table, DeValue as Value};

use crate::domain::RuleId;

use super::error::{ConfigError, Position};
use super::keys::{self, Known};
use super::kind;
use super::spelling;

const CUSTOM: &str = "policy.custom";

/// The file, read and held against the table of keys.
pub(super) struct Document<'t> {
    file: String,
    text: &'t str,
    values: BTreeMap<String, Spanned<Value<'t>>>,
    /// Where each table begins.
    tables: BTreeMap<String, usize>,
    /// What should be a table and is none.
    no_tables: Vec<String>,
    rules: Vec<RuleId>,
    /// How many `[[policy.custom]]` there are.
    customs: usize,
    errors: Vec<ConfigError>,
}

impl<'t> Document<'t> {
    /// Reads the text. Where it is no TOML, nothing else is said: what follows a syntax error
    /// can't be trusted.
    pub(super) fn read(text: &'t str, file: &Path) -> Self {
        let file = file.display().to_string();
        let (root, faults) = Table::parse_recoverable(text);
        let mut document = Self {
            file,
            text,
            values: BTreeMap::new(),
            tables: BTreeMap::new(),
            no_tables: Vec::new(),
            rules: Vec::new(),
            customs: 0,
            errors: Vec::new(),
        };
        for fault in faults {
            let position = document.position(fault.span().map_or(0, |s| s.start));
            // One slip often makes several faults on its line; the first tells the story.
            if document.errors.iter().any(|e| e.position().is_some_and(|p| p.line == position.line))
            {
                continue;
            }
            let (file, wrong) = (document.file.clone(), syntax(text, &fault));
            document.errors.push(ConfigError::Syntax { file, position, wrong });
        }
        if document.errors.is_empty() {
            document.table("", root.into_inner());
        }
        document
    }

    /// Whether it is TOML at all.
    pub(super) fn is_toml(&self) -> bool {
        !self.errors.iter().any(|e| matches!(e, ConfigError::Syntax { .. }))
    }

    /// The value of a key.
    pub(super) fn value(&self, path: &str) -> Option<&Spanned<Value<'t>>> {
        self.values.get(path)
    }

    /// Whether something else stands where this table should be.
    pub(super) fn is_no_table(&self, path: &str) -> bool {
        self.no_tables.iter().any(|p| p == path)
    }

    /// The built rules that have a table of their own.
    pub(super) fn rules(&self) -> Vec<RuleId> {
        self.rules.clone()
    }

    /// How many rules of the admin's own there are: `policy.custom.0` and on.
    pub(super) fn customs(&self) -> usize {
        self.customs
    }

    /// Where to point for a key: its value, else its table, else the top of the file.
    pub(super) fn place(&self, path: &str) -> usize {
        let table = || self.tables.get(keys::table_of(path)).copied();
        self.values.get(path).map(|v| v.span().start).or_else(table).unwrap_or(0)
    }

    /// Notes an error at a byte of the text.
    pub(super) fn wrong(&mut self, at: usize, key: &str, wrong: String) {
        let (file, position) = (self.file.clone(), self.position(at));
        self.errors.push(ConfigError::Wrong { file, position, key: key.to_owned(), wrong });
    }

    /// All that was found wrong.
    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        self.errors
    }

    fn position(&self, at: usize) -> Position {
        position(self.text, at)
    }

    fn table(&mut self, path: &str, table: Table<'t>) {
        for (name, value) in table {
            let at = name.span().start;
            let name = shown(name.get_ref());
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if below == CUSTOM {
                self.custom_rules(at, value);
            } else if path == "policy.rules" {
                self.rule(at, &below, &name, value);
            } else {
                self.entry(at, below.clone(), &below, value);
            }
        }
    }

    /// `pattern` is the path as the table of keys has it.
    fn entry(&mut self, at: usize, path: String, pattern: &str, value: Spanned<Value<'t>>) {
        match keys::look_up(pattern) {
            Known::Key(_) => {
                self.values.insert(path, value);
            }
            Known::Table => match value.into_inner() {
                Value::Table(table) => {
                    self.tables.insert(path.clone(), at);
                    self.table(&path, table);
                }
                other => self.no_table(at, &path, &other),
            },
            Known::NotYet => self.not_yet(at, path, value.get_ref()),
            Known::Unknown => {
                let wrong = match spelling::nearest(pattern) {
                    Some(near) => format!("unknown key; did you mean {near}?"),
                    None => "unknown key; remove it".to_owned(),
                };
                self.wrong(at, &path, wrong);
            }
        }
    }

    fn rule(&mut self, at: usize, path: &str, name: &str, value: Spanned<Value<'t>>) {
        let Ok(id) = RuleId::from_str(name) else {
            let all = || RuleId::ALL.iter().map(|r| r.as_str());
            let wrong = match spelling::nearest_word(name, all()) {
                Some(near) => format!("unknown rule; did you mean {near}?"),
                None => format!(
                    "unknown rule; the rules are {}",
                    kind::one_of(&all().collect::<Vec<_>>())
                ),
            };
            return self.wrong(at, path, wrong);
        };
        let table = match value.into_inner() {
            Value::Table(table) => table,
            other => return self.no_table(at, path, &other),
        };
        self.rules.push(id);
        self.tables.insert(path.to_owned(), at);
        for (name, value) in table {
            let at = name.span().start;
            let name = shown(name.get_ref());
            let pattern = format!("policy.rules.RULE-ID.{name}");
            self.entry(at, format!("{path}.{name}"), &pattern, value);
        }
    }

    /// `[[policy.custom]]`: the tables of a list, each under its number.
    fn custom_rules(&mut self, at: usize, value: Spanned<Value<'t>>) {
        let Value::Array(items) = value.into_inner() else {
            let wrong = "is no list of rules; write [[policy.custom]] above each".to_owned();
            return self.wrong(at, CUSTOM, wrong);
        };
        for (number, item) in items.into_iter().enumerate() {
            let path = format!("{CUSTOM}.{number}");
            let at = item.span().start;
            let Value::Table(table) = item.into_inner() else {
                let wrong = "holds what is no rule; write [[policy.custom]] above each".to_owned();
                self.wrong(at, CUSTOM, wrong);
                continue;
            };
            self.tables.insert(path.clone(), at);
            for (name, value) in table {
                let at = name.span().start;
                let name = shown(name.get_ref());
                self.entry(at, format!("{path}.{name}"), &format!("{CUSTOM}.N.{name}"), value);
            }
            self.customs = number + 1;
        }
    }

    fn no_table(&mut self, at: usize, path: &str, value: &Value<'t>) {
        let wrong = format!("is {}; write a table: [{path}]", article(value.type_str()));
        self.no_tables.push(path.to_owned());
        self.wrong(at, path, wrong);
    }

    /// Names every key below, so that an admin sees all that must go; an empty table itself.
    fn not_yet(&mut self, at: usize, path: String, value: &Value<'t>) {
        match value {
            Value::Table(table) if !table.is_empty() => {
                for (name, value) in table {
                    let below = format!("{path}.{}", shown(name.get_ref()));
                    self.not_yet(name.span().start, below, value.get_ref());
                }
            }
            _ => {
                let (file, position) = (self.file.clone(), self.position(at));
                self.errors.push(ConfigError::NotYet { file, position, key: path });
            }
        }
    }
}

/// The parser's words; it doesn't name the key that stands there twice.
fn syntax(text: &str, fault: &toml::de::Error) -> String {
    let found = fault.span().and_then(|s| text.get(s));
    match found {
        Some(key) if fault.message() == "duplicate key" => {
            format!("duplicate key {}; write it once", key.trim())
        }
        _ => fault.message().to_owned(),
    }
}

/// Line and column of a byte of the text.
pub(super) fn position(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or(before);
    let column = line.chars().filter(|c| *c != '\u{feff}').count() + 1;
    Position { line: before.matches('\n').count() + 1, column }
}

/// `a string`, `an integer`.
pub(super) fn article(word: &str) -> String {
    let an = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {word}", if an { "an" } else { "a" })
}

/// A name as it must be written: in quotes where it is no bare key, so that `"a.b"` is never
/// taken for `b` in the table `a`, and no line break gets into an error.
fn shown(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { format!("{name:?}") }
}
