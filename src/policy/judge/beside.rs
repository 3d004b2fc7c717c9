//! What comes along with the text that is relayed: the form of it that is not, and what its files ask
//! for.

use super::{Bench, Hit};
use crate::domain::Part;
use crate::mail::{Message, Text};
use crate::policy::kinds;
use crate::policy::quoted::Quoted;
use crate::policy::view::View;

impl Bench<'_> {
    /// What stands only in a form of the text that is not relayed: the sender's words all the same.
    /// What the text says too was found there.
    pub(super) fn otherwise(&mut self, message: &Message) {
        let other = &message.otherwise;
        let quoted = Quoted::of_text(other, self.context.sightings);
        if other.body.is_empty()
            || quoted.new_characters(&other.body) > 10 * self.rules.max_characters
        {
            return;
        }
        let view = View::new(&other.body);
        self.contacts(&view, Part::Alternative, &quoted);
        for hit in self.kinds_beside(false, other, (&view, &quoted)) {
            self.add(&other.body, Part::Alternative, &quoted, hit);
        }
        let bare = |words: &str| -> String {
            let letters = words.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let said = bare(&message.text.body);
        // Each look goes through the whole text.
        let mut looks = 100_usize;
        self.findings.retain(|finding| {
            if finding.part != Part::Alternative {
                return true;
            }
            looks = looks.saturating_sub(1);
            looks == 0 || !said.contains(&bare(&finding.words))
        });
        // It doesn't go out: there is nothing to clean.
        self.cleaned.retain(|finding| finding.part != Part::Alternative);
    }

    /// What words that come along with the message ask for; `asked`: prices belong in them.
    pub(super) fn kinds_beside(
        &self,
        asked: bool,
        text: &Text,
        (view, quoted): (&View<'_>, &Quoted),
    ) -> Vec<Hit> {
        let packs = self.rules.languages.packs();
        let asked = (self.context.question.filter(|_| !self.context.proactive), asked);
        let found = kinds::find_beside(packs, self.posed_as(), asked, text, (view, quoted));
        found.into_iter().map(|(rule, found)| Hit { rule, found, invites: false }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge;
    use super::super::tests::{context, rules};
    use super::*;
    use crate::config::Mode;
    use crate::domain::RuleId;
    use crate::mail;

    /// The rules that find something, each with the part, in a mail of a plain and an HTML text.
    fn found(plain: &str, html: &str) -> Vec<(RuleId, Part)> {
        let raw = format!(
            "From: s@shop.example\r\nSubject: Re: lamp\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n--b\r\n\
             Content-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b--\r\n"
        );
        let message = mail::read(raw.as_bytes());
        let verdict = judge(&rules(Mode::Enforce, &[]), &context(None), &message);
        verdict.findings.iter().map(|f| (f.rule, f.part)).collect()
    }

    #[test]
    fn what_stands_in_one_form_of_a_mail_only_is_judged_in_either() {
        let said = "Hello Jane, the lamp takes any bulb up to 40 W.";
        let asked = "Please leave us a review on the product page.";
        let review = RuleId::ReviewSolicitation;
        let both = found(&format!("{said} {asked}"), &format!("<p>{said} {asked}</p>"));
        assert_eq!(both, [(review, Part::Text)]);
        let plain = found(&format!("{said} {asked}"), &format!("<p>{said}</p>"));
        let html = found(said, &format!("<p>{said}</p><p>{asked}</p>"));
        for one in [plain, html] {
            assert!(matches!(one.as_slice(), [(rule, _)] if *rule == review), "{one:?}");
        }
        assert!(found(said, &format!("<p>{said}</p>")).is_empty());
    }
}
