//! What goes into the store and what comes out of it, as plain data.

use std::collections::HashMap;

use std::net::IpAddr;
use std::time::Duration;

use serde::Serialize;

use crate::domain::{
    Action, AliasAddress, Assigned, BuyerId, ConversationId, DeliveryId, DeliveryState, Direction,
    Facts, HealthRules, MessageId, MessageState, MsgId, NoticeKind, OrderId, PairId, Prints,
    RealAddress, RuleId, SellerId, ThreadLink, Timestamp, Verdict, Violation, Words,
};
use crate::leak::Outgoing;
use crate::market::Admitted;
use crate::market::limits::Limits;
use crate::store::seal::{Accepted, Held, Lease, Refused, StoredMail};

/// A message that came in and was not refused.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Seal 1.
    pub admitted: Admitted,
    /// What the policy decided.
    pub verdict: Verdict,
    /// How the sender was proved.
    pub proof: String,
    /// As received.
    pub original: Vec<u8>,
    /// Our id for it.
    pub message: MessageId,
    /// What the sender's side knows it by.
    pub sender_msg_id: Option<MsgId>,
    /// The subject without "Re:", for a conversation that it opens.
    pub base_subject: String,
    /// SHA-256 over sender, recipient, Message-ID and content: the same again within 5 days is
    /// the same message. `None`: never the same.
    pub fingerprint: Option<[u8; 32]>,
    /// When it came in.
    pub received_at: Timestamp,
    /// The names that stand first in References, for a conversation that it opens.
    pub roots: ThreadLink,
    /// How much may be written in a time.
    pub limits: Limits,
    /// The network that it came from, where the sender was proved and not merely believed.
    pub proved_network: Option<IpAddr>,
    /// What of it is held against its sender, or not.
    pub violations: Vec<Violation>,
    /// `[account_health]`
    pub health: HealthRules,
    /// What a seller's message is known again by when it is sent to others.
    pub prints: Prints,
    /// What it is found by.
    pub words: Words,
}

/// A message that goes out, with everything that follows from it.
#[derive(Debug, Clone)]
pub struct Acceptance {
    /// What came in.
    pub arrival: Arrival,
    /// Seal 2.
    pub outgoing: Outgoing,
    /// As its sender may see it.
    pub sender_view: Vec<u8>,
    /// The delivery's random name in its envelope sender.
    pub token: [u8; 10],
    /// What the sender wrote, as hashes of runs of words, by which a later quotation is recognised.
    pub written: Vec<u64>,
    /// What the recipient is shown of it, likewise.
    pub shown: Vec<u64>,
    /// When its delivery gives up.
    pub give_up_at: Timestamp,
}

/// A proved sender's message that was refused.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// The pair.
    pub facts: Facts,
    /// Where it would have gone; `None` where it would have opened one.
    pub conversation: Option<ConversationId>,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// Who wrote to whom.
    pub direction: Direction,
    /// What the policy decided.
    pub verdict: Verdict,
    /// How the sender was proved.
    pub proof: String,
    /// As received.
    pub original: Vec<u8>,
    /// As its sender may see it.
    pub sender_view: Vec<u8>,
    /// The decoded subject.
    pub subject: String,
    /// Our id for it.
    pub message: MessageId,
    /// How its conversation was found.
    pub assigned: Option<Assigned>,
    /// A seller's message that is no answer.
    pub proactive: bool,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// As in [`Arrival::fingerprint`]: the same refused mail again is archived once.
    pub fingerprint: Option<[u8; 32]>,
    /// When it came in.
    pub received_at: Timestamp,
    /// How many refused messages of this sender are archived in 24 hours.
    pub quota_per_day: u32,
    /// What its sender is told of it by mail: kinds of notice.
    pub tell: Vec<NoticeKind>,
    /// What of it is held against its sender, or not.
    pub violations: Vec<Violation>,
    /// `[account_health]`
    pub health: HealthRules,
    /// What it is found by.
    pub words: Words,
}

/// Mail for the operator: of no pair, unjudged, sent on as it came.
#[derive(Debug, Clone)]
pub struct Forward {
    /// Our id for it.
    pub message: MessageId,
    /// The delivery's random name in its envelope sender.
    pub token: [u8; 10],
    /// The mail, as received and as sent on.
    pub bytes: Vec<u8>,
    /// The operator's address.
    pub recipient: RealAddress,
    /// This delivery's bounce address.
    pub envelope_from: AliasAddress,
    /// When it came in.
    pub received_at: Timestamp,
    /// When its delivery gives up.
    pub give_up_at: Timestamp,
}

