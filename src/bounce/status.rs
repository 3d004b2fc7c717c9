//! The machine's part of a report: `message/delivery-status` (RFC 3464 §2).

use crate::domain::{Cause, ReportKind};

/// What it says of one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PerRecipient {
    pub(super) kind: ReportKind,
    pub(super) status: Option<String>,
    pub(super) diagnostic: String,
}

/// Reads the groups of fields of a delivery-status; of several recipients the worst counts: we
/// send to one, so others are members of a list behind it.
pub(super) fn read(text: &str) -> Option<PerRecipient> {
    let groups = unfolded(text);
    let found = groups.iter().filter_map(recipient);
    found.min_by_key(|r| match r.kind {
        ReportKind::Failed => 0,
        ReportKind::Delayed => 1,
        _ => 2,
    })
}

type Group = Vec<(String, String)>;

/// Fields in groups with a blank line between, continued lines joined (RFC 822 folding).
fn unfolded(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = vec![vec![]];
    for line in text.lines() {
        let Some(group) = groups.last_mut() else { break };
        if line.trim().is_empty() {
            groups.push(vec![]);
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = group.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups
}

fn recipient(group: &Group) -> Option<PerRecipient> {
    let value = |wanted: &str| group.iter().find(|(n, _)| n == wanted).map(|(_, v)| v.as_str());
    let diagnostic = value("diagnostic-code").unwrap_or_default().to_owned();
    let status = value("status").and_then(code).or_else(|| code(&diagnostic));
    // RFC 3464 §2.3.3; some systems add a comment, some leave the field out.
    let action = value("action").unwrap_or_default().to_ascii_lowercase();
    let action = action.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let kind = match action {
        "failed" | "failure" | "failed-permanent" => ReportKind::Failed,
        "delayed" => ReportKind::Delayed,
        "delivered" | "relayed" | "expanded" | "deliverable" => ReportKind::Delivered,
        _ => match status.as_deref()?.chars().next()? {
            '5' => ReportKind::Failed,
            '4' => ReportKind::Delayed,
            '2' => ReportKind::Delivered,
            _ => return None,
        },
    };
    Some(PerRecipient { kind, status, diagnostic })
}

/// The first status code of RFC 3463 §2 in a text: `5.1.1`.
pub(super) fn code(text: &str) -> Option<String> {
    text.split(|c: char| !(c.is_ascii_digit() || c == '.')).find_map(|word| {
        let word = word.trim_matches('.');
        let parts: Vec<&str> = word.split('.').collect();
        let [class, subject, detail] = parts.as_slice() else { return None };
        let short = |p: &str| (1..=3).contains(&p.len());
        (matches!(*class, "2" | "4" | "5") && short(subject) && short(detail))
            .then(|| word.to_owned())
    })
}

/// What a status code says (RFC 3463 §3, and the codes registered since).
pub(super) fn cause(status: &str) -> Cause {
    let mut parts = status.split('.').skip(1);
    let (subject, detail) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match (subject, detail) {
        ("1", "0" | "1" | "3" | "6") => Cause::UserUnknown,
        ("1", "2" | "10") => Cause::HostUnknown,
        ("2", "1") => Cause::MailboxDisabled,
        ("2", "2") | ("3", "1") => Cause::MailboxFull,
        ("2", "3") | ("3", "4") => Cause::TooLarge,
        ("4", "7") => Cause::Expired,
        ("4", "4") => Cause::HostUnknown,
        ("4", _) | ("3" | "5", _) => Cause::System,
        ("7", _) => Cause::Policy,
        _ => Cause::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_recipient_counts_and_folded_fields_are_whole() {
        let text = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n\
            Action: relayed\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; c@b.example\n\
            Action: FAILED (bounced)\nStatus: 5.0.0 (permanent)\nDiagnostic-Code: smtp; 550\n  5.1.1 no such user\n";
        let found = read(text).unwrap();
        assert_eq!((found.kind, found.status.as_deref()), (ReportKind::Failed, Some("5.0.0")));
        assert_eq!(found.diagnostic, "smtp; 550 5.1.1 no such user");
    }

    #[test]
    fn without_an_action_the_class_of_the_status_decides() {
        let check = |fields: &str, expected| {
            assert_eq!(read(fields).map(|r| r.kind), expected, "{fields}");
        };
        check("Status: 5.1.1", Some(ReportKind::Failed));
        check("Status: 4.4.1", Some(ReportKind::Delayed));
        check("Action: failed\nStatus: 4.4.7", Some(ReportKind::Failed));
        check("Action: delayed\nStatus: 4.4.1", Some(ReportKind::Delayed));
        check("Diagnostic-Code: smtp; 550 #5.1.1 unknown", Some(ReportKind::Failed));
        check("Reporting-MTA: dns; mx.example", None);
        check("", None);
    }

    #[test]
    fn a_code_is_no_address_and_no_version() {
        assert_eq!(code("host 192.0.2.1 said 550 5.7.26 no"), Some("5.7.26".to_owned()));
        assert_eq!(code("exim 4.94.2"), Some("4.94.2".to_owned()), "only asked of diagnostics");
        assert_eq!(code("1.2.3 and 5.1 and 5.1.1.1"), None);
    }
}
