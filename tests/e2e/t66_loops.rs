//! Mail that comes round: whatever answers by itself, is forwarded back or goes to a list, it ends,
//! and what it is counted by stands in the database.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

#[test]
fn two_out_of_office_notes_end_after_one_each_also_over_a_restart() {
    let mut house = House::open();
    let away = |mail: &crate::letter::Opened, from| {
        Letter::answering(mail, from, "I am away.").header("Auto-Submitted", "auto-replied")
    };
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let shops = house.passes(&away(&asked, SHOP));
    let janes = house.passes(&away(&shops, JANE));
    // What was counted is not forgotten with the process.
    house.settle();
    house.kill();
    house.start();
    house.send(&away(&janes, SHOP)).is("550 5.7.1").says("automatic");
    house.send(&away(&shops, JANE)).is("550 5.7.1").says("automatic");
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "nobody is told of automatic mail");
}

#[test]
fn two_programs_that_hide_what_they_are_end_at_the_conversations_limit_over_a_restart() {
    let limit = ("[policy]\n", "[limits]\nconversation_per_10_minutes = 6\n\n[policy]\n");
    let mut house = House::open_with(&[limit]);
    let mut last = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    for n in 1..6 {
        if n == 3 {
            house.settle();
            house.kill();
            house.start();
        }
        let who = [JANE, SHOP][n % 2];
        last = house.passes(&Letter::answering(&last, who, &format!("Ticket {n} is open.")));
    }
    let seventh = Letter::answering(&last, JANE, "Ticket 7 is open.");
    house.send(&seventh).is("250 2.0.0").says("waits");
    // Jane's program hears that a person will look; the other one hears nothing more to answer.
    let notice = house.smarthost.next();
    assert_eq!(notice.recipients, [bare(JANE)]);
    let answer = Letter::answering(&notice, JANE, "Ticket 8 is open.");
    house.send(&answer).is("550 5.3.5");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_list_is_nobody_and_what_a_shop_sends_by_one_is_a_mail_like_any_other() {
    let mut house = House::open();
    let listed = |from: &str, to: &str, n: usize| {
        Letter::new(from, to, &format!("Number {n} of our talk.\n"))
            .header("List-Id", "<talk.lists.example>")
            .header("List-Post", "<mailto:talk@lists.example>")
            .header("Precedence", "list")
            .envelope_sender("talk-bounces@lists.example")
    };
    let (buyer, seller) = (house.buyer_of("O1"), house.seller_of("O1"));
    // Somebody subscribed our aliases.
    for to in [&buyer, &seller] {
        house.send(&listed("Eve <eve@elsewhere.example>", to, 1)).is("550 5.7.1");
    }
    assert_eq!(house.messages().len(), 0);
    // Those who are registered are asked whether it was them.
    house.smarthost.next_for([SHOP, JANE]);
    let mail = house.passes(&listed(SHOP, &buyer, 2));
    assert_eq!(house.newest()["automatic"], false, "a list alone makes it no automatic mail");
    mail.holds_nothing_of(&["lists.example", "List-"]);
    assert_eq!(mail.header("Precedence"), None);
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "the list hears nothing");
}

#[test]
fn an_alias_can_not_write_to_an_alias() {
    let mut house = House::open();
    let (buyer, seller) = (house.buyer_of("O1"), house.seller_of("O1"));
    // A mailbox that forwards what it gets from us to another alias: From is ours.
    for (from, to) in [(&seller, &buyer), (&buyer, &seller), (&seller, &seller)] {
        house.send(&Letter::new(from, to, "Round and round.\n")).is("550 5.7.1");
    }
    // Also with all that our own mail carries.
    let relayed = house.passes(&Letter::new(JANE, &seller, "When does it arrive?\n"));
    let raw = String::from_utf8(relayed.raw.clone()).unwrap();
    let (_, text) = raw.split_once("\r\n\r\n").unwrap();
    let mut back = Letter::new(&relayed.from, &buyer, &text.replace("\r\n", "\n"))
        .envelope_sender(&bare(SHOP));
    for (name, value) in &relayed.headers {
        if !["From", "To"].contains(&name.as_str()) {
            back = back.header(name, value);
        }
    }
    house.send(&back).is("550 5.7.1");
    let ran = house.bauta(&["buyer", "put", "B9", "--name", "Nine", "--email", &buyer]);
    assert_eq!(ran.code, 1, "an alias is nobody's address: {ran:?}");
    house.settle();
    assert_eq!(house.messages().len(), 1);
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn our_own_notice_that_comes_back_is_taken_for_nothing_and_tells_nobody() {
    let soon = ("retry_max = \"1s\"\n", "retry_max = \"200ms\"\ngive_up_after = \"300ms\"\n");
    let mut house = House::open_with(&[soon]);
    let refused = std::collections::HashMap::from([(bare(JANE), 550)]);
    let behaviour = bauta::smtp::Behaviour { refuse_recipients: refused, ..Default::default() };
    house.smarthost.behaves(behaviour);
    let buyer = house.buyer_of("O1");
    house.send(&Letter::new(SHOP, &buyer, "It leaves tomorrow.\n")).is("250 2.0.0");
    let notice = house.smarthost.next();
    // The shop's mailbox forwards all its mail to the buyer's alias.
    let forwarded = |sender: &str| {
        Letter::new(&notice.from, &buyer, "Your message could not be delivered.\n")
            .header("Auto-Submitted", "auto-replied")
            .envelope_sender(sender)
    };
    for sender in ["", &bare(SHOP)] {
        house.send(&forwarded(sender)).is("550 5.7.1");
    }
    // Or answers it by itself: to the postmaster, whom this house does not have.
    let answer = Letter::new(SHOP, "postmaster@alias.example", "I am away.\n")
        .header("Auto-Submitted", "auto-replied")
        .envelope_sender("");
    house.send(&answer).is("550 5.3.5");
    house.settle();
    assert_eq!(house.messages().len(), 1, "the answer that failed, and nothing more");
    assert_eq!(house.smarthost.rest(), []);
}
