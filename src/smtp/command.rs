//! A command line becomes a [`Command`], by the grammar of RFC 5321 §4.1.

use super::quirks;
use super::reply::Wrong;

/// A command that is well-formed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `EHLO name`
    Ehlo {
        /// What the client calls itself.
        name: String,
    },
    /// `HELO name`
    Helo {
        /// What the client calls itself.
        name: String,
    },
    /// `MAIL FROM:<path> …`
    Mail {
        /// As between the angle brackets; empty for `<>`.
        from: String,
        /// The length of the mail that SIZE= announces.
        size: Option<usize>,
        /// Whether addresses and header of this mail may be UTF-8 (RFC 6531 §3.4).
        utf8: bool,
    },
    /// `RCPT TO:<path>`
    Rcpt {
        /// As between the angle brackets, without a source route; outside ASCII only where MAIL
        /// said SMTPUTF8.
        to: String,
    },
    /// `DATA`
    Data,
    /// `RSET`
    Rset,
    /// `NOOP`, whatever stands behind it.
    Noop,
    /// `QUIT`
    Quit,
    /// `VRFY something`
    Vrfy,
    /// `HELP`
    Help,
    /// `STARTTLS`
    StartTls,
    /// A command of an extension that is not offered, or one that RFC 5321 lets us leave out.
    NotOffered,
    /// `BDAT size`, `BDAT size LAST`: the octets of a chunk follow at once.
    Bdat {
        /// The length of the chunk; beyond what the machine can count it is `usize::MAX`.
        size: usize,
        /// Whether the mail ends with it.
        last: bool,
    },
    /// A request of another protocol, sent through somebody's browser.
    OtherProtocol,
}

impl Command {
    /// Reads a line without its CRLF. An error is what the client is told.
    pub fn parse(line: &[u8]) -> Result<Self, Wrong> {
        // Whatever is wrong with a BDAT, octets may follow it: it is told apart from all else.
        if line.get(..4).is_some_and(|v| v.eq_ignore_ascii_case(b"BDAT")) {
            return printable(line).ok().and_then(bdat).ok_or(Wrong::ChunkSyntax);
        }
        // RFC 5321 §4.1.1: white space before the CRLF is tolerated.
        let text = printable(line)?.trim_end_matches([' ', '\t']);
        let (verb, rest) = match text.split_once(' ') {
            Some((verb, rest)) => (verb, Some(rest)),
            None => (text, None),
        };
        let alone = |command: Self| match rest {
            None => Ok(command),
            Some(_) => Err(Wrong::NoParameterHere),
        };
        let name = || match rest.map(str::trim) {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            _ => Err(Wrong::ParameterMissing),
        };
        // RFC 5321 §2.4: verbs have no letter case.
        match verb.to_ascii_uppercase().as_str() {
            // RFC 5321 §4.1.4: what the client calls itself is no ground to refuse it.
            "EHLO" => Ok(Self::Ehlo { name: name()? }),
            "HELO" => Ok(Self::Helo { name: name()? }),
            "MAIL" => mail(rest),
            "RCPT" => rcpt(rest),
            "DATA" => alone(Self::Data),
            "RSET" => alone(Self::Rset),
            "NOOP" => Ok(Self::Noop),
            "QUIT" => alone(Self::Quit),
            "VRFY" => name().map(|_| Self::Vrfy),
            "HELP" => Ok(Self::Help),
            "STARTTLS" => alone(Self::StartTls), // RFC 3207 §4
            "AUTH" | "EXPN" | "ETRN" | "TURN" | "ATRN" | "SEND" | "SOML" | "SAML" | "XCLIENT"
            | "XFORWARD" | "BURL" => Ok(Self::NotOffered),
            "GET" | "POST" | "PUT" | "HEAD" | "OPTIONS" | "CONNECT" => Ok(Self::OtherProtocol),
            _ => Err(Wrong::UnknownCommand),
        }
    }
}

