//! Sentences and thoughts: where an invitation, a refusal or a description begins and ends, and
//! which telling words stand in it.

use std::ops::Range;
use std::sync::LazyLock;

use super::domains::unleet;
use super::lexicon::lines;
use super::tokens::{Kind, Tokens};
use super::trie::Trie;
use super::view::folded;

/// What a word tells about the words around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tells {
    /// It is declined.
    Not,
    /// What looks like declining is none.
    Yet,
    Person,
    Contact,
    ContactMe,
    Via,
    Mine,
    Yours,
    Have,
    Handle,
    Rather,
    Feature,
    Turn,
    There,
    Pay,
    Accept,
    Offer,
    Avoid,
    Market,
    House,
    Goods,
    /// The ways to pay at a till.
    Till,
    /// What is written about a payment.
    Paper,
    /// It is asked for.
    Ask,
    Money,
    /// The money goes to whoever writes.
    Payee,
    /// It costs less.
    Saves,
    /// It is given to the other side.
    Gives,
    Portuguese,
    Other,
}

const CLASSES: [(&str, Tells); 30] = [
    ("not", Tells::Not),
    ("yet", Tells::Yet),
    ("person", Tells::Person),
    ("contact", Tells::Contact),
    ("contact_me", Tells::ContactMe),
    ("via", Tells::Via),
    ("mine", Tells::Mine),
    ("yours", Tells::Yours),
    ("have", Tells::Have),
    ("handle", Tells::Handle),
    ("rather", Tells::Rather),
    ("feature", Tells::Feature),
    ("turn", Tells::Turn),
    ("there", Tells::There),
    ("pay", Tells::Pay),
    ("accept", Tells::Accept),
    ("offer", Tells::Offer),
    ("avoid", Tells::Avoid),
    ("market", Tells::Market),
    ("house", Tells::House),
    ("goods", Tells::Goods),
    ("till", Tells::Till),
    ("paper", Tells::Paper),
    ("ask", Tells::Ask),
    ("money", Tells::Money),
    ("payee", Tells::Payee),
    ("saves", Tells::Saves),
    ("gives", Tells::Gives),
    ("portuguese", Tells::Portuguese),
    ("other", Tells::Other),
];

/// What some words tell, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Told(u32);

impl Told {
    /// Whether one of the words tells this.
    pub fn has(self, tells: Tells) -> bool {
        self.0 & (1 << tells as u8) != 0
    }

    /// Whether one of the words tells one of these.
    pub fn has_any(self, tells: &[Tells]) -> bool {
        tells.iter().any(|&t| self.has(t))
    }

    /// What both tell.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// It is declined.
    pub fn declines(self) -> bool {
        self.has(Tells::Not) && !self.has(Tells::Yet)
    }

    fn of(tells: Tells) -> Self {
        Self(1 << tells as u8)
    }
}

/// The words of `data/invitations.txt`.
struct Words {
    /// Whole words and whole phrases, and beginnings of words.
    known: Trie<Known>,
    /// What stands anywhere inside of a run without blanks.
    inside: Trie<Told>,
}

/// What a word tells as a whole, and what every word tells that begins so.
#[derive(Default)]
struct Known {
    whole: Told,
    beginning: Told,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words { known: Trie::default(), inside: Trie::default() };
    for line in lines(include_str!("data/invitations.txt")) {
        let mut fields = line.split_whitespace();
        let class = fields.next().unwrap_or_default();
        let Some(&(_, tells)) = CLASSES.iter().find(|(name, _)| *name == class) else { continue };
        for word in fields.skip(1) {
            let and = |told: &mut Told| *told = told.and(Told::of(tells));
            let (word, begins) = match word.strip_suffix('*') {
                Some(beginning) => (beginning, true),
                None => (word, false),
            };
            let word = folded(word).replace('-', "_");
            match (begins, word.is_ascii()) {
                (true, _) => words.known.put(&word, |known| and(&mut known.beginning)),
                (false, true) => words.known.put(&word, |known| and(&mut known.whole)),
                (false, false) => words.inside.put(&word, and),
            }
        }
    }
    words.known.fit(|_| ());
    words.inside.fit(|_| ());
    words
});

