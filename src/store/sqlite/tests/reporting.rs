use super::*;
use crate::leak::Outgoing;
use crate::store::{NewNotice, Notified, StoreError};

fn failure() -> Report {
    Report { kind: ReportKind::Failed, status: Some("5.1.1".to_owned()), cause: Cause::UserUnknown }
}

#[tokio::test]
async fn a_failure_that_is_reported_before_our_own_attempt_is_written_is_not_forgotten() {
    let market = Market::open().await;
    let mail = market.accept(&letter(1, Role::Buyer)).await.into_mail().unwrap();
    let store = &market.store;
    let report = || store.report(token(1), failure(), None, at(2));
    // The smarthost knows already; that it took the mail stands nowhere yet. It comes again.
    assert_eq!(report().await.err(), Some(StoreError::Busy));
    assert!(store.reports_about(&message_id(1)).await.unwrap().is_empty(), "no half of it stays");
    let taken = AttemptRecord {
        signature: None,
        started_at: at(1),
        ended_at: at(1),
        outcome: AttemptOutcome::Delivered,
        stage: "message".to_owned(),
        reply: "250 taken".to_owned(),
    };
    assert!(store.finish(mail.lease, taken).await.unwrap());
    let stored = report().await.unwrap().unwrap();
    assert!(stored.has_failed_it());
    let found = store.message(&message_id(1)).await.unwrap().unwrap().deliveries.remove(0);
    assert_eq!(found.row.state, DeliveryState::Failed);
    // What says only that it waits need not wait for anything.
    let late = Report { kind: ReportKind::Delayed, ..failure() };
    market.accept(&letter(2, Role::Buyer)).await;
    assert!(!store.report(token(2), late, None, at(3)).await.unwrap().unwrap().has_failed_it());
}

fn outgoing(reader: Role) -> Outgoing {
    let draft = Draft {
        recipient: address(reader),
        envelope_from: None,
        msg_id: msg_id(&format!("n@{DOMAIN}")),
        subject: "Your message did not go to everyone".to_owned(),
        text: "It did not.".to_owned(),
        html: None,
        words: String::new(),
        bytes: b"Subject: x\r\n\r\nIt did not.\r\n".to_vec(),
        recipient_view: b"Subject: x\r\n\r\nIt did not.\r\n".to_vec(),
        changes: Changes::default(),
    };
    let known = Sightings::default();
    scan(draft, &Secrets::default(), &Exempt { known: &known, ids: &[] }).unwrap()
}

#[tokio::test]
async fn one_side_can_not_use_up_the_others_notices() {
    let market = Market::open().await;
    let pair = market.facts().await.pair;
    let tell = async |n: usize, reader: Role, created_at: Timestamp| {
        let notice = NewNotice {
            kind: NoticeKind::NotPassedOn,
            about: None,
            pair: Some(pair),
            account: None,
            fingerprint: Some([u8::try_from(n).unwrap(); 32]),
            outgoing: outgoing(reader),
            message: message_id(n),
            token: token(n),
            created_at,
            give_up_at: created_at.after(HOUR),
        };
        market.store.notify(notice).await.unwrap()
    };
    for n in 0..20 {
        assert_eq!(tell(n, Role::Seller, at(0)).await, Notified::Told, "{n}");
    }
    assert_eq!(tell(20, Role::Seller, at(1)).await, Notified::TooMany);
    assert_eq!(tell(21, Role::Buyer, at(1)).await, Notified::Told);
    assert_eq!(tell(22, Role::Seller, at(25)).await, Notified::Told, "a day later");
}
