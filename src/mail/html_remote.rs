//! What the tags of HTML would fetch.

use super::html_style::Style;
use super::html_tokens::Tag;
use super::remote::{RemoteKind, elsewhere, in_css};

/// What one start tag fetches. `unseen`: nobody sees what it shows.
pub(super) fn fetched(
    tag: &Tag<'_>,
    style: &Style,
    unseen: bool,
    base: Option<&str>,
) -> Vec<(RemoteKind, String)> {
    let mut found = Vec::new();
    let shown = if unseen { RemoteKind::Unseen } else { RemoteKind::Picture };
    let mut note = |kind, url: &str| {
        if let Some(url) = elsewhere(url, base) {
            found.push((kind, url));
        }
    };
    let value = |name| tag.value(name).unwrap_or_default();
    match tag.name.as_str() {
        "img" | "image" => {
            let kind = if is_dot(tag, style) { RemoteKind::Unseen } else { shown };
            // What is shown where both stand is up to the program; one of them is fetched.
            let set = value("srcset");
            let first = set.split_whitespace().next().unwrap_or_default().trim_end_matches(',');
            for url in [value("src").as_str(), value("href").as_str(), first] {
                note(kind, url);
            }
        }
        "input" => note(shown, &value("src")),
        "video" => {
            note(shown, &value("poster"));
            note(RemoteKind::Other, &value("src"));
        }
        "link" if is_fetched(&value("rel")) => note(RemoteKind::Other, &value("href")),
        "iframe" | "frame" | "embed" | "audio" | "source" | "track" | "bgsound" | "script" => {
            note(RemoteKind::Other, &value("src"));
        }
        "object" => note(RemoteKind::Other, &value("data")),
        "style" => {
            for (picture, url) in in_css(tag.content) {
                note(if picture { RemoteKind::Picture } else { RemoteKind::Other }, &url);
            }
        }
        _ => {}
    }
    if tag.has("background") {
        note(shown, &value("background"));
    }
    if tag.has("style") {
        for (picture, url) in in_css(&value("style")) {
            note(if picture { shown } else { RemoteKind::Other }, &url);
        }
    }
    found
}

/// Links of a head that are followed unasked (HTML §4.6.7).
fn is_fetched(relation: &str) -> bool {
    let fetched = ["stylesheet", "icon", "preload", "prefetch", "dns-prefetch", "preconnect"];
    let mut words = relation.split_whitespace();
    words.any(|word| fetched.iter().any(|f| word.eq_ignore_ascii_case(f)))
}

/// A picture without any room: not one that is a line, or that keeps others apart.
fn is_dot(tag: &Tag<'_>, style: &Style) -> bool {
    let side = |name| {
        let long = tag.number(name, 3, u16::MAX).is_some()
            || tag.value(name).is_some_and(|v| v.trim().ends_with('%'));
        (tag.number(name, 0, 2).is_some(), long)
    };
    let ((flat, wide), (thin, high)) = (side("height"), side("width"));
    (flat || thin || style.is_flat()) && !wide && !high
}

#[cfg(test)]
mod tests {
    use super::super::html_tokens::{Token, Tokens};
    use super::*;

    fn check(html: &str, expected: &[(RemoteKind, &str)]) {
        let Some(Token::Start(tag)) = Tokens::new(html).next() else { panic!("{html}") };
        let style = super::super::html_style::Sheet::default().style(
            &super::super::html_style::Names::new(&tag.name, None, None),
            [].iter(),
            tag.value("style").as_deref(),
        );
        let found = fetched(&tag, &style, false, None);
        let found: Vec<_> =
            found.iter().map(|(kind, url)| (*kind, url.trim_start_matches("http://x/"))).collect();
        assert_eq!(found, expected, "{html}");
    }

    #[test]
    fn every_tag_that_fetches_is_noted() {
        use RemoteKind::*;
        check("<img src=http://x/a.png>", &[(Picture, "a.png")]);
        check(
            "<img src=cid:1@x srcset='http://x/a.png 2x, http://x/b.png'>",
            &[(Picture, "a.png")],
        );
        check("<img src=http://x/a.gif width=1 height=1>", &[(Unseen, "a.gif")]);
        check("<img src=http://x/a.gif style='width:1px;height:1px'>", &[(Unseen, "a.gif")]);
        check("<img src=http://x/a.gif height=0>", &[(Unseen, "a.gif")]);
        check("<img src=http://x/a.gif width=600 height=1>", &[(Picture, "a.gif")]);
        check("<img src=http://x/a.gif width=100% height=1>", &[(Picture, "a.gif")]);
        check("<td background='http://x/a.png'>", &[(Picture, "a.png")]);
        check("<div style='background:url(http://x/a.png)'>", &[(Picture, "a.png")]);
        check("<link rel='alternate StyleSheet' href=http://x/a.css>", &[(Other, "a.css")]);
        check("<link rel=canonical href=http://x/a>", &[]);
        check("<iframe src=http://x/a></iframe>", &[(Other, "a")]);
        check("<video poster=http://x/a src=http://x/b>", &[(Picture, "a"), (Other, "b")]);
        check("<object data=http://x/a>", &[(Other, "a")]);
        check("<style>@import 'http://x/a';</style>", &[(Other, "a")]);
        check("<a href=http://x/a>", &[]);
        check("<img src=data:image/png;base64,AA==>", &[]);
    }
}
