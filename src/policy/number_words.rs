//! Numbers written as words: the data, how one word is read ("dreihundertzwei", "Zero1six1",
//! "ぜろきゅうぜろ"), and what several of them say together.

use std::ops::Range;

use super::domains::{letter, unleet};
use super::lexicon::lines;
use super::trie::Trie;
use super::view::folded;

/// What one piece of a number that is told in words says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A number: `seven`, `forty`, `hundred`, `thousand`.
    Value(u16),
    /// A figure as it is written.
    Figure(char),
    /// Twenty, of which four are eighty: `quatre-vingt`.
    Score,
    /// What joins the words of one number: `y`; `turned`, the unit stands before its tens: `und`.
    Joint { turned: bool },
    /// The next figure is said so often: `double`.
    Repeat(u8),
}

/// Number words of all languages.
#[derive(Debug)]
pub(super) struct NumberWords(Trie<Option<Known>>);

/// What the data says of a word.
#[derive(Debug, Clone, Copy)]
struct Known {
    part: Part,
    /// Japanese: a word that is hardly ever a syllable of something else.
    sure: bool,
}

/// Longest word in bytes that is taken apart: no number is longer, and this bounds the work.
const LONGEST: usize = 96;

/// Most figures that a stretch of Japanese tells: no number is longer.
const MOST: usize = 32;

/// A number inside of a Japanese run without blanks.
#[derive(Debug)]
pub(super) struct Stretch {
    pub parts: Vec<Part>,
    /// Its bytes in the run.
    pub bytes: Range<usize>,
}

impl NumberWords {
    /// Reads lines of `LANGUAGE WORD=VALUE...` and adds the compounds that German, Dutch and Italian
    /// write together ("einundzwanzig", "trentanove").
    pub fn of(data: &str) -> Self {
        let mut all = Self(Trie::default());
        for line in lines(data) {
            let mut fields = line.split_whitespace();
            let language = fields.next().unwrap_or_default();
            let words: Vec<(String, &str)> = fields
                .filter_map(|f| f.split_once('='))
                .map(|(word, value)| (folded(word), value))
                .collect();
            for (word, value) in &words {
                if let Some(part) = part(value) {
                    all.add(word, part, language == "ja" && value.ends_with('!'));
                }
            }
            for (word, value) in compounds(language, &all.numbers_of(&words)) {
                all.add(&word, Part::Value(value), false);
            }
        }
        all.0.fit(|_| ());
        all
    }

    fn numbers_of(&self, words: &[(String, &str)]) -> Vec<(String, u16)> {
        let value = |word: &String| match self.get(word) {
            Some(Part::Value(value)) => Some((word.clone(), value)),
            _ => None,
        };
        words.iter().filter_map(|(word, _)| value(word)).collect()
    }

    fn add(&mut self, word: &str, part: Part, sure: bool) {
        if !word.is_empty() {
            self.0.put(word, |known| *known = Some(Known { part, sure }));
        }
    }

    /// The words that a text begins with: the end of each, what it says, and whether it is sure.
    fn prefixes<'w>(&'w self, text: &'w str) -> impl Iterator<Item = (usize, Part, bool)> + 'w {
        let known = self.0.beginnings(text).filter_map(|(end, known)| Some((end, (*known)?)));
        known.map(|(end, Known { part, sure })| (end, part, sure))
    }

    /// Whether a text begins with one of the words.
    pub fn begins(&self, text: &str) -> bool {
        self.0.meets(text.bytes())
    }

    /// Whether what consists of number words may begin with these bytes: "oxyz" does not, and nothing
    /// needs to be made of it.
    fn may_begin(&self, mut bytes: impl Iterator<Item = u8> + Clone) -> bool {
        let all = bytes.clone();
        match bytes.next() {
            Some(b'0'..=b'9' | b'_') => true,
            Some(b'o') if bytes.next().is_some_and(|b| b.is_ascii_digit()) => true,
            _ => self.0.meets(all),
        }
    }

