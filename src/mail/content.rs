//! The bytes of an attachment, without keeping them twice.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::decode::{self, Transfer};

/// What an attachment holds. Most attachments stand in the mail as it was received: of them only
/// the place is kept, and they are decoded when somebody looks at them.
#[derive(Clone, PartialEq, Eq)]
pub struct Content(Source);

#[derive(Clone, PartialEq, Eq)]
enum Source {
    /// In the raw mail, still in its transfer encoding.
    Within(Range<usize>, Transfer),
    /// Taken out of something that had to be opened.
    Own(Arc<[u8]>),
}

impl Content {
    /// Bytes of its own, decoded.
    pub fn own(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(Source::Own(bytes.into()))
    }

    pub(super) fn within(range: Range<usize>, transfer: Transfer) -> Self {
        Self(Source::Within(range, transfer))
    }

    /// The decoded bytes. `raw` is the mail that [`super::read`] made this from.
    pub fn decode<'x>(&'x self, raw: &'x [u8]) -> Cow<'x, [u8]> {
        match &self.0 {
            Source::Own(bytes) => Cow::Borrowed(bytes),
            Source::Within(range, transfer) => {
                let bytes = raw.get(range.clone()).unwrap_or_default();
                match transfer {
                    Transfer::Identity | Transfer::Unknown => Cow::Borrowed(bytes),
                    // What is broken was noted when the mail was read.
                    _ => Cow::Owned(decode::transfer(bytes, *transfer, &mut vec![])),
                }
            }
        }
    }
}

/// The words of a text file: by its byte order mark, else by the declared charset, else by what its
/// letters look most like.
pub fn words(bytes: &[u8], declared: Option<&str>) -> String {
    decode::clean(&decode::charset(bytes, charset(bytes, declared), &mut vec![]))
}

/// Whether nothing sure says what a text file is in: another program may read other words in it.
pub fn is_guessed(bytes: &[u8], declared: Option<&str>) -> bool {
    let mut defects = Vec::new();
    decode::charset(bytes, charset(bytes, declared), &mut defects);
    !defects.is_empty()
}

fn charset<'x>(bytes: &[u8], declared: Option<&'x str>) -> Option<&'x str> {
    match bytes {
        [0xff, 0xfe, ..] => Some("utf-16le"),
        [0xfe, 0xff, ..] => Some("utf-16be"),
        [0xef, 0xbb, 0xbf, ..] => Some("utf-8"),
        _ => declared,
    }
}

impl Default for Content {
    fn default() -> Self {
        Self(Source::Within(0..0, Transfer::Identity))
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Within(range, transfer) => write!(f, "Content({range:?} {transfer:?})"),
            Source::Own(bytes) => write!(f, "Content({} bytes)", bytes.len()),
        }
    }
}
