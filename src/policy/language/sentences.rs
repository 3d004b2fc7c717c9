//! Where sentences and their clauses end.

use std::ops::Range;

use memchr::{memchr_iter, memchr3_iter};

use crate::domain::run_of;
use crate::policy::view::View;

/// Longest sentence in bytes: what has no full stop is cut at a blank.
const LONGEST: usize = 600;

/// Short words before a full stop that ends no sentence, if a capital or figure follows.
const ABBREVIATED: &[&str] = &[
    "nr", "no", "art", "mr", "mrs", "ms", "dr", "st", "str", "ul", "sr", "sra", "ref", "tel", "ca",
    "bzw", "ggf", "evtl", "inkl", "incl", "zzgl", "approx", "np", "m", "mme", "sig", "prof", "bv",
    "mevr", "dhr", "szt", "tzn", "pag", "max", "min", "vs", "inc", "ltd", "num", "nro", "bijv",
];

/// The sentences of a text, in order; white space at their ends is left out.
pub(super) fn sentences(view: &View<'_>) -> Vec<Range<usize>> {
    let text = view.text.as_str();
    let mut all = vec![];
    let mut start = 0;
    let mut line_start = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        // What nothing ends in, as far as a sentence may be long.
        let room = (LONGEST + start).saturating_sub(at);
        let near = rest.as_bytes().get(..room).unwrap_or(rest.as_bytes());
        let ends = |b: u8| (b == b'.') | (b == b'!') | (b == b'?') | (b == b'\n');
        let plain = run_of(near, |b| b.is_ascii() & !ends(b));
        if plain > 0 {
            at += plain;
            continue;
        }
        let Some(c) = rest.chars().next() else { break };
        let end = at + c.len_utf8();
        let after = || text.get(end..).unwrap_or_default();
        let ends = match c {
            '。' => true,
            '!' | '?' | '…' => {
                !after().starts_with(['!', '?', '…', ')']) && !within_word(after())
            }
            '.' => ends_at_stop(text.get(start..at).unwrap_or_default(), after()),
            '\n' => {
                let line = text.get(line_start..at).unwrap_or_default();
                line_start = end;
                ends_at_line(view, line, end)
            }
            c => end - start > LONGEST && (c == ' ' || c == '、' || end - start > 2 * LONGEST),
        };
        if ends {
            push(&mut all, text, start..end);
            start = end;
        }
        at = end;
    }
    push(&mut all, text, start..text.len());
    all
}

fn push(all: &mut Vec<Range<usize>>, text: &str, range: Range<usize>) {
    let words = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (words.len() - words.trim_start().len());
    let end = start + words.trim().len();
    if words.chars().any(char::is_alphanumeric) {
        all.push(start..end);
    } else if let Some(last) = all.last_mut()
        && start < end
    {
        // A lone "?" or ":)" belongs to what it stands behind.
        last.end = end;
    }
}

/// `g!ft`, `a?b`
fn within_word(after: &str) -> bool {
    after.starts_with(|c: char| c.is_ascii_lowercase())
        && after.chars().take(3).all(|c| c.is_ascii_lowercase())
        && after.chars().take_while(char::is_ascii_lowercase).count() < 3
}

fn ends_at_stop(before: &str, after: &str) -> bool {
    let word: &str = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let figure = word.ends_with(|c: char| c.is_ascii_digit());
    match after.chars().next() {
        None => true,
        // "ok.Thanks", but neither "r.e.v.i.e.w" nor "3.5"
        Some(c) if c.is_alphabetic() => {
            let spelled = after.chars().nth(1) == Some('.');
            word.chars().count() > 1 && !figure && !spelled
        }
        Some(c) if c.is_whitespace() => {
            let next = after.trim_start().chars().next();
            // "on the 3. of", "no. 5": a figure before and no capital can't be told here.
            let short = word.chars().count() == 1 || ABBREVIATED.contains(&word);
            let number = next.is_some_and(|c| c.is_ascii_digit()) && word.len() <= 4 && !figure;
            !(short || number)
        }
        Some(')' | '"' | '”' | '»' | '\'' | '’') => true,
        _ => false,
    }
}

/// A line's end ends a sentence, unless the line is only broken: it has no mark at its end and the
/// next one goes on in small letters.
fn ends_at_line(view: &View<'_>, line: &str, next: usize) -> bool {
    let after = view.text.get(next..).unwrap_or_default();
    let Some(first) = after.chars().next() else { return true };
    let line = line.trim_end();
    if line.is_empty() || after.trim_start_matches(' ').starts_with('\n') {
        return true;
    }
    if line.ends_with([',', ':', ';', '.', '!', '?', '。', '-', '~', '*', '=']) {
        return true;
    }
    let wide = |c: char| matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}');
    if wide(first) && line.ends_with(wide) {
        return false;
    }
    let original = view.words(&(next..next + first.len_utf8()));
    !original.chars().next().is_some_and(char::is_lowercase)
}

/// Where a colon, a semicolon or a dash ends a clause, in bytes of the original text, in no order.
pub(super) fn clause_ends(view: &View<'_>, range: &Range<usize>) -> Vec<usize> {
    let text = view.slice(range.clone());
    let bytes = text.as_bytes();
    let mut ends = vec![];
    // The longer dashes begin with this byte in UTF-8.
    let (marks, dashes) = (memchr3_iter(b':', b';', b'-', bytes), memchr_iter(0xe2, bytes));
    for at in marks.chain(dashes) {
        let (before, rest) = text.split_at(at);
        let mut rest = rest.chars();
        let mark = rest.next().filter(|c| matches!(c, ':' | ';' | '-' | '–' | '—'));
        let Some(mark) = mark else { continue };
        let opens = rest.as_str().starts_with(char::is_whitespace);
        let apart = || at == 0 || before.ends_with(char::is_whitespace);
        if opens && (matches!(mark, ':' | ';') || apart()) {
            ends.push(view.source(&(range.start + at..range.start + at + mark.len_utf8())).start);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let view = View::new(text);
        let found: Vec<&str> = sentences(&view).iter().map(|r| view.words(r)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn a_sentence_ends_where_a_reader_would_end_it() {
        check("Hi Jane,\nthank you! How are you?", &["Hi Jane,", "thank you!", "How are you?"]);
        check("ok.Thanks for it.We send 3.5 m.", &["ok.", "Thanks for it.", "We send 3.5 m."]);
        check("A r.e.v.i.e.w for No. 5 and Mr. Roe.", &["A r.e.v.i.e.w for No. 5 and Mr. Roe."]);
        check("please leave\nus a review\n\nBye", &["please leave\nus a review", "Bye"]);
        check("Kind regards\nMarta\nLumo Lamps", &["Kind regards", "Marta", "Lumo Lamps"]);
        check("お世話に\nなります。はい", &["お世話に\nなります。", "はい"]);
        check("Really?? :)", &["Really?? :)"]);
    }
}
