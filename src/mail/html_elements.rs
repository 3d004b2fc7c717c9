//! What the names of HTML mean for a text.

use mail_parser::decoders::base64::base64_decode;

use super::html_style::Style;
use super::html_tokens::Tag;
use super::rich::{Element, Embedded};

/// Elements without content and end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "colgroup"
            | "br"
            | "col"
            | "embed"
            | "frame"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
            | "basefont"
            | "bgsound"
            | "keygen"
    )
}

/// What acts or loads by itself; of most of them the words inside stay.
pub(super) fn is_active(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "iframe"
            | "frame"
            | "object"
            | "embed"
            | "applet"
            | "input"
            | "button"
            | "select"
            | "textarea"
            | "form"
            | "audio"
            | "video"
            | "link"
            | "base"
    )
}

/// Elements that no mail program shows.
pub(super) fn is_never_seen(tag: &Tag<'_>) -> bool {
    match tag.name.as_str() {
        "template" | "datalist" => true,
        "dialog" => !tag.has("open"),
        _ => tag.has("hidden"),
    }
}

/// Line breaks before and behind an element: 2 for one that stands apart.
pub(super) fn block(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "blockquote" => 2,
        "address" | "article" | "aside" | "body" | "caption" | "center" | "dd" | "details"
        | "dir" | "div" | "form" | "dl" | "dt" | "fieldset" | "figcaption" | "figure"
        | "footer" | "header" | "html" | "legend" | "li" | "main" | "menu" | "nav" | "ol"
        | "optgroup" | "option" | "pre" | "section" | "summary" | "table" | "tbody" | "tfoot"
        | "thead" | "tr" | "ul" => 1,
        _ => 0,
    }
}

/// What a start tag closes although its end tag was left out (HTML §13.1.2.4).
pub(super) fn closes(opening: &str, open: &str) -> bool {
    match opening {
        "li" => open == "li",
        "dt" | "dd" => matches!(open, "dt" | "dd"),
        "option" | "optgroup" => open == "option",
        other => open == "p" && block(other) > 0,
    }
}

/// An end tag does not reach beyond these (HTML §13.2.4.2).
pub(super) fn is_scope(name: &str) -> bool {
    matches!(name, "table" | "td" | "th" | "caption" | "html" | "template" | "object" | "marquee")
}

/// The inner structure of a table.
pub(super) fn is_of_table(name: &str) -> bool {
    matches!(name, "tr" | "td" | "th" | "tbody" | "thead" | "tfoot" | "caption")
}

/// Stands among the rows of a table without being seen there.
pub(super) fn is_transparent(name: &str) -> bool {
    matches!(
        name,
        "script" | "style" | "template" | "form" | "input" | "col" | "colgroup" | "meta" | "link"
    )
}

/// A picture too small to be seen: it only tells that a mail was opened.
pub(super) fn is_pixel(tag: &Tag<'_>, style: &Style) -> bool {
    let small = |name| tag.number(name, 0, 2).is_some();
    small("width") || small("height") || style.is_flat()
}

/// A picture that stands in its address (RFC 2397), of a type that can be cleaned.
pub(super) fn embedded(src: &str) -> Option<Embedded> {
    let src = src.trim();
    let (head, data) = src.split_once(',')?;
    let head = head.to_ascii_lowercase();
    let content_type = head.strip_prefix("data:")?.strip_suffix(";base64")?.split(';').next()?;
    if !matches!(
        content_type,
        "image/png" | "image/jpeg" | "image/jpg" | "image/gif" | "image/webp"
    ) {
        return None;
    }
    let bytes = base64_decode(data.as_bytes()).filter(|bytes| !bytes.is_empty())?;
    Some(Embedded { content_type: content_type.replace("jpg", "jpeg"), bytes })
}

