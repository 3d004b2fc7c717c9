//! Somebody writes from an address that nobody registered. It is refused; whoever may write there is
//! asked at the registered address; a code registers the new one, and what was kept is sent on.

use crate::dns::NameServer;
use crate::house::{House, JANE, Ran, SHOP, eventually};
use crate::letter::{Letter, Opened, bare};

const OTHER: &str = "Jane <jane@other.example>";
const WORDS: &str = "The xylophone has arrived in pieces.\n";

fn kept(house: &House) -> usize {
    house.ask(&["address", "list"]).as_array().unwrap().len()
}

fn database(house: &House) -> rusqlite::Connection {
    rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap()
}

fn count(house: &House, sql: &str) -> i64 {
    database(house).query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The eight digits of a mail.
fn code_in(mail: &Opened) -> String {
    let line = mail.text.lines().find(|line| {
        let digits: String = line.chars().filter(|c| *c != ' ').collect();
        digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit())
    });
    line.unwrap_or_else(|| panic!("no code in {}", mail.text)).to_owned()
}

/// Another code than this.
fn wrong(code: &str) -> String {
    let other = if code.starts_with('1') { "2" } else { "1" };
    format!("{other}{}", &code[1..])
}

#[test]
fn a_buyer_who_writes_from_another_address_is_asked_and_what_she_wrote_is_sent_on() {
    let mut house = House::open();
    let alias = house.seller_of("O1");
    let letter = Letter::new(OTHER, &alias, WORDS).subject("Xylophone");
    house.send(&letter).is("550 5.7.1").says("not registered");
    let asked = house.smarthost.next();
    assert_eq!(asked.recipients, [bare(JANE)]);
    assert_eq!(asked.envelope_from, "");
    assert_eq!(asked.header("Auto-Submitted"), Some("auto-replied"));
    assert!(asked.text.contains("- jane@other.example\n"), "{}", asked.text);
    asked.holds_nothing_of(&["xylophone", "Xylophone", "pieces", "lamps.example"]);
    // The same again, and another one: kept, and not asked about twice in a day.
    house.send(&letter).is("550 5.7.1");
    house.send(&Letter::new("x@third.example", &alias, "And I?\n")).is("550 5.7.1");
    assert_eq!(kept(&house), 2);
    let row = &house.ask(&["address", "list", "--buyer", "B1"])[0];
    assert_eq!((&row["address"], &row["buyer"]), (&"jane@other.example".into(), &"B1".into()));
    assert_eq!((&row["told"], &row["order"]), (&true.into(), &"o1".into()), "{row}");
    assert_eq!(house.messages().len(), 0, "it is in no archive");
    assert_eq!(count(&house, "SELECT count(*) FROM turn"), 0, "it starts no clock");

    let address = |house: &House, command: &str, more: &[&str]| -> Ran {
        let of = ["address", command, "jane@other.example", "--buyer", "B1"];
        house.bauta(&[&of[..], more].concat())
    };
    let early = address(&house, "send-on", &[]);
    assert!(early.code == 1 && early.err.contains("not registered"), "{early:?}");
    assert_eq!(address(&house, "confirm", &["12345678"]).code, 1, "there is no code yet");
    assert_eq!(address(&house, "send-code", &[]).code, 0);
    let mail = house.smarthost.next();
    assert_eq!(mail.recipients, ["jane@other.example"]);
    mail.holds_nothing_of(&["jane.roe", "Roe", "lamps", "xylophone", "B1", "O1"]);
    let code = code_in(&mail);
    let refused = address(&house, "confirm", &[&wrong(&code)]);
    assert!(refused.code == 1 && refused.err.contains("4 more may be tried"), "{refused:?}");
    eventually("the code is not in the database any more", || {
        let sql = "SELECT count(*) FROM content c JOIN message m ON m.number = c.message
            WHERE m.notice = 'address-code'";
        (count(&house, sql) == 0).then_some(())
    });
    assert_eq!(address(&house, "confirm", &[&code, "--by", "ann"]).code, 0);
    let sent = address(&house, "send-on", &["--json"]);
    assert_eq!(sent.json()["result"], "accepted", "{sent:?}");

    let arrived = house.smarthost.next();
    assert_eq!(arrived.recipients, [bare(SHOP)]);
    assert!(arrived.text.contains(WORDS.trim_end()), "{}", arrived.text);
    arrived.holds_nothing_of(&["other.example", "mail.example"]);
    let message = house.newest_is("delivered");
    let shown = house.show(&message);
    let proof = shown["proof"].as_str().unwrap();
    assert!(proof.starts_with("trusted peer") && proof.contains("; kept since "), "{proof}");
    assert_eq!(count(&house, "SELECT count(*) FROM turn WHERE stopped_at IS NULL"), 1);
    assert_eq!(kept(&house), 1);
    assert_eq!(address(&house, "send-on", &[]).code, 1, "nothing is left of hers");
    house.passes(&Letter::new(OTHER, &alias, "Hello?\n"));
    // An answer goes where mail goes, as before.
    let answer = house.passes(&Letter::answering(&arrived, SHOP, "We are sorry.\n"));
    assert_eq!(answer.recipients, [bare(JANE)]);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_seller_is_asked_in_her_language_and_what_the_rules_refuse_she_is_told_by_mail() {
    let mut house = House::open();
    let shop = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    house.put(&[&shop[..], &["--language", "de"]].concat());
    let long = "word ".repeat(1500);
    let staff = "Staff <staff@desk.example>";
    house.send(&Letter::new(staff, &house.buyer_of("O1"), &long)).is("550 5.7.1");
    let asked = house.smarthost.next();
    assert_eq!(asked.recipients, [bare(SHOP)]);
    assert!(asked.subject.contains("Waren Sie das?"), "{}", asked.subject);
    asked.holds_nothing_of(&["jane", "Jane"]);
    let of = ["staff@desk.example", "--seller", "S1"];
    house.put(&[&["address", "send-code"], &of[..]].concat());
    let code = code_in(&house.smarthost.next());
    house.put(&[&["address", "confirm"], &of[..], &[&code]].concat());
    let said = house.put(&[&["address", "send-on"], &of[..]].concat());
    assert!(said.contains("too-long"), "{said}");
    let told = house.smarthost.told();
    assert_eq!(told.recipients, ["staff@desk.example"]);
    assert!(told.text.contains("too-long"), "{}", told.text);
    assert_eq!(kept(&house), 0);
    assert_eq!(house.newest()["state"], "rejected");
}

#[test]
fn whoever_is_of_the_other_side_or_a_machine_or_not_proved_is_nobody_to_ask_about() {
    let dns = NameServer::start();
    dns.text("other.example", "v=spf1 ip4:127.0.0.2 -all");
    let senders =
        format!("[dns]\nservers = [\"{}\"]\n\n[senders]\nverify = \"dmarc\"", dns.address);
    let mut house = House::open_with(&[("[senders]\nverify = \"address\"", &senders)]);
    let (to_shop, to_jane) = (house.seller_of("O1"), house.buyer_of("O1"));
    let asked = house.passes(&Letter::new(JANE, &to_shop, "When?\n"));
    let answered = house.passes(&Letter::answering(&asked, SHOP, "On Monday.\n"));
    // Her own alias, from her own address, and from one at the shop's.
    house.send(&Letter::new(JANE, &to_jane, "Hello?\n")).is("550 5.7.1");
    house.send(&Letter::new("bob@lamps.example", &to_shop, "Hello?\n")).is("550 5.7.1");
    // Whoever answers what only Jane was sent is Jane.
    let astray = Letter { to: to_jane.clone(), ..Letter::answering(&answered, OTHER, "Thanks!\n") };
    house.send(&astray).is("550 5.7.1");
    let away = Letter::new(OTHER, &to_shop, "I am away.\n");
    house.send(&away.header("Auto-Submitted", "auto-replied")).is("550 5.7.1");
    house.send(&Letter::new(OTHER, &to_shop, "Away.\n").envelope_sender("")).is("550 5.7.1");
    house.send_from("127.0.0.3", &Letter::new(OTHER, &to_shop, WORDS)).is("550 5.7.26");
    assert_eq!(kept(&house), 0);
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "and nobody is told");
    house.send_from("127.0.0.2", &Letter::new(OTHER, &to_shop, WORDS)).is("550 5.7.1");
    assert_eq!(house.smarthost.next().recipients, [bare(JANE)]);
    let row = &house.ask(&["address", "list"])[0];
    assert!(row["proof"].as_str().unwrap().contains("aligned by spf"), "{row}");
}

