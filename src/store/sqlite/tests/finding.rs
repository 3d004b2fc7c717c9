mod mending;

use super::*;
use crate::store::sqlite::index;
use crate::store::{Keep, KeepFrom, Owed, Search, StoreError};

const KEEP: Duration = Duration::from_secs(60 * 86_400);
/// In the words of each letter.
const ALL: u64 = 1;

impl Market {
    /// With an index whose parts are so small that a test fills some.
    async fn open_in_parts() -> Self {
        let market = Self::open().await;
        market.raw().execute("UPDATE found_by_progress SET size = 64", []).unwrap();
        market
    }

    /// Letters of the hours with these numbers, none of them on its way any more.
    async fn accept_all(&self, numbers: std::ops::RangeInclusive<usize>) {
        for n in numbers {
            self.accept(&letter(n, Role::Buyer)).await;
        }
        self.deliver_all().await;
    }

    async fn index_all(&self, most: u32) {
        while self.store.index_some(1, most).await.unwrap() {
            self.check();
        }
        let sql = "SELECT upto = coming AND upto >= (SELECT coalesce(max(message), 0)
            FROM found_words WHERE gone IS NULL) FROM found_by_progress";
        assert!(self.raw().query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap());
    }

    async fn take_out_all(&self, most: u32) {
        while self.store.take_out_some(most).await.unwrap() {
            self.check();
        }
    }

    fn check(&self) {
        index::check(&self.raw());
    }

    /// Gives a message other words.
    async fn change(&self, message: i64, how: impl FnOnce(&Words) -> Words + Send + 'static) {
        self.store.write(0, move |conn| index::replace(conn, message, how)).await.unwrap();
        self.check();
    }

    /// The relay ends, however that comes, and begins again.
    async fn restart(&mut self) {
        self.store.clone().close().await;
        self.store = Store::open(&self.path(), OpenMode::Serve, DOMAIN).unwrap();
    }

    /// Spoils a block of the index: how many there were.
    fn damage(&self, n: i64) -> i64 {
        let raw = self.raw();
        let count = "SELECT count(*) FROM found_by";
        let blocks: i64 = raw.query_row(count, [], |row| row.get(0)).unwrap();
        let sql = "UPDATE found_by SET lists = x'010203' WHERE place =
            (SELECT place FROM found_by ORDER BY place LIMIT 1 OFFSET ?1)";
        if blocks > 0 {
            raw.execute(sql, [n % blocks]).unwrap();
        }
        blocks
    }

    /// Erases what came in up to that hour.
    async fn erase_up_to(&self, hour: u64) {
        let keep = Keep { span: KEEP, from: KeepFrom::Message, now: at(60 * 24 + hour) };
        let mut place = Some(Place::default());
        while let Some(after) = place {
            place = self.store.expire_some(keep, after, 16, |_, _| 0).await.unwrap().next;
        }
    }

    async fn search(&self, search: Search) -> Vec<usize> {
        let found = self.store.search(search).await.unwrap();
        found.iter().map(|f| (1..2000).find(|n| message_id(*n) == f.row.id).unwrap()).collect()
    }

    async fn found(&self, words: &[u64]) -> Vec<usize> {
        let wanted = Wanted(words.iter().map(|word| vec![*word]).collect());
        self.search(Search { wanted, limit: 1000, ..Search::default() }).await
    }

    /// In how many blocks each of the first parts stands.
    fn blocks(&self, parts: i64) -> Vec<i64> {
        let raw = self.raw();
        let sql = "SELECT count(*) FROM found_by WHERE place >> 40 = ?1";
        (0..parts).map(|part| raw.query_row(sql, [part], |row| row.get(0)).unwrap()).collect()
    }
}

fn own(n: usize) -> u64 {
    Words::keyed(n as u64)
}

fn newest_first(numbers: std::ops::RangeInclusive<usize>) -> Vec<usize> {
    numbers.rev().collect()
}

