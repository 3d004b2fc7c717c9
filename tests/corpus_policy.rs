//! The contact and payment rules over labelled messages: how much is found and how much is found
//! wrongly.
//!
//! Prints recall and precision per rule; with `BAUTA_CORPUS_SHOW=1` each miss and false alarm. A
//! third of the cases, chosen by a hash of their ids, was put aside while the rules were made: it is
//! reported on its own, and shown only with `BAUTA_CORPUS_SHOW=all`.
//! Skipped, visibly, where the corpus is not beside the project.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "corpus/figures.rs"]
mod figures;
#[path = "corpus/policy.rs"]
mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use bauta::config::Policy;
use bauta::domain::{Certainty, Direction, RuleId};
use bauta::mail::{Message, Segment, SegmentKind, Text};
use bauta::policy::{Context, Rules, judge};
use sha2::Digest as _;

const RULES: [RuleId; 7] = [
    RuleId::EmailAddress,
    RuleId::PhoneNumber,
    RuleId::ExternalLink,
    RuleId::MessengerHandle,
    RuleId::OffPlatformPayment,
    RuleId::CardNumber,
    RuleId::Competitor,
];

/// Whether a case belongs to the third that nobody looked at while the rules were made.
fn is_put_aside(id: &str) -> bool {
    sha2::Sha256::digest(id.as_bytes())[0].is_multiple_of(3)
}

fn corpus(file: &str) -> Option<Vec<serde_json::Value>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");
    let path = PathBuf::from(folder).join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("SKIPPED: {file} of the corpus is not beside the project");
        return None;
    };
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn rules() -> Rules {
    // What the labelled messages take for granted: these carriers and this marketplace.
    let allowed = ["dhl.com", "ups.com", "book.delivery.example", "track.parcelpost.example"];
    let policy = Policy {
        allowed_link_domains: allowed.map(str::to_owned).to_vec(),
        competitors: ["MegaBay", "Cartoon Bazaar", "Shoply"].map(str::to_owned).to_vec(),
        ..policy::standard()
    };
    let market = ["market.example", "msg.market.example", "amazon.de", "marketplace.amazon.com"];
    Rules::new(&policy, &market.map(str::to_owned)).unwrap()
}

fn fired(
    rules: &Rules,
    direction: Direction,
    subject: &str,
    body: &str,
) -> BTreeMap<RuleId, Fired> {
    // Lines that carry a quote mark are a quote; there is no conversation to look into.
    let mut text = Text { body: body.to_owned(), ..Text::default() };
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        let quote = line.starts_with('>');
        let kind = if quote { SegmentKind::Quote } else { SegmentKind::New };
        text.segments.push(Segment { kind, range: at..at + line.len() });
        at += line.len();
    }
    let message = Message { subject: subject.to_owned(), text, ..Message::default() };
    let context = Context {
        direction,
        proactive: false,
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: None,
    };
    let verdict = judge(rules, &context, &message);
    let mut fired: BTreeMap<RuleId, Fired> = BTreeMap::new();
    // What a message is for is measured by corpus_kinds.
    for found in verdict.findings.into_iter().filter(|found| RULES.contains(&found.rule)) {
        let certain = found.certainty == Certainty::Certain;
        let rule = fired.entry(found.rule).or_insert(Fired { words: found.words, certain });
        rule.certain |= certain;
    }
    fired
}

/// What one rule found in a message: the words of its first finding.
struct Fired {
    words: String,
    certain: bool,
}

#[derive(Default, Debug, Clone, Copy)]
struct Score {
    hit: usize,
    missed: usize,
    wrong: usize,
    /// Of the findings those that count against a sender, and of these the wrong ones.
    certain: usize,
    certain_wrong: usize,
}

impl Score {
    fn recall(self) -> f64 {
        ratio(self.hit, self.hit + self.missed)
    }

    fn precision(self) -> f64 {
        ratio(self.hit, self.hit + self.wrong)
    }

    fn certain_precision(self) -> f64 {
        ratio(self.certain - self.certain_wrong, self.certain)
    }

    fn and(self, other: Self) -> Self {
        Self {
            hit: self.hit + other.hit,
            missed: self.missed + other.missed,
            wrong: self.wrong + other.wrong,
            certain: self.certain + other.certain,
            certain_wrong: self.certain_wrong + other.certain_wrong,
        }
    }
}

