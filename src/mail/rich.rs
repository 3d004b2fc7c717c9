//! What a mail's HTML says beside its words: a closed set of elements around stretches of the
//! text. Whoever writes HTML from it can write nothing that is not named here.

use std::ops::Range;

/// The markup of a [`super::Text`], in the order in which it is read.
///
/// Every byte of the text that its reader sees as a word lies in exactly one [`Piece::Words`] or
/// [`Piece::Target`]; what lies in none only stands for markup (quote marks, bullets, line ends).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rich {
    /// Elements, words and pictures.
    pub pieces: Vec<Piece>,
    /// The links, by their number in [`Element::Link`] and [`Piece::Target`].
    pub links: Vec<Link>,
    /// What was left out.
    pub dropped: Dropped,
    /// Pictures that stood in the HTML itself (`data:`), by the number in their name.
    pub(super) embedded: Vec<Embedded>,
}

/// One step through the markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// An element begins.
    Open(Element),
    /// The element that was opened last and is not closed ends.
    Close,
    /// Bytes of the text.
    Words(Range<usize>),
    /// Where the target of this link stands in the text, behind the link's words.
    Target(usize),
    /// A line break; where it stands in the text, if anything follows it there.
    Break(usize),
    /// A line between two parts of a text.
    Rule,
    /// A picture, and where in the text it stands.
    Picture(Picture, usize),
}

/// A picture that the HTML shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// A part of the mail, by its Content-ID, and how wide it is to be shown, in pixels.
    Inline {
        /// Without brackets.
        cid: String,
        /// 1 to 2000.
        width: Option<u16>,
    },
    /// Somewhere else: to show it would tell its owner who reads, when and where.
    Remote,
}

/// What stretches of text can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Element {
    /// With room above and below.
    Paragraph,
    /// Lines of its own.
    Division,
    /// Of the first to the sixth rank.
    Heading(u8),
    /// Quoted.
    Quote,
    /// Shown with all of its spaces.
    Preformatted,
    /// Items with bullets.
    List,
    /// Items with numbers from this one on.
    Numbered(u16),
    /// Of either list.
    Item,
    /// Terms and their descriptions.
    Terms,
    /// Of [`Element::Terms`].
    Term,
    /// Of [`Element::Terms`].
    Description,
    /// Rows, with lines around the cells or without.
    Table {
        /// With lines.
        ruled: bool,
    },
    /// Cells.
    Row,
    /// Of a row.
    Cell {
        /// It heads a row or column.
        head: bool,
        /// Columns that it takes.
        columns: u16,
        /// Rows that it takes.
        rows: u16,
    },
    /// Of a table.
    Caption,
    /// Heavy letters.
    Bold,
    /// Slanted letters.
    Italic,
    /// With a line below.
    Underlined,
    /// With a line through.
    Struck,
    /// Letters of one width.
    Code,
    /// Small letters.
    Small,
    /// Below the line.
    Subscript,
    /// Above the line.
    Superscript,
    /// Letters in this colour, each of red, green and blue from 0 to 15. Always one that can be
    /// read on white.
    Coloured([u8; 3]),
    /// Lines set so.
    Aligned(Align),
    /// A link, by its number.
    Link(usize),
}

/// How lines are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// To the left.
    Left,
    /// In the middle.
    Centre,
    /// To the right.
    Right,
    /// To both sides.
    Justified,
}

/// Where a link leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its target, as it stands in the text (without `mailto:` and `tel:`).
    pub target: String,
    /// The bytes of the text that tell the target: those of [`Piece::Target`] with the space and
    /// brackets around it, or the link's own words where they are the target.
    pub told: Range<usize>,
    /// Whether the target stands in the text apart from the link's words.
    pub apart: bool,
    /// Whether it has words or pictures.
    pub filled: bool,
    /// Whether there are other links in it, which it can't hold.
    pub around_links: bool,
}

/// What of a mail's HTML was left out when it was read, by what it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Scripts, frames, embedded objects and the fields of forms.
    pub active: usize,
    /// Characters that nobody would have seen.
    pub hidden: usize,
    /// Pictures that lie elsewhere.
    pub remote: usize,
    /// The same, too small to be seen: they only tell that a mail was opened.
    pub pixels: usize,
    /// Comments.
    pub comments: usize,
}

