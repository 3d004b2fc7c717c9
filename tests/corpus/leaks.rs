//! Every mail of the test corpora, sent by somebody whose name and address stand all over it, is
//! judged, composed and scanned in both directions: what comes out holds no trace of the sender,
//! and what does not come out was refused for a reason.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bauta::config::Mode;
use bauta::domain::{Action, Direction, Language, Role};
use bauta::policy::Rules;
use bauta::relay::{Rehearsed, Stopped};

use crate::between::Between;
use crate::marking::{ADDRESS, DOMAIN, LOCAL, NAME, marked};
use crate::sets::{Mail, SETS, Sample, each, opened, places, rules, send};
use crate::{files, outside};

/// What became of one mail on one way.
struct Outcome {
    set: usize,
    /// Of the ways that enforce.
    direction: Option<Direction>,
    place: String,
    what: String,
    problem: Option<String>,
}

/// How a mail is sent.
struct Way {
    rules: Rules,
    enforces: bool,
    direction: Direction,
    between: Between,
    /// With a photograph and a document that tell who made them.
    with_files: bool,
}

/// In observe mode nothing is redacted by policy: the mask and the scan stand alone.
fn ways() -> Vec<Way> {
    let way = |mode, direction, with_files| Way {
        // What a message is for decides nothing in observe mode.
        rules: rules(mode, if mode == Mode::Enforce { &Language::ALL } else { &[] }),
        enforces: mode == Mode::Enforce,
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
    let Rehearsed { verdict, result, .. } = rehearsed;
    match result {
        Ok(_) if verdict.action != Action::Hold => "relayed".to_owned(),
        Err(Stopped::Leak(leaks)) => format!("held, not safe {:?}", leaks.first()),
        Err(Stopped::Compose(error)) => format!("not written {error}"),
        Ok(_) | Err(Stopped::Rejected) => {
            let strongest =
                verdict.findings.iter().filter(|f| f.enforced && f.action == verdict.action);
            let mut rules: Vec<&str> = strongest.map(|f| f.rule.as_str()).collect();
            rules.sort_unstable();
            rules.dedup();
            let done = if verdict.action == Action::Hold { "held" } else { "refused" };
            format!("{done} {}", rules.join("+"))
        }
    }
}

fn relay(mail: &Mail, way: &Way) -> Outcome {
    let raw = marked(&mail.raw);
    let raw = if way.with_files { files::with_files(&raw) } else { raw };
    let direction = way.direction;
    let enforced = way.enforces.then_some(direction);
    let at = || format!("{} {direction}", mail.path.display());
    let sent = catch_unwind(AssertUnwindSafe(|| send(&way.rules, &way.between, &opened(&raw))));
    let Ok(rehearsed) = sent else {
        let problem = Some(format!("{}: panic", at()));
        let what = "panic".to_owned();
        return Outcome { set: mail.set, direction: enforced, place: at(), what, problem };
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
    let what = reason(&rehearsed);
    Outcome { set: mail.set, direction: enforced, place: at(), what, problem }
}

/// What became of the mails of each set where the policy is enforced, the commonest reason first.
fn report(outcomes: &[Outcome]) {
    for (number, set) in SETS.iter().enumerate() {
        for direction in [Direction::BuyerToSeller, Direction::SellerToBuyer] {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            let of = |o: &&Outcome| o.set == number && o.direction == Some(direction);
            for outcome in outcomes.iter().filter(of) {
                *counts.entry(&outcome.what).or_default() += 1;
            }
            let sum = |done: &str| {
                counts
                    .iter()
                    .filter(|(what, _)| what.starts_with(done))
                    .map(|(_, n)| n)
                    .sum::<usize>()
            };
            let (relayed, held, refused) = (sum("relayed"), sum("held"), sum("refused"));
            let mut why: Vec<_> =
                counts.into_iter().filter(|(what, _)| *what != "relayed").collect();
            why.sort_by_key(|(what, n)| (std::cmp::Reverse(*n), *what));
            let why: Vec<String> = why.iter().map(|(what, n)| format!("{n} {what}")).collect();
            let why = why.join(", ");
            println!("| {set} | {direction} | {relayed} | {held} | {refused} | {why} |");
        }
    }
    if std::env::var_os("BAUTA_CORPUS_LIST").is_some() {
        for outcome in outcomes.iter().filter(|o| o.direction.is_some() && o.what != "relayed") {
            println!("  {} {}", outcome.what, outcome.place);
        }
    }
}

#[test]
fn no_mail_of_the_corpora_carries_its_sender_across() {
    let Some(places) = places() else { return };
    let ways = ways();
    let sample = Sample::one_in(4 * ways.len());
    let outcomes = each(&places, |number, mail| {
        let taken = |way: usize| sample.takes_as(number, mail, way);
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
