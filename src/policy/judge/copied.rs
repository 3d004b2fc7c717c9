//! What went to many others before: `copied-answer`, and pictures.

use super::{Bench, Hit};
use crate::domain::{Certainty, Part, RuleId};
use crate::mail::Message;
use crate::policy::copies::passages;
use crate::policy::found::Found;
use crate::policy::image;
use crate::policy::quoted::Quoted;

impl Bench<'_> {
    /// The longest passage that went to many buyers word for word.
    pub(super) fn copied(&mut self, message: &Message, quoted: &Quoted) {
        let Some(copies) = self.context.copies else { return };
        let many = self.rules.many;
        // Most messages: they are not cut into passages.
        if !copies.texts.iter().any(|sent| *sent >= many) {
            return;
        }
        let passages = passages(&message.text);
        let sent = passages.into_iter().zip(&copies.texts).find(|(_, sent)| **sent >= many);
        if let Some((passage, _)) = sent {
            let found = Found { certainty: Certainty::Certain, range: passage.range };
            let hit = Hit { rule: RuleId::CopiedAnswer, found, invites: false };
            self.add(&message.text.body, Part::Text, quoted, hit);
        }
    }

    /// What pictures show.
    pub(super) fn pictures(&mut self, message: &Message) {
        let direction = self.context.direction;
        let Some(decided) = self.rules.action(RuleId::Image, direction) else { return };
        for (number, attachment) in message.attachments.iter().enumerate() {
            if let Some(words) = image::find(self.rules, self.context, attachment, number) {
                self.found(RuleId::Image, Part::Attachment, words, Some(decided));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use super::super::tests::rules;
    use super::*;
    use crate::config::Mode;
    use crate::domain::{Action, Copies, Direction, FileFacts, FileKind, Shown, Verdict};
    use crate::mail::{self, Attachment, Inspected};
    use crate::policy::{Carries, Context, carries};

    const MANY: u32 = 5;

    fn judged(message: &Message, copies: &Copies, direction: Direction) -> Verdict {
        judge(&rules(Mode::Enforce, &[]), &context(copies, direction), message)
    }

    fn context(copies: &Copies, direction: Direction) -> Context<'_> {
        let copies = Some(copies);
        let (sightings, question) = (None, None);
        Context { direction, proactive: false, sightings, known_ids: vec![], copies, question }
    }

    fn picture(shown: Shown) -> Message {
        let facts = FileFacts { shown: Some(shown), ..FileFacts::of(FileKind::Png) };
        let inspected = Inspected { bytes: Some(b"x".as_slice().into()), ..Inspected::only(facts) };
        let attachment = Attachment {
            name: Some("lamp.png".into()),
            inline: true,
            inspected: Some(inspected),
            ..Attachment::default()
        };
        Message { attachments: vec![attachment], ..Message::default() }
    }

    fn check(message: &Message, sent: u32, words: Option<&str>) {
        let copies = Copies { texts: vec![], pictures: vec![sent] };
        let verdict = judged(message, &copies, Direction::SellerToBuyer);
        let found: Vec<_> =
            verdict.findings.iter().map(|f| (f.rule.as_str(), f.words.as_str())).collect();
        assert_eq!(found, words.map(|words| ("image", words)).into_iter().collect::<Vec<_>>());
        let rules = rules(Mode::Enforce, &[]);
        let context = context(&copies, Direction::SellerToBuyer);
        let becomes = carries(&rules, &context, &message.attachments[0], 0);
        assert_eq!(becomes == Carries::Along, words.is_none());
        let buyers = judged(message, &copies, Direction::BuyerToSeller);
        assert_eq!(buyers.findings, [], "a buyer's picture is allowed");
    }

    #[test]
    fn a_code_that_leads_outside_is_found_and_another_is_not() {
        let code = |code: &str| picture(Shown { codes: vec![code.into()], ..Shown::default() });
        for hides in [
            "https://shop.example/lamps",
            "HTTPS://SHOP.EXAMPLE",
            "mailto:cs@lamps.example",
            "tel:+442079460958",
            "BEGIN:VCARD\nTEL:+44 20 7946 0958\nEND:VCARD",
            "shop (dot) example (slash) lamps https://shop.example",
        ] {
            check(&code(hides), 0, Some(&format!("lamp.png (QR code: {hides})")));
        }
        for harmless in ["https://www.dhl.com/track?id=1", "SN-2026-000017", "", "BRASS LAMP 40"] {
            check(&code(harmless), 0, None);
        }
        check(&picture(Shown::default()), 0, None);
        let both = Shown { codes: vec!["17".into(), "//x.example/a".into()], ..Shown::default() };
        check(&picture(both), 0, Some("lamp.png (QR code: //x.example/a)"));
    }

    #[test]
    fn the_same_picture_for_many_and_one_that_nobody_can_look_at() {
        check(&picture(Shown::default()), MANY - 1, None);
        let words = format!("lamp.png (the same picture went to {MANY} other buyers)");
        check(&picture(Shown::default()), MANY, Some(&words));
        let large = Shown { width: 30_000, height: 30_000, unread: true, ..Shown::default() };
        let words = "lamp.png (30000 × 30000 points, more than is looked through)";
        check(&picture(large), 0, Some(words));
    }

    #[test]
    fn a_long_text_for_many_is_noted_and_goes_on_and_a_quotation_is_not() {
        let long = "Please note that our lamps are made of real brass, which darkens with the \
            years. To keep them bright, rub them with a soft cloth and a little wax, never with \
            anything that scratches, and keep them out of the rain.";
        let message = Message {
            text: mail::segment(format!("Hello Jane,\n\n{long}\n")),
            ..Message::default()
        };
        let told = |sent: u32, direction| {
            let copies = Copies { texts: vec![sent; 2], pictures: vec![] };
            let verdict = judged(&message, &copies, direction);
            let rules: Vec<_> = verdict.findings.into_iter().map(|f| f.rule).collect();
            (rules, verdict.action)
        };
        assert_eq!(
            told(MANY, Direction::SellerToBuyer),
            (vec![RuleId::CopiedAnswer], Action::Warn)
        );
        assert_eq!(told(MANY - 1, Direction::SellerToBuyer), (vec![], Action::Allow));
        assert_eq!(told(MANY, Direction::BuyerToSeller), (vec![], Action::Allow));
    }
}
