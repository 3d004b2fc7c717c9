//! Rule `messenger-handle`: a user name on a messenger or social network, or the invitation to
//! move there. A link to one is found as a link and given to this rule by the judge.

use std::ops::Range;
use std::sync::LazyLock;

use crate::domain::Certainty;

use super::clauses::{Clauses, Tells, Told};
use super::found::{Found, overlap};
use super::names::{Mention, Named, Weight};
use super::tokens::{Kind, Tokens};
use super::user_name;
use super::view::View;

static MESSENGERS: LazyLock<Named> =
    LazyLock::new(|| Named::read(include_str!("data/messengers.txt")));

/// What stands around a mention.
struct Around<'a, 't> {
    view: &'a View<'a>,
    tokens: &'a Tokens<'t>,
    clauses: &'a Clauses,
    /// Bytes of telephone numbers, in order.
    numbers: &'a [Range<usize>],
}

/// Every invitation and user name. `taken` is what other rules have found, in order; `numbers`
/// those of it that are telephone numbers.
pub(super) fn find(
    view: &View<'_>,
    tokens: &Tokens<'_>,
    clauses: &Clauses,
    taken: &[Range<usize>],
    numbers: &[Range<usize>],
) -> Vec<Found> {
    let around = Around { view, tokens, clauses, numbers };
    let mut found: Vec<Found> = vec![];
    for mention in MESSENGERS.names.find(view, tokens) {
        let Some((certainty, whole)) = around.invitation(&mention) else { continue };
        let alone = mention.inside && whole == mention.tokens;
        let range = match user_name::reach(tokens, &mention.bytes, &whole, taken) {
            Some(_) if alone => mention.bytes,
            Some(range) => range,
            None => continue,
        };
        found.push(Found { certainty, range });
    }
    found.extend(around.bare_names(taken));
    found.sort_by_key(|f| (f.range.start, f.range.end));
    let mut apart: Vec<Found> = vec![];
    for next in found {
        match apart.last_mut().filter(|last| overlap(&last.range, &next.range)) {
            Some(last) => {
                last.range.end = last.range.end.max(next.range.end);
                if next.certainty == Certainty::Certain {
                    last.certainty = next.certainty;
                }
            }
            None => apart.push(next),
        }
    }
    apart
}

const REACHES: [Tells; 2] = [Tells::Contact, Tells::ContactMe];

/// How words begin that name a group or a channel.
const GROUPS: [&str; 11] = [
    "group",
    "grupp",
    "groep",
    "grup",
    "kanal",
    "canal",
    "kanaal",
    "chat",
    "chaine",
    "channel",
    "チャンネル",
];

/// Who helps with a messenger itself.
const SUPPORT: [&str; 10] = [
    "support",
    "helpdesk",
    "kundendienst",
    "assistance",
    "soporte",
    "supporto",
    "assistenza",
    "suporte",
    "klantenservice",
    "サポート",
];

/// What is said where somebody wants the other's user name.
const ASKS: [Tells; 6] =
    [Tells::Contact, Tells::ContactMe, Tells::Have, Tells::Ask, Tells::Handle, Tells::Person];