#[test]
fn what_is_kept_is_erased_when_its_time_is_over_and_when_it_was_somebody_else() {
    let mut house = House::open();
    let alias = house.seller_of("O1");
    house.send(&Letter::new(OTHER, &alias, WORDS)).is("550 5.7.1");
    house.smarthost.next();
    house.send(&Letter::new("zed@third.example", &alias, WORDS)).is("550 5.7.1");
    house.send(&Letter::new("zoe@third.example", &alias, WORDS)).is("550 5.7.1");
    let said = house.put(&["address", "forget", "zed@third.example", "--buyer", "B1"]);
    assert_eq!(said, "buyer B1: erased: 1\n");
    assert_eq!(kept(&house), 2);
    let time_passes = "PRAGMA secure_delete = ON; UPDATE stray SET until = 1;";
    database(&house).execute_batch(time_passes).unwrap();
    eventually("it is erased", || (count(&house, "SELECT count(*) FROM stray") == 0).then_some(()));
    eventually("their addresses stand nowhere in the files", || {
        let files = ["bauta.db", "bauta.db-wal"].map(|file| {
            std::fs::read(house.dir.path().join("data").join(file)).unwrap_or_default()
        });
        let is_left = |word: &[u8]| files.iter().any(|f| f.windows(word.len()).any(|w| w == word));
        (!is_left(b"zed@third") && !is_left(b"zoe@third")).then_some(())
    });
    assert_eq!(kept(&house), 0);

    // And where no relay runs.
    house.send(&Letter::new("yan@third.example", &alias, WORDS)).is("550 5.7.1");
    house.settle();
    house.stop();
    assert_eq!(kept(&house), 1);
    database(&house).execute_batch(time_passes).unwrap();
    house.put(&["purge"]);
    assert_eq!(count(&house, "SELECT count(*) FROM stray"), 0);
}
