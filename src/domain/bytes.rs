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
    }
}
