//! Archives: no side may send one, so they are only looked through, for what makes the difference
//! between a file of a wrong type and a danger.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

use super::kind::{OLE, kind};
use super::{names, office, rar, zip};
use crate::domain::{Danger, FileFacts, FileKind};

/// Archives in archives that are opened.
const DEEPEST: usize = 4;
/// Files that are looked at.
const MOST_FILES: usize = 10_000;
/// Bytes that are unpacked, of all archives in one file together.
const MOST_UNPACKED: usize = 100 * 1024 * 1024;
/// An archive that says it unpacks to more than this is a bomb.
const MOST_DECLARED: u64 = 1024 * 1024 * 1024;
/// One that unpacks to this many times its size is one, from `SMALL` on: logs and empty tables
/// pack well too.
const MOST_TIMES: u64 = 200;
const SMALL: u64 = 50 * 1024 * 1024;
/// So much of a file tells what it is.
const HEAD: usize = 4 * 1024;
/// A name in a finding, in characters.
const NAME: usize = 80;

/// What may still be spent on one file.
struct Budget {
    files: usize,
    bytes: usize,
}

/// A danger, and the name of the file inside that is it.
type Found = (Danger, Option<String>);

/// Looks through an archive or an office document.
pub(super) fn look(name: Option<&str>, bytes: &[u8]) -> FileFacts {
    let mut budget = Budget { files: MOST_FILES, bytes: MOST_UNPACKED };
    let kind = packed_kind(bytes).unwrap_or(FileKind::Archive);
    let named = name.is_some_and(names::has_macros_by_name).then_some((Danger::Macro, None));
    match inside(bytes, 0, &mut budget).or(named) {
        Some((danger, inside)) => FileFacts::dangerous(kind, danger, inside),
        None => FileFacts::of(kind),
    }
}

/// Programs and documents that are ZIPs by their form.
fn packed_kind(bytes: &[u8]) -> Option<FileKind> {
    if bytes.starts_with(OLE) || bytes.starts_with(b"{\\rtf") {
        return Some(FileKind::Office);
    }
    let (entries, _) = zip::list(bytes, MOST_FILES)?;
    let has = |name: &str| entries.iter().any(|e| e.name.eq_ignore_ascii_case(name));
    if has("META-INF/MANIFEST.MF") && !has("mimetype") || has("AndroidManifest.xml") {
        Some(FileKind::Program)
    } else if has("[Content_Types].xml") || has("mimetype") {
        Some(FileKind::Office)
    } else {
        None
    }
}

/// What is dangerous in these bytes, which came out of `depth` archives.
fn inside(bytes: &[u8], depth: usize, budget: &mut Budget) -> Option<Found> {
    if depth > DEEPEST {
        return Some((Danger::Bomb, None));
    }
    match bytes {
        _ if bytes.starts_with(OLE) => office::danger(bytes).map(|danger| (danger, None)),
        _ if bytes.starts_with(b"PK") => in_zip(bytes, depth, budget),
        _ if bytes.starts_with(b"\x1f\x8b") => in_gzip(bytes, depth, budget),
        _ if bytes.starts_with(b"Rar!") => in_rar(bytes),
        // 7z names its methods in its last header; this one is AES.
        _ if bytes.starts_with(b"7z\xbc\xaf\x27\x1c") => bytes
            .windows(4)
            .any(|w| w == b"\x06\xf1\x07\x01")
            .then_some((Danger::EncryptedArchive, None)),
        _ if bytes.get(257..262) == Some(b"ustar") => in_tar(bytes, depth, budget),
        _ => None,
    }
}

fn in_zip(bytes: &[u8], depth: usize, budget: &mut Budget) -> Option<Found> {
    let (entries, more) = zip::list(bytes, budget.files)?;
    budget.files -= entries.len();
    if more {
        return Some((Danger::Bomb, None));
    }
    let declared = entries.iter().fold(0u64, |sum, e| sum.saturating_add(e.size));
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if declared > MOST_DECLARED || (declared > SMALL && declared / length.max(1) > MOST_TIMES) {
        return Some((Danger::Bomb, None));
    }
    if packed_kind(bytes) == Some(FileKind::Program) {
        return Some((Danger::Program, None));
    }
    entries.iter().find_map(|entry| {
        if entry.encrypted {
            return Some((Danger::EncryptedArchive, Some(short(&entry.name))));
        }
        let head = zip::read(bytes, entry, HEAD);
        one(&entry.name, &head, depth, budget, |most| zip::read(bytes, entry, most))
    })
}

