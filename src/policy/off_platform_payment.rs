//! Rule `off-platform-payment`: the invitation to pay outside of the marketplace's checkout, and
//! the numbers and addresses to which money would go.

use std::ops::Range;
use std::sync::LazyLock;

use crate::domain::Certainty;

use super::clauses::{Clauses, Tells, Told};
use super::found::{Found, overlap};
use super::names::{Mention, Named, Weight};
use super::tokens::{Kind, Tokens};
use super::user_name;
use super::view::View;

static METHODS: LazyLock<Named> =
    LazyLock::new(|| Named::read(include_str!("data/payment-methods.txt")));

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Payments {
    /// Numbers and handles.
    pub details: Vec<Found>,
    /// Invitations in words: a redaction takes only the numbers and handles of them.
    pub words: Vec<Found>,
}

/// What stands around a mention.
struct Around<'a, 't> {
    view: &'a View<'a>,
    tokens: &'a Tokens<'t>,
    clauses: &'a Clauses,
    /// Bytes of account numbers, in order.
    accounts: &'a [Range<usize>],
    /// Bytes of what other rules have found: addresses, links, telephone numbers, in order.
    taken: &'a [Range<usize>],
}

/// Every invitation and number. `accounts` are account numbers with right check digits, which are
/// findings by themselves; `taken` what other rules have found; both in order.
pub(super) fn find(
    view: &View<'_>,
    tokens: &Tokens<'_>,
    clauses: &Clauses,
    accounts: &[Range<usize>],
    taken: &[Range<usize>],
) -> Payments {
    let around = Around { view, tokens, clauses, accounts, taken };
    let mentions = METHODS.names.find(view, tokens);
    let mut payments = Payments::default();
    for (at, mention) in mentions.iter().enumerate() {
        let near = at.saturating_sub(2)..(at + 3).min(mentions.len());
        let beside = mentions.get(near).unwrap_or_default();
        let Some((certainty, handle)) = around.invitation(mention, beside) else { continue };
        let given = handle.and_then(|h| user_name::reach(tokens, &tokens.bytes(&h), &h, taken));
        payments.details.extend(given.map(|range| Found { certainty, range }));
        let (bytes, whole) = (mention.bytes.clone(), &mention.tokens);
        if let Some(range) = user_name::reach(tokens, &bytes, whole, taken) {
            let range = if mention.inside { bytes } else { range };
            payments.words.push(Found { certainty, range });
        }
    }
    let details = &payments.details;
    payments.words.retain(|w| !details.iter().any(|d| overlap(&d.range, &w.range)));
    payments
}

const ASKS: [Tells; 3] = [Tells::Pay, Tells::Accept, Tells::Offer];

