//! The policy that labelled messages are judged by: everything enforced, in every language.

use std::collections::BTreeMap;
use std::time::Duration;

use bauta::config::{Mode, Policy, Preset};
use bauta::domain::Language;

pub fn standard() -> Policy {
    Policy {
        mode: Mode::Enforce,
        preset: Preset::Standard,
        support_link: None,
        answer_window: Duration::from_secs(30 * 86_400),
        allowed_link_domains: vec![],
        allowed_contacts: vec![],
        competitors: vec![],
        custom: vec![],
        many_buyers: 5,
        max_characters: 5_000,
        max_attachments: 5,
        max_attachments_size: 10_000_000,
        messages: BTreeMap::new(),
        languages: Language::ALL.to_vec(),
        language_packs: vec![],
        rules: BTreeMap::new(),
    }
}