impl Words {
    fn told(&self, word: &str) -> Told {
        let mut told = Told::default();
        if word.is_ascii() {
            for (end, known) in self.known.beginnings(word) {
                told = told.and(known.beginning);
                if end == word.len() {
                    told = told.and(known.whole);
                }
            }
            return told;
        }
        for (from, _) in word.char_indices() {
            let rest = word.get(from..).unwrap_or_default();
            for (_, found) in self.inside.beginnings(rest) {
                told = told.and(*found);
            }
        }
        told
    }

    /// What a phrase tells, as a whole or by the beginning of its last word ("senza_commission*");
    /// `last` is where that word stands in it.
    fn of_phrase(&self, phrase: &str, last: usize) -> Told {
        let mut told = Told::default();
        for (end, known) in self.known.beginnings(phrase).filter(|(end, _)| *end > last) {
            told = told.and(known.beginning);
            if end == phrase.len() {
                told = told.and(known.whole);
            }
        }
        told
    }
}

/// A text cut into thoughts.
#[derive(Debug)]
pub(super) struct Clauses {
    told: Vec<Told>,
    /// For each token its thought.
    part_of: Vec<usize>,
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    tokens: Range<usize>,
    told: Told,
    sentence: usize,
}

/// Tokens on either side that are looked at in a long thought: bounds the work.
const WINDOW: usize = 40;

/// How many thoughts back the verb of one is looked for.
const BACK: usize = 4;

impl Clauses {
    /// Cuts a text. Linear in its length.
    pub fn new(tokens: &Tokens<'_>) -> Self {
        let mut told = tell(tokens);
        let count = |tells| told.iter().filter(|t| t.has(tells)).count();
        if count(Tells::Portuguese) > count(Tells::Other) {
            // There "no" is "in the".
            for (i, told) in told.iter_mut().enumerate() {
                if tokens.word(i) == Some("no") {
                    *told = Told::of(Tells::Via);
                }
            }
        }
        // "Procure-nos no Facebook": after a verb of reaching somebody too.
        for i in 0..told.len() {
            if tokens.word(i) == Some("no") && reaches_before(tokens, &told, i) {
                told.splice(i..i + 1, [Told::of(Tells::Via)]);
            }
        }
        let mut clauses = Self { told, part_of: vec![], parts: vec![] };
        let (mut start, mut sentence) = (0, 0);
        for i in 0..tokens.list.len() {
            let turn = clauses.at(i).has(Tells::Turn);
            let japanese = tokens.word(i).is_some_and(|w| !w.is_ascii());
            // Looked for only at such a word: it ends the look-back of the next.
            let begun = || (start..i).any(|j| tokens.word(j).is_some());
            if turn && !japanese && begun() {
                clauses.close(start..i, sentence);
                start = i;
            }
            let (ends_part, ends_sentence) = ends(tokens, i);
            if ends_part || ends_sentence || (turn && japanese) {
                clauses.close(start..i + 1, sentence);
                start = i + 1;
                sentence += usize::from(ends_sentence);
            }
        }
        clauses.close(start..tokens.list.len(), sentence);
        clauses
    }

    fn close(&mut self, tokens: Range<usize>, sentence: usize) {
        let told = tokens.clone().fold(Told::default(), |all, i| all.and(self.at(i)));
        let index = self.parts.len();
        self.part_of.resize(tokens.end, index);
        self.parts.push(Part { tokens, told, sentence });
    }

    /// What the word at a token tells.
    pub fn at(&self, i: usize) -> Told {
        self.told.get(i).copied().unwrap_or_default()
    }

    /// What the thought around these tokens tells, without what they tell themselves.
    pub fn around(&self, tokens: &Range<usize>) -> Told {
        let Some(part) = self.part(tokens.start) else { return Told::default() };
        let from = tokens.start.saturating_sub(WINDOW).max(part.tokens.start);
        let to = (tokens.end + WINDOW).min(part.tokens.end);
        let outside = (from..to).filter(|i| !tokens.contains(i));
        outside.fold(Told::default(), |all, i| all.and(self.at(i)))
    }

