//! What is taken out of a PDF, object by object.

use std::borrow::Cow;
use std::collections::BTreeSet;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::jpeg;

/// Entries that tell about the maker, carry files along or act by themselves, wherever they stand
/// (ISO 32000-2 §14.3 metadata, §14.5 page-piece, §7.11.4 embedded files, §12.6 actions, §12.7.8
/// XFA, §12.8 signatures).
const DROPPED: [&[u8]; 26] = [
    b"AA",
    b"AF",
    b"Author",
    b"Collection",
    b"ContactInfo",
    b"Company",
    b"Creator",
    b"DSS",
    b"EF",
    b"EmbeddedFiles",
    b"IDS",
    b"JS",
    b"JavaScript",
    b"LastModified",
    b"Manager",
    b"Metadata",
    b"ModDate",
    b"CreationDate",
    b"Perms",
    b"PieceInfo",
    b"Producer",
    b"Requirements",
    b"SourceModified",
    b"SpiderInfo",
    b"Thumb",
    b"XFA",
];

/// Actions that do more than turn a page or open a link (ISO 32000-2 §12.6.4).
const ACTIONS: [&[u8]; 12] = [
    b"GoToE",
    b"GoToR",
    b"ImportData",
    b"JavaScript",
    b"Launch",
    b"Movie",
    b"Rendition",
    b"RichMediaExecute",
    b"Sound",
    b"SubmitForm",
    b"GoTo3DView",
    b"GoToDp",
];

/// Annotations that hold files or play something (§12.5.6).
const ANNOTATIONS: [&[u8]; 7] =
    [b"FileAttachment", b"RichMedia", b"Movie", b"Sound", b"Screen", b"3D", b"TrapNet"];

/// A photograph, unpacked.
const MOST_UNPACKED: usize = 64 * 1024 * 1024;
/// Arrays and dictionaries in one another that are cleaned; the parser goes no deeper.
const DEEPEST: usize = 300;

/// Takes out what must not go along, and remembers whether there was anything.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    pub changed: bool,
}

impl Cleaner {
    pub fn clean(&mut self, document: &mut Document) {
        // §7.5.5: who made it, and an id made from when and where.
        for key in [&b"Info"[..], b"ID"] {
            self.changed |= document.trailer.remove(key).is_some();
        }
        let mut gone: BTreeSet<ObjectId> = BTreeSet::new();
        for (id, object) in &mut document.objects {
            self.object(object, 0);
            if matches!(object, Object::Null) {
                gone.insert(*id);
            }
        }
        for object in document.objects.values_mut() {
            unlist(object, &gone);
        }
    }

    fn object(&mut self, object: &mut Object, depth: usize) {
        if depth > DEEPEST {
            self.changed = true;
            *object = Object::Null;
            return;
        }
        match object {
            Object::Array(array) => {
                for item in array {
                    self.object(item, depth + 1);
                }
            }
            Object::Dictionary(dict) => {
                if is_dropped(dict) {
                    self.changed = true;
                    *object = Object::Null;
                } else {
                    self.dictionary(dict, depth);
                }
            }
            Object::Stream(stream) => self.stream(stream, depth),
            _ => {}
        }
    }

    fn dictionary(&mut self, dict: &mut Dictionary, depth: usize) {
        for key in DROPPED {
            self.changed |= dict.remove(key).is_some();
        }
        // §12.5.6.2: who wrote a note. In a form field the same key is the field's name.
        if dict.has(b"Rect") && !is(dict, b"Subtype", &[b"Widget"]) {
            for key in [&b"T"[..], b"NM", b"M"] {
                self.changed |= dict.remove(key).is_some();
            }
        }
        for (_, value) in dict.iter_mut() {
            self.object(value, depth + 1);
        }
    }

    fn stream(&mut self, stream: &mut Stream, depth: usize) {
        if stream.dict.has_type(b"Metadata") || stream.dict.has_type(b"EmbeddedFile") {
            self.changed |= !stream.content.is_empty();
            stream.set_content(vec![]);
            stream.dict.remove(b"Type");
        }
        self.dictionary(&mut stream.dict, depth);
        let cleaned = photograph(stream).and_then(|photograph| {
            jpeg::clean(&photograph).filter(|cleaned| cleaned.as_slice() != photograph.as_ref())
        });
        if let Some(cleaned) = cleaned {
            self.changed = true;
            // What was wrapped around it is gone.
            stream.dict.set("Filter", Object::Name(b"DCTDecode".to_vec()));
            stream.dict.remove(b"DecodeParms");
            stream.set_content(cleaned);
        }
    }
}