/// What a mail was answered that came in before.
#[derive(Debug)]
pub enum FirstAnswer {
    /// It was accepted.
    Accepted(Accepted),
    /// It was held for review, whatever was decided since.
    Held(Held),
    /// It was refused and archived, for this verdict.
    Refused(Refused, Verdict),
}

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The next hop took it.
    Delivered,
    /// A temporary failure; the next attempt is due then.
    Deferred {
        /// When.
        next: Timestamp,
    },
    /// Refused for good.
    Failed,
    /// A temporary failure, and no time left for another attempt.
    Expired,
}

impl AttemptOutcome {
    /// What the delivery becomes by it.
    pub fn state(self) -> DeliveryState {
        match self {
            Self::Delivered => DeliveryState::Delivered,
            Self::Deferred { .. } => DeliveryState::Deferred,
            Self::Failed => DeliveryState::Failed,
            Self::Expired => DeliveryState::Expired,
        }
    }
}

/// One attempt, as delivery reports it.
#[derive(Debug, Clone)]
pub struct AttemptRecord {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub outcome: AttemptOutcome,
    /// How far it came: a word of delivery's.
    pub stage: String,
    /// The peer's words. They are shown to sellers' staff and logged, so delivery must have taken
    /// the recipient's address and host out of them.
    pub reply: String,
    /// What the mail was signed with, where it goes out again: then with the same.
    pub signature: Option<Vec<u8>>,
}

/// How many of each domain's deliveries may be claimed, and where the turn goes on.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    /// The domain that had its turn last; empty: none yet.
    pub after: String,
    /// How many of these.
    pub rooms: HashMap<String, usize>,
    /// How many of every other.
    pub room: usize,
}

impl Turns {
    /// How many of this domain's.
    pub fn room(&self, domain: &str) -> usize {
        self.rooms.get(domain).copied().unwrap_or(self.room)
    }
}

/// What a domain promises of its mail servers (RFC 8461).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsPolicy {
    /// Which version of it.
    pub id: String,
    /// `enforce`, `testing` or `none`.
    pub mode: String,
    /// Names of its servers; `*.` stands for one label.
    pub hosts: Vec<String>,
    /// Good until then.
    pub until: Timestamp,
}

/// A claim that is given back unused.
#[derive(Debug, Clone)]
pub struct Release {
    /// Which.
    pub lease: Lease,
    /// Not due before; [`Timestamp::EPOCH`]: due as it was.
    pub until: Timestamp,
    /// Why it is put off.
    pub why: Option<String>,
}

/// What was claimed by turns.
#[derive(Debug, Default)]
pub struct Claimed {
    /// The mails, each under its lease.
    pub mails: Vec<StoredMail>,
    /// The domain that had its turn last.
    pub last: String,
}

/// Which messages to list: all that are set must fit.
#[derive(Debug, Clone, Default)]
pub struct MessageFilter {
    /// About this order.
    pub order: Option<OrderId>,
    /// To or from this seller.
    pub seller: Option<SellerId>,
    /// To or from this buyer.
    pub buyer: Option<BuyerId>,
    /// In this state.
    pub state: Option<MessageState>,
    /// At most this many; `None`: 100.
    pub limit: Option<u32>,
    /// Only those older than this one: the last of the page before.
    pub before: Option<MessageId>,
}

/// A message in a list.
#[derive(Debug, Clone, Serialize)]
pub struct MessageRow {
    /// Our id.
    pub id: MessageId,
    /// Its conversation; none where it was refused before it had one.
    pub conversation: Option<ConversationId>,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// The pair's seller.
    pub seller: SellerId,
    /// The pair's buyer.
    pub buyer: BuyerId,
    /// Who writes to whom.
    pub direction: Direction,
    /// What became of it at the door.
    pub state: MessageState,
    /// When it came in.
    pub received_at: Timestamp,
    /// The subject, as it went out.
    pub subject: String,
    /// What the policy did.
    pub action: Action,
    /// The rules that found something, each once.
    pub rules: Vec<RuleId>,
    /// A seller's message that is no answer.
    pub proactive: bool,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// How its conversation was found.
    pub assigned: Option<Assigned>,
    /// Its delivery; none for what was refused.
    pub delivery: Option<DeliveryRow>,
}

/// What was decided about a message, for those who compare.
#[derive(Debug, Clone)]
pub struct JudgedRow {
    /// Its place among all, to go on behind it.
    pub number: i64,
    /// The message.
    pub row: MessageRow,
    /// The pair.
    pub pair: PairId,
    /// What the policy decided.
    pub verdict: Verdict,
}

/// How far a message's delivery has come.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryRow {
    /// The state.
    pub state: DeliveryState,
    /// Attempts that ended.
    pub attempts: u32,
    /// When the next is due; none when nothing more will happen.
    pub next_attempt_at: Option<Timestamp>,
    /// The peer's last words, without the recipient's address.
    pub last_reply: Option<String>,
}

