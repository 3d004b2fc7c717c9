//! Numbers written as words: reading the data, and putting several words together.

use std::collections::HashMap;

use super::lexicon::lines;
use super::view::folded;

/// Reads `data/number-words.txt` and adds the compounds that German, Dutch and Italian write
/// together ("einundzwanzig", "trentanove").
pub(super) fn read(data: &str) -> HashMap<String, u16> {
    let mut all = HashMap::new();
    let mut by_language: HashMap<&str, Vec<(String, u16)>> = HashMap::new();
    for line in lines(data) {
        let mut fields = line.split_whitespace();
        let language = fields.next().unwrap_or_default();
        for (word, value) in fields.filter_map(|f| f.split_once('=')) {
            let Ok(value) = value.parse() else { continue };
            by_language.entry(language).or_default().push((folded(word), value));
        }
    }
    for (language, words) in &by_language {
        let units = || words.iter().filter(|w| (1..10).contains(&w.1));
        for (ten, tens) in words.iter().filter(|w| w.1 >= 20 && w.1 < 100) {
            for (unit, value) in units() {
                let compound = match *language {
                    "de" => format!("{unit}und{ten}"),
                    "nl" => format!("{unit}en{ten}"),
                    // "ventuno", "ventotto": the vowel goes before uno and otto.
                    "it" if unit.starts_with(['u', 'o']) => {
                        format!("{}{unit}", ten.get(..ten.len() - 1).unwrap_or_default())
                    }
                    "it" => format!("{ten}{unit}"),
                    _ => continue,
                };
                all.insert(compound, tens + value);
            }
        }
        all.extend(words.iter().cloned());
    }
    all
}

/// Puts the values of words that stand next to each other into digits, as a person who hears
/// them would write them: "trente-neuf" is 39, "six zéro" is 60, "pięćset jeden" is 501.
/// An empty value parts two groups (a comma, a line end).
pub(super) fn digits(values: &[Option<u16>]) -> String {
    let mut out = String::new();
    let mut sum: Option<u16> = None;
    let mut flush = |sum: &mut Option<u16>| {
        if let Some(value) = sum.take() {
            out.push_str(&value.to_string());
        }
    };
    for &value in values {
        let Some(value) = value else {
            flush(&mut sum);
            continue;
        };
        sum = match sum {
            // quatre-vingt
            Some(4) if value == 20 => Some(80),
            // nine hundred
            Some(before @ 1..10) if value == 100 => Some(before * 100),
            Some(before) if joins(before, value) => Some(before + value),
            Some(_) => {
                flush(&mut sum);
                Some(value)
            }
            None => Some(value),
        };
    }
    flush(&mut sum);
    out
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

    fn check(words: &str, expected: &str) {
        let values: Vec<Option<u16>> = folded(words)
            .split([' ', '-'])
            .map(|w| if w == "," { None } else { Some(LEXICON.numbers[w]) })
            .collect();
        assert_eq!(digits(&values), expected, "{words}");
    }

    #[test]
    fn numbers_are_heard_as_a_person_hears_them() {
        check("two zero two", "202");
        check("twenty one nine hundred", "21900");
        check("null drei null", "030");
        check("einundzwanzig dreiunddreißig", "2133");
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
    }
}
