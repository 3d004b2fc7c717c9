//! What is past its time is really gone: no word of it in the database, its free pages, the log beside
//! it or the index; what a legal hold keeps stays, and an answer to what is gone still finds its
//! conversation.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::Letter;
use crate::t120_finding::waits_for_the_index;

/// Which of these bytes stand anywhere in the database's files.
fn left<'a>(house: &House, wanted: &[(&'a str, Vec<u8>)]) -> Vec<&'a str> {
    let files: Vec<Vec<u8>> = ["bauta.db", "bauta.db-wal", "bauta.db-shm"]
        .iter()
        .map(|file| fs::read(house.dir.path().join("data").join(file)).unwrap_or_default())
        .collect();
    let stands = |bytes: &[u8]| {
        files.iter().any(|file| file.windows(bytes.len()).any(|w| w.eq_ignore_ascii_case(bytes)))
    };
    wanted.iter().filter(|(_, bytes)| stands(bytes)).map(|(name, _)| *name).collect()
}

/// What a message is on the disk: its words as they stand in rows, the packed mails, the numbers of
/// its words.
fn traces(house: &House) -> Vec<(&'static str, Vec<u8>)> {
    let conn = rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap();
    let sql = "SELECT c.mails, w.words, m.seller_msg_id, m.buyer_msg_id
        FROM content c JOIN message m ON m.number = c.message
        JOIN found_words w ON w.message = m.number WHERE m.subject = 'Xylophone'";
    conn.query_row(sql, [], |row| {
        let (mails, words): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let part = |bytes: &[u8], of: usize| bytes[bytes.len() * of / 10..][..24].to_vec();
        let text = |n: usize| row.get::<_, String>(n).map(String::into_bytes);
        Ok(vec![
            ("subject", b"Xylophone".to_vec()),
            ("address", b"jane.roe@mail.example".to_vec()),
            ("mails' begin", part(&mails, 1)),
            ("mails' middle", part(&mails, 5)),
            ("mails' end", part(&mails, 9)),
            ("words", part(&words, 5)),
            ("outgoing id", text(2)?),
            ("own id", text(3)?),
        ])
    })
    .unwrap()
}

/// The numbers of a message's words, as they stand in the index, that another does not have.
fn numbers_of(house: &House, subject: &str, other: &str) -> Vec<Vec<u8>> {
    let conn = rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap();
    let sql = "SELECT w.words FROM found_words w JOIN message m ON m.number = w.message
        WHERE m.subject = ?1";
    let of =
        |subject: &str| conn.query_row(sql, [subject], |row| row.get::<_, Vec<u8>>(0)).unwrap();
    let others = of(other);
    let is_own = |number: &&[u8]| number[0] >= 0x80 && others.chunks(5).all(|n| n != *number);
    of(subject).chunks(5).filter(is_own).map(<[u8]>::to_vec).collect()
}

