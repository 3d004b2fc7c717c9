//! `[[policy.custom]]`: rules that the admin writes.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, RegexBuilder};

use crate::domain::{Action, CustomId, Language, RuleId};

use super::load::MODES;
use super::reader::Reader;
use super::settings::Mode;
use super::values::{self, Wrong};

/// One rule of the admin's own.
#[derive(Debug, Clone)]
pub struct CustomRule {
    /// Its name.
    pub id: CustomId,
    /// Every match in the text as it was written is a finding.
    pub pattern: Option<Regex>,
    /// Words and names that are found whole, also disguised.
    pub words: Vec<String>,
    /// Its own mode.
    pub mode: Option<Mode>,
    /// What happens to a seller's message.
    pub seller_to_buyer: Action,
    /// What happens to a buyer's message.
    pub buyer_to_seller: Action,
    /// What its sender is to change, by language; no full stop.
    pub messages: BTreeMap<Language, String>,
    /// Whether it counts as a strike.
    pub strikes: bool,
}

/// Memory that a pattern may take once it is compiled: one that takes more is slow on every mail.
const PATTERN_SIZE: usize = 1 << 20;

const ACTIONS: [(&str, Result<Action, &str>); 5] = [
    ("allow", Ok(Action::Allow)),
    ("warn", Ok(Action::Warn)),
    ("redact", Ok(Action::Redact)),
    ("hold", Ok(Action::Hold)),
    ("reject", Ok(Action::Reject)),
];

/// All of them; `None` after an error.
pub(super) fn read(r: &mut Reader<'_, '_>, count: usize) -> Option<Vec<CustomRule>> {
    let mut seen = BTreeSet::new();
    let rules: Vec<Option<CustomRule>> = (0..count)
        .map(|number| {
            let rule = rule(r, &format!("policy.custom.{number}"))?;
            if seen.insert(rule.id) {
                return Some(rule);
            }
            let wrong =
                format!("\"{}\" stands there twice; give each rule its own id", rule.id.as_str());
            r.wrong(&format!("policy.custom.{number}.id"), wrong);
            None
        })
        .collect();
    rules.into_iter().collect()
}

fn rule(r: &mut Reader<'_, '_>, table: &str) -> Option<CustomRule> {
    let path = |name: &str| format!("{table}.{name}");
    let id = r.text(&path("id"), id);
    let has_pattern = r.is_set(&path("pattern"));
    let pattern = r.text_if_set(&path("pattern"), pattern);
    let words =
        if r.is_set(&path("words")) { r.list(&path("words"), values::competitor)? } else { vec![] };
    let mode = r.word_if_set(&path("mode"), &MODES);
    let messages = r.messages(&path("message"));
    let strikes = r.flag_if_set(&path("strike")).unwrap_or_default();
    let mut action = |name: &str| r.word_if_set(&path(name), &ACTIONS);
    let (to_buyer, to_seller) = (action("seller_to_buyer"), action("buyer_to_seller"));
    let (seller_to_buyer, buyer_to_seller) =
        (to_buyer.unwrap_or(Action::Allow), to_seller.unwrap_or(Action::Allow));
    if !has_pattern && words.is_empty() {
        r.wrong(&path("pattern"), "is missing, and words are too; write one of them".to_owned());
        return None;
    }
    let unset = !r.is_set(&path("seller_to_buyer")) && !r.is_set(&path("buyer_to_seller"));
    if unset {
        let wrong = "is missing, and buyer_to_seller is too; write what happens to what is found";
        r.wrong(&path("seller_to_buyer"), wrong.to_owned());
        return None;
    }
    let id = id?;
    if has_pattern && pattern.is_none() {
        return None;
    }
    let messages = messages?;
    Some(CustomRule {
        id,
        pattern,
        words,
        mode,
        seller_to_buyer,
        buyer_to_seller,
        messages,
        strikes,
    })
}

fn id(text: &str) -> Result<CustomId, Wrong> {
    if text.parse::<RuleId>().is_ok() {
        return Err(format!("{text:?} is a rule of Bauta's own"));
    }
    text.parse()
}

fn pattern(text: &str) -> Result<Regex, Wrong> {
    let built = RegexBuilder::new(text).size_limit(PATTERN_SIZE).build();
    let regex = built.map_err(|error| {
        // The crate draws where it went wrong over several lines; its last says what.
        let told = error.to_string();
        let what = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("does not compile: {what}")
    })?;
    if regex.is_match("") {
        return Err("finds the empty text, and so something everywhere".to_owned());
    }
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    #[test]
    fn what_the_file_says_of_own_rules_is_what_holds() {
        let text = "relay.hostname = \"relay.market.example\"\n\
             relay.alias_domain = \"mail.market.example\"\nrelay.marketplace = \"Lamp Market\"\n\
             senders.verify = \"address\"\ndelivery.smarthost = \"127.0.0.1:26\"\n\
             delivery.route = \"smarthost\"\n\
             [[policy.custom]]\nid = \"no-fax\"\npattern = '(?i)\\bfax\\b'\nmode = \"observe\"\n\
             seller_to_buyer = \"reject\"\n\
             message = { en = \"No faxes.\", de = \"Kein Fax\" }\nstrike = true\n\
             [[policy.custom]]\nid = \"old-shop\"\nwords = [\"Brass Barn\"]\n\
             buyer_to_seller = \"hold\"\n";
        let config = Config::parse(text, Path::new("b.toml")).unwrap();
        let [fax, shop] = config.policy.custom.as_slice() else { panic!("{:?}", config.policy) };
        assert_eq!((fax.id.as_str(), fax.mode), ("no-fax", Some(Mode::Observe)));
        let said = [(Language::En, "No faxes".to_owned()), (Language::De, "Kein Fax".to_owned())];
        assert_eq!((&fax.messages, fax.strikes), (&BTreeMap::from(said), true));
        assert_eq!((shop.messages.len(), shop.strikes), (0, false));
        assert_eq!(config.policy.strikes(RuleId::Custom(fax.id)), Some(true));
        assert!(fax.pattern.as_ref().unwrap().is_match("by Fax."));
        assert_eq!((fax.seller_to_buyer, fax.buyer_to_seller), (Action::Reject, Action::Allow));
        assert_eq!(
            (shop.id.as_str(), shop.words.as_slice()),
            ("old-shop", ["Brass Barn".to_owned()].as_slice())
        );
        assert_eq!((shop.seller_to_buyer, shop.buyer_to_seller), (Action::Allow, Action::Hold));
    }
}
