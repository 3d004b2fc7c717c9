//! Which characters the codes of a PDF's font stand for (ISO 32000-2 §9.10): by the font's own table
//! where it brings one, else by its encoding.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Encoding, Object};

use super::pdf_content::{Operand, Token, Tokens};

/// A font's table, unpacked, in bytes; and what is kept of it.
const MOST_OF_TABLE: usize = 1024 * 1024;
const MOST_CODES: usize = 70_000;

/// What a font's codes stand for.
pub(super) struct Font<'a> {
    table: Option<Table>,
    encoding: Option<Encoding<'a>>,
}

/// `ToUnicode` (§9.10.3).
#[derive(Debug, Default, PartialEq)]
struct Table {
    /// Bytes of one code.
    length: usize,
    codes: HashMap<u32, String>,
}

impl<'a> Font<'a> {
    pub fn read(font: &'a Dictionary, document: &'a Document) -> Self {
        let table = font.get_deref(b"ToUnicode", document).and_then(Object::as_stream);
        let table = table.and_then(|stream| stream.get_plain_content_with_limit(MOST_OF_TABLE));
        let table = table.ok().map(|bytes| Table::read(&bytes)).filter(|t| !t.codes.is_empty());
        // Codes of two bytes mean nothing without the table.
        let simple = font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|n| n != b"Type0");
        let encoding = (simple || table.is_none())
            .then(|| font.get_font_encoding_with_limit(document, MOST_OF_TABLE).ok())
            .flatten();
        Self { table, encoding }
    }

    pub fn decode(&self, bytes: &[u8]) -> String {
        let by_encoding = |bytes: &[u8]| {
            let decoded = self.encoding.as_ref().and_then(|e| e.bytes_to_string(bytes).ok());
            decoded.unwrap_or_default()
        };
        let Some(table) = &self.table else { return by_encoding(bytes) };
        let mut out = String::new();
        for code in bytes.chunks(table.length) {
            match table.codes.get(&number(code)) {
                Some(text) => out.push_str(text),
                None if table.length == 1 => out.push_str(&by_encoding(code)),
                None => {}
            }
        }
        out
    }
}

impl Table {
    fn read(bytes: &[u8]) -> Self {
        let mut table = Self { length: 1, ..Self::default() };
        let mut operands: Vec<Operand<'_>> = Vec::new();
        for token in Tokens::new(bytes) {
            match token {
                Token::Operand(operand) => operands.push(operand),
                Token::Operator(operator) => {
                    match operator {
                        b"endcodespacerange" => {
                            let longest = operands.iter().filter_map(text).map(<[u8]>::len).max();
                            table.length = longest.unwrap_or(1).clamp(1, 4);
                        }
                        b"endbfchar" => table.characters(&operands),
                        b"endbfrange" => table.ranges(&operands),
                        _ => {}
                    }
                    operands.clear();
                }
            }
            if table.codes.len() >= MOST_CODES {
                break;
            }
        }
        table
    }

    fn characters(&mut self, operands: &[Operand<'_>]) {
        for pair in operands.chunks_exact(2) {
            if let [Operand::Text(code), Operand::Text(means)] = pair {
                self.codes.insert(number(code), utf16(means));
            }
        }
    }

    fn ranges(&mut self, operands: &[Operand<'_>]) {
        let mut operands = operands.iter();
        while let (Some(low), Some(high)) = (operands.next(), operands.next()) {
            let (Some(low), Some(high)) = (text(low).map(number), text(high).map(number)) else {
                return;
            };
            match operands.next() {
                Some(Operand::Text(first)) => self.range(low, high, first),
                Some(Operand::Open) => {
                    let list = operands.by_ref().take_while(|o| !matches!(o, Operand::Close));
                    let means: Vec<&[u8]> = list.filter_map(text).collect();
                    for (code, means) in (low..=high.max(low)).zip(means) {
                        self.codes.insert(code, utf16(means));
                    }
                }
                _ => return,
            }
        }
    }

    /// Each code of a range means the character behind the one before it.
    fn range(&mut self, low: u32, high: u32, first: &[u8]) {
        let Some((last, head)) = first.split_last() else { return };
        for (step, code) in (low..=high.max(low)).take(256).enumerate() {
            let step = u8::try_from(step).unwrap_or(u8::MAX);
            // §9.10.3: only the last byte counts up.
            let Some(last) = last.checked_add(step) else { return };
            self.codes.insert(code, utf16(&[head, &[last]].concat()));
        }
    }
}

fn text<'o>(operand: &'o Operand<'_>) -> Option<&'o [u8]> {
    match operand {
        Operand::Text(bytes) => Some(bytes),
        _ => None,
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().take(4).fold(0, |all, byte| all << 8 | u32::from(*byte))
}

fn utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [high, low] => u16::from_be_bytes([*high, *low]),
        [low] => u16::from(*low),
        _ => 0,
    });
    char::decode_utf16(units.take(8)).filter_map(Result::ok).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_however_its_maker_wrote_it() {
        let check = |table: &str, length: usize, expected: &[(u32, &str)]| {
            let read = Table::read(table.as_bytes());
            let codes = expected.iter().map(|(code, text)| (*code, (*text).to_owned())).collect();
            assert_eq!(read, Table { length, codes }, "{table}");
        };
        check(
            "1 begincodespacerange <0000> <FFFF> endcodespacerange\n2 beginbfchar <0001> <30E9>\n\
             <0002> <D83DDE00> endbfchar",
            2,
            &[(1, "ラ"), (2, "😀")],
        );
        check(
            "1 beginbfrange <41><43><0061> endbfrange",
            1,
            &[(0x41, "a"), (0x42, "b"), (0x43, "c")],
        );
        check(
            "2 beginbfrange\n<01> <02> [<0066 0066> <0078>]\n<05> <05> <0079>\nendbfrange",
            1,
            &[(1, "ff"), (2, "x"), (5, "y")],
        );
        check(
            "beginbfrange <00000000> <FFFFFFFF> <00FE> endbfrange",
            1,
            &[(0, "\u{fe}"), (1, "\u{ff}")],
        );
        check("endbfchar endbfrange endcodespacerange", 1, &[]);
    }
}
