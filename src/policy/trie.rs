//! Words and beginnings of words, looked up letter by letter in one walk.

/// Values by words. One walk along a word meets every entry that is a beginning of it, and ends
/// where no entry goes on: for most words after two or three letters.
#[derive(Debug, Clone)]
pub(super) struct Trie<V> {
    /// The first is the empty word's. Packs have hundreds of thousands of them: none has memory of
    /// its own.
    nodes: Vec<Node>,
    values: Vec<V>,
    /// Where each first byte leads: every walk begins there. 0 for none.
    first: Vec<u32>,
}

/// The end of a beginning. Numbers of other nodes; 0 for none.
#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// The byte that leads here.
    byte: u8,
    /// The first of those that go on here, in the order of their bytes.
    child: u32,
    /// The next one that goes on where this one does.
    sibling: u32,
    /// The number of its value, from 1 on.
    value: u32,
}

/// A place in a walk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct At(u32);

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], values: vec![], first: vec![0; 256] }
    }
}

fn number(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(u32::MAX)
}

impl<V> Trie<V> {
    /// Changes the value of a word, which is the default where there was none.
    pub fn put(&mut self, word: &str, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        let mut at = At::default();
        for byte in word.bytes() {
            at = match self.step(at, byte) {
                Some(next) => next,
                None => self.branch(at, byte),
            };
        }
        let Some(node) = self.nodes.get_mut(at.0 as usize) else { return };
        if node.value == 0 {
            self.values.push(V::default());
            node.value = number(self.values.len());
        }
        if let Some(value) = self.values.get_mut(node.value as usize - 1) {
            change(value);
        }
    }

    /// Gives back the memory that it took while it grew, and of each value what `of` gives back; and
    /// puts what is looked at in turn beside one another.
    pub fn fit(&mut self, of: impl FnMut(&mut V)) {
        self.values.iter_mut().for_each(of);
        self.values.shrink_to_fit();
        self.order();
    }

    /// All that go on at one place stand in a row, the shorter beginnings first: to go from one to
    /// the next is seldom to wait for memory.
    fn order(&mut self) {
        let mut nodes = Vec::with_capacity(self.nodes.len());
        nodes.push(self.node(0));
        let mut at = 0;
        while let Some(child) = nodes.get(at).map(|node: &Node| node.child) {
            let first = number(nodes.len());
            if let Some(node) = nodes.get_mut(at).filter(|_| child > 0) {
                node.child = first;
            }
            let mut next = child;
            while next > 0 {
                let node = self.node(next);
                next = node.sibling;
                let sibling = if next > 0 { number(nodes.len() + 1) } else { 0 };
                nodes.push(Node { sibling, ..node });
            }
            at += 1;
        }
        self.nodes = nodes;
        let mut next = self.node(0).child;
        while next > 0 {
            let node = self.node(next);
            if let Some(first) = self.first.get_mut(usize::from(node.byte)) {
                *first = next;
            }
            next = node.sibling;
        }
    }

    fn node(&self, at: u32) -> Node {
        self.nodes.get(at as usize).copied().unwrap_or_default()
    }

    fn branch(&mut self, at: At, byte: u8) -> At {
        let new = number(self.nodes.len());
        if let Some(first) = self.first.get_mut(usize::from(byte)).filter(|_| at == At(0)) {
            *first = new;
        }
        let mut before = 0;
        let mut behind = self.node(at.0).child;
        while behind > 0 && self.node(behind).byte < byte {
            before = behind;
            behind = self.node(behind).sibling;
        }
        let left = if before > 0 { before } else { at.0 };
        if let Some(left) = self.nodes.get_mut(left as usize) {
            *(if before > 0 { &mut left.sibling } else { &mut left.child }) = new;
        }
        self.nodes.push(Node { byte, child: 0, sibling: behind, value: 0 });
        At(new)
    }

    /// Where a walk begins.
    pub fn start(&self) -> At {
        At::default()
    }

