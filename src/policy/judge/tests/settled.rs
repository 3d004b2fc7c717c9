//! The settled cases of PRODUCT §5, one by one: where each is held, and those that are held here.
//!
//! | PRODUCT §5 | held by |
//! | --- | --- |
//! | *only*; the first that fits; "delivered"; "did your parcel arrive?" | `fixtures/policy/settled.jsonl` (`tests/corpus_kinds.rs`), `t85` |
//! | what `review-solicitation` includes and what not; a reward is no `promotion` | `settled.jsonl`, `kinds-*.jsonl` |
//! | an answer is no advertising | `t85::an_answer_to_what_the_buyer_asked_is_no_advertising`, `settled.jsonl` |
//! | declining is no invitation | [`who_declines_invites_nobody`], `contacts*.jsonl` |
//! | an allowed domain and its subdomains | `domains::tests`, `external_link::tests` |
//! | the marketplace's own domain, the alias domain, `allowed_contacts` | `super::what_is_allowed_gives_no_finding`, [`a_contact_that_is_allowed_is_so_however_it_is_grouped_and_no_other`] |
//! | emergency numbers | [`emergency_numbers_are_no_finding_in_any_language`] |
//! | order ids, tracking and article numbers, prices, dates, sizes | `phone_number::tests`, `contacts*.jsonl` |
//! | only certain findings strike; signature, `tracking`, `linked-logo`, `attachment-type`, a retry, one a day; the first in 30 days; the gravest | `market::strikes::tests`, `t91`, `t100` |
//! | a picture that is shown inline; one that can't be cleaned | `t52`, `t46::a_picture_that_can_not_be_cleaned_is_refused_naming_jpeg` |
//! | contacts in a PDF | `pdf::tests`, `t111` |
//! | no installed language, under 20 letters | `t85::what_is_too_short_or_in_no_known_language_waits_for_a_person` |
//! | ticket numbers in brackets | `super::subject_and_attachment_names_are_judged_but_no_ticket_number`, [`only_in_a_subject_and_only_in_brackets_it_is_a_ticket_number`] |
//! | one stretch, one finding of the most exact rule | `super::one_stretch_is_one_finding_of_the_most_exact_rule`, [`a_link_to_a_network_is_a_handle_only_and_a_competitor_is_so_as_well`] |
//! | competitors as whole words, also disguised | `competitor::tests` |
//! | "[Important]" | `t85::only_a_message_that_can_not_wait_may_be_marked_as_important`, `settled.jsonl` |
//! | `allow` gives no finding; what was only quoted is `cleaned` | `super::what_is_allowed_gives_no_finding`, `super::quotes_are_cleaned_and_not_held_against_the_sender` |

use super::*;

/// The rules that find something in a seller's answer.
fn found(text: &str) -> Vec<RuleId> {
    let verdict = judge(&rules(Mode::Enforce, &[]), &context(None), &new(text));
    let mut rules: Vec<RuleId> = verdict.findings.iter().map(|f| f.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn who_declines_invites_nobody() {
    for (declines, invites) in [
        ("Sorry, we can't take PayPal or bank transfers.", "You can pay me by PayPal."),
        ("PayPal nehmen wir leider nicht.", "Zahlen Sie mir gern per PayPal."),
        ("Nous n'acceptons pas PayPal.", "Payez-moi par PayPal."),
        ("No aceptamos PayPal.", "Págueme por PayPal."),
        ("Non accettiamo PayPal.", "Mi paghi con PayPal."),
        ("Não aceitamos PayPal.", "Pague-me por PayPal."),
        ("Wij accepteren geen PayPal.", "Betaal mij via PayPal."),
        ("Nie przyjmujemy PayPala.", "Proszę mi zapłacić PayPalem."),
        ("PayPalはお受けできません。", "PayPalで送金してください。"),
    ] {
        assert_eq!(found(declines), [], "{declines}");
        assert_eq!(found(invites), [RuleId::OffPlatformPayment], "{invites}");
    }
    for (declines, invites) in [
        ("We don't write on WhatsApp.", "Write to me on WhatsApp."),
        ("Auf WhatsApp schreiben wir nicht.", "Schreiben Sie mir auf WhatsApp."),
        ("Nous n'écrivons pas sur WhatsApp.", "Écrivez-moi sur WhatsApp."),
        ("No escribimos por WhatsApp.", "Escríbame por WhatsApp."),
        ("Non scriviamo su WhatsApp.", "Mi scriva su WhatsApp."),
        ("Não escrevemos no WhatsApp.", "Escreva-me no WhatsApp."),
        ("Wij schrijven niet via WhatsApp.", "Schrijf mij via WhatsApp."),
        ("Nie piszemy na WhatsAppie.", "Proszę pisać do mnie na WhatsAppie."),
        ("LINEではご連絡できません。", "LINEでご連絡ください。"),
    ] {
        assert_eq!(found(declines), [], "{declines}");
        assert_eq!(found(invites), [RuleId::MessengerHandle], "{invites}");
    }
}

#[test]
fn emergency_numbers_are_no_finding_in_any_language() {
    for text in [
        "If it smokes, call 911, 999 or 112 at once.",
        "Im Notfall rufen Sie 112 oder 110 an.",
        "En cas d'urgence, appelez le 15, le 17, le 18 ou le 112.",
        "En una emergencia llame al 112 o al 061.",
        "In emergenza chiami il 112 o il 118.",
        "Em emergência ligue 112, ou 192 e 193 no Brasil.",
        "Bel in nood 112, en bij brand ook.",
        "W razie wypadku proszę dzwonić pod 112, 997 lub 998.",
        "緊急の場合は119か110に電話してください。",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_contact_that_is_allowed_is_so_however_it_is_grouped_and_no_other() {
    for text in [
        "Call the carrier at 1 (800) 555-0100.",
        "Call the carrier at +1.800.555.0100.",
        "Write to SAFETY@authority.example.",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
    assert_eq!(found("Call the carrier at 1 (800) 555-0111."), [RuleId::PhoneNumber]);
    assert_eq!(found("Write to safe@authority.example."), [RuleId::EmailAddress]);
}

#[test]
fn only_in_a_subject_and_only_in_brackets_it_is_a_ticket_number() {
    let rules = rules(Mode::Enforce, &[]);
    for (subject, text, count) in [
        ("Re: [Ticket 0171 3920045] lamp", "Yes, it fits.", 0),
        ("Re: (Ticket) call 0171 3920045", "Yes, it fits.", 1),
        ("Re: lamp", "[call 0171 3920045]", 1),
    ] {
        let verdict = judge(&rules, &context(None), &message(subject, &[(SegmentKind::New, text)]));
        assert_eq!(verdict.findings.len(), count, "{subject}: {:?}", verdict.findings);
    }
}

#[test]
fn a_link_to_a_network_is_a_handle_only_and_a_competitor_is_so_as_well() {
    for text in ["See instagram.com/lamp.shop", "at t.me/lampshop", "wa.me/491713920045"] {
        assert_eq!(found(text), [RuleId::MessengerHandle], "{text}");
    }
    let both = |text, rule| {
        let mut found = found(text);
        found.sort_unstable();
        let mut expected = [rule, RuleId::Competitor];
        expected.sort_unstable();
        assert_eq!(found, expected, "{text}");
    };
    both("It is at handelsplatz.example too.", RuleId::ExternalLink);
    both("Write to jane@handelsplatz.example please.", RuleId::EmailAddress);
    assert_eq!(found("It is cheaper on Mega-Bay."), [RuleId::Competitor]);
    assert_eq!(found("A mega bayonet for the bay window."), []);
}