    /// What a whole folded word says that is in the data.
    pub fn get(&self, word: &str) -> Option<Part> {
        self.prefixes(word).find(|(end, ..)| *end == word.len()).map(|(_, part, _)| part)
    }

    /// Whether a folded word is a number by itself.
    pub fn has(&self, word: &str) -> bool {
        matches!(self.get(word), Some(Part::Value(_) | Part::Score))
    }

    /// Whether a Japanese word is hardly ever a syllable of another.
    pub fn is_sure(&self, word: &str) -> bool {
        self.prefixes(word).any(|(end, _, sure)| sure && end == word.len())
    }

    /// What a word says that consists of number words and figures and nothing else. No words and no
    /// figures alone are nothing.
    pub fn read(&self, word: &str) -> Option<Vec<Part>> {
        if word.len() > LONGEST {
            return None;
        }
        if let Some(part) = self.get(word) {
            return Some(vec![part]);
        }
        if !word.is_ascii() {
            let stretch = self.stretch(word).filter(|s| s.bytes == (0..word.len()))?;
            return Some(stretch.parts);
        }
        let figures = word.bytes().any(|b| b.is_ascii_digit());
        // "z3r0", "s1x"; "3in" is a measure.
        let leet = || {
            let fits = word.len() > 3 || !word.starts_with(|c: char| ('1'..='9').contains(&c));
            let begins = self.may_begin(word.bytes().map(letter));
            (fits && begins).then(|| self.apart(&unleet(word))).flatten()
        };
        let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
        self.apart(word).or_else(|| (figures && letters).then(leet).flatten())
    }

    /// The fewest number words and runs of figures that a word of ASCII consists of.
    fn apart(&self, word: &str) -> Option<Vec<Part>> {
        const NONE: u8 = u8::MAX;
        if let Some(part) = self.get(word) {
            return Some(vec![part]);
        }
        let bytes = word.as_bytes();
        if !self.may_begin(word.bytes()) {
            return None;
        }
        // For each place: the fewest pieces that lead there, and where the last of them began.
        let mut cost = [NONE; LONGEST + 1];
        let mut from = [0_u8; LONGEST + 1];
        *cost.first_mut()? = 0;
        let mut furthest = 0;
        for at in 0..bytes.len() {
            // Nothing goes on from there: most words end so at their beginning.
            if at > furthest {
                return None;
            }
            let here = *cost.get(at)?;
            if here == NONE {
                continue;
            }
            let mut reach = |end: usize, price: u8| {
                furthest = furthest.max(end);
                let total = here.saturating_add(price);
                if let (Some(cost), Some(from)) = (cost.get_mut(end), from.get_mut(end))
                    && total < *cost
                {
                    (*cost, *from) = (total, u8::try_from(at).unwrap_or_default());
                }
            };
            let figure = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
            match bytes.get(at)? {
                b'_' => reach(at + 1, 0),
                b if b.is_ascii_digit() => {
                    reach(at + 1, if at > 0 && figure(at - 1) { 0 } else { 1 });
                }
                // "o7seven": beside figures it is one.
                b'o' if figure(at + 1) || (at > 0 && figure(at - 1)) => reach(at + 1, 2),
                _ => {}
            }
            for (end, ..) in self.prefixes(word.get(at..)?) {
                reach(at + end, 1);
            }
        }
        if *cost.get(bytes.len())? == NONE {
            return None;
        }
        let mut parts = vec![];
        let mut words = 0;
        let mut end = bytes.len();
        while end > 0 {
            let start = usize::from(*from.get(end)?);
            let piece = word.get(start..end)?;
            let part = match piece.as_bytes() {
                b"_" => None,
                b"o" => Some(Part::Value(0)),
                [b] if b.is_ascii_digit() => Some(Part::Figure(char::from(*b))),
                _ => {
                    words += 1;
                    Some(self.get(piece)?)
                }
            };
            parts.extend(part);
            end = start;
        }
        parts.reverse();
        let ends_well = !matches!(parts.last()?, Part::Joint { .. } | Part::Repeat(_));
        let begins_well = !matches!(parts.first()?, Part::Joint { .. });
        (words > 0 && ends_well && begins_well).then_some(parts)
    }

