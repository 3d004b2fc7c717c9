//! Masking: the sender's own contacts in what the sender wrote or quoted are replaced by what the
//! recipient may see instead. This is no policy: it happens in every mode.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::{memchr2_iter, memmem};
use regex::Regex;

use super::edit::{Edits, Why};
use crate::domain::{AliasAddress, Secrets, Sightings, is_unseen, lines_of, lowered, push_folded};
use crate::mail::{SegmentKind, Text, base_subject, sighting};

/// What stands in place of the sender's secrets.
#[derive(Debug)]
pub(super) struct Masks<'a> {
    pub secrets: &'a Secrets,
    /// Stands for the sender's address.
    pub alias: &'a AliasAddress,
    /// Stands for the sender's hidden name.
    pub shown_name: &'a str,
    /// Stands for a link to the sender's own domain.
    pub removed_link: &'a str,
    /// Stands for any address in what the recipient wrote.
    pub removed_address: &'a str,
    /// What the recipient wrote or was shown before: to change it would tell the recipient which
    /// of many guesses was right.
    pub known: &'a Sightings,
}

#[allow(clippy::unwrap_used)] // the patterns are constants that every test compiles
mod pattern {
    use super::{LazyLock, Regex};

    /// What could be an address (RFC 5321 §4.1.2 Mailbox, dot-string, with RFC 6531 letters).
    pub static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]+@[\p{L}\p{N}.-]*[\p{L}\p{N}]").unwrap()
    });
    /// What could be a host name with what clings to it, as in a link.
    pub static HOST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:https?://)?(?P<host>(?:[\p{L}\p{N}-]+\.)+[\p{L}\p{N}-]+)(?::\d+)?(?:[/?#][^\s<>]*)?",
        )
        .unwrap()
    });
}

