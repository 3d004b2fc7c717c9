//! GIF89a: a walk over its blocks that keeps what the picture is drawn from.

/// The same picture without what else is in the file, `None` where it is no whole GIF.
pub(super) fn clean(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    // §17, §18: header and logical screen descriptor, then the global colour table.
    let table = table_size(*bytes.get(10)?);
    let mut at = 13 + table;
    out.extend_from_slice(bytes.get(..at)?);
    let mut drawn = false;
    loop {
        let start = at;
        match bytes.get(at) {
            // §27: the trailer. A file that was cut off behind a picture has none.
            Some(0x3b) => {
                out.push(0x3b);
                return drawn.then_some(out);
            }
            None => return drawn.then_some(out),
            // §20: an image, its own colour table, the code size, its data.
            Some(0x2c) => {
                at += 10 + table_size(*bytes.get(at + 9)?) + 1;
                at = blocks(bytes, at)?;
                out.extend_from_slice(bytes.get(start..at)?);
                drawn = true;
            }
            Some(0x21) => {
                let label = *bytes.get(at + 1)?;
                at = blocks(bytes, at + 2)?;
                let whole = bytes.get(start..at)?;
                if is_kept(label, whole) {
                    out.extend_from_slice(whole);
                }
            }
            Some(_) => return None,
        }
    }
}

/// §23 is how a picture is drawn; of the applications' blocks two say how often an animation is
/// shown. Comments (§24), text (§25) and other applications' data (§26) go.
fn is_kept(label: u8, whole: &[u8]) -> bool {
    let application = whole.get(3..14).unwrap_or_default();
    match label {
        0xf9 => true,
        0xff => {
            (application == b"NETSCAPE2.0" || application == b"ANIMEXTS1.0") && whole.len() == 19
        }
        _ => false,
    }
}

/// §19: three bytes a colour.
fn table_size(packed: u8) -> usize {
    if packed & 0x80 == 0 { 0 } else { 3 << ((packed & 0x07) + 1) }
}

/// Where the data blocks end that begin here (§15, §16).
fn blocks(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match usize::from(*bytes.get(at)?) {
            0 => return Some(at + 1),
            length => at += length + 1,
        }
    }
}
