//! Recognising what was said before: hashes of runs of words.
//!
//! The hashes are stored (`domain::Sightings`), so what makes a word and how a run is hashed may
//! only change together with a migration. They are made with a key of the relay's own.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use siphasher::sip::SipHasher13;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::message::{SegmentKind, Text};
use crate::domain::{SightingKey, Sightings, are_all, is_unseen, push_lower, run_of};

/// Words of one shingle.
const RUN: usize = 4;
/// A word of a text: its hash, and its bytes of the text.
type Word = (u64, Range<usize>);

/// The hashes of a text by which it is recognised later: one for each run of four words, or one
/// for the whole of a shorter text. Sorted, without doubles; none for a text without words.
pub fn shingles(text: &str, key: &SightingKey) -> Vec<u64> {
    let mut hashes: Vec<u64> = runs(&words(text, key), key).map(|(hash, _)| hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

/// The [`shingles`] of a text and of another that mostly begins as it does, as what goes out begins as
/// what was written: what they have in common is hashed once.
pub fn shingles_beside(text: &Text, other: &str, key: &SightingKey) -> [Vec<u64>; 2] {
    let (of_text, text) = (words_of(text, key), &text.body);
    let chunks = text.as_bytes().chunks(16).zip(other.as_bytes().chunks(16));
    let same = chunks.take_while(|(one, other)| one == other).map(|(one, _)| one.len()).sum();
    // Behind a mark of ASCII words begin anew, whatever stood before it.
    let common = text.as_bytes().get(..same).unwrap_or_default();
    let mark = common.iter().rposition(|byte| byte.is_ascii() && !is_plain(*byte));
    let border = mark.map_or(0, |mark| mark + 1);
    let shared = of_text.partition_point(|(_, range)| range.end <= border);
    let mut of_other = of_text.get(..shared).unwrap_or_default().to_vec();
    of_other.extend(words(other.get(border..).unwrap_or_default(), key));
    let hashes = |words: &[Word]| runs(words, key).map(|(hash, _)| hash).collect::<Vec<u64>>();
    let mut hashes_of_text = hashes(&of_text);
    let mut hashes_of_other = match (shared + 1).checked_sub(RUN) {
        Some(known) if known > 0 => {
            let mut all = hashes_of_text.get(..known).unwrap_or_default().to_vec();
            let rest = of_other.get(known..).unwrap_or_default();
            if rest.len() >= RUN {
                all.extend(hashes(rest));
            }
            all
        }
        _ => hashes(&of_other),
    };
    for hashes in [&mut hashes_of_text, &mut hashes_of_other] {
        hashes.sort_unstable();
        hashes.dedup();
    }
    [hashes_of_text, hashes_of_other]
}

/// What is known where these texts were seen.
#[cfg(test)]
pub fn sighted(texts: &[&str]) -> Sightings {
    let key = SightingKey([7; 16]);
    Sightings { key, hashes: texts.iter().flat_map(|text| shingles(text, &key)).collect() }
}

/// The words of a text that was asked for them: a mail's are looked at again and again, and are hashed once.
/// Says nothing of its own about the text.
#[derive(Clone, Default)]
pub struct Hashed(OnceLock<(SightingKey, Vec<Word>)>);

impl std::fmt::Debug for Hashed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hashed")
    }
}

impl PartialEq for Hashed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Hashed {}

/// The words of a text.
fn words_of<'t>(text: &'t Text, key: &SightingKey) -> Cow<'t, [Word]> {
    let (of, known) = text.hashed.0.get_or_init(|| (*key, words(&text.body, key)));
    if of == key { Cow::Borrowed(known) } else { Cow::Owned(words(&text.body, key)) }
}

/// The byte ranges of `text` whose words occur in earlier text, in order and apart from one
/// another; neighbouring words are one range together with what stands between them.
pub fn seen(text: &str, seen: &Sightings) -> Vec<Range<usize>> {
    match seen.hashes.is_empty() {
        true => vec![],
        false => seen_among(&words(text, &seen.key), seen),
    }
}

