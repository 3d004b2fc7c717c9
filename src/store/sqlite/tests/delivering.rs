use super::*;
use crate::store::StoredMail;

const MINUTE: Duration = Duration::from_secs(60);

async fn born(market: &Market, n: usize) -> StoredMail {
    market.accept(&letter(n, Role::Buyer)).await.into_mail().unwrap()
}

fn record(outcome: AttemptOutcome, at: Timestamp) -> AttemptRecord {
    AttemptRecord {
        signature: None,
        started_at: at,
        ended_at: at.after(MINUTE),
        outcome,
        stage: "rcpt".to_owned(),
        reply: "450 4.2.0 try later".to_owned(),
    }
}

async fn state(market: &Market, n: usize) -> DeliveryDetail {
    market.store.message(&message_id(n)).await.unwrap().unwrap().deliveries.remove(0)
}

#[tokio::test]
async fn a_delivery_is_deferred_claimed_when_due_and_delivered() {
    let market = Market::open().await;
    let mail = born(&market, 1).await;
    let deferred = AttemptOutcome::Deferred { next: at(2) };
    assert!(market.store.finish(mail.lease, record(deferred, at(1))).await.unwrap());
    assert_eq!(market.store.next_due().await.unwrap(), Some(at(2)));
    assert!(market.store.claim_due(at(2).before(MINUTE), MINUTE, 9).await.unwrap().is_empty());
    let mut claimed = market.store.claim_due(at(2), MINUTE, 9).await.unwrap();
    let again = claimed.remove(0);
    assert_eq!((again.attempts, &again.bytes), (1, &mail.bytes));
    assert_eq!((&again.recipient, &again.envelope_from), (&mail.recipient, &mail.envelope_from));
    assert_eq!((again.created_at, again.give_up_at), (mail.created_at, mail.give_up_at));
    assert_eq!(market.store.next_due().await.unwrap(), Some(at(2).after(MINUTE)));
    let delivered = record(AttemptOutcome::Delivered, at(2));
    assert!(market.store.finish(again.lease, delivered).await.unwrap());
    let found = state(&market, 1).await;
    assert_eq!((found.row.state, found.row.attempts), (DeliveryState::Delivered, 2));
    assert_eq!((found.row.next_attempt_at, found.finished_at), (None, Some(at(2).after(MINUTE))));
    let results: Vec<_> = found.history.iter().map(|attempt| attempt.result).collect();
    assert_eq!(results, [DeliveryState::Deferred, DeliveryState::Delivered]);
    assert_eq!(market.store.next_due().await.unwrap(), None);
    assert!(market.store.claim_due(at(99), MINUTE, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_attempt_whose_lease_is_lost_writes_nothing_also_when_we_took_it_ourselves() {
    let market = Market::open().await;
    let other = market.beside();
    for (n, taker) in [(1, &other), (2, &market.store)] {
        let mail = born(&market, n).await;
        let taken = taker.claim_due(at(n as u64 + 1), HOUR, 9).await.unwrap();
        assert_eq!(taken.len(), 1, "the lease it was born with has run out");
        let before = serde_json::to_value(state(&market, n).await).unwrap();
        let delivered = record(AttemptOutcome::Delivered, at(3));
        assert!(!market.store.finish(mail.lease, delivered.clone()).await.unwrap());
        assert!(!market.store.renew(mail.lease, at(9)).await.unwrap());
        assert_eq!(serde_json::to_value(state(&market, n).await).unwrap(), before);
        assert!(taker.renew(taken[0].lease, at(9)).await.unwrap());
        assert!(taker.finish(taken[0].lease, delivered.clone()).await.unwrap());
        assert!(!taker.finish(taken[0].lease, delivered).await.unwrap(), "given back is lost");
        assert_eq!(state(&market, n).await.history.len(), 1);
    }
}

#[tokio::test]
async fn a_renewed_lease_keeps_others_away() {
    let market = Market::open().await;
    let mail = born(&market, 1).await;
    assert!(market.store.renew(mail.lease, at(5)).await.unwrap());
    let other = market.beside();
    assert!(other.claim_due(at(4), MINUTE, 9).await.unwrap().is_empty());
    assert_eq!(other.claim_due(at(5), MINUTE, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_leases_of_dead_processes_are_freed_and_ours_are_kept() {
    let market = Market::open().await;
    let dead = market.beside();
    let first = born(&market, 1).await;
    let second = born(&market, 2).await;
    let deferred = record(AttemptOutcome::Deferred { next: at(1) }, at(1));
    market.store.finish(first.lease, deferred).await.unwrap();
    assert_eq!(dead.claim_due(at(1), HOUR, 9).await.unwrap().len(), 1);
    assert_eq!(market.store.free_leases().await, Ok(1));
    let due = market.store.claim_due(at(2), MINUTE, 9).await.unwrap();
    let messages: Vec<_> = due.iter().map(|mail| mail.message.clone()).collect();
    assert_eq!(messages, [message_id(1)]);
    assert!(market.store.renew(second.lease, at(9)).await.unwrap());
}

#[tokio::test]
async fn what_a_process_gives_back_at_its_end_is_due_at_once_for_the_next_and_lost_to_itself() {
    let market = Market::open().await;
    let other = market.beside();
    let kept = born(&market, 1).await;
    assert_eq!(other.claim_due(at(2), HOUR, 9).await.unwrap().len(), 1);
    let mail = born(&market, 2).await;
    assert_eq!(market.store.give_back().await, Ok(1));
    assert_eq!(state(&market, 2).await.row.state, DeliveryState::Queued);
    assert!(!market.store.renew(mail.lease, at(9)).await.unwrap());
    let delivered = record(AttemptOutcome::Delivered, at(2));
    assert!(!market.store.finish(mail.lease, delivered).await.unwrap());
    let due = other.claim_due(at(2), MINUTE, 9).await.unwrap();
    let messages: Vec<_> = due.iter().map(|mail| mail.message.clone()).collect();
    assert_eq!(messages, [message_id(2)], "what the other holds stays its own: {kept:?}");
}

#[tokio::test]
async fn claims_are_bounded_and_the_longest_due_comes_first() {
    let market = Market::open().await;
    for (n, next) in [(1, 30), (2, 10), (3, 20)] {
        let mail = born(&market, n).await;
        let deferred = record(AttemptOutcome::Deferred { next: at(next) }, at(3));
        market.store.finish(mail.lease, deferred).await.unwrap();
    }
    let due = market.store.claim_due(at(40), MINUTE, 2).await.unwrap();
    let messages: Vec<_> = due.iter().map(|mail| mail.message.clone()).collect();
    assert_eq!(messages, [message_id(2), message_id(3)]);
}

#[tokio::test]
async fn failed_and_expired_deliveries_are_over() {
    let market = Market::open().await;
    for (n, outcome, expected) in [
        (1, AttemptOutcome::Failed, DeliveryState::Failed),
        (2, AttemptOutcome::Expired, DeliveryState::Expired),
    ] {
        let mail = born(&market, n).await;
        market.store.finish(mail.lease, record(outcome, at(3))).await.unwrap();
        assert_eq!(state(&market, n).await.row.state, expected);
    }
    assert_eq!(market.store.counts().await.unwrap().deliveries_lost, 2);
    assert!(market.store.claim_due(at(99), MINUTE, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_damaged_delivery_does_not_keep_the_others_from_going_out() {
    let market = Market::open().await;
    for n in 1..=3 {
        born(&market, n).await;
    }
    let damage = "UPDATE delivery SET recipient = 'nobody' WHERE number = 1;
        UPDATE content SET mails = x'00' WHERE message = 2;";
    market.raw().execute_batch(damage).unwrap();
    let due = market.store.claim_due(at(9), MINUTE, 9).await.unwrap();
    let messages: Vec<_> = due.iter().map(|mail| mail.message.clone()).collect();
    assert_eq!(messages, [message_id(3)]);
}

#[tokio::test]
async fn mail_for_the_operator_goes_out_as_it_came_and_is_no_message() {
    let market = Market::open().await;
    let forward = Forward {
        message: message_id(1),
        token: token(1),
        bytes: b"Subject: help\r\n\r\nhelp\r\n".to_vec(),
        recipient: "ops@market.example".parse().unwrap(),
        envelope_from: AliasAddress::new("b-1", DOMAIN),
        received_at: at(1),
        give_up_at: at(49),
    };
    let accepted = market.store.forward_to_postmaster(forward.clone()).await.unwrap();
    assert_eq!((accepted.conversation(), accepted.is_duplicate()), (None, false));
    let mail = accepted.into_mail().unwrap();
    assert_eq!((&mail.bytes, &mail.recipient), (&forward.bytes, &forward.recipient));
    let claimed = market.store.claim_due(at(2), MINUTE, 9).await.unwrap().remove(0);
    assert_eq!((claimed.bytes, claimed.recipient), (forward.bytes, forward.recipient));
    assert!(market.store.messages(MessageFilter::default()).await.unwrap().is_empty());
    assert!(market.store.message(&message_id(1)).await.unwrap().is_none());
    assert_eq!(market.store.counts().await.unwrap().postmaster, 1);
}

#[tokio::test]
async fn a_delivery_whose_mail_is_gone_fails_and_the_others_go_on() {
    let market = Market::open().await;
    for n in [1, 2] {
        let mail = born(&market, n).await;
        let deferred = AttemptOutcome::Deferred { next: at(3) };
        assert!(market.store.finish(mail.lease, record(deferred, at(2))).await.unwrap());
    }
    let sql = "DELETE FROM content WHERE message = (SELECT number FROM message WHERE id = ?1)";
    market.raw().execute(sql, [message_id(1).as_str()]).unwrap();
    let claimed = market.store.claim_due(at(3), MINUTE, 9).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].message, message_id(2));
    let row = market.store.messages(MessageFilter::default()).await.unwrap().remove(1);
    let lost = row.delivery.unwrap();
    assert_eq!((row.id, lost.state), (message_id(1), DeliveryState::Failed));
    assert!(lost.last_reply.unwrap().contains("not in the archive"));
    assert_eq!(market.store.claim_due(at(9), MINUTE, 9).await.unwrap().len(), 1);
}
