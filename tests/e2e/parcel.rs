//! Mails with files, and the files themselves, made byte by byte.

use std::io::Write as _;

use bauta::mail;
use data_encoding::BASE64;
use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use crate::letter::{Letter, Opened};

/// A file to be attached.
#[derive(Debug, Clone)]
pub struct File<'a> {
    pub name: &'a str,
    pub content_type: &'a str,
    pub bytes: Vec<u8>,
    /// Shown in the text, by this Content-ID.
    pub shown: Option<&'a str>,
}

impl<'a> File<'a> {
    pub fn new(name: &'a str, content_type: &'a str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name, content_type, bytes: bytes.into(), shown: None }
    }
}

/// A letter with its text and these files, as mail programs write it.
pub fn parcel(letter: Letter, files: &[File<'_>]) -> Letter {
    let mut body = b"--=_p\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n".to_vec();
    body.extend_from_slice(&letter.body);
    for file in files {
        let name: String = file.name.bytes().map(|b| format!("%{b:02X}")).collect();
        let shown = match file.shown {
            Some(id) => format!("inline\r\nContent-ID: <{id}>"),
            None => format!("attachment;\r\n filename*=utf-8''{name}"),
        };
        let head = format!(
            "\r\n--=_p\r\nContent-Type: {}\r\nContent-Disposition: {shown}\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n",
            file.content_type
        );
        body.extend_from_slice(head.as_bytes());
        for line in BASE64.encode(&file.bytes).as_bytes().chunks(76) {
            body.extend_from_slice(line);
            body.extend_from_slice(b"\r\n");
        }
    }
    body.extend_from_slice(b"--=_p--\r\n");
    letter.header("Content-Type", "multipart/mixed; boundary=\"=_p\"").body(&body)
}

/// The files of a mail that came out: name, declared type, bytes.
pub fn files(mail: &Opened) -> Vec<(String, String, Vec<u8>)> {
    let read = mail::read(&mail.raw);
    let each = read.attachments.iter();
    each.map(|a| {
        let bytes = a.content.decode(&mail.raw).into_owned();
        (a.name.clone().unwrap_or_default(), a.content_type.clone(), bytes)
    })
    .collect()
}

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker][..], &length, payload].concat()
}

/// A photograph: its pixels, and what a phone writes beside them.
pub fn photograph(told: &str) -> Vec<u8> {
    // TIFF 6.0: an IFD with the orientation 6 and the artist.
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend(b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\x3b\x01\x02\0\xff\0\0\0\x26\0\0\0\0\0\0\0");
    exif.extend(told.bytes());
    let xmp = format!("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{told}</x:xmpmeta>");
    let before =
        [segment(0xe1, &exif), segment(0xe1, xmp.as_bytes()), segment(0xfe, told.as_bytes())];
    drawn(&before.concat(), told.as_bytes())
}

/// What is left of it: the pixels, and which side is up.
pub fn cleaned_photograph() -> Vec<u8> {
    let way = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    drawn(&segment(0xe1, way), b"")
}

fn drawn(before: &[u8], behind: &[u8]) -> Vec<u8> {
    let frame = segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0");
    let scan = segment(0xda, b"\x01\x01\0\0\x3f\0");
    [b"\xff\xd8", before, &frame, &scan, b"\x12\xff\0\x34\x56\xff\xd9", behind].concat()
}

/// A PDF of one page, with this told about its maker.
pub fn pdf(told: &str, more: impl FnOnce(&mut Document, &mut Dictionary)) -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let content = b"BT /F1 12 Tf (Thank you for your order) Tj ET".to_vec();
    let content = document.add_object(Stream::new(Dictionary::new(), content));
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages, "Contents" => content,
        "MediaBox" => vec![0.into(), 0.into(), 200.into(), 200.into()],
    });
    document.set_object(
        pages,
        dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 },
    );
    let mut catalog = dictionary! { "Type" => "Catalog", "Pages" => pages };
    if !told.is_empty() {
        let text = || Object::string_literal(told);
        let info = dictionary! { "Author" => text(), "Creator" => text(), "Producer" => text() };
        let info = document.add_object(info);
        document.trailer.set("Info", info);
        let xmp = dictionary! { "Type" => "Metadata", "Subtype" => "XML" };
        let xmp = document.add_object(Stream::new(xmp, told.as_bytes().to_vec()));
        catalog.set("Metadata", xmp);
    }
    more(&mut document, &mut catalog);
    let catalog = document.add_object(catalog);
    document.trailer.set("Root", catalog);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

