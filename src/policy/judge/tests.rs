//! What a judged message looks like from outside.

use crate::config::{CustomRule, Mode, RuleSetting};
use crate::domain::{Direction, FileFacts, FileKind, Sightings};
use crate::mail::sighting::sighted;
use crate::mail::{Attachment, Inspected, Segment, SegmentKind, Text, Unreadable};
use crate::policy::rules::tests::policy;
use crate::policy::steps;

use super::*;

mod settled;

pub(super) fn rules(mode: Mode, own: &[(RuleId, RuleSetting)]) -> Rules {
    Rules::new(&policy(mode, own), &["msg.market.example".to_owned()]).unwrap()
}

pub(super) fn context(sightings: Option<&Sightings>) -> Context<'_> {
    let direction = Direction::SellerToBuyer;
    Context {
        direction,
        proactive: false,
        sightings,
        known_ids: vec!["O-2025550143".to_owned()],
        copies: None,
        question: None,
    }
}

fn message(subject: &str, segments: &[(SegmentKind, &str)]) -> Message {
    let mut text = Text::default();
    for (kind, words) in segments {
        let start = text.body.len();
        text.body.push_str(words);
        text.segments.push(Segment { kind: *kind, range: start..text.body.len() });
    }
    Message { subject: subject.to_owned(), text, ..Message::default() }
}

fn new(text: &str) -> Message {
    message("", &[(SegmentKind::New, text)])
}

fn photo(name: &str) -> Attachment {
    Attachment {
        name: Some(name.to_owned()),
        content_type: "image/jpeg".to_owned(),
        inline: true,
        size: 1,
        inspected: Some(Inspected::only(FileFacts::of(FileKind::Jpeg))),
        ..Attachment::default()
    }
}

fn told(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|f| (f.rule.as_str(), f.words.as_str())).collect()
}

#[test]
fn one_stretch_is_one_finding_of_the_most_exact_rule() {
    let rules = rules(Mode::Enforce, &[]);
    let text = "Mail jane@x.example, see wa.me/491713920045 or call 0171 3920045.";
    let verdict = judge(&rules, &context(None), &new(text));
    assert_eq!(
        told(&verdict.findings),
        [
            ("email-address", "jane@x.example"),
            ("messenger-handle", "wa.me/491713920045"),
            ("phone-number", "0171 3920045"),
        ]
    );
    assert_eq!((verdict.action, verdict.would), (Action::Redact, Action::Redact));
    for f in &verdict.findings {
        assert_eq!(&text[f.start..f.end], f.words);
    }
}

#[test]
fn subject_and_attachment_names_are_judged_but_no_ticket_number() {
    let rules = rules(Mode::Enforce, &[]);
    let mut mail = message("Re: [#0171 3920045] call 0171 3920045", &[]);
    mail.attachments = ["jane@x.example.jpg", "IMG_20240611_123456.jpg"].map(photo).to_vec();
    let verdict = judge(&rules, &context(None), &mail);
    let parts: Vec<_> = verdict.findings.iter().map(|f| (f.part, f.start)).collect();
    assert_eq!(parts, [(Part::Subject, 25), (Part::Attachment, 0)], "{verdict:?}");
}

#[test]
fn observing_changes_nothing_but_what_can_not_be_masked() {
    let observed = rules(Mode::Observe, &[]);
    let verdict = judge(&observed, &context(None), &new("jane@x.example"));
    assert_eq!((verdict.action, verdict.would), (Action::Allow, Action::Redact));
    assert!(verdict.redactions(Part::Text).is_empty());
    let mail = Message { unreadable: Some(Unreadable::Encrypted), ..Message::default() };
    let verdict = judge(&observed, &context(None), &mail);
    assert_eq!((verdict.action, told(&verdict.findings).len()), (Action::Reject, 1));

    let own = RuleSetting { mode: Some(Mode::Enforce), ..RuleSetting::default() };
    let one = rules(Mode::Observe, &[(RuleId::PhoneNumber, own)]);
    let verdict = judge(&one, &context(None), &new("jane@x.example, call 0171 3920045"));
    assert_eq!(verdict.redactions(Part::Text).len(), 1, "{verdict:?}");
    assert_eq!(verdict.findings.len(), 2);
}

