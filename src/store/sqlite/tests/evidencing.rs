use super::*;
use crate::evidence::{NOTHING, Sealed, link, tree};

const DAY: u64 = 24;

#[tokio::test]
async fn what_is_archived_is_bound_to_what_was_before_it_and_to_its_day() {
    let market = Market::open().await;
    let start = at(0).as_millis().div_euclid(86_400_000);
    for n in [1, 2, 30] {
        market.accept(&letter(n, Role::Buyer)).await;
    }
    let order = "order-1".parse().unwrap();
    let links = market.store.evidence(&order).await.unwrap();
    let mut previous = NOTHING;
    for (link_, n) in links.iter().zip([1, 2, 30]) {
        assert_eq!((link_.message.clone(), link_.what.as_str()), (message_id(n), "accepted"));
        let bound = link_.bound.as_ref().unwrap();
        let parts = bound.parts.each_ref().map(|part| part.as_deref());
        assert_eq!(Sealed::new(bound.salt, parts).leaf, link_.leaf);
        assert_eq!(bound.parts[0], Some(format!("Subject: letter {n}\r\n\r\nin\r\n").into_bytes()));
        let id = link_.message.as_str();
        assert_eq!(link(&previous, id, "accepted", link_.at.as_millis(), &link_.leaf), link_.hash);
        assert!(link_.day.is_none(), "no day is over");
        previous = link_.hash;
    }
    let days: Vec<i64> = links.iter().map(|l| l.at.as_millis().div_euclid(86_400_000)).collect();
    let last = days[2];
    assert!(last > start && days[0] < last, "{days:?}");
    let on_last = days.iter().filter(|day| **day == last).count();
    let (items, root) = market.store.close_day(last).await.unwrap().unwrap();
    assert_eq!(items, on_last);
    assert_eq!(market.store.close_day(last).await, Ok(None), "a root is made once");
    assert_eq!(market.store.close_day(start + 40).await, Ok(None), "nothing came in");
    let links = market.store.evidence(&order).await.unwrap();
    let day = links[2].day.as_ref().unwrap();
    assert_eq!(day.root, root);
    assert_eq!(tree::climb(&links[2].hash, &day.path), root);
    assert!(u64::try_from(links.len()).unwrap() < DAY);
}
