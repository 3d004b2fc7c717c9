//! What a sender is told when a mail that was accepted does not arrive: plain words, in their
//! language, and nothing of the other side.

use std::collections::HashMap;

use bauta::smtp::{Behaviour, Stage};

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::{Letter, Opened, bare};

fn refuses(who: &str, code: u16) -> Behaviour {
    Behaviour { refuse_recipients: HashMap::from([(bare(who), code)]), ..Behaviour::default() }
}

/// A notice as it must always be.
fn is_notice(notice: &Opened, about: &Letter, of: &str) {
    assert_eq!(notice.recipients, [bare(of)]);
    assert_eq!(notice.envelope_from, "", "nobody may answer it with a report");
    assert_eq!(notice.header("Auto-Submitted"), Some("auto-replied"));
    assert_eq!(notice.header("In-Reply-To"), Some(about.id()));
    if of != JANE {
        notice.holds_nothing_of(&["mail.example", "jane.roe", "Jane Roe"]);
    }
    notice.holds_nothing_of(&["127.0.0."]);
}

#[test]
fn a_seller_whose_answer_was_refused_for_good_is_told_so() {
    let mut house = House::open();
    house.put(&[
        "seller",
        "put",
        "S1",
        "--name",
        "Lamp Shop",
        "--email",
        &bare(SHOP),
        "--language",
        "de",
    ]);
    house.smarthost.behaves(refuses(JANE, 550));
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    house.send(&answer).is("250 2.0.0");
    let notice = house.smarthost.next();
    is_notice(&notice, &answer, SHOP);
    assert!(
        notice.subject.starts_with("Ihre Nachricht wurde nicht zugestellt"),
        "{}",
        notice.subject
    );
    assert!(notice.subject.contains("O1") && notice.text.contains("Jane"), "{}", notice.text);
    let told = house.show(&house.newest_is("failed"));
    assert_eq!(told["notices"][0]["kind"], "failed", "{told}");
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "one is enough");
}

#[test]
fn a_buyer_whose_question_waits_is_told_once_and_again_when_it_is_given_up() {
    let soon = (
        "retry_max = \"1s\"\n",
        "retry_max = \"200ms\"\ndelay_notice_after = \"300ms\"\ngive_up_after = \"3s\"\n",
    );
    let mut house = House::open_with(&[soon]);
    house.smarthost.behaves(refuses(SHOP, 451));
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    house.send(&question).is("250 2.0.0");
    let delayed = house.smarthost.next();
    is_notice(&delayed, &question, JANE);
    assert!(delayed.text.contains("has not been delivered yet"), "{}", delayed.text);
    let expired = house.smarthost.next();
    is_notice(&expired, &question, JANE);
    assert!(expired.text.contains("We tried for 3 s"), "{}", expired.text);
    expired.holds_nothing_of(&["lamps.example"]);
    let told = house.show(&house.newest_is("expired"));
    let kinds: Vec<&str> =
        told["notices"].as_array().unwrap().iter().map(|n| n["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["delayed", "expired"]);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn nobody_is_told_of_automatic_mail_nor_of_a_notice_that_does_not_arrive() {
    let mut house = House::open();
    let mut behaviour = refuses(JANE, 550);
    behaviour.refuse_recipients.insert(bare(SHOP), 550);
    house.smarthost.behaves(behaviour);
    let away = Letter::new(SHOP, &house.buyer_of("O1"), "We are away.\n")
        .header("Auto-Submitted", "auto-replied");
    house.send(&away).is("250 2.0.0");
    house.newest_is("failed");
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    house.send(&answer).is("250 2.0.0");
    house.newest_is("failed");
    // The two mails and the one notice about the second, which failed too.
    eventually("all three have failed", || {
        let failed = house.ask(&["queue", "list", "--state", "failed"]);
        (failed.as_array().unwrap().len() == 3).then_some(())
    });
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn the_notice_survives_a_crash_right_after_the_failure() {
    let mut house = House::open();
    // The smarthost refuses the mail, and hangs on whatever comes next.
    house.smarthost.behaves(Behaviour { hang: Some(Stage::Mail), ..Behaviour::default() });
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    house.send(&answer).is("250 2.0.0");
    house.kill();
    house.smarthost.behaves(refuses(JANE, 550));
    house.start();
    house.newest_is("failed");
    house.kill();
    house.start();
    is_notice(&house.smarthost.next(), &answer, SHOP);
}
