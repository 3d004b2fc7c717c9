//! The shop works with a help desk. Each finds the ticket in its own way; with each, a whole
//! correspondence is one ticket, and one thread in Jane's mail program.

use std::collections::HashSet;

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, Opened};

/// A help desk, as far as it sorts mail: every id of every ticket, and the ticket's subject.
struct Desk {
    kind: Kind,
    tickets: Vec<Ticket>,
    made: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// In-Reply-To, else the first of the References.
    FreeScout,
    /// Any reference, the newest first, if the subject is the ticket's too.
    Zammad,
    /// In-Reply-To and nothing else.
    Chatwoot,
}

struct Ticket {
    ids: HashSet<String>,
    subject: String,
}

fn base(subject: &str) -> &str {
    subject.trim_start_matches("Re: ")
}

impl Desk {
    fn new(kind: Kind) -> Self {
        Self { kind, tickets: vec![], made: 0 }
    }

    fn finds(&self, mail: &Opened) -> Option<usize> {
        let of = |id: &String| self.tickets.iter().position(|t| t.ids.contains(id));
        match self.kind {
            Kind::FreeScout => mail.in_reply_to.first().or(mail.references.first()).and_then(of),
            Kind::Zammad => mail
                .references
                .iter()
                .chain(&mail.in_reply_to)
                .rev()
                .find_map(of)
                .filter(|at| base(&self.tickets[*at].subject) == base(&mail.subject)),
            Kind::Chatwoot => mail.in_reply_to.first().and_then(of),
        }
    }

    /// Sorts an incoming mail; gives the ticket.
    fn gets(&mut self, mail: &Opened) -> usize {
        let at = self.finds(mail).unwrap_or_else(|| {
            let subject = mail.subject.clone();
            self.tickets.push(Ticket { ids: HashSet::new(), subject });
            self.tickets.len() - 1
        });
        self.tickets[at].ids.insert(mail.id.clone());
        at
    }

    /// An answer as this desk writes it, with an id of its own making.
    fn answers(&mut self, mail: &Opened, text: &str) -> Letter {
        self.made += 1;
        let id = match self.kind {
            Kind::FreeScout => format!("<reply-{}-3f2a@desk.lamps.example>", self.made),
            Kind::Zammad => format!("<20261123.{}.7@desk.lamps.example>", self.made),
            Kind::Chatwoot => format!("<conversation/9/messages/{}@lamps.example>", self.made),
        };
        let letter = Letter::answering(mail, SHOP, text).header("Message-ID", &id);
        let letter = match self.kind {
            // Names of its own for the ticket stand among the references.
            Kind::FreeScout | Kind::Zammad => {
                let ids = format!("<ticket-9@desk.lamps.example> {}", mail.id);
                letter.header("References", &ids)
            }
            Kind::Chatwoot => letter.without("References"),
        };
        let at = self.finds(mail).unwrap_or(0);
        self.tickets[at].ids.insert(id);
        letter
    }
}

/// Jane's mail program: one thread is what refers to anything that it knows.
#[derive(Default)]
struct Thread(HashSet<String>);

impl Thread {
    fn gets(&mut self, mail: &Opened) {
        let known = mail.references.iter().chain(&mail.in_reply_to).any(|id| self.0.contains(id));
        assert!(known, "it would begin a new thread: {:?}", mail.headers);
        self.0.insert(mail.id.clone());
    }
}

/// Four rounds; Jane's program answers with all the references it has, or the last few of them.
fn correspondence(kind: Kind, most_references: usize) {
    let mut house = House::open();
    let (mut desk, mut jane) = (Desk::new(kind), Thread::default());
    let subject = "Größe der Lampe: 20 cm?";
    let question = Letter::new(JANE, &house.seller_of("O1"), "How large is it?\n")
        .header("Subject", "=?utf-8?q?Gr=C3=B6=C3=9Fe_der_Lampe:_20_cm=3F?=");
    jane.0.insert(question.id().to_owned());
    let mut at_desk = house.passes(&question);
    assert_eq!(at_desk.subject, subject);
    let ticket = desk.gets(&at_desk);
    let mut hers = question.id().to_owned();

    for round in 1..=4 {
        let answer = desk.answers(&at_desk, &format!("Answer {round}."));
        let at_jane = house.passes(&answer);
        assert_eq!(at_jane.in_reply_to, [hers.as_str()], "her own id comes back");
        assert_eq!(at_jane.subject, format!("Re: {subject}"));
        jane.gets(&at_jane);

        // Twenty-five ids of somebody's list server, and her own ones behind them.
        let mut ids: Vec<String> = (0..25).map(|n| format!("<{n}@list.example>")).collect();
        ids.extend(at_jane.references.iter().cloned());
        ids.push(at_jane.id.clone());
        let kept = ids.split_off(ids.len().saturating_sub(most_references));
        let more = Letter::answering(&at_jane, JANE, &format!("Question {round}?"))
            .header("References", &kept.join("\r\n "));
        jane.0.insert(more.id().to_owned());
        more.id().clone_into(&mut hers);
        at_desk = house.passes(&more);
        assert_eq!(at_desk.in_reply_to, [answer.id()], "the desk's own id comes back");
        assert_eq!(desk.gets(&at_desk), ticket, "round {round}: one ticket");
        at_desk.holds_nothing_of(&["list.example", "mail.example", question.id()]);
    }
    // Jane writes twice in a row, and then a mail that refers to nothing.
    let again = Letter::new(JANE, &house.alias("O1", "seller_alias"), "Hello?\n")
        .header("Subject", "=?utf-8?q?Re:_Gr=C3=B6=C3=9Fe_der_Lampe:_20_cm=3F?=")
        .header("In-Reply-To", &hers)
        .header("References", &hers);
    assert_eq!(desk.gets(&house.passes(&again)), ticket, "a follow-up to her own mail");
    let lost = again.clone().without("In-Reply-To").without("References");
    let lost = lost.header("Message-ID", "<lost@mail.example>").body(b"Still there?\r\n");
    assert_eq!(desk.gets(&house.passes(&lost)), ticket, "its headers were lost");
    assert_eq!(desk.tickets.len(), 1);
}

#[test]
fn a_correspondence_is_one_ticket_in_freescout() {
    correspondence(Kind::FreeScout, 40);
}

#[test]
fn a_correspondence_is_one_ticket_in_zammad() {
    correspondence(Kind::Zammad, 21);
}

#[test]
fn a_correspondence_is_one_ticket_in_chatwoot() {
    correspondence(Kind::Chatwoot, 3);
}