    /// The longest number in a Japanese run: kanji ("〇九〇の一二三四"), kana ("ぜろきゅうぜろ"), or
    /// both. Most number words in kana are syllables of others too: three sure ones are needed there.
    pub fn stretch(&self, word: &str) -> Option<Stretch> {
        let mut best: Option<Stretch> = None;
        let mut now = Told::default();
        let mut at = 0;
        while let Some(rest) = word.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some((end, part, sure)) = self.prefixes(rest).last() {
                let kanji = rest.starts_with(|c| matches!(c, '\u{3007}' | '\u{3400}'..='\u{9fff}'));
                now.note(at..at + end, part, kanji, sure);
                at += end;
                continue;
            }
            if now.parts.is_empty() || !rest.starts_with(['の', 'ノ', 'ー']) {
                now.end(word, &mut best);
            }
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
        now.end(word, &mut best);
        best
    }
}

/// A stretch of number words in a Japanese run.
#[derive(Debug, Default)]
struct Told {
    parts: Vec<Part>,
    bytes: Range<usize>,
    kanji: usize,
    sure: usize,
}

impl Told {
    fn note(&mut self, bytes: Range<usize>, part: Part, kanji: bool, sure: bool) {
        if self.parts.is_empty() {
            self.bytes.start = bytes.start;
        }
        self.bytes.end = bytes.end;
        self.parts.push(part);
        self.kanji += usize::from(kanji);
        self.sure += usize::from(sure);
    }

    /// The stretch ends here; the longest is kept.
    fn end(&mut self, word: &str, best: &mut Option<Stretch>) {
        let told = std::mem::take(self);
        let longer = best.as_ref().is_none_or(|best| told.parts.len() > best.parts.len());
        if longer && told.is_number(word) {
            *best = Some(Stretch { parts: told.parts, bytes: told.bytes });
        }
    }

    fn is_number(&self, word: &str) -> bool {
        let whole = self.bytes == (0..word.len()) && self.sure + self.kanji > 0;
        let kanji = self.kanji >= 2 && self.kanji == self.parts.len();
        !self.parts.is_empty()
            && self.parts.len() <= MOST
            && (whole || kanji || self.sure + self.kanji >= 3)
    }
}

fn part(value: &str) -> Option<Part> {
    match value {
        "+" => return Some(Part::Joint { turned: false }),
        "+t" => return Some(Part::Joint { turned: true }),
        "4x20" => return Some(Part::Score),
        _ => {}
    }
    if let Some(times) = value.strip_prefix('*') {
        return times.parse().ok().map(Part::Repeat);
    }
    value.trim_end_matches('!').parse().ok().map(Part::Value)
}

/// Tens and units in one word.
fn compounds(language: &str, words: &[(String, u16)]) -> Vec<(String, u16)> {
    let units = || words.iter().filter(|w| (1..10).contains(&w.1));
    let mut all = vec![];
    for (ten, tens) in words.iter().filter(|w| w.1 >= 20 && w.1 < 100) {
        for (unit, value) in units() {
            let compound = match language {
                "de" => format!("{unit}und{ten}"),
                "nl" => format!("{unit}en{ten}"),
                // "ventuno", "ventotto": the vowel goes before uno and otto.
                "it" if unit.starts_with(['u', 'o']) => {
                    format!("{}{unit}", ten.get(..ten.len() - 1).unwrap_or_default())
                }
                "it" => format!("{ten}{unit}"),
                _ => continue,
            };
            all.push((compound, tens + value));
        }
    }
    all
}

