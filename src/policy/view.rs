//! One normalised view of a text, in which every position leads back to the original bytes.
//!
//! Detectors read the view and never the text: there are no upper-case letters, accents,
//! look-alike letters, invisible characters, full-width or circled digits in it.

use std::ops::Range;

use decancer::Translation;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::domain::{are_all, is_unseen, run_of};

/// The folded text and its way back.
#[derive(Debug)]
pub(super) struct View<'a> {
    /// The original.
    pub original: &'a str,
    /// The folded text; LF is the only line end, every other white space is one blank each.
    pub text: String,
    /// Bytes at the beginning of `text`, each of which stands for itself: all of most texts.
    plain: usize,
    /// For each byte behind them the original bytes that it stands for.
    source: Vec<(u32, u32)>,
    /// A stretch stands in it that is shown backwards.
    turned: bool,
}

impl<'a> View<'a> {
    /// Folds a text. Linear in its length.
    pub fn new(original: &'a str) -> Self {
        let mut view = Self {
            original,
            text: String::with_capacity(original.len()),
            plain: 0,
            source: vec![],
            turned: false,
        };
        let mut at = 0;
        let mut before = ' ';
        while let Some(rest) = original.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
            // Most characters of most texts.
            let plain = run_of(rest, |b| b.is_ascii() & (b != b'&') & (b != b'%'));
            if let Some(&last) = plain.checked_sub(1).and_then(|last| rest.get(last)) {
                before = char::from(last);
                view.push_ascii(at..at + plain);
                at += plain;
                continue;
            }
            let Some(c) = original.get(at..).and_then(|rest| rest.chars().next()) else { break };
            let (read, taken) = match c {
                '&' | '%' => escape(original.get(at..).unwrap_or_default()).unwrap_or((c, 1)),
                // Alone it stands for an at; among its like it is a letter.
                'ⓐ' | 'Ⓐ' | '🅐' => {
                    let after = original.get(at + c.len_utf8()..).and_then(|t| t.chars().next());
                    let letter = circled(before) || after.is_some_and(circled);
                    (if letter { 'a' } else { '@' }, c.len_utf8())
                }
                c => voiced(c, original.get(at + c.len_utf8()..)).unwrap_or((c, c.len_utf8())),
            };
            before = c;
            view.push(read, at, at + taken);
            at += taken;
        }
        view.join_dots();
        view
    }

    /// The text as a screen shows it where characters turn its direction; `None` where none does.
    ///
    /// What stands between such a character and its end (UAX #9 §3.3.2: the closing one, or the end
    /// of the line) is read backwards, and leads back to the original with the two around it.
    /// Escapes are not read in it.
    pub fn shown(original: &'a str) -> Option<Self> {
        (!original.is_ascii() && original.contains(turns)).then_some(())?;
        let mut view =
            Self { original, text: String::new(), plain: 0, source: vec![], turned: true };
        let mut turned: Vec<(char, usize, usize)> = vec![];
        let (mut opened, mut depth) = (0, 0_usize);
        for (at, c) in original.char_indices() {
            let end = at + c.len_utf8();
            match c {
                c if turns(c) => {
                    opened = if depth == 0 { at } else { opened };
                    depth += 1;
                }
                '\u{202c}' | '\u{2069}' if depth > 0 => {
                    depth -= 1;
                    if depth == 0 {
                        view.turn(&mut turned, opened, end);
                    }
                }
                '\n' => {
                    view.turn(&mut turned, opened, at);
                    depth = 0;
                    view.push(c, at, end);
                }
                c if depth > 0 => turned.push((c, at, end)),
                c => view.push(c, at, end),
            }
        }
        view.turn(&mut turned, opened, original.len());
        view.join_dots();
        Some(view)
    }

    fn turn(&mut self, turned: &mut Vec<(char, usize, usize)>, start: usize, end: usize) {
        if let Some(first) = turned.first_mut() {
            first.1 = start;
        }
        if let Some(last) = turned.last_mut() {
            last.2 = end;
        }
        for (c, start, end) in turned.drain(..).rev() {
            self.push(c, start, end);
        }
    }

    /// Plain ASCII of the original, each byte of which stands for itself.
    fn push_ascii(&mut self, range: Range<usize>) {
        #[cfg(test)]
        range.clone().for_each(|_| super::steps::take());
        let run = self.original.get(range.clone()).unwrap_or_default();
        let start = self.text.len();
        if !are_all(run.as_bytes(), |b| (b >= b' ') & (b != 0x7f) | (b == b'\n')) {
            let folded = |c: char| if c.is_ascii_control() && c != '\n' { ' ' } else { c };
            self.text.extend(run.chars().map(folded));
        } else {
            self.text.push_str(run);
        }
        if let Some(folded) = self.text.get_mut(start..) {
            folded.make_ascii_lowercase();
        }
        if self.source.is_empty() && self.plain == range.start && start == range.start {
            self.plain = range.end;
        } else {
            self.source.extend(themselves(range));
        }
    }

    /// The original bytes that this byte of `text` stands for.
    fn span(&self, at: usize) -> Option<(u32, u32)> {
        match at.checked_sub(self.plain) {
            Some(at) => self.source.get(at).copied(),
            None => themselves(at..at + 1).next(),
        }
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        #[cfg(test)]
        super::steps::take();
        let before = self.text.len();
        fold(c, &mut self.text);
        let span =
            (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX));
        if self.text.len() == before {
            // What is invisible belongs to the character before it, so that a redaction takes the
            // variation selector and keycap along.
            let last = self.text.chars().next_back().map_or(0, char::len_utf8);
            let from = self.text.len().saturating_sub(last);
            // It does not stand for itself any more. Behind such a one none is plain.
            if from < self.plain {
                self.source = themselves(from..self.plain).collect();
                self.plain = from;
            }
            for s in self.source.iter_mut().skip(from.saturating_sub(self.plain)) {
                *s = (s.0.min(span.0), s.1.max(span.1));
            }
        }
        self.source.resize(self.text.len().saturating_sub(self.plain), span);
    }

    /// A middle dot or ideographic full stop between two ASCII letters is a full stop (RFC 3490
    /// §3.1 takes U+3002 for a label separator); elsewhere it ends a Japanese sentence.
    fn join_dots(&mut self) {
        if self.text.is_ascii() || !self.text.contains(['。', '·', '•', '∙', 'ー']) {
            return;
        }
        let mut text = String::with_capacity(self.text.len());
        let mut source = Vec::with_capacity(self.text.len());
        let mut before = ' ';
        let mut chars = self.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let after = chars.peek().map_or(' ', |&(_, c)| c);
            let joins = matches!(c, '。' | '·' | '•' | '∙')
                && before.is_ascii_alphanumeric()
                && after.is_ascii_alphanumeric();
            // "０９０ー１２３４": between figures the mark of a long vowel is a hyphen.
            let dash = c == 'ー' && before.is_ascii_digit() && after.is_ascii_digit();
            let c = if joins { '.' } else { c };
            let c = if dash { '-' } else { c };
            text.push(c);
            source.resize(text.len(), self.span(at).unwrap_or_default());
            before = c;
        }
        self.text = text;
        self.plain = 0;
        self.source = source;
    }

    /// The original bytes behind a range of `text`.
    pub fn source(&self, range: &Range<usize>) -> Range<usize> {
        let last = range.end.checked_sub(1).filter(|last| range.start <= *last);
        let (Some(first), Some(last)) =
            (self.span(range.start), last.and_then(|last| self.span(last)))
        else {
            let at = self.span(range.start).map_or(self.original.len(), |s| s.0 as usize);
            return at..at;
        };
        let (start, end) = if self.turned {
            // Where a stretch is shown reversed its end comes first.
            let all = |(start, end): (u32, u32), s: (u32, u32)| (start.min(s.0), end.max(s.1));
            range.clone().filter_map(|at| self.span(at)).fold(first, all)
        } else {
            (first.0, last.1)
        };
        start as usize..end.max(start) as usize
    }

    /// The original words behind a range of `text`.
    pub fn words(&self, range: &Range<usize>) -> &'a str {
        self.original.get(self.source(range)).unwrap_or_default()
    }

    /// A stretch of the folded text; empty where the range is none.
    pub fn slice(&self, range: Range<usize>) -> &str {
        self.text.get(range).unwrap_or_default()
    }
}

