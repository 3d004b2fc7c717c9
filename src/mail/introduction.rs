//! Lines by which mail programs and help desks introduce what they quote or append.

use memchr::memchr;

use super::phrases::PHRASES;

/// How sure it is that a line introduces a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Introduces {
    /// Names a date or an address: a quote follows even without quote marks.
    Surely,
    /// Only if quote marks follow.
    Perhaps,
}

/// Longest introduction, joined over lines, in bytes.
const LONGEST: usize = 600;

/// A line without the asterisks of bold and the white space around it.
pub(super) fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| c.is_whitespace() || c == '*')
}

/// Marked as quoted, in the usual way or with the initials of who wrote it ("JR> text").
pub(super) fn is_quoted(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with(['>', '＞']) {
        return !is_arrowed(line);
    }
    let initials = line.bytes().take(5).take_while(u8::is_ascii_uppercase).count();
    (2..=4).contains(&initials)
        && line
            .get(initials..)
            .and_then(|rest| rest.strip_prefix('>'))
            .is_some_and(|rest| rest.chars().next().is_none_or(|c| c.is_whitespace() || c == '>'))
}

/// GroupWise's head of an unmarked quote: ">>> Jane Roe <jane@mail.example> 2.4.2012 18:26 >>>".
fn is_arrowed(line: &str) -> bool {
    let inner = line.strip_prefix(">>>").and_then(|l| l.trim_end().strip_suffix(">>>"));
    inner.is_some_and(|inner| inner.len() <= 200 && has_date(inner) && !inner.starts_with('>'))
}

/// Whether an introduction may have this line: without one of these, and where its first is not
/// [`begins_dated`], lines introduce nothing. Most lines of most texts.
pub(super) fn may_name(line: &str) -> bool {
    let ends = line.trim_end_matches(|c: char| c.is_whitespace() || c == '*');
    ends_open(ends) || memchr(b'@', line.as_bytes()).is_some()
}

/// Whether a line begins with a date, as older Gmail's introductions do.
pub(super) fn begins_dated(line: &str) -> bool {
    // What is taken off its end is no part of a date.
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || c == '*');
    line.starts_with(|c: char| c.is_ascii_digit()) && has_date(date_of(line))
}

/// Where a date stands that a line begins with: it is 20 bytes long at most.
fn date_of(line: &str) -> &str {
    let end = line.char_indices().map(|(at, _)| at).find(|at| *at >= 24);
    line.get(..end.unwrap_or(line.len())).unwrap_or_default()
}

fn ends_open(text: &str) -> bool {
    text.ends_with([':', '：'])
}

/// Whether the joined lines introduce a quote.
pub(super) fn introduces(text: &str) -> Option<Introduces> {
    let text = bare(text);
    if text.len() > LONGEST || text.is_empty() {
        return None;
    }
    let address = text.contains('@');
    if !ends_open(text) {
        return without_colon(text, address);
    }
    let wrote = PHRASES.wrote.is_match(text);
    let dated = has_date(text);
    match (wrote, dated, address) {
        (true, true, _) if address || PHRASES.opens.is_match(text) => Some(Introduces::Surely),
        (true, _, true) if text.contains('<') => Some(Introduces::Surely),
        // A date and "<address>:" say it in any language, as does "by address:".
        (false, true, true) if ends_with_writer(text) => Some(Introduces::Surely),
        (true, ..) => Some(Introduces::Perhaps),
        _ => None,
    }
}

/// Programs that lose the colon, or never had it.
fn without_colon(text: &str, address: bool) -> Option<Introduces> {
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    // "On Wed, 14 Nov 2018 Jane Roe <jane@mail.example> wrote".
    let told =
        || has_date(text) && PHRASES.opens.is_match(text) && PHRASES.ends_with_wrote.is_match(text);
    // Older Gmail: "2013/11/1 Jane Roe <jane@mail.example>", and where the address was taken out
    // "2016-03-03 17:21 GMT+01:00 Jane Roe".
    let zoned = || {
        let head = date_of(text).as_bytes();
        let at = head.windows(4).position(|w| w == b" GMT")?;
        let (date, name) = (text.get(..at)?, text.get(at + 4..)?);
        let name = name.split_whitespace().count();
        (has_date(date) && (2..=7).contains(&name)).then_some(())
    };
    match address {
        true if told() => Some(Introduces::Surely),
        true if digit && text.ends_with('>') => Some(Introduces::Perhaps),
        false if digit && zoned().is_some() => Some(Introduces::Surely),
        _ => None,
    }
}

