//! Words and beginnings of words, looked up letter by letter in one walk.

/// Values by words. One walk along a word meets every entry that is a beginning of it, and ends
/// where no entry goes on: for most words after two or three letters.
#[derive(Debug, Clone)]
pub(super) struct Trie<V> {
    /// The first is the empty word's.
    nodes: Vec<Node<V>>,
    /// Where each first byte leads: every walk begins there. 0 for none.
    first: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Node<V> {
    /// The bytes that go on here, in order, each with its node.
    next: Vec<(u8, u32)>,
    value: Option<V>,
}

/// A place in a walk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct At(u32);

impl<V> Default for Trie<V> {
    fn default() -> Self {
        Self { nodes: vec![], first: vec![0; 256] }
    }
}

impl<V> Trie<V> {
    /// Changes the value of a word, which is the default where there was none.
    pub fn put(&mut self, word: &str, change: impl FnOnce(&mut V))
    where
        V: Default,
    {
        let mut at = At::default();
        self.make(0);
        for byte in word.bytes() {
            at = match self.step(at, byte) {
                Some(next) => next,
                None => self.branch(at, byte),
            };
        }
        if let Some(node) = self.nodes.get_mut(at.0 as usize) {
            change(node.value.get_or_insert_with(V::default));
        }
    }

    fn make(&mut self, at: usize) {
        if self.nodes.len() <= at {
            self.nodes.push(Node { next: vec![], value: None });
        }
    }

    fn branch(&mut self, at: At, byte: u8) -> At {
        let new = self.nodes.len();
        self.make(new);
        let new = u32::try_from(new).unwrap_or(u32::MAX);
        if let Some(first) = self.first.get_mut(usize::from(byte)).filter(|_| at == At(0)) {
            *first = new;
        }
        if let Some(node) = self.nodes.get_mut(at.0 as usize) {
            let place = node.next.partition_point(|(other, _)| *other < byte);
            node.next.insert(place, (byte, new));
        }
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
        let next = &self.nodes.get(at.0 as usize)?.next;
        // A node has few children; in order, so that what is not there is soon known.
        next.iter().find(|(other, _)| *other >= byte).filter(|n| n.0 == byte).map(|n| At(n.1))
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
        self.nodes.get(at.0 as usize)?.value.as_ref()
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
        let met = |text: &str| -> Vec<(usize, Vec<usize>)> {
            trie.beginnings(text).map(|(end, all)| (end, all.clone())).collect()
        };
        assert_eq!(met("reviewer"), [(2, vec![0, 9]), (6, vec![1])]);
        assert_eq!(met("ét"), [(2, vec![4])]);
        assert_eq!(met("xre"), []);
        assert_eq!(trie.get("reviews"), Some(&vec![2]));
        assert_eq!(trie.get("rev"), None);
        assert_eq!(trie.get(""), Some(&vec![5]));
        assert_eq!(Trie::<u8>::default().get(""), None);
        assert_eq!(Trie::<u8>::default().beginnings("a").count(), 0);
    }
}
