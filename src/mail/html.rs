//! HTML to words and markup: the words as a reader sees them, with the targets of links beside
//! them, and what they stand in.
//!
//! Pictures leave no words behind: a picture is an attachment, and a placeholder would be a word
//! that nobody wrote. Only an `alt` without letters is kept, because mail programs send emoji so.

use super::html_elements::{
    block, closes, content_id, element, embedded, is_active, is_never_seen, is_of_table, is_pixel,
    is_scope, is_transparent, is_void, same_target, target,
};
use super::html_lines::Lines;
use super::html_look::{Look, attributes};
use super::html_remote::fetched;
use super::html_style::{Names, Sheet, Style};
use super::html_tokens::{Tag, Token, Tokens, decode_entities};
use super::remote::{self, Remote};
use super::rich::{Element, Link, Picture, Piece, Rich, embedded_name};

/// Open elements that are kept track of; what is nested deeper is read as if it stood here.
const DEEPEST: usize = 256;
/// Pictures that stand in the HTML itself and are kept.
const MOST_EMBEDDED: usize = 20;

/// Text of an HTML body.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Clean by `decode::clean`, but for blank lines at its end.
    pub(super) text: String,
    /// Its markup; none where there was more of it than is kept.
    pub(super) rich: Option<Rich>,
    /// What it would fetch.
    pub(super) remotes: Vec<Remote>,
    /// More text than is read.
    pub(super) cut: bool,
}

/// The text of `html`, at most `most` bytes.
pub(super) fn text(html: &str, most: usize) -> Read {
    let mut walk = Walk::new(most);
    // Rules hold for what stands above them too.
    if contains_ignoring_case(html, "<style") {
        for token in Tokens::new(html) {
            if let Token::Start(tag) = token
                && tag.name == "style"
            {
                walk.sheet.read(tag.content);
            }
        }
    }
    for token in Tokens::new(html) {
        match token {
            Token::Text(text) => walk.text(text),
            Token::Start(tag) => walk.start(&tag),
            Token::End(name) => walk.end(&name),
            Token::Comment => walk.lines.rich.dropped.comments += 1,
        }
        if walk.lines.is_full() {
            break;
        }
    }
    while let Some(element) = walk.stack.pop() {
        walk.leave(element);
    }
    let Walk { lines, shapeless, remotes, .. } = walk;
    let cut = lines.is_full();
    let whole = !(cut || shapeless || lines.overflow);
    Read { text: lines.text, rich: whole.then_some(lines.rich), remotes, cut }
}

fn contains_ignoring_case(text: &str, what: &str) -> bool {
    text.as_bytes().windows(what.len()).any(|w| w.eq_ignore_ascii_case(what.as_bytes()))
}

#[derive(Debug)]
pub(super) struct Open {
    pub(super) name: String,
    /// For selectors; only where there are any.
    pub(super) names: Names,
    pub(super) unseen: bool,
    pub(super) look: Look,
    /// Line breaks before and behind it.
    pub(super) block: usize,
    /// Pieces that it opened.
    pub(super) pieces: usize,
    pub(super) quotes: bool,
    pub(super) link: Option<OpenLink>,
    /// It is shown elsewhere: its words touch no others.
    pub(super) elsewhere: bool,
    /// What is in it is shown in another order.
    pub(super) turned: bool,
    /// A part of a table that stands in none: a line.
    pub(super) stray: bool,
    /// Where in the text its words begin.
    pub(super) from: usize,
}

#[derive(Debug)]
pub(super) struct OpenLink {
    number: usize,
    start: usize,
    pieces: usize,
}

pub(super) struct Walk {
    pub(super) lines: Lines,
    pub(super) stack: Vec<Open>,
    pub(super) sheet: Sheet,
    /// Elements deeper than `DEEPEST`.
    pub(super) beyond: usize,
    /// Open elements of which nothing is seen.
    pub(super) unseen: usize,
    /// Text in bytes behind the last placeholder of a remote picture.
    pub(super) last_remote: Option<usize>,
    /// What would be fetched, and what the addresses of it begin at.
    pub(super) remotes: Vec<Remote>,
    pub(super) base: Option<String>,
    /// More nesting than is kept: words don't stand where their markup says.
    pub(super) shapeless: bool,
}

