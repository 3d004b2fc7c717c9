//! Our own mail to a sender: what became of a message, and what to do about it. No word of the
//! message itself stands in it but those that a rule found, and no address but aliases.

use super::address_texts::AddressTexts;
use super::compose::{ComposeError, Headers};
use super::draft::{Changes, Draft};
use super::notice_texts::NoticeTexts;
use super::review_texts::ReviewTexts;
use super::rule_texts::{more_text, own_text, rule_text};
use super::texts::Texts;
use super::thread::ThreadHeaders;
use crate::config::Messages;
use crate::domain::{
    AliasAddress, Language, MsgId, NoticeKind, Order, RealAddress, RuleId, Timestamp,
};
use crate::mail::Automatic;

/// What a notice says.
#[derive(Debug, Clone, Copy)]
pub enum Notice<'a> {
    /// A message that was accepted did not reach, or has not reached, the other side.
    Delivery {
        /// `Failed`, `Expired` or `Delayed`.
        kind: NoticeKind,
        /// The other side, as the reader knows it.
        name: &'a str,
        /// The order it was about.
        order: Option<&'a Order>,
        /// How long a delivery is tried in all.
        tried_for: std::time::Duration,
    },
    /// Of several recipients this one does not get it.
    NotPassedOn {
        /// The recipient, as the sender named it.
        alias: &'a AliasAddress,
        /// Why.
        reason: Reason,
        /// What a rule found, in the sender's own words.
        findings: &'a [(RuleId, String)],
        /// The only one.
        alone: bool,
    },
    /// A message waits for a person, or does not go on after it waited.
    Reviewed {
        /// `Held`, `Rejected` or `TimedOut`.
        kind: NoticeKind,
        /// The other side, as the reader knows it.
        name: &'a str,
        /// The order it was about.
        order: Option<&'a Order>,
        /// What rules found, in the sender's own words.
        findings: &'a [(RuleId, String)],
        /// Why a person decided so.
        reason: Option<&'a str>,
        /// What follows for the sender's account, where that is not told yet.
        account: Option<Counted>,
    },
    /// Something in a message was not allowed.
    Violation {
        /// It was refused; else it goes on with something taken out.
        refused: bool,
        /// The other side, as the reader knows it.
        name: &'a str,
        /// The order it was about.
        order: Option<&'a Order>,
        /// What rules found, in the sender's own words.
        findings: &'a [(RuleId, String)],
        /// What follows for the sender's account.
        account: Option<Counted>,
    },
    /// Something was decided about the reader's account.
    Account {
        /// What.
        what: AccountNotice,
        /// Until when, as a day.
        until: &'a str,
        /// Why.
        reason: Option<&'a str>,
    },
    /// Mail came from addresses that are not registered for the reader, who may have written it.
    NewAddress {
        /// Which; nothing else of that mail is told.
        addresses: &'a [RealAddress],
    },
    /// To an address that is to be registered.
    AddressCode {
        /// What its reader is to tell the marketplace.
        code: &'a str,
        /// For how long it is good.
        good_for: std::time::Duration,
    },
    /// To those who review, in English as all that operators read.
    ForReview {
        /// Of which kind.
        kind: NoticeKind,
        /// On one line.
        subject: &'a str,
        /// What is to be decided, and how.
        text: &'a str,
    },
}

/// What a violation does to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Nothing, for once.
    First,
    /// It counts.
    Strike,
}

/// What was decided about an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountNotice {
    /// A warning.
    Warned,
    /// Only answers for a while.
    ProactiveBlocked,
    /// Suspended.
    Suspended,
    /// As before.
    Restored,
    /// A violation counts no more.
    Excused,
}

impl Notice<'_> {
    /// What it is about.
    pub fn kind(&self) -> NoticeKind {
        match self {
            Self::Delivery { kind, .. }
            | Self::Reviewed { kind, .. }
            | Self::ForReview { kind, .. } => *kind,
            Self::Violation { .. } => NoticeKind::Violation,
            Self::Account { .. } => NoticeKind::Account,
            Self::NewAddress { .. } => NoticeKind::NewAddress,
            Self::AddressCode { .. } => NoticeKind::AddressCode,
            Self::NotPassedOn { .. } => NoticeKind::NotPassedOn,
        }
    }
}

