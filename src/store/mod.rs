//! The archive, the register of parties and orders, and the queue of deliveries, on disk.
//!
//! Flow: [`Store::facts`] and [`Store::history`] are read before a decision; [`Store::accept`] or
//! [`Store::hold`] or [`Store::refuse`] writes all that follows from it in one transaction; [`Store::claim_due`] and
//! [`Store::finish`] carry each delivery to its end; the CLI registers and reads beside it.
//! Invariant: the only room that knows SQL; one public operation is one transaction, and `Ok`
//! means that it is synced. [`Accepted`], [`Held`] and [`Refused`] are the third seal: made here only.
//! Logs: schema changes, lost transactions, failed checkpoints; never a row's values.

mod data_dir;
mod error;
mod evidence;
mod expiry;
mod health;
mod in_hand;
mod notice;
mod records;
mod register;
mod report;
mod review;
mod seal;
mod search;
mod sqlite;
mod stray;

pub use data_dir::{DataDirError, DataDirLock, FirstUse, require_owner};
pub use error::StoreError;
pub use evidence::{Bound, DayRoot, EvidenceLink};
pub use expiry::{Expired, HoldOn, HoldRow, Keep, KeepFrom, Place, Placed};
pub use health::{AccountHealth, Excuse, Proposed, ToldChange, ToldViolation, ViolationRow};
pub use in_hand::{Mark, Taken};
pub use notice::{NewNotice, NoticeRow, Notified, Told};
pub use records::{
    Acceptance, Arrival, AttemptDetail, AttemptOutcome, AttemptRecord, Claimed, Counts,
    DeliveryDetail, DeliveryRow, FirstAnswer, Forward, Intervention, JudgedRow, MessageDetail,
    MessageFilter, MessageRow, QueueDepth, QueueFilter, QueueRow, Rejection, Release, StsPolicy,
    Turn, Turns,
};
pub use register::{
    AccountChange, AccountEvent, Decision, NamedPair, OrderFilter, PairNames, Put, PutOrder,
    PutParty, Record,
};
pub use report::{ReportRow, ReportStored, Reported};
pub use review::{
    HeldDepth, HeldMail, HeldRow, Holding, Passage, ReviewEvent, Reviewed, Telling, TellingAbout,
};
pub use seal::{Accepted, Held, Lease, Refused, StoredMail};
pub use search::{Found, Search};
pub use sqlite::{Coming, OpenMode, Owed, Store, Sweep, can_sweep};
pub use stray::{
    CodeRow, CodeSent, Confirmed, Kept, NewCode, NewStray, StrayMail, StrayRow, Untold, UntoldStray,
};
