//! Recognising what was said before: hashes of runs of words.
//!
//! The hashes are stored (`domain::Sightings`), so what makes a word and how a run is hashed may
//! only change together with a migration.

use std::ops::Range;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::message::{SegmentKind, Text};
use crate::domain::{Sightings, is_unseen};

/// Words of one shingle.
const RUN: usize = 4;
/// A longer word stands for itself by its beginning and its hash, so that time stays linear.
const LONGEST_WORD: usize = 64;
/// What stands before each word of a run that is hashed.
const APART: char = '\u{1f}';

/// The words of a text.
#[derive(Default)]
struct Words {
    /// As they are compared, one behind the other, each with [`APART`] before it.
    normal: String,
    /// Of each the bytes of `normal`, with what stands before it, and those of the text.
    each: Vec<(Range<usize>, Range<usize>)>,
}

/// The hashes of a text by which it is recognised later: one for each run of four words, or one
/// for the whole of a shorter text. Sorted, without doubles; none for a text without words.
pub fn shingles(text: &str) -> Vec<u64> {
    let mut hashes: Vec<u64> = runs(&words(text)).map(|(hash, _)| hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The byte ranges of `text` whose words occur in earlier text, in order and apart from one
/// another; neighbouring words are one range together with what stands between them.
pub fn seen(text: &str, seen: &Sightings) -> Vec<Range<usize>> {
    if seen.0.is_empty() {
        return vec![];
    }
    let words = words(text);
    let mut known = vec![false; words.each.len()];
    let mut marked = 0;
    for (hash, run) in runs(&words) {
        if seen.0.contains(&hash) {
            // Runs overlap: what was marked already is not marked again.
            if let Some(fresh) = known.get_mut(run.start.max(marked)..run.end) {
                fresh.fill(true);
            }
            marked = run.end;
        }
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut joins = false;
    for ((_, range), known) in words.each.into_iter().zip(known) {
        match ranges.last_mut() {
            Some(last) if known && joins => last.end = range.end,
            _ if known => ranges.push(range),
            _ => {}
        }
        joins = known;
    }
    ranges
}

/// The stretches of quotes whose words occur in earlier text. Where they are what the reader of this
/// text wrote, nothing may be found in them: whoever writes a list of guesses and has it quoted back
/// would learn from what is missing which of them was right.
pub fn repeated(text: &Text, known: &Sightings) -> Vec<Range<usize>> {
    let quotes: Vec<&Range<usize>> = text
        .segments
        .iter()
        .filter(|segment| segment.kind == SegmentKind::Quote)
        .map(|segment| &segment.range)
        .collect();
    if quotes.is_empty() || known.0.is_empty() {
        return vec![];
    }
    let within = |seen: Range<usize>| {
        let both = move |quote: &&Range<usize>| {
            let both = seen.start.max(quote.start)..seen.end.min(quote.end);
            (both.start < both.end).then_some(both)
        };
        quotes.iter().filter_map(both).collect::<Vec<_>>()
    };
    seen(&text.body, known).into_iter().flat_map(within).collect()
}

/// The runs of a text: hash and range of words.
fn runs(words: &Words) -> impl Iterator<Item = (u64, Range<usize>)> + '_ {
    let count = words.each.len();
    let short = (1..RUN).contains(&count);
    let whole = short.then(|| (words.hash("whole", 0..count), 0..count));
    let runs = (RUN..=count).map(|end| (words.hash("run", end - RUN..end), end - RUN..end));
    whole.into_iter().chain(runs)
}

impl Words {
    /// The first 8 bytes of SHA-256: whoever knows earlier text must not be able to find other
    /// words with the same hash, as they could with a plain checksum.
    fn hash(&self, marker: &str, run: Range<usize>) -> u64 {
        let mut sha = Sha256::new();
        sha.update(marker);
        if let Some([(first, _), .., (last, _)] | [(first @ last, _)]) = self.each.get(run) {
            sha.update(self.normal.get(first.start..last.end).unwrap_or_default());
        }
        let digest = sha.finalize();
        digest.iter().take(8).fold(0, |hash, &byte| hash << 8 | u64::from(byte))
    }

    fn push(&mut self, text: &str, range: Range<usize>) {
        let raw = text.get(range.clone()).unwrap_or_default();
        let before = self.normal.len();
        self.normal.push(APART);
        let start = self.normal.len();
        if raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
            // Most words: their NFKC is themselves.
            self.normal.push_str(raw);
            if let Some(word) = self.normal.get_mut(start..) {
                word.make_ascii_lowercase();
            }
        } else {
            // Twice: some characters' compatibility forms have capitals.
            let folded = raw.nfkc().flat_map(char::to_lowercase).nfkc();
            self.normal.extend(folded.filter(|c| c.is_alphanumeric()));
        }
        let word = self.normal.get(start..).unwrap_or_default();
        if word.is_empty() {
            self.normal.truncate(before);
            return;
        }
        if word.len() > LONGEST_WORD {
            let hash = HEXLOWER.encode(&Sha256::digest(word));
            self.normal.truncate(start);
            self.normal.push_str(&hash);
        }
        self.each.push((before..self.normal.len(), range));
    }
}

/// Written without spaces between words: each character is a word.
fn is_cjk(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{3ffff}')
        && (c.is_alphanumeric() || is_mark(c))
}

/// Belongs to the character before it, half-width voicing marks included.
fn is_mark(c: char) -> bool {
    !c.is_ascii() && (is_combining_mark(c) || matches!(c, '\u{ff9e}' | '\u{ff9f}'))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && std::iter::once(c).nfkc().any(char::is_alphanumeric))
}

