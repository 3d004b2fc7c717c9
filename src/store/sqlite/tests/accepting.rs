use super::*;
use crate::domain::SightingKey;
use crate::store::StoreError;

#[tokio::test]
async fn an_accepted_message_is_all_there_with_its_delivery_leased_to_us() {
    let market = Market::open().await;
    let acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
    let accepted = market.store.accept(acceptance.clone()).await.unwrap();
    assert!(!accepted.is_duplicate());
    let conversation = accepted.conversation().unwrap();
    let delivery = accepted.delivery();
    let mail = accepted.into_mail().unwrap();
    assert_eq!((mail.lease.delivery(), mail.attempts), (delivery, 0));
    assert_eq!(mail.recipient, address(Role::Seller));
    assert_eq!(mail.bytes, acceptance.outgoing.draft().bytes);
    let found = market.store.message(&message_id(1)).await.unwrap().unwrap();
    assert_eq!(found.original, acceptance.arrival.original);
    assert_eq!(found.outgoing.as_ref(), Some(&acceptance.outgoing.draft().bytes));
    assert_eq!(found.sender_view.as_ref(), Some(&acceptance.sender_view));
    assert_eq!(found.row.conversation, Some(conversation));
    let delivery = found.row.delivery.unwrap();
    assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Sending, 0));
    let due = market.store.claim_due(at(1), HOUR, 10).await.unwrap();
    assert!(due.is_empty(), "it is ours already");
}

#[tokio::test]
async fn facts_that_changed_since_they_were_read_are_stale_and_nothing_is_written() {
    let market = Market::open().await;
    let mut buyer = party(Role::Buyer, "B1");
    buyer.addresses.push("other@mail.example".parse().unwrap());
    let cancelled = PutOrder { status: OrderStatus::Cancelled, ..order("ORDER-1") };
    for change in 0..2 {
        let acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
        match change {
            0 => market.beside().put_party(buyer.clone()).await.unwrap(),
            _ => market.beside().put_order(cancelled.clone(), names(1), at(1)).await.unwrap(),
        };
        let error = market.store.accept(acceptance).await.unwrap_err();
        assert_eq!(error, StoreError::Stale);
        let counts = market.store.counts().await.unwrap();
        assert_eq!((counts.accepted, counts.conversations, counts.deliveries_open), (0, 0, 0));
    }
}

#[tokio::test]
async fn the_same_mail_within_five_days_gets_the_first_answer_and_creates_nothing() {
    let market = Market::open().await;
    let first = Letter { fingerprint: Some(9), ..letter(1, Role::Buyer) };
    let accepted = market.accept(&first).await;
    let before = market.store.counts().await.unwrap();
    // Also when the operator changed something meanwhile.
    let again = market.acceptance(&Letter { n: 2, at: at(1 + 5 * 24), ..first }).await;
    let shipped = PutOrder { status: OrderStatus::Shipped, ..order("ORDER-1") };
    market.store.put_order(shipped, names(1), at(2)).await.unwrap();
    let again = market.store.accept(again).await.unwrap();
    assert!(again.is_duplicate());
    assert_eq!(again.message(), accepted.message());
    assert_eq!(again.delivery(), accepted.delivery());
    assert_eq!(again.conversation(), accepted.conversation());
    assert!(again.into_mail().is_none());
    assert_eq!(market.store.counts().await.unwrap(), before);

    let later = market.accept(&Letter { n: 3, at: at(2 + 5 * 24), ..first }).await;
    assert!(!later.is_duplicate(), "after five days it is a new message");
    let other = Letter { fingerprint: Some(8), ..letter(4, Role::Buyer) };
    assert!(!market.accept(&other).await.is_duplicate());
}

#[tokio::test]
async fn the_same_mail_twice_at_once_is_one() {
    let market = Market::open().await;
    let letter = Letter { fingerprint: Some(9), ..letter(1, Role::Buyer) };
    let first = market.acceptance(&letter).await;
    let second = market.acceptance(&Letter { n: 2, ..letter }).await;
    let (first, second) = tokio::join!(market.store.accept(first), market.store.accept(second));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.message(), second.message());
    assert!(first.is_duplicate() != second.is_duplicate());
    assert_eq!(market.store.counts().await.unwrap().accepted, 1);
}