/// A PDF of one page that says this, line by line.
pub fn pdf_saying(words: &str) -> Vec<u8> {
    let lines = words.lines().map(|line| format!("({line}) Tj 0 -14 Td\n"));
    let content = format!("BT /F1 12 Tf 50 700 Td\n{}ET", lines.collect::<String>());
    pdf("", |document, catalog| {
        let pages = catalog.get(b"Pages").and_then(Object::as_reference).unwrap();
        let kids = document.get_dictionary(pages).and_then(|p| p.get(b"Kids")).unwrap();
        let page = kids.as_array().and_then(|kids| kids[0].as_reference()).unwrap();
        let mut stream = Stream::new(Dictionary::new(), content.clone().into_bytes());
        stream.compress().unwrap();
        let content = document.add_object(stream);
        document.get_dictionary_mut(page).unwrap().set("Contents", content);
    })
}

/// A PDF that unpacks to gigabytes while it is read.
pub fn pdf_bomb() -> Vec<u8> {
    let objects = 60 * 1024 * 1024;
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    // One array of thirty million numbers.
    packed.write_all(b"9 0 [").unwrap();
    let chunk = b"0 ".repeat(512 * 1024);
    (0..objects / chunk.len()).for_each(|_| packed.write_all(&chunk).unwrap());
    let packed = packed.finish().unwrap();
    let mut out = b"%PDF-1.5\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n\
        2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n\
        3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>\nendobj\n"
        .to_vec();
    let mut places = Vec::new();
    for number in 10..40 {
        places.push((number, out.len()));
        let head = format!(
            "{number} 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length {}>>\nstream\n",
            packed.len()
        );
        out.extend(head.as_bytes());
        out.extend(&packed);
        out.extend(b"\nendstream\nendobj\n");
    }
    let start = out.len();
    let mut table = String::from("xref\n0 4\n0000000000 65535 f \n");
    for number in 1..4 {
        let mark = format!("\n{number} 0 obj");
        let at = out.windows(mark.len()).position(|w| w == mark.as_bytes()).unwrap() + 1;
        table.push_str(&format!("{at:010} 00000 n \n"));
    }
    table.push_str("10 30\n");
    places.iter().for_each(|(_, at)| table.push_str(&format!("{at:010} 00000 n \n")));
    out.extend(table.as_bytes());
    out.extend(b"trailer\n<</Size 40/Root 1 0 R>>\nstartxref\n");
    out.extend(format!("{start}\n%%EOF\n").as_bytes());
    out
}

/// A ZIP of (name, content, bit 0 of the flags).
pub fn zip(files: &[(&str, &[u8], u16)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
    for (name, content, flags) in files {
        let mut packed =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(content).unwrap();
        let packed = packed.finish().unwrap();
        let length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common = [
            &flags.to_le_bytes()[..],
            b"\x08\0",
            &[0; 8],
            &size(&packed),
            &size(content),
            &length,
            b"\0\0",
        ]
        .concat();
        let local = size(&out);
        out.extend([b"PK\x03\x04\x14\0", &common[..], name.as_bytes(), &packed].concat());
        let head = b"PK\x01\x02\x14\0\x14\0";
        directory.extend([head, &common[..], &[0; 10], &local, name.as_bytes()].concat());
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (length, start) = (size(&directory), size(&out));
    out.extend(&directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &length, &start, b"\0\0"].concat());
    out
}

/// A winmail.dat ([MS-OXTNEF]) with a text and a file of this name.
pub fn winmail(text: &str, name: &str, bytes: &[u8]) -> Vec<u8> {
    let attribute = |id: u32, data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_le_bytes();
        let sum = data.iter().fold(0u16, |sum, b| sum.wrapping_add(u16::from(*b)));
        [&[1][..], &id.to_le_bytes(), &length, data, &sum.to_le_bytes()].concat()
    };
    // A list of one property, a text in UTF-16.
    let property = |id: u16, text: &str| {
        let value: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u32::try_from(value.len()).unwrap().to_le_bytes();
        let fill = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&[1, 0, 0, 0, 0x1f, 0][..], &id.to_le_bytes(), &[1, 0, 0, 0], &length, &value, &fill]
            .concat()
    };
    [
        b"\x78\x9f\x3e\x22\x01\0".to_vec(),
        attribute(0x0006_9003, &property(0x1000, text)),
        attribute(0x0006_9002, &[0; 14]),
        attribute(0x0001_8010, b"SHORT~1.PDF\0"),
        attribute(0x0006_800f, bytes),
        attribute(0x0006_9005, &property(0x3707, name)),
    ]
    .concat()
}
