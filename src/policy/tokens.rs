//! The view cut into words, blanks and marks, and the grammar of addresses over them: labels,
//! dots and ats in all the ways in which people write them.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use super::domains;
use super::kana::signs_apart;
use super::lexicon::{LEXICON, Sign, SignWord, Signs};
use super::view::View;
use crate::domain::run_of;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters and digits of one kind of script, and `_`.
    Word,
    /// White space.
    Blank,
    /// One other character.
    Mark(char),
}

/// A stretch of the folded text.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub kind: Kind,
    pub range: Range<usize>,
    known: Known,
    /// A blank of 8 bytes and two line ends at most.
    is_short: bool,
    /// No run of digits begins here: somebody has looked.
    is_barren: Cell<bool>,
}

/// What the lexicon says of a word, looked up once for all who ask.
#[derive(Debug, Clone, Copy, Default)]
struct Known {
    signs: Option<&'static Signs>,
    opens_provider: bool,
    may_count: bool,
}

impl Token {
    pub fn new(kind: Kind, range: Range<usize>) -> Self {
        Self { kind, range, known: Known::default(), is_short: false, is_barren: Cell::new(false) }
    }
}

impl Known {
    fn of(word: &str) -> Self {
        let figures = word.bytes().any(|b| b.is_ascii_digit());
        Self {
            signs: LEXICON.signs(word, figures),
            opens_provider: domains::begins_provider(word, figures),
            may_count: figures || LEXICON.may_count(word),
        }
    }
}

/// The tokens of a view.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    pub text: &'a str,
    pub list: Vec<Token>,
}

/// A text folded and cut.
pub(super) type Cut<'v> = (&'v View<'v>, &'v Tokens<'v>);

/// How a dot was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dot {
    /// `a.b`
    Plain,
    /// `a .b`, `a . b`, over lines
    Spaced,
    /// `a dot b`, where the ending may be an ordinary word
    Doubtful,
    /// `a dot b`
    Word,
    /// `a[.]b`, `a (dot) b`
    Bracketed,
}

/// A domain as it was found.
#[derive(Debug, Clone)]
pub(super) struct Host<'a> {
    /// Its labels, each with the token after it.
    pub labels: Vec<(Cow<'a, str>, usize)>,
    /// How the dots between them were written: one less than labels.
    pub dots: Vec<Dot>,
    /// Its first token.
    pub start: usize,
}

impl Host<'_> {
    /// The name with real dots, lower case.
    pub fn name(&self) -> String {
        self.labels.iter().map(|l| l.0.as_ref()).collect::<Vec<_>>().join(".")
    }

    /// Its tokens.
    pub fn tokens(&self) -> Range<usize> {
        self.start..self.labels.last().map_or(self.start, |l| l.1)
    }

    /// Drops labels at the end.
    pub fn cut(&mut self, labels: usize) {
        self.labels.truncate(labels);
        self.dots.truncate(labels.saturating_sub(1));
    }

    /// The first label.
    pub fn first(&self) -> &str {
        self.labels.first().map_or("", |l| l.0.as_ref())
    }

    /// The last label.
    pub fn ending(&self) -> &str {
        self.labels.last().map_or("", |l| l.0.as_ref())
    }
}

/// Longest run of labels or spelled letters that is looked at from one place: bounds the work.
const REACH: usize = 40;

#[derive(PartialEq, Eq, Clone, Copy)]
enum Script {
    Ascii,
    Katakana,
    Other,
}

fn script(c: char) -> Option<Script> {
    match c {
        '_' => Some(Script::Ascii),
        c if c.is_ascii_alphanumeric() => Some(Script::Ascii),
        '\u{30a1}'..='\u{30fa}' | '\u{30fc}' => Some(Script::Katakana),
        c if c.is_alphanumeric() => Some(Script::Other),
        _ => None,
    }
}

/// Bytes of the run of ASCII letters, digits and `_` that begins here.
fn ascii_word(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    run_of(rest, |b| b.is_ascii_alphanumeric() | (b == b'_'))
}

