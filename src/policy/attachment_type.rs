//! Rule `attachment-type`: this version relays text only, so that whatever is attached can't go
//! along. A picture shown inline is no attachment (PRODUCT §5): the composer leaves a placeholder.

use crate::mail::Attachment;

/// The words of the finding, where this is an attachment.
pub(super) fn find(attachment: &Attachment) -> Option<String> {
    if attachment.inline && attachment.content_type.starts_with("image/") {
        return None;
    }
    let name = attachment.name.as_deref().unwrap_or("attachment without a name");
    Some(format!("{name} ({})", attachment.content_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: Option<&str>, content_type: &str, inline: bool, expected: Option<&str>) {
        let name = name.map(str::to_owned);
        let content_type = content_type.to_owned();
        let attachment =
            Attachment { name, content_type, inline, size: 10, ..Attachment::default() };
        assert_eq!(find(&attachment).as_deref(), expected);
    }

    #[test]
    fn whatever_is_attached_is_found_but_an_inline_picture() {
        check(Some("a.pdf"), "application/pdf", false, Some("a.pdf (application/pdf)"));
        check(Some("a.jpg"), "image/jpeg", false, Some("a.jpg (image/jpeg)"));
        check(None, "text/calendar", true, Some("attachment without a name (text/calendar)"));
        check(Some("logo.png"), "image/png", true, None);
    }
}
