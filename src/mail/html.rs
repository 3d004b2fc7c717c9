//! HTML to text: the words as a reader sees them, with the targets of links beside them.
//!
//! Pictures leave no words behind: a picture is an attachment, and a placeholder would be a word
//! that nobody wrote. Only an `alt` without letters is kept, because mail programs send emoji so.

use super::html_tokens::{Tag, Token, Tokens, decode_entities};

/// Open elements that are kept track of; what is nested deeper is read as if it stood here.
const DEEPEST: usize = 256;
/// Quote marks before a line.
const DEEPEST_QUOTE: usize = 10;

/// Text of an HTML body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) text: String,
    /// More text or nesting than is read.
    pub(super) cut: bool,
}

/// The text of `html`, at most `most` bytes.
pub(super) fn text(html: &str, most: usize) -> Read {
    let mut walk = Walk::new(most);
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => walk.text(text),
            Token::Start(tag) => walk.start(tag),
            Token::End(name) => walk.end(&name),
        }
        if walk.out.len() > most {
            walk.cut = true;
            break;
        }
    }
    while let Some(element) = walk.stack.pop() {
        walk.leave(element);
    }
    Read { text: walk.out, cut: walk.cut }
}

#[derive(Debug)]
struct Element {
    name: String,
    hidden: bool,
    link: Option<Link>,
}

#[derive(Debug)]
struct Link {
    target: String,
    start: usize,
}

#[derive(Debug)]
struct Walk {
    out: String,
    stack: Vec<Element>,
    /// Elements deeper than `DEEPEST`.
    beyond: usize,
    hidden: usize,
    quotes: usize,
    /// Quote marks before the line that was written last.
    line_quotes: usize,
    lists: usize,
    preformatted: usize,
    /// Line breaks owed before the next word.
    breaks: usize,
    /// A space owed before the next word.
    space: bool,
    /// A cell ended in this row.
    cell: bool,
    /// A list item whose first word is to come.
    item: bool,
    cut: bool,
    most: usize,
}

fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
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

/// Line breaks before and behind an element: 2 for one that stands apart.
fn block(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "hr" | "blockquote" => 2,
        "address" | "article" | "aside" | "body" | "caption" | "center" | "dd" | "details"
        | "dir" | "div" | "dl" | "dt" | "fieldset" | "figcaption" | "figure" | "footer"
        | "form" | "header" | "html" | "legend" | "li" | "main" | "menu" | "nav" | "ol"
        | "optgroup" | "option" | "pre" | "section" | "summary" | "table" | "tbody" | "tfoot"
        | "thead" | "tr" | "ul" => 1,
        _ => 0,
    }
}

/// What a start tag closes although its end tag was left out (HTML §13.1.2.4).
fn closes(opening: &str, open: &str) -> bool {
    match opening {
        "li" => open == "li",
        "dt" | "dd" => matches!(open, "dt" | "dd"),
        "td" | "th" => matches!(open, "td" | "th"),
        "tr" | "tbody" | "tfoot" | "thead" => matches!(open, "td" | "th" | "tr"),
        "option" | "optgroup" => open == "option",
        other => open == "p" && block(other) > 0,
    }
}

/// An end tag does not reach beyond these (HTML §13.2.4.2).
fn is_scope(name: &str) -> bool {
    matches!(name, "table" | "td" | "th" | "caption" | "html" | "template" | "object" | "marquee")
}

impl Walk {
    fn new(most: usize) -> Self {
        Self {
            out: String::new(),
            stack: Vec::new(),
            beyond: 0,
            hidden: 0,
            quotes: 0,
            line_quotes: 0,
            lists: 0,
            preformatted: 0,
            breaks: 0,
            space: false,
            cell: false,
            item: false,
            cut: false,
            most,
        }
    }

    fn start(&mut self, tag: Tag) {
        while self.stack.last().is_some_and(|open| closes(&tag.name, &open.name)) {
            if let Some(element) = self.stack.pop() {
                self.leave(element);
            }
        }
        if is_void(&tag.name) {
            self.void(&tag);
            return;
        }
        if self.stack.len() >= DEEPEST {
            self.beyond += 1;
            self.cut = true;
            self.break_lines(block(&tag.name));
            return;
        }
        // Links don't nest: one that was left open ends here.
        if tag.name == "a" && self.stack.iter().any(|e| e.name == "a") {
            self.end("a");
        }
        self.enter(tag);
    }

