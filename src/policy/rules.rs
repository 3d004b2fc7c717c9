//! The rules of this version, compiled once from the config.

use std::collections::BTreeMap;

use crate::config::{BUILT_RULES, BuiltRule, Mode, Policy};
use crate::domain::{Action, Direction, MessageKind, RuleId};

use super::competitor::Competitors;
use super::custom::Custom;
use super::domains::Allowed;
use super::language::{Languages, PackError};
use super::names::Names;
use super::view::folded;

/// Why the rules can't be used as they are set. All permanent: the config has to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// The action is not possible for this rule.
    #[error(
        "policy.rules.{rule} can't be {action:?}: {why}",
        action = action.as_str(),
        why = "it can be one of those that the example config names"
    )]
    Action {
        /// The rule.
        rule: RuleId,
        /// What was asked of it.
        action: Action,
    },
    /// A language pack is wrong.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// What a rule does in each direction.
#[derive(Debug, Clone, Copy)]
struct Setting {
    mode: Mode,
    seller_to_buyer: Action,
    buyer_to_seller: Action,
}

/// The compiled policy. Immutable; shared by all who judge.
#[derive(Debug, Clone)]
pub struct Rules {
    settings: BTreeMap<RuleId, Setting>,
    pub(super) link_domains: Allowed,
    pub(super) address_domains: Allowed,
    pub(super) addresses: Vec<String>,
    pub(super) numbers: Vec<String>,
    pub(super) competitors: Competitors,
    pub(super) languages: Languages,
    pub(super) customs: Vec<Custom>,
    /// `policy.many_buyers`
    pub(super) many: u32,
    /// `policy.max_characters`
    pub(super) max_characters: usize,
    /// `policy.max_attachments`
    pub(super) max_attachments: usize,
    /// `policy.max_attachments_size`
    pub(super) max_attachments_size: usize,
    /// What the marketplace is called.
    pub(super) marketplace: Names,
}

impl Rules {
    /// From the config. `marketplace_domains` are the alias domain and the marketplace's own:
    /// always allowed, as links and in addresses (PRODUCT §5).
    ///
    /// # Errors
    /// An action that a rule can't have, or what is wrong with a language pack.
    pub fn new(policy: &Policy, marketplace_domains: &[String]) -> Result<Self, RuleError> {
        let mut settings = BTreeMap::new();
        for rule in BUILT_RULES {
            settings.insert(rule.id, setting(rule, policy)?);
        }
        for own in &policy.custom {
            let setting = Setting {
                mode: own.mode.unwrap_or(policy.mode),
                seller_to_buyer: own.seller_to_buyer,
                buyer_to_seller: own.buyer_to_seller,
            };
            settings.insert(RuleId::Custom(own.id), setting);
        }
        let contacts = policy.allowed_contacts.iter();
        let (addresses, numbers): (Vec<_>, Vec<_>) = contacts.partition(|c| c.contains('@'));
        let digits =
            |n: &String| folded(n).chars().filter(char::is_ascii_digit).collect::<String>();
        let links = policy.allowed_link_domains.iter().chain(marketplace_domains).cloned();
        Ok(Self {
            settings,
            link_domains: Allowed::new(links),
            address_domains: Allowed::new(marketplace_domains.iter().cloned()),
            addresses: addresses.iter().map(|a| a.trim().to_lowercase()).collect(),
            numbers: numbers.into_iter().map(digits).filter(|n| !n.is_empty()).collect(),
            competitors: Competitors::new(&policy.competitors),
            languages: Languages::new(&policy.languages, &policy.language_packs)?,
            customs: policy.custom.iter().map(Custom::new).collect(),
            many: policy.many_buyers,
            max_characters: policy.max_characters,
            max_attachments: policy.max_attachments,
            max_attachments_size: policy.max_attachments_size,
            marketplace: Names::default(),
        })
    }

    /// The same with the name of the marketplace, as which nobody may pose.
    #[must_use]
    pub fn of_marketplace(mut self, name: &str) -> Self {
        self.marketplace = Names::new([name], false);
        self
    }

    /// The kinds of message that a tag at the start of a new subject names (`[Important]`,
    /// `[Rechnung]`), in the languages that are judged in.
    pub fn named_by(&self, subject: &str) -> Vec<MessageKind> {
        self.languages.packs().named_by(subject)
    }

    /// Whether anything depends on what the pictures of a message show.
    pub fn looks_at_pictures(&self, direction: Direction) -> bool {
        self.action(RuleId::Image, direction).is_some()
    }