/// Bytes of the original, each of which stands for itself.
fn themselves(range: Range<usize>) -> impl Iterator<Item = (u32, u32)> {
    let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
    (number(range.start)..number(range.end)).map(|at| (at, at.saturating_add(1)))
}

/// A text folded as [`View`] does, for the words of the rule data.
pub(super) fn folded(text: &str) -> String {
    View::new(text).text
}

/// HTML and URL escapes of characters that matter here: the character and the bytes it takes.
fn escape(text: &str) -> Option<(char, usize)> {
    if let Some(hex) = text.strip_prefix('%') {
        let code = hex.get(..2)?.to_ascii_lowercase();
        return match code.as_str() {
            "40" => Some(('@', 3)),
            "2e" => Some(('.', 3)),
            "2f" => Some(('/', 3)),
            "3a" => Some((':', 3)),
            _ => None,
        };
    }
    let head = text.as_bytes().iter().take(12).position(|&b| b == b';')?;
    let name = text.get(1..head)?;
    let c = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| !c.is_control())?
        }
        None => match name {
            "commat" => '@',
            "period" => '.',
            "amp" => '&',
            "nbsp" => ' ',
            "colon" => ':',
            "sol" => '/',
            "lowbar" => '_',
            "hyphen" | "dash" => '-',
            "num" => '#',
            "plus" => '+',
            "lpar" => '(',
            "rpar" => ')',
            "shy" | "zwnj" | "zwj" => '\u{200b}',
            _ => return None,
        },
    };
    Some((c, head + 1))
}