    fn enter(&mut self, tag: Tag) {
        let hidden =
            tag.hidden || tag.name == "template" || tag.style.as_deref().is_some_and(is_invisible);
        self.hidden += usize::from(hidden);
        self.break_lines(block(&tag.name));
        match tag.name.as_str() {
            "blockquote" => self.quotes += 1,
            "ul" | "ol" | "menu" | "dir" => self.lists += 1,
            "pre" => self.preformatted += 1,
            "li" => self.item = true,
            "tr" => self.cell = false,
            _ => {}
        }
        let target = tag.href.filter(|_| tag.name == "a").and_then(|href| target(&href));
        let link = target.map(|target| Link { target, start: self.out.len() });
        self.stack.push(Element { name: tag.name, hidden, link });
    }

    fn void(&mut self, tag: &Tag) {
        match tag.name.as_str() {
            "br" if self.hidden > 0 => {}
            "br" => {
                self.breaks = (self.breaks + 1).min(3);
                self.space = false;
            }
            "hr" => self.break_lines(2),
            // Image maps.
            "area" => {
                if let Some(target) = tag.href.as_deref().and_then(target) {
                    self.words(&format!("<{target}> "));
                }
            }
            "img" => {
                let emoji = |alt: &&str| {
                    alt.chars().count() <= 12
                        && !alt.is_ascii()
                        && !alt.chars().any(char::is_alphanumeric)
                };
                if let Some(alt) = tag.alt.as_deref().filter(emoji) {
                    self.words(alt);
                }
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        if self.beyond > 0 {
            self.beyond -= 1;
            self.break_lines(block(name));
            return;
        }
        match name {
            "br" => {
                self.void(&Tag { name: "br".to_owned(), ..Tag::default() });
                return;
            }
            // Text behind them still belongs to the body.
            "body" | "html" => return,
            _ => {}
        }
        let ends_cell = matches!(name, "tr" | "tbody" | "thead" | "tfoot" | "table");
        let scope = |open: &str| is_scope(open) && !(ends_cell && matches!(open, "td" | "th"));
        let found = self
            .stack
            .iter()
            .rev()
            .position(|open| open.name == name || scope(&open.name))
            .and_then(|back| self.stack.len().checked_sub(back + 1))
            .filter(|&at| self.stack.get(at).is_some_and(|open| open.name == name));
        let Some(at) = found else { return };
        while self.stack.len() > at {
            if let Some(element) = self.stack.pop() {
                self.leave(element);
            }
        }
    }

    fn leave(&mut self, element: Element) {
        if let Some(link) = element.link {
            self.link(&link);
        }
        match element.name.as_str() {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "ul" | "ol" | "menu" | "dir" => self.lists = self.lists.saturating_sub(1),
            "pre" => self.preformatted = self.preformatted.saturating_sub(1),
            "td" | "th" => self.cell = true,
            "tr" => self.cell = false,
            _ => {}
        }
        self.break_lines(block(&element.name));
        self.hidden = self.hidden.saturating_sub(usize::from(element.hidden));
    }

    fn link(&mut self, link: &Link) {
        let shown = self.out.get(link.start..).unwrap_or_default().trim();
        if self.hidden > 0 || same_target(shown, &link.target) {
            return;
        }
        // Behind the words of the link, before the breaks that follow it.
        let (breaks, space) = (self.breaks, self.space);
        let has_words = !shown.is_empty();
        if has_words {
            self.breaks = 0;
            self.space = true;
        }
        self.words(&format!("<{}>", link.target));
        if has_words {
            self.breaks = breaks;
            self.space = space;
        }
    }

    fn break_lines(&mut self, count: usize) {
        if self.hidden == 0 && count > 0 {
            self.breaks = self.breaks.max(count);
            self.space = false;
        }
    }

    fn text(&mut self, raw: &str) {
        if self.hidden > 0 {
            return;
        }
        let text = decode_entities(raw, false);
        if self.preformatted == 0 {
            self.words(&text);
            return;
        }
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.breaks += 1;
            }
            let line = line.trim_end_matches('\r');
            if !line.is_empty() {
                self.owed();
                self.out.push_str(line);
            }
            if self.out.len() > self.most {
                return;
            }
        }
    }

