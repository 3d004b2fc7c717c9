//! Rules + Context + Message → Verdict.

use std::ops::Range;

use crate::domain::{Action, Certainty, Direction, Finding, HoldReason, Part, RuleId, Verdict};
use crate::mail::{self, Attachment, Message};

use super::clauses::Clauses;
use super::context::Context;
use super::custom::Custom;
use super::domains::Allowed;
use super::external_link::Leads;
use super::found::{Found, overlap};
use super::names::Names;
use super::quoted::Quoted;
use super::rules::Rules;
use super::tokens::{Cut, Tokens};
use super::view::View;
use super::{
    account_numbers, attachment_size, attachment_type, card_number, dangerous_content,
    email_address, encoded, external_link, fetched, kinds, linked_logo, messenger_handle,
    off_platform_payment, phone_number, too_long, tracking, unreadable,
};

/// Most characters of the exact words in a finding.
const WORDS: usize = 200;

/// Judges a message: a plain function of its arguments, linear in the length of the text.
///
/// Subject, text and attachment names are judged. A finding in text that was only quoted goes to
/// `cleaned` and decides nothing; contacts in it are redacted all the same. What can't
/// be cleaned can't be masked: `unreadable`, `dangerous-content` and, for such a file,
/// `attachment-type` act in observe mode too. A finding in
/// an attachment's name is `Part::Attachment` with byte offsets in that name.
pub fn judge(rules: &Rules, context: &Context<'_>, message: &Message) -> Verdict {
    let logos = linked_logo::targets(message);
    let mut bench = Bench { rules, context, logos, findings: vec![], cleaned: vec![] };
    if let Some(words) = unreadable::find(message) {
        bench.whole(RuleId::Unreadable, Part::Message, words.to_owned());
    }
    let quoted_subject = Quoted::of_subject(&message.subject, context.sightings);
    let subject = View::new(&message.subject);
    let subject = (&subject, &Tokens::new(&subject.text));
    bench.contacts_in(subject, Part::Subject, &quoted_subject);
    let text = &message.text;
    let quoted = Quoted::of_text(text, context.sightings);
    let characters = quoted.new_characters(&text.body);
    if let Some(words) = too_long::find(characters, rules.max_characters) {
        bench.whole(RuleId::TooLong, Part::Text, words);
    }
    let mut is_unread = false;
    // What is refused for its length alone is not searched to its end.
    let refused = bench.findings.iter().any(|f| f.enforced && f.action == Action::Reject);
    if !refused || characters <= 10 * rules.max_characters {
        let body = View::new(&text.body);
        let body = (&body, &Tokens::new(&body.text));
        bench.contacts_in(body, Part::Text, &quoted);
        bench.otherwise(message);
        bench.fetched(message, &quoted);
        bench.copied(message, &quoted);
        // What was refused for its subject is told all that is to be changed at once.
        if !refused || characters <= rules.max_characters {
            let subject = (subject, &quoted_subject);
            is_unread = bench.kinds(message, subject, (body, &quoted)) && !refused;
        }
    }
    bench.pictures(message);
    if let Some(words) =
        attachment_size::find(message, rules.max_attachments, rules.max_attachments_size)
    {
        bench.whole(RuleId::AttachmentSize, Part::Message, words);
    }
    for attachment in &message.attachments {
        bench.file(attachment);
        if let Some(name) = &attachment.name {
            bench.contacts(&View::new(name), Part::Attachment, &Quoted::default());
        }
    }
    let verdict = Verdict::new(bench.findings, bench.cleaned);
    if !is_unread {
        return verdict;
    }
    // It may be of any kind: a person has to say (PRODUCT §5).
    match rules.action(RuleId::Unsolicited, context.direction) {
        Some((_, enforced)) => verdict.held_for(HoldReason::UnknownLanguage, enforced),
        None => verdict,
    }
}