    /// What the thoughts before this one tell, back to the first that has one of these, in the
    /// same sentence.
    pub fn before(&self, i: usize, wanted: &[Tells]) -> Told {
        let Some(&here) = self.part_of.get(i) else { return Told::default() };
        let sentence = self.parts.get(here).map(|p| p.sentence);
        let mut told = Told::default();
        for at in (here.saturating_sub(BACK)..here).rev() {
            let Some(part) = self.parts.get(at).filter(|p| Some(p.sentence) == sentence) else {
                break;
            };
            told = told.and(part.told);
            if part.told.has_any(wanted) {
                return told;
            }
        }
        Told::default()
    }

    /// What the next thought tells.
    pub fn next(&self, i: usize) -> Told {
        let next = self.part_of.get(i).and_then(|part| self.parts.get(part + 1));
        next.map(|p| p.told).unwrap_or_default()
    }

    /// What the other thoughts of the sentence tell.
    pub fn beside(&self, i: usize) -> Told {
        let here = self.part(i).map(|p| p.tokens.start);
        let others = self.sentence_parts(i).filter(|p| Some(p.tokens.start) != here);
        others.fold(Told::default(), |all, part| all.and(part.told))
    }

    /// The tokens of the sentence around a token, at most a few thoughts of it.
    pub fn sentence_tokens(&self, i: usize) -> Range<usize> {
        let mut parts = self.sentence_parts(i);
        let Some(first) = parts.next() else { return i..i };
        let end = parts.last().map_or(first.tokens.end, |p| p.tokens.end);
        first.tokens.start..end
    }

    /// The tokens of the thought around a token.
    pub fn tokens(&self, i: usize) -> Range<usize> {
        self.part(i).map_or(i..i, |p| p.tokens.clone())
    }

    fn part(&self, i: usize) -> Option<&Part> {
        self.part_of.get(i).and_then(|&part| self.parts.get(part))
    }

    fn sentence_parts(&self, i: usize) -> impl Iterator<Item = &Part> {
        let here = self.part_of.get(i).copied().unwrap_or_default();
        let sentence = self.parts.get(here).map(|p| p.sentence);
        let near = here.saturating_sub(2 * BACK)..here + 2 * BACK;
        let parts = near.filter_map(|at| self.parts.get(at));
        parts.filter(move |p| Some(p.sentence) == sentence)
    }
}

/// Most words of a phrase in the data.
const PHRASE: usize = 4;

/// What each word tells: by itself, and with those after it that make a phrase of it.
fn tell(tokens: &Tokens<'_>) -> Vec<Told> {
    let mut told = vec![Told::default(); tokens.list.len()];
    let mut phrase = String::new();
    for i in 0..tokens.list.len() {
        let Some(first) = tokens.word(i) else { continue };
        // "h1t m3 up 0n"
        let own = if is_leet(first) { WORDS.told(&unleet(first)) } else { WORDS.told(first) };
        if let Some(t) = told.get_mut(i) {
            *t = t.and(own);
        }
        phrase.clear();
        phrase.push_str(first);
        let mut end = i;
        for _ in 1..PHRASE {
            phrase.push('_');
            if phrase.len() >= 48 || !WORDS.known.begins(&phrase) {
                break;
            }
            let Some(next) = joined(tokens, end) else { break };
            let Some(word) = tokens.word(next) else { break };
            let last = phrase.len();
            phrase.push_str(word);
            end = next;
            let whole = WORDS.of_phrase(&phrase, last);
            for t in told.get_mut(i..end + 1).into_iter().flatten() {
                *t = t.and(whole);
            }
        }
    }
    told
}

/// Figures among letters, as nobody writes a measure.
fn is_leet(word: &str) -> bool {
    word.contains(|c: char| c.is_ascii_digit())
        && word.len() < 12
        && word.ends_with(|c: char| c.is_ascii_lowercase() || c == '3')
        && word.contains(|c: char| c.is_ascii_lowercase())
}