impl<'a> Tokens<'a> {
    /// Cuts a folded text.
    pub fn new(text: &'a str) -> Self {
        // A word and a blank have five letters or so between them.
        let mut list: Vec<Token> = Vec::with_capacity(text.len() / 3);
        let mut last = None;
        let mut at = 0;
        while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
            let now = match c {
                // The mark of a long vowel goes with whatever it stands behind: "じーめーる".
                'ー' if last == Some(Script::Other) => last,
                c => script(c),
            };
            let kind = match now {
                Some(_) => Kind::Word,
                None if c.is_whitespace() => Kind::Blank,
                None => Kind::Mark(c),
            };
            let end = match now {
                // Most words are looked at as one.
                Some(Script::Ascii) => at + ascii_word(text, at),
                _ => at + c.len_utf8(),
            };
            match list.last_mut() {
                Some(token)
                    if token.kind == kind && now == last && !matches!(kind, Kind::Mark(_)) =>
                {
                    token.range.end = end;
                }
                _ => list.push(Token::new(kind, at..end)),
            }
            last = now;
            at = end;
        }
        // Most texts have neither.
        if !text.is_ascii() && (text.contains("っと") || text.contains("ット")) {
            list = signs_apart(text, list);
        }
        for token in &mut list {
            let words = text.get(token.range.clone()).unwrap_or_default();
            match token.kind {
                Kind::Word => token.known = Known::of(words),
                Kind::Blank => {
                    let ends = || words.bytes().filter(|b| *b == b'\n').count();
                    token.is_short = words.len() <= 8 && ends() <= 2;
                }
                Kind::Mark(_) => {}
            }
        }
        Self { text, list }
    }

    /// The kind of a token.
    pub fn kind(&self, i: usize) -> Option<Kind> {
        #[cfg(test)]
        super::steps::take();
        self.list.get(i).map(|t| t.kind)
    }

    /// The word at a token; nothing where it is no word.
    pub fn word(&self, i: usize) -> Option<&'a str> {
        #[cfg(test)]
        super::steps::take();
        let token = self.list.get(i).filter(|t| t.kind == Kind::Word)?;
        self.text.get(token.range.clone())
    }

    /// What is known of the word at a token as one for this sign, if it is one.
    pub fn sign(&self, i: usize, sign: Sign) -> Option<&'static SignWord> {
        self.list.get(i)?.known.signs?.of(sign)
    }

    /// Whether at a token stands a word that is no sign, nor one letter of a sign that is spelled
    /// out: most words.
    pub fn is_plain_word(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|token| {
            let word = self.text.get(token.range.clone()).unwrap_or_default();
            token.kind == Kind::Word && token.known.signs.is_none() && word.chars().nth(1).is_some()
        })
    }

    /// Whether the word at a token may go on to be a provider's name.
    pub fn opens_provider(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|token| token.known.opens_provider)
    }

    /// Whether the word at a token may be a number, or a part of one.
    pub fn may_count(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|token| token.known.may_count)
    }

    /// Remembers that no run of digits begins at a token.
    pub fn mark_barren(&self, i: usize) {
        if let Some(token) = self.list.get(i) {
            token.is_barren.set(true);
        }
    }

    /// Whether it is known that no run of digits begins at a token.
    pub fn is_barren(&self, i: usize) -> bool {
        self.list.get(i).is_some_and(|token| token.is_barren.get())
    }

    /// Whether this token is that mark.
    pub fn is_mark(&self, i: usize, mark: char) -> bool {
        self.kind(i) == Some(Kind::Mark(mark))
    }

    /// The bytes of a run of tokens.
    pub fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        let start = self.list.get(tokens.start).map_or(self.text.len(), |t| t.range.start);
        let end = tokens.end.checked_sub(1).and_then(|i| self.list.get(i));
        start..end.map_or(start, |t| t.range.end).max(start)
    }

    /// The token after a short blank (8 bytes, two line ends); the same token where there is none.
    pub fn skip_blank(&self, i: usize) -> usize {
        match self.list.get(i) {
            Some(blank) if blank.is_short => i + 1,
            _ => i,
        }
    }

    /// `[at]`, `(dot)`, `<.>`: the token after the closing bracket.
    fn bracketed(&self, i: usize, sign: Sign) -> Option<usize> {
        let close = match self.kind(i)? {
            Kind::Mark('(') => ')',
            Kind::Mark('[') => ']',
            Kind::Mark('{') => '}',
            Kind::Mark('<') => '>',
            Kind::Mark(quote @ ('"' | '\'' | '|')) => quote,
            Kind::Mark('“') => '”',
            Kind::Mark('«') => '»',
            Kind::Mark('「') => '」',
            Kind::Mark('【') => '】',
            _ => return None,
        };
        let inside = self.skip_blank(i + 1);
        let fits = match self.kind(inside)? {
            Kind::Mark('@') => sign == Sign::At,
            Kind::Mark('.') => sign == Sign::Dot,
            Kind::Word => {
                let spelled = sign == Sign::At && self.word(inside) == Some("a");
                spelled || self.sign(inside, sign).is_some()
            }
            _ => false,
        };
        let end = self.skip_blank(inside + 1);
        (fits && self.is_mark(end, close)).then_some(end + 1)
    }

    /// The same mark before and after a word: `a-dot-b`, `a*at*b`.
    fn is_hemmed(&self, i: usize) -> bool {
        match self.kind(i) {
            Some(Kind::Mark(mark @ ('-' | '*' | '~' | '=' | '/' | ':'))) => {
                self.is_mark(i + 2, mark)
            }
            _ => false,
        }
    }

    /// A dot between two labels, in any way: the token after it.
    pub fn dot(&self, i: usize) -> Option<(usize, Dot)> {
        let after = self.skip_blank(i);
        if self.is_plain_word(after) {
            return None;
        }
        let blank = after > i;
        if self.is_mark(after, '.') {
            let next = self.skip_blank(after + 1);
            return match (blank, next > after + 1) {
                (false, false) => Some((next, Dot::Plain)),
                (true, _) => Some((next, Dot::Spaced)),
                // "end. New sentence"
                (false, true) => None,
            };
        }
        if let Some(next) = self.bracketed(after, Sign::Dot) {
            return Some((self.skip_blank(next), Dot::Bracketed));
        }
        if let Some((end, _)) = self.spelled_sign(after, Sign::Dot).filter(|_| blank) {
            return Some((self.skip_blank(end), Dot::Word));
        }
        // "a-dot-b"
        let dashed = self.is_hemmed(after);
        let at = if dashed { after + 1 } else { after };
        let word = self.word(at)?;
        let sign = self.sign(at, Sign::Dot)?;
        let next = self.skip_blank(if dashed { at + 2 } else { at + 1 });
        // Between ASCII words a blank is needed; Japanese writes none.
        if word.is_ascii() && !dashed && (!blank || next == at + 1) {
            return None;
        }
        let doubtful = self.word(next).is_some_and(|w| sign.ambiguous.contains(w));
        Some((next, if doubtful { Dot::Doubtful } else { Dot::Word }))
    }

    /// An at between a name and a domain: the token after it and how sure it is.
    pub fn at(&self, i: usize) -> Option<(usize, At)> {
        let after = self.skip_blank(i);
        if self.is_plain_word(after) {
            return None;
        }
        let blank = after > i;
        if self.is_mark(after, '@') {
            // "a@@b"
            let last = (after..after + 3).take_while(|&j| self.is_mark(j, '@')).last()?;
            let next = self.skip_blank(last + 1);
            let at = if blank || next > last + 1 { At::Spaced } else { At::Plain };
            return Some((next, at));
        }
        if let Some(next) = self.bracketed(after, Sign::At) {
            return Some((self.skip_blank(next), At::Bracketed));
        }
        if let Some((end, weak)) = self.spelled_sign(after, Sign::At).filter(|_| blank) {
            return Some((self.skip_blank(end), if weak { At::Weak } else { At::Word }));
        }
        let dashed = self.is_hemmed(after);
        let at = if dashed { after + 1 } else { after };
        let word = self.word(at)?;
        let sign = self.sign(at, Sign::At)?;
        let next = self.skip_blank(if dashed { at + 2 } else { at + 1 });
        if word.is_ascii() && !dashed && (!blank || next == at + 1) {
            return None;
        }
        Some((next, if sign.weak { At::Weak } else { At::Word }))
    }

    /// `d o t`, `a t`: the token after it, and whether it is an ordinary word.
    fn spelled_sign(&self, i: usize, sign: Sign) -> Option<(usize, bool)> {
        self.word(i).filter(|w| w.len() == 1)?;
        let (text, end) = self.spelled(i);
        let word = LEXICON.sign(sign, &text).filter(|_| text.len() > 1)?;
        Some((end, word.weak))
    }

    /// A label of a domain or name: `brass-lamps`, `g m a i l`, `brass Bindestrich lamps`.
    pub fn label(&self, i: usize) -> Option<(Cow<'a, str>, usize)> {
        let word = self.word(i)?;
        if let Some(label) = (!word.is_ascii()).then(|| LEXICON.kana_name(word)).flatten() {
            return Some((Cow::Borrowed(label), i + 1));
        }
        let mut text = Cow::Borrowed(word);
        let mut end = i + 1;
        if text.chars().nth(1).is_none() {
            let (spelled, after) = self.spelled(i);
            if after > i + 3 {
                return Some((Cow::Owned(spelled), after));
            }
        }
        for _ in 0..REACH {
            let (joint, next) = if self.is_mark(end, '-') && self.word(end + 1).is_some() {
                ('-', end + 1)
            } else {
                let at = self.skip_blank(end);
                let joint = match self.list.get(at).filter(|_| at > end).and_then(|t| t.known.signs)
                {
                    Some(signs) if signs.of(Sign::Dash).is_some() => '-',
                    Some(signs) if signs.of(Sign::Underscore).is_some() => '_',
                    _ => break,
                };
                (joint, self.skip_blank(at + 1))
            };
            // "a-dot-b", "a-at-b": the joint belongs to the sign.
            let Some(word) = self.word(next) else { break };
            let is_sign = |sign| self.sign(next, sign).is_some();
            if joint == '-'
                && self.is_mark(next + 1, '-')
                && (is_sign(Sign::Dot) || is_sign(Sign::At))
            {
                break;
            }
            let text = text.to_mut();
            text.push(joint);
            text.push_str(word);
            end = next + 1;
        }
        Some((text, end))
    }

    /// Single letters with blanks between them, put together.
    fn spelled(&self, i: usize) -> (String, usize) {
        let single = |at: usize| self.word(at).filter(|w| w.chars().count() == 1);
        let mut text = String::new();
        let mut end = i;
        while let Some(letter) = single(end).filter(|_| text.len() < REACH) {
            text.push_str(letter);
            end += 1;
            if self.kind(end) == Some(Kind::Blank) && single(end + 1).is_some() {
                end += 1;
            } else {
                break;
            }
        }
        (text, end)
    }

    /// A run of labels with dots between them; at least one label.
    pub fn host(&self, i: usize) -> Option<Host<'a>> {
        let mut host = Host { labels: vec![self.label(i)?], dots: vec![], start: i };
        while let Some((next, dot)) = self.dot(host.tokens().end).filter(|_| host.dots.len() < 12) {
            // "w w w . lamps . d e": two letters are an ending where dots stand alone too.
            let (spelled, after) = self.spelled(next);
            let short = dot == Dot::Spaced && after == next + 3;
            let label = if short { Some((Cow::Owned(spelled), after)) } else { self.label(next) };
            let Some(label) = label else { break };
            host.labels.push(label);
            host.dots.push(dot);
        }
        Some(host)
    }
}

