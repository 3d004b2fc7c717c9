//! Every mail of the test corpora, sent by somebody whose name and address stand all over it, is
//! judged, composed and scanned in both directions: what comes out holds no trace of the sender,
//! and what does not come out was refused for a reason.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bauta::config::Mode;
use bauta::domain::{Direction, Role};
use bauta::policy::Rules;
use bauta::relay::{Rehearsed, Stopped};

use crate::between::Between;
use crate::marking::{ADDRESS, DOMAIN, LOCAL, NAME, marked};
use crate::sets::{Mail, SETS, each, one_in, opened, places, rules, send};
use crate::{files, outside};

/// What became of one mail on one way.
struct Outcome {
    set: usize,
    place: String,
    what: String,
    problem: Option<String>,
}

/// How a mail is sent.
struct Way {
    rules: Rules,
    direction: Direction,
    between: Between,
    /// With a photograph and a document that tell who made them.
    with_files: bool,
}

/// In observe mode nothing is redacted by policy: the mask and the scan stand alone.
fn ways() -> Vec<Way> {
    let way = |mode, direction, with_files| Way {
        rules: rules(mode),
        direction,
        between: Between::new(direction, NAME, ADDRESS),
        with_files,
    };
    vec![
        way(Mode::Observe, Direction::BuyerToSeller, false),
        way(Mode::Observe, Direction::SellerToBuyer, false),
        way(Mode::Enforce, Direction::BuyerToSeller, false),
        way(Mode::Enforce, Direction::SellerToBuyer, false),
        way(Mode::Observe, Direction::BuyerToSeller, true),
        way(Mode::Observe, Direction::SellerToBuyer, true),
    ]
}

/// What became of it, in words that a person can weigh.
fn reason(rehearsed: &Rehearsed) -> String {
    let Rehearsed { verdict, result } = rehearsed;
    match result {
        Ok(_) => "relayed".to_owned(),
        Err(Stopped::Leak(leaks)) => format!("held, not safe {:?}", leaks.first()),
        Err(Stopped::Compose(error)) => format!("not written {error}"),
        Err(_) => {
            let strongest =
                verdict.findings.iter().filter(|f| f.enforced && f.action == verdict.action);
            let mut rules: Vec<&str> = strongest.map(|f| f.rule.as_str()).collect();
            rules.sort_unstable();
            rules.dedup();
            format!("{} {}", verdict.action.as_str(), rules.join("+"))
        }
    }
}

fn relay(mail: &Mail, way: &Way) -> Outcome {
    let raw = marked(&mail.raw);
    let raw = if way.with_files { files::with_files(&raw) } else { raw };
    let direction = way.direction;
    let at = || format!("{} {direction}", mail.path.display());
    let sent = catch_unwind(AssertUnwindSafe(|| send(&way.rules, &way.between, &opened(&raw))));
    let Ok(rehearsed) = sent else {
        let problem = Some(format!("{}: panic", at()));
        return Outcome { set: mail.set, place: at(), what: "panic".to_owned(), problem };
    };
    let name = match direction.sender() {
        Role::Buyer => NAME,
        Role::Seller => ADDRESS, // the name that is shown is the shop's
    };
    let mut problem = None;
    if let Ok(outgoing) = &rehearsed.result {
        let draft = outgoing.draft();
        for bytes in [&draft.bytes, &draft.recipient_view] {
            let seen = outside::Seen::of(bytes);
            let mut traces = seen.words(&[ADDRESS, DOMAIN, LOCAL, name]);
            traces.extend(seen.in_files(files::MARKERS));
            if !traces.is_empty() {
                problem = Some(format!("{}: {traces:?}", at()));
            } else if way.with_files && seen.files() < 2 {
                problem = Some(format!("{}: {} files came", at(), seen.files()));
            }
        }
    }
    Outcome { set: mail.set, place: at(), what: reason(&rehearsed), problem }
}

fn report(outcomes: &[Outcome]) {
    for (number, set) in SETS.iter().enumerate() {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in outcomes.iter().filter(|o| o.set == number) {
            *counts.entry(&outcome.what).or_default() += 1;
        }
        println!("{set}: {counts:?}");
    }
}

#[test]
fn no_mail_of_the_corpora_carries_its_sender_across() {
    let Some(places) = places() else { return };
    let ways = ways();
    let part = one_in(4 * ways.len());
    let outcomes = each(&places, |number, mail| {
        // Of a sample, each mail goes one of the ways.
        let taken = |way: usize| part == 1 || number % part == way;
        let ways = ways.iter().enumerate().filter(|(way, _)| taken(*way));
        ways.map(|(_, way)| relay(mail, way)).collect()
    });
    report(&outcomes);
    let problems: Vec<&str> = outcomes.iter().filter_map(|o| o.problem.as_deref()).collect();
    assert!(problems.is_empty(), "{} leaks\n{}", problems.len(), problems.join("\n"));
    // Safe, but a person would rather have had the mail.
    let stopped: Vec<&Outcome> = outcomes
        .iter()
        .filter(|o| o.what.contains("not safe") || o.what.contains("not written"))
        .collect();
    println!("{} of {} stopped by the scan", stopped.len(), outcomes.len());
    for outcome in &stopped {
        println!("  {} {}", outcome.place, outcome.what);
    }
    assert!(stopped.len() * 50 <= outcomes.len(), "more than 2 % stopped by the scan");
}
