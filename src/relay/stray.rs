//! "It was me" (PRODUCT §4): a party writes from an address that nobody registered. The mail is
//! refused, a copy is kept outside of the archive, the party is told of it at its registered
//! address; by a code that is mailed to the new address it becomes registered, and what was kept can
//! be sent on, as a mail that comes in now.

use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::Relay;
use super::in_hand::Work;
use super::notify::Pen;
use super::outcome::Outcome;
use super::prepare::{fingerprint, random};
use super::recipients::Letter;
use super::route::{RouteRefusal, ToParty};
use crate::domain::{Party, PartyId, RealAddress, Role, Secrets};
use crate::mail::{self, Automatic};
use crate::market::Refusal;
use crate::rewrite::Notice;
use crate::rewrite::thread::{self, ThreadHeaders};
use crate::sender::{Peer, Proof};
use crate::store::{
    CodeSent, Confirmed, Decision, Kept, NewCode, NewNotice, NewStray, StoreError, StrayMail,
    Untold,
};

/// A copy is kept for so long.
const KEPT_FOR: Duration = Duration::from_secs(7 * 86_400);
/// A code is good for so long.
const CODE_FOR: Duration = Duration::from_secs(86_400);
/// Addresses that one notice names.
const NAMED: usize = 5;

/// Why no code was sent, or nothing sent on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    /// Nothing is kept.
    #[error("no mail from that address is kept for that party (a copy is kept for 7 days)")]
    NothingKept,
    /// Five codes in a day.
    #[error("that address has had 5 codes within a day: wait, or register it with `put --email`")]
    TooManyCodes,
    /// It can't be written now.
    #[error("it could not be written now, try again")]
    Unavailable,
    /// The address must be the party's first.
    #[error("that address is not registered: `address send-code`, then `address confirm`")]
    NotRegistered,
    /// The store could not do its part.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Relay {
    /// Keeps a copy of a mail that was refused because its address is not registered, where it may
    /// have been the party's: never what a machine wrote, nor what comes from the other side of the
    /// pair, whose address the party must not learn.
    pub(super) async fn keep_stray(&self, letter: &Letter<'_>, to: &ToParty) {
        let address = letter.proof.address();
        let other = to.facts.party(to.stands_for);
        let may_be_theirs = letter.message.automatic != Automatic::Replied
            && !letter.unread
            && is_reachable(to)
            && !self.is_alias(address)
            && !other.may_own(address);
        if !may_be_theirs {
            return;
        }
        let kept = async {
            // Whoever answers what only the other side was sent is the other side.
            let references = thread::references_of(&letter.message);
            let (store, pair) = (&self.0.store, to.facts.pair);
            if !references.is_empty()
                && !store.history(pair, to.stands_for, &references, None).await?.links.is_empty()
            {
                return Ok(Kept::OfOthers);
            }
            let fingerprint = fingerprint(address, &to.alias, &letter.message, letter.raw);
            let stray = NewStray {
                facts: to.facts.clone(),
                writer: to.stands_for.other(),
                address: address.clone(),
                tag: to.tag.clone(),
                peer: letter.peer.address(),
                proof: letter.proof.how().to_owned(),
                original: letter.raw.to_vec(),
                fingerprint: fingerprint.unwrap_or_else(|| Sha256::digest(letter.raw).into()),
                received_at: letter.arrived,
                until: letter.arrived.after(KEPT_FOR),
            };
            store.keep_stray(stray).await
        };
        match kept.await {
            Ok(kept) => {
                tracing::info!(alias = %to.alias, ?kept, "not registered: a copy for its sender");
                self.0.tell.notify_one();
            }
            // It is refused all the same: its sender knows, and can send it again.
            Err(error) => {
                tracing::warn!(%error, "no copy could be kept of a mail that was refused")
            }
        }
    }

    fn is_alias(&self, address: &RealAddress) -> bool {
        let alias_domain = self.0.config.relay.alias_domain.as_str();
        let head = address.domain().strip_suffix(alias_domain);
        head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
    }

    /// Erases some of what was kept for long enough, and asks those who may have written from another
    /// address whether it was they: each at most once a day.
    pub(super) async fn tell_of_strays(&self) -> Result<(), StoreError> {
        let now = self.0.clock.now();
        self.0.store.expire_strays_some(now).await?;
        for untold in self.0.store.untold_strays(now).await? {
            let notice = self.ask_whether_it_was_them(&untold);
            let told = usize::from(notice.is_some());
            self.0.store.tell_strays(&untold.party.id, untold.last, notice, now).await?;
            tracing::info!(strays = untold.strays.len(), told, "asked whether it was they");
        }
        Ok(())
    }

    fn ask_whether_it_was_them(&self, untold: &Untold) -> Option<NewNotice> {
        let (party, now) = (&untold.party, self.0.clock.now());
        let reader = party.delivery_address()?;
        let (mut addresses, mut secrets) = (Vec::<RealAddress>::new(), Secrets::default());
        let mut pair = None;
        for stray in &untold.strays {
            let other = stray.facts.party(party.id.role().other());
            // Only the address in full: were its parts searched for, a notice that fails to come
            // would tell a guesser which of them is right.
            secrets.addresses.extend(other.all_addresses().cloned());
            let named = addresses.iter().any(|a| a.canonical() == stray.address.canonical());
            if !named && addresses.len() < NAMED && !other.may_own(&stray.address) {
                addresses.push(stray.address.clone());
                pair = pair.or(Some(stray.facts.pair));
            }
        }
        if addresses.is_empty() {
            return None;
        }
        let pen = Pen {
            config: &self.0.config,
            language: party.language,
            reader,
            secrets,
            thread: ThreadHeaders::default(),
            now,
        };
        pen.write(Notice::NewAddress { addresses: &addresses }, pair, None, None)
    }

    /// Mails a code to an address from which mail is kept for this party.
    ///
    /// # Errors
    /// Nothing is kept from there, or it has had enough codes.
    pub async fn send_code(&self, of: &PartyId, address: &RealAddress) -> Result<(), NotDone> {
        let (store, now) = (&self.0.store, self.0.clock.now());
        let party = store.party(of).await?.ok_or_else(|| StoreError::unknown(of))?;
        let kept = store.stray_mails(of, address, now).await?;
        let newest = kept.last().ok_or(NotDone::NothingKept)?;
        let facts = store.facts(&newest.alias, None).await?.ok_or(NotDone::Unavailable)?.0;
        let code = eight_digits().ok_or(NotDone::Unavailable)?;
        let pen = Pen {
            config: &self.0.config,
            language: party.language,
            reader: &newest.address,
            secrets: Secrets::default(),
            thread: ThreadHeaders::default(),
            now,
        };
        let spoken = format!("{} {}", &code[..4], &code[4..]);
        let notice = Notice::AddressCode { code: &spoken, good_for: CODE_FOR };
        let mail = pen.write(notice, Some(facts.pair), None, None).ok_or(NotDone::Unavailable)?;
        let new = NewCode {
            party: of.clone(),
            address: newest.address.clone(),
            code: self.keyed(of, address, &code),
            at: now,
            until: now.after(CODE_FOR),
        };
        match store.send_code(new, mail).await? {
            CodeSent::Sent => Ok(()),
            CodeSent::TooMany => Err(NotDone::TooManyCodes),
        }
    }

    /// Registers an address with the code that was mailed to it.
    ///
    /// # Errors
    /// The store could not do its part.
    pub async fn confirm_address(
        &self,
        of: &PartyId,
        address: &RealAddress,
        code: &str,
        decision: Decision,
    ) -> Result<Confirmed, StoreError> {
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        let code = self.keyed(of, address, &digits);
        self.0.store.confirm_address(of, address, code, decision).await
    }

    fn keyed(&self, of: &PartyId, address: &RealAddress, code: &str) -> [u8; 32] {
        let of = format!("{} {}", of.role(), of.key());
        self.keys(|keys| keys.code(&of, address.canonical().reveal(), code))
    }

    /// Sends on what is kept of one party's mail from an address that is registered by now: each
    /// is looked at as if it came in now, with what was proved when it came. What is refused for good
    /// its sender is told by mail, as there is nobody on the line; what can't be decided now stays.
    ///
    /// # Errors
    /// Nothing is kept from there, or the address is not registered.
    pub async fn send_on(
        &self,
        of: &PartyId,
        address: &RealAddress,
    ) -> Result<Vec<Outcome>, NotDone> {
        let store = &self.0.store;
        let party = store.party(of).await?.ok_or_else(|| StoreError::unknown(of))?;
        if !party.may_write_from(address) {
            return Err(NotDone::NotRegistered);
        }
        let kept = store.stray_mails(of, address, self.0.clock.now()).await?;
        if kept.is_empty() {
            return Err(NotDone::NothingKept);
        }
        let mut outcomes = Vec::new();
        for stray in kept {
            let outcome = self.send_one_on(&stray).await;
            if !outcome.is_temporary() {
                store.forget_stray(stray.number).await?;
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn send_one_on(&self, stray: &StrayMail) -> Outcome {
        let (started, arrived) = (Instant::now(), self.0.clock.now());
        let party = match self.party_behind(&stray.alias, stray.tag.clone()).await {
            Ok(Some(party)) => party,
            Ok(None) => return Outcome::Refused(Refusal::UnknownTag),
            Err(RouteRefusal::Unavailable) => return Outcome::TooBusy,
            Err(_) => return Outcome::Storage,
        };
        let raw = &stray.original[..];
        let work = Work::unmarked(raw);
        let Some(mut message) = self.compute(work, || mail::read(raw)).await else {
            return Outcome::Storage;
        };
        let how = format!("{}; kept since {}", stray.proof, stray.received_at);
        let proof = Proof::kept(stray.address.clone(), &how);
        let parties = std::slice::from_ref(&party);
        if let Err(outcome) = self.look_inside(raw, &mut message, &proof, parties).await {
            return outcome;
        }
        let peer = Peer::new(stray.peer, &self.0.config.smtp.trusted_networks);
        let unread = false;
        let letter = Letter { peer, raw, work, unread, message, proof, arrived, started };
        let outcome = self.accept_one(&letter, party.clone(), None).await;
        if outcome.is_temporary() || outcome.is_accepted() {
            return outcome;
        }
        match self.tell_not_passed_on(&letter, &party, &outcome, true).await {
            Ok(_) => outcome,
            Err(_) => Outcome::TooBusy,
        }
    }
}

/// Whether mail passes between the two at all, and there is somebody to ask.
fn is_reachable(to: &ToParty) -> bool {
    let open = |role: Role| to.facts.party(role).standing.is_open();
    let writer: &Party = to.writer();
    !to.facts.blocked
        && open(Role::Seller)
        && open(Role::Buyer)
        && writer.delivery_address().is_some()
}

/// A code that can be told by phone.
fn eight_digits() -> Option<String> {
    let number = u64::from_be_bytes(random()?) % 100_000_000;
    Some(format!("{number:08}"))
}
