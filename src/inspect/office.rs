//! Compound files of office programs ([MS-CFB]): whether macros are in them, or a lock before them.

use crate::domain::Danger;

/// What is dangerous in a compound file. Its directory (§2.6) has the names of its streams in
/// UTF-16; they are looked for where they stand, so that a damaged directory hides none.
pub(super) fn danger(bytes: &[u8]) -> Option<Danger> {
    if holds(bytes, "EncryptedPackage") {
        Some(Danger::EncryptedArchive)
    } else if holds(bytes, "_VBA_PROJECT") || holds(bytes, "VBA_PROJECT_CUR") {
        Some(Danger::Macro)
    } else {
        None
    }
}

fn holds(bytes: &[u8], name: &str) -> bool {
    let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(name.len()).any(|window| window == name)
}
