//! One mail and all its recipients: read and proved once, accepted for each, answered once.

use std::time::Instant;

use super::Relay;
use super::accept::Incoming;
use super::in_hand::Work;
use super::outcome::Outcome;
use super::prepare::{fingerprint, storage};
use super::route::{Route, Target, ToParty};
use crate::domain::{Direction, Party, Timestamp};
use crate::mail::{self, Automatic, Message};
use crate::market::Refusal;
use crate::sender::{Envelope, Peer, Proof};
use crate::store::{Coming, Notified};

/// A mail in hand, read and proved once for all its recipients.
pub(super) struct Letter<'a> {
    pub peer: Peer,
    pub raw: &'a [u8],
    pub work: Work,
    /// The process died while it had this mail in hand.
    pub unread: bool,
    pub message: Message,
    pub proof: Proof,
    pub arrived: Timestamp,
    pub started: Instant,
}

impl Relay {
    /// A mail's text begins: what is to be stored meanwhile waits for it a moment.
    pub fn expect(&self) -> Coming {
        self.0.store.expect()
    }

    /// Takes a whole mail for all its recipients, at least one. The one outcome is the answer for all of them: what is temporary for one comes
    /// again for every one, and gets its first answer again where it had one; who is refused beside
    /// a party that gets the mail is told of in a notice; where no party gets it, the refusal that
    /// its sender can do most about is the answer.
    pub async fn accept(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        routes: Vec<Route>,
        (raw, coming): (Vec<u8>, Coming),
    ) -> Outcome {
        let (mut parties, mut others) = (Vec::new(), Vec::new());
        for route in routes {
            match route.0 {
                Target::Party(party) => parties.push(*party),
                other => others.push(other),
            }
        }
        let of_parties = match self.accept_parties(peer, envelope, parties, (&raw, coming)).await {
            Some(outcome) if outcome.is_temporary() => return outcome,
            of_parties => of_parties,
        };
        // Last: what has no Message-ID to be known again by must not be taken twice because a
        // party's answer was "come again".
        let of_others = match self.accept_others(envelope.mail_from, others, raw).await {
            Some(outcome) if outcome.is_temporary() => return outcome,
            of_others => of_others,
        };
        // No notice tells of a party's refusal beside a postmaster: the answer does.
        of_parties.or(of_others).unwrap_or(Outcome::TooBusy)
    }

    /// The one answer of all parties; none where there are none.
    async fn accept_parties(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        parties: Vec<ToParty>,
        (raw, coming): (&[u8], Coming),
    ) -> Option<Outcome> {
        if parties.is_empty() {
            return None;
        }
        let letter = match self.open(peer, envelope, &parties, raw).await {
            Ok(letter) => letter,
            Err(outcome) => return Some(outcome),
        };
        let (mut taken, mut refused, mut coming) = (None, Vec::new(), Some(coming));
        for party in parties {
            match self.accept_one(&letter, party.clone(), coming.take()).await {
                outcome if outcome.is_temporary() => return Some(outcome),
                outcome if outcome.is_accepted() => taken = taken.or(Some(outcome)),
                outcome => refused.push((party, outcome)),
            }
        }
        for (party, outcome) in &refused {
            if *outcome == Outcome::Refused(Refusal::NotRegistered) {
                self.keep_stray(&letter, party).await;
            }
        }
        let alone = taken.is_none();
        let Some(taken) = taken.or_else(|| self.noticed(&letter, &refused)) else {
            return refused.into_iter().map(|(_, outcome)| outcome).max_by_key(helps);
        };
        for (party, outcome) in &refused {
            match self.tell_not_passed_on(&letter, party, outcome, alone).await {
                // It comes again, until its sender has room for the notice.
                Ok(Notified::TooMany) => return Some(Outcome::TooBusy),
                Ok(Notified::Told | Notified::Already) => {}
                Err(error) => return Some(storage(&error)),
            }
        }
        Some(taken)
    }

    /// The answer where a seller is told of every refusal by our own mail: only who is registered,
    /// and so no stranger.
    fn noticed(&self, letter: &Letter<'_>, refused: &[(ToParty, Outcome)]) -> Option<Outcome> {
        let automatic = letter.message.automatic == Automatic::Replied;
        let told = |(party, outcome): &(ToParty, Outcome)| {
            let writer = party.facts.party(party.stands_for.other());
            let decided = matches!(outcome, Outcome::Refused(_) | Outcome::Unwritable);
            decided
                && self.refuses_by_notice(writer, automatic)
                && writer.may_write_from(letter.proof.address())
        };
        refused.iter().all(told).then_some(Outcome::Noticed)
    }

