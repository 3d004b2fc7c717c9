//! The table: for every rule that reads words a hit, a near miss and a disguise in each language,
//! each judged exactly. `fixtures/policy/table.jsonl` holds it, a message a line: `rule`, `lang`
//! (`any` where the rule reads names or figures only), `what`, `direction`, `text`, and where it
//! matters `proactive`, `subject`, `pdf` (what an attached PDF says), `also` (what is found beside).
//!
//! A rule that reads no words has its hits, near misses and disguises where there are files, pictures
//! or markup to make them of: [`ELSEWHERE`] says where.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bauta::config::Policy;
use bauta::domain::{Direction, FileFacts, FileKind, Language, RuleId};
use bauta::mail::{self, Attachment, Inspected, Message};
use bauta::policy::{Context, Rules, judge};
use serde_json::Value;

/// Rules that read words, in whatever language these are.
const SPOKEN: [RuleId; 18] = [
    RuleId::ReviewSolicitation,
    RuleId::Promotion,
    RuleId::ThankYouOnly,
    RuleId::ShippingConfirmation,
    RuleId::ServiceOffer,
    RuleId::Unsolicited,
    RuleId::OptOutRequest,
    RuleId::ImportantMisuse,
    RuleId::EmailAddress,
    RuleId::PhoneNumber,
    RuleId::ExternalLink,
    RuleId::MessengerHandle,
    RuleId::OffPlatformPayment,
    RuleId::CardNumber,
    RuleId::Abuse,
    RuleId::FeedbackExtortion,
    RuleId::Impersonation,
    RuleId::AttachmentPurpose,
];

/// Rules that read names that are the same in every language.
const NAMED: [RuleId; 1] = [RuleId::Competitor];

/// The others, each with the tests that hold its hits, near misses and disguises.
const ELSEWHERE: [(RuleId, &str, &[&str]); 9] = [
    (
        RuleId::Tracking,
        "src/policy/tracking.rs",
        &[
            "what_reports_that_a_mail_was_opened_is_found",
            "an_ordinary_picture_from_elsewhere_is_none",
            "a_link_that_counts_its_readers_is_a_wrapper",
        ],
    ),
    (
        RuleId::LinkedLogo,
        "src/policy/linked_logo.rs",
        &["a_picture_below_the_words_that_leads_somewhere_is_a_linked_logo"],
    ),
    (
        RuleId::Image,
        "src/policy/judge/copied.rs",
        &[
            "a_code_that_leads_outside_is_found_and_another_is_not",
            "the_same_picture_for_many_and_one_that_nobody_can_look_at",
        ],
    ),
    (
        RuleId::AttachmentType,
        "src/policy/attachment_type.rs",
        &["each_side_may_send_what_is_on_its_list"],
    ),
    (
        RuleId::AttachmentSize,
        "src/policy/attachment_size.rs",
        &["the_limits_are_ten_megabytes_and_five_files"],
    ),
    (
        RuleId::DangerousContent,
        "tests/e2e/t47_dangerous_files.rs",
        &["dangerous_files_are_refused_both_ways_also_where_rules_are_only_observed"],
    ),
    (
        RuleId::Unreadable,
        "tests/e2e/t49_signed_and_sealed.rs",
        &["what_is_sealed_and_calendar_and_contact_files_are_refused_by_what_they_hold"],
    ),
    (
        RuleId::TooLong,
        "src/policy/too_long.rs",
        &["five_thousand_characters_pass_and_one_more_does_not"],
    ),
    (
        RuleId::CopiedAnswer,
        "src/policy/copies.rs",
        &[
            "the_same_words_are_known_again_whoever_they_greet",
            "what_is_short_or_other_or_only_quoted_is_not",
        ],
    ),
];

const WHATS: [&str; 3] = ["hit", "near", "disguise"];

fn table() -> Vec<Value> {
    super::lines("fixtures/policy/table.jsonl").unwrap()
}

