//! The message kinds: what a message is for, from the speech acts in it (whose other half is
//! `conduct`). Rules
//! `review-solicitation`, `promotion`, `opt-out-request` for every message, and for proactive ones
//! `shipping-confirmation`, `service-offer`, `thank-you-only`, `unsolicited`, `important-misuse`.
//!
//! A proactive message that does anything that the buyer must know or do for this order is of a
//! permitted kind; one that does nothing of the sort is named by the first that fits of shipping
//! news, an offer of help and thanks, and is `unsolicited` where none does (PRODUCT §5, "Settled
//! cases"). The names of attached files are words too.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use crate::domain::{Certainty, Direction, MessageKind, Part, RuleId};
use crate::mail::{Message, SegmentKind, Text, base_subject};

use super::conduct;
use super::context::Context;
use super::found::Found;
use super::language::{Act, Done, Packs, Reading, Sentence, Zone, read, read_in_each};
use super::names::Names;
use super::quoted::Quoted;
use super::tokens::{Cut, Tokens};
use super::view::View;

/// Fewer letters of new text than this say too little to be judged (PRODUCT §5).
const LETTERS: usize = 20;

/// What a message is for.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// In order of the rules, each with its place in the original text of the part.
    pub found: Vec<(RuleId, Part, Found)>,
    /// The same in the names of attached files, with the name.
    pub names: Vec<(String, RuleId, Found)>,
    /// The permitted kinds that the message is of.
    pub kinds: BTreeSet<MessageKind>,
    /// Nothing can be said of it: too short, or in a language that no pack knows.
    pub is_unread: bool,
}

