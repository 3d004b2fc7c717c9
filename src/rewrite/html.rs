//! HTML written from what was understood of the sender's: the allow-list is the set of
//! [`Element`]s, and every attribute is made here. The words are those of the text, with the same
//! changes made to them.

use std::collections::HashMap;

use super::edit::Change;
use super::mask::is_override;
use crate::mail::{Align, Element, Link, Picture, Piece, Rich};

/// What HTML is written from.
pub(super) struct Source<'a> {
    /// The text that the pieces lie in.
    pub text: &'a str,
    /// Its markup.
    pub rich: &'a Rich,
    /// What is changed in the text, in order and apart.
    pub changes: &'a [Change],
    /// The sender's Content-IDs of pictures that go out, and ours.
    pub pictures: &'a HashMap<&'a str, String>,
    /// Stands where a picture does not go out.
    pub removed_picture: &'a str,
}

/// The places in the text where a picture was that does not go out: once where several were.
pub(super) fn removed_pictures(
    text: &str,
    rich: &Rich,
    pictures: &HashMap<&str, String>,
) -> Vec<usize> {
    let mut places: Vec<usize> = Vec::new();
    let mut last = None;
    for piece in &rich.pieces {
        match piece {
            // In a link it is what there is to follow.
            Piece::Open(Element::Link(_)) => last = None,
            Piece::Picture(picture, at)
                if !is_carried(picture, pictures) && !is_beside(text, last, *at) =>
            {
                places.push(*at);
                last = Some(*at);
            }
            _ => {}
        }
    }
    places
}

/// Whether there is no word between these places.
fn is_beside(text: &str, before: Option<usize>, at: usize) -> bool {
    let marks = |c: char| c.is_whitespace() || c == '>';
    let between = before.map(|before| text.get(before..at).unwrap_or_default());
    between.is_some_and(|between| between.trim_matches(marks).is_empty())
}

fn is_carried(picture: &Picture, pictures: &HashMap<&str, String>) -> bool {
    matches!(picture, Picture::Inline { cid, .. } if pictures.contains_key(cid.as_str()))
}

/// Writes what stands in the body.
pub(super) fn write(source: &Source<'_>) -> String {
    let mut writer = Writer::new(source);
    for piece in &source.rich.pieces {
        match piece {
            Piece::Open(element) => writer.begin(*element),
            Piece::Close => writer.end(),
            Piece::Words(range) => writer.words(range.start, range.end),
            Piece::Target(number) => writer.target(*number),
            Piece::Break(at) => writer.line_break(*at),
            Piece::Rule => writer.rule(),
            Piece::Picture(picture, at) => writer.picture(picture, *at),
        }
    }
    while !writer.stack.is_empty() {
        writer.end();
    }
    writer.rest();
    writer.out
}

/// Without one, Outlook shows a mail in Times.
const FONT: &str = "font-family:Arial,Helvetica,sans-serif";
/// Apart from the words above it, and quieter than they are.
const BELOW: &str =
    "margin-top:1.5em;border-top:1px solid #ccc;padding-top:0.5em;font-size:small;color:#666";

/// Words with line breaks, in a small block of their own.
pub(super) fn small_block(words: &str) -> String {
    let lines: Vec<String> = words.trim_end().lines().map(escaped).collect();
    format!("<div style=\"{BELOW}\">{}</div>\n", lines.join("<br>\n"))
}

/// A whole document.
pub(super) fn document(body: &str, below: &str) -> String {
    let body = body.trim_end();
    format!("<!DOCTYPE html>\n<html>\n<body style=\"{FONT}\">\n{body}\n{below}</body>\n</html>\n")
}

struct Writer<'a> {
    source: &'a Source<'a>,
    out: String,
    /// Elements that are open; nothing for one that does not go out.
    stack: Vec<Option<Element>>,
    /// How many of them stand in `out`: those behind are written once there is something in them.
    written: usize,
    /// The change that comes next, and whether its words stand in `out`.
    change: usize,
    said: bool,
    /// A space here would not be seen.
    after_space: bool,
    /// A word here needs a space before it.
    stands_apart: bool,
    /// There are words on this line, and whether a line ended behind them without a tag that says
    /// so: nothing is written of an element without words.
    on_line: bool,
    line_ended: bool,
    preformatted: usize,
    last_removed: Option<usize>,
    /// Which links go out.
    links: Vec<bool>,
    end: usize,
}

