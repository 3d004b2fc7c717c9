//! Japanese words for signs inside of runs without blanks.

use std::ops::Range;

use super::lexicon::LEXICON;
use super::tokens::{Kind, Token};

/// Japanese words for an at and a dot, as they stand inside of a run without blanks.
const SIGNS: [&str; 6] = ["アットマーク", "あっとまーく", "アット", "あっと", "ドット", "どっと"];

/// "アットマークジーメールドットコムまで": the words for signs apart from the names of domains that
/// stand behind them. "あっという間" stays as it is.
pub(super) fn signs_apart(text: &str, list: Vec<Token>) -> Vec<Token> {
    let mut apart = Vec::with_capacity(list.len() + 8);
    for token in list {
        let word = text.get(token.range.clone()).unwrap_or_default();
        if token.kind != Kind::Word || word.is_ascii() {
            apart.push(token);
            continue;
        }
        let Range { start: from, end } = token.range;
        let (mut start, mut at) = (0, 0);
        let mut cut = |piece: Range<usize>| {
            if !piece.is_empty() {
                let range = from + piece.start..from + piece.end;
                apart.push(Token::new(Kind::Word, range));
            }
        };
        while let Some(rest) = word.get(at..).filter(|rest| !rest.is_empty()) {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(0, |s| s.len());
            let after = rest.get(sign..).unwrap_or_default();
            let name = LEXICON.kana_names.iter().find(|(kana, _)| after.starts_with(kana.as_str()));
            let latin = after.is_empty()
                && text
                    .get(end..)
                    .is_some_and(|t| t.starts_with(|c: char| c.is_ascii_alphanumeric()));
            let name = name.map_or(0, |(kana, _)| kana.len());
            if sign > 0 && (name > 0 || latin) {
                cut(start..at);
                cut(at..at + sign);
                cut(at + sign..at + sign + name);
                at += sign + name;
                start = at;
            } else {
                at += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        cut(start..word.len());
    }
    apart
}
