//! Names of services and shops in a text, however they are spelled: "Mega-Bay", "w3ch4t",
//! "Z 3 l l e", "Whats App", "telegrsm".

use std::ops::Range;

use foldhash::{HashMap, HashSet};

use super::keyboard;
use super::lexicon::lines;
use super::tokens::{Kind, Tokens};
use super::trie::{At, Trie};
use super::view::{View, folded};

/// Names that are looked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The letters and digits of each name and slip, as [`shape`] writes them; which name it is.
    by_shape: Trie<Option<u32>>,
    /// The same without a letter, with two changed, or with a neighbouring key: of long names only.
    slips: HashMap<Box<str>, u32>,
    /// Each name's words, folded.
    words: Vec<Vec<String>>,
    /// Each name's words together.
    joined: Vec<String>,
    /// Names that are written without blanks around them, and which they are.
    inside: Vec<(String, usize)>,
    /// Of those the ones of two kinds of script: "ライン交換" in "ライン交換しませんか".
    pairs: Vec<(String, String, usize)>,
    /// The names of several words, as they are written: "tele gram" is no "telegram" in two pieces.
    phrases: HashSet<String>,
}

/// How much a name says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// Hardly ever anything else.
    Plain,
    /// An abbreviation.
    Short,
    /// An ordinary word as well.
    Word,
    /// What stands before a number of somebody's.
    Label,
    /// What people say in place of a name: "the green app".
    Alias,
    /// How it is paid, past the marketplace: "directly", "in hand".
    Direct,
    /// Says all.
    Told,
}

/// The names of a data file, each with its weight.
#[derive(Debug)]
pub(super) struct Named {
    /// The names.
    pub names: Names,
    weights: Vec<Weight>,
}

impl Named {
    /// Reads lines of `WEIGHT NAME...`, in which `_` stands for a blank.
    pub fn read(data: &str) -> Self {
        let (mut names, mut weights) = (vec![], vec![]);
        for line in lines(data) {
            let mut fields = line.split_whitespace();
            let weight = match fields.next() {
                Some("plain") => Weight::Plain,
                Some("short") => Weight::Short,
                Some("label") => Weight::Label,
                Some("alias") => Weight::Alias,
                Some("direct") => Weight::Direct,
                Some("told") => Weight::Told,
                _ => Weight::Word,
            };
            for name in fields {
                names.push(name.replace('_', " "));
                weights.push(weight);
            }
        }
        Self { names: Names::new(names.iter().map(String::as_str), true), weights }
    }

    /// How much a mention says by itself.
    pub fn weight(&self, mention: &Mention) -> Weight {
        self.weights.get(mention.name).copied().unwrap_or(Weight::Word)
    }
}

/// A name where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    /// Which, as it was given.
    pub name: usize,
    /// Its tokens.
    pub tokens: Range<usize>,
    /// Its bytes: in a Japanese run without blanks only a part of the token.
    pub bytes: Range<usize>,
    /// Whether it is such a part.
    pub inside: bool,
    /// Letters apart, figures for letters: nobody writes so of a thing that he sells.
    pub disguised: bool,
}

impl Mention {
    /// The tokens that say nothing about the mention, because they are the mention.
    pub fn itself(&self) -> Range<usize> {
        let start = self.tokens.start;
        if self.inside { start..start } else { self.tokens.clone() }
    }
}

/// Most tokens of one name: bounds the work at each place.
const REACH: usize = 48;

/// What may follow a name in an inflected language ("WhatsAppa", "Telegramie", "PayPals").
const ENDINGS: [&str; 14] =
    ["s", "a", "u", "y", "em", "om", "ie", "ze", "owi", "iem", "en", "ow", "ach", "ami"];

/// The shortest name that is known with an ending.
const SHORTEST_STEM: usize = 5;

/// The shortest name of which slips of the finger are taken for the name.
const LONG: usize = 7;

