//! Runs of digits in all the ways in which people write them: the candidates of `phone-number`.

use std::ops::Range;

use super::lexicon::LEXICON;
use super::number_words::{self, Part};
use super::tokens::{Kind, Tokens};
use super::view::View;

/// Digits that stand together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// ASCII digits.
    pub digits: String,
    /// Its tokens.
    pub tokens: Range<usize>,
    /// Its bytes: in a Japanese run without blanks the figures are only a part of the token.
    pub bytes: Range<usize>,
    /// Number words, not figures.
    pub spoken: bool,
    /// Letters or emoji in place of figures.
    pub disguised: bool,
    /// What stands between this group and the one before.
    pub gap: String,
}

/// Groups that could be one number.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub groups: Vec<Group>,
    /// A `+` stands before it.
    pub plus: bool,
    /// With the `+` and the opening bracket.
    pub start: usize,
}

impl Run {
    /// The token after the last.
    pub fn end(&self) -> usize {
        self.groups.last().map_or(self.start, |g| g.tokens.end)
    }
}

/// Most groups that are taken into one run: bounds the work on a page of digits.
const GROUPS: usize = 24;

/// Most words between two parts of a number that is told in pieces.
const FILLERS: usize = 4;

/// The run that begins at token `i`, if one does.
pub(super) fn run(view: &View<'_>, tokens: &Tokens<'_>, i: usize) -> Option<Run> {
    match tokens.kind(i)? {
        // Most words, and what stands between them.
        Kind::Word if !tokens.may_count(i) && tokens.word(i) != Some("plus") => return None,
        Kind::Mark('(' | '+') | Kind::Word => {}
        Kind::Blank | Kind::Mark(_) => return None,
    }
    // Several rules look for runs, most of which are none.
    if tokens.is_barren(i) {
        return None;
    }
    let run = run_from(view, tokens, i);
    if run.is_none() {
        tokens.mark_barren(i);
    }
    run
}

fn run_from(view: &View<'_>, tokens: &Tokens<'_>, i: usize) -> Option<Run> {
    let mut start = i;
    let mut at = i;
    let mut plus = false;
    if tokens.is_mark(at, '(') {
        at += 1;
    }
    if tokens.is_mark(at, '+')
        || (tokens.word(at) == Some("plus") && group(view, tokens, at + 2).is_some())
    {
        plus = true;
        at = tokens.skip_blank(at + 1);
    }
    if tokens.is_mark(at, '(') {
        at += 1;
    }
    let first = group(view, tokens, at)?;
    if first.tokens.start > i && !plus && !tokens.is_mark(i, '(') {
        start = first.tokens.start;
    }
    let mut groups = vec![first];
    while groups.len() < GROUPS {
        let last = groups.last()?;
        let heard = groups.iter().any(|g| g.spoken);
        // "0803, then 123": what begins like a number is told on.
        let told = heard || plus || groups.first().is_some_and(|g| g.digits.starts_with('0'));
        let length: usize = groups.iter().map(|g| g.digits.len()).sum();
        let open = told && !heard && !plus && (3..8).contains(&length);
        let Some(next) = next_group(view, tokens, last, heard, told, open) else { break };
        groups.push(next);
    }
    Some(Run { groups, plus, start })
}

fn next_group(
    view: &View<'_>,
    tokens: &Tokens<'_>,
    last: &Group,
    heard: bool,
    told: bool,
    open: bool,
) -> Option<Group> {
    let mut gap = String::new();
    let mut at = between(tokens, last.tokens.end, &mut gap)?;
    // "0803 (that's my landline) 123 4567"
    if last.digits.starts_with('0')
        && tokens.is_mark(at.saturating_sub(1), '(')
        && group(view, tokens, at).is_none()
    {
        let close = (at..at + 12).find(|&j| tokens.is_mark(j, ')'))?;
        gap.push('…');
        at = between(tokens, close + 1, &mut gap)?;
    }
    if gap.is_empty() && !last.spoken && tokens.word(at)?.is_ascii() {
        return None;
    }
    for _ in 0..FILLERS {
        if !(told && LEXICON.fillers.contains(tokens.word(at)?)) {
            break;
        }
        gap.push('…');
        at = between(tokens, at + 1, &mut gap)?;
    }
    // "0803 abeg no vex 123 4567": chat in a number that has only begun.
    for _ in 0..FILLERS {
        if !open || group(view, tokens, at).is_some() || !is_chat(tokens.word(at)?) {
            break;
        }
        gap.push('…');
        at = between(tokens, at + 1, &mut gap)?;
    }
    let filled = gap.contains('…');
    let next = group(view, tokens, at).or_else(|| with_extension(tokens, at, last));
    let mut next = next?;
    let words = heard || next.spoken || filled;
    let fits = |c: char| match c {
        ' ' | '\n' | '.' | '-' | '/' | '(' | ')' | '~' | '*' | '|' | '_' | '…' | '·' | '•' => {
            true
        }
        // Lists and amounts: "40, 41, 42", "1,500,000"; between words it is a pause.
        ',' | ';' | '\'' | '"' | '、' => words,
        // "zéro six : 39 98"
        ':' => last.spoken,
        c => !c.is_ascii() && !matches!(c, '€' | '£' | '¥' | '₦' | '×' | '°' | '、' | '。'),
    };
    if !gap.chars().all(fits) {
        return None;
    }
    next.gap = gap;
    Some(next)
}