impl Around<'_, '_> {
    /// Whether a mention invites, and the number or handle that it gives.
    fn invitation(
        &self,
        mention: &Mention,
        beside: &[Mention],
    ) -> Option<(Certainty, Option<Range<usize>>)> {
        let weight = METHODS.weight(mention);
        let at = &mention.tokens;
        let own = self.clauses.around(&mention.itself());
        if weight == Weight::Direct {
            return self.direct(at, own).map(|certainty| (certainty, None));
        }
        let governs = self.governing(at, own);
        let verb = self.is_verb(at);
        if own.declines() || governs.declines() {
            return None;
        }
        let handle = self.handle(at, weight);
        let others = beside.iter().filter(|m| *m != mention && self.same_thought(at, &m.tokens));
        let others = others.filter(|m| METHODS.weight(m) != Weight::Direct);
        let mut score = 3 * i32::from(verb) + 2 * i32::from(handle.is_some());
        score += i32::from(others.count() > 0);
        score += 2 * i32::from(governs.has(Tells::Accept)) + i32::from(governs.has(Tells::Pay));
        score += i32::from(governs.has(Tells::Person)) + i32::from(own.has(Tells::Avoid));
        score += 2 * i32::from(self.is_offered(at)) + 2 * i32::from(mention.disguised);
        // "Zelle to the name of the shop, please"
        let asked = own.has(Tells::Ask) && matches!(weight, Weight::Plain | Weight::Told);
        score += 2 * i32::from(self.is_sent(at)) + i32::from(asked);
        let mine = if mention.inside { 2 } else { 1 };
        score += mine * i32::from(weight != Weight::Plain && own.has(Tells::Mine));
        score += i32::from(mention.inside && weight == Weight::Label && governs.has(Tells::Pay));
        // "Bar bei Abholung mit Nachlass"
        score += i32::from(weight == Weight::Plain && own.has(Tells::Saves));
        score += self.words_beside(at, weight);
        score += 3 * i32::from(self.near(self.accounts, at));
        score += i32::from(self.near(self.taken, at)) + i32::from(self.amount(at));
        let sentence = own.and(self.clauses.beside(at.start));
        score += i32::from(sentence.has(Tells::Avoid) && !own.has(Tells::Avoid));
        // "a gift card will do, just send me the code"
        let beside = self.clauses.beside(at.start);
        let sent = beside.has(Tells::Avoid) && beside.has(Tells::Payee);
        score += i32::from(weight == Weight::Word && sent);
        // "refunded to your PayPal account", "a wallet that holds Bitcoin"
        let house = own.has(Tells::House) && !sentence.has(Tells::Avoid);
        // "We accept credit cards, bank transfers and PayPal"
        let till = sentence.has(Tells::Till) && !sentence.has(Tells::Avoid);
        score -= 4 * i32::from(sentence.has(Tells::Market) || house || till);
        // "PayPal me and I'll pop it in the box" is about no box.
        let asked = own.has(Tells::Payee) && own.has(Tells::Pay);
        score -= 3 * i32::from((own.has(Tells::Goods) && !asked) || self.is_goods(at));
        // "Send us a picture and we send you a gift card as a thank you"
        let given = !own.has(Tells::Payee) || self.is_given(at);
        score -= 3 * i32::from(own.has(Tells::Gives) && given);
        let written = self.view.words(&mention.bytes);
        let enough = match weight {
            Weight::Short if !written.starts_with(char::is_uppercase) => return None,
            Weight::Told => 1,
            Weight::Plain | Weight::Alias | Weight::Direct => 2,
            Weight::Word | Weight::Short if governs.has_any(&ASKS) => 2,
            Weight::Word | Weight::Short => 3,
            Weight::Label if handle.is_some() => 3,
            Weight::Label if !self.is_target(at) && !mention.inside => return None,
            Weight::Label => 5,
        };
        if score < enough {
            return None;
        }
        let certain = score > enough;
        let certainty = if certain { Certainty::Certain } else { Certainty::Likely };
        Some((certainty, handle))
    }

    /// "Pay me directly, it's cheaper": paid past the marketplace in a way that has no name. Who
    /// gets the money, or what is saved by it, must be said.
    fn direct(&self, at: &Range<usize>, own: Told) -> Option<Certainty> {
        let sentence = own.and(self.clauses.beside(at.start));
        let money = own.has(Tells::Money)
            || self.clauses.before(at.start, &[Tells::Money]).has(Tells::Money);
        let (payee, saves) = (own.has(Tells::Payee), sentence.has(Tells::Saves));
        let regular = sentence.has_any(&[Tells::House, Tells::Market]);
        if own.declines() || !money || regular {
            return None;
        }
        match (payee, saves) {
            (true, true) => Some(Certainty::Certain),
            (true, false) | (false, true) => Some(Certainty::Likely),
            (false, false) => None,
        }
    }

    /// What the thought tells, or where no verb of paying stands in it, the one before.
    fn governing(&self, at: &Range<usize>, own: Told) -> Told {
        let before = self.clauses.before(at.start, &ASKS);
        // "we can't take PayPal, bank transfer or cash": the list goes on.
        let list = before.declines() && !own.has_any(&[Tells::Person, Tells::Mine, Tells::Accept]);
        if (own.has_any(&ASKS) || self.is_offered(at)) && !list {
            return own;
        }
        own.and(before)
    }