#[tokio::test]
async fn what_is_searched_for_is_found_across_the_parts_and_behind_them() {
    let market = Market::open_in_parts().await;
    market.accept_all(1..=150).await;
    assert_eq!(market.found(&[ALL]).await, newest_first(1..=150), "nothing is in the index");
    market.index_all(50).await;
    assert!(market.blocks(3).iter().all(|blocks| *blocks > 0), "{:?}", market.blocks(3));
    market.accept_all(151..=170).await;
    let upto: i64 =
        market.raw().query_row("SELECT upto FROM found_by_progress", [], |r| r.get(0)).unwrap();
    assert_eq!(upto, 150, "some are not in it");
    for n in [1, 63, 64, 65, 127, 128, 150, 151, 170] {
        assert_eq!(market.found(&[own(n)]).await, [n]);
        assert_eq!(market.found(&[ALL, own(n)]).await, [n]);
    }
    assert_eq!(market.found(&[own(63), own(64)]).await, [0; 0]);
    assert_eq!(market.found(&[own(900)]).await, [0; 0]);
    let either = Wanted(vec![vec![own(64), own(3), own(160)], vec![ALL]]);
    let search = Search { wanted: either, limit: 1000, ..Search::default() };
    assert_eq!(market.search(search).await, [160, 64, 3]);
    // Page by page.
    let (mut all, mut before) = (vec![], None);
    loop {
        let wanted = Wanted(vec![vec![ALL]]);
        let page = Search { wanted, before, limit: 7, ..Search::default() };
        let page = market.search(page).await;
        assert!(page.len() <= 7);
        let Some(last) = page.last() else { break };
        before = Some(message_id(*last));
        all.extend(page);
    }
    assert_eq!(all, newest_first(1..=170));
    // Of some hours.
    for (since, until) in [(60, 70), (140, 160), (1, 2), (100, 101)] {
        let bounds = (Some(at(since)), Some(at(until)));
        let search = Search {
            wanted: Wanted(vec![vec![ALL]]),
            since: bounds.0,
            until: bounds.1,
            before: None,
            limit: 1000,
        };
        let expected = newest_first(since as usize..=until as usize - 1);
        assert_eq!(market.search(search).await, expected, "{since} to {until}");
    }
}

