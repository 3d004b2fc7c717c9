//! `postmaster@` and `abuse@`: to `relay.postmaster`, unjudged (PRODUCT §4, RFC 5321 §4.5.1).

use super::Relay;
use super::outcome::Outcome;
use super::prepare::storage;
use crate::store::Forward;

impl Relay {
    /// Sends a mail on as it came.
    pub(super) async fn forward_to_postmaster(&self, raw: Vec<u8>) -> Outcome {
        let now = self.0.clock.now();
        let Some(recipient) = self.0.config.relay.postmaster.clone() else {
            return Outcome::Storage;
        };
        let Some(names) = self.names(None, now) else { return Outcome::Storage };
        let bytes = raw.len();
        let forward = Forward {
            message: names.message,
            token: names.token.0,
            bytes: raw,
            recipient,
            envelope_from: names.envelope_from,
            received_at: now,
            give_up_at: now.after(self.0.config.delivery.give_up_after),
        };
        match self.0.store.forward_to_postmaster(forward).await {
            Ok(accepted) => {
                tracing::info!(
                    message_id = %accepted.message(),
                    delivery = %accepted.delivery(),
                    bytes,
                    "accepted for the postmaster"
                );
                let outcome = Outcome::accepted(&accepted);
                self.hand_over(accepted.into_mail()).await;
                outcome
            }
            Err(error) => storage(&error),
        }
    }
}
