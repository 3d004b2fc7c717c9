//! What a look at a mail needs besides the facts: names made for it, what was said before, what
//! must stay hidden.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use super::Relay;
use super::outcome::Outcome;
use super::perform::Paper;
use super::upkeep::thread_hash;
use crate::alias::{BounceToken, Keyring};
use crate::config;
use crate::domain::{
    Action, AliasAddress, Copies, Direction, Facts, History, HistoryConversation, MessageId,
    MessageState, MsgId, PairId, Prints, RealAddress, Role, Secrets, ThreadLink, Timestamp, Words,
};
use crate::mail::{Message, base_subject, sighting};
use crate::market::limits::Limits;
use crate::market::{Admission, Admitted, Place};
use crate::policy;
use crate::rewrite;
use crate::rewrite::Draft;
use crate::rewrite::thread::{self, ThreadHeaders};
use crate::search;
use crate::sender::Peer;
use crate::store::StoreError;

/// A bounce address is good for 30 days (PRODUCT §6).
const BOUNCE_FOR: Duration = Duration::from_secs(30 * 86_400);

/// What a look needs besides the facts.
pub(super) struct Prepared {
    pub names: Names,
    pub thread: ThreadHeaders,
    pub secrets: Secrets,
    pub known_ids: Vec<String>,
    pub recipient: RealAddress,
    /// To how many others the same was sent before.
    pub copies: Copies,
}

/// Names made for one mail.
pub(super) struct Names {
    pub message: MessageId,
    pub msg_id: MsgId,
    pub token: BounceToken,
    pub envelope_from: AliasAddress,
    pub root: ThreadLink,
}

impl Relay {
    /// What a look needs besides the facts: names made for this mail, and what was said before.
    pub(super) fn prepare(
        &self,
        paper: &Paper<'_>,
        admitted: &Admitted,
        history: &History,
    ) -> Result<Prepared, Outcome> {
        let admission = admitted.admission();
        let (sender, reader) = (admission.direction.sender(), admission.direction.recipient());
        let conversation = conversation(admitted);
        let names = self.names(conversation, paper.at).ok_or(Outcome::Storage)?;
        let facts = &admission.facts;
        let config = &self.0.config;
        let recipient = facts.party(reader).delivery_address_for(admission.order.as_ref());
        let recipient = recipient.ok_or(Outcome::Storage)?.clone();
        let shown = rewrite::shown_name(facts, sender, config.buyers.shown_name);
        let items = admission.order.iter().flat_map(|o| &o.items).map(String::as_str);
        let ours = [config.relay.marketplace.as_str(), config.relay.alias_domain.as_str()];
        let public: Vec<&str> = ours.into_iter().chain(items).collect();
        let secrets =
            Secrets::of(facts.party(sender), paper.from, facts.party(reader), &shown, &public)
                .hiding_in_prose(config.buyers.hides_in_prose(sender));
        let thread = thread::map(paper.message, conversation, &names.root, history, reader);
        let known_ids = history.orders.iter().map(|o| o.id.as_str().to_owned()).collect();
        let copies = Copies::default();
        Ok(Prepared { names, thread, secrets, known_ids, recipient, copies })
    }

    /// What a seller's message is known again by when it is sent to others; nothing of a buyer's.
    pub(super) fn prints(&self, message: &Message, direction: Direction, seller: &str) -> Prints {
        if direction.sender() == Role::Buyer {
            return Prints::default();
        }
        let key = |kind: &str, thing: &[u8]| self.keys(|keys| keys.print(seller, kind, thing));
        policy::prints(message, key)
    }

