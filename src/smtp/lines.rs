//! Command lines, split strictly: only CRLF ends one.

/// The longest command line in octets, CRLF included (RFC 5321 §4.5.3.1.4).
pub const COMMAND_LIMIT: usize = 512;

/// The longest MAIL or RCPT line in octets, CRLF included: their parameters may make them longer
/// (RFC 5321 §4.5.3.1.4, RFC 1870 §3, RFC 4954 §3).
pub const PATH_COMMAND_LIMIT: usize = 1024;

/// A line that goes on for longer than this is no command that went wrong.
const ENDLESS: usize = 64 * 1024;

/// Why there is no command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Over the limit; it was read to its end and dropped.
    #[error("a command line is over the limit")]
    TooLong,
    /// A CR without LF or an LF without CR. Where the next command begins is a matter of opinion
    /// then, and differing opinions are how mail is smuggled: the connection ends.
    #[error("a command line has a bare CR or LF")]
    BareLineEnd,
    /// It never ends; the connection does.
    #[error("a command line does not end")]
    Endless,
}

/// Collects octets into lines.
#[derive(Debug, Default)]
pub struct Lines {
    line: Vec<u8>,
    octets: usize,
    after_cr: bool,
}

impl Lines {
    /// Takes octets from the front of `bytes` up to the end of a line; `None`: all are taken and
    /// the line has not ended. The line comes without its CRLF.
    pub fn feed(&mut self, bytes: &mut &[u8]) -> Option<Result<Vec<u8>, LineError>> {
        while let Some((&byte, rest)) = bytes.split_first() {
            *bytes = rest;
            self.octets += 1;
            match (self.after_cr, byte) {
                (true, b'\n') => return Some(self.end()),
                // RFC 5321 §2.3.8: CR and LF only together.
                (true, _) | (false, b'\n') => return Some(Err(LineError::BareLineEnd)),
                (false, b'\r') => self.after_cr = true,
                (false, byte) if self.octets <= PATH_COMMAND_LIMIT => self.line.push(byte),
                (false, _) if self.octets > ENDLESS => return Some(Err(LineError::Endless)),
                (false, _) => {}
            }
        }
        None
    }

    fn end(&mut self) -> Result<Vec<u8>, LineError> {
        let Self { line, octets, .. } = std::mem::take(self);
        let begins = |verb: &[u8]| line.get(..4).is_some_and(|v| v.eq_ignore_ascii_case(verb));
        let limit =
            if begins(b"MAIL") || begins(b"RCPT") { PATH_COMMAND_LIMIT } else { COMMAND_LIMIT };
        match octets > limit {
            // Octets of a mail may follow it at once, and how many, nobody knows: they must not
            // be read as commands.
            true if begins(b"BDAT") => Err(LineError::Endless),
            true => Err(LineError::TooLong),
            false => Ok(line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines and errors up to the first error that ends a connection, fed `step` octets at a
    /// time.
    fn split(input: &[u8], step: usize) -> Vec<Result<String, LineError>> {
        let mut lines = Lines::default();
        let mut found = vec![];
        for mut chunk in input.chunks(step) {
            while let Some(line) = lines.feed(&mut chunk) {
                let end = matches!(line, Err(LineError::BareLineEnd | LineError::Endless));
                found.push(line.map(|l| String::from_utf8(l).unwrap()));
                if end {
                    return found;
                }
            }
        }
        found
    }

    fn check(input: &str, expected: &[Result<&str, LineError>]) {
        let expected: Vec<_> = expected.iter().map(|e| e.map(str::to_owned)).collect();
        for step in [1, 2, 3, 7, input.len().max(1)] {
            assert_eq!(split(input.as_bytes(), step), expected, "{input:?} by {step}");
        }
    }

    #[test]
    fn only_crlf_ends_a_line() {
        use LineError::{BareLineEnd, Endless, TooLong};
        check("", &[]);
        check("\r\n", &[Ok("")]);
        check("NOOP\r\nQUIT\r\nhalf", &[Ok("NOOP"), Ok("QUIT")]);
        check("NOOP\nQUIT\r\n", &[Err(BareLineEnd)]);
        check("NOOP\rQUIT\r\n", &[Err(BareLineEnd)]);
        check("NOOP\r\r\n", &[Err(BareLineEnd)]);
        check("NOOP\r\n\nQUIT\r\n", &[Ok("NOOP"), Err(BareLineEnd)]);
        let line = |verb: &str, octets: usize| format!("{verb}{}", "x".repeat(octets - 6));
        for (verb, limit) in [("NOOP", 512), ("mail", 1024), ("RCPT", 1024)] {
            let (fits, long) = (line(verb, limit), line(verb, limit + 1));
            check(&format!("{fits}\r\nQUIT\r\n"), &[Ok(&fits), Ok("QUIT")]);
            check(&format!("{long}\r\nQUIT\r\n"), &[Err(TooLong), Ok("QUIT")]);
        }
        check(&format!("{}\r\nQUIT\r\n", "x".repeat(60_000)), &[Err(TooLong), Ok("QUIT")]);
        check(&"x".repeat(70_000), &[Err(Endless)]);
        check(&format!("{}\r\nQUIT\r\n", line("bdat", 513)), &[Err(Endless)]);
    }
}
