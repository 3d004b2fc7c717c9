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

/// What letters of base64, of either alphabet of RFC 4648 and without padding, stand for; nothing
/// where that is no text.
pub fn base64_word(word: &str) -> Option<String> {
    let plain = word.bytes().map(|b| match b {
        b'-' => b'+',
        b'_' => b'/',
        b => b,
    });
    let plain: Vec<u8> = plain.collect();
    // Six bits alone are no byte.
    let whole = plain.get(..plain.len() - usize::from(plain.len() % 4 == 1))?;
    String::from_utf8(LAX.decode(whole).ok()?).ok()
}
