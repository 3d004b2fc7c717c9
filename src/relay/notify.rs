//! Our own notices: what a sender is told of a message that does not reach the other side
//! (PRODUCT §4, §8). Never for automatic mail, and it names aliases only.

use std::time::Duration;

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

use super::Relay;
use super::outcome::{Explained, Outcome};
use super::prepare::{fingerprint, random};
use super::recipients::Letter;
use super::route::ToParty;
use crate::config::Config;
use crate::domain::{
    Language, MessageId, MsgId, NoticeKind, PairId, RealAddress, Role, RuleId, Secrets, Sightings,
    ThreadLink, Timestamp,
};
use crate::leak::{self, Outgoing};
use crate::mail::{self, Automatic};
use crate::market::Refusal;
use crate::rewrite::thread::ThreadHeaders;
use crate::rewrite::{self, Notice, NoticePlan, Reason};
use crate::store::{MessageDetail, NewNotice, Notified, Store, StoreError, Told};

/// A notice is tried as long as any mail.
fn give_up_at(config: &Config, now: Timestamp) -> Timestamp {
    now.after(config.delivery.give_up_after)
}

/// The notice that a message was not delivered, or is not yet; none where its sender is told
/// nothing: a machine wrote it, or this was told already.
///
/// # Errors
/// The store could not be read.
pub async fn not_delivered(
    store: &Store,
    config: &Config,
    message: &MessageId,
    kind: NoticeKind,
    now: Timestamp,
) -> Result<Option<NewNotice>, StoreError> {
    let writer = Writer::of(store, config, message).await?;
    let Some(writer) = writer.filter(|w| !w.told.told.contains(&kind)) else { return Ok(None) };
    let notice = Notice::Delivery {
        kind,
        name: &writer.name,
        order: writer.told.order.as_ref(),
        tried_for: config.delivery.give_up_after,
    };
    Ok(writer.write(&writer.pen(config, now), notice))
}

/// The one who wrote a message and is to be told of it.
pub(super) struct Writer {
    pub told: Told,
    pub detail: MessageDetail,
    /// What the other side is called.
    pub name: String,
    address: RealAddress,
}

impl Writer {
    /// None where nobody is told: a machine wrote the message, or it is no more.
    pub(super) async fn of(
        store: &Store,
        config: &Config,
        message: &MessageId,
    ) -> Result<Option<Self>, StoreError> {
        let told = store.told(message).await?.filter(|told| !told.automatic);
        let Some(told) = told else { return Ok(None) };
        let Some(detail) = store.message(message).await? else { return Ok(None) };
        let Some(address) = writer_of(&detail.original, &told) else { return Ok(None) };
        let reader = told.direction.recipient();
        let name = rewrite::shown_name(&told.facts, reader, config.buyers.shown_name).into_owned();
        Ok(Some(Self { told, detail, name, address }))
    }

    /// What the notice is written with: in the writer's language, in the message's thread.
    pub(super) fn pen<'a>(&'a self, config: &'a Config, now: Timestamp) -> Pen<'a> {
        let told = &self.told;
        let (writer, reader) = (told.direction.sender(), told.direction.recipient());
        Pen {
            config,
            language: told.facts.party(writer).language,
            reader: &self.address,
            secrets: secrets_of(config, told, &self.name, reader),
            thread: thread(told, writer),
            now,
        }
    }

    /// Writes the notice about the message.
    pub(super) fn write(&self, pen: &Pen<'_>, notice: Notice<'_>) -> Option<NewNotice> {
        pen.write(notice, Some(self.told.facts.pair), Some(self.detail.row.id.clone()), None)
    }
}

/// Where the one who wrote a message hears of it: the address that it came from, as long as it is
/// registered, for the notice stands in that person's thread; else where the party's mail goes.
fn writer_of(original: &[u8], told: &Told) -> Option<RealAddress> {
    let party = told.facts.party(told.direction.sender());
    let from = match &mail::read(original).from[..] {
        [from] => from.address.parse::<RealAddress>().ok(),
        _ => None,
    };
    let wrote = from.filter(|address| party.may_write_from(address));
    wrote.or_else(|| party.delivery_address().cloned())
}

/// What the counterpart is to the reader of a notice: the same secret as in a relayed mail.
fn secrets_of(config: &Config, told: &Told, shown: &str, hidden: Role) -> Secrets {
    let party = told.facts.party(hidden);
    let items = told.order.iter().flat_map(|o| &o.items).map(String::as_str);
    let ours = [config.relay.marketplace.as_str(), config.relay.alias_domain.as_str()];
    let public: Vec<&str> = ours.into_iter().chain(items).collect();
    match party.delivery_address() {
        Some(used) => Secrets::of(party, used, told.facts.party(hidden.other()), shown, &public)
            .hiding_in_prose(config.buyers.hides_in_prose(hidden)),
        None => Secrets::default(),
    }
}

fn thread(told: &Told, reader: Role) -> ThreadHeaders {
    let of = |link: &ThreadLink| match reader {
        Role::Seller => link.seller.clone(),
        Role::Buyer => link.buyer.clone(),
    };
    let own = of(&told.link);
    let references = of(&told.root).into_iter().chain(own.clone()).collect();
    ThreadHeaders { in_reply_to: own, references }
}

/// What all notices are written with.
pub(super) struct Pen<'a> {
    pub config: &'a Config,
    pub language: Language,
    pub reader: &'a RealAddress,
    pub secrets: Secrets,
    pub thread: ThreadHeaders,
    pub now: Timestamp,
}

