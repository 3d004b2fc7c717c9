//! The middle of the spine: judge, compose, scan. `relay::accept` performs it, `policy check`
//! only looks.

use std::ops::Range;

use crate::domain::{Action, MsgId, RuleId, Sightings, Verdict};
use crate::leak::{self, Leak, Outgoing};
use crate::mail::sighting;
use crate::policy::{self, Context, Rules};
use crate::rewrite::{self, Carried, ComposeError, Plan};

/// What a message is judged and written from; the verdict of `plan` is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsal<'a> {
    /// The compiled policy.
    pub rules: &'a Rules,
    /// What the judge knows beside the words.
    pub context: &'a Context<'a>,
    /// What the mail is written from.
    pub plan: Plan<'a>,
    /// A person has looked at it and lets it pass, whatever the rules say.
    pub let_pass: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Rehearsed {
    /// What the policy decided.
    pub verdict: Verdict,
    /// The finished mail, which goes out unless the verdict holds it, or why there is none.
    pub result: Result<Outgoing, Stopped>,
    /// The finished mail as its sender may see it.
    pub sender_view: Vec<u8>,
}

/// Why nothing goes out.
#[derive(Debug)]
pub enum Stopped {
    /// The policy rejects it.
    Rejected,
    /// It still holds a secret after a second composition.
    Leak(Vec<Leak>),
    /// It could not be written.
    Compose(ComposeError),
}

/// For the log: which kind of stop, never its words.
pub(super) struct StoppedKind<'a>(pub &'a Stopped);

impl std::fmt::Debug for StoppedKind<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Stopped::Rejected => f.write_str("policy"),
            Stopped::Leak(leaks) => write!(f, "leak {leaks:?}"),
            Stopped::Compose(error) => write!(f, "{error}"),
        }
    }
}

/// Judges, composes and scans a message, and writes nothing down.
pub fn rehearse(rehearsal: &Rehearsal<'_>) -> Rehearsed {
    let verdict = policy::judge(rehearsal.rules, rehearsal.context, rehearsal.plan.message);
    if verdict.action == Action::Reject && !rehearsal.let_pass {
        return Rehearsed { verdict, result: Err(Stopped::Rejected), sender_view: vec![] };
    }
    let plan = Plan { verdict: &verdict, ..rehearsal.plan };
    let attachments = plan.message.attachments.iter();
    let carries: Vec<_> = attachments
        .enumerate()
        .map(|(number, a)| policy::carries(rehearsal.rules, rehearsal.context, a, number))
        .collect();
    let mut luggage = rewrite::pack(&plan, &carries);
    if verdict.findings.iter().any(|f| f.enforced && f.rule == RuleId::CardNumber) {
        luggage.files = luggage.files.iter().map(Carried::without_card_numbers).collect();
    }
    let plan = Plan {
        pictures: &luggage.pictures,
        files: &luggage.files,
        left_out: &luggage.left_out,
        ..plan
    };
    // After the scan, which takes the other two apart: a large mail is not held more often than it
    // must be.
    let result = write(&plan).and_then(|outgoing| {
        let view = rewrite::sender_view(&plan).map_err(Stopped::Compose)?;
        Ok((outgoing, view))
    });
    let (result, sender_view) = match result {
        Ok((outgoing, view)) => (Ok(outgoing), view),
        Err(stopped) => (Err(stopped), vec![]),
    };
    Rehearsed { verdict, result, sender_view }
}

/// Composes and scans; where the scan finds something, composes once more: without the words that
/// hold a contact, also in text files, and with every name in the margins hidden, whoever wrote it first; and then
/// without HTML, so that a mail is never stopped for its markup.
fn write(plan: &Plan<'_>) -> Result<Outgoing, Stopped> {
    let leaks = match write_once(plan) {
        Err(Stopped::Leak(leaks)) => leaks,
        other => return other,
    };
    let text = &plan.message.text;
    // What the reader wrote is not cut: it would tell which of many guesses was right.
    let own = sighting::repeated(text, plan.known);
    let mut cut: Vec<Range<usize>> = leak::leaking_stretches(&text.body, plan.secrets);
    cut.retain(|cut| !own.iter().any(|own| own.start <= cut.start && cut.end <= own.end));
    let files: Vec<Carried> = plan.files.iter().map(|file| without_leaks(plan, file)).collect();
    let nothing = Sightings::default();
    let plainer = plan.message.rich.as_ref().map(|_| true);
    for plain in std::iter::once(false).chain(plainer) {
        match write_once(&Plan { cut: &cut, files: &files, known: &nothing, plain, ..*plan }) {
            Err(Stopped::Leak(_)) => {}
            other => return other,
        }
    }
    // What was found first tells the log more.
    Err(Stopped::Leak(leaks))
}

/// A text file without the words that hold a contact; any other as it is.
fn without_leaks(plan: &Plan<'_>, file: &Carried) -> Carried {
    let Some(words) = file.words() else { return file.clone() };
    let cut = leak::leaking_stretches(&words, plan.secrets);
    if cut.is_empty() { file.clone() } else { file.without(plan, &words, &cut) }
}

fn write_once(plan: &Plan<'_>) -> Result<Outgoing, Stopped> {
    let draft = rewrite::compose(plan).map_err(Stopped::Compose)?;
    let thread = plan.thread;
    let ids: Vec<&MsgId> = thread.in_reply_to.iter().chain(&thread.references).collect();
    let exempt = leak::Exempt { known: plan.known, ids: &ids };
    leak::scan(draft, plan.secrets, &exempt).map_err(Stopped::Leak)
}
