//! A threat or a slur reaches nobody until a person has looked at it, and then goes on exactly as it
//! would have.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, Opened, bare};

const REVIEWER: &str = "review@market.example";
const TEXT: &str = "Where is my lamp?\n\nYou are a complete idiot. I know where you live.\n";

fn house() -> House {
    House::open_with(&[(
        "[policy]\n",
        &format!("[review]\nnotify = [\"{REVIEWER}\"]\n\n[policy]\n"),
    )])
}

/// A mail as it went out, without what no two mails have in common: ids, the date, the order.
fn without_ids(mail: &Opened, order: &str) -> String {
    let raw = String::from_utf8(mail.raw.clone()).unwrap();
    let lines = raw.lines().filter(|line| !line.to_ascii_lowercase().starts_with("date:"));
    let words = lines.map(|line| {
        let is_id = |word: &str| word.len() >= 16 && word.bytes().any(|b| b.is_ascii_digit());
        let word = |word: &str| if is_id(word) { "ID".to_owned() } else { word.to_owned() };
        let apart = |c: char| !c.is_ascii_alphanumeric();
        let mut out = String::new();
        for part in line.split_inclusive(apart) {
            let end = part.trim_end_matches(apart);
            out.push_str(&word(end));
            out.push_str(&part[end.len()..]);
        }
        out
    });
    let joined: Vec<String> = words.collect();
    joined.join("\n").replace(order, "ORDER").replace(&order.to_lowercase(), "ORDER")
}

#[test]
fn a_threat_waits_for_a_person_and_goes_on_as_if_it_had_never_waited() {
    let mut house = house();
    for order in ["LAMP-1001", "LAMP-1002"] {
        house.put(&["order", "put", order, "--seller", "S1", "--buyer", "B1"]);
    }
    let held = Letter::new(JANE, &house.seller_of("LAMP-1001"), TEXT).subject("My lamp");
    house.send(&held).is("250 2.0.0").says("waits");
    let [notice, review] = house.smarthost.next_for([JANE, REVIEWER]);
    for words in ["(abuse): You are a complete idiot", "Write without threats and insults"] {
        assert!(notice.text.contains(words), "{words:?} is not in {}", notice.text);
    }
    assert!(review.text.contains("abuse"), "{}", review.text);
    review.holds_nothing_of(&["idiot", "jane.roe"]);
    assert_eq!(house.smarthost.rest(), []);
    let waiting = house.ask(&["held", "list"]);
    let id = waiting[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(house.show(&waiting[0])["response_needed_since"], serde_json::Value::Null);
    house.put(&["held", "release", &id, "--by", "ann"]);
    let released = house.smarthost.next();
    assert_eq!(released.recipients, [bare(SHOP)]);
    assert!(released.words().contains("You are a complete idiot"), "{}", released.text);

    // The same where nothing holds it.
    house.settle();
    house.stop();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let rule = "[policy.rules]\nabuse.buyer_to_seller = \"allow\"\n";
    std::fs::write(house.config_file(), config.replace("[policy.rules]\n", rule)).unwrap();
    house.start();
    let plain = Letter::new(JANE, &house.seller_of("LAMP-1002"), TEXT).subject("My lamp");
    let plain = house.passes(&plain);
    assert_eq!(without_ids(&released, "LAMP-1001"), without_ids(&plain, "LAMP-1002"));
}

#[test]
fn a_seller_s_slur_waits_too_in_any_language_and_a_bad_mood_does_not() {
    let mut house = house();
    let slur = Letter::new(SHOP, &house.buyer_of("O1"), "Du bist ein A r s c h l o c h.\n");
    house.send(&slur).is("250 2.0.0").says("waits");
    house.smarthost.next_for([SHOP, REVIEWER]);
    let id = house.ask(&["held", "list"])[0]["id"].as_str().unwrap().to_owned();
    house.put(&["held", "reject", &id, "--reason", "We do not talk like this."]);
    assert!(house.smarthost.next().text.contains("We do not talk like this."));
    // No strike: it is no rule that strikes.
    assert_eq!(house.ask(&["account", "health", "S1"])["strikes"], 0);
    let mood = "Where the hell is my parcel? I am furious, this is the worst shop ever.\n";
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), mood));
    assert!(mail.words().contains("worst shop"), "{}", mail.text);
}
