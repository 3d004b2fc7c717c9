//! Erasing: whether what is past its time is really gone hangs on how this binary was built.

use super::finding::Finding;

const CHECK: &str = "erasing";

/// `can_sweep`: the SQLite inside lets us overwrite what it leaves between the rows of its pages.
pub(super) fn check(can_sweep: bool) -> Finding {
    if can_sweep {
        return Finding::ok(
            CHECK,
            "what is erased is overwritten wherever it stood in the database",
        );
    }
    Finding::wrong(
        CHECK,
        "this bauta was built without sqlite_dbpage: pieces of erased mail stay between the rows of the \
         database",
        "cd into the source's folder, whose .cargo/config.toml asks for it, and build there:\n\
         cargo build --release --locked    (elsewhere: LIBSQLITE3_FLAGS=-DSQLITE_ENABLE_DBPAGE_VTAB \
         cargo build …)\n\
         Start it on the same database: what was erased until then is overwritten as well",
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_bauta_that_can_not_overwrite_what_was_erased_is_found_wrong() {
        assert_eq!(check(true).state, State::Ok);
        let Finding { state, mend, .. } = check(false);
        assert_eq!(state, State::Wrong);
        assert!(mend.is_some_and(|mend| mend.contains("LIBSQLITE3_FLAGS")));
    }
}
