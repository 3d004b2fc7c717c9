//! A mail that was composed and not yet scanned for leaks.

use super::edit::Change;
use crate::domain::{AliasAddress, MsgId, RealAddress};

/// One message, written for the recipient, and as each side may see it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where it goes.
    pub recipient: RealAddress,
    /// The envelope sender: this delivery's bounce address; none for our own notices.
    pub envelope_from: Option<AliasAddress>,
    /// The outgoing `Message-ID`: what the recipient's side will know it by.
    pub msg_id: MsgId,
    /// The subject as it goes out.
    pub subject: String,
    /// The whole text as it goes out, with its frame.
    pub text: String,
    /// What its recipient is shown of it in the archive, the names of its files too: the words that
    /// it is found by.
    pub words: String,
    /// The same as HTML, a whole document, where the sender wrote HTML.
    pub html: Option<String>,
    /// The finished mail, CRLF line ends, at most 998 octets a line, 7-bit.
    pub bytes: Vec<u8>,
    /// The same for the archive, as the recipient sees it: To is an alias.
    pub recipient_view: Vec<u8>,
    /// What of the words was changed, and why: in the subject, and in the text.
    pub changes: Changes,
}

/// What became of the sender's words, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// In the subject.
    pub subject: Vec<Change>,
    /// In the text.
    pub text: Vec<Change>,
}
