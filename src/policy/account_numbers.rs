//! Numbers and addresses to which money is sent, each with its check digits: IBAN (ISO 13616),
//! Polish account numbers, Bitcoin and its kin (Base58Check, BIP 173, BIP 350), Ethereum (EIP-55).

use std::borrow::Cow;
use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;

use memchr::memchr_iter;
use sha2::{Digest, Sha256};
use sha3::Keccak256;
use unicode_normalization::UnicodeNormalization;

use crate::domain::Certainty;

use super::found::Found;
use super::tokens::{Kind, Tokens};
use super::trie::Trie;
use super::view::View;

/// Length of an IBAN by country (the registry of ISO 13616, release 99).
const IBAN_LENGTHS: &str = "ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 bi27 br29 by28 ch21 cr22 \
    cy28 cz24 de22 dj27 dk18 do28 ee20 eg29 es24 fi18 fk18 fo18 fr27 gb22 ge22 gi23 gl18 gr27 gt28 \
    hn28 hr21 hu28 ie22 il23 iq23 is26 it27 jo30 kw30 kz20 lb28 lc32 li21 lt20 lu20 lv21 ly25 mc27 \
    md24 me22 mk19 mn20 mr27 mt31 mu30 ni28 nl18 no15 om23 pk24 pl28 ps29 pt25 qa29 ro24 rs22 ru33 \
    sa24 sc31 sd18 se24 si19 sk24 sm27 so23 st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20 ye30";

static IBANS: LazyLock<Trie<usize>> = LazyLock::new(|| {
    let mut ibans = Trie::default();
    for entry in IBAN_LENGTHS.split_whitespace() {
        let (country, length) = entry.split_at(2);
        ibans.put(country, |of| *of = length.parse().unwrap_or_default());
    }
    ibans
});

/// Tokens of one number with its blanks: bounds the work at each place.
const REACH: usize = 72;

/// All of them, in order and apart.
pub(super) fn find(view: &View<'_>, tokens: &Tokens<'_>) -> Vec<Found> {
    let mut found = vec![];
    let mut i = 0;
    while i < tokens.list.len() {
        let hit = account(tokens, i).map(|t| (t, Certainty::Certain));
        let Some((range, certainty)) = hit.or_else(|| coin(view, tokens, i)) else {
            i += 1;
            continue;
        };
        found.push(Found { certainty, range: tokens.bytes(&range) });
        i = range.end.max(i + 1);
    }
    found
}

/// An IBAN, or a Polish account number without its country, from this token on.
fn account(tokens: &Tokens<'_>, start: usize) -> Option<Range<usize>> {
    let word = tokens.word(start).filter(|w| w.is_ascii())?;
    let first = word.chars().next()?;
    // It does not begin in the middle of something longer.
    let joined =
        start > 0 && matches!(tokens.kind(start - 1), Some(Kind::Word | Kind::Mark('-' | '.')));
    if joined {
        return None;
    }
    if first.is_ascii_digit() {
        return polish(tokens, start);
    }
    let country = if word.len() == 1 {
        // "E S 9 1 - 2100"
        Cow::Owned(format!("{word}{}", tokens.word(start + 2)?))
    } else {
        Cow::Borrowed(word.get(..2)?)
    };
    let length = *IBANS.get(&country)?;
    let (text, end) = gather(tokens, start, length)?;
    is_iban(&text).then_some(start..end)
}

fn polish(tokens: &Tokens<'_>, start: usize) -> Option<Range<usize>> {
    if !tokens.word(start)?.bytes().all(|b| b.is_ascii_digit() || b == b'_') {
        return None;
    }
    let (text, end) = gather(tokens, start, 26)?;
    (text.bytes().all(|b| b.is_ascii_digit()) && is_iban(&format!("pl{text}")))
        .then_some(start..end)
}

