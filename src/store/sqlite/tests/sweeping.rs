use std::collections::BTreeSet;

use super::*;
use crate::store::sqlite::index;
use crate::store::sqlite::pages::has_remains;
use crate::store::{Keep, KeepFrom, Owed, Place};

const KEEP: Duration = Duration::from_secs(60 * 86_400);

impl Market {
    /// Erases all that came in up to that hour.
    async fn expire_up_to(&self, hour: u64) -> usize {
        let keep = Keep { span: KEEP, from: KeepFrom::Message, now: at(60 * 24 + hour) };
        let (mut erased, mut place) = (0, Place::default());
        let thread = |_, name: &str| i64::try_from(name.len()).unwrap();
        loop {
            let step = self.store.expire_some(keep, place, 16, thread).await.unwrap();
            erased += step.erased;
            match step.next {
                Some(next) => place = next,
                None => return erased,
            }
        }
    }

    /// Looks through what was written since the last time, so many pages at once: in how many steps.
    async fn sweep(&self, most: usize) -> usize {
        let mut first = None;
        loop {
            let mut sweep = self.store.begin_sweep().await.unwrap();
            let mut steps = 0;
            while self.store.sweep_some(&mut sweep, most).await.unwrap() {
                steps += 1;
            }
            first.get_or_insert(steps);
            // What was overwritten was written, too.
            if self.store.end_sweep(64).await.unwrap() {
                break;
            }
        }
        assert!(self.store.empty_wal().await);
        first.unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        let files = ["bauta.db", "bauta.db-wal", "bauta.db-shm"];
        files.iter().flat_map(|f| std::fs::read(self.dir.path().join(f)).unwrap()).collect()
    }

    /// The letters that are archived.
    fn standing(&self) -> BTreeSet<usize> {
        let raw = self.raw();
        let sql = "SELECT seller_msg_id || buyer_msg_id FROM message";
        let mut statement = raw.prepare(sql).unwrap();
        let names = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        names.map(|both| number(&both.unwrap()).unwrap()).collect()
    }

    /// Which letters are named in any of the files, by the ids that both sides know them by.
    fn named(&self) -> BTreeSet<usize> {
        let text = String::from_utf8_lossy(&self.bytes()).into_owned();
        let beginnings = text.match_indices("quux").filter_map(|(at, _)| text.get(at..));
        beginnings.filter_map(number).collect()
    }
}

/// The number in what a letter is named by.
fn number(text: &str) -> Option<usize> {
    let (_, rest) = text.split_once("quux")?;
    rest.split_once("end@")?.0.parse().ok()
}

