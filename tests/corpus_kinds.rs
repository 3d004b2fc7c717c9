//! The message kinds, and how people behave, over labelled messages.
//!
//! The settled cases of PRODUCT §5 and the disguises have to be judged exactly; the messages that
//! were written for this project, and those of the corpus, as well as is asked of them. The corpus
//! is skipped, visibly, where it is not beside the project. `bauta policy measure` shows each miss.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "corpus/policy.rs"]
mod policy;
#[path = "corpus/table.rs"]
mod table;

use std::collections::BTreeSet;
use std::path::PathBuf;

use bauta::domain::{Direction, RuleId};
use bauta::mail::{self, Message};
use bauta::policy::{Context, Rules, judge};
use serde_json::Value;

const KINDS: [RuleId; 11] = [
    RuleId::ReviewSolicitation,
    RuleId::Promotion,
    RuleId::OptOutRequest,
    RuleId::ShippingConfirmation,
    RuleId::ServiceOffer,
    RuleId::ThankYouOnly,
    RuleId::Unsolicited,
    RuleId::ImportantMisuse,
    RuleId::Abuse,
    RuleId::FeedbackExtortion,
    RuleId::Impersonation,
];

fn lines(path: &str) -> Option<Vec<Value>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn corpus(file: &str) -> Option<Vec<Value>> {
    let found = lines(&format!("../shared/corpus/{file}"));
    if found.is_none() {
        eprintln!("SKIPPED: {file} of the corpus is not beside the project");
    }
    found
}

fn rules() -> Rules {
    let market = ["msg.market.example".to_owned()];
    Rules::new(&policy::standard(), &market).unwrap().of_marketplace("Lamp Market")
}

fn field<'a>(case: &'a Value, name: &str) -> &'a str {
    case[name].as_str().unwrap_or_default()
}

/// Which of the kinds fire.
fn fired(rules: &Rules, case: &Value) -> BTreeSet<RuleId> {
    let direction: Direction = field(case, "direction").parse().unwrap();
    let context = Context {
        direction,
        proactive: case["proactive"].as_bool().unwrap(),
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: case["question"].as_str(),
    };
    let text = mail::segment(field(case, "text").to_owned());
    let message =
        Message { subject: field(case, "subject").to_owned(), text, ..Message::default() };
    let verdict = judge(rules, &context, &message);
    verdict.findings.iter().map(|f| f.rule).filter(|rule| KINDS.contains(rule)).collect()
}

fn expected(case: &Value) -> BTreeSet<RuleId> {
    let expect = case["expect"].as_array().unwrap();
    let rules = expect.iter().map(|rule| rule.as_str().unwrap().parse().unwrap());
    rules.filter(|rule| KINDS.contains(rule)).collect()
}

/// How many of the cases are judged exactly, and how often each rule fired wrongly.
fn exact(cases: &[Value]) -> (usize, usize) {
    let (rules, mut exact, mut wrong) = (rules(), 0, 0);
    for case in cases {
        let (fired, expected) = (fired(&rules, case), expected(case));
        exact += usize::from(fired == expected);
        wrong += fired.difference(&expected).count();
        if fired != expected {
            eprintln!("{}: {fired:?} where {expected:?} is right", field(case, "id"));
        }
    }
    (exact, wrong)
}

#[test]
fn the_settled_cases_and_the_disguises_are_judged_exactly() {
    let cases = lines("fixtures/policy/settled.jsonl").unwrap();
    assert_eq!(exact(&cases).0, cases.len());
}

/// Hits, near misses and disguises of `abuse`, `feedback-extortion` and `impersonation` in each
/// language.
#[test]
fn how_people_behave_is_judged_exactly() {
    let cases = lines("fixtures/policy/conduct.jsonl").unwrap();
    assert_eq!(exact(&cases).0, cases.len());
}

#[test]
fn what_real_sellers_might_write_is_judged_as_it_is_labelled() {
    // Two were hardly mended for, and show what is still not known. "l" and "m" are how sellers beat about
    // the bush, written down before any of it was judged: 133 of 180 and 71 of 126 were right then. Of "n",
    // which came when those two were mended for, 52 of 90 were. "q" says the same in plain words: 60 of 63.
    // What also honest sellers say ("post it to our shop") is left alone, so that some of those pass. "r" to
    // "u" hold every rule: 159 of 176, 132 of 163, 114 of 147 and 88 of 92; "v" the plainest words for a
    // review and for a sale: 138 of 164; "w" for thanks, news of a parcel and help: 37 of 45 (see
    // docs/policy.md).
    let mended = [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "k", "near", "q", "r", "s", "t", "u", "v", "w",
    ];
    let mended = mended.map(|set| (set, 95));
    for (set, percent) in mended.into_iter().chain([("j", 90), ("l", 93), ("m", 84), ("n", 90)]) {
        let cases = lines(&format!("fixtures/policy/kinds-{set}.jsonl")).unwrap();
        let (exact, wrong) = exact(&cases);
        eprintln!("kinds-{set}: {exact} of {} exact, {wrong} wrong findings", cases.len());
        assert!(exact * 100 >= percent * cases.len(), "{set}: {exact} of {}", cases.len());
    }
}

