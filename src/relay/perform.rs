//! Judging and writing a mail in hand, whether it comes in or has waited for a person.

use super::Relay;
use super::in_hand::Work;
use super::outcome::Outcome;
use super::prepare::{Prepared, conversation, storage};
use super::rehearse::{Rehearsal, Rehearsed, rehearse};
use crate::alias::Keyring;
use crate::domain::{
    Action, Direction, Finding, Part, RealAddress, RuleId, Said, Sightings, Timestamp, Verdict,
    Violation,
};
use crate::mail::{self, Message, SegmentKind, base_subject, sighting};
use crate::market::Admitted;
use crate::policy::Context;
use crate::rewrite::{self, Plan};

/// What a mail is written from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper<'a> {
    /// How much work it is.
    pub work: Work,
    /// What was read.
    pub message: &'a Message,
    /// The address that it was sent from.
    pub from: &'a RealAddress,
    /// When it goes on.
    pub at: Timestamp,
    /// A person has looked at it and lets it pass.
    pub let_pass: bool,
}

impl Relay {
    /// Judges, composes and scans. What was said before in the conversation can only turn a
    /// finding into a quotation, and a hidden name into one that its reader wrote: it is looked up
    /// where there is either.
    pub(super) async fn rehearse(
        &self,
        paper: &Paper<'_>,
        admitted: &Admitted,
        prepared: &Prepared,
    ) -> Result<Rehearsed, Outcome> {
        let work = paper.work;
        let key = self.keys(Keyring::sighting_key);
        let nothing = Said::with(key);
        let Some(conversation) = conversation(admitted) else {
            let perform = || self.perform(paper, admitted, prepared, (&nothing, None));
            return self.compute(work, perform).await.ok_or(Outcome::Storage);
        };
        let Message { subject, text, .. } = paper.message;
        let secrets = &prepared.secrets;
        if !secrets.mentions_person(subject) && !secrets.mentions_person(&text.body) {
            let perform = || self.perform(paper, admitted, prepared, (&nothing, None));
            let all_new = self.compute(work, perform).await.ok_or(Outcome::Storage)?;
            // What a proactive message is for shows only when what it quotes is left out.
            let decided = all_new.verdict.findings.is_empty() && all_new.verdict.holds.is_empty();
            if decided && !admitted.admission().proactive {
                return Ok(all_new);
            }
        }
        let store = &self.0.store;
        let said = store.sightings(conversation.id, key).await.map_err(|e| storage(&e))?;
        let admission = admitted.admission();
        let answers = admission.direction == Direction::SellerToBuyer && !admission.proactive;
        let question = match answers {
            true => {
                store.last_of_buyer(conversation.id, i64::MAX).await.map_err(|e| storage(&e))?
            }
            false => None,
        };
        let question = question.map(|view| mail::new_text(&mail::read(&view).text));
        let perform = || self.perform(paper, admitted, prepared, (&said, question.as_deref()));
        self.compute(work, perform).await.ok_or(Outcome::Storage)
    }

    /// Judge, compose, scan, with what was said before.
    fn perform(
        &self,
        paper: &Paper<'_>,
        admitted: &Admitted,
        prepared: &Prepared,
        (said, question): (&Said, Option<&str>),
    ) -> Rehearsed {
        let admission = admitted.admission();
        let mut seen = said.all();
        if let Some(conversation) = conversation(admitted) {
            // It is the conversation's even when the message that brought it is no more.
            let subject = base_subject(&conversation.subject);
            seen.hashes.extend(sighting::shingles(subject, &seen.key));
        }
        let context = Context {
            direction: admission.direction,
            proactive: admission.proactive,
            sightings: Some(&seen),
            known_ids: prepared.known_ids.clone(),
            copies: Some(&prepared.copies),
            question,
        };
        let verdict = Verdict::clean();
        let known = said.by(admission.direction.recipient());
        let plan = self.plan(paper, admitted, prepared, (&verdict, known));
        let let_pass = paper.let_pass;
        rehearse(&Rehearsal { rules: &self.0.rules, context: &context, plan, let_pass })
    }

    fn plan<'a>(
        &'a self,
        paper: &'a Paper<'_>,
        admitted: &'a Admitted,
        prepared: &'a Prepared,
        (verdict, known): (&'a Verdict, &'a Sightings),
    ) -> Plan<'a> {
        let admission = admitted.admission();
        Plan {
            facts: &admission.facts,
            direction: admission.direction,
            recipient: &prepared.recipient,
            order: admission.order.as_ref(),
            message: paper.message,
            verdict,
            cut: &[],
            plain: false,
            pictures: &[],
            files: &[],
            left_out: &[],
            secrets: &prepared.secrets,
            known,
            thread: &prepared.thread,
            msg_id: &prepared.names.msg_id,
            conversation_subject: conversation(admitted).map(|c| c.subject.as_str()),
            envelope_from: &prepared.names.envelope_from,
            date: paper.at,
            shown_name: self.0.config.buyers.shown_name,
            marketplace: &self.0.config.relay.marketplace,
        }
    }

    /// What of a message is held against its sender, or not.
    pub(super) fn violations(&self, paper: &Paper<'_>, verdict: &Verdict) -> Vec<Violation> {
        let text = &paper.message.text;
        let signed = |f: &Finding| {
            f.part == Part::Text
                && f.end > f.start
                && text.kind_at(f.start) == SegmentKind::Signature
        };
        let policy = &self.0.config.policy;
        let may_strike = |f: &Finding| {
            let set = policy.strikes(f.rule);
            set.unwrap_or(f.rule.can_strike() && f.action >= Action::Redact)
        };
        let violation = |f: &Finding| Violation {
            rule: f.rule,
            action: f.action,
            enforced: f.enforced,
            certainty: f.certainty,
            part: f.part,
            words: f.words.clone(),
            in_signature: signed(f),
            may_strike: may_strike(f),
        };
        verdict.findings.iter().map(violation).collect()
    }

    /// What the archive keeps of what came in: all of it but card numbers (PRODUCT §5).
    pub(super) fn kept(&self, raw: &[u8], verdict: &Verdict) -> Vec<u8> {
        let mut found = verdict.findings.iter().chain(&verdict.cleaned);
        match found.any(|f| f.enforced && f.rule == RuleId::CardNumber) {
            true => rewrite::without_card_numbers(raw),
            false => raw.to_vec(),
        }
    }

    /// What the sender may read again of it; nothing of it goes to the other side.
    pub(super) fn sender_view(
        &self,
        paper: &Paper<'_>,
        admitted: &Admitted,
        prepared: &Prepared,
        verdict: &Verdict,
    ) -> Vec<u8> {
        let nothing = Sightings::default();
        rewrite::sender_view(&self.plan(paper, admitted, prepared, (verdict, &nothing)))
            .unwrap_or_default()
    }
}
