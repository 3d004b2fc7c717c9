//! The rule data of `data/`, read once and folded as the view folds.

use std::sync::LazyLock;

use foldhash::HashSet;

use super::domains::letter;
use super::number_words::NumberWords;
use super::trie::Trie;
use super::view::folded;

/// A sign that may be written as a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sign {
    At,
    Dot,
    Dash,
    Slash,
    Underscore,
}

/// A word that stands for a sign.
#[derive(Debug, Default)]
pub(super) struct SignWord {
    /// Domain endings that are ordinary words next to it, in every language that has the word.
    pub ambiguous: HashSet<String>,
    /// An ordinary word of its language: `at`, `bei`, `chez`.
    pub weak: bool,
}

/// What one word stands for, sign by sign.
#[derive(Debug, Default)]
pub(super) struct Signs([Option<SignWord>; 5]);

impl Signs {
    /// What is known of it as the word for this sign.
    pub fn of(&self, sign: Sign) -> Option<&SignWord> {
        self.0.get(sign as usize)?.as_ref()
    }
}

/// A set of words and beginnings of words.
#[derive(Debug, Default)]
pub(super) struct Words {
    whole: HashSet<String>,
    beginnings: Vec<String>,
}

impl Words {
    /// Whether a folded word is one of these.
    pub fn has(&self, word: &str) -> bool {
        self.place(word).is_some()
    }

    /// Where in a folded word the last of these ends, in bytes.
    pub fn place(&self, word: &str) -> Option<usize> {
        if self.whole.contains(word) || self.beginnings.iter().any(|b| word.starts_with(b.as_str()))
        {
            return Some(word.len());
        }
        if word.is_ascii() {
            return None;
        }
        // Japanese has no blanks: there the word stands inside a longer run.
        let inside = self.whole.iter().filter(|w| !w.is_ascii());
        inside.filter_map(|w| word.rfind(w.as_str()).map(|at| at + w.len())).max()
    }

    /// Reads lines of words; with a language, it stands first.
    pub fn of(data: &str, with_language: bool) -> Self {
        let mut words = Self::default();
        for line in lines(data) {
            for word in line.split_whitespace().skip(usize::from(with_language)) {
                match word.strip_suffix('*') {
                    Some(beginning) => words.beginnings.push(folded(beginning)),
                    None => {
                        words.whole.insert(folded(word));
                    }
                }
            }
        }
        words
    }
}

/// Everything that the detectors know about words.
#[derive(Debug)]
pub(super) struct Lexicon {
    /// Words for signs, each for every sign that it may stand for.
    pub signs: Trie<Signs>,
    /// Free-mail providers as they are named without an ending.
    pub providers: Trie<()>,
    pub file_endings: HashSet<String>,
    pub names_not_links: HashSet<String>,
    pub short_domains: HashSet<String>,
    /// Domains of messengers and social networks.
    pub messenger_hosts: HashSet<String>,
    /// Domains at which somebody is paid.
    pub payment_hosts: HashSet<String>,
    pub common: HashSet<String>,
    pub phone: Words,
    /// What stands before a number under which somebody is reached.
    pub leads: Words,
    pub labels: Words,
    /// Labels that are ordinary words where they don't stand right before the number.
    pub labels_beside: Words,
    /// Labels only with a sign between.
    pub labels_signed: Words,
    /// What after a number says that it is a measure.
    pub units: HashSet<String>,
    /// The same of an amount.
    pub money: HashSet<String>,
    /// Words for a page in the web.
    pub pages: Words,
    /// Numbers as words.
    pub numbers: NumberWords,
    /// The same in Nigerian Pidgin.
    pub pidgin: NumberWords,
    /// Parts of domains in kana, and what they stand for; longer ones first.
    pub kana_names: Vec<(String, String)>,
    /// What stands between the parts of a number that is told in pieces.
    pub fillers: HashSet<String>,
}

/// The lexicon of this build.
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| Lexicon {
    signs: signs(include_str!("data/connectors.txt")),
    providers: names(include_str!("data/mail-providers.txt")),
    file_endings: set(include_str!("data/file-endings.txt")),
    names_not_links: set(include_str!("data/names-not-links.txt")),
    short_domains: set(include_str!("data/short-domains.txt")),
    messenger_hosts: set(include_str!("data/messenger-hosts.txt")),
    payment_hosts: set(include_str!("data/payment-hosts.txt")),
    common: set(include_str!("data/common-words.txt")),
    phone: Words::of(include_str!("data/phone-words.txt"), true),
    leads: Words::of(include_str!("data/phone-leads.txt"), true),
    labels: Words::of(include_str!("data/number-labels.txt"), false),
    labels_beside: Words::of(include_str!("data/number-labels-beside.txt"), true),
    labels_signed: Words::of(include_str!("data/number-labels-signed.txt"), true),
    units: set(include_str!("data/units.txt")),
    money: set(include_str!("data/money.txt")),
    pages: Words::of(include_str!("data/page-words.txt"), true),
    numbers: NumberWords::of(include_str!("data/number-words.txt")),
    pidgin: NumberWords::of("pcm wan=1 tu=2 tree=3 fo=4 faiv=5 siks=6 sevin=7 eit=8 nain=9"),
    kana_names: kana_names(include_str!("data/kana-names.txt")),
    fillers: Words::of(include_str!("data/number-fillers.txt"), true).whole,
});

