//! A mail in the forms that DKIM signs (RFC 6376 §3.4): what a signer hashes and what a verifier
//! hashes is made in one place.

use std::borrow::Cow;

/// How much a server on the way may change without a signature breaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Nearly nothing.
    Simple,
    /// White space, and the letter case of names.
    Relaxed,
}

/// Head without the empty line below it, and body.
pub fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    if let Some(body) = mail.strip_prefix(b"\r\n") {
        return (b"", body);
    }
    match mail.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => {
            (mail.get(..at + 2).unwrap_or_default(), mail.get(at + 4..).unwrap_or_default())
        }
        None => (mail, b""),
    }
}

/// The header fields, folded as they are, without their last CRLF.
pub fn fields(head: &[u8]) -> Vec<&[u8]> {
    let mut fields = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while let Some(end) = head.get(at..).and_then(|rest| rest.windows(2).position(|w| w == b"\r\n"))
    {
        at += end + 2;
        if !matches!(head.get(at), Some(b' ' | b'\t')) {
            fields.extend(head.get(begin..at - 2));
            begin = at;
        }
    }
    // The last line of a mail that came by BDAT may have no end.
    fields.extend(head.get(begin..).filter(|rest| !rest.is_empty()));
    fields
}

/// The name of a field, as written.
pub fn name(field: &[u8]) -> &[u8] {
    trim(field.get(..colon(field)).unwrap_or_default())
}

/// What stands behind the colon, as written.
pub fn value(field: &[u8]) -> &[u8] {
    field.get(colon(field) + 1..).unwrap_or_default()
}

/// Whether the field has this name, in any letter case.
pub fn is_named(field: &[u8], wanted: &str) -> bool {
    name(field).eq_ignore_ascii_case(wanted.as_bytes())
}

fn colon(field: &[u8]) -> usize {
    field.iter().position(|byte| *byte == b':').unwrap_or(field.len())
}

impl Form {
    /// The fields of these names, each with its CRLF. RFC 6376 §5.4.2: of several with one name
    /// the last comes first; one that is not there is nothing.
    pub fn fields<N: AsRef<str>>(self, fields: &[&[u8]], names: &[N]) -> Vec<u8> {
        let mut left: Vec<&[u8]> = fields.to_vec();
        let mut signed = Vec::new();
        for wanted in names {
            let found = left.iter().rposition(|field| is_named(field, wanted.as_ref()));
            if let Some(at) = found {
                signed.extend(self.field(left.remove(at)).iter());
                signed.extend(b"\r\n");
            }
        }
        signed
    }

    /// One field, without a CRLF. Relaxed (§3.4.2): the name in lower case, unfolded, runs of
    /// spaces made one, none around the value.
    pub fn field(self, field: &[u8]) -> Cow<'_, [u8]> {
        if self == Self::Simple {
            return field.into();
        }
        let mut line = name(field).to_ascii_lowercase();
        line.push(b':');
        line.extend(trim(&one_space(value(field))));
        line.into()
    }

    /// The body: no empty lines at the end, the last line ended. Relaxed (§3.4.4): runs of spaces
    /// made one as well, and none at the ends of lines.
    pub fn body(self, body: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Simple => simple_body(body),
            Self::Relaxed => relaxed_body(body).into(),
        }
    }
}

/// RFC 6376 §3.4.3: an empty body is one empty line.
fn simple_body(body: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = body;
    while let Some(shorter) = kept.strip_suffix(b"\r\n\r\n") {
        kept = body.get(..shorter.len() + 2).unwrap_or_default();
    }
    match kept {
        b"" | b"\r\n" => b"\r\n"[..].into(),
        ended if ended.ends_with(b"\r\n") => ended.into(),
        open => [open, b"\r\n"].concat().into(),
    }
}

/// RFC 6376 §3.4.4.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut empty = 0;
    let mut lines = body.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        if lines.peek().is_none() && line.is_empty() {
            break;
        }
        let line = one_space(line);
        let line = line.strip_suffix(b" ").unwrap_or(&line);
        if line.is_empty() {
            empty += 1;
            continue;
        }
        (0..empty).for_each(|_| out.extend(b"\r\n"));
        empty = 0;
        out.extend(line);
        out.extend(b"\r\n");
    }
    out
}

/// Without spaces and tabs at its ends; other controls are no white space (RFC 6376 §2.8).
fn trim(text: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = text.iter().position(is_text).unwrap_or(text.len());
    let end = text.iter().rposition(is_text).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

/// Runs of spaces and tabs made one space, line ends left out.
fn one_space(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')) {
        match byte {
            b' ' | b'\t' if out.last() == Some(&b' ') => {}
            b' ' | b'\t' => out.push(b' '),
            other => out.push(*other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_made_canonical_as_the_rfc_shows() {
        // RFC 6376 §3.4.5
        let check = |body: &[u8], simple: &[u8], relaxed: &[u8]| {
            assert_eq!(&*Form::Simple.body(body), simple, "{body:?}");
            assert_eq!(&*Form::Relaxed.body(body), relaxed, "{body:?}");
        };
        check(b" C \r\nD \t E\r\n\r\n\r\n", b" C \r\nD \t E\r\n", b" C\r\nD E\r\n");
        check(b"", b"\r\n", b"");
        check(b"\r\n\r\n", b"\r\n", b"");
        check(b"no end", b"no end\r\n", b"no end\r\n");
        check(b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n");
        check(b"a\r\n \r\n", b"a\r\n \r\n", b"a\r\n");
    }

    #[test]
    fn a_field_is_made_canonical_as_the_rfc_shows() {
        for (field, relaxed) in [
            (&b"A: X"[..], &b"a:X"[..]),
            (b"B : Y\t\r\n\tZ  ", b"b:Y Z"),
            (b"C:", b"c:"),
            (b"D: \x0c", b"d:\x0c"),
        ] {
            assert_eq!(&*Form::Relaxed.field(field), relaxed);
            assert_eq!(&*Form::Simple.field(field), field);
        }
    }

    #[test]
    fn head_and_body_are_parted_at_the_first_empty_line() {
        assert_eq!(split(b"A: x\r\n\r\nb"), (&b"A: x\r\n"[..], &b"b"[..]));
        assert_eq!(split(b"\r\nFrom: x\r\n\r\nb"), (&b""[..], &b"From: x\r\n\r\nb"[..]));
        assert_eq!(split(b"A: x"), (&b"A: x"[..], &b""[..]));
        assert_eq!(fields(b"A: x"), [b"A: x"]);
    }

    #[test]
    fn of_several_with_one_name_the_last_comes_first() {
        let head = b"To: first\r\nFrom: a\r\nto:\r\n second\r\n";
        let fields = fields(head);
        assert_eq!(fields, [&b"To: first"[..], b"From: a", b"to:\r\n second"]);
        assert_eq!(
            Form::Relaxed.fields(&fields, &["To", "From", "To", "To"]),
            b"to:second\r\nfrom:a\r\nto:first\r\n"
        );
    }
}
