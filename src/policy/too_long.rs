//! Rule `too-long`: more new text than a message may have (`policy.max_characters`).

/// The limit and the length found, where it is over.
pub(super) fn find(characters: usize, most: usize) -> Option<String> {
    (characters > most).then(|| format!("limit {most} characters, found {characters}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_thousand_characters_pass_and_one_more_does_not() {
        assert_eq!(find(5_000, 5_000), None);
        assert_eq!(find(5_001, 5_000).unwrap(), "limit 5000 characters, found 5001");
    }
}
