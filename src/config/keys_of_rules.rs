//! The keys of a rule: `[policy.rules.ID]` for Bauta's own, `[[policy.custom]]` for the admin's.

use super::key::{Absent, Key, key};
use super::kind::Kind;

/// As in `keys`, behind which they stand.
pub(super) const OF_RULES: &[Key] = &[
    key(
        "policy.rules.RULE-ID.mode",
        Kind::OneOf(&["observe", "enforce"]),
        Absent::Unset("\"observe\""),
        "This rule's own mode. Not set: policy.mode.",
    ),
    key(
        "policy.rules.RULE-ID.seller_to_buyer",
        Kind::OneOf(&["allow", "warn", "redact", "hold", "reject"]),
        Absent::Unset("\"redact\""),
        "What happens to a seller's message.",
    ),
    key(
        "policy.rules.RULE-ID.buyer_to_seller",
        Kind::OneOf(&["allow", "warn", "redact", "hold", "reject"]),
        Absent::Unset("\"redact\""),
        "What happens to a buyer's message.",
    ),
    key(
        "policy.rules.RULE-ID.strike",
        Kind::Flag,
        Absent::Unset("true"),
        "Whether a certain finding in a seller's message counts as a strike. Not set: as the rule does by default, and only where the message is redacted, held or rejected for it.",
    ),
    key(
        "policy.rules.RULE-ID.message",
        Kind::Messages,
        Absent::Unset("{ en = \"Leave that out\", de = \"Lassen Sie das weg\" }"),
        "What its sender is to change, in place of what Bauta says; a sender of another language reads the English one.",
    ),
    key(
        "policy.rules.RULE-ID.on_timeout",
        Kind::OneOf(&["reject", "release"]),
        Absent::Unset("\"reject\""),
        "What becomes of a message that this rule holds and that nobody decided about within review.timeout. \"release\": it goes on, unless something else holds it too.",
    ),
    key(
        "policy.custom.N.id",
        Kind::RuleName,
        Absent::Missing("\"no-fax\""),
        "Required. The rule's name in verdicts, replies and logs: small letters, digits and hyphens, at most 40.",
    ),
    key(
        "policy.custom.N.pattern",
        Kind::Pattern,
        Absent::Unset("'(?i)\\bfax(es)?\\b'"),
        "A regular expression in the syntax of Rust's regex crate, over the text as it was written; every match is a finding. In single quotes backslashes stand for themselves.",
    ),
    key(
        "policy.custom.N.words",
        Kind::Names,
        Absent::Unset("[\"fax machine\", \"telefax\"]"),
        "Words and names, found whole and in any case, also disguised (\"Tele-Fax\", \"t3l3fax\"). Pattern or words, or both, must be there.",
    ),
    key(
        "policy.custom.N.mode",
        Kind::OneOf(&["observe", "enforce"]),
        Absent::Unset("\"observe\""),
        "This rule's own mode. Not set: policy.mode.",
    ),
    key(
        "policy.custom.N.seller_to_buyer",
        Kind::OneOf(&["allow", "warn", "redact", "hold", "reject"]),
        Absent::Unset("\"redact\""),
        "What happens to a seller's message. Not set: \"allow\".",
    ),
    key(
        "policy.custom.N.buyer_to_seller",
        Kind::OneOf(&["allow", "warn", "redact", "hold", "reject"]),
        Absent::Unset("\"allow\""),
        "What happens to a buyer's message. Not set: \"allow\". One of the two must be something else.",
    ),
    key(
        "policy.custom.N.message",
        Kind::Messages,
        Absent::Unset("{ en = \"Don't send faxes\", de = \"Senden Sie kein Fax\" }"),
        "What its sender is to change, in the languages of your senders; a sender of another language reads the English one. Not set: that these words are not allowed here.",
    ),
    key(
        "policy.custom.N.strike",
        Kind::Flag,
        Absent::Unset("true"),
        "Whether a finding in a seller's message counts as a strike. Not set: false.",
    ),
];
