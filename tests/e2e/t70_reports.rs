//! What comes back to bounce addresses: read and never passed on; a failure is told in our own
//! words, and nothing is guessed.

use crate::house::{House, JANE, SHOP};
use crate::letter::{Letter, bare};

/// A standard report, as a mail system far away writes it: with the recipient's real address.
pub fn report(to: &str, action: &str, status: &str) -> Letter {
    let text = format!(
        "--b\n\nYour mail to jane.roe@mail.example came to an end.\n--b\n\
         Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.mail.example\n\n\
         Final-Recipient: rfc822; jane.roe@mail.example\nAction: {action}\nStatus: {status}\n\
         Diagnostic-Code: smtp; 550 5.1.1 jane.roe@mail.example is unknown here\n--b\n\
         Content-Type: text/rfc822-headers\n\nTo: jane.roe@mail.example\n--b--\n"
    );
    Letter::new("Mail Delivery System <MAILER-DAEMON@mx.mail.example>", to, &text)
        .envelope_sender("")
        .subject("Undelivered Mail Returned to Sender")
        .header("Content-Type", "multipart/report; report-type=delivery-status; boundary=b")
}

#[test]
fn a_late_failure_turns_delivered_into_failed_and_is_told_in_our_own_words() {
    let mut house = House::open();
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    let bounces = house.passes(&answer).envelope_from;
    house.newest_is("delivered");
    house.send(&report(&bounces, "failed", "5.1.1")).is("250 2.0.0");
    let notice = house.smarthost.next();
    assert_eq!((notice.recipients.clone(), notice.envelope_from.as_str()), (vec![bare(SHOP)], ""));
    assert_eq!(notice.header("In-Reply-To"), Some(answer.id()));
    notice.holds_nothing_of(&["mail.example", "jane.roe", "Jane Roe", "MAILER-DAEMON", "550"]);
    let told = house.show(&house.newest_is("failed"));
    assert_eq!(told["reports"][0]["cause"], "user-unknown", "{told}");
    assert_eq!(told["notices"][0]["kind"], "failed", "{told}");

    // The same report once more changes nothing, and tells nobody.
    house.send(&report(&bounces, "failed", "5.1.1")).is("250 2.0.0");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn what_is_no_permanent_failure_is_recorded_and_changes_nothing() {
    let mut house = House::open();
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    let bounces = house.passes(&answer).envelope_from;
    house.newest_is("delivered");
    house.send(&report(&bounces, "delayed", "4.4.1")).is("250 2.0.0");
    let away = Letter::new(JANE, &bounces, "I am away until Monday.\n")
        .envelope_sender("")
        .subject("Out of office")
        .header("Auto-Submitted", "auto-replied");
    house.send(&away).is("250 2.0.0");
    let holiday = Letter::new(JANE, &bounces, "I am on holiday.\n")
        .envelope_sender("")
        .subject("Automatic reply: Undelivered mail: your parcel was returned to sender")
        .header("Auto-Submitted", "auto-replied");
    house.send(&holiday).is("250 2.0.0");
    let told = house.show(&house.newest_is("delivered"));
    let kinds: Vec<&str> =
        told["reports"].as_array().unwrap().iter().map(|r| r["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["delayed", "auto-reply", "auto-reply"]);
    assert_eq!(house.messages().len(), 1, "nothing of it is a message");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn whoever_writes_to_a_bounce_address_without_a_report_is_refused() {
    let mut house = House::open();
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    let bounces = house.passes(&answer).envelope_from;
    let letter = Letter::new(JANE, &bounces, "Thank you! Please call me.\n");
    house.send(&letter).is("550 5.7.1");
    let (local, domain) = bounces.split_once('@').unwrap();
    let (kept, last) = local.split_at(local.len() - 1);
    let guessed = format!("{kept}{}@{domain}", if last == "a" { "b" } else { "a" });
    house.send(&report(&guessed, "failed", "5.1.1")).is("550 5.1.1");
    house.newest_is("delivered");
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}

#[test]
fn a_shops_dead_mailbox_harms_no_buyers_alias() {
    let mut house = House::open();
    let question = Letter::new(JANE, &house.seller_of("O1"), "When does it arrive?\n");
    let bounces = house.passes(&question).envelope_from;
    house.newest_is("delivered");
    house.send(&report(&bounces, "failed", "5.2.2")).is("250 2.0.0");
    assert_eq!(house.smarthost.next().recipients, [bare(JANE)], "she is told");
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n"));
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "We are back.\n"));
}

#[test]
fn a_complaint_is_recorded_and_nobody_is_told_who_complained() {
    let mut house = House::open();
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    let bounces = house.passes(&answer).envelope_from;
    house.newest_is("delivered");
    // RFC 5965, as large providers send it when somebody presses "this is spam".
    let text = "--b\n\nThis is an email abuse report.\n--b\n\
        Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: Loop/1.0\n\
        Version: 1\nOriginal-Rcpt-To: jane.roe@mail.example\n--b\n\
        Content-Type: text/rfc822-headers\n\nTo: jane.roe@mail.example\n--b--\n";
    let complaint = Letter::new("Feedback <fbl@mail.example>", &bounces, text)
        .subject("Abuse report")
        .header("Content-Type", "multipart/report; report-type=feedback-report; boundary=b");
    house.send(&complaint).is("250 2.0.0");
    let told = house.show(&house.newest_is("delivered"));
    assert_eq!(told["reports"][0]["kind"], "complaint", "{told}");
    assert!(!told["reports"].to_string().contains("mail.example"), "{told}");
    house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "It has left.\n"));
    house.settle();
    assert_eq!(house.smarthost.rest(), []);
}
