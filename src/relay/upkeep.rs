//! What the archive needs while nobody asks for anything.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Relay;

/// Messages that come into the search index at once: some 5 ms of the store's writer.
const INDEXED: u32 = 64;
/// So long they may wait for it; a search looks through them until then.
const INDEX_EVERY: Duration = Duration::from_millis(250);
/// What could not be written is tried again after this.
const AFTER_ERROR: Duration = Duration::from_secs(10);

impl Relay {
    /// Brings what is stored into the search index, until it is told to stop.
    pub async fn index(&self, stop: CancellationToken) {
        loop {
            let began = Instant::now();
            let pause = match self.0.store.index_some(INDEXED).await {
                Ok(0) => INDEX_EVERY,
                // As long as it took, so that mail has its turn.
                Ok(_) => began.elapsed(),
                Err(error) => {
                    tracing::warn!(%error, "the search index waits");
                    AFTER_ERROR
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
