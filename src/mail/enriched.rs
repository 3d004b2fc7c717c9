//! `text/enriched` (RFC 1896) and its forerunner `text/richtext` (RFC 1341 §7.1.3): words without
//! their commands.

/// A command is no longer (RFC 1896 §"Commands").
const LONGEST: usize = 62;

/// The words. Line ends are LF already.
pub(super) fn text(enriched: &str) -> String {
    let mut out = String::with_capacity(enriched.len());
    let mut rest = enriched;
    let (mut breaks, mut kept) = (0, false);
    while let Some(c) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("<<") {
            fold(&mut out, &mut breaks);
            out.push('<');
            rest = tail;
            continue;
        }
        if let Some((name, tail)) = command(rest) {
            rest = tail;
            match name.to_ascii_lowercase().as_str() {
                // What is said to the program, as the name of a font.
                "param" => rest = tail.split_once("</param>").map_or(tail, |(_, behind)| behind),
                "nofill" => kept = true,
                "/nofill" => kept = false,
                "lt" => out.push('<'),
                "nl" => out.push('\n'),
                _ => {}
            }
            continue;
        }
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
        if c == '\n' && !kept {
            breaks += 1;
            continue;
        }
        fold(&mut out, &mut breaks);
        out.push(c);
    }
    out
}

/// One line end alone only wraps; of several one falls away.
fn fold(out: &mut String, breaks: &mut usize) {
    match std::mem::take(breaks) {
        0 => {}
        1 => out.push(' '),
        more => out.extend(std::iter::repeat_n('\n', more - 1)),
    }
}

/// A command and what stands behind it.
fn command(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('<')?;
    let (name, behind) = inner.split_once('>')?;
    let bare = name.strip_prefix('/').unwrap_or(name);
    let is_name = bare.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (!bare.is_empty() && name.len() <= LONGEST && is_name).then_some((name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_go_and_lines_are_filled() {
        for (enriched, expected) in [
            ("<bold>Blue</bold> please", "Blue please"),
            ("one\ntwo\n\nthree\n\n\nfour", "one two\nthree\n\nfour"),
            ("1 << 2 and <b>x</b>", "1 < 2 and x"),
            ("<fontfamily><param>Times</param>Hi</fontfamily>", "Hi"),
            ("<param>never closed", "never closed"),
            ("<nofill>a\nb</nofill>\nc", "a\nb c"),
            ("a<nl>b<lt>c", "a\nb<c"),
            ("<jane@mail.example> a < b <", "<jane@mail.example> a < b <"),
            ("", ""),
        ] {
            assert_eq!(text(enriched), expected, "{enriched}");
        }
    }
}
