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
            && labels
                .clone()
                .try_fold(behind, next_label)
                .is_some_and(|behind| is_apart(behind.chars()) || is_glued(domain, behind))
    })
}

/// Whether what goes on behind a domain makes no other one of it: "roes.comTel" has no name of
/// somebody else's in it, "roes.community" has.
fn is_glued(domain: &str, behind: &str) -> bool {
    let run = |c: char| !c.is_alphanumeric() && c != '-';
    let (more, rest) = behind.split_at(behind.find(run).unwrap_or(behind.len()));
    let top = domain.rsplit('.').next().unwrap_or_default();
    let goes_on =
        rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
    let is_top = || psl::suffix(format!("{top}{more}").as_bytes()).is_some_and(|s| s.is_known());
    !more.starts_with(['-', '_']) && !goes_on && !is_top()
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
            "www.lamps.exampleTel: none",
        ] {
            assert!(stands_in("lamps.example", text), "{text:?}");
        }
        for text in [
            "",
            "lamps",
            "brass-lamps.example",
            "brasslamps.example",
            "xlamps.example",
            "lamps.examples.com",
            "lamps.example-shop.com",
            "www-lamps.example",
            "our lamps. example: none",
            "lamps.other",
        ] {
            assert!(!stands_in("lamps.example", text), "{text:?}");
        }
        assert!(!stands_in("", "x") && !stands_in(".", "x."));
        // Glued in front, or behind to a name that can be had, it is somebody else's.
        for (domain, text, expected) in [
            ("lamps.com", "www.lamps.comtel 030", true),
            ("lamps.com", "lamps.com\u{e4}nderung", true),
            ("lamps.com", "lamps.comtel.example", false),
            ("lamps.com", "lamps.community", false),
            ("lamps.co", "lamps.com", false),
            ("lamps.co.uk", "lamps.co.ukand more", true),
            ("lamps.com", "xlamps.com", false),
        ] {
            assert_eq!(stands_in(domain, text), expected, "{domain} {text:?}");
        }
    }
}
