use super::*;
use crate::store::StoreError;

#[tokio::test]
async fn a_party_is_created_changed_and_left_alone_and_only_a_change_counts_as_one() {
    let market = Market::open().await;
    let mut put = party(Role::Buyer, "b1");
    let version = market.facts().await.version.buyer;
    assert_eq!(market.store.put_party(party(Role::Buyer, "B1")).await, Ok(Put::Unchanged));
    assert_eq!(market.facts().await.version.buyer, version);
    put.addresses.push("jane.roe@work.example".parse().unwrap());
    assert_eq!(market.store.put_party(put.clone()).await, Ok(Put::Changed));
    assert_eq!(market.facts().await.version.buyer, version + 1);
    let found = market.store.party(&put.id).await.unwrap().unwrap();
    assert_eq!(found.addresses, put.addresses);
    put.addresses.remove(0);
    market.store.put_party(put.clone()).await.unwrap();
    let parties = market.store.parties(Role::Buyer).await.unwrap();
    assert_eq!(parties.len(), 1);
    assert_eq!(parties[0].addresses, put.addresses, "the record is replaced as a whole");
    assert!(market.store.party(&PartyId::Buyer("B2".parse().unwrap())).await.unwrap().is_none());
}

#[tokio::test]
async fn an_order_names_its_pair_once_and_for_ever() {
    let market = Market::open().await;
    let (seller, buyer) = ("s1".parse().unwrap(), "b1".parse().unwrap());
    let put = market.store.put_order(order("ORDER-2"), names(2), at(1)).await;
    assert_eq!(put, Ok(Put::Created));
    let known = market.store.pair_aliases(&seller, &buyer).await.unwrap();
    assert_eq!(known, Some(names(1)));
    assert_eq!(market.store.name_pair(&seller, &buyer, names(3)).await, Ok(names(1)));
    market.store.put_party(party(Role::Buyer, "B2")).await.unwrap();
    let second = "B2".parse().unwrap();
    assert_eq!(market.store.pair_aliases(&seller, &second).await, Ok(None));
    assert_eq!(market.store.name_pair(&seller, &second, names(3)).await, Ok(names(3)));
    assert_eq!(market.store.pair_aliases(&seller, &second).await, Ok(Some(names(3))));
}