/// "… <jane@mail.example>:", "… by jane@mail.example:".
fn ends_with_writer(text: &str) -> bool {
    let text = text.trim_end_matches([':', '：']).trim_end();
    if text.ends_with('>') {
        return true;
    }
    let mut words = text.rsplit(char::is_whitespace);
    let address = words.next().is_some_and(|word| word.contains('@'));
    address && words.next().is_some_and(|word| PHRASES.by.contains(word.to_lowercase().as_str()))
}

/// Whether an introduction over several lines may begin with this line: `Surely` where it opens
/// as one, `Perhaps` where it only holds what one holds.
pub(super) fn may_begin(line: &str) -> Option<Introduces> {
    let line = bare(line);
    if line.len() > LONGEST {
        return None;
    }
    if PHRASES.opens.is_match(line) {
        return Some(Introduces::Surely);
    }
    // "Jane Roe <jane@mail.example> schrieb am Di., 16. Aug.", "pe 20. lokakuuta 2017 klo 17.50".
    let wrote = || line.contains('@') && PHRASES.wrote.is_match(line);
    (has_date(line) || wrote()).then_some(Introduces::Perhaps)
}

/// A year, a time of day or a day in figures.
fn has_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    bytes.iter().enumerate().any(|(at, b)| match b {
        // "1998", "2026".
        b'1' | b'2' => {
            let century = (*b, bytes.get(at + 1).copied());
            matches!(century, (b'1', Some(b'9')) | (b'2', Some(b'0')))
                && is_digit(at + 2)
                && is_digit(at + 3)
        }
        // "8:26", "18h26".
        b':' | b'h' => at > 0 && is_digit(at - 1) && is_digit(at + 1) && is_digit(at + 2),
        // "2.4.12", "02/04/12".
        b'.' | b'/' | b'-' => {
            let second = if is_digit(at + 2) { at + 3 } else { at + 2 };
            at > 0
                && is_digit(at - 1)
                && is_digit(at + 1)
                && bytes.get(second) == Some(b)
                && is_digit(second + 1)
        }
        _ => false,
    })
}

/// Characters of which rules are drawn.
fn draws(c: char) -> bool {
    matches!(c, '-' | '_' | '=' | '*' | '~' | '#' | '+')
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2500}' | '\u{2501}' | '\u{ff0d}' | '\u{30fc}')
}

/// "-----Original Message-----" and its kin: everything below is quoted.
pub(super) fn is_separator(line: &str) -> bool {
    let line = line.trim();
    if line.len() > 300 {
        return false;
    }
    if is_arrowed(line) {
        return true;
    }
    if line.chars().take_while(|c| draws(*c)).count() < 2 {
        let line = bare(line);
        return PHRASES.marks(line) && PHRASES.marker.is_match(line);
    }
    let inner = line.trim_matches(|c| draws(c) || c == ' ');
    let named = match line.ends_with(draws) {
        true => PHRASES.separator.is_match(inner),
        false => PHRASES.begins_with_separator.is_match(inner),
    };
    // Zoho: "---- On Tue, 22 Dec 2015 … wrote ----".
    named || (line.ends_with("--") && has_date(line) && PHRASES.wrote.is_match(line))
}

/// A help desk's "please type your reply above this line": what stands above it is new, and where
/// nothing does, the desk itself writes below it.
pub(super) fn is_reply_line(line: &str) -> bool {
    let line = line.trim();
    // A person may speak of it; the desks' own line is drawn or short.
    let drawn = line.starts_with(draws) || line.starts_with('[') || line.ends_with(draws);
    if line.len() > 200 || (!drawn && line.len() > 60) {
        return false;
    }
    PHRASES.above.is_match(line)
}

/// A rule as Outlook and others draw it above a header block or a signature.
pub(super) fn is_rule(line: &str) -> bool {
    let line = line.trim();
    let mut drawn = line.chars();
    let first = drawn.next();
    first.is_some_and(draws)
        && drawn.clone().count() >= 2
        && drawn.all(|c| Some(c) == first || c == ' ')
}