    fn same_thought(&self, one: &Range<usize>, other: &Range<usize>) -> bool {
        let sentence = self.clauses.sentence_tokens(one.start);
        sentence.contains(&other.start) && one.start.abs_diff(other.start) < 16
    }

    /// "PayPal me", "Zelle us".
    fn is_verb(&self, at: &Range<usize>) -> bool {
        let next = self.tokens.skip_blank(at.end);
        let word = self.tokens.word(next).filter(|_| next > at.end);
        matches!(word, Some("me" | "us" | "mir" | "uns"))
    }

    /// Whether the last word before a mention that says who gives and who gets says that the other side gets.
    fn is_given(&self, at: &Range<usize>) -> bool {
        let start = self.clauses.tokens(at.start).start.max(at.start.saturating_sub(16));
        let mut before = (start..at.start).rev().map(|i| self.clauses.at(i));
        let last = before.find(|told| told.has_any(&[Tells::Gives, Tells::Payee]));
        last.is_some_and(|told| told.has(Tells::Gives))
    }

    /// "Zelle to …", where the thought begins.
    fn is_sent(&self, at: &Range<usize>) -> bool {
        let next = self.tokens.skip_blank(at.end);
        let word = self.tokens.word(next).filter(|_| next > at.end);
        let begins = self.clauses.tokens(at.start).start + 1 >= at.start;
        begins
            && matches!(
                word,
                Some(
                    "to" | "it" | "over" | "an" | "a" | "al" | "para" | "naar" | "na" | "do" | "へ"
                )
            )
    }

    /// "Zelle works", "PayPal geht auch".
    fn is_offered(&self, at: &Range<usize>) -> bool {
        let near = (at.end..at.end + 10).filter(|&i| self.tokens.word(i).is_some()).take(5);
        let part = self.clauses.tokens(at.start);
        near.filter(|i| part.contains(i)).any(|i| self.clauses.at(i).has(Tells::Offer))
    }

    /// "to our account", "na nasze konto": where money goes.
    fn is_target(&self, at: &Range<usize>) -> bool {
        let near = at.start.saturating_sub(8)..at.start;
        let words = near.rev().filter(|&i| self.tokens.word(i).is_some()).take(3);
        let target = |word| {
            matches!(
                word,
                "to" | "into"
                    | "auf"
                    | "sur"
                    | "a"
                    | "en"
                    | "sul"
                    | "su"
                    | "al"
                    | "para"
                    | "na"
                    | "naar"
                    | "op"
                    | "per"
                    | "number"
                    | "by"
                    | "via"
            )
        };
        // "to my new account", but "to manage my account"
        let leads = |i: usize| {
            let named = |word| is_article(word) || matches!(word, "bank" | "nuestra" | "konto");
            self.clauses.at(i).has_any(&[Tells::Mine, Tells::Yours])
                || self.tokens.word(i).is_some_and(named)
        };
        let mut follows = true;
        for i in words {
            if follows && self.tokens.word(i).is_some_and(target) {
                return true;
            }
            follows = leads(i);
        }
        false
    }

    fn words_beside(&self, at: &Range<usize>, weight: Weight) -> i32 {
        let near = at.start.saturating_sub(6)..at.start;
        let mut before = near.rev().filter(|&i| self.tokens.word(i).is_some());
        let (first, second) = (before.next(), before.next());
        let told = |i: Option<usize>| i.map(|i| self.clauses.at(i)).unwrap_or_default();
        let (near, far) = (told(first), told(second));
        let after = self.tokens.word(at.end).filter(|w| !w.is_ascii());
        let japanese = after.is_some() && self.clauses.at(at.end).has(Tells::Via);
        let mine = near.and(far).has(Tells::Mine);
        let yours = near.and(far).has(Tells::Yours) && weight == Weight::Plain;
        let skipped = |word| is_article(word) || is_filler(word);
        let article = first.and_then(|i| self.tokens.word(i)).is_some_and(skipped);
        let via = near.has(Tells::Via) || (article && far.has(Tells::Via));
        // "manda um Pix"
        let paid = i32::from(near.has(Tells::Pay) || (article && far.has(Tells::Pay)));
        i32::from(via || japanese) + 2 * i32::from(mine || yours) + paid
    }

