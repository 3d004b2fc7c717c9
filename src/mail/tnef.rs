//! Outlook's wrapping, `winmail.dat` ([MS-OXTNEF]): the text and the files that are in it.

use super::decode;

/// [MS-OXTNEF] §2.1.1: the signature.
const SIGNATURE: u32 = 0x223e_9f78;
/// Files in one wrapping.
const MOST_FILES: usize = 100;

/// Attributes, without their types (§2.1.2).
mod attribute {
    pub(super) const BODY: u16 = 0x800c;
    pub(super) const MESSAGE: u16 = 0x9003;
    pub(super) const CODE_PAGE: u16 = 0x9007;
    pub(super) const FILE_BEGINS: u16 = 0x9002;
    pub(super) const FILE_TITLE: u16 = 0x8010;
    pub(super) const FILE_DATA: u16 = 0x800f;
    pub(super) const FILE: u16 = 0x9005;
}

/// Properties ([MS-OXPROPS]).
mod property {
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const HTML: u16 = 0x1013;
    pub(super) const RTF: u16 = 0x1009;
    pub(super) const DATA: u16 = 0x3701;
    pub(super) const LONG_NAME: u16 = 0x3707;
    pub(super) const TYPE: u16 = 0x370e;
    pub(super) const CONTENT_ID: u16 = 0x3712;
}

/// What a wrapping holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tnef {
    pub text: Option<String>,
    pub html: Option<String>,
    /// The words are there only in a form that is not read.
    pub only_rtf: bool,
    pub files: Vec<File>,
}

/// A file in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct File {
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub content_id: Option<String>,
    pub bytes: Vec<u8>,
    /// A mail, itself a wrapping.
    pub is_mail: bool,
}

/// Opens a wrapping; nothing where it is none, or broken, or holds more than is read.
pub(super) fn open(bytes: &[u8]) -> Option<Tnef> {
    let mut rest = Cursor { bytes, at: 0 };
    if rest.long()? != SIGNATURE {
        return None;
    }
    rest.short()?;
    let mut tnef = Tnef::default();
    let mut charset = "windows-1252".to_owned();
    while !rest.is_empty() {
        // §2.1.3.1: level, id, length, data, checksum.
        rest.take(1)?;
        let id = rest.long()?;
        let length = usize::try_from(rest.long()?).ok()?;
        let data = rest.take(length)?;
        rest.short()?;
        let id = u16::try_from(id & 0xffff).ok()?;
        match id {
            attribute::CODE_PAGE => charset = code_page(Cursor { bytes: data, at: 0 }.long()?),
            attribute::BODY => tnef.text = Some(text(data, &charset)),
            attribute::MESSAGE => message(&mut tnef, data, &charset)?,
            attribute::FILE_BEGINS => {
                if tnef.files.len() >= MOST_FILES {
                    return None;
                }
                tnef.files.push(File::default());
            }
            attribute::FILE_TITLE => {
                let file = tnef.files.last_mut()?;
                file.name.get_or_insert_with(|| text(data, &charset));
            }
            attribute::FILE_DATA => data.clone_into(&mut tnef.files.last_mut()?.bytes),
            attribute::FILE => file(tnef.files.last_mut()?, data, &charset)?,
            _ => {}
        }
    }
    tnef.only_rtf &= tnef.text.is_none() && tnef.html.is_none();
    Some(tnef)
}

fn message(tnef: &mut Tnef, data: &[u8], charset: &str) -> Option<()> {
    properties(data, |id, kind, value| match id {
        property::BODY => tnef.text = Some(words(kind, value, charset)),
        property::HTML => tnef.html = Some(words(kind, value, charset)),
        property::RTF => tnef.only_rtf = true,
        _ => {}
    })
}

fn file(file: &mut File, data: &[u8], charset: &str) -> Option<()> {
    properties(data, |id, kind, value| match id {
        property::LONG_NAME => file.name = Some(words(kind, value, charset)),
        property::TYPE => file.content_type = Some(words(kind, value, charset).to_lowercase()),
        property::CONTENT_ID => file.content_id = Some(words(kind, value, charset)),
        property::DATA => {
            // §2.1.3.3.14: an object stands behind the id of its interface.
            let inner = if kind == OBJECT { value.get(16..).unwrap_or_default() } else { value };
            inner.clone_into(&mut file.bytes);
            file.is_mail = kind == OBJECT && inner.starts_with(&SIGNATURE.to_le_bytes());
        }
        _ => {}
    })
}

/// Types of values ([MS-OXCDATA] §2.11.1).
const STRING: u16 = 0x1e;
const UNICODE: u16 = 0x1f;
const BINARY: u16 = 0x102;
const OBJECT: u16 = 0x0d;

