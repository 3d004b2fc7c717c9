//! What reading a mail gives.

use std::ops::Range;
use std::sync::Arc;

use super::content::Content;
use super::remote::Remote;
use super::rich::Rich;
use super::sighting::Hashed;
use crate::domain::{FileFacts, MsgId};

/// One mail, read. Plain data: decoded, bounded, nothing in it was judged.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Every mailbox of every `From:` field, in order. A mail that we take has exactly one.
    pub from: Vec<Mailbox>,
    /// The decoded `Subject:` on one line, without leading or trailing white space; empty where
    /// there is none.
    pub subject: String,
    /// `Message-ID:`, where there is exactly one usable.
    pub msg_id: Option<MsgId>,
    /// `In-Reply-To:`, usable ids in order, at most 10.
    pub in_reply_to: Vec<MsgId>,
    /// `References:`, usable ids in order; of more than 100 the first and the last 99.
    pub references: Vec<MsgId>,
    /// Whether a machine wrote it, by PRODUCT §4 (RFC 3834).
    pub automatic: Automatic,
    /// The words that a person wrote, and what they quoted.
    pub text: Text,
    /// The markup of the text, where the sender wrote HTML that tells more than lines of text.
    pub rich: Option<Rich>,
    /// What stands in another form of the text (RFC 2046 §5.1.4) and not in this one. It never
    /// goes out; it is judged all the same.
    pub otherwise: Text,
    /// What its HTML would fetch from elsewhere when it is shown, at most 100 of it.
    pub remotes: Vec<Remote>,
    /// Header fields that ask the reader's mail program to report that it was read.
    pub receipts: Vec<&'static str>,
    /// Parts that are not the text, in order; those inside of multipart/related too.
    pub attachments: Vec<Attachment>,
    /// Why the mail can't be read at all, where that is so: then `text` is empty.
    pub unreadable: Option<Unreadable>,
    /// What was odd about it.
    pub defects: Vec<Defect>,
}

/// One mailbox of RFC 5322 §3.4.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The decoded display name.
    pub name: Option<String>,
    /// The addr-spec as written, not checked. A real address: not to be logged.
    pub address: String,
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailbox(redacted)")
    }
}

/// Whether a machine wrote a mail, and which header is passed on for it (PRODUCT §4, §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Automatic {
    /// A person, as far as anyone can tell.
    #[default]
    No,
    /// `Auto-Submitted: auto-generated`: passed on, but not automatic by PRODUCT §4.
    Generated,
    /// `Auto-Submitted: auto-replied` or a known out-of-office header.
    Replied,
}

/// Decoded text with LF line ends and its segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The whole text: Unicode, LF line ends, no NUL or other control but LF and TAB, trailing
    /// blank lines removed. Quoted lines from HTML carry `"> "`.
    pub body: String,
    /// Ranges of `body` in order; together they cover it, each begins and ends at a line border.
    pub segments: Vec<Segment>,
    /// Its words as sightings know them, once somebody has asked for them.
    pub hashed: Hashed,
}

impl Text {
    /// The kind of the segment that holds this byte offset; `New` past the end.
    pub fn kind_at(&self, offset: usize) -> SegmentKind {
        self.segments
            .iter()
            .find(|s| s.range.contains(&offset))
            .map_or(SegmentKind::New, |s| s.kind)
    }
}

/// A stretch of text of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// What it is.
    pub kind: SegmentKind,
    /// Byte range in [`Text::body`].
    pub range: Range<usize>,
}

/// What a stretch of text looks like. A look is no proof: whether marked text really is a quote
/// decides `policy` by the conversation's [`crate::domain::Sightings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentKind {
    /// Written now.
    New,
    /// The line that introduces a quote ("On … wrote:", an Outlook header block).
    Attribution,
    /// Marked as quoted.
    Quote,
    /// Below a signature separator, or the mail program's own footer ("Sent from my iPhone").
    Signature,
}

/// A part that is not the text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attachment {
    /// The decoded file name, as the sender gave it.
    pub name: Option<String>,
    /// `type/subtype`, lower case, as declared; `application/octet-stream` where nothing is.
    pub content_type: String,
    /// Shown inside the text: `Content-Disposition: inline` with a Content-ID, or in
    /// multipart/related, and a picture.
    pub inline: bool,
    /// Size decoded, in bytes.
    pub size: usize,
    /// `Content-ID`, without brackets: what `cid:` names it by (RFC 2392 §2).
    pub content_id: Option<String>,
    /// The declared charset of a text.
    pub charset: Option<String>,
    /// What it holds.
    pub content: Content,
    /// What was found when it was opened; nothing before that. Reading a mail opens no files.
    pub inspected: Option<Inspected>,
}

impl Attachment {
    /// The machine's part of a report (RFC 6522 §3), or what the report tells of the mail that it is
    /// about where that is no more than its header: nobody wrote it.
    pub fn is_of_a_report(&self) -> bool {
        matches!(
            self.content_type.as_str(),
            "message/delivery-status"
                | "message/global-delivery-status"
                | "message/disposition-notification"
                | "message/global-disposition-notification"
                | "message/feedback-report"
                | "text/rfc822-headers"
                | "text/rfc822-header"
                | "message/global-headers"
        )
    }
}

/// An attachment that was opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What was found in it.
    pub facts: FileFacts,
    /// Its bytes as they may go out, where it could be cleaned.
    pub bytes: Option<Arc<[u8]>>,
    /// The words of a plain text, LF line ends: they are judged and cleaned like the mail's own.
    pub text: Option<String>,
    /// What a PDF says, page after page with form feeds between. It goes out as it is: it can be
    /// judged, not masked.
    pub words: String,
}

impl Inspected {
    /// Nothing but what was found.
    pub fn only(facts: FileFacts) -> Self {
        Self { facts, bytes: None, text: None, words: String::new() }
    }
}

impl std::fmt::Debug for Inspected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let length = self.bytes.as_ref().map(|b| b.len());
        write!(f, "Inspected({:?}, {length:?} bytes)", self.facts)
    }
}

/// Why a mail can't be read (rule `unreadable`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// OpenPGP or S/MIME encrypted (RFC 3156 §4, RFC 8551 §3.3).
    Encrypted,
    /// Signed so that the content is inside the signature (RFC 8551 §3.5.2).
    OpaqueSigned,
}

/// An oddity of a mail. None of them keeps it from being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Defect {
    /// The parser found no message at all; the whole is taken as text.
    NoStructure,
    /// A charset that is not known, or bytes that are wrong in it.
    Charset,
    /// A part's transfer encoding is broken.
    Encoding,
    /// More parts, nesting or text than are read; the rest is left out.
    Bounds,
    /// A line among the header fields that is none; it is left out.
    BrokenField,
    /// A header field that may stand once stands more often.
    RepeatedField,
    /// `text/plain` and `text/html` say different things.
    AlternativesDiffer,
    /// An id in `Message-ID`, `In-Reply-To` or `References` that can't be used.
    MsgId,
}