#[tokio::test]
async fn an_order_has_one_conversation_also_when_two_open_it_at_once() {
    let market = Market::open().await;
    let first = market.acceptance(&letter(1, Role::Buyer)).await;
    let second = market.acceptance(&letter(2, Role::Buyer)).await;
    let first = market.store.accept(first).await.unwrap();
    let second = market.store.accept(second).await.unwrap();
    assert_eq!(first.conversation(), second.conversation());
    let history = market.history(Role::Buyer, &[]).await;
    assert_eq!(history.conversations.len(), 1);
    let conversation = &history.conversations[0];
    assert_eq!(conversation.subject, "letter 1");
    assert_eq!(conversation.order, Some("order-1".parse().unwrap()));
    assert_eq!(conversation.last_message_at, at(2));
    assert_eq!(conversation.root.seller, Some(msg_id("root-s1@msg.market.example")));
}

#[tokio::test]
async fn a_question_opens_a_conversation_without_an_order() {
    let market = Market::open().await;
    let question = Letter { tag: None, ..letter(1, Role::Buyer) };
    let accepted = market.accept(&question).await;
    let found = market.store.message(accepted.message()).await.unwrap().unwrap();
    assert_eq!((found.row.order, found.row.assigned), (None, Some(Assigned::Question)));
    let answered =
        Letter { answers: Some("out1@msg.market.example"), tag: None, ..letter(2, Role::Seller) };
    let answer = market.accept(&answered).await;
    assert_eq!(answer.conversation(), accepted.conversation());
    let found = market.store.message(answer.message()).await.unwrap().unwrap();
    assert!(!found.row.proactive);
}

#[tokio::test]
async fn each_side_finds_only_by_the_ids_that_it_knows() {
    let market = Market::open().await;
    let first = Letter { own_id: Some("mine@mail.example"), ..letter(1, Role::Buyer) };
    let conversation = market.accept(&first).await.conversation().unwrap();
    for (side, reference, found) in [
        (Role::Seller, "out1@msg.market.example", true),
        (Role::Buyer, "mine@mail.example", true),
        (Role::Seller, "mine@mail.example", false),
        (Role::Buyer, "out1@msg.market.example", false),
        (Role::Seller, "root-s1@msg.market.example", true),
        (Role::Buyer, "root-b1@msg.market.example", true),
        (Role::Buyer, "root-s1@msg.market.example", false),
        (Role::Buyer, "nothing@mail.example", false),
    ] {
        let links = market.history(side, &[msg_id(reference)]).await.links;
        assert_eq!(links.len(), usize::from(found), "{side} {reference}");
        assert!(links.iter().all(|(id, _)| *id == conversation));
    }
    let order = ["out1@msg.market.example", "root-s1@msg.market.example"].map(msg_id);
    let links = market.history(Role::Seller, &[order[1].clone(), order[0].clone()]).await.links;
    assert_eq!(links[0].1.buyer, Some(msg_id("root-b1@msg.market.example")));
    assert_eq!(links[1].1.buyer, Some(msg_id("mine@mail.example")));
    let far = std::iter::repeat_n(msg_id("x@y"), 100).chain([order[0].clone()]);
    let links = market.history(Role::Seller, &far.collect::<Vec<_>>()).await.links;
    assert!(links.is_empty(), "only the first hundred are looked up");
}

