//! Tolerances for real clients: each has a name, a date and a fixture.

/// **Space after the colon** (2026-11, `fixtures/smtp/quirk-space-after-colon.dialogue`).
/// `MAIL FROM: <a@b>`: RFC 5321 §3.3 forbids it and says that it is common. Old versions of
/// Outlook, PHP mailers and people at a telnet prompt send it; nothing is unclear about it.
pub fn space_after_colon(path: &str) -> &str {
    path.trim_start_matches(' ')
}
