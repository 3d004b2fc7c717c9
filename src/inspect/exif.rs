//! Of all that EXIF tells, the one thing that a picture can't be shown without: which side is up.

/// TIFF 6.0 §2: Orientation.
const ORIENTATION: u16 = 0x0112;
/// TIFF 6.0 §2: the type SHORT.
const SHORT: u16 = 3;

/// Which way the picture is to be turned, 2 to 8, if it is: read from a TIFF structure.
pub(super) fn orientation(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let short = |at: usize| {
        let two: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    };
    let long = |at: usize| {
        let four: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    };
    let first = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(short(first)?);
    let at = (0..entries)
        .filter_map(|n| first.checked_add(2 + 12 * n))
        .find(|&at| short(at) == Some(ORIENTATION))?;
    let value = (short(at + 2)? == SHORT).then(|| short(at + 8)).flatten()?;
    u8::try_from(value).ok().filter(|v| (2..=8).contains(v))
}

/// A TIFF structure that says which way the picture is to be turned, and nothing else.
pub(super) fn turned(orientation: u8) -> [u8; 26] {
    let mut tiff = *b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    tiff[19] = orientation;
    tiff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orientation_is_read_and_written_the_same() {
        for value in 2..=8 {
            assert_eq!(orientation(&turned(value)), Some(value));
        }
        assert_eq!(orientation(&turned(1)), None);
        let little = b"II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x04\0\0\0ABC\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        assert_eq!(orientation(little), Some(6));
    }

    #[test]
    fn broken_structures_have_none() {
        let whole = turned(6);
        for end in 0..20 {
            assert_eq!(orientation(&whole[..end]), None, "{end}");
        }
        assert_eq!(orientation(b"MM\0*\xff\xff\xff\xff"), None);
        assert_eq!(orientation(b"MM\0*\0\0\0\x08\xff\xff"), None);
    }
}
