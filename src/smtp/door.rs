//! The seam between a session and the house.

use std::future::Future;

use crate::relay::{Coming, Envelope, Outcome, Peer, PutOff, Relay, Route, RouteRefusal};

/// What a session asks of the house. The relay implements it, and so do the tests of this room.
pub trait Door: Send + Sync + 'static {
    /// Where mail for one recipient goes.
    type Route: Send + Sync;
    /// Says that a mail is on its way, until it is stored or this is dropped.
    type Coming: Send;

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

    /// A mail's text begins, or is there: whoever writes something already may wait for it a moment, so
    /// that one sync serves both.
    fn expect(&self) -> Self::Coming;

    /// A whole mail, after its end, for all its routes: at least one, at most 100, in the order of
    /// RCPT. `mail`: its text without dot-stuffing, every line end CRLF (the last line of a mail
    /// that came by BDAT may have none), and what was said of its coming.
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
        mail: (Vec<u8>, Self::Coming),
    ) -> impl Future<Output = Outcome> + Send;
}

/// In boxes: what deciding about a mail takes would else be set aside for each connection, also for a
/// thousand that say nothing.
impl Door for Relay {
    type Route = Route;
    type Coming = Coming;

    fn expect(&self) -> Coming {
        Self::expect(self)
    }

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
        mail: (Vec<u8>, Coming),
    ) -> Outcome {
        Box::pin(Self::accept(self, peer, envelope, routes, mail)).await
    }
}
