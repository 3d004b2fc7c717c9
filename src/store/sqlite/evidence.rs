//! The chain of what was archived, written with it and kept beyond it.

use rusqlite::{Connection, params};

use super::Store;
use super::content::{Mails, Which, mails};
use super::rows::{all, get, one, parse, run};
use crate::domain::{ConversationId, OrderId, Timestamp};
use crate::evidence::{Hash, NOTHING, Salt, Sealed, link, tree};
use crate::store::error::StoreError;
use crate::store::evidence::{Bound, DayRoot, EvidenceLink};

/// Milliseconds.
const DAY: i64 = 86_400_000;

/// The texts of a mail in the order of [`crate::evidence::PARTS`].
const TEXTS: [Which; 4] =
    [Which::Original, Which::Outgoing, Which::SenderView, Which::RecipientView];

/// A new salt, and the leaf of these parts: before the writer's queue.
pub(super) fn seal(mails: &Mails, verdict: &str, proof: &str) -> Result<Sealed, StoreError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|error| StoreError::Io(error.to_string()))?;
    let [original, outgoing, sender_view, recipient_view] = TEXTS.map(|which| mails.get(which));
    let [verdict, proof] = [verdict, proof].map(|text| Some(text.as_bytes()));
    let parts = [original, outgoing, sender_view, recipient_view, verdict, proof];
    Ok(Sealed::new(Salt(salt), parts))
}

/// The salt that a message was bound with.
pub(super) fn salt_of(conn: &Connection, message: i64) -> Result<Option<Salt>, StoreError> {
    let sql = "SELECT salt FROM content WHERE message = ?1";
    let salt = one(conn, sql, [message], |row| get::<Option<[u8; 16]>>(row, "salt"))?;
    Ok(salt.flatten().map(Salt))
}

/// Appends to a conversation's chain.
pub(super) fn append(
    conn: &Connection,
    conversation: ConversationId,
    (message, what): (&str, &str),
    at: Timestamp,
    leaf: &Hash,
) -> Result<(), StoreError> {
    let sql = "SELECT position, hash FROM evidence WHERE conversation = ?1
        ORDER BY position DESC LIMIT 1";
    let last = one(conn, sql, [conversation.0], |row| {
        Ok((get::<i64>(row, "position")?, get::<Hash>(row, "hash")?))
    })?;
    let (position, previous) = last.unwrap_or((0, NOTHING));
    let hash = link(&previous, message, what, at.as_millis(), leaf);
    let sql = "INSERT INTO evidence (conversation, position, message, what, at, leaf, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let at = at.as_millis();
    run(conn, sql, params![conversation.0, position + 1, message, what, at, leaf, hash])?;
    Ok(())
}

impl Store {
    /// The chain of an order's conversation, with what is still there of each item; none where
    /// nothing was written about it.
    pub async fn evidence(&self, order: &OrderId) -> Result<Vec<EvidenceLink>, StoreError> {
        let order = order.key();
        self.read(move |conn| read(conn, &order)).await
    }

    /// Makes the root of a day that is over: how many items it binds, and the root. None: it was
    /// made before, or nothing was archived that day.
    pub async fn close_day(&self, day: i64) -> Result<Option<(usize, Hash)>, StoreError> {
        let links = self
            .read(move |conn| {
                let sql = "SELECT 1 AS one FROM evidence_day WHERE day = ?1";
                match one(conn, sql, [day], |row| get::<i64>(row, "one"))? {
                    Some(_) => Ok(vec![]),
                    None => Ok(of_day(conn, day)?.into_iter().map(|(_, hash)| hash).collect()),
                }
            })
            .await?;
        if links.is_empty() {
            return Ok(None);
        }
        let (count, root) = (links.len(), tree::root(&links));
        let items = i64::try_from(count).unwrap_or(i64::MAX);
        let sql = "INSERT OR IGNORE INTO evidence_day (day, items, root) VALUES (?1, ?2, ?3)";
        let made = self.write(128, move |conn| run(conn, sql, params![day, items, root])).await?;
        Ok((made > 0).then_some((count, root)))
    }
}

