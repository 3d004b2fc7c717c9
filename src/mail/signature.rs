//! What stands below a person's words: a closing and a name, contact details, what a mail program
//! adds of its own.

use std::borrow::Cow;

use super::introduction::{bare, is_rule};
use super::phrases::PHRASES;

/// Lines of a signature that no separator stands above.
const LINES: usize = 12;

/// The signature separator (RFC 3676 §4.3; many programs lose its space).
pub(super) fn is_separator(line: &str) -> bool {
    line.trim_end() == "--"
}

/// A mail program's own footer, as far as one line can tell.
pub(super) fn is_footer(line: &str) -> bool {
    let line =
        line.trim_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '<' | '>' | '(' | ')'));
    if line.is_empty() || line.len() > 240 {
        return false;
    }
    // What trackers of opened mail leave behind.
    if line == "\u{1427}" {
        return true;
    }
    let line = match line.contains(['[', ']']) {
        true => Cow::Owned(line.replace(['[', ']'], "")),
        false => Cow::Borrowed(line),
    };
    let words = line.split(['<', '(']).next().unwrap_or(&line).trim();
    if words.chars().count() > 80 {
        return false;
    }
    if PHRASES.footer.is_match(words) {
        return true;
    }
    let words = words.trim_end_matches('.');
    let few = words.split_whitespace().count() <= 10;
    few && PHRASES.sending.is_match(words) && PHRASES.device.is_match(words)
}

/// The first line of a signature without a separator of its own, in the last lines that a person
/// wrote. `lines` are numbered and none of them is blank; `gaps` tells whether a blank line stands
/// above the n-th.
pub(super) fn begins(lines: &[&str], gaps: &[bool]) -> Option<usize> {
    let first = lines.len().saturating_sub(LINES + 1);
    by_closing(lines, first).or_else(|| by_rule(lines)).or_else(|| by_contacts(lines, gaps))
}

/// "Kind regards," and below it a name and the like, to the end.
fn by_closing(lines: &[&str], first: usize) -> Option<usize> {
    // With nothing above or below it is what somebody wanted to say.
    let at = (first.max(1)..lines.len().saturating_sub(1))
        .rev()
        .find(|&at| lines.get(at).is_some_and(|line| is_closing(line)))?;
    let below = lines.get(at + 1..)?;
    if below.iter().any(|line| is_sentence(line)) {
        return None;
    }
    let above = at.checked_sub(1).filter(|&above| above > 0);
    match above.and_then(|above| lines.get(above)) {
        Some(line) if is_closing(line) => Some(at - 1),
        _ => Some(at),
    }
}

/// A drawn rule and below it somebody's details, or nothing more.
fn by_rule(lines: &[&str]) -> Option<usize> {
    let first = lines.len().saturating_sub(2 * LINES);
    // The topmost: a signature is often framed.
    let at = (first.max(1)..lines.len())
        .find(|&at| lines.get(at).is_some_and(|line| is_rule_of_signature(line)))?;
    let below: Vec<&str> =
        lines.get(at + 1..)?.iter().copied().filter(|line| !is_rule_of_signature(line)).collect();
    let told = below.is_empty() || below.iter().any(|line| is_contact(line));
    (told && !below.iter().any(|line| is_sentence(line))).then_some(at)
}

fn is_rule_of_signature(line: &str) -> bool {
    is_rule(line) || matches!(line.trim(), "__" | "—" | "–" | "--")
}

/// A last paragraph of a name and contacts. One with other figures in it may be where something
/// is to be sent, which is no signature.
fn by_contacts(lines: &[&str], gaps: &[bool]) -> Option<usize> {
    let first = lines.len().saturating_sub(8).max(1);
    let at = (first..lines.len()).rev().find(|&at| gaps.get(at) == Some(&true))?;
    let block = lines.get(at..).filter(|block| block.len() >= 2)?;
    let (name, rest) = block.split_first()?;
    let asks = lines.get(at.checked_sub(1)?)?.trim_end().ends_with([':', '：', ',']);
    let figures = |line: &str| line.chars().any(|c| c.is_ascii_digit()) && !is_contact(line);
    let named = is_name(name) && rest.iter().any(|line| is_contact(line) || is_device(line));
    (named && !asks && !block.iter().any(|line| is_sentence(line) || figures(line))).then_some(at)
}

fn is_device(line: &str) -> bool {
    line.split_whitespace().count() <= 3 && PHRASES.device.is_match(line)
}

/// "Kind regards," as a line of its own.
fn is_closing(line: &str) -> bool {
    let line = bare(line).trim_end_matches(|c: char| !c.is_alphanumeric()).trim_start_matches('-');
    line.len() <= 60 && PHRASES.closings.contains(line.trim().to_lowercase().as_str())
}

/// One to four words that begin with capitals, without figures.
fn is_name(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    (1..=5).contains(&words.len())
        && line.chars().count() <= 40
        && !line.chars().any(|c| c.is_ascii_digit() || matches!(c, '?' | '!' | ':' | '@'))
        && words.iter().all(|w| w.starts_with(|c: char| c.is_uppercase() || !c.is_lowercase()))
}

/// A line that is nothing but a way to reach somebody: an address, a link, a number.
fn is_contact(line: &str) -> bool {
    let line = bare(line);
    let words = line.split_whitespace().count();
    let reaches = |word: &str| {
        word.contains('@')
            || word.contains("://")
            || word.starts_with("www.")
            || word.contains("<http")
    };
    let digits = line.chars().filter(char::is_ascii_digit).count();
    let others = line
        .chars()
        .filter(|c| !c.is_ascii_digit() && !matches!(c, ' ' | '+' | '-' | '.' | '(' | ')' | '/'))
        .count();
    (words <= 6 && line.split_whitespace().any(reaches)) || (digits >= 6 && others <= 12)
}

/// What a person says, other than what stands in a signature.
fn is_sentence(line: &str) -> bool {
    let line = line.trim();
    let words = line.split_whitespace().count();
    let ends = line.ends_with(['.', '?', '!', '。', '？', '！']);
    words > 12
        || line.chars().count() > 120
        || (ends && words > 5)
        || line.ends_with(['?', '？', '。'])
}
