//! Rule `unreadable`: mail that nobody but its recipient can read, and so nobody can mask.

use crate::mail::{Defect, Message, Unreadable};

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
