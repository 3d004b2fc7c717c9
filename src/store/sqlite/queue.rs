//! The queue as its operator sees it: listed, hurried, stopped.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::Store;
use super::archive::{read_attempts, read_delivery};
use super::connection::try_write;
use super::rows::{all, get, moment, moment_some, one, parse, parse_some, reverse_path, run};
use crate::domain::{BuyerId, DeliveryId, DeliveryState, MessageId, OrderId, SellerId, Timestamp};
use crate::store::error::StoreError;
use crate::store::records::{AttemptDetail, Intervention, QueueDepth, QueueFilter, QueueRow};

const PAGE: u32 = 100;

const COLUMNS: &str = "SELECT d.*, d.state AS delivery_state, m.id AS message_id, m.direction,
        s.id AS seller, b.id AS buyer, o.id AS order_id
    FROM delivery d JOIN message m ON m.number = d.message
    LEFT JOIN pair p ON p.number = m.pair
    LEFT JOIN party s ON s.number = p.seller LEFT JOIN party b ON b.number = p.buyer
    LEFT JOIN orders o ON o.number = m.\"order\"";

/// The open ones by their own small indexes: `delivery` keeps what was delivered too.
const OPEN: &str = "d.number IN (
        SELECT number FROM delivery INDEXED BY delivery_due WHERE state IN ('queued', 'deferred')
        UNION ALL
        SELECT number FROM delivery INDEXED BY delivery_leased WHERE state = 'sending')";

impl Store {
    /// Deliveries, the oldest first.
    pub async fn queue(&self, filter: QueueFilter) -> Result<Vec<QueueRow>, StoreError> {
        self.read(move |conn| {
            let (sql, values) = listing(&filter);
            all(conn, &sql, params_from_iter(values), read_row)
        })
        .await
    }

    /// One delivery with its attempts, the oldest first.
    pub async fn queued(
        &self,
        delivery: DeliveryId,
    ) -> Result<Option<(QueueRow, Vec<AttemptDetail>)>, StoreError> {
        self.read(move |conn| {
            let sql = format!("{COLUMNS} WHERE d.number = ?1");
            let Some(row) = one(conn, &sql, [delivery.0], read_row)? else { return Ok(None) };
            Ok(Some((row, read_attempts(conn, delivery)?)))
        })
        .await
    }

    /// A message's deliveries, the oldest first; none where there is no such message, or none of
    /// it went out.
    pub async fn deliveries_of(&self, message: &MessageId) -> Result<Vec<DeliveryId>, StoreError> {
        let message = message.clone();
        self.read(move |conn| {
            let sql = "SELECT d.number FROM delivery d JOIN message m ON m.number = d.message
                WHERE m.id = ?1 ORDER BY d.number";
            all(conn, sql, [message.as_str()], |row| get(row, "number").map(DeliveryId))
        })
        .await
    }

    /// How much waits; reads the open deliveries only.
    pub async fn depth(&self) -> Result<QueueDepth, StoreError> {
        self.read(|conn| {
            let sql = format!(
                "SELECT d.state, count(*) AS count, min(d.created_at) AS oldest
                 FROM delivery d WHERE {OPEN} GROUP BY d.state"
            );
            let mut depth = QueueDepth::default();
            for (state, count, oldest) in all(conn, &sql, [], |row| {
                let state: DeliveryState = parse(row, "state")?;
                Ok((state, get::<i64>(row, "count")?, moment(row, "oldest")?))
            })? {
                match state {
                    DeliveryState::Sending => depth.sending = count,
                    DeliveryState::Deferred => depth.deferred = count,
                    _ => depth.queued = count,
                }
                depth.oldest = Some(depth.oldest.map_or(oldest, |known| known.min(oldest)));
            }
            Ok(depth)
        })
        .await
    }

    /// Whether a transaction can be committed and synced now: writes the schema's number, which
    /// stands there already, again.
    pub async fn try_write(&self) -> Result<(), StoreError> {
        self.write(64, |conn| Ok(try_write(conn)?)).await
    }

