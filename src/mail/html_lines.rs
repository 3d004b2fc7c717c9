//! The lines that HTML makes: words, and the breaks and marks between them, written as text and as
//! pieces at once.

use super::rich::{Piece, Rich};

/// Quote marks before a line.
const DEEPEST_QUOTE: usize = 10;
/// Pieces of one mail; of one with more only the text is taken.
const MOST_PIECES: usize = 50_000;

/// Text that grows word by word, and its markup.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) text: String,
    pub(super) rich: Rich,
    /// Text in bytes after which nothing more is written.
    pub(super) most: usize,
    /// More pieces than are kept.
    pub(super) overflow: bool,
    pub(super) quotes: usize,
    /// Quote marks before the line that was written last.
    line_quotes: usize,
    pub(super) lists: usize,
    /// Line breaks owed before the next word.
    breaks: usize,
    /// A space owed before the next word, and the piece that it will be.
    space: Option<usize>,
    /// The target of a link was written last.
    behind_target: bool,
    /// A cell ended in this row.
    pub(super) cell: bool,
    /// A list item whose first word is to come.
    pub(super) item: bool,
}

impl Lines {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() > self.most
    }

    pub(super) fn piece(&mut self, piece: Piece) {
        if self.rich.pieces.len() < MOST_PIECES {
            self.rich.pieces.push(piece);
        } else {
            self.overflow = true;
        }
    }

    /// The lines that end here, or stand apart from what follows. A block that begins a cell breaks
    /// no line: Word writes each cell as a paragraph.
    pub(super) fn break_lines(&mut self, count: usize) {
        if count > 0 {
            if !self.cell {
                self.breaks = self.breaks.max(count);
            }
            self.end_space();
        }
    }

    /// The end of a cell whose words begin here in the text. One of a single line breaks none.
    pub(super) fn end_cell(&mut self, from: usize) {
        self.cell = true;
        let marks = ['\n', '>', '|', ' '];
        let words = self.text.get(from..).unwrap_or_default().trim_matches(marks);
        if !words.is_empty() && !words.contains('\n') {
            self.breaks = 0;
        }
    }

    /// A `br`.
    pub(super) fn break_line(&mut self) {
        self.end_space();
        if self.breaks < 3 {
            self.breaks += 1;
            self.piece(Piece::Break(self.text.len()));
        }
    }

    /// A space is owed, unless a line ends first.
    fn owe_space(&mut self) {
        if self.space.is_none() {
            self.space = Some(self.rich.pieces.len());
            self.piece(Piece::Words(0..0));
        }
    }

    /// A picture follows on the same line.
    pub(super) fn before_picture(&mut self) {
        let line_goes_on = self.breaks == 0 && !self.cell && !self.item && !self.text.is_empty();
        if line_goes_on && self.space.is_some() {
            self.settle();
        }
    }

    fn end_space(&mut self) {
        if let Some(at) = self.space.take()
            && at + 1 == self.rich.pieces.len()
        {
            self.rich.pieces.pop();
        }
    }

    /// Writes words, white space collapsed.
    pub(super) fn words(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                // Not a no-break space: mail programs use it to keep lines and indents apart.
                ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}'
                | '\u{2029}' => self.owe_space(),
                '\u{a0}' => self.seen(' '),
                c if c.is_control() => {}
                '\u{feff}' if self.text.is_empty() => {}
                c => self.seen(c),
            }
            if self.is_full() {
                return;
            }
        }
    }

    /// Writes text whose white space counts.
    pub(super) fn preformatted(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\n' => {
                    self.end_space();
                    self.breaks += 1;
                    self.piece(Piece::Break(self.text.len()));
                }
                '\u{a0}' | ' ' => self.seen(' '),
                '\t' => self.seen('\t'),
                c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {}
                '\u{feff}' if self.text.is_empty() => {}
                c => self.seen(c),
            }
            if self.is_full() {
                return;
            }
        }
    }

    fn seen(&mut self, c: char) {
        // A letter right behind a target would be read as part of it.
        if std::mem::take(&mut self.behind_target) && c.is_alphanumeric() {
            self.owe_space();
        }
        self.settle();
        self.put(c);
    }

    fn put(&mut self, c: char) {
        let start = self.text.len();
        self.text.push(c);
        let end = self.text.len();
        match self.rich.pieces.last_mut() {
            Some(Piece::Words(range)) if range.end == start && range.start < range.end => {
                range.end = end;
            }
            _ => self.piece(Piece::Words(start..end)),
        }
    }

    /// Writes the breaks, marks and spaces that are owed before the next word.
    pub(super) fn settle(&mut self) {
        let begins = self.text.is_empty();
        let owes = self.breaks > 0 || self.space.is_some() || self.cell || self.item;
        if !begins && !owes {
            return;
        }
        let depth = self.quotes.min(DEEPEST_QUOTE);
        if self.breaks > 0 && !begins {
            self.end_space();
            self.trim_line();
            // Lines between belong to what both neighbours stand in.
            let between = "> ".repeat(depth.min(self.line_quotes));
            for _ in 1..self.breaks.min(4) {
                self.text.push('\n');
                self.text.push_str(between.trim_end());
            }
            self.text.push('\n');
        }
        if begins || self.breaks > 0 {
            self.end_space();
            self.text.push_str(&"> ".repeat(depth));
        } else if self.cell {
            self.end_space();
            self.text.push_str(" | ");
        } else if let Some(at) = self.space.take()
            && !self.text.ends_with([' ', '\n'])
        {
            self.write_space(at);
        }
        if self.item {
            let marks = self.lists.saturating_sub(1).min(DEEPEST_QUOTE);
            self.text.push_str(&"  ".repeat(marks));
            self.text.push_str("- ");
        }
        self.line_quotes = depth;
        self.breaks = 0;
        self.space = None;
        self.cell = false;
        self.item = false;
    }

    /// The space stands where it was written, before whatever was opened behind it.
    fn write_space(&mut self, at: usize) {
        if at + 1 == self.rich.pieces.len() {
            self.rich.pieces.pop();
            self.put(' ');
            return;
        }
        let start = self.text.len();
        self.text.push(' ');
        if let Some(piece) = self.rich.pieces.get_mut(at) {
            *piece = Piece::Words(start..start + 1);
        }
    }

    /// Takes the spaces at the end of a line away, from the text and from its pieces. A line of
    /// nothing else stays a line.
    fn trim_line(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        if end == self.text.len() {
            return;
        }
        self.text.truncate(end);
        let line = self.text.rsplit('\n').next().unwrap_or_default();
        let is_bare = line.chars().all(|c| matches!(c, '>' | ' '));
        for piece in self.rich.pieces.iter_mut().rev() {
            match piece {
                Piece::Words(range) if range.end <= end && range.start < range.end => break,
                Piece::Words(range) if range.start < range.end => {
                    if range.start >= end && is_bare {
                        *piece = Piece::Break(end);
                    } else {
                        *range = range.start.min(end)..end;
                    }
                }
                Piece::Picture(_, at) | Piece::Break(at) => *at = end.min(*at),
                _ => {}
            }
        }
    }

    /// Writes the target of a link behind its words, or in place of them.
    pub(super) fn target(&mut self, number: usize, target: &str, has_words: bool) {
        // Behind words it stands on their line, before the breaks that follow.
        if !has_words {
            self.settle();
        }
        let space = self.space;
        self.piece(Piece::Target(number));
        let start = self.text.len();
        if has_words && !self.text.ends_with([' ', '\n']) {
            self.text.push(' ');
        }
        self.text.push_str(&format!("<{target}>"));
        self.behind_target = true;
        // A space that was owed is owed behind the target now.
        self.space = None;
        if has_words && space.is_some() {
            self.owe_space();
        }
        if let Some(link) = self.rich.links.get_mut(number) {
            link.told = start..self.text.len();
            link.apart = true;
        }
    }
}