impl Around<'_, '_> {
    /// Whether a mention invites, and the tokens of the invitation.
    fn invitation(&self, mention: &Mention) -> Option<(Certainty, Range<usize>)> {
        let weight = MESSENGERS.weight(mention);
        let at = &mention.tokens;
        if weight == Weight::Told {
            return Some((Certainty::Certain, at.clone()));
        }
        let own = self.clauses.around(&mention.itself());
        let governs = self.governing(mention, own);
        let name = self.user_name(mention, weight);
        let verb = self.is_verb(at);
        if self.is_declined(at, own, governs, verb) && name.is_none() {
            return None;
        }
        // "turn to the Slack support": nobody's own. "Write to us on WhatsApp support" is ours.
        let ours = verb || governs.has(Tells::ContactMe) || own.has(Tells::Mine);
        if name.is_none() && !ours && self.is_its_support(at) {
            return None;
        }
        // "drop us a line"; Spanish moves "a Line", with a capital.
        let before = self.word_before(at.start, 1).next().and_then(|i| self.tokens.word(i));
        let thing = matches!(before, Some("a" | "another")) && !self.is_capital(at);
        if weight == Weight::Word && thing && name.is_none() {
            return None;
        }
        let mut score = self.words_beside(mention, weight, own);
        let named = if weight == Weight::Word { 3 } else { 2 };
        score += 3 * i32::from(verb) + named * i32::from(name.is_some());
        score += match (governs.has(Tells::ContactMe), governs.has(Tells::Contact)) {
            (true, _) => 2,
            (false, true) => 1 + i32::from(governs.has(Tells::Person)),
            _ => 0,
        };
        score += i32::from(own.has(Tells::Pay) && self.has_via(at));
        let number = self.number(at);
        score += 2 * i32::from(number);
        let reaches = governs.has_any(&REACHES);
        let beside = self.clauses.beside(at.start);
        let feature = own.has(Tells::Feature) || (!reaches && beside.has(Tells::Feature));
        // "the green app with the phone icon": what else it has says which one is meant.
        let hidden = mention.disguised || weight == Weight::Alias;
        // "escribirme por WhatsApp sobre el reloj"
        let hidden = hidden || governs.has(Tells::ContactMe);
        score -= 2 * i32::from(feature && !hidden);
        score += 2 * i32::from(mention.disguised);
        let enough = match weight {
            Weight::Plain | Weight::Told => 2,
            Weight::Short if name.is_some() || number => 2,
            // "chat on WA"
            Weight::Short if reaches && self.has_via(at) && self.is_capital(at) => 2,
            // "LINE交換", "LINEを教えて"
            Weight::Word if reaches && self.is_japanese(at) => 2,
            // "proszę pisać na Messengerze"
            Weight::Word if reaches && self.has_via(at) && self.is_capital(at) => 2,
            _ => 3,
        };
        // "Drop your line in deep water": an ordinary word has to be meant as a name.
        let meant = weight != Weight::Word || mention.disguised || self.is_meant(at, governs);
        if score < enough || !meant {
            return None;
        }
        let certain = score > enough || name.is_some();
        let certainty = if certain { Certainty::Certain } else { Certainty::Likely };
        Some((certainty, self.whole(at, name, verb)))
    }

    /// What the thought tells that holds for this mention: its own, or where no verb stands in it,
    /// the one before.
    fn governing(&self, mention: &Mention, own: Told) -> Told {
        let at = mention.tokens.start;
        if own.has_any(&REACHES) || own.has(Tells::Rather) {
            return own;
        }
        let before = self.clauses.before(at, &REACHES);
        if before.has_any(&REACHES) {
            return own.and(before);
        }
        // "Telegram is quicker, write to me there"; "we have a Telegram channel, join us"
        let next = self.clauses.next(at);
        let group = || next.has_any(&REACHES) && self.is_beside_group(&mention.tokens);
        if next.has(Tells::There) || group() { own.and(next) } else { own }
    }

    fn is_declined(&self, at: &Range<usize>, own: Told, governs: Told, verb: bool) -> bool {
        if verb {
            // "If you can't see it WhatsApp me": only "don't WhatsApp me" declines.
            return self.word_before(at.start, 2).any(|i| self.clauses.at(i).has(Tells::Not));
        }
        own.declines() || governs.declines()
    }

    /// "the WhatsApp support", "al soporte de Slack": who made it, and nobody's own.
    fn is_its_support(&self, at: &Range<usize>) -> bool {
        let mut near = self.word_before(at.start, 2).chain(self.word_after(at.end));
        near.any(|i| self.tokens.word(i).is_some_and(|word| SUPPORT.contains(&word)))
    }

    /// What the words right before and after a mention say.
    fn words_beside(&self, mention: &Mention, weight: Weight, own: Told) -> i32 {
        let at = &mention.tokens;
        let before = self.word_before(at.start, 1).next();
        let told = |i: Option<usize>| i.map(|i| self.clauses.at(i)).unwrap_or_default();
        // "on the WhatsApp"
        let further = before
            .filter(|&i| self.tokens.word(i).is_some_and(is_article))
            .and_then(|i| self.word_before(i, 1).next());
        let (near, far) = (told(before), told(further));
        let after = self.word_after(at.end).map(|i| self.clauses.at(i)).unwrap_or_default();
        let japanese = self.tokens.word(at.end).is_some_and(|w| !w.is_ascii());
        let via =
            near.has(Tells::Via) || far.has(Tells::Via) || (japanese && after.has(Tells::Via));
        let mut score = i32::from(via);
        // "notre groupe WhatsApp", "my personal Facebook"
        let more = if weight == Weight::Word { 1 } else { 3 };
        let thought = self.clauses.tokens(at.start);
        let whose = self.word_before(at.start, more).filter(|i| thought.contains(i));
        let whose = whose.map(|i| self.clauses.at(i));
        let whose = whose.take_while(|told| !told.has(Tells::Via));
        let whose = whose.fold(far, Told::and);
        // "what is your WhatsApp?", but "your Instagram stories film themselves"
        let yours = whose.has(Tells::Yours) && (own.has_any(&ASKS) || self.is_question(at));
        let owned = whose.has(Tells::Mine) || yours;
        let named = weight != Weight::Word || self.is_capital(at) || self.is_group(at.end);
        score += 2 * i32::from(owned && named);
        let asked = || self.word_before(at.start, 4).any(|i| self.clauses.at(i).has(Tells::Have));
        score += 2 * i32::from((via || near.has(Tells::Have)) && asked());
        let labelled = after.has(Tells::Handle)
            || self.is_compound(at, Tells::Handle)
            || self.is_beside_group(at);
        let rather = own.has(Tells::Rather) || self.clauses.beside(at.start).has(Tells::Rather);
        score += i32::from(labelled) + i32::from(rather);
        // "Viberはお使いですか"
        score += 2 * i32::from(japanese && after.has(Tells::Have));
        score += i32::from(self.clauses.next(at.start).has(Tells::There));
        // "WhatsApp-style", "Signal-LED"
        let other = self.tokens.is_mark(at.end, '-') && self.tokens.word(at.end + 1).is_some();
        score - 2 * i32::from(other && !labelled && !self.is_compound(at, Tells::Contact))
    }