impl Masks<'_> {
    /// Adds what must be masked in a body.
    pub fn mark_text(&self, text: &Text, edits: &mut Edits) {
        let repeated = sighting::repeated(text, self.known);
        self.mark_contacts(&text.body, &repeated, edits);
        self.mark_repeated(&text.body, &repeated, edits);
        self.mark_person(&text.body, &margins(text, self), edits);
    }

    /// Adds what must be masked in a line of the header: all of it is margin.
    pub fn mark_line(&self, line: &str, edits: &mut Edits) {
        self.mark_contacts(line, &[], edits);
        // A short subject is remembered as a whole, without the marks of answering.
        let base = base_subject(line);
        let offset = line.len() - base.len();
        let mut seen = sighting::seen(base, self.known);
        seen.iter_mut().for_each(|r| *r = r.start + offset..r.end + offset);
        let whole = std::iter::once(0..line.len()).collect();
        self.mark_person(line, &without(whole, &seen), edits);
    }

    /// Every address in what the reader wrote, whosever it is, and nothing else: one that was left
    /// among those that are gone would be a wrong guess, and the other way round.
    fn mark_repeated(&self, text: &str, repeated: &[Range<usize>], edits: &mut Edits) {
        let mut marked = 0;
        for stretch in repeated {
            let words = text.get(stretch.clone()).unwrap_or_default();
            for (at, _) in words.match_indices(['@', '＠']) {
                let at = stretch.start + at;
                if at < marked {
                    continue;
                }
                let line = line_around(text, at);
                let found = pattern::ADDRESS.find_iter(text.get(line.clone()).unwrap_or_default());
                let mut found = found.map(|m| line.start + m.start()..line.start + m.end());
                // What stands around it in no usual way goes with the whole line.
                let range = found.find(|found| found.contains(&at)).unwrap_or(line);
                marked = range.end;
                edits.replace(range, self.removed_address, Why::Contact);
            }
        }
    }

    /// Own contacts outside of the stretches `but`.
    fn mark_contacts(&self, text: &str, but: &[Range<usize>], edits: &mut Edits) {
        let is_out = |range: &Range<usize>| {
            !but.iter().any(|but| but.start <= range.start && range.end <= but.end)
        };
        let mut masked: Vec<Range<usize>> = self.spaced(text);
        masked.retain(is_out);
        for range in &masked {
            edits.replace(range.clone(), self.alias.to_string(), Why::Contact);
        }
        let addresses = text.contains('@').then(|| pattern::ADDRESS.find_iter(text));
        for found in addresses.into_iter().flatten() {
            // "mailto:jane@…", "'jane@…": a shorter tail of the match may be the address.
            if let Some(at) = self.address_at(found.as_str()) {
                let range = found.start() + at..found.end();
                if is_out(&range) {
                    edits.replace(range.clone(), self.alias.to_string(), Why::Contact);
                    masked.push(range);
                }
            }
        }
        // Most texts name none: they are not cut into hosts.
        let lower = lowered(text);
        if !self
            .secrets
            .domains
            .iter()
            .any(|d| memmem::find(lower.as_bytes(), d.as_bytes()).is_some())
        {
            return;
        }
        for found in pattern::HOST.captures_iter(text) {
            if let (Some(all), Some(host)) = (found.get(0), found.name("host"))
                && self.secrets.holds_domain(host.as_str())
                && is_out(&all.range())
                && !masked.iter().any(|m| m.contains(&host.start()))
            {
                match address_before(text, all.start()) {
                    Some(start) => {
                        edits.replace(start..all.end(), self.alias.to_string(), Why::Contact)
                    }
                    None => edits.replace(all.range(), self.removed_link, Why::Contact),
                }
            }
        }
    }

    /// A buyer must be able to give a delivery name or an engraving: prose is left alone.
    fn mark_person(&self, text: &str, margins: &[Range<usize>], edits: &mut Edits) {
        if !self.secrets.mentions_person(text) {
            return;
        }
        let mut found: Vec<Range<usize>> =
            self.secrets.local_parts.iter().flat_map(|l| whole_words(text, l)).collect();
        if self.secrets.hidden_name.is_some() {
            let letters = Letters::of(text);
            let spellings = self.secrets.name_spellings();
            let forms = spellings.iter().flat_map(|name| name_forms(name));
            found.extend(forms.flat_map(|form| letters.matches(&form)));
        }
        found.retain(|f| margins.iter().any(|m| m.start <= f.start && f.end <= m.end));
        for range in found {
            edits.replace(range, self.shown_name, Why::Person);
        }
    }

    /// The secret addresses that have spaces, a line end or unseen characters inside of them.
    fn spaced(&self, text: &str) -> Vec<Range<usize>> {
        let addresses = self.secrets.addresses.iter().map(|a| a.reveal().to_lowercase());
        let mut found: Vec<Range<usize>> =
            addresses.flat_map(|address| spaced(text, &address)).collect();
        found.sort_by_key(|range| (range.start, range.end));
        found
    }

    /// Where in this match the secret address begins: at its start, or behind a character that
    /// commonly clings to an address.
    fn address_at(&self, found: &str) -> Option<usize> {
        let clings = |c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-'));
        let behind =
            found.char_indices().filter(|(_, c)| clings(*c)).map(|(at, c)| at + c.len_utf8());
        let first = found.chars().next().map_or(0, char::len_utf8);
        [0, first]
            .into_iter()
            .chain(behind)
            .find(|at| found.get(*at..).is_some_and(|tail| self.secrets.holds_address(tail)))
    }
}

/// The line in which this place is, without its end.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let end = text.get(at..).and_then(|behind| behind.find('\n')).map_or(text.len(), |n| at + n);
    start..end
}

/// Characters that may stand inside of an address at one place.
const MOST_BETWEEN: usize = 12;

/// Every place where an address stands with something inside of it that is no part of it.
fn spaced(text: &str, address: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(first) = address.chars().next() else { return found };
    if text.is_ascii() && first.is_ascii() {
        return spaced_in_ascii(text, address, first);
    }
    let mut before = ' ';
    let mut last = ' ';
    for (at, c) in text.char_indices() {
        let begins = match c.is_ascii() {
            true => c.to_ascii_lowercase() == first,
            false => c.to_lowercase().eq([first]),
        };
        let joined = || matches!(last, '.' | '_' | '-' | '+') && before.is_alphanumeric();
        if begins && !last.is_alphanumeric() && !joined() {
            found.extend(spaced_at(text, at, address));
        }
        (before, last) = (last, c);
    }
    found
}

/// The same in ASCII, where only what may begin one is looked at.
fn spaced_in_ascii(text: &str, address: &str, first: char) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let before = |at: usize, by: usize| at.checked_sub(by).and_then(|at| bytes.get(at)).copied();
    let is_word = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let joins = |byte: Option<u8>| matches!(byte, Some(b'.' | b'_' | b'-' | b'+'));
    let (lower, upper) = (first.to_ascii_lowercase() as u8, first.to_ascii_uppercase() as u8);
    memchr2_iter(lower, upper, bytes)
        .filter(|at| !is_word(before(*at, 1)))
        .filter(|at| !(joins(before(*at, 1)) && is_word(before(*at, 2))))
        .filter_map(|at| spaced_at(text, at, address))
        .collect()
}

