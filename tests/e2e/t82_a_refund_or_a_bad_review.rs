//! A buyer who ties a review to a refund is delivered, and trust & safety hear of it.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

const REVIEWER: &str = "review@market.example";

#[test]
fn a_refund_or_one_star_is_delivered_and_those_who_review_are_told() {
    let mut house = House::open_with(&[(
        "[policy]\n",
        &format!("[review]\nnotify = [\"{REVIEWER}\"]\n\n[policy]\n"),
    )]);
    let text = "The lamp is scratched. Refund me 20 euros or I will leave a one star review.\n";
    house.send(&Letter::new(JANE, &house.seller_of("O1"), text)).is("250 2.0.0");
    let [mail, note] = house.smarthost.next_for([SHOP, REVIEWER]);
    assert_eq!(mail.words(), text.trim_end());
    let sent = house.newest_is("delivered");
    let id = sent["id"].as_str().unwrap();
    assert!(note.subject.contains(id), "{}", note.subject);
    for words in ["feedback-extortion", "It goes on.", id, "Received "] {
        assert!(note.text.contains(words), "{words:?} is not in {}", note.text);
    }
    note.holds_nothing_of(&["scratched", "jane.roe", &bare(JANE), &bare(SHOP)]);
    let finding = &house.show(&sent)["verdict"]["findings"][0];
    assert_eq!(finding["rule"], "feedback-extortion", "{finding}");
    assert_eq!((&finding["action"], &finding["part"]), (&"warn".into(), &"text".into()));
    // Who only complains, or has reviewed already, is nobody's business.
    for text in
        ["Please refund me, the lamp is scratched.\n", "I left one star, it is scratched.\n"]
    {
        house.passes(&Letter::new(JANE, &house.seller_of("O1"), text));
    }
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}
