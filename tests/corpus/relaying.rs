//! Read, compose, scan, read: for the fuzz target, for what it found, and for random mails.

use std::sync::LazyLock;

use bauta::domain::Direction;
use bauta::leak::{Exempt, Outgoing, leaking_stretches, scan};
use bauta::mail::{Message, read};
use bauta::rewrite::{Plan, compose};

use crate::between::Between;
use crate::promises;

/// Who writes.
pub const ADDRESS: &str = "zyx.roe@qwv.example";
pub const NAME: &str = "Zyxa Roe";

static BUYER: LazyLock<Between> =
    LazyLock::new(|| Between::new(Direction::BuyerToSeller, NAME, ADDRESS));
static SELLER: LazyLock<Between> =
    LazyLock::new(|| Between::new(Direction::SellerToBuyer, NAME, ADDRESS));

/// Composed and scanned as the relay does it, twice with the same bytes.
pub fn relayed(between: &Between, message: &Message) -> Option<Outgoing> {
    let exempt = Exempt { known: &between.known, ids: &[] };
    let cut = leaking_stretches(&message.text.body, &between.secrets);
    let ways = [(&[][..], false), (&cut[..], false), (&cut[..], true)];
    ways.into_iter().find_map(|(cut, plain)| {
        let plan = Plan { cut, plain, ..between.plan(message) };
        let draft = compose(&plan).unwrap();
        let second = compose(&plan).unwrap();
        assert_eq!(draft.bytes, second.bytes, "composed twice");
        scan(draft, &between.secrets, &exempt).ok()
    })
}

/// One input of the fuzz target: who writes, then the mail.
pub fn check(data: &[u8]) {
    let Some((first, raw)) = data.split_first() else { return };
    let between = if first % 2 == 0 { &*BUYER } else { &*SELLER };
    if let Some(outgoing) = relayed(between, &read(raw)) {
        promises::check(outgoing.draft(), &[ADDRESS, "qwv.example"]);
    }
}
