//! The register of orders, and of the pairs that they make.

use rusqlite::{Connection, Row, params};

use super::rows::{all, get, moment, moment_some, one, parse, parse_some, run};
use super::{Store, erase, hold, party};
use crate::domain::{BuyerId, Order, OrderId, OrderStatus, PartyId, Role, SellerId, Timestamp};
use crate::store::error::StoreError;
use crate::store::register::{OrderFilter, PairNames, Put, PutOrder};

/// What [`read_order`] reads, of `orders` with its pair and both parties.
pub(super) const ORDER_COLUMNS: &str = "SELECT o.number, o.id, s.id AS seller, b.id AS buyer,
    o.items, o.status, o.fulfilled_by, o.placed, o.delivered, o.tracking, o.dispute,
    o.registered_at, o.cancelled_at
    FROM orders o JOIN pair p ON p.number = o.pair
    JOIN party s ON s.number = p.seller JOIN party b ON b.number = p.buyer";

impl Store {
    /// Registers an order, or replaces its record. A new pair gets `names`; one that is known
    /// keeps its own for ever.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`, `Deleted`; `OrderMoved` where the order is another pair's.
    pub async fn put_order(
        &self,
        put: PutOrder,
        names: PairNames,
        now: Timestamp,
    ) -> Result<Put, StoreError> {
        self.write(1024, move |conn| put_order(conn, &put, &names, now)).await
    }

    /// An order's record.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let key = id.key();
        self.read(move |conn| {
            one(conn, &format!("{ORDER_COLUMNS} WHERE o.id_key = ?1"), [key], read_order)
        })
        .await
    }

    /// Orders, the newest first.
    pub async fn orders(&self, filter: OrderFilter) -> Result<Vec<Order>, StoreError> {
        self.read(move |conn| {
            let sql = format!(
                "{ORDER_COLUMNS} WHERE (?1 IS NULL OR s.id_key = ?1)
                 AND (?2 IS NULL OR b.id_key = ?2) ORDER BY o.number DESC LIMIT ?3"
            );
            let limit = filter.limit.map_or(-1, i64::from); // SQLite: negative is no limit
            let seller = filter.seller.map(|id| id.key());
            let buyer = filter.buyer.map(|id| id.key());
            all(conn, &sql, params![seller, buyer, limit], read_order)
        })
        .await
    }

    /// The pair's aliases, where it has some.
    pub async fn pair_aliases(
        &self,
        seller: &SellerId,
        buyer: &BuyerId,
    ) -> Result<Option<PairNames>, StoreError> {
        let (seller, buyer, store) = (seller.key(), buyer.key(), self.clone());
        self.read(move |conn| {
            let sql = "SELECT key_version, seller_alias, buyer_alias FROM pair
                WHERE seller = (SELECT number FROM party WHERE role = 'seller' AND id_key = ?1)
                AND buyer = (SELECT number FROM party WHERE role = 'buyer' AND id_key = ?2)";
            one(conn, sql, [seller, buyer], |row| store.read_names(row))
        })
        .await
    }

    /// The pair's aliases; a pair that is not known gets `names`, without any order.
    ///
    /// Errors: `UnknownSeller`, `UnknownBuyer`, `Deleted`.
    pub async fn name_pair(
        &self,
        seller: &SellerId,
        buyer: &BuyerId,
        names: PairNames,
    ) -> Result<PairNames, StoreError> {
        let (seller, buyer, store) = (seller.clone(), buyer.clone(), self.clone());
        self.write(512, move |conn| {
            let pair = find_or_make_pair(conn, &seller, &buyer, &names)?;
            let sql = "SELECT key_version, seller_alias, buyer_alias FROM pair WHERE number = ?1";
            one(conn, sql, [pair], |row| store.read_names(row))?.ok_or(StoreError::Damaged("pair"))
        })
        .await
    }

    fn read_names(&self, row: &Row<'_>) -> Result<PairNames, StoreError> {
        Ok(PairNames {
            key_version: get(row, "key_version")?,
            seller_alias: self.alias(&get::<String>(row, "seller_alias")?),
            buyer_alias: self.alias(&get::<String>(row, "buyer_alias")?),
        })
    }
}

/// One order of [`ORDER_COLUMNS`].
pub(super) fn read_order(row: &Row<'_>) -> Result<Order, StoreError> {
    Ok(Order {
        id: parse(row, "id")?,
        seller: parse(row, "seller")?,
        buyer: parse(row, "buyer")?,
        items: serde_json::from_str(&get::<String>(row, "items")?)
            .map_err(|_| StoreError::Damaged("orders.items"))?,
        status: parse(row, "status")?,
        fulfilled_by: parse(row, "fulfilled_by")?,
        placed: parse_some(row, "placed")?,
        delivered: parse_some(row, "delivered")?,
        tracking: get(row, "tracking")?,
        dispute: get(row, "dispute")?,
        registered_at: moment(row, "registered_at")?,
        cancelled_at: moment_some(row, "cancelled_at")?,
    })
}

