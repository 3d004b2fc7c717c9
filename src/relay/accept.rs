//! The way of a mail, from the bytes after DATA to the answer. Read top-down, it is the spine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tokio::sync::mpsc::error::TrySendError;

use super::Relay;
use super::outcome::{Outcome, RejectLine};
use super::prepare::{Names, Prepared, conversation, hashes, storage};
use super::rehearse::{Rehearsal, Rehearsed, Stopped, StoppedKind, rehearse};
use super::route::{RouteRefusal, ToParty};
use crate::domain::{Action, Finding, Said, Sightings, Timestamp, Verdict};
use crate::leak::Outgoing;
use crate::mail::{Message, base_subject};
use crate::market::{self, Admitted, Refusal};
use crate::policy::Context;
use crate::rewrite::{self, Plan, frame, thread};
use crate::sender::{Peer, Proof};
use crate::store::{Acceptance, FirstAnswer, Rejection, StoreError, StoredMail};

/// Mails up to this size are read and judged where they came in; larger ones on a thread of
/// their own, a few at a time.
const INLINE: usize = 64 * 1024;
/// Refused mail of one party that is archived in a day (PRODUCT §7).
const REFUSED_PER_DAY: u32 = 100;
/// So often a mail is looked at again because the operator changed something meanwhile.
const TRIES: usize = 3;

/// A mail in hand, read and proved, for one of its recipients.
pub(super) struct Incoming<'a> {
    pub peer: Peer,
    pub raw: &'a [u8],
    pub message: &'a Message,
    pub proof: &'a Proof,
    pub automatic: bool,
    pub fingerprint: Option<[u8; 32]>,
    pub arrived: Timestamp,
    pub started: Instant,
}

/// Why one look at a mail came to no end.
enum Again {
    /// The facts changed meanwhile.
    Stale,
    /// This is the answer.
    Answer(Outcome),
}

impl Relay {
    /// The same mail again gets the first answer, whatever was cancelled, tightened or used up
    /// meanwhile: its sender's mail server only did not see it (PRODUCT §4).
    async fn first_answer(&self, mail: &Incoming<'_>) -> Option<Outcome> {
        let first = match self.0.store.first_answer(mail.fingerprint?, mail.arrived).await {
            Ok(first) => first?,
            Err(error) => return Some(storage(&error)),
        };
        let (message_id, outcome) = match first {
            FirstAnswer::Accepted(accepted) => {
                (accepted.message().clone(), Outcome::accepted(&accepted))
            }
            FirstAnswer::Refused(refused, verdict) => {
                let lines = reject_lines(&verdict);
                let outcome = match verdict.action {
                    Action::Hold | Action::Reject => Outcome::rejected(&refused, lines),
                    _ => Outcome::Leak,
                };
                (refused.message().clone(), outcome)
            }
        };
        tracing::info!(%message_id, took_us = micros(mail.started), "the same mail again");
        Some(outcome)
    }

    /// Takes a mail for one of its recipients.
    pub(super) async fn accept_for(&self, mail: &Incoming<'_>, party: ToParty) -> Outcome {
        match self.first_answer(mail).await {
            Some(outcome) => outcome,
            None => self.look_afresh(mail, party).await,
        }
    }

    /// Looks at the mail until the facts it was decided on are those that it is stored with.
    async fn look_afresh(&self, mail: &Incoming<'_>, mut party: ToParty) -> Outcome {
        for _ in 0..TRIES {
            match self.look(mail, &party).await {
                Again::Answer(outcome) => return outcome,
                Again::Stale => {}
            }
            match self.party_behind(&party.alias, party.tag.clone()).await {
                Ok(Some(fresh)) => party = fresh,
                // An order that was there at RCPT.
                Ok(None) if self.unknown() == RouteRefusal::Defer => return Outcome::Storage,
                Ok(None) => return Outcome::Refused(Refusal::UnknownTag),
                Err(RouteRefusal::Unavailable) => return Outcome::TooBusy,
                Err(_) => return Outcome::Storage,
            }
        }
        tracing::warn!(tries = TRIES, "the facts changed under a mail again and again");
        Outcome::TooBusy
    }

