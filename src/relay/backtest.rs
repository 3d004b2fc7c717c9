//! What other settings would have decided about a message that is in the archive.

use super::Relay;
use super::in_hand::Work;
use crate::alias::Keyring;
use crate::domain::{Action, Direction, HoldReason, Said, Verdict};
use crate::mail;
use crate::policy::{self, Context};
use crate::store::{JudgedRow, StoreError};

impl Relay {
    /// Judges an archived message again, by the rules of this relay: what its place was then, and
    /// what had been said before. Writes nothing. None where the message was erased meanwhile or
    /// can't be opened now.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn judge_again(&self, judged: &JudgedRow) -> Result<Option<Verdict>, StoreError> {
        let Some(detail) = self.0.store.message(&judged.row.id).await? else { return Ok(None) };
        let raw = &detail.original;
        let Some(mut message) = self.compute(Work::unmarked(raw), || mail::read(raw)).await else {
            return Ok(None);
        };
        let direction = judged.row.direction;
        let pictures = self.0.rules.looks_at_pictures(direction);
        if self.open_attachments(raw, &mut message, pictures, None).await.is_err() {
            return Ok(None);
        }
        let key = self.keys(Keyring::sighting_key);
        let said = match judged.row.conversation {
            Some(conversation) => {
                self.0.store.sightings_before(conversation, judged.number, key).await?
            }
            None => Said::with(key),
        };
        let prints = self.prints(&message, direction, &judged.row.seller.key());
        let copies = self.0.store.copies(judged.pair, &prints, Some(judged.number)).await?;
        let history = self.0.store.history(judged.pair, direction.sender(), &[], None).await?;
        let seen = said.all();
        let answers = direction == Direction::SellerToBuyer && !judged.row.proactive;
        let question = match judged.row.conversation.filter(|_| answers) {
            Some(conversation) => self.0.store.last_of_buyer(conversation, judged.number).await?,
            None => None,
        };
        let question = question.map(|view| mail::new_text(&mail::read(&view).text));
        let context = Context {
            direction,
            proactive: judged.row.proactive,
            sightings: Some(&seen),
            known_ids: history.orders.iter().map(|o| o.id.as_str().to_owned()).collect(),
            copies: Some(&copies),
            question: question.as_deref(),
        };
        let judge = || policy::judge(&self.0.rules, &context, &message);
        Ok(self.compute(Work::unmarked(raw), judge).await)
    }
}

/// What the rules alone decided: whatever else held a message has nothing to do with them.
pub fn decided_by_rules(verdict: &Verdict) -> Action {
    let findings = verdict.findings.iter().filter(|f| f.enforced).map(|f| f.action);
    let holds = verdict
        .holds
        .iter()
        .filter(|hold| hold.enforced && hold.reason == HoldReason::UnknownLanguage)
        .map(|_| Action::Hold);
    findings.chain(holds).max().unwrap_or(Action::Allow)
}
