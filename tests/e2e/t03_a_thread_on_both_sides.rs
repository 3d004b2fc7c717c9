//! They go on writing. In each mail program it is one thread, made of ids that this program knows.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, Opened};

/// What one side's mail program has seen: ids that it made or that stood in mail that it got.
#[derive(Default)]
struct Side {
    known: Vec<String>,
    /// The id that names the conversation on this side.
    root: Option<String>,
}

impl Side {
    /// Every id that this mail refers to is known here; the conversation's own stands first.
    fn gets(&mut self, mail: &Opened) {
        let (first, rest) = mail.references.split_first().expect("References");
        let root = self.root.get_or_insert_with(|| first.clone());
        assert_eq!(first, root, "References begins with this side's conversation id");
        assert!(!mail.in_reply_to.contains(root), "which is nobody's parent");
        for id in rest.iter().chain(&mail.in_reply_to) {
            assert!(self.known.contains(id), "{id} is unknown here; known: {:?}", self.known);
        }
        if let Some(parent) = mail.in_reply_to.first() {
            assert_eq!(mail.references.last(), Some(parent), "RFC 5322 3.6.4: the parent is last");
        }
        self.known.push(mail.id.clone());
    }

    fn writes(&mut self, letter: &Letter) {
        self.known.push(letter.id().to_owned());
    }
}

#[test]
fn four_rounds_are_one_thread_in_janes_mail_program_and_one_in_the_shops() {
    let mut house = House::open();
    let (mut jane, mut shop) = (Side::default(), Side::default());
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    jane.writes(&question);
    let mut at_shop = house.passes(&question);
    shop.gets(&at_shop);
    assert_eq!(at_shop.in_reply_to, Vec::<String>::new(), "it begins the thread");
    let mut last_of_jane = question.id().to_owned();

    for round in 1..=3 {
        let answer = Letter::answering(&at_shop, SHOP, &format!("Answer number {round}."));
        shop.writes(&answer);
        let at_jane = house.passes(&answer);
        assert_eq!(at_jane.in_reply_to, [last_of_jane.as_str()]);
        jane.gets(&at_jane);

        let more = Letter::answering(&at_jane, JANE, &format!("Question number {round}?"));
        jane.writes(&more);
        at_shop = house.passes(&more);
        assert_eq!(at_shop.in_reply_to, [answer.id()]);
        shop.gets(&at_shop);
        more.id().clone_into(&mut last_of_jane);
        assert!(at_shop.references.len() > 2 * round, "{:?}", at_shop.references);
    }
    assert_ne!(jane.root, shop.root, "two sides share no id");
    let conversations: Vec<_> =
        house.messages().iter().map(|m| m["conversation"].clone()).collect();
    assert!(conversations.iter().all(|c| *c == conversations[0]), "{conversations:?}");
}

#[test]
fn a_follow_up_to_ones_own_mail_names_the_copy_that_the_other_side_got() {
    let mut house = House::open();
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    let at_shop = house.passes(&question);
    let oh_and = Letter::new(JANE, &house.alias("O1", "seller_alias"), "Oh, and is it brass?\n")
        .subject("Re: A question about my lamp")
        .header("In-Reply-To", question.id())
        .header("References", question.id());
    let follow_up = house.passes(&oh_and);
    assert_eq!(follow_up.in_reply_to, [at_shop.id.as_str()]);
    follow_up.holds_nothing_of(&[question.id(), oh_and.id()]);
    assert_eq!(house.newest()["assigned"], "headers");
}

#[test]
fn ids_that_the_other_side_can_not_know_are_dropped() {
    let mut house = House::open();
    let at_shop = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let ids = format!("<ticket-7@desk.lamps.example> {} <internal@lamps.example>", at_shop.id);
    let answer = Letter::answering(&at_shop, SHOP, "Thursday.").header("References", &ids);
    house.passes(&answer).holds_nothing_of(&["ticket-7", "internal@", at_shop.id.as_str()]);
}

#[test]
fn a_mail_without_an_id_of_its_own_passes_and_can_be_answered() {
    let mut house = House::open();
    let to = house.seller_of("O1");
    let at_shop = house.passes(&Letter::new(JANE, &to, "When?\n").without("Message-ID"));
    let at_jane = house.passes(&Letter::answering(&at_shop, SHOP, "Thursday."));
    assert_eq!(at_jane.in_reply_to, Vec::<String>::new(), "her program knows no such id");
    assert_eq!(at_jane.references.len(), 1, "but the conversation's: {:?}", at_jane.references);
}

#[test]
fn the_same_mail_again_gets_the_first_answer_and_creates_nothing() {
    let mut house = House::open();
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    let first = house.send(&question).text;
    assert_eq!(house.send(&question).text, first);
    house.smarthost.next();
    house.settle();
    assert_eq!(house.messages().len(), 1);
    assert_eq!(house.smarthost.rest(), []);
    let other = Letter { body: b"Something else\r\n".to_vec(), ..question };
    assert_ne!(house.send(&other).is("250").text, first, "the same id with other words is new");
    house.smarthost.next();
}