/// Why a recipient does not get a message, as far as its sender is told (PRODUCT §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Not a registered address of the party that may write there.
    NotRegistered,
    /// The order is cancelled.
    OrderClosed,
    /// Blocked or closed, never which.
    Unreachable,
    /// The buyer takes answers only.
    OptedOut,
    /// Messages are off for what the marketplace ships.
    MessagingOff,
    /// The seller may not write now.
    Suspended,
    /// A seller's new mail names no order.
    NameTheOrder,
    /// Answered like an alias that never was.
    Unknown,
    /// A rule refused it.
    Rules,
    /// It could not be made safe to pass on.
    Unsafe,
}

/// Everything that a notice is written from. The same plan gives the same bytes.
#[derive(Debug, Clone, Copy)]
pub struct NoticePlan<'a> {
    /// Where it goes.
    pub reader: &'a RealAddress,
    /// The reader's language.
    pub language: Language,
    /// What it says.
    pub notice: Notice<'a>,
    /// `relay.marketplace`
    pub marketplace: &'a str,
    /// `policy.support_link`
    pub support_link: Option<&'a str>,
    /// What is to be changed, in the admin's words.
    pub own_texts: &'a Messages,
    /// `relay.alias_domain`: the notice is from the postmaster there.
    pub alias_domain: &'a str,
    /// Its Message-ID.
    pub msg_id: &'a MsgId,
    /// The reader's own mail that it is about.
    pub thread: &'a ThreadHeaders,
    /// When it is written.
    pub date: Timestamp,
}

/// Writes a notice: from the marketplace, with the null reverse-path and `Auto-Submitted:
/// auto-replied` (RFC 3834 §3.1.7, §5), so that no machine answers it.
///
/// # Errors
/// It could not be written.
pub fn compose_notice(plan: &NoticePlan<'_>) -> Result<Draft, ComposeError> {
    let texts = NoticeTexts::of(plan.language);
    let subject = subject(texts, plan);
    let text = text(texts, plan);
    let headers = Headers {
        name: plan.marketplace,
        // RFC 5321 §4.5.1: there is a postmaster, and a person behind.
        from: &AliasAddress::new("postmaster", plan.alias_domain),
        subject: &subject,
        date: plan.date,
        automatic: Automatic::Replied,
    };
    let bytes = headers.write(&plan.reader.reveal_for_mail(), plan.msg_id, plan.thread, &text)?;
    Ok(Draft {
        recipient: plan.reader.clone(),
        envelope_from: None,
        msg_id: plan.msg_id.clone(),
        subject,
        words: String::new(),
        text,
        html: None,
        recipient_view: bytes.clone(),
        bytes,
        changes: Changes::default(),
    })
}

fn subject(texts: &NoticeTexts, plan: &NoticePlan<'_>) -> String {
    let (head, order) = match plan.notice {
        Notice::Delivery { kind: NoticeKind::Delayed, order, .. } => (texts.delayed_subject, order),
        Notice::Delivery { order, .. } => (texts.failed_subject, order),
        Notice::NotPassedOn { alone: true, .. } => {
            (ReviewTexts::of(plan.language).refused_subject, None)
        }
        Notice::NotPassedOn { .. } => (texts.not_passed_on_subject, None),
        Notice::Reviewed { kind: NoticeKind::Held, order, .. } => {
            (ReviewTexts::of(plan.language).held_subject, order)
        }
        Notice::Reviewed { order, .. } => (ReviewTexts::of(plan.language).rejected_subject, order),
        Notice::ForReview { subject, .. } => (subject, None),
        Notice::Violation { refused: true, order, .. } => {
            (ReviewTexts::of(plan.language).refused_subject, order)
        }
        Notice::Violation { order, .. } => (ReviewTexts::of(plan.language).redacted_subject, order),
        Notice::Account { .. } => (ReviewTexts::of(plan.language).account_subject, None),
        Notice::NewAddress { .. } => (AddressTexts::of(plan.language).asked_subject, None),
        Notice::AddressCode { .. } => (AddressTexts::of(plan.language).code_subject, None),
    };
    match order {
        Some(order) => format!("{head} ({} {})", Texts::of(plan.language).order, order.id),
        None => head.to_owned(),
    }
}

