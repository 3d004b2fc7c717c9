//! Rules that the operator writes: words and patterns, per direction, with a message of their own.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const RULES: &str = r#"
[[policy.custom]]
id = "no-fax"
pattern = '(?i)\bfax(es)?\b'
seller_to_buyer = "reject"
message = { en = "Don't send faxes.", de = "Senden Sie kein Fax, schreiben Sie hier" }
strike = true

[[policy.custom]]
id = "old-brand"
words = ["Brass Barn"]
buyer_to_seller = "redact"

[policy]
"#;

#[test]
fn a_rule_of_ones_own_refuses_in_its_own_words_counts_and_finds_disguised_names() {
    let mut house = House::open_with(&[("[policy]\n", RULES)]);
    let put = ["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)];
    house.put(&[&put[..], &["--language", "de"]].concat());
    for n in 2..=3 {
        house.put(&["order", "put", &format!("O{n}"), "--seller", "S1", "--buyer", "B1"]);
    }
    let fax = Letter::new(SHOP, &house.buyer_of("O2"), "Bitte senden Sie uns ein Fax.\n");
    house
        .send(&fax)
        .is("550 5.7.0")
        .says("Senden Sie kein Fax, schreiben Sie hier (no-fax im Text: \"Fax\")");
    let notice = house.smarthost.told();
    assert!(notice.text.contains("(no-fax): Fax"), "{}", notice.text);
    assert!(notice.text.contains("Senden Sie kein Fax, schreiben Sie hier."), "{}", notice.text);
    // The second time, elsewhere, it counts.
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O3"), "Where is it?\n"));
    house.send(&Letter::answering(&asked, SHOP, "Oder per FAX.")).is("550 5.7.0");
    house.smarthost.told();
    assert_eq!(house.ask(&["account", "health", "S1"])["strikes"], 1);
    // A sender of a language that has no message reads the English one.
    house.put(&[&put[..], &["--language", "fr"]].concat());
    house
        .send(&Letter::new(SHOP, &house.buyer_of("O2"), "Envoyez un fax.\n"))
        .is("550 5.7.0")
        .says("Don't send faxes (no-fax dans le texte: \"fax\")");
    // The other direction has its own action, and nothing is set for faxes there.
    let text = "By fax? I had one of Br4ss-B4rn before.\n";
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O2"), text));
    assert!(mail.words().starts_with("By fax? I had one of ["), "{}", mail.text);
    mail.holds_nothing_of(&["b4rn"]);
}

#[test]
fn a_pattern_that_does_not_compile_is_told_with_its_place() {
    let mut house = House::open();
    house.stop();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let rules = RULES.replace("bfax(es)?", "bfax(es?");
    let good = config.clone();
    let config = config.replace("[policy]\n", &rules);
    std::fs::write(house.config_file(), &config).unwrap();
    let line = 1 + config.lines().position(|line| line.starts_with("pattern")).unwrap();
    let checked = house.bauta(&["check"]);
    assert_ne!(checked.code, 0, "{checked:?}");
    let place = format!("{line}:11: policy.custom.0.pattern: does not compile: unclosed group");
    assert!(checked.err.contains(&place), "{checked:?}");
    std::fs::write(house.config_file(), good).unwrap();
}
