//! From what is searched for to what is shown of it.

use serde::Serialize;

use super::query::Criteria;
use super::snippet::{has_phrases, readable, snippet};
use crate::alias::WordKey;
use crate::domain::Role;
use crate::mail::{self, Message};
use crate::store::{Found, MessageRow, Search, Store, StoreError};

/// So many messages that have the words of a phrase are held against it before a page is given out
/// short of its length.
const LOOKED_AT: usize = 5_000;

/// A message that was found.
#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    /// As in a list.
    #[serde(flatten)]
    pub row: MessageRow,
    /// The stretch of its view in which it was found.
    pub snippet: String,
}

/// The messages that fit, the newest first. The next page begins before the last one of them.
///
/// # Errors
/// The store could not be read.
pub async fn find(
    store: &Store,
    key: &WordKey,
    criteria: &Criteria,
) -> Result<Vec<Hit>, StoreError> {
    let wanted = usize::try_from(criteria.limit).unwrap_or(usize::MAX);
    let mut hits = Vec::new();
    let mut search = Search {
        wanted: criteria.wanted(key),
        since: criteria.since,
        until: criteria.until,
        before: criteria.before.clone(),
        limit: criteria.limit,
    };
    let mut looked_at = 0;
    loop {
        let found = store.search(search.clone()).await?;
        let last = found.last().map(|found| found.row.id.clone());
        let is_all = found.len() < usize::try_from(search.limit).unwrap_or(usize::MAX);
        looked_at += found.len();
        hits.extend(found.into_iter().filter_map(|found| shown(criteria, found)));
        hits.truncate(wanted);
        if is_all || last.is_none() || hits.len() >= wanted || looked_at >= LOOKED_AT {
            return Ok(hits);
        }
        search.before = last;
    }
}

/// What is shown of a message; nothing where its words only look like what is searched for.
fn shown(criteria: &Criteria, found: Found) -> Option<Hit> {
    let Found { row, sender_view, recipient_view } = found;
    let of_sender = [sender_view.as_deref(), recipient_view.as_deref()];
    let views: Vec<&[u8]> = match criteria.side {
        Some(side) if side == row.direction.sender() => {
            sender_view.as_deref().into_iter().collect()
        }
        Some(Role::Seller | Role::Buyer) => recipient_view.as_deref().into_iter().collect(),
        None => of_sender.into_iter().rev().flatten().collect(),
    };
    let mut shown: Option<String> = None;
    for view in views {
        let view: Message = mail::read(view);
        if !has_phrases(&criteria.query, &readable(&view)) {
            continue;
        }
        let snippet = snippet(&criteria.query, &view);
        if snippet.found || criteria.query.is_empty() {
            return Some(Hit { row, snippet: snippet.text });
        }
        shown.get_or_insert(snippet.text);
    }
    match shown {
        Some(snippet) => Some(Hit { row, snippet }),
        None if criteria.query.is_empty() => Some(Hit { row, snippet: String::new() }),
        None => None,
    }
}