fn text(texts: &NoticeTexts, plan: &NoticePlan<'_>) -> String {
    let mut paragraphs = match plan.notice {
        Notice::Delivery { kind, name, order, tried_for } => {
            let (what, todo) = match kind {
                NoticeKind::Delayed => (texts.delayed, texts.delayed_todo),
                NoticeKind::Expired => (texts.expired, texts.failed_todo),
                _ => (texts.failed, texts.failed_todo),
            };
            let filled = |text: &str| {
                let text = text.replace("{time}", &span(tried_for));
                fill(&text, plan, texts, order, name)
            };
            vec![filled(what), filled(todo)]
        }
        Notice::NotPassedOn { alias, reason, findings, alone } => {
            let refused_to = ReviewTexts::of(plan.language).refused_to;
            let head = if alone { refused_to } else { texts.not_passed_on };
            let head = head.replace("{alias}", &alias.to_string());
            let why = texts.reason(reason).replace("{marketplace}", plan.marketplace);
            let mut found = vec![head, why];
            found.extend(list(plan, findings));
            found
        }
        Notice::Reviewed { kind, name, order, findings, reason, account } => {
            let of = ReviewTexts::of(plan.language);
            let what = match kind {
                NoticeKind::Held => of.held,
                NoticeKind::TimedOut => of.timed_out,
                _ => of.rejected,
            };
            let mut said = vec![fill(what, plan, texts, order, name)];
            if let Some(reason) = reason {
                said.push(format!("{}\n{reason}", of.reason));
            }
            if let Some(list) = list(plan, findings) {
                said.push(format!("{}\n{list}", of.found));
            }
            said.extend(account.map(|counted| of.counted(counted)));
            if kind == NoticeKind::Held {
                said.push(of.held_todo.to_owned());
            }
            said
        }
        Notice::Violation { refused, name, order, findings, account } => {
            let of = ReviewTexts::of(plan.language);
            let what = if refused { of.refused } else { of.redacted };
            let mut said = vec![fill(what, plan, texts, order, name)];
            said.extend(list(plan, findings));
            said.extend(account.map(|counted| of.counted(counted)));
            said
        }
        Notice::Account { what, until, reason } => account(plan, what, until, reason),
        Notice::NewAddress { addresses } => {
            let of = AddressTexts::of(plan.language);
            let lines: Vec<String> =
                addresses.iter().map(|address| format!("- {}", address.reveal())).collect();
            vec![here(plan, of.asked), lines.join("\n"), here(plan, of.asked_todo)]
        }
        Notice::AddressCode { code, good_for } => {
            let of = AddressTexts::of(plan.language);
            let todo = of.code_todo.replace("{time}", &span(good_for));
            vec![here(plan, of.code), code.to_owned(), here(plan, &todo)]
        }
        Notice::ForReview { text, .. } => vec![text.to_owned()],
    };
    paragraphs.extend(more(plan));
    paragraphs.push(format!("-- \n{}", texts.machine.replace("{marketplace}", plan.marketplace)));
    format!("{}\n", paragraphs.join("\n\n"))
}

/// A sentence that names nothing but the marketplace.
fn here(plan: &NoticePlan<'_>, text: &str) -> String {
    text.replace("{marketplace}", plan.marketplace)
}

