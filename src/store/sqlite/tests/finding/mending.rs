//! A part of the search index that is damaged.

use super::*;

#[tokio::test]
async fn a_damaged_part_is_looked_through_and_made_anew() {
    let mut market = Market::open_in_parts().await;
    market.accept_all(1..=200).await;
    market.index_all(50).await;
    market.erase_up_to(70).await;
    let everything = newest_first(71..=200);
    // The second part, of which some were erased and are in it still.
    assert!(market.damage(1) > 3);
    assert_eq!(market.found(&[ALL]).await, everything);
    assert!(market.store.is_index_damaged().await.unwrap());
    let is_mending = "SELECT mend_part FROM found_by_progress";
    let is_mending = |market: &Market| -> Option<i64> {
        market.raw().query_row(is_mending, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(is_mending(&market), Some(1));
    // The relay ends and another begins, some are erased, some change, more comes in.
    assert!(market.store.index_some(1000, 9).await.unwrap());
    market.restart().await;
    market.erase_up_to(90).await;
    assert!(market.store.index_some(1000, 9).await.unwrap());
    market.change(100, |words| words.in_state(MessageState::Rejected)).await;
    market.accept_all(201..=205).await;
    let standing = |numbers| newest_first(numbers).into_iter().filter(|n| *n != 100);
    let mut steps = 0;
    while market.store.index_some(1000, 9).await.unwrap() {
        market.check();
        assert_eq!(market.found(&[ALL]).await, standing(91..=205).collect::<Vec<_>>());
        assert_eq!(market.found(&[Words::of_state(MessageState::Rejected)]).await, [100]);
        assert_eq!(market.found(&[own(95)]).await, [95]);
        steps += 1;
        if steps == 3 {
            // What was made anew is damaged too.
            let blocks = market.blocks(2);
            assert!(blocks[1] > 0, "{blocks:?}");
            market.damage(blocks[0]);
        }
    }
    assert!(steps > 3, "{steps}");
    assert_eq!(is_mending(&market), None);
    assert!(!market.store.is_index_damaged().await.unwrap());
    market.index_all(1000).await;
    market.take_out_all(1000).await;
    assert!(index::read_all(&market.raw()).iter().all(|(_, message)| *message > 90));
    assert_eq!(market.found(&[ALL]).await, standing(91..=205).collect::<Vec<_>>());

    // Whoever comes upon it first says so: who brings messages in, and who takes some out.
    market.accept_all(206..=220).await;
    let newest = market.blocks(4).iter().sum::<i64>() - 1;
    market.damage(newest);
    market.index_all(9).await;
    assert_eq!(market.found(&[own(199)]).await, [199]);
    assert!(!market.store.is_index_damaged().await.unwrap());
    market.damage(0);
    market.erase_up_to(95).await;
    // And who takes them out hears that they are not out yet.
    let mut taken_out = Ok(true);
    while taken_out == Ok(true) {
        taken_out = market.store.take_out_some(1000).await;
    }
    assert_eq!(taken_out, Err(StoreError::Damaged("found_by.lists")));
    assert!(is_mending(&market).is_some());
    market.index_all(1000).await;
    market.take_out_all(1000).await;
    assert!(index::read_all(&market.raw()).iter().all(|(_, message)| *message > 95));
    let gone = "SELECT count(*) FROM found_words WHERE gone IS NOT NULL";
    assert_eq!(market.raw().query_row(gone, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}