#[test]
fn what_is_allowed_gives_no_finding() {
    let off = RuleSetting { seller_to_buyer: Some(Action::Allow), ..RuleSetting::default() };
    let rules = rules(Mode::Enforce, &[(RuleId::EmailAddress, off)]);
    let text =
        "jane@x.example a@msg.market.example www.dhl.com/x 1-800-555-0100 order O-2025550143";
    assert_eq!(judge(&rules, &context(None), &new(text)), Verdict::clean());
}

#[test]
fn quotes_are_cleaned_and_not_held_against_the_sender() {
    let reject = RuleSetting { seller_to_buyer: Some(Action::Reject), ..RuleSetting::default() };
    let rules = rules(Mode::Enforce, &[(RuleId::EmailAddress, reject)]);
    let mail = message(
        "",
        &[
            (SegmentKind::New, "Thank you.\n"),
            (SegmentKind::Attribution, "On Monday bob@y.example wrote:\n"),
            (SegmentKind::Quote, "> mail jane@x.example\n"),
        ],
    );
    // Without a conversation marks are taken at their word.
    let verdict = judge(&rules, &context(None), &mail);
    assert_eq!((verdict.action, verdict.findings.len()), (Action::Allow, 0));
    assert_eq!(verdict.redactions(Part::Text).len(), 2, "{verdict:?}");
    // With one, marks alone prove nothing; only the attribution line is the mail program's.
    let verdict = judge(&rules, &context(Some(&Sightings::default())), &mail);
    assert_eq!(told(&verdict.findings), [("email-address", "jane@x.example")]);
    assert_eq!(told(&verdict.cleaned), [("email-address", "bob@y.example")]);
    assert_eq!(verdict.action, Action::Reject);
}

#[test]
fn what_is_shown_reversed_is_read_as_it_is_shown() {
    let rules = rules(Mode::Enforce, &[]);
    let check = |text: &str, expected: &[(&str, &str)]| {
        let verdict = judge(&rules, &context(None), &new(text));
        assert_eq!(told(&verdict.findings), expected, "{text:?}");
        assert_eq!(verdict.redactions(Part::Text).len(), expected.len(), "{text:?}");
        for f in &verdict.findings {
            assert_eq!(&text[f.start..f.end], f.words);
        }
    };
    let all = "\u{202e}moc.liamg@nhoj\u{202c}";
    check(all, &[("email-address", all)]);
    check(&format!("Mail {all} now"), &[("email-address", all)]);
    // Only its end is reversed.
    let half = "john@\u{202e}moc.liamg\u{202c}";
    check(&format!("Mail {half} now"), &[("email-address", half)]);
    // Never closed: it ends with the line (UAX #9, X8).
    let open = "\u{202e}moc.liamg@nhoj";
    check(&format!("Mail {open}\nThanks"), &[("email-address", open)]);
    let number = "\u{202d}\u{202e}5400293 1710\u{202c}\u{202c}";
    let found = judge(&rules, &context(None), &new(&format!("call {number}, please")));
    assert_eq!(found.findings.len(), 1, "{found:?}");
    let link = "\u{2067}elpmaxe.pmal.www\u{2069}";
    check(&format!("at {link}"), &[("external-link", link)]);
    // What reads well as it stands stays one finding; names in Arabic text are none.
    check("\u{2066}jane@x.example\u{2069} ok", &[("email-address", "jane@x.example\u{2069}")]);
    check("\u{202e}شكرا\u{202c} \u{2067}thanks\u{2069}", &[]);
}

