//! Whoever is refused learns what to change, in a language of their own, by the way that reaches them.

use bauta::config::Config;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const LONG: usize = 5_001;

fn german_shop(house: &House) {
    let put = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    house.put(&[&put[..], &["--language", "de"]].concat());
}

#[test]
fn a_refusal_says_what_to_change_in_the_senders_language_and_where_more_stands() {
    let policy =
        "[policy]\npreset = \"strict\"\nsupport_link = \"https://market.example/help/{rule}\"\n";
    let mut house = House::open_with(&[("[policy]\n", policy)]);
    german_shop(&house);
    let letter =
        Letter::new(SHOP, &house.buyer_of("O1"), "Rufen Sie an: 030 901820, +49 30 901821\n");
    let answer = house.send(&letter);
    let lines: Vec<&str> = answer.text.lines().collect();
    assert!(lines[0].starts_with("550-5.7.0 Nehmen Sie die Telefonnummer heraus"), "{lines:?}");
    assert!(lines[0].contains("(phone-number im Text: "), "{lines:?}");
    let last = "550 5.7.0 Mehr: https://market.example/help/phone-number";
    assert_eq!(lines.last(), Some(&last));
    assert!(lines.len() <= 5 && answer.text.is_ascii(), "{lines:?}");
    // The first finding of a rule is explained by mail as well.
    let notice = house.smarthost.told();
    assert!(notice.subject.starts_with("Ihre Nachricht wurde abgelehnt"), "{}", notice.subject);
    for words in
        ["Telefonnummer", "keine weiteren Folgen", "https://market.example/help/phone-number"]
    {
        assert!(notice.text.contains(words), "{words:?} is not in {}", notice.text);
    }
    // Buyers are redacted as ever.
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Ring +49 30 901822\n"));
    assert!(mail.words().contains("[entfernt: Telefonnummer]"), "{}", mail.text);
}

#[test]
fn a_seller_whose_mail_system_hides_refusals_gets_our_own_mail_instead() {
    let mut house =
        House::open_with(&[("[policy]\n", "[sellers]\nrefuse_by = \"notice\"\n[policy]\n")]);
    german_shop(&house);
    let long = Letter::new(SHOP, &house.buyer_of("O1"), &format!("{}\n", "a".repeat(LONG)));
    house.send(&long).is("250 2.0.0");
    let notice = house.smarthost.told();
    assert_eq!(notice.recipients, [bare(SHOP)]);
    assert_eq!(notice.header("In-Reply-To"), Some(long.id()));
    assert!(notice.text.contains("Kürzen Sie die Mail."), "{}", notice.text);
    assert_eq!(house.newest()["state"], "rejected");
    house.send(&long).is("250 2.0.0");
    // So is what the market refuses.
    house.put(&["order", "put", "O1", "--seller", "S1", "--buyer", "B1", "--status", "cancelled"]);
    let closed = Letter::new(SHOP, &house.buyer_of("O1"), "It is on its way.\n");
    house.send(&closed).is("250 2.0.0");
    let notice = house.smarthost.told();
    assert!(notice.text.contains("Diese Bestellung ist abgeschlossen."), "{}", notice.text);
    notice.holds_nothing_of(&["mail.example", "jane.roe", "Jane Roe"]);
    // A buyer, a machine and a stranger are answered in the session.
    let buyer = Letter::new(JANE, &house.seller_of("O1"), "Where is it?\n");
    house.send(&buyer).is("550 5.7.1");
    let machine = Letter::new(SHOP, &house.buyer_of("O1"), "Away.\n");
    house.send(&machine.header("Auto-Submitted", "auto-replied")).is("550 5.7.1");
    let stranger = Letter::new("joe@elsewhere.example", &house.buyer_of("O1"), "Hello.\n");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
    house.send(&stranger).is("550 5.7.1");
    // The shop is asked whether it was the stranger.
    assert!(house.smarthost.next().text.contains("joe@elsewhere.example"));
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn what_enforcing_would_have_done_and_what_other_settings_would_decide_is_told() {
    let mut house = House::open_with(&[("mode = \"enforce\"", "mode = \"observe\"")]);
    for text in ["When?\n", "Ring +49 30 901820\n", "Ring +49 30 901821\n"] {
        house.passes(&Letter::new(JANE, &house.seller_of("O1"), text));
    }
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "Write to desk@lamps-online.example\n"));
    let report = house.ask(&["policy", "report", "--since", "14d"]);
    assert_eq!((&report["messages"], &report["otherwise"]), (&4.into(), &3.into()), "{report}");
    assert_eq!(report["would"], serde_json::json!({ "allow": 1, "redact": 3 }));
    assert_eq!(report["did"], serde_json::json!({ "allow": 4 }));
    let phone = &report["rules"][0];
    assert_eq!(
        (&phone["rule"], &phone["messages"], &phone["observed"]),
        (&"phone-number".into(), &2.into(), &2.into())
    );

    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let other = house.dir.path().join("other.toml");
    let strict = config.replace("mode = \"observe\"", "mode = \"enforce\"\npreset = \"strict\"");
    Config::parse(&strict, &other).unwrap();
    std::fs::write(&other, strict).unwrap();
    let said = house.put(&["policy", "backtest", "--with", other.to_str().unwrap()]);
    assert!(said.contains("allow -> redact\t2\n"), "{said}");
    assert!(said.contains("allow -> reject\t1\n"), "{said}");
    assert!(said.contains("of 4 messages 3 would have been decided differently"), "{said}");
    let same = house.put(&["policy", "backtest", "--with", house.config_file().to_str().unwrap()]);
    assert_eq!(same, "of 4 messages 0 would have been decided differently\n");
    assert_eq!(house.bauta(&["policy", "report", "--since", "soon"]).code, 2);
}
