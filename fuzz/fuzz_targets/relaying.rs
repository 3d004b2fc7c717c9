//! Read, compose, scan, read: what goes out keeps its promises and is the same when it is composed
//! again.

#![no_main]

#[path = "../../tests/corpus/between.rs"]
mod between;
#[path = "../../tests/corpus/promises.rs"]
mod promises;

use std::sync::LazyLock;

use bauta::domain::Direction;
use bauta::leak::{Exempt, leaking_stretches, scan};
use bauta::mail::read;
use bauta::rewrite::{Plan, compose};
use between::Between;
use libfuzzer_sys::fuzz_target;

static BUYER: LazyLock<Between> =
    LazyLock::new(|| Between::new(Direction::BuyerToSeller, "Zyxa Roe", "zyx.roe@qwv.example"));
static SELLER: LazyLock<Between> =
    LazyLock::new(|| Between::new(Direction::SellerToBuyer, "Zyxa Roe", "zyx.roe@qwv.example"));

fuzz_target!(|data: &[u8]| {
    let Some((first, raw)) = data.split_first() else { return };
    let between = if first % 2 == 0 { &*BUYER } else { &*SELLER };
    let message = read(raw);
    let exempt = Exempt { known: &between.known, ids: &[] };
    let cut = leaking_stretches(&message.text.body, &between.secrets);
    for (cut, plain) in [(&[][..], false), (&cut[..], false), (&cut[..], true)] {
        let plan = Plan { cut, plain, ..between.plan(&message) };
        let draft = compose(&plan).expect("memory takes any mail");
        let second = compose(&plan).expect("memory takes any mail");
        assert_eq!(draft.bytes, second.bytes, "composed twice");
        if let Ok(outgoing) = scan(draft, &between.secrets, &exempt) {
            promises::check(outgoing.draft(), &["zyx.roe@qwv.example", "qwv.example"]);
            return;
        }
    }
});