#[test]
fn a_subject_that_answers_nothing_is_judged_whatever_stands_before_it() {
    let rules = rules(Mode::Enforce, &[]);
    let check = |subject: &str, seen: Option<&[&str]>, expected: &[&str]| {
        let seen = seen.map(sighted);
        let text = "The lamp will arrive at your door on Friday with the courier.";
        let mail = message(subject, &[(SegmentKind::New, text)]);
        let verdict = judge(&rules, &context(seen.as_ref()), &mail);
        let found: Vec<&str> = verdict.findings.iter().map(|f| f.rule.as_str()).collect();
        assert_eq!(found, expected, "{subject}: {verdict:?}");
        assert!(verdict.findings.iter().all(|f| subject[f.start..f.end] == f.words));
    };
    let asks = "Please leave us a five star review on the product page";
    let answer = format!("Re: {asks}");
    let reviews = ["review-solicitation"];
    check(&answer, Some(&[]), &reviews);
    check(&format!("AW: Re: {asks}"), Some(&["Where is my parcel?"]), &reviews);
    check("Re: A 20% discount code for your next order: LAMP20", Some(&[]), &["promotion"]);
    // What the conversation is about is the buyer's, whatever a ticket system writes around it.
    check(&answer, Some(&[asks]), &[]);
    check(&format!("[Ticket 17] {answer}"), Some(&[asks]), &[]);
    check("Re: leave us a review?", Some(&["Leave us a review?"]), &[]);
    // Without a conversation "Re:" is taken at its word.
    check(&answer, None, &[]);
    check(asks, None, &reviews);
}

#[test]
fn the_name_of_a_file_may_ask_for_what_the_text_may_not() {
    let rules = rules(Mode::Enforce, &[]);
    let check = |name: &str, text: &str, expected: &[&str]| {
        let mut mail = new(text);
        mail.attachments = vec![photo(name)];
        let seen = Sightings::default();
        let verdict = judge(&rules, &context(Some(&seen)), &mail);
        let found: Vec<&str> = verdict.findings.iter().map(|f| f.rule.as_str()).collect();
        assert_eq!(found, expected, "{name}: {verdict:?}");
        for f in &verdict.findings {
            assert_eq!((f.part, &name[f.start..f.end]), (Part::Attachment, f.words.as_str()));
        }
    };
    let text = "Here is a picture of the lamp as it left us.";
    check("Please_leave_us_a_5_star_review.jpg", text, &["review-solicitation"]);
    check("bitte-bewerten-sie-uns-mit-5-sternen.jpg", text, &["review-solicitation"]);
    check("Please leave us a five star review.jpg", "Here.", &["review-solicitation"]);
    check("20%_off_your_next_order_with_code_LAMP20.jpg", text, &["promotion"]);
    for name in [
        "IMG_20240611_123456.jpg",
        "proof_for_your_review.jpg",
        "engraving-feedback-v2.jpg",
        "review.jpg",
        "five-star-lamp_front.jpg",
        "Rechnung_2026-05.jpg",
        "order_O-2025550143_damaged_box.jpg",
        "mode_d_emploi.lampe.jpg",
        "please check the spelling.jpg",
        ".jpg",
        "",
    ] {
        check(name, text, &[]);
    }
}

#[test]
fn too_long_counts_new_text_only_and_says_both_lengths() {
    let rules = rules(Mode::Enforce, &[]);
    let quote = "> well\n".repeat(2_000);
    let long = "ä".repeat(5_001);
    let fits = "ä".repeat(5_000);
    let check = |text: &str, action| {
        let mail = message("", &[(SegmentKind::New, text), (SegmentKind::Quote, &quote)]);
        let verdict = judge(&rules, &context(None), &mail);
        assert_eq!(verdict.action, action, "{verdict:?}");
    };
    check(&fits, Action::Allow);
    check(&long, Action::Reject);
}

