//! Words to their stems, so that "lamps" finds "lamp".

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};

use crate::domain::Language;

/// The stem of a folded word in a language; the word itself where it has none.
pub(super) fn stem(language: Language, word: &str) -> Cow<'_, str> {
    let algorithm = match language {
        Language::En => Algorithm::English,
        Language::De => Algorithm::German,
        Language::Fr => Algorithm::French,
        Language::Es => Algorithm::Spanish,
        Language::It => Algorithm::Italian,
        Language::Pt => Algorithm::Portuguese,
        Language::Nl => Algorithm::Dutch,
        Language::Pl => return Cow::Borrowed(polish(word)),
        Language::Ja => return Cow::Borrowed(word),
    };
    // Numbers and codes have no endings.
    if word.len() < 4 || word.bytes().any(|b| b.is_ascii_digit()) {
        return Cow::Borrowed(word);
    }
    Stemmer::create(algorithm).stem(word)
}

/// Endings of nouns and adjectives, the longest first, without accents (`ó` is `o`). There is no
/// Snowball algorithm for Polish.
const POLISH: &[&str] = &[
    "iami", "ami", "ach", "owi", "ego", "emu", "ymi", "imi", "iem", "owa", "owe", "owy", "em",
    "om", "ow", "ej", "ym", "im", "ie", "ia", "iu", "a", "e", "i", "o", "u", "y",
];

fn polish(word: &str) -> &str {
    let stem = POLISH.iter().find_map(|ending| word.strip_suffix(ending));
    stem.filter(|stem| stem.chars().count() >= 4).unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for (language, forms) in [
            (Language::En, &["lamp", "lamps"][..]),
            (Language::En, &["delivery", "deliveries"]),
            (Language::De, &["lampe", "lampen"]),
            (Language::Fr, &["commande", "commandes"]),
            (Language::Es, &["pedido", "pedidos"]),
            (Language::It, &["lampada", "lampade"]),
            (Language::Pt, &["encomenda", "encomendas"]),
            (Language::Nl, &["lamp", "lampen"]),
            (Language::Pl, &["przesyłka", "przesyłki"]),
            (Language::Ja, &["ランプ"]),
        ] {
            let stems: Vec<_> = forms.iter().map(|form| stem(language, form)).collect();
            assert!(stems.iter().all(|s| *s == stems[0]), "{language:?} {stems:?}");
        }
        assert_eq!(stem(Language::En, "2024s"), "2024s");
        assert_eq!(stem(Language::Pl, "dom"), "dom");
    }
}
