//! Which attachments go along with a mail that is relayed.

use super::attachment_type::{self, is_dropped};
use super::context::Context;
use super::image;
use super::rules::Rules;
use crate::domain::{Action, RuleId};
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
/// `number` is the attachment's among those of the message.
pub fn carries(
    rules: &Rules,
    context: &Context<'_>,
    attachment: &Attachment,
    number: usize,
) -> Carries {
    let direction = context.direction;
    let Some(inspected) = &attachment.inspected else { return Carries::LeftOut };
    if is_dropped(attachment) {
        return Carries::Dropped;
    }
    if !inspected.facts.is_clean() {
        return Carries::LeftOut;
    }
    let decided = attachment_type::find(attachment, direction)
        .and_then(|wrong| attachment_type::decide(rules, direction, &wrong));
    let redacts = rules.action(RuleId::Image, direction) == Some((Action::Redact, true));
    if redacts && image::find(rules, context, attachment, number).is_some() {
        return Carries::LeftOut;
    }
    match decided {
        Some((action, true)) if action >= Action::Redact => Carries::LeftOut,
        _ => Carries::Along,
    }
}