fn own(id: &str, pattern: Option<&str>, words: &[&str], action: Action) -> CustomRule {
    CustomRule {
        id: id.parse().unwrap(),
        pattern: pattern.map(|p| regex::Regex::new(p).unwrap()),
        words: words.iter().map(|w| (*w).to_owned()).collect(),
        mode: None,
        seller_to_buyer: action,
        buyer_to_seller: Action::Allow,
        messages: std::collections::BTreeMap::new(),
        strikes: false,
    }
}

#[test]
fn rules_of_the_admin_s_own_find_what_they_say_beside_all_others() {
    let mut policy = policy(Mode::Enforce, &[]);
    policy.custom = vec![
        own("no-fax", Some(r"(?i)\bfax(es)?\b"), &[], Action::Redact),
        own("old-shop", None, &["Brass Barn"], Action::Reject),
        own("domains", Some(r"\.example"), &[], Action::Warn),
    ];
    let rules = Rules::new(&policy, &[]).unwrap();
    let text = "Send a FAX, faxes or a fairfax to Br4ss-Barn or jane@x.example";
    let verdict = judge(&rules, &context(None), &new(text));
    assert_eq!(
        told(&verdict.findings),
        [
            ("email-address", "jane@x.example"),
            ("old-shop", "Br4ss-Barn"),
            ("no-fax", "FAX"),
            ("no-fax", "faxes"),
            ("domains", ".example"),
        ]
    );
    assert_eq!(verdict.action, Action::Reject);
    for f in &verdict.findings {
        assert_eq!(&text[f.start..f.end], f.words);
    }
    let buyer = Context { direction: Direction::BuyerToSeller, ..context(None) };
    let verdict = judge(&rules, &buyer, &new(text));
    assert_eq!(told(&verdict.findings), [("email-address", "jane@x.example")]);
    // As it is stored with the verdict, and read again by whoever has no such rule any more.
    let read: Verdict = serde_json::from_str(&serde_json::to_string(&verdict).unwrap()).unwrap();
    assert_eq!(read, verdict);
}

#[test]
fn only_numbers_and_handles_are_taken_out_of_a_buyer_s_invitation_to_pay_elsewhere() {
    let rules = rules(Mode::Enforce, &[]);
    let buyer = Context { direction: Direction::BuyerToSeller, ..context(None) };
    let text = "Can I pay you by bank transfer? Mine is DE89 3704 0044 0532 0130 00.";
    let verdict = judge(&rules, &buyer, &new(text));
    assert_eq!(verdict.action, Action::Redact, "{verdict:?}");
    let cut: Vec<&str> =
        verdict.redactions(Part::Text).into_iter().map(|(s, e, _)| &text[s..e]).collect();
    assert_eq!(cut, ["DE89 3704 0044 0532 0130 00"]);
    let verdict = judge(&rules, &buyer, &new("Can I pay you by PayPal instead?"));
    assert_eq!((verdict.action, verdict.findings.len()), (Action::Warn, 1), "{verdict:?}");
    // The same from a seller is refused.
    let verdict = judge(&rules, &context(None), &new("You can pay me by PayPal instead."));
    assert_eq!(verdict.action, Action::Reject, "{verdict:?}");
}

