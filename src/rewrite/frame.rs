//! The frame: the short block below a relayed text that says who writes, about which order, and
//! how to answer. Recognised and cut when an answer quotes it, so it never piles up (PRODUCT §6).
//!
//! It stands between two rules of `=`, which survive quoting, re-wrapping and a trip through HTML:
//!
//! ```text
//! ==== Order O1 ====
//! Jane writes to you. (Brass lamp)
//! To answer, just reply to this mail. …
//! ====================
//! ```

use std::ops::Range;

use memchr::memmem;

use super::texts::Texts;
use crate::domain::{Language, Order, OrderId, lines_of};

const RULE: &str = "====";
/// Characters of a line.
const WIDTH: usize = 72;
const END: &str = "====================";
/// A quoted frame may be wrapped; a longer stretch between two rules is somebody's own text.
const MOST_LINES: usize = 16;

/// Writes the frame; `warns`: with a warning never to pay elsewhere (PRODUCT §5).
pub fn write(
    language: Language,
    name: &str,
    order: Option<&Order>,
    (marketplace, warns): (&str, bool),
) -> String {
    let texts = Texts::of(language);
    let head = match order {
        Some(order) => format!("{} {}", texts.order, order.id),
        None => texts.question.to_owned(),
    };
    let mut who = texts.writes(name);
    if let Some(order) = order.filter(|o| !o.items.is_empty()) {
        let items: String = order.items.join(", ").chars().take(120).collect();
        who = format!("{who} ({items})");
    }
    let warning = if warns { texts.warning(marketplace) + "\n" } else { String::new() };
    format!("{RULE} {head} {RULE}\n{who}\n{}\n{warning}{END}\n", texts.answer(marketplace))
}

/// A frame in lines that a mail may have as they are (RFC 5322 §2.1.1), also with a quote's marks.
pub fn wrapped(frame: &str) -> String {
    let mut wrapped = String::with_capacity(frame.len());
    for line in frame.lines() {
        let mut width = 0;
        // A rule is known by its two ends.
        let is_rule = line.starts_with(RULE);
        for (number, word) in line.split(' ').enumerate() {
            let more = word.chars().count();
            match number {
                0 => {}
                // What begins so passes for a quote's mark.
                _ if width + 1 + more > WIDTH && !is_rule && !word.starts_with(['|', '>', '*']) => {
                    wrapped.push('\n');
                    width = 0;
                }
                _ => {
                    wrapped.push(' ');
                    width += 1;
                }
            }
            wrapped.push_str(word);
            width += more;
        }
        wrapped.push('\n');
    }
    wrapped
}

/// A frame of ours in somebody's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whole lines that are ours, in bytes: an answer that somebody wrote in between is not.
    pub ranges: Vec<Range<usize>>,
    /// The order it names.
    pub order: Option<OrderId>,
}

/// A line of a text, as far as a frame is concerned.
struct Line<'a> {
    range: Range<usize>,
    /// What stands before its words: quote marks.
    marks: usize,
    words: &'a str,
}

/// Finds every frame in a text, also quoted. Where the lines between its two rules are not what we
/// write there, only the rules are ours.
pub fn find(text: &str) -> Vec<Found> {
    if memmem::find(text.as_bytes(), RULE.as_bytes()).is_none() {
        return vec![];
    }
    let mut at = 0;
    let mut lines: Vec<Line<'_>> = Vec::new();
    for line in lines_of(text) {
        let words = unquoted(line);
        let marks = line.chars().take_while(|c| matches!(c, '>' | '|' | ' ')).filter(|c| *c != ' ');
        lines.push(Line { range: at..at + line.len(), marks: marks.count(), words });
        at += line.len();
    }
    let mut found = Vec::new();
    let mut rest = lines.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let Some(order) = first_line(first.words) else { continue };
        let end = tail.iter().take(MOST_LINES).position(|l| is_end(l.words));
        let mut ranges = vec![first.range.clone()];
        if let Some((inner, last)) = end.and_then(|end| Some((tail.get(..end)?, tail.get(end)?))) {
            let ours: Vec<&Line<'_>> = inner.iter().filter(|l| l.marks == first.marks).collect();
            if is_ours(&ours) {
                ranges.extend(ours.iter().map(|l| l.range.clone()));
            }
            ranges.push(last.range.clone());
        }
        found.push(Found { ranges, order });
    }
    found
}

