//! A part of the search index that was found damaged is emptied, and its messages come into it anew, from
//! what they are found by, which is kept apart.
//!
//! One part at a time, in steps like those in which messages come in; where they stand is in the database.
//! Until the last a search looks through the messages of the part.

use std::time::Instant;

use rusqlite::{Connection, Row, params};

use super::Store;
use super::expire::HOLDS;
use super::index::{self, Reach};
use super::lists::{self, At, Change, DAMAGED};
use super::part::Part;
use super::rows::{all, get, one, run};
use super::sweep;
use crate::domain::Words;
use crate::store::error::StoreError;

/// Blocks that are taken away before it is looked whether the step has lasted long enough.
const FEW_BLOCKS: u32 = 16;

/// How far the part is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mending {
    pub(super) part: Part,
    /// Its messages up to this number are in it again. None: its blocks are taken away still.
    upto: Option<i64>,
    /// Those behind it up to this number are on their way.
    coming: i64,
    coming_word: u64,
}

impl Mending {
    /// Of the row of `found_by_progress`.
    pub(super) fn read(row: &Row<'_>, size: At) -> Result<Option<Self>, StoreError> {
        let Some(number) = get(row, "mend_part")? else { return Ok(None) };
        Ok(Some(Self {
            part: Part { number, size },
            upto: get(row, "mend_upto")?,
            coming: get(row, "mend_coming")?,
            coming_word: get::<i64>(row, "mend_word")?.cast_unsigned(),
        }))
    }

    /// A step, with at most so many messages at once.
    pub(super) fn step(self, conn: &Connection, reach: Reach, most: u32) -> Result<(), StoreError> {
        let Some(upto) = self.upto else { return self.empty_some(conn) };
        let (mut coming, mut from) = (self.coming, self.coming_word);
        if coming <= upto {
            let last = reach.upto.min(self.part.end() - 1);
            let waiting = format!("gone IS NULL AND message > {upto} AND message <= {last}");
            let Some((_, last)) = index::next_together(conn, reach, &waiting, most)? else {
                tracing::info!(part = self.part.number, "the search index is whole again");
                run(conn, "UPDATE found_by_progress SET mend_part = NULL", [])?;
                return Ok(());
            };
            (coming, from) = (last, 0);
        }
        let messages = index::words_of(conn, upto + 1..=coming)?;
        let (upto, word) = match self.part.change_some(conn, &messages, from, Change::Add) {
            Ok(Some(next)) => (upto, next.cast_signed()),
            Ok(None) => (coming, 0),
            Err(DAMAGED) => return begin_anew(conn, self.part),
            Err(error) => return Err(error),
        };
        let sql = "UPDATE found_by_progress SET mend_upto = ?1, mend_coming = ?2, mend_word = ?3";
        run(conn, sql, params![upto, coming, word])?;
        Ok(())
    }

    fn empty_some(self, conn: &Connection) -> Result<(), StoreError> {
        let began = Instant::now();
        let sql = "DELETE FROM found_by WHERE place IN (SELECT place FROM found_by
            WHERE place >= ?1 AND place < ?2 LIMIT ?3)";
        let (first, end) = self.part.places();
        // Words of erased messages may be among them.
        sweep::owe(conn)?;
        while run(conn, sql, params![first, end, FEW_BLOCKS])? > 0 {
            if began.elapsed() > HOLDS {
                return Ok(());
            }
        }
        let sql = "UPDATE found_by_progress SET mend_upto = ?1, mend_coming = ?1";
        run(conn, sql, [self.part.first() - 1])?;
        Ok(())
    }
}

/// It was damaged once more while it was made anew.
fn begin_anew(conn: &Connection, part: Part) -> Result<(), StoreError> {
    tracing::error!(part = part.number, "what was mended of the search index is damaged again");
    let sql = "UPDATE found_by_progress SET mend_upto = NULL, mend_coming = 0, mend_word = 0";
    run(conn, sql, [])?;
    Ok(())
}

/// Notes that a part is damaged, unless another is being mended: it will be found once more.
pub(super) fn note(conn: &Connection, part: Part) -> Result<(), StoreError> {
    // What is on its way into the part begins anew.
    let sql = "UPDATE found_by_progress SET mend_part = ?1, mend_upto = NULL, mend_coming = 0,
            mend_word = 0, coming_word = iif(coming >= ?2 AND coming < ?3, 0, coming_word)
        WHERE mend_part IS NULL";
    if run(conn, sql, [part.number, part.first(), part.end()])? > 0 {
        tracing::error!(part = part.number, "the search index is damaged; this part is made anew");
    }
    Ok(())
}

/// What changed a part; none where that was found to be damaged.
pub(super) fn unless_damaged<T>(
    conn: &Connection,
    part: Part,
    changed: Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    match changed {
        Err(DAMAGED) => note(conn, part).map(|()| None),
        changed => changed.map(Some),
    }
}

impl Store {
    /// Whether the search index is being made anew in part, or is damaged somewhere, which is noted then:
    /// a relay that runs mends it. Reads all of it, part by part.
    pub async fn is_index_damaged(&self) -> Result<bool, StoreError> {
        let (reach, last) = self
            .read(|conn| {
                let sql = "SELECT coalesce(max(place), 0) AS place FROM found_by";
                let last = one(conn, sql, [], |row| get::<i64>(row, "place"))?.unwrap_or(0);
                Ok((Reach::read(conn)?, last >> Words::BITS))
            })
            .await?;
        let mut is_damaged = reach.mending.is_some();
        // Words of erased messages may stand behind all that there are.
        for part in (0..=last).map(|number| reach.part(number)) {
            if !self.read(move |conn| is_sound(conn, part)).await? {
                is_damaged = true;
                self.write(64, move |conn| note(conn, part)).await?;
            }
        }
        Ok(is_damaged)
    }
}

fn is_sound(conn: &Connection, part: Part) -> Result<bool, StoreError> {
    let (first, end) = part.places();
    let sql = "SELECT lists FROM found_by WHERE place >= ?1 AND place < ?2";
    let sound = all(conn, sql, [first, end], |row| {
        Ok(row.get_ref("lists")?.as_blob().is_ok_and(|block| lists::is_sound(block, part.size)))
    });
    Ok(sound?.into_iter().all(|is| is))
}
