//! Rules of the admin's own, from `[[policy.custom]]`: a regular expression over the text as it was
//! written, words and names as whole words in any disguise.

use std::ops::Range;

use regex::Regex;

use crate::config::CustomRule;
use crate::domain::{Certainty, RuleId};

use super::found::Found;
use super::names::Names;
use super::tokens::Tokens;
use super::view::View;

/// Findings of one pattern in one text: what is beyond says nothing new.
const MOST: usize = 200;

/// One rule, compiled.
#[derive(Debug, Clone)]
pub(super) struct Custom {
    /// Its id among all rules.
    pub rule: RuleId,
    pattern: Option<Regex>,
    words: Names,
}

impl Custom {
    /// From the config, which has compiled the pattern.
    pub fn new(rule: &CustomRule) -> Self {
        Self {
            rule: RuleId::Custom(rule.id),
            pattern: rule.pattern.clone(),
            words: Names::new(rule.words.iter().map(String::as_str), false),
        }
    }

    /// What the pattern finds, as bytes of the text. Linear in its length (the `regex` crate).
    pub fn matches(&self, text: &str) -> Vec<Range<usize>> {
        let Some(pattern) = &self.pattern else { return vec![] };
        let found = pattern.find_iter(text).filter(|m| !m.is_empty());
        found.take(MOST).map(|m| m.range()).collect()
    }

    /// What the words find.
    pub fn words(&self, view: &View<'_>, tokens: &Tokens<'_>) -> Vec<Found> {
        let mentions = self.words.find(view, tokens).into_iter();
        mentions.map(|m| Found { certainty: Certainty::Certain, range: m.bytes }).collect()
    }
}
