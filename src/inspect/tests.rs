//! Pictures and archives, made here byte by byte.

use std::io::Write as _;

use super::{Opened, exif, open};
use crate::domain::{Danger, FileKind, Unopened};

const MARK: &[u8] = b"jane.roe@mail.example GPS 52.5200 N";

fn jpeg_segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker][..], &length, payload].concat()
}

/// What every JPEG has: a frame, a scan, its end.
fn jpeg(before: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
    let frame = jpeg_segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0");
    let scan = jpeg_segment(0xda, b"\x01\x01\0\0\x3f\0");
    let coded = b"\x12\xff\0\x34\xff\xd0\x56";
    [b"\xff\xd8", &before.concat()[..], &frame, &scan, coded, b"\xff\xd9", behind].concat()
}

fn exif_of(orientation: u8) -> Vec<u8> {
    [b"Exif\0\0", &exif::turned(orientation)[..], MARK].concat()
}

fn jfif(thumbnail: &[u8]) -> Vec<u8> {
    let size = [u8::from(!thumbnail.is_empty()); 2];
    jpeg_segment(0xe0, &[b"JFIF\0\x01\x02\0\0\x01\0\x01", &size[..], thumbnail].concat())
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

fn png(more: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
    let head = chunk(b"IHDR", b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0");
    let data = chunk(b"IDAT", b"\x78\x9c\x63\0\0\0\x02\0\x01");
    let end = chunk(b"IEND", b"");
    [b"\x89PNG\r\n\x1a\n", &head[..], &more.concat(), &data, &end, behind].concat()
}

fn gif(more: &[u8], behind: &[u8]) -> Vec<u8> {
    let head = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff";
    let image = b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    [&head[..], more, image, b"\x3b", behind].concat()
}

fn riff(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_le_bytes();
    let pad = vec![0; data.len() % 2];
    [kind, &length[..], data, &pad].concat()
}

fn webp(chunks: &[Vec<u8>], behind: &[u8]) -> Vec<u8> {
    let body = [b"WEBP", &chunks.concat()[..]].concat();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF", &length[..], &body, behind].concat()
}

/// What comes out, and that it holds no mark and is left alone when it comes in again.
fn cleaned(kind: FileKind, bytes: &[u8]) -> Vec<u8> {
    let Opened { facts, cleaned, .. } = open(Some("a.jpg"), "", bytes);
    assert_eq!((facts.kind, facts.is_clean()), (kind, true), "{facts:?}");
    let out = cleaned.unwrap_or_else(|| bytes.to_vec());
    assert!(!out.windows(8).any(|w| w == &MARK[..8]), "{kind:?} still tells");
    let again = open(None, "", &out);
    assert!(again.facts.is_clean() && again.cleaned.is_none(), "{kind:?} is cleaned twice");
    out
}

#[test]
fn a_jpeg_keeps_its_pixels_and_its_orientation_and_nothing_else() {
    let told = [
        jfif(b"abc"),
        jpeg_segment(0xe1, &exif_of(6)),
        jpeg_segment(0xe1, &[b"http://ns.adobe.com/xap/1.0/\0", MARK].concat()),
        jpeg_segment(0xed, &[b"Photoshop 3.0\0", MARK].concat()),
        jpeg_segment(0xfe, MARK),
        jpeg_segment(0xe2, b"ICC_PROFILE\0\x01\x01profile"),
        jpeg_segment(0xe2, &[b"MPF\0", MARK].concat()),
        jpeg_segment(0xee, &[b"Adobe\0\x64\0\0\0\0\x01", MARK].concat()),
    ];
    let kept = [
        jfif(b""),
        jpeg_segment(0xe1, &[b"Exif\0\0", &exif::turned(6)[..]].concat()),
        jpeg_segment(0xe2, b"ICC_PROFILE\0\x01\x01profile"),
        jpeg_segment(0xee, b"Adobe\0\x64\0\0\0\0\x01"),
    ];
    assert_eq!(cleaned(FileKind::Jpeg, &jpeg(&told, MARK)), jpeg(&kept, b""));
    // Upright is what a picture is that says nothing.
    assert_eq!(
        cleaned(FileKind::Jpeg, &jpeg(&[jpeg_segment(0xe1, &exif_of(1))], b"")),
        jpeg(&[], b"")
    );
}

#[test]
fn a_png_keeps_its_pixels_and_its_orientation_and_nothing_else() {
    let told = [
        chunk(b"tEXt", MARK),
        chunk(b"iTXt", MARK),
        chunk(b"zTXt", MARK),
        chunk(b"tIME", MARK),
        chunk(b"eXIf", &exif_of(8)[6..]),
        chunk(b"gAMA", b"\0\0\xb1\x8f"),
    ];
    let kept = [chunk(b"eXIf", &exif::turned(8)), chunk(b"gAMA", b"\0\0\xb1\x8f")];
    assert_eq!(cleaned(FileKind::Png, &png(&told, MARK)), png(&kept, b""));
}

#[test]
fn a_gif_keeps_its_frames_and_its_loop_and_nothing_else() {
    let sub = |data: &[u8]| [&[u8::try_from(data.len()).unwrap()][..], data, b"\0"].concat();
    let control = b"\x21\xf9\x04\0\0\0\0\0";
    let again = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0\0";
    let comment = [b"\x21\xfe", &sub(MARK)[..]].concat();
    let text = [b"\x21\x01", &sub(MARK)[..]].concat();
    let xmp = [b"\x21\xff\x0bXMP DataXMP", &sub(MARK)[..]].concat();
    let told = [&again[..], &comment, &text, &xmp, control].concat();
    let kept = [&again[..], control].concat();
    assert_eq!(cleaned(FileKind::Gif, &gif(&told, MARK)), gif(&kept, b""));
}

#[test]
fn a_webp_keeps_its_pixels_and_its_orientation_and_nothing_else() {
    let pixels = riff(b"VP8L", b"\x2f\0\0\0\0");
    let flagged = |flags: u8| riff(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let told = [flagged(0x2c), pixels.clone(), riff(b"EXIF", &exif_of(3)), riff(b"XMP ", MARK)];
    let kept = [flagged(0x28), pixels.clone(), riff(b"EXIF", &exif::turned(3))];
    assert_eq!(cleaned(FileKind::WebP, &webp(&told, MARK)), webp(&kept, b""));
    let frame = |more: &[u8]| riff(b"ANMF", &[&[0; 16][..], &pixels, more].concat());
    let told = [flagged(0x02), frame(&riff(b"EXIF", MARK))];
    assert_eq!(cleaned(FileKind::WebP, &webp(&told, b"")), webp(&[flagged(0x02), frame(b"")], b""));
}

#[test]
fn what_needs_no_cleaning_is_left_alone_and_what_is_cut_off_is_damaged() {
    for whole in [
        jpeg(&[jfif(b"")], b""),
        png(&[], b""),
        gif(b"", b""),
        webp(&[riff(b"VP8L", b"\x2f\0\0\0\0")], b""),
    ] {
        assert_eq!(open(None, "", &whole).cleaned, None);
        for end in 12..whole.len() {
            let facts = open(None, "", &whole[..end]).facts;
            assert!(facts.is_clean() || facts.unopened == Some(Unopened::Damaged), "{facts:?}");
        }
        // Nothing that is damaged brings it down.
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xff;
            open(None, "", &broken);
        }
    }
}

/// A ZIP of (name, content, bit 0 of the flags).
fn zip(files: &[(&str, &[u8], u16)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content, flags) in files {
        let mut packed =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(content).unwrap();
        let packed = packed.finish().unwrap();
        let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let start = size(&out);
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
        out.extend([b"PK\x03\x04\x14\0", &common[..], name.as_bytes(), &packed].concat());
        directory.extend(
            [b"PK\x01\x02\x14\0\x14\0", &common[..], &[0; 10], &start, name.as_bytes()].concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (length, start) = (
        u32::try_from(directory.len()).unwrap().to_le_bytes(),
        u32::try_from(out.len()).unwrap().to_le_bytes(),
    );
    out.extend(&directory);
    out.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count, &length, &start, b"\0\0"].concat());
    out
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn archives_are_looked_through_for_what_is_dangerous() {
    let check = |name: &str, bytes: &[u8], danger: Option<Danger>, inside: Option<&str>| {
        let facts = open(Some(name), "", bytes).facts;
        assert_eq!((facts.danger, facts.inside.as_deref()), (danger, inside), "{name}");
    };
    let run = zip(&[("readme.txt", b"hello", 0), ("bin/setup.exe", b"x", 0)]);
    check("a.zip", &zip(&[("photo.jpg", &jpeg(&[], b""), 0)]), None, None);
    check("a.zip", &run, Some(Danger::Program), Some("setup.exe"));
    check(
        "a.zip",
        &zip(&[("photo.jpg", b"MZ\x90\0", 0)]),
        Some(Danger::Program),
        Some("photo.jpg"),
    );
    check("a.zip", &zip(&[("x.zip", &run, 0)]), Some(Danger::Program), Some("setup.exe"));
    check("a.zip", &zip(&[("x", &run, 0)]), Some(Danger::Program), Some("setup.exe"));
    check("a.tgz", &gzip(&run), Some(Danger::Program), Some("setup.exe"));
    check("a.zip", &zip(&[("a.txt", b"x", 1)]), Some(Danger::EncryptedArchive), Some("a.txt"));
    check("a.jar", &zip(&[("META-INF/MANIFEST.MF", b"x", 0)]), Some(Danger::Program), None);
    let office = |more: &str| zip(&[("[Content_Types].xml", b"<x/>", 0), (more, b"x", 0)]);
    check("a.docx", &office("word/document.xml"), None, None);
    check("a.docx", &office("word/vbaProject.bin"), Some(Danger::Macro), Some("vbaProject.bin"));
    check("a.docm", &office("word/document.xml"), Some(Danger::Macro), None);
    assert_eq!(open(None, "", &office("word/document.xml")).facts.kind, FileKind::Office);
    let utf16 = |s: &str| s.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let ole = |name: &str| [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", &utf16(name)[..]].concat();
    check("a.doc", &ole("WordDocument"), None, None);
    check("a.doc", &ole("_VBA_PROJECT"), Some(Danger::Macro), None);
    check("a.xls", &ole("EncryptedPackage"), Some(Danger::EncryptedArchive), None);
}

#[test]
fn bombs_are_known_before_they_go_off() {
    let check = |bytes: &[u8]| {
        assert_eq!(open(Some("a.zip"), "", bytes).facts.danger, Some(Danger::Bomb));
    };
    let zeros = vec![0; 60 * 1024 * 1024];
    check(&zip(&[("zeros", &zeros, 0)]));
    check(&gzip(&gzip(&vec![0; 110 * 1024 * 1024])));
    let mut nested = zip(&[("a.txt", b"x", 0)]);
    for _ in 0..8 {
        nested = zip(&[("a.zip", &nested, 0)]);
    }
    check(&nested);
    let many: Vec<_> = (0..10_001).map(|_| ("a", &b""[..], 0)).collect();
    check(&zip(&many));
    // Honest archives are none.
    let text = b"lamp, brass, 40 cm\n".repeat(100_000);
    assert_eq!(open(None, "", &zip(&[("list.csv", &text, 0)])).facts.danger, None);
}

#[test]
fn damaged_archives_bring_nothing_down() {
    let whole = zip(&[("a.txt", b"hello hello hello", 0), ("b.zip", &zip(&[("c", b"d", 0)]), 0)]);
    for at in 0..whole.len() {
        for value in [0, 0x7f, 0xff] {
            let mut broken = whole.clone();
            broken[at] = value;
            open(None, "", &broken);
        }
        open(None, "", &whole[..at]);
    }
}

/// A PDF whose table of objects is broken, so that they are looked for one by one.
fn pdf_without_table(catalog: u32, more: &str, trailer: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n{catalog} 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n\
         2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 100 50]>>\nendobj\n\
         3 0 obj\n<</Type/Page/Parent 2 0 R>>\nendobj\n{more}\
         xref\n0 4\nbroken\ntrailer\n<</Size 4/Root {catalog} 0 R/Info 9 0 R{trailer}>>\nstartxref\n7\n%%EOF\n"
    )
    .into_bytes()
}

#[test]
fn what_was_cleaned_of_a_broken_pdf_needs_no_more_cleaning() {
    let maker = "9 0 obj\n<</Author(Jane Roe)>>\nendobj\n";
    for (catalog, more, trailer) in [
        (1, "", ""),
        (1, "0 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n", ""),
        (0, "", ""),
        // What only the table needed that is no more.
        (1, "5 0 obj\n51\nendobj\n", "/Length 5 0 R"),
    ] {
        let opened = open(
            Some("a.pdf"),
            "application/pdf",
            &pdf_without_table(catalog, &[maker, more].concat(), trailer),
        );
        let Some(cleaned) = opened.cleaned else {
            // Only where its pages hang on an object that there can't be.
            assert_eq!((catalog, opened.facts.unopened), (0, Some(Unopened::Damaged)));
            continue;
        };
        assert!(!String::from_utf8_lossy(&cleaned).contains("Jane"), "{catalog} {more}");
        let again = open(Some("a.pdf"), "application/pdf", &cleaned);
        assert_eq!((again.facts, again.cleaned), (opened.facts, None), "{catalog} {more}");
    }
}