impl Walk {
    fn new(most: usize) -> Self {
        Self {
            lines: Lines::new(most),
            stack: Vec::new(),
            sheet: Sheet::default(),
            beyond: 0,
            unseen: 0,
            last_remote: None,
            remotes: Vec::new(),
            base: None,
            shapeless: false,
        }
    }

    pub(super) fn look(&self) -> Look {
        self.stack.last().map_or(Look::PLAIN, |open| open.look)
    }

    fn start(&mut self, tag: &Tag<'_>) {
        self.lines.rich.dropped.active += usize::from(is_active(&tag.name));
        // HTML §13.2.6.4.9: among the rows of a table a form is nothing; §13.2.6.4.7: nor is a body
        // inside of another.
        if (tag.name == "form" && self.is_among_cells())
            || (matches!(tag.name.as_str(), "body" | "html") && !self.is_at_the_root())
        {
            return;
        }
        if is_of_table(&tag.name) {
            self.make_room_in_table(&tag.name);
        } else if !is_transparent(&tag.name) {
            self.make_cell();
        }
        while self.stack.last().is_some_and(|open| closes(&tag.name, &open.name)) {
            if let Some(element) = self.stack.pop() {
                self.leave(element);
            }
        }
        let names = Names::new(&tag.name, tag.value("id"), tag.value("class"));
        let around = self.stack.iter().map(|open| &open.names);
        let mut style = attributes(tag);
        style.merge(&self.sheet.style(&names, around, tag.value("style").as_deref()));
        self.note_fetched(tag, &style);
        if is_void(&tag.name) {
            if self.unseen == 0 && !style.is_unseen() && !is_never_seen(tag) {
                self.void(tag, &style);
            }
            return;
        }
        if self.stack.len() >= DEEPEST {
            self.beyond += 1;
            self.shapeless = true;
            if self.unseen == 0 {
                self.lines.break_lines(block(&tag.name));
            }
            return;
        }
        // Links don't nest: one that was left open ends here.
        if tag.name == "a" && self.stack.iter().any(|e| e.name == "a") {
            self.end("a");
        }
        let names = if self.sheet.is_empty() { Names::default() } else { names };
        self.enter(tag, &style, names);
    }

    /// What the tag would fetch, seen or not.
    fn note_fetched(&mut self, tag: &Tag<'_>, style: &Style) {
        if tag.name == "base" {
            let href = tag.value("href").and_then(|href| remote::elsewhere(&href, None));
            self.base = self.base.take().or(href);
        }
        let unseen = self.unseen > 0
            || style.is_unseen()
            || style.invisible == Some(true)
            || is_never_seen(tag);
        let at = Some(self.lines.text.len());
        for (kind, url) in fetched(tag, style, unseen, self.base.as_deref()) {
            let known = |r: &Remote| r.kind == kind && r.url == url;
            if self.remotes.len() < remote::MOST && !self.remotes.iter().any(known) {
                self.remotes.push(Remote { kind, url, at });
            }
        }
    }

    fn is_at_the_root(&self) -> bool {
        self.lines.text.is_empty()
            && self.stack.iter().all(|open| matches!(open.name.as_str(), "html" | "head"))
    }