    fn is_question(&self, at: &Range<usize>) -> bool {
        let sentence = self.clauses.sentence_tokens(at.start);
        sentence.end.checked_sub(1).is_some_and(|last| self.tokens.is_mark(last, '?'))
    }

    fn is_compound(&self, at: &Range<usize>, tells: Tells) -> bool {
        self.tokens.is_mark(at.end, '-') && self.clauses.at(at.end + 1).has(tells)
    }

    /// "WhatsApp me", "telegram us".
    fn is_verb(&self, at: &Range<usize>) -> bool {
        let next = self.tokens.skip_blank(at.end);
        let word = self.tokens.word(next).filter(|_| next > at.end);
        matches!(word, Some("me" | "us" | "mich" | "uns" | "mij"))
    }

    fn user_name(&self, mention: &Mention, weight: Weight) -> Option<Range<usize>> {
        let at = &mention.tokens;
        let after = user_name::after(self.tokens, self.clauses, at);
        after.or_else(|| user_name::before(self.tokens, at).filter(|_| self.has_via(at))).or_else(
            || {
                let written = self.view.words(&self.tokens.bytes(at));
                let tag = weight == Weight::Short && written.chars().all(char::is_uppercase);
                tag.then(|| user_name::beside(self.tokens, self.clauses, at)).flatten()
            },
        )
    }

    fn has_via(&self, at: &Range<usize>) -> bool {
        let is_article = |&i: &usize| self.tokens.word(i).is_some_and(is_article);
        let mut before = self.word_before(at.start, 2).skip_while(is_article);
        before.next().is_some_and(|i| self.clauses.at(i).has(Tells::Via))
    }

    /// Whether a telephone number stands in the same sentence.
    fn number(&self, at: &Range<usize>) -> bool {
        let sentence = self.tokens.bytes(&self.clauses.sentence_tokens(at.start));
        let here = self.tokens.bytes(at);
        let near = here.start.saturating_sub(80)..here.end + 80;
        let from = self.numbers.partition_point(|n| n.end <= near.start);
        self.numbers.get(from).is_some_and(|n| overlap(n, &sentence) && overlap(n, &near))
    }

    /// Whether an ordinary word is used as a name: a capital inside of a sentence, or "on" before.
    fn is_meant(&self, at: &Range<usize>, governs: Told) -> bool {
        let group = || governs.has_any(&REACHES) && self.is_group(at.end);
        self.has_via(at) || self.is_capital(at) || self.is_compound(at, Tells::Handle) || group()
    }

    /// "join our signal group"
    fn is_group(&self, end: usize) -> bool {
        self.word_after(end).is_some_and(|i| self.names_group(i))
    }

    /// The same with the word on either side: "canale Telegram", "kanał na Telegramie".
    fn is_beside_group(&self, at: &Range<usize>) -> bool {
        let last = at.end.checked_sub(1).and_then(|i| self.tokens.word(i));
        // "Telegram-Kanal", "Facebookgroep"
        let whole = last.is_some_and(|word| GROUPS.iter().any(|group| word.contains(group)));
        whole || self.is_group(at.end) || self.word_before(at.start, 2).any(|i| self.names_group(i))
    }

    fn names_group(&self, i: usize) -> bool {
        self.tokens.word(i).is_some_and(|word| GROUPS.iter().any(|start| word.starts_with(start)))
    }

