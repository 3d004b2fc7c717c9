//! The rows and cells of HTML's tables: what ends what, and what has to be made up
//! (HTML §13.2.6.4.9 and on).

use super::html::{Open, Walk};
use super::html_elements::block;
use super::html_style::Names;
use super::rich::{Element, Piece};

impl Walk {
    /// A row ends the row before it, a cell the cell, whatever was left open inside.
    pub(super) fn make_room_in_table(&mut self, name: &str) {
        let ends = |open: &str| match name {
            "td" | "th" => matches!(open, "td" | "th" | "caption"),
            "tr" => matches!(open, "td" | "th" | "tr" | "caption"),
            _ => matches!(open, "td" | "th" | "tr" | "tbody" | "thead" | "tfoot" | "caption"),
        };
        let of_this_table = self.stack.iter().rev().take_while(|open| open.name != "table");
        let depth = of_this_table
            .enumerate()
            .filter(|(_, open)| ends(&open.name))
            .map(|(depth, _)| depth + 1)
            .last();
        for _ in 0..depth.unwrap_or(0) {
            if let Some(element) = self.stack.pop() {
                self.leave(element);
            }
        }
        if matches!(name, "td" | "th") && self.in_table(&["table", "tbody", "thead", "tfoot"]) {
            self.open_bare("tr", Element::Row);
        }
    }

    pub(super) fn is_among_cells(&self) -> bool {
        self.in_table(&["table", "tbody", "thead", "tfoot", "tr"])
    }

    /// Rows stand in tables, cells in rows; elsewhere they are lines.
    pub(super) fn fits(&self, element: Element) -> bool {
        match element {
            Element::Row => self.in_table(&["table", "tbody", "thead", "tfoot"]),
            Element::Cell { .. } => self.in_table(&["tr"]),
            Element::Caption => self.in_table(&["table"]),
            _ => true,
        }
    }

    fn in_table(&self, names: &[&str]) -> bool {
        self.stack.last().is_some_and(|open| names.contains(&open.name.as_str()))
    }

    /// Words between the cells of a table would be shown above it: they get a cell of their own.
    pub(super) fn make_cell(&mut self) {
        if self.in_table(&["table", "tbody", "thead", "tfoot"]) {
            self.open_bare("tr", Element::Row);
        }
        if self.in_table(&["tr"]) {
            self.open_bare("td", Element::Cell { head: false, columns: 1, rows: 1 });
        }
    }

    fn open_bare(&mut self, name: &str, element: Element) {
        let pieces = usize::from(self.unseen == 0);
        if pieces > 0 {
            self.lines.break_lines(block(name));
            self.lines.piece(Piece::Open(element));
        }
        self.stack.push(Open {
            name: name.to_owned(),
            names: Names::default(),
            unseen: false,
            look: self.look(),
            block: block(name),
            pieces,
            quotes: false,
            link: None,
            elsewhere: false,
            turned: false,
            stray: false,
            from: self.lines.text.len(),
        });
    }
}
