//! What a pair has said so far.

use std::collections::HashSet;

use rusqlite::{Connection, Row, params};

use super::Store;
use super::content::{Which, mails, unpack_shown, unpack_sightings};
use super::orders::{ORDER_COLUMNS, read_order};
use super::rows::{all, get, link, moment, moment_some, one, parse, parse_some};
use crate::domain::{
    ConversationId, Direction, History, HistoryConversation, MsgId, OrderId, PairId, Role, Said,
    SightingKey, ThreadLink,
};
use crate::store::error::StoreError;

const ORDERS: usize = 500;
const CONVERSATIONS: usize = 500;
const REFERENCES: usize = 100;
const SIGHTED_MESSAGES: usize = 50;

impl Store {
    /// The pair's orders and conversations (the newest 500 of each, and those that the references
    /// or `tag` name), and which of the first 100 `references` the sender's
    /// `side` knows: its own name of a message of this pair, or of one of its conversations. The
    /// other side's names never count: nobody could have learnt them.
    pub async fn history(
        &self,
        pair: PairId,
        side: Role,
        references: &[MsgId],
        tag: Option<&str>,
    ) -> Result<History, StoreError> {
        let tag = tag.map(str::to_ascii_lowercase);
        let references: Vec<MsgId> = references.iter().take(REFERENCES).cloned().collect();
        self.look(|conn| {
            let sql = format!(
                "{ORDER_COLUMNS} WHERE o.pair = ?1
                 ORDER BY o.registered_at DESC, o.number DESC LIMIT {ORDERS}"
            );
            let orders = all(conn, &sql, [pair.0], read_order)?;
            let conversations = conversations(conn, pair)?;
            let mut links = Vec::new();
            for reference in &references {
                links.extend(find_link(conn, pair, side, reference)?);
            }
            let mut history = History { orders, conversations, links };
            add_named(conn, pair, &mut history, tag)?;
            Ok(history)
        })
    }

    /// The conversation of a message that was erased and that one of these hashes stands for.
    pub async fn expired_thread(
        &self,
        pair: PairId,
        hashes: Vec<i64>,
    ) -> Result<Option<ConversationId>, StoreError> {
        self.look(|conn| {
            let sql = "SELECT conversation FROM expired_thread WHERE pair = ?1 AND hash = ?2";
            for hash in hashes.iter().take(REFERENCES) {
                let found = one(conn, sql, params![pair.0, hash], |row| get(row, "conversation"))?;
                if let Some(conversation) = found {
                    return Ok(Some(ConversationId(conversation)));
                }
            }
            Ok(None)
        })
    }

    /// The buyer's last message in a conversation that no machine wrote, of those numbered below
    /// `before`, as the buyer reads it again: what an answer answers.
    pub async fn last_of_buyer(
        &self,
        conversation: ConversationId,
        before: i64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |conn| {
            let sql = "SELECT c.mails FROM message m JOIN content c ON c.message = m.number
                WHERE m.conversation = ?1 AND m.state = 'accepted' AND m.automatic = 0
                    AND m.direction = 'buyer-to-seller' AND m.number < ?2
                ORDER BY m.number DESC LIMIT 1";
            let found = one(conn, sql, params![conversation.0, before], |row| {
                Ok(mails(row, &[Which::SenderView])?.take(Which::SenderView))
            })?;
            Ok(found.flatten())
        })
        .await
    }

    /// What each side wrote or was shown in a conversation's newest 50 messages.
    pub async fn sightings(
        &self,
        conversation: ConversationId,
        key: SightingKey,
    ) -> Result<Said, StoreError> {
        self.sightings_before(conversation, i64::MAX, key).await
    }

    /// The same before the message with this number.
    pub async fn sightings_before(
        &self,
        conversation: ConversationId,
        number: i64,
        key: SightingKey,
    ) -> Result<Said, StoreError> {
        self.read(move |conn| {
            let sql = format!(
                "SELECT m.direction, c.written, c.shown
                 FROM message m JOIN content c ON c.message = m.number
                 WHERE m.conversation = ?1 AND m.state = 'accepted' AND m.number < ?2
                 ORDER BY m.number DESC LIMIT {SIGHTED_MESSAGES}"
            );
            let mut said = Said::with(key);
            for (direction, written, shown) in all(conn, &sql, (conversation.0, number), |row| {
                let hashes = |column| get::<Option<Vec<u8>>>(row, column);
                let direction: Direction = parse(row, "direction")?;
                Ok((direction, hashes("written")?, hashes("shown")?))
            })? {
                let (written, shown) = (written.unwrap_or_default(), shown.unwrap_or_default());
                said.by_mut(direction.sender()).hashes.extend(unpack_sightings(&written));
                said.by_mut(direction.recipient()).hashes.extend(unpack_shown(&written, &shown));
            }
            Ok(said)
        })
        .await
    }
}