fn is_end(words: &str) -> bool {
    words.len() >= 16 && words.bytes().all(|b| b == b'=')
}

/// Whether these lines, however they are wrapped, are the two sentences of a frame.
fn is_ours(lines: &[&Line<'_>]) -> bool {
    let said: String =
        lines.iter().flat_map(|l| l.words.chars()).filter(|c| !c.is_whitespace()).collect();
    Language::ALL.iter().any(|l| {
        let texts = Texts::of(*l);
        // The name, the items and the marketplace may be anything, but not long.
        let writes = texts.writes("\u{0}").replace(char::is_whitespace, "");
        let answer = texts.answer("\u{0}").replace(char::is_whitespace, "");
        let (Some((before, behind)), Some((head, foot))) =
            (writes.split_once('\u{0}'), answer.split_once('\u{0}'))
        else {
            return false;
        };
        let said = without_warning(&said, texts);
        let Some(rest) = said.strip_prefix(before).and_then(|r| r.strip_suffix(foot)) else {
            return false;
        };
        let Some((name, rest)) = rest.split_once(behind) else { return false };
        let Some((items, marketplace)) = rest.split_once(head) else { return false };
        let in_brackets = items.is_empty() || (items.starts_with('(') && items.ends_with(')'));
        in_brackets && [name, items, marketplace].iter().all(|t| t.chars().count() <= 130)
    })
}

/// What stands before the warning at the end; all of it where there is none.
fn without_warning<'a>(said: &'a str, texts: &Texts) -> &'a str {
    let warning = texts.warning("\u{0}").replace(char::is_whitespace, "");
    let Some((head, foot)) = warning.split_once('\u{0}') else { return said };
    let Some(inner) = said.strip_suffix(foot) else { return said };
    inner.rfind(head).and_then(|at| inner.get(..at)).unwrap_or(said)
}

/// The line without quote marks and white space.
fn unquoted(line: &str) -> &str {
    line.trim_matches(|c: char| c.is_whitespace() || c == '>' || c == '|' || c == '*')
}