/// The n-th letter: it came in at an hour that has nothing to do with its number.
fn scattered(n: usize) -> Letter {
    let own_id = Box::leak(format!("quux{n}end@mail.example").into_boxed_str());
    let hour = u64::try_from(n * 7919 % 997).unwrap();
    let from = if n.is_multiple_of(3) { Role::Seller } else { Role::Buyer };
    Letter { own_id: Some(own_id), at: at(hour), ..letter(n, from) }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_came_and_went_no_name_is_left_in_any_gap() {
    let market = Market::open().await;
    // Over a thousand of them: a page has to be split and evened out often enough.
    let mut all = 0;
    for round in 1..=4_u64 {
        for _ in 0..300 {
            all += 1;
            market.accept(&scattered(all)).await;
        }
        market.deliver_all().await;
        while market.store.index_some(1, 64).await.unwrap() {}
        let erased = market.expire_up_to(round * 200).await;
        assert!(erased > 40, "{erased} in round {round}");
        while market.store.take_out_some(64).await.unwrap() {}
        market.sweep(64).await;
        let stand = market.standing();
        assert!(stand.len() > 100, "{} stand", stand.len());
        assert_eq!(
            market.named(),
            stand,
            "round {round}: those that stand are named, and no other"
        );
    }
    let raw = market.raw();
    raw.execute_batch("PRAGMA quick_check").unwrap();
    let is_sound: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(is_sound, "ok");
    index::check(&raw);
    // And nothing else is left where no row is.
    let sql = "SELECT pageno FROM dbstat WHERE pagetype IN ('leaf', 'internal')";
    let mut statement = raw.prepare(sql).unwrap();
    let trees = statement.query_map([], |row| row.get::<_, u32>(0)).unwrap().map(Result::unwrap);
    let file = std::fs::read(market.path()).unwrap();
    let page = |n: u32| file.chunks(4096).nth(n as usize - 1).unwrap();
    let with_remains: Vec<u32> = trees.filter(|n| has_remains(page(*n), *n == 1)).collect();
    assert_eq!(with_remains, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_written_since_is_looked_at() {
    let market = Market::open().await;
    for n in 1..=60 {
        market.accept(&scattered(n)).await;
    }
    let all: u32 = market.raw().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    assert_eq!(market.sweep(1).await, all as usize, "who has just come looks at every page");
    market.sweep(1).await;
    assert_eq!(market.sweep(1).await, 0);
    market.store.put_order(order("ORDER-2"), names(1), at(3)).await.unwrap();
    let few = market.sweep(1).await;
    assert!(few > 0 && few < 20, "{few} of {all} pages were written for an order");
    // Nor does what a command writes beside us have us look at more, where it is not the first after a
    // cut.
    market.store.put_order(order("ORDER-6"), names(1), at(3)).await.unwrap();
    let command = market.beside();
    command.put_party(party(Role::Buyer, "B7")).await.unwrap();
    command.close().await;
    market.store.put_order(order("ORDER-5"), names(1), at(3)).await.unwrap();
    let few = market.sweep(1).await;
    assert!(few > 0 && few < 20, "{few} of {all} pages were written beside us");
    // What is too much for the end is swept before it.
    market.store.put_order(order("ORDER-4"), names(1), at(3)).await.unwrap();
    assert!(!market.store.end_sweep(1).await.unwrap());
    assert!(market.sweep(1).await > 1);
    // What is taken up and not ended is taken up again.
    market.store.put_order(order("ORDER-3"), names(1), at(3)).await.unwrap();
    let mut broken_off = market.store.begin_sweep().await.unwrap();
    assert!(market.store.sweep_some(&mut broken_off, 1).await.unwrap());
    drop(broken_off);
    let rest = market.sweep(1).await;
    assert!(rest > 0 && rest < 20, "{rest}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_is_owed_until_it_was_made_and_the_wal_cut_whoever_began_it() {
    let mut market = Market::open().await;
    assert_eq!(market.store.owed().await, Ok(Owed::Nothing));
    for n in 1..=9 {
        market.accept(&scattered(n)).await;
    }
    market.deliver_all().await;
    assert_eq!(market.expire_up_to(10_000).await, 9);
    assert_eq!(market.store.owed().await, Ok(Owed::Sweep));
    // The relay ends, however that comes, before it sweeps.
    market.store.clone().close().await;
    market.store = Store::open(&market.path(), OpenMode::Serve, DOMAIN).unwrap();
    assert_eq!(market.store.owed().await, Ok(Owed::Sweep));
    assert!(market.store.begin_sweep().await.unwrap().is_of_all());
    market.sweep(64).await;
    assert_eq!(market.store.owed().await, Ok(Owed::Cut));
    market.store.note_cut().await.unwrap();
    assert_eq!(market.store.owed().await, Ok(Owed::Nothing));
    // What is erased between the sweep and the cut is owed.
    market.accept(&scattered(10)).await;
    market.deliver_all().await;
    assert_eq!(market.expire_up_to(10_000).await, 1);
    market.store.note_cut().await.unwrap();
    assert_eq!(market.store.owed().await, Ok(Owed::Sweep));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_nobody_waits_for_any_more_loses_no_page() {
    let market = Market::open().await;
    market.sweep(64).await;
    market.sweep(64).await;
    assert_eq!(market.sweep(1).await, 0);
    market.store.put_order(order("ORDER-2"), names(1), at(3)).await.unwrap();
    let mut sweep = market.store.begin_sweep().await.unwrap();
    let step = market.store.sweep_some(&mut sweep, usize::MAX);
    let ended = tokio::time::timeout(Duration::ZERO, step).await;
    drop(sweep);
    let rest = market.sweep(1).await;
    assert!(ended.is_ok() || rest > 0, "{rest}");
    // Nor one that has just begun.
    market.store.put_order(order("ORDER-3"), names(1), at(3)).await.unwrap();
    let begun = tokio::time::timeout(Duration::ZERO, market.store.begin_sweep()).await;
    drop(begun);
    // Behind it: by then what it took has been given back.
    market.store.write(0, |_| Ok(())).await.unwrap();
    assert!(market.sweep(1).await > 0);
}