type Place = (i64, i64);

/// All links of a day in the order in which its root binds them.
fn of_day(conn: &Connection, day: i64) -> Result<Vec<(Place, Hash)>, StoreError> {
    let sql = "SELECT conversation, position, hash FROM evidence
        WHERE at >= ?1 AND at < ?2 ORDER BY conversation, position";
    all(conn, sql, [day * DAY, (day + 1) * DAY], |row| {
        Ok(((get(row, "conversation")?, get(row, "position")?), get(row, "hash")?))
    })
}

/// A day that was looked into last: its number, its root, and what lies under that.
type LoadedDay = (i64, Option<Hash>, Vec<(Place, Hash)>);

fn read(conn: &Connection, order: &str) -> Result<Vec<EvidenceLink>, StoreError> {
    let sql = "SELECT e.*, m.number FROM evidence e LEFT JOIN message m ON m.id = e.message
        WHERE e.conversation = (SELECT c.number FROM conversation c JOIN orders o
            ON o.number = c.\"order\" WHERE o.id_key = ?1)
        ORDER BY e.position";
    let mut links = all(conn, sql, [order], |row| {
        let place: Place = (get(row, "conversation")?, get(row, "position")?);
        let number: Option<i64> = get(row, "number")?;
        let link = EvidenceLink {
            position: place.1,
            message: parse(row, "message")?,
            what: get(row, "what")?,
            at: Timestamp::from_millis(get(row, "at")?),
            leaf: get(row, "leaf")?,
            hash: get(row, "hash")?,
            bound: None,
            day: None,
        };
        Ok((place, number, link))
    })?;
    let mut day: Option<LoadedDay> = None;
    for (place, number, link) in &mut links {
        if let Some(number) = number {
            link.bound = bound(conn, *number, &link.what)?;
        }
        let of = link.at.as_millis().div_euclid(DAY);
        if day.as_ref().is_none_or(|(loaded, ..)| *loaded != of) {
            let sql = "SELECT root FROM evidence_day WHERE day = ?1";
            let root: Option<Hash> = one(conn, sql, [of], |row| get(row, "root"))?;
            let all = if root.is_some() { of_day(conn, of)? } else { vec![] };
            day = Some((of, root, all));
        }
        let Some((_, Some(root), all)) = &day else { continue };
        let Some(at) = all.iter().position(|(other, _)| other == place) else { continue };
        let hashes: Vec<Hash> = all.iter().map(|(_, hash)| *hash).collect();
        let path = tree::path(&hashes, at);
        // What came in after the root was made stands under none.
        if tree::climb(&link.hash, &path) == *root {
            link.day = Some(DayRoot { start: Timestamp::from_millis(of * DAY), root: *root, path });
        }
    }
    Ok(links.into_iter().map(|(.., link)| link).collect())
}

/// What an item binds, as far as it is still there.
fn bound(conn: &Connection, number: i64, what: &str) -> Result<Option<Bound>, StoreError> {
    let (texts, with_verdict): (&[Which], bool) = match what {
        "accepted" => (&TEXTS, true),
        "released" => (&[Which::Outgoing, Which::RecipientView], false),
        _ => (&[Which::Original, Which::SenderView], true),
    };
    let sql = "SELECT c.salt, c.mails, m.verdict, m.proof
        FROM content c JOIN message m ON m.number = c.message WHERE c.message = ?1";
    let found = one(conn, sql, [number], |row| {
        let Some(salt) = get(row, "salt")? else { return Ok(None) };
        let mut mails = mails(row, texts)?;
        let text = |column| -> Result<Option<Vec<u8>>, StoreError> {
            Ok(if with_verdict { Some(get::<String>(row, column)?.into_bytes()) } else { None })
        };
        let (verdict, proof) = (text("verdict")?, text("proof")?);
        let [original, outgoing, sender_view, recipient_view] = TEXTS.map(|w| mails.take(w));
        let parts = [original, outgoing, sender_view, recipient_view, verdict, proof];
        Ok(Some(Bound { salt: Salt(salt), parts }))
    })?;
    Ok(found.flatten())
}