    /// Makes a waiting delivery due now. The next wait is as long as it would have been.
    pub async fn retry(
        &self,
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<Intervention, StoreError> {
        self.write(64, move |conn| {
            let sql = "UPDATE delivery SET next_attempt_at = min(next_attempt_at, ?2)
                WHERE number = ?1 AND state IN ('queued', 'deferred')";
            let changed = run(conn, sql, params![delivery.0, now.as_millis()])?;
            if changed == 1 { Ok(Intervention::Done) } else { why_not(conn, delivery) }
        })
        .await
    }

    /// Makes all waiting deliveries due now: how many.
    pub async fn retry_all(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.write(256, move |conn| {
            let sql = "UPDATE delivery SET next_attempt_at = min(next_attempt_at, ?1)
                WHERE state IN ('queued', 'deferred')";
            run(conn, sql, [now.as_millis()])
        })
        .await
    }

    /// Ends a delivery that waits. One that is attempted just now is left alone: its mail may be
    /// at the next hop already, and `cancelled` would be a lie. Where its lease has run out no
    /// attempt runs, for a running one renews it; then whoever holds the lease loses it here.
    pub async fn cancel(
        &self,
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<Intervention, StoreError> {
        self.write(64, move |conn| {
            let sql = "UPDATE delivery SET state = 'cancelled', finished_at = ?2,
                    lease = lease + 1, lease_owner = NULL, lease_until = NULL
                WHERE number = ?1 AND (state IN ('queued', 'deferred')
                    OR (state = 'sending' AND lease_until <= ?2))";
            let changed = run(conn, sql, params![delivery.0, now.as_millis()])?;
            if changed == 1 { Ok(Intervention::Done) } else { why_not(conn, delivery) }
        })
        .await
    }
}

/// Why a delivery could not be changed.
fn why_not(conn: &Connection, delivery: DeliveryId) -> Result<Intervention, StoreError> {
    let sql = "SELECT state FROM delivery WHERE number = ?1";
    let state: Option<DeliveryState> = one(conn, sql, [delivery.0], |row| parse(row, "state"))?;
    Ok(match state {
        None => Intervention::Unknown,
        Some(state) if state.is_final() => Intervention::Over(state),
        Some(_) => Intervention::Sending,
    })
}

fn listing(filter: &QueueFilter) -> (String, Vec<Value>) {
    let mut sql = COLUMNS.to_owned();
    let mut values = Vec::new();
    match filter.state {
        None => sql.push_str(&format!(" WHERE {OPEN}")),
        Some(state) => {
            sql.push_str(" WHERE d.state = ?");
            values.push(Value::Text(state.as_str().to_owned()));
        }
    }
    for (condition, value) in [
        (" AND o.id_key = ?", filter.order.as_ref().map(OrderId::key)),
        (" AND s.id_key = ?", filter.seller.as_ref().map(SellerId::key)),
        (" AND b.id_key = ?", filter.buyer.as_ref().map(BuyerId::key)),
    ] {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push(Value::Text(value));
        }
    }
    sql.push_str(" ORDER BY d.number LIMIT ?");
    values.push(Value::Integer(i64::from(filter.limit.unwrap_or(PAGE))));
    (sql, values)
}

fn read_row(row: &Row<'_>) -> Result<QueueRow, StoreError> {
    Ok(QueueRow {
        delivery: DeliveryId(get(row, "number")?),
        message: parse(row, "message_id")?,
        order: parse_some(row, "order_id")?,
        seller: parse_some(row, "seller")?,
        buyer: parse_some(row, "buyer")?,
        direction: parse_some(row, "direction")?,
        row: read_delivery(row, parse(row, "delivery_state")?)?,
        created_at: moment(row, "created_at")?,
        give_up_at: moment(row, "give_up_at")?,
        finished_at: moment_some(row, "finished_at")?,
        recipient: parse(row, "recipient")?,
        envelope_from: reverse_path(row, "envelope_from")?,
    })
}
