use super::*;
use crate::store::{Intervention, QueueDepth, QueueFilter, StoredMail};

async fn born(market: &Market, n: usize) -> StoredMail {
    market.accept(&letter(n, Role::Buyer)).await.into_mail().unwrap()
}

async fn end(market: &Market, mail: &StoredMail, outcome: AttemptOutcome) {
    let record = AttemptRecord {
        signature: None,
        started_at: at(1),
        ended_at: at(1),
        outcome,
        stage: "rcpt".to_owned(),
        reply: "450 4.2.0 try later".to_owned(),
    };
    assert!(market.store.finish(mail.lease, record).await.unwrap());
}

async fn listed(market: &Market, filter: QueueFilter) -> Vec<(MessageId, DeliveryState)> {
    let rows = market.store.queue(filter).await.unwrap();
    rows.into_iter().map(|r| (r.message, r.row.state)).collect()
}

#[tokio::test]
async fn the_queue_lists_what_is_open_unless_a_state_is_asked_for() {
    use DeliveryState::*;
    let market = Market::open().await;
    for (n, outcome) in [
        (1, Some(AttemptOutcome::Delivered)),
        (2, Some(AttemptOutcome::Deferred { next: at(5) })),
        (3, None),
        (4, Some(AttemptOutcome::Failed)),
    ] {
        let mail = born(&market, n).await;
        if let Some(outcome) = outcome {
            end(&market, &mail, outcome).await;
        }
    }
    let depth = market.store.depth().await.unwrap();
    let oldest = Some(at(2));
    assert_eq!(depth, QueueDepth { queued: 0, sending: 1, deferred: 1, oldest });
    let commits = market.store.commits();
    market.store.try_write().await.unwrap();
    assert_eq!(market.store.commits(), commits + 1);
    let id = message_id;
    let with = |state| QueueFilter { state, ..QueueFilter::default() };
    assert_eq!(listed(&market, with(None)).await, [(id(2), Deferred), (id(3), Sending)]);
    assert_eq!(listed(&market, with(Some(Delivered))).await, [(id(1), Delivered)]);
    assert_eq!(listed(&market, with(Some(Failed))).await, [(id(4), Failed)]);
    assert_eq!(listed(&market, with(Some(Cancelled))).await, []);
    for (filter, expected) in [
        (QueueFilter { seller: "s1".parse().ok(), ..with(None) }, 2),
        (QueueFilter { seller: "S2".parse().ok(), ..with(None) }, 0),
        (QueueFilter { buyer: "b1".parse().ok(), ..with(None) }, 2),
        (QueueFilter { order: "order-1".parse().ok(), ..with(None) }, 2),
        (QueueFilter { order: "ORDER-2".parse().ok(), ..with(None) }, 0),
        (QueueFilter { limit: Some(1), ..with(None) }, 1),
    ] {
        assert_eq!(listed(&market, filter.clone()).await.len(), expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_listed_delivery_names_its_people_by_id_and_never_by_address() {
    let market = Market::open().await;
    let mail = born(&market, 1).await;
    end(&market, &mail, AttemptOutcome::Deferred { next: at(5) }).await;
    let (row, attempts) = market.store.queued(mail.lease.delivery()).await.unwrap().unwrap();
    let json = serde_json::to_string(&row).unwrap();
    assert!(!json.contains(&address(Role::Seller).reveal()) && !json.contains("b-1"), "{json}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    for (key, expected) in [
        ("seller", "S1"),
        ("buyer", "B1"),
        ("order", "ORDER-1"),
        ("direction", "buyer-to-seller"),
        ("state", "deferred"),
        ("last_reply", "450 4.2.0 try later"),
    ] {
        assert_eq!(json[key], expected, "{key}");
    }
    assert_eq!((json["attempts"].clone(), attempts.len()), (1.into(), 1));
    assert_eq!(row.recipient, address(Role::Seller));
    let id = mail.lease.delivery();
    assert_eq!(market.store.deliveries_of(&message_id(1)).await.unwrap(), [id]);
    assert_eq!(market.store.deliveries_of(&message_id(2)).await.unwrap(), []);
}

#[tokio::test]
async fn a_retried_delivery_is_due_at_once_and_one_in_hand_or_over_is_left_alone() {
    let market = Market::open().await;
    let mail = born(&market, 1).await;
    let id = mail.lease.delivery();
    let retry = || market.store.retry(id, at(2));
    assert_eq!(retry().await, Ok(Intervention::Sending));
    end(&market, &mail, AttemptOutcome::Deferred { next: at(9) }).await;
    assert!(market.store.claim_due(at(2), HOUR, 9).await.unwrap().is_empty());
    assert_eq!(retry().await, Ok(Intervention::Done));
    let claimed = market.store.claim_due(at(2), HOUR, 9).await.unwrap();
    assert_eq!((claimed.len(), claimed[0].attempts), (1, 1));
    end(&market, &claimed[0], AttemptOutcome::Failed).await;
    assert_eq!(retry().await, Ok(Intervention::Over(DeliveryState::Failed)));
    assert_eq!(market.store.retry(DeliveryId(99), at(2)).await, Ok(Intervention::Unknown));
    for n in [2, 3] {
        let mail = born(&market, n).await;
        end(&market, &mail, AttemptOutcome::Deferred { next: at(9) }).await;
    }
    assert_eq!(market.store.retry_all(at(4)).await, Ok(2));
    assert_eq!(market.store.claim_due(at(4), HOUR, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn retrying_what_is_overdue_keeps_its_place_among_the_due() {
    let market = Market::open().await;
    for (n, next) in [(1, 3), (2, 2)] {
        let mail = born(&market, n).await;
        end(&market, &mail, AttemptOutcome::Deferred { next: at(next) }).await;
    }
    market.store.retry_all(at(6)).await.unwrap();
    let due = market.store.claim_due(at(6), HOUR, 9).await.unwrap();
    let messages: Vec<_> = due.iter().map(|mail| mail.message.clone()).collect();
    assert_eq!(messages, [message_id(2), message_id(1)]);
}

#[tokio::test]
async fn a_cancelled_delivery_is_never_attempted_and_a_running_attempt_is_not_overruled() {
    let market = Market::open().await;
    let mail = born(&market, 1).await;
    let id = mail.lease.delivery();
    assert_eq!(market.store.cancel(id, at(1)).await, Ok(Intervention::Sending));
    end(&market, &mail, AttemptOutcome::Deferred { next: at(9) }).await;
    assert_eq!(market.store.cancel(id, at(2)).await, Ok(Intervention::Done));
    let over = Intervention::Over(DeliveryState::Cancelled);
    assert_eq!(market.store.cancel(id, at(2)).await, Ok(over));
    assert_eq!(market.store.next_due().await, Ok(None));
    assert!(market.store.claim_due(at(99), HOUR, 9).await.unwrap().is_empty());
    let (row, _) = market.store.queued(id).await.unwrap().unwrap();
    assert_eq!((row.finished_at, row.row.next_attempt_at), (Some(at(2)), None));
    assert_eq!(market.store.counts().await.unwrap().deliveries_lost, 1);
}

#[tokio::test]
async fn what_waits_with_its_lease_run_out_can_be_cancelled_and_its_holder_loses_it() {
    let market = Market::open().await;
    let mail = born(&market, 1).await;
    let id = mail.lease.delivery();
    assert_eq!(market.store.cancel(id, at(2)).await, Ok(Intervention::Done));
    assert_eq!(market.store.renew(mail.lease, at(9)).await, Ok(false));
}
