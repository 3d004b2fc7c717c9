//! A language pack of the admin's own, and how well it does.

use std::fs;

use crate::house::{House, SHOP};
use crate::letter::Letter;

const PACK: &str = r#"language = "en"
[classes]
review = "field report"
"#;

#[test]
fn a_word_of_the_admins_own_is_found_and_a_wrong_pack_is_told_of() {
    let mut house = House::closed();
    let config = fs::read_to_string(house.config_file()).unwrap();
    let named = config.replace("[policy]\n", "[policy]\nlanguage_packs = [\"own.toml\"]\n");
    fs::write(house.config_file(), named).unwrap();
    let folder = house.config_file().parent().unwrap().to_owned();
    fs::write(folder.join("own.toml"), PACK.replace("report\"", "(report\"")).unwrap();
    let ran = house.bauta(&["check"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("own.toml:3:11: ") && ran.err.contains("without its )"), "{ran:?}");

    fs::write(folder.join("own.toml"), PACK).unwrap();
    house.opens();
    let text = "Please write a field report about the lamp for us.\n";
    let answer = house.send(&Letter::new(SHOP, &house.buyer_of("O1"), text));
    answer.is("550 5.7.0").says("review-solicitation");
}

#[test]
fn measuring_tells_how_often_each_rule_was_right() {
    let house = House::closed();
    let cases = house.config_file().with_file_name("cases.jsonl");
    let case = |id: &str, text: &str, expect: &str| {
        format!(
            r#"{{"id":"{id}","lang":"en","direction":"seller-to-buyer","proactive":false,"subject":"Re: lamp","text":"{text}","expect":[{expect}]}}"#
        )
    };
    let review = "\"review-solicitation\"";
    let lines = [
        case("hit", "Please leave us a review on the product page.", review),
        case("miss", "The lamp is made of brass and takes any bulb.", review),
        case("wrong", "Please leave us a review on the product page.", ""),
        case("clean", "The lamp is made of brass and takes any bulb.", ""),
    ];
    fs::write(&cases, lines.join("\n")).unwrap();
    let file = cases.to_str().unwrap();
    let told = house.ask(&["policy", "measure", file]);
    assert_eq!((&told["cases"], &told["exact"]), (&4.into(), &2.into()), "{told}");
    assert_eq!((&told["clean"], &told["clean_hit"]), (&2.into(), &1.into()), "{told}");
    let score = &told["scores"][0];
    assert_eq!((&score["rule"], &score["lang"]), (&"review-solicitation".into(), &"all".into()));
    assert_eq!((&score["precision"], &score["recall"]), (&0.5.into(), &0.5.into()), "{told}");
    let ran = house.bauta(&["policy", "measure", file]);
    assert!(ran.out.contains("missed\tmiss\ten\treview-solicitation"), "{}", ran.out);
    assert!(ran.out.contains("wrong\twrong\ten\treview-solicitation"), "{}", ran.out);
    assert!(ran.out.contains("exact set of rules: 2 of 4 cases"), "{}", ran.out);

    fs::write(&cases, r#"{"id":"1","direction":"seller-to-buyer"}"#).unwrap();
    let ran = house.bauta(&["policy", "measure", file]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("cases.jsonl:1: \"expect\" is missing"), "{ran:?}");
}