fn in_gzip(bytes: &[u8], depth: usize, budget: &mut Budget) -> Option<Found> {
    let most = budget.bytes + 1;
    let mut out = Vec::new();
    // What was read before an error counts.
    let _ = MultiGzDecoder::new(bytes)
        .take(u64::try_from(most).unwrap_or(u64::MAX))
        .read_to_end(&mut out);
    if out.len() == most {
        return Some((Danger::Bomb, None));
    }
    budget.bytes -= out.len();
    let head = out.get(..HEAD).unwrap_or(&out);
    if kind(None, "", head) == FileKind::Program {
        return Some((Danger::Program, None));
    }
    inside(&out, depth + 1, budget)
}

fn in_rar(bytes: &[u8]) -> Option<Found> {
    let rar = rar::read(bytes, MOST_FILES);
    if rar.encrypted {
        return Some((Danger::EncryptedArchive, None));
    }
    rar.names.iter().find_map(|name| by_name(name))
}

/// POSIX.1 ustar: a header of 512 bytes, then the file, filled up to 512.
fn in_tar(bytes: &[u8], depth: usize, budget: &mut Budget) -> Option<Found> {
    let mut at = 0usize;
    while let Some(header) = bytes.get(at..at + 512) {
        budget.files = match budget.files.checked_sub(1) {
            Some(left) => left,
            None => return Some((Danger::Bomb, None)),
        };
        let text = |range: std::ops::Range<usize>| {
            let field = header.get(range).unwrap_or_default();
            let field = field.split(|b| *b == 0).next().unwrap_or_default();
            String::from_utf8_lossy(field).trim().to_owned()
        };
        let (name, size) = (text(0..100), text(124..136));
        let Ok(size) = usize::from_str_radix(&size, 8) else { break };
        let content = bytes.get(at + 512..at.saturating_add(512).saturating_add(size));
        let content = content.unwrap_or_default();
        let head = content.get(..HEAD).unwrap_or(content);
        if let Some(found) = one(&name, head, depth, budget, |_| content.to_vec()) {
            return Some(found);
        }
        at = at.saturating_add(512).saturating_add(size.next_multiple_of(512));
    }
    None
}

/// One file in an archive: by its name, by its first bytes, and by what it holds itself.
fn one(
    name: &str,
    head: &[u8],
    depth: usize,
    budget: &mut Budget,
    unpack: impl FnOnce(usize) -> Vec<u8>,
) -> Option<Found> {
    if name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case("vbaProject.bin")) {
        return Some((Danger::Macro, Some(short(name))));
    }
    if let Some(found) = by_name(name) {
        return Some(found);
    }
    match kind(None, "", head) {
        FileKind::Program => Some((Danger::Program, Some(short(name)))),
        FileKind::Archive | FileKind::Office => {
            let whole = unpack(budget.bytes + 1);
            budget.bytes = match budget.bytes.checked_sub(whole.len()) {
                Some(left) => left,
                None => return Some((Danger::Bomb, None)),
            };
            let (danger, deeper) = inside(&whole, depth + 1, budget)?;
            Some((danger, deeper.or_else(|| Some(short(name)))))
        }
        _ => None,
    }
}

fn by_name(name: &str) -> Option<Found> {
    if names::is_run_by_name(name) {
        Some((Danger::Program, Some(short(name))))
    } else if names::has_macros_by_name(name) {
        Some((Danger::Macro, Some(short(name))))
    } else {
        None
    }
}

/// The last part of a name in an archive, for a finding.
fn short(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    last.chars().filter(|c| !c.is_control()).take(NAME).collect()
}
