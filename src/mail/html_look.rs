//! How words look: whether they are seen, and which of their looks goes out with them.

use super::html_colour::{Colour, colour, same, vivid};
use super::html_elements::block;
use super::html_style::{Size, Style, align};
use super::html_tokens::Tag;
use super::rich::{Align, Element};

/// How words look at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    no_size: bool,
    invisible: bool,
    letters: Colour,
    behind: Colour,
    pub(super) preformatted: bool,
    pub(super) in_link: bool,
    // What goes out already around this place.
    bold: bool,
    italic: bool,
    underlined: bool,
    struck: bool,
    coloured: Option<[u8; 3]>,
}

impl Look {
    /// Black on white.
    pub(super) const PLAIN: Self = Self {
        no_size: false,
        invisible: false,
        letters: Colour::Solid([0; 3]),
        behind: Colour::Solid([255; 3]),
        preformatted: false,
        in_link: false,
        bold: false,
        italic: false,
        underlined: false,
        struck: false,
        coloured: None,
    };

    pub(super) fn is_seen(&self) -> bool {
        let same = match (self.letters, self.behind) {
            (Colour::Solid(letters), Colour::Solid(behind)) => same(letters, behind),
            (letters, _) => letters == Colour::Clear,
        };
        !(self.no_size || self.invisible || same)
    }

    /// How words look inside of an element with this style.
    pub(super) fn inside(mut self, style: &Style) -> Self {
        match style.size {
            Some(Size::Zero) => self.no_size = true,
            Some(Size::Seen) => self.no_size = false,
            Some(Size::Relative) | None => {}
        }
        self.invisible = style.invisible.unwrap_or(self.invisible);
        self.letters = style.colour.unwrap_or(self.letters);
        self.behind = style.background.filter(|b| *b != Colour::Clear).unwrap_or(self.behind);
        self.preformatted = style.preformatted.unwrap_or(self.preformatted);
        self
    }

    /// What goes out for an element, outermost first. `own` is what it is by its name.
    pub(super) fn elements(
        &mut self,
        tag: &Tag<'_>,
        style: &Style,
        own: Option<Element>,
    ) -> Vec<Element> {
        let mut elements = Vec::new();
        let is_division = own == Some(Element::Division);
        let lined = is_division && style.lined == Some(true) && tag.name == "div";
        elements.extend(lined.then_some(Element::Quote));
        let aligned = self.aligned(tag, style);
        // These have lines of their own already.
        let own = own.filter(|_| !(is_division && (lined || aligned.is_some())));
        // A paragraph can't hold what has lines of its own; a cell can't stand in it.
        let outside = matches!(own, Some(Element::Paragraph | Element::Heading(_)));
        elements.extend(aligned.filter(|_| outside));
        elements.extend(own.filter(|own| !self.is_already(*own)));
        elements.extend(aligned.filter(|_| !outside));
        let is_link = self.in_link || tag.name == "a";
        for (wanted, element) in [
            (style.bold == Some(true), Element::Bold),
            (style.italic == Some(true), Element::Italic),
            (style.underlined == Some(true) && !is_link, Element::Underlined),
            (style.struck == Some(true), Element::Struck),
        ] {
            if wanted && own != Some(element) && !self.is_already(element) {
                elements.push(element);
            }
        }
        // Links have a colour of their own, headings of a table too.
        if let Colour::Solid(letters) = self.letters
            && !is_link
            && vivid(letters) != self.coloured
        {
            elements.push(Element::Coloured(vivid(letters).unwrap_or_default()));
            self.coloured = vivid(letters);
        }
        elements.iter().for_each(|element| self.note(*element));
        elements
    }

    fn aligned(&self, tag: &Tag<'_>, style: &Style) -> Option<Element> {
        let align = match tag.name.as_str() {
            "center" => Some(Align::Centre),
            // Of a table it says where the table stands; of a row nothing remains.
            "table" | "tr" | "tbody" | "thead" | "tfoot" | "body" | "html" => None,
            "td" | "th" => style.align,
            name => style.align.filter(|_| block(name) > 0),
        };
        align.filter(|align| *align != Align::Left).map(Element::Aligned)
    }

    fn is_already(&self, element: Element) -> bool {
        match element {
            Element::Bold => self.bold,
            Element::Italic => self.italic,
            Element::Underlined => self.underlined,
            Element::Struck => self.struck,
            _ => false,
        }
    }

    fn note(&mut self, element: Element) {
        match element {
            Element::Bold => self.bold = true,
            Element::Italic => self.italic = true,
            Element::Underlined => self.underlined = true,
            Element::Struck => self.struck = true,
            _ => {}
        }
    }
}

/// What the old attributes say, which every style overrides.
pub(super) fn attributes(tag: &Tag<'_>) -> Style {
    let mut style = Style::default();
    match tag.name.as_str() {
        "font" | "basefont" => style.colour = tag.value("color").map(|c| colour(&c)),
        "body" => style.colour = tag.value("text").map(|c| colour(&c)),
        "pre" => style.preformatted = Some(true),
        _ => {}
    }
    style.background = tag.value("bgcolor").map(|c| colour(&c));
    if tag.has("background") {
        style.background = Some(Colour::Unknown);
    }
    style.align = tag.value("align").and_then(|a| align(&a));
    style
}
