//! What was probably meant by a word that nobody knows.

use super::keys::{KEYS, name_of, table_of};
use super::not_yet::NOT_YET;

/// The known path that was probably meant.
pub(super) fn nearest(path: &str) -> Option<&'static str> {
    let tables = KEYS.iter().map(|k| table_of(k.path));
    let candidates = KEYS.iter().map(|k| k.path).chain(tables).chain(NOT_YET.iter().copied());
    candidates
        .filter_map(|known| {
            let far = if name_of(known) == name_of(path) { 1 } else { distance(known, path) };
            // Beyond this a guess only confuses.
            (far <= 3.min(1 + name_of(path).len() / 3)).then_some((far, known))
        })
        .min_by_key(|(far, _)| *far)
        .map(|(_, known)| known)
}

/// The word of a list that was probably meant.
pub(super) fn nearest_word<'w>(
    word: &str,
    known: impl Iterator<Item = &'w str>,
) -> Option<&'w str> {
    known.map(|k| (distance(k, word), k)).filter(|(far, _)| *far <= 3).min().map(|(_, k)| k)
}

/// Levenshtein's distance: characters to add, remove or change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(100).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(100).enumerate() {
        let mut next = vec![i + 1];
        let mut left = i + 1;
        for ((y, above), corner) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            left = (left + 1).min(above + 1).min(corner + usize::from(x != *y));
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_answered_with_the_key_that_was_meant() {
        let check =
            |path: &str, expected: Option<&str>| assert_eq!(nearest(path), expected, "{path}");
        check("smtp.max_sise", Some("smtp.max_size"));
        check("relay.host_name", Some("relay.hostname"));
        check("hostname", Some("relay.hostname"));
        check("smpt", Some("smtp"));
        check("relay.colour_of_the_door", None);
        check("", None);
    }
}