#[test]
fn nothing_of_an_expired_message_is_left_and_what_is_held_stays() {
    let mut house =
        House::open_with(&[("[policy]\n", "[archive]\nkeep = \"3650d\"\n\n[policy]\n")]);
    let pair = ["--seller", "S1", "--buyer", "B1"];
    house.put(&[&["order", "put", "O2", "--item", "Walnut table"], &pair[..]].concat());
    let asked = house.passes(
        &Letter::new(JANE, &house.seller_of("O1"), "Where is it? My word: Zanzibar.\n")
            .subject("Xylophone"),
    );
    house.passes(&Letter::new(JANE, &house.seller_of("O2"), "Held words.\n").subject("Kazoo"));
    house.put(&["hold", "add", "--order", "O2", "--reason", "court", "--by", "ann"]);
    let again = house.put(&["hold", "add", "--order", "o2", "--by", "ann"]);
    assert_eq!(again, "order o2 held already\n");
    assert_eq!(house.bauta(&["hold", "add", "--order", "O9"]).code, 1);
    assert_eq!(house.bauta(&["hold", "add"]).code, 2);
    house.settle();
    waits_for_the_index(&house);
    house.stop();
    let mut wanted = traces(&house);
    let numbers = numbers_of(&house, "Xylophone", "Kazoo");
    assert!(numbers.len() > 3, "{}", numbers.len());
    wanted.extend(numbers.into_iter().take(5).map(|number| ("a word's number", number)));
    let there = ["subject", "mails' begin", "mails' middle", "mails' end", "words"];
    let there = there.iter().chain(&["a word's number"]);
    for trace in there {
        assert!(left(&house, &wanted).contains(trace), "{trace} is there to be erased");
    }

    // Its time is over while the relay runs.
    let config = fs::read_to_string(house.config_file()).unwrap();
    fs::write(house.config_file(), config.replace("keep = \"3650d\"", "keep = \"1s\"")).unwrap();
    house.start();
    eventually("it is erased", || (house.messages().len() == 1).then_some(()));
    eventually("no trace is left", || {
        left(&house, &wanted).iter().all(|trace| *trace == "address").then_some(())
    });
    assert!(house.ask(&["message", "search", "zanzibar"]).as_array().unwrap().is_empty());
    assert_eq!(house.messages()[0]["subject"], "Kazoo");
    let holds = house.ask(&["hold", "list"]);
    assert_eq!((&holds[0]["order"], &holds[0]["reason"]), (&"O2".into(), &"court".into()));

    // An answer to what is gone finds its conversation still, by its headers alone.
    let config = fs::read_to_string(house.config_file()).unwrap();
    fs::write(house.config_file(), config.replace("keep = \"1s\"", "keep = \"3650d\"")).unwrap();
    house.stop();
    house.start();
    let answer = Letter::new(SHOP, &house.alias("O1", "buyer_alias"), "It left today.\n")
        .subject("Your parcel")
        .header("In-Reply-To", &asked.id)
        .header("References", &asked.id);
    house.passes(&answer);
    let answered = house.newest();
    assert_eq!((&answered["order"], &answered["assigned"]), (&"O1".into(), &"headers".into()));

    house.put(&["hold", "release", "--order", "O2", "--by", "ann"]);
    house.settle();
    let purged = house.ask(&["purge"]);
    assert_eq!(purged["erased"], 0, "3650 days are not over");
    let erased = house.ask(&["buyer", "erase", "B1", "--by", "ann"]);
    assert_eq!((&erased["erased"], &erased["kept_by_hold"]), (&2.into(), &0.into()));
    house.stop();
    for word in ["Kazoo", "Your parcel", "Held words"] {
        assert_eq!(left(&house, &[(word, word.as_bytes().to_vec())]), [] as [&str; 0]);
    }
    assert!(house.put(&["buyer", "show", "B1"]).contains("Jane Roe"), "the account stays");
}

#[test]
fn what_is_on_its_way_ends_first_and_purge_says_what_it_kept() {
    let mut house = House::open_with(&[
        ("[policy]\n", "[archive]\nkeep = \"1s\"\n\n[policy]\n"),
        ("retry_max = \"1s\"", "retry_max = \"1h\""),
        ("retry_first = \"100ms\"", "retry_first = \"1h\""),
    ]);
    house.smarthost.goes_down();
    let to_shop = house.seller_of("O1");
    house.send(&Letter::new(JANE, &to_shop, "Are you there?\n")).is("250");
    thread::sleep(Duration::from_secs(2));
    let purged = house.ask(&["purge"]);
    assert_eq!((&purged["erased"], &purged["on_their_way"]), (&0.into(), &1.into()));
    house.smarthost.comes_back();
    house.put(&["queue", "retry", "--all"]);
    house.smarthost.next();
    eventually("it went out, and then its time was over", || {
        house.messages().is_empty().then_some(())
    });
    let purged = house.put(&["purge"]);
    assert!(purged.starts_with("messages erased: 0, kept by a legal hold: 0"), "{purged}");
}