    /// One byte on, where an entry goes on with it.
    pub fn step(&self, at: At, byte: u8) -> Option<At> {
        if at == At(0) {
            return self
                .first
                .get(usize::from(byte))
                .filter(|next| **next > 0)
                .map(|next| At(*next));
        }
        let mut next = self.nodes.get(at.0 as usize)?.child;
        // A node has few children; in order, so that what is not there is soon known.
        while let Some(node) = self.nodes.get(next as usize).filter(|_| next > 0) {
            if node.byte >= byte {
                return (node.byte == byte).then_some(At(next));
            }
            next = node.sibling;
        }
        None
    }

    /// The bytes of a text on, as one step each.
    pub fn steps(&self, at: At, text: &str) -> Option<At> {
        self.walk(at, text.bytes())
    }

    fn walk(&self, at: At, mut bytes: impl Iterator<Item = u8>) -> Option<At> {
        bytes.try_fold(at, |at, byte| self.step(at, byte))
    }

    /// The value of the word that ends here.
    pub fn value(&self, at: At) -> Option<&V> {
        self.values.get((self.nodes.get(at.0 as usize)?.value as usize).checked_sub(1)?)
    }

    /// Whether a word is an entry.
    pub fn has(&self, word: &str) -> bool {
        self.get(word).is_some()
    }

    /// Whether an entry is this text or begins with it.
    pub fn begins(&self, text: &str) -> bool {
        self.steps(self.start(), text).is_some()
    }

    /// The value of a word.
    pub fn get(&self, word: &str) -> Option<&V> {
        self.value(self.steps(self.start(), word)?)
    }

    /// The value of the word that these bytes are, and whether an entry begins with them at all.
    pub fn read(&self, bytes: impl Iterator<Item = u8>) -> (bool, Option<&V>) {
        let at = self.walk(self.start(), bytes);
        (at.is_some(), at.and_then(|at| self.value(at)))
    }

    /// Whether an entry stands at the beginning of these bytes.
    pub fn meets(&self, bytes: impl Iterator<Item = u8>) -> bool {
        let mut steps = bytes.scan(self.start(), |at, byte| {
            *at = self.step(*at, byte)?;
            Some(*at)
        });
        steps.any(|at| self.value(at).is_some())
    }

    /// The values of all entries that a text begins with, the shortest first, each with the bytes
    /// that its word has.
    pub fn beginnings<'t>(&'t self, text: &'t str) -> impl Iterator<Item = (usize, &'t V)> {
        let mut at = Some(self.start());
        text.bytes()
            .enumerate()
            .map_while(move |(end, byte)| {
                at = at.and_then(|at| self.step(at, byte));
                at.map(|at| self.value(at).map(|value| (end + 1, value)))
            })
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_meets_every_beginning_of_a_word() {
        let mut trie: Trie<Vec<usize>> = Trie::default();
        for (number, word) in ["re", "review", "reviews", "rate", "é", ""].iter().enumerate() {
            trie.put(word, |all| all.push(number));
        }
        trie.put("re", |all| all.push(9));
        let check = |trie: &Trie<Vec<usize>>| {
            let met = |text: &str| -> Vec<(usize, Vec<usize>)> {
                trie.beginnings(text).map(|(end, all)| (end, all.clone())).collect()
            };
            assert_eq!(met("reviewer"), [(2, vec![0, 9]), (6, vec![1])]);
            assert_eq!(met("ét"), [(2, vec![4])]);
            assert_eq!(met("xre"), []);
            assert_eq!(trie.get("reviews"), Some(&vec![2]));
            assert_eq!(trie.get("rate"), Some(&vec![3]));
            assert_eq!(trie.get("rev"), None);
            assert_eq!(trie.get(""), Some(&vec![5]));
        };
        check(&trie);
        trie.fit(|_| ());
        check(&trie);
        trie.put("rat", |all| all.push(7));
        trie.put("a", |all| all.push(8));
        check(&trie);
        trie.fit(|_| ());
        check(&trie);
        assert_eq!((trie.get("rat"), trie.get("a")), (Some(&vec![7]), Some(&vec![8])));
        assert_eq!(Trie::<u8>::default().get(""), None);
        assert_eq!(Trie::<u8>::default().beginnings("a").count(), 0);
    }
}