impl<'a> Writer<'a> {
    fn new(source: &'a Source<'a>) -> Self {
        let links = source.rich.links.iter().map(|l| may_link(l, source.changes)).collect();
        Self {
            source,
            out: String::with_capacity(source.text.len() * 2),
            stack: Vec::new(),
            written: 0,
            change: 0,
            said: false,
            after_space: true,
            stands_apart: false,
            on_line: false,
            line_ended: false,
            preformatted: 0,
            last_removed: None,
            links,
            end: source.text.trim_end().len(),
        }
    }

    fn begin(&mut self, element: Element) {
        let goes_out = match element {
            Element::Link(number) => {
                self.last_removed = None;
                self.links.get(number).copied().unwrap_or(false)
            }
            _ => true,
        };
        self.stack.push(goes_out.then_some(element));
        self.preformatted += usize::from(element == Element::Preformatted);
        if is_block(element) {
            self.after_space = true;
        }
        // An empty cell keeps its neighbours in their columns.
        if matches!(element, Element::Cell { .. }) {
            self.settle();
        }
    }

    fn end(&mut self) {
        let Some(element) = self.stack.pop() else { return };
        let was_written = self.written > self.stack.len();
        self.written = self.written.min(self.stack.len());
        let Some(element) = element else { return };
        self.preformatted -= usize::from(element == Element::Preformatted);
        if was_written {
            self.out.push_str(&format!("</{}>", name(element)));
        }
        if is_block(element) {
            self.after_space = true;
            if was_written {
                self.new_line();
            } else {
                self.line_ended |= self.on_line;
            }
            if was_written && self.preformatted == 0 {
                self.out.push('\n');
            }
        }
    }

    fn new_line(&mut self) {
        self.after_space = true;
        self.on_line = false;
        self.line_ended = false;
    }

    /// Writes the tags of what is open.
    fn settle(&mut self) {
        if self.stack.iter().skip(self.written).flatten().any(|element| is_block(*element)) {
            self.new_line();
        } else if self.line_ended {
            self.out.push_str("<br>\n");
            self.new_line();
        }
        for element in self.stack.iter().skip(self.written).flatten() {
            let link = match element {
                Element::Link(number) => self.source.rich.links.get(*number),
                _ => None,
            };
            self.out.push_str(&start_tag(*element, link));
        }
        self.written = self.stack.len();
    }

    /// Writes a stretch of the text, changed.
    fn words(&mut self, start: usize, end: usize) {
        let end = end.min(self.end);
        let mut at = start;
        while at < end {
            let Some(change) = self.source.changes.get(self.change) else {
                self.original(at, end);
                return;
            };
            if change.range.start >= end {
                self.original(at, end);
                return;
            }
            self.original(at, change.range.start);
            if !self.said {
                self.said = true;
                self.put(&change.with);
            }
            at = at.max(change.range.end);
            if change.range.end > end {
                return;
            }
            self.change += 1;
            self.said = false;
        }
    }

    /// The changes that touched no word: what they say is said at the end.
    fn rest(&mut self) {
        let said = usize::from(self.said);
        for change in self.source.changes.iter().skip(self.change + said) {
            self.put(&change.with);
        }
    }

    fn original(&mut self, start: usize, end: usize) {
        if let Some(words) = self.source.text.get(start..end) {
            self.put(words);
        }
    }

    fn put(&mut self, words: &str) {
        if words.is_empty() {
            return;
        }
        self.settle();
        let apart = std::mem::take(&mut self.stands_apart) && !self.after_space;
        if apart && words.starts_with(|c: char| !c.is_whitespace()) {
            self.out.push(' ');
        }
        let mut ahead = words.chars().peekable();
        while let Some(c) = ahead.next() {
            match c {
                c if is_override(c) => continue,
                '\n' => {
                    self.out.push_str("<br>");
                    self.new_line();
                    continue;
                }
                '\t' if self.preformatted > 0 => self.out.push('\t'),
                ' ' if self.preformatted > 0 => self.out.push(' '),
                ' ' | '\t' if self.after_space || ahead.peek() == Some(&'\t') => {
                    self.out.push_str("&nbsp;");
                    self.after_space = false;
                    continue;
                }
                ' ' | '\t' => {
                    self.out.push(' ');
                    self.after_space = true;
                    continue;
                }
                c => escape(c, &mut self.out),
            }
            self.after_space = false;
            self.on_line = true;
        }
    }