#[tokio::test]
async fn a_reused_message_id_is_taken_as_none() {
    let market = Market::open().await;
    let own = Some("mine@mail.example");
    market.accept(&Letter { own_id: own, ..letter(1, Role::Buyer) }).await;
    market.accept(&Letter { own_id: own, ..letter(2, Role::Buyer) }).await;
    // The other side may well use the same text.
    market.accept(&Letter { own_id: own, ..letter(3, Role::Seller) }).await;
    // Nor may a sender take one of ours that lies in their mailbox.
    let ours = Some("out3@msg.market.example");
    market.accept(&Letter { own_id: ours, ..letter(4, Role::Buyer) }).await;
    let ids: Vec<(Option<String>, Option<String>)> = {
        let conn = market.raw();
        let mut sql = conn
            .prepare("SELECT seller_msg_id, buyer_msg_id FROM message ORDER BY number")
            .unwrap();
        let rows = sql.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let text = |id: &str| Some(id.to_owned());
    assert_eq!(ids[0].1, text("mine@mail.example"));
    assert_eq!(ids[1].1, None);
    assert_eq!(ids[2], (text("mine@mail.example"), text("out3@msg.market.example")));
    assert_eq!(ids[3].1, None);
    let newest = market.history(Role::Buyer, &[]).await.conversations[0].newest.clone().unwrap();
    assert_eq!(newest.seller, Some(msg_id("out4@msg.market.example")));
    // The buyer's own newest has no name there; the one before it has.
    assert_eq!(newest.buyer, Some(msg_id("out3@msg.market.example")));
}

#[tokio::test]
async fn the_clock_runs_from_the_first_unanswered_message_to_the_answer() {
    let market = Market::open().await;
    let first = market.accept(&letter(1, Role::Buyer)).await;
    let conversation = first.conversation().unwrap();
    market.accept(&letter(2, Role::Buyer)).await;
    let turns = market.store.turns(conversation).await.unwrap();
    assert_eq!(turns, [turn(1, None)]);
    market.accept(&Letter { automatic: true, ..letter(3, Role::Seller) }).await;
    assert_eq!(market.store.turns(conversation).await.unwrap(), turns);
    market.accept(&letter(4, Role::Seller)).await;
    market.accept(&letter(5, Role::Buyer)).await;
    let turns = market.store.turns(conversation).await.unwrap();
    assert_eq!(turns, [turn(1, Some(4)), turn(5, None)]);
    let history = market.history(Role::Seller, &[]).await;
    let seen = &history.conversations[0];
    assert_eq!(seen.last_buyer_message_at, Some(at(5)));
    assert_eq!(seen.last_automatic_from_seller, Some(at(3)));
    assert_eq!(seen.last_automatic_from_buyer, None);
}

#[tokio::test]
async fn a_write_that_fails_late_leaves_clock_and_conversation_alone() {
    let market = Market::open().await;
    let first = market.accept(&letter(1, Role::Buyer)).await;
    let mut answer = market.acceptance(&letter(2, Role::Seller)).await;
    answer.token = token(1); // the delivery, written last, breaks its UNIQUE
    let error = market.store.accept(answer).await.unwrap_err();
    assert!(matches!(error, StoreError::Sqlite(_)) && !error.is_transient(), "{error}");
    let turns = market.store.turns(first.conversation().unwrap()).await.unwrap();
    assert_eq!(turns, [turn(1, None)]);
    assert_eq!(market.history(Role::Buyer, &[]).await.conversations[0].last_message_at, at(1));
}

#[tokio::test]
async fn two_automatic_mails_at_once_are_not_both_the_days_only_one() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let first = Letter { automatic: true, ..letter(2, Role::Seller) };
    let second = Letter { automatic: true, ..letter(3, Role::Seller) };
    let (a, b) = (market.acceptance(&first).await, market.acceptance(&second).await);
    market.store.accept(a).await.unwrap();
    assert_eq!(market.store.accept(b).await.unwrap_err(), StoreError::Stale);
    assert_eq!(market.admit(&second).await.unwrap_err(), Refusal::AutomaticAgain);
}

#[tokio::test]
async fn what_was_said_is_remembered_for_the_newest_fifty_messages() {
    let market = Market::open().await;
    let first = market.accept(&letter(1, Role::Buyer)).await;
    for n in 2..=52 {
        market.accept(&letter(n, Role::Buyer)).await;
    }
    let seen = market
        .store
        .sightings(first.conversation().unwrap(), SightingKey::default())
        .await
        .unwrap();
    let (buyer, seller) = (&seen.buyer.hashes, &seen.seller.hashes);
    assert_eq!((buyer.len(), seller.len()), (50, 50));
    assert!(buyer.contains(&52) && seller.contains(&(u64::MAX - 3)), "written and shown");
    assert!(!buyer.contains(&2) && !seller.contains(&52));
}

pub(super) fn rejection(n: usize, facts: Facts) -> Rejection {
    let finding = Finding {
        rule: RuleId::Promotion,
        action: Action::Reject,
        enforced: true,
        certainty: Certainty::Certain,
        part: Part::Text,
        start: 0,
        end: 3,
        words: "20%".to_owned(),
    };
    Rejection {
        facts,
        conversation: None,
        order: Some("ORDER-1".parse().unwrap()),
        direction: Direction::SellerToBuyer,
        verdict: Verdict::new(vec![finding.clone(), finding], vec![]),
        proof: "trusted peer 127.0.0.1".to_owned(),
        original: b"in".to_vec(),
        sender_view: b"view".to_vec(),
        subject: format!("offer {n}"),
        message: message_id(n),
        assigned: Some(Assigned::Tag),
        proactive: true,
        automatic: false,
        fingerprint: None,
        received_at: at(n as u64),
        quota_per_day: 2,
        violations: vec![],
        health: health(),
        words: Words::default(),
        tell: vec![],
    }
}