    /// One look: admit, judge, compose, scan, store.
    async fn look(&self, mail: &Incoming<'_>, party: &ToParty) -> Again {
        let writes = party.stands_for.other();
        let references = thread::references_of(mail.message);
        let (pair, tag) = (party.facts.pair, party.tag.as_deref());
        let history = match self.0.store.history(pair, writes, &references, tag).await {
            Ok(history) => history,
            Err(error) => return Again::Answer(storage(&error)),
        };
        let frame_order = frame::find(&mail.message.text.body).into_iter().find_map(|f| f.order);
        let request = market::Request {
            facts: &party.facts,
            stands_for: party.stands_for,
            tag: party.tag.as_deref(),
            subject: &mail.message.subject,
            frame_order: frame_order.as_ref(),
            automatic: mail.automatic,
            history: &history,
            answer_window: self.0.config.policy.answer_window,
            cancelled_grace: self.0.config.orders.cancelled_grace,
            passes_opt_out: &self.0.config.market.passes_opt_out,
            now: mail.arrived,
        };
        let admitted = match market::admit(&request, mail.proof) {
            Ok(admitted) => admitted,
            Err(why) => {
                tracing::info!(
                    peer = %mail.peer.address(), alias = %party.alias, %why, "refused: not admitted"
                );
                return Again::Answer(Outcome::Refused(why));
            }
        };
        let prepared = match self.prepare(mail, &admitted, &history) {
            Ok(prepared) => prepared,
            Err(outcome) => return Again::Answer(outcome),
        };
        let Rehearsed { verdict, result } = match self.rehearse(mail, &admitted, &prepared).await {
            Ok(rehearsed) => rehearsed,
            Err(outcome) => return Again::Answer(outcome),
        };
        match result {
            Ok(outgoing) => {
                self.store_accepted(mail, admitted, outgoing, verdict, prepared.names).await
            }
            Err(stopped) => Again::Answer(
                self.store_refused(mail, &admitted, verdict, &stopped, &prepared).await,
            ),
        }
    }

    /// Judges, composes and scans. What was said before in the conversation can only turn a
    /// finding into a quotation, and a hidden name into one that its reader wrote: it is looked up
    /// where there is either.
    async fn rehearse(
        &self,
        mail: &Incoming<'_>,
        admitted: &Admitted,
        prepared: &Prepared,
    ) -> Result<Rehearsed, Outcome> {
        let size = mail.raw.len();
        let nothing = Said::default();
        let Some(conversation) = conversation(admitted) else {
            let perform = || self.perform(mail, admitted, prepared, &nothing);
            return self.compute(size, perform).await.ok_or(Outcome::Storage);
        };
        let Message { subject, text, .. } = mail.message;
        let secrets = &prepared.secrets;
        if !secrets.mentions_person(subject) && !secrets.mentions_person(&text.body) {
            let perform = || self.perform(mail, admitted, prepared, &nothing);
            let all_new = self.compute(size, perform).await.ok_or(Outcome::Storage)?;
            if all_new.verdict.findings.is_empty() {
                return Ok(all_new);
            }
        }
        let said = self.0.store.sightings(conversation.id).await.map_err(|e| storage(&e))?;
        let perform = || self.perform(mail, admitted, prepared, &said);
        self.compute(size, perform).await.ok_or(Outcome::Storage)
    }

    /// Judge, compose, scan, with what was said before.
    fn perform(
        &self,
        mail: &Incoming<'_>,
        admitted: &Admitted,
        prepared: &Prepared,
        said: &Said,
    ) -> Rehearsed {
        let admission = admitted.admission();
        let seen = said.all();
        let context = Context {
            direction: admission.direction,
            proactive: admission.proactive,
            sightings: Some(&seen),
            known_ids: prepared.known_ids.clone(),
        };
        let verdict = Verdict::clean();
        let known = said.by(admission.direction.recipient());
        let plan = self.plan(mail, admitted, prepared, (&verdict, known));
        rehearse(&Rehearsal { rules: &self.0.rules, context: &context, plan })
    }

