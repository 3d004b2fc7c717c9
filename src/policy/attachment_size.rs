//! Rule `attachment-size`: more than `policy.max_attachments`, or than `policy.max_attachments_size` of
//! them, decoded.

use super::attachment_type::is_dropped;
use crate::mail::Message;

/// The limit and what was found, where it is over: `most` attachments (a picture shown inline is none),
/// `bytes` in all.
pub(super) fn find(message: &Message, most: usize, most_bytes: usize) -> Option<String> {
    let all = &message.attachments;
    let bytes = all.iter().map(|a| a.size).fold(0, usize::saturating_add);
    let counted = all.iter().filter(|a| !a.inline && !is_dropped(a)).count();
    if bytes > most_bytes {
        let (found, limit) = (megabytes(bytes.div_ceil(100_000)), megabytes(most_bytes / 100_000));
        let limit = limit.trim_end_matches(".0");
        Some(format!("{found} MB of attachments; the limit is {limit} MB"))
    } else if counted > most {
        Some(format!("{counted} attachments; the limit is {most}"))
    } else {
        None
    }
}

fn megabytes(tenths: usize) -> String {
    format!("{}.{}", tenths / 10, tenths % 10)
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
            assert_eq!(find(&message, 5, 10_000_000).as_deref(), expected);
        };
        check(5, 2_000_000, false, None);
        check(5, 2_000_001, false, Some("10.1 MB of attachments; the limit is 10 MB"));
        check(6, 1, false, Some("6 attachments; the limit is 5"));
        check(12, 1, true, None);
        let attachments = vec![Attachment { size: 1_300_000, ..Attachment::default() }; 2];
        let message = Message { attachments, ..Message::default() };
        let told = find(&message, 1, 2_500_000).unwrap();
        assert_eq!(told, "2.6 MB of attachments; the limit is 2.5 MB");
        assert_eq!(find(&message, 1, 2_600_000).unwrap(), "2 attachments; the limit is 1");
    }
}
