//! What a face is told about a mail.

use crate::config::Policy;
use crate::domain::{Action, Finding, Language, MessageId, Part, RuleId, Verdict};
use crate::mail::Message;
use crate::market::Refusal;
use crate::market::limits::Limit;
use crate::rewrite::{
    all_in_ascii, in_ascii, language_of_replies, line_text, more_text, own_text, place_text,
    rule_text, spelled,
};
use crate::sender::Unproved;
use crate::store::{Accepted, Held, Refused, ReportStored};

/// What became of one mail for one recipient: one variant per row of PRODUCT §4's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Committed to disk together with everything that follows from it. Made
    /// from the store's seal only.
    Accepted {
        /// Our id of the message, or of the first one where this was the same mail again.
        id: MessageId,
    },
    /// Committed to disk, and waits for a person. Made from the store's seal only.
    Held {
        /// Our id of the message, or of the first one where this was the same mail again.
        id: MessageId,
    },
    /// A report about one of our deliveries: committed to disk.
    Reported,
    /// Mail to a bounce address that is no report which is understood.
    NoReport,
    /// The sender is not proved.
    Unproved(Unproved),
    /// A proved sender may not write here, or not now.
    Refused(Refusal),
    /// Over a limit; nothing was written, and the sender comes again.
    Limited(Limit),
    /// The policy says reject.
    Rejected(Explained),
    /// Refused, and told by our own mail in place of the reply (`sellers.refuse_by`).
    Noticed,
    /// It could not be written.
    Unwritable,
    /// Too much at once; nothing was written.
    TooBusy,
    /// The disk is full or the database can't be written; nothing was written.
    Storage,
}

impl Outcome {
    /// Whether the sender comes again.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::TooBusy | Self::Storage | Self::Limited(_) | Self::Unproved(Unproved::Temporary)
        )
    }

    /// Whether it is on disk, and its sender needs to do nothing more.
    pub(super) fn is_accepted(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Held { .. } | Self::Reported | Self::Noticed)
    }

    /// Why a mail was not admitted: who is not proved to this party hears what strangers hear.
    pub(super) fn not_admitted(why: Refusal) -> Self {
        match why {
            Refusal::Unproved(why) => Self::Unproved(why),
            why => Self::Refused(why),
        }
    }

    /// A 250 after DATA is built from the store's seal.
    pub(super) fn accepted(seal: &Accepted) -> Self {
        Self::Accepted { id: seal.message().clone() }
    }

    /// A 250 after DATA is built from the store's seal.
    pub(super) fn held(seal: &Held) -> Self {
        Self::Held { id: seal.message().clone() }
    }

    /// A 250 after DATA is built from the store's seal.
    pub(super) fn reported(_seal: &ReportStored) -> Self {
        Self::Reported
    }

    /// A 550 that names violations is built from the store's seal.
    pub(super) fn rejected(_seal: &Refused, explained: Explained) -> Self {
        Self::Rejected(explained)
    }

    /// The same where a notice that is committed with it tells of it: then it must be archived.
    pub(super) fn noticed(seal: &Refused) -> Option<Self> {
        seal.is_archived().then_some(Self::Noticed)
    }
}

/// A refusal by the policy, as far as its sender is told; at least one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Explained {
    /// One for each violation.
    pub lines: Vec<RejectLine>,
    /// Where more about it stands, with a word before it.
    pub more: Option<String>,
}

/// One violation, as far as its sender is told, in the sender's language and in ASCII.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectLine {
    /// Which rule.
    pub rule: RuleId,
    /// What to change.
    pub change: String,
    /// Where, as in `in the subject`.
    pub place: String,
    /// The sender's own words that were found.
    pub words: String,
    /// The same as far as ASCII can write them; none where they could not be known again.
    pub spelled: String,
}

impl RejectLine {
    /// What a sender who reads this language is told.
    pub fn new(rule: RuleId, part: Part, words: &str, language: Language) -> Self {
        let language = language_of_replies(language);
        Self {
            rule,
            change: in_ascii(rule_text(rule, language).change),
            place: in_ascii(place_text(part, language)),
            words: words.to_owned(),
            spelled: spelled(words).unwrap_or_default(),
        }
    }

    /// Says the line where words stand that ASCII can't write.
    fn in_line(mut self, line: Option<usize>, language: Language) -> Self {
        if let (Some(line), true) = (line, self.spelled.is_empty() && !self.words.is_empty()) {
            let before = in_ascii(line_text(language_of_replies(language)));
            self.place.push_str(&format!(", {before} {line}"));
        }
        self
    }
}