/// Texts that are all one thing, `n` bytes of each.
fn hostile(n: usize) -> Vec<String> {
    let quotes = (1..40).map(|depth| format!("{} text\n", ">".repeat(depth)));
    let quotes: String = quotes.collect();
    vec![
        " ".repeat(n),
        "@".repeat(n),
        "a@".repeat(n),
        "a.".repeat(n),
        "a ".repeat(n),
        "1".repeat(n),
        "1 ".repeat(n),
        "0171 3920045 ".repeat(n / 12),
        "one ".repeat(n / 4),
        "\u{200b}".repeat(n),
        "a\u{200b}".repeat(n),
        "> ".repeat(n),
        "a dot ".repeat(n / 6),
        "x at y dot ".repeat(n / 10),
        "(at)".repeat(n / 4),
        "http://".repeat(n / 7),
        "https://dhl.com/http".repeat(n / 20),
        "gmail ".repeat(n / 6),
        "[".repeat(n),
        "&#".repeat(n),
        "a-".repeat(n),
        "www ".repeat(n / 4),
        "a slash ".repeat(n / 8),
        "一".repeat(n / 3),
        "\u{202e}".repeat(n / 3),
        "\u{202e}a@".repeat(n / 5),
        "\u{202e}moc.a@a\u{202c}".repeat(n / 13),
        "1.2.2026 ".repeat(n / 9),
        "parcel: ".repeat(n / 8),
        "whatsapp ".repeat(n / 9),
        "w h a t s a p ".repeat(n / 14),
        "my telegram: ".repeat(n / 13),
        "pay me by paypal, ".repeat(n / 18),
        "gift card ".repeat(n / 10),
        "LINE交換".repeat(n / 10),
        "4111 1111 1111 1111 ".repeat(n / 20),
        "4111 1111 1111 1112 ".repeat(n / 20),
        "DE89 3704 0044 0532 0130 00 ".repeat(n / 28),
        "DE ".repeat(n / 3),
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ".repeat(n / 35),
        "@handle_1 ".repeat(n / 10),
        "MegaBay ".repeat(n / 8),
        "m-e-g-a-b-a-".repeat(n / 12),
        "ください".repeat(n / 12),
        "don't ".repeat(n / 6),
        "a, ".repeat(n / 3),
        quotes.repeat(n / quotes.len()),
        ">".repeat(n),
        ".".repeat(n),
        "\n".repeat(n),
        " .\n".repeat(n / 3),
        "please leave us a review ".repeat(n / 25),
        "please leave us a review. ".repeat(n / 26),
        "re-view ".repeat(n / 8),
        "r e v i e w ".repeat(n / 12),
        "d1$c0unt ".repeat(n / 9),
        "thanks, if you would ".repeat(n / 21),
        "bitte bewerten Sie uns, ".repeat(n / 24),
        "レビューをお願いします".repeat(n / 33),
        "a\u{301}".repeat(n / 3),
        "zero8zero3".repeat(n / 10),
        "o-".repeat(n / 2),
        "w w w . a . d e ".repeat(n / 16),
        "t . me / ".repeat(n / 9),
        "a★gmail.com".repeat(n / 13),
        "moc.liamg@a".repeat(n / 11),
        "pay me directly, ".repeat(n / 17),
        "\u{2067}a".repeat(n / 4),
        "&#x41;".repeat(n / 6),
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed".repeat(n / 42),
        "2".repeat(n),
        "q2".repeat(n / 2),
        "at2".repeat(n / 3),
    ]
}

/// Long enough to be searched only where nothing refuses it for its length, as here.
fn without_end() -> Rules {
    let too_long = RuleSetting { seller_to_buyer: Some(Action::Allow), ..RuleSetting::default() };
    rules(Mode::Enforce, &[(RuleId::TooLong, too_long)])
}

/// As a message of a seller that nobody asked for: contacts, and what it is for.
fn grows_as_its_length(half: &str, whole: &str) {
    let rules = without_end();
    let context = Context { proactive: true, ..context(None) };
    let work = |text: &str| steps::of(|| drop(judge(&rules, &context, &new(text))));
    let start: String = whole.chars().take(24).collect();
    let (half, double) = (work(half), work(whole));
    assert!(double <= 2 * half + half / 4 + 20_000, "{start:?}: {half}, then {double}");
    // Letters that stand alone are the most work: each may begin a name, a label, a word.
    assert!(double <= 3_000 * whole.len() as u64, "{start:?}: {double}");
}

#[test]
fn hostile_text_is_judged_with_work_that_grows_as_its_length() {
    for (half, whole) in hostile(2_000).iter().zip(&hostile(4_000)) {
        grows_as_its_length(half, whole);
    }
}

