//! What a mail would fetch from elsewhere when it is shown. None of it goes out (`rewrite` writes
//! HTML afresh); it is noted because it tells its owner who reads, when and where.

/// Of one mail, so many are noted.
pub(super) const MOST: usize = 100;
/// So much of an address is noted, in bytes.
const LONGEST: usize = 2048;

/// Something that a mail program would fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// What it is.
    pub kind: RemoteKind,
    /// Its address, as the sender wrote it.
    pub url: String,
    /// Where in [`super::Message::text`] it stands; nothing where it stands in a form of the text
    /// that is not that one.
    pub at: Option<usize>,
}

/// What is fetched, as far as its reader would see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemoteKind {
    /// A picture, also one behind the words.
    Picture,
    /// A picture that nobody sees: a dot, or hidden.
    Unseen,
    /// What is no picture: style sheets, letters, frames, sounds, films.
    Other,
}

/// The address of something elsewhere, as a mail program would read it; nothing for what the mail
/// brings along itself. `base` is what the mail says that its addresses begin at.
pub(super) fn elsewhere(url: &str, base: Option<&str>) -> Option<String> {
    // URL standard §4.4: what is around it and line breaks inside of it are dropped.
    let url: String = url.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    let head: String = url.chars().take(8).collect::<String>().to_ascii_lowercase();
    let head = head.replace('\\', "/");
    if ["http:", "https:", "ftp:", "//"].iter().any(|scheme| head.starts_with(scheme)) {
        return Some(url);
    }
    let has_scheme = url
        .find([':', '/', '?', '#', '.'])
        .is_some_and(|at| url.get(at..).is_some_and(|rest| rest.starts_with(':')));
    let base = base.filter(|_| !url.is_empty() && !has_scheme)?;
    let gap = if base.ends_with('/') || url.starts_with('/') { "" } else { "/" };
    Some(format!("{base}{gap}{url}").chars().take(LONGEST).collect())
}

/// Where the addresses in a style sheet or attribute lead, and whether each is a picture.
pub(super) fn in_css(css: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    // ASCII only: every offset stays as it is.
    let lower = css.to_ascii_lowercase();
    let mut at = 0;
    while let Some(next) = lower.get(at..).and_then(|rest| rest.find("url(")) {
        let start = at + next + 4;
        let rest = css.get(start..).unwrap_or_default();
        let end = rest.find(')').unwrap_or(rest.len());
        let inner = rest.get(..end).unwrap_or_default();
        // CSS Syntax §4: the property stands before the nearest of these.
        let before = lower.get(..start - 4).unwrap_or_default();
        let property = before.get(before.rfind(['{', ';', '}']).map_or(0, |at| at + 1)..);
        let property = property.unwrap_or_default().trim_start();
        let picture = !property.starts_with("@import") && !property.starts_with("src");
        found.push((picture, bare(inner)));
        at = start + end;
        if found.len() >= MOST {
            return found;
        }
    }
    for (at, _) in lower.match_indices("@import").take(MOST) {
        let rest = css.get(at + 7..).unwrap_or_default().trim_start();
        if let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            let inner = rest.get(1..).unwrap_or_default();
            found.push((false, bare(inner.split(quote).next().unwrap_or_default())));
        }
    }
    found
}

fn bare(address: &str) -> String {
    let marks = |c: char| c.is_whitespace() || matches!(c, '"' | '\'');
    address.trim_matches(marks).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_mail_brings_along_is_not_elsewhere() {
        for (url, base, expected) in [
            ("http://x.example/a.png", None, Some("http://x.example/a.png")),
            (" HTTPS://x.example/a ", None, Some("HTTPS://x.example/a")),
            ("ht\ntps://x.example/a", None, Some("https://x.example/a")),
            ("//x.example/a", None, Some("//x.example/a")),
            ("\\\\x.example/a", None, Some("\\\\x.example/a")),
            ("cid:1@x", None, None),
            ("data:image/png;base64,AA", Some("http://x.example"), None),
            ("a.png", None, None),
            ("a.png", Some("http://x.example"), Some("http://x.example/a.png")),
            ("cid:1@x", Some("http://x.example"), None),
            ("", Some("http://x.example"), None),
        ] {
            assert_eq!(elsewhere(url, base).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn style_sheets_say_what_they_fetch() {
        let css = "@import url(http://x.example/a.css); @IMPORT 'http://x.example/b.css';\n\
            @font-face { font-family: a; src: url(\"http://x.example/c.woff\") }\n\
            .a { background: #fff URL( 'http://x.example/d.png' ) }";
        let found = in_css(css);
        let names: Vec<(bool, &str)> =
            found.iter().map(|(picture, url)| (*picture, &url[17..])).collect();
        assert_eq!(names, [(false, "a.css"), (false, "c.woff"), (true, "d.png"), (false, "b.css")]);
        assert_eq!(in_css(&"url(x)".repeat(100_000)).len(), MOST);
        assert_eq!(in_css(&"url(".repeat(100_000)).len(), 1);
    }
}
