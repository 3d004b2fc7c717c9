//! The sentences of reports that no machine can read. The phrases are data: `data/phrases.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::domain::{Cause, ReportKind};

const PHRASES: &str = include_str!("data/phrases.txt");

/// Phrases by section, lower case.
static SECTIONS: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut sections: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut section = "";
    for line in PHRASES.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(name) => section = name,
            None => sections.entry(section).or_default().push(line),
        }
    }
    sections
});

/// A text as its phrases are looked for: lower case, each stretch of white space one space.
pub(super) fn folded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase().replace('\u{2019}', "'")
}

/// Whether a folded text holds a phrase of a section.
pub(super) fn says(text: &str, section: &str) -> bool {
    SECTIONS.get(section).is_some_and(|phrases| phrases.iter().any(|p| text.contains(p)))
}

/// What a folded text says of the delivery, if anything.
pub(super) fn kind(text: &str) -> Option<ReportKind> {
    // Who writes that it is tried on writes of failures too.
    if says(text, "delayed") {
        return Some(ReportKind::Delayed);
    }
    let named = !matches!(cause(text), Cause::Unknown | Cause::Policy);
    let failed =
        named || says(text, "failed") || reply_code(text).is_some_and(|c| c.starts_with('5'));
    failed.then_some(ReportKind::Failed)
}

/// Why, by what a folded text says: the first that fits, the surest first.
pub(super) fn cause(text: &str) -> Cause {
    const CAUSES: [(&str, Cause); 7] = [
        ("mailbox-full", Cause::MailboxFull),
        ("mailbox-disabled", Cause::MailboxDisabled),
        ("user-unknown", Cause::UserUnknown),
        ("host-unknown", Cause::HostUnknown),
        ("too-large", Cause::TooLarge),
        ("policy", Cause::Policy),
        ("expired", Cause::Expired),
    ];
    let found = CAUSES.iter().find(|(section, _)| says(text, section));
    found.map_or(Cause::Unknown, |(_, cause)| *cause)
}

/// An SMTP reply code of a refusal (RFC 5321 §4.2.3), where it stands as one: at the beginning of
/// what a server said, before an enhanced code or its words.
fn reply_code(text: &str) -> Option<&str> {
    const CODES: [&str; 14] = [
        "421", "450", "451", "452", "500", "501", "502", "503", "504", "521", "550", "551", "552",
        "553",
    ];
    let mut words = text.split(' ').peekable();
    while let Some(word) = words.next() {
        let word = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let head = word.get(..3).unwrap_or_default();
        let alone = word.len() == 3 || word.as_bytes().get(3) == Some(&b'-');
        if (CODES.contains(&head) || head == "554") && alone && words.peek().is_some() {
            return Some(head);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_mail_systems_are_understood() {
        let check = |text: &str, expected: Option<ReportKind>, why| {
            let text = folded(text);
            assert_eq!((kind(&text), cause(&text)), (expected, why), "{text}");
        };
        let failed = Some(ReportKind::Failed);
        check("<x@y>:\n192.0.2.1 said: 550 5.1.1 No such\n user here", failed, Cause::UserUnknown);
        check("Sorry, I wasn't able to deliver; 552 mailbox is full", failed, Cause::MailboxFull);
        check(
            "Your message has been delayed. We will keep trying. 550",
            Some(ReportKind::Delayed),
            Cause::Unknown,
        );
        check("Die Nachricht konnte nicht zugestellt werden", failed, Cause::Unknown);
        check("I'll be back in 550 days", failed, Cause::Unknown);
        check("Thank you for your order", None, Cause::Unknown);
    }

    #[test]
    fn the_phrases_are_lower_case_and_every_section_has_some() {
        for (section, phrases) in &*SECTIONS {
            assert!(!phrases.is_empty(), "{section}");
            for phrase in phrases {
                assert_eq!(*phrase, folded(phrase), "{section}");
            }
        }
    }
}