    fn target(&mut self, number: usize) {
        let goes_out = self.links.get(number).copied().unwrap_or(false);
        if let Some(link) = self.source.rich.links.get(number).filter(|l| l.apart && !goes_out) {
            self.words(link.told.start, link.told.end);
            // The break behind it may stand before it among the pieces.
            let behind = self.source.text.get(link.told.end..).unwrap_or_default();
            self.line_ended |= self.on_line && behind.starts_with('\n');
        } else if goes_out {
            // In the text it stands between a picture and what follows.
            self.stands_apart = false;
        }
    }

    /// A line break, unless the line end that it made in the text was taken out.
    fn line_break(&mut self, at: usize) {
        if at >= self.end || self.out.is_empty() || self.is_changed(at, at + 1) {
            return;
        }
        self.settle();
        self.out.push_str("<br>");
        if self.preformatted == 0 {
            self.out.push('\n');
        }
        self.new_line();
    }

    fn rule(&mut self) {
        self.settle();
        self.out.push_str("<hr>\n");
        self.new_line();
    }

    fn picture(&mut self, picture: &Picture, at: usize) {
        if let Picture::Inline { cid, width } = picture
            && let Some(ours) = self.source.pictures.get(cid.as_str())
        {
            self.settle();
            // The space before it went with the end of the text.
            if at >= self.end && !self.after_space {
                self.out.push(' ');
            }
            self.out.push_str(&format!("<img src=\"cid:{}\" alt=\"\"", escaped(ours)));
            if let Some(width) = width {
                self.out.push_str(&format!(" width=\"{width}\""));
            }
            self.out.push_str(" style=\"max-width:100%\">");
            self.after_space = false;
            self.on_line = true;
            return;
        }
        if is_beside(self.source.text, self.last_removed, at)
            || (at > 0 && self.is_changed(at - 1, at + 1))
        {
            return;
        }
        self.last_removed = Some(at);
        // In the text it stands on the line of the words before it.
        let apart = std::mem::take(&mut self.line_ended) || !self.after_space;
        if apart {
            self.after_space = false;
            self.put(" ");
        }
        self.put(self.source.removed_picture);
        self.stands_apart = true;
    }

    /// Whether all of these bytes are taken out by one change.
    fn is_changed(&self, start: usize, end: usize) -> bool {
        let changes = self.source.changes;
        let next = changes.partition_point(|c| c.range.end <= start);
        changes.get(next).is_some_and(|c| c.range.start <= start && c.range.end >= end)
    }
}

/// A link goes out where it leads into the web, has something in it, and nothing of its target
/// was taken out.
fn may_link(link: &Link, changes: &[Change]) -> bool {
    let next = changes.partition_point(|c| c.range.end <= link.told.start);
    let touched = changes.get(next).is_some_and(|c| c.range.start < link.told.end);
    link.filled && !link.around_links && !touched && is_web(&link.target)
}

fn is_web(target: &str) -> bool {
    let lower = target.get(..8).unwrap_or(target).to_ascii_lowercase();
    let rest = if lower.starts_with("https://") {
        target.get(8..)
    } else if lower.starts_with("http://") {
        target.get(7..)
    } else {
        None
    };
    let authority = rest.map(|r| r.split(['/', '?', '#']).next().unwrap_or_default());
    // With a user's name or a backslash in it, programs differ on where it leads.
    authority.is_some_and(|a| {
        a.starts_with(|c: char| c.is_alphanumeric() || c == '[') && !a.contains(['@', '\\', '%'])
    }) && !target.chars().any(|c| c.is_control() || is_override(c))
}

fn name(element: Element) -> &'static str {
    match element {
        Element::Paragraph => "p",
        Element::Division | Element::Aligned(_) => "div",
        Element::Heading(1) => "h1",
        Element::Heading(2) => "h2",
        Element::Heading(3) => "h3",
        Element::Heading(4) => "h4",
        Element::Heading(5) => "h5",
        Element::Heading(_) => "h6",
        Element::Quote => "blockquote",
        Element::Preformatted => "pre",
        Element::List => "ul",
        Element::Numbered(_) => "ol",
        Element::Item => "li",
        Element::Terms => "dl",
        Element::Term => "dt",
        Element::Description => "dd",
        Element::Table { .. } => "table",
        Element::Row => "tr",
        Element::Cell { head: true, .. } => "th",
        Element::Cell { .. } => "td",
        Element::Caption => "caption",
        Element::Bold => "b",
        Element::Italic => "i",
        Element::Underlined => "u",
        Element::Struck => "s",
        Element::Code => "code",
        Element::Small => "small",
        Element::Subscript => "sub",
        Element::Superscript => "sup",
        Element::Coloured(_) => "span",
        Element::Link(_) => "a",
    }
}

