use std::os::unix::fs::MetadataExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use super::*;
use crate::store::StoreError;

#[tokio::test]
async fn one_jobs_error_leaves_its_neighbours_in_the_same_transaction() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let before = market.store.commits();
    let mut waiting = Vec::new();
    for n in 0..5 {
        let store = market.store.clone();
        waiting.push(tokio::spawn(async move {
            store
                .write(10, move |conn| {
                    let sql = "UPDATE party SET version = version + 1 WHERE role = 'seller'";
                    conn.execute(sql, [])?;
                    match n {
                        2 => Err(StoreError::Stale),
                        3 => panic!("a fault of ours"),
                        _ => Ok(n),
                    }
                })
                .await
        }));
        until_waiting(&market.store, n + 1).await;
    }
    hold.send(()).unwrap();
    let mut answers = Vec::new();
    for job in waiting {
        answers.push(job.await.unwrap());
    }
    assert_eq!(answers[0], Ok(0));
    assert_eq!(answers[2], Err(StoreError::Stale));
    assert!(matches!(&answers[3], Err(StoreError::Sqlite(why)) if why.contains("panicked")));
    assert_eq!((&answers[1], &answers[4]), (&Ok(1), &Ok(4)));
    assert_eq!(market.facts().await.version.seller, 1 + 3, "the two that failed wrote nothing");
    assert_eq!(market.store.commits(), before + 2, "the held one, and one for all five");
}

#[tokio::test]
async fn the_first_of_a_transaction_that_fails_has_written_nothing_and_the_rest_is_written() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let mut waiting = Vec::new();
    for fails in [true, true, false, true] {
        let (store, before) = (market.store.clone(), waiting.len());
        waiting.push(tokio::spawn(async move {
            let sql = "UPDATE party SET version = version + 1 WHERE role = 'seller'";
            let work = move |conn: &rusqlite::Connection| {
                conn.execute(sql, [])?;
                if fails { Err(StoreError::Stale) } else { Ok(()) }
            };
            store.write(10, work).await
        }));
        until_waiting(&market.store, before + 1).await;
    }
    hold.send(()).unwrap();
    for (job, fails) in waiting.into_iter().zip([true, true, false, true]) {
        assert_eq!(job.await.unwrap(), if fails { Err(StoreError::Stale) } else { Ok(()) });
    }
    assert_eq!(market.facts().await.version.seller, 1 + 1);
}

/// Keeps the writer in a transaction until told to go on.
async fn hold_writer(store: &Store) -> mpsc::Sender<()> {
    let (go, gone) = mpsc::channel::<()>();
    let (begin, begun) = tokio::sync::oneshot::channel::<()>();
    let store = store.clone();
    tokio::spawn(async move {
        store
            .write(0, move |_| {
                begin.send(()).unwrap();
                gone.recv().map_err(|_| StoreError::Closed)
            })
            .await
    });
    begun.await.unwrap();
    go
}