/// What was decided about an account, why, and how to appeal.
fn account(
    plan: &NoticePlan<'_>,
    what: AccountNotice,
    until: &str,
    reason: Option<&str>,
) -> Vec<String> {
    let of = ReviewTexts::of(plan.language);
    let text = match what {
        AccountNotice::Warned => of.warning,
        AccountNotice::ProactiveBlocked => of.proactive_blocked,
        AccountNotice::Suspended => of.suspended,
        AccountNotice::Restored => of.restored,
        AccountNotice::Excused => of.excused,
    };
    let filled =
        |text: &str| text.replace("{until}", until).replace("{marketplace}", plan.marketplace);
    let mut said = vec![filled(text)];
    said.extend(reason.map(|reason| format!("{}\n{reason}", of.reason)));
    if !matches!(what, AccountNotice::Restored | AccountNotice::Excused) {
        said.push(filled(of.appeal));
    }
    said
}

/// A sentence about a message, with its places filled.
fn fill(
    text: &str,
    plan: &NoticePlan<'_>,
    texts: &NoticeTexts,
    order: Option<&Order>,
    name: &str,
) -> String {
    let about = order.map_or_else(String::new, |o| texts.about.replace("{order}", o.id.as_str()));
    text.replace("{about}", &about)
        .replace("{marketplace}", plan.marketplace)
        // Last: a name that reads like a place to be filled stays as it is.
        .replace("{name}", name)
}

/// Where more about the rules stands, where one was broken.
fn more(plan: &NoticePlan<'_>) -> Option<String> {
    let (Notice::NotPassedOn { findings, .. }
    | Notice::Reviewed { findings, .. }
    | Notice::Violation { findings, .. }) = plan.notice
    else {
        return None;
    };
    let (link, (rule, _)) = (plan.support_link?, findings.first()?);
    Some(format!("{}: {}", more_text(plan.language), link.replace("{rule}", rule.as_str())))
}

