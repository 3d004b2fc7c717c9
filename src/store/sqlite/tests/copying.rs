//! The same sent to many.

use super::*;

fn prints(text: u64, parts: [u64; 8]) -> Prints {
    Prints { texts: vec![text], pictures: vec![vec![], parts.to_vec()] }
}

/// A second buyer of the same seller.
async fn other_pair(market: &Market) -> PairId {
    let address = vec!["joe@mail.example".parse().unwrap()];
    let id = PartyId::Buyer("B2".parse().unwrap());
    let put = PutParty::new(id, "Joe Poe".parse().unwrap(), Language::En, address);
    market.store.put_party(put).await.unwrap();
    let (seller, buyer) = ("S1".parse().unwrap(), "B2".parse().unwrap());
    let order = PutOrder::new("ORDER-2".parse().unwrap(), seller, buyer);
    market.store.put_order(order, names(2), at(0)).await.unwrap();
    market.store.facts(&names(2).seller_alias, None).await.unwrap().unwrap().0.pair
}

#[tokio::test]
async fn what_went_to_another_buyer_counts_until_it_is_erased() {
    let market = Market::open().await;
    let sent = prints(7, [1, 2, 3, 4, 5, 6, 7, u64::MAX]);
    for n in [1, 2] {
        let mut acceptance = market.acceptance(&letter(n, Role::Seller)).await;
        acceptance.arrival.prints = sent.clone();
        market.store.accept(acceptance).await.unwrap();
    }
    let own = market.facts().await.pair;
    let other = other_pair(&market).await;
    let count = async |pair, asked: &Prints| {
        let Copies { texts, pictures } = market.store.copies(pair, asked, None).await.unwrap();
        (texts, pictures)
    };
    assert_eq!(count(own, &sent).await, (vec![0], vec![0, 0]), "the same buyer");
    // Two messages, one buyer.
    assert_eq!(count(other, &sent).await, (vec![1], vec![0, 1]));
    let early = market.store.copies(other, &sent, Some(1)).await.unwrap();
    assert_eq!(early.texts, [0], "before the first message");
    let nearly = prints(7, [1, 2, 3, 4, 50, 60, 70, u64::MAX]);
    assert_eq!(count(other, &nearly).await, (vec![1], vec![0, 1]), "packed otherwise");
    let another = prints(8, [1, 2, 3, 4, 50, 60, 70, 80]);
    assert_eq!(count(other, &another).await, (vec![0], vec![0, 0]), "another one");
    // A picture's number is no text's.
    assert_eq!(count(other, &prints(1, [7; 8])).await, (vec![0], vec![0, 0]));

    let buyer = PartyId::Buyer("B1".parse().unwrap());
    let decision = Decision { by: "ann".to_owned(), reason: None, at: at(9) };
    market.store.delete_party(&buyer, decision).await.unwrap();
    market.erase(&buyer, 200).await;
    assert_eq!(count(other, &sent).await, (vec![0], vec![0, 0]));
    let conn = market.raw();
    let left: i64 = conn.query_row("SELECT count(*) FROM print", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn of_very_many_buyers_no_more_are_counted_than_matter() {
    let market = Market::open().await;
    market
        .raw()
        .execute_batch(
            "CREATE TEMP TABLE n AS
                WITH RECURSIVE n(n) AS (SELECT 101 UNION ALL SELECT n + 1 FROM n WHERE n < 10160)
                SELECT n FROM n;
             INSERT INTO party (number, role, id, id_key, name, language, version)
                SELECT n, 'buyer', 'X' || n, 'x' || n, 'X', 'en', 1 FROM n;
             INSERT INTO pair (number, seller, buyer, version, key_version, seller_alias, buyer_alias)
                SELECT n, 1, n, 1, 1, 's' || n, 'b' || n FROM n;
             INSERT INTO conversation (number, pair, subject, opened_at, last_message_at)
                SELECT n, n, '', 0, 0 FROM n;
             INSERT INTO message (number, id, kind, conversation, pair, sender, of_seller, of_buyer,
                    direction, state, received_at, subject, verdict, proof, proactive, automatic)
                SELECT n, 'm' || n, 'relay', n, n, 1, 1, n, 'seller-to-buyer', 'accepted', 0, '',
                    'null', '', 0, 0 FROM n;
             INSERT INTO print (seller, value, message, item) SELECT 1, 7, n, 0 FROM n;",
        )
        .unwrap();
    let own = market.facts().await.pair;
    let sent = Prints { texts: vec![7], pictures: vec![] };
    let copies = market.store.copies(own, &sent, None).await.unwrap();
    assert_eq!(copies.texts, [Copies::ENOUGH]);
}
