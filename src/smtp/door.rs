//! The seam between a session and the house.

use std::future::Future;

use crate::relay::{Outcome, Peer, Relay, Route, RouteRefusal};

/// What a session asks of the house. The relay implements it, and so do the tests of this room.
pub trait Door: Send + Sync + 'static {
    /// Where mail for one recipient goes.
    type Route: Send + Sync;

    /// RCPT TO. `recipient` as between the angle brackets, without a source route.
    fn route(
        &self,
        recipient: &str,
    ) -> impl Future<Output = Result<Self::Route, RouteRefusal>> + Send;

    /// How many recipients one transaction may have, at least 1. More than a session bears
    /// (RFC 5321 §4.5.3.1.8: 100) count for nothing.
    fn max_recipients(&self) -> usize;

    /// A whole mail, after its end, for all its routes: at least one, at most
    /// [`Self::max_recipients`], in the order of RCPT. `mail_from` as between the angle brackets,
    /// empty for `<>`; `raw` without dot-stuffing, every line end CRLF (the last line of a mail
    /// that came by BDAT may have none).
    ///
    /// The one outcome is the answer for all of them: what is accepted is done with, for every
    /// route, and what is temporary comes again for every route.
    ///
    /// The future may be dropped at any point, when the relay stops: the sender then got no
    /// answer and comes again.
    fn accept(
        &self,
        peer: Peer,
        mail_from: &str,
        routes: Vec<Self::Route>,
        raw: Vec<u8>,
    ) -> impl Future<Output = Outcome> + Send;
}

impl Door for Relay {
    type Route = Route;

    async fn route(&self, recipient: &str) -> Result<Route, RouteRefusal> {
        Self::route(self, recipient).await
    }

    /// One, as long as nobody tells the sender of recipients that were refused beside one that
    /// was accepted (PRODUCT §4).
    fn max_recipients(&self) -> usize {
        1
    }

    async fn accept(
        &self,
        peer: Peer,
        mail_from: &str,
        routes: Vec<Route>,
        raw: Vec<u8>,
    ) -> Outcome {
        let mut answer = None;
        for route in routes {
            let outcome = Self::accept(self, peer, mail_from, route, raw.clone()).await;
            let temporary = is_temporary(&outcome);
            answer = Some(match answer {
                Some(first) => both(first, outcome),
                None => outcome,
            });
            if temporary {
                break; // it comes again, for all of them
            }
        }
        // Without a route nothing was written; the session never asks so.
        answer.unwrap_or(Outcome::TooBusy)
    }
}

/// The one answer for two recipients. A temporary one counts first: the sender comes again, and
/// what was accepted already gets its first answer again (PRODUCT §4). Then an accepted one: who
/// is told 250 doesn't come again. Of two refusals the first.
fn both(first: Outcome, second: Outcome) -> Outcome {
    let rank = |outcome: &Outcome| match outcome {
        outcome if is_temporary(outcome) => 2,
        Outcome::Unproved(_) | Outcome::Refused(_) | Outcome::Rejected(_) | Outcome::Leak => 0,
        _ => 1,
    };
    if rank(&second) > rank(&first) { second } else { first }
}

/// Whether the sender comes again.
fn is_temporary(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::TooBusy | Outcome::Storage)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MessageId;
    use crate::relay::Refusal;

    #[test]
    fn one_answer_stands_for_all_recipients() {
        let accepted = |n| Outcome::Accepted { id: MessageId::from_random([n; 10]) };
        let refused = || Outcome::Refused(Refusal::OrderClosed);
        let check = |first, second, expected| assert_eq!(both(first, second), expected);
        check(accepted(1), accepted(2), accepted(1));
        check(refused(), accepted(2), accepted(2));
        check(accepted(1), refused(), accepted(1));
        check(accepted(1), Outcome::Storage, Outcome::Storage);
        check(Outcome::TooBusy, Outcome::Storage, Outcome::TooBusy);
        check(Outcome::Leak, refused(), Outcome::Leak);
        check(refused(), Outcome::TooBusy, Outcome::TooBusy);
    }
}