    /// Where nothing that a mail answers is known any more: the conversation of what was erased.
    pub(super) async fn add_expired(
        &self,
        history: &mut History,
        pair: PairId,
        side: Role,
        references: &[MsgId],
    ) -> Result<(), StoreError> {
        if !history.links.is_empty() || references.is_empty() {
            return Ok(());
        }
        let key = self.keys(Keyring::word_key);
        let hashes = references.iter().map(|id| thread_hash(&key, side, id.as_str())).collect();
        let conversation = self.0.store.expired_thread(pair, hashes).await?;
        let known = |id| history.conversations.iter().any(|c| c.id == id);
        if let Some(id) = conversation.filter(|id| known(*id)) {
            history.links.push((id, ThreadLink { seller: None, buyer: None }));
        }
        Ok(())
    }

    /// What a message is found by. `shown`: what its recipient reads; none: it reads nothing.
    pub(super) fn words(
        &self,
        message: &Message,
        admission: &Admission,
        (state, action): (MessageState, Action),
        shown: Option<&Draft>,
    ) -> Words {
        let Facts { seller, buyer, .. } = &admission.facts;
        let names = message.attachments.iter().filter_map(|a| a.name.as_deref());
        let sent: Vec<&str> =
            [message.subject.as_str(), &message.text.body].into_iter().chain(names).collect();
        let shown: Vec<&str> =
            shown.iter().flat_map(|draft| [draft.subject.as_str(), &draft.words]).collect();
        search::index(
            &self.keys(Keyring::word_key),
            &search::Indexed {
                seller: &seller.id,
                buyer: &buyer.id,
                order: admission.order.as_ref().map(|order| &order.id),
                direction: admission.direction,
                state,
                action,
                languages: [seller.language, buyer.language],
                sent: &sent,
                shown: &shown,
            },
        )
    }

    /// What is remembered of texts and their subjects: of what was written, and of what is shown.
    pub(super) fn hashes(&self, written: &Message, shown: &Draft) -> [Vec<u64>; 2] {
        let key = self.keys(Keyring::sighting_key);
        let mut hashes = sighting::shingles_beside(&written.text, &shown.text, &key);
        for (all, subject) in hashes.iter_mut().zip([&written.subject, &shown.subject]) {
            all.extend(sighting::shingles(base_subject(subject), &key));
        }
        hashes
    }

    /// To how many other buyers the seller sent the same before.
    pub(super) async fn copies(
        &self,
        message: &Message,
        admission: &Admission,
    ) -> Result<Copies, StoreError> {
        let seller = admission.facts.seller.id.key();
        let prints = self.prints(message, admission.direction, &seller);
        self.0.store.copies(admission.facts.pair, &prints, None).await
    }

    /// How much the senders of mail from this peer may write: what a trusted one brings is limited
    /// only by what the config sets.
    pub(super) fn limits(&self, peer: Peer) -> Limits {
        let config = &self.0.config.limits;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let limit = |set: Option<usize>, usual| match set {
            None if peer.is_trusted() => None,
            set => Some(count(set.unwrap_or(usual))),
        };
        Limits {
            messages_per_hour: limit(config.messages_per_hour, config::Limits::MESSAGES_PER_HOUR),
            conversation_per_10_minutes: limit(
                config.conversation_per_10_minutes,
                config::Limits::CONVERSATION_PER_10_MINUTES,
            ),
            proactive_per_day: count(config.proactive_per_day),
            proactive_per_order: count(config.proactive_per_order),
        }
    }

    /// Random names; nothing where the machine gives no random bytes.
    pub(super) fn names(
        &self,
        conversation: Option<&HistoryConversation>,
        now: Timestamp,
    ) -> Option<Names> {
        let domain = &self.0.config.relay.alias_domain;
        let msg_id = || {
            let code = BASE32_NOPAD.encode(&random::<15>()?).to_ascii_lowercase();
            MsgId::new(&format!("{code}@{domain}"))
        };
        let root = match conversation {
            Some(c) => c.root.clone(),
            None => ThreadLink { seller: Some(msg_id()?), buyer: Some(msg_id()?) },
        };
        let token = BounceToken(random()?);
        Some(Names {
            message: MessageId::from_random(random()?),
            msg_id: msg_id()?,
            envelope_from: self.keys(|keys| keys.bounce_address(token, now.after(BOUNCE_FOR))),
            token,
            root,
        })
    }
}

