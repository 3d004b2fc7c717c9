//! Rule `too-long`: more new text than a message may have.

use super::rules::TEXT_LIMIT;

/// The limit and the length found, where it is over.
pub(super) fn find(characters: usize) -> Option<String> {
    (characters > TEXT_LIMIT).then(|| format!("limit {TEXT_LIMIT} characters, found {characters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_thousand_characters_pass_and_one_more_does_not() {
        assert_eq!(find(5_000), None);
        assert_eq!(find(5_001).unwrap(), "limit 5000 characters, found 5001");
    }
}
