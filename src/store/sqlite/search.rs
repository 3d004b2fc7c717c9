//! Searching the archive: by the index, and what is not in it yet by looking through it.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Store;
use super::archive::{MESSAGE_COLUMNS, read_row};
use super::content::{Which, mails};
use super::index::{self, Reach};
use super::lists::{DAMAGED, Members};
use super::mend;
use super::part::{Packed, Part};
use super::rows::{get, moment, one};
use crate::domain::{Timestamp, Wanted, Words};
use crate::store::error::StoreError;
use crate::store::search::{Found, Search};

/// Messages are numbered in the order in which they are stored, which is not quite that in which
/// they came in; by how much they may be out of it.
const DISORDER: Duration = Duration::from_secs(3600);

impl Store {
    /// Messages that have the numbers, the newest first. An id in `before` that is not known finds
    /// nothing.
    pub async fn search(&self, search: Search) -> Result<Vec<Found>, StoreError> {
        let (found, damaged) = self.read(move |conn| find(conn, &search)).await?;
        if let Some(part) = damaged
            && let Err(error) = self.write(64, move |conn| mend::note(conn, part)).await
        {
            tracing::warn!(%error, "a damaged part of the search index could not be noted");
        }
        Ok(found)
    }
}

/// Between which numbers the messages lie that are meant.
struct Bounds {
    above: i64,
    below: i64,
}

fn bounds(conn: &Connection, search: &Search) -> Result<Option<Bounds>, StoreError> {
    let mut bounds = Bounds { above: 0, below: i64::MAX };
    if let Some(before) = &search.before {
        let sql = "SELECT number FROM message WHERE id = ?1";
        match one(conn, sql, [before.as_str()], |row| get(row, "number"))? {
            Some(number) => bounds.below = number,
            None => return Ok(None),
        }
    }
    let numbered = |sql: &str, at: Timestamp| {
        one(conn, sql, [at.as_millis()], |row| get::<i64>(row, "number"))
    };
    if let Some(since) = search.since {
        let sql = "SELECT number FROM message WHERE received_at < ?1
            ORDER BY received_at DESC LIMIT 1";
        bounds.above = numbered(sql, since.before(DISORDER))?.unwrap_or(0);
    }
    if let Some(until) = search.until {
        let sql = "SELECT number FROM message WHERE received_at >= ?1
            ORDER BY received_at LIMIT 1";
        let first = numbered(sql, until.after(DISORDER))?.unwrap_or(i64::MAX);
        bounds.below = bounds.below.min(first);
    }
    Ok(Some(bounds))
}

/// The words as each part of the index is asked for them, every group once.
fn in_order(wanted: &Wanted) -> Vec<&[u64]> {
    let mut groups: Vec<&[u64]> = wanted.0.iter().map(Vec::as_slice).collect();
    // What no key makes is what most messages have: asked last, and mostly not at all.
    groups.sort_by_key(|group| (group.iter().any(|word| Words::keyed(*word) != *word), *group));
    groups.dedup();
    groups
}

/// What is meant, and a part of the index that was found damaged.
fn find(conn: &Connection, search: &Search) -> Result<(Vec<Found>, Option<Part>), StoreError> {
    let Some(bounds) = bounds(conn, search)? else { return Ok((vec![], None)) };
    if search.wanted.0.is_empty() {
        return Ok((find_all(conn, search, &bounds)?, None));
    }
    let Bounds { above, below } = bounds;
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let reach = Reach::read(conn)?;
    let sql = "SELECT message, words FROM found_words WHERE message > ?1 AND message < ?2
        AND gone IS NULL ORDER BY message DESC";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![above.max(reach.upto), below])?;
    while let (true, Some(row)) = (found.len() < limit, rows.next()?) {
        if search.wanted.fits(&index::unpack(&get::<Vec<u8>>(row, "words")?)) {
            found.extend(read(conn, get(row, "message")?, search)?);
        }
    }
    let oldest = one(conn, "SELECT min(number) AS number FROM message", [], |row| {
        get::<Option<i64>>(row, "number")
    })?;
    let Some(oldest) = oldest.flatten() else { return Ok((found, None)) };
    let from = above.saturating_add(1).max(oldest);
    let to = below.saturating_sub(1).min(reach.upto);
    let (asked, mut damaged) = (in_order(&search.wanted), None);
    let fits = |(message, words): Packed| (message, search.wanted.fits(&index::unpack(&words)));
    let changed: Vec<_> = index::changed(conn, from..=to)?.into_iter().map(fits).collect();
    for part in reach.parts(from, to) {
        if found.len() >= limit {
            break;
        }
        let in_index = in_index(conn, reach, part, &asked)?;
        let looked_through = if in_index.is_some() {
            changed.clone()
        } else {
            damaged = damaged.or(reach.mending.is_none().then_some(part));
            let all = index::words_of(conn, part.first()..=part.end() - 1)?;
            all.into_iter().map(fits).collect()
        };
        let mut members = in_index.unwrap_or_else(|| Members::none(part.size));
        for (message, fits) in looked_through {
            part.at(message).into_iter().for_each(|at| members.put(at, fits));
        }
        for at in members.newest_first() {
            let number = part.message(at);
            if found.len() < limit && (from..=to).contains(&number) {
                found.extend(read(conn, number, search)?);
            }
        }
    }
    Ok((found, damaged))
}

/// All between the bounds.
fn find_all(
    conn: &Connection,
    search: &Search,
    Bounds { above, below }: &Bounds,
) -> Result<Vec<Found>, StoreError> {
    let limit = usize::try_from(search.limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let sql = "SELECT number FROM message WHERE number > ?1 AND number < ?2
        AND kind = 'relay' ORDER BY number DESC";
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params![above, below])?;
    while let (true, Some(row)) = (found.len() < limit, rows.next()?) {
        found.extend(read(conn, get(row, "number")?, search)?);
    }
    Ok(found)
}

/// Those of a part's messages that are meant, as the index says. None: the part is damaged, or not all in
/// it again.
fn in_index(
    conn: &Connection,
    reach: Reach,
    part: Part,
    asked: &[&[u64]],
) -> Result<Option<Members>, StoreError> {
    if reach.mending.is_some_and(|mending| mending.part.number == part.number) {
        return Ok(None);
    }
    match part.members(conn, asked) {
        Err(DAMAGED) => Ok(None),
        members => members.map(Some),
    }
}

/// A message with its views; nothing where it came in at another time.
fn read(conn: &Connection, number: i64, search: &Search) -> Result<Option<Found>, StoreError> {
    let sql = format!("{MESSAGE_COLUMNS} AND m.number = ?1");
    let row = one(conn, &sql, [number], |row| {
        let at = moment(row, "received_at")?;
        let fits = search.since.is_none_or(|since| at >= since)
            && search.until.is_none_or(|until| at < until);
        if fits { read_row(row).map(|(row, _)| Some(row)) } else { Ok(None) }
    })?;
    let Some(row) = row.flatten() else { return Ok(None) };
    let sql = "SELECT mails FROM content WHERE message = ?1";
    // Here, for a hit has four texts and two are wanted: a large mail would take as much again.
    let views = [Which::SenderView, Which::RecipientView];
    let views = one(conn, sql, [number], |row| mails(row, &views))?;
    let mut views = views.ok_or(StoreError::Damaged("content"))?;
    let [sender_view, recipient_view] =
        [Which::SenderView, Which::RecipientView].map(|which| views.take(which));
    Ok(Some(Found { row, sender_view, recipient_view }))
}