/// Adds what a mail names and what is too old to be among the newest: without its order a cancelled
/// one would pass for a question.
fn add_named(
    conn: &Connection,
    pair: PairId,
    history: &mut History,
    tag: Option<String>,
) -> Result<(), StoreError> {
    if history.orders.len() < ORDERS && history.conversations.len() < CONVERSATIONS {
        return Ok(()); // all of them are there
    }
    for (id, _) in &history.links {
        if history.conversations.iter().all(|c| c.id != *id) {
            let sql = format!("{CONVERSATION_COLUMNS} WHERE c.number = ?1");
            history.conversations.extend(one(conn, &sql, [id.0], read_conversation)?);
        }
    }
    let linked = history.conversations.iter().filter_map(|c| c.order.as_ref());
    let named: Vec<String> = linked.map(OrderId::key).chain(tag).collect();
    let known: HashSet<String> = history.orders.iter().map(|order| order.id.key()).collect();
    for key in named {
        if !known.contains(&key) {
            let sql = format!("{ORDER_COLUMNS} WHERE o.id_key = ?1 AND o.pair = ?2");
            history.orders.extend(one(conn, &sql, params![key, pair.0], read_order)?);
        }
    }
    // As one list, the newest first, whichever way each was found.
    history.conversations.sort_by_key(|c| std::cmp::Reverse((c.last_message_at, c.id.0)));
    history.orders.sort_by_key(|order| std::cmp::Reverse(order.registered_at));
    Ok(())
}

const CONVERSATION_COLUMNS: &str = "SELECT c.*, o.id AS order_id,
            (SELECT seller_msg_id FROM message WHERE conversation = c.number
                AND state = 'accepted' AND seller_msg_id IS NOT NULL
                ORDER BY number DESC LIMIT 1) AS newest_seller,
            (SELECT buyer_msg_id FROM message WHERE conversation = c.number
                AND state = 'accepted' AND buyer_msg_id IS NOT NULL
                ORDER BY number DESC LIMIT 1) AS newest_buyer
         FROM conversation c LEFT JOIN orders o ON o.number = c.\"order\"";

fn conversations(conn: &Connection, pair: PairId) -> Result<Vec<HistoryConversation>, StoreError> {
    let sql = format!(
        "{CONVERSATION_COLUMNS}
         WHERE c.pair = ?1 ORDER BY c.last_message_at DESC, c.number DESC LIMIT {CONVERSATIONS}"
    );
    all(conn, &sql, [pair.0], read_conversation)
}

fn read_conversation(row: &Row<'_>) -> Result<HistoryConversation, StoreError> {
    // For each side its own: a message whose id was missing or reused has none on its sender's.
    let newest = link(row, "newest_seller", "newest_buyer")?;
    let newest = (newest.seller.is_some() || newest.buyer.is_some()).then_some(newest);
    Ok(HistoryConversation {
        id: ConversationId(get(row, "number")?),
        order: parse_some(row, "order_id")?,
        subject: get(row, "subject")?,
        last_message_at: moment(row, "last_message_at")?,
        last_buyer_message_at: moment_some(row, "last_buyer_message_at")?,
        last_automatic_from_seller: moment_some(row, "last_automatic_from_seller")?,
        last_automatic_from_buyer: moment_some(row, "last_automatic_from_buyer")?,
        root: link(row, "seller_root", "buyer_root")?,
        newest,
    })
}

fn find_link(
    conn: &Connection,
    pair: PairId,
    side: Role,
    id: &MsgId,
) -> Result<Option<(ConversationId, ThreadLink)>, StoreError> {
    let (of_message, of_root) = match side {
        Role::Seller => (
            "SELECT conversation, seller_msg_id AS seller, buyer_msg_id AS buyer FROM message
             WHERE pair = ?1 AND seller_msg_id = ?2 AND conversation IS NOT NULL",
            "SELECT number AS conversation, seller_root AS seller, buyer_root AS buyer
             FROM conversation WHERE pair = ?1 AND seller_root = ?2",
        ),
        Role::Buyer => (
            "SELECT conversation, seller_msg_id AS seller, buyer_msg_id AS buyer FROM message
             WHERE pair = ?1 AND buyer_msg_id = ?2 AND conversation IS NOT NULL",
            "SELECT number AS conversation, seller_root AS seller, buyer_root AS buyer
             FROM conversation WHERE pair = ?1 AND buyer_root = ?2",
        ),
    };
    let read = |row: &Row<'_>| {
        Ok((ConversationId(get(row, "conversation")?), link(row, "seller", "buyer")?))
    };
    let found = one(conn, of_message, params![pair.0, id.as_str()], read)?;
    if found.is_some() {
        return Ok(found);
    }
    one(conn, of_root, params![pair.0, id.as_str()], read)
}

/// Whether this side knows something of the pair by that id already.
pub(super) fn is_known(
    conn: &Connection,
    pair: PairId,
    side: Role,
    id: &MsgId,
) -> Result<bool, StoreError> {
    Ok(find_link(conn, pair, side, id)?.is_some())
}