/// RFC 5321 §2.4: commands are ASCII, but for the paths of SMTPUTF8 (RFC 6531 §3.3); controls have
/// no place in any of them.
fn printable(line: &[u8]) -> Result<&str, Wrong> {
    let names_a_path = line
        .get(..4)
        .is_some_and(|v| v.eq_ignore_ascii_case(b"MAIL") || v.eq_ignore_ascii_case(b"RCPT"));
    match std::str::from_utf8(line) {
        Ok(text) if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\t')) => Ok(text),
        Ok(text) if names_a_path && !text.chars().any(|c| c.is_control() && c != '\t') => Ok(text),
        _ => Err(Wrong::SyntaxError),
    }
}

fn mail(rest: Option<&str>) -> Result<Command, Wrong> {
    let (path, parameters) = path(rest, "FROM:").ok_or(Wrong::MailSyntax)?;
    // RFC 5321 §4.5.5: the null reverse-path of reports.
    if !path.is_empty() && !is_mailbox(path) {
        return Err(Wrong::SenderSyntax);
    }
    let (mut size, mut utf8) = (None, false);
    let mut seen = vec![];
    for parameter in parameters.split_ascii_whitespace() {
        let (keyword, value) = match parameter.split_once('=') {
            Some((keyword, value)) => (keyword.to_ascii_uppercase(), value.to_ascii_uppercase()),
            None => (parameter.to_ascii_uppercase(), String::new()),
        };
        match (keyword.as_str(), value.as_str()) {
            _ if seen.contains(&keyword) => return Err(Wrong::ParameterValue),
            ("SIZE", value) => size = Some(octets(value).ok_or(Wrong::ParameterValue)?),
            ("BODY", "7BIT" | "8BITMIME") => {}
            ("SMTPUTF8", "") if !parameter.contains('=') => utf8 = true, // RFC 6531 §3.4
            // RFC 4954 §5: who can't tell whether that is true takes it as `<>`.
            ("AUTH", "<>") => {}
            _ => return Err(Wrong::UnknownParameter),
        }
        seen.push(keyword);
    }
    if !path.is_ascii() && !utf8 {
        return Err(Wrong::AddressNotAscii);
    }
    Ok(Command::Mail { from: path.to_owned(), size, utf8 })
}

/// RFC 1870 §3: `1*20DIGIT`. A number too large for us is too large a mail all the same.
fn octets(value: &str) -> Option<usize> {
    let digits = (1..=20).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(usize::MAX))
}

/// RFC 3030 §2: `"BDAT" SP chunk-size [ SP "LAST" ]`.
fn bdat(text: &str) -> Option<Command> {
    let mut words = text.get(4..)?.strip_prefix(' ')?.split_ascii_whitespace();
    let size = octets(words.next()?)?;
    let last = match words.next() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case("LAST") => true,
        Some(_) => return None,
    };
    words.next().is_none().then_some(Command::Bdat { size, last })
}

fn rcpt(rest: Option<&str>) -> Result<Command, Wrong> {
    let (path, parameters) = path(rest, "TO:").ok_or(Wrong::RcptSyntax)?;
    // RFC 5321 §4.1.1.3: `<Postmaster>` needs no domain.
    if !is_mailbox(path) && !path.eq_ignore_ascii_case("postmaster") {
        return Err(Wrong::RecipientSyntax);
    }
    match parameters.trim() {
        "" => Ok(Command::Rcpt { to: path.to_owned() }),
        _ => Err(Wrong::UnknownParameter),
    }
}

/// What stands between the angle brackets after `keyword`, without a source route, and the
/// parameters behind them.
fn path<'a>(rest: Option<&'a str>, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (head, rest) = rest?.split_at_checked(keyword.len())?;
    if !head.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let path = quirks::space_after_colon(rest).strip_prefix('<')?;
    let mut quoted = false;
    let mut escaped = false;
    let end = path.bytes().position(|byte| {
        // RFC 5321 §4.1.2: inside a Quoted-string a `>` is one like any other.
        let ends = byte == b'>' && !quoted;
        if byte == b'"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && byte == b'\\' && !escaped;
        ends
    })?;
    let (path, rest) = path.split_at_checked(end)?;
    let parameters = rest.strip_prefix('>')?;
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return None;
    }
    // RFC 5321 §4.1.1.3, appendix C: a source route is ignored.
    let path = match path.strip_prefix('@') {
        Some(route) => route.split_once(':')?.1,
        None => path,
    };
    Some((path, parameters))
}