/// Reads a message: its subject and its text, each folded and with what of it is quoted, and the names
/// of its files; `marketplace` is looked for where somebody may pose as it.
pub(super) fn find(
    packs: &Packs,
    marketplace: Option<&Names>,
    context: &Context<'_>,
    message: &Message,
    (subject, quoted_subject): (Cut<'_>, &Quoted),
    (body, quoted): (Cut<'_>, &Quoted),
) -> Kinds {
    let ((subject_view, _), (text, _)) = (subject, body);
    let cut = [subject, body];
    let subject = subject_view.original;
    let is_reply = base_subject(subject).trim() != subject.trim();
    // "Re:" alone proves nothing where there is a conversation to look into; where there is none it is
    // believed of what a buyer may have written.
    let believed = context.sightings.is_none() && is_reply && !asks_for_stars(packs, subject_view);
    let quotes = |range: &Range<usize>| match context.sightings {
        Some(_) => quoted_subject.covers(range),
        None => believed,
    };
    let skip = |zone: Zone, range: &Range<usize>| match zone {
        Zone::Subject => quotes(range),
        _ => quoted.covers(range),
    };
    let texts = [(subject_view, Zone::Subject), (text, Zone::Body)];
    let mut reading =
        read(packs, &texts, skip).with_signature(|range| is_signature(&message.text, range));
    if let Some(names) = marketplace {
        conduct::mark_marketplace(&mut reading, names, cut);
    }
    let acts = reading.acts();
    let mut conduct = conduct::find(&reading, &acts);
    if conduct.is_empty() {
        conduct = conduct::in_any(&reading, || read_in_each(packs, &texts, skip));
    }
    // A ticket system may put its own words around the subject that the conversation knows.
    let is_new = |(_, part, found): &(RuleId, Part, Found)| {
        *part != Part::Subject || !quoted_subject.covers(&found.range)
    };
    conduct.retain(is_new);
    // A new message says something in its subject too, but not all; that of an answer is the
    // conversation's.
    let letters = |zone: fn(Zone) -> bool| -> usize {
        reading.sentences.iter().filter(|s| zone(s.zone)).map(|s| s.letters).sum()
    };
    let body = letters(|zone| zone == Zone::Body);
    // A smile below a subject that says it all: the subject is the message.
    let is_short =
        (1..LETTERS / 2).contains(&body) || letters(|zone| zone != Zone::Signature) < LETTERS;
    let is_unread = is_short || !reading.is_known();
    let proactive = context.proactive && context.direction == Direction::SellerToBuyer;
    let answered = is_reply && quotes(&(0..subject.len()));
    let question = context.question.or(answered.then_some(subject)).filter(|_| !proactive);
    let names = message.attachments.iter().filter_map(|file| file.name.as_deref());
    let names = names.flat_map(|name| in_name(&reading, name, question, is_unread)).collect();
    if is_unread {
        return Kinds { found: conduct, names, is_unread, ..Kinds::default() };
    }
    let bench = Bench { acts, reading: &reading };
    let asked = bench.asked(question);
    let mut kinds = bench.decide(proactive, asked, !is_reply && packs.is_important(subject));
    kinds.found.extend(conduct);
    kinds.found.retain(is_new);
    Kinds { names, ..kinds }
}

/// Whether the subject of an answer asks for stars for whoever writes ("rate us"), as no buyer's does.
fn asks_for_stars(packs: &Packs, subject: &View<'_>) -> bool {
    let reading = read(packs, &[(subject, Zone::Body)], |_, _| false);
    let acts = reading.acts();
    let asked = acts.get(&Act::ReviewRequest).into_iter().flatten();
    let mut asked = asked.filter_map(|done| reading.sentences.get(done.sentence));
    asked.any(|s| reading.holds(s, "rate") && reading.holds(s, "of-us"))
}

/// What words that come along with a message ask for, and how they behave: another form of its text
/// that is not relayed, what a PDF says. They make it of no kind, and lack nothing. `asked`: prices
/// and what was taken off them belong in it, as in an invoice.
pub(super) fn find_beside(
    packs: &Packs,
    marketplace: Option<&Names>,
    (question, asked): (Option<&str>, bool),
    text: &Text,
    (view, quoted): (&View<'_>, &Quoted),
) -> Vec<(RuleId, Found)> {
    let texts = [(view, Zone::Body)];
    let skip = |_: Zone, range: &Range<usize>| quoted.covers(range);
    let mut reading = read(packs, &texts, skip).with_signature(|range| is_signature(text, range));
    if !reading.is_known() {
        return vec![];
    }
    if let Some(names) = marketplace {
        let nothing = View::new("");
        let none = (&nothing, &Tokens::new(&nothing.text));
        let cut = (view, &Tokens::new(&view.text));
        conduct::mark_marketplace(&mut reading, names, [none, cut]);
    }
    let bench = Bench { acts: reading.acts(), reading: &reading };
    let asked = bench.asked(question).max(if asked { Asked::Prices } else { Asked::Nothing });
    let mut found = bench.decide(false, asked, false).found;
    found.extend(conduct::find(&reading, &bench.acts));
    found.into_iter().map(|(rule, _, found)| (rule, found)).collect()
}

/// Whether these bytes of a text stand below its signature's mark.
fn is_signature(text: &Text, range: &Range<usize>) -> bool {
    let within = |s: &Range<usize>| s.start <= range.start && range.end <= s.end;
    let signatures = text.segments.iter().filter(|s| s.kind == SegmentKind::Signature);
    signatures.map(|s| &s.range).any(within)
}

/// What a file's name asks for, in the language of the text where it has none of its own. Beside a
/// text of which nothing can be said it must say enough by itself.
fn in_name(
    text: &Reading<'_>,
    name: &str,
    question: Option<&str>,
    alone: bool,
) -> Vec<(String, RuleId, Found)> {
    let words = spaced(name);
    if alone && words.chars().filter(|c| c.is_alphabetic()).count() < LETTERS {
        return vec![];
    }
    let view = View::new(&words);
    let reading = text.beside(&view);
    let bench = Bench { acts: reading.acts(), reading: &reading };
    let found = bench.decide(false, bench.asked(question), false).found.into_iter();
    // A few words say what a file is rather than what for: only a request is beyond doubt.
    let doubted = |rule, found: Found| match rule {
        RuleId::ReviewSolicitation => found,
        _ => Found { certainty: Certainty::Likely, ..found },
    };
    found.map(|(rule, _, found)| (name.to_owned(), rule, doubted(rule, found))).collect()
}

/// A file's name as a line of text of the same length: without its ending, with blanks between its
/// words.
fn spaced(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.replace(['_', '-', '.', '+'], " ")
}

/// One message with its acts.
struct Bench<'a> {
    reading: &'a Reading<'a>,
    acts: HashMap<Act, Vec<Done>>,
}

/// What the buyer asked about what things cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Nothing,
    Prices,
    /// What is taken off them.
    Offers,
}

/// Kinds of proactive message that an act makes a message of.
const PERMITTED: [(Act, MessageKind); 10] = [
    (Act::Customization, MessageKind::Customization),
    (Act::DeliveryScheduling, MessageKind::DeliveryScheduling),
    (Act::AddressCorrection, MessageKind::AddressCorrection),
    (Act::OrderQuestion, MessageKind::OrderQuestion),
    (Act::Problem, MessageKind::UnexpectedProblem),
    (Act::Invoice, MessageKind::Invoice),
    (Act::Warranty, MessageKind::Warranty),
    (Act::Instructions, MessageKind::Instructions),
    (Act::Legal, MessageKind::LegalDisclosure),
    (Act::Key, MessageKind::DigitalAccessKey),
];

/// What counts for nothing in a sentence that offers help: "tell us if something is missing".
const HYPOTHETICAL: [Act; 7] = [
    Act::Instructions,
    Act::Customization,
    Act::DeliveryScheduling,
    Act::AddressCorrection,
    Act::OrderQuestion,
    Act::Problem,
    Act::Step,
];

impl Bench<'_> {
    fn decide(&self, proactive: bool, asked: Asked, important: bool) -> Kinds {
        let mut kinds = Kinds::default();
        for done in self.done(Act::ReviewRequest) {
            self.say(&mut kinds, RuleId::ReviewSolicitation, done);
        }
        for done in self.done(Act::Advertising).iter().filter(|done| self.advertises(done, asked)) {
            self.say(&mut kinds, RuleId::Promotion, done);
        }
        for done in self.done(Act::OptOut) {
            self.say(&mut kinds, RuleId::OptOutRequest, done);
        }
        let is_nothing_else = kinds.found.is_empty();
        kinds.kinds = self.permitted();
        if proactive && is_nothing_else && kinds.kinds.is_empty() {
            let only = [
                (Act::Shipment, RuleId::ShippingConfirmation),
                (Act::Offer, RuleId::ServiceOffer),
                (Act::Thanks, RuleId::ThankYouOnly),
            ];
            let first =
                only.into_iter().find_map(|(act, rule)| Some((rule, self.of_message(act)?)));
            match first {
                Some((rule, done)) => self.say(&mut kinds, rule, done),
                None => self.say_whole(&mut kinds, RuleId::Unsolicited),
            }
        }
        if proactive && important && !kinds.kinds.iter().any(|kind| may_be_important(*kind)) {
            let subject = self.reading.sentences.iter().find(|s| s.zone == Zone::Subject);
            if let Some(sentence) = subject {
                let found = Found { certainty: Certainty::Certain, range: sentence.range.clone() };
                kinds.found.push((RuleId::ImportantMisuse, Part::Subject, found));
            }
        }
        kinds
    }

    fn done(&self, act: Act) -> &[Done] {
        self.acts.get(&act).map(Vec::as_slice).unwrap_or_default()
    }

    fn sentence(&self, done: &Done) -> Option<&Sentence> {
        self.reading.sentences.get(done.sentence)
    }

    fn does(&self, act: Act, sentence: usize) -> bool {
        self.done(act).iter().any(|done| done.sentence == sentence)
    }

    fn say(&self, kinds: &mut Kinds, rule: RuleId, done: &Done) {
        let Some(sentence) = self.sentence(done) else { return };
        let part = if sentence.zone == Zone::Subject { Part::Subject } else { Part::Text };
        // What stands in a signature gives no strike.
        let certainty = match sentence.zone {
            Zone::Signature => Certainty::Likely,
            _ => done.certainty,
        };
        kinds.found.push((rule, part, Found { certainty, range: done.range.clone() }));
    }

    /// A finding that is the whole message: it begins with its first sentence.
    fn say_whole(&self, kinds: &mut Kinds, rule: RuleId) {
        let of = |zone| self.reading.sentences.iter().filter(move |s| s.zone == zone);
        let mut body = of(Zone::Body);
        let (part, first) = match (body.next(), of(Zone::Subject).next()) {
            (Some(first), _) => (Part::Text, first),
            (None, Some(subject)) => (Part::Subject, subject),
            (None, None) => return,
        };
        let end = body.next_back().map_or(first.range.end, |last| last.range.end);
        let range = first.range.start..end.max(first.range.end);
        kinds.found.push((rule, part, Found { certainty: Certainty::Certain, range }));
    }

    /// The first place outside of the signature where an act is done.
    fn of_message(&self, act: Act) -> Option<&Done> {
        let zone = |done: &&Done| self.sentence(done).map(|s| s.zone);
        let all = || self.done(act).iter();
        all()
            .find(|d| zone(d) == Some(Zone::Body))
            .or(all().find(|d| zone(d) == Some(Zone::Subject)))
    }

    /// Whether what sounds like advertising is: a reward for a review is none, nor is an answer to
    /// what the buyer asked.
    fn advertises(&self, done: &Done, asked: Asked) -> bool {
        let Some(sentence) = self.sentence(done) else { return false };
        let holds = |class: &str| self.reading.holds(sentence, class);
        let beside = [done.sentence.checked_sub(1), Some(done.sentence + 1)];
        let rewards = |at: usize| {
            let other = self.reading.sentences.get(at);
            let given = holds("reward") || other.is_some_and(|s| self.reading.holds(s, "reward"));
            self.does(Act::ReviewRequest, at) && (given || !holds("next"))
        };
        let for_review = self.does(Act::ReviewRequest, done.sentence)
            || ["review", "stars"].into_iter().any(holds)
            || beside.into_iter().flatten().any(rewards);
        let more = ["next", "limited", "club", "cheaper"].into_iter().any(holds);
        let answers = match asked {
            Asked::Nothing => false,
            Asked::Prices => !more && !holds("browse"),
            // "Are there any promotions?" - "You see them in our shop."
            Asked::Offers => !more,
        };
        !for_review && !answers
    }

    fn asked(&self, question: Option<&str>) -> Asked {
        let Some(question) = question else { return Asked::Nothing };
        let view = View::new(question);
        let offers = ["discount", "percent-off", "percent", "sale"];
        let prices = ["bulk-offer", "cheaper", "free-extra", "price", "new-goods", "shop"];
        // A few words may look like those of another language.
        let read = [self.reading.beside(&view), self.reading.own(&view)];
        let holds = |classes: &[&str]| {
            read.iter().any(|read| {
                read.sentences.iter().any(|s| classes.iter().any(|class| read.holds(s, class)))
            })
        };
        match (holds(&offers), holds(&prices)) {
            (true, _) => Asked::Offers,
            (false, true) => Asked::Prices,
            (false, false) => Asked::Nothing,
        }
    }

    /// What of it the buyer must know or do for this order.
    fn permitted(&self) -> BTreeSet<MessageKind> {
        let counts = |act: Act, done: &&Done| {
            let offers = self.does(Act::Offer, done.sentence);
            let below = self.sentence(done).is_none_or(|s| s.zone == Zone::Signature);
            !(below || (offers && HYPOTHETICAL.contains(&act)))
        };
        let count = |act: Act| self.done(act).iter().filter(|done| counts(act, done)).count();
        let mut kinds: BTreeSet<MessageKind> = PERMITTED
            .into_iter()
            .filter(|(act, _)| count(*act) > 0)
            .map(|(_, kind)| kind)
            .collect();
        let steps = self.done(Act::Step).iter().filter(|done| counts(Act::Step, done));
        let steps = steps.filter_map(|done| self.sentence(done));
        // One step alone may be a figure of speech.
        if steps.map(|sentence| self.reading.count(sentence, "step")).sum::<usize>() > 1 {
            kinds.insert(MessageKind::Instructions);
        }
        kinds
    }
}

/// What may be marked as important: what the order can't be completed without, and what the law
/// says must be told. A question that waits for the buyer's answer is not held against anybody.
fn may_be_important(kind: MessageKind) -> bool {
    matches!(
        kind,
        MessageKind::Customization
            | MessageKind::DeliveryScheduling
            | MessageKind::AddressCorrection
            | MessageKind::LegalDisclosure
            | MessageKind::OrderQuestion
    )
}
