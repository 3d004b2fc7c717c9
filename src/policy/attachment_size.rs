//! Rule `attachment-size`: over 10 MB decoded in all, or more than 5 (PRODUCT §5).

use super::attachment_type::is_dropped;
use crate::mail::Message;

/// Bytes of all attachments, decoded.
const MOST_BYTES: usize = 10_000_000;
/// Attachments; a picture shown inline is none.
const MOST: usize = 5;

/// The limit and what was found, where it is over.
pub(super) fn find(message: &Message) -> Option<String> {
    let all = &message.attachments;
    let bytes = all.iter().map(|a| a.size).fold(0, usize::saturating_add);
    let counted = all.iter().filter(|a| !a.inline && !is_dropped(a)).count();
    if bytes > MOST_BYTES {
        let tenths = bytes.div_ceil(100_000);
        let (whole, tenth) = (tenths / 10, tenths % 10);
        Some(format!("{whole}.{tenth} MB of attachments; the limit is 10 MB"))
    } else if counted > MOST {
        Some(format!("{counted} attachments; the limit is {MOST}"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Attachment;

    #[test]
    fn the_limits_are_ten_megabytes_and_five_files() {
        let check = |count: usize, size: usize, inline, expected: Option<&str>| {
            let attachment = Attachment { size, inline, ..Attachment::default() };
            let attachments = vec![attachment; count];
            let message = Message { attachments, ..Message::default() };
            assert_eq!(find(&message).as_deref(), expected);
        };
        check(5, 2_000_000, false, None);
        check(5, 2_000_001, false, Some("10.1 MB of attachments; the limit is 10 MB"));
        check(6, 1, false, Some("6 attachments; the limit is 5"));
        check(12, 1, true, None);
    }
}