/// Reads a list of properties (§2.1.3.4) and tells each one's id, type and first value.
fn properties(data: &[u8], mut tell: impl FnMut(u16, u16, &[u8])) -> Option<()> {
    let mut rest = Cursor { bytes: data, at: 0 };
    let count = rest.long()?;
    for _ in 0..count {
        let kind = rest.short()?;
        let id = rest.short()?;
        if id >= 0x8000 {
            // A property with a name: its set, then a number or a name.
            rest.take(16)?;
            if rest.long()? == 0 {
                rest.take(4)?;
            } else {
                let length = usize::try_from(rest.long()?).ok()?;
                rest.padded(length)?;
            }
        }
        let single = kind & !0x1000;
        let varies = matches!(single, STRING | UNICODE | BINARY | OBJECT);
        let values = if varies || kind != single { rest.long()? } else { 1 };
        for number in 0..values {
            let length = match single {
                _ if varies => usize::try_from(rest.long()?).ok()?,
                0x02 | 0x03 | 0x04 | 0x0a | 0x0b => 4,
                0x05 | 0x06 | 0x07 | 0x14 | 0x40 => 8,
                0x48 => 16,
                _ => return None,
            };
            let value = rest.padded(length)?;
            if number == 0 {
                tell(id, single, value);
            }
        }
    }
    Some(())
}

fn words(kind: u16, value: &[u8], charset: &str) -> String {
    match kind {
        UNICODE => text(value, "utf-16le"),
        // HTML says in its own head which charset it is in; most is UTF-8 today.
        BINARY if std::str::from_utf8(value).is_ok() => text(value, "utf-8"),
        _ => text(value, charset),
    }
}

fn text(value: &[u8], charset: &str) -> String {
    let text = decode::charset(value, Some(charset), &mut vec![]);
    text.trim_end_matches('\0').to_owned()
}

fn code_page(number: u32) -> String {
    match number {
        65001 => "utf-8".to_owned(),
        20127 => "us-ascii".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        28591..=28605 => format!("iso-8859-{}", number - 28590),
        other => format!("windows-{other}"),
    }
}

struct Cursor<'x> {
    bytes: &'x [u8],
    at: usize,
}

impl<'x> Cursor<'x> {
    fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    fn take(&mut self, length: usize) -> Option<&'x [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// Values are filled up to four bytes.
    fn padded(&mut self, length: usize) -> Option<&'x [u8]> {
        let taken = self.take(length)?;
        self.take(length.next_multiple_of(4).checked_sub(length)?)?;
        Some(taken)
    }

    fn short(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn attribute(id: u32, data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let sum = data.iter().fold(0u16, |sum, b| sum.wrapping_add(u16::from(*b))).to_le_bytes();
        [&[1][..], &id.to_le_bytes(), &length, data, &sum].concat()
    }

    fn varying(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).unwrap().to_le_bytes();
        let fill = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&kind.to_le_bytes()[..], &id.to_le_bytes(), &[1, 0, 0, 0], &length, value, &fill].concat()
    }

    fn list(properties: &[Vec<u8>]) -> Vec<u8> {
        let count = u32::try_from(properties.len()).unwrap().to_le_bytes();
        [&count[..], &properties.concat()].concat()
    }

    pub(in super::super) fn wrapped(attributes: &[Vec<u8>]) -> Vec<u8> {
        [&SIGNATURE.to_le_bytes()[..], b"\x01\0", &attributes.concat()].concat()
    }

    /// A wrapping with a text and a file of this name.
    pub(in super::super) fn with_file(text: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
        let utf16 = |s: &str| s.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let named = [
            b"\x03\0\x03\x80".to_vec(),
            vec![7; 16],
            vec![0, 0, 0, 0, 9, 0, 0, 0],
            vec![1, 0, 0, 0],
        ];
        wrapped(&[
            attribute(0x0006_9007, &[0xe4, 4, 0, 0]),
            attribute(
                0x0006_9003,
                &list(&[named.concat(), varying(UNICODE, property::BODY, &utf16(text))]),
            ),
            attribute(0x0006_9002, &[0; 14]),
            attribute(0x0001_8010, b"SHORT~1.PDF\0"),
            attribute(0x0006_800f, bytes),
            attribute(0x0006_9005, &list(&[varying(UNICODE, property::LONG_NAME, &utf16(name))])),
        ])
    }

    #[test]
    fn the_text_and_the_files_come_out() {
        let tnef = open(&with_file("Größe?\r\n", "Größe 5.pdf", b"%PDF")).unwrap();
        assert_eq!(tnef.text.as_deref(), Some("Größe?\r\n"));
        assert_eq!(tnef.files.len(), 1);
        assert_eq!(tnef.files[0].name.as_deref(), Some("Größe 5.pdf"));
        assert_eq!(tnef.files[0].bytes, b"%PDF");
        assert!(!tnef.only_rtf && !tnef.files[0].is_mail);
        let rtf =
            wrapped(&[attribute(0x0006_9003, &list(&[varying(BINARY, property::RTF, b"x")]))]);
        assert!(open(&rtf).unwrap().only_rtf);
    }

    #[test]
    fn what_is_broken_is_none() {
        let whole = with_file("Hello", "a.pdf", b"%PDF");
        for end in 0..whole.len() {
            let _ = open(&whole[..end]);
            let mut broken = whole.clone();
            broken[end] = 0xff;
            let _ = open(&broken);
        }
        assert_eq!(open(b"PK\x03\x04"), None);
        assert_eq!(open(&[&whole[..], b"\x01"].concat()), None);
    }
}
