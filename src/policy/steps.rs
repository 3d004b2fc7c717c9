//! Steps that were taken through texts on this thread, so that a test can compare the work on a text
//! with that on one twice as long, without looking at a clock.

use std::cell::Cell;

thread_local! {
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// Takes one: a token looked at, a character folded, a phrase tried.
pub(super) fn take() {
    TAKEN.with(|taken| taken.set(taken.get() + 1));
}

/// How many this takes.
pub(super) fn of(work: impl FnOnce()) -> u64 {
    let before = TAKEN.with(Cell::get);
    work();
    TAKEN.with(Cell::get) - before
}