#[tokio::test]
async fn a_refused_message_is_archived_within_its_senders_daily_quota() {
    let market = Market::open().await;
    let facts = market.facts().await;
    let mut archived = Vec::new();
    for n in [1, 2, 3, 4, 26] {
        let refused = market.store.refuse(rejection(n, facts.clone())).await.unwrap();
        archived.push(refused.is_archived());
    }
    // At hour 26 the ones of hour 1 and 2 are a day old.
    assert_eq!(archived, [true, true, false, false, true]);
    let other = Rejection { direction: Direction::BuyerToSeller, ..rejection(5, facts) };
    assert!(market.store.refuse(other).await.unwrap().is_archived(), "each has their own quota");
    let found = market.store.message(&message_id(1)).await.unwrap().unwrap();
    assert_eq!(found.row.rules, [RuleId::Promotion]);
    assert_eq!((found.outgoing, found.sender_view), (None, Some(b"view".to_vec())));
    assert_eq!(found.row.order, Some("order-1".parse().unwrap()));
    assert!(found.row.delivery.is_none());
    let counts = market.store.counts().await.unwrap();
    assert_eq!((counts.rejected, counts.conversations, counts.response_needed), (4, 0, 0));
}

#[tokio::test]
async fn the_same_refused_mail_again_is_archived_once() {
    let market = Market::open().await;
    let facts = market.facts().await;
    let same = |n| Rejection { fingerprint: Some([3; 32]), ..rejection(n, facts.clone()) };
    market.store.refuse(same(1)).await.unwrap();
    let again = market.store.refuse(same(2)).await.unwrap();
    assert_eq!(again.message(), &message_id(1));
    assert_eq!(market.store.counts().await.unwrap().rejected, 1);
}

#[tokio::test]
async fn the_first_answer_is_found_for_five_days_whatever_changed_meanwhile() {
    let market = Market::open().await;
    let first = market.accept(&Letter { fingerprint: Some(9), ..letter(1, Role::Buyer) }).await;
    let refused = Rejection { fingerprint: Some([3; 32]), ..rejection(2, market.facts().await) };
    market.store.refuse(refused.clone()).await.unwrap();
    let cancelled = PutOrder { status: OrderStatus::Cancelled, ..order("ORDER-1") };
    market.store.put_order(cancelled, names(1), at(3)).await.unwrap();
    let before = market.store.counts().await.unwrap();
    let answer = async |byte, hour| market.store.first_answer([byte; 32], at(hour)).await.unwrap();
    match answer(9, 1 + 5 * 24).await {
        Some(FirstAnswer::Accepted(again)) => {
            assert_eq!((again.message(), again.delivery()), (first.message(), first.delivery()));
            assert!(again.is_duplicate());
        }
        other => panic!("{other:?}"),
    }
    match answer(3, 4).await {
        Some(FirstAnswer::Refused(again, verdict)) => {
            assert_eq!(again.message(), &message_id(2));
            assert_eq!(verdict.findings, refused.verdict.findings);
        }
        other => panic!("{other:?}"),
    }
    assert!(answer(9, 2 + 5 * 24).await.is_none(), "after five days it is a new message");
    assert!(answer(8, 4).await.is_none());
    assert_eq!(market.store.counts().await.unwrap(), before);
}