/// A kana with its voicing mark written after it, as half-width forms have to ("ﾊﾞ" is "バ"): the one
/// character and the bytes it takes.
fn voiced(c: char, after: Option<&str>) -> Option<(char, usize)> {
    if !matches!(c, '\u{3041}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9d}') {
        return None;
    }
    let mark = after?.chars().next()?;
    if !matches!(mark, '\u{3099}' | '\u{309a}' | '\u{ff9e}' | '\u{ff9f}') {
        return None;
    }
    let mut both = [c, mark].into_iter().nfkc();
    let one = both.next()?;
    both.next().is_none().then_some((one, c.len_utf8() + mark.len_utf8()))
}

/// Embeddings, overrides and isolates of UAX #9 §2.1 to §2.4.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' | '\u{2066}'..='\u{2068}')
}

fn circled(c: char) -> bool {
    matches!(c, 'Ⓐ'..='ⓩ' | '🅐'..='🅩' | '🄰'..='🅉')
}

/// Scripts whose letters are nobody's look-alikes and which are read as they are.
fn stays(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}')
}

/// The first digit of each run of ten decimal digits outside ASCII that people can type.
const ZEROS: [u32; 20] = [
    0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x17e0, 0x1810, 0x1fbf0, 0xff10,
];

fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let found = |first: u32, value: u32| char::from_digit(code.checked_sub(first)? + value, 10);
    match code {
        0x2776..=0x277e => return found(0x2776, 1), // dingbat circled
        0x2780..=0x2788 => return found(0x2780, 1),
        0x278a..=0x2792 => return found(0x278a, 1),
        0x24f5..=0x24fd => return found(0x24f5, 1), // double circled
        0x24ff => return Some('0'),
        0x1f10b | 0x1f10c => return Some('0'),
        0x1f100 => return Some('0'),
        0x1d7ce..=0x1d7ff => return char::from_digit((code - 0x1d7ce) % 10, 10),
        _ => {}
    }
    let zero = ZEROS.iter().find(|&&zero| (zero..zero + 10).contains(&code))?;
    char::from_digit(code - zero, 10)
}

/// What nobody sees apart from the character before.
fn is_invisible(c: char) -> bool {
    is_unseen(c)
        || matches!(c, '\u{20d0}'..='\u{20ff}' | '\u{300}'..='\u{36f}' | '\u{fe20}'..='\u{fe2f}')
}

