use super::*;
use crate::store::sqlite::index;
use crate::store::{Expired, HoldOn, Keep, KeepFrom, Place, Placed};

const KEEP: Duration = Duration::from_secs(60 * 86_400);

fn by_ann(hours: u64) -> Decision {
    Decision { by: "ann".to_owned(), reason: None, at: at(hours) }
}

fn thread(side: Role, name: &str) -> i64 {
    i64::try_from(name.len()).unwrap() * 10 + i64::from(side == Role::Buyer)
}

impl Market {
    /// One pass over the archive at that hour, by steps of so many messages.
    async fn expire(&self, hours: u64, from: KeepFrom, most: usize) -> Expired {
        let keep = Keep { span: KEEP, from, now: at(hours) };
        let (mut total, mut place) = (Expired::default(), Place::default());
        loop {
            let step = self.store.expire_some(keep, place, most, thread).await.unwrap();
            assert!(step.erased <= most);
            total.erased += step.erased;
            total.held += step.held;
            total.busy += step.busy;
            match step.next {
                Some(next) => place = next,
                None => return total,
            }
        }
    }

    pub(super) async fn deliver_all(&self) {
        let raw = self.raw();
        let sql = "UPDATE delivery SET state = 'delivered', lease_owner = NULL, lease_until = NULL";
        raw.execute(sql, []).unwrap();
    }

    fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        self.raw().query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    /// The messages in the index, once for each word, when what was erased has been taken out.
    async fn indexed(&self) -> Vec<i64> {
        while self.store.take_out_some(2).await.unwrap() {}
        let raw = self.raw();
        index::check(&raw);
        index::read_all(&raw).into_iter().map(|(_, message)| message).collect()
    }

    async fn ids(&self) -> Vec<usize> {
        let all = self.store.messages(MessageFilter::default()).await.unwrap();
        let mut ids: Vec<usize> =
            all.iter().map(|row| (1..2000).find(|n| message_id(*n) == row.id).unwrap()).collect();
        ids.reverse();
        ids
    }
}

/// 60 days and so many hours.
fn later(hours: u64) -> u64 {
    60 * 24 + hours
}

fn erased(erased: usize) -> Expired {
    Expired { erased, ..Expired::default() }
}

#[tokio::test]
async fn what_is_past_its_time_goes_and_what_counts_stays() {
    let market = Market::open().await;
    for n in 1..=7 {
        let from = if n % 2 == 0 { Role::Seller } else { Role::Buyer };
        market.accept(&letter(n, from)).await;
    }
    while market.store.index_some(1, 3).await.unwrap() {}
    assert_eq!(
        market.expire(later(5), KeepFrom::Message, 2).await,
        Expired { busy: 5, ..Expired::default() }
    );
    market.deliver_all().await;
    assert_eq!(market.expire(later(0), KeepFrom::Message, 2).await, erased(0));
    assert_eq!(market.expire(later(5), KeepFrom::Message, 2).await, erased(5));
    assert_eq!(market.ids().await, [6, 7]);
    assert_eq!((market.count("content"), market.count("delivery")), (2, 2));
    assert_eq!(market.count("turn"), 4, "how long answers took is told still");
    assert_eq!(market.indexed().await, [6, 7, 6, 7], "each has its state and a word");
    let subject: String =
        market.raw().query_row("SELECT subject FROM conversation", [], |row| row.get(0)).unwrap();
    assert_eq!(subject, "letter 6");
    let counted = "SELECT sum(messages) FROM expired_count WHERE state = 'accepted'";
    assert_eq!(market.raw().query_row(counted, [], |row| row.get::<_, i64>(0)), Ok(5));
    // What the buyer knew the second message by finds the conversation.
    let pair = market.facts().await.pair;
    let hash = thread(Role::Buyer, &format!("out2@{DOMAIN}"));
    assert!(market.store.expired_thread(pair, vec![1, hash]).await.unwrap().is_some());
    assert!(market.store.expired_thread(pair, vec![1]).await.unwrap().is_none());
    assert_eq!(market.expire(later(100), KeepFrom::Message, 64).await, erased(2));
    market.accept(&letter(8, Role::Buyer)).await;
    while market.store.index_some(1, 3).await.unwrap() {}
    assert_eq!(
        market.indexed().await,
        [1, 1],
        "a number that is given out anew comes into the index"
    );
}

