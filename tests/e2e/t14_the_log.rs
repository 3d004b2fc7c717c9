//! The log tells each turn in a message's fate, one line each, and nothing of what was said or by
//! whom.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

/// Words that stand in no log line of anybody's.
const SAID: [&str; 10] = [
    "xylophone",
    "marzipan",
    // Not four digits alone: those stand in many a moment.
    "7946 0958",
    "79460958",
    "jane.roe",
    "Jane",
    "cs@lamps",
    "lamps.example",
    "mail.example",
    "stranger",
];

fn lines_of(log: &str, id: &str) -> Vec<String> {
    log.lines().filter(|l| l.contains(id)).map(str::to_owned).collect()
}

/// Everything that can happen to a mail happens once.
fn a_busy_day(house: &mut House) {
    let question = Letter::new(JANE, &house.seller_of("O1"), "Is it a xylophone?\n");
    let asked = house.passes(&question.subject("About the marzipan"));
    let answer = Letter::answering(&asked, SHOP, "No xylophone. Call +44 20 7946 0958");
    house.passes(&answer);
    let book = "A xylophone is a musical instrument and no lamp at all.\n".repeat(100);
    house.send(&Letter::new(JANE, &house.seller_of("O1"), &book)).is("550 5.7.0");
    let stranger = Letter::new("stranger@elsewhere.example", &asked.from, "A xylophone!\n");
    house.send(&stranger).is("550 5.7.1");
    house.send(&Letter::new(JANE, "stranger@alias.example", "Xylophone?\n")).is("550 5.1.1");
    house.send_from("127.0.0.3", &Letter::new(JANE, &asked.from, "Me!\n")).is("550 5.7.26");
    house.send(&Letter::new(JANE, &asked.from, "Me!\n").without("From")).is("550 5.7.26");
    house.smarthost.goes_down();
    house.send(&Letter::answering(&asked, SHOP, "No marzipan either.")).is("250");
    house.newest_is("deferred");
    house.smarthost.comes_back();
    house.smarthost.next();
    let refuse = [(String::from("jane.roe@mail.example"), 550)];
    house
        .smarthost
        .behaves(bauta::smtp::Behaviour { refuse_recipients: refuse.into(), ..Default::default() });
    house.send(&Letter::answering(&asked, SHOP, "Good bye, marzipan.")).is("250");
    house.newest_is("failed");
    house.settle();
}

fn says_nothing_of_anybody(log: &str) {
    let log = log.to_lowercase();
    for word in SAID {
        let line = log.lines().find(|l| l.contains(&word.to_lowercase()));
        assert_eq!(line, None, "{word:?} stands in the log");
    }
}

#[test]
fn each_turn_is_one_line_that_names_the_message() {
    let mut house = House::open();
    a_busy_day(&mut house);
    house.stop();
    let log = house.log();
    let messages = house.messages();
    assert_eq!(messages.len(), 5);
    for message in &messages {
        let id = message["id"].as_str().unwrap();
        let lines = lines_of(&log, id);
        let attempts = message["delivery"]["attempts"].as_u64().unwrap_or(0) as usize;
        let told = usize::from(message["delivery"]["state"] == "failed");
        assert_eq!(lines.len(), 1 + attempts + told, "{message}: {lines:#?}");
        let (first, last) = (&lines[0], lines.last().unwrap());
        match (message["state"].as_str().unwrap(), message["delivery"]["state"].as_str()) {
            ("rejected", None) => assert!(first.contains("rejected") && first.contains("too-long")),
            ("accepted", Some("delivered")) => {
                assert!(first.contains("accepted") && last.contains("delivered"), "{lines:#?}");
                let deferred = &lines[1..lines.len() - 1];
                assert!(deferred.iter().all(|l| l.contains("deferred")), "{lines:#?}");
            }
            ("accepted", Some("failed")) => {
                let [_, deferred @ .., failed, _] = lines.as_slice() else { panic!("{lines:#?}") };
                assert!(deferred.iter().all(|l| l.contains("deferred")), "{lines:#?}");
                assert!(failed.contains("failed for good"), "{lines:#?}");
                assert!(last.contains("its sender is told"), "{lines:#?}");
            }
            other => panic!("{other:?}: {message}"),
        }
    }
    for refused in ["refused: not admitted", "refused: sender not proved"] {
        assert!(log.contains(refused), "no line {refused:?}:\n{log}");
    }
    assert!(log.lines().last().unwrap().contains("stopped"));
}

#[test]
fn no_word_of_a_mail_and_nobodys_address_stands_in_it() {
    let mut house = House::open();
    a_busy_day(&mut house);
    says_nothing_of_anybody(&house.log());
}

#[test]
fn not_even_where_it_tells_everything_it_can() {
    let mut house = House::open();
    house.stop();
    house.log_level = "trace";
    house.start();
    a_busy_day(&mut house);
    says_nothing_of_anybody(&house.log());
}

/// A smarthost that repeats everybody's address in what it answers, as many do.
fn gossip() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut writer = stream.try_clone()?;
                writer.write_all(b"220 gossip.example\r\n")?;
                for line in BufReader::new(stream).lines() {
                    let line = line?;
                    let address = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    let reply = match line.get(..4).unwrap_or_default() {
                        "RCPT" => format!(
                            "550-5.1.1 <{address}>: Recipient address rejected:\r\n\
                             550-5.1.1 rcpt={address}, said \"{address}\";no {}\r\n\
                             550 5.1.1 mailbox for '{address}' (mailto:{address}) unknown\r\n",
                            address.to_uppercase()
                        ),
                        "QUIT" => "221 Bye\r\n".to_owned(),
                        _ => format!("250 OK {address}\r\n"),
                    };
                    writer.write_all(reply.as_bytes())?;
                }
                std::io::Result::Ok(())
            });
        }
    });
    address
}

#[test]
fn what_a_smarthost_says_of_somebody_is_kept_without_the_address() {
    let mut house = House::closed();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let here = house.smarthost.address.to_string();
    let config = config.replace(&here, &gossip().to_string());
    std::fs::write(house.config_file(), config).unwrap();
    house.opens();
    house.send(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n")).is("250");
    let told = house.newest_is("failed");
    let shown = house.show(&told).to_string().to_lowercase();
    assert!(shown.contains("recipient address rejected"), "{shown}");
    assert!(!told.to_string().to_lowercase().contains("lamps.example"), "{told}");
    let deliveries = house.show(&told)["deliveries"].to_string().to_lowercase();
    assert!(!deliveries.contains("lamps.example"), "{deliveries}");
    assert!(!house.log().to_lowercase().contains("lamps.example"), "{}", house.log());
}