fn is_block(element: Element) -> bool {
    !matches!(
        element,
        Element::Bold
            | Element::Italic
            | Element::Underlined
            | Element::Struck
            | Element::Code
            | Element::Small
            | Element::Subscript
            | Element::Superscript
            | Element::Coloured(_)
            | Element::Link(_)
    )
}

fn start_tag(element: Element, link: Option<&Link>) -> String {
    let name = name(element);
    match element {
        Element::Quote => format!(
            "<{name} type=\"cite\" style=\"margin:0 0 0 0.8ex;border-left:1px solid #ccc;padding-left:1ex\">"
        ),
        Element::Preformatted => format!("<{name} style=\"white-space:pre-wrap\">"),
        Element::Numbered(start) if start != 1 => format!("<{name} start=\"{start}\">"),
        Element::Table { ruled: true } => {
            format!("<{name} border=\"1\" cellspacing=\"0\" cellpadding=\"4\">")
        }
        Element::Table { ruled: false } => format!("<{name} cellspacing=\"0\" cellpadding=\"2\">"),
        Element::Cell { columns, rows, .. } => {
            let mut tag = format!("<{name}");
            if columns > 1 {
                tag.push_str(&format!(" colspan=\"{columns}\""));
            }
            if rows > 1 {
                tag.push_str(&format!(" rowspan=\"{rows}\""));
            }
            tag + ">"
        }
        Element::Coloured([r, g, b]) => format!("<{name} style=\"color:#{r:x}{g:x}{b:x}\">"),
        Element::Aligned(align) => {
            let align = match align {
                Align::Left => "left",
                Align::Centre => "center",
                Align::Right => "right",
                Align::Justified => "justify",
            };
            format!("<{name} style=\"text-align:{align}\">")
        }
        Element::Link(_) => {
            let target = link.map(|l| escaped(&l.target)).unwrap_or_default();
            format!("<{name} href=\"{target}\" rel=\"noopener noreferrer nofollow\">")
        }
        _ => format!("<{name}>"),
    }
}

fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        c => out.push(c),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| escape(c, &mut out));
    out
}

#[cfg(test)]
mod tests {
    use super::super::edit::{Edits, Why};
    use super::*;
    use crate::mail::{self, Message};

    fn read(html: &str) -> Message {
        let head = "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";
        mail::read(format!("{head}{}", html.replace('\n', "\r\n")).as_bytes())
    }

    /// What goes out as HTML, and the text beside it, with these words replaced.
    fn relayed(html: &str, removed: &[&str]) -> (String, String) {
        let message = read(html);
        let text = &message.text.body;
        let mut edits = Edits::default();
        for words in removed {
            let start = text.find(words).unwrap_or_else(|| panic!("{words:?} in {text:?}"));
            edits.replace(start..start + words.len(), "[-]", Why::Contact);
        }
        let rich = message.rich.as_ref().unwrap_or_else(|| panic!("{html} is no HTML"));
        let pictures = HashMap::from([("1@x", "p0.m@relay.example".to_owned())]);
        for at in removed_pictures(text, rich, &pictures) {
            edits.insert(at, "[picture]");
        }
        let changes = edits.changes(text);
        let source = Source {
            text,
            rich,
            changes: &changes,
            pictures: &pictures,
            removed_picture: "[picture]",
        };
        (write(&source).trim_end().to_owned(), edits.apply(text))
    }

    fn words(text: &str) -> Vec<&str> {
        text.split_whitespace().collect()
    }

    /// The HTML that goes out; read again it says what the text says, and is written the same.
    fn check_without(html: &str, removed: &[&str], expected: &str) {
        let (out, text) = relayed(html, removed);
        assert_eq!(out, expected, "{html}");
        let again = read(&out);
        assert_eq!(words(&again.text.body), words(&text), "{html}");
        if again.rich.is_some() {
            let theirs = |html: &str| html.replace("p0.m@relay.example", "1@x");
            let out = theirs(&out);
            assert_eq!(theirs(&relayed(&out, &[]).0), out, "twice the same");
        }
    }