impl Lexicon {
    /// Whether a folded word without figures may be a number or a part of one: of most words
    /// their first letters tell that they are not.
    pub fn may_count(&self, word: &str) -> bool {
        !word.is_ascii()
            || word.starts_with(['o', '_'])
            || self.numbers.begins(word)
            || self.pidgin.begins(word)
    }

    /// Whether a folded word after a number says that it is a measure or an amount.
    pub fn is_unit(&self, word: &str) -> bool {
        self.units.contains(word) || self.money.contains(word)
    }

    /// The part of a domain that a kana word stands for.
    pub fn kana_name(&self, word: &str) -> Option<&str> {
        self.kana_names.iter().find(|(kana, _)| kana == word).map(|(_, label)| label.as_str())
    }

    /// What a word stands for, if it is one for a sign; `figures`: whether there are some in it.
    pub fn signs(&self, word: &str, figures: bool) -> Option<&Signs> {
        // "d0t"; a word without figures reads the same.
        let leet = || {
            let may = figures && word.len() > 2;
            may.then(|| self.signs.read(word.bytes().map(letter)).1).flatten()
        };
        self.signs.get(word).or_else(leet)
    }

    /// The word for a sign, if it is one.
    pub fn sign(&self, sign: Sign, word: &str) -> Option<&SignWord> {
        self.signs(word, word.bytes().any(|b| b.is_ascii_digit()))?.of(sign)
    }
}

/// The lines of a data file that say something.
pub(super) fn lines(data: &str) -> impl Iterator<Item = &str> {
    data.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn names(data: &str) -> Trie<()> {
    let mut names = Trie::default();
    for name in lines(data).flat_map(str::split_whitespace) {
        names.put(&folded(name), |()| ());
    }
    names.fit(|()| ());
    names
}

fn set(data: &str) -> HashSet<String> {
    lines(data).flat_map(str::split_whitespace).map(folded).collect()
}

fn kana_names(data: &str) -> Vec<(String, String)> {
    let mut names = vec![];
    for line in lines(data) {
        let mut fields = line.split_whitespace();
        let label = fields.next().unwrap_or_default();
        names.extend(fields.map(|kana| (folded(kana), label.to_owned())));
    }
    names.sort_by_key(|(kana, _)| std::cmp::Reverse(kana.len()));
    names
}

fn signs(data: &str) -> Trie<Signs> {
    let mut signs: Trie<Signs> = Trie::default();
    for line in lines(data) {
        let mut fields = line.split_whitespace();
        let sign = match fields.next() {
            Some("at") => Sign::At,
            Some("dot") => Sign::Dot,
            Some("dash") => Sign::Dash,
            Some("slash") => Sign::Slash,
            _ => Sign::Underscore,
        };
        let words: Vec<&str> = fields.skip(1).collect();
        let mut halves = words.split(|w| *w == "!");
        let names = halves.next().unwrap_or_default();
        let ambiguous = halves.next().unwrap_or_default();
        for name in names {
            signs.put(&folded(name), |of| {
                let Some(word) = of.0.get_mut(sign as usize) else { return };
                let word = word.get_or_insert_default();
                word.ambiguous.extend(ambiguous.iter().map(|a| folded(a)));
                word.weak |= matches!(*name, "at" | "bei" | "chez");
            });
        }
    }
    signs.fit(|_| ());
    signs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_as_it_is_written() {
        let at = |word| LEXICON.sign(Sign::At, &folded(word)).map(|w| w.weak);
        assert_eq!(at("at"), Some(true));
        assert_eq!(at("małpa"), Some(false));
        assert_eq!(at("アットマーク"), Some(false));
        assert_eq!(at("on"), None);
        let dot = |word: &str| LEXICON.sign(Sign::Dot, &folded(word)).unwrap();
        assert!(dot("point").ambiguous.contains("de") && !dot("punkt").ambiguous.contains("de"));
        assert!(LEXICON.phone.has("telefonnummer") && !LEXICON.phone.has("iphone"));
        assert!(LEXICON.labels.has("bestellnr") && LEXICON.labels.has("追跡番号"));
        assert!(LEXICON.providers.has("gmail") && LEXICON.units.contains("mm"));
    }

    #[test]
    fn no_data_line_names_a_sign_that_is_none() {
        for line in lines(include_str!("data/connectors.txt")) {
            let sign = line.split_whitespace().next().unwrap();
            assert!(["at", "dot", "dash", "slash", "underscore"].contains(&sign), "{line}");
        }
    }
}
