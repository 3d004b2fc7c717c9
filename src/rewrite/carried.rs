//! What goes out beside the words: files that were opened, allowed and cleaned.

use std::sync::Arc;

/// A picture of the text or an attached file, ready to go out.
#[derive(Clone, PartialEq, Eq)]
pub struct Carried {
    /// A safe file name; none for a picture of the text that had none.
    pub name: Option<String>,
    /// `type/subtype`, by what the content is.
    pub content_type: String,
    /// The id by which the sender's HTML names it (`cid:`), without brackets. It never goes out:
    /// mail programs write host names into it. The composer makes an id of its own.
    pub content_id: Option<String>,
    /// The content, cleaned.
    pub bytes: Arc<[u8]>,
}

impl std::fmt::Debug for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Carried({}, {} bytes)", self.content_type, self.bytes.len())
    }
}
