//! Files in which, and in whose names, a sender stands.

use data_encoding::BASE64;
use lopdf::{Dictionary, Document, Object, Stream, dictionary};

use crate::marking::{ADDRESS, NAME};

/// What stands in the files.
const TOLD: &str = "Zyxina Markerfamily zyxmarker.person@qwvmarker.example GPS 52.3456";
/// Parts of it, lower case.
pub const MARKERS: &[&str] = &["zyxmarker", "qwvmarker", "markerfamily", "52.3456"];

fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker][..], &length, payload].concat()
}

/// A photograph with its maker in EXIF, XMP, IPTC, a comment and behind its end.
fn photograph() -> Vec<u8> {
    let exif = [b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0", TOLD.as_bytes()].concat();
    let xmp = [b"http://ns.adobe.com/xap/1.0/\0", TOLD.as_bytes()].concat();
    let iptc = [b"Photoshop 3.0\08BIM\x04\x04", TOLD.as_bytes()].concat();
    let frame = segment(0xc0, b"\x08\0\x01\0\x01\x01\x01\x11\0");
    let scan = segment(0xda, b"\x01\x01\0\0\x3f\0");
    [
        &b"\xff\xd8"[..],
        &segment(0xe1, &exif),
        &segment(0xe1, &xmp),
        &segment(0xed, &iptc),
        &segment(0xfe, TOLD.as_bytes()),
        &frame,
        &scan,
        b"\x12\xff\0\x34\x56\xff\xd9",
        TOLD.as_bytes(),
    ]
    .concat()
}

/// A document with its maker in Info and XMP, and a file inside.
fn document() -> Vec<u8> {
    let mut document = Document::with_version("1.5");
    let pages = document.new_object_id();
    let page = document.add_object(dictionary! {
        "Type" => "Page", "Parent" => pages,
        "MediaBox" => vec![0.into(), 0.into(), 200.into(), 200.into()],
    });
    let kids = vec![page.into()];
    document.set_object(pages, dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => 1 });
    let wide: Vec<u8> = TOLD.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide = Object::String([b"\xfe\xff", &wide[..]].concat(), lopdf::StringFormat::Literal);
    let info = document
        .add_object(dictionary! { "Author" => wide, "Producer" => Object::string_literal(TOLD) });
    document.trailer.set("Info", info);
    let told = || TOLD.as_bytes().to_vec();
    let xmp = Stream::new(dictionary! { "Type" => "Metadata", "Subtype" => "XML" }, told());
    let xmp = document.add_object(xmp);
    let file = document.add_object(Stream::new(dictionary! { "Type" => "EmbeddedFile" }, told()));
    let file = document.add_object(dictionary! {
        "Type" => "Filespec", "F" => Object::string_literal(TOLD), "EF" => dictionary! { "F" => file },
    });
    let files = dictionary! { "Names" => vec![Object::string_literal(TOLD), file.into()] };
    let mut names = Dictionary::new();
    names.set("EmbeddedFiles", files);
    let catalog = document.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => pages, "Metadata" => xmp, "Names" => names,
    });
    document.trailer.set("Root", catalog);
    let mut out = Vec::new();
    document.save_to(&mut out).unwrap();
    out
}

/// The mail inside of a multipart/mixed, with the files behind it. What its header says beside
/// how its body is written stays where it is.
pub fn with_files(raw: &[u8]) -> Vec<u8> {
    let text = raw.iter().map(|b| char::from(*b)).collect::<String>().replace("\r\n", "\n");
    let (header, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let (mut outer, mut content) = (String::new(), String::new());
    let mut is_content = false;
    for line in header.lines() {
        if !line.starts_with([' ', '\t']) {
            let lower = line.to_lowercase();
            is_content = lower.starts_with("content-") || lower.starts_with("mime-version:");
        }
        let to = if is_content { &mut content } else { &mut outer };
        to.push_str(&format!("{line}\n"));
    }
    let part = |kind: &str, name: &str, bytes: &[u8]| {
        format!(
            "\n--=_corpus\nContent-Type: {kind}; name=\"{name}\"\nContent-Disposition: attachment\n\
             Content-Transfer-Encoding: base64\n\n{}\n",
            BASE64.encode(bytes)
        )
    };
    let mail = format!(
        "{outer}MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_corpus\"\n\n\
         --=_corpus\n{content}\n{body}\n{}{}--=_corpus--\n",
        part("image/jpeg", &format!("{NAME} {ADDRESS}.jpg"), &photograph()),
        part("application/pdf", "zyxmarker.person offer.pdf", &document()),
    );
    let mail = mail.replace('\n', "\r\n");
    mail.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}
