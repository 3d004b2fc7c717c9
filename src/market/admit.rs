//! Who may write to whom, and into which conversation.

use std::time::Duration;

use crate::domain::{
    Assigned, Direction, Facts, History, HistoryConversation, MessageKind, Order, OrderId, Role,
    Timestamp,
};
use crate::sender::{Proof, Unproved};

/// A message at the door, as far as the market must know it.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Who stands behind the alias that was written to.
    pub facts: &'a Facts,
    /// Whom that alias stands for: the recipient.
    pub stands_for: Role,
    /// The tag of the alias, lower case.
    pub tag: Option<&'a str>,
    /// The decoded subject.
    pub subject: &'a str,
    /// The kinds of message that a tag at its start names.
    pub named: &'a [MessageKind],
    /// The order that the quoted frame of one of our mails names.
    pub frame_order: Option<&'a OrderId>,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// What the pair has said so far.
    pub history: &'a History,
    /// `policy.answer_window`
    pub answer_window: Duration,
    /// `orders.cancelled_grace`
    pub cancelled_grace: Duration,
    /// `market.passes_opt_out`
    pub passes_opt_out: &'a [MessageKind],
    /// Now.
    pub now: Timestamp,
}

/// Why a proved sender may not write here, or not now (PRODUCT §4: 550 5.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The sender is not proved to this party.
    #[error("{0}")]
    Unproved(Unproved),
    /// Not a registered address of the party that may write to this alias.
    #[error("the sender's address is not registered for this alias")]
    NotRegistered,
    /// Either side has blocked the other, or closed the account: never said which.
    #[error("one of the two has blocked the other, or the account is closed")]
    Unreachable,
    /// The seller is suspended.
    #[error("the seller is suspended")]
    Suspended,
    /// The seller may only answer for a while.
    #[error("the seller's messages that are no answers are refused for a while")]
    ProactiveBlocked,
    /// The order was cancelled, and `orders.cancelled_grace` is over.
    #[error("the order is cancelled")]
    OrderClosed,
    /// The marketplace ships this order, and the seller has not turned messages on.
    #[error("messages are off for orders that the marketplace fulfils")]
    MessagingOff,
    /// The buyer wants no proactive messages.
    #[error("the buyer opted out of proactive messages")]
    OptedOut,
    /// A seller's new mail names no order, and there is no conversation yet.
    #[error("the seller's mail names no order")]
    NameTheOrder,
    /// A second automatic mail in this conversation and direction within a day.
    #[error("an automatic mail was passed on within the last day")]
    AutomaticAgain,
    /// The alias's tag is no order of this pair's.
    #[error("the tag names no order of this pair")]
    UnknownTag,
}

/// Where a message belongs.
#[derive(Debug, Clone)]
pub enum Place {
    /// Into a conversation that exists.
    In(Box<HistoryConversation>),
    /// It opens one, about `Admission::order` or about a question.
    New,
}

/// What admitting a message found out.
#[derive(Debug, Clone)]
pub struct Admission {
    /// The facts that were decided on; the store compares their version.
    pub facts: Facts,
    /// Who writes to whom.
    pub direction: Direction,
    /// Where it belongs.
    pub place: Place,
    /// The order it is about; none for a question.
    pub order: Option<Order>,
    /// How its conversation was found.
    pub assigned: Assigned,
    /// A seller's message that is no answer (PRODUCT §2).
    pub proactive: bool,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// An answer of a suspended seller: it waits for a person.
    pub of_suspended: bool,
}

/// The first seal: a message that may be written. Only [`admit`] makes one, and [`readmit`] of what
/// was admitted before.
#[derive(Debug, Clone)]
pub struct Admitted(Admission);

impl Admitted {
    /// What was found out.
    pub fn admission(&self) -> &Admission {
        &self.0
    }
}