#[allow(clippy::cast_precision_loss)]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Scores of one set of cases: of those that were read while the rules were made, and of the
/// others.
#[derive(Default)]
struct Sheet {
    read: Half,
    put_aside: Half,
}

#[derive(Default)]
struct Half {
    scores: BTreeMap<RuleId, Score>,
    ordinary: usize,
    ordinary_hit: usize,
}

impl Sheet {
    fn note(
        &mut self,
        id: &str,
        text: &str,
        expected: &BTreeSet<RuleId>,
        fired: &BTreeMap<RuleId, Fired>,
    ) {
        let show = |what: &str, rule: RuleId, words: &str| {
            let show = std::env::var("BAUTA_CORPUS_SHOW").unwrap_or_default();
            if show == "all" || (!show.is_empty() && !is_put_aside(id)) {
                eprintln!("{what} {rule} {id} {words:?} in {text:?}");
            }
        };
        let half = if is_put_aside(id) { &mut self.put_aside } else { &mut self.read };
        for rule in RULES {
            let score = half.scores.entry(rule).or_default();
            let (expects, fires) = (expected.contains(&rule), fired.get(&rule));
            if let Some(fired) = fires.filter(|f| f.certain) {
                score.certain += 1;
                score.certain_wrong += usize::from(!expects);
                if !expects {
                    show("surely", rule, &fired.words);
                }
            }
            match (expects, fires) {
                (true, Some(_)) => score.hit += 1,
                (true, None) => {
                    score.missed += 1;
                    show("missed", rule, "");
                }
                (false, Some(fired)) => {
                    score.wrong += 1;
                    show("wrong ", rule, &fired.words);
                }
                (false, None) => {}
            }
        }
        if expected.is_empty() {
            half.ordinary += 1;
            half.ordinary_hit += usize::from(!fired.is_empty());
        }
    }

    fn print(&self, name: &str) {
        self.read.print(&format!("{name}, read"));
        self.put_aside.print(&format!("{name}, put aside"));
    }

    /// Both halves together.
    fn scores(&self) -> BTreeMap<RuleId, Score> {
        let mut all = self.read.scores.clone();
        for (rule, score) in &self.put_aside.scores {
            let sum = all.entry(*rule).or_default();
            *sum = sum.and(*score);
        }
        all
    }

    fn ordinary(&self) -> (usize, usize) {
        let (read, aside) = (&self.read, &self.put_aside);
        (read.ordinary_hit + aside.ordinary_hit, read.ordinary + aside.ordinary)
    }
}

impl Half {
    fn print(&self, name: &str) {
        for (rule, score) in self.scores.iter().filter(|(_, s)| s.hit + s.missed + s.wrong > 0) {
            let (recall, precision) = (score.recall(), score.precision());
            let certain = score.certain_precision();
            eprintln!(
                "{name}: {rule}: recall {recall:.3}, precision {precision:.3}, of certain ones \
                 {certain:.3}, {score:?}"
            );
        }
        eprintln!("{name}: ordinary messages hit: {} of {}", self.ordinary_hit, self.ordinary);
    }
}

/// Cases of a file of ours: how many there are, and those that are not judged exactly.
fn misjudged(file: &str) -> (usize, Vec<String>) {
    let path = format!("{}/fixtures/policy/{file}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let (rules, mut wrong, mut count) = (rules(), vec![], 0);
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let field = |name: &str| case[name].as_str().unwrap();
        let expect = case["expect"].as_array().unwrap();
        let expected: BTreeSet<RuleId> =
            expect.iter().map(|rule| rule.as_str().unwrap().parse().unwrap()).collect();
        let direction = field("direction").parse().unwrap();
        let fired = fired(&rules, direction, "", field("text"));
        let found: BTreeSet<RuleId> =
            fired.keys().copied().filter(|rule| RULES.contains(rule)).collect();
        if found != expected {
            wrong.push(format!("{} {:?}: {found:?}", field("id"), field("text")));
        }
        count += 1;
    }
    (count, wrong)
}

