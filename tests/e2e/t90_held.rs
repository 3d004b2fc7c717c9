//! A message that waits for a person: taken, kept, told of, and nothing of it reaches the other side
//! until somebody decides.

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::{Letter, bare};
use crate::parcel::{File, parcel, pdf};

const REVIEWER: &str = "review@market.example";

/// A house in which a seller's phone numbers wait for a person.
fn house(review: &str) -> House {
    House::open_with(&[(
        "[policy]\nmode = \"enforce\"\n",
        &format!(
            "[review]\nnotify = [\"{REVIEWER}\"]\n{review}\n[policy]\nmode = \"enforce\"\n\
             [policy.rules.phone-number]\nseller_to_buyer = \"hold\"\nbuyer_to_seller = \"hold\"\n"
        ),
    )])
}

fn held(house: &House) -> serde_json::Value {
    let list = house.ask(&["held", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
    list[0].clone()
}

#[test]
fn a_message_waits_is_told_of_and_goes_on_exactly_as_it_would_have() {
    let mut house = house("");
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    let asked = house.passes(&question);
    let text = "Call us at +49 30 901820, or write to desk@lamps.example.";
    let answer = Letter::answering(&asked, SHOP, text);
    house.send(&answer).is("250 2.0.0").says("waits");
    let [notice, review] = house.smarthost.next_for([SHOP, REVIEWER]);
    assert!(notice.subject.starts_with("Your message waits for review"), "{}", notice.subject);
    assert!(notice.text.contains("(phone-number): +49 30 901820"), "{}", notice.text);
    assert_eq!(notice.header("In-Reply-To"), Some(answer.id()));
    assert_eq!(notice.header("Auto-Submitted"), Some("auto-replied"));
    let waiting = held(&house);
    let id = waiting["id"].as_str().unwrap();
    assert_eq!((&waiting["state"], &waiting["action"]), (&"held".into(), &"hold".into()));
    assert!(review.text.contains(id) && review.text.contains("phone-number"), "{}", review.text);
    review.holds_nothing_of(&["901820", "mail.example", "cs@lamps"]);
    // The answer came in time, whenever it goes on.
    assert_eq!(house.show(&waiting)["response_needed_since"], serde_json::Value::Null);
    // The same mail again is the same message.
    house.send(&answer).is("250 2.0.0").says(id);
    assert_eq!(house.messages().len(), 2);

    let original = house.put(&["held", "show", id, "--original", "--by", "ann"]);
    assert!(original.contains(&bare(SHOP)), "{original}");
    assert_eq!(
        house.put(&["held", "release", id, "--by", "ann"]),
        format!("message {id} released\n")
    );
    let mail = house.smarthost.next();
    assert_eq!(mail.recipients, [bare(JANE)]);
    assert!(mail.words().contains("+49 30 901820"), "{}", mail.text);
    assert!(mail.words().contains("[removed: e-mail address]"), "{}", mail.text);
    assert_eq!(mail.header("In-Reply-To"), Some(question.id()));
    mail.holds_nothing_of(&["lamps.example"]);
    assert_eq!(house.newest_is("delivered")["state"], "accepted");
    let shown = house.ask(&["held", "show", id]);
    let events = shown["reviews"].as_array().unwrap().iter();
    let events: Vec<_> =
        events.map(|e| (e["what"].as_str().unwrap(), e["by"].as_str().unwrap())).collect();
    assert_eq!(events, [("opened", "ann"), ("released", "ann")]);
    let again = house.bauta(&["held", "release", id]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.err.contains("it does not wait"), "{again:?}");
    house.send(&answer).is("250 2.0.0").says(id);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn what_is_rejected_its_sender_is_told_with_the_reason_and_the_clock_goes_on() {
    let mut house = house("");
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n"));
    let since = house.show(&house.newest())["response_needed_since"].clone();
    let answer = Letter::answering(&asked, SHOP, "Call +49 30 901820.");
    house.send(&answer).is("250 2.0.0");
    house.smarthost.next_for([SHOP, REVIEWER]);
    let id = held(&house)["id"].as_str().unwrap().to_owned();
    let reason = "We ask sellers to answer here.";
    house.put(&["held", "reject", &id, "--by", "ann", "--reason", reason]);
    let notice = house.smarthost.next();
    assert_eq!(notice.recipients, [bare(SHOP)]);
    assert!(notice.subject.starts_with("Your message was not passed on"), "{}", notice.subject);
    assert!(notice.text.contains(reason), "{}", notice.text);
    notice.holds_nothing_of(&["mail.example", "jane.roe", "Jane Roe"]);
    let rejected = house.newest();
    assert_eq!(rejected["state"], "rejected");
    assert_eq!(house.show(&rejected)["response_needed_since"], since);
    assert_eq!(house.bauta(&["held", "reject", &id]).code, 1);
    house.send(&answer).is("250 2.0.0").says(&id);
    assert_eq!(house.ask(&["held", "list"]), serde_json::json!([]));
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn what_nobody_decides_about_is_rejected_in_time_or_goes_on_as_its_rule_says() {
    let timeout = "timeout = \"1s\"";
    let mut house = house(timeout);
    house.send(&Letter::new(JANE, &house.seller_of("O1"), "Call me: +49 30 901820\n")).is("250");
    let [waits, told, _] = {
        let mut mails = [house.smarthost.next(), house.smarthost.next(), house.smarthost.next()];
        // The notice that it waits, then that it was not passed on; somewhere the reviewer's.
        mails.sort_by_key(|m| m.recipients == [bare(REVIEWER)]);
        mails
    };
    let subjects = [&waits.subject[..], &told.subject[..]];
    assert!(subjects.iter().any(|s| s.starts_with("Your message waits")), "{subjects:?}");
    assert!(
        [&waits, &told].iter().any(|m| m.text.contains("decided in time")),
        "{} {}",
        waits.text,
        told.text
    );
    assert_eq!(house.newest()["state"], "rejected");
    house.stop();
    let config = std::fs::read_to_string(house.config_file()).unwrap();
    let config = config.replace(
        "[policy.rules.phone-number]\n",
        "[policy.rules.phone-number]\non_timeout = \"release\"\n",
    );
    std::fs::write(house.config_file(), config).unwrap();
    house.start();
    house.send(&Letter::new(JANE, &house.seller_of("O1"), "Call me: +49 30 901820\n")).is("250");
    let mails = house.smarthost.next_for([JANE, REVIEWER, SHOP]);
    assert!(mails[2].words().contains("+49 30 901820"), "{}", mails[2].text);
    assert_eq!(house.newest_is("delivered")["state"], "accepted");
    assert!(house.show(&house.newest())["response_needed_since"].is_string());
}

#[test]
fn orders_and_blocks_are_asked_again_before_it_goes_on() {
    let mut house = house("");
    house.send(&Letter::new(JANE, &house.seller_of("O1"), "Call me: +49 30 901820\n")).is("250");
    house.smarthost.next_for([JANE, REVIEWER]);
    let waiting = held(&house);
    let id = waiting["id"].as_str().unwrap();
    assert_eq!(
        house.show(&waiting)["response_needed_since"],
        serde_json::Value::Null,
        "the seller has not seen it"
    );
    let cancel = ["order", "put", "O1", "--seller", "S1", "--buyer", "B1", "--status"];
    house.put(&[&cancel[..], &["cancelled"]].concat());
    let refused = house.bauta(&["held", "release", id]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("the order is cancelled"), "{refused:?}");
    house.put(&[&cancel[..], &["open"]].concat());
    house.put(&["seller", "block", "S1", "--buyer", "B1"]);
    let refused = house.bauta(&["held", "release", id]);
    assert!(refused.err.contains("blocked"), "{refused:?}");
    house.put(&["seller", "unblock", "S1", "--buyer", "B1"]);
    held(&house);
    assert_eq!(house.smarthost.rest(), []);
    house.put(&["held", "release", id]);
    let mail = house.smarthost.next();
    assert_eq!(mail.recipients, [bare(SHOP)]);
    assert!(house.show(&house.newest())["response_needed_since"].is_string());
    // The seller's answer finds its conversation.
    let answer = house.passes(&Letter::answering(&mail, SHOP, "It is on its way."));
    assert_eq!(answer.recipients, [bare(JANE)]);
    assert_eq!(house.newest()["proactive"], false);
}

#[test]
fn a_suspended_sellers_answers_wait_and_other_messages_are_refused() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    house.put(&["order", "put", "O2", "--seller", "S1", "--buyer", "B1"]);
    house.put(&["account", "suspend", "S1", "--reason", "asked for reviews", "--by", "ann"]);
    house
        .send(&Letter::new(SHOP, &house.buyer_of("O2"), "Which colour?\n"))
        .is("550 5.7.1")
        .says("suspended");
    let away =
        Letter::answering(&asked, SHOP, "We are away.").header("Auto-Submitted", "auto-replied");
    house.send(&away).is("550 5.7.1").says("suspended");
    house.send(&Letter::answering(&asked, SHOP, "Tomorrow.")).is("250 2.0.0").says("waits");
    let waiting = held(&house);
    assert_eq!(waiting["holds"][0]["reason"], "suspended-seller", "{waiting}");
    house.put(&["held", "release", waiting["id"].as_str().unwrap()]);
    eventually("the buyer gets the answer", || {
        let mail = house.smarthost.next();
        (mail.recipients == [bare(JANE)] && mail.words().contains("Tomorrow.")).then_some(())
    });
}

#[test]
fn what_would_leak_waits_and_can_not_be_let_pass_as_it_is() {
    let mut house = House::open();
    let mut file = pdf("", |_, _| {});
    let text = b"Thank you for your order";
    let at = file.windows(text.len()).position(|w| w == text).unwrap();
    file[at..at + text.len()].copy_from_slice(b"jane.roe@mail.example   ");
    let letter = Letter::new(JANE, &house.seller_of("O1"), "See the invoice.\n");
    let sent = [File::new("invoice.pdf", "application/pdf", file)];
    house.send(&parcel(letter, &sent)).is("250 2.0.0").says("waits");
    let waiting = held(&house);
    assert_eq!(waiting["holds"][0]["reason"], "leak", "{waiting}");
    let id = waiting["id"].as_str().unwrap();
    let refused = house.bauta(&["held", "release", id]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.err.contains("still leak"), "{refused:?}");
    held(&house);
    let notice = house.smarthost.next();
    assert_eq!(notice.recipients, [bare(JANE)]);
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_crash_right_after_the_answer_forgets_nobody_who_is_to_be_told() {
    let mut house = house("");
    house.smarthost.goes_down();
    house.send(&Letter::new(SHOP, &house.buyer_of("O1"), "Call +49 30 901820.\n")).is("250 2.0.0");
    house.kill();
    house.smarthost.comes_back();
    house.start();
    house.smarthost.next_for([SHOP, REVIEWER]);
    held(&house);
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}
