//! Our own mail to a sender.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::Store;
use super::accept::{NewDelivery, insert_queued};
use super::content::Mails;
use super::orders::{ORDER_COLUMNS, read_order};
use super::repeat::since;
use super::rows::{all, get, link, moment, one, parse, run};
use crate::domain::{MessageId, NoticeKind, PairId, SellerId};
use crate::store::error::StoreError;
use crate::store::notice::{NewNotice, NoticeRow, Notified, Told};

const DAY: Duration = Duration::from_secs(86_400);
/// So many notices of refused recipients in 24 hours to one reader in front of one counterpart. What
/// became of an accepted message is told once for each in any case.
const PER_DAY: i64 = 20;

/// A notice as the writer gets it.
pub(super) struct PackedNotice {
    notice: NewNotice,
    mails: Vec<u8>,
}

impl PackedNotice {
    pub(super) async fn pack(notice: NewNotice) -> Result<Self, StoreError> {
        let mails = Mails::only(notice.outgoing.draft().bytes.clone()).pack().await?;
        Ok(Self { notice, mails })
    }

    /// Our id for it.
    pub(super) fn message(&self) -> &MessageId {
        &self.notice.message
    }

    /// About how much it writes.
    pub(super) fn size(&self) -> usize {
        self.mails.len()
    }
}

impl Store {
    /// Commits a notice and its delivery, unless the same was told already.
    pub async fn notify(&self, notice: NewNotice) -> Result<Notified, StoreError> {
        let (packed, store) = (PackedNotice::pack(notice).await?, self.clone());
        self.write(packed.size(), move |conn| insert(conn, &packed, &store)).await
    }

    /// What a notice about a message is written from; none where the message is not a relayed one.
    pub async fn told(&self, message: &MessageId) -> Result<Option<Told>, StoreError> {
        let (message, store) = (message.clone(), self.clone());
        self.read(move |conn| told(conn, &message, &store)).await
    }

    /// The notices about a message, the oldest first.
    pub async fn notices_about(&self, message: &MessageId) -> Result<Vec<NoticeRow>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            let sql = "SELECT n.notice, n.received_at, d.state
                FROM message m JOIN message n ON n.about = m.number
                JOIN delivery d ON d.message = n.number
                WHERE m.id = ?1 ORDER BY n.number";
            all(conn, sql, [message.as_str()], |row| {
                Ok(NoticeRow {
                    kind: parse(row, "notice")?,
                    created_at: moment(row, "received_at")?,
                    state: parse(row, "state")?,
                })
            })
        })
        .await
    }
}

fn told(conn: &Connection, message: &MessageId, store: &Store) -> Result<Option<Told>, StoreError> {
    let sql = "SELECT m.number, m.pair, m.direction, m.\"order\", m.automatic, m.seller_msg_id,
            m.buyer_msg_id, c.seller_root, c.buyer_root
        FROM message m LEFT JOIN conversation c ON c.number = m.conversation
        WHERE m.id = ?1 AND m.kind = 'relay'";
    let found = one(conn, sql, [message.as_str()], |row| {
        let numbers: (i64, i64, Option<i64>) =
            (get(row, "number")?, get(row, "pair")?, get(row, "order")?);
        let links =
            (link(row, "seller_msg_id", "buyer_msg_id")?, link(row, "seller_root", "buyer_root")?);
        Ok((numbers, parse(row, "direction")?, get(row, "automatic")?, links))
    })?;
    let Some(((number, pair, order), direction, automatic, (link, root))) = found else {
        return Ok(None);
    };
    let order = match order {
        Some(order) => {
            one(conn, &format!("{ORDER_COLUMNS} WHERE o.number = ?1"), [order], read_order)?
        }
        None => None,
    };
    let sql = "SELECT notice FROM message WHERE about = ?1";
    let told = all(conn, sql, [number], |row| parse(row, "notice"))?;
    let facts = store.facts_of_pair(conn, PairId(pair))?;
    Ok(Some(Told { facts, direction, order, link, root, automatic, told }))
}

/// Inserts a notice and its delivery, due at once.
pub(super) fn insert(
    conn: &Connection,
    packed: &PackedNotice,
    store: &Store,
) -> Result<Notified, StoreError> {
    let PackedNotice { notice, mails } = packed;
    if told_already(conn, notice)? {
        return Ok(Notified::Already);
    }
    if notice.kind == NoticeKind::NotPassedOn && used_today(conn, notice)? >= PER_DAY {
        return Ok(Notified::TooMany);
    }
    let draft = notice.outgoing.draft();
    run(
        conn,
        "INSERT INTO message (id, kind, notice, about, pair, state, received_at, subject, verdict,
            proof, proactive, automatic, fingerprint, of_seller, of_buyer)
         VALUES (?1, 'notice', ?2, (SELECT number FROM message WHERE id = ?3), ?4, 'accepted', ?5,
            ?6, 'null', '', 0, 1, ?7,
            coalesce((SELECT seller FROM pair WHERE number = ?4),
                (SELECT number FROM party WHERE role = 'seller' AND id_key = ?8)),
            (SELECT buyer FROM pair WHERE number = ?4))",
        params![
            notice.message.as_str(),
            notice.kind.as_str(),
            notice.about.as_ref().map(MessageId::as_str),
            notice.pair.map(|pair| pair.0),
            notice.created_at.as_millis(),
            draft.subject,
            notice.fingerprint,
            notice.account.as_ref().map(SellerId::key)
        ],
    )?;
    let message = conn.last_insert_rowid();
    run(conn, "INSERT INTO content (message, mails) VALUES (?1, ?2)", params![message, mails])?;
    insert_queued(
        conn,
        &NewDelivery {
            message,
            token: notice.token,
            recipient: draft.recipient.reveal(),
            envelope_from: draft.envelope_from.as_ref().map_or_else(String::new, |a| a.to_string()),
            created_at: notice.created_at,
            give_up_at: notice.give_up_at,
            store,
        },
    )?;
    Ok(Notified::Told)
}

/// How many notices of this kind the same reader had in front of the same pair in 24 hours.
fn used_today(conn: &Connection, notice: &NewNotice) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) AS used FROM message m JOIN delivery d ON d.message = m.number
        WHERE m.kind = 'notice' AND m.pair = ?1 AND m.received_at > ?2 AND m.notice = ?3
        AND d.recipient = ?4";
    let day = notice.created_at.before(DAY).as_millis();
    let reader = notice.outgoing.draft().recipient.reveal();
    let params = params![notice.pair.map(|pair| pair.0), day, notice.kind.as_str(), reader];
    Ok(one(conn, sql, params, |row| get(row, "used"))?.unwrap_or(0))
}

fn told_already(conn: &Connection, notice: &NewNotice) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS one FROM message n WHERE n.kind = 'notice' AND n.notice = ?2
            AND n.about = (SELECT number FROM message WHERE id = ?1)
        UNION ALL SELECT 1 FROM message WHERE fingerprint = ?3 AND received_at >= ?4
            AND kind = 'notice'";
    let same: Option<i64> = one(
        conn,
        sql,
        params![
            notice.about.as_ref().map(MessageId::as_str),
            notice.kind.as_str(),
            notice.fingerprint,
            since(notice.created_at)
        ],
        |row| get(row, "one"),
    )?;
    Ok(same.is_some())
}