/// A picture that stood in the HTML itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Embedded {
    pub(super) content_type: String,
    pub(super) bytes: Vec<u8>,
}

impl Rich {
    /// Whether there is more in it than lines of text.
    pub(super) fn tells_more(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Open(Element::Division) | Piece::Close | Piece::Words(_) => false,
            Piece::Target(_) | Piece::Break(_) | Piece::Picture(Picture::Remote, _) => false,
            Piece::Open(Element::Link(number)) => {
                self.links.get(*number).is_some_and(|link| link.apart)
            }
            Piece::Open(_) | Piece::Rule | Piece::Picture(..) => true,
        })
    }

    /// Whether it shows the picture of this Content-ID.
    pub fn shows(&self, id: &str) -> bool {
        self.pieces.iter().any(
            |piece| matches!(piece, Piece::Picture(Picture::Inline { cid, .. }, _) if cid == id),
        )
    }

    pub(super) fn shows_pictures(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Picture(Picture::Inline { .. }, _)))
    }

    /// Lines of plain text.
    pub(super) fn plain(text: &str) -> Self {
        let mut pieces = vec![Piece::Open(Element::Division)];
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            let words = line.trim_end_matches('\n').len();
            if words > 0 {
                pieces.push(Piece::Words(at..at + words));
            }
            if words < line.len() {
                pieces.push(Piece::Break(at + words));
            }
            at += line.len();
        }
        pieces.push(Piece::Close);
        Self { pieces, ..Self::default() }
    }

    /// Says nothing of what stands in the text from this byte on: it is no more.
    pub(super) fn end_at(&mut self, end: usize) {
        let clip = |range: &mut Range<usize>| *range = range.start.min(end)..range.end.min(end);
        self.pieces.retain_mut(|piece| match piece {
            Piece::Words(range) => {
                clip(range);
                range.start < range.end
            }
            Piece::Break(at) | Piece::Picture(_, at) => {
                *at = (*at).min(end);
                true
            }
            Piece::Target(_) | Piece::Open(_) | Piece::Close | Piece::Rule => true,
        });
        self.links.iter_mut().for_each(|link| clip(&mut link.told));
    }

    /// Puts another below it, whose text begins at `offset` in the joined text.
    pub(super) fn append(&mut self, mut more: Self, offset: usize) {
        let shift = |range: &mut Range<usize>| *range = range.start + offset..range.end + offset;
        let links = self.links.len();
        let pictures = self.embedded.len();
        for piece in &mut more.pieces {
            match piece {
                Piece::Words(range) => shift(range),
                Piece::Break(at) => *at += offset,
                Piece::Target(number) | Piece::Open(Element::Link(number)) => *number += links,
                Piece::Picture(picture, at) => {
                    *at += offset;
                    renumber(picture, pictures);
                }
                Piece::Open(_) | Piece::Close | Piece::Rule => {}
            }
        }
        more.links.iter_mut().for_each(|link| shift(&mut link.told));
        self.pieces.push(Piece::Break(offset.saturating_sub(1)));
        self.pieces.append(&mut more.pieces);
        self.links.append(&mut more.links);
        self.embedded.append(&mut more.embedded);
        let (all, new) = (&mut self.dropped, more.dropped);
        all.active += new.active;
        all.hidden += new.hidden;
        all.remote += new.remote;
        all.pixels += new.pixels;
        all.comments += new.comments;
    }
}

const EMBEDDED: &str = "data:";

/// The name of a picture that stood in the HTML: no Content-ID, which have an `@`.
pub(super) fn embedded_name(number: usize) -> String {
    format!("{EMBEDDED}{number}")
}

fn renumber(picture: &mut Picture, by: usize) {
    if let Picture::Inline { cid, .. } = picture
        && let Some(number) = cid.strip_prefix(EMBEDDED).and_then(|n| n.parse::<usize>().ok())
    {
        *cid = embedded_name(number + by);
    }
}