#[tokio::test]
async fn messages_are_listed_the_newest_first_and_by_what_is_asked() {
    let market = Market::open().await;
    market.store.put_order(order("ORDER-2"), names(1), at(0)).await.unwrap();
    market.accept(&letter(1, Role::Buyer)).await;
    market.accept(&Letter { tag: Some("order-2"), ..letter(2, Role::Buyer) }).await;
    market.store.refuse(rejection(3, market.facts().await)).await.unwrap();
    let all = MessageFilter::default();
    for (filter, expected) in [
        (all.clone(), vec![3, 2, 1]),
        (MessageFilter { limit: Some(1), ..all.clone() }, vec![3]),
        (MessageFilter { before: Some(message_id(3)), ..all.clone() }, vec![2, 1]),
        (MessageFilter { order: Some("Order-1".parse().unwrap()), ..all.clone() }, vec![3, 1]),
        (MessageFilter { state: Some(MessageState::Accepted), ..all.clone() }, vec![2, 1]),
        (MessageFilter { seller: Some("S2".parse().unwrap()), ..all.clone() }, vec![]),
        (MessageFilter { buyer: Some("b1".parse().unwrap()), ..all }, vec![3, 2, 1]),
    ] {
        let found = market.store.messages(filter.clone()).await.unwrap();
        let ids: Vec<_> = found.into_iter().map(|row| row.id).collect();
        let expected: Vec<_> = expected.into_iter().map(message_id).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_list_reads_along_an_index_and_sorts_nothing() {
    let market = Market::open().await;
    let all = MessageFilter::default();
    for (filter, index) in [
        (MessageFilter { state: Some(MessageState::Held), ..all.clone() }, "message_not_accepted"),
        (
            MessageFilter { state: Some(MessageState::Rejected), ..all.clone() },
            "message_not_accepted",
        ),
        (MessageFilter { seller: Some("S1".parse().unwrap()), ..all.clone() }, "message_of_seller"),
        (MessageFilter { buyer: Some("B1".parse().unwrap()), ..all.clone() }, "message_of_buyer"),
        (MessageFilter { order: Some("O1".parse().unwrap()), ..all }, "message_order"),
    ] {
        let (sql, values) = super::super::archive::listing(&filter);
        let conn = market.raw();
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(3));
        let steps: Vec<String> = steps.unwrap().map(Result::unwrap).collect();
        let plan = steps.join("\n");
        assert!(plan.contains(&format!("SEARCH m USING INDEX {index} ")), "{plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("SCAN"), "{plan}");
    }
}

#[tokio::test]
async fn a_row_has_the_names_that_the_cli_promises_and_no_real_address() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let row = market.store.messages(MessageFilter::default()).await.unwrap().remove(0);
    let json = serde_json::to_value(&row).unwrap();
    let expected = serde_json::json!({
        "id": message_id(1), "conversation": 1, "order": "ORDER-1", "seller": "S1",
        "buyer": "B1", "direction": "buyer-to-seller", "state": "accepted",
        "received_at": at(1).to_string(), "subject": "letter 1", "action": "allow",
        "rules": [], "proactive": false, "automatic": false, "assigned": "tag",
        "delivery": {
            "state": "sending", "attempts": 0,
            "next_attempt_at": at(1).to_string(), "last_reply": null
        }
    });
    assert_eq!(json, expected);
}

#[tokio::test]
async fn of_a_pair_with_very_many_orders_the_one_that_is_named_is_found() {
    let market = Market::open().await;
    let first = market.accept(&letter(1, Role::Buyer)).await.conversation().unwrap();
    let conn = market.raw();
    // More than are read: each with a conversation of its own, all newer.
    conn.execute_batch(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 600)
         INSERT INTO orders
             (id, id_key, pair, seller, items, status, fulfilled_by, dispute, registered_at, day)
         SELECT 'MANY-' || n, 'many-' || n, 1, 1, '[]', 'open', 'seller', 0, 1900000000000 + n, '2030-03-17'
         FROM n;
         INSERT INTO conversation (pair, \"order\", subject, opened_at, last_message_at)
         SELECT 1, number, '', registered_at, registered_at FROM orders WHERE id LIKE 'MANY-%'",
    )
    .unwrap();
    let pair = market.facts().await.pair;
    let cancelled = PutOrder { status: OrderStatus::Cancelled, ..order("ORDER-1") };
    market.store.put_order(cancelled, names(1), at(2)).await.unwrap();
    let none = market.store.history(pair, Role::Seller, &[], None).await.unwrap();
    assert!(none.orders.iter().all(|o| o.id.as_str() != "ORDER-1"), "it is too old");
    for (references, tag) in [(&["out1@msg.market.example"][..], None), (&[], Some("Order-1"))] {
        let references: Vec<MsgId> = references.iter().map(|id| msg_id(id)).collect();
        let history = market.store.history(pair, Role::Seller, &references, tag).await.unwrap();
        assert!(history.orders.iter().any(|o| o.id.as_str() == "ORDER-1"), "{tag:?}");
        let found = history.conversations.iter().any(|c| c.id == first);
        assert_eq!(found, tag.is_none());
    }
    let answer = Letter { answers: Some("out1@msg.market.example"), ..letter(3, Role::Seller) };
    assert_eq!(market.admit(&answer).await.unwrap_err(), Refusal::OrderClosed);
}