/// Exactly so many letters and digits from a token on, over blanks and hyphens, up to the end of a
/// token; and the token after them.
fn gather(tokens: &Tokens<'_>, start: usize, length: usize) -> Option<(String, usize)> {
    let mut text = String::with_capacity(length);
    for i in start..start + REACH {
        match tokens.kind(i)? {
            Kind::Word => {
                let word = tokens.word(i).filter(|w| w.is_ascii())?;
                let letters = word.bytes().filter(u8::is_ascii_alphanumeric).count();
                if text.len() + letters > length {
                    return None;
                }
                text.extend(word.chars().filter(char::is_ascii_alphanumeric));
                // "It is for you" begins as an Italian one does, and has no check digits.
                if text.len() >= 4 && !text.bytes().skip(2).take(2).all(is_check) {
                    return None;
                }
                if text.len() == length {
                    return Some((text, i + 1));
                }
            }
            Kind::Blank if tokens.skip_blank(i) > i => {}
            Kind::Mark('-' | '.' | '/' | '·' | '_' | '*') => {}
            _ => return None,
        }
    }
    None
}

/// A check digit, or a letter that looks like one.
fn is_check(byte: u8) -> bool {
    byte.is_ascii_digit() || b"oli".contains(&byte)
}

/// ISO 7064 mod 97-10 over the moved number. Letters that look like digits count as these where no
/// letter can stand.
fn is_iban(text: &str) -> bool {
    let checks = |text: &str| {
        let (head, rest) = text.split_at(4);
        let value = |remainder: Option<u32>, c: char| {
            let digit = c.to_digit(36)?;
            let base = if digit > 9 { 100 } else { 10 };
            Some((remainder? * base + digit) % 97)
        };
        rest.chars().chain(head.chars()).fold(Some(0), value) == Some(1)
    };
    // One run of words in 97 would have right check digits too.
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let check = text.bytes().skip(2).take(2).all(is_check);
    if text.len() < 15 || !text.is_ascii() || digits < 8 || !check {
        return false;
    }
    let figures = || {
        let (country, rest) = text.split_at(2);
        let figure = |c| match c {
            'o' => '0',
            'l' | 'i' => '1',
            c => c,
        };
        let rest: String = rest.chars().map(figure).collect();
        format!("{country}{rest}")
    };
    checks(text) || checks(&figures())
}

/// An address of a cryptographic currency.
fn coin(view: &View<'_>, tokens: &Tokens<'_>, start: usize) -> Option<(Range<usize>, Certainty)> {
    let word = tokens.word(start).filter(|w| w.is_ascii())?;
    let one = start..start + 1;
    // Of most words their length tells that they are none.
    if word.len() < 24 || word.len() > 110 {
        return None;
    }
    if is_bech32(word) {
        return Some((one, Certainty::Certain));
    }
    // A word of ASCII has no other mark in it.
    let letters = word.len() - memchr_iter(b'_', word.as_bytes()).count();
    if letters != HEX && !BASE58_LENGTHS.contains(&letters) {
        return None;
    }
    // Upper and lower case tell apart, so the letters are read where they were written.
    let written = view.words(&tokens.bytes(&one));
    let written: String = match written.is_ascii() {
        true => written.chars().filter(char::is_ascii_alphanumeric).collect(),
        false => written.nfkc().filter(char::is_ascii_alphanumeric).collect(),
    };
    let hex = written.strip_prefix("0x").or_else(|| written.strip_prefix("0X"));
    if let Some(hex) = hex.filter(|hex| hex.len() + 2 == HEX) {
        let is_hex = hex.bytes().all(|b| b.is_ascii_hexdigit());
        // 40 hexadecimal digits after 0x are nothing else that a shop writes, and money can be sent
        // to them in whatever case; what carries its check is no slip and no chance.
        let certainty = if is_checked(hex) { Certainty::Certain } else { Certainty::Likely };
        return is_hex.then_some((one, certainty));
    }
    is_base58_check(&written).then_some((one, Certainty::Certain))
}

/// Letters of an Ethereum address, with the 0x before it.
const HEX: usize = 42;

/// EIP-55: the hash of the digits in lower case says which letters stand in upper case.
fn is_checked(hex: &str) -> bool {
    let hash = Keccak256::digest(hex.to_ascii_lowercase());
    hex.chars().enumerate().all(|(at, c)| {
        let byte = hash.get(at / 2).copied().unwrap_or_default();
        let half = if at % 2 == 0 { byte >> 4 } else { byte & 15 };
        c.is_ascii_digit() || c.is_ascii_uppercase() == (half > 7)
    })
}

/// Letters of 25 bytes.
const BASE58_LENGTHS: RangeInclusive<usize> = 26..=35;