/// Decides whether a proved sender may write to this alias now, and finds the conversation:
/// by the reply headers, the alias's tag, an order id in the subject, the quoted frame, the
/// pair's latest open conversation (PRODUCT §3).
pub fn admit(request: &Request<'_>, proof: &Proof) -> Result<Admitted, Refusal> {
    let direction = Direction::from_sender(request.stands_for.other());
    let writer = request.facts.party(direction.sender());
    proof.holds_for(writer).map_err(Refusal::Unproved)?;
    if !writer.may_write_from(proof.address()) {
        return Err(Refusal::NotRegistered);
    }
    require_reachable(request.facts)?;
    let (place, order, assigned) = find_place(request, direction)?;
    require_open(request.facts, order.as_ref(), request.cancelled_grace, request.now)?;
    if request.automatic && automatic_again(request, direction, &place) {
        return Err(Refusal::AutomaticAgain);
    }
    let answer = match &place {
        Place::In(conversation) if assigned != Assigned::Latest => conversation
            .last_buyer_message_at
            .is_some_and(|at| request.now.since(at) <= request.answer_window),
        _ => false,
    };
    let proactive = direction == Direction::SellerToBuyer && !answer;
    let of_suspended =
        direction == Direction::SellerToBuyer && request.facts.seller.standing.suspended;
    // What a machine writes is never an answer.
    if of_suspended && request.automatic {
        return Err(Refusal::Suspended);
    }
    if proactive {
        let critical = passes_opt_out(request.named, request.passes_opt_out);
        require_proactive(request.facts, critical, request.now)?;
    }
    Ok(Admitted(Admission {
        facts: request.facts.clone(),
        direction,
        place,
        order,
        assigned,
        proactive,
        automatic: request.automatic,
        of_suspended,
    }))
}

/// A message that was admitted when it came in, has waited since, and that a person lets pass.
#[derive(Debug, Clone)]
pub struct Review<'a> {
    /// The pair, as it is now.
    pub facts: &'a Facts,
    /// Who wrote to whom.
    pub direction: Direction,
    /// Its conversation, as it is now.
    pub conversation: &'a HistoryConversation,
    /// The order it is about, as it is now.
    pub order: Option<&'a Order>,
    /// How its conversation was found.
    pub assigned: Assigned,
    /// A seller's message that was no answer when it came in.
    pub proactive: bool,
    /// Whether a machine wrote it.
    pub automatic: bool,
    /// The kinds of message that a tag at the start of its subject names.
    pub named: &'a [MessageKind],
    /// `orders.cancelled_grace`
    pub cancelled_grace: Duration,
    /// `market.passes_opt_out`
    pub passes_opt_out: &'a [MessageKind],
    /// Now.
    pub now: Timestamp,
}

/// Runs the rules about orders and blocks again before a held message goes on (PRODUCT §5). Who may
/// write was decided when it came in, and so was what is an answer; a suspended seller's answer is
/// what a person now lets pass.
pub fn readmit(review: &Review<'_>) -> Result<Admitted, Refusal> {
    require_reachable(review.facts)?;
    require_open(review.facts, review.order, review.cancelled_grace, review.now)?;
    if review.proactive {
        let critical = passes_opt_out(review.named, review.passes_opt_out);
        require_proactive(review.facts, critical, review.now)?;
    }
    Ok(Admitted(Admission {
        facts: review.facts.clone(),
        direction: review.direction,
        place: Place::In(Box::new(review.conversation.clone())),
        order: review.order.cloned(),
        assigned: review.assigned,
        proactive: review.proactive,
        automatic: review.automatic,
        of_suspended: false,
    }))
}

/// Whether the message is, by its own word, of a kind that the order can't be completed without.
fn passes_opt_out(named: &[MessageKind], passes: &[MessageKind]) -> bool {
    named.iter().any(|kind| passes.contains(kind))
}

