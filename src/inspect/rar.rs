//! RAR: the names in it and whether it is encrypted, which its headers say in the clear.

use super::zip::{long, short};

/// What a RAR says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rar {
    pub names: Vec<String>,
    pub encrypted: bool,
}

/// Reads the headers, at most `most` files; what is broken ends it.
pub(super) fn read(bytes: &[u8], most: usize) -> Rar {
    let mut rar = Rar::default();
    if let Some(blocks) = bytes.strip_prefix(b"Rar!\x1a\x07\x01\x00") {
        let mut at = 0;
        while rar.names.len() < most && version_5(blocks, &mut at, &mut rar).is_some() {}
    } else if let Some(blocks) = bytes.strip_prefix(b"Rar!\x1a\x07\x00") {
        let mut at = 0;
        while rar.names.len() < most && version_4(blocks, &mut at, &mut rar).is_some() {}
    }
    rar
}

/// One block: CRC, type, flags, size, and with flag 0x8000 the size of what follows.
fn version_4(blocks: &[u8], at: &mut usize, rar: &mut Rar) -> Option<()> {
    let kind = *blocks.get(*at + 2)?;
    let flags = short(blocks, *at + 3)?;
    let size = usize::from(short(blocks, *at + 5)?);
    let has_data = flags & 0x8000 != 0 || kind == 0x74;
    let data = if has_data { usize::try_from(long(blocks, *at + 7)?).ok()? } else { 0 };
    match kind {
        0x73 if flags & 0x80 != 0 => rar.encrypted = true,
        0x74 => {
            rar.encrypted |= flags & 0x04 != 0;
            let length = usize::from(short(blocks, *at + 26)?);
            let start = *at + if flags & 0x100 != 0 { 40 } else { 32 };
            let name = blocks.get(start..start + length)?;
            // A name in two encodings: the plain one ends at a NUL.
            let name = name.split(|b| *b == 0).next().unwrap_or_default();
            rar.names.push(String::from_utf8_lossy(name).into_owned());
        }
        _ => {}
    }
    *at = at.checked_add(size.max(7))?.checked_add(data)?;
    Some(())
}

/// One block: CRC, size, type, flags, then by type.
fn version_5(blocks: &[u8], at: &mut usize, rar: &mut Rar) -> Option<()> {
    let mut head = *at + 4;
    let size = number(blocks, &mut head)?;
    let end = head.checked_add(size)?;
    let kind = number(blocks, &mut head)?;
    let flags = number(blocks, &mut head)?;
    let extra = if flags & 1 != 0 { number(blocks, &mut head)? } else { 0 };
    let data = if flags & 2 != 0 { number(blocks, &mut head)? } else { 0 };
    match kind {
        4 => rar.encrypted = true,
        2 => {
            let file = number(blocks, &mut head)?;
            let _size = number(blocks, &mut head)?;
            let _attributes = number(blocks, &mut head)?;
            head += if file & 2 != 0 { 4 } else { 0 } + if file & 4 != 0 { 4 } else { 0 };
            let _method = number(blocks, &mut head)?;
            let _system = number(blocks, &mut head)?;
            let length = number(blocks, &mut head)?;
            let name = blocks.get(head..head.checked_add(length)?)?;
            rar.names.push(String::from_utf8_lossy(name).into_owned());
            let mut record = end.checked_sub(extra)?;
            while record < end {
                let length = number(blocks, &mut record)?;
                let next = record.checked_add(length)?;
                rar.encrypted |= number(blocks, &mut record)? == 1;
                record = next;
            }
        }
        _ => {}
    }
    *at = end.checked_add(data)?;
    Some(())
}

/// Seven bits a byte, the lowest first.
fn number(bytes: &[u8], at: &mut usize) -> Option<usize> {
    let mut value = 0usize;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_encryption_are_read_from_both_versions() {
        let mut old = b"Rar!\x1a\x07\0".to_vec();
        old.extend(b"\0\0\x73\0\0\x0d\0\0\0\0\0\0\0");
        let mut file =
            b"\0\0\x74\x04\x80\x25\0\x02\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0\x1d\x33\x05\0\0\0\0\0"
                .to_vec();
        file.extend(b"a.exe..");
        old.extend(file);
        let rar = read(&old, 9);
        assert_eq!((rar.names, rar.encrypted), (vec!["a.exe".to_owned()], true));

        let mut new = b"Rar!\x1a\x07\x01\0".to_vec();
        // size 12: type 2, flags 0, file flags 0, size, attributes, method, system, "b.js"
        new.extend(b"\0\0\0\0\x0c\x02\0\0\x01\0\0\0\x04b.js");
        let rar = read(&new, 9);
        assert_eq!((rar.names, rar.encrypted), (vec!["b.js".to_owned()], false));
        assert!(read(b"Rar!\x1a\x07\x01\0\0\0\0\0\x02\x04\0", 9).encrypted);
        assert_eq!(read(b"Rar!\x1a\x07\x01\0\xff\xff", 9), Rar::default());
    }
}
