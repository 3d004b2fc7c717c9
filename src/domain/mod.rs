//! The words of the product as types: ids, addresses, parties, orders, conversations, messages,
//! verdicts, deliveries, time.
//!
//! Flow: every other room takes and gives these values; nothing in here calls out.
//! Invariant: a value that exists is valid (parsed once, at the border). No I/O, no async, no SQL.
//! A [`RealAddress`] can't be printed by accident: no `Display`, a redacted `Debug`, one method
//! (`reveal`) that gives its text.
//! Logs: nothing.

pub mod account;
pub mod address;
mod bytes;
mod characters;
pub mod conversation;
mod copies;
mod custom_id;
pub mod delivery;
pub mod facts;
pub mod file;
pub mod id;
pub mod language;
pub mod message;
pub mod message_kind;
pub mod notice;
pub mod order;
pub mod party;
pub mod party_domain;
pub mod report;
pub mod secrets;
pub mod time;
pub mod verdict;
mod words;

pub use account::{HealthRules, NoStrike, Rung, StepKind, Violation};
pub use address::{AddressError, AliasAddress, Canonical, RealAddress};
pub use bytes::{are_all, is_plain_text, lines_of, lowered, parts_of, push_lower, run_of};
pub use characters::is_unseen;
pub use conversation::{ConversationId, ThreadLink};
pub use copies::{Copies, Prints};
pub use custom_id::CustomId;
pub use delivery::{DeliveryId, DeliveryIdError, DeliveryState, DeliveryStateError};
pub use facts::{
    Facts, FactsVersion, History, HistoryConversation, PairId, Said, SightingKey, Sightings,
};
pub use file::{Danger, FileFacts, FileKind, Shown, Unopened};
pub use id::{BuyerId, IdError, MessageId, MsgId, OrderId, SellerId};
pub use language::{Language, LanguageError};
pub use message::{Assigned, Direction, MessageState};
pub use message_kind::{MessageKind, MessageKindError};
pub use notice::{NoticeKind, NoticeKindError};
pub use order::{Fulfilment, Order, OrderStatus};
pub use party::{Party, PartyId, Role, ShownName, ShownNameError, Standing};
pub use party_domain::{PartyDomain, PartyDomainError};
pub use report::{Cause, Report, ReportKind};
pub use secrets::{Secrets, folded, push_folded};
pub use time::{Clock, Date, DateError, Timestamp};
pub use verdict::{Action, Certainty, Finding, Hold, HoldReason, Part, RuleId, Verdict};
pub use words::{Wanted, Words};