/// Puts words that stand next to each other into digits, as a person who hears them would write
/// them: "trente-neuf" is 39, "six zéro" is 60, "pięćset jeden" is 501, "double seven" 77.
pub(super) fn digits(parts: &[Part]) -> String {
    let mut heard = Heard::default();
    let mut times = 1;
    let mut rest = parts.iter().copied().peekable();
    while let Some(part) = rest.next() {
        match part {
            Part::Joint { turned } => {
                // "drei und vierzig" is 43; "uno y treinta" are a 1 and a 30.
                if turned
                    && let (Some(unit @ 1..10), Some(&Part::Value(tens @ 20..100))) =
                        (heard.sum, rest.peek())
                    && tens.is_multiple_of(10)
                {
                    heard.sum = Some(tens + unit);
                    rest.next();
                }
            }
            Part::Repeat(n) => {
                heard.flush();
                times = n;
            }
            Part::Figure(figure) => {
                heard.flush();
                (0..times).for_each(|_| heard.out.push(figure));
                times = 1;
            }
            Part::Value(value) if times > 1 => {
                for _ in 0..times {
                    heard.value(value);
                    heard.flush();
                }
                times = 1;
            }
            Part::Value(value) => heard.value(value),
            Part::Score => match heard.sum {
                Some(sum) if sum % 100 == 4 => heard.sum = Some(sum + 76),
                _ => heard.value(20),
            },
        }
    }
    heard.flush();
    heard.out
}

/// Digits so far, and the number that is still being told.
#[derive(Debug, Default)]
struct Heard {
    out: String,
    thousands: Option<u16>,
    sum: Option<u16>,
}

impl Heard {
    fn value(&mut self, value: u16) {
        self.sum = match (self.sum, value) {
            (sum, 1000)
                if self.thousands.is_none() && sum.is_none_or(|s| (1..1000).contains(&s)) =>
            {
                self.thousands = Some(sum.unwrap_or(1));
                None
            }
            // nine hundred
            (Some(before @ 1..10), 100) => Some(before * 100),
            (Some(before), value) if joins(before, value) => Some(before + value),
            (Some(_), value) => {
                self.flush();
                Some(value)
            }
            (None, value) => Some(value),
        };
    }

    fn flush(&mut self) {
        let said = match (self.thousands.take(), self.sum.take()) {
            (None, None) => return,
            (None, Some(sum)) => u32::from(sum),
            (Some(thousands), sum) => u32::from(thousands) * 1000 + u32::from(sum.unwrap_or(0)),
        };
        self.out.push_str(&said.to_string());
    }
}

