//! Tag lists (RFC 6376 §3.2), in which DKIM and DMARC say everything.

/// The tags of a list in their order, white space around names and values taken off; none where
/// it is malformed or names a tag twice.
pub(super) fn read(text: &str) -> Option<Vec<(&str, &str)>> {
    let mut tags: Vec<(&str, &str)> = Vec::new();
    // One semicolon may stand at the end.
    let text = trim(text);
    for tag in text.strip_suffix(';').unwrap_or(text).split(';') {
        let (name, value) = tag.split_once('=')?;
        let (name, value) = (trim(name), trim(value));
        let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if !fits || tags.iter().any(|(known, _)| *known == name) {
            return None;
        }
        tags.push((name, value));
    }
    Some(tags)
}

/// Without the white space of RFC 6376 §2.8 at its ends; other than that is no white space.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(SPACE)
}

/// What folding white space is made of.
pub(super) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// The value of a tag.
pub(super) fn value<'t>(tags: &[(&str, &'t str)], name: &str) -> Option<&'t str> {
    tags.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_and_a_malformed_one_is_none() {
        assert_eq!(read(" a = b ; c=;\r\n d=e=f;").unwrap(), [("a", "b"), ("c", ""), ("d", "e=f")]);
        for bad in ["", "a", "a=1; a=2", "=b", "a b=c", "a=1;;b=2", "1a=2", "\u{c}a=1"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