/// The address that begins here, if something stands inside of it.
fn spaced_at(text: &str, at: usize, address: &str) -> Option<Range<usize>> {
    let mut rest = text.get(at..)?;
    let mut between = 0;
    for wanted in address.chars() {
        let mut skipped = 0;
        loop {
            let c = rest.chars().next()?;
            rest = rest.get(c.len_utf8()..)?;
            if c.to_lowercase().eq([wanted]) || (wanted == '@' && c == '＠') {
                break;
            }
            let is_between = c.is_whitespace() || is_unseen(c) || matches!(c, '>' | '|');
            skipped += 1;
            if !is_between || skipped > MOST_BETWEEN {
                return None;
            }
        }
        between += skipped;
    }
    let mut behind = rest.chars();
    let ends = match behind.next() {
        Some('.' | '-') => !behind.next().is_some_and(char::is_alphanumeric),
        Some(c) => !c.is_alphanumeric(),
        None => true,
    };
    (ends && between > 0).then(|| at..text.len() - rest.len())
}

/// Where the local part begins that stands before this place, if an `@` stands between: with
/// characters that are not seen, or a line break, inside of it.
fn address_before(text: &str, at: usize) -> Option<usize> {
    let unseen = |c: char| c.is_whitespace() || is_unseen(c);
    let before = text.get(..at)?.trim_end_matches(unseen);
    let local = before.strip_suffix('@').or_else(|| before.strip_suffix('＠'))?;
    let local = local.trim_end_matches(unseen);
    let mut start = local.len();
    let mut broken = false;
    for (at, c) in local.char_indices().rev().take(80) {
        match c {
            // A client that wraps an address breaks it once.
            '\n' if !broken && start < local.len() => broken = true,
            '<' | '(' | '[' | '"' | ':' | ',' | ';' => break,
            c if c.is_whitespace() => break,
            _ => start = at,
        }
    }
    (start < local.len()).then_some(start)
}

/// Takes out what turns the direction of reading around: it shows an address that nobody wrote.
pub(super) fn without_overrides(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    text.chars().filter(|c| !is_override(*c)).collect()
}

/// Turns the direction of reading around.
pub(super) fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Where a person's name does not belong to what was written now: attribution lines, signatures,
/// what is quoted and was not seen before, a name alone below the greetings. Everywhere, where the
/// admin wants it so.
fn margins(text: &Text, masks: &Masks<'_>) -> Vec<Range<usize>> {
    let body = &text.body;
    if masks.secrets.in_prose {
        let whole = std::iter::once(0..body.len()).collect();
        return without(whole, &sighting::seen_of(text, masks.known));
    }
    let mut margins = Vec::new();
    let mut quotes = Vec::new();
    let mut signed = false;
    for segment in &text.segments {
        match segment.kind {
            SegmentKind::Attribution | SegmentKind::Signature => {
                margins.push(segment.range.clone())
            }
            SegmentKind::Quote => quotes.push(segment.range.clone()),
            SegmentKind::New => {
                margins.extend(margin_lines(body, segment.range.clone(), &mut signed));
            }
        }
    }
    if !quotes.is_empty() {
        margins.extend(without(quotes, &sighting::seen_of(text, masks.known)));
    }
    margins
}

/// Lines of new text that are none: all below a signature mark that was too long to be taken for
/// one, what a phone adds, and the last line where it stands alone below a comma or the like.
fn margin_lines(body: &str, range: Range<usize>, signed: &mut bool) -> Vec<Range<usize>> {
    let mut at = range.start;
    let mut lines = Vec::new();
    for line in lines_of(body.get(range).unwrap_or_default()) {
        lines.push((at..at + line.len(), line.trim()));
        at += line.len();
    }
    let last = lines.iter().rposition(|(_, line)| !line.is_empty());
    let mut margins = Vec::new();
    let mut above = "";
    for (number, (range, line)) in lines.iter().enumerate() {
        let is_last = Some(number) == last && number > 0;
        // "Please engrave:" asks for the name below it.
        if *signed || line.starts_with("Sent from ") || (is_last && !above.ends_with(':')) {
            margins.push(range.clone());
        }
        *signed |= *line == "--";
        if !line.is_empty() {
            above = line;
        }
    }
    margins
}

