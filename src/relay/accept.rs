//! The way of a mail, from the bytes after DATA to the answer. Read top-down, it is the spine.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use tokio::sync::mpsc::error::TrySendError;

use super::Relay;
use super::in_hand::Work;
use super::outcome::{Explained, Outcome};
use super::perform::Paper;
use super::prepare::{Names, Prepared, conversation, storage};
use super::rehearse::{Rehearsed, Stopped, StoppedKind};
use super::route::{RouteRefusal, ToParty};
use crate::config::RefuseBy;
use crate::domain::{
    Action, HoldReason, MessageState, NoticeKind, Party, Role, Timestamp, Verdict, Words,
};
use crate::leak::Outgoing;
use crate::mail::{Message, base_subject};
use crate::market::limits::Limit;
use crate::market::{self, Admitted, Refusal};
use crate::rewrite::{self, frame, thread};
use crate::sender::{Peer, Proof};
use crate::store::{
    Acceptance, Arrival, Coming, FirstAnswer, Holding, Refused, Rejection, StoreError, StoredMail,
};

/// Mails up to this size are read and judged where they came in; larger ones on a thread of
/// their own, a few at a time.
pub(super) const INLINE: usize = 64 * 1024;
/// Refused mail of one party that is archived in a day (PRODUCT §7).
const REFUSED_PER_DAY: u32 = 100;
/// So often a mail is looked at again because the operator changed something meanwhile.
const TRIES: usize = 3;

/// A mail in hand, read and proved, for one of its recipients.
pub(super) struct Incoming<'a> {
    pub peer: Peer,
    pub raw: &'a [u8],
    pub work: Work,
    /// The process died while it had this mail in hand: it is not read again by itself.
    pub unread: bool,
    pub message: &'a Message,
    pub proof: &'a Proof,
    pub automatic: bool,
    pub fingerprint: Option<[u8; 32]>,
    pub arrived: Timestamp,
    pub started: Instant,
}

impl<'a> Incoming<'a> {
    /// What it is written from.
    fn paper(&self) -> Paper<'a> {
        let Incoming { work, message, proof, arrived, .. } = *self;
        Paper { work, message, from: proof.address(), at: arrived, let_pass: false }
    }
}

/// Why one look at a mail came to no end.
enum Again {
    /// The facts changed meanwhile.
    Stale,
    /// Its conversation has had so many messages lately that this one waits for a person.
    Crowded,
    /// This is the answer.
    Answer(Outcome),
}

impl Relay {
    /// The same mail again gets the first answer, whatever was cancelled, tightened or used up
    /// meanwhile: its sender's mail server only did not see it (PRODUCT §4).
    async fn first_answer(&self, mail: &Incoming<'_>, party: &ToParty) -> Option<Outcome> {
        let first = match self.0.store.first_answer(mail.fingerprint?, mail.arrived).await {
            Ok(first) => first?,
            Err(error) => return Some(storage(&error)),
        };
        let (message_id, outcome) = match first {
            FirstAnswer::Accepted(accepted) => {
                (accepted.message().clone(), Outcome::accepted(&accepted))
            }
            FirstAnswer::Held(held) => (held.message().clone(), Outcome::held(&held)),
            FirstAnswer::Refused(refused, verdict) => {
                let outcome = match verdict.action {
                    Action::Reject => {
                        let writer = party.stands_for.other();
                        self.refused(&refused, &verdict, (mail, party.facts.party(writer)))
                    }
                    _ => Outcome::Unwritable,
                };
                (refused.message().clone(), outcome)
            }
        };
        tracing::info!(%message_id, took_us = micros(mail.started), "the same mail again");
        Some(outcome)
    }