    /// The one answer of bounce addresses and the postmaster, who are asked nothing.
    async fn accept_others(
        &self,
        mail_from: &str,
        others: Vec<Target>,
        raw: Vec<u8>,
    ) -> Option<Outcome> {
        let mut answer: Option<Outcome> = None;
        for other in others {
            let outcome = match other {
                Target::Bounce(token) => self.take_report(token, mail_from.is_empty(), &raw).await,
                _ => self.forward_to_postmaster(raw.clone()).await,
            };
            if outcome.is_temporary() {
                return Some(outcome);
            }
            answer = answer.filter(Outcome::is_accepted).or(Some(outcome));
        }
        answer
    }

    /// Reads and proves.
    async fn open<'a>(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        parties: &[ToParty],
        raw: &'a [u8],
    ) -> Result<Letter<'a>, Outcome> {
        let (started, arrived) = (Instant::now(), self.0.clock.now());
        let prover = &self.0.prover;
        let work = Work::on(raw);
        let deaths = self.deaths(work, arrived);
        if deaths > 1 {
            tracing::error!(
                bytes = raw.len(),
                deaths,
                "refused unread: the relay ended over this mail"
            );
            return Err(Outcome::Unwritable);
        }
        // What it died over may be anything but the header, which it takes to know who writes.
        let unread = deaths > 0;
        let how = if unread { mail::read_header } else { mail::read };
        let read = || (how(raw), prover.claims(peer, raw, arrived));
        let Some((mut message, claims)) = self.compute(work, read).await else {
            return Err(Outcome::Storage);
        };
        if envelope.mail_from.is_empty() {
            // RFC 3834 §2: what has no sender to answer to was written by a machine.
            message.automatic = Automatic::Replied;
        }
        let proof = prover.prove(peer, envelope, &message, &claims).await.map_err(|found| {
            let (why, found) = (found.why, found.told);
            tracing::info!(peer = %peer.address(), %why, found, "refused: sender not proved");
            self.note_refused(peer, envelope.mail_from, why);
            Outcome::Unproved(why)
        })?;
        // Only now, when all look-ups have ended, is anybody registered looked at (PRODUCT §4).
        if !unread {
            self.look_inside(raw, &mut message, &proof, parties).await?;
        }
        Ok(Letter { peer, raw, work, unread, message, proof, arrived, started })
    }

    /// Opens what is attached. What strangers send is not opened: neither for those who are proved
    /// to be somebody else, nor for those who are not proved to the party, or the time that it takes
    /// would tell whether the address that they guessed is registered.
    pub(super) async fn look_inside(
        &self,
        raw: &[u8],
        message: &mut Message,
        proof: &Proof,
        parties: &[ToParty],
    ) -> Result<(), Outcome> {
        let writes =
            |party: &Party| proof.holds_for(party).is_ok() && party.may_write_from(proof.address());
        if parties.iter().any(|party| writes(party.writer())) {
            let looks = |party: &ToParty| {
                let direction = Direction::from_sender(party.stands_for.other());
                self.0.rules.looks_at_pictures(direction)
            };
            let pictures = parties.iter().any(looks);
            let from = Some(proof.address());
            self.open_attachments(raw, message, pictures, from).await?;
        }
        Ok(())
    }

    /// Takes the mail for one of its recipients. `coming`: it was said to come already.
    pub(super) async fn accept_one(
        &self,
        letter: &Letter<'_>,
        party: ToParty,
        coming: Option<Coming>,
    ) -> Outcome {
        let Letter { peer, raw, work, unread, ref message, ref proof, arrived, started } = *letter;
        if let Err(why) = proof.holds_for(party.writer()) {
            tracing::info!(peer = %peer.address(), %why, "refused: signed by others only");
            return Outcome::Unproved(why);
        }
        let automatic = message.automatic == Automatic::Replied;
        let alias = party.facts.alias(party.stands_for);
        let fingerprint = fingerprint(proof.address(), alias, message, raw);
        let mail = Incoming {
            peer,
            raw,
            work,
            unread,
            message,
            proof,
            automatic,
            fingerprint,
            arrived,
            started,
        };
        self.accept_for(&mail, party, coming).await
    }
}

/// How much a refusal helps its sender: what can be mended in the mail before what can't.
fn helps(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Rejected(_) => 3,
        Outcome::Unwritable => 2,
        Outcome::Refused(_) => 1,
        _ => 0,
    }
}
