//! What a PDF is for and what it says. Nobody can take a word out of one, so what would be redacted
//! in a text waits for a person here.

use std::collections::HashMap;

use super::{Bench, Hit, WORDS, told};
use crate::domain::{Action, Certainty, FileKind, Finding, Part, RuleId};
use crate::mail::{Attachment, Text};
use crate::policy::attachment_purpose::{self, Purpose};
use crate::policy::attachment_type::named;
use crate::policy::found::Found;
use crate::policy::quoted::Quoted;
use crate::policy::tokens::Tokens;
use crate::policy::view::View;

/// Findings of one rule in one PDF.
const MOST: usize = 5;

impl Bench<'_> {
    pub(super) fn pdf(&mut self, attachment: &Attachment) {
        let Some(inspected) = attachment.inspected.as_ref().filter(|i| i.facts.is_clean()) else {
            return;
        };
        if inspected.facts.kind != FileKind::Pdf {
            return;
        }
        let purpose = attachment_purpose::of(attachment.name.as_deref(), &inspected.words);
        if let Purpose::Advertising(certainty, told) = &purpose
            && let Some(decided) =
                self.rules.action(RuleId::AttachmentPurpose, self.context.direction)
        {
            let words = format!("{} (advertising: {})", named(attachment), told.join(", "));
            self.in_pdf(RuleId::AttachmentPurpose, decided, *certainty, &words);
        }
        // The law asks for a seller's contacts and account in these (PRODUCT §5); nobody asks for
        // another marketplace's name, and the admin's own rules know what they ask.
        let is_document = purpose == Purpose::Document;
        let counts = |rule| !is_document || matches!(rule, RuleId::Competitor | RuleId::Custom(_));
        let mut found = self.contacts_in_pdf(&inspected.words);
        found.retain(|hit| counts(hit.rule));
        found.extend(self.kinds_in_pdf(&inspected.words, &purpose));
        self.words_in_pdf(attachment, &inspected.words, found);
    }

    /// What a PDF asks for. Advertising it is as a whole, which has a rule of its own; that an
    /// invoice names what was taken off is none.
    fn kinds_in_pdf(&self, text: &str, purpose: &Purpose) -> Vec<Hit> {
        let is_told = matches!(purpose, Purpose::Advertising(..));
        let (view, quoted) = (View::new(text), Quoted::default());
        let asked = *purpose == Purpose::Document;
        let mut found = self.kinds_beside(asked, &Text::default(), (&view, &quoted));
        found.retain(|hit| !(is_told && hit.rule == RuleId::Promotion));
        found
    }

    fn contacts_in_pdf(&self, text: &str) -> Vec<Hit> {
        let view = View::new(text);
        let mut found = self.read_all((&view, &Tokens::new(&view.text)), Part::Attachment);
        found.extend(self.by_patterns(text));
        found
    }

    fn words_in_pdf(&mut self, attachment: &Attachment, text: &str, found: Vec<Hit>) {
        let mut all: HashMap<RuleId, usize> = HashMap::new();
        for Hit { rule, found: Found { range, .. }, invites } in found {
            let exact = text.get(range.clone()).unwrap_or_default();
            let rule = self.more_exact(rule, Part::Attachment, &range, exact);
            let count = all.entry(rule).or_default();
            *count += 1;
            let decided = self.rules.action(rule, self.context.direction);
            let decided = decided.filter(|_| *count <= MOST);
            let Some((action, enforced)) = decided else { continue };
            let action = match action {
                Action::Redact if invites && rule == RuleId::OffPlatformPayment => Action::Warn,
                Action::Redact => Action::Hold,
                other => other,
            };
            let words = format!("{}: {}", named(attachment), told(rule, exact));
            // What a PDF without a purpose is, a person has to say before it counts.
            self.in_pdf(rule, (action, enforced), Certainty::Likely, &words);
        }
    }

    fn in_pdf(
        &mut self,
        rule: RuleId,
        (action, enforced): (Action, bool),
        certainty: Certainty,
        words: &str,
    ) {
        let words = words.chars().take(WORDS).collect();
        let (part, start, end) = (Part::Attachment, 0, 0);
        self.findings.push(Finding { rule, action, enforced, certainty, part, start, end, words });
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use super::super::tests::rules;
    use super::*;
    use crate::config::Mode;
    use crate::domain::{Direction, FileFacts, Verdict};
    use crate::mail::{Inspected, Message};
    use crate::policy::Context;

    fn judged(name: &str, words: &str, direction: Direction, mode: Mode) -> Verdict {
        let facts = FileFacts::of(FileKind::Pdf);
        let inspected = Inspected {
            bytes: Some(b"%PDF".as_slice().into()),
            words: words.into(),
            ..Inspected::only(facts)
        };
        let attachment = Attachment {
            name: Some(name.into()),
            inspected: Some(inspected),
            ..Attachment::default()
        };
        let message = Message { attachments: vec![attachment], ..Message::default() };
        let context = Context {
            direction,
            proactive: false,
            sightings: None,
            known_ids: vec![],
            copies: None,
            question: None,
        };
        judge(&rules(mode, &[]), &context, &message)
    }

    fn check(words: &str, direction: Direction, expected: &[(&str, &str)], action: Action) {
        let verdict = judged("lamp.pdf", words, direction, Mode::Enforce);
        let found: Vec<_> =
            verdict.findings.iter().map(|f| (f.rule.as_str(), f.words.as_str())).collect();
        assert_eq!((found.as_slice(), verdict.action), (expected, action), "{words}");
        assert!(verdict.findings.iter().all(|f| f.part == Part::Attachment && f.start == f.end));
    }

    const CONTACTS: &str = "Ring +44 20 7946 0958 or write cs@lamps.example, www.lamps.example";

    #[test]
    fn in_what_comes_with_an_order_the_sellers_contacts_are_allowed() {
        let seller = Direction::SellerToBuyer;
        let invoice = format!("Invoice number 17, amount due 40.00 EUR. {CONTACTS}");
        check(&invoice, seller, &[], Action::Allow);
        check(&format!("Garantiekarte\n{CONTACTS}"), seller, &[], Action::Allow);
        check(&format!("Mode d'emploi\n{CONTACTS}"), seller, &[], Action::Allow);
    }

    #[test]
    fn contacts_in_any_other_pdf_wait_for_a_person() {
        let all = [
            ("email-address", "lamp.pdf: cs@lamps.example"),
            ("external-link", "lamp.pdf: www.lamps.example"),
            ("phone-number", "lamp.pdf: +44 20 7946 0958"),
        ];
        for direction in [Direction::SellerToBuyer, Direction::BuyerToSeller] {
            check(&format!("The engraving. {CONTACTS}"), direction, &all, Action::Hold);
        }
        check("The engraving: JANE 2026.", Direction::SellerToBuyer, &[], Action::Allow);
        let disguised = "write cs (at) lamps (dot) example";
        let seller = Direction::SellerToBuyer;
        check(
            disguised,
            seller,
            &[("email-address", "lamp.pdf: cs (at) lamps (dot) example")],
            Action::Hold,
        );
    }

    #[test]
    fn advertising_is_the_sellers_only_and_is_observed_like_any_rule() {
        let words = "New collection: shop now and save 20% off!";
        let told = "lamp.pdf (advertising: new collection, shop now, % off)";
        check(words, Direction::SellerToBuyer, &[("attachment-purpose", told)], Action::Hold);
        check(words, Direction::BuyerToSeller, &[], Action::Allow);
        let observed = judged("lamp.pdf", words, Direction::SellerToBuyer, Mode::Observe);
        assert_eq!((observed.action, observed.would), (Action::Allow, Action::Hold));
    }

    #[test]
    fn what_a_pdf_asks_for_is_found_in_it_whatever_it_is() {
        let check = |words: &str, expected: &[&str]| {
            let verdict = judged("lamp.pdf", words, Direction::SellerToBuyer, Mode::Enforce);
            let found: Vec<_> = verdict.findings.iter().map(|f| f.rule.as_str()).collect();
            assert_eq!(found, expected, "{words}");
            assert!(verdict.findings.iter().all(|f| f.certainty == Certainty::Likely));
        };
        let invoice = "Invoice number 17, amount due 40.00 EUR.";
        check(
            &format!("{invoice}\nPlease leave us a review on the product page."),
            &["review-solicitation"],
        );
        check(&format!("{invoice}\nGet 10% off your next order with code LAMP10."), &["promotion"]);
        check(&format!("{invoice}\nDiscount code LAMP10: -4.00 EUR"), &[]);
        check(
            "Garantiekarte\nÜber eine kurze Bewertung würden wir uns sehr freuen.",
            &["review-solicitation"],
        );
        check(
            "Mode d'emploi\nRéabonnez-vous à nos messages dans vos paramètres.",
            &["opt-out-request"],
        );
        check("Care of your board\nWash it by hand and oil it once a month.", &[]);
    }

    #[test]
    fn a_pdf_full_of_numbers_gives_a_few_findings() {
        let words = format!("{CONTACTS}\n").repeat(50);
        let verdict = judged("lamp.pdf", &words, Direction::SellerToBuyer, Mode::Enforce);
        assert_eq!(verdict.findings.len(), 3 * MOST);
    }
}