/// `==== Order O1 ====` in any language: the order, if it names one.
fn first_line(words: &str) -> Option<Option<OrderId>> {
    let inner = words.strip_prefix(RULE)?.strip_suffix(RULE)?.trim();
    Language::ALL.iter().map(|l| Texts::of(*l)).find_map(|texts| {
        if inner == texts.question {
            return Some(None);
        }
        let id = inner.strip_prefix(texts.order)?.trim();
        id.parse().ok().map(Some)
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::{Fulfilment, OrderStatus, Timestamp};

    pub fn order() -> Order {
        Order {
            id: "O-1".parse().unwrap(),
            seller: "S1".parse().unwrap(),
            buyer: "B1".parse().unwrap(),
            items: vec!["Brass lamp".into()],
            status: OrderStatus::Open,
            fulfilled_by: Fulfilment::Seller,
            placed: None,
            delivered: None,
            tracking: None,
            dispute: false,
            registered_at: Timestamp::EPOCH,
            cancelled_at: None,
        }
    }

    fn without_frames(text: &str) -> String {
        let mut rest = text.to_owned();
        let ours: Vec<_> = find(text).into_iter().flat_map(|f| f.ranges).collect();
        for range in ours.into_iter().rev() {
            rest.replace_range(range, "");
        }
        rest
    }

    #[test]
    fn a_frame_is_found_again_in_every_language_and_names_its_order() {
        for language in Language::ALL {
            for warns in [false, true] {
                let frame = write(language, "Jane", Some(&order()), ("Lumo Market", warns));
                let text = format!("Thanks!\n\n{frame}");
                assert_eq!(find(&text)[0].order, Some("O-1".parse().unwrap()), "{language}");
                assert_eq!(without_frames(&text), "Thanks!\n\n", "{language}");
            }
        }
    }

    #[test]
    fn a_quoted_and_wrapped_frame_is_cut_and_what_stands_around_it_stays() {
        let frame = write(Language::En, "Jane", Some(&order()), ("Lumo Market", false));
        let quoted: String =
            frame.replace(", ", ",\n").lines().map(|l| format!("> > {l}\n")).collect();
        let text = format!("Yes.\n> before\n{quoted}> after\n");
        assert_eq!(without_frames(&text), "Yes.\n> before\n> after\n");
    }

    #[test]
    fn a_frame_that_goes_out_is_found_again_whatever_marks_stand_in_it() {
        let items = [
            "Brass desk lamp 1920s | green shade | Art Deco | E27 | 40 cm | fine",
            "Lamp > shade > bulb, with | and > and * in it * and a very long description",
            "| | | > > > * * * | | | > > > * * * | | | > > > * * * | | | > > > *",
        ];
        for (items, name) in
            items.iter().flat_map(|i| ["Lamp | Shop", "A > B", "C"].map(|n| (i, n)))
        {
            let order = Order { items: vec![(*items).to_owned()], ..order() };
            let frame =
                super::wrapped(&write(Language::De, name, Some(&order), ("Market | Place", true)));
            for mark in ["", "> ", ">> ", "| "] {
                let quoted = each_line(&frame, mark, "\n");
                assert_eq!(without_frames(&quoted).trim(), "", "{quoted}");
            }
        }
    }

    #[test]
    fn rules_that_a_person_drew_are_left_alone() {
        for text in [
            "==== SALE ====\nhello\n====================\n",
            "====================\ntext\n====================\n",
            "==== Order of the day ====\n",
        ] {
            assert_eq!(without_frames(text), text);
        }
    }

    #[test]
    fn words_that_somebody_wrote_inside_of_a_frame_stay() {
        let frame = write(Language::En, "Jane", Some(&order()), ("Lumo Market", false));
        let quoted: Vec<String> = frame.lines().map(|l| format!("> {l}\n")).collect();
        let inside = "Please CANCEL my order, I answer in here.\n";
        let text = [&quoted[0], &quoted[1], inside, &quoted[2], &quoted[3], "bye\n"].concat();
        assert_eq!(without_frames(&text), format!("{inside}bye\n"));
        let unmarked: Vec<&str> = frame.split_inclusive('\n').collect();
        let text = [unmarked[0], unmarked[1], inside, unmarked[2], unmarked[3]].concat();
        assert!(without_frames(&text).contains(inside));
    }

    #[test]
    fn a_frame_that_lost_its_end_takes_nothing_of_the_person_with_it() {
        let own = "my own words\n".repeat(30);
        let text = format!("> ==== Order O-1 ====\n{own}");
        assert_eq!(without_frames(&text), own);
    }

    /// Lines no longer than this, as a program wraps them that quotes.
    fn wrapped(text: &str, width: usize) -> String {
        let mut out = String::new();
        for line in text.lines() {
            let mut used = 0;
            for word in line.split_inclusive(' ') {
                let long = word.chars().count();
                if used > 0 && used + long > width {
                    out.push('\n');
                    used = 0;
                }
                // Where no spaces part words, between any two characters.
                for c in word.chars() {
                    if used >= width && !c.is_ascii() {
                        out.push('\n');
                        used = 0;
                    }
                    out.push(c);
                    used += 1;
                }
            }
            out.push('\n');
        }
        out
    }

    fn each_line(text: &str, before: &str, behind: &str) -> String {
        text.lines().map(|line| format!("{before}{line}{behind}")).collect()
    }

    /// A mail's text, as it is read, in which this was quoted below an answer.
    fn answers(quoted: &str) -> Vec<(&'static str, String)> {
        let escaped = quoted.replace('&', "&amp;").replace('<', "&lt;");
        let plain = |body: String| {
            format!("Content-Type: text/plain; charset=utf-8\n\nMy answer.\n\n{body}")
        };
        let html = |body: String| {
            format!("Content-Type: text/html; charset=utf-8\n\n<div>My answer.</div>{body}")
        };
        // A line that was wrapped ends with the space that stood there (RFC 3676 §4.1).
        let flowed = each_line(&wrapped(quoted, 60), "> ", "\n");
        vec![
            ("marks", plain(each_line(quoted, "> ", "\n"))),
            ("marks twice", plain(each_line(quoted, "> > ", "\n"))),
            ("marks close together", plain(each_line(quoted, ">>", "\n"))),
            ("wrapped at 72", plain(each_line(&wrapped(quoted, 72), "> ", "\n"))),
            ("wrapped at 40", plain(each_line(&wrapped(quoted, 40), "> ", "\n"))),
            ("a bar", plain(each_line(quoted, "| ", "\n"))),
            ("Lotus", plain(each_line(quoted, "    ", "\n"))),
            ("Outlook", plain(format!("-----Original Message-----\nFrom: Shop\n\n{quoted}"))),
            (
                "Outlook, wrapped",
                plain(format!("________________________________\n{}", wrapped(quoted, 76))),
            ),
            ("flowed", plain(flowed).replacen("utf-8", "utf-8; format=flowed", 1)),
            (
                "Gmail",
                html(format!(
                    "<br><div class=\"gmail_quote\"><blockquote class=\"gmail_quote\" style=\"border-left:1px solid\">{}</blockquote></div>",
                    each_line(&escaped, "", "<br>\n")
                )),
            ),
            (
                "Apple Mail",
                html(format!(
                    "<blockquote type=\"cite\">{}</blockquote>",
                    each_line(&escaped, "<div>", "</div>")
                )),
            ),
            (
                "Outlook, HTML",
                html(each_line(
                    &escaped,
                    "<p class=MsoNormal><span lang=EN-US style='font-size:10.0pt'>",
                    "<o:p></o:p></span></p>\n",
                )),
            ),
            (
                "Outlook on the web",
                html(format!(
                    "<hr><div id=\"divRplyFwdMsg\"><b>From:</b> Shop</div><div>{}</div>",
                    each_line(&escaped, "<span>", "</span><br>")
                )),
            ),
            (
                "GMX",
                html(format!(
                    "<div name=\"quote\" style=\"margin:10px 5px;border-left:2px solid #C3D9E5\"><pre>{escaped}</pre></div>"
                )),
            ),
            (
                "ours, in HTML",
                html(format!(
                    "<blockquote><div>Old words</div>{}</blockquote>",
                    super::super::html::small_block(quoted)
                )),
            ),
        ]
    }

    #[test]
    fn the_frame_of_every_language_is_cut_however_a_program_quotes_it() {
        for language in Language::ALL {
            for order in [Some(&order()), None] {
                let frame = write(language, "Jane", order, ("Lumo Market", false));
                let sentence: String = Texts::of(language).answer("").chars().take(12).collect();
                for (how, mail) in answers(&format!("Old words.\n\n{frame}")) {
                    let message = crate::mail::read(mail.replace('\n', "\r\n").as_bytes());
                    let text = &message.text.body;
                    let left = without_frames(text);
                    let gone = !left.contains("====") && !left.contains(sentence.trim());
                    assert!(gone, "{language}, {how}:\n{text}\n--- left\n{left}");
                    assert!(
                        left.contains("My answer.") && left.contains("Old words"),
                        "{how}: {left}"
                    );
                }
            }
        }
    }
}