pub(super) fn find_or_make_pair(
    conn: &Connection,
    seller: &SellerId,
    buyer: &BuyerId,
    names: &PairNames,
) -> Result<i64, StoreError> {
    let seller_row = party::require(conn, &PartyId::Seller(seller.clone()))?;
    let buyer_row = party::require(conn, &PartyId::Buyer(buyer.clone()))?;
    let sql = "SELECT number FROM pair WHERE seller = ?1 AND buyer = ?2";
    if let Some(pair) = one(conn, sql, [seller_row, buyer_row], |row| get(row, "number"))? {
        return Ok(pair);
    }
    run(
        conn,
        "INSERT INTO pair (seller, buyer, version, key_version, seller_alias, buyer_alias)
         VALUES (?1, ?2, 1, ?3, ?4, ?5)",
        params![
            seller_row,
            buyer_row,
            names.key_version,
            names.seller_alias.local(),
            names.buyer_alias.local()
        ],
    )?;
    Ok(conn.last_insert_rowid())
}

pub(super) fn put_order(
    conn: &Connection,
    put: &PutOrder,
    names: &PairNames,
    now: Timestamp,
) -> Result<Put, StoreError> {
    let sql = format!("{ORDER_COLUMNS} WHERE o.id_key = ?1");
    let known = one(conn, &sql, [put.id.key()], read_order)?;
    if let Some(known) = &known {
        let moved = |side| StoreError::OrderMoved { order: put.id.clone(), side };
        if known.seller != put.seller {
            return Err(moved(Role::Seller));
        }
        if known.buyer != put.buyer {
            return Err(moved(Role::Buyer));
        }
        if put.is(known) {
            return Ok(Put::Unchanged);
        }
    }
    // Of a deleted party an order may still change, a dispute end, but none is added.
    let sql = "SELECT pair FROM orders WHERE id_key = ?1";
    let pair: i64 = match one(conn, sql, [put.id.key()], |row| get(row, "pair"))? {
        Some(pair) => pair,
        None => find_or_make_pair(conn, &put.seller, &put.buyer, names)?,
    };
    let items =
        serde_json::to_string(&put.items).map_err(|_| StoreError::Damaged("orders.items"))?;
    let cancelled = put.status == OrderStatus::Cancelled;
    run(
        conn,
        "INSERT INTO orders (id, id_key, pair, seller, items, status, fulfilled_by, placed,
            delivered, tracking, dispute, registered_at, cancelled_at, closed_at, day)
         VALUES (?1, ?2, ?3, (SELECT seller FROM pair WHERE number = ?3), ?4, ?5, ?6, ?7, ?8, ?9,
            ?10, ?11, iif(?12, ?11, NULL), iif(?13, ?11, NULL),
            coalesce(?7, date(?11 / 1000, 'unixepoch')))
         ON CONFLICT (id_key) DO UPDATE SET id = excluded.id, items = excluded.items,
            status = excluded.status, fulfilled_by = excluded.fulfilled_by,
            placed = excluded.placed, delivered = excluded.delivered,
            day = coalesce(excluded.placed, date(registered_at / 1000, 'unixepoch')),
            tracking = excluded.tracking, dispute = excluded.dispute,
            cancelled_at = iif(?12, coalesce(cancelled_at, ?11), NULL),
            closed_at = CASE WHEN NOT ?13 THEN NULL
                WHEN status = excluded.status THEN coalesce(closed_at, ?11) ELSE ?11 END",
        params![
            put.id.as_str(),
            put.id.key(),
            pair,
            items,
            put.status.as_str(),
            put.fulfilled_by.as_str(),
            put.placed.map(|day| day.to_string()),
            put.delivered.map(|day| day.to_string()),
            put.tracking,
            put.dispute,
            now.as_millis(),
            cancelled,
            put.status.is_closed()
        ],
    )?;
    // Mail that was judged by the order as it was must be judged again.
    run(conn, "UPDATE pair SET version = version + 1 WHERE number = ?1", [pair])?;
    let sql = "SELECT number FROM orders WHERE id_key = ?1";
    if let Some(order) = one(conn, sql, [put.id.key()], |row| get(row, "number"))? {
        hold::note_dispute(conn, order, put.dispute, now)?;
    }
    if known.is_some() && !put.dispute {
        erase::after_hold(conn, "number = ?1", pair)?;
    }
    Ok(if known.is_some() { Put::Changed } else { Put::Created })
}
