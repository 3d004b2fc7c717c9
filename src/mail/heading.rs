//! The lines of a quoted header block ("From: … Sent: … To: … Subject: …").

use memchr::memchr2;

use super::introduction::bare;
use super::phrases::PHRASES;

/// Longest name of a field in bytes.
const LONGEST: usize = 40;

/// What a line of a quoted header block names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    From,
    Sent,
    To,
    Subject,
    Other,
}

/// The field of a header block that this line holds.
pub(super) fn heading(line: &str) -> Option<Heading> {
    // Most lines have no colon, of either width.
    memchr2(b':', 0xef, line.as_bytes())?;
    let line = bare(line);
    // Cells of a table come as "From: | Jane".
    let line = line.trim_start_matches(['|', ' ']);
    // Many have none at their beginning.
    let begins = line.as_bytes().get(..LONGEST + 3).unwrap_or(line.as_bytes());
    if !begins.iter().any(|byte| matches!(byte, b':' | 0xef)) {
        return None;
    }
    let mut head = line.char_indices().take_while(|(at, _)| *at <= LONGEST);
    let (at, _) = head.find(|(_, c)| matches!(c, ':' | '：'))?;
    let key = bare(line.get(..at)?).to_lowercase();
    // Orange's web mail: "Message du 23/11/26 18:26".
    let key = if key.starts_with("message du ") { "message du" } else { key.as_str() };
    let names = &*PHRASES;
    let kinds = [
        (&names.from, Heading::From),
        (&names.sent, Heading::Sent),
        (&names.subject, Heading::Subject),
        (&names.to, Heading::To),
        (&names.other, Heading::Other),
    ];
    kinds.into_iter().find(|(names, _)| names.contains(key)).map(|(_, kind)| kind)
}