/// What a tag makes of its content; style apart.
pub(super) fn element(tag: &Tag<'_>, style: &Style) -> Option<Element> {
    Some(match tag.name.as_str() {
        "p" if style.tight != Some(true) => Element::Paragraph,
        "h1" => Element::Heading(1),
        "h2" => Element::Heading(2),
        "h3" => Element::Heading(3),
        "h4" => Element::Heading(4),
        "h5" => Element::Heading(5),
        "h6" => Element::Heading(6),
        "blockquote" => Element::Quote,
        "pre" => Element::Preformatted,
        "ul" | "menu" | "dir" => Element::List,
        "ol" => Element::Numbered(tag.number("start", 1, 9999).unwrap_or(1)),
        "li" => Element::Item,
        "dl" => Element::Terms,
        "dt" => Element::Term,
        "dd" => Element::Description,
        "table" => Element::Table { ruled: tag.number("border", 1, 20).is_some() },
        "tr" => Element::Row,
        "td" | "th" => Element::Cell {
            head: tag.name == "th",
            columns: tag.number("colspan", 1, 100).unwrap_or(1),
            rows: tag.number("rowspan", 1, 1000).unwrap_or(1),
        },
        "caption" => Element::Caption,
        "b" | "strong" if style.bold != Some(false) => Element::Bold,
        "i" | "em" | "cite" | "dfn" | "var" if style.italic != Some(false) => Element::Italic,
        "u" | "ins" if style.underlined != Some(false) => Element::Underlined,
        "s" | "strike" | "del" => Element::Struck,
        "code" | "kbd" | "samp" | "tt" => Element::Code,
        "small" => Element::Small,
        "sub" => Element::Subscript,
        "sup" => Element::Superscript,
        "tbody" | "thead" | "tfoot" | "body" | "html" => return None,
        name if block(name) > 0 => Element::Division,
        _ => return None,
    })
}

/// What a link leads to, as it is to be read; nothing where it leads nowhere outside.
pub(super) fn target(href: &str) -> Option<String> {
    // URL standard §4.4: tabs and line breaks inside are dropped.
    let href: String = href.trim().chars().filter(|c| !c.is_control()).collect();
    let lower = href.get(..11).unwrap_or(&href).to_ascii_lowercase();
    let inside = ["#", "cid:", "javascript:", "data:", "about:", "mid:", "vbscript:"];
    if href.is_empty() || inside.iter().any(|scheme| lower.starts_with(scheme)) {
        return None;
    }
    let href = if lower.starts_with("mailto:") || lower.starts_with("tel:") {
        href.get(href.find(':').map_or(0, |at| at + 1)..).unwrap_or_default()
    } else {
        &href
    };
    let mut shown = String::with_capacity(href.len());
    // RFC 3986 §3.1: a scheme may be written in any case.
    let scheme = href.find("://").filter(|at| *at < 10).unwrap_or(0);
    shown.push_str(&href.get(..scheme).unwrap_or_default().to_ascii_lowercase());
    for c in href.get(scheme..).unwrap_or_default().chars() {
        match c {
            '<' => shown.push_str("%3C"),
            '>' => shown.push_str("%3E"),
            c if c.is_whitespace() => shown.push_str("%20"),
            c => shown.push(c),
        }
    }
    (!shown.is_empty()).then_some(shown)
}

/// Whether the words of a link already are its target.
pub(super) fn same_target(shown: &str, target: &str) -> bool {
    let bare = |text: &str| {
        let lower = text.trim().to_lowercase();
        let lower = lower
            .strip_prefix("https://")
            .or_else(|| lower.strip_prefix("http://"))
            .or_else(|| lower.strip_prefix("mailto:"))
            .or_else(|| lower.strip_prefix("tel:"))
            .unwrap_or(&lower);
        lower.trim_end_matches('/').to_owned()
    };
    !shown.is_empty() && shown.len() < 4096 && bare(shown) == bare(target)
}

/// The Content-ID that a `cid:` address names (RFC 2392: percent-encoded).
pub(super) fn content_id(src: &str) -> Option<String> {
    let src = src.trim();
    let head = src.get(..4)?;
    if !head.eq_ignore_ascii_case("cid:") || src.len() > 300 {
        return None;
    }
    let mut bytes = Vec::new();
    let mut rest = src.as_bytes().get(4..)?;
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(code.unwrap_or(first));
        rest = if code.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    let id = String::from_utf8(bytes).ok()?;
    let id = id.trim_matches(['<', '>', ' ']);
    (!id.is_empty()).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_id_is_read_as_the_rfc_writes_it() {
        for (src, expected) in [
            ("cid:a@b", Some("a@b")),
            (" CID:a%25b%40c ", Some("a%b@c")),
            ("cid:%zz@b%", Some("%zz@b%")),
            ("cid:", None),
            ("https://x.example/a.png", None),
            ("ci", None),
        ] {
            assert_eq!(content_id(src).as_deref(), expected, "{src}");
        }
    }
}
