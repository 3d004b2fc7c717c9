//! Pages of the database file as bytes: which of them are trees', and which of their bytes are
//! nobody's (<https://sqlite.org/fileformat2.html>).

use std::ops::Range;

/// The page in which SQLite's locks lie begins here; it is never used.
const LOCKS_AT: usize = 0x4000_0000;
/// Bytes of one entry of a page that says what other pages are.
const ENTRY: usize = 5;
/// What such an entry says of the root of a tree, and of its other pages.
const IS_ROOT: u8 = 1;
const IS_TREE: u8 = 5;
/// The file's own header stands in its first page, before the tree's.
const FILE_HEADER: usize = 100;
/// Bytes of a free block that say where the next one is and how long it is itself.
const BLOCK_HEADER: usize = 4;

/// What is known of the file as a whole, from its first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    page: usize,
    /// Bytes of a page that are used.
    usable: usize,
}

impl Layout {
    /// None: it does not say of its pages what they are, which ours do (`auto_vacuum`).
    pub(super) fn read(first_page: &[u8]) -> Option<Self> {
        let (kept, root) = (*first_page.get(20)?, first_page.get(52..56)?);
        let usable = first_page.len().checked_sub(usize::from(kept))?;
        (root != [0; 4] && usable >= 480).then_some(Self { page: first_page.len(), usable })
    }

    /// The page that says what this one is, and where in it. None: nothing says that of it.
    fn entry(self, page: u32) -> Option<(u32, usize)> {
        let locks = u32::try_from(LOCKS_AT / self.page + 1).ok()?;
        let group = u32::try_from(self.usable / ENTRY + 1).ok()?;
        let first = page.checked_sub(2)? / group * group + 2;
        let map = if first == locks { first + 1 } else { first };
        let place = usize::try_from(page.checked_sub(map)?.checked_sub(1)?).ok()?;
        (page != locks).then_some((map, place * ENTRY))
    }
}

/// Says what pages are, reading each page of entries once where they are asked for in order.
pub(super) struct Kinds {
    layout: Layout,
    map: u32,
    entries: Vec<u8>,
}

impl Kinds {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, map: 0, entries: vec![] }
    }

    /// Whether it is a tree's page. `read` gives a page's bytes.
    pub(super) fn is_tree<E>(
        &mut self,
        page: u32,
        read: impl FnOnce(u32) -> Result<Vec<u8>, E>,
    ) -> Result<bool, E> {
        if page == 1 {
            return Ok(true);
        }
        let Some((map, place)) = self.layout.entry(page) else { return Ok(false) };
        if map != self.map {
            (self.map, self.entries) = (map, read(map)?);
        }
        Ok(matches!(self.entries.get(place), Some(&(IS_ROOT | IS_TREE))))
    }
}

fn two(bytes: &[u8], at: usize) -> Option<usize> {
    let two: [u8; 2] = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(usize::from(u16::from_be_bytes(two)))
}

/// Where a tree's page holds no row, key or pointer: between its pointers and its cells, and in its
/// free blocks. None: it is no such page.
fn gaps(page: &[u8], is_first: bool) -> Option<Vec<Range<usize>>> {
    let header = if is_first { FILE_HEADER } else { 0 };
    let pointers = header
        + match page.get(header)? {
            2 | 5 => 12,
            10 | 13 => 8,
            _ => return None,
        };
    let cells = match two(page, header + 5)? {
        0 => 0x1_0000,
        cells => cells,
    };
    let between = pointers + 2 * two(page, header + 3)?..cells;
    let mut gaps = Vec::from_iter([between]);
    let mut block = two(page, header + 1)?;
    while block != 0 {
        let next = two(page, block)?;
        gaps.push(block + BLOCK_HEADER..block + two(page, block + 2)?);
        // They stand in order: what does not is no page of ours.
        if next != 0 && next <= block {
            return None;
        }
        block = next;
    }
    gaps.iter().all(|gap| gap.start <= gap.end && gap.end <= page.len()).then_some(gaps)
}

/// Whether a tree's page has bytes that are nobody's and tell something.
pub(super) fn has_remains(page: &[u8], is_first: bool) -> bool {
    let gaps = gaps(page, is_first).unwrap_or_default();
    gaps.into_iter().filter_map(|gap| page.get(gap)).flatten().any(|byte| *byte != 0)
}

/// Overwrites them.
pub(super) fn clear(page: &mut [u8], is_first: bool) {
    for gap in gaps(page, is_first).unwrap_or_default() {
        if let Some(gap) = page.get_mut(gap) {
            gap.fill(0);
        }
    }
}

/// Numbers of pages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pages {
    /// Every page that there is.
    pub(super) every: bool,
    bits: Vec<u64>,
}

impl Pages {
    pub(super) fn every() -> Self {
        Self { every: true, bits: vec![] }
    }