/// Judges a message of no one's, so that word lists and number plans are loaded before the first
/// real mail waits for them.
pub fn warm(rules: &Rules) {
    let contacts = "+44 20 7946 0958, 030 23125456, someone@mail.example, www.shop.example\n";
    let text = mail::segment(contacts.into());
    let message = Message { text, ..Message::default() };
    let direction = Direction::BuyerToSeller;
    let context = Context {
        direction,
        proactive: false,
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: None,
    };
    judge(rules, &context, &message);
}

/// Whether a name surely holds an address, a domain or a phone number, in whatever disguise.
pub fn holds_contact(name: &str) -> bool {
    let nothing = Allowed::default();
    let views = [Some(View::new(name)), View::shown(name)];
    views.into_iter().flatten().any(|view| {
        let tokens = Tokens::new(&view.text);
        let addresses = email_address::Detector { domains: &nothing, contacts: &[] };
        let links = external_link::Detector { domains: &nothing };
        let numbers = phone_number::Detector { contacts: &[], known_ids: &[] };
        let found = addresses.find(&view, &tokens).0;
        let links = links.find(&view, &tokens, &[]).0.into_iter().map(|(_, link)| link);
        let found = found.into_iter().chain(links);
        let mut found = found.chain(numbers.find(&view, &tokens, &[]));
        found.any(|f| f.certainty == Certainty::Certain)
    })
}

/// Whether a text holds a contact that is a finding in this direction.
pub(super) fn tells_contact(rules: &Rules, context: &Context<'_>, text: &str) -> bool {
    let bench = Bench { rules, context, logos: vec![], findings: vec![], cleaned: vec![] };
    let decided = |rule| rules.action(rule, context.direction).is_some();
    let view = View::new(text);
    bench.read(&view, &Tokens::new(&view.text), Part::Text).iter().any(|hit| decided(hit.rule))
}

/// Where the findings of one message are gathered.
struct Bench<'a> {
    rules: &'a Rules,
    context: &'a Context<'a>,
    /// Where the text tells what the pictures of the signature lead to.
    logos: Vec<Range<usize>>,
    findings: Vec<Finding>,
    cleaned: Vec<Finding>,
}

