//! The seam between a session and the house.

use std::future::Future;

use crate::relay::{Envelope, Outcome, Peer, PutOff, Relay, Route, RouteRefusal};

/// What a session asks of the house. The relay implements it, and so do the tests of this room.
pub trait Door: Send + Sync + 'static {
    /// Where mail for one recipient goes.
    type Route: Send + Sync;

    /// RCPT TO. `mail_from` as between the angle brackets, empty for `<>`; `recipient` likewise,
    /// without a source route.
    fn route(
        &self,
        peer: Peer,
        mail_from: &str,
        recipient: &str,
    ) -> impl Future<Output = Result<Self::Route, RouteRefusal>> + Send;

    /// Before a mail is taken: why its sender has to come again.
    fn put_off(
        &self,
        _peer: Peer,
        _mail_from: &str,
        _routes: &[Self::Route],
    ) -> impl Future<Output = Option<PutOff>> + Send {
        async { None }
    }

    /// A whole mail, after its end, for all its routes: at least one, at most 100, in the order of
    /// RCPT. `raw` without dot-stuffing, every line end CRLF (the last line of a mail
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
        envelope: Envelope<'_>,
        routes: Vec<Self::Route>,
        raw: Vec<u8>,
    ) -> impl Future<Output = Outcome> + Send;
}

/// In boxes: what deciding about a mail takes would else be set aside for each connection, also for a
/// thousand that say nothing.
impl Door for Relay {
    type Route = Route;

    async fn route(
        &self,
        peer: Peer,
        mail_from: &str,
        recipient: &str,
    ) -> Result<Route, RouteRefusal> {
        Box::pin(Self::route(self, peer, mail_from, recipient)).await
    }

    async fn put_off(&self, peer: Peer, mail_from: &str, routes: &[Route]) -> Option<PutOff> {
        Box::pin(Self::put_off(self, peer, mail_from, routes)).await
    }

    async fn accept(
        &self,
        peer: Peer,
        envelope: Envelope<'_>,
        routes: Vec<Route>,
        raw: Vec<u8>,
    ) -> Outcome {
        Box::pin(Self::accept(self, peer, envelope, routes, raw)).await
    }
}
