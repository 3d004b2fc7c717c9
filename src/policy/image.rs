//! Rule `image`, of what a mail brings along: pictures that hide a contact in a QR code, and the
//! same picture for many buyers. Pictures that lie elsewhere are told apart in `fetched`.

use super::attachment_type::named;
use super::context::Context;
use super::judge;
use super::rules::Rules;
use crate::domain::Copies;
use crate::mail::Attachment;

/// The words of the finding, where this picture should not be shown. `number` is the attachment's
/// among those of the message.
pub(super) fn find(
    rules: &Rules,
    context: &Context<'_>,
    attachment: &Attachment,
    number: usize,
) -> Option<String> {
    let shown = attachment.inspected.as_ref()?.facts.shown.as_ref()?;
    let name = named(attachment);
    // What a code says is no more than a text: a serial number is nobody's contact.
    if let Some(code) = shown.codes.iter().find(|c| judge::tells_contact(rules, context, c)) {
        return Some(format!("{name} (QR code: {code})"));
    }
    if shown.unread {
        let (width, height) = (shown.width, shown.height);
        return Some(format!("{name} ({width} × {height} points, more than is looked through)"));
    }
    let sent = context.copies.and_then(|copies| copies.pictures.get(number)).copied();
    let sent = sent.filter(|sent| *sent >= rules.many)?;
    let more = if sent >= Copies::ENOUGH { " or more" } else { "" };
    Some(format!("{name} (the same picture went to {sent}{more} other buyers)"))
}