/// What is left of ranges when others are taken away. Both in order.
fn without(ranges: Vec<Range<usize>>, away: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    for range in ranges {
        let mut at = range.start;
        for gone in away.iter().filter(|a| a.end > range.start && a.start < range.end) {
            if gone.start > at {
                left.push(at..gone.start);
            }
            at = at.max(gone.end);
        }
        if at < range.end {
            left.push(at..range.end);
        }
    }
    left
}

/// Every place where a word stands as a whole word, without letter case.
fn whole_words(text: &str, word: &str) -> Vec<Range<usize>> {
    matches(text, &regex::escape(word))
}

/// How a full name is written in the margins of a mail, as patterns: as it is, with middle names
/// or initials, with the family name first.
fn name_forms(name: &str) -> Vec<String> {
    let words: Vec<String> = name
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|w| !w.is_empty())
        .map(regex::escape)
        .collect();
    match words.as_slice() {
        [] => vec![],
        [only] => vec![only.clone()],
        [first, .., last] => vec![
            words.join(r"[\s_.-]+"),
            format!(r"{first}(?:[\s_]+[\p{{L}}.'-]+){{0,2}}[\s_.-]+{last}"),
            format!(r"{last}[\s_.-]*,?[\s_.-]*{first}"),
        ],
    }
}