fn words(text: &str) -> Words {
    let mut words = Words::default();
    let mut open: Option<Range<usize>> = None;
    let mut open_cjk = false;
    let mut next = 0;
    while let Some(rest) = text.get(next..).filter(|rest| !rest.is_empty()) {
        let at = next;
        // Most text: no mark, nothing unseen, no word of one character.
        let plain = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        next += plain;
        match &mut open {
            _ if plain == 0 => {}
            Some(range) if !open_cjk => range.end = next,
            _ => {
                if let Some(range) = open.replace(at..next) {
                    words.push(text, range);
                }
                open_cjk = false;
            }
        }
        let Some(c) = rest.get(plain..).and_then(|rest| rest.chars().next()) else { break };
        let at = next;
        let end = at + c.len_utf8();
        next = end;
        if c.is_ascii() {
            if let Some(range) = open.take() {
                words.push(text, range);
            }
            open_cjk = false;
            continue;
        }
        if let Some(range) = open.as_mut() {
            if is_mark(c) {
                range.end = end;
                continue;
            }
            if is_unseen(c) {
                continue;
            }
            if !open_cjk && is_word(c) && !is_cjk(c) {
                range.end = end;
                continue;
            }
        }
        if let Some(range) = open.take() {
            words.push(text, range);
        }
        if is_word(c) && !is_mark(c) {
            open = Some(at..end);
            open_cjk = is_cjk(c);
        }
    }
    if let Some(range) = open {
        words.push(text, range);
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What of `text` was seen, given what was said before.
    fn check(earlier: &str, text: &str, expected: &[&str]) {
        let known = Sightings(shingles(earlier).into_iter().collect());
        let found: Vec<&str> = seen(text, &known).into_iter().map(|r| &text[r]).collect();
        assert_eq!(found, expected, "{text:?} after {earlier:?}");
    }

    const SAID: &str = "Hello Jane, the brass lamp will leave our house on Monday.";

    #[test]
    fn a_quotation_is_recognised_however_it_was_wrapped() {
        check(SAID, SAID, &[SAID.trim_end_matches('.')]);
        check(
            SAID,
            "Fine!\n> hello JANE, the\n> > brass lamp will\n> leave our house on monday.\nBye",
            &["hello JANE, the\n> > brass lamp will\n> leave our house on monday"],
        );
    }

    #[test]
    fn only_what_was_said_before_is_recognised() {
        check(SAID, "Please call +49 30 1234 5678 today", &[]);
        check(SAID, "the brass lamp", &[]);
        check(SAID, "the brass lamp will break", &["the brass lamp will"]);
        check(
            SAID,
            "the brass lamp will X leave our house on",
            &["the brass lamp will", "leave our house on"],
        );
    }

    #[test]
    fn a_text_of_few_words_is_recognised_as_a_whole() {
        check("Thank you!", "> thank YOU", &["thank YOU"]);
        check("Thank you!", "thank you very", &[]);
        check("", "", &[]);
        assert!(shingles(" .,! ").is_empty());
    }

    #[test]
    fn forms_of_one_character_are_one_word() {
        check(
            "Der Preis für Größe vier",
            "der preis fu\u{308}r gro\u{308}ße vier",
            &["der preis fu\u{308}r gro\u{308}ße vier"],
        );
        check(
            "ｆｕｌｌ width of words",
            "full wi\u{200b}dth of words",
            &["full wi\u{200b}dth of words"],
        );
    }

    #[test]
    fn japanese_is_recognised_although_it_has_no_spaces() {
        check(
            "ランプは月曜日に発送します。",
            "はい。\n> ランプは月曜\n> 日に発送します。",
            &["ランプは月曜\n> 日に発送します"],
        );
        check("ガラスのランプ", "ｶﾞﾗｽのﾗﾝﾌﾟ", &["ｶﾞﾗｽのﾗﾝﾌﾟ"]);
    }

    #[test]
    fn the_stored_hashes_never_change() {
        assert_eq!(shingles("one two three four"), [STORED_RUN]);
        assert_eq!(shingles("one"), [STORED_WHOLE]);
    }

    /// By another program's SHA-256.
    const STORED_RUN: u64 = 0xa56a_4a08_9f59_b148;
    const STORED_WHOLE: u64 = 0x9d89_ceba_2228_78ef;

    #[test]
    fn time_is_linear() {
        let text = "long ".repeat(100_000) + "x".repeat(1_000_000).as_str();
        let known = Sightings(shingles(&text).into_iter().collect());
        assert_eq!(seen(&text, &known), std::slice::from_ref(&(0..text.len())));
    }

    proptest! {
        #[test]
        fn ranges_lie_on_characters_and_apart(text in "\\PC{0,80}", earlier in "\\PC{0,80}") {
            for said in [&earlier, &text] {
                let known = Sightings(shingles(said).into_iter().collect());
                let mut before = 0;
                for range in seen(&text, &known) {
                    prop_assert!(range.start >= before && range.start < range.end);
                    prop_assert!(text.get(range.clone()).is_some());
                    before = range.end;
                }
            }
        }

        #[test]
        fn whatever_was_said_is_seen_again(text in "[a-zäéA-Zжあ漢0-9 ,.\n>]{0,200}") {
            let known = Sightings(shingles(&text).into_iter().collect());
            let found = seen(&text, &known);
            let has_words = text.chars().any(char::is_alphanumeric);
            prop_assert_eq!(found.len(), usize::from(has_words));
        }
    }
}