/// "978-645-9740x111": the last figures of an American number with its extension. A size has no group
/// of three figures before it.
fn with_extension(tokens: &Tokens<'_>, at: usize, last: &Group) -> Option<Group> {
    let (digits, extension) = tokens.word(at)?.split_once('x')?;
    let figures = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let fits = figures(digits) && digits.len() == 4 && last.digits.len() == 3;
    (fits && figures(extension) && (2..=6).contains(&extension.len())).then(|| Group {
        digits: digits.to_owned(),
        tokens: at..at + 1,
        bytes: tokens.bytes(&(at..at + 1)),
        spoken: false,
        disguised: false,
        gap: String::new(),
    })
}

/// A word that says nothing of what the figures around it are.
fn is_chat(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_lowercase())
        && word.len() > 1
        && !LEXICON.is_unit(word)
        && !LEXICON.labels.has(word)
        && !LEXICON.labels_beside.has(word)
        && !matches!(word, "to" | "by" | "bis" | "has" | "and" | "mit" | "seats" | "from")
}

/// The next word, over blanks and marks that are added to the gap.
fn between(tokens: &Tokens<'_>, from: usize, gap: &mut String) -> Option<usize> {
    let mut at = from;
    for _ in 0..20 {
        match tokens.kind(at)? {
            Kind::Word => break,
            Kind::Blank if tokens.skip_blank(at) == at => return None,
            _ => gap.push_str(tokens.text.get(tokens.bytes(&(at..at + 1)))?),
        }
        at += 1;
    }
    Some(at)
}

/// The digits at one place: figures, figures with look-alike letters, or number words.
fn group(view: &View<'_>, tokens: &Tokens<'_>, i: usize) -> Option<Group> {
    let word = tokens.word(i).filter(|_| tokens.may_count(i))?;
    let figures = |digits: String, disguised: bool| Group {
        digits,
        tokens: i..i + 1,
        bytes: tokens.bytes(&(i..i + 1)),
        spoken: false,
        disguised,
        gap: String::new(),
    };
    if word.bytes().all(|b| b.is_ascii_digit()) {
        let keycap = view.words(&tokens.bytes(&(i..i + 1))).contains('\u{20e3}');
        // Emoji stand one by one; together they are one group all the same.
        return Some(figures(word.to_owned(), keycap));
    }
    if let Some(digits) = look_alike(word) {
        return Some(figures(digits, true));
    }
    // In a Japanese sentence without blanks the figures are a part of the word.
    let stretch = (!word.is_ascii()).then(|| LEXICON.numbers.stretch(word)).flatten();
    if let Some(stretch) = stretch.filter(|s| s.bytes != (0..word.len())) {
        let from = tokens.bytes(&(i..i + 1)).start;
        let bytes = from + stretch.bytes.start..from + stretch.bytes.end;
        let digits = number_words::digits(&stretch.parts);
        return Some(Group { spoken: true, bytes, ..figures(digits, true) });
    }
    spoken(tokens, i)
}

/// Whether a lone "o" stands in a run of English figures: three of them in all.
fn is_zero(tokens: &Tokens<'_>, start: usize, at: usize) -> bool {
    let word_after = |i: usize| match tokens.kind(i + 1) {
        Some(Kind::Mark('-')) => i + 2,
        _ => tokens.skip_blank(i + 1),
    };
    let figure = |i: usize| tokens.word(i).is_some_and(is_english_figure);
    let spoken = |i: usize| figure(i) && tokens.word(i) != Some("o");
    let (next, before) = (word_after(at), at > start);
    let third = word_after(next);
    (before && figure(next)) || (figure(next) && figure(third) && (spoken(next) || spoken(third)))
}