/// The same of a text that is looked at several times.
pub fn seen_of(text: &Text, seen: &Sightings) -> Vec<Range<usize>> {
    match seen.hashes.is_empty() {
        true => vec![],
        false => seen_among(&words_of(text, &seen.key), seen),
    }
}

fn seen_among(words: &[Word], seen: &Sightings) -> Vec<Range<usize>> {
    let mut known = vec![false; words.len()];
    let mut marked = 0;
    for (hash, run) in runs(words, &seen.key) {
        if seen.hashes.contains(&hash) {
            // Runs overlap: what was marked already is not marked again.
            if let Some(fresh) = known.get_mut(run.start.max(marked)..run.end) {
                fresh.fill(true);
            }
            marked = run.end;
        }
    }
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut joins = false;
    for ((_, range), known) in words.iter().zip(known) {
        match ranges.last_mut() {
            Some(last) if known && joins => last.end = range.end,
            _ if known => ranges.push(range.clone()),
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
    if quotes.is_empty() || known.hashes.is_empty() {
        return vec![];
    }
    let within = |seen: Range<usize>| {
        let both = move |quote: &&Range<usize>| {
            let both = seen.start.max(quote.start)..seen.end.min(quote.end);
            (both.start < both.end).then_some(both)
        };
        quotes.iter().filter_map(both).collect::<Vec<_>>()
    };
    seen_of(text, known).into_iter().flat_map(within).collect()
}

/// The runs of a text: hash and range of words.
fn runs(words: &[Word], key: &SightingKey) -> impl Iterator<Item = (u64, Range<usize>)> {
    let count = words.len();
    let hasher = hasher(key, 1);
    let hash = move |run: &[Word]| {
        let mut hashes = [0; 8 * RUN];
        for (to, (hash, _)) in hashes.chunks_mut(8).zip(run) {
            to.copy_from_slice(&hash.to_le_bytes());
        }
        hasher.hash(hashes.get(..8 * run.len()).unwrap_or_default())
    };
    let whole = (1..RUN).contains(&count).then(|| (hash(words), 0..count));
    let runs = words.windows(RUN).enumerate().map(move |(at, run)| (hash(run), at..at + RUN));
    whole.into_iter().chain(runs)
}

/// SipHash-1-3 (Aumasson and Bernstein, 2012), a keyed function that costs little for so few bytes.
/// Words and runs of them are hashed apart.
fn hasher(key: &SightingKey, of: u64) -> SipHasher13 {
    let (first, second) = key.0.split_at(8);
    let number = |half: &[u8]| half.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
    SipHasher13::new_with_keys(number(first), number(second) ^ of)
}

/// The words of a text as they are found.
struct Words<'t> {
    text: &'t str,
    hasher: SipHasher13,
    /// The last, as it is compared.
    normal: String,
    each: Vec<Word>,
}

impl Words<'_> {
    fn push(&mut self, range: Range<usize>) {
        let raw = self.text.get(range.clone()).unwrap_or_default();
        self.normal.clear();
        if are_all(raw.as_bytes(), is_plain) {
            // Most words: their NFKC is themselves.
            push_lower(raw, &mut self.normal);
        } else if raw.chars().all(|c| c.is_ascii_alphanumeric() || is_accented(c)) {
            // And so is that of most others.
            self.normal.extend(raw.chars().flat_map(char::to_lowercase));
        } else {
            // Twice: some characters' compatibility forms have capitals.
            let folded = raw.nfkc().flat_map(char::to_lowercase).nfkc();
            self.normal.extend(folded.filter(|c| c.is_alphanumeric()));
        }
        if !self.normal.is_empty() {
            self.each.push((self.hasher.hash(self.normal.as_bytes()), range));
        }
    }
}

/// A letter or figure of ASCII.
fn is_plain(byte: u8) -> bool {
    (byte | 0x20).is_ascii_lowercase() | byte.is_ascii_digit()
}

/// A Latin letter with a mark: one character, and one in lower case, whatever form of Unicode is asked for.
fn is_accented(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{12f}'
        | '\u{139}'..='\u{13e}' | '\u{141}'..='\u{148}' | '\u{14a}'..='\u{17e}')
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

