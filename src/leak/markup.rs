//! HTML as a stranger's program may take it apart: words without their tags, and what stands in the
//! tags. Apart from the reader in `mail`, and simpler, so that nobody checks himself.

/// What a text of HTML says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Markup {
    /// All words, without the tags between them; a line ends where a tag parts words.
    pub words: String,
    /// The values of all attributes, and comments, one a line.
    pub values: String,
}

/// Tags that don't part the words around them.
const INLINE: [&str; 24] = [
    "a", "abbr", "b", "big", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "s",
    "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr", "label",
];

/// Takes HTML apart, in linear time. Character references stay as they are.
pub(super) fn take_apart(html: &str) -> Markup {
    let mut markup = Markup::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, tail) = rest.split_at(at);
        markup.words.push_str(before);
        let next = tail.get(1..).and_then(|t| t.chars().next());
        if !next.is_some_and(|c| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            markup.words.push('<');
            rest = tail.get(1..).unwrap_or_default();
            continue;
        }
        let end = if tail.starts_with("<!--") {
            tail.find("-->").map_or(tail.len(), |end| end + 3)
        } else {
            tag_end(tail)
        };
        let (tag, behind) = tail.split_at(end);
        let inner = tag.trim_start_matches(['<', '/']);
        let name = inner.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if !INLINE.contains(&name.to_ascii_lowercase().as_str()) {
            markup.words.push('\n');
        }
        if !tag.starts_with("</") {
            // Names of attributes too: who knows what a program makes of them.
            let values = inner.get(name.len()..).unwrap_or_default();
            markup.values.push_str(values.strip_suffix('>').unwrap_or(values));
            markup.values.push('\n');
        }
        rest = behind;
    }
    markup.words.push_str(rest);
    markup
}

/// Where a tag ends: a bracket in quotes is none, unless the quotes are never closed.
fn tag_end(tag: &str) -> usize {
    let mut quote = None;
    let mut bracket = None;
    for (at, c) in tag.char_indices() {
        match (quote, c) {
            (None, '>') => return at + 1,
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (Some(_), '>') => bracket = bracket.or(Some(at + 1)),
            _ => {}
        }
    }
    bracket.unwrap_or(tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, words: &str, values: &str) {
        let markup = take_apart(html);
        assert_eq!((markup.words.trim(), markup.values.trim()), (words, values), "{html}");
    }

    #[test]
    fn words_come_together_and_what_tags_hold_is_kept() {
        check("jo<b>hn</b>@x", "john@x", "");
        check("a<p class='x>y'>b</p>c", "a\nb\nc", "class='x>y'");
        check("1 < 2 <!-- c > d -->e", "1 < 2 \ne", "!-- c > d --");
        check("a<i title=\"never closed>b", "ab", "title=\"never closed");
        check("a<", "a<", "");
    }
}