    fn plan<'a>(
        &'a self,
        mail: &'a Incoming<'_>,
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
            message: mail.message,
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
            date: mail.arrived,
            shown_name: self.0.config.buyers.shown_name,
            marketplace: &self.0.config.relay.marketplace,
        }
    }

    async fn store_accepted(
        &self,
        mail: &Incoming<'_>,
        admitted: Admitted,
        outgoing: Outgoing,
        verdict: Verdict,
        names: Names,
    ) -> Again {
        let admission = admitted.admission();
        let (direction, proactive) = (admission.direction, admission.proactive);
        let (assigned, action) = (admission.assigned.as_str(), verdict.action.as_str());
        let draft = outgoing.draft();
        let written = hashes(&mail.message.text.body, &mail.message.subject);
        let shown = hashes(&draft.text, &draft.subject);
        let acceptance = Acceptance {
            proof: mail.proof.how().to_owned(),
            original: mail.raw.to_vec(),
            message: names.message,
            token: names.token.0,
            sender_msg_id: mail.message.msg_id.clone(),
            base_subject: base_subject(&outgoing.draft().subject).to_owned(),
            written,
            shown,
            fingerprint: mail.fingerprint,
            received_at: mail.arrived,
            give_up_at: mail.arrived.after(self.0.config.delivery.give_up_after),
            roots: names.root,
            limits: self.limits(mail.peer),
            proved_network: (!mail.peer.is_trusted()).then(|| mail.peer.network()),
            admitted,
            outgoing,
            verdict,
        };
        match self.0.store.accept(acceptance).await {
            Ok(accepted) => {
                tracing::info!(
                    message_id = %accepted.message(),
                    conversation = accepted.conversation().map(tracing::field::display),
                    delivery = %accepted.delivery(),
                    %direction,
                    action,
                    assigned,
                    proactive,
                    duplicate = accepted.is_duplicate(),
                    bytes = mail.raw.len(),
                    took_us = micros(mail.started),
                    "accepted"
                );
                let outcome = Outcome::accepted(&accepted);
                self.hand_over(accepted.into_mail()).await;
                Again::Answer(outcome)
            }
            Err(StoreError::Stale) => Again::Stale,
            Err(StoreError::Limit(limit)) => {
                tracing::info!(peer = %mail.peer.address(), %limit, "put off: over a limit");
                Again::Answer(Outcome::Limited(limit))
            }
            Err(error) => Again::Answer(storage(&error)),
        }
    }

    async fn store_refused(
        &self,
        mail: &Incoming<'_>,
        admitted: &Admitted,
        verdict: Verdict,
        stopped: &Stopped,
        prepared: &Prepared,
    ) -> Outcome {
        let lines: Vec<RejectLine> = match stopped {
            Stopped::Rejected => reject_lines(&verdict),
            Stopped::Leak(_) | Stopped::Compose(_) => vec![],
        };
        let admission = admitted.admission();
        let rules: Vec<&str> = lines.iter().map(|l| l.rule.as_str()).collect();
        let rules = rules.join(",");
        let (clean, nothing) = (Verdict::clean(), Sightings::default());
        // What the sender may read again of it; nothing of it goes to the other side.
        let sender_view =
            rewrite::compose(&self.plan(mail, admitted, prepared, (&clean, &nothing)))
                .map(|draft| draft.sender_view)
                .unwrap_or_default();
        let record = Rejection {
            facts: admission.facts.clone(),
            conversation: conversation(admitted).map(|c| c.id),
            order: admission.order.as_ref().map(|o| o.id.clone()),
            direction: admission.direction,
            verdict,
            proof: mail.proof.how().to_owned(),
            original: mail.raw.to_vec(),
            sender_view,
            subject: mail.message.subject.clone(),
            message: prepared.names.message.clone(),
            assigned: Some(admission.assigned),
            proactive: admission.proactive,
            automatic: admission.automatic,
            fingerprint: mail.fingerprint,
            received_at: mail.arrived,
            quota_per_day: REFUSED_PER_DAY,
        };
        match self.0.store.refuse(record).await {
            Ok(refused) => {
                tracing::info!(
                    message_id = %refused.message(),
                    direction = %admission.direction,
                    rules,
                    why = ?StoppedKind(stopped),
                    archived = refused.is_archived(),
                    took_us = micros(mail.started),
                    "rejected"
                );
                match stopped {
                    Stopped::Rejected => Outcome::rejected(&refused, lines),
                    Stopped::Leak(_) | Stopped::Compose(_) => Outcome::Leak,
                }
            }
            Err(error) => storage(&error),
        }
    }

    /// Hands a stored mail to delivery; where that has enough in hand, it is claimed later.
    pub(super) async fn hand_over(&self, mail: Option<StoredMail>) {
        let Some(mail) = mail else { return };
        if let Err(TrySendError::Full(mail) | TrySendError::Closed(mail)) =
            self.0.outbox.try_send(mail)
        {
            let now = self.0.clock.now();
            if let Err(error) = self.0.store.renew(mail.lease, now).await {
                tracing::warn!(delivery = %mail.lease.delivery(), %error, "waits until its lease ends");
            }
        }
    }

    /// Work on a mail's words: small mails here, large ones on threads of their own. A panic is
    /// this mail's alone: nothing then.
    pub(super) async fn compute<T>(&self, size: usize, work: impl FnOnce() -> T) -> Option<T> {
        let guarded = || {
            catch_unwind(AssertUnwindSafe(work))
                .map_err(|_| tracing::error!(bytes = size, "a mail could not be worked on: panic"))
                .ok()
        };
        if size <= INLINE {
            return guarded();
        }
        let _permit = self.0.large.acquire().await.ok()?;
        tokio::task::block_in_place(guarded)
    }
}

/// What the sender is told of a verdict: the strongest findings.
fn reject_lines(verdict: &Verdict) -> Vec<RejectLine> {
    let strongest = |f: &&Finding| f.enforced && f.action == verdict.action;
    verdict.findings.iter().filter(strongest).map(RejectLine::from).collect()
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
