//! Who names too many unknown aliases is told to come again: that network with that envelope domain,
//! and nobody else.

use crate::house::{House, JANE, bauta, eventually, run};
use crate::letter::{Letter, bare};
use crate::wire::Wire;

const NOBODY: &str = "550 5.1.1";
const TOO_MANY: &str = "450 4.7.1";

/// What is said to each of these recipients, in one transaction.
fn hear(house: &House, from: &str, recipients: &[&str]) -> Vec<String> {
    let mut wire = Wire::open(house.relay).unwrap();
    wire.say(&format!("MAIL FROM:<{from}>")).unwrap();
    let said = |to: &&str| wire.say(&format!("RCPT TO:<{to}>")).unwrap();
    let heard = recipients.iter().map(said).collect();
    wire.say("QUIT").unwrap();
    heard
}

fn all_are(heard: &[String], start: &str) {
    assert!(heard.iter().all(|h| h.starts_with(start)), "not {start}: {heard:?}");
}

#[test]
fn over_the_limit_that_pair_alone_is_put_off_and_mail_to_aliases_passes() {
    let mut house =
        House::open_with(&[("[policy]\n", "[limits]\nunknown_aliases_per_hour = 6\n[policy]\n")]);
    let guesses: Vec<String> = (0..6).map(|n| format!("guess{n}@alias.example")).collect();
    let guesses: Vec<&str> = guesses.iter().map(String::as_str).collect();
    all_are(&hear(&house, "joe@evil.example", &guesses), NOBODY);
    all_are(&hear(&house, "ann@EVIL.example", &guesses[..2]), TOO_MANY);
    all_are(&hear(&house, "joe@good.example", &guesses[..2]), NOBODY);
    all_are(&hear(&house, "", &guesses[..2]), NOBODY);
    // The peer is trusted: others of that domain who write through it are not shut out.
    let alias = house.seller_of("O1");
    all_are(&hear(&house, "joe@evil.example", &[&alias]), "250");
    house.passes(&Letter::new(JANE, &alias, "Hello?\n").envelope_sender("jane@evil.example"));
}

#[test]
fn during_a_restore_nobody_is_held_to_guess() {
    let house = House::open_with(&[
        ("[policy]\n", "[limits]\nunknown_aliases_per_hour = 2\n[policy]\n"),
        ("[smtp]\n", "[smtp]\nunknown_alias = \"defer\"\n"),
    ]);
    let nobody = ["a@alias.example", "b@alias.example", "c@alias.example", "d@alias.example"];
    all_are(&hear(&house, "joe@evil.example", &nobody), "451 4.3.2");
}

#[test]
fn the_postmaster_is_reached_under_every_name_in_any_case_or_says_that_there_is_none() {
    let mut house = House::open();
    let all = [
        "postmaster@alias.example",
        "PostMaster@ALIAS.example",
        "abuse@alias.example",
        "Abuse@Alias.Example",
        "Postmaster",
        "POSTMASTER",
    ];
    for answer in hear(&house, &bare(JANE), &all) {
        assert!(answer.starts_with("550 5.3.5"), "{answer}");
        assert!(answer.contains("names no postmaster"), "{answer}");
    }
    house.stop();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let named = "data_dir = \"data\"\npostmaster = \"pm@market.example\"\n";
    std::fs::write(house.config_file(), config.replace("data_dir = \"data\"\n", named)).unwrap();
    house.start();
    for to in all {
        let mut wire = Wire::open(house.relay).unwrap();
        // From anybody, and from nobody.
        for from in ["stranger@elsewhere.example", ""] {
            let letter = Letter::new("stranger@elsewhere.example", to, "Spam from you!\n");
            let answer = wire.send(&letter.envelope_sender(from)).unwrap();
            assert!(answer.starts_with("250"), "{to}: {answer}");
            let mail = house.smarthost.next();
            assert_eq!(mail.recipients, ["pm@market.example"]);
        }
    }
    assert_eq!(house.messages().len(), 0);
    let ran = run(bauta().arg("--config").arg(house.config_file()).args(["queue", "list"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    eventually("all are delivered", || {
        let list = house.ask(&["queue", "list"]);
        list.as_array().unwrap().is_empty().then_some(())
    });
}