impl Names {
    /// From names with blanks or hyphens between their words. `slips`: with their misspellings.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>, slips: bool) -> Self {
        let mut all = Self::default();
        for name in names {
            let text = folded(name);
            let tokens = Tokens::new(&text);
            let words = (0..tokens.list.len()).filter_map(|i| tokens.word(i));
            let words: Vec<String> = words.map(str::to_owned).collect();
            let joined = words.concat();
            let index = all.words.len();
            if joined.chars().count() > 1 && !joined.contains(|c: char| c.is_ascii()) {
                if let [first, second] = words.as_slice() {
                    all.pairs.push((first.clone(), second.clone(), index));
                }
                all.inside.push((joined.clone(), index));
            }
            if !joined.is_empty() {
                all.by_shape.put(&shape(&joined), |of| *of = of.or(u32::try_from(index).ok()));
            }
            if slips && joined.is_ascii() && joined.len() >= LONG {
                for slip in misspelt(&joined) {
                    let Ok(index) = u32::try_from(index) else { continue };
                    all.slips.entry(slip.into()).or_insert(index);
                }
            }
            if words.len() > 1 {
                all.phrases.insert(words.join(" "));
            }
            all.words.push(words);
            all.joined.push(joined);
        }
        let named = |slip: &str| all.by_shape.get(&shape(slip)).is_some();
        all.slips.retain(|slip, _| !named(slip));
        all.slips.shrink_to_fit();
        for slip in all.slips.keys() {
            all.by_shape.put(&shape(slip), |_| ());
        }
        all.by_shape.fit(|_| ());
        all
    }

    /// Every mention, in order and apart; at one place the longest.
    pub fn find(&self, view: &View<'_>, tokens: &Tokens<'_>) -> Vec<Mention> {
        let mut found = vec![];
        let mut i = 0;
        let mut read = Reading::new(&self.by_shape);
        while i < tokens.list.len() && !self.words.is_empty() {
            let (whole, inside) = (self.at(view, tokens, i, &mut read), self.inside(tokens, i));
            // "ライン" is the beginning of "ライン交換".
            let longer = |m: &Mention| whole.as_ref().is_none_or(|w| w.bytes.end < m.bytes.end);
            match inside.filter(longer).or(whole) {
                Some(mention) => {
                    i = mention.tokens.end;
                    found.push(mention);
                }
                None => i += 1,
            }
        }
        found
    }

    /// The longest name that begins at this token.
    fn at(
        &self,
        view: &View<'_>,
        tokens: &Tokens<'_>,
        start: usize,
        read: &mut Reading<'_>,
    ) -> Option<Mention> {
        // "Ca$h": a sign may stand for a letter, but no name begins with one.
        tokens.word(start).filter(|word| self.may_begin(word))?;
        read.clear();
        let mut best = None;
        let mut end = start;
        while end < start + REACH {
            if let Some(word) = tokens.word(end) {
                read.word(word);
                let range = start..end + 1;
                let goes_on = read.goes_on();
                let exact = if goes_on { self.exactly(read) } else { None };
                let name = exact.or_else(|| self.inflected(read));
                if let Some(name) = name.filter(|&n| self.is_name(view, tokens, &range, n, read)) {
                    let bytes = tokens.bytes(&range);
                    let disguised = self.is_disguised(name, read);
                    best = Some(Mention { name, tokens: range, bytes, inside: false, disguised });
                }
                if !goes_on {
                    break;
                }
            } else if !read.gap(tokens, end) {
                break;
            }
            end += 1;
        }
        best
    }

    /// A Japanese name inside of a run: "下記口座へお振込みください".
    fn inside(&self, tokens: &Tokens<'_>, i: usize) -> Option<Mention> {
        let word = tokens.word(i).filter(|w| !w.is_ascii())?;
        let from = tokens.bytes(&(i..i + 1)).start;
        let second = tokens.word(i + 1).unwrap_or_default();
        let pair = |p: &&(String, String, usize)| p.0 == word && second.starts_with(p.1.as_str());
        if let Some((_, second, name)) = self.pairs.iter().find(pair) {
            let bytes = from..tokens.bytes(&(i + 1..i + 2)).start + second.len();
            return Some(Mention {
                name: *name,
                tokens: i..i + 2,
                bytes,
                inside: true,
                disguised: false,
            });
        }
        let found = |(name, index): &(String, usize)| {
            word.find(name.as_str()).map(|at| (at, at + name.len(), *index))
        };
        let first = self.inside.iter().filter_map(found);
        let (start, end, name) = first.min_by_key(|f| (f.0, std::cmp::Reverse(f.1)))?;
        let bytes = from + start..from + end;
        Some(Mention { name, tokens: i..i + 1, bytes, inside: true, disguised: false })
    }

    /// "w h a t s a p p", "t.e.l.e.g.r.a.m", "wh4t5app".
    fn is_disguised(&self, name: usize, read: &Reading<'_>) -> bool {
        let Some(words) = self.words.get(name) else { return false };
        let plain = words.concat();
        let long = plain.len() > 3;
        let apart = read.words > words.len() + 1 && read.single + 2 > read.words;
        let figures = read.joined != plain && has_figure(&read.joined) && !has_figure(&plain);
        long && (apart || figures || (read.signed && read.joined != plain))
    }

    /// Whether words that spell a name are meant as that name.
    fn is_name(
        &self,
        view: &View<'_>,
        tokens: &Tokens<'_>,
        range: &Range<usize>,
        name: usize,
        read: &Reading<'_>,
    ) -> bool {
        let own = self.words.get(name).map_or(0, Vec::len);
        if read.words == 1 || read.words == own || !read.blank {
            return true;
        }
        let parts = || range.clone().filter_map(|i| tokens.word(i)).collect::<Vec<_>>().join(" ");
        if self.phrases.contains(&parts()) {
            return true;
        }
        // Letters that are spelled out: "Z 3 l l e".
        // ... or one of the words of a longer name is: "L a m p Market".
        let whole = read.words.saturating_sub(read.single);
        let spelled = whole == 0 || (whole == 1 && own == 1) || (whole < own && read.single > 2);
        if spelled && read.words > 2 {
            return true;
        }
        // "Whats App", "Mega Bay": each part as a name; "the mega bay window" is none.
        range
            .clone()
            .filter(|&i| tokens.word(i).is_some())
            .all(|i| view.words(&tokens.bytes(&(i..i + 1))).starts_with(char::is_uppercase))
    }

    /// Whether a name may begin with this word, whole or with an ending: hardly any word does.
    fn may_begin(&self, word: &str) -> bool {
        let mut at = self.by_shape.start();
        // Most words end here.
        let first = word.as_bytes().first().filter(|b| b.is_ascii() && **b != b'_');
        let shape = first.and_then(|b| u8::try_from(shape_of(char::from(*b))).ok());
        if shape.is_some_and(|shape| self.by_shape.step(at, shape).is_none()) {
            return false;
        }
        let mut read = 0;
        for c in word.chars().filter(|&c| c != '_') {
            match self.by_shape.steps(at, shape_of(c).encode_utf8(&mut [0; 4])) {
                Some(next) => at = next,
                None => return read >= SHORTEST_STEM,
            }
            read += c.len_utf8();
        }
        true
    }

    fn exactly(&self, read: &Reading<'_>) -> Option<usize> {
        let plain = |at: Option<At>, text: &str| {
            let name = (*self.by_shape.value(at?)?)? as usize;
            // An "l" is no "i" unless somebody plays with figures.
            (self.is(name, text) || has_figure(text)).then_some(name)
        };
        plain(read.shape, &read.joined)
            .or_else(|| plain(read.signs_shape, &read.signs).filter(|_| read.signed))
            .or_else(|| self.slips.get(read.joined.as_str()).map(|name| *name as usize))
    }

    /// "WhatsAppa", "PayPals".
    fn inflected(&self, read: &Reading<'_>) -> Option<usize> {
        let known = |stem: &str| {
            let at = *read.path.get(stem.len().checked_sub(1)?)?;
            let name = (*self.by_shape.value(at)?)? as usize;
            self.is(name, stem).then_some(name)
        };
        // Hardly any word begins as a name does.
        if read.path.len() < SHORTEST_STEM {
            return None;
        }
        let stems = ENDINGS.iter().filter_map(|ending| read.joined.strip_suffix(ending));
        stems.filter(|stem| (SHORTEST_STEM..=40).contains(&stem.len())).find_map(known)
    }

    fn is(&self, name: usize, text: &str) -> bool {
        self.joined.get(name).is_some_and(|joined| joined == text)
    }
}