#[tokio::test]
async fn of_what_was_erased_no_word_is_left_wherever_it_was_broken_off() {
    let mut market = Market::open_in_parts().await;
    market.accept_all(1..=200).await;
    market.index_all(33).await;
    // One is on its way still.
    let keep_one = "UPDATE delivery SET state = 'queued' WHERE message = 70";
    market.raw().execute(keep_one, []).unwrap();
    market.erase_up_to(150).await;
    market.check();
    let standing: Vec<usize> = (151..=200).rev().chain([70]).collect();
    assert_eq!(market.found(&[ALL]).await, standing, "before they are taken out");
    assert_eq!(market.found(&[own(100)]).await, [0; 0]);
    // The relay ends, however that comes, between two steps.
    assert!(market.store.take_out_some(40).await.unwrap());
    market.check();
    market.restart().await;
    // More comes in, is erased and comes into the index meanwhile.
    market.accept_all(201..=230).await;
    market.index_all(9).await;
    market.accept_all(231..=232).await;
    market.raw().execute(keep_one, []).unwrap();
    market.erase_up_to(160).await;
    assert!(market.store.take_out_some(40).await.unwrap());
    market.check();
    market.take_out_all(25).await;
    let gone: i64 = market
        .raw()
        .query_row("SELECT count(*) FROM found_words WHERE gone IS NOT NULL", [], |row| row.get(0))
        .unwrap();
    assert_eq!(gone, 0);
    let standing: Vec<usize> = (161..=232).rev().chain([70]).collect();
    assert_eq!(market.found(&[ALL]).await, standing);
    assert_eq!(market.found(&[own(70)]).await, [70], "what stays is found");
    assert_eq!(
        market.blocks(2),
        [0, 1],
        "a part of which nothing is left has nothing in the index"
    );
    market.raw().execute("UPDATE delivery SET state = 'delivered'", []).unwrap();
    market.erase_up_to(160).await;
    market.take_out_all(1).await;
    assert_eq!(market.blocks(2), [0, 0]);
    // All of it.
    market.erase_up_to(1000).await;
    market.take_out_all(1000).await;
    let left: i64 = market
        .raw()
        .query_row(
            "SELECT (SELECT count(*) FROM found_by) + count(*) FROM found_words",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn words_that_leave_the_index_after_a_sweep_are_swept_for_once_more() {
    let market = Market::open_in_parts().await;
    market.accept_all(1..=20).await;
    market.index_all(64).await;
    // Another process swept between the erasing and the taking out.
    let swept = || market.raw().execute("UPDATE erasure SET owed = 0", []).unwrap();
    market.erase_up_to(10).await;
    swept();
    market.take_out_all(64).await;
    assert_eq!(market.store.owed().await.unwrap(), Owed::Sweep);

    // And so those of a message whose number is given out anew: the first's, when nothing is left.
    market.erase_up_to(20).await;
    market.accept_all(21..=21).await;
    market.index_all(64).await;
    market.erase_up_to(21).await;
    swept();
    market.accept_all(22..=22).await;
    market.index_all(64).await;
    assert_eq!(market.store.owed().await.unwrap(), Owed::Sweep);
}

#[tokio::test]
async fn a_number_that_is_given_out_anew_is_found_by_the_new_words_only() {
    let market = Market::open_in_parts().await;
    market.accept_all(1..=70).await;
    market.index_all(1000).await;
    market.accept_all(71..=72).await;
    market.erase_up_to(1000).await;
    market.index_all(1000).await;
    // Before anything was taken out.
    market.accept_all(101..=102).await;
    let numbers: Vec<i64> = {
        let raw = market.raw();
        let mut statement = raw.prepare("SELECT number FROM message ORDER BY number").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(numbers, [1, 2], "given out anew");
    market.check();
    assert_eq!(market.found(&[ALL]).await, [102, 101]);
    assert_eq!(market.found(&[own(1)]).await, [0; 0]);
    market.index_all(1000).await;
    assert_eq!(market.found(&[ALL]).await, [102, 101]);
    assert_eq!(market.found(&[own(101)]).await, [101]);
    market.take_out_all(1000).await;
    assert_eq!(market.found(&[own(101)]).await, [101]);
    assert_eq!(market.found(&[ALL]).await, [102, 101]);
    assert_eq!(index::read_all(&market.raw()).len(), 4);
}

#[tokio::test]
async fn a_message_that_changes_is_found_by_what_it_has_now() {
    let market = Market::open_in_parts().await;
    market.accept_all(1..=80).await;
    market.index_all(1000).await;
    market.accept_all(81..=90).await;
    for number in [3, 64, 85] {
        market.change(number, |words| words.in_state(MessageState::Rejected)).await;
    }
    let rejected = Words::of_state(MessageState::Rejected);
    assert_eq!(market.found(&[rejected]).await, [85, 64, 3]);
    assert_eq!(market.found(&[own(64)]).await, [64]);
    assert_eq!(market.found(&[ALL]).await.len(), 87);
    market.index_all(1000).await;
    assert_eq!(market.found(&[rejected]).await, [85, 64, 3]);
}

/// So many words, which no other message has.
fn words_of(n: usize, many: usize) -> Words {
    let word = |i: usize| Words::keyed(((n * 5000 + i) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    Words::of([ALL, own(n)].into_iter().chain((2..many).map(word)).collect())
}

/// So many that one step does not get all done of the messages that it is given.
fn many_words(n: usize) -> Words {
    words_of(n, 452)
}

/// Its first own, one in the middle and its last.
fn some_of(words: &Words) -> [u64; 3] {
    let all = &words.numbers()[2..];
    [all[0], all[all.len() / 2], all[all.len() - 1]]
}

#[tokio::test]
async fn what_a_message_had_leaves_the_index_in_steps_and_is_not_found_meanwhile() {
    let mut market = Market::open_in_parts().await;
    market.accept_all(1..=80).await;
    market.index_all(1000).await;
    let (first, then) = (words_of(40, Words::MOST), words_of(400, Words::MOST));
    let found_now = async |market: &Market, now: &Words, before: &Words| {
        market.check();
        for word in some_of(now) {
            assert_eq!(market.found(&[word, ALL]).await, [40]);
        }
        for word in some_of(before) {
            assert_eq!(market.found(&[word]).await, [0; 0]);
        }
        assert_eq!(market.found(&[ALL]).await, newest_first(1..=80));
    };
    let now = first.clone();
    market.change(40, move |_| now).await;
    found_now(&market, &first, &then).await;
    // Nothing else waits.
    assert!(market.store.index_some(1000, 64).await.unwrap());
    found_now(&market, &first, &then).await;
    // It changes once more, before all of it has come in, and the relay ends.
    let now = then.clone();
    market.change(40, move |_| now).await;
    market.restart().await;
    let mut steps = 0;
    while market.store.index_some(1000, 64).await.unwrap() {
        steps += 1;
        found_now(&market, &then, &first).await;
    }
    assert!(steps > 2, "{steps}");
    found_now(&market, &then, &first).await;
    let in_it = index::read_all(&market.raw());
    assert_eq!(in_it.iter().filter(|(_, message)| *message == 40).count(), then.numbers().len());
    // And it is erased in the middle of it.
    let now = first.clone();
    market.change(40, move |_| now).await;
    assert!(market.store.index_some(1000, 64).await.unwrap());
    market.erase_up_to(40).await;
    market.check();
    assert_eq!(market.found(&[ALL]).await, newest_first(41..=80));
    market.take_out_all(64).await;
    assert!(!market.store.index_some(1, 64).await.unwrap());
    assert!(index::read_all(&market.raw()).iter().all(|(_, message)| *message > 40));
}

#[tokio::test]
async fn a_search_looks_at_the_few_that_have_changed_and_not_at_all_there_are() {
    let market = Market::open().await;
    let raw = market.raw();
    let mut plan = raw.prepare(&format!("EXPLAIN QUERY PLAN {}", index::CHANGED)).unwrap();
    let steps = plan.query_map([1, 9], |row| row.get::<_, String>("detail")).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    assert!(
        steps[0].contains("found_changed") && steps[1].contains("SEARCH found_words"),
        "{steps:?}"
    );
}

/// What is to be found, by the message's number.
type Model = std::collections::BTreeMap<usize, Vec<u64>>;

/// Numbers as a die gives them, the same each time.
struct Die(u64);

impl Die {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % end
    }
}

#[tokio::test]
async fn whatever_comes_and_goes_between_the_steps_the_index_finds_what_is_there() {
    for seed in 1..=4 {
        let (mut market, mut die) = (Market::open_in_parts().await, Die(seed));
        let (mut model, mut newest) = (Model::new(), 0);
        // Some have few of them, some so many that a step does not change them all.
        let vocabulary: Vec<u64> = words_of(1, 900).numbers().to_vec();
        for _ in 0..150 {
            match die.below(11) {
                0..=2 => {
                    let more = newest + 1 + die.below(12);
                    market.accept_all(newest + 1..=more).await;
                    model.extend((newest + 1..=more).map(|n| (n, vec![ALL, own(n)])));
                    newest = more;
                }
                3..=4 => {
                    market.store.index_some(1 + die.below(9) as u32, 20).await.unwrap();
                }
                5 => match market.store.take_out_some(8).await {
                    Ok(_) | Err(StoreError::Damaged(_)) => {}
                    other => panic!("seed {seed}: {other:?}"),
                },
                6..=7 if !model.is_empty() => {
                    let n = *model.keys().nth(die.below(model.len())).unwrap();
                    let many = if die.below(2) == 0 { 5 } else { 700 };
                    let words = (0..many).map(|_| vocabulary[die.below(vocabulary.len())]);
                    let words = Words::of(words.collect());
                    model.insert(n, words.numbers().to_vec());
                    let sql = "SELECT number FROM message WHERE id = ?1";
                    let id = message_id(n);
                    let number =
                        market.raw().query_row(sql, [id.as_str()], |row| row.get(0)).unwrap();
                    market.change(number, move |_| words).await;
                }
                8 => {
                    // Sometimes all of them, so that their numbers are given out anew.
                    let upto = newest - die.below(4).min(1) * die.below(30).min(newest);
                    market.erase_up_to(upto as u64).await;
                    model.retain(|n, _| *n > upto);
                }
                9 => {
                    market.damage(die.below(1000) as i64);
                }
                _ => market.restart().await,
            }
            market.check();
            for word in [ALL, vocabulary[die.below(900)], own(1 + die.below(newest.max(1)))] {
                let has: Vec<usize> = model
                    .iter()
                    .rev()
                    .filter(|(_, w)| w.contains(&word))
                    .map(|(n, _)| *n)
                    .collect();
                assert_eq!(market.found(&[word]).await, has, "seed {seed}");
            }
        }
        // Who looks finds what is damaged.
        while market.store.is_index_damaged().await.unwrap() {
            market.index_all(1000).await;
        }
        market.index_all(1000).await;
        market.take_out_all(1000).await;
        let all: usize = model.values().map(Vec::len).sum();
        assert_eq!(index::read_all(&market.raw()).len(), all, "seed {seed}");
    }
}

#[tokio::test]
async fn what_a_step_did_not_get_done_the_next_goes_on_with() {
    let mut market = Market::open().await;
    market.accept_all(1..=90).await;
    for n in 1..=90 {
        let packed = index::pack(&many_words(n));
        let sql = "UPDATE found_words SET words = ?2 WHERE message = ?1";
        market.raw().execute(sql, rusqlite::params![n as i64, packed]).unwrap();
    }
    let progress = |market: &Market, column: &str| {
        let sql = format!("SELECT {column} FROM found_by_progress");
        market.raw().query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert!(market.store.index_some(1, 1000).await.unwrap());
    assert!(progress(&market, "coming_word") > 0, "it ended in the middle");
    market.check();
    assert_eq!(market.found(&[ALL]).await, newest_first(1..=90));
    // Some are erased, one changes, and the relay ends, before it goes on.
    market.erase_up_to(10).await;
    market.change(40, |words| words.in_state(MessageState::Rejected)).await;
    market.restart().await;
    market.index_all(1000).await;
    let standing = |numbers| newest_first(numbers).into_iter().filter(|n| *n != 40);
    assert_eq!(market.found(&[ALL]).await, standing(11..=90).collect::<Vec<_>>());
    assert_eq!(market.found(&[Words::of_state(MessageState::Rejected)]).await, [40]);
    for n in [11, 40, 90] {
        let words = many_words(n);
        for word in [words.numbers()[2], words.numbers()[200], words.numbers()[450]] {
            assert_eq!(market.found(&[word]).await, [n]);
        }
    }
    // The same when they are taken out.
    market.take_out_all(1000).await;
    market.raw().execute("UPDATE found_by_progress SET gone_word = 0", []).unwrap();
    market.erase_up_to(89).await;
    while progress(&market, "gone_word") == 0 {
        assert!(market.store.take_out_some(1000).await.unwrap());
        market.check();
    }
    market.erase_up_to(90).await;
    market.restart().await;
    market.take_out_all(1000).await;
    assert_eq!(market.blocks(1), [0]);
}
