//! Two texts beside one another, in the columns of a page.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// On a narrower page one stands below the other.
pub(super) const NARROWEST: usize = 80;
/// Where nobody says how wide the page is, as in a pipe.
const USUAL: usize = 120;
/// A wider column is harder to read, not easier.
const WIDEST: usize = 200;
/// Lines that are compared each with each, at most: more are set beside one another as they come.
const MOST_COMPARED: usize = 1_000_000;
/// What stands in brackets is kept on one line up to this length.
const LONGEST_MARK: usize = 40;

/// One line on each side, or on one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub left: Option<String>,
    pub right: Option<String>,
    /// What stands between the columns.
    pub mark: char,
}

impl Row {
    /// Marked by what became of the left: the same, other words, gone, or put in.
    pub fn of(left: Option<&str>, right: Option<&str>) -> Self {
        let mark = match (left, right) {
            (Some(left), Some(right)) if left == right => ' ',
            (Some(_), Some(_)) => '|',
            (Some(_), None) => '<',
            (None, Some(_)) => '>',
            (None, None) => ' ',
        };
        Self { left: left.map(str::to_owned), right: right.map(str::to_owned), mark }
    }

    /// Of something that stands on the left alone.
    pub fn left(left: &str, mark: char) -> Self {
        Self { left: Some(left.to_owned()), right: None, mark }
    }
}

/// How wide the page is: as the environment says, as the terminal is, or as pages are.
pub(super) fn page_width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    };
    said.or_else(terminal).unwrap_or(USUAL).min(WIDEST)
}

/// The lines of two texts, those that are the same beside one another.
pub(super) fn aligned(before: &str, after: &str) -> Vec<Row> {
    let (left, right): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let mut rows = Vec::new();
    let (mut l, mut r) = (0, 0);
    for (same_left, same_right) in same_lines(&left, &right) {
        between(&mut rows, &left[l..same_left], &right[r..same_right]);
        rows.push(Row::of(Some(left[same_left]), Some(right[same_right])));
        (l, r) = (same_left + 1, same_right + 1);
    }
    between(&mut rows, &left[l..], &right[r..]);
    rows
}

/// Lines that are not the same: in pairs where one was made from the other.
fn between(rows: &mut Vec<Row>, left: &[&str], right: &[&str]) {
    let mut right = right.iter().peekable();
    for left in left {
        rows.push(match right.next_if(|right| is_made_from(right, left)) {
            Some(right) => Row::of(Some(left), Some(right)),
            None => Row::of(Some(left), None),
        });
    }
    rows.extend(right.map(|right| Row::of(None, Some(right))));
}

/// Whether half of the words of the shorter line stand in the other, or it has a beginning with it.
fn is_made_from(one: &str, other: &str) -> bool {
    let (mut short, mut long): (Vec<&str>, Vec<&str>) =
        (one.split_whitespace().collect(), other.split_whitespace().collect());
    if short.len() > long.len() {
        std::mem::swap(&mut short, &mut long);
    }
    let shared = short.iter().filter(|word| long.contains(word)).count();
    let begins = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    (!short.is_empty() && 2 * shared >= short.len()) || begins >= 4
}

/// The longest run of lines, not necessarily together, that both have.
fn same_lines(left: &[&str], right: &[&str]) -> Vec<(usize, usize)> {
    if left.len().saturating_mul(right.len()) > MOST_COMPARED {
        let pairs = left.iter().zip(right).enumerate();
        return pairs.filter(|(_, (l, r))| l == r).map(|(at, _)| (at, at)).collect();
    }
    // How many are the same from here to the end.
    let width = right.len() + 1;
    let mut longest = vec![0_u32; (left.len() + 1) * width];
    for l in (0..left.len()).rev() {
        for r in (0..right.len()).rev() {
            longest[l * width + r] = if left[l] == right[r] {
                longest[(l + 1) * width + r + 1] + 1
            } else {
                longest[(l + 1) * width + r].max(longest[l * width + r + 1])
            };
        }
    }
    let (mut l, mut r, mut same) = (0, 0, Vec::new());
    while l < left.len() && r < right.len() {
        if left[l] == right[r] {
            same.push((l, r));
            (l, r) = (l + 1, r + 1);
        } else if longest[(l + 1) * width + r] >= longest[l * width + r + 1] {
            l += 1;
        } else {
            r += 1;
        }
    }
    same
}