fn has_figure(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_digit() || "$@!|€".contains(c))
        && text.contains(char::is_alphabetic)
}

/// What was read so far at one place.
struct Reading<'n> {
    names: &'n Trie<Option<u32>>,
    words: usize,
    /// How many of the words are one letter.
    single: usize,
    /// The words together, and where their shape leads among the names.
    joined: String,
    shape: Option<At>,
    /// Where it led after each byte.
    path: Vec<At>,
    /// The same with the signs that stand for letters, if there is one.
    signs: String,
    signs_shape: Option<At>,
    signed: bool,
    blank: bool,
    /// Bytes of the gap since the last word.
    gap: usize,
}

impl<'n> Reading<'n> {
    fn new(names: &'n Trie<Option<u32>>) -> Self {
        let start = Some(names.start());
        Self {
            names,
            words: 0,
            single: 0,
            joined: String::new(),
            shape: start,
            path: vec![],
            signs: String::new(),
            signs_shape: start,
            signed: false,
            blank: false,
            gap: 0,
        }
    }

    /// Begins at another place, with the memory that it has.
    fn clear(&mut self) {
        let (mut joined, mut path) =
            (std::mem::take(&mut self.joined), std::mem::take(&mut self.path));
        let mut signs = std::mem::take(&mut self.signs);
        joined.clear();
        path.clear();
        signs.clear();
        *self = Self { joined, path, signs, ..Self::new(self.names) };
    }

