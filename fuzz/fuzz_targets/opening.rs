//! Any bytes are a file that can be opened; what was cleaned has nothing more to clean.

#![no_main]

use bauta::inspect::open;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let opened = open(Some("file"), "application/octet-stream", bytes);
    let Some(cleaned) = &opened.cleaned else { return };
    assert!(opened.facts.is_clean(), "cleaned, and yet not clean");
    let again = open(Some("file"), "application/octet-stream", cleaned);
    assert_eq!(again.facts, opened.facts, "the same kind of file");
    assert_eq!(again.cleaned, None, "cleaned twice");
});
