//! Thread ids, mapped per conversation and side: each side sees only ids that its own mail program
//! knows (PRODUCT §6, RFC 5322 §3.6.4).

use crate::domain::{ConversationId, History, HistoryConversation, MsgId, Role, ThreadLink};
use crate::mail::Message;

/// Of a long thread, so many of the newest references are passed on, besides the first.
const MOST_REFERENCES: usize = 30;

/// What goes into the outgoing header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadHeaders {
    /// `In-Reply-To`
    pub in_reply_to: Option<MsgId>,
    /// `References`; the id that names the conversation stands first.
    pub references: Vec<MsgId>,
}

/// The ids that a mail refers to, in the order in which they are to be looked up: whom it
/// answers first, then the references from the newest to the oldest.
pub fn references_of(message: &Message) -> Vec<MsgId> {
    let mut ids: Vec<MsgId> = Vec::new();
    for id in message.in_reply_to.iter().chain(message.references.iter().rev()) {
        if !ids.contains(id) {
            ids.push(id.clone());
        }
    }
    ids.truncate(100);
    ids
}

/// How one side knows a message.
fn name(link: &ThreadLink, side: Role) -> Option<&MsgId> {
    match side {
        Role::Seller => link.seller.as_ref(),
        Role::Buyer => link.buyer.as_ref(),
    }
}

/// Maps the ids that the sender's mail program used to those that the recipient's knows. Ids of
/// other conversations and unknown ones are dropped.
pub fn map(
    message: &Message,
    conversation: Option<&HistoryConversation>,
    root: &ThreadLink,
    history: &History,
    recipient: Role,
) -> ThreadHeaders {
    let root = name(root, recipient);
    let known = |id: &MsgId| {
        let links = conversation.map(|c| links_of(history, c.id)).into_iter().flatten();
        let mapped = links
            .filter(|link| name(link, recipient.other()) == Some(id))
            .find_map(|link| name(link, recipient));
        mapped.filter(|m| Some(*m) != root).cloned()
    };
    let mut references: Vec<MsgId> = Vec::new();
    for id in message.references.iter().chain(&message.in_reply_to).filter_map(known) {
        if !references.contains(&id) {
            references.push(id);
        }
    }
    let newest = || {
        let link = conversation.and_then(|c| c.newest.as_ref())?;
        name(link, recipient).cloned()
    };
    let in_reply_to = message
        .in_reply_to
        .iter()
        .find_map(known)
        .or_else(|| references.last().cloned())
        .or_else(newest);
    if let Some(id) = &in_reply_to {
        // RFC 5322 §3.6.4: the parent stands last.
        references.retain(|r| r != id);
        references.push(id.clone());
    }
    let skip = references.len().saturating_sub(MOST_REFERENCES);
    let references = root.cloned().into_iter().chain(references.into_iter().skip(skip)).collect();
    ThreadHeaders { in_reply_to, references }
}

fn links_of(history: &History, id: ConversationId) -> impl Iterator<Item = &ThreadLink> {
    history.links.iter().filter(move |(of, _)| *of == id).map(|(_, link)| link)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn id(text: &str) -> MsgId {
        MsgId::new(text).unwrap()
    }

    fn link(seller: &str, buyer: &str) -> ThreadLink {
        let side = |t: &str| (!t.is_empty()).then(|| id(t));
        ThreadLink { seller: side(seller), buyer: side(buyer) }
    }

    fn check(in_reply_to: &[&str], references: &[&str], expected: (Option<&str>, &[&str])) {
        let links = [("root.s@r", "root.b@r"), ("ours1@r", "jane1@mail"), ("shop2@x", "ours2@r")];
        let conversation = HistoryConversation {
            id: ConversationId(1),
            order: None,
            subject: "Lamp".into(),
            last_message_at: Timestamp::EPOCH,
            last_buyer_message_at: None,
            last_automatic_from_seller: None,
            last_automatic_from_buyer: None,
            root: link("root.s@r", "root.b@r"),
            newest: Some(link("shop2@x", "ours2@r")),
        };
        let history = History {
            links: links.iter().map(|(s, b)| (ConversationId(1), link(s, b))).collect(),
            ..History::default()
        };
        let message = Message {
            in_reply_to: in_reply_to.iter().map(|t| id(t)).collect(),
            references: references.iter().map(|t| id(t)).collect(),
            ..Message::default()
        };
        // The seller writes, the buyer reads.
        let root = conversation.root.clone();
        let found = map(&message, Some(&conversation), &root, &history, Role::Buyer);
        let shown: Vec<&str> = found.references.iter().map(MsgId::as_str).collect();
        assert_eq!((found.in_reply_to.as_ref().map(MsgId::as_str), shown.as_slice()), expected);
    }

    #[test]
    fn the_buyers_own_id_comes_back_exactly_when_the_seller_answers() {
        check(
            &["ours1@r"],
            &["root.s@r", "ours1@r"],
            (Some("jane1@mail"), &["root.b@r", "jane1@mail"]),
        );
    }

    #[test]
    fn a_follow_up_to_ones_own_mail_names_the_copy_the_other_side_got() {
        check(
            &["shop2@x"],
            &["ours1@r", "shop2@x"],
            (Some("ours2@r"), &["root.b@r", "jane1@mail", "ours2@r"]),
        );
    }

    #[test]
    fn ids_that_the_recipient_can_not_know_are_dropped() {
        check(
            &["ours1@r"],
            &["internal@helpdesk", "ours1@r"],
            (Some("jane1@mail"), &["root.b@r", "jane1@mail"]),
        );
    }

    #[test]
    fn references_alone_are_enough_and_the_root_is_never_the_parent() {
        check(&[], &["root.s@r", "ours1@r"], (Some("jane1@mail"), &["root.b@r", "jane1@mail"]));
        check(&["root.s@r"], &[], (Some("ours2@r"), &["root.b@r", "ours2@r"]));
    }

    #[test]
    fn a_mail_whose_headers_were_lost_answers_the_newest_message() {
        check(&[], &[], (Some("ours2@r"), &["root.b@r", "ours2@r"]));
    }

    #[test]
    fn the_first_mail_of_a_conversation_refers_to_its_root_alone() {
        let root = link("root.s@r", "root.b@r");
        let found = map(&Message::default(), None, &root, &History::default(), Role::Seller);
        assert_eq!(found, ThreadHeaders { in_reply_to: None, references: vec![id("root.s@r")] });
    }
}