impl Explained {
    /// Every finding that does something, the strongest first, so that one correction is enough; as
    /// the policy explains them.
    pub(super) fn of(
        verdict: &Verdict,
        message: &Message,
        language: Language,
        policy: &Policy,
    ) -> Self {
        let acts = |f: &&Finding| f.enforced && f.action >= Action::Redact;
        let mut found: Vec<&Finding> = verdict.findings.iter().filter(acts).collect();
        found.sort_by_key(|f| std::cmp::Reverse(f.action));
        let line = |f: &Finding| {
            let line = RejectLine::new(f.rule, f.part, &f.words, language);
            let line = line.in_line(line_of(message, f), language);
            let own = own_text(&policy.messages, f.rule, language_of_replies(language));
            match own.and_then(all_in_ascii) {
                Some(change) => RejectLine { change, ..line },
                None => line,
            }
        };
        let lines: Vec<RejectLine> = found.into_iter().map(line).collect();
        let link = policy.support_link.as_deref();
        let more = lines.first().zip(link).map(|(first, link)| {
            let more = in_ascii(more_text(language_of_replies(language)));
            format!("{more}: {}", link.replace("{rule}", first.rule.as_str()))
        });
        Self { lines, more }
    }
}

/// In which line of a text something was found.
fn line_of(message: &Message, finding: &Finding) -> Option<usize> {
    let text = match finding.part {
        Part::Text => &message.text.body,
        Part::Alternative => &message.otherwise.body,
        _ => return None,
    };
    text.get(..finding.start).map(|before| before.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;
    use crate::domain::Certainty;
    use crate::mail::Text;

    fn policy(more: &str) -> Policy {
        let text = format!(
            "[relay]\nhostname = \"relay.example\"\nalias_domain = \"alias.example\"\n\
             marketplace = \"Lumo Market\"\n[senders]\nverify = \"address\"\n\
             [delivery]\nroute = \"smarthost\"\nsmarthost = \"[::1]:26\"\n{more}"
        );
        Config::parse(&text, Path::new("/etc/bauta.toml")).unwrap().policy
    }

    fn finding(rule: RuleId, action: Action, words: &str, body: &str) -> Finding {
        let start = body.find(words).unwrap();
        Finding {
            rule,
            action,
            enforced: true,
            certainty: Certainty::Certain,
            part: Part::Text,
            start,
            end: start + words.len(),
            words: words.to_owned(),
        }
    }

    #[test]
    fn a_refusal_names_all_that_is_to_be_changed_the_strongest_first() {
        let body = "Call 0171 234567.\nLeave a review!\nAnd 0171 234568.";
        let phone = |words| finding(RuleId::PhoneNumber, Action::Redact, words, body);
        let logo = finding(RuleId::LinkedLogo, Action::Warn, "And", body);
        let watched = Finding { enforced: false, ..phone("And") };
        let review = finding(RuleId::ReviewSolicitation, Action::Reject, "Leave a review", body);
        let findings = vec![phone("0171 234567"), logo, watched, review, phone("0171 234568")];
        let verdict = Verdict::new(findings, vec![]);
        let text = Text { body: body.to_owned(), ..Text::default() };
        let message = Message { text, ..Message::default() };
        let link = "[policy]\nsupport_link = \"https://m.example/{rule}\"\n";
        let told = Explained::of(&verdict, &message, Language::En, &policy(link));
        let words: Vec<&str> = told.lines.iter().map(|line| line.spelled.as_str()).collect();
        assert_eq!(words, ["Leave a review", "0171 234567", "0171 234568"]);
        assert_eq!(told.more.as_deref(), Some("More: https://m.example/review-solicitation"));
    }

    #[test]
    fn words_that_ascii_can_not_write_are_told_by_their_line() {
        let body = "ご注文\n\n高評価をお願いします。\nRückgabe: grüne Straße";
        let find = |words| finding(RuleId::Promotion, Action::Reject, words, body);
        let findings = vec![find("高評価"), find("grüne Straße")];
        let verdict = Verdict::new(findings, vec![]);
        let text = Text { body: body.to_owned(), ..Text::default() };
        let message = Message { text, ..Message::default() };
        let told = Explained::of(&verdict, &message, Language::Ja, &policy(""));
        let [japanese, german] = &told.lines[..] else { panic!("{told:?}") };
        assert_eq!((japanese.place.as_str(), &*japanese.spelled), ("in the text, line 3", ""));
        assert_eq!(japanese.words, "高評価", "a notice can write it");
        assert_eq!((german.place.as_str(), &*german.spelled), ("in the text", "gruene Strasse"));
    }
}