#[test]
fn a_hundred_thousand_characters_are_judged_to_their_end() {
    for piece in [" ", "@", "7", ">", "> text\n>> text\n", "please leave us a review "] {
        let of = |n: usize| piece.repeat(n / piece.len());
        grows_as_its_length(&of(50_000), &of(100_000));
    }
}

#[test]
fn a_million_characters_that_nobody_sees_are_none() {
    let rules = without_end();
    let context = Context { proactive: true, ..context(None) };
    let text = format!("mail{}me", "\u{200b}".repeat(1_000_000));
    let took = steps::of(|| {
        let verdict = judge(&rules, &context, &new(&text));
        assert_eq!(told(&verdict.findings), []);
    });
    assert!(took < 20 * 1_000_000, "{took}");
}

#[test]
fn hostile_text_ends() {
    let rules = rules(Mode::Enforce, &[]);
    for text in hostile(3_000) {
        let verdict = judge(&rules, &context(None), &new(&text));
        assert!(verdict.findings.len() <= text.len());
        for f in verdict.findings.iter().filter(|f| f.end > f.start) {
            assert!(text.is_char_boundary(f.start) && text.is_char_boundary(f.end));
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_finding_names_bytes_of_the_original_text(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "jane", "@", " ", "gmail", ".", "com", " dot ", "(at)", "0171", "3920045", "\n", "-",
                "+49", "https://", "/", "é", "\u{200b}", "２０", "〇九〇の", "&#64;", "アットマーク",
                "6\u{fe0f}\u{20e3}", "zero ", "five ", "call ", "www", "[", ")", "ß", "🌀", "%40",
                "\u{202e}", "\u{202c}", "\u{2067}", "moc.liamg", "05.06.2026",
            ]),
            0..40,
        ),
        noise in ".{0,40}",
    ) {
        let rules = rules(Mode::Enforce, &[]);
        let text = format!("{noise}{}", pieces.concat());
        let verdict = judge(&rules, &context(None), &new(&text));
        let mut end = 0;
        for (from, to, _) in verdict.redactions(Part::Text) {
            assert!(from >= end && text.get(from..to).is_some_and(|words| !words.is_empty()));
            end = to;
        }
        for f in verdict.findings.iter().filter(|f| f.part == Part::Text) {
            let words: String = text[f.start..f.end].chars().take(200).collect();
            // Of a card number no more than the last four figures are kept.
            let card = f.rule == RuleId::CardNumber;
            let words = if card { card_number::without_figures(&words) } else { words };
            assert_eq!(words, f.words);
        }
    }
}

#[test]
fn what_only_the_other_form_of_a_text_asks_for_is_found_there() {
    let rules = rules(Mode::Enforce, &[]);
    let shown = "Hello Jane, the lamp takes any bulb up to 40 W.";
    let judged = |other: &str| {
        let otherwise = mail::segment(other.to_owned());
        judge(&rules, &context(None), &Message { otherwise, ..new(shown) })
    };
    let verdict = judged(&format!("{shown}\nPlease leave us a review on the product page."));
    assert_eq!(told(&verdict.findings), [("review-solicitation", "leave us a review")]);
    assert!(verdict.findings.iter().all(|f| f.part == Part::Alternative));
    assert_eq!(verdict.action, Action::Reject);
    let verdict = judged("You are a complete idiot and your family should be ashamed.");
    assert_eq!(verdict.findings[0].rule, RuleId::Abuse);
    // What both say is one finding; what is only worded otherwise asks for nothing.
    assert!(judged(&format!("{shown} It says so in the reviews, too.")).findings.is_empty());
    let asked = format!("{shown} Please leave us a review!");
    let otherwise = mail::segment(asked.clone());
    let both = Message { otherwise, ..new(&asked) };
    let verdict = judge(&rules, &context(None), &both);
    assert_eq!(verdict.findings.iter().map(|f| f.part).collect::<Vec<_>>(), [Part::Text]);
}