/// Every place where a pattern matches whole words, without letter case.
fn matches(text: &str, pattern: &str) -> Vec<Range<usize>> {
    let Ok(regex) = Regex::new(&format!("(?i){pattern}")) else { return vec![] };
    let whole = |r: &Range<usize>| {
        let before = text.get(..r.start).and_then(|t| t.chars().next_back());
        let after = text.get(r.end..).and_then(|t| t.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    regex.find_iter(text).map(|m| m.range()).filter(whole).collect()
}

/// A text as names are compared in it, and where each byte of that stands in the text itself.
struct Letters {
    folded: String,
    places: Vec<Range<usize>>,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self { folded: String::with_capacity(text.len()), places: Vec::new() };
        for (at, c) in text.char_indices() {
            let place = at..at + c.len_utf8();
            let before = letters.folded.len();
            push_folded(c, &mut letters.folded);
            match letters.folded.len() - before {
                // A mark goes with its letter.
                0 => {
                    if let Some(last) = letters.places.last_mut() {
                        last.end = place.end;
                    }
                }
                more => letters.places.extend(std::iter::repeat_n(place, more)),
            }
        }
        letters
    }

    fn matches(&self, pattern: &str) -> Vec<Range<usize>> {
        let place = |at: usize| self.places.get(at);
        let found = matches(&self.folded, pattern).into_iter();
        found
            .filter_map(|r| Some(place(r.start)?.start..place(r.end.checked_sub(1)?)?.end))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail;

    fn masked(text: &str, known: &[&str]) -> String {
        masked_in(text, known, false)
    }

    fn masked_in(text: &str, known: &[&str], in_prose: bool) -> String {
        let secrets = Secrets {
            addresses: vec!["jane.roe@roes.example".parse().unwrap()],
            domains: vec!["roes.example".into()],
            hidden_name: Some("Jane Roe".into()),
            local_parts: vec!["jane.roe".into()],
            in_prose,
        };
        let alias = AliasAddress::new("alias", "relay.example");
        let known = sighting::sighted(known);
        let masks = Masks {
            secrets: &secrets,
            alias: &alias,
            shown_name: "Jane",
            removed_link: "[removed: link]",
            removed_address: "[removed: e-mail address]",
            known: &known,
        };
        let text = mail::segment(text.to_owned());
        let mut edits = Edits::default();
        masks.mark_text(&text, &mut edits);
        edits.apply(&text.body)
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(masked(text, &[]), expected);
    }

    #[test]
    fn the_senders_address_becomes_the_alias_in_whatever_form_it_stands() {
        for before in ["", "> "] {
            let check = |text: &str, expected: &str| {
                check(&format!("{before}{text}"), &format!("{before}{expected}"));
            };
            check("write to jane.roe@roes.example.", "write to alias@relay.example.");
            check("<mailto:Jane.Roe+x@ROES.example>", "<mailto:alias@relay.example>");
            check("'jane.roe@roes.example'", "'alias@relay.example'");
            check("see https://www.roes.example/me?x=1 now", "see [removed: link] now");
            check("other@mail.example", "other@mail.example");
            check("jane.\u{ad}roe\u{200b}@roes.example", "alias@relay.example");
            check("j\u{430}ne@ roes.example", "alias@relay.example");
        }
        check("<jane.\nroe@roes.example>", "<alias@relay.example>");
        check("write jane . roe @ roes . example !", "write alias@relay.example !");
        check("> jane.roe@roes.\n> example now", "> alias@relay.example now");
        check("mary.jane.roe@other.example", "mary.jane.roe@other.example");
    }

    #[test]
    fn the_full_name_is_hidden_in_attributions_and_signatures_but_not_in_what_is_written_now() {
        check("Hi\n\nOn Monday Jane  Roe wrote:\n> x\n", "Hi\n\nOn Monday Jane wrote:\n> x\n");
        check("Hi\n\n-- \nJANE ROE\n", "Hi\n\n-- \nJane\n");
        check("Hi\n> From: Roe, Jane <x>\n", "Hi\n> From: Jane <x>\n");
        check("Hi\n> Jane M. Roe wrote\n", "Hi\n> Jane wrote\n");
        check("Kind regards,\nJane Roe\n", "Kind regards,\nJane\n");
        check("Hi\nSent from Jane Roe's phone\nbye\n", "Hi\nSent from Jane's phone\nbye\n");
        check("Please engrave:\nJane Roe\n", "Please engrave:\nJane Roe\n");
        check("Deliver to Jane Roe, thanks\nbye\n", "Deliver to Jane Roe, thanks\nbye\n");
        check("Hi\n> Janet Roebuck\n", "Hi\n> Janet Roebuck\n");
        check("Hi\n> J\u{e1}ne R\u{f3}e wrote\n", "Hi\n> Jane wrote\n");
        check("Hi\n> JA\u{301}NE ROE\u{301}, yes\n", "Hi\n> Jane, yes\n");
        let long = format!("Hi\n\n-- \nJane Roe\n{}", "This mail is secret. ".repeat(200));
        assert!(!masked(&long, &[]).contains("Jane Roe"));
    }

    #[test]
    fn nobody_is_named_in_prose_where_that_is_not_wanted() {
        let hidden = |text: &str, known: &[&str]| masked_in(text, known, true);
        assert_eq!(hidden("Please engrave:\nJane Roe\n", &[]), "Please engrave:\nJane\n");
        assert_eq!(
            hidden("I am jane.roe, or Roe, Jane.\nBye\n", &[]),
            "I am Jane, or Jane.\nBye\n"
        );
        let said = "so this is for Jane Roe of the upper floor then";
        assert_eq!(hidden(&format!("Yes\n> {said}\n"), &[said]), format!("Yes\n> {said}\n"));
    }

    #[test]
    fn a_guess_that_is_quoted_back_is_not_told_right_from_wrong() {
        let guess = "Are you Jane Doe or Jane Roe or Jane Poe? jane.doe jane.roe jane.poe";
        let quoted = format!("No.\n> {guess}\n");
        assert_eq!(masked(&quoted, &[guess]), quoted);
        assert_ne!(masked(&quoted, &[]), quoted, "the sender's own quote of who knows what");
    }

    #[test]
    fn of_a_list_of_addresses_that_is_quoted_back_none_is_told_from_the_others() {
        let list = "We wrote to john@other.example and jane.roe@roes.example and \"x\"@y.example\nat roes.example or other.example today";
        let quoted = format!("No.\n> {}\n", list.replace('\n', "\n> "));
        let gone = "[removed: e-mail address]";
        // The mark of a quote is no part of the words: the line goes with it.
        assert_eq!(
            masked(&quoted, &[list]),
            format!("No.\n{gone}\n> at roes.example or other.example today\n")
        );
        let plain = "Is it john@other.example or jane.roe@roes.example or roes.example then";
        let quoted = format!("No.\n> {plain}\n");
        assert_eq!(
            masked(&quoted, &[plain]),
            format!("No.\n> Is it {gone} or {gone} or roes.example then\n")
        );
        // What the reader did not write is the sender's own, to the end.
        assert!(!masked(&quoted, &[]).contains("roes.example"));
        assert!(masked(&format!("{plain}\n"), &[plain]).contains("alias@relay.example"));
    }
}
