//! Read, compose, scan, read: what goes out keeps its promises and is the same when it is composed
//! again. What it found lies in `fixtures/fuzz/relaying` and is tried by `tests/composing.rs`.

#![no_main]

#[path = "../../tests/corpus/between.rs"]
mod between;
#[path = "../../tests/corpus/promises.rs"]
mod promises;
#[path = "../../tests/corpus/relaying.rs"]
mod relaying;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| relaying::check(data));
