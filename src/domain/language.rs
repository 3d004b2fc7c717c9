//! The languages that Bauta speaks.

use std::fmt;
use std::str::FromStr;

/// A language of PRODUCT §5, as its ISO 639-1 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Italian.
    It,
    /// Portuguese.
    Pt,
    /// Dutch.
    Nl,
    /// Polish.
    Pl,
    /// Japanese.
    Ja,
}

/// The text names no language that Bauta speaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("language {0:?} is not one of en, de, fr, es, it, pt, nl, pl, ja")]
pub struct LanguageError(String);

impl Language {
    /// All of them, in the order of PRODUCT §5.
    pub const ALL: [Self; 9] =
        [Self::En, Self::De, Self::Fr, Self::Es, Self::It, Self::Pt, Self::Nl, Self::Pl, Self::Ja];

    /// The ISO 639-1 code, lower case.
    pub fn code(self) -> &'static str {
        self.pick(["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja"])
    }

    /// What is this language's of a table kept in the order of [`Language::ALL`].
    pub fn pick<T>(self, table: [T; 9]) -> T {
        let [en, de, fr, es, it, pt, nl, pl, ja] = table;
        match self {
            Self::En => en,
            Self::De => de,
            Self::Fr => fr,
            Self::Es => es,
            Self::It => it,
            Self::Pt => pt,
            Self::Nl => nl,
            Self::Pl => pl,
            Self::Ja => ja,
        }
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, LanguageError> {
        Self::ALL
            .into_iter()
            .find(|l| l.code().eq_ignore_ascii_case(text))
            .ok_or_else(|| LanguageError(text.to_owned()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
