//! The drawing instructions of a PDF (ISO 32000-2 §7.8.2) one by one, in linear time and without
//! keeping them: of what no text is made from, only the place is found where it ends.

use std::borrow::Cow;

/// One word of the instructions.
#[derive(Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// Comes before an operator.
    Operand(Operand<'a>),
    /// What is done.
    Operator(&'a [u8]),
}

/// What text is drawn with.
#[derive(Debug, PartialEq)]
pub(super) enum Operand<'a> {
    Number(f32),
    Name(Cow<'a, [u8]>),
    Text(Vec<u8>),
    /// A list begins.
    Open,
    /// It ends.
    Close,
}

impl Operand<'_> {
    pub fn number(&self) -> Option<f32> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// Goes through instructions. Lists are flat: what is in one stands between its brackets.
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub fn new(content: &'a [u8]) -> Self {
        Self { rest: content }
    }

    fn skip(&mut self, count: usize) {
        self.rest = self.rest.get(count..).unwrap_or_default();
    }

    /// A word up to the next delimiter.
    fn word(&mut self, from: usize) -> &'a [u8] {
        let all = self.rest;
        let ends = |b: &u8| is_space(*b) || is_delimiter(*b);
        let inner = all.get(from..).unwrap_or_default();
        let end = from + inner.iter().position(ends).unwrap_or(inner.len());
        self.skip(end.max(1));
        all.get(from..end).unwrap_or_default()
    }

    /// §7.3.4.2: brackets balance, a backslash takes the next character out.
    fn literal(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut depth = 0_usize;
        let mut at = 0;
        while let Some(&byte) = self.rest.get(at) {
            at += 1;
            match byte {
                b'(' => {
                    depth += 1;
                    if depth > 1 {
                        out.push(byte);
                    }
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    out.push(byte);
                }
                b'\\' => at = self.escape(at, &mut out),
                byte => out.push(byte),
            }
        }
        self.skip(at);
        out
    }

    fn escape(&self, at: usize, out: &mut Vec<u8>) -> usize {
        let rest = self.rest.get(at..).unwrap_or_default();
        let digits = rest.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
        if digits > 0 {
            let code = rest.iter().take(digits).fold(0_u32, |all, b| all * 8 + u32::from(b - b'0'));
            out.push(code.to_le_bytes().first().copied().unwrap_or_default());
            return at + digits;
        }
        match rest {
            [b'n', ..] => out.push(b'\n'),
            [b'r', ..] => out.push(b'\r'),
            [b't', ..] => out.push(b'\t'),
            [b'b' | b'f', ..] => {}
            // The line goes on.
            [b'\r', b'\n', ..] => return at + 2,
            [b'\n' | b'\r', ..] => {}
            [other, ..] => out.push(*other),
            [] => {}
        }
        at + 1
    }

    /// §7.3.4.3
    fn hexadecimal(&mut self) -> Vec<u8> {
        let all = self.rest.get(1..).unwrap_or_default();
        let end = all.iter().position(|b| *b == b'>').unwrap_or(all.len());
        let digit = |b: &u8| char::from(*b).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let digits: Vec<u8> = all.iter().take(end).filter_map(digit).collect();
        self.skip(end + 2);
        let byte = |pair: &[u8]| match pair {
            [high, low] => high << 4 | low,
            [high] => high << 4,
            _ => 0,
        };
        digits.chunks(2).map(byte).collect()
    }

    /// §8.9.7: the bytes of a picture among the instructions, up to its `EI`.
    fn picture(&mut self) {
        let all = self.rest;
        let starts = all.windows(3).position(|w| matches!(w, [b'I', b'D', s] if is_space(*s)));
        let from = starts.map_or(all.len(), |at| at + 3);
        let data = all.get(from..).unwrap_or_default();
        let ends = |w: &[u8]| match w {
            [before, b'E', b'I', behind] => is_space(*before) && is_space(*behind),
            _ => false,
        };
        let end = data.windows(4).position(ends).map_or(all.len(), |at| from + at + 3);
        self.skip(end);
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            match self.rest {
                [] => return None,
                [byte, ..] if is_space(*byte) => {
                    let blank = self.rest.iter().take_while(|b| is_space(**b)).count();
                    self.skip(blank);
                }
                [b'%', ..] => {
                    let end = self.rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
                    self.skip(end.unwrap_or(self.rest.len()));
                }
                [b'(', ..] => return Some(Token::Operand(Operand::Text(self.literal()))),
                [b'<', b'<', ..] | [b'>', b'>', ..] => self.skip(2),
                [b'<', ..] => return Some(Token::Operand(Operand::Text(self.hexadecimal()))),
                [b'/', ..] => {
                    let name = unescaped(self.word(1));
                    return Some(Token::Operand(Operand::Name(name)));
                }
                [bracket @ (b'[' | b']'), ..] => {
                    let operand = if *bracket == b'[' { Operand::Open } else { Operand::Close };
                    self.skip(1);
                    return Some(Token::Operand(operand));
                }
                [byte, ..] if is_delimiter(*byte) => self.skip(1),
                _ => {
                    let word = self.word(0);
                    let number = std::str::from_utf8(word).ok().and_then(|w| w.parse().ok());
                    if let Some(number) = number {
                        return Some(Token::Operand(Operand::Number(number)));
                    }
                    if word == b"BI" {
                        self.picture();
                        continue;
                    }
                    return Some(Token::Operator(word));
                }
            }
        }
    }
}

/// §7.3.5: `#41` in a name.
fn unescaped(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'#') {
        return Cow::Borrowed(name);
    }
    let mut out = Vec::new();
    let mut rest = name;
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'#');
        let code = code.and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(content: &[u8]) -> String {
        let each = Tokens::new(content).map(|token| match token {
            Token::Operator(word) => String::from_utf8_lossy(word).into_owned(),
            Token::Operand(Operand::Number(number)) => format!("{number}"),
            Token::Operand(Operand::Name(name)) => format!("/{}", String::from_utf8_lossy(&name)),
            Token::Operand(Operand::Open) => "[".to_owned(),
            Token::Operand(Operand::Close) => "]".to_owned(),
            Token::Operand(Operand::Text(text)) => format!("({})", String::from_utf8_lossy(&text)),
        });
        each.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn instructions_are_read_as_they_are_written() {
        for (content, expected) in [
            (&b"BT /F1 12 Tf (Hi) Tj ET"[..], "BT /F1 12 Tf (Hi) Tj ET"),
            (b"[(A(b)\\))-250.5<4344 4>]TJ", "[ (A(b))) -250.5 (CD@) ] TJ"),
            (b"(a\\\nb\\101\\n)'% no\n/F#31 1 Tf", "(abA\n) ' /F1 1 Tf"),
            (b"q BI /W 1 ID (not\xffa) Tj EI Q(x)Tj", "q Q (x) Tj"),
            (b"/P <</MCID 0>> BDC", "/P /MCID 0 BDC"),
            (b"(never closed", "(never closed)"),
            (b")>}{", ""),
            (b"<41", "(A)"),
        ] {
            assert_eq!(shown(content), expected, "{}", String::from_utf8_lossy(content));
        }
    }

    #[test]
    fn hostile_instructions_take_linear_time() {
        for part in ["(", ")", "<", "BI ", "/", "[", "%", "1 ", "\\", "#", "(\\", "ID "] {
            assert!(Tokens::new(part.repeat(300_000).as_bytes()).count() <= 300_000, "{part}");
        }
    }
}