fn rules() -> Rules {
    let competitors = vec!["MegaBay".to_owned()];
    let policy = Policy { competitors, ..super::policy::standard() };
    let market = ["msg.market.example".to_owned()];
    Rules::new(&policy, &market).unwrap().of_marketplace("Lamp Market")
}

fn message(row: &Value) -> Message {
    let pdf = |words: &str| {
        let inspected = Inspected::only(FileFacts::of(FileKind::Pdf));
        Attachment {
            name: Some("document.pdf".to_owned()),
            content_type: "application/pdf".to_owned(),
            size: 1,
            inspected: Some(Inspected { words: words.to_owned(), ..inspected }),
            ..Attachment::default()
        }
    };
    Message {
        subject: super::field(row, "subject").to_owned(),
        text: mail::segment(super::field(row, "text").to_owned()),
        attachments: row["pdf"].as_str().map(pdf).into_iter().collect(),
        ..Message::default()
    }
}

/// Every rule that finds something in a row, and the words of each.
pub fn found(rules: &Rules, row: &Value) -> BTreeMap<RuleId, String> {
    let direction: Direction = super::field(row, "direction").parse().unwrap();
    let context = Context {
        direction,
        proactive: row["proactive"].as_bool().unwrap_or_default(),
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: None,
    };
    let verdict = judge(rules, &context, &message(row));
    verdict.findings.into_iter().map(|f| (f.rule, f.words)).collect()
}

#[test]
fn every_rule_has_a_hit_a_near_miss_and_a_disguise_in_each_language_it_speaks() {
    let own = |row: &Value| {
        let text = |name| super::field(row, name).to_owned();
        (text("rule"), text("lang"), text("what"))
    };
    let rows: BTreeSet<_> = table().iter().map(own).collect();
    let in_each = SPOKEN.iter().flat_map(|rule| Language::ALL.map(|l| (rule, l.code())));
    for (rule, lang) in in_each.chain(NAMED.iter().map(|rule| (rule, "any"))) {
        for what in WHATS {
            let row = (rule.as_str().to_owned(), lang.to_owned(), what.to_owned());
            assert!(rows.contains(&row), "{row:?} is missing");
        }
    }
    for rule in RuleId::ALL {
        let held = [SPOKEN.as_slice(), NAMED.as_slice()].concat().contains(rule);
        let elsewhere = ELSEWHERE.iter().find(|(other, ..)| other == rule);
        assert!(held != elsewhere.is_some(), "{rule} has a place in the table, or one elsewhere");
        if let Some((_, file, tests)) = elsewhere {
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
            let text = text.unwrap();
            for test in *tests {
                assert!(text.contains(&format!("fn {test}(")), "{file} has no {test}");
            }
        }
    }
}

#[test]
fn each_row_of_the_table_is_judged_exactly() {
    let (rules, mut wrong) = (rules(), vec![]);
    let mut counts: BTreeMap<(String, String), (usize, usize)> = BTreeMap::new();
    for row in table() {
        let (rule, what) = (super::field(&row, "rule"), super::field(&row, "what"));
        let rule: RuleId = rule.parse().unwrap();
        let also = row["also"].as_array().into_iter().flatten();
        let mut expected: BTreeSet<RuleId> =
            also.map(|rule| rule.as_str().unwrap().parse().unwrap()).collect();
        if what != "near" {
            expected.insert(rule);
        }
        let found = found(&rules, &row);
        let exact = found.keys().copied().collect::<BTreeSet<_>>() == expected;
        let count = counts.entry((rule.to_string(), what.to_owned())).or_default();
        *count = (count.0 + usize::from(exact), count.1 + 1);
        if !exact {
            let lang = super::field(&row, "lang");
            wrong
                .push(format!("{rule} {lang} {what}: {found:?} in {}", super::field(&row, "text")));
        }
    }
    for ((rule, what), (exact, all)) in counts {
        eprintln!("{rule} {what}: {exact} of {all}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