fn words(text: &str, key: &SightingKey) -> Vec<Word> {
    let (normal, each) = (String::new(), Vec::with_capacity(text.len() / 6));
    let mut words = Words { text, hasher: hasher(key, 0), normal, each };
    let mut open: Option<Range<usize>> = None;
    let mut open_cjk = false;
    let mut next = 0;
    while let Some(rest) = text.get(next..).filter(|rest| !rest.is_empty()) {
        let at = next;
        // Most text: no mark, nothing unseen, no word of one character.
        let plain = run_of(rest.as_bytes(), is_plain);
        next += plain;
        match &mut open {
            _ if plain == 0 => {}
            Some(range) if !open_cjk => range.end = next,
            _ => {
                if let Some(range) = open.replace(at..next) {
                    words.push(range);
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
                words.push(range);
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
            words.push(range);
        }
        if is_word(c) && !is_mark(c) {
            open = Some(at..end);
            open_cjk = is_cjk(c);
        }
    }
    if let Some(range) = open {
        words.push(range);
    }
    words.each
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::mail::segment;

    const KEY: SightingKey = SightingKey([7; 16]);

    /// What of `text` was seen, given what was said before.
    fn check(earlier: &str, text: &str, expected: &[&str]) {
        let known = sighted(&[earlier]);
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
        assert!(shingles(" .,! ", &KEY).is_empty());
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
        assert_eq!(shingles("one two three four", &KEY), [STORED_RUN]);
        assert_eq!(shingles("One", &KEY), [STORED_WHOLE]);
        let other = SightingKey([8; 16]);
        assert_ne!(shingles("one", &other), [STORED_WHOLE]);
    }

    /// By another program's SipHash-1-3.
    const STORED_RUN: u64 = 0x82ef_568c_5daa_03be;
    const STORED_WHOLE: u64 = 0x60e7_91a7_ce0a_6b58;

    #[test]
    fn a_letter_with_a_mark_is_as_it_is_in_every_form() {
        for c in ('\u{80}'..='\u{24f}').filter(|c| is_accented(*c)) {
            let folded: String =
                std::iter::once(c).nfkc().flat_map(char::to_lowercase).nfkc().collect();
            assert_eq!(folded, c.to_lowercase().collect::<String>());
            assert!(folded.chars().all(char::is_alphanumeric), "{c}");
        }
    }

    #[test]
    fn time_is_linear() {
        let text = "long ".repeat(100_000) + "x".repeat(1_000_000).as_str();
        let known = sighted(&[&text]);
        assert_eq!(seen(&text, &known), std::slice::from_ref(&(0..text.len())));
    }

    proptest! {
        #[test]
        fn ranges_lie_on_characters_and_apart(text in "\\PC{0,80}", earlier in "\\PC{0,80}") {
            for said in [&earlier, &text] {
                let known = sighted(&[said]);
                let mut before = 0;
                for range in seen(&text, &known) {
                    prop_assert!(range.start >= before && range.start < range.end);
                    prop_assert!(text.get(range.clone()).is_some());
                    before = range.end;
                }
            }
        }

        #[test]
        fn two_texts_have_the_same_hashes_beside_each_other_as_alone(
            begin in "[a-cé漢 か\u{3099},.\n]{0,60}",
            ends in ("[a-cé漢\u{3099} ,.\n]{0,30}", "[a-cé漢\u{3099} ,.\n]{0,30}"),
        ) {
            let (one, other) = (format!("{begin}{}", ends.0), format!("{begin}{}", ends.1));
            let both = [shingles(&one, &KEY), shingles(&other, &KEY)];
            prop_assert_eq!(shingles_beside(&segment(one), &other, &KEY), both);
        }

        #[test]
        fn whatever_was_said_is_seen_again(text in "[a-zäéA-Zжあ漢0-9 ,.\n>]{0,200}") {
            let known = sighted(&[&text]);
            let found = seen(&text, &known);
            let has_words = text.chars().any(char::is_alphanumeric);
            prop_assert_eq!(found.len(), usize::from(has_words));
        }
    }
}
