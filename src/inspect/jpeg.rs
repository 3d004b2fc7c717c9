//! JPEG (ITU-T T.81): a walk over its segments that keeps what the picture is drawn from.

use super::exif;

/// The same picture without what else is in the file, `None` where it is no whole JPEG. Dropped:
/// EXIF but for the orientation, XMP, IPTC, comments, thumbnails, further pictures and whatever
/// stands behind the end.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(bytes.get(..2).filter(|start| *start == b"\xff\xd8")?);
    let mut at = 2;
    let mut drawn = false;
    let mut turned = false;
    while let Some(marker) = marker(bytes, &mut at) {
        match marker {
            // §B.1.1.3: EOI. A file that was cut off has none; what there is of it can be drawn.
            0xd9 => {
                out.extend_from_slice(b"\xff\xd9");
                return drawn.then_some(out);
            }
            // §B.1.1.4: TEM and RSTm stand alone.
            0x01 | 0xd0..=0xd7 => out.extend_from_slice(&[0xff, marker]),
            _ => {
                let payload = segment(bytes, &mut at)?;
                match kept(marker, payload) {
                    Kept::Whole => write(&mut out, marker, payload),
                    Kept::Start(end) => write(&mut out, marker, payload.get(..end)?),
                    Kept::Jfif(end) => {
                        // No thumbnail: 0 by 0 pixels (JFIF 1.02, "APP0").
                        write(&mut out, marker, &[payload.get(..end)?, b"\0\0"].concat());
                    }
                    Kept::Exif if !turned => {
                        if let Some(way) = payload.get(6..).and_then(exif::orientation) {
                            write(
                                &mut out,
                                marker,
                                &[b"Exif\0\0", &exif::turned(way)[..]].concat(),
                            );
                            turned = true;
                        }
                    }
                    Kept::Exif | Kept::Nothing => {}
                }
                if marker == 0xda {
                    drawn = true;
                    out.extend_from_slice(entropy(bytes, &mut at));
                }
            }
        }
    }
    drawn.then_some(out)
}

enum Kept {
    Whole,
    /// The first bytes of it.
    Start(usize),
    /// JFIF's own bytes, then no thumbnail.
    Jfif(usize),
    Exif,
    Nothing,
}

fn kept(marker: u8, payload: &[u8]) -> Kept {
    match marker {
        // Frames, tables, scans: §B.1.1.3. 0xc8 is reserved.
        0xc0..=0xc7 | 0xc9..=0xcf | 0xda..=0xdf => Kept::Whole,
        0xe0 if payload.starts_with(b"JFIF\0") && payload.len() >= 14 => Kept::Jfif(12),
        0xe1 if payload.starts_with(b"Exif\0") => Kept::Exif,
        // The colours would be wrong without their profile, or without Adobe's note.
        0xe2 if payload.starts_with(b"ICC_PROFILE\0") => Kept::Whole,
        0xee if payload.starts_with(b"Adobe") && payload.len() >= 12 => Kept::Start(12),
        _ => Kept::Nothing,
    }
}

/// The next marker; fill bytes before it are skipped (§B.1.1.2).
fn marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    if bytes.get(*at) != Some(&0xff) {
        return None;
    }
    while bytes.get(*at) == Some(&0xff) {
        *at += 1;
    }
    let marker = *bytes.get(*at)?;
    *at += 1;
    (marker != 0).then_some(marker)
}

/// A segment's bytes behind its length (§B.1.1.4).
fn segment<'x>(bytes: &'x [u8], at: &mut usize) -> Option<&'x [u8]> {
    let length: [u8; 2] = bytes.get(*at..*at + 2)?.try_into().ok()?;
    let length = usize::from(u16::from_be_bytes(length));
    let payload = bytes.get(*at + 2..*at + length)?;
    *at += length;
    Some(payload)
}

fn write(out: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len() + 2).unwrap_or(u16::MAX);
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(payload);
}

/// The coded pixels up to the next marker that is no restart (§B.1.1.5).
fn entropy<'x>(bytes: &'x [u8], at: &mut usize) -> &'x [u8] {
    let start = *at;
    let rest = bytes.get(start..).unwrap_or_default();
    let length = rest
        .windows(2)
        .position(|pair| matches!(pair, [0xff, m] if !matches!(m, 0 | 0xd0..=0xd7 | 0xff)))
        .unwrap_or(rest.len());
    *at = start + length;
    rest.get(..length).unwrap_or_default()
}