    pub(super) fn insert(&mut self, page: u32) {
        let (word, bit) = (page as usize / 64, page % 64);
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if let Some(word) = self.bits.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    pub(super) fn insert_all(&mut self, other: &Self) {
        self.every |= other.every;
        self.bits.resize(self.bits.len().max(other.bits.len()), 0);
        for (word, also) in self.bits.iter_mut().zip(&other.bits) {
            *word |= also;
        }
    }

    /// Every page of a file that has so many.
    pub(super) fn spell_out(&mut self, pages: u32) {
        if std::mem::take(&mut self.every) {
            self.bits.clear();
            (1..=pages).for_each(|page| self.insert(page));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.every && self.bits.iter().all(|word| *word == 0)
    }

    pub(super) fn remove(&mut self, page: u32) {
        if let Some(word) = self.bits.get_mut(page as usize / 64) {
            *word &= !(1 << (page % 64));
        }
    }

    /// The first of them, in order, at most so many and of those from `from` on.
    pub(super) fn first(&self, from: u32, most: usize) -> Vec<u32> {
        let mut found = vec![];
        for (n, word) in self.bits.iter().enumerate().skip(from as usize / 64) {
            let mut word = *word;
            while word != 0 && found.len() < most {
                let bit = word.trailing_zeros();
                word &= word - 1;
                found.extend(u32::try_from(n).ok().map(|n| n * 64 + bit));
            }
            if found.len() >= most {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn pages_are_taken_in_order_and_once() {
        let mut pages = Pages::default();
        for page in [700, 3, 64, 63, 3] {
            pages.insert(page);
        }
        let mut more = Pages::default();
        more.insert(5);
        pages.insert_all(&more);
        assert_eq!(pages.first(0, 3), [3, 5, 63]);
        [3, 5, 63].into_iter().for_each(|page| pages.remove(page));
        assert_eq!(pages.first(63, 9), [64, 700]);
        [64, 700, 701].into_iter().for_each(|page| pages.remove(page));
        assert!(pages.is_empty());
        let mut every = Pages::every();
        assert!(!every.is_empty());
        every.spell_out(3);
        assert_eq!(every.first(0, 9), [1, 2, 3]);
    }

    /// A file whose pages fill more than one page of entries, with trees, long rows and free pages.
    #[test]
    fn of_each_page_it_is_known_whose_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let conn = Connection::open(dir.path().join("x.db")).unwrap();
        conn.execute_batch(
            "PRAGMA page_size = 512; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = ON;
             CREATE TABLE t (n INTEGER PRIMARY KEY, k TEXT UNIQUE, b BLOB);
             WITH c (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM c WHERE n < 700)
             INSERT INTO t SELECT n, hex(n * 7919 % 701), zeroblob(n % 3 * 500) FROM c;
             DELETE FROM t WHERE n % 5 = 0 OR n BETWEEN 200 AND 300;",
        )
        .unwrap();
        let trees: Vec<u32> = conn
            .prepare("SELECT pageno FROM dbstat WHERE pagetype <> 'overflow' ORDER BY pageno")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        conn.close().unwrap();
        let bytes = std::fs::read(dir.path().join("x.db")).unwrap();
        let read = |page: u32| bytes.chunks(512).nth(page as usize - 1).unwrap().to_vec();
        let mut kinds = Kinds::new(Layout::read(&read(1)).unwrap());
        let all = u32::try_from(bytes.len() / 512).unwrap();
        assert!(all > 2 * 103, "{all} pages");
        let found: Vec<u32> = (1..=all)
            .filter(|page| kinds.is_tree(*page, |map| Ok::<_, ()>(read(map))).unwrap())
            .collect();
        assert_eq!(found, trees);
        assert!(trees.iter().all(|page| gaps(&read(*page), *page == 1).is_some()));
    }

    #[test]
    fn only_what_is_nobodys_is_overwritten() {
        let mut page = vec![0_u8; 512];
        // A leaf of two cells, from 480 on, and a free block of 8 bytes at 490.
        page[..8].copy_from_slice(&[13, 1, 234, 0, 2, 1, 224, 0]);
        page[8..12].copy_from_slice(&[1, 242, 1, 224]);
        page[480..].fill(7);
        page[490..494].copy_from_slice(&[0, 0, 0, 8]);
        assert!(has_remains(&page, false));
        page[200] = 9;
        clear(&mut page, false);
        assert!(!has_remains(&page, false));
        let stands = page.iter().enumerate().filter(|(_, byte)| **byte != 0);
        let stands: Vec<usize> = stands.map(|(at, _)| at).filter(|at| *at >= 12).collect();
        assert_eq!(stands, (480..490).chain(493..494).chain(498..512).collect::<Vec<_>>());
        // What is no tree's, or damaged, is left as it is.
        for damaged in [[0, 0], [13, 255]] {
            page[..2].copy_from_slice(&damaged);
            let before = page.clone();
            clear(&mut page, false);
            assert_eq!(page, before);
        }
    }
}
