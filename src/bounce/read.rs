//! From a mail to what it reports.

use super::status;
use super::words;
use crate::domain::{Cause, Report, ReportKind};
use crate::mail::{self, Automatic, Message};

/// So much of a report is read, in bytes: what it quotes of the mail stands at its end.
const READ: usize = 512 * 1024;
/// So much of its own words.
const WORDS: usize = 16 * 1024;

/// What a mail to a bounce address reports; nothing where it is no report that is understood.
/// `null_sender`: it came with the null reverse-path, as reports do (RFC 5321 §4.5.5).
pub fn read(raw: &[u8], null_sender: bool) -> Option<Report> {
    let raw = raw.get(..READ).unwrap_or(raw);
    let message = mail::read(raw);
    if part(raw, &message, "message/feedback-report").is_some() {
        let kind = ReportKind::Complaint;
        return Some(Report { kind, status: None, cause: Cause::Policy });
    }
    let text = words::folded(before_the_copy(&message.text.body));
    for kind in ["message/delivery-status", "message/global-delivery-status"] {
        let Some(found) = part(raw, &message, kind).and_then(|text| status::read(&text)) else {
            continue;
        };
        let said = words::folded(&found.diagnostic);
        let by_code = found.status.as_deref().map_or(Cause::Unknown, status::cause);
        // What the server said is more exact than a code that many set to 5.0.0.
        let cause = [words::cause(&said), by_code, words::cause(&text)]
            .into_iter()
            .find(|c| *c != Cause::Unknown)
            .unwrap_or(Cause::Unknown);
        return Some(Report { kind: found.kind, status: found.status, cause });
    }
    let subject = words::folded(&message.subject);
    let about = |kind, cause| Some(Report { kind, status: status::code(&text), cause });
    if words::says(&subject, "complaint") {
        return about(ReportKind::Complaint, Cause::Policy);
    }
    let system = from_a_mail_system(&message);
    // Whoever warns that it is tried still names a cause as whoever gives up does.
    if system && words::says(&subject, "delayed") {
        return about(ReportKind::Delayed, words::cause(&text));
    }
    // Nobody but a mail system gives a mail back from no sender.
    let gives_back = null_sender && message.automatic != Automatic::Replied && is_given_back(raw);
    let is_report = system || gives_back || (null_sender && words::says(&subject, "subject"));
    // The subject of an answer is that of the mail it answers, whatever that says of parcels: only
    // a mail system's own name makes it count (and some of those call their reports auto-replied).
    let is_answer = message.automatic == Automatic::Replied || words::says(&subject, "auto-reply");
    if !is_report || (is_answer && !system) {
        return answer(&message, &subject, &text, null_sender);
    }
    let by_subject = || words::kind(&subject).filter(|_| system);
    match words::kind(&text).or_else(by_subject) {
        Some(kind) => about(kind, words::cause(&text)),
        None => answer(&message, &subject, &text, null_sender),
    }
}

/// Out of office, and the machines that want to be convinced.
fn answer(message: &Message, subject: &str, text: &str, null_sender: bool) -> Option<Report> {
    let found = |kind| Some(Report { kind, status: None, cause: Cause::Unknown });
    if words::says(subject, "challenge") || words::says(text, "challenge") {
        return found(ReportKind::Challenge);
    }
    let automatic = message.automatic == Automatic::Replied || null_sender;
    let away = words::says(subject, "auto-reply") || words::says(text, "auto-reply");
    if message.automatic == Automatic::Replied || (automatic && away) {
        return found(ReportKind::AutoReply);
    }
    None
}

/// Whether it has a whole mail, or its header, in it. Asked of the lines, as what is in there was
/// taken apart with it.
fn is_given_back(raw: &[u8]) -> bool {
    const KINDS: [&str; 3] = ["message/rfc822", "message/global", "text/rfc822-headers"];
    raw.split(|b| *b == b'\n').filter_map(|line| line.split_at_checked(13)).any(|(name, kind)| {
        let kind = String::from_utf8_lossy(kind).trim().to_ascii_lowercase();
        name.eq_ignore_ascii_case(b"content-type:") && KINDS.iter().any(|k| kind.starts_with(k))
    })
}

/// The decoded text of the first part of this type.
fn part(raw: &[u8], message: &Message, content_type: &str) -> Option<String> {
    let part = message.attachments.iter().find(|a| a.content_type == content_type)?;
    Some(String::from_utf8_lossy(&part.content.decode(raw)).into_owned())
}

