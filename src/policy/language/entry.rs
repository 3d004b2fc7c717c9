//! One phrase of a language pack: words, beginnings of words, numbers, gaps and choices.

use super::words::cut;
use crate::policy::view::folded;

/// A piece of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// This word.
    Word(String),
    /// Any word that begins so: `review*`.
    Beginning(String),
    /// A number: `#`.
    Number,
    /// Up to [`GAP`] words between: `..`.
    Gap,
    /// One of these: `(would/could)`; an empty one may be left out.
    Choice(Vec<Vec<Piece>>),
}

/// Most words that a gap skips.
pub(super) const GAP: usize = 4;
/// Most words that one written with choices inside may stand for.
const VARIANTS: usize = 200;

/// The pieces of an entry of a language that writes blanks.
pub(super) fn pieces(entry: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = vec![];
    for part in parts(entry)? {
        let inside = part.strip_prefix('(').and_then(|p| p.strip_suffix(')'));
        match inside {
            Some(inside) if !inside.contains('(') => {
                pieces.push(Piece::Choice(inside.split('/').map(plain).collect()));
            }
            _ if part.contains('(') => {
                let all = variants(part)?;
                pieces.push(Piece::Choice(all.iter().map(|words| plain(words)).collect()));
            }
            _ => pieces.extend(plain(part)),
        }
    }
    match (pieces.first(), pieces.last()) {
        (None, _) => Err(format!("{entry:?} holds no word")),
        (Some(Piece::Gap), _) => Err(format!("{entry:?} begins with a gap")),
        (_, Some(Piece::Gap)) => Err(format!("{entry:?} ends with a gap")),
        _ => Ok(pieces),
    }
}

/// The parts of an entry between its blanks; those inside of brackets are none.
fn parts(entry: &str) -> Result<Vec<&str>, String> {
    let mut parts = vec![];
    let (mut start, mut depth) = (0, 0_i32);
    for (at, c) in entry.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            c if c.is_whitespace() && depth == 0 => {
                parts.push(entry.get(start..at).unwrap_or_default());
                start = at + c.len_utf8();
            }
            _ => {}
        }
        if !(0..=1).contains(&depth) {
            return Err(format!("{entry:?} has a bracket inside of a bracket, or a ) too many"));
        }
    }
    if depth != 0 {
        return Err(format!("{entry:?} has a ( without its )"));
    }
    parts.push(entry.get(start..).unwrap_or_default());
    parts.retain(|part| !part.is_empty());
    Ok(parts)
}

/// What a part with brackets in it stands for: `question(s/)` is two words.
fn variants(part: &str) -> Result<Vec<String>, String> {
    let mut all = vec![String::new()];
    let mut rest = part;
    while !rest.is_empty() {
        let (choices, after): (Vec<&str>, &str) = match rest.strip_prefix('(') {
            Some(inside) => {
                let (inside, after) = inside.split_once(')').unwrap_or((inside, ""));
                (inside.split('/').collect(), after)
            }
            None => {
                let (plain, after) = rest.split_at(rest.find('(').unwrap_or(rest.len()));
                (vec![plain], after)
            }
        };
        if all.len() * choices.len() > VARIANTS {
            return Err(format!("{part:?} stands for more than {VARIANTS} words; split it"));
        }
        let grown = all.iter().flat_map(|start| choices.iter().map(move |c| format!("{start}{c}")));
        all = grown.collect();
        rest = after;
    }
    Ok(all)
}

/// Words without brackets.
fn plain(words: &str) -> Vec<Piece> {
    let mut pieces = vec![];
    for part in words.split_whitespace() {
        match part {
            ".." => pieces.push(Piece::Gap),
            "#" => pieces.push(Piece::Number),
            part => {
                let stem = part.strip_suffix('*');
                let folded = folded(stem.unwrap_or(part));
                let words = cut(&folded);
                let last = words.len().saturating_sub(1);
                for (i, word) in words.into_iter().enumerate() {
                    let word = folded.get(word).unwrap_or_default().to_owned();
                    pieces.push(match stem {
                        Some(_) if i == last => Piece::Beginning(word),
                        _ => Piece::Word(word),
                    });
                }
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(word: &str) -> Piece {
        Piece::Word(word.to_owned())
    }

    #[test]
    fn a_phrase_is_words_beginnings_numbers_gaps_and_choices() {
        let expected = vec![
            word("we"),
            word("d"),
            Piece::Gap,
            Piece::Number,
            Piece::Beginning("uberpruf".to_owned()),
        ];
        assert_eq!(pieces("We'd .. # überprüf*").unwrap(), expected);
        let choice =
            Piece::Choice(vec![vec![word("would")], vec![word("do"), word("not")], vec![]]);
        assert_eq!(pieces("(would/do not/) you").unwrap(), [choice, word("you")]);
        let inside = Piece::Choice(vec![vec![word("questions")], vec![word("question")]]);
        assert_eq!(pieces("question(s/)").unwrap(), [inside]);
    }

    #[test]
    fn what_is_no_phrase_is_told() {
        for (wrong, why) in [
            ("", "holds no word"),
            ("?!", "holds no word"),
            (".. a", "begins with a gap"),
            ("a ..", "ends with a gap"),
            ("(a b", "without its )"),
            ("a) b", "a ) too many"),
            ("((a/b) c)", "inside of a bracket"),
        ] {
            let told = pieces(wrong).unwrap_err();
            assert!(told.contains(why), "{wrong:?}: {told}");
        }
        let many = format!("x{}", "(a/b/c/d/e/f/g/h)".repeat(3));
        assert!(pieces(&many).unwrap_err().contains("split it"));
    }
}
