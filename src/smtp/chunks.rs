//! A mail that comes in chunks (BDAT): the octets are counted, so nothing in them can end it.

use super::intake::{Intake, Scanned};

/// Puts a mail together from chunks of any size (RFC 3030 §2). There is no dot-stuffing, and a
/// bare CR or LF is no danger here: each is made CRLF (PRODUCT §4, Exchange sends such mail), so
/// that everything after this sees one kind of line end only.
#[derive(Debug)]
pub struct Assembler {
    intake: Intake,
    after_cr: bool,
}

impl Assembler {
    /// For a mail of at most `max_size` octets, counted as in RFC 1870 §3, with every line end as
    /// CRLF.
    pub fn new(max_size: usize) -> Self {
        Self { intake: Intake::new(max_size), after_cr: false }
    }

    /// Whether what it reads may still become a mail.
    pub fn is_keeping(&self) -> bool {
        self.intake.is_keeping()
    }

    /// Octets of the mail that are kept in memory.
    pub fn kept(&self) -> usize {
        self.intake.kept()
    }

    /// Gives the memory back; the rest is only counted.
    pub fn discard(&mut self) {
        self.intake.discard();
    }

    /// Takes octets; a CR and its LF may lie in different chunks.
    pub fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|b| matches!(b, b'\r' | b'\n')) {
            let (text, end) = match piece.split_last() {
                Some((end @ (b'\r' | b'\n'), text)) => (text, Some(*end)),
                _ => (piece, None),
            };
            if !text.is_empty() {
                self.intake.take(text);
                self.after_cr = false;
            }
            // The line ends with its CR; an LF right behind it is the rest of that CRLF.
            if end.is_some() && !(end == Some(b'\n') && self.after_cr) {
                self.intake.take(b"\r\n");
            }
            if end.is_some() {
                self.after_cr = end == Some(b'\r');
            }
        }
    }

    /// What was read.
    pub fn finish(self) -> Scanned {
        self.intake.finish()
    }

    /// Why it can't become a mail any more, whatever still comes.
    pub fn refusal(&self) -> Option<Scanned> {
        self.intake.refusal()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assemble(input: &[u8], step: usize, max_size: usize) -> Scanned {
        let mut assembler = Assembler::new(max_size);
        input.chunks(step.max(1)).for_each(|chunk| assembler.feed(chunk));
        assembler.finish()
    }

    fn check(input: &str, expected: &str) {
        for step in [1, 2, 3, input.len().max(1)] {
            let found = assemble(input.as_bytes(), step, 100);
            assert_eq!(found, Scanned::Mail(expected.into()), "{input:?} by {step}");
        }
    }

    #[test]
    fn every_line_end_becomes_crlf_and_dots_stay() {
        check("", "");
        check("a\r\nb\r\n", "a\r\nb\r\n");
        check("a\nb\rc", "a\r\nb\r\nc");
        check("a\r\r\nb\n\rc\n\n\r\r", "a\r\n\r\nb\r\n\r\nc\r\n\r\n\r\n\r\n");
        check("..\r\n.\r\n.a", "..\r\n.\r\n.a");
        check("a\0\u{fc}\r\n", "a\0\u{fc}\r\n");
    }

    #[test]
    fn what_is_too_large_or_dropped_is_not_kept() {
        assert_eq!(assemble(&[b'\n'; 50], 7, 100), Scanned::Mail(b"\r\n".repeat(50)));
        assert_eq!(assemble(&[b'\n'; 51], 7, 100), Scanned::TooLarge { size: 102 });
        let mut assembler = Assembler::new(100);
        assembler.feed(b"ab");
        assembler.discard();
        assembler.feed(b"cd");
        assert_eq!((assembler.kept(), assembler.finish()), (0, Scanned::Dropped));
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference_and_no_line_end_stays_bare(
            input in "[a.\r\n]{0,40}",
            step in 1_usize..9,
        ) {
            let whole = assemble(input.as_bytes(), input.len(), 100);
            prop_assert_eq!(&assemble(input.as_bytes(), step, 100), &whole);
            let Scanned::Mail(mail) = whole else { panic!("refused") };
            let text = String::from_utf8(mail).unwrap();
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        }
    }
}
