//! Searching: whether the search index can be read. What it is made from is kept apart, so that a relay
//! makes anew what can't.

use std::path::Path;

use super::finding::Finding;
use crate::cli::beside;
use crate::store::StoreError;

const CHECK: &str = "search";

/// Nothing where there is no database yet.
pub(super) fn check(config: &Path) -> Option<Finding> {
    let damaged = beside(config, async |house| Ok(house.store.is_index_damaged().await?));
    match damaged {
        Ok(is_damaged) => Some(finding(is_damaged)),
        Err(error) if matches!(error.downcast_ref(), Some(StoreError::Missing(_))) => None,
        Err(error) => Some(Finding::unknown(
            CHECK,
            format!("the database could not be looked at: {error:#}"),
            "run this as the user that the relay runs as",
        )),
    }
}

fn finding(is_damaged: bool) -> Finding {
    if is_damaged {
        return Finding::wrong(
            CHECK,
            "a part of the search index is damaged: searches look through its messages one by one",
            "the relay makes that part anew while it runs, and logs when it is whole again.\n\
             What damaged it may have damaged more: look at the disk, and sqlite3 bauta.db 'PRAGMA \
             integrity_check'",
        );
    }
    Finding::ok(CHECK, "the search index can be read")
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_damaged_index_is_found_wrong() {
        assert_eq!(finding(false).state, State::Ok);
        assert_eq!(finding(true).state, State::Wrong);
    }
}
