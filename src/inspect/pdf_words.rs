//! The words of a PDF, as far as they are written as text (ISO 32000-2 §9): page after page, lines
//! as they are drawn, and where its links lead.
//!
//! Everything is bounded, because whoever made the file chose its size: pages, unpacked bytes, steps
//! and the length of what comes out. What can't be read is left out; a page that is one picture has
//! no words.

use std::collections::BTreeMap;
use std::io::Read as _;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::pdf_content::{Operand, Token, Tokens};
use super::pdf_font::Font;

/// Pages that are read.
const PAGES: usize = 40;
/// Text of a document, in bytes.
pub(super) const MOST_TEXT: usize = 256 * 1024;
/// Unpacked drawing instructions of a page, and of a document, in bytes.
const MOST_OF_PAGE: usize = 8 * 1024 * 1024;
const MOST_IN_ALL: usize = 32 * 1024 * 1024;
/// Fonts of a document.
const FONTS: usize = 200;
/// Operands of one instruction: pieces of a line, at the most.
const OPERANDS: usize = 10_000;
/// Drawings in drawings.
const DEEPEST: usize = 4;
/// Drawings that pages show.
const DRAWINGS: usize = 400;
/// Streams that a page is drawn by.
const STREAMS: usize = 200;
/// Annotations that are looked at.
const ANNOTATIONS: usize = 2000;

/// Stands between pages.
pub const PAGE_BREAK: char = '\u{c}';

/// The words of a document; empty where there are none.
pub(super) fn read(document: &Document) -> String {
    let mut reader = Reader {
        document,
        out: String::new(),
        left: MOST_IN_ALL,
        fonts: BTreeMap::new(),
        drawings: 0,
        annotations: 0,
    };
    for (number, page) in document.page_iter().take(PAGES).enumerate() {
        if number > 0 {
            reader.out.push(PAGE_BREAK);
        }
        reader.page(page);
        if reader.is_full() {
            break;
        }
    }
    let mut out = reader.out;
    if out.len() > MOST_TEXT {
        let mut end = MOST_TEXT;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
    }
    out
}

struct Reader<'a> {
    document: &'a Document,
    out: String,
    /// Unpacked bytes that may still come.
    left: usize,
    fonts: BTreeMap<*const Dictionary, Font<'a>>,
    drawings: usize,
    annotations: usize,
}

/// Where the next words go, in the units of the page.
struct Pen<'a> {
    font: Option<&'a Dictionary>,
    size: f32,
    /// The start of the line.
    x: f32,
    y: f32,
    /// Where the next words begin, roughly: letters have no width here.
    cursor: f32,
    /// Where the words that were written last ended, and how many letters they had.
    end: f32,
    line: f32,
    letters: usize,
    /// One unit of the text.
    scale: f32,
    leading: f32,
}

impl Pen<'_> {
    const NEW: Self = Self {
        font: None,
        size: 1.0,
        x: 0.0,
        y: 0.0,
        cursor: 0.0,
        end: 0.0,
        line: 0.0,
        letters: 0,
        scale: 1.0,
        leading: 0.0,
    };

    fn move_to(&mut self, x: f32, y: f32) {
        (self.x, self.y, self.cursor) = (x, y, x);
    }

    /// The height of letters.
    fn letter(&self) -> f32 {
        (self.size * self.scale).abs().max(0.01)
    }
}

impl<'a> Reader<'a> {
    fn is_full(&self) -> bool {
        self.left == 0 || self.out.len() >= MOST_TEXT
    }

    fn page(&mut self, page: ObjectId) {
        let mut content = Vec::new();
        for id in self.document.get_page_contents(page).into_iter().take(STREAMS) {
            let stream = self.document.get_object(id).and_then(Object::as_stream);
            let Some(most) = MOST_OF_PAGE.checked_sub(content.len()) else { break };
            if let Ok(stream) = stream {
                content.extend(self.unpack(stream, most));
                // §7.8.2: an instruction does not go on in the next stream.
                content.push(b'\n');
            }
        }
        let mut resources = Vec::new();
        if let Ok((own, inherited)) = self.document.get_page_resources(page) {
            resources.extend(own);
            let inherited =
                inherited.iter().filter_map(|id| self.document.get_dictionary(*id).ok());
            resources.extend(inherited);
        }
        self.draw(&content, &resources, 0);
        self.links(page);
    }

    /// The beginning of a stream; of one that is broken, what stands before that: so viewers do it.
    fn unpack(&mut self, stream: &Stream, most: usize) -> Vec<u8> {
        let most = most.min(self.left);
        let deflated = stream.filters().is_ok_and(|filters| filters == [b"FlateDecode"])
            && !stream.dict.has(b"DecodeParms");
        let content = if deflated {
            let mut content = Vec::new();
            let most = u64::try_from(most).unwrap_or(u64::MAX);
            let read = flate2::read::ZlibDecoder::new(stream.content.as_slice()).take(most);
            let _ = { read }.read_to_end(&mut content);
            content
        } else {
            stream.get_plain_content_with_limit(most).unwrap_or_default()
        };
        self.left = self.left.saturating_sub(content.len());
        content
    }

