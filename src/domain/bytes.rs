//! Looking at many bytes at a time.

use memchr::memchr;

/// How many bytes stand at the beginning that are such. Sixteen are looked at together: `is` does
/// best without a branch.
pub fn run_of(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    let whole = |chunk: &&[u8; 16]| chunk.iter().fold(true, |all, byte| all & is(*byte));
    let run = 16 * bytes.as_chunks::<16>().0.iter().take_while(whole).count();
    let rest = bytes.get(run..).unwrap_or_default();
    run + rest.iter().take_while(|byte| is(**byte)).count()
}

/// Whether all bytes are such.
pub fn are_all(bytes: &[u8], is: impl Fn(u8) -> bool) -> bool {
    bytes.chunks(64).all(|chunk| chunk.iter().fold(true, |all, byte| all & is(*byte)))
}

/// A character of ASCII that is seen, a space, a tab or a line end: what most texts are made of.
pub fn is_plain_text(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) | (byte == b'\n') | (byte == b'\t')
}

/// A text in parts: ASCII, and what is none together with the letter of ASCII before it, which may be one
/// character with it. What Unicode does to the whole it does to each part by itself: nothing before
/// ASCII is composed with it (UAX #15), and most of most texts needs nothing of it.
pub fn parts_of(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if rest.is_ascii() {
            return Some((std::mem::take(&mut rest), ""));
        }
        let ascii = run_of(rest.as_bytes(), |b| b.is_ascii());
        let (_, wide) = rest.split_at_checked(ascii)?;
        let plain = if wide.is_empty() { ascii } else { ascii.saturating_sub(1) };
        let (plain, other) = rest.split_at_checked(plain)?;
        let end = other.len() - wide.len() + run_of(wide.as_bytes(), |b| !b.is_ascii());
        let (other, behind) = other.split_at_checked(end)?;
        rest = behind;
        Some((plain, other))
    })
}

/// Adds ASCII in lower case.
pub fn push_lower(ascii: &str, to: &mut String) {
    let start = to.len();
    to.push_str(ascii);
    if let Some(added) = to.get_mut(start..) {
        added.make_ascii_lowercase();
    }
}

/// A text in lower case, as `to_lowercase` gives it.
pub fn lowered(text: &str) -> String {
    // Which of its two small letters it becomes, the letters around it say.
    if text.contains('Σ') {
        return text.to_lowercase();
    }
    let mut lower = String::with_capacity(text.len());
    for (plain, other) in parts_of(text) {
        push_lower(plain, &mut lower);
        lower.extend(other.chars().flat_map(char::to_lowercase));
    }
    lower
}

/// The lines of a text, each with its LF, as `split_inclusive('\n')` gives them.
pub fn lines_of(text: &str) -> impl Iterator<Item = &str> + Clone {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
        let (line, behind) = rest.split_at_checked(end)?;
        rest = behind;
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    proptest! {
        #[test]
        fn many_bytes_are_looked_at_as_one_after_the_other(text in "[a\n é]{0,80}") {
            let is = |byte: u8| byte.is_ascii_lowercase();
            let bytes = text.as_bytes();
            let run = bytes.iter().take_while(|byte| is(**byte)).count();
            prop_assert_eq!(run_of(bytes, is), run);
            prop_assert_eq!(are_all(bytes, is), run == bytes.len());
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            prop_assert_eq!(lines_of(&text).collect::<Vec<_>>(), lines);
        }

        #[test]
        fn a_text_in_parts_is_all_of_it_and_unicode_does_the_same_to_the_parts(
            text in "([a-cA-C \n]{0,4}[éÉ\u{301}\u{308}\u{327}ΣςßİÅ½ﬁ가ᄀ\u{1161}\u{11a8}か\u{3099}]{0,3}){0,8}",
        ) {
            let all: String = parts_of(&text).flat_map(|(plain, other)| [plain, other]).collect();
            prop_assert_eq!(&all, &text);
            prop_assert!(parts_of(&text).all(|(plain, _)| plain.is_ascii()));
            let nfkc: String = parts_of(&text)
                .flat_map(|(plain, other)| plain.chars().chain(other.nfkc()).collect::<Vec<_>>())
                .collect();
            prop_assert_eq!(nfkc, text.nfkc().collect::<String>());
            prop_assert_eq!(lowered(&text), text.to_lowercase());
        }
    }
}