    fn enter(&mut self, tag: &Tag<'_>, style: &Style, names: Names) {
        let unseen = is_never_seen(tag) || style.is_unseen();
        self.unseen += usize::from(unseen);
        let mut look = self.look().inside(style);
        let tight = tag.name == "p" && style.tight == Some(true);
        let block = if tight { 1 } else { block(&tag.name) };
        let mut open = Open {
            name: tag.name.clone(),
            names,
            unseen,
            look,
            block,
            pieces: 0,
            quotes: false,
            link: None,
            elsewhere: style.is_elsewhere() || self.stack.last().is_some_and(|e| e.turned),
            turned: style.turned == Some(true),
            stray: false,
            from: self.lines.text.len(),
        };
        if self.unseen == 0 {
            if open.elsewhere {
                self.lines.words(" ");
            }
            let lined = tag.name == "div" && style.lined == Some(true);
            open.quotes = tag.name == "blockquote" || lined;
            let own = element(tag, style);
            open.stray = own.is_some_and(|own| !self.fits(own));
            let own = if open.stray { Some(Element::Division) } else { own };
            if open.stray {
                open.block = open.block.max(1);
            }
            let elements = look.elements(tag, style, own);
            // Rows and quotes begin on a line of their own.
            self.lines.cell &= tag.name != "tr" && !open.quotes;
            self.lines.break_lines(open.block);
            match tag.name.as_str() {
                "ul" | "ol" | "menu" | "dir" => self.lines.lists += 1,
                "li" => self.lines.item = true,
                _ => {}
            }
            self.lines.quotes += usize::from(open.quotes);
            open.pieces = elements.len();
            for element in elements {
                self.lines.piece(Piece::Open(element));
            }
            open.link = self.open_link(tag);
            open.pieces += usize::from(open.link.is_some());
            look.in_link |= open.link.is_some();
        }
        open.look = look;
        self.stack.push(open);
    }

    fn open_link(&mut self, tag: &Tag<'_>) -> Option<OpenLink> {
        let target = tag.value("href").filter(|_| tag.name == "a").and_then(|h| target(&h))?;
        for outer in self.stack.iter().filter_map(|open| open.link.as_ref()) {
            if let Some(link) = self.lines.rich.links.get_mut(outer.number) {
                link.around_links = true;
            }
        }
        // In a link a picture is what there is to follow, also where another stands beside it.
        self.last_remote = None;
        let number = self.lines.rich.links.len();
        let start = self.lines.text.len();
        self.lines.rich.links.push(Link {
            target,
            told: start..start,
            apart: false,
            filled: false,
            around_links: false,
        });
        self.lines.piece(Piece::Open(Element::Link(number)));
        Some(OpenLink { number, start, pieces: self.lines.rich.pieces.len() })
    }

    fn void(&mut self, tag: &Tag<'_>, style: &Style) {
        match tag.name.as_str() {
            "br" => self.lines.break_line(),
            "hr" => {
                self.lines.break_lines(2);
                self.lines.piece(Piece::Rule);
            }
            // Image maps.
            "area" => {
                if let Some(target) = tag.value("href").as_deref().and_then(target) {
                    self.words(&format!("<{target}> "));
                }
            }
            "img" => self.picture(tag, style),
            _ => {}
        }
    }

    fn picture(&mut self, tag: &Tag<'_>, style: &Style) {
        let emoji = |alt: &String| {
            alt.chars().count() <= 12 && !alt.is_ascii() && !alt.chars().any(char::is_alphanumeric)
        };
        if let Some(alt) = tag.value("alt").filter(emoji) {
            self.words(&alt);
            return;
        }
        let Some(src) = tag.value("src").filter(|src| !src.trim().is_empty()) else { return };
        if !is_pixel(tag, style) {
            self.lines.before_picture();
        }
        let at = self.lines.text.len();
        let width = tag.number("width", 1, 2000);
        if let Some(cid) = content_id(&src) {
            self.lines.piece(Piece::Picture(Picture::Inline { cid, width }, at));
        } else if let Some(embedded) = embedded(&src) {
            let all = &mut self.lines.rich.embedded;
            if all.len() < MOST_EMBEDDED {
                let cid = embedded_name(all.len());
                all.push(embedded);
                self.lines.piece(Piece::Picture(Picture::Inline { cid, width }, at));
            }
        } else if is_pixel(tag, style) {
            self.lines.rich.dropped.pixels += 1;
        } else {
            self.lines.rich.dropped.remote += 1;
            if self.last_remote != Some(at) {
                self.last_remote = Some(at);
                self.lines.piece(Piece::Picture(Picture::Remote, at));
            }
        }
    }

