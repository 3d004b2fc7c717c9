//! Telling words as a finger slips on them, or as somebody writes who wants them overlooked: one key beside
//! the right one ("revoew", "Bewertubg"), or two letters the wrong way round ("reviwe").

use std::sync::LazyLock;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::policy::keyboard;
use crate::policy::lexicon::lines;

/// By slip the word that was meant.
static SLIPS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let words: HashSet<&str> = lines(include_str!("../data/telling-words.txt"))
        .flat_map(|line| line.split_whitespace().skip(1))
        .collect();
    let mut slips = HashMap::new();
    for word in &words {
        for slip in slips_of(word).into_iter().filter(|slip| !words.contains(slip.as_str())) {
            slips.insert(slip, *word);
        }
    }
    slips
});

/// The telling word that this one was meant to be.
pub(super) fn intended(word: &str) -> Option<&'static str> {
    // One look, and none for short words.
    (6..=16).contains(&word.len()).then(|| SLIPS.get(word).copied()).flatten()
}

fn slips_of(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let mut slips = vec![];
    for (at, letter) in letters.iter().enumerate() {
        let around = |c: char| {
            let other = letters.iter().enumerate();
            other.map(|(i, l)| if i == at { c } else { *l }).collect::<String>()
        };
        slips.extend(keyboard::beside(*letter).into_iter().map(around));
        let mut turned = letters.clone();
        if at + 1 < turned.len() {
            turned.swap(at, at + 1);
            slips.push(turned.into_iter().collect());
        }
    }
    slips.retain(|slip| slip != word);
    slips
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::language::Languages;

    #[test]
    fn a_key_beside_and_letters_turned_are_known_and_no_more() {
        for (slip, word) in [
            ("revoew", Some("review")),
            ("rwview", Some("review")),
            ("reviwe", Some("review")),
            ("bewertubg", Some("bewertung")),
            ("coipon", Some("coupon")),
            ("review", None),
            ("preview", None),
            ("reviewer", None),
            ("rev", None),
        ] {
            assert_eq!(intended(slip), word, "{slip}");
        }
    }

    #[test]
    fn no_slip_is_a_common_word() {
        let languages = Languages::default();
        for slip in SLIPS.keys() {
            for pack in &languages.packs().packs {
                assert!(!pack.common.contains(slip), "{slip} is a word ({})", pack.code);
            }
        }
    }
}