/// One message with all that is kept of it. `original` and `outgoing` hold real addresses.
#[derive(Debug, Clone)]
pub struct MessageDetail {
    /// As in a list.
    pub row: MessageRow,
    /// What the policy decided.
    pub verdict: Verdict,
    /// How the sender was proved.
    pub proof: String,
    /// As received.
    pub original: Vec<u8>,
    /// As sent.
    pub outgoing: Option<Vec<u8>>,
    /// As the sender may see it.
    pub sender_view: Option<Vec<u8>>,
    /// As the recipient may see it.
    pub recipient_view: Option<Vec<u8>>,
    /// Its deliveries, the oldest first.
    pub deliveries: Vec<DeliveryDetail>,
}

/// One delivery with its attempts.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryDetail {
    /// Its number.
    pub id: DeliveryId,
    /// How far it has come.
    #[serde(flatten)]
    pub row: DeliveryRow,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it gives up.
    pub give_up_at: Timestamp,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// The oldest first.
    pub history: Vec<AttemptDetail>,
}

/// One attempt that ended.
#[derive(Debug, Clone, Serialize)]
pub struct AttemptDetail {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What the delivery became by it.
    pub result: DeliveryState,
    /// How far it came.
    pub stage: String,
    /// The peer's words, without the recipient's address.
    pub reply: String,
}

/// Which deliveries to list: all that are set must fit.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// In this state; `None`: those to which something will happen still.
    pub state: Option<DeliveryState>,
    /// Of a message about this order.
    pub order: Option<OrderId>,
    /// Of a message to or from this seller.
    pub seller: Option<SellerId>,
    /// Of a message to or from this buyer.
    pub buyer: Option<BuyerId>,
    /// At most this many; `None`: 100.
    pub limit: Option<u32>,
}

/// A delivery in the queue's list. Serialised without the recipient's address.
#[derive(Debug, Clone, Serialize)]
pub struct QueueRow {
    /// Its number.
    pub delivery: DeliveryId,
    /// The message that it brings.
    pub message: MessageId,
    /// The order that the message is about.
    pub order: Option<OrderId>,
    /// The pair's seller; none for mail to the operator, which is of no pair.
    pub seller: Option<SellerId>,
    /// The pair's buyer; none as above.
    pub buyer: Option<BuyerId>,
    /// Who writes to whom; none as above.
    pub direction: Option<Direction>,
    /// How far it has come.
    #[serde(flatten)]
    pub row: DeliveryRow,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it gives up.
    pub give_up_at: Timestamp,
    /// When it came to its end.
    pub finished_at: Option<Timestamp>,
    /// Where it goes.
    #[serde(skip)]
    pub recipient: RealAddress,
    /// Its bounce address; none for our own notices.
    #[serde(skip)]
    pub envelope_from: Option<AliasAddress>,
}

/// What waits in the queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Deliveries that wait for their first attempt.
    pub queued: i64,
    /// Deliveries in hand.
    pub sending: i64,
    /// Deliveries that wait for a further attempt.
    pub deferred: i64,
    /// When the oldest of them all was made.
    pub oldest: Option<Timestamp>,
}

/// What became of an order to retry or cancel a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intervention {
    /// It is done.
    Done,
    /// An attempt runs; nothing was changed.
    Sending,
    /// It is over already, in this state; nothing was changed.
    Over(DeliveryState),
    /// There is no such delivery.
    Unknown,
}

/// One turn of a conversation's response clock (PRODUCT §9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// When the buyer's first unanswered message became visible to the seller.
    pub started_at: Timestamp,
    /// When the seller answered; none while the buyer waits.
    pub stopped_at: Option<Timestamp>,
    /// How much of the time between does not count: an answer was held and then rejected, or the
    /// seller was suspended.
    pub excluded: Duration,
    /// The clock stands still since then.
    pub paused_at: Option<Timestamp>,
}

/// How much of everything there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Messages that were accepted.
    pub accepted: i64,
    /// Messages that wait for a person.
    pub held: i64,
    /// Messages that were refused and archived.
    pub rejected: i64,
    /// Mails for the operator.
    pub postmaster: i64,
    /// Conversations.
    pub conversations: i64,
    /// Conversations in which the buyer waits.
    pub response_needed: i64,
    /// Deliveries to which something will happen still.
    pub deliveries_open: i64,
    /// Deliveries that the next hop took.
    pub deliveries_delivered: i64,
    /// Deliveries that failed, expired or were cancelled.
    pub deliveries_lost: i64,
}