/// Figures in English, beside which a lone "o" is one too.
fn is_english_figure(word: &str) -> bool {
    matches!(
        word,
        "o" | "oh"
            | "zero"
            | "one"
            | "two"
            | "three"
            | "four"
            | "five"
            | "six"
            | "seven"
            | "eight"
            | "nine"
            | "double"
            | "triple"
    )
}

/// Whether a run of number words is one of Nigerian Pidgin, some of whose words are other words
/// elsewhere: three or more, and one that is nothing else.
fn is_pidgin(tokens: &Tokens<'_>, i: usize) -> bool {
    let mut at = i;
    let (mut count, mut sure) = (0, false);
    while let Some(word) = tokens.word(at).filter(|_| count < 16) {
        let known = LEXICON.numbers.has(word) || LEXICON.pidgin.has(word);
        if !known {
            break;
        }
        sure |= matches!(word, "wan" | "faiv" | "siks" | "sevin" | "eit" | "nain");
        count += 1;
        at = tokens.skip_blank(at + 1);
    }
    count > 2 && sure
}

/// "2o2", "ol87", "0803_123": figures with letters that look like some.
fn look_alike(word: &str) -> Option<String> {
    let glued = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if glued.len() + 7 <= word.len() && !glued.is_empty() && LEXICON.phone.has(glued) {
        return word.get(glued.len()..).map(str::to_owned);
    }
    if !word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'o' | b'l' | b'i' | b'_')) {
        return None;
    }
    let figure = word.bytes().any(|b| b.is_ascii_digit());
    // "20l" are litres.
    let litres =
        word.ends_with('l') && word.trim_end_matches('l').bytes().all(|b| b.is_ascii_digit());
    if !figure || litres || word.ends_with('_') || word.starts_with('_') {
        return None;
    }
    Some(
        word.chars()
            .filter_map(|c| match c {
                'o' => Some('0'),
                'l' | 'i' => Some('1'),
                '_' => None,
                c => Some(c),
            })
            .collect(),
    )
}

/// Most pieces of a number that is told in words: bounds the work.
const PARTS: usize = 64;

/// "null drei null", "trente-neuf", "double seven": number words up to a pause.
fn spoken(tokens: &Tokens<'_>, i: usize) -> Option<Group> {
    let pidgin = is_pidgin(tokens, i);
    let mut parts = vec![];
    let (mut at, mut end, mut told) = (i, i, 0);
    while let Some(word) = tokens.word(at).filter(|_| parts.len() < PARTS) {
        let read = LEXICON.numbers.read(word).filter(|_| !is_particle(tokens, at, word));
        let own = || pidgin.then(|| LEXICON.pidgin.get(word)).flatten().map(|part| vec![part]);
        // "O-seven-seven"
        let zero = || (word == "o" && is_zero(tokens, i, at)).then(|| vec![Part::Value(0)]);
        let Some(read) = read.or_else(own).or_else(zero) else { break };
        let says = read.iter().any(|part| !matches!(part, Part::Joint { .. } | Part::Repeat(_)));
        // Nothing is joined yet: "and two".
        if parts.is_empty() && matches!(read.first(), Some(Part::Joint { .. })) {
            break;
        }
        parts.extend(read);
        if says {
            (end, told) = (at + 1, parts.len());
        }
        at = match tokens.kind(at + 1) {
            Some(Kind::Mark('-')) => at + 2,
            _ => tokens.skip_blank(at + 1),
        };
    }
    parts.truncate(told);
    (end > i).then(|| Group {
        digits: number_words::digits(&parts),
        tokens: i..end,
        bytes: tokens.bytes(&(i..end)),
        spoken: true,
        disguised: true,
        gap: String::new(),
    })
}

/// "LEDに", "3に": a syllable that stands right beside something else than a number word is a particle.
fn is_particle(tokens: &Tokens<'_>, at: usize, word: &str) -> bool {
    let kana = word.chars().count() == 1
        && word.starts_with(|c| matches!(c, '\u{3041}'..='\u{30ff}'))
        && !LEXICON.numbers.is_sure(word);
    let other = |j: usize| tokens.word(j).is_some_and(|w| LEXICON.numbers.read(w).is_none());
    kana && (other(at + 1) || at.checked_sub(1).is_some_and(other))
}