    fn end(&mut self, name: &str) {
        if self.beyond > 0 {
            self.beyond -= 1;
            if self.unseen == 0 {
                self.lines.break_lines(block(name));
            }
            return;
        }
        match name {
            "br" => {
                if self.unseen == 0 {
                    self.lines.break_line();
                }
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

    pub(super) fn leave(&mut self, element: Open) {
        if self.unseen == 0 {
            if let Some(link) = &element.link {
                self.link(link);
            }
            match element.name.as_str() {
                "ul" | "ol" | "menu" | "dir" => {
                    self.lines.lists = self.lines.lists.saturating_sub(1);
                }
                "td" | "th" if element.stray => self.lines.cell = false,
                "td" | "th" => self.lines.end_cell(element.from),
                "tr" => self.lines.cell = false,
                _ => {}
            }
            self.lines.quotes = self.lines.quotes.saturating_sub(usize::from(element.quotes));
            self.lines.break_lines(element.block);
            for _ in 0..element.pieces {
                self.lines.piece(Piece::Close);
            }
            if element.elsewhere {
                self.lines.words(" ");
            }
        }
        self.unseen = self.unseen.saturating_sub(usize::from(element.unseen));
    }

    fn link(&mut self, open: &OpenLink) {
        let lines = &mut self.lines;
        let shown = lines.text.get(open.start..).unwrap_or_default().trim();
        let has_words = !shown.is_empty();
        let pictured = |piece: &Piece| matches!(piece, Piece::Picture(..));
        let filled = has_words
            || lines.rich.pieces.get(open.pieces..).is_some_and(|p| p.iter().any(pictured));
        let Some(link) = lines.rich.links.get_mut(open.number) else { return };
        link.filled = filled;
        link.told = open.start..lines.text.len();
        // Nobody can follow a link without anything in it.
        if filled && !same_target(shown, &link.target) {
            let target = link.target.clone();
            lines.target(open.number, &target, has_words);
        }
    }

    fn text(&mut self, raw: &str) {
        let text = decode_entities(raw, false);
        self.words(&text);
    }

    fn words(&mut self, text: &str) {
        let blank = text.bytes().all(|b| b.is_ascii_whitespace());
        if !blank {
            self.make_cell();
        }
        let look = self.look();
        if self.unseen > 0 || !look.is_seen() {
            let seen = text.chars().filter(|c| !c.is_whitespace()).count();
            self.lines.rich.dropped.hidden += seen;
        } else if look.preformatted {
            self.lines.preformatted(text);
        } else {
            self.lines.words(text);
        }
    }
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
        // Word writes each cell as a paragraph.
        check(
            "<table><tr><td><p>Foot</p></td><td><p>12 cm</p></td></tr>\
             <tr><td><div>Shade</div><td><div>30 cm<br></div></table><p>x",
            "Foot | 12 cm\nShade | 30 cm\n\nx",
        );
        check("<table><tr><td><p>a<p>b</td><td><p>c</table>", "a\n\nb\n\nc");
        check("<table><tr><td>a<td><table><tr><td>b</table></table>", "a\nb");
        let inner = "<table><tr><td>c</td></tr></table>";
        check(&format!("<table><tr><td>a<br>b{inner}</td><td>d</table>"), "a\nb\nc\nd");
        check("<table><tr><td>a<td><blockquote>b</blockquote></table>", "a\n\n> b");
        check("a<table><tr><td></td><td><p>b</p></td></tr></table>c", "a\nb\nc");
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
    fn what_is_shown_elsewhere_touches_nothing() {
        for moved in [
            "<i style='float:right'>@x.example</i><b>jane</b>",
            "<div style='display:flex;flex-direction:row-reverse'><i>@x.example</i><b>jane</b></div>",
            "<div style='display:flex'><i style='order:2'>@x.example</i><b>jane</b></div>",
            "<i>@x.example</i><b style='position:relative;left:-90px'>jane</b>",
            "<i style='transform:translate(9em)'>@x.example</i><b>jane</b>",
            "<i>@x.example</i><b style='margin-left:-9em'>jane</b>",
            "<style>.r{flex-flow:row-reverse wrap}</style><p class=r><i>@x.example</i><b>jane</b></p>",
        ] {
            let read = text(moved, 1000).text;
            assert_eq!(read.trim(), "@x.example jane", "{moved}");
        }
        let still = "<i style='position:relative;float:none'>a</i><b style='left:0;order:0'>b</b>";
        check(still, "ab");
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