    /// Whether a name begins as what was read.
    fn goes_on(&self) -> bool {
        self.shape.is_some() || (self.signed && self.signs_shape.is_some())
    }

    fn step(&self, at: Option<At>, c: char) -> Option<At> {
        self.names.steps(at?, shape_of(c).encode_utf8(&mut [0; 4]))
    }

    fn word(&mut self, word: &str) {
        // "Brass_Bay": the underscore is a gap like any other.
        for c in word.chars().filter(|&c| c != '_') {
            self.joined.push(c);
            self.shape = self.step(self.shape, c);
            if let Some(at) = self.shape {
                self.path.extend(std::iter::repeat_n(at, c.len_utf8()));
            }
            self.signs.push(c);
            self.signs_shape = self.step(self.signs_shape, c);
        }
        self.words += 1;
        self.single += usize::from(word.len() == 1);
        self.gap = 0;
    }

    /// Whether a name can go on after this token.
    fn gap(&mut self, tokens: &Tokens<'_>, i: usize) -> bool {
        self.gap += tokens.bytes(&(i..i + 1)).len();
        match tokens.kind(i) {
            Some(Kind::Blank) => self.blank = true,
            Some(Kind::Mark(sign @ ('$' | '@' | '!' | '€' | '|'))) => {
                self.signs.push(sign);
                self.signs_shape = self.step(self.signs_shape, sign);
                self.signed = true;
            }
            Some(Kind::Mark(
                '-' | '.' | '*' | '~' | '/' | '\'' | '+' | '·' | '•' | '[' | ']' | '(' | ')' | '=',
            )) => {}
            _ => return false,
        }
        self.gap <= 3
    }
}

/// A name as it is compared: figures and signs as the letters that they look like, and letters that
/// one figure stands for alike.
fn shape(text: &str) -> String {
    text.chars().map(shape_of).collect()
}