/// What an honest seller writes with the words of a rule: a price that was agreed, a part sent free of
/// charge, a payment at the checkout; "near-c": stars that are sewn, shares, what may be returned free of charge
/// (23 of 100 were hit at first sight). Every rule is asked.
#[test]
fn an_honest_seller_is_not_punished() {
    let sets =
        ["near-b", "near-c"].map(|set| lines(&format!("fixtures/policy/{set}.jsonl")).unwrap());
    let (cases, rules) = (sets.concat(), rules());
    let wrong = cases.iter().filter_map(|case| {
        let found = table::found(&rules, case);
        (!found.is_empty()).then(|| format!("{}: {found:?}", field(case, "id")))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(cases.len() > 200 && wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sentences in which a reader of the rules found them wrong: threats beside a game, a messenger's "support"
/// that is the seller's own, things that are posted, ranges that are no sale.
#[test]
fn what_a_reader_found_wrong_is_judged_exactly() {
    let cases = lines("fixtures/policy/reviewed.jsonl").unwrap();
    let rules = rules();
    let wrong = cases.iter().filter_map(|case| {
        let found: BTreeSet<RuleId> = table::found(&rules, case).into_keys().collect();
        (found != expected(case)).then(|| format!("{}: {found:?}", field(case, "text")))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn policy_cases_are_judged_as_they_are_labelled() {
    let Some(cases) = corpus("policy-cases/cases.jsonl") else { return };
    let (exact, wrong) = exact(&cases);
    eprintln!("policy-cases: {exact} of {} exact, {wrong} wrong findings", cases.len());
    assert!(exact * 100 >= 95 * cases.len(), "{exact} of {}", cases.len());
}

/// What real sellers wrote, by kinds of another list than ours: of several the first one of these
/// counts, as in PRODUCT §5 ("Settled cases"; a reward for a review is no promotion beside it). What
/// buyers say of sellers is put aside, and so is the language that has no pack.
#[test]
fn policy_messages_are_judged_as_they_are_labelled() {
    let Some(messages) = corpus("policy-messages/seller-messages-dev.jsonl") else { return };
    let ours = [
        ("review_solicitation", "review-solicitation"),
        ("promotion", "promotion"),
        ("shipping_confirmation", "shipping-confirmation"),
        ("preemptive_service", "service-offer"),
        ("standalone_thank_you", "thank-you-only"),
    ];
    let case = |message: &Value| {
        let kinds = message["kinds"].as_array().unwrap();
        let is = |kind: &str| kinds.iter().any(|k| k == kind);
        let first = ours.iter().find(|(theirs, _)| is(theirs)).map(|(_, ours)| *ours);
        serde_json::json!({
            "id": message["id"],
            "direction": "seller-to-buyer",
            "proactive": first.is_some(),
            "subject": message["subject"],
            "text": message["text"],
            "expect": first.as_slice(),
        })
    };
    let of_sellers = |m: &&Value| field(m, "lang") != "zh" && field(m, "id") != "policy-059";
    let cases: Vec<Value> = messages.iter().filter(of_sellers).map(case).collect();
    let (exact, wrong) = exact(&cases);
    eprintln!("policy-messages: {exact} of {} exact, {wrong} wrong findings", cases.len());
    assert!(exact * 100 >= 95 * cases.len(), "{exact} of {}", cases.len());
}

#[test]
fn an_ordinary_answer_of_support_is_no_advertising_and_asks_for_no_review() {
    let Some(tickets) = corpus("multilang-support-tickets/tickets-dev.jsonl") else { return };
    let (rules, mut hit) = (rules(), 0);
    for ticket in &tickets {
        let case = serde_json::json!({
            "direction": "seller-to-buyer",
            "proactive": false,
            "subject": format!("Re: {}", field(ticket, "subject")),
            "text": field(ticket, "answer"),
            "question": field(ticket, "body"),
        });
        let fired = fired(&rules, &case);
        hit += usize::from(!fired.is_empty());
        if !fired.is_empty() {
            eprintln!("{}: {fired:?}", ticket["row"]);
        }
    }
    eprintln!("multilang-support-tickets: {hit} of {} answers hit", tickets.len());
    assert!(hit * 200 <= tickets.len(), "{hit}");
}
