//! Words that are another text, encoded.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

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
    if !begins_as_text(word) {
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

/// Whether the first letters, as far as there are so many, stand for the beginning of a text. Nothing
/// is made to find it out.
fn begins_as_text(word: &str) -> bool {
    let Some(head) = word.as_bytes().get(..HEAD) else { return true };
    let mut letters = [0; HEAD];
    letters.iter_mut().zip(head).for_each(|(to, from)| *to = plain(*from));
    let mut bytes = [0; HEAD / 4 * 3];
    if LAX.decode_mut(&letters, &mut bytes).is_err() {
        return false;
    }
    // The last character may go on.
    std::str::from_utf8(&bytes).map_or_else(|wrong| wrong.error_len().is_none(), |_| true)
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
        assert_eq!(base64_word("internationalisation-of-everything"), None);
        assert_eq!(base64_word(&format!("{}=", "x".repeat(40))), None);
    }
}
