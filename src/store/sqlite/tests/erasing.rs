use super::*;
use crate::store::{HoldOn, Owed, Placed, StoreError};

fn decision(hours: u64) -> Decision {
    Decision { by: "ann".to_owned(), reason: None, at: at(hours) }
}

fn buyer() -> PartyId {
    PartyId::Buyer("B1".parse().unwrap())
}

impl Market {
    /// Erases what holds kept that have ended: how many messages in each step.
    async fn erase_unheld(&self) -> Vec<usize> {
        let mut steps = vec![];
        while let Some(erased) = self.store.erase_unheld().await.unwrap() {
            steps.push(erased);
        }
        steps
    }

    /// Orders of which it is known what was bought.
    fn bought(&self) -> i64 {
        let sql = "SELECT count(*) FROM orders WHERE items <> '[]'";
        self.raw().query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

/// What refers to a table's rows.
fn hanging_on(conn: &rusqlite::Connection, table: &str) -> Vec<String> {
    let sql = "SELECT DISTINCT t.name || '.' || k.\"from\" FROM pragma_table_list t
        JOIN pragma_foreign_key_list(t.name) k WHERE k.\"table\" = ?1 ORDER BY 1";
    let mut statement = conn.prepare(sql).unwrap();
    let rows = statement.query_map([table], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[tokio::test]
async fn whatever_hangs_on_a_message_is_known_to_the_eraser() {
    let market = Market::open().await;
    let conn = market.raw();
    // Another table? Then erase.rs must take its rows too, along an index of that column.
    assert_eq!(
        hanging_on(&conn, "message"),
        [
            "address_code.mail",
            "content.message",
            "delivery.message",
            "message.about",
            "print.message",
            "review.message",
            "telling.message",
            "turn.started_by",
            "turn.stopped_by",
            "violation.message"
        ]
    );
    assert_eq!(hanging_on(&conn, "delivery"), ["attempt.delivery", "report.delivery"]);
    assert_eq!(
        hanging_on(&conn, "conversation"),
        [
            "evidence.conversation",
            "expired_thread.conversation",
            "legal_hold.conversation",
            "message.conversation",
            "turn.conversation",
            "violation.conversation"
        ]
    );
}

#[tokio::test]
async fn a_deleted_party_is_erased_step_by_step_and_mail_in_hand_is_judged_again() {
    let market = Market::open().await;
    for n in 1..=450 {
        let from = if n % 2 == 0 { Role::Seller } else { Role::Buyer };
        market.accept(&letter(n, from)).await;
    }
    let in_hand = market.acceptance(&letter(999, Role::Seller)).await;
    assert_eq!(market.store.delete_party(&buyer(), decision(1000)).await, Ok(true));
    assert_eq!(market.store.accept(in_hand).await.unwrap_err(), StoreError::Stale);
    let refused = market.admit(&letter(1000, Role::Seller)).await.unwrap_err();
    assert_eq!(refused, Refusal::Unreachable);
    let depth = market.store.depth().await.unwrap();
    assert_eq!((depth.queued, depth.sending, depth.deferred), (0, 0, 0));

    let steps = market.erase(&buyer(), 200).await;
    // A step ends after a while too, so that nobody waits long for it.
    assert_eq!(steps.iter().map(|(erased, _)| erased).sum::<usize>(), 450);
    assert!(steps.len() >= 3 && steps.iter().all(|(erased, _)| *erased <= 200), "{steps:?}");
    let conn = market.raw();
    for table in ["message", "content", "delivery", "attempt", "expired_thread"] {
        let sql = format!("SELECT count(*) FROM {table}");
        let left: i64 = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{table}");
    }
    let named = "SELECT count(*) FROM conversation WHERE subject <> '' OR seller_root IS NOT NULL";
    assert_eq!(conn.query_row(named, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    assert_eq!(market.bought(), 0);
    assert_eq!(market.store.delete_party(&buyer(), decision(1001)).await, Ok(false));
    let put = market.store.put_party(party(Role::Buyer, "b1")).await;
    assert_eq!(put, Err(StoreError::Deleted(buyer())));
    let history = market.store.account_history(&buyer()).await.unwrap();
    let told: Vec<_> = history.iter().map(|e| (e.change.as_str(), e.by.as_str())).collect();
    assert_eq!(told, [("deleted", "ann")]);
}

#[tokio::test]
async fn beside_what_a_hold_keeps_the_steps_stay_as_small() {
    let market = Market::open().await;
    for n in 1..=90 {
        market.accept(&letter(n, Role::Buyer)).await;
    }
    let by_ann = |hours| Decision { by: "ann".to_owned(), reason: None, at: at(hours) };
    let on = HoldOn::Order("ORDER-1".parse().unwrap());
    market.raw().execute("UPDATE message SET \"order\" = NULL WHERE number > 80", []).unwrap();
    assert_eq!(market.store.add_hold(on.clone(), by_ann(1)).await, Ok(Placed::Done));
    assert_eq!(market.store.delete_party(&buyer(), by_ann(1000)).await, Ok(true));
    let steps = market.erase(&buyer(), 20).await;
    let sum = |of: fn(&(usize, usize)) -> usize| steps.iter().map(of).sum::<usize>();
    assert_eq!((sum(|step| step.0), sum(|step| step.1)), (10, 80));
    assert!(steps.iter().all(|(erased, kept)| erased + kept <= 20), "{steps:?}");
    // It names what is kept.
    let named = "SELECT count(*) FROM conversation WHERE subject <> ''";
    let named = || market.raw().query_row(named, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!((named(), market.bought()), (1, 1));
    assert_eq!(market.store.release_hold(on, by_ann(1001)).await, Ok(Placed::Done));
    market.erase_unheld().await;
    let left: i64 =
        market.raw().query_row("SELECT count(*) FROM message", [], |r| r.get(0)).unwrap();
    assert_eq!((left, named(), market.bought()), (0, 0, 0));
}

#[tokio::test]
async fn however_much_a_hold_kept_it_goes_in_steps_that_a_crash_or_another_hold_may_come_between() {
    let mut market = Market::open().await;
    for n in 1..=900 {
        market.accept(&letter(n, Role::Buyer)).await;
    }
    let by_ann = |hours| Decision { by: "ann".to_owned(), reason: None, at: at(hours) };
    let on = HoldOn::Order("ORDER-1".parse().unwrap());
    market.store.add_hold(on.clone(), by_ann(1)).await.unwrap();
    market.store.delete_party(&buyer(), by_ann(1000)).await.unwrap();
    market.erase(&buyer(), 64).await;
    let left = |market: &Market| -> i64 {
        market.raw().query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(left(&market), 900);
    market.raw().execute("UPDATE erasure SET owed = 0", []).unwrap();
    market.store.release_hold(on.clone(), by_ann(1001)).await.unwrap();
    let after_release = left(&market);
    assert!(after_release > 0 && after_release < 900, "{after_release}: some at once");
    assert_eq!(market.store.owed().await, Ok(Owed::Sweep));
    // The relay ends, and what is left is held once more.
    market.store.clone().close().await;
    market.store = Store::open(&market.path(), OpenMode::Serve, DOMAIN).unwrap();
    market.store.add_hold(on.clone(), by_ann(1002)).await.unwrap();
    let kept = left(&market);
    assert_eq!(kept, after_release);
    assert_eq!(market.erase_unheld().await.iter().sum::<usize>(), 0);
    assert_eq!((left(&market), market.bought()), (kept, 1));
    // When that ends too, all of it goes.
    market.store.release_hold(on, by_ann(1003)).await.unwrap();
    market.erase_unheld().await;
    assert_eq!((left(&market), market.bought()), (0, 0));
    assert_eq!(market.store.erase_unheld().await, Ok(None));
}

#[tokio::test]
async fn what_an_appeal_kept_of_a_deleted_seller_goes_when_it_ends() {
    let market = Market::open().await;
    for n in 1..=3 {
        market.accept(&letter(n, Role::Seller)).await;
    }
    // Of the second it is disputed whether it broke a rule.
    let raw = market.raw();
    raw.execute_batch(
        "INSERT INTO violation (party, pair, message, at, rule, action, enforced, certainty, part,
            words, signature, strike)
         SELECT sender, pair, number, 0, 'promotion', 'reject', 1, 'sure', 'body', 'x', 0, 1
         FROM message WHERE number = 2",
    )
    .unwrap();
    let by_ann = |hours| Decision { by: "ann".to_owned(), reason: None, at: at(hours) };
    let appeal = HoldOn::Appeal("S1".parse().unwrap());
    assert_eq!(market.store.add_hold(appeal.clone(), by_ann(1)).await, Ok(Placed::Done));
    let seller = PartyId::Seller("S1".parse().unwrap());
    market.store.delete_party(&seller, by_ann(2)).await.unwrap();
    // A step ends after a while, so that there may be several.
    let steps = market.erase(&seller, 20).await;
    let sum = |of: fn(&(usize, usize)) -> usize| steps.iter().map(of).sum::<usize>();
    assert_eq!((sum(|step| step.0), sum(|step| step.1)), (2, 1), "{steps:?}");
    market.store.release_hold(appeal, by_ann(3)).await.unwrap();
    market.erase_unheld().await;
    let left: i64 = raw.query_row("SELECT count(*) FROM message", [], |r| r.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_was_erased_leaves_the_wal_as_soon_as_nobody_reads_an_old_snapshot() {
    let market = Market::open().await;
    let wal = market.dir.path().join("bauta.db-wal");
    let size = || std::fs::metadata(&wal).map_or(0, |wal| wal.len());
    market.accept(&letter(1, Role::Buyer)).await;
    let reader = market.raw();
    reader.execute_batch("BEGIN; SELECT count(*) FROM message;").unwrap();
    market.accept(&letter(2, Role::Buyer)).await;
    market.store.inner.queue.empty_wal_soon();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(size() > 0, "it can't be emptied yet");
    market.accept(&letter(3, Role::Buyer)).await;
    reader.execute_batch("COMMIT").unwrap();
    while size() > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    market.accept(&letter(4, Role::Buyer)).await;
    assert!(size() > 0);
    assert!(market.store.empty_wal().await, "nobody writes any more, and it is emptied");
    assert_eq!(size(), 0);
}

#[tokio::test]
async fn a_command_that_ends_while_a_backup_is_made_keeps_nobody_from_writing() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let backup = market.raw();
    backup.execute_batch("BEGIN; SELECT count(*) FROM message;").unwrap();
    market.accept(&letter(2, Role::Buyer)).await;
    let command = market.beside();
    command.put_party(party(Role::Buyer, "B7")).await.unwrap();
    let began = std::time::Instant::now();
    command.close().await;
    // As long as it would wait for a lock.
    assert!(began.elapsed() < Duration::from_secs(5), "it waited for the backup");
    backup.execute_batch("COMMIT").unwrap();
}

#[tokio::test]
async fn limits_are_counted_in_the_transaction_so_that_two_at_once_can_not_both_pass() {
    let market = Market::open().await;
    let limits = Limits { messages_per_hour: Some(2), ..UNLIMITED };
    let mut at_once = vec![];
    for n in 1..=4 {
        let letter = Letter { at: at(1), ..letter(n, Role::Buyer) };
        let mut acceptance = market.acceptance(&letter).await;
        acceptance.arrival.limits = limits;
        let store = market.store.clone();
        at_once.push(tokio::spawn(async move { store.accept(acceptance).await.map(|_| ()) }));
    }
    let mut taken = 0;
    for one in at_once {
        match one.await.unwrap() {
            Ok(()) => taken += 1,
            Err(error) => assert_eq!(error, StoreError::Limit(Limit::Hour)),
        }
    }
    assert_eq!(taken, 2);
    let later = Letter { at: at(3), ..letter(9, Role::Buyer) };
    let mut acceptance = market.acceptance(&later).await;
    acceptance.arrival.limits = limits;
    market.store.accept(acceptance).await.unwrap();
}

#[tokio::test]
async fn a_network_from_which_proved_mail_came_is_known_for_30_days() {
    let market = Market::open().await;
    let network: std::net::IpAddr = "192.0.2.7".parse().unwrap();
    let known = async |hours| market.store.is_proved(network, at(hours)).await.unwrap();
    assert!(!known(1).await);
    let mut acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
    acceptance.arrival.proved_network = Some(network);
    market.store.accept(acceptance).await.unwrap();
    assert!(known(1).await && known(24 * 30).await && !known(24 * 30 + 2).await);
    let other = "192.0.2.8".parse().unwrap();
    assert!(!market.store.is_proved(other, at(1)).await.unwrap());
    // The next one sweeps out what is too old.
    let late = letter(24 * 40, Role::Buyer);
    let mut acceptance = market.acceptance(&late).await;
    acceptance.arrival.proved_network = Some(other);
    market.store.accept(acceptance).await.unwrap();
    let left: i64 =
        market.raw().query_row("SELECT count(*) FROM proved_network", [], |r| r.get(0)).unwrap();
    assert_eq!(left, 1);
}