fn joins(before: u16, value: u16) -> bool {
    if before >= 100 && before.is_multiple_of(100) {
        return (1..100).contains(&value);
    }
    match before % 100 {
        // soixante-dix, quatre-vingt-dix
        60 | 80 if (10..20).contains(&value) => true,
        70 | 90 if (7..10).contains(&value) => true,
        // dix-sept
        10 if (7..10).contains(&value) => true,
        20 | 30 | 40 | 50 | 60 | 80 => (1..10).contains(&value),
        70 | 90 => (1..10).contains(&value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexicon::LEXICON;
    use super::*;

    fn heard(words: &str) -> Option<String> {
        let mut parts = vec![];
        let mut all = String::new();
        for word in folded(words).split([' ', '-']) {
            if word == "," {
                all.push_str(&digits(&parts));
                parts.clear();
            } else {
                parts.extend(LEXICON.numbers.read(word)?);
            }
        }
        all.push_str(&digits(&parts));
        Some(all)
    }

    fn check(words: &str, expected: &str) {
        assert_eq!(heard(words).as_deref(), Some(expected), "{words}");
    }

    #[test]
    fn numbers_are_heard_as_a_person_hears_them() {
        check("two zero two", "202");
        check("twenty one nine hundred", "21900");
        check("null drei null", "030");
        check("einundzwanzig dreiunddreißig", "2133");
        check("drei und vierzig", "43");
        check(
            "zéro six , trente-neuf , quatre-vingt-dix-huit , douze , trente-quatre",
            "0639981234",
        );
        check("soixante-dix-sept , quatre-vingts , quatre-vingt-un", "778081");
        check("seis uno dos", "612");
        check("trentanove ventotto tre", "39283");
        check("pięćset jeden , dwieście trzydzieści cztery", "501234");
        check("zes negenentwintig", "629");
        check("vinte um nove", "219");
        check("trezentos e quarenta e cinco", "345");
        check("double seven zero triple two", "770222");
        check("doppel sieben null", "770");
        check("zweitausend dreihundert", "2300");
        check("five five five two thousand", "5552000");
    }

    #[test]
    fn units_stand_before_tens_in_german_and_dutch_alone() {
        check("drei und vierzig", "43");
        check("drie en veertig", "43");
        check("uno y treinta y nueve", "139");
        check("zero one seven one and thirty nine", "017139");
        check("um e trinta e nove", "139");
        check("jeden i trzydzieści dziewięć", "139");
        check("un et trente neuf", "139");
    }

    #[test]
    fn a_word_is_taken_apart_in_every_language() {
        for (word, expected) in [
            ("Zero1six1", "0161"),
            ("four96", "496"),
            ("O7seven00", "07700"),
            ("z3r0s1x", "06"),
            ("nullvierzig", "040"),
            ("einsechs", "16"),
            ("dreihundertzweiundneunzig", "392"),
            ("nulleinssiebeneins", "0171"),
            ("nul6", "06"),
            ("driehonderdtweeënnegentig", "392"),
            ("quatrevingtdixhuit", "98"),
            ("vingtetun", "21"),
            ("treintaycinco", "35"),
            ("seiscientosdoce", "612"),
            ("seis12", "612"),
            ("trecentotrentatre", "333"),
            ("unodue3", "123"),
            ("novecentosedoze", "912"),
            ("dwieścietrzydzieścicztery", "234"),
            ("zero_one_seven", "017"),
            ("ぜろきゅうぜろ", "090"),
            ("ゼロハチゼロ", "080"),
            ("〇九〇", "090"),
            ("壱弐参", "123"),
        ] {
            check(word, expected);
        }
    }

    #[test]
    fn a_word_of_other_letters_too_is_none() {
        for word in [
            "3in1",
            "3in",
            "4all",
            "zero2hero",
            "someone",
            "tennis",
            "einen",
            "ottone",
            "often",
            "oneself",
            "20l",
            "12",
            "00",
            "e27",
            "undoubtedly",
            "enden",
            "etun",
        ] {
            assert_eq!(heard(word), None, "{word}");
        }
        assert!(LEXICON.numbers.read(&"seven".repeat(40)).is_none());
    }

    #[test]
    fn a_number_is_found_inside_of_a_japanese_run() {
        let found = |run: &str| {
            let stretch = LEXICON.numbers.stretch(run)?;
            Some((digits(&stretch.parts), run[stretch.bytes].to_owned()))
        };
        for (run, expected) in [
            ("電話は〇九〇の一二三四の五六七八です", ("09012345678", "〇九〇の一二三四の五六七八")),
            (
                "番号はぜろきゅうぜろのいちにさんよんまで",
                ("0901234", "ぜろきゅうぜろのいちにさんよん"),
            ),
            ("ゼロキューゼロ", ("090", "ゼロキューゼロ")),
        ] {
            let expected = (expected.0.to_owned(), expected.1.to_owned());
            assert_eq!(found(run), Some(expected), "{run}");
        }
        for run in ["いちごとにんじんをごまで", "一つだけ", "にしくごに", "さんさんと", "は"]
        {
            assert_eq!(found(run), None, "{run}");
        }
        assert!(found(&"一".repeat(500)).is_none());
    }
}