fn shape_of(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'l' | '!' | '|' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        '6' | '9' => 'g',
        '2' => 'z',
        c => c,
    }
}

/// A word with one slip of the finger: two letters changed, one doubled or left out, a key beside.
fn misspelt(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut all = vec![];
    for (at, &letter) in letters.iter().enumerate() {
        let with = |letters: &[char]| letters.iter().collect::<String>();
        let (before, after) = letters.split_at(at);
        let rest = after.get(1..).unwrap_or_default();
        if at > 0 && letters.len() > LONG {
            all.push(format!("{}{}", with(before), with(rest)));
        }
        all.push(format!("{}{letter}{letter}{}", with(before), with(rest)));
        if let Some((&next, rest)) = rest.split_first().filter(|(next, _)| **next != letter) {
            all.push(format!("{}{next}{letter}{}", with(before), with(rest)));
        }
        // Nobody mistypes the first letter unseen.
        for key in keyboard::beside(letter).into_iter().filter(|_| at > 0) {
            all.push(format!("{}{key}{}", with(before), with(rest)));
        }
    }
    all.retain(|slip| slip != word);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 6] = ["whatsapp", "line", "wechat", "zelle", "Cartoon Bazaar", "MegaBay"];

    fn found(text: &str) -> Vec<(usize, String)> {
        let view = View::new(text);
        let tokens = Tokens::new(&view.text);
        let names = Names::new(NAMES, true);
        let mentions = names.find(&view, &tokens).into_iter();
        mentions.map(|m| (m.name, view.words(&tokens.bytes(&m.tokens)).to_owned())).collect()
    }

    fn check(text: &str, name: usize, words: &str) {
        assert_eq!(found(text), [(name, words.to_owned())], "{text}");
    }

    #[test]
    fn a_name_is_known_in_every_disguise() {
        for (text, name, words) in [
            ("on WhatsApp, ok", 0, "WhatsApp"),
            ("by Whаts Aрp, look", 0, "Whаts Aрp"),
            ("w-h-a-t-s-a-p-p", 0, "w-h-a-t-s-a-p-p"),
            ("W h a t s A p p me", 0, "W h a t s A p p"),
            ("wh@ts4pp", 0, "wh@ts4pp"),
            ("whatsaop or whtasapp", 0, "whatsaop"),
            ("ｗｈａｔｓａｐｐ", 0, "ｗｈａｔｓａｐｐ"),
            ("na WhatsAppie", 0, "WhatsAppie"),
            ("LINE交換", 1, "LINE"),
            ("1ine", 1, "1ine"),
            ("talk on w3ch4t, ID", 2, "w3ch4t"),
            ("Z 3 l l e works", 3, "Z 3 l l e"),
            ("at cartoon-bazaar now", 4, "cartoon-bazaar"),
            ("CartoonBazaar", 4, "CartoonBazaar"),
            ("Cartoon\nBazaar", 4, "Cartoon\nBazaar"),
            ("de Mega-Bay, esas", 5, "Mega-Bay"),
            ("on MegaВаy is", 5, "MegaВаy"),
            ("Mega Bay", 5, "Mega Bay"),
            ("M.e.g.a.B.a.y", 5, "M.e.g.a.B.a.y"),
            ("Me\u{200b}ga\u{ad}Bay", 5, "Me\u{200b}ga\u{ad}Bay"),
        ] {
            if text.contains(" or ") {
                assert_eq!(found(text).len(), 2, "{text}");
            } else {
                check(text, name, words);
            }
        }
    }

    #[test]
    fn a_name_inside_of_a_word_or_made_of_ordinary_words_is_none() {
        for text in [
            "the MegaBayonet ring",
            "a mega bay window",
            "what's app-based",
            "airline, deadlines, iine",
            "gazelle",
            "a cartoon about a bazaar",
            "we chat often",
            "lines and linen",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
