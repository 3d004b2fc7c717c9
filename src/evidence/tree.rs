//! A day's links in one root: a Merkle tree as in RFC 6962 §2.1, where what has no neighbour rises
//! as it is.

use super::chain::{Hash, NOTHING, hash};

/// One step from a link up to its day's root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whether the neighbour stands on the left.
    pub left: bool,
    /// The neighbour.
    pub neighbour: Hash,
}

/// The root over these links, in this order; [`NOTHING`] of none.
pub fn root(links: &[Hash]) -> Hash {
    let mut level: Vec<Hash> = links.iter().map(bottom).collect();
    while level.len() > 1 {
        level = level.chunks(2).map(above).collect();
    }
    level.first().copied().unwrap_or(NOTHING)
}

/// The way from the link at this place up to the root.
pub fn path(links: &[Hash], mut place: usize) -> Vec<Step> {
    let mut level: Vec<Hash> = links.iter().map(bottom).collect();
    let mut steps = Vec::new();
    while level.len() > 1 {
        if let Some(neighbour) = level.get(place ^ 1) {
            steps.push(Step { left: place % 2 == 1, neighbour: *neighbour });
        }
        level = level.chunks(2).map(above).collect();
        place /= 2;
    }
    steps
}

/// The root to which these steps lead.
pub fn climb(link: &Hash, steps: &[Step]) -> Hash {
    steps.iter().fold(bottom(link), |at, Step { left, neighbour }| match left {
        true => node(neighbour, &at),
        false => node(&at, neighbour),
    })
}

fn bottom(link: &Hash) -> Hash {
    hash(&[&[0], link])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

fn above(pair: &[Hash]) -> Hash {
    match pair {
        [left, right] => node(left, right),
        [alone] => *alone,
        _ => NOTHING,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_link_leads_to_the_root_and_no_other_does() {
        for count in 1..20_u8 {
            let links: Vec<Hash> = (0..count).map(|n| [n; 32]).collect();
            let root = root(&links);
            for (place, link) in links.iter().enumerate() {
                let steps = path(&links, place);
                assert_eq!(climb(link, &steps), root, "{place} of {count}");
                assert_ne!(climb(&[99; 32], &steps), root);
            }
        }
        assert_eq!(root(&[]), NOTHING);
    }
}
