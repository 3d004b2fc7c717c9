//! Archiving what a proved sender was refused.

use std::time::Duration;

use rusqlite::{Connection, params};

use super::accept::verdict_text;
use super::content::{Mails, Which};
use super::repeat::since;
use super::rows::{get, one, parse, run};
use super::violation::{self, Offence};
use super::{Store, evidence, index, telling};
use crate::domain::{ConversationId, MessageId};
use crate::evidence::Sealed;
use crate::store::error::StoreError;
use crate::store::records::Rejection;
use crate::store::seal::Refused;

const DAY: Duration = Duration::from_secs(86_400);

impl Store {
    /// Archives a refused message as `rejected`, unless its sender has used up the quota of the
    /// last 24 hours. The same mail again within 5 days is archived once. Touches neither
    /// conversation nor clock.
    pub async fn refuse(&self, mut rejection: Rejection) -> Result<Refused, StoreError> {
        let mails = Mails::default()
            .with(Which::Original, std::mem::take(&mut rejection.original))
            .with(Which::SenderView, std::mem::take(&mut rejection.sender_view));
        let verdict = verdict_text(&rejection.verdict)?;
        let sealed = evidence::seal(&mails, &verdict, &rejection.proof)?;
        let mails = mails.pack().await?;
        self.write(mails.len(), move |conn| refuse(conn, &rejection, &mails, &sealed)).await
    }
}

fn refuse(
    conn: &Connection,
    rejection: &Rejection,
    mails: &[u8],
    sealed: &Sealed,
) -> Result<Refused, StoreError> {
    if let Some(message) = find_same(conn, rejection)? {
        return Ok(Refused { message, archived: true });
    }
    let facts = &rejection.facts;
    let sender_role = rejection.direction.sender();
    let sql = "SELECT CASE ?2 WHEN 'seller' THEN seller ELSE buyer END AS sender
        FROM pair WHERE number = ?1";
    let sender: i64 =
        one(conn, sql, params![facts.pair.0, sender_role.as_str()], |row| get(row, "sender"))?
            .ok_or(StoreError::Stale)?;
    let sql = "SELECT count(*) AS used FROM message
        WHERE state = 'rejected' AND sender = ?1 AND received_at > ?2";
    let day = rejection.received_at.before(DAY).as_millis();
    let used: i64 = one(conn, sql, params![sender, day], |row| get(row, "used"))?.unwrap_or(0);
    if used >= i64::from(rejection.quota_per_day) {
        return Ok(Refused { message: rejection.message.clone(), archived: false });
    }
    let verdict = verdict_text(&rejection.verdict)?;
    run(
        conn,
        "INSERT INTO message (id, kind, conversation, pair, \"order\", sender,
            of_seller, of_buyer, direction, state,
            received_at, subject, verdict, proof, assigned, proactive, automatic, fingerprint)
         VALUES (?1, 'relay', (SELECT number FROM conversation WHERE number = ?2 AND pair = ?3),
            ?3, (SELECT number FROM orders WHERE id_key = ?4 AND pair = ?3), ?5,
            (SELECT seller FROM pair WHERE number = ?3), (SELECT buyer FROM pair WHERE number = ?3),
            ?6, 'rejected',
            ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            rejection.message.as_str(),
            rejection.conversation.map(|conversation| conversation.0),
            facts.pair.0,
            rejection.order.as_ref().map(|order| order.key()),
            sender,
            rejection.direction.as_str(),
            rejection.received_at.as_millis(),
            rejection.subject,
            verdict,
            rejection.proof,
            rejection.assigned.map(|assigned| assigned.as_str()),
            rejection.proactive,
            rejection.automatic,
            rejection.fingerprint
        ],
    )?;
    let message = conn.last_insert_rowid();
    run(
        conn,
        "INSERT INTO content (message, mails, salt) VALUES (?1, ?2, ?3)",
        params![message, mails, sealed.salt.0],
    )?;
    index::keep(conn, message, &index::pack(&rejection.words))?;
    let sql = "SELECT conversation FROM message WHERE number = ?1";
    let conversation = one(conn, sql, [message], |row| get::<Option<i64>>(row, "conversation"))?;
    if let Some(conversation) = conversation.flatten() {
        let entry = (rejection.message.as_str(), "rejected");
        let at = rejection.received_at;
        evidence::append(conn, ConversationId(conversation), entry, at, &sealed.leaf)?;
    }
    for kind in &rejection.tell {
        telling::about_message(conn, *kind, message, rejection.received_at)?;
    }
    violation::record(
        conn,
        &Offence {
            message,
            pair: facts.pair.0,
            conversation: rejection.conversation.map(|conversation| conversation.0),
            direction: rejection.direction,
            automatic: rejection.automatic,
            at: rejection.received_at,
            violations: &rejection.violations,
            health: &rejection.health,
        },
    )?;
    Ok(Refused { message: rejection.message.clone(), archived: true })
}

fn find_same(conn: &Connection, rejection: &Rejection) -> Result<Option<MessageId>, StoreError> {
    let Some(fingerprint) = rejection.fingerprint else { return Ok(None) };
    let sql = "SELECT id FROM message
        WHERE fingerprint = ?1 AND received_at >= ?2 AND state = 'rejected' LIMIT 1";
    one(conn, sql, params![fingerprint, since(rejection.received_at)], |row| parse(row, "id"))
}