/// Whether one of the few words before tells to reach somebody.
fn reaches_before(tokens: &Tokens<'_>, told: &[Told], i: usize) -> bool {
    let near = (i.saturating_sub(6)..i).rev();
    let mut near = near.take_while(|&j| !ends(tokens, j).0);
    near.any(|j| {
        told.get(j).is_some_and(|t| t.has_any(&[Tells::Contact, Tells::ContactMe, Tells::Have]))
    })
}

/// The word that goes on from the one at `i`: after a blank, an apostrophe or a hyphen.
fn joined(tokens: &Tokens<'_>, i: usize) -> Option<usize> {
    let next = match tokens.kind(i + 1)? {
        Kind::Blank => tokens.skip_blank(i + 1),
        Kind::Mark('\'' | '’' | '-' | '`' | '´') => i + 2,
        _ => return None,
    };
    tokens.word(next).map(|_| next)
}

/// Whether a thought, and a sentence, ends with this token.
fn ends(tokens: &Tokens<'_>, i: usize) -> (bool, bool) {
    let blank_after = matches!(tokens.kind(i + 1), Some(Kind::Blank) | None);
    match tokens.kind(i) {
        Some(Kind::Mark('。')) => (true, true),
        Some(Kind::Mark('.' | '!' | '?')) => (blank_after, blank_after),
        Some(Kind::Mark(',' | ';' | '(' | ')' | '[' | ']' | '、' | '…' | '|' | '•' | '»')) => {
            (true, false)
        }
        Some(Kind::Mark('-' | '–' | '—')) => {
            let before = i.checked_sub(1).and_then(|j| tokens.kind(j)) == Some(Kind::Blank);
            (before && blank_after, false)
        }
        Some(Kind::Blank) => {
            let lines = tokens.text.get(tokens.bytes(&(i..i + 1))).unwrap_or_default();
            let lines = lines.bytes().filter(|b| *b == b'\n').count();
            (lines > 0, lines > 1)
        }
        _ => (false, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_data_has_a_class() {
        for line in lines(include_str!("data/invitations.txt")) {
            let class = line.split_whitespace().next().unwrap();
            assert!(CLASSES.iter().any(|(name, _)| *name == class), "{line}");
        }
    }

    #[test]
    fn a_phrase_is_known_by_the_beginning_of_its_last_word_too() {
        let told = |text: &str| {
            let text = folded(text);
            let tokens = Tokens::new(&text);
            tell(&tokens).into_iter().fold(Told::default(), Told::and)
        };
        assert!(told("nie placimy").has(Tells::Yet), "nie_placi*");
        assert!(told("Da zeigt er es").has(Tells::There), "da_zeig*");
        assert!(!told("Da ist es").has(Tells::There));
        assert!(!told("nie pla").has(Tells::Yet));
        // Every entry of the data is met as it is written, and one with "*" also where it goes on.
        for line in lines(include_str!("data/invitations.txt")) {
            let mut fields = line.split_whitespace();
            let (class, language) = (fields.next().unwrap(), fields.next().unwrap());
            let tells = CLASSES.iter().find(|(name, _)| *name == class).unwrap().1;
            for entry in fields.filter(|entry| entry.contains('_') && language != "ja") {
                let written = entry.replace('_', " ").replace('*', "xy");
                assert!(told(&written).has(tells), "{class} {language} {entry}");
            }
        }
    }

    #[test]
    fn a_refusal_ends_where_another_thought_begins() {
        for (text, word, declines) in [
            ("we can't take PayPal", "paypal", true),
            ("I can't show it here, PayPal is fine", "paypal", false),
            ("I can't show it here so PayPal is fine", "paypal", false),
            ("don't hesitate to use PayPal", "paypal", false),
            ("PayPal nehmen wir nicht. Bar", "paypal", true),
            ("nie przyjmujemy PayPal", "paypal", true),
        ] {
            let text = folded(text);
            let tokens = Tokens::new(&text);
            let at = (0..tokens.list.len()).find(|&i| tokens.word(i) == Some(word)).unwrap();
            let clauses = Clauses::new(&tokens);
            assert_eq!(clauses.around(&(at..at + 1)).declines(), declines, "{text}");
        }
    }
}
