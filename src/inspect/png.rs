//! PNG (W3C PNG, 3rd edition): a walk over its chunks that keeps what the picture is drawn from.

use super::exif;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Chunks that change how the picture looks; the last three are an animation's.
const KEPT: [&[u8; 4]; 15] = [
    b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP",
    b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
];

/// The same picture without what else is in the file, `None` where it is no whole PNG.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(SIGNATURE);
    let mut drawn = false;
    loop {
        // §5.3: length, type, data, CRC.
        let (length, after) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let kind: &[u8; 4] = after.first_chunk()?;
        let data = after.get(4..4usize.checked_add(length)?)?;
        let whole = rest.get(..length.checked_add(12)?)?;
        if out.len() == SIGNATURE.len() && kind != b"IHDR" {
            return None;
        }
        match kind {
            b"IEND" => {
                out.extend_from_slice(b"\0\0\0\0IEND\xaeB`\x82");
                return drawn.then_some(out);
            }
            b"eXIf" => {
                if let Some(way) = exif::orientation(data) {
                    write(&mut out, b"eXIf", &exif::turned(way));
                }
            }
            kept if KEPT.contains(&kept) => {
                drawn |= kept == b"IDAT";
                out.extend_from_slice(whole);
            }
            _ => {}
        }
        rest = rest.get(whole.len()..)?;
    }
}

fn write(out: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    out.extend_from_slice(&u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(kind);
    out.extend_from_slice(data);
    out.extend_from_slice(&crc.sum().to_be_bytes());
}
