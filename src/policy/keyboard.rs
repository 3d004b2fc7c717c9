//! Which keys stand beside one another: a finger slips on them.

const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The keys beside one: the rows stand half a key apart.
pub(super) fn beside(letter: char) -> Vec<char> {
    let place = |row: &str| row.find(letter);
    let Some((row, at)) = ROWS.iter().enumerate().find_map(|(n, row)| Some((n, place(row)?)))
    else {
        return vec![];
    };
    let key = |row: Option<usize>, at: Option<usize>| ROWS.get(row?)?.get(at?..)?.chars().next();
    let (above, below) = (row.checked_sub(1), Some(row + 1));
    let keys = [
        key(Some(row), at.checked_sub(1)),
        key(Some(row), Some(at + 1)),
        key(above, Some(at)),
        key(above, Some(at + 1)),
        key(below, at.checked_sub(1)),
        key(below, Some(at)),
    ];
    keys.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_beside_a_key_are_its_neighbours() {
        let of = |key| beside(key).into_iter().collect::<String>();
        assert_eq!((of('a').as_str(), of('p').as_str()), ("sqwz", "ol"));
    }
}