    /// Goes through drawing instructions.
    fn draw(&mut self, content: &[u8], resources: &[&'a Dictionary], depth: usize) {
        let mut pen = Pen::NEW;
        let mut operands: Vec<Operand<'_>> = Vec::new();
        for token in Tokens::new(content) {
            match token {
                Token::Operand(operand) => {
                    // §7.8.2: operands stand before their operator.
                    if operands.len() < OPERANDS {
                        operands.push(operand);
                    }
                }
                Token::Operator(operator) => {
                    self.operate(operator, &operands, &mut pen, resources, depth);
                    operands.clear();
                    if self.is_full() {
                        return;
                    }
                }
            }
        }
        self.new_line();
    }

    fn operate(
        &mut self,
        operator: &[u8],
        operands: &[Operand<'_>],
        pen: &mut Pen<'a>,
        resources: &[&'a Dictionary],
        depth: usize,
    ) {
        let number = |at: usize| operands.get(at).and_then(Operand::number).unwrap_or(0.0);
        match operator {
            b"BT" => {
                pen.move_to(0.0, 0.0);
                pen.scale = 1.0;
            }
            b"Tf" => {
                if let Some(Operand::Name(name)) = operands.first() {
                    pen.font = self.resource(resources, b"Font", name);
                    pen.size = number(1).abs();
                }
            }
            b"TL" => pen.leading = number(0),
            b"Td" | b"TD" => {
                if operator == b"TD" {
                    pen.leading = -number(1);
                }
                let (x, y) = (pen.x + number(0) * pen.scale, pen.y + number(1) * pen.scale);
                pen.move_to(x, y);
            }
            b"Tm" => {
                pen.scale = number(0).hypot(number(1)).max(f32::MIN_POSITIVE);
                pen.move_to(number(4), number(5));
            }
            b"T*" => next_line(pen),
            b"Tj" => self.show(operands.first(), pen),
            b"'" => {
                next_line(pen);
                self.show(operands.first(), pen);
            }
            b"\"" => {
                next_line(pen);
                self.show(operands.get(2), pen);
            }
            b"TJ" => {
                for operand in operands {
                    match operand {
                        // §9.4.3: thousandths of the letters' height, to the left.
                        Operand::Number(gap) if *gap < -170.0 => self.space(),
                        other => self.show(Some(other), pen),
                    }
                }
            }
            b"Do" => {
                if let Some(Operand::Name(name)) = operands.first() {
                    self.drawing(resources, name, depth);
                }
            }
            _ => {}
        }
    }

    fn new_line(&mut self) {
        let out = &mut self.out;
        out.truncate(out.trim_end_matches(' ').len());
        if !out.is_empty() && !out.ends_with(['\n', PAGE_BREAK]) {
            out.push('\n');
        }
    }

    fn space(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with([' ', '\n', PAGE_BREAK]) {
            self.out.push(' ');
        }
    }

    fn show(&mut self, operand: Option<&Operand<'_>>, pen: &mut Pen<'a>) {
        let Some(Operand::Text(bytes)) = operand else { return };
        let text = match pen.font {
            Some(font) => self.decode(font, bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        };
        let seen = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}');
        let text: String = seen.map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
        let Some(first) = text.chars().next() else { return };
        let (letter, gap) = (pen.letter(), pen.cursor - pen.end);
        if (pen.y - pen.line).abs() > letter * 0.5 {
            self.new_line();
        } else if gap != 0.0 && first != ' ' {
            // Of a few letters the place tells whether another word begins; of more, a new place.
            let near = gap < letter * 0.2 && gap > letter * -0.6;
            if pen.letters > 4 || !near {
                self.space();
            }
        }
        let wide: f32 = text.chars().map(width).sum();
        let moved = gap != 0.0;
        self.out.push_str(&text);
        pen.letters = if moved { 0 } else { pen.letters } + text.chars().count();
        pen.cursor += wide * letter;
        (pen.end, pen.line) = (pen.cursor, pen.y);
    }

    fn decode(&mut self, font: &'a Dictionary, bytes: &[u8]) -> String {
        let (document, at) = (self.document, std::ptr::from_ref(font));
        if self.fonts.len() >= FONTS && !self.fonts.contains_key(&at) {
            return String::new();
        }
        self.fonts.entry(at).or_insert_with(|| Font::read(font, document)).decode(bytes)
    }

    fn resource(
        &self,
        resources: &[&'a Dictionary],
        kind: &[u8],
        name: &[u8],
    ) -> Option<&'a Dictionary> {
        let document = self.document;
        resources.iter().find_map(|all| {
            let of_kind = all.get_deref(kind, document).ok()?.as_dict().ok()?;
            of_kind.get_deref(name, document).ok()?.as_dict().ok()
        })
    }

    /// A drawing that stands for itself (§8.10), which can hold words like a page.
    fn drawing(&mut self, resources: &[&'a Dictionary], name: &[u8], depth: usize) {
        let document = self.document;
        self.drawings += 1;
        if depth >= DEEPEST || self.drawings > DRAWINGS {
            return;
        }
        let found = resources.iter().find_map(|all| {
            let drawings = all.get_deref(b"XObject", document).ok()?.as_dict().ok()?;
            drawings.get_deref(name, document).ok()?.as_stream().ok()
        });
        let Some(stream) = found.filter(|s| {
            s.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|name| name == b"Form")
        }) else {
            return;
        };
        let content = self.unpack(stream, MOST_OF_PAGE);
        let own = stream.dict.get_deref(b"Resources", document).and_then(Object::as_dict);
        let mut inner: Vec<&Dictionary> = own.into_iter().collect();
        inner.extend(resources);
        self.new_line();
        self.draw(&content, &inner, depth + 1);
    }

    /// Where the page's links lead, and what stands in its form fields and notes.
    fn links(&mut self, page: ObjectId) {
        let document = self.document;
        let Ok(annotations) = document.get_page_annotations(page) else { return };
        for annotation in annotations {
            self.annotations += 1;
            if self.annotations > ANNOTATIONS || self.is_full() {
                return;
            }
            let action = annotation.get_deref(b"A", document).and_then(Object::as_dict);
            let link = action.and_then(|a| a.get_deref(b"URI", document)).and_then(Object::as_str);
            if let Ok(link) = link {
                let link = String::from_utf8_lossy(link.get(..2048).unwrap_or(link));
                self.new_line();
                self.out.push_str(&format!("<{}>\n", link.trim()));
            }
            for key in [&b"V"[..], b"Contents"] {
                let Ok(words) = annotation.get_deref(key, document).and_then(Object::as_str) else {
                    continue;
                };
                self.new_line();
                self.out.push_str(&text_string(words.get(..16_384).unwrap_or(words)));
                self.new_line();
            }
        }
    }
}

fn next_line(pen: &mut Pen<'_>) {
    let leading = if pen.leading == 0.0 { pen.size } else { pen.leading };
    pen.move_to(pen.x, pen.y - leading * pen.scale);
}

/// How wide a letter is of most fonts, in its height.
fn width(letter: char) -> f32 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | ' ' => 0.28,
        'f' | 't' | 'r' | '-' | '(' | ')' => 0.33,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.85,
        'A'..='Z' => 0.68,
        letter if letter.is_ascii() => 0.54,
        _ => 0.8,
    }
}

/// A text string (§7.9.2.2): UTF-16 or UTF-8 by its mark, else one byte a character.
fn text_string(bytes: &[u8]) -> String {
    let decoded = match bytes {
        [0xfe, 0xff, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|b| match b {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0,
            });
            char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => bytes.iter().map(|b| char::from(*b)).collect::<String>(),
    };
    decoded.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use lopdf::dictionary;

    use super::super::open;
    use super::*;

    /// A document whose pages are drawn so, with these fonts and drawings.
    fn document(
        pages: &[Vec<u8>],
        packed: bool,
        more: impl Fn(&mut Document, &mut Dictionary),
    ) -> Vec<u8> {
        let mut document = Document::with_version("1.5");
        let root = document.new_object_id();
        let font = document.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica",
            "Encoding" => "WinAnsiEncoding",
        });
        let mut kids = Vec::new();
        for content in pages {
            let mut stream = Stream::new(Dictionary::new(), content.clone());
            if packed {
                stream.compress().unwrap();
            }
            let content = document.add_object(stream);
            let mut page = dictionary! {
                "Type" => "Page", "Parent" => root, "Contents" => content,
                "MediaBox" => vec![0.into(), 0.into(), 600.into(), 800.into()],
                "Resources" => dictionary! { "Font" => dictionary! { "F1" => font } },
            };
            more(&mut document, &mut page);
            kids.push(document.add_object(page).into());
        }
        let count = i64::try_from(kids.len()).unwrap();
        document
            .set_object(root, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count });
        let catalog = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => root });
        document.trailer.set("Root", catalog);
        let mut out = Vec::new();
        document.save_to(&mut out).unwrap();
        out
    }

    fn words(file: &[u8]) -> String {
        let opened = open(Some("a.pdf"), "application/pdf", file);
        assert!(opened.facts.is_clean(), "{:?}", opened.facts);
        opened.words
    }

    fn check(content: &str, expected: &str) {
        let content = vec![format!("BT /F1 12 Tf {content} ET").into_bytes()];
        assert_eq!(words(&document(&content, false, |_, _| {})).trim_end(), expected);
        assert_eq!(words(&document(&content, true, |_, _| {})).trim_end(), expected);
    }

    #[test]
    fn lines_and_words_stand_as_they_are_drawn() {
        check("(Invoice) Tj 0 -14 Td (Total 38) Tj", "Invoice\nTotal 38");
        check("1 0 0 1 50 700 Tm (Invoice) Tj 1 0 0 1 250 700 Tm (17) Tj", "Invoice 17");
        check("14 TL (a) Tj T* (b) Tj (c) '", "a\nb\nc");
        check("[(In) 20 (voice) -300 (17)] TJ", "Invoice 17");
        check("(M) Tj 10 0 Td (ai) Tj 11 0 Td (l) Tj 40 0 Td (me) Tj", "Mail me");
        check("<496e766f696365> Tj (\\050x\\051) Tj", "Invoice(x)");
        check("(Gr\\374\\337e \\200) Tj", "Grüße €");
    }

    #[test]
    fn pages_drawings_links_and_fields_are_read() {
        let page = b"BT /F1 12 Tf (One) Tj ET /D1 Do".to_vec();
        let file = document(&[page.clone(), page], true, |document, page| {
            let mut drawing = Stream::new(
                dictionary! { "Type" => "XObject", "Subtype" => "Form" },
                b"BT /F1 12 Tf (drawn) Tj ET /D1 Do".to_vec(),
            );
            drawing.compress().unwrap();
            let drawing = document.add_object(drawing);
            let resources = page.get_mut(b"Resources").and_then(Object::as_dict_mut).unwrap();
            resources.set("XObject", dictionary! { "D1" => drawing });
            let link = dictionary! {
                "Type" => "Annot", "Subtype" => "Link",
                "Rect" => vec![0.into(), 0.into(), 9.into(), 9.into()],
                "A" => dictionary! {
                    "S" => "URI", "URI" => Object::string_literal("https://x.example/a"),
                },
            };
            page.set("Annots", vec![link.into()]);
        });
        let words = words(&file);
        let pages: Vec<&str> = words.split(PAGE_BREAK).collect();
        assert_eq!(pages.len(), 2, "{words}");
        for page in pages {
            assert!(
                page.starts_with("One\ndrawn\n") && page.ends_with("<https://x.example/a>\n"),
                "{page}"
            );
        }
    }

    #[test]
    fn letters_that_a_font_names_by_its_own_codes_are_read_by_its_table() {
        let map = b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n\
            1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n\
            2 beginbfchar\n<0001> <30E9>\n<0002> <0041>\nendbfchar\nendcmap\nend\nend";
        let content = b"BT /F2 12 Tf <00010002> Tj ET".to_vec();
        let file = document(&[content], true, |document, page| {
            let table = document.add_object(Stream::new(Dictionary::new(), map.to_vec()));
            let font = document.add_object(dictionary! {
                "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "X",
                "Encoding" => "Identity-H", "ToUnicode" => table,
            });
            let resources = page.get_mut(b"Resources").and_then(Object::as_dict_mut).unwrap();
            let fonts = resources.get_mut(b"Font").and_then(Object::as_dict_mut).unwrap();
            fonts.set("F2", font);
        });
        assert_eq!(words(&file).trim_end(), "ラA");
    }

    #[test]
    fn hostile_documents_give_no_more_than_is_kept() {
        // Fifty megabytes of words, packed; and instructions that are none.
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(b"BT /F1 9 Tf ").unwrap();
        let line = b"(word) Tj 0 -9 Td ".repeat(10_000);
        (0..300).for_each(|_| packer.write_all(&line).unwrap());
        let packed = packer.finish().unwrap();
        let bomb = document(&[vec![]], false, |document, page| {
            let stream = Stream::new(dictionary! { "Filter" => "FlateDecode" }, packed.clone());
            let stream = document.add_object(stream);
            page.set("Contents", Object::Array(vec![stream.into(); 50]));
        });
        assert_eq!(words(&bomb).len(), MOST_TEXT);
        for content in [&b"(((("[..], b"[[[[ Tj", b"BI ID", b"/F1 Tf Td Tm ' \" TJ Do", b"\xff\0"] {
            let file = document(&[content.repeat(50_000)], true, |_, _| {});
            assert!(words(&file).len() <= MOST_TEXT);
        }
        let many: Vec<Vec<u8>> = vec![b"BT (x) Tj ET".to_vec(); 300];
        let pages = words(&document(&many, false, |_, _| {}));
        assert_eq!(pages.split(PAGE_BREAK).count(), PAGES);
    }
}