    /// What stands behind the name says that it is a thing: "gift card tin", "PayPal reader".
    fn is_goods(&self, at: &Range<usize>) -> bool {
        let after = (at.end..at.end + 4).find(|&i| self.tokens.word(i).is_some());
        after.is_some_and(|i| self.clauses.at(i).has_any(&[Tells::Goods, Tells::Paper]))
    }

    /// `$quick`, an account number, a name at a service.
    fn handle(&self, at: &Range<usize>, weight: Weight) -> Option<Range<usize>> {
        if weight == Weight::Label {
            return self.number(at);
        }
        let found = user_name::after(self.tokens, self.clauses, at)?;
        let text = self.tokens.text.get(self.tokens.bytes(&found))?;
        // "PayPal: €20", "gift cards: 5 x"
        let meant = text.starts_with(['@', '$']) || user_name::is_made(text);
        (meant && weight != Weight::Word).then_some(found)
    }

    /// Figures right behind a label: "Kontonummer 1234567", "普通 0000000".
    fn number(&self, at: &Range<usize>) -> Option<Range<usize>> {
        let figures =
            |i: usize| self.tokens.word(i).is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit()));
        let start = (at.end..at.end + 6).find(|&i| figures(i))?;
        let mut end = start + 1;
        let mut length = self.tokens.word(start).map_or(0, str::len);
        while end < start + 12 && figures(end + 1) {
            let gap =
                matches!(self.tokens.kind(end), Some(Kind::Blank | Kind::Mark('-' | '.' | '/')));
            if !gap {
                break;
            }
            length += self.tokens.word(end + 1).map_or(0, str::len);
            end += 2;
        }
        (length >= 6).then_some(start..end)
    }

    fn near(&self, ranges: &[Range<usize>], at: &Range<usize>) -> bool {
        let sentence = self.tokens.bytes(&self.clauses.sentence_tokens(at.start));
        let here = self.tokens.bytes(at);
        let near = here.start.saturating_sub(80)..here.end + 80;
        let from = ranges.partition_point(|r| r.end <= near.start);
        ranges.get(from).is_some_and(|r| overlap(r, &sentence) && overlap(r, &near))
    }

    /// Whether an amount of money stands near.
    fn amount(&self, at: &Range<usize>) -> bool {
        let sentence = self.clauses.sentence_tokens(at.start);
        let from = at.start.saturating_sub(24).max(sentence.start);
        (from..(at.end + 24).min(sentence.end)).any(|i| {
            matches!(self.tokens.kind(i), Some(Kind::Mark('€' | '$' | '£' | '¥' | '₦')))
                || matches!(
                    self.tokens.word(i),
                    Some(
                        "eur"
                            | "euro"
                            | "euros"
                            | "usd"
                            | "gbp"
                            | "zl"
                            | "pln"
                            | "dollars"
                            | "円"
                            | "pounds"
                            | "reais"
                            | "bucks"
                            | "quid"
                            | "zlotych"
                            | "chf"
                    )
                )
        })
    }
}

/// "pay simply in cash"
fn is_filler(word: &str) -> bool {
    matches!(word, "just" | "simply" | "einfach" | "gewoon" | "simplement" | "simplemente")
        || matches!(word, "semplicemente" | "simplesmente" | "prostu" | "preferably" | "best")
}

fn is_article(word: &str) -> bool {
    matches!(
        word,
        "a" | "an"
            | "the"
            | "ein"
            | "eine"
            | "einen"
            | "einer"
            | "un"
            | "une"
            | "una"
            | "um"
            | "uma"
            | "een"
            | "de"
            | "la"
            | "le"
            | "el"
            | "il"
    )
}

#[cfg(test)]
mod tests;