/// A photograph as the camera wrote it (§7.4.8), also where it was packed or written in ASCII
/// around that (§7.4.1).
fn photograph(stream: &Stream) -> Option<Cow<'_, [u8]>> {
    let filters = stream.filters().ok()?;
    let (last, before) = filters.split_last()?;
    if *last != b"DCTDecode" && *last != b"DCT" {
        return None;
    }
    if before.is_empty() {
        return Some(Cow::Borrowed(&stream.content));
    }
    let names = before.iter().map(|name| Object::Name(name.to_vec())).collect();
    let mut inner = Dictionary::new();
    inner.set("Filter", Object::Array(names));
    let inner = Stream::new(inner, stream.content.clone());
    inner.decompressed_content_with_limit(MOST_UNPACKED).ok().map(Cow::Owned)
}

/// Whether a dictionary is an action, an annotation, a file or a signature that must not go along.
fn is_dropped(dict: &Dictionary) -> bool {
    let opens_a_mail = || {
        let uri = dict.get(b"URI").and_then(Object::as_str).unwrap_or_default();
        let uri = uri.trim_ascii_start().to_ascii_lowercase();
        [&b"mailto:"[..], b"tel:", b"sms:", b"file:", b"javascript:"]
            .iter()
            .any(|scheme| uri.starts_with(scheme))
    };
    is(dict, b"S", &ACTIONS)
        || (is(dict, b"S", &[b"URI"]) && opens_a_mail())
        || (dict.has(b"Rect") && is(dict, b"Subtype", &ANNOTATIONS))
        || is(dict, b"Type", &[b"Filespec", b"F", b"Sig", b"DocTimeStamp"])
        || dict.has(b"ByteRange")
}

fn is(dict: &Dictionary, key: &[u8], names: &[&[u8]]) -> bool {
    dict.get(key).and_then(Object::as_name).is_ok_and(|name| names.contains(&name))
}

/// Takes what is gone out of the lists of annotations.
fn unlist(object: &mut Object, gone: &BTreeSet<ObjectId>) {
    let remains = |item: &Object| match item {
        Object::Reference(id) => !gone.contains(id),
        other => !matches!(other, Object::Null),
    };
    match object {
        Object::Dictionary(dict) => {
            if let Ok(Object::Array(annotations)) = dict.get_mut(b"Annots") {
                annotations.retain(remains);
            }
        }
        // The list can be an object of its own. Lists of pairs must keep their places.
        Object::Array(list) if list.iter().all(|item| matches!(item, Object::Reference(_))) => {
            list.retain(remains);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use lopdf::dictionary;

    use super::*;

    #[test]
    fn a_photograph_is_cleaned_also_where_it_was_packed() {
        let frame = b"\xff\xc0\0\x0b\x08\0\x01\0\x01\x01\x01\x11\0";
        let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\xd9";
        let jpeg = [&b"\xff\xd8\xff\xfe\0\x06Jane"[..], frame, scan].concat();
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&jpeg).unwrap();
        let hex = data_encoding::HEXLOWER.encode(&jpeg) + ">";
        let name = |name: &str| Object::Name(name.into());
        for (filter, content) in [
            (name("DCTDecode"), jpeg.clone()),
            (Object::Array(vec![name("DCTDecode")]), jpeg.clone()),
            (Object::Array(vec![name("FlateDecode"), name("DCTDecode")]), packed.finish().unwrap()),
            (Object::Array(vec![name("ASCIIHexDecode"), name("DCTDecode")]), hex.into_bytes()),
        ] {
            let mut stream = Stream::new(dictionary! { "Filter" => filter.clone() }, content);
            let mut cleaner = Cleaner::default();
            cleaner.stream(&mut stream, 0);
            assert!(cleaner.changed, "{filter:?}");
            assert_eq!(stream.filters().unwrap(), [b"DCTDecode"], "{filter:?}");
            assert_eq!(stream.content, [&b"\xff\xd8"[..], frame, scan].concat(), "{filter:?}");
        }
    }
}