    /// How a refusal by the policy is told.
    fn refused(
        &self,
        seal: &Refused,
        verdict: &Verdict,
        (mail, writer): (&Incoming<'_>, &Party),
    ) -> Outcome {
        let by_notice = self.refuses_by_notice(writer, mail.automatic);
        by_notice.then(|| Outcome::noticed(seal)).flatten().unwrap_or_else(|| {
            let policy = &self.0.config.policy;
            Outcome::rejected(seal, Explained::of(verdict, mail.message, writer.language, policy))
        })
    }

    /// Whether this writer is told of refusals by our own mail.
    pub(super) fn refuses_by_notice(&self, writer: &Party, automatic: bool) -> bool {
        let by_notice = self.0.config.sellers.refuse_by == RefuseBy::Notice;
        by_notice && writer.id.role() == Role::Seller && !automatic
    }

    /// Takes a mail for one of its recipients: looks at it until the facts it was decided on are
    /// those that it is stored with.
    pub(super) async fn accept_for(
        &self,
        mail: &Incoming<'_>,
        mut party: ToParty,
        mut coming: Option<Coming>,
    ) -> Outcome {
        let mut crowded = false;
        for _ in 0..TRIES {
            // Each time: the same mail may have come in twice at once.
            if let Some(outcome) = self.first_answer(mail, &party).await {
                return outcome;
            }
            let expected = coming.take().unwrap_or_else(|| self.expect());
            match self.look(mail, &party, (crowded, expected)).await {
                Again::Answer(outcome) => return outcome,
                Again::Stale => {}
                Again::Crowded => crowded = true,
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

    /// One look: admit, judge, compose, scan, store. `crowded`: it waits for a person in any case.
    async fn look(
        &self,
        mail: &Incoming<'_>,
        party: &ToParty,
        (crowded, coming): (bool, Coming),
    ) -> Again {
        let writes = party.stands_for.other();
        let references = thread::references_of(mail.message);
        let (pair, tag) = (party.facts.pair, party.tag.as_deref());
        let mut history = match self.0.store.history(pair, writes, &references, tag).await {
            Ok(history) => history,
            Err(error) => return Again::Answer(storage(&error)),
        };
        if let Err(error) = self.add_expired(&mut history, pair, writes, &references).await {
            return Again::Answer(storage(&error));
        }
        let frame_order = frame::find(&mail.message.text.body).into_iter().find_map(|f| f.order);
        let named = self.0.rules.named_by(&mail.message.subject);
        let request = market::Request {
            facts: &party.facts,
            stands_for: party.stands_for,
            tag: party.tag.as_deref(),
            subject: &mail.message.subject,
            named: &named,
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
                return Again::Answer(Outcome::not_admitted(why));
            }
        };
        let paper = mail.paper();
        let mut prepared = match self.prepare(&paper, &admitted, &history) {
            Ok(prepared) => prepared,
            Err(outcome) => return Again::Answer(outcome),
        };
        prepared.copies = match self.copies(mail.message, admitted.admission()).await {
            Ok(copies) => copies,
            Err(error) => return Again::Answer(storage(&error)),
        };
        if mail.unread {
            drop(coming);
            let verdict = Verdict::clean().held_for(HoldReason::BroughtDown, true);
            return self.store_held(mail, admitted, None, verdict, prepared).await;
        }
        let rehearsed = self.rehearse(&paper, &admitted, &prepared).await;
        let Rehearsed { mut verdict, result, sender_view } = match rehearsed {
            Ok(rehearsed) => rehearsed,
            Err(outcome) => return Again::Answer(outcome),
        };
        if crowded {
            verdict = verdict.held_for(HoldReason::TooManyMessages, true);
        }
        if admitted.admission().of_suspended {
            verdict = verdict.held_for(HoldReason::SuspendedSeller, true);
        }
        let outgoing = match result {
            Ok(outgoing) if verdict.action < Action::Hold => {
                let written = (outgoing, sender_view, coming);
                return self.store_accepted(mail, admitted, written, verdict, prepared.names).await;
            }
            Ok(outgoing) => Some((outgoing, sender_view)),
            Err(Stopped::Leak(leaks)) => {
                tracing::warn!(?leaks, "what was written would leak: it is held");
                verdict = verdict.held_for(HoldReason::Leak, true);
                None
            }
            Err(stopped) => {
                drop(coming);
                let refused = self.store_refused(mail, &admitted, verdict, &stopped, &prepared);
                return Again::Answer(refused.await);
            }
        };
        drop(coming);
        // Beside what leaks, a rule may refuse it.
        if verdict.action == Action::Reject {
            let stopped = Stopped::Rejected;
            let refused = self.store_refused(mail, &admitted, verdict, &stopped, &prepared);
            return Again::Answer(refused.await);
        }
        self.store_held(mail, admitted, outgoing, verdict, prepared).await
    }

    async fn store_accepted(
        &self,
        mail: &Incoming<'_>,
        admitted: Admitted,
        (outgoing, sender_view, coming): (Outgoing, Vec<u8>, Coming),
        verdict: Verdict,
        names: Names,
    ) -> Again {
        let admission = admitted.admission();
        let (direction, proactive) = (admission.direction, admission.proactive);
        let (assigned, action) = (admission.assigned.as_str(), verdict.action.as_str());
        let draft = outgoing.draft();
        let [written, shown] = self.hashes(mail.message, draft);
        let state = (MessageState::Accepted, verdict.action);
        let words = self.words(mail.message, admission, state, Some(draft));
        let acceptance = Acceptance {
            token: names.token.0,
            written,
            shown,
            give_up_at: mail.arrived.after(self.0.config.delivery.give_up_after),
            arrival: Arrival {
                base_subject: base_subject(&draft.subject).to_owned(),
                ..self.arrival(mail, admitted, verdict, (names, words))
            },
            outgoing,
            sender_view,
        };
        match self.0.store.accept_expected(acceptance, coming).await {
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
            // PRODUCT §4: over that many they are held.
            Err(StoreError::Limit(Limit::Conversation)) => Again::Crowded,
            Err(StoreError::Limit(limit)) => {
                tracing::info!(peer = %mail.peer.address(), %limit, "put off: over a limit");
                Again::Answer(Outcome::Limited(limit))
            }
            Err(error) => Again::Answer(storage(&error)),
        }
    }

    /// What the store keeps of what came in.
    fn arrival(
        &self,
        mail: &Incoming<'_>,
        admitted: Admitted,
        verdict: Verdict,
        (names, words): (Names, Words),
    ) -> Arrival {
        let violations = self.violations(&mail.paper(), &verdict);
        let original = self.kept(mail.raw, &verdict);
        let admission = admitted.admission();
        let seller = admission.facts.seller.id.key();
        let prints = self.prints(mail.message, admission.direction, &seller);
        Arrival {
            admitted,
            verdict,
            prints,
            words,
            proof: mail.proof.how().to_owned(),
            original,
            message: names.message,
            sender_msg_id: mail.message.msg_id.clone(),
            // Only what went out names a conversation.
            base_subject: String::new(),
            fingerprint: mail.fingerprint,
            received_at: mail.arrived,
            roots: names.root,
            limits: self.limits(mail.peer),
            proved_network: (!mail.peer.is_trusted()).then(|| mail.peer.network()),
            violations,
            health: self.0.config.account_health.clone(),
        }
    }

    /// Commits a message that waits for a person; its sender and those who review are told.
    async fn store_held(
        &self,
        mail: &Incoming<'_>,
        admitted: Admitted,
        written: Option<(Outgoing, Vec<u8>)>,
        verdict: Verdict,
        prepared: Prepared,
    ) -> Again {
        let (outgoing, sender_view) = match written {
            Some((outgoing, view)) => (Some(outgoing), view),
            None => (None, self.sender_view(&mail.paper(), &admitted, &prepared, &verdict)),
        };
        let direction = admitted.admission().direction;
        let holds: Vec<&str> = verdict.holds.iter().map(|hold| hold.reason.as_str()).collect();
        let (holds, rules) = (holds.join(","), rules_of(&verdict));
        let state = (MessageState::Held, verdict.action);
        let words = self.words(mail.message, admitted.admission(), state, None);
        let mut arrival = self.arrival(mail, admitted, verdict, (prepared.names, words));
        arrival.limits.conversation_per_10_minutes = None;
        let holding = Holding {
            arrival,
            sender_view,
            recipient_view: outgoing.map(|outgoing| outgoing.into_draft().recipient_view),
            subject: rewrite::without_numbers(&mail.message.subject),
            tell: vec![NoticeKind::Held, NoticeKind::Review],
        };
        match self.0.store.hold(holding).await {
            Ok(held) => {
                tracing::info!(
                    message_id = %held.message(),
                    %direction,
                    rules,
                    holds,
                    duplicate = held.is_duplicate(),
                    bytes = mail.raw.len(),
                    took_us = micros(mail.started),
                    "held for review"
                );
                self.0.tell.notify_one();
                Again::Answer(Outcome::held(&held))
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
        let admission = admitted.admission();
        let writer = admission.facts.party(admission.direction.sender());
        let rules = rules_of(&verdict);
        let sender_view = self.sender_view(&mail.paper(), admitted, prepared, &verdict);
        let violations = self.violations(&mail.paper(), &verdict);
        let original = self.kept(mail.raw, &verdict);
        // A first finding is told by a notice too, and a repeated one is the same message.
        let tell = self.refuses_by_notice(writer, admission.automatic);
        let tell = tell.then_some(NoticeKind::Violation).into_iter().collect();
        let (writer, judged) = (writer.clone(), verdict.clone());
        let state = (MessageState::Rejected, verdict.action);
        let record = Rejection {
            tell,
            words: self.words(mail.message, admission, state, None),
            facts: admission.facts.clone(),
            conversation: conversation(admitted).map(|c| c.id),
            order: admission.order.as_ref().map(|o| o.id.clone()),
            direction: admission.direction,
            verdict,
            proof: mail.proof.how().to_owned(),
            original,
            sender_view,
            subject: rewrite::without_numbers(&mail.message.subject),
            message: prepared.names.message.clone(),
            assigned: Some(admission.assigned),
            proactive: admission.proactive,
            automatic: admission.automatic,
            fingerprint: mail.fingerprint,
            received_at: mail.arrived,
            quota_per_day: REFUSED_PER_DAY,
            violations,
            health: self.0.config.account_health.clone(),
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
                    Stopped::Rejected => self.refused(&refused, &judged, (mail, &writer)),
                    Stopped::Leak(_) | Stopped::Compose(_) => Outcome::Unwritable,
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
    pub(super) async fn compute<T>(&self, work: Work, perform: impl FnOnce() -> T) -> Option<T> {
        let Work { bytes, mark } = work;
        let guarded = || {
            let _taken = mark.map(|mark| self.0.store.take_in_hand(&mark, self.0.clock.now()));
            catch_unwind(AssertUnwindSafe(perform))
                .map_err(|_| tracing::error!(bytes, "a mail could not be worked on: panic"))
                .ok()
        };
        if bytes <= INLINE {
            return guarded();
        }
        let _permit = self.0.large.acquire().await.ok()?;
        tokio::task::block_in_place(guarded)
    }
}

/// For the log: the rules whose findings decided.
fn rules_of(verdict: &Verdict) -> String {
    let decided = verdict.findings.iter().filter(|f| f.enforced && f.action == verdict.action);
    let mut rules: Vec<&str> = decided.map(|f| f.rule.as_str()).collect();
    rules.dedup();
    rules.join(",")
}

pub(super) fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