/// Our own cases: for each rule and language hits, near misses and disguises.
#[test]
fn our_own_cases_are_judged_as_they_are_labelled() {
    let (count, wrong) = misjudged("contacts");
    assert!(count > 400, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Disguises that were written down before any of them was judged, with those that still get past.
#[test]
fn disguises_in_nine_languages_are_judged_as_they_are_labelled() {
    let (count, wrong) = misjudged("contacts-b");
    eprintln!("contacts-b: {} of {count} exact\n{}", count - wrong.len(), wrong.join("\n"));
    assert!(count > 350 && wrong.len() * 100 <= 3 * count, "{}", wrong.join("\n"));
}

/// Two more rounds, each written down whole before any of it was judged: 174 messages, then 83. At first
/// sight 164 and 70 were judged exactly (before that round's changes 157 and 60); recall and precision of
/// `phone-number` 1.00/0.92 and 0.89/0.80, `email-address` 0.95/0.95 and 1.00/0.91, `external-link`
/// 0.82/1.00 and 1.00/1.00, `messenger-handle` 0.83/1.00 and 0.89/1.00, `off-platform-payment` 0.88/1.00
/// and 0.56/1.00, `card-number` 1.00/1.00 both times; of the clean ones 2 of 70 and 5 of 27 were hit.
/// Two labels were wrong: a number or an address that is given for a payment is also what it is.
#[test]
fn numbers_told_in_words_and_labels_that_stand_apart_are_judged_as_they_are_labelled() {
    for (file, least) in [("contacts-c", 170), ("contacts-d", 80)] {
        let (count, wrong) = misjudged(file);
        assert!(count > least && wrong.is_empty(), "{file}: {count}: {}", wrong.join("\n"));
    }
}

/// A last round of 63: 59 were judged exactly at first sight, none of the clean ones was hit, and of
/// numbers and addresses none was missed. What is still missed says where to write without a verb of writing
/// ("Am schnellsten geht es über Signal", "LINEのほうが早いので"), or what is not paid in place of what is.
#[test]
fn a_round_that_was_looked_at_once_is_judged_nearly_as_it_is_labelled() {
    let (count, wrong) = misjudged("contacts-e");
    assert!(count > 60 && wrong.len() <= 3, "{count}: {}", wrong.join("\n"));
}

/// Three rounds of invitations in other words, each written down before any of it was judged: 96 of 126, 61
/// of 108 and 55 of 72 were judged exactly then, and of the clean ones 8 of 45, 1 of 36 and 1 of 18 were hit.
/// "contacts-q" holds plain ones: 45 of 54 at first sight.
#[test]
fn invitations_in_other_words_are_judged_nearly_as_they_are_labelled() {
    for (file, most) in
        [("contacts-f", 8), ("contacts-g", 10), ("contacts-h", 3), ("contacts-q", 2)]
    {
        let (count, wrong) = misjudged(file);
        eprintln!("{file}: {} of {count} exact\n{}", count - wrong.len(), wrong.join("\n"));
        assert!(count > 50 && wrong.len() <= most, "{file}: {count}: {}", wrong.len());
    }
}

#[test]
fn policy_cases_are_judged_as_they_are_labelled() {
    let Some(cases) = corpus("policy-cases/cases.jsonl") else { return };
    let (rules, mut sheet) = (rules(), Sheet::default());
    for case in &cases {
        let field = |name: &str| case[name].as_str().unwrap_or_default();
        let direction = field("direction").parse().unwrap();
        let expect = case["expect"].as_array().unwrap();
        let expected: BTreeSet<RuleId> =
            expect.iter().map(|rule| rule.as_str().unwrap().parse().unwrap()).collect();
        let fired = fired(&rules, direction, field("subject"), field("text"));
        sheet.note(field("id"), field("text"), &expected, &fired);
    }
    sheet.print("policy-cases");
    for (rule, score) in sheet.scores() {
        assert!(score.recall() >= 0.95, "{rule}: {score:?}");
        assert!(score.precision() >= 0.97, "{rule}: {score:?}");
        assert!(score.certain_precision() >= 0.99, "{rule}: {score:?}");
    }
    assert_eq!(sheet.ordinary().0, 0);
}

#[test]
fn contacts_that_people_disguise_are_found() {
    let files = [
        "amazon-outbound",
        "marketplace-brazil-pt",
        "marketplace-guinea-fr",
        "marketplace-nigeria",
        "services-us",
    ];
    let (rules, mut sheet) = (rules(), Sheet::default());
    for file in files {
        let Some(cases) = corpus(&format!("contact-evasion/{file}.jsonl")) else { return };
        for case in &cases {
            let field = |name: &str| case[name].as_str().unwrap_or_default();
            let kinds: Vec<&str> =
                case["kinds"].as_array().unwrap().iter().map(|k| k.as_str().unwrap()).collect();
            let expected = mapped(&kinds, field("text"));
            // Messages that another filter stops for a rule that is none of these say nothing about
            // them.
            if expected.is_empty() && !kinds.is_empty() {
                continue;
            }
            // "mercadolivre" is that filter's own marketplace.
            if field("text").contains("mercadolivre") {
                continue;
            }
            let mut fired = fired(&rules, Direction::SellerToBuyer, "", field("text"));
            // "Whats 11987654321": those filters call it a number only, we name the messenger too.
            if expected.contains(&RuleId::PhoneNumber) {
                fired.retain(|rule, _| *rule != RuleId::MessengerHandle || expected.contains(rule));
            }
            sheet.note(field("id"), field("text"), &expected, &fired);
        }
    }
    sheet.print("contact-evasion");
    let contacts = [RuleId::EmailAddress, RuleId::PhoneNumber, RuleId::ExternalLink];
    let contacts = contacts.into_iter().chain([RuleId::MessengerHandle]);
    let scores = sheet.scores();
    let all = contacts.fold(Score::default(), |all, rule| all.and(scores[&rule]));
    eprintln!("contact-evasion: all contacts: recall {:.3}, {all:?}", all.recall());
    assert!(all.recall() >= 0.95, "{all:?}");
    assert!(all.precision() >= 0.97, "{all:?}");
    let (hit, ordinary) = sheet.ordinary();
    assert!(ratio(hit, ordinary) <= 0.03, "{hit} of {ordinary}");
}

/// The kinds of those filters as our rules.
///
/// - `phone`, `email`, `link`: `phone-number`, `email-address`, `external-link`; a link to a messenger
///   or social network is `messenger-handle`, one to a payment service `off-platform-payment`
///   (PRODUCT §5, "most exact rule").
/// - `social_handle`, `messaging_app`: `messenger-handle`.
/// - `payment_redirect`: `off-platform-payment`.
/// - `contact_request` ("tell me your number"), `off_platform` ("let's talk offline"): PRODUCT §5 has
///   no rule about asking for a contact without giving one; nor about what is left, which other
///   rules judge (`review_manipulation`, `marketing_content` and so on).
fn mapped(kinds: &[&str], text: &str) -> BTreeSet<RuleId> {
    let network = ["t.me", "telegram", "wa.me", "facebook", "instagram", "tiktok"];
    let text = text.to_lowercase();
    let to_network = network.iter().any(|name| text.contains(name));
    let rules = kinds.iter().filter_map(|kind| match *kind {
        "phone" => Some(RuleId::PhoneNumber),
        "email" | "email_address" => Some(RuleId::EmailAddress),
        // "p a y p a l dot me slash shop"
        "link" | "external_link" if text.replace(' ', "").contains("paypal") => {
            Some(RuleId::OffPlatformPayment)
        }
        "link" | "external_link" if to_network => Some(RuleId::MessengerHandle),
        "link" | "external_link" => Some(RuleId::ExternalLink),
        "social_handle" | "messaging_app" => Some(RuleId::MessengerHandle),
        "payment_redirect" => Some(RuleId::OffPlatformPayment),
        _ => None,
    });
    rules.collect()
}

/// Five of them are hit. Three name a domain that nobody has allowed (support.apple.com, dell.com/support,
/// support.microsoft.com), which is what the rule is for; two are wrong: support for Slack itself, and
/// the billing of an account.
#[test]
fn ordinary_support_mail_passes() {
    let Some(cases) = corpus("multilang-support-tickets/tickets-dev.jsonl") else { return };
    let (rules, mut sheet) = (rules(), Sheet::default());
    // These name a real contact or link; everything else has placeholders such as <tel_num>.
    let real =
        |text: &str| text.contains("http") || text.contains('@') || text.contains("1-800-624-9897");
    for case in &cases {
        for name in ["body", "answer"] {
            let field = |name: &str| case[name].as_str().unwrap_or_default();
            let text = field(name);
            if real(text) {
                continue;
            }
            let fired = fired(&rules, Direction::BuyerToSeller, field("subject"), text);
            sheet.note(&case["row"].to_string(), text, &BTreeSet::new(), &fired);
        }
    }
    let (hit, ordinary) = sheet.ordinary();
    eprintln!("multilang-support-tickets: ordinary messages hit: {hit} of {ordinary}");
    assert!(ratio(hit, ordinary) <= 0.005);
}
