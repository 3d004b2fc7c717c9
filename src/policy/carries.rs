//! Which attachments go along with a mail that is relayed.

use super::attachment_type::{self, is_dropped};
use super::rules::Rules;
use crate::domain::{Action, Direction};
use crate::mail::Attachment;

/// What becomes of an attachment of a mail that is relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    /// It goes along, cleaned.
    Along,
    /// It is left out, and the text says so.
    LeftOut,
    /// It is left out, and nobody misses it.
    Dropped,
}

/// What becomes of an attachment, by what was found in it and what the rules say.
pub fn carries(rules: &Rules, direction: Direction, attachment: &Attachment) -> Carries {
    let Some(inspected) = &attachment.inspected else { return Carries::LeftOut };
    if is_dropped(&inspected.facts) {
        return Carries::Dropped;
    }
    if !inspected.facts.is_clean() {
        return Carries::LeftOut;
    }
    let decided = attachment_type::find(attachment, direction)
        .and_then(|wrong| attachment_type::decide(rules, direction, &wrong));
    match decided {
        Some((action, true)) if action >= Action::Redact => Carries::LeftOut,
        _ => Carries::Along,
    }
}