#[tokio::test]
async fn a_legal_hold_keeps_and_its_time_does_not_count() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    market.deliver_all().await;
    let on = HoldOn::Order("order-1".parse().unwrap());
    let add = async |on: &HoldOn, hours| market.store.add_hold(on.clone(), by_ann(hours)).await;
    assert_eq!(add(&on, 100).await, Ok(Placed::Done));
    assert_eq!(add(&on, 100).await, Ok(Placed::Already));
    let nothing = HoldOn::Order("O9".parse().unwrap());
    assert_eq!(add(&nothing, 100).await, Ok(Placed::Unknown));
    assert_eq!(market.store.holds().await.unwrap().len(), 1);
    let held = Expired { held: 1, ..Expired::default() };
    assert_eq!(market.expire(later(1000), KeepFrom::Message, 64).await, held);
    let release = async |hours| market.store.release_hold(on.clone(), by_ann(hours)).await;
    assert_eq!(release(300).await, Ok(Placed::Done));
    assert_eq!(release(300).await, Ok(Placed::Already));
    // Received in the first hour; 200 hours stood still.
    assert_eq!(market.expire(later(200), KeepFrom::Message, 64).await, erased(0));
    assert_eq!(market.expire(later(201), KeepFrom::Message, 64).await, erased(1));
}

#[tokio::test]
async fn a_dispute_is_a_hold_until_it_ends() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    market.deliver_all().await;
    let disputed = |dispute| PutOrder { dispute, ..order("ORDER-1") };
    market.store.put_order(disputed(true), names(1), at(2)).await.unwrap();
    let holds = market.store.holds().await.unwrap();
    assert_eq!(holds.iter().map(|h| h.cause.as_str()).collect::<Vec<_>>(), ["dispute"]);
    let held = Expired { held: 1, ..Expired::default() };
    assert_eq!(market.expire(later(9), KeepFrom::Message, 64).await, held);
    market.store.put_order(disputed(false), names(1), at(12)).await.unwrap();
    assert!(market.store.holds().await.unwrap().is_empty());
    assert_eq!(market.expire(later(10), KeepFrom::Message, 64).await, erased(0));
    assert_eq!(market.expire(later(11), KeepFrom::Message, 64).await, erased(1));
}

#[tokio::test]
async fn time_may_run_from_when_the_order_was_closed() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    market.deliver_all().await;
    let put = async |status, hours| {
        let order = PutOrder { status, ..order("ORDER-1") };
        market.store.put_order(order, names(1), at(hours)).await.unwrap();
    };
    assert_eq!(market.expire(later(5000), KeepFrom::OrderClosed, 64).await, erased(0));
    put(OrderStatus::Delivered, 100).await;
    put(OrderStatus::Returned, 200).await;
    assert_eq!(market.expire(later(199), KeepFrom::OrderClosed, 64).await, erased(0));
    put(OrderStatus::Shipped, 210).await;
    assert_eq!(market.expire(later(5000), KeepFrom::OrderClosed, 64).await, erased(0));
    put(OrderStatus::Cancelled, 300).await;
    assert_eq!(market.expire(later(299), KeepFrom::OrderClosed, 64).await, erased(0));
    assert_eq!(market.expire(later(300), KeepFrom::OrderClosed, 64).await, erased(1));
}

#[tokio::test]
async fn an_appeal_keeps_the_messages_that_violations_are_about() {
    let market = Market::open().await;
    let facts = market.facts().await;
    let violation = Violation {
        rule: RuleId::Promotion,
        action: Action::Reject,
        enforced: true,
        certainty: Certainty::Certain,
        part: Part::Text,
        words: "20%".to_owned(),
        in_signature: false,
        may_strike: true,
    };
    let with = Rejection { violations: vec![violation], ..accepting::rejection(1, facts.clone()) };
    market.store.refuse(with).await.unwrap();
    market.store.refuse(accepting::rejection(2, facts)).await.unwrap();
    market.raw().execute("DELETE FROM telling", []).unwrap();
    let appeal = HoldOn::Appeal("S1".parse().unwrap());
    assert_eq!(market.store.add_hold(appeal, by_ann(3)).await, Ok(Placed::Done));
    let one_of_two = Expired { erased: 1, held: 1, ..Expired::default() };
    assert_eq!(market.expire(later(9), KeepFrom::Message, 64).await, one_of_two);
    assert_eq!(market.ids().await, [1]);
}

#[tokio::test]
async fn a_partys_messages_are_erased_on_request_and_its_account_stays() {
    let market = Market::open().await;
    for n in 1..=5 {
        market.accept(&letter(n, Role::Buyer)).await;
    }
    market.deliver_all().await;
    market.raw().execute("UPDATE delivery SET state = 'queued' WHERE number = 5", []).unwrap();
    let buyer = PartyId::Buyer("B1".parse().unwrap());
    let (mut place, mut total) = (Some(Place::default()), Expired::default());
    while let Some(after) = place {
        let step = market.store.erase_written(&buyer, after, 3, thread).await.unwrap();
        assert!(step.erased + step.busy <= 3);
        total.erased += step.erased;
        total.busy += step.busy;
        place = step.next;
    }
    assert_eq!(total, Expired { erased: 4, busy: 1, ..Expired::default() });
    assert_eq!(market.ids().await, [5]);
    assert!(market.store.party(&buyer).await.unwrap().is_some());
}