/// The report's own words, without the mail that it gives back.
fn before_the_copy(text: &str) -> &str {
    const COPIES: [&str; 7] = [
        "\n--- Below this line is a copy",
        "\n------ This is a copy of",
        "\n--- Original message",
        "\n----- Original message",
        "\n   ----- Original message",
        "\n----- Message header",
        "\n--- The header of the original",
    ];
    let end = COPIES.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let mut end = end.min(WORDS);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}

/// The names under which mail systems write.
fn from_a_mail_system(message: &Message) -> bool {
    const NAMES: [&str; 9] = [
        "post_master",
        "mailer-daemon",
        "mailerdaemon",
        "mail-daemon",
        "postmaster",
        "maildaemon",
        "mdaemon",
        "microsoftexchange",
        "bounce",
    ];
    message.from.iter().any(|from| {
        let local = from.address.split('@').next().unwrap_or_default().to_lowercase();
        let name = from.name.as_deref().unwrap_or_default().to_lowercase();
        NAMES.iter().any(|n| local.starts_with(n))
            || name.contains("mail delivery")
            || name.replace(' ', "-").contains("mailer-daemon")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(mail: &str) -> Option<ReportKind> {
        read(mail.replace('\n', "\r\n").as_bytes(), true).map(|r| r.kind)
    }

    const STANDARD: &str = "From: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail\nMIME-Version: 1.0\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n\
        Sorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n\
        Final-Recipient: rfc822; jane@mail.example\nAction: ACTION\nStatus: STATUS\n\
        Diagnostic-Code: smtp; 550 5.1.1 user unknown\n--b\nContent-Type: text/rfc822-headers\n\n\
        Subject: hi\n--b--\n";

    #[test]
    fn a_standard_report_says_what_its_fields_say() {
        let with = |action: &str, status: &str| {
            let mail = STANDARD.replace("ACTION", action).replace("STATUS", status);
            read(mail.replace('\n', "\r\n").as_bytes(), true).unwrap()
        };
        let failed = with("failed", "5.0.0");
        assert_eq!((failed.kind, failed.cause), (ReportKind::Failed, Cause::UserUnknown));
        assert_eq!(with("delayed", "4.4.1").kind, ReportKind::Delayed);
        assert_eq!(with("delivered", "2.0.0").kind, ReportKind::Delivered);
    }

    #[test]
    fn what_people_and_machines_write_is_told_apart() {
        let qmail = "From: MAILER-DAEMON@a.example\nSubject: failure notice\n\n\
            Hi. I wasn't able to deliver your message.\n<x@b.example>:\nno mailbox here by that name.\n";
        assert_eq!(report(qmail), Some(ReportKind::Failed));
        let away = "From: jane@mail.example\nAuto-Submitted: auto-replied\nSubject: Re: Lamp\n\nI am away.\n";
        assert_eq!(report(away), Some(ReportKind::AutoReply));
        let parcel = "From: jane@mail.example\nAuto-Submitted: auto-replied\n\
            Subject: Automatic reply: Undelivered mail: your parcel was returned to sender\n\nI am on holiday.\n";
        assert_eq!(report(parcel), Some(ReportKind::AutoReply), "the subject is ours");
        assert_eq!(
            report(&parcel.replace("Auto-Submitted: auto-replied\n", "")),
            Some(ReportKind::AutoReply)
        );
        let challenge = "From: jane@mail.example\nSubject: Please confirm your message\n\nClick.\n";
        assert_eq!(report(challenge), Some(ReportKind::Challenge));
        let warning = "From: MAILER-DAEMON@mx.example\nSubject: Warning--Could not send mail for past 8 hours\n\n\
            The following addresses had delivery errors: <x@b.example> [Connection timed out]\n";
        assert_eq!(report(warning), Some(ReportKind::Delayed), "it is tried still");
        let back = "From: no-reply@carrier.example\nSubject: Mail\nMIME-Version: 1.0\n\
            Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\
            Your mail could not be delivered: their mailbox is full.\n--b\n\
            Content-Type: message/rfc822\n\nSubject: hi\n\nHello\n--b--\n";
        assert_eq!(report(back), Some(ReportKind::Failed));
        let forwarded =
            back.replace("could not be delivered: their mailbox is full", "is forwarded");
        assert_eq!(report(&forwarded), None, "whoever forwards says nothing of a delivery");
        let person = "From: jane@mail.example\nSubject: my parcel\n\nIt was returned to sender!\n";
        assert_eq!(report(person), None, "a person's words are no report");
        assert_eq!(report(""), None);
    }
}
