//! The scanner of DATA: finds the one true end, undoes dot-stuffing, notes what must not be.

use memchr::memchr2;

use super::intake::{Intake, Scanned};

/// Where the scanner stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// After CRLF.
    LineStart,
    /// After CRLF and a dot.
    Dot,
    /// After CRLF, a dot and a CR.
    DotCr,
    /// Inside a line.
    Text,
    /// After a CR inside a line.
    Cr,
    /// After CRLF.CRLF.
    End,
}

/// Reads DATA in chunks of any size. Only CRLF.CRLF ends it (RFC 5321 §4.1.1.4); whatever looks
/// like an end to somebody else (LF.LF, CR.CR, CRLF.LF …) is noted and read over.
///
/// A line may be as long as the mail: RFC 5321 §4.5.3.1 wants no limits where none are needed
/// (the 1,000 octets of §4.5.3.1.6 are what every server must take), real mail has HTML in one
/// line of many kilobytes, and what we send is composed afresh in short lines. NUL is taken too:
/// RFC 5321 §4.1.1.4 allows all 128 codes, and the reader of mails drops it.
#[derive(Debug)]
pub struct Scanner {
    state: State,
    intake: Intake,
    bare: bool,
}

impl Scanner {
    /// A scanner for a mail of at most `max_size` octets, counted as in RFC 1870 §3: with CRLFs,
    /// without the doubled dots and the final one.
    pub fn new(max_size: usize) -> Self {
        Self {
            // The CRLF of the DATA line is the one before the first dot (RFC 5321 §4.1.1.4), so
            // that an empty mail ends at once.
            state: State::LineStart,
            intake: Intake::new(max_size),
            bare: false,
        }
    }

    /// Whether what it reads may still become a mail.
    pub fn is_keeping(&self) -> bool {
        self.intake.is_keeping()
    }

    /// Octets of the mail that are kept in memory.
    pub fn kept(&self) -> usize {
        self.intake.kept()
    }

    /// Gives the memory back; the rest is only read over.
    pub fn discard(&mut self) {
        self.intake.discard();
    }