#[tokio::test]
async fn an_order_is_replaced_but_never_moved() {
    let market = Market::open().await;
    let before = market.facts().await.version.pair;
    assert_eq!(market.store.put_order(order("ORDER-1"), names(1), at(5)).await, Ok(Put::Unchanged));
    assert_eq!(market.facts().await.version.pair, before);
    let shipped = PutOrder { status: OrderStatus::Shipped, ..order("order-1") };
    assert_eq!(market.store.put_order(shipped, names(1), at(5)).await, Ok(Put::Changed));
    assert_eq!(market.facts().await.version.pair, before + 1);
    let found = market.store.order(&"Order-1".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((found.status, found.registered_at), (OrderStatus::Shipped, at(0)));
    assert_eq!(found.items, ["Brass lamp"]);

    market.store.put_party(party(Role::Buyer, "B2")).await.unwrap();
    let moved = PutOrder { buyer: "B2".parse().unwrap(), ..order("ORDER-1") };
    let error = market.store.put_order(moved, names(2), at(6)).await.unwrap_err();
    assert!(error.to_string().contains("can't move to another buyer"), "{error}");
    assert!(!error.is_transient());
    let unknown = PutOrder { seller: "S9".parse().unwrap(), ..order("ORDER-9") };
    let error = market.store.put_order(unknown, names(2), at(6)).await.unwrap_err();
    assert_eq!(error.to_string(), "seller S9 is not registered");
    assert!(market.store.order(&"ORDER-9".parse().unwrap()).await.unwrap().is_none());
}

#[tokio::test]
async fn orders_are_listed_by_seller_and_buyer_the_newest_first() {
    let market = Market::open().await;
    market.store.put_order(order("ORDER-2"), names(1), at(1)).await.unwrap();
    let list = async |filter| {
        let orders = market.store.orders(filter).await.unwrap();
        orders.iter().map(|o| o.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    let (seller, none) = (Some("s1".parse().unwrap()), Some("S2".parse().unwrap()));
    let all = OrderFilter { seller, ..OrderFilter::default() };
    assert_eq!(list(all.clone()).await, ["ORDER-2", "ORDER-1"]);
    assert_eq!(list(OrderFilter { limit: Some(1), ..all }).await, ["ORDER-2"]);
    assert!(list(OrderFilter { seller: none, ..OrderFilter::default() }).await.is_empty());
}

#[tokio::test]
async fn an_alias_tells_its_pair_and_side_and_a_foreign_tag_tells_nothing() {
    let market = Market::open().await;
    market.store.put_party(party(Role::Buyer, "B2")).await.unwrap();
    let other = PutOrder { buyer: "B2".parse().unwrap(), ..order("OTHER-1") };
    market.store.put_order(other, names(2), at(0)).await.unwrap();
    let elsewhere = AliasAddress::new("seller1", "elsewhere.example");
    for (alias, tag, expected) in [
        (names(1).seller_alias, None, Some(Role::Seller)),
        (names(1).buyer_alias, None, Some(Role::Buyer)),
        (names(1).buyer_alias, Some("order-1"), Some(Role::Buyer)),
        (names(1).buyer_alias, Some("ORDER-1"), Some(Role::Buyer)),
        (names(1).buyer_alias, Some("other-1"), None),
        (names(1).buyer_alias, Some("nothing"), None),
        (names(9).buyer_alias, None, None),
        (elsewhere, None, None),
    ] {
        let found = market.store.facts(&alias, tag).await.unwrap();
        assert_eq!(found.as_ref().map(|(_, role)| *role), expected, "{alias} {tag:?}");
        if let Some((facts, role)) = found {
            assert_eq!(facts.alias(role), &alias);
            assert_eq!(facts.seller.addresses, [address(Role::Seller)]);
        }
    }
}

#[tokio::test]
async fn only_create_makes_a_database_and_its_settings_are_the_promised_ones() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bauta.db");
    for mode in [OpenMode::Serve, OpenMode::Beside] {
        let error = Store::open(&path, mode, DOMAIN).unwrap_err();
        assert_eq!(error, StoreError::Missing(path.clone()));
        assert!(!path.exists());
    }
    // A file that was made and never filled is no database either.
    std::fs::write(&path, b"").unwrap();
    assert!(matches!(Store::open(&path, OpenMode::Serve, DOMAIN), Err(StoreError::Missing(_))));
    let store = Store::open(&path, OpenMode::Create, DOMAIN).unwrap();
    let pragma = async |name: &'static str| {
        let sql = format!("PRAGMA {name}");
        store
            .write(0, move |conn| Ok(conn.query_row(&sql, [], |row| row.get::<_, i64>(0))?))
            .await
            .unwrap()
    };
    for (name, expected) in [
        ("foreign_keys", 1),
        ("synchronous", 2),
        ("temp_store", 2),
        ("secure_delete", 1),
        ("auto_vacuum", 2),
        ("wal_autocheckpoint", 0),
        ("busy_timeout", 5000),
    ] {
        assert_eq!(pragma(name).await, expected, "{name}");
    }
    let written = store.read(|conn| Ok(conn.execute_batch("DELETE FROM party")?)).await;
    assert!(written.is_err(), "a reader can't write");
    store.close().await;
    assert!(!dir.path().join("bauta.db-wal").exists(), "a clean close leaves no WAL behind");
    Store::open(&path, OpenMode::Serve, DOMAIN).unwrap();
}

#[tokio::test]
async fn a_new_database_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let market = Market::open().await;
    for name in ["bauta.db", "bauta.db-wal"] {
        let mode = std::fs::metadata(market.dir.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn the_cli_refuses_a_schema_that_is_not_its_own() {
    let market = Market::open().await;
    let path = market.path();
    market.raw().execute_batch("PRAGMA user_version = 99").unwrap();
    for mode in [OpenMode::Beside, OpenMode::Serve, OpenMode::Create] {
        let error = Store::open(&path, mode, DOMAIN).unwrap_err();
        assert!(matches!(error, StoreError::Schema { found: 99, .. }), "{mode:?} {error}");
    }
}

#[tokio::test]
async fn what_a_mail_asks_is_answered_from_an_index() {
    let market = Market::open().await;
    let conn = market.raw();
    for sql in [
        "SELECT * FROM pair WHERE seller_alias = ?1 OR buyer_alias = ?1",
        "SELECT * FROM message WHERE pair = ?1 AND seller_msg_id = ?2
            AND conversation IS NOT NULL",
        "SELECT * FROM message WHERE fingerprint = ?1 AND received_at >= ?2
            AND state = 'accepted'",
        "SELECT * FROM message WHERE conversation = ?1 AND state = 'accepted'
            ORDER BY number DESC LIMIT 1",
        "SELECT count(*) FROM message WHERE state = 'rejected' AND sender = ?1
            AND received_at > ?2",
        "SELECT number FROM delivery WHERE state IN ('queued', 'deferred')
            AND next_attempt_at <= ?1",
        "SELECT number FROM delivery WHERE state = 'sending' AND lease_until <= ?1",
        "SELECT number FROM turn WHERE conversation = ?1 AND stopped_at IS NULL",
    ] {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let wanted = vec![rusqlite::types::Value::Null; plan.parameter_count()];
        let rows = plan
            .query_map(rusqlite::params_from_iter(wanted), |row| row.get::<_, String>("detail"))
            .unwrap();
        let plan: Vec<String> = rows.map(Result::unwrap).collect();
        let scans = plan.iter().any(|step| step.starts_with("SCAN") || step.contains("TEMP"));
        assert!(!scans, "{sql} {plan:?}");
    }
}
