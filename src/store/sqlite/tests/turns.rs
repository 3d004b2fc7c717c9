use std::collections::HashMap;

use super::*;
use crate::store::StoredMail;

const MINUTE: Duration = Duration::from_secs(60);

/// A delivery to somebody at this domain, born leased.
async fn to(market: &Market, n: usize, domain: &str) -> StoredMail {
    let forward = Forward {
        message: message_id(n),
        token: token(n),
        bytes: b"Subject: help\r\n\r\nhelp\r\n".to_vec(),
        recipient: format!("who{n}@{domain}").parse().unwrap(),
        envelope_from: AliasAddress::new("b-1", DOMAIN),
        received_at: at(1),
        give_up_at: at(49),
    };
    market.store.forward_to_postmaster(forward).await.unwrap().into_mail().unwrap()
}

/// The same, given back unused: it waits and is due.
async fn due(market: &Market, n: usize, domain: &str) {
    let lease = to(market, n, domain).await.lease;
    market.store.release(vec![Release { lease, until: at(0), why: None }]).await.unwrap();
}

fn turns(after: &str, room: usize, rooms: &[(&str, usize)]) -> Turns {
    let rooms: HashMap<_, _> = rooms.iter().map(|(d, n)| ((*d).to_owned(), *n)).collect();
    Turns { after: after.to_owned(), rooms, room }
}

async fn claim(market: &Market, limit: usize, turns: Turns) -> (Vec<String>, String) {
    let claimed = market.store.claim_by_turns(at(2), MINUTE, limit, turns).await.unwrap();
    let names = claimed.mails.iter().map(|m| m.recipient.local().to_owned());
    (names.collect(), claimed.last)
}

#[tokio::test]
async fn every_domain_has_its_turn_however_much_another_has() {
    let market = Market::open().await;
    for n in 1..=9 {
        due(&market, n, "Many.example").await;
    }
    due(&market, 10, "few.example").await;
    due(&market, 11, "zoo.example").await;
    due(&market, 12, "full.example").await;
    let (got, last) = claim(&market, 4, turns("", 2, &[("full.example", 0)])).await;
    assert_eq!(got, ["who10", "who1", "who2", "who11"]);
    assert_eq!(last, "zoo.example");
    // Where the last turn ended the next begins; what is claimed is not claimed again.
    let (got, last) = claim(&market, 2, turns("few.example", 1, &[("many.example", 5)])).await;
    assert_eq!((got, last.as_str()), (vec!["who12".to_owned(), "who3".to_owned()], "many.example"));
    let (got, _) = claim(&market, 9, turns("many.example", 9, &[])).await;
    assert_eq!(got, ["who4", "who5", "who6", "who7", "who8", "who9"]);
    let (got, last) = claim(&market, 9, turns("many.example", 9, &[])).await;
    assert_eq!((got.len(), last.as_str()), (0, "many.example"));
}

#[tokio::test]
async fn a_lease_that_ran_out_is_claimed_in_its_turn() {
    let market = Market::open().await;
    let lost = to(&market, 1, "a.example").await;
    assert_eq!(
        claim(&market, 9, turns("", 9, &[])).await.0,
        ["who1"],
        "born at one, now it is two"
    );
    assert!(!market.store.renew(lost.lease, at(9)).await.unwrap());
    assert_eq!(claim(&market, 9, turns("", 9, &[])).await.0, [""; 0]);
}

#[tokio::test]
async fn what_is_put_off_says_when_and_why_and_is_put_off_no_further_than_its_end() {
    let market = Market::open().await;
    for n in 1..=3 {
        due(&market, n, "dead.example").await;
    }
    due(&market, 4, "fine.example").await;
    let why = || "nobody answered in time".to_owned();
    let dead = || Some("dead.example".to_owned());
    assert_eq!(market.store.put_off(dead(), at(5), why()).await.unwrap(), 3);
    assert_eq!(market.store.put_off(dead(), at(5), why()).await.unwrap(), 0, "it is so already");
    assert_eq!(claim(&market, 9, turns("", 9, &[])).await.0, ["who4"]);
    let rows = market.store.queue(QueueFilter::default()).await.unwrap();
    let row = &rows[0].row;
    assert_eq!((row.state, row.attempts), (DeliveryState::Queued, 0));
    assert_eq!((row.next_attempt_at, row.last_reply.clone()), (Some(at(5)), Some(why())));
    // A person's word is stronger.
    market.store.retry(rows[1].delivery, at(2)).await.unwrap();
    assert_eq!(claim(&market, 9, turns("", 9, &[])).await.0, ["who2"]);
    assert_eq!(market.store.put_off(None, at(99), why()).await.unwrap(), 2);
    let rows = market.store.queue(QueueFilter::default()).await.unwrap();
    assert_eq!(rows[0].row.next_attempt_at, Some(at(49)), "when it gives up");
}
