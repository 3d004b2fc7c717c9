//! WebP (RFC 9649): a walk over its chunks that keeps what the picture is drawn from.

use super::exif;

/// §2.7.1, the flags of VP8X.
const HAS_EXIF: u8 = 0x08;
const HAS_XMP: u8 = 0x04;

/// The same picture without what else is in the file, `None` where it is no whole WebP.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let size: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let end = usize::try_from(u32::from_le_bytes(size)).ok()?.checked_add(8)?;
    let mut rest = bytes.get(12..end)?;
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    let mut flags_at = None;
    let mut turned = false;
    let mut drawn = false;
    while !rest.is_empty() {
        let (kind, data, whole) = chunk(rest)?;
        match kind {
            b"VP8X" => {
                flags_at = Some(out.len() + 8);
                out.extend_from_slice(whole);
            }
            b"VP8 " | b"VP8L" | b"ALPH" | b"ANIM" | b"ICCP" => {
                drawn |= kind == b"VP8 " || kind == b"VP8L";
                out.extend_from_slice(whole);
            }
            b"ANMF" => {
                drawn = true;
                write(&mut out, kind, &frame(data)?);
            }
            b"EXIF" if !turned => {
                let tiff = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
                if let Some(way) = exif::orientation(tiff) {
                    write(&mut out, kind, &exif::turned(way));
                    turned = true;
                }
            }
            _ => {}
        }
        rest = rest.get(whole.len()..)?;
    }
    if let Some(flags) = flags_at.and_then(|at| out.get_mut(at)) {
        *flags &= !HAS_XMP & if turned { 0xff } else { !HAS_EXIF };
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out.get_mut(4..8)?.copy_from_slice(&size.to_le_bytes());
    drawn.then_some(out)
}

/// §2.7.1.1: a frame's place, then chunks again.
fn frame(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = data.get(..16)?.to_vec();
    let mut rest = data.get(16..)?;
    while !rest.is_empty() {
        let (kind, _, whole) = chunk(rest)?;
        if matches!(kind, b"VP8 " | b"VP8L" | b"ALPH") {
            out.extend_from_slice(whole);
        }
        rest = rest.get(whole.len()..)?;
    }
    Some(out)
}

/// §2.3: four letters, the size, the data, a byte more where the size is odd.
fn chunk(rest: &[u8]) -> Option<(&[u8; 4], &[u8], &[u8])> {
    let kind: &[u8; 4] = rest.first_chunk()?;
    let size: [u8; 4] = rest.get(4..8)?.try_into().ok()?;
    let end = usize::try_from(u32::from_le_bytes(size)).ok()?.checked_add(8)?;
    let data = rest.get(8..end)?;
    // The last chunk's padding is missing in files that people have.
    let whole = rest.get(..end + end % 2).unwrap_or(rest.get(..end)?);
    Some((kind, data, whole))
}

fn write(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    out.extend_from_slice(kind);
    out.extend_from_slice(&u32::try_from(data.len()).unwrap_or_default().to_le_bytes());
    out.extend_from_slice(data);
    if data.len() % 2 == 1 {
        out.push(0);
    }
}