/// What rules found and what to change, a line or two for each; none where there is nothing.
fn list(plan: &NoticePlan<'_>, findings: &[(RuleId, String)]) -> Option<String> {
    let lines: Vec<String> = findings
        .iter()
        .map(|(rule, words)| {
            let text = rule_text(*rule, plan.language);
            let own = own_text(plan.own_texts, *rule, plan.language);
            let change = own.unwrap_or(text.change);
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            let found = if words.is_empty() { words } else { format!(": {words}") };
            format!("- {} ({rule}){found}\n  {change}.", text.what)
        })
        .collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// `48 h`, `30 min`, `5 s`: the symbols of ISO 80000-3 need no language.
fn span(time: std::time::Duration) -> String {
    match time.as_secs() {
        secs if secs >= 3600 => format!("{} h", secs / 3600),
        secs if secs >= 60 => format!("{} min", secs / 60),
        secs => format!("{secs} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rewrite::frame::tests::order;

    fn write(language: Language, notice: Notice<'_>) -> Draft {
        let own = MsgId::new("mine@shop.example").unwrap();
        compose_notice(&NoticePlan {
            reader: &"cs@lamps.example".parse().unwrap(),
            language,
            notice,
            marketplace: "Lumo Market",
            support_link: Some("https://market.example/{rule}"),
            own_texts: &Messages::new(),
            alias_domain: "relay.example",
            msg_id: &MsgId::new("n1@relay.example").unwrap(),
            thread: &ThreadHeaders { in_reply_to: Some(own.clone()), references: vec![own] },
            date: Timestamp::EPOCH,
        })
        .unwrap()
    }

    #[test]
    fn every_notice_in_every_language_has_no_place_left_to_fill() {
        let (alias, order) = (AliasAddress::new("abc", "relay.example"), order());
        let findings = [(RuleId::PhoneNumber, "0171 234".to_owned())];
        let reasons = [
            Reason::NotRegistered,
            Reason::OrderClosed,
            Reason::Unreachable,
            Reason::OptedOut,
            Reason::MessagingOff,
            Reason::Suspended,
            Reason::NameTheOrder,
            Reason::Unknown,
            Reason::Rules,
            Reason::Unsafe,
        ];
        let tried_for = std::time::Duration::from_secs(48 * 3600);
        let kinds = [NoticeKind::Failed, NoticeKind::Expired, NoticeKind::Delayed];
        let deliveries = kinds.map(|kind| Notice::Delivery {
            kind,
            name: "Jane",
            order: Some(&order),
            tried_for,
        });
        let refusals = reasons.map(|reason| Notice::NotPassedOn {
            alias: &alias,
            reason,
            findings: &findings,
            alone: reason == Reason::Suspended,
        });
        let violations =
            [(true, Counted::First), (false, Counted::Strike)].map(|(refused, counted)| {
                Notice::Violation {
                    refused,
                    name: "Jane",
                    order: Some(&order),
                    findings: &findings,
                    account: Some(counted),
                }
            });
        let kinds = [NoticeKind::Held, NoticeKind::Rejected, NoticeKind::TimedOut];
        let reviews = kinds.map(|kind| Notice::Reviewed {
            kind,
            name: "Jane",
            order: Some(&order),
            findings: &findings,
            reason: Some("No."),
            account: Some(Counted::Strike),
        });
        for language in Language::ALL {
            for what in [
                AccountNotice::Warned,
                AccountNotice::ProactiveBlocked,
                AccountNotice::Suspended,
                AccountNotice::Restored,
                AccountNotice::Excused,
            ] {
                let draft = write(
                    language,
                    Notice::Account { what, until: "2026-12-12", reason: Some("No.") },
                );
                assert!(!draft.text.contains(['{', '}']), "{language}: {}", draft.text);
                assert!(draft.text.contains("No."), "{language}: {}", draft.text);
                let blocked = what == AccountNotice::ProactiveBlocked;
                assert_eq!(
                    draft.text.contains("2026-12-12"),
                    blocked,
                    "{language}: {}",
                    draft.text
                );
            }
            for notice in deliveries.iter().chain(&refusals).chain(&reviews).chain(&violations) {
                let draft = write(language, *notice);
                let all = format!("{}\n{}", draft.subject, draft.text);
                let explains = !matches!(notice, Notice::Delivery { .. });
                assert_eq!(
                    all.contains(": https://market.example/phone-number\n"),
                    explains,
                    "{all}"
                );
                assert!(!all.contains(['{', '}']), "{language}: {all}");
                assert!(all.contains("Lumo Market"), "{language}: {all}");
                let names = if matches!(notice, Notice::NotPassedOn { .. }) {
                    "abc@relay.example"
                } else {
                    "Jane"
                };
                assert!(all.contains(names), "{language}: {all}");
            }
            let address = "jane@other.example".parse().unwrap();
            let good_for = std::time::Duration::from_secs(24 * 3600);
            for (notice, said) in [
                (Notice::NewAddress { addresses: &[address] }, "- jane@other.example"),
                (Notice::AddressCode { code: "1234 5678", good_for }, "1234 5678"),
            ] {
                let draft = write(language, notice);
                assert!(!draft.text.contains(['{', '}']), "{language}: {}", draft.text);
                assert!(draft.text.contains(said), "{language}: {}", draft.text);
                assert!(draft.text.contains("Lumo Market"), "{language}: {}", draft.text);
            }
            let expired = write(language, deliveries[1]);
            assert!(expired.text.contains("48 h") && expired.subject.contains("O-1"), "{language}");
        }
    }

    #[test]
    fn no_machine_answers_a_notice_and_it_stands_in_its_readers_thread() {
        let draft = write(
            Language::De,
            Notice::Delivery {
                kind: NoticeKind::Failed,
                name: "Jane",
                order: None,
                tried_for: std::time::Duration::from_secs(60),
            },
        );
        assert_eq!(draft.envelope_from, None);
        let wire = String::from_utf8(draft.bytes).unwrap();
        for line in [
            "Auto-Submitted: auto-replied\r\n",
            "In-Reply-To: <mine@shop.example>\r\n",
            "From: \"Lumo Market\" <postmaster@relay.example>\r\n",
        ] {
            assert!(wire.contains(line), "{line} is not in {wire}");
        }
        assert!(wire.is_ascii());
    }
}
