//! Letters and marks that only one of the languages is written with. Folding takes them away, and in
//! a short text they tell more than its words.

use super::packs::Packs;

/// Most words that they count for, in a sentence.
const MOST: usize = 3;

/// Counts them as common words of their languages.
pub(super) fn vote(packs: &Packs, written: &str, common: &mut [usize]) {
    if written.is_ascii() {
        return;
    }
    for (code, count) in of_one(written) {
        let at = packs.packs.iter().position(|pack| pack.code == code);
        if let Some(common) = at.and_then(|at| common.get_mut(at)) {
            *common += count;
        }
    }
}

/// The languages whose own letters stand in a text as it was written, each with how many words that
/// counts for.
fn of_one(written: &str) -> impl Iterator<Item = (&'static str, usize)> {
    let (mut pl, mut es, mut pt, mut de) = (0, 0, 0, 0);
    for c in written.chars() {
        match c {
            'ł' | 'ż' | 'ś' | 'ź' | 'ń' => pl += 1,
            '¿' | '¡' | 'ñ' => es += 1,
            'ã' | 'õ' => pt += 1,
            'ß' => de += 1,
            _ => {}
        }
    }
    let found = [("pl", pl), ("es", es), ("pt", pt), ("de", de)];
    found.into_iter().map(|(code, count): (_, usize)| (code, count.min(MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_of_one_language_tell_it() {
        let check = |text: &str, expected: &[(&str, usize)]| {
            let found: Vec<_> = of_one(text).filter(|(_, count)| *count > 0).collect();
            assert_eq!(found, expected, "{text}");
        };
        check("zmienię opinię, jeśli zwrócicie pieniądze", &[("pl", 1)]);
        check("¡Mañana!", &[("es", 2)]);
        check("não, então as opiniões são boas", &[("pt", 3)]);
        check("Größe", &[("de", 1)]);
        check("hello", &[]);
        // Swedish, Czech, Turkish, Catalan, French
        check("Vi skickar på fredag, děkujeme, teşekkürler, gràcies, merci à vous", &[]);
    }
}
