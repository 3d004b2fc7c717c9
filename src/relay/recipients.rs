//! One mail and all its recipients: read and proved once, accepted for each, answered once.

use std::time::Instant;

use super::Relay;
use super::accept::Incoming;
use super::outcome::Outcome;
use super::prepare::{fingerprint, storage};
use super::route::{Route, Target, ToParty};
use crate::domain::Timestamp;
use crate::mail::{self, Automatic, Message};
use crate::sender::{self, Peer, Proof};

/// A mail in hand, read and proved once for all its recipients.
pub(super) struct Letter<'a> {
    pub peer: Peer,
    pub raw: &'a [u8],
    pub message: Message,
    pub proof: Proof,
    pub arrived: Timestamp,
    pub started: Instant,
}

impl Relay {
    /// Takes a whole mail for all its recipients, at least one. `mail_from` empty stands for the
    /// null sender. The one outcome is the answer for all of them: what is temporary for one comes
    /// again for every one, and gets its first answer again where it had one; who is refused beside
    /// one that was accepted is told of in a notice; where nobody is accepted, the first refusal
    /// is the answer.
    pub async fn accept(
        &self,
        peer: Peer,
        mail_from: &str,
        routes: Vec<Route>,
        raw: Vec<u8>,
    ) -> Outcome {
        let mut parties = Vec::new();
        let mut others = Vec::new();
        for route in routes {
            match route.0 {
                Target::Party(party) => parties.push(*party),
                other => others.push(other),
            }
        }
        let letter = if parties.is_empty() {
            None
        } else {
            match self.open(peer, mail_from, &raw).await {
                Ok(letter) => Some(letter),
                Err(outcome) => return outcome,
            }
        };
        let (mut taken, mut no_report) = (None, None);
        let mut refused = Vec::new();
        for other in others {
            let outcome = match other {
                Target::Bounce(token) => self.take_report(token, mail_from.is_empty(), &raw).await,
                _ => self.forward_to_postmaster(raw.clone()).await,
            };
            match outcome {
                outcome if outcome.is_temporary() => return outcome,
                outcome if outcome.is_accepted() => taken = taken.or(Some(outcome)),
                outcome => no_report = Some(outcome),
            }
        }
        for party in parties {
            let Some(letter) = &letter else { break };
            let outcome = self.accept_one(letter, party.clone()).await;
            match outcome {
                outcome if outcome.is_temporary() => return outcome,
                outcome if outcome.is_accepted() => taken = taken.or(Some(outcome)),
                outcome => refused.push((party, outcome)),
            }
        }
        let (Some(taken), Some(letter)) = (taken.clone(), &letter) else {
            let refusal = refused.into_iter().next().map(|(_, outcome)| outcome);
            return taken.or(refusal).or(no_report).unwrap_or(Outcome::TooBusy);
        };
        for (party, outcome) in &refused {
            if let Err(error) = self.tell_not_passed_on(letter, party, outcome).await {
                return storage(&error);
            }
        }
        taken
    }

    /// Reads and proves.
    async fn open<'a>(
        &self,
        peer: Peer,
        mail_from: &str,
        raw: &'a [u8],
    ) -> Result<Letter<'a>, Outcome> {
        let (started, arrived) = (Instant::now(), self.0.clock.now());
        let Some(mut message) = self.compute(raw.len(), || mail::read(raw)).await else {
            return Err(Outcome::Storage);
        };
        if mail_from.is_empty() {
            // RFC 3834 §2: what has no sender to answer to was written by a machine.
            message.automatic = Automatic::Replied;
        }
        let proof = sender::prove(peer, &message).map_err(|why| {
            tracing::info!(peer = %peer.address(), %why, "refused: sender not proved");
            Outcome::Unproved(why)
        })?;
        // Only now: what strangers send is not opened.
        self.open_attachments(raw, &mut message).await?;
        Ok(Letter { peer, raw, message, proof, arrived, started })
    }

    /// Takes the mail for one of its recipients.
    async fn accept_one(&self, letter: &Letter<'_>, party: ToParty) -> Outcome {
        let Letter { peer, raw, ref message, ref proof, arrived, started } = *letter;
        let automatic = message.automatic == Automatic::Replied;
        let alias = party.facts.alias(party.stands_for);
        let fingerprint = fingerprint(proof.address(), alias, message, raw);
        let mail = Incoming { peer, raw, message, proof, automatic, fingerprint, arrived, started };
        self.accept_for(&mail, party).await
    }
}
