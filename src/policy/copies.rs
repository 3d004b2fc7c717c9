//! What a message is known again by when it is sent to many: its long passages and its pictures.

use std::ops::Range;

use sha2::{Digest, Sha256};

use crate::domain::{Prints, lines_of};
use crate::mail::{Message, SegmentKind, Text};

/// Letters and digits of a long passage; a character of a script without blanks counts for three.
const LONG: usize = 160;
/// Passages of one message.
const MOST: usize = 8;
/// Characters of a line that greets: it names the buyer, and is no part of what is copied.
const GREETING: usize = 60;

/// A long passage of new text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// The same for the same words: without letter case, marks, and whatever has digits in it, such
    /// as the order's number.
    print: u64,
}

/// What a message is known again by, not yet with any key: `key` makes numbers of it that tell
/// nothing.
pub fn prints(message: &Message, key: impl Fn(&str, &[u8]) -> u64) -> Prints {
    let passages = passages(&message.text);
    let texts = passages.iter().map(|p| key("text", &p.print.to_be_bytes())).collect();
    let picture = |print: u64| {
        // Each part with its place: two pictures share none by chance.
        let parts = print.to_be_bytes().into_iter().enumerate();
        parts.map(|(at, part)| key("picture", &[u8::try_from(at).unwrap_or(0), part])).collect()
    };
    let shown = message.attachments.iter().map(|a| {
        let shown = a.inspected.as_ref()?.facts.shown.as_ref()?;
        // A logo stands in every mail of a shop.
        let is_logo = a.inline && u64::from(shown.width) * u64::from(shown.height) <= 80_000;
        shown.print.filter(|_| !is_logo)
    });
    let pictures = shown.map(|print| print.map(picture).unwrap_or_default()).collect();
    Prints { texts, pictures }
}

/// The long passages of new text: first all of it below the greeting, then each paragraph.
pub(super) fn passages(text: &Text) -> Vec<Passage> {
    let new = text.segments.iter().filter(|s| s.kind == SegmentKind::New);
    let paragraphs: Vec<Range<usize>> =
        new.flat_map(|s| paragraphs(&text.body, s.range.clone())).collect();
    let words = |range: &Range<usize>| text.body.get(range.clone()).unwrap_or_default();
    let greets = paragraphs.first().is_some_and(|first| words(first).chars().count() <= GREETING);
    let below = paragraphs.get(usize::from(greets)..).unwrap_or_default();
    let whole = below.first().zip(below.last()).map(|(first, last)| {
        let all: String = below.iter().map(&words).collect();
        (first.start..last.end, all)
    });
    let each = paragraphs.iter().map(|range| (range.clone(), words(range).to_owned()));
    let mut passages: Vec<Passage> = Vec::new();
    for (range, words) in whole.into_iter().chain(each) {
        if let Some(print) = print(&words)
            && passages.len() < MOST
            && passages.iter().all(|known| known.print != print)
        {
            passages.push(Passage { range, print });
        }
    }
    passages
}

/// The stretches between blank lines. A first line that greets is one of its own.
fn paragraphs(body: &str, within: Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut at = within.start;
    let mut open = false;
    for line in lines_of(body.get(within).unwrap_or_default()) {
        let words = line.trim();
        let end = at + line.trim_end().len();
        let greets =
            found.is_empty() && words.len() <= GREETING && words.ends_with([',', '!', ':']);
        match found.last_mut() {
            _ if words.is_empty() => open = false,
            Some(last) if open => last.end = end,
            _ => {
                found.push(at..end);
                open = !greets;
            }
        }
        at += line.len();
    }
    found
}