/// RFC 5321 §4.1.2 `Mailbox`, a little wider: dots in odd places and underscores in domains are
/// in use.
fn is_mailbox(path: &str) -> bool {
    let Some((local, domain)) = path.rsplit_once('@') else { return false };
    // RFC 6531 §3.3: outside ASCII, every character is one of a word.
    let atom =
        |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let quoted = || {
        let inner = local.strip_prefix('"').and_then(|l| l.strip_suffix('"'));
        inner.is_some_and(is_quoted_content)
    };
    let label = |l: &str| {
        let letter = |b: u8| b.is_ascii_alphanumeric() || !b.is_ascii();
        !l.is_empty() && l.bytes().all(|b| letter(b) || matches!(b, b'-' | b'_'))
    };
    let literal = || {
        let inner = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']'));
        inner.is_some_and(|i| {
            !i.is_empty() && i.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(&b))
        })
    };
    (!local.is_empty() && local.bytes().all(atom) || quoted())
        && (domain.split('.').all(label) || literal())
}

/// RFC 5321 §4.1.2 `*QcontentSMTP`: no quote mark or backslash that is not escaped.
fn is_quoted_content(inner: &str) -> bool {
    let mut escaped = false;
    for byte in inner.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return false,
            _ => {}
        }
    }
    !escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Command, Wrong>) {
        assert_eq!(Command::parse(line.as_bytes()), expected, "{line:?}");
    }

    fn from(from: &str, size: Option<usize>) -> Result<Command, Wrong> {
        Ok(Command::Mail { from: from.to_owned(), size, utf8: false })
    }

    fn to(to: &str) -> Result<Command, Wrong> {
        Ok(Command::Rcpt { to: to.to_owned() })
    }

    #[test]
    fn verbs_have_no_letter_case_and_take_what_is_theirs() {
        check("EHLO mx.example", Ok(Command::Ehlo { name: "mx.example".into() }));
        check("ehlo [127.0.0.1] ", Ok(Command::Ehlo { name: "[127.0.0.1]".into() }));
        check("EHLO", Err(Wrong::ParameterMissing));
        check("HELO  ", Err(Wrong::ParameterMissing));
        check("data", Ok(Command::Data));
        check("DATA  \t", Ok(Command::Data));
        check("DATA now", Err(Wrong::NoParameterHere));
        check("QUIT now", Err(Wrong::NoParameterHere));
        check("NOOP whatever", Ok(Command::Noop));
        check("VRFY jane", Ok(Command::Vrfy));
        check("starttls", Ok(Command::StartTls));
        check("STARTTLS now", Err(Wrong::NoParameterHere));
        check("HELP MAIL", Ok(Command::Help));
        for line in ["AUTH PLAIN AGEAYg==", "EXPN list", "TURN"] {
            check(line, Ok(Command::NotOffered));
        }
        check("GET / HTTP/1.1", Ok(Command::OtherProtocol));
        check("", Err(Wrong::UnknownCommand));
        check(" NOOP", Err(Wrong::UnknownCommand));
        check("MAILFROM:<a@b>", Err(Wrong::UnknownCommand));
        check("NO\0OP", Err(Wrong::SyntaxError));
        check("NOOP \u{fc}", Err(Wrong::SyntaxError));
    }

    #[test]
    fn a_chunk_has_a_length_and_may_be_the_last() {
        let chunk = |size, last| Ok(Command::Bdat { size, last });
        check("BDAT 5", chunk(5, false));
        check("bdat 0 last", chunk(0, true));
        check("BDAT 86 LAST ", chunk(86, true));
        check("BDAT 99999999999999999999", chunk(usize::MAX, false));
        for line in [
            "BDAT",
            "BDAT ",
            "BDAT LAST",
            "BDAT -1",
            "BDAT +5",
            "BDAT 0x10",
            "BDAT 5,LAST",
            "BDAT 5 FIRST",
            "BDAT 5 LAST 6",
            "BDAT 100000000000000000000",
            "BDAT\t5",
            "BDAT5",
            "BDATA 5",
            "BDAT \u{665}",
            "BDAT 5\0LAST",
        ] {
            check(line, Err(Wrong::ChunkSyntax));
        }
    }

    #[test]
    fn mail_needs_a_path_in_angle_brackets() {
        check("MAIL FROM:<jane@mail.example>", from("jane@mail.example", None));
        check("mail from:<Jane@Mail.Example>", from("Jane@Mail.Example", None));
        check("MAIL FROM:<>", from("", None));
        check("MAIL FROM: <jane@mail.example>", from("jane@mail.example", None));
        check(
            "MAIL FROM:<@a.example,@b.example:jane@mail.example>",
            from("jane@mail.example", None),
        );
        check("MAIL FROM:<\"a>b \\\" c\"@x.example>", from("\"a>b \\\" c\"@x.example", None));
        check("MAIL FROM:<jane@[IPv6:::1]>", from("jane@[IPv6:::1]", None));
        for line in [
            "MAIL",
            "MAIL FROM",
            "MAIL FROM:",
            "MAIL FROM:jane@mail.example",
            "MAIL FROM :<jane@mail.example>",
            "MAIL FROM:<jane@mail.example",
            "MAIL FROM:<jane@mail.example>SIZE=1",
            "MAIL FROM:<\"jane@mail.example>",
            "MAIL FROM:<@a.example>",
            "MAIL TO:<jane@mail.example>",
        ] {
            check(line, Err(Wrong::MailSyntax));
        }
        for path in ["jane", "jane@", "@", " ", "a b@x.example", "a@b@c.example", "a@b..c", "a@[]"]
        {
            let expected = if path == "@" { Wrong::MailSyntax } else { Wrong::SenderSyntax };
            check(&format!("MAIL FROM:<{path}>"), Err(expected));
        }
        check("MAIL FROM:<j\u{e4}ne@mail.example>", Err(Wrong::AddressNotAscii));
    }

    #[test]
    fn mail_takes_the_parameters_that_are_offered() {
        let check = |parameters: &str, expected| {
            check(&format!("MAIL FROM:<a@b.example>{parameters}"), expected);
        };
        check(" SIZE=500", from("a@b.example", Some(500)));
        check(" size=0 body=8bitmime AUTH=<>", from("a@b.example", Some(0)));
        check("  BODY=7BIT  SIZE=7", from("a@b.example", Some(7)));
        let utf8 = Command::Mail { from: "a@b.example".to_owned(), size: None, utf8: true };
        check(" smtputf8", Ok(utf8));
        check(" SIZE=99999999999999999999", from("a@b.example", Some(usize::MAX)));
        for wrong in
            [" SIZE=", " SIZE", " SIZE=-1", " SIZE=1 SIZE=2", " SIZE=100000000000000000000"]
        {
            check(wrong, Err(Wrong::ParameterValue));
        }
        for unknown in [
            " BODY=BINARYMIME",
            " BODY",
            " RET=HDRS",
            " ENVID=x",
            " AUTH=jane@mail.example",
            " REQUIRETLS",
            " X",
        ] {
            check(unknown, Err(Wrong::UnknownParameter));
        }
    }

    #[test]
    fn rcpt_takes_one_path_and_nothing_else() {
        check("RCPT TO:<abc+O1@in.example>", to("abc+O1@in.example"));
        check("rcpt to: <abc@in.example>", to("abc@in.example"));
        check("RCPT TO:<@relay.example:abc@in.example>", to("abc@in.example"));
        check("RCPT TO:<Postmaster>", to("Postmaster"));
        check("RCPT TO:<postMASTER@in.example>", to("postMASTER@in.example"));
        for line in ["RCPT", "RCPT TO:abc@in.example", "RCPT FROM:<abc@in.example>"] {
            check(line, Err(Wrong::RcptSyntax));
        }
        for path in ["", "abc", "<abc@in.example", "abc@in.example,d@in.example"] {
            check(&format!("RCPT TO:<{path}>"), Err(Wrong::RecipientSyntax));
        }
        for parameter in ["NOTIFY=NEVER", "ORCPT=rfc822;a@b.example", "X"] {
            let line = format!("RCPT TO:<abc@in.example> {parameter}");
            check(&line, Err(Wrong::UnknownParameter));
        }
    }
}