    /// What a rule does in a direction and whether that is enforced; `None` where it is allowed,
    /// which gives no finding.
    pub(super) fn action(&self, rule: RuleId, direction: Direction) -> Option<(Action, bool)> {
        let setting = self.settings.get(&rule)?;
        let action = match direction {
            Direction::SellerToBuyer => setting.seller_to_buyer,
            Direction::BuyerToSeller => setting.buyer_to_seller,
        };
        let enforced = setting.mode == Mode::Enforce;
        (action != Action::Allow).then_some((action, enforced))
    }
}

fn setting(rule: &BuiltRule, policy: &Policy) -> Result<Setting, RuleError> {
    let given = policy.rules.get(&rule.id).copied().unwrap_or_default();
    // What can't be cleaned can't be masked: such a rule acts in observe mode too.
    let mode =
        if rule.is_uncleanable() { Mode::Enforce } else { given.mode.unwrap_or(policy.mode) };
    let (seller_to_buyer, buyer_to_seller) = rule.under(policy.preset);
    let setting = Setting {
        mode,
        seller_to_buyer: given.seller_to_buyer.unwrap_or(seller_to_buyer),
        buyer_to_seller: given.buyer_to_seller.unwrap_or(buyer_to_seller),
    };
    for action in [setting.seller_to_buyer, setting.buyer_to_seller] {
        if !rule.actions.contains(&action) {
            return Err(RuleError::Action { rule: rule.id, action });
        }
    }
    Ok(setting)
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use crate::config::{Preset, RuleSetting};

    use super::*;

    pub(in super::super) fn policy(mode: Mode, rules: &[(RuleId, RuleSetting)]) -> Policy {
        Policy {
            mode,
            preset: Preset::Standard,
            support_link: None,
            answer_window: Duration::from_secs(30 * 86_400),
            allowed_link_domains: vec!["dhl.com".to_owned()],
            allowed_contacts: vec!["Safety@authority.example".to_owned(), "+1 800 555 0100".into()],
            custom: vec![],
            messages: BTreeMap::new(),
            many_buyers: 5,
            max_characters: 5_000,
            max_attachments: 5,
            max_attachments_size: 10_000_000,
            competitors: vec!["MegaBay".to_owned(), "handelsplatz.example".to_owned()],
            languages: crate::domain::Language::ALL.to_vec(),
            language_packs: vec![],
            rules: rules.iter().copied().collect(),
        }
    }

    #[test]
    fn what_a_rule_can_not_do_is_refused_when_the_config_is_read() {
        let both = |action| RuleSetting {
            seller_to_buyer: Some(action),
            buyer_to_seller: Some(action),
            ..RuleSetting::default()
        };
        let check = |rule, action, good: bool| {
            let rules = Rules::new(&policy(Mode::Enforce, &[(rule, both(action))]), &[]);
            assert_eq!(rules.is_ok(), good, "{rule} {action:?} {:?}", rules.err());
        };
        check(RuleId::EmailAddress, Action::Allow, true);
        check(RuleId::EmailAddress, Action::Reject, true);
        check(RuleId::TooLong, Action::Warn, true);
        check(RuleId::TooLong, Action::Redact, false);
        check(RuleId::Unreadable, Action::Allow, false);
        check(RuleId::AttachmentType, Action::Redact, true);
        check(RuleId::DangerousContent, Action::Warn, false);
        check(RuleId::AttachmentSize, Action::Redact, false);
        check(RuleId::AttachmentType, Action::Reject, true);
        check(RuleId::Promotion, Action::Redact, false);
        check(RuleId::Abuse, Action::Reject, true);
        check(RuleId::Abuse, Action::Redact, false);
    }

    #[test]
    fn a_rule_s_own_mode_beats_the_mode_of_all() {
        let own = RuleSetting { mode: Some(Mode::Enforce), ..RuleSetting::default() };
        let rules = [(RuleId::PhoneNumber, own)];
        let rules = Rules::new(&policy(Mode::Observe, &rules), &[]).unwrap();
        let act = |rule| rules.action(rule, Direction::SellerToBuyer).unwrap();
        assert_eq!(act(RuleId::PhoneNumber), (Action::Redact, true));
        assert_eq!(act(RuleId::EmailAddress), (Action::Redact, false));
        assert_eq!(act(RuleId::Unreadable), (Action::Reject, true));
    }
}