/// Nothing where the words are too few to be known again.
fn print(words: &str) -> Option<u64> {
    let mut normal = String::with_capacity(words.len());
    let mut length = 0;
    for word in words.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        if word.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        normal.extend(word.chars().flat_map(char::to_lowercase));
        length += word.chars().map(|c| if c >= '\u{3000}' { 3 } else { 1 }).sum::<usize>();
    }
    if length < LONG {
        return None;
    }
    let digest = Sha256::digest(&normal);
    Some(digest.iter().take(8).fold(0, |print, byte| print << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FileFacts, FileKind, Shown};
    use crate::mail::{self, Attachment, Inspected};

    const LONG_TEXT: &str = "Please note that our lamps are made of real brass, which darkens with \
        the years. To keep them bright, rub them with a soft cloth and a little wax, never with \
        anything that scratches, and keep them out of the rain and the sun.";

    fn of(text: &str) -> Vec<u64> {
        passages(&mail::segment(text.to_owned())).into_iter().map(|p| p.print).collect()
    }

    fn check(one: &str, other: &str, same: bool) {
        let (one_prints, other_prints) = (of(one), of(other));
        let shared = one_prints.iter().any(|p| other_prints.contains(p));
        assert_eq!(shared, same, "{one}\n---\n{other}");
    }

    #[test]
    fn the_same_words_are_known_again_whoever_they_greet() {
        let to = |greeting: &str, order: &str| format!("{greeting}\n\n{LONG_TEXT} {order}\n\nBob");
        check(&to("Hello Jane,", "Order O-17."), &to("Dear Mr Poe,", "Order O-93."), true);
        check(LONG_TEXT, &LONG_TEXT.to_uppercase().replace(' ', "\n"), true);
        check(&format!("Hello Jane,\n{LONG_TEXT}"), &format!("Hello Joe,\n{LONG_TEXT}"), true);
        check(LONG_TEXT, &format!("It leaves today.\n\n{LONG_TEXT}\n\nYours, Bob"), true);
        let japanese = "当店のランプは本物の真鍮でできており、年月とともに色が深まります。明るさを保つには、柔らかい布と少量のワックスで磨いてください。決して傷をつけるものは使わないでください。";
        check(&format!("ジェーン様\n\n{japanese}"), &format!("ジョー様\n\n{japanese}"), true);
    }

    #[test]
    fn what_is_short_or_other_or_only_quoted_is_not() {
        check("Yes, it is made of brass.", "Yes, it is made of brass.", false);
        check(LONG_TEXT, &LONG_TEXT.replace("brass", "glass"), false);
        let quoting = format!("Thanks!\n\nOn Monday Jane wrote:\n> {LONG_TEXT}\n");
        check(LONG_TEXT, &quoting, false);
        check(LONG_TEXT, &format!("Thanks!\n-- \n{LONG_TEXT}\n"), false);
        assert!(of(&"17 ".repeat(1000)).is_empty());
    }

    #[test]
    fn a_passage_stands_where_its_words_are() {
        let text = mail::segment(format!("Hello Jane,\n\n{LONG_TEXT}\n\nBob\n"));
        let range = &passages(&text)[1].range;
        assert_eq!(&text.body[range.clone()], LONG_TEXT);
        let many = mail::segment(format!("{LONG_TEXT}\n\n").repeat(50));
        assert!(passages(&many).len() <= MOST);
    }

    #[test]
    fn a_picture_is_known_by_parts_and_a_logo_is_not() {
        let picture = |inline, width, print| {
            let shown = Shown { width, height: 400, print, ..Shown::default() };
            let facts = FileFacts { shown: Some(shown), ..FileFacts::of(FileKind::Jpeg) };
            Attachment { inline, inspected: Some(Inspected::only(facts)), ..Attachment::default() }
        };
        let attachments = vec![
            picture(true, 600, Some(0x0102_0304_0506_0708)),
            picture(true, 600, Some(0x0102_0304_0506_07ff)),
            picture(true, 200, Some(7)),
            picture(false, 200, None),
            Attachment::default(),
        ];
        let message = Message { attachments, ..Message::default() };
        let key = |kind: &str, bytes: &[u8]| {
            assert_eq!(kind, "picture");
            bytes.iter().fold(0, |all, b| all << 8 | u64::from(*b))
        };
        let prints = prints(&message, key);
        let lengths: Vec<usize> = prints.pictures.iter().map(Vec::len).collect();
        assert_eq!(lengths, [8, 8, 0, 0, 0]);
        let shared = prints.pictures[0].iter().filter(|p| prints.pictures[1].contains(p)).count();
        assert_eq!(shared, 7);
    }
}