    /// Takes octets from the front of `bytes`; true: the mail has ended, what is left is the next
    /// command.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> bool {
        while self.state != State::End {
            if self.state == State::Text {
                self.take_text(bytes);
            }
            let Some((&byte, rest)) = bytes.split_first() else { return false };
            *bytes = rest;
            self.step(byte);
        }
        true
    }

    /// The octets up to the next CR or LF, in one piece.
    fn take_text(&mut self, bytes: &mut &[u8]) {
        let end = memchr2(b'\r', b'\n', bytes).unwrap_or(bytes.len());
        let (text, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
        self.intake.take(text);
        *bytes = rest;
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::DotCr, b'\n') => State::End,
            (State::Dot, b'\r') => State::DotCr,
            (State::Cr, b'\n') => {
                self.intake.take(b"\r\n");
                State::LineStart
            }
            // RFC 5321 §4.5.2: a dot at the start of a line was put there by the client.
            (State::LineStart, b'.') => State::Dot,
            (State::LineStart | State::Text, b'\r') => State::Cr,
            // RFC 5321 §2.3.8: CR and LF only together. A line that ends otherwise has not ended,
            // so that what follows can't be an end of the mail either.
            (State::Cr | State::DotCr, b'\r') => {
                self.note_bare();
                State::Cr
            }
            (State::Cr | State::DotCr, _) | (_, b'\n') => {
                self.note_bare();
                State::Text
            }
            (_, byte) => {
                self.intake.take(&[byte]);
                State::Text
            }
        };
    }

    fn note_bare(&mut self) {
        self.bare = true;
        self.intake.count(1);
        self.intake.let_go();
    }

    /// What was read. A bare line end counts before all else: it closes the connection.
    pub fn finish(self) -> Scanned {
        if self.bare { Scanned::BareLineEnd } else { self.intake.finish() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What was scanned and what was left, fed in chunks of these sizes (again and again).
    fn scan(input: &[u8], sizes: &[usize], max_size: usize) -> (Option<Scanned>, Vec<u8>) {
        let mut scanner = Scanner::new(max_size);
        let mut rest = input;
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                return (None, vec![]);
            }
            let (chunk, after) = rest.split_at((*size).clamp(1, rest.len()));
            let mut left = chunk;
            if scanner.feed(&mut left) {
                return (Some(scanner.finish()), [left, after].concat());
            }
            assert!(left.is_empty(), "the scanner left octets without having ended");
            rest = after;
        }
        unreachable!()
    }

    fn check(input: &str, expected: Option<Scanned>, left: &str) {
        for size in [1, 2, 3, 5, input.len().max(1)] {
            let found = scan(input.as_bytes(), &[size], 100);
            assert_eq!(found, (expected.clone(), left.as_bytes().to_vec()), "{input:?} by {size}");
        }
    }

    fn mail(text: &str) -> Option<Scanned> {
        Some(Scanned::Mail(text.into()))
    }

    #[test]
    fn only_crlf_dot_crlf_ends_a_mail() {
        check(".\r\n", mail(""), "");
        check(".\r\nQUIT\r\n", mail(""), "QUIT\r\n");
        check("a\r\n.\r\nQUIT\r\n", mail("a\r\n"), "QUIT\r\n");
        check("a\r\n.", None, "");
        check("a\r\n.\r", None, "");
        check("a.\r\n.b\r\n.\r\n", mail("a.\r\nb\r\n"), "");
    }

    #[test]
    fn stuffed_dots_are_taken_off_once() {
        check("..\r\n.\r\n", mail(".\r\n"), "");
        check("...\r\n.\r\n", mail("..\r\n"), "");
        check("a..\r\n.. b\r\n.\r\n", mail("a..\r\n. b\r\n"), "");
        check("\r\n\r\n..\r\n\r\n.\r\n", mail("\r\n\r\n.\r\n\r\n"), "");
    }

    #[test]
    fn a_nul_and_eight_bit_octets_are_taken() {
        check("a\0\u{fc}b\r\n.\r\n", mail("a\0\u{fc}b\r\n"), "");
    }

    /// Every sequence of up to three of CR, LF, CRLF around a dot: an end to some server in the
    /// wild, and to us only where it is CRLF.CRLF.
    #[test]
    fn no_other_line_ends_around_a_dot_end_a_mail() {
        let ends = ["", "\n", "\r", "\r\n", "\n\r", "\r\r\n", "\r\n\r", "\n\n", "\r\n\n", "\0\r\n"];
        let mut smuggled = 0;
        for before in ends {
            for after in ends {
                if before.ends_with("\r\n") && after.starts_with("\r\n") {
                    continue; // ends here, also for us; tested above
                }
                let input = format!("a{before}.{after}MAIL FROM:<>\r\n.\r\nQUIT\r\n");
                for size in [1, input.len()] {
                    let (scanned, left) = scan(input.as_bytes(), &[size], 100);
                    assert_eq!(left, b"QUIT\r\n", "{input:?}: the mail ended too early");
                    let without_pairs = format!("{before}.{after}").replace("\r\n", "");
                    let bare = without_pairs.contains(['\r', '\n']);
                    smuggled += usize::from(bare);
                    assert_eq!(scanned == Some(Scanned::BareLineEnd), bare, "{input:?}");
                }
            }
        }
        assert!(smuggled > 100, "only {smuggled} of the cases had a bare line end");
    }

    #[test]
    fn what_is_over_the_limit_is_counted_to_its_end_and_not_kept() {
        let fits = format!("{}\r\n", "x".repeat(98));
        check(&format!("{fits}.\r\n"), mail(&fits), "");
        // Doubled dots don't count (RFC 1870 §3).
        check(
            &format!(".{}\r\n.\r\n", ".".repeat(98)),
            mail(&format!("{}\r\n", ".".repeat(98))),
            "",
        );
        let long = format!("x{fits}");
        check(&format!("{long}.\r\nQ"), Some(Scanned::TooLarge { size: 101 }), "Q");
        let mut scanner = Scanner::new(100);
        scanner.feed(&mut &[b'x'; 5000][..]);
        assert_eq!(scanner.kept(), 0);
        assert_eq!(scanner.finish(), Scanned::TooLarge { size: 5000 });
    }

    #[test]
    fn what_it_was_told_to_drop_is_read_to_the_end() {
        let mut scanner = Scanner::new(100);
        scanner.feed(&mut &b"ab"[..]);
        scanner.discard();
        assert!(scanner.feed(&mut &b"cd\r\n.\r\n"[..]));
        assert_eq!(scanner.finish(), Scanned::Dropped);
    }

    /// Octets that matter to the scanner come up often.
    fn octets() -> impl Strategy<Value = Vec<u8>> {
        let octet = prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), any::<u8>()];
        let piece = prop_oneof![octet.prop_map(|o| vec![o]), Just(b"\r\n".to_vec())];
        proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn chunks_make_no_difference(
            input in octets(),
            sizes in proptest::collection::vec(1_usize..9, 1..6),
        ) {
            let input = [&input[..], b"\r\n.\r\nNEXT"].concat();
            prop_assert_eq!(scan(&input, &sizes, 50), scan(&input, &[input.len()], 50));
        }

        #[test]
        fn what_a_client_stuffs_comes_out_as_it_was(
            lines in proptest::collection::vec("[.a-z \u{e4}]{0,6}", 0..20),
            sizes in proptest::collection::vec(1_usize..9, 1..6),
        ) {
            let mail: String = lines.iter().map(|l| format!("{l}\r\n")).collect();
            let stuffed: String = lines
                .iter()
                .map(|l| format!("{}{l}\r\n", if l.starts_with('.') { "." } else { "" }))
                .collect();
            let (scanned, left) = scan(format!("{stuffed}.\r\nNEXT").as_bytes(), &sizes, 1000);
            prop_assert_eq!(scanned, Some(Scanned::Mail(mail.into_bytes())));
            prop_assert_eq!(left, b"NEXT");
        }
    }
}