const BASE58: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// A version byte, 20 bytes and four of their double SHA-256: Bitcoin, Litecoin, Dogecoin, Tron.
fn is_base58_check(text: &str) -> bool {
    if !BASE58_LENGTHS.contains(&text.len()) {
        return false;
    }
    let mut bytes = [0_u8; 25];
    for c in text.chars() {
        let Some(value) = BASE58.find(c) else { return false };
        let mut carry = value;
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).unwrap_or_default();
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let (body, check) = bytes.split_at(21);
    Sha256::digest(Sha256::digest(body)).get(..4) == Some(check)
}

const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// `bc1…`, `ltc1…`: BIP 173 and BIP 350.
fn is_bech32(text: &str) -> bool {
    let Some((prefix, data)) = text.split_once('1') else { return false };
    if !matches!(prefix, "bc" | "tb" | "ltc" | "addr" | "doge" | "grs" | "cosmos") || data.len() < 8
    {
        return false;
    }
    let mut sum: u32 = 1;
    let mut step = |value: u32| {
        let top = sum >> 25;
        sum = ((sum & 0x1ff_ffff) << 5) ^ value;
        for (bit, generator) in [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3]
            .into_iter()
            .enumerate()
        {
            if top >> bit & 1 == 1 {
                sum ^= generator;
            }
        }
    };
    prefix.bytes().for_each(|b| step(u32::from(b >> 5)));
    step(0);
    prefix.bytes().for_each(|b| step(u32::from(b & 31)));
    for c in data.chars() {
        let Some(value) = BECH32.find(c).and_then(|v| u32::try_from(v).ok()) else { return false };
        step(value);
    }
    sum == 1 || sum == 0x2bc8_30a3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let view = View::new(text);
        let tokens = Tokens::new(&view.text);
        find(&view, &tokens).iter().map(|f| view.words(&f.range).to_owned()).collect()
    }

    #[test]
    fn a_number_with_right_check_digits_is_found_however_it_is_grouped() {
        for words in [
            "DE89 3704 0044 0532 0130 00",
            "DE89370400440532013000",
            "de89-3704-0044-0532-0130-00",
            "DE89 37O4 OO44 O532 O13O OO",
            "E S 9 1 - 2100 - 0418 - 4502 - 0005 - 1332",
            "NL91 ABNA 0417 1643 00",
            "GB29 NWBK 6016 1331 9268 19",
            "FR14 2004 1010 0505 0001 3M02 606",
            "IT60 X054 2811 1010 0000 0123 456",
            "PT50 0002 0123 1234 5678 9015 4",
            "PL61 1090 1014 0000 0712 1981 2874",
            "61 1090 1014 0000 0712 1981 2874",
            "DE\u{200b}89 ３７０４ 0044 0532 0130 00",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        ] {
            assert_eq!(found(&format!("to {words}, please")), [words], "{words}");
        }
    }

    #[test]
    fn an_ethereum_address_is_certain_where_its_letters_check() {
        // The test vectors of EIP-55, and one of them with a letter in the other case.
        for (written, certainty) in [
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", Certainty::Certain),
            ("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", Certainty::Certain),
            ("0x52908400098527886E0F7030069857D2E4169EE7", Certainty::Certain),
            ("0xde709f2102306220921060314715629080e2fb77", Certainty::Certain),
            ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", Certainty::Likely),
            ("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", Certainty::Likely),
            ("0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", Certainty::Likely),
        ] {
            let view = View::new(written);
            let found = find(&view, &Tokens::new(&view.text));
            assert_eq!(found.iter().map(|f| f.certainty).collect::<Vec<_>>(), [certainty]);
        }
        assert_eq!(found("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe"), [""; 0]);
    }

    #[test]
    fn a_number_with_wrong_check_digits_is_none() {
        for text in [
            "DE88 3704 0044 0532 0130 00",
            "NL91 ABNA 0417 1643 01",
            "61 1090 1014 0000 0712 1981 2875",
            "9400 1000 0000 0000 0000 0000 17",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
            "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
            "commit 5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "JJD000390000000111, 1Z999AA10123456784",
            "FR00 999 999 999, DE123456789",
            "Fill in the form first. By the intermittent disruptions.",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