    /// Writes words, white space collapsed.
    fn words(&mut self, text: &str) {
        if self.hidden > 0 {
            return;
        }
        for c in text.chars() {
            // Not a no-break space: mail programs use it to keep lines and indents apart.
            if matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                self.space = true;
                continue;
            }
            if self.breaks > 0 || self.space || self.out.is_empty() || self.cell || self.item {
                self.owed();
            }
            self.out.push(if c == '\u{a0}' { ' ' } else { c });
            if self.out.len() > self.most {
                return;
            }
        }
    }

    /// Writes the breaks, marks and spaces that are owed before the next word.
    fn owed(&mut self) {
        let depth = self.quotes.min(DEEPEST_QUOTE);
        let prefix = "> ".repeat(depth);
        let begins = self.out.is_empty();
        if self.breaks > 0 && !begins {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            // Lines between belong to what both neighbours stand in.
            let between = "> ".repeat(depth.min(self.line_quotes));
            for _ in 1..self.breaks.min(4) {
                self.out.push('\n');
                self.out.push_str(between.trim_end());
            }
            self.out.push('\n');
        }
        if begins || self.breaks > 0 {
            self.out.push_str(&prefix);
        } else if self.cell {
            self.out.push_str(" | ");
        } else if self.space && !self.out.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        if self.item {
            self.out.push_str(&"  ".repeat(self.lists.saturating_sub(1).min(DEEPEST_QUOTE)));
            self.out.push_str("- ");
        }
        self.line_quotes = depth;
        self.breaks = 0;
        self.space = false;
        self.cell = false;
        self.item = false;
    }
}

/// What a link leads to, as it is to be read; nothing where it leads nowhere outside.
fn target(href: &str) -> Option<String> {
    // URL standard §4.4: tabs and line breaks inside are dropped.
    let href: String = href.trim().chars().filter(|c| !c.is_control()).collect::<String>();
    let lower = href.get(..11).unwrap_or(&href).to_ascii_lowercase();
    let inside = ["#", "cid:", "javascript:", "data:", "about:", "mid:"];
    if href.is_empty() || inside.iter().any(|scheme| lower.starts_with(scheme)) {
        return None;
    }
    let href = if lower.starts_with("mailto:") || lower.starts_with("tel:") {
        href.get(href.find(':').map_or(0, |at| at + 1)..).unwrap_or_default().to_owned()
    } else {
        href
    };
    let shown = href.replace('<', "%3C").replace('>', "%3E").replace(' ', "%20");
    (!shown.is_empty()).then_some(shown)
}