    fn check(html: &str, expected: &str) {
        check_without(html, &[], expected);
    }

    #[test]
    fn what_a_person_formats_stays() {
        check("<P class=x id=y>One <B>two</B></P>", "<p>One <b>two</b></p>");
        check("<div><strong>a</strong> <em title=t>b</em></div>", "<div><b>a</b> <i>b</i></div>");
        check(
            "<ul><li>a<li>b</ul><ol start=3><li>c</ol>",
            "<ul><li>a</li>\n<li>b</li>\n</ul>\n<ol start=\"3\"><li>c</li>\n</ol>",
        );
        check(
            "<table border=1><tbody><tr><th colspan=2>Lamp<tr><td>x<td></table>",
            "<table border=\"1\" cellspacing=\"0\" cellpadding=\"4\"><tr><th colspan=\"2\">Lamp</th>\n\
             </tr>\n<tr><td>x</td>\n<td></td>\n</tr>\n</table>",
        );
        check(
            "<h2>a</h2><hr><pre>b  c</pre>",
            "<h2>a</h2>\n<hr>\n<pre style=\"white-space:pre-wrap\">b  c</pre>",
        );
        check(
            "<p>a<br>b&nbsp;&nbsp;c</p><p align=center>d</p>",
            "<p>a<br>\nb &nbsp;c</p>\n<div style=\"text-align:center\"><p>d</p>\n</div>",
        );
        check(
            "<p><span style='font-weight:bold;color:#c00;font-family:X'>a</span> &lt;b&gt; &amp;</p>",
            "<p><b><span style=\"color:#c00\">a</span></b> &lt;b&gt; &amp;</p>",
        );
        check(
            "<i>a</i><blockquote style='x'>b<blockquote>c</blockquote></blockquote>",
            &format!(
                "<i>a</i>{0}b{0}c</blockquote>\n</blockquote>",
                start_tag(Element::Quote, None)
            ),
        );
    }

    #[test]
    fn only_links_into_the_web_stay_links_and_only_where_their_target_stays() {
        let link = |href: &str| format!("<a href=\"{href}\" rel=\"noopener noreferrer nofollow\">");
        check(
            "<p><a href='https://x.example/?a=1&amp;b=%22' onclick=y>here</a> now</p>",
            &format!("<p>{}here</a> now</p>", link("https://x.example/?a=1&amp;b=%22")),
        );
        check_without(
            "<p><a href='https://x.example/'>here</a> now</p>",
            &["https://x.example/"],
            "<p>here &lt;[-]&gt; now</p>",
        );
        check_without(
            "<p><a href='http://x.example'>X.example</a></p>",
            &["X.example"],
            "<p>[-]</p>",
        );
        for other in ["javascript:x", "data:text/html,x", "#a", "java\nscript:x", " vbscript:x"] {
            check(&format!("<p><a href='{other}'>here</a></p>"), "<p>here</p>");
        }
        for shown in [
            "ftp://x.example",
            "//x.example",
            "sms:1",
            "https://u@x.example",
            "https:\\\\x.example",
        ] {
            check(
                &format!("<p><a href='{shown}'>here</a></p>"),
                &format!("<p>here &lt;{shown}&gt;</p>"),
            );
        }
        check("<p><a href='mailto:j@x.example'>me</a></p>", "<p>me &lt;j@x.example&gt;</p>");
        check("<p>a<a href='https://x.example/'></a></p>", "<p>a</p>");
    }

    #[test]
    fn words_are_taken_out_however_they_are_cut_up_by_tags() {
        check_without(
            "<p>jo<b>hn</b>@x<i>.example</i> now</p>",
            &["john@x.example"],
            "<p>[-] now</p>",
        );
        check_without("<p>a <b>b c</b> d</p>", &["a b"], "<p>[-]<b> c</b> d</p>");
        check_without("<p>a</p><p>b</p><p>c</p>", &["a\n\nb"], "<p>[-]</p>\n<p>c</p>");
        check_without("<b>x</b><p>a<br>b<br>c</p>", &["b\n"], "<b>x</b><p>a<br>\n[-]c</p>");
        check_without(
            "<p><a href='https://x.example'>jo@y.example</a></p>",
            &["jo@y.example"],
            "<p><a href=\"https://x.example\" rel=\"noopener noreferrer nofollow\">[-]</a></p>",
        );
    }