/// What was decided about the two accounts, whatever the message is about.
fn require_reachable(facts: &Facts) -> Result<(), Refusal> {
    let (seller, buyer) = (facts.seller.standing, facts.buyer.standing);
    if facts.blocked || !seller.is_open() || !buyer.is_open() {
        return Err(Refusal::Unreachable);
    }
    Ok(())
}

fn require_open(
    facts: &Facts,
    order: Option<&Order>,
    grace: Duration,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(order) = order else { return Ok(()) };
    if order.is_closed(grace, now) {
        return Err(Refusal::OrderClosed);
    }
    if facts.seller.delivery_address_for(Some(order)).is_none() {
        return Err(Refusal::MessagingOff);
    }
    Ok(())
}

/// Whether the seller may write what is no answer.
fn require_proactive(facts: &Facts, critical: bool, now: Timestamp) -> Result<(), Refusal> {
    let seller = facts.seller.standing;
    if seller.suspended {
        return Err(Refusal::Suspended);
    }
    if seller.proactive_blocked_until.is_some_and(|until| now < until) {
        return Err(Refusal::ProactiveBlocked);
    }
    if facts.buyer.standing.opted_out && !critical {
        return Err(Refusal::OptedOut);
    }
    Ok(())
}

/// PRODUCT §4: automatic mail is relayed at most once per conversation, direction and day.
fn automatic_again(request: &Request<'_>, direction: Direction, place: &Place) -> bool {
    let Place::In(conversation) = place else { return false };
    let last = match direction.sender() {
        Role::Seller => conversation.last_automatic_from_seller,
        Role::Buyer => conversation.last_automatic_from_buyer,
    };
    last.is_some_and(|at| request.now.since(at) < Duration::from_secs(86_400))
}

type Found = (Place, Option<Order>, Assigned);

fn find_place(request: &Request<'_>, direction: Direction) -> Result<Found, Refusal> {
    let history = request.history;
    let by_headers =
        history.links.iter().find_map(|(id, _)| history.conversations.iter().find(|c| c.id == *id));
    if let Some(conversation) = by_headers {
        return Ok(in_conversation(history, conversation, Assigned::Headers));
    }
    if let Some(tag) = request.tag {
        let order = order_named(history, tag).ok_or(Refusal::UnknownTag)?;
        return Ok(about(history, order, Assigned::Tag));
    }
    if let Some(order) = order_in_subject(history, request.subject) {
        return Ok(about(history, order, Assigned::Subject));
    }
    if let Some(order) = request.frame_order.and_then(|id| order_named(history, id.as_str())) {
        return Ok(about(history, order, Assigned::Frame));
    }
    let open = |c: &&HistoryConversation| match &c.order {
        Some(id) => order_named(history, id.as_str())
            .is_some_and(|o| !o.is_closed(request.cancelled_grace, request.now)),
        None => true,
    };
    if let Some(conversation) = history.conversations.iter().find(open) {
        return Ok(in_conversation(history, conversation, Assigned::Latest));
    }
    match direction {
        Direction::BuyerToSeller => Ok((Place::New, None, Assigned::Question)),
        Direction::SellerToBuyer => Err(Refusal::NameTheOrder),
    }
}

fn in_conversation(
    history: &History,
    conversation: &HistoryConversation,
    assigned: Assigned,
) -> Found {
    let order = conversation.order.as_ref().and_then(|id| order_named(history, id.as_str()));
    (Place::In(Box::new(conversation.clone())), order.cloned(), assigned)
}

fn about(history: &History, order: &Order, assigned: Assigned) -> Found {
    let conversation =
        history.conversations.iter().find(|c| c.order.as_ref() == Some(&order.id)).cloned();
    (conversation.map_or(Place::New, |c| Place::In(Box::new(c))), Some(order.clone()), assigned)
}

fn order_named<'a>(history: &'a History, id: &str) -> Option<&'a Order> {
    history.orders.iter().find(|o| o.id.as_str().eq_ignore_ascii_case(id))
}