/// Whether the words of a link already are its target.
fn same_target(shown: &str, target: &str) -> bool {
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

/// Whether a `style` attribute hides the element. Style sheets are not read.
fn is_invisible(style: &str) -> bool {
    let style: String =
        style.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase();
    let (mut no_height, mut no_overflow) = (false, false);
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.trim_end_matches("!important");
        let zero = value
            .trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%')
            .parse::<f32>()
            .is_ok_and(|number| number == 0.0);
        match (property, value) {
            ("display", "none") | ("visibility", "hidden" | "collapse") => return true,
            ("font-size" | "opacity", _) if zero => return true,
            ("max-height" | "height" | "max-width" | "width", _) if zero => no_height = true,
            ("overflow", "hidden") => no_overflow = true,
            _ => {}
        }
    }
    no_height && no_overflow
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        let read = text(html, 1 << 20);
        assert_eq!(read.text, expected, "{html}");
        assert!(!read.cut);
    }

    #[test]
    fn paragraphs_lines_and_white_space_come_out_as_they_are_seen() {
        check("<p>One\n  two</p><p>three</p>", "One two\n\nthree");
        check("<div>a</div><div><br></div><div>b<br>c</div>", "a\n\nb\nc");
        check("a <b>b</b><i>c</i>&nbsp;d", "a bc d");
        check("<pre>  x\n\n y</pre>", "  x\n\n y");
        check("<p>one<p>two", "one\n\ntwo");
    }

    #[test]
    fn lists_tables_and_quotes_keep_their_shape() {
        check("<ul><li>a<li>b<ul><li>c</ul></ul>d", "- a\n- b\n  - c\nd");
        check("<table><tr><td>Lamp</td><td>2</td></tr><tr><td>x<td>y</table>", "Lamp | 2\nx | y");
        check(
            "yes<blockquote>a<br>b<blockquote>c</blockquote></blockquote>no",
            "yes\n\n> a\n> b\n>\n> > c\n\nno",
        );
    }

    #[test]
    fn the_target_of_a_link_is_shown_unless_the_words_are_the_target() {
        check(
            "<a href='https://x.example/a?b=1&amp;c'>here</a>.",
            "here <https://x.example/a?b=1&c>.",
        );
        check("<a href='http://x.example/'>x.example</a>", "x.example");
        check("<a href='mailto:j@x.example'>write me</a>", "write me <j@x.example>");
        check("<a href='tel:+4930123'>call</a>", "call <+4930123>");
        check("<a href='mailto:j@x.example'>j@x.example</a>", "j@x.example");
        check(
            "<a href='https://x.example'><img src='https://y.example/p.gif' alt='Logo'></a>",
            "<https://x.example>",
        );
        check("<a href='#top'>up</a> <a href='javascript:x()'>x</a>", "up x");
        check("<a href='jav\nascript:x()'>x</a>", "x");
        check("<a href='https://x.example/'>click<p>me</a>", "click\n\nme <https://x.example/>");
    }

    #[test]
    fn what_a_reader_does_not_see_is_dropped() {
        for hidden in [
            "<style>p{}</style>",
            "<script>if (a<b) x()</script>",
            "<!-- no -->",
            "<!--> -->x-->",
            "<title>no</title>",
            "<span hidden>no</span>",
            "<template>no</template>",
            "<div style='DISPLAY : none !important'>no</div>",
            "<b style=visibility:hidden>no</b>",
            "<b style='font-size:0px'>no</b>",
            "<b style='opacity:0.0'>no</b>",
            "<div style='max-height:0;overflow:hidden'>no <p>no</p></div>",
            "<img src='cid:1' alt='no'>",
            "<script>never closed",
        ] {
            let expected = if hidden.starts_with("<!-->") { "a -->x-->b" } else { "ab" };
            let read = text(&format!("a{}b", hidden), 1000).text;
            if hidden == "<script>never closed" {
                assert_eq!(read, "a");
            } else {
                let read = read.replace('\n', "");
                assert_eq!(read, expected, "{hidden}");
            }
        }
    }

    #[test]
    fn character_references_are_decoded() {
        check(
            "&lt;b&gt; &amp;amp; &euro;&#8364;&#x20AC;&#128; &eacute &notit;",
            "<b> &amp; €€€€ é ¬it;",
        );
        check("&#0;&#xD800; &unknown; & &;", "\u{fffd}\u{fffd} &unknown; & &;");
        check("<a href='https://x.example/?a&copy=1'>x</a>", "x <https://x.example/?a&copy=1>");
        check("hi <img alt='😊'>", "hi 😊");
    }

    #[test]
    fn hostile_markup_takes_linear_time_and_no_stack() {
        let many = 100_000;
        for html in [
            format!("{}deep{}", "<div>".repeat(many), "</div>".repeat(many)),
            format!("{}deep", "<b><p>".repeat(many)),
            format!("{}deep", "<blockquote>".repeat(many)),
            format!("deep<x {}>", (0..many).map(|n| format!("a{n} ")).collect::<String>()),
            format!("deep{}", "<!--".repeat(many)),
            format!("deep{}", "<a href=\"".repeat(many)),
            format!("deep{}", "<script></".repeat(many)),
            format!("deep{}", "</i".repeat(many)),
            format!("deep{}", "&".repeat(many)),
            format!("<i>{}deep{}", "<table><td>".repeat(100), "</i>".repeat(many)),
        ] {
            assert!(text(&html, 1 << 20).text.contains("deep"), "{}", &html[..20]);
        }
    }

    #[test]
    fn more_text_than_is_wanted_is_cut_and_said() {
        let read = text(&"<p>word</p>".repeat(1000), 100);
        assert!(read.cut && read.text.len() < 200);
    }
}