/// How an at was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// `a@b`
    Plain,
    /// `a @ b`
    Spaced,
    /// `a (at) b`
    Bracketed,
    /// A word that is hardly anything else: `arobase`.
    Word,
    /// `at`, an ordinary English word.
    Weak,
}

#[cfg(test)]
mod tests {
    use super::super::view::folded;
    use super::*;

    fn check(text: &str, name: &str, dots: &[Dot]) {
        let text = folded(text);
        let tokens = Tokens::new(&text);
        let host = tokens.host(0).unwrap();
        assert_eq!((host.name().as_str(), host.dots.as_slice()), (name, dots), "{text}");
    }

    #[test]
    fn a_domain_is_read_however_its_dots_are_written() {
        check("lamps.example", "lamps.example", &[Dot::Plain]);
        check("lamps.example. Next", "lamps.example", &[Dot::Plain]);
        check("end. New", "end", &[]);
        check("my-lamps [dot] co[.]uk", "my-lamps.co.uk", &[Dot::Bracketed, Dot::Bracketed]);
        check("lamps punkt de", "lamps.de", &[Dot::Word]);
        check("lampes point de vue", "lampes.de", &[Dot::Doubtful]);
        check("outlook\n.\ncom", "outlook.com", &[Dot::Spaced]);
        check("g m a i l [dot] c o m", "gmail.com", &[Dot::Bracketed]);
        check("brass Bindestrich lamps Punkt de", "brass-lamps.de", &[Dot::Word]);
        check("hinokiドットexample", "hinoki.example", &[Dot::Word]);
    }
}