/// An order id of this pair's that stands as a word of its own in the subject. Ids of fewer than
/// five characters are too easily something else (PRODUCT §3).
fn order_in_subject<'a>(history: &'a History, subject: &str) -> Option<&'a Order> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    subject.split(|c| !is_id(c)).find_map(|word| {
        let word = word.trim_matches(|c| matches!(c, '.' | '-' | '_'));
        order_named(history, word).filter(|o| o.id.as_str().len() >= 5)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        AliasAddress, ConversationId, FactsVersion, Fulfilment, Language, OrderStatus, PairId,
        Party, PartyId, Standing, ThreadLink,
    };
    use crate::mail::{Mailbox, Message};
    use crate::sender::{self, Peer};

    const DAY: Duration = Duration::from_secs(86_400);
    const NOW: Timestamp = Timestamp::EPOCH;

    fn facts() -> Facts {
        let party = |id, name: &str, address: &str| {
            let addresses = vec![address.parse().unwrap()];
            Party::new(id, name.parse().unwrap(), Language::En, addresses)
        };
        Facts {
            version: FactsVersion { seller: 1, buyer: 1, pair: 1 },
            pair: PairId(1),
            key_version: 1,
            seller: party(PartyId::Seller("S1".parse().unwrap()), "Lamp Shop", "cs@lamps.example"),
            buyer: party(PartyId::Buyer("B1".parse().unwrap()), "Jane Roe", "jane@mail.example"),
            blocked: false,
            seller_alias: AliasAddress::new("seller", "relay.example"),
            buyer_alias: AliasAddress::new("buyer", "relay.example"),
        }
    }

    fn order(id: &str, status: OrderStatus) -> Order {
        Order {
            id: id.parse().unwrap(),
            seller: "S1".parse().unwrap(),
            buyer: "B1".parse().unwrap(),
            items: vec![],
            status,
            fulfilled_by: Fulfilment::Seller,
            placed: None,
            delivered: None,
            tracking: None,
            dispute: false,
            registered_at: NOW,
            cancelled_at: (status == OrderStatus::Cancelled).then_some(NOW),
        }
    }

    fn conversation(
        id: i64,
        order: Option<&str>,
        buyer_wrote: Option<Duration>,
    ) -> HistoryConversation {
        HistoryConversation {
            id: ConversationId(id),
            order: order.map(|o| o.parse().unwrap()),
            subject: String::new(),
            last_message_at: NOW,
            last_buyer_message_at: buyer_wrote.map(|ago| NOW.before(ago)),
            last_automatic_from_seller: None,
            last_automatic_from_buyer: Some(NOW.before(DAY / 2)),
            root: ThreadLink { seller: None, buyer: None },
            newest: None,
        }
    }

    fn proof(address: &str) -> Proof {
        let peer = Peer::new("127.0.0.1".parse().unwrap(), &["127.0.0.0/8".parse().unwrap()]);
        let from = vec![Mailbox { name: None, address: address.to_owned() }];
        sender::believe(peer, &Message { from, ..Message::default() }).unwrap()
    }

    /// What a mail says of where it belongs.
    #[derive(Default)]
    struct Mail {
        subject: &'static str,
        named: &'static [MessageKind],
        tag: Option<&'static str>,
        frame: Option<&'static str>,
        answers: Option<i64>,
        automatic: bool,
    }

    fn admit_from(role: Role, mail: &Mail, history: &History) -> Result<Admission, Refusal> {
        admit_with(&facts(), role, mail, history)
    }

    fn admit_with(
        facts: &Facts,
        role: Role,
        mail: &Mail,
        history: &History,
    ) -> Result<Admission, Refusal> {
        let link = ThreadLink { seller: None, buyer: None };
        let mut history = history.clone();
        history.links = mail.answers.map(|id| (ConversationId(id), link)).into_iter().collect();
        let frame = mail.frame.map(|f| f.parse().unwrap());
        let request = Request {
            facts,
            stands_for: role.other(),
            tag: mail.tag,
            subject: mail.subject,
            named: mail.named,
            frame_order: frame.as_ref(),
            automatic: mail.automatic,
            history: &history,
            answer_window: 30 * DAY,
            cancelled_grace: Duration::ZERO,
            passes_opt_out: &[MessageKind::AddressCorrection],
            now: NOW,
        };
        let address = match role {
            Role::Seller => "CS+desk@lamps.example",
            Role::Buyer => "jane@mail.example",
        };
        admit(&request, &proof(address)).map(|a| a.admission().clone())
    }

    fn history() -> History {
        History {
            orders: vec![
                order("ORDER-2", OrderStatus::Open),
                order("O1", OrderStatus::Shipped),
                order("DEAD-1", OrderStatus::Cancelled),
            ],
            conversations: vec![
                conversation(9, Some("DEAD-1"), Some(DAY)),
                conversation(1, Some("O1"), Some(DAY)),
                conversation(2, Some("ORDER-2"), Some(31 * DAY)),
                conversation(3, None, None),
            ],
            links: vec![],
        }
    }

    #[test]
    fn a_mail_finds_its_conversation_by_the_surest_sign_it_carries() {
        let find = |mail: Mail| {
            let found = admit_from(Role::Buyer, &mail, &history()).unwrap();
            let id = match found.place {
                Place::In(c) => c.id.0,
                Place::New => 0,
            };
            (id, found.assigned)
        };
        let all =
            Mail { answers: Some(3), tag: Some("o1"), subject: "about ORDER-2", ..Mail::default() };
        assert_eq!(find(all), (3, Assigned::Headers));
        let tag = Mail { tag: Some("o1"), subject: "about ORDER-2", ..Mail::default() };
        assert_eq!(find(tag), (1, Assigned::Tag));
        let subject = Mail { subject: "Re: (order-2).", frame: Some("O1"), ..Mail::default() };
        assert_eq!(find(subject), (2, Assigned::Subject));
        let short = Mail { subject: "O1", frame: Some("ORDER-2"), ..Mail::default() };
        assert_eq!(find(short), (2, Assigned::Frame), "O1 is too short to count in a subject");
        assert_eq!(find(Mail::default()), (1, Assigned::Latest), "a cancelled order is not open");
    }

    #[test]
    fn with_no_sign_at_all_a_buyer_asks_a_question_and_a_seller_is_told_to_name_the_order() {
        let nothing = History::default();
        let asked = admit_from(Role::Buyer, &Mail::default(), &nothing).unwrap();
        assert_eq!(asked.assigned, Assigned::Question);
        let refused = admit_from(Role::Seller, &Mail::default(), &nothing).unwrap_err();
        assert_eq!(refused, Refusal::NameTheOrder);
    }

    #[test]
    fn an_answer_comes_within_the_window_and_not_by_guess() {
        let proactive = |mail: Mail| admit_from(Role::Seller, &mail, &history()).unwrap().proactive;
        assert!(!proactive(Mail { tag: Some("o1"), ..Mail::default() }));
        assert!(proactive(Mail { tag: Some("order-2"), ..Mail::default() }), "31 days later");
        assert!(proactive(Mail { answers: Some(3), ..Mail::default() }), "no buyer wrote there");
        assert!(proactive(Mail::default()), "found by guess");
        assert!(!admit_from(Role::Buyer, &Mail::default(), &history()).unwrap().proactive);
    }

    #[test]
    fn who_may_not_write_is_told_which_rule_stands_in_the_way() {
        let mut history = history();
        let refusal =
            |mail: Mail, history: &History| admit_from(Role::Buyer, &mail, history).unwrap_err();
        let tag = |tag| Mail { tag: Some(tag), ..Mail::default() };
        assert_eq!(refusal(tag("dead-1"), &history), Refusal::OrderClosed);
        assert_eq!(refusal(tag("o7"), &history), Refusal::UnknownTag);
        let automatic = Mail { automatic: true, ..tag("o1") };
        assert_eq!(refusal(automatic, &history), Refusal::AutomaticAgain);
        history.orders[1].fulfilled_by = Fulfilment::Marketplace;
        assert_eq!(refusal(tag("o1"), &history), Refusal::MessagingOff);

        let facts = facts();
        let request = Request {
            facts: &facts,
            stands_for: Role::Seller,
            tag: None,
            subject: "",
            named: &[],
            frame_order: None,
            automatic: false,
            history: &history,
            answer_window: DAY,
            cancelled_grace: Duration::ZERO,
            passes_opt_out: &[MessageKind::AddressCorrection],
            now: NOW,
        };
        for stranger in ["joe@mail.example", "cs@lamps.example"] {
            assert_eq!(
                admit(&request, &proof(stranger)).unwrap_err(),
                Refusal::NotRegistered,
                "only the buyer writes to the seller's alias"
            );
        }
    }

    #[test]
    fn a_cancelled_order_closes_when_its_grace_is_over() {
        let mut dead = order("DEAD-1", OrderStatus::Cancelled);
        for (cancelled, grace, closed) in [
            (Some(NOW), Duration::ZERO, true),
            (Some(NOW), DAY, false),
            (Some(NOW.before(DAY)), DAY, true),
            (Some(NOW.before(DAY)), 2 * DAY, false),
            (None, 2 * DAY, true),
        ] {
            dead.cancelled_at = cancelled;
            assert_eq!(dead.is_closed(grace, NOW), closed, "{cancelled:?} {grace:?}");
        }
    }

    #[test]
    fn what_was_decided_about_either_account_stands_in_the_way() {
        let tag = || Mail { tag: Some("o1"), ..Mail::default() };
        let proactive = || Mail { tag: Some("order-2"), ..Mail::default() };
        let closed = Standing { closed: true, ..Standing::default() };
        let deleted = Standing { deleted: true, ..Standing::default() };
        let suspended = Standing { suspended: true, ..Standing::default() };
        let opted_out = Standing { opted_out: true, ..Standing::default() };
        type Expected = Option<Refusal>;
        let check =
            |change: &dyn Fn(&mut Facts), answer: Expected, new: Expected, buyer: Expected| {
                let mut facts = facts();
                change(&mut facts);
                let admit = |role, mail: Mail| admit_with(&facts, role, &mail, &history()).err();
                assert_eq!(admit(Role::Seller, tag()), answer);
                assert_eq!(admit(Role::Seller, proactive()), new);
                assert_eq!(admit(Role::Buyer, tag()), buyer);
            };
        let nobody = Some(Refusal::Unreachable);
        check(&|_| {}, None, None, None);
        check(&|f| f.blocked = true, nobody, nobody, nobody);
        for gone in [closed, deleted] {
            check(&|f| f.seller.standing = gone, nobody, nobody, nobody);
            check(&|f| f.buyer.standing = gone, nobody, nobody, nobody);
        }
        let refused = Some(Refusal::Suspended);
        check(&|f| f.seller.standing = suspended, None, refused, None);
        let until = |at| Standing { proactive_blocked_until: Some(at), ..Standing::default() };
        let refused = Some(Refusal::ProactiveBlocked);
        check(&|f| f.seller.standing = until(NOW.after(DAY)), None, refused, None);
        check(&|f| f.seller.standing = until(NOW), None, None, None);
        check(&|f| f.buyer.standing = opted_out, None, Some(Refusal::OptedOut), None);
        let mut facts = facts();
        facts.buyer.standing = opted_out;
        for (named, expected) in [
            (&MessageKind::IMPORTANT[..], None),
            (&[], Some(Refusal::OptedOut)),
            (&[MessageKind::Invoice], Some(Refusal::OptedOut)),
        ] {
            let mail = Mail { named, ..proactive() };
            let refused = admit_with(&facts, Role::Seller, &mail, &history()).err();
            assert_eq!(refused, expected, "{named:?}");
        }
    }

    #[test]
    fn a_suspended_sellers_answers_wait_and_what_its_machine_answers_is_refused() {
        let mut facts = facts();
        facts.seller.standing = Standing { suspended: true, ..Standing::default() };
        let admit = |automatic| {
            let mail = Mail { tag: Some("o1"), automatic, ..Mail::default() };
            admit_with(&facts, Role::Seller, &mail, &history())
        };
        assert!(admit(false).unwrap().of_suspended);
        assert_eq!(admit(true).unwrap_err(), Refusal::Suspended);
        let buyer = Mail { tag: Some("o1"), ..Mail::default() };
        assert!(!admit_with(&facts, Role::Buyer, &buyer, &history()).unwrap().of_suspended);
    }

    #[test]
    fn what_waited_goes_on_only_where_order_and_accounts_still_allow_it() {
        let pass = |change: &dyn Fn(&mut Facts), status, proactive| {
            let (mut facts, order) = (facts(), order("O1", status));
            change(&mut facts);
            let review = Review {
                facts: &facts,
                direction: Direction::SellerToBuyer,
                conversation: &conversation(1, Some("O1"), None),
                order: Some(&order),
                assigned: Assigned::Tag,
                proactive,
                automatic: false,
                named: &[],
                cancelled_grace: Duration::ZERO,
                passes_opt_out: &[],
                now: NOW,
            };
            readmit(&review).map(|a| a.admission().of_suspended)
        };
        let open = OrderStatus::Open;
        let suspended = |f: &mut Facts| f.seller.standing.suspended = true;
        assert_eq!(pass(&|_| {}, open, true), Ok(false));
        assert_eq!(pass(&|_| {}, OrderStatus::Cancelled, true), Err(Refusal::OrderClosed));
        assert_eq!(pass(&|f| f.blocked = true, open, false), Err(Refusal::Unreachable));
        assert_eq!(pass(&suspended, open, false), Ok(false), "that is what a person lets pass");
        assert_eq!(pass(&suspended, open, true), Err(Refusal::Suspended));
        let opted_out = |f: &mut Facts| f.buyer.standing.opted_out = true;
        assert_eq!(pass(&opted_out, open, true), Err(Refusal::OptedOut));
        assert_eq!(pass(&opted_out, open, false), Ok(false));
    }

    #[test]
    fn a_seller_turns_messages_on_for_what_the_marketplace_ships_and_may_write_from_a_domain() {
        let mut facts = facts();
        let mut history = history();
        history.orders[1].fulfilled_by = Fulfilment::Marketplace;
        let tag = || Mail { tag: Some("o1"), ..Mail::default() };
        let off = admit_with(&facts, Role::Buyer, &tag(), &history).unwrap_err();
        assert_eq!(off, Refusal::MessagingOff);
        facts.seller.marketplace_fulfilled = Some("depot@lamps.example".parse().unwrap());
        let admission = admit_with(&facts, Role::Buyer, &tag(), &history).unwrap();
        let to = admission.facts.seller.delivery_address_for(admission.order.as_ref()).unwrap();
        assert_eq!(to.reveal(), "depot@lamps.example");

        facts.seller.addresses = vec!["other@lamps.example".parse().unwrap()];
        let refused = admit_with(&facts, Role::Seller, &tag(), &history).unwrap_err();
        assert_eq!(refused, Refusal::NotRegistered);
        facts.seller.domains = vec!["lamps.example".parse().unwrap()];
        admit_with(&facts, Role::Seller, &tag(), &history).unwrap();
        facts.seller.domains = vec!["shop.lamps.example".parse().unwrap()];
        assert!(admit_with(&facts, Role::Seller, &tag(), &history).is_err());
    }
}