fn fold(c: char, out: &mut String) {
    match c {
        '\n' => out.push('\n'),
        c if c.is_ascii_control() => out.push(' '),
        c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
        c if c.is_whitespace() => out.push(' '),
        'ß' => out.push_str("ss"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
        c if is_invisible(c) => {}
        // Signs of money are no letters ("€" looks like an "e").
        '·' | '•' | '∙' | '→' | '€' | '£' | '¥' | '₦' | '₹' | '¢' => out.push(c),
        // Nor are the marks before a Spanish sentence ("¡" looks like an "i").
        '¡' | '¿' => out.push(c),
        c => match digit(c) {
            Some(digit) => out.push(digit),
            None => c.nfkc().for_each(|c| fold_letter(c, out)),
        },
    }
}

fn fold_letter(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
    } else if c.is_whitespace() {
        out.push(' ');
    } else if stays(c) {
        out.push(c);
    } else if let Some(letter) = without_accent(c) {
        out.push(letter);
    } else {
        match decancer::cure_char!(c) {
            Translation::Character(c) => out.push(c),
            Translation::String(s) => out.push_str(&s),
            Translation::None => out.push(c),
        }
    }
}

/// The ASCII letter or figure that an accented one is made from (UAX #15). Asked before the table
/// of look-alikes, which reads `ó ô õ` as `p q r`.
fn without_accent(c: char) -> Option<char> {
    let mut base = std::iter::once(c).nfkd().filter(|&c| !is_combining_mark(c));
    let letter = base.next().filter(char::is_ascii_alphanumeric)?;
    base.next().is_none().then(|| letter.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(original: &str, expected: &str) {
        assert_eq!(View::new(original).text, expected, "{original:?}");
    }

    #[test]
    fn whatever_looks_the_same_reads_the_same() {
        check("Jane.ROE＠Gmail.com", "jane.roe@gmail.com");
        check("sa\u{200b}les\u{200d}@\u{feff}bright\u{ad}water", "sales@brightwater");
        check("саfé Małpa ÄT", "cafe malpa at");
        check("2️⃣0️⃣②❸ ٠٨ ０９", "2023 08 09");
        check("john&#64;x&period;com a%40b", "john@x.com a@b");
        check("AT&T; 5%40x", "at&t; 5@x");
        check("janeⓐx.de ⓛⓐⓜⓟⓢ.com", "jane@x.de lamps.com");
        check("gmail。com です。はい", "gmail.com です。はい");
        check("a\u{a0}–\u{2003}b\nc", "a - b\nc");
        check("アットマーク 電話 〇九", "アットマーク 電話 〇九");
        check("ﾊﾞｶ ﾊﾟﾝ ｶﾞ か\u{3099}", "バカ パン ガ が");
        check("¡Hola! ¿Qué?", "¡hola! ¿que?");
    }

    #[test]
    fn a_letter_with_an_accent_reads_as_the_letter_alone() {
        let mut seen = 0;
        for c in '\u{c0}'..='\u{24f}' {
            let mut base = c.nfd().filter(|&c| !is_combining_mark(c));
            let (Some(letter), None) = (base.next(), base.next()) else { continue };
            if letter.is_ascii() {
                check(&c.to_string(), &letter.to_ascii_lowercase().to_string());
                seen += 1;
            }
        }
        assert!(seen > 240, "{seen}");
        for (text, folded) in
            [("Øøđħłŧ", "oodhlt"), ("ǅﬁ㎏", "dzfikg"), ("vie\u{302}\u{323}t", "viet")]
        {
            check(text, folded);
        }
    }

    #[test]
    fn every_stretch_leads_back_to_the_exact_words() {
        let original = "→ ｊａｎｅ\u{200b}&#64;x.de, 6️⃣6️⃣.";
        let view = View::new(original);
        let at = view.text.find("jane@x.de").unwrap();
        assert_eq!(view.words(&(at..at + 9)), "ｊａｎｅ\u{200b}&#64;x.de");
        let at = view.text.find("66").unwrap();
        assert_eq!(view.words(&(at..at + 2)), "6️⃣6️⃣");
        assert_eq!(view.words(&(0..view.text.len())), original);
        assert_eq!(view.words(&(5..5)), "");
    }
}
