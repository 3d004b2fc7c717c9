//! PDF (ISO 32000-2): read whole, rid of what tells about its maker and of what acts by itself, and
//! written anew.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lopdf::xref::XrefType;
use lopdf::{Document, LoadOptions, Object};

use super::pdf_objects::Cleaner;
use super::pdf_words;
use crate::domain::Unopened;

/// One stream's bytes unpacked while reading: object streams only, which hold no pictures.
const MOST_UNPACKED: usize = 64 * 1024 * 1024;

/// The same document without its metadata and what it says, or why it can't be cleaned. One that
/// has nothing to clean comes back as it was.
pub(super) fn clean(bytes: &[u8]) -> Result<(Vec<u8>, String), Unopened> {
    let mut document = load(bytes)?;
    // What can't be read is no reason to refuse what can be cleaned.
    let words = catch_unwind(AssertUnwindSafe(|| pdf_words::read(&document))).unwrap_or_default();
    Ok((rid_of_maker(&mut document, bytes)?, words))
}

fn rid_of_maker(document: &mut Document, bytes: &[u8]) -> Result<Vec<u8>, Unopened> {
    let mut cleaner = Cleaner::default();
    cleaner.clean(document);
    let pruned = prune(document);
    let decrypted = document.was_encrypted();
    if decrypted {
        document.trailer.remove(b"Encrypt");
        document.encryption_state = None;
    }
    let revised = document.xref_section_count > 1 && document.linearization.is_none();
    let repaired = document.xref_recovery.is_some();
    if !cleaner.changed && !pruned && !decrypted && !revised && !repaired && ends(bytes) {
        return Ok(bytes.to_vec());
    }
    let cleaned = save(std::mem::take(document))?;
    // What was written is read again: a cleaner that missed something must not say so itself, and
    // what has to be repaired is shown otherwise by each program.
    let again = load(&cleaned)?;
    let is_whole = again.xref_recovery.is_none() && !is_telling(&again);
    if is_whole { Ok(cleaned) } else { Err(Unopened::Damaged) }
}

fn load(bytes: &[u8]) -> Result<Document, Unopened> {
    let options = LoadOptions::with_max_decompressed_size(MOST_UNPACKED);
    let document =
        Document::load_mem_with_options(bytes, options).map_err(|error| match error {
            lopdf::Error::InvalidPassword | lopdf::Error::Decryption(_) => Unopened::Encrypted,
            _ => Unopened::Damaged,
        })?;
    if document.is_encrypted() && !document.was_encrypted() {
        return Err(Unopened::Encrypted);
    }
    // A file that has no page shows nothing: it was not understood.
    let has_page = document.catalog().is_ok() && document.page_iter().next().is_some();
    if has_page { Ok(document) } else { Err(Unopened::Damaged) }
}

/// With a plain table of objects, which every reader knows: a hundred thousand objects are
/// written in no more time than they were read.
fn save(mut document: Document) -> Result<Vec<u8>, Unopened> {
    document.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
    // §7.5.8.2: what belongs to the stream that the table was in.
    let mut was_stream = false;
    for key in [&b"Type"[..], b"W", b"Index", b"Filter", b"DecodeParms", b"Length", b"XRefStm"] {
        was_stream |= document.trailer.remove(key).is_some();
    }
    // What only these named.
    if was_stream {
        prune(&mut document);
    }
    let mut out = Vec::new();
    document.save_to(&mut out).map_err(|_| Unopened::Damaged)?;
    Ok(out)
}

/// Takes out what nothing refers to any more: what the cleaner cut off, and earlier revisions.
/// Says whether there was anything; the streams that only hold other objects are nothing.
fn prune(document: &mut Document) -> bool {
    let holds_objects = |object: &Object| match object {
        Object::Stream(stream) => stream.dict.has_type(b"XRef") || stream.dict.has_type(b"ObjStm"),
        _ => false,
    };
    // ISO 32000-1 §7.3.10: numbers are positive, 0 heads the list of those that are free.
    document.objects.retain(|id, object| id.0 > 0 && !holds_objects(object));
    !document.prune_objects().is_empty()
}

/// Whether nothing stands behind the end of the file.
fn ends(bytes: &[u8]) -> bool {
    bytes.trim_ascii_end().ends_with(b"%%EOF") && bytes.starts_with(b"%PDF-")
}

/// Whether a document still has what tells about its maker.
fn is_telling(document: &Document) -> bool {
    document.trailer.has(b"Info")
        || document.objects.values().any(|object| match object {
            Object::Dictionary(dict) => dict.has(b"Metadata") || dict.has(b"EF"),
            Object::Stream(stream) => {
                stream.dict.has(b"Metadata") || stream.dict.has_type(b"Metadata")
            }
            _ => false,
        })
}