    #[test]
    fn what_acts_loads_or_is_not_seen_is_gone() {
        for gone in [
            "<script>x()</script>",
            "<style>p{background:url(https://x.example)}</style>",
            "<iframe src=https://x.example>x</iframe>",
            "<object data=https://x.example></object>",
            "<form action=https://x.example><input name=x value=secret></form>",
            "<link rel=stylesheet href=https://x.example/x.css>",
            "<meta http-equiv=refresh content='0;url=https://x.example'>",
            "<base href=https://x.example>",
            "<!-- secret -->",
            "<div style='display:none'>secret</div>",
            "<span style='font-size:0'>secret</span>",
            "<span style='font-size:1px'>secret</span>",
            "<font color=#fefefe>secret</font>",
            "<span style='color:white'>secret</span>",
            "<span style='color:rgba(1,2,3,0)'>secret</span>",
            "<table bgcolor=#000000><tr><td><font color=black>secret</font></table>",
            "<span style='position:absolute;left:-9999px'>secret</span>",
            "<span style='text-indent:-999em'>secret</span>",
            "<div style='overflow:hidden;max-height:0'>secret</div>",
            "<div style='opacity:0'>secret</div>",
            "<div style='VISIBILITY:/**/hidden !important'>secret</div>",
            "<style>.a .b{display:none}</style><div class=a><p><i class='c b'>secret</i></p></div>",
            "<style>@media screen{#q{visibility:hidden}}</style><div id=q>secret</div>",
            "<img src=https://x.example/p.gif width=1 height=1>",
            "<svg onload=x()></svg>",
            "<math><annotation-xml encoding=text/html></annotation-xml></math>",
        ] {
            let (out, text) = relayed(&format!("<p>one <b>two</b></p>{gone}<p>three</p>"), &[]);
            let clean = out.replace(
                "<table cellspacing=\"0\" cellpadding=\"2\"><tr><td></td>\n</tr>\n</table>\n",
                "",
            );
            assert_eq!(clean, "<p>one <b>two</b></p>\n<p>three</p>", "{gone}");
            assert_eq!(words(&text), ["one", "two", "three"], "{gone}");
        }
    }

    #[test]
    fn what_is_seen_stays_although_it_looks_hidden() {
        for seen in [
            "<td style='font-size:0'><span style='font-size:14px'>words</span></td>",
            "<div style='background:#000'><span style='color:#fff'>words</span></div>",
            "<div style='background:url(x)'><span style='color:#fff'>words</span></div>",
            "<style>@media (max-width:600px){.m{display:none}}</style><i class=m>words</i>",
            "<style>.a{display:none}</style><i class=m>words</i>",
            "<div style='height:0'>words</div>",
            "<div style='display:block;opacity:0.5'>words</div>",
        ] {
            let (_, text) = relayed(&format!("<b>x</b> {seen}"), &[]);
            assert_eq!(words(&text), ["x", "words"], "{seen}");
        }
    }

    #[test]
    fn pictures_of_the_mail_are_shown_and_others_named() {
        check(
            "<p>Look: <img src='CID:1%40x' width=300 alt=secret></p>",
            "<p>Look: <img src=\"cid:p0.m@relay.example\" alt=\"\" width=\"300\" style=\"max-width:100%\"></p>",
        );
        let (out, text) =
            relayed("<p>Look:<img src=http://x.example/a.png> <img src=cid:2@x>so</p>", &[]);
        assert_eq!(out, "<p>Look: [picture] so</p>");
        assert_eq!(text, "Look: [picture] so");
        let (out, _) = relayed(
            "<p><a href='https://x.example'><img src=//x.example/a.png></a></p>",
            &["https://x.example"],
        );
        assert!(!out.contains("x.example"), "{out}");
        // "<https://x.example>%" in the text: no space there either.
        let (out, text) =
            relayed("<p><a href='https://x.example'><img src=//x.example/a.png></a>%</p>", &[]);
        assert!(out.ends_with("[picture]</a>%</p>"), "{out}");
        assert_eq!(text, "[picture] <https://x.example>%");
    }
}
