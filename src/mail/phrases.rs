//! The phrases of `data/quoting.txt`, ready to be searched for.

use std::sync::LazyLock;

use foldhash::HashSet;
use regex::Regex;

const TEXT: &str = include_str!("data/quoting.txt");

/// What a phrase must not be part of: a longer word.
const END: &str = r"(?:[^\p{L}\p{N}]|$)";

/// The sections of the list, by what they stand for.
#[allow(clippy::unwrap_used)] // patterns made of constants, which every test compiles
pub(super) static PHRASES: LazyLock<Phrases> = LazyLock::new(|| {
    let any = |name: &str| {
        let entries: Vec<String> = section(name).map(regex::escape).collect();
        format!("(?:{})", entries.join("|"))
    };
    let pattern = |text: String| Regex::new(&format!("(?i){text}")).unwrap();
    Phrases {
        from: section("from").collect(),
        sent: section("sent").collect(),
        to: section("to").collect(),
        subject: section("subject").collect(),
        other: section("other").collect(),
        by: section("by").collect(),
        closings: section("closings").collect(),
        wrote: pattern(any("wrote")),
        ends_with_wrote: pattern(format!("{}$", any("wrote"))),
        opens: pattern(format!(r"^(?:[0-9]|{}{END})", any("openers"))),
        separator: pattern(any("separators")),
        begins_with_separator: pattern(format!("^{}", any("separators"))),
        marker: pattern(format!("^{}", any("markers"))),
        marks: section("markers").filter_map(|marker| marker.bytes().next()).collect(),
        above: pattern(any("above")),
        footer: pattern(format!("^{}{END}|{}$", any("footers"), any("footer-ends"))),
        sending: pattern(format!("^{0}|{0}$", any("sending"))),
        device: pattern(any("devices")),
    }
});

/// Sets hold lower case; patterns take any.
pub(super) struct Phrases {
    pub(super) from: HashSet<&'static str>,
    pub(super) sent: HashSet<&'static str>,
    pub(super) to: HashSet<&'static str>,
    pub(super) subject: HashSet<&'static str>,
    pub(super) other: HashSet<&'static str>,
    pub(super) by: HashSet<&'static str>,
    pub(super) closings: HashSet<&'static str>,
    pub(super) wrote: Regex,
    pub(super) ends_with_wrote: Regex,
    pub(super) opens: Regex,
    pub(super) separator: Regex,
    pub(super) begins_with_separator: Regex,
    pub(super) marker: Regex,
    /// How markers begin, in lower case.
    marks: HashSet<u8>,
    pub(super) above: Regex,
    pub(super) footer: Regex,
    pub(super) sending: Regex,
    pub(super) device: Regex,
}

impl Phrases {
    /// Whether a line may begin with a marker: most don't even have its first letter.
    pub(super) fn marks(&self, line: &str) -> bool {
        let first = line.bytes().next();
        first.is_some_and(|b| !b.is_ascii() || self.marks.contains(&b.to_ascii_lowercase()))
    }
}

/// The entries of one section.
fn section(name: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    let head =
        move |line: &str| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(name);
    TEXT.lines()
        .map(str::trim)
        .skip_while(move |line| !head(line))
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| line.split('|'))
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_there_in_lower_case() {
        let heads: Vec<&str> = TEXT.lines().filter(|l| l.starts_with('[')).collect();
        assert_eq!(heads.len(), 16);
        for head in heads {
            let entries: Vec<&str> = section(head.trim_matches(['[', ']'])).collect();
            assert!(!entries.is_empty(), "{head}");
            for entry in entries {
                assert_eq!(entry, entry.to_lowercase(), "{head}");
            }
        }
    }
}
