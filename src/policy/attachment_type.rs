//! Rule `attachment-type`: what each side may attach, by what a file is and not by its name. A
//! picture shown inline is no attachment (PRODUCT §5).

use super::rules::Rules;
use crate::domain::{Action, Direction, FileFacts, FileKind, RuleId};
use crate::mail::Attachment;

/// A file that is not on its direction's list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub words: String,
    /// The least that is done about it, whatever is set and observed: what could not be cleaned
    /// can't go along.
    pub least: Action,
}

/// The finding, where this file may not be sent.
pub(super) fn find(attachment: &Attachment, direction: Direction) -> Option<Wrong> {
    let name = named(attachment);
    let Some(inspected) = &attachment.inspected else {
        let words = format!("{name} (not opened)");
        return Some(Wrong { words, least: Action::Reject });
    };
    let facts = &inspected.facts;
    if is_dropped(attachment) || belongs_to_another_rule(facts) {
        return None;
    }
    if facts.is_clean() {
        if is_listed(attachment, facts.kind, direction) {
            return None;
        }
        let words = format!("{name} ({})", facts.kind.word());
        return Some(Wrong { words, least: Action::Allow });
    }
    let why = facts.unopened.map_or(facts.kind.word(), |why| why.word());
    let least = match facts.kind {
        // Refused, so that its sender makes a JPEG of it (PRODUCT §5); words of a person may be in
        // the last two.
        FileKind::OtherPicture | FileKind::Video | FileKind::Tnef | FileKind::Mail => {
            Action::Reject
        }
        _ => Action::Redact,
    };
    Some(Wrong { words: format!("{name} ({why})"), least })
}

/// What is done about it, and whether that is enforced; nothing where it is allowed.
pub(super) fn decide(rules: &Rules, direction: Direction, wrong: &Wrong) -> Option<(Action, bool)> {
    let set = rules.action(RuleId::AttachmentType, direction);
    match wrong.least {
        Action::Allow => set,
        least => Some((set.map_or(least, |(action, _)| action.max(least)), true)),
    }
}

fn is_listed(attachment: &Attachment, kind: FileKind, direction: Direction) -> bool {
    let shown = attachment.inline && kind.is_picture();
    shown
        || match direction {
            Direction::SellerToBuyer => kind == FileKind::Pdf,
            Direction::BuyerToSeller => {
                kind.is_picture() || matches!(kind, FileKind::Pdf | FileKind::Text)
            }
        }
}

/// What goes without a word: keys, certificates and signatures that accompany a mail, what a machine
/// adds to a report, and files with nothing in them.
pub(super) fn is_dropped(attachment: &Attachment) -> bool {
    let Some(facts) = attachment.inspected.as_ref().map(|inspected| &inspected.facts) else {
        return false;
    };
    let is_header = matches!(facts.kind, FileKind::Text | FileKind::Mail);
    facts.danger.is_none()
        && (matches!(facts.kind, FileKind::Key | FileKind::Empty)
            || (is_header && attachment.is_of_a_report()))
}

/// `dangerous-content` or `unreadable` says it better.
fn belongs_to_another_rule(facts: &FileFacts) -> bool {
    facts.danger.is_some()
        || matches!(facts.kind, FileKind::Calendar | FileKind::Contact | FileKind::Sealed)
}

/// How a finding names an attachment.
pub(super) fn named(attachment: &Attachment) -> &str {
    attachment.name.as_deref().unwrap_or("attachment without a name")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::Unopened;
    use crate::mail::Inspected;

    pub(in super::super) fn file(name: &str, facts: FileFacts, inline: bool) -> Attachment {
        let bytes = facts.is_clean().then(|| b"x".as_slice().into());
        let inspected = Some(Inspected { bytes, ..Inspected::only(facts) });
        Attachment { name: Some(name.into()), inline, inspected, ..Attachment::default() }
    }

    #[test]
    fn each_side_may_send_what_is_on_its_list() {
        use FileKind::*;
        let check = |kind, inline, seller: Option<Action>, buyer: Option<Action>| {
            let file = file("a.pdf", FileFacts::of(kind), inline);
            let least = |direction| find(&file, direction).map(|wrong| wrong.least);
            assert_eq!(least(Direction::SellerToBuyer), seller, "{kind:?} from a seller");
            assert_eq!(least(Direction::BuyerToSeller), buyer, "{kind:?} from a buyer");
        };
        check(Pdf, false, None, None);
        for picture in [Jpeg, Png, Gif, WebP] {
            check(picture, false, Some(Action::Allow), None);
            check(picture, true, None, None);
        }
        check(Text, false, Some(Action::Allow), None);
        for other in [Office, Archive, Audio, Markup, Other] {
            check(other, false, Some(Action::Redact), Some(Action::Redact));
        }
        for refused in [OtherPicture, Video, Tnef, Mail] {
            check(refused, false, Some(Action::Reject), Some(Action::Reject));
            check(refused, true, Some(Action::Reject), Some(Action::Reject));
        }
        for elsewhere in [Key, Empty, Calendar, Contact, Sealed] {
            check(elsewhere, false, None, None);
        }
    }

    #[test]
    fn the_words_say_what_it_is_and_what_would_be_right() {
        let find = |facts| find(&file("a.jpg", facts, true), Direction::BuyerToSeller);
        let words = find(FileFacts::of(FileKind::OtherPicture)).unwrap().words;
        assert!(words.starts_with("a.jpg (") && words.contains("JPEG"), "{words}");
        let words = find(FileFacts::unopened(FileKind::Pdf, Unopened::Encrypted)).unwrap().words;
        assert_eq!(words, "a.jpg (asks for a password)");
        let unknown = Attachment::default();
        let wrong = super::find(&unknown, Direction::BuyerToSeller).unwrap();
        assert_eq!(wrong.least, Action::Reject, "what nobody opened goes nowhere");
    }
}