/// The conversation that a message belongs to, if it exists already.
pub(super) fn conversation(admitted: &Admitted) -> Option<&HistoryConversation> {
    match &admitted.admission().place {
        Place::In(conversation) => Some(conversation),
        Place::New => None,
    }
}

/// The same proved sender, recipient, Message-ID and content (PRODUCT §4).
pub(super) fn fingerprint(
    sender: &RealAddress,
    alias: &AliasAddress,
    message: &Message,
    raw: &[u8],
) -> Option<[u8; 32]> {
    // A mail without a usable id is known again by when it was written, which no retry changes.
    let id = match &message.msg_id {
        Some(id) => id.as_str().as_bytes(),
        None => field(raw, b"date")?,
    };
    let (sender, alias) = (sender.canonical(), alias.to_string());
    let mut hash = Sha256::new();
    for part in
        [sender.reveal().as_bytes(), alias.as_bytes(), id, message.subject.as_bytes(), body(raw)]
    {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    Some(hash.finalize().into())
}

/// A header field's line as received, of the first of this lower-case name.
pub(super) fn field<'x>(raw: &'x [u8], name: &[u8]) -> Option<&'x [u8]> {
    let header = raw.get(..raw.len() - body(raw).len())?;
    header.split(|b| *b == b'\n').find(|line| {
        let (head, rest) = line.split_at_checked(name.len()).unwrap_or_default();
        head.eq_ignore_ascii_case(name) && rest.starts_with(b":")
    })
}

/// All below the header (RFC 5322 §2.1), as received: pictures and HTML are content too, which the
/// text does not tell. The header is left out: each try adds trace fields of its own to it.
pub(super) fn body(raw: &[u8]) -> &[u8] {
    let blank = raw.windows(4).position(|end| end == b"\r\n\r\n");
    blank.and_then(|at| raw.get(at + 4..)).unwrap_or(raw)
}

/// The answer where the store could not do its part.
pub(super) fn storage(error: &StoreError) -> Outcome {
    tracing::warn!(%error, "a mail could not be stored now; its sender is asked to come again");
    match error {
        StoreError::Busy => Outcome::TooBusy,
        _ => Outcome::Storage,
    }
}

pub(super) fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(raw: &str, sender: &str, alias: &str) -> Option<[u8; 32]> {
        let raw = raw.replace('\n', "\r\n").into_bytes();
        let alias = AliasAddress::new(alias, "relay.example");
        fingerprint(&sender.parse().unwrap(), &alias, &crate::mail::read(&raw), &raw)
    }

    #[test]
    fn the_same_mail_again_is_told_from_one_that_only_has_its_id_and_its_words() {
        let mail = |picture: &str| {
            format!(
                "Message-ID: <a@x.example>\nSubject: Lamp\nMIME-Version: 1.0\n\
                 Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\n\
                 Content-Type: image/png\nContent-Transfer-Encoding: base64\n\n{picture}\n--b--\n"
            )
        };
        let (first, from, to) = (mail("AAAA"), "jane@mail.example", "seller");
        let expected = print(&first, from, to);
        assert!(expected.is_some());
        let traced = format!("Received: from elsewhere\n{first}");
        for (raw, from, to, same) in [
            (first.clone(), "JANE@mail.example", to, true),
            (traced, from, to, true),
            (mail("BBBB"), from, to, false),
            (first.replace("Hello", "Hallo"), from, to, false),
            (first.replace("a@x", "b@x"), from, to, false),
            (first.clone(), "joe@mail.example", to, false),
            (first.clone(), from, "buyer", false),
        ] {
            assert_eq!(print(&raw, from, to) == expected, same, "{raw} {to}");
        }
        assert_eq!(print("Subject: Lamp\n\nHello\n", from, to), None, "without an id");
    }
}
