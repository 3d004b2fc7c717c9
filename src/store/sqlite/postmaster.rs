//! Mail for the operator: `postmaster@` and `abuse@` (RFC 5321 §4.5.1).

use rusqlite::params;

use super::Store;
use super::accept::{NewDelivery, insert_delivery};
use super::content::pack;
use super::rows::run;
use crate::store::error::StoreError;
use crate::store::records::Forward;
use crate::store::seal::{Accepted, Lease, StoredMail};

impl Store {
    /// Commits a mail for the operator and its delivery, unjudged and of no conversation.
    pub async fn forward_to_postmaster(&self, forward: Forward) -> Result<Accepted, StoreError> {
        let [original] = pack([forward.bytes.clone()]).await?;
        let (store, size) = (self.clone(), original.len());
        let (message, token) = (forward.message.clone(), forward.token);
        let recipient = forward.recipient.reveal();
        let envelope_from = forward.envelope_from.to_string();
        let (received_at, give_up_at) = (forward.received_at, forward.give_up_at);
        let written = self.write(size, move |conn| {
            run(
                conn,
                "INSERT INTO message
                    (id, kind, state, received_at, subject, verdict, proof, proactive, automatic)
                 VALUES (?1, 'postmaster', 'accepted', ?2, '', 'null', '', 0, 0)",
                params![message.as_str(), received_at.as_millis()],
            )?;
            let message = conn.last_insert_rowid();
            run(
                conn,
                "INSERT INTO content (message, original) VALUES (?1, ?2)",
                params![message, original],
            )?;
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
}
