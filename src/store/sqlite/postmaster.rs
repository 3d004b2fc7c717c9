//! Mail of no pair: for the operator, `postmaster@` and `abuse@` (RFC 5321 §4.5.1), and the operator's
//! own test mail.

use rusqlite::{Connection, params};

use super::Store;
use super::accept::{NewDelivery, insert_delivery, insert_queued};
use super::content::Mails;
use super::rows::run;
use crate::domain::{DeliveryId, MessageId, Timestamp};
use crate::store::error::StoreError;
use crate::store::records::Forward;
use crate::store::seal::{Accepted, Lease, StoredMail};

impl Store {
    /// Commits a mail for the operator and its delivery, unjudged and of no conversation.
    pub async fn forward_to_postmaster(&self, forward: Forward) -> Result<Accepted, StoreError> {
        let mails = Mails::only(forward.bytes.clone()).pack().await?;
        let (store, size) = (self.clone(), mails.len());
        let (message, token) = (forward.message.clone(), forward.token);
        let recipient = forward.recipient.reveal();
        let envelope_from = forward.envelope_from.to_string();
        let (received_at, give_up_at) = (forward.received_at, forward.give_up_at);
        let written = self.write(size, move |conn| {
            let message = insert_message(conn, &message, "postmaster", received_at, &mails)?;
            insert_delivery(
                conn,
                &NewDelivery {
                    message,
                    token,
                    recipient,
                    envelope_from,
                    created_at: received_at,
                    give_up_at,
                    store: &store,
                },
            )
        });
        let delivery = written.await?;
        Ok(Accepted {
            message: forward.message.clone(),
            conversation: None,
            delivery,
            mail: Some(StoredMail {
                lease: Lease { delivery, claim: 1 },
                message: forward.message,
                recipient: forward.recipient,
                envelope_from: Some(forward.envelope_from),
                bytes: forward.bytes,
                composed: false,
                signature: None,
                attempts: 0,
                created_at: received_at,
                give_up_at,
            }),
        })
    }
    /// Commits a mail that the operator tries the way out with: for the relay that runs to deliver.
    pub async fn queue_test_mail(&self, mail: Forward) -> Result<DeliveryId, StoreError> {
        let mails = Mails::only(mail.bytes).pack().await?;
        let (store, size) = (self.clone(), mails.len());
        self.write(size, move |conn| {
            let message = insert_message(conn, &mail.message, "test", mail.received_at, &mails)?;
            let new = NewDelivery {
                message,
                token: mail.token,
                recipient: mail.recipient.reveal(),
                envelope_from: mail.envelope_from.to_string(),
                created_at: mail.received_at,
                give_up_at: mail.give_up_at,
                store: &store,
            };
            insert_queued(conn, &new)
        })
        .await
    }
}

fn insert_message(
    conn: &Connection,
    id: &MessageId,
    kind: &str,
    received_at: Timestamp,
    mails: &[u8],
) -> Result<i64, StoreError> {
    run(
        conn,
        "INSERT INTO message
            (id, kind, state, received_at, subject, verdict, proof, proactive, automatic)
         VALUES (?1, ?2, 'accepted', ?3, '', 'null', '', 0, 0)",
        params![id.as_str(), kind, received_at.as_millis()],
    )?;
    let message = conn.last_insert_rowid();
    run(conn, "INSERT INTO content (message, mails) VALUES (?1, ?2)", params![message, mails])?;
    Ok(message)
}
