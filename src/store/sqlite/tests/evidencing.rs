use super::super::content::{Which, unpack};
use super::*;
use crate::evidence::{NOTHING, Sealed, link, tree};
use crate::store::StoreError;

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

#[tokio::test]
async fn a_byte_that_was_changed_in_any_text_of_a_mail_is_found() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let raw = market.raw();
    let packed: Vec<u8> = raw.query_row("SELECT mails FROM content", [], |row| row.get(0)).unwrap();
    let is_bound = async |packed: &[u8]| {
        raw.execute("UPDATE content SET mails = ?1", [packed]).unwrap();
        let link = market.store.evidence(&"order-1".parse().unwrap()).await?.remove(0);
        let bound = link.bound.unwrap();
        let parts = bound.parts.each_ref().map(|part| part.as_deref());
        Ok::<bool, StoreError>(Sealed::new(bound.salt, parts).leaf == link.leaf)
    };
    for which in Which::ALL {
        let mut mails = unpack(&packed, &Which::ALL).unwrap();
        let mut text = mails.take(which).unwrap();
        *text.last_mut().unwrap() ^= 1;
        let changed = mails.with(which, text).pack().await.unwrap();
        assert_eq!(is_bound(&changed).await, Ok(false), "{which:?}");
    }
    assert_eq!(is_bound(&packed).await, Ok(true), "as it was");
    let damaged = StoreError::Damaged("content.mails");
    assert_eq!(is_bound(&packed[..packed.len() - 1]).await, Err(damaged));
}
