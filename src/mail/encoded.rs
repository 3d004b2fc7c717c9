//! Words that are another text, encoded.

use std::ops::Range;
use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

use crate::domain::{are_all, run_of};

/// Base64 without padding whose last bits may be anything.
#[allow(clippy::unwrap_used)] // a constant that every test builds
static LAX: LazyLock<Encoding> = LazyLock::new(|| {
    let mut lax = Specification::new();
    lax.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    lax.check_trailing_bits = false;
    lax.encoding().unwrap()
});

/// Letters that tell of most words that they stand for no text: a whole number of bytes.
const HEAD: usize = 24;

/// What letters of base64, of either alphabet of RFC 4648 and without padding, stand for; nothing
/// where that is no text.
pub fn base64_word(word: &str) -> Option<String> {
    if !may_be_text(word) {
        return None;
    }
    let plain: Vec<u8> = word.bytes().map(plain).collect();
    // Six bits alone are no byte.
    let whole = plain.get(..plain.len() - usize::from(plain.len() % 4 == 1))?;
    String::from_utf8(LAX.decode(whole).ok()?).ok()
}

/// RFC 4648 §5: two letters of the other alphabet.
fn plain(letter: u8) -> u8 {
    match letter {
        b'-' => b'+',
        b'_' => b'/',
        letter => letter,
    }
}

/// Whether these letters may stand for the beginning of a text, as far as the first of them tell.
/// Nothing is made to find it out.
pub fn may_be_text(word: &str) -> bool {
    // The first four tell it of most.
    begins_as_text::<4, 3>(word) && begins_as_text::<HEAD, { HEAD / 4 * 3 }>(word)
}

/// Whether the first letters, where there are so many, stand for the beginning of a text.
fn begins_as_text<const LETTERS: usize, const BYTES: usize>(word: &str) -> bool {
    let Some(head) = word.as_bytes().get(..LETTERS) else { return true };
    let mut letters = [0; LETTERS];
    letters.iter_mut().zip(head).for_each(|(to, from)| *to = plain(*from));
    let mut bytes = [0; BYTES];
    if LAX.decode_mut(&letters, &mut bytes).is_err() {
        return false;
    }
    // The last character may go on.
    std::str::from_utf8(&bytes).map_or_else(|wrong| wrong.error_len().is_none(), |_| true)
}

/// The runs of letters that base64 is written with, of either alphabet and without padding, of so
/// many letters.
pub fn code_words(text: &str, letters: Range<usize>) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let least = letters.start.max(1);
    // A run begins here or further on.
    let mut start = 0;
    std::iter::from_fn(move || {
        loop {
            // One that is long enough goes on to this place: what is not is hardly looked at.
            let at = start + least - 1;
            let run = bytes.get(start..=at)?;
            if let Some(other) = run.iter().rposition(|byte| !is_letter(*byte)) {
                start += other + 1;
                continue;
            }
            let end = at + 1 + run_of(bytes.get(at + 1..)?, is_letter);
            let word = text.get(start..end)?;
            start = end + 1;
            if letters.contains(&word.len()) {
                return Some(word);
            }
        }
    })
}

/// Whether all of it is letters of base64, of either alphabet.
pub fn is_code(text: &str) -> bool {
    are_all(text.as_bytes(), is_letter)
}

/// Whether base64 of either alphabet is written with it.
fn is_letter(byte: u8) -> bool {
    let lower = byte | 0x20;
    let letter = lower.is_ascii_lowercase() | byte.is_ascii_digit();
    letter | (byte == b'+') | (byte == b'/') | (byte == b'-') | (byte == b'_')
}

#[cfg(test)]
mod tests {
    use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

    use super::*;

    #[test]
    fn a_text_is_read_from_its_letters_and_nothing_else_is() {
        for text in ["jane@mail.example", "só é à noite, às oito, à porta", "日本語の文章はここに"]
        {
            for offset in 0..4 {
                let text = format!("{}{text}", "x".repeat(offset));
                let read = |code: String| base64_word(&code);
                assert_eq!(read(BASE64_NOPAD.encode(text.as_bytes())), Some(text.clone()));
                assert_eq!(read(BASE64URL_NOPAD.encode(text.as_bytes())), Some(text));
            }
        }
        let broken = [b"\xffjane@mail.example".as_slice(), b"jane@mail.example, \xff, or nowhere"];
        for bytes in broken {
            assert_eq!(base64_word(&BASE64_NOPAD.encode(bytes)), None);
        }
        let words = |text| code_words(text, 3..5).collect::<Vec<_>>();
        assert_eq!(words("ab abc, abcd. a_-d abcde é+/=1234"), ["abc", "abcd", "a_-d", "1234"]);
        assert!(words("").is_empty() && words("ab").is_empty());
        assert_eq!(base64_word("internationalisation-of-everything"), None);
        assert_eq!(base64_word(&format!("{}=", "x".repeat(40))), None);
    }
}
