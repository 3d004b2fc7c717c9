//! The same text or picture sent to many buyers.

use rusqlite::{Connection, params, params_from_iter};

use super::Store;
use super::rows::{get, one, run};
use crate::domain::{Copies, PairId, Prints};
use crate::store::error::StoreError;

/// Pictures are numbered from here on, so that no text stands for one.
const PICTURES: usize = 1000;

impl Store {
    /// To how many other buyers the pair's seller has sent the same, in what the archive still
    /// holds; with `before`, in messages that came before that one. What was refused was sent to
    /// nobody.
    pub async fn copies(
        &self,
        pair: PairId,
        prints: &Prints,
        before: Option<i64>,
    ) -> Result<Copies, StoreError> {
        if prints.is_empty() {
            return Ok(Copies::default());
        }
        let prints = prints.clone();
        let asked = (pair, before.unwrap_or(i64::MAX));
        // Of pictures that were sent often there is much to count.
        self.read(move |conn| {
            let text = |print: &u64| count(conn, asked, &[*print], Kind::Text);
            let picture = |parts: &Vec<u64>| count(conn, asked, parts, Kind::Picture);
            Ok(Copies {
                texts: prints.texts.iter().map(text).collect::<Result<_, _>>()?,
                pictures: prints.pictures.iter().map(picture).collect::<Result<_, _>>()?,
            })
        })
        .await
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Picture,
}

/// Other buyers who got something with enough of these numbers.
fn count(
    conn: &Connection,
    (pair, before): (PairId, i64),
    parts: &[u64],
    kind: Kind,
) -> Result<u32, StoreError> {
    let (same, items) = match kind {
        Kind::Text => (1, 0..PICTURES),
        Kind::Picture => (Prints::SAME, PICTURES..usize::MAX),
    };
    if parts.len() < same {
        return Ok(0);
    }
    let places: Vec<String> = (0..parts.len()).map(|n| format!("?{}", n + 6)).collect();
    let sql = format!(
        "SELECT count(*) AS buyers FROM (SELECT DISTINCT pair FROM (
            SELECT m.pair AS pair FROM print p JOIN message m ON m.number = p.message
            WHERE p.seller = (SELECT seller FROM pair WHERE number = ?1)
                AND p.value IN ({}) AND p.item >= ?3 AND p.item < ?4 AND p.message < ?5 AND m.pair <> ?1 AND m.state <> 'rejected'
            GROUP BY p.message, p.item HAVING count(*) >= ?2) LIMIT {})",
        places.join(", "),
        Copies::ENOUGH
    );
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let head = [pair.0, number(same), number(items.start), number(items.end), before];
    let values = parts.iter().map(|part| part.cast_signed());
    let params = params_from_iter(head.into_iter().chain(values));
    let buyers: Option<u32> = one(conn, &sql, params, |row| get(row, "buyers"))?;
    Ok(buyers.unwrap_or(0))
}

/// Notes what a message is known again by.
pub(super) fn note(conn: &Connection, message: i64, prints: &Prints) -> Result<(), StoreError> {
    let texts = prints.texts.iter().enumerate().map(|(item, print)| (item, *print));
    let pictures = prints.pictures.iter().enumerate();
    let pictures = pictures.flat_map(|(n, parts)| parts.iter().map(move |p| (n + PICTURES, *p)));
    let sql = "INSERT OR IGNORE INTO print (seller, value, message, item)
        SELECT of_seller, ?2, number, ?3 FROM message WHERE number = ?1";
    for (item, value) in texts.chain(pictures) {
        let item = i64::try_from(item).unwrap_or(i64::MAX);
        run(conn, sql, params![message, value.cast_signed(), item])?;
    }
    Ok(())
}
