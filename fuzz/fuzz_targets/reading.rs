//! Any bytes are a mail that can be read: it ends, nothing panics, and what comes out keeps the
//! promises that its types make.

#![no_main]

use bauta::mail::{Text, read};
use libfuzzer_sys::fuzz_target;

fn check(text: &Text) {
    let mut at = 0;
    for segment in &text.segments {
        assert_eq!(segment.range.start, at, "a gap or an overlap");
        assert!(segment.range.end > at, "an empty segment");
        at = segment.range.end;
        let before = text.body.get(..at).expect("a border of characters");
        assert!(at == text.body.len() || before.ends_with('\n'), "it ends inside of a line");
    }
    assert_eq!(at, text.body.len(), "not covered to the end");
    assert!(!text.body.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
}

fuzz_target!(|raw: &[u8]| {
    let message = read(raw);
    check(&message.text);
    check(&message.otherwise);
    assert!(!message.subject.contains(char::is_control), "{:?}", message.subject);
    assert!(message.in_reply_to.len() <= 10 && message.references.len() <= 100);
    assert!(message.unreadable.is_none() || message.text.body.is_empty());
    for attachment in &message.attachments {
        attachment.content.decode(raw);
    }
    let again = read(raw);
    assert_eq!((again.text, again.subject), (message.text, message.subject), "twice the same");
});
