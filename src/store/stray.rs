//! Mail from addresses that are not registered, kept for a while outside of the archive in case that
//! it was the party (PRODUCT §4), and the codes by which such an address becomes registered.

use std::net::IpAddr;

use serde::Serialize;

use crate::domain::{
    AliasAddress, DeliveryState, Facts, Party, PartyId, RealAddress, Role, Timestamp,
};

/// A proved mail that was refused because nobody registered its address.
#[derive(Debug, Clone)]
pub struct NewStray {
    /// The pair that it would have been of.
    pub facts: Facts,
    /// Which of the two may write there.
    pub writer: Role,
    /// Whom it is from.
    pub address: RealAddress,
    /// The tag of the alias that it was written to.
    pub tag: Option<String>,
    /// Who brought it.
    pub peer: IpAddr,
    /// How the sender was proved.
    pub proof: String,
    /// As received.
    pub original: Vec<u8>,
    /// The same mail again is kept once.
    pub fingerprint: [u8; 32],
    /// When it came in.
    pub received_at: Timestamp,
    /// When it is erased.
    pub until: Timestamp,
}

/// What became of a mail that was to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Kept,
    /// It was before.
    Already,
    /// The party, or the address, has as many as are kept.
    NoRoom,
    /// Its address is registered for somebody of the other side.
    OfOthers,
}

/// A kept mail in a list. Serialised with its address, for the operator.
#[derive(Debug, Clone, Serialize)]
pub struct StrayRow {
    /// Who may write there.
    #[serde(skip)]
    pub party: PartyId,
    /// Who it was written to.
    #[serde(skip)]
    pub other: PartyId,
    /// Whom it is from.
    #[serde(skip)]
    pub address: RealAddress,
    /// The order that it named by a tag.
    pub order: Option<String>,
    /// How the sender was proved.
    pub proof: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// When it is erased.
    pub until: Timestamp,
    /// Whether the party was told of it.
    pub told: bool,
    /// The code that was mailed to its address.
    pub code: Option<CodeRow>,
}

/// A code that was mailed to an address.
#[derive(Debug, Clone, Serialize)]
pub struct CodeRow {
    /// Good until then.
    pub until: Timestamp,
    /// So many wrong ones may be tried.
    pub tries_left: u32,
    /// How far its mail has come.
    pub delivery: Option<DeliveryState>,
}

/// A kept mail that is to be sent on.
#[derive(Debug, Clone)]
pub struct StrayMail {
    /// Its number among all.
    pub number: i64,
    /// Where it was written to.
    pub alias: AliasAddress,
    /// The alias's tag.
    pub tag: Option<String>,
    /// Who brought it.
    pub peer: IpAddr,
    /// Whom it is from.
    pub address: RealAddress,
    /// How that was proved.
    pub proof: String,
    /// When it came in.
    pub received_at: Timestamp,
    /// As received.
    pub original: Vec<u8>,
}

/// A party that is to be told of mail from addresses that it has not registered.
#[derive(Debug, Clone)]
pub struct Untold {
    /// Who.
    pub party: Party,
    /// What was kept since it was told last, the oldest first, but what is from somebody of the
    /// other side.
    pub strays: Vec<UntoldStray>,
    /// The newest of all of them.
    pub last: i64,
}

/// One such mail.
#[derive(Debug, Clone)]
pub struct UntoldStray {
    /// Whom it is from.
    pub address: RealAddress,
    /// The pair that it would have been of.
    pub facts: Facts,
}

/// A code that goes to an address.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// Whose the address is to be.
    pub party: PartyId,
    /// Which.
    pub address: RealAddress,
    /// The code under a key.
    pub code: [u8; 32],
    /// When it was made.
    pub at: Timestamp,
    /// Good until then.
    pub until: Timestamp,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSent {
    /// Its mail is on its way; an earlier code is good no more.
    Sent,
    /// The address got as many as it may in a day; nothing was written.
    TooMany,
}

/// What became of an address that was to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// It is registered.
    Registered,
    /// It was registered before.
    Already,
    /// It is not the code.
    Wrong {
        /// So many more may be tried.
        tries_left: u32,
    },
    /// There is no code that is still good.
    NoCode,
}
