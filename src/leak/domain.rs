//! Where a domain stands in a text.

/// White space that may stand before a dot.
const MOST_BETWEEN: usize = 12;

/// Whether a domain, or a host under it, stands in a folded text, also with blanks before its dots,
/// with an ideographic full stop (RFC 3490 §3.1) for one, or with a sentence that begins right
/// behind it. "end. Next" is no host: behind a dot alone no blank is read over.
pub(super) fn stands_in(domain: &str, text: &str) -> bool {
    let mut labels = domain.split('.');
    let first = labels.next().filter(|first| !first.is_empty());
    let Some(first) = first else { return false };
    text.match_indices(first).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let behind = text.get(at + first.len()..).unwrap_or_default();
        is_apart(before.chars().rev())
            && labels.clone().try_fold(behind, next_label).is_some_and(|b| is_apart(b.chars()))
    })
}

/// What stands behind a dot and this label.
fn next_label<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let dot = ['.', '\u{3002}'];
    let close = |text: &'t str| text.strip_prefix(dot);
    let spaced = |text: &'t str| {
        let at = text.trim_start();
        let near = (1..=MOST_BETWEEN).contains(&(text.len() - at.len()));
        Some(at.strip_prefix(dot).filter(|_| near)?.trim_start())
    };
    close(text).or_else(|| spaced(text))?.strip_prefix(label)
}

/// Whether the name ends where these characters begin: a letter goes on with it, and so does a
/// hyphen with a letter behind it.
fn is_apart(mut chars: impl Iterator<Item = char>) -> bool {
    match chars.next() {
        Some('-' | '_') => !chars.next().is_some_and(char::is_alphanumeric),
        Some(c) => !c.is_alphanumeric(),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_found_in_whatever_is_put_around_it() {
        for text in [
            "lamps.example",
            "https://www.lamps.example/x",
            "cs@lamps.example",
            "lamps.example.thanks",
            "lamps . example",
            "lamps\n. example",
            "lamps\u{3002}example",
            "-lamps.example-",
            "see lamps.example, or brass-lamps.example",
        ] {
            assert!(stands_in("lamps.example", text), "{text:?}");
        }
        for text in [
            "",
            "lamps",
            "brass-lamps.example",
            "brasslamps.example",
            "lamps.examples",
            "lamps.example-shop.com",
            "our lamps. example: none",
            "lamps.other",
        ] {
            assert!(!stands_in("lamps.example", text), "{text:?}");
        }
        assert!(!stands_in("", "x") && !stands_in(".", "x."));
    }
}