impl Bench<'_> {
    /// What an attachment is, and what a text that is attached says.
    fn file(&mut self, attachment: &Attachment) {
        if attachment_type::is_dropped(attachment) {
            return;
        }
        if let Some(text) = attachment.inspected.as_ref().and_then(|i| i.text.as_deref()) {
            self.contacts(&View::new(text), Part::Attachment, &Quoted::default());
        }
        if let Some(words) = dangerous_content::find(attachment) {
            self.whole(RuleId::DangerousContent, Part::Attachment, words);
        }
        if let Some(words) = unreadable::find_in(attachment) {
            self.whole(RuleId::Unreadable, Part::Attachment, words);
        }
        self.pdf(attachment);
        let direction = self.context.direction;
        if let Some(wrong) = attachment_type::find(attachment, direction) {
            let decided = attachment_type::decide(self.rules, direction, &wrong);
            self.found(RuleId::AttachmentType, Part::Attachment, wrong.words, decided);
        }
    }

    /// What the mail would fetch, and what it asks of its reader's mail program.
    fn fetched(&mut self, message: &Message, quoted: &Quoted) {
        for field in &message.receipts {
            self.whole(RuleId::Tracking, Part::Message, (*field).to_owned());
        }
        for (rule, certainty, remote) in fetched::find(message) {
            let decided = self.rules.action(rule, self.context.direction);
            let Some((action, enforced)) = decided else { continue };
            let words = remote.url.chars().take(WORDS).collect();
            // It has a place, and no words there that could be replaced.
            let part = if remote.at.is_some() { Part::Text } else { Part::Alternative };
            let at = remote.at.unwrap_or(0);
            let (start, end) = (at, at);
            let finding = Finding { rule, action, enforced, certainty, part, start, end, words };
            if remote.at.is_some() && quoted.covers(&(at..at)) {
                self.cleaned.push(finding);
            } else {
                self.findings.push(finding);
            }
        }
    }

    /// A link that only counts who follows it, or that is a picture of the signature, has a rule of
    /// its own.
    fn more_exact(&self, rule: RuleId, part: Part, range: &Range<usize>, words: &str) -> RuleId {
        match rule {
            RuleId::ExternalLink if tracking::is_wrapper(words) => RuleId::Tracking,
            RuleId::ExternalLink
                if part == Part::Text && self.logos.iter().any(|logo| overlap(logo, range)) =>
            {
                RuleId::LinkedLogo
            }
            rule => rule,
        }
    }

    /// A finding that has no place in a text.
    fn whole(&mut self, rule: RuleId, part: Part, words: String) {
        self.found(rule, part, words, self.rules.action(rule, self.context.direction));
    }

    fn found(&mut self, rule: RuleId, part: Part, words: String, decided: Option<(Action, bool)>) {
        let Some((action, enforced)) = decided else { return };
        let certainty = Certainty::Certain;
        let words = words.chars().take(WORDS).collect();
        let (start, end) = (0, 0);
        self.findings.push(Finding { rule, action, enforced, certainty, part, start, end, words });
    }

    /// The contact rules over one text, as it stands and as it is shown.
    fn contacts(&mut self, view: &View<'_>, part: Part, quoted: &Quoted) {
        self.contacts_in((view, &Tokens::new(&view.text)), part, quoted);
    }

    /// The same of a text that others read too.
    fn contacts_in(&mut self, (view, tokens): Cut<'_>, part: Part, quoted: &Quoted) {
        let text = view.original;
        let mut found = self.read_all((view, tokens), part);
        found.extend(self.by_patterns(text));
        let addresses = self.addresses();
        for hidden in encoded::find(text, &addresses) {
            if !found.iter().any(|hit| overlap(&hit.found.range, &hidden.range)) {
                found.push(Hit { rule: RuleId::EmailAddress, found: hidden, invites: false });
            }
        }
        for hit in found {
            self.add(text, part, quoted, hit);
        }
    }

    /// The contact rules over a text as it stands and as it is shown.
    fn read_all(&self, (view, tokens): Cut<'_>, part: Part) -> Vec<Hit> {
        let mut found = self.read(view, tokens, part);
        if let Some(view) = View::shown(view.original) {
            found.extend(self.read(&view, &Tokens::new(&view.text), part));
            found = apart(found);
        }
        found
    }

    /// What the admin's own patterns find in a text as it was written.
    fn by_patterns(&self, text: &str) -> Vec<Hit> {
        let of_rule = |own: &Custom| {
            let rule = own.rule;
            let hit = move |range| {
                let found = Found { certainty: Certainty::Certain, range };
                Hit { rule, found, invites: false }
            };
            own.matches(text).into_iter().map(hit)
        };
        self.rules.customs.iter().flat_map(of_rule).collect()
    }

    fn addresses(&self) -> email_address::Detector<'_> {
        let Rules { address_domains, addresses, .. } = self.rules;
        email_address::Detector { domains: address_domains, contacts: addresses }
    }

    /// What the message is for; whether that can't be told of one that nobody asked for.
    fn kinds(
        &mut self,
        message: &Message,
        subject: (Cut<'_>, &Quoted),
        body: (Cut<'_>, &Quoted),
    ) -> bool {
        let packs = self.rules.languages.packs();
        let kinds = kinds::find(packs, self.posed_as(), self.context, message, subject, body);
        for (rule, part, found) in kinds.found {
            let text = if part == Part::Subject { &message.subject } else { &message.text.body };
            self.add(text, part, &Quoted::default(), Hit { rule, found, invites: false });
        }
        for (name, rule, found) in kinds.names {
            let hit = Hit { rule, found, invites: false };
            self.add(&name, Part::Attachment, &Quoted::default(), hit);
        }
        let unasked = self.context.proactive && self.context.direction == Direction::SellerToBuyer;
        kinds.is_unread && unasked
    }

    /// The marketplace's names, where somebody in this direction may pose as it.
    fn posed_as(&self) -> Option<&Names> {
        let poses = self.rules.action(RuleId::Impersonation, self.context.direction).is_some();
        poses.then_some(&self.rules.marketplace)
    }

    /// One stretch is one finding, of the most exact rule: an address is not also a link, a number
    /// in a link not also a number. The ranges are bytes of the original text.
    fn read(&self, view: &View<'_>, tokens: &Tokens<'_>, part: Part) -> Vec<Hit> {
        let rules = self.rules;
        let mut hits = Hits { view, all: vec![], taken: vec![] };
        let (addresses, allowed) = self.addresses().find(view, tokens);
        hits.add(RuleId::EmailAddress, addresses);
        hits.take(allowed);

        let accounts = account_numbers::find(view, tokens);
        let account_ranges = ranges(&accounts);
        hits.add(RuleId::OffPlatformPayment, accounts);
        hits.add(RuleId::CardNumber, card_number::find(view, tokens, &hits.taken));

        let links = external_link::Detector { domains: &rules.link_domains };
        let (links, allowed) = links.find(view, tokens, &hits.taken);
        for (leads, link) in links {
            let rule = match leads {
                Leads::Messenger => RuleId::MessengerHandle,
                Leads::Payment => RuleId::OffPlatformPayment,
                Leads::Elsewhere => RuleId::ExternalLink,
            };
            hits.add(rule, vec![link]);
        }
        hits.take(allowed);

        let known_ids: Vec<String> = self.context.known_ids.iter().map(|id| plain(id)).collect();
        let numbers = phone_number::Detector { contacts: &rules.numbers, known_ids: &known_ids };
        let mut numbers = numbers.find(view, tokens, &hits.taken);
        match part {
            // Ticket numbers in brackets in a subject are never findings (PRODUCT §5).
            Part::Subject => numbers.retain(|f| !in_brackets(view, &f.range)),
            // Cameras and scanners write numbers into names.
            Part::Attachment => numbers.retain(|f| f.certainty == Certainty::Certain),
            _ => {}
        }
        let number_ranges = ranges(&numbers);
        hits.add(RuleId::PhoneNumber, numbers);

        let clauses = Clauses::new(tokens);
        let messengers =
            messenger_handle::find(view, tokens, &clauses, &hits.taken, &number_ranges);
        let sure = |f: &Found| f.certainty == Certainty::Certain;
        // A subject that is answered is the other side's.
        let answer = part == Part::Subject && is_answer(&view.text);
        let messengers = messengers.into_iter().filter(|f| !answer || sure(f)).collect();
        hits.add(RuleId::MessengerHandle, messengers);
        let payments =
            off_platform_payment::find(view, tokens, &clauses, &account_ranges, &hits.taken);
        hits.add(RuleId::OffPlatformPayment, payments.details);
        if !answer {
            hits.words(RuleId::OffPlatformPayment, payments.words);
        }
        // A competitor's domain is a link or an address as well.
        hits.words(RuleId::Competitor, rules.competitors.find(view, tokens));
        for own in &rules.customs {
            hits.words(own.rule, own.words(view, tokens));
        }
        hits.all
    }

    fn add(&mut self, text: &str, part: Part, quoted: &Quoted, hit: Hit) {
        let Hit { rule, found: Found { certainty, range }, invites } = hit;
        let words = text.get(range.clone()).unwrap_or_default();
        let rule = self.more_exact(rule, part, &range, words);
        let Some((action, enforced)) = self.rules.action(rule, self.context.direction) else {
            return;
        };
        // Only numbers and handles are taken out of an invitation to pay elsewhere (PRODUCT §5).
        let words_stay = invites && rule == RuleId::OffPlatformPayment;
        let action = if words_stay && action == Action::Redact { Action::Warn } else { action };
        let is_quoted = quoted.covers(&range);
        // What was quoted is never held against the sender, but it is cleaned.
        let action = if is_quoted { action.min(Action::Redact) } else { action };
        let words = told(rule, words);
        let Range { start, end } = range;
        let finding = Finding { rule, action, enforced, certainty, part, start, end, words };
        if is_quoted {
            self.cleaned.push(finding);
        } else {
            self.findings.push(finding);
        }
    }
}

/// The words of a finding as they may be kept: a card number is kept nowhere.
fn told(rule: RuleId, words: &str) -> String {
    match rule {
        RuleId::CardNumber => card_number::without_figures(words),
        _ => words.chars().take(WORDS).collect(),
    }
}

/// What one rule found in one reading of a text.
struct Hit {
    rule: RuleId,
    found: Found,
    /// Words that say something, and no number or handle.
    invites: bool,
}

/// What was found in one reading, and what of the text is taken by it.
struct Hits<'v, 't> {
    view: &'v View<'t>,
    all: Vec<Hit>,
    /// Bytes of the view's text, in order.
    taken: Vec<Range<usize>>,
}

impl Hits<'_, '_> {
    /// Adds findings whose words no other rule finds again.
    fn add(&mut self, rule: RuleId, found: Vec<Found>) {
        self.take(ranges(&found));
        self.put(rule, found, false);
    }

    /// Adds findings of words that may be another rule's too.
    fn words(&mut self, rule: RuleId, found: Vec<Found>) {
        self.put(rule, found, true);
    }

    fn put(&mut self, rule: RuleId, found: Vec<Found>, invites: bool) {
        let placed = |f: Found| Found { range: self.view.source(&f.range), ..f };
        let hits = found.into_iter().map(placed);
        self.all.extend(hits.map(|found| Hit { rule, found, invites }));
    }

    fn take(&mut self, ranges: Vec<Range<usize>>) {
        if !ranges.is_empty() {
            self.taken.extend(ranges);
            self.taken.sort_unstable_by_key(|r| (r.start, r.end));
        }
    }
}

fn ranges(found: &[Found]) -> Vec<Range<usize>> {
    found.iter().map(|f| f.range.clone()).collect()
}

/// Rules that say of the same words something else than what kind of contact they are.
fn is_beside(rule: RuleId) -> bool {
    matches!(rule, RuleId::Competitor | RuleId::Custom(_))
}

/// Findings of two readings: where they overlap they are one, of the rule that begins first. A
/// competitor's name is what it is beside everything else.
fn apart(found: Vec<Hit>) -> Vec<Hit> {
    let (mut beside, mut found): (Vec<Hit>, Vec<Hit>) =
        found.into_iter().partition(|hit| is_beside(hit.rule));
    for list in [&mut beside, &mut found] {
        list.sort_by_key(|hit| {
            let range = &hit.found.range;
            let rule = is_beside(hit.rule).then_some(hit.rule);
            (rule, range.start, std::cmp::Reverse(range.end))
        });
        let mut apart: Vec<Hit> = vec![];
        for next in list.drain(..) {
            let same = |last: &Hit| last.rule == next.rule || !is_beside(next.rule);
            match apart.last_mut().filter(|last| same(last)) {
                Some(last) if overlap(&last.found.range, &next.found.range) => {
                    last.found.range.end = last.found.range.end.max(next.found.range.end);
                }
                _ => apart.push(next),
            }
        }
        *list = apart;
    }
    found.extend(beside);
    found
}

/// "Re:" and what mail programs write for it in the nine languages (RFC 5322 §3.6.5).
fn is_answer(subject: &str) -> bool {
    let head = subject.trim_start().split(':').next().unwrap_or_default();
    head.len() < subject.len()
        && matches!(head, "re" | "aw" | "antw" | "sv" | "rv" | "res" | "r" | "ref" | "odp" | "vs")
}

/// An id without what people leave out: only letters and digits, lower case.
fn plain(id: &str) -> String {
    id.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn in_brackets(view: &View<'_>, range: &Range<usize>) -> bool {
    let before = view.slice(0..range.start);
    let after = view.slice(range.end..view.text.len());
    let open = before.rfind('[').is_some_and(|at| !view.slice(at..range.start).contains(']'));
    open && after.find(']').is_some_and(|at| !after.get(..at).unwrap_or_default().contains('['))
}

mod beside;
mod copied;
mod pdf;
#[cfg(test)]
mod tests;
