//! What a person decides about a message that waits, and what happens when nobody does.

use std::time::Instant;

use super::Relay;
use super::accept::micros;
use super::attend::DAMAGED;
use super::in_hand::Work;
use super::outcome::Outcome;
use super::perform::Paper;
use super::rehearse::Rehearsed;
use crate::config::OnTimeout;
use crate::domain::{
    Action, HistoryConversation, MessageId, MessageState, NoticeKind, RealAddress, Timestamp,
    Verdict,
};
use crate::mail::{self, base_subject};
use crate::market::{self, Admitted, Refusal};
use crate::rewrite::thread;
use crate::store::{Decision, HeldMail, Passage, Reviewed, StoreError};

/// Messages that are decided for want of time in one go.
const OVERDUE: u32 = 100;
/// So often a release is tried again because the operator changed something meanwhile.
const TRIES: usize = 3;

/// Why a held message does not go on. It waits still.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReleased {
    /// It does not wait.
    #[error("it does not wait: it was decided already, or never held")]
    NotHeld,
    /// The rules about orders and blocks stand in the way now.
    #[error("{0}; it waits still, reject it instead")]
    Refused(Refusal),
    /// What would go out still holds what the other side must not learn.
    #[error("it would still leak what must stay hidden; it waits still, reject it instead")]
    Leak,
    /// It can't be read or written now.
    #[error("it could not be written now, try again; it waits still")]
    Unavailable,
    /// The store could not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Relay {
    /// Lets a held message go on exactly as it would have: the rules about orders and blocks are
    /// asked again, it is composed and scanned afresh, and its delivery is due at once.
    pub async fn release(
        &self,
        message: &MessageId,
        decision: &Decision,
    ) -> Result<(), NotReleased> {
        let started = Instant::now();
        for _ in 0..TRIES {
            let held = self.0.store.held_mail(message).await?.ok_or(NotReleased::NotHeld)?;
            match self.release_once(&held, decision).await {
                Err(NotReleased::Store(StoreError::Stale)) => {}
                Ok(()) => {
                    let held_for_s = decision.at.since(held.held_at).as_secs();
                    let (direction, took_us) = (held.row.direction, micros(started));
                    tracing::info!(message_id = %message, %direction, held_for_s, took_us, "released");
                    return Ok(());
                }
                refused => return refused,
            }
        }
        Err(NotReleased::Unavailable)
    }

    async fn release_once(&self, held: &HeldMail, decision: &Decision) -> Result<(), NotReleased> {
        let raw = &held.original;
        let work = Work::unmarked(raw);
        let read = self.compute(work, || mail::read(raw)).await;
        let mut message = read.ok_or(NotReleased::Unavailable)?;
        let pictures = self.0.rules.looks_at_pictures(held.row.direction);
        let opened = self.open_attachments(raw, &mut message, pictures, None).await;
        opened.map_err(|_| NotReleased::Unavailable)?;
        let sender = held.row.direction.sender();
        let from = message.from.first().and_then(|m| m.address.parse::<RealAddress>().ok());
        let from = from.ok_or(NotReleased::Unavailable)?;
        let references = thread::references_of(&message);
        let history = self.0.store.history(held.facts.pair, sender, &references, None).await?;
        let conversation =
            history.conversations.iter().find(|c| Some(c.id) == held.row.conversation);
        let conversation = conversation.ok_or(NotReleased::Unavailable)?;
        let admitted = self.readmit(held, conversation, &message.subject, decision)?;
        let paper = Paper { work, message: &message, from: &from, at: decision.at, let_pass: true };
        let unavailable = |_: Outcome| NotReleased::Unavailable;
        let mut prepared = self.prepare(&paper, &admitted, &history).map_err(unavailable)?;
        prepared.copies = self.copies(&message, admitted.admission()).await?;
        let rehearsed = self.rehearse(&paper, &admitted, &prepared).await.map_err(unavailable)?;
        let Rehearsed { result: Ok(outgoing), .. } = rehearsed else {
            return Err(NotReleased::Leak);
        };
        let draft = outgoing.draft();
        let state = (MessageState::Accepted, held.verdict.action);
        let words = self.words(&message, admitted.admission(), state, Some(draft));
        let [written, shown] = self.hashes(&message, draft);
        let passage = Passage {
            words,
            message: held.row.id.clone(),
            base_subject: base_subject(&draft.subject).to_owned(),
            token: prepared.names.token.0,
            written,
            shown,
            give_up_at: decision.at.after(self.0.config.delivery.give_up_after),
            admitted,
            outgoing,
        };
        match self.0.store.let_pass(passage, decision.clone()).await? {
            Reviewed::Done => Ok(()),
            Reviewed::NotHeld => Err(NotReleased::NotHeld),
        }
    }

    fn readmit(
        &self,
        held: &HeldMail,
        conversation: &HistoryConversation,
        subject: &str,
        decision: &Decision,
    ) -> Result<Admitted, NotReleased> {
        let named = self.0.rules.named_by(subject);
        let review = market::Review {
            facts: &held.facts,
            direction: held.row.direction,
            conversation,
            order: held.order.as_ref(),
            assigned: held.row.assigned.ok_or(NotReleased::Unavailable)?,
            proactive: held.row.proactive,
            automatic: held.row.automatic,
            named: &named,
            cancelled_grace: self.0.config.orders.cancelled_grace,
            passes_opt_out: &self.0.config.market.passes_opt_out,
            now: decision.at,
        };
        market::readmit(&review).map_err(NotReleased::Refused)
    }

    /// Rejects a held message; its sender is told. `false`: it does not wait.
    ///
    /// # Errors
    /// The store could not do its part.
    pub async fn reject_held(
        &self,
        message: &MessageId,
        decision: Decision,
        tell: NoticeKind,
    ) -> Result<bool, StoreError> {
        let done = self.0.store.reject_held(message, decision, tell).await? == Reviewed::Done;
        if done {
            tracing::info!(message_id = %message, why = tell.as_str(), "rejected after review");
            self.0.tell.notify_one();
        }
        Ok(done)
    }

    /// Decides about what has waited for longer than `review.timeout`. What can't be decided about
    /// is put aside.
    pub(super) async fn decide_overdue(&self) -> Result<(), StoreError> {
        let (now, aside) = (self.0.clock.now(), &self.0.aside);
        let since = now.before(self.0.config.review.timeout);
        let limit = OVERDUE.saturating_add(u32::try_from(aside.len()).unwrap_or(u32::MAX));
        for message in self.0.store.held_since(since, limit).await? {
            if !aside.is_due(message.as_str(), now) {
                continue;
            }
            match self.decide_one(&message, now).await {
                Ok(()) => aside.forget(message.as_str()),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) => {
                    if aside.put(message.as_str(), DAMAGED, now) == 0 {
                        tracing::error!(message_id = %message, %error, "can't be decided about and is put aside");
                    }
                }
            }
        }
        Ok(())
    }

    async fn decide_one(&self, message: &MessageId, now: Timestamp) -> Result<(), StoreError> {
        let reason = Some("nobody decided within review.timeout".to_owned());
        let decision = Decision { by: "bauta".to_owned(), reason, at: now };
        let Some(held) = self.0.store.held_mail(message).await? else { return Ok(()) };
        if self.passes_by_itself(&held.verdict) {
            match self.release(message, &decision).await {
                Ok(()) => return Ok(()),
                Err(NotReleased::Store(error)) => return Err(error),
                Err(why) => {
                    tracing::info!(message_id = %message, %why, "can't be released for want of time");
                }
            }
        }
        self.reject_held(message, decision, NoticeKind::TimedOut).await?;
        Ok(())
    }

    /// Whether every rule that holds it says so.
    fn passes_by_itself(&self, verdict: &Verdict) -> bool {
        let rules = &self.0.config.policy.rules;
        let on_timeout = |rule| rules.get(&rule).and_then(|set| set.on_timeout);
        let holds = |f: &&crate::domain::Finding| f.enforced && f.action == Action::Hold;
        verdict.holds.iter().all(|hold| !hold.enforced)
            && verdict
                .findings
                .iter()
                .filter(holds)
                .all(|f| on_timeout(f.rule) == Some(OnTimeout::Release))
    }
}
