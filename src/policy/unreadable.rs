//! Rule `unreadable`: mail that nobody but its recipient can read, and so nobody can mask.

use super::attachment_type::named;
use crate::domain::FileKind;
use crate::mail::{Attachment, Defect, Message, Unreadable};

/// The words of the finding. What goes beyond the bounds of reading was left out of the message:
/// to pass the rest on would lose words that nobody judged.
pub(super) fn find(message: &Message) -> Option<&'static str> {
    match message.unreadable {
        Some(Unreadable::Encrypted) => Some("encrypted mail"),
        Some(Unreadable::OpaqueSigned) => Some("signed mail whose content is inside the signature"),
        None if message.defects.contains(&Defect::Bounds) => {
            Some("more parts, nesting, header or text than is read")
        }
        None => None,
    }
}

/// The same of a file: appointments and contacts name people, and what is sealed can't be judged.
pub(super) fn find_in(attachment: &Attachment) -> Option<String> {
    let facts = &attachment.inspected.as_ref()?.facts;
    let refused = matches!(facts.kind, FileKind::Calendar | FileKind::Contact | FileKind::Sealed);
    refused.then(|| format!("{} ({})", named(attachment), facts.kind.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_say_why_it_can_not_be_read() {
        let find = |unreadable, defects: &[Defect]| {
            find(&Message { unreadable, defects: defects.to_vec(), ..Message::default() })
        };
        assert!(find(Some(Unreadable::Encrypted), &[]).unwrap().contains("encrypted"));
        assert!(find(Some(Unreadable::OpaqueSigned), &[]).unwrap().contains("signed"));
        assert!(find(None, &[Defect::Charset, Defect::Bounds]).unwrap().contains("more parts"));
        assert_eq!(find(None, &[Defect::Charset]), None);
    }
}