impl Pen<'_> {
    /// Writes and scans; nothing where it can't be written safely, which is told in the log.
    pub(super) fn write(
        &self,
        notice: Notice<'_>,
        pair: Option<PairId>,
        about: Option<MessageId>,
        fingerprint: Option<[u8; 32]>,
    ) -> Option<NewNotice> {
        let outgoing = self.compose(notice)?;
        Some(NewNotice {
            kind: notice.kind(),
            about,
            pair,
            account: None,
            fingerprint,
            outgoing,
            message: MessageId::from_random(random()?),
            token: random()?,
            created_at: self.now,
            give_up_at: give_up_at(self.config, self.now),
        })
    }

    fn compose(&self, notice: Notice<'_>) -> Option<Outgoing> {
        let domain = &self.config.relay.alias_domain;
        let code = BASE32_NOPAD.encode(&random::<15>()?).to_ascii_lowercase();
        let msg_id = MsgId::new(&format!("{code}@{domain}"))?;
        let plan = NoticePlan {
            reader: self.reader,
            language: self.language,
            notice,
            marketplace: &self.config.relay.marketplace,
            support_link: self.config.policy.support_link.as_deref(),
            own_texts: &self.config.policy.messages,
            alias_domain: domain,
            msg_id: &msg_id,
            thread: &self.thread,
            date: self.now,
        };
        let kind = notice.kind().as_str();
        let draft = rewrite::compose_notice(&plan)
            .inspect_err(|error| tracing::error!(kind, %error, "a notice is left out"))
            .ok()?;
        let ids: Vec<&MsgId> = self.thread.references.iter().collect();
        let exempt = leak::Exempt { known: &Sightings::default(), ids: &ids };
        leak::scan(draft, &self.secrets, &exempt)
            .inspect_err(|leaks| {
                tracing::error!(kind, ?leaks, "a notice is left out: it would leak")
            })
            .ok()
    }
}

impl Relay {
    /// Tells a sender that one of several recipients does not get the mail; `alone`: that the only
    /// one does not.
    pub(super) async fn tell_not_passed_on(
        &self,
        letter: &Letter<'_>,
        party: &ToParty,
        outcome: &Outcome,
        alone: bool,
    ) -> Result<Notified, StoreError> {
        let alias =
            party.tag.as_ref().map_or_else(|| party.alias.clone(), |t| party.alias.with_tag(t));
        tracing::info!(%alias, alone, "refused, and its sender is told by mail");
        // PRODUCT §4: automatic mail never causes a notice.
        if letter.message.automatic == Automatic::Replied {
            return Ok(Notified::Already);
        }
        let Some((reason, findings)) = reason(outcome) else { return Ok(Notified::Already) };
        let config = &self.0.config;
        let facts = &party.facts;
        let reader = letter.proof.address();
        let registered = facts.party(party.stands_for.other());
        let language = match registered.has_address(reader) {
            true => registered.language,
            false => config.relay.language,
        };
        let own = letter.message.msg_id.clone();
        let references = own.clone().into_iter().collect();
        let thread = ThreadHeaders { in_reply_to: own, references };
        // Nothing in it is the other side's: fixed sentences, the alias that was written to, and the
        // reader's own words and address. Were it searched for the other side's secrets, a notice
        // that fails to come would tell a guesser that the guess was right.
        let secrets = Secrets::default();
        let pen = Pen { config, language, reader, secrets, thread, now: letter.arrived };
        let notice = Notice::NotPassedOn { alias: &alias, reason, findings: &findings, alone };
        let same = fingerprint(reader, &alias, &letter.message, letter.raw).map(of_notice);
        match pen.write(notice, Some(facts.pair), None, same) {
            Some(notice) => self.0.store.notify(notice).await,
            None => Err(StoreError::Busy),
        }
    }
}

/// The fingerprint of the notice about a mail: never that of a mail.
fn of_notice(mail: [u8; 32]) -> [u8; 32] {
    Sha256::new().chain_update(b"notice").chain_update(mail).finalize().into()
}

/// What a refusal says in a notice, and what was found.
pub(super) fn reason(outcome: &Outcome) -> Option<(Reason, Vec<(RuleId, String)>)> {
    let reason = match outcome {
        Outcome::Refused(why) => match why {
            Refusal::NotRegistered => Reason::NotRegistered,
            Refusal::Unreachable => Reason::Unreachable,
            Refusal::Suspended | Refusal::ProactiveBlocked => Reason::Suspended,
            Refusal::OptedOut => Reason::OptedOut,
            Refusal::OrderClosed => Reason::OrderClosed,
            Refusal::MessagingOff => Reason::MessagingOff,
            Refusal::NameTheOrder => Reason::NameTheOrder,
            Refusal::UnknownTag => Reason::Unknown,
            Refusal::Unproved(_) => Reason::NotRegistered,
            // Only of automatic mail, which is told nothing.
            Refusal::AutomaticAgain => return None,
        },
        Outcome::Rejected(Explained { lines, .. }) => {
            let findings = lines.iter().map(|l| (l.rule, l.words.clone())).collect();
            return Some((Reason::Rules, findings));
        }
        Outcome::Unwritable => Reason::Unsafe,
        // Proved to the party that gets the mail, so that this goes to no stranger; to this one the
        // help desk that signed is not registered.
        Outcome::Unproved(_) => Reason::NotRegistered,
        Outcome::NoReport | Outcome::Reported => return None,
        Outcome::Accepted { .. } | Outcome::Held { .. } | Outcome::Noticed => return None,
        // Who comes again hears the answer then.
        Outcome::TooBusy | Outcome::Storage | Outcome::Limited(_) => return None,
    };
    Some((reason, vec![]))
}

/// After so long a wait its sender is told that a mail is not delivered yet.
pub fn is_delayed(config: &Config, waiting: Duration) -> bool {
    waiting >= config.delivery.delay_notice_after
}