    fn is_capital(&self, at: &Range<usize>) -> bool {
        let written = self.view.words(&self.tokens.bytes(at));
        let inside = self.clauses.sentence_tokens(at.start).start < at.start;
        let upper = written.chars().filter(|c| c.is_uppercase()).count();
        let foreign = !written.is_ascii();
        upper > 1 || foreign || (upper == 1 && inside)
    }

    /// "LINE" in a Japanese sentence.
    fn is_japanese(&self, at: &Range<usize>) -> bool {
        let written = self.view.words(&self.tokens.bytes(at));
        written.bytes().all(|b| b.is_ascii_uppercase())
            && self.tokens.word(at.end).is_some_and(|after| !after.is_ascii())
    }

    fn word_before(&self, i: usize, count: usize) -> impl Iterator<Item = usize> {
        let near = i.saturating_sub(2 * count + 2)..i;
        near.rev().filter(|&i| self.tokens.word(i).is_some()).take(count)
    }

    fn word_after(&self, i: usize) -> Option<usize> {
        (i..i + 3).find(|&i| self.tokens.word(i).is_some())
    }

    /// The invitation's tokens: from the verb a few words before to the user name.
    fn whole(&self, at: &Range<usize>, name: Option<Range<usize>>, verb: bool) -> Range<usize> {
        let part = self.clauses.tokens(at.start);
        let from = at.start.saturating_sub(8).max(part.start);
        let reaches = |&i: &usize| {
            let told = self.clauses.at(i);
            self.tokens.word(i).is_some()
                && told.has_any(&[Tells::Contact, Tells::ContactMe, Tells::Mine, Tells::Yours])
        };
        let mut start = (from..at.start).find(reaches).unwrap_or(at.start);
        let mut end = if verb { self.tokens.skip_blank(at.end) + 1 } else { at.end };
        if let Some(name) = name {
            (start, end) = (start.min(name.start), end.max(name.end));
        }
        start..end
    }

    /// "Siga @minhaloja no perfil", "holla at adeshop_ng": where no messenger is named.
    fn bare_names(&self, taken: &[Range<usize>]) -> Vec<Found> {
        let mut found = vec![];
        let mut taken = taken.iter().peekable();
        for i in 0..self.tokens.list.len() {
            let here = self.tokens.bytes(&(i..i + 1));
            while taken.next_if(|t| t.end <= here.start).is_some() {}
            if taken.peek().is_some_and(|t| overlap(t, &here)) {
                continue;
            }
            let Some(name) = self.bare_name(i) else { continue };
            let range = self.tokens.bytes(&name);
            if taken.peek().is_none_or(|t| !overlap(t, &range)) {
                found.push(Found { certainty: Certainty::Likely, range });
            }
        }
        found
    }

    fn bare_name(&self, i: usize) -> Option<Range<usize>> {
        let alone = i == 0 || self.tokens.kind(i - 1) == Some(Kind::Blank);
        if !alone {
            return None;
        }
        let name = user_name::at(self.tokens, i)?;
        let text = self.tokens.text.get(self.tokens.bytes(&name))?;
        let made = user_name::is_made(text);
        let signed = text.starts_with('@');
        let spelled = made && text.contains('_');
        // "user adeshop#1234"
        let numbered = made && text.contains('#');
        if numbered && self.word_before(i, 1).any(|j| self.clauses.at(j).has(Tells::Handle)) {
            return Some(name);
        }
        if !(signed || spelled) {
            return None;
        }
        let verbs = self.word_before(i, 3);
        let mut verbs = verbs.filter_map(|j| self.tokens.word(j));
        let own = self.clauses.around(&name);
        if own.declines() {
            return None;
        }
        let invited = verbs.any(|w| if signed { follows(w) } else { hails(w) });
        let profile = signed && made && own.has(Tells::Handle) && own.has_any(&REACHES);
        (invited || profile).then_some(name)
    }
}

fn is_article(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "der"
            | "die"
            | "das"
            | "dem"
            | "den"
            | "le"
            | "la"
            | "el"
            | "il"
            | "lo"
            | "l"
            | "o"
            | "de"
            | "het"
            | "al"
            | "do"
            | "our"
            | "my"
            | "mein"
            | "unser"
            | "unserem"
    )
}

/// Verbs of following somebody.
fn follows(word: &str) -> bool {
    ["follow", "sig", "segu", "suiv", "abonn", "folg", "volg", "obserw", "フォロー"]
        .iter()
        .any(|start| word.starts_with(start))
        || hails(word)
}

/// Verbs that are said of messengers only.
fn hails(word: &str) -> bool {
    matches!(word, "holla" | "holler" | "dm" | "pm" | "ping" | "hmu" | "inbox" | "msg" | "follow")
}

#[cfg(test)]
mod tests;
