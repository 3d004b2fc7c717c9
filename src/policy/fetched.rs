//! What a mail would fetch from elsewhere, told apart into `tracking` and `image`. None of it goes
//! out, whatever is decided here: `rewrite` writes no address of anything elsewhere.

use super::tracking;
use crate::domain::{Certainty, RuleId};
use crate::mail::{Message, Remote};

/// Findings of one rule: of a hundred pictures, ten say enough.
const MOST: usize = 10;

/// What is found, in the order of the mail; each once, by the most exact rule.
pub(super) fn find(message: &Message) -> Vec<(RuleId, Certainty, &Remote)> {
    let mut found: Vec<(RuleId, Certainty, &Remote)> = Vec::new();
    for remote in &message.remotes {
        let (rule, certainty) = match tracking::of(remote) {
            Some(certainty) => (RuleId::Tracking, certainty),
            None => (RuleId::Image, Certainty::Certain),
        };
        if found.iter().filter(|(other, ..)| *other == rule).count() < MOST {
            found.push((rule, certainty, remote));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::judge::judge;
    use super::super::rules::tests::policy;
    use super::super::{Context, Rules};
    use crate::config::Mode;
    use crate::domain::{Action, Direction, Part, Verdict};
    use crate::mail::{self, Message, sighting};

    fn read(head: &str, html: &str) -> Message {
        let head = head.replace('\n', "\r\n");
        mail::read(
            format!("From: a@b.example\r\n{head}Content-Type: text/html\r\n\r\n{html}\r\n")
                .as_bytes(),
        )
    }

    fn judged(message: &Message, direction: Direction, said: Option<&str>) -> Verdict {
        let rules = Rules::new(&policy(Mode::Enforce, &[]), &["msg.market.example".to_owned()]);
        let sightings = said.map(|said| sighting::sighted(&[said]));
        let context = Context {
            direction,
            proactive: false,
            sightings: sightings.as_ref(),
            known_ids: vec![],
            copies: None,
            question: None,
        };
        judge(&rules.unwrap(), &context, message)
    }

    /// What a seller's mail gives: rule, part, and the words of the text behind its place.
    fn check(head: &str, html: &str, expected: &[(&str, Part, &str)]) {
        let message = read(head, html);
        let verdict = judged(&message, Direction::SellerToBuyer, Some(""));
        let found: Vec<_> = verdict
            .findings
            .iter()
            .map(|f| {
                let behind = match f.part {
                    Part::Text => message.text.body[f.start..].trim(),
                    _ => "",
                };
                (f.rule.as_str(), f.part, behind.split_whitespace().next().unwrap_or_default())
            })
            .collect();
        assert_eq!(found, expected, "{html}");
        let expected = if found.is_empty() { Action::Allow } else { Action::Redact };
        assert_eq!(verdict.action, expected, "{html}");
    }

    #[test]
    fn each_thing_is_found_by_one_rule_at_its_place() {
        let (text, whole) = (Part::Text, Part::Message);
        check(
            "",
            "<p>Hello</p><img src=https://x.example/l.png><p>there</p>",
            &[("image", text, "there")],
        );
        check(
            "",
            "<p>Hello</p><img src=https://x.example/o.gif width=1 height=1><p>there</p>",
            &[("tracking", text, "there")],
        );
        check(
            "",
            "<p>Hello</p><div style='display:none'><img src=//x.example/l.png></div>",
            &[("tracking", text, "")],
        );
        check(
            "",
            "<style>@import '//x.example/a.css'</style><p>Hello</p>",
            &[("tracking", text, "Hello")],
        );
        check("", "<p background=http://x.example/b.png>Hello</p>", &[("image", text, "Hello")]);
        let asks = "Disposition-Notification-To: a@b.example\n";
        check(asks, "<p>Hello</p>", &[("tracking", whole, "")]);
        check("X-Confirm-Reading-To: a@b.example\n", "Hello", &[("tracking", whole, "")]);
        // Near misses: what the mail brings along, a number that is no size, an empty field.
        check("", "<p>Hello</p><img src=cid:1@x><i style='background:url(cid:1@x)'></i>", &[]);
        check("Disposition-Notification-To: \n", "<p>Hello</p>", &[]);
        check("X-Disposition-Notification-To: a@b.example\n", "<p>Hello</p>", &[]);
    }

    #[test]
    fn disguises_are_seen_through() {
        let text = Part::Text;
        for dot in [
            "<IMG SRC='&#104;ttps://x.example/a.gif' STYLE='width:1px;height:1px'>",
            "<img src='ht\ntps://x.example/a.gif' width='1px' height='1px'>",
            "<img srcset='https://x.example/a.gif 1x' width=0>",
            "<style>.t{display:none!important}</style><img class=t src=https://x.example/a.gif>",
            "<base href=https://x.example/><img src=a.gif width=1 height=1>",
            "<img src='\\\\x.example\\a.gif' width=1 height=1>",
            "<object data=https://x.example/a></object>",
            "<input type=image src=https://x.example/wf/open/a>",
            "<span style=\"visibility:hidden\"><img src=https://x.example/a.gif style='visibility:hidden'></span>",
        ] {
            check("", &format!("<p>Hello</p>{dot}"), &[("tracking", text, "")]);
        }
    }

    #[test]
    fn a_link_that_counts_its_readers_and_a_linked_logo_are_no_plain_links() {
        let wrapped = "<p>See <a href='https://u1.ct.sendgrid.net/ls/click?upn=a'>this</a></p>";
        let (verdict, text) =
            (judged(&read("", wrapped), Direction::SellerToBuyer, None), Part::Text);
        let found: Vec<_> = verdict.findings.iter().map(|f| (f.rule.as_str(), f.part)).collect();
        assert_eq!(found, [("tracking", text)]);
        assert!(!verdict.redactions(text).is_empty());
        let logo = |to: &str| {
            read(
                "",
                &format!(
                    "<p>It leaves on Monday.</p><p>Bob</p><a href='{to}'><img src='cid:1@x'></a>"
                ),
            )
        };
        let outside = judged(&logo("https://shop.example"), Direction::SellerToBuyer, None);
        let found: Vec<_> = outside.findings.iter().map(|f| (f.rule.as_str(), f.action)).collect();
        assert_eq!(found, [("linked-logo", Action::Redact)]);
        let allowed = judged(&logo("https://www.dhl.com/track"), Direction::SellerToBuyer, None);
        assert_eq!(allowed.findings, []);
    }

    #[test]
    fn what_was_quoted_is_cleaned_and_not_held_against_anybody() {
        let html = "<p>Thanks, fine!</p><blockquote>Your lamp of brass will leave our house<img \
            src=https://x.example/o.gif width=1 height=1> on Monday at noon</blockquote>";
        let said = "Your lamp of brass will leave our house on Monday at noon";
        let verdict = judged(&read("", html), Direction::BuyerToSeller, Some(said));
        assert_eq!((verdict.findings.len(), verdict.cleaned.len()), (0, 1), "{verdict:?}");
        let verdict = judged(&read("", html), Direction::BuyerToSeller, Some(""));
        assert_eq!((verdict.findings.len(), verdict.cleaned.len()), (1, 0), "{verdict:?}");
    }

    #[test]
    fn pictures_from_elsewhere_are_the_sellers_only_and_a_hundred_are_ten() {
        let many: String =
            (0..300).map(|n| format!("<img src=https://x.example/{n}.png>")).collect();
        let many = read("", &format!("<p>Hello</p>{many}"));
        assert_eq!(judged(&many, Direction::BuyerToSeller, None).findings, []);
        assert_eq!(judged(&many, Direction::SellerToBuyer, None).findings.len(), 10);
    }

    #[test]
    fn what_stands_in_a_form_that_is_not_relayed_is_found_too() {
        let html = "<p>Other words, altogether different.</p><img width=1 src=//x.example/a>";
        let raw = format!(
            "From: a@b.example\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\
             The lamp of brass leaves our house on Monday, when the carrier comes at noon.\r\n\
             --b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
        );
        let message = mail::read(raw.as_bytes());
        let verdict = judged(&message, Direction::BuyerToSeller, None);
        let found: Vec<_> = verdict.findings.iter().map(|f| (f.rule.as_str(), f.part)).collect();
        assert_eq!(found, [("tracking", Part::Alternative)], "{:?}", message.text.body);
    }
}