/// Writes two columns on a page of this width.
pub(super) fn write(rows: &[Row], width: usize, out: &mut impl Write) -> io::Result<()> {
    let column = width.saturating_sub(3) / 2;
    for row in rows {
        let lines = |side: &Option<String>| side.as_ref().map_or(vec![], |s| wrapped(s, column));
        let (left, right) = (lines(&row.left), lines(&row.right));
        for n in 0..left.len().max(right.len()) {
            let side = |lines: &[String]| lines.get(n).cloned().unwrap_or_default();
            let (left, right) = (side(&left), side(&right));
            let room = " ".repeat(column.saturating_sub(left.width()));
            writeln!(out, "{}", format!("{left}{room} {} {right}", row.mark).trim_end())?;
        }
    }
    Ok(())
}

/// A line in lines that are no wider than this; at least one. What stands in brackets stays whole.
fn wrapped(line: &str, column: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for (number, word) in words(&printable(line)).into_iter().enumerate() {
        let wide = word.width();
        let fits = used + 1 + wide <= column;
        if let Some(last) = lines.last_mut().filter(|_| number > 0 && fits) {
            last.push(' ');
            last.push_str(&word);
            used += 1 + wide;
            continue;
        }
        if number > 0 {
            lines.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            let wide = c.width().unwrap_or(0);
            if used + wide > column && used > 0 {
                lines.push(String::new());
                used = 0;
            }
            if let Some(last) = lines.last_mut() {
                last.push(c);
            }
            used += wide;
        }
    }
    lines
}

/// Words with what stands in brackets as one.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for word in line.split(' ') {
        match words.last_mut() {
            Some(last) if open && last.len() + word.len() < LONGEST_MARK => {
                last.push(' ');
                last.push_str(word);
            }
            _ => words.push(word.to_owned()),
        }
        let last = words.last().map_or("", String::as_str);
        open = last.rfind('[') > last.rfind(']');
    }
    words
}

/// What moves the cursor or turns the line around shows as a mark.
fn printable(line: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    line.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(before: &str, after: &str, width: usize) -> String {
        let mut out = Vec::new();
        write(&aligned(before, after), width, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_same_lines_stand_beside_one_another_and_marks_say_what_became_of_the_others() {
        let before = "Hello,\ncall 123.\n> old\n> frame\nBye\n";
        let after = "Hello,\ncall [removed: phone number].\nBye\n\n====\n";
        let marks: String = aligned(before, after).iter().map(|row| row.mark).collect();
        assert_eq!(marks, " |<< >>");
        let marks =
            |before, after| aligned(before, after).iter().map(|row| row.mark).collect::<String>();
        assert_eq!(marks("a b\nc d e\n", "c d [x]\n"), "<|");
        assert_eq!(marks("ランプを注文しました。\n", "ランプを注文し[削除]\n"), "|");
        let narrow = shown(before, after, 51);
        let room = " ".repeat(24 - "call 123.".len());
        let wrapped =
            format!("call 123.{room} | call\n{} | [removed: phone number].\n", " ".repeat(24));
        assert!(narrow.contains(&wrapped), "{narrow}");
        assert!(shown(before, after, 80).contains("| call [removed: phone number]."));
        assert_eq!(shown("", "", 80), "");
    }

    #[test]
    fn wide_letters_and_long_words_keep_the_columns_apart() {
        assert_eq!(wrapped("ランプを注文しました", 10), ["ランプを注", "文しました"]);
        assert_eq!(wrapped("abcdefghij klm", 4), ["abcd", "efgh", "ij", "klm"]);
        assert_eq!(wrapped("  indented", 12), ["  indented"]);
        assert_eq!(wrapped("", 4), [""]);
        assert_eq!(
            wrapped("a [removed: phone number] b", 24),
            ["a", "[removed: phone number]", "b"]
        );
        assert_eq!(wrapped("a\u{202e}b\u{1b}[31m", 20), ["a\u{fffd}b\u{fffd}[31m"]);
        let rows = [Row::of(Some("ランプ"), Some("x"))];
        let mut out = Vec::new();
        write(&rows, 23, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "ランプ     | x\n");
    }

    #[test]
    fn very_long_texts_are_set_beside_one_another_line_by_line() {
        let long = "line\n".repeat(1200);
        let rows = aligned(&long, &format!("{long}more\n"));
        assert_eq!(rows.len(), 1201);
        assert_eq!(rows.last().unwrap(), &Row::of(None, Some("more")));
    }
}
