//! Mail to a bounce address: read, recorded, and never passed on (PRODUCT §8).

use super::Relay;
use super::in_hand::Work;
use super::notify;
use super::outcome::Outcome;
use super::prepare::storage;
use crate::alias::BounceToken;
use crate::bounce;
use crate::domain::{NoticeKind, ReportKind};

impl Relay {
    /// Takes what came back about a delivery, from whomever: the address is the proof. A failure
    /// is told to the message's sender in our own words.
    pub(super) async fn take_report(
        &self,
        token: BounceToken,
        null_sender: bool,
        raw: &[u8],
    ) -> Outcome {
        let (store, now) = (&self.0.store, self.0.clock.now());
        let work = Work::on(raw);
        if self.deaths(work, now) > 0 {
            tracing::error!(bytes = raw.len(), "refused unread: the relay ended over this report");
            return Outcome::NoReport;
        }
        let read = self.compute(work, || bounce::read(raw, null_sender)).await;
        let Some(read) = read else { return Outcome::Storage };
        let Some(report) = read else {
            tracing::info!(bytes = raw.len(), "refused: no report that is understood");
            return Outcome::NoReport;
        };
        let reported = match store.reported(token.0).await {
            Ok(reported) => reported,
            Err(error) => return storage(&error),
        };
        // Its delivery is not in the archive any more: there is nothing left to change.
        let Some(reported) = reported else { return Outcome::NoReport };
        // Whether it is told decides the transaction, which alone knows the delivery's state.
        let notice = if report.kind == ReportKind::Failed {
            let told = (&self.0.config, &reported.message, NoticeKind::Failed, now);
            match notify::not_delivered(store, told.0, told.1, told.2, told.3).await {
                Ok(notice) => notice,
                Err(error) => return storage(&error),
            }
        } else {
            None
        };
        let (kind, cause) = (report.kind.as_str(), report.cause.as_str());
        let status = report.status.clone();
        match store.report(token.0, report, notice, now).await {
            Ok(Some(stored)) => {
                tracing::info!(
                    message_id = %reported.message,
                    delivery = %stored.delivery(),
                    kind,
                    status,
                    cause,
                    failed = stored.has_failed_it(),
                    "a report came back"
                );
                Outcome::reported(&stored)
            }
            Ok(None) => Outcome::NoReport,
            Err(error) => storage(&error),
        }
    }
}