/// Until so many jobs wait behind the one that holds the writer.
async fn until_waiting(store: &Store, jobs: usize) {
    while store.inner.queue.len() < jobs {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_reader_sees_nothing_before_the_commit_and_all_after_it() {
    let market = Market::open().await;
    let (written, is_written) = mpsc::channel::<()>();
    let (go, gone) = mpsc::channel::<()>();
    let store = market.store.clone();
    let job = tokio::spawn(async move {
        store
            .write(0, move |conn| {
                conn.execute("UPDATE party SET version = 50 WHERE role = 'seller'", [])?;
                written.send(()).unwrap();
                gone.recv().map_err(|_| StoreError::Closed)
            })
            .await
    });
    tokio::task::spawn_blocking(move || is_written.recv().unwrap()).await.unwrap();
    assert_eq!(market.facts().await.version.seller, 1);
    go.send(()).unwrap();
    job.await.unwrap().unwrap();
    assert_eq!(market.facts().await.version.seller, 50);
}

#[tokio::test]
async fn a_caller_that_goes_away_changes_nothing() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let store = market.store.clone();
    let acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
    let gone = tokio::spawn(async move { store.accept(acceptance).await });
    until_waiting(&market.store, 1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    hold.send(()).unwrap();
    market.store.write(0, |_| Ok(())).await.unwrap();
    assert_eq!(market.store.counts().await.unwrap().accepted, 1);
}

#[tokio::test]
async fn too_much_waiting_is_refused_at_once_and_what_waits_is_written() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let mut waiting = Vec::new();
    for _ in 0..256 {
        let store = market.store.clone();
        waiting.push(tokio::spawn(async move { store.write(10, |_| Ok(())).await }));
    }
    until_waiting(&market.store, 256).await;
    assert_eq!(market.store.write(10, |_| Ok(())).await, Err(StoreError::Busy));
    hold.send(()).unwrap();
    for job in waiting {
        assert_eq!(job.await.unwrap(), Ok(()));
    }
    assert_eq!(market.store.write(10, |_| Ok(())).await, Ok(()));

    let hold = hold_writer(&market.store).await;
    let store = market.store.clone();
    let large = tokio::spawn(async move { store.write(40 << 20, |_| Ok(())).await });
    until_waiting(&market.store, 1).await;
    assert_eq!(market.store.write(30 << 20, |_| Ok(())).await, Err(StoreError::Busy));
    hold.send(()).unwrap();
    assert_eq!(large.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn two_hundred_messages_at_once_take_far_fewer_syncs() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let before = market.store.commits();
    let mut waiting = Vec::new();
    for n in 1..=200 {
        let acceptance = market.acceptance(&letter(n, Role::Buyer)).await;
        let store = market.store.clone();
        waiting.push(tokio::spawn(async move { store.accept(acceptance).await }));
    }
    until_waiting(&market.store, 200).await;
    hold.send(()).unwrap();
    for job in waiting {
        assert!(!job.await.unwrap().unwrap().is_duplicate());
    }
    let commits = market.store.commits() - before;
    assert_eq!(commits, 3, "the held one, 128 messages, and the other 72");
    let counts = market.store.counts().await.unwrap();
    assert_eq!((counts.accepted, counts.deliveries_open), (200, 200));
    assert_eq!((counts.conversations, counts.response_needed), (1, 1));
}

#[tokio::test]
async fn a_full_disk_refuses_the_message_and_the_next_one_succeeds_when_there_is_room() {
    let market = Market::open().await;
    market.accept(&letter(1, Role::Buyer)).await;
    let limit = async |pages: Option<i64>| {
        market
            .store
            .write(0, move |conn| {
                let used: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
                let sql = format!("PRAGMA max_page_count = {}", pages.unwrap_or(used + 4));
                Ok(conn.query_row(&sql, [], |_| Ok(()))?)
            })
            .await
            .unwrap();
    };
    limit(None).await;
    let before = market.store.counts().await.unwrap();
    let mut large = market.acceptance(&letter(2, Role::Buyer)).await;
    // Does not compress: 200 KiB of a little generator's noise.
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    large.arrival.original = noise.take(200 << 10).collect();
    assert_eq!(market.store.accept(large.clone()).await.unwrap_err(), StoreError::Full);
    assert_eq!(market.store.counts().await.unwrap(), before, "nothing half-written");
    limit(Some(1_000_000)).await;
    market.store.accept(large.clone()).await.unwrap();
    let found = market.store.message(&large.arrival.message).await.unwrap().unwrap();
    assert_eq!(found.original, large.arrival.original);
}

#[tokio::test]
async fn another_process_that_writes_is_waited_for() {
    let market = Market::open().await;
    let other = market.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
    let store = market.store.clone();
    let job = tokio::spawn(async move { store.accept(acceptance).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!job.is_finished());
    other.execute_batch("COMMIT").unwrap();
    job.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_process_that_never_lets_go_gives_a_transient_error_and_the_writer_lives() {
    let market = Market::open().await;
    let other = market.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
    let error = market.store.accept(acceptance.clone()).await.unwrap_err();
    assert_eq!(error, StoreError::Locked);
    assert!(error.is_transient());
    other.execute_batch("COMMIT").unwrap();
    market.store.accept(acceptance).await.unwrap();
}

#[tokio::test]
async fn closing_writes_what_waits_and_takes_nothing_more() {
    let market = Market::open().await;
    let acceptance = market.acceptance(&letter(1, Role::Buyer)).await;
    let (late, store) = (market.store.clone(), market.store.clone());
    let hold = hold_writer(&store).await;
    let accepting = tokio::spawn({
        let store = store.clone();
        async move { store.accept(acceptance).await }
    });
    until_waiting(&late, 1).await;
    let closing = tokio::spawn(store.close());
    tokio::task::yield_now().await;
    assert_eq!(late.write(0, |_| Ok(())).await, Err(StoreError::Closed));
    hold.send(()).unwrap();
    accepting.await.unwrap().unwrap();
    closing.await.unwrap();
    assert_eq!(late.counts().await, Err(StoreError::Closed));
    let again = Store::open(&market.path(), OpenMode::Serve, DOMAIN).unwrap();
    assert_eq!(again.counts().await.unwrap().accepted, 1);
}

#[tokio::test]
async fn what_is_committed_reaches_the_database_file_beside_the_writer() {
    let market = Market::open().await;
    let wal = market.dir.path().join("bauta.db-wal");
    let size = |path: &std::path::Path| std::fs::metadata(path).unwrap().len();
    let grow = async || {
        let sql = "CREATE TABLE IF NOT EXISTS filler (x BLOB) STRICT;
            INSERT INTO filler VALUES (randomblob(6000000));";
        market.store.write(0, |conn| Ok(conn.execute_batch(sql)?)).await.unwrap();
    };
    for round in 0..3 {
        grow().await;
        // The first may have begun before.
        let copied = market.store.inner.maintenance.copied();
        for n in 0.. {
            assert!(n < 300, "round {round}: no checkpoint within 30 s");
            tokio::time::sleep(Duration::from_millis(100)).await;
            if market.store.inner.maintenance.copied() > copied + 1 {
                break;
            }
        }
        assert!(size(&market.path()) > 6_000_000);
        // Once all of it is in the database file, the next write begins the WAL anew, in place.
        let written = size(&wal);
        assert!((6_000_000..12_000_000).contains(&written), "round {round}: {written}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_writes_without_a_pause_beside_readers_the_wal_stays_small() {
    const ALL: usize = 2500;
    let market = Market::open().await;
    let wal = market.dir.path().join("bauta.db-wal");
    let sql = "CREATE TABLE filler (n INTEGER PRIMARY KEY, x BLOB) STRICT;";
    market.store.write(0, move |conn| Ok(conn.execute_batch(sql)?)).await.unwrap();
    let written = Arc::new(AtomicUsize::new(0));
    let mut tasks = Vec::new();
    for task in 0..6 {
        let (store, written) = (market.store.clone(), Arc::clone(&written));
        tasks.push(tokio::spawn(async move {
            while written.load(Ordering::Relaxed) < ALL {
                if task < 4 {
                    let sql = "INSERT OR REPLACE INTO filler
                        VALUES (abs(random()) % 200, randomblob(100000))";
                    store.write(100_000, move |conn| Ok(conn.execute(sql, [])?)).await.unwrap();
                    written.fetch_add(1, Ordering::Relaxed);
                } else {
                    let read = |conn: &rusqlite::Connection| {
                        let sql = "SELECT count(*) FROM filler";
                        let _: i64 = conn.query_row(sql, [], |row| row.get(0))?;
                        std::thread::sleep(Duration::from_millis(10));
                        Ok(())
                    };
                    store.read(read).await.unwrap();
                }
            }
        }));
    }
    let mut largest = 0;
    while written.load(Ordering::Relaxed) < ALL {
        largest = largest.max(std::fs::metadata(&wal).unwrap().len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(largest < 160 << 20, "{largest} bytes of WAL for 250 MB written");
    // A file of ours synced the database meanwhile. Without SQLite's lock on it, the next command that ends
    // takes itself for the last and deletes the WAL beneath the relay.
    let inode = std::fs::metadata(market.path()).unwrap().ino();
    let (ours, locked) = (format!(" {} ", std::process::id()), format!(":{inode} "));
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let mut locks = locks.lines().filter(|lock| lock.contains(&ours)).peekable();
    // In some containers other numbers stand there.
    assert!(locks.peek().is_none() || locks.any(|lock| lock.contains(&locked)));
}

/// What the parent test below starts as a process of its own.
#[tokio::test]
async fn child_whose_disk_fails() {
    if std::env::var_os("BAUTA_TEST_DISK_FAILS").is_none() {
        return; // run by its parent only
    }
    let market = Market::open().await;
    let lost = market.store.write(0, |_| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC);
        Err::<(), _>(rusqlite::Error::SqliteFailure(code, None).into())
    });
    // Whoever gets an answer here could tell a peer something.
    let _ = lost.await;
    std::process::exit(1);
}

#[test]
fn a_disk_that_fails_ends_the_process_before_anybody_is_answered() {
    let story = "store::sqlite::tests::writing::child_whose_disk_fails";
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", story])
        .env("BAUTA_TEST_DISK_FAILS", "1")
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(74), "{child:?}");
}

#[tokio::test]
async fn where_a_job_breaks_the_transaction_those_before_it_are_told_and_those_after_are_written() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let mut waiting = Vec::new();
    for n in 0..4 {
        let store = market.store.clone();
        waiting.push(tokio::spawn(async move {
            store
                .write(10, move |conn| {
                    let sql = "UPDATE party SET version = version + 1 WHERE role = 'seller'";
                    conn.execute(sql, [])?;
                    // As SQLite does by itself on some errors.
                    if n == 1 { Ok(conn.execute_batch("ROLLBACK")?) } else { Ok(()) }
                })
                .await
        }));
        until_waiting(&market.store, n + 1).await;
    }
    hold.send(()).unwrap();
    let mut answers = Vec::new();
    for job in waiting {
        answers.push(job.await.unwrap());
    }
    for lost in &answers[..2] {
        assert!(matches!(lost, Err(error @ StoreError::RolledBack(_)) if error.is_transient()));
    }
    assert_eq!(answers[2..], [Ok(()), Ok(())]);
    assert_eq!(market.facts().await.version.seller, 1 + 2);
}

#[tokio::test]
async fn in_a_group_that_fills_the_disk_every_answer_is_true() {
    let market = Market::open().await;
    let hold = hold_writer(&market.store).await;
    let mut waiting = Vec::new();
    let limit = |conn: &rusqlite::Connection| {
        let used: i64 = conn.query_row("PRAGMA page_count", [], |row| row.get(0))?;
        conn.query_row(&format!("PRAGMA max_page_count = {}", used + 60), [], |_| Ok(()))
    };
    let store = market.store.clone();
    let limiting = tokio::spawn(async move { store.write(0, move |conn| Ok(limit(conn)?)).await });
    until_waiting(&market.store, 1).await;
    for n in 1..=6 {
        let mut acceptance = market.acceptance(&letter(n, Role::Buyer)).await;
        if n == 3 {
            acceptance.written = (0..100_000).collect();
        }
        let store = market.store.clone();
        waiting.push(tokio::spawn(async move { store.accept(acceptance).await }));
        until_waiting(&market.store, n + 1).await;
    }
    hold.send(()).unwrap();
    // Its transaction may be lost with the one that filled the disk; the limit holds all the same.
    let _ = limiting.await.unwrap();
    let mut full = 0;
    for (n, job) in (1..).zip(waiting) {
        let answer = job.await.unwrap();
        let stored = market.store.message(&message_id(n)).await.unwrap().is_some();
        assert_eq!(answer.is_ok(), stored, "{n} {answer:?}");
        full += usize::from(answer.is_err_and(|error| error == StoreError::Full));
    }
    assert!(full >= 1);
    assert!(market.store.message(&message_id(6)).await.unwrap().is_some(), "it goes on");
}
