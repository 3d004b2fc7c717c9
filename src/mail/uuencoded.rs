//! Files that stand in the lines of a text, as they were sent before MIME and still are by scanners
//! and old mailers: `begin 644 lamp.jpg`, lines of letters, `end` (POSIX.1, uuencode). Some mail
//! programs show them as files, so they are no words to let through.

use super::decode;

/// A file of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Its name, in no known charset.
    pub(super) name: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

/// A text and the files that were in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) rest: Vec<u8>,
    pub(super) files: Vec<File>,
    /// There were more files than were to be taken: they are still in the text.
    pub(super) more: bool,
}

/// Files of one mail, those of the mails in it included.
pub(super) const MOST: usize = 100;

/// Takes so many files out of a text at most, in linear time; nothing where there are none.
pub(super) fn take(text: &[u8], most: usize) -> Option<Taken> {
    let mut taken = Taken { rest: Vec::new(), files: Vec::new(), more: false };
    let mut lines = Lines(text);
    while let Some(line) = lines.next() {
        if let Some((name, form)) = head(line) {
            let mut behind = Lines(lines.0);
            match body(&mut behind, form) {
                Some(bytes) if taken.files.len() < most => {
                    taken.files.push(File { name: name.to_vec(), bytes });
                    lines = behind;
                    continue;
                }
                Some(_) => taken.more = true,
                None => {}
            }
        }
        taken.rest.extend_from_slice(line);
    }
    (taken.more || !taken.files.is_empty()).then_some(taken)
}

/// The lines that are left, each with its end.
struct Lines<'t>(&'t [u8]);

impl<'t> Iterator for Lines<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let end = self.0.iter().position(|b| *b == b'\n').map_or(self.0.len(), |at| at + 1);
        let (line, rest) = self.0.split_at_checked(end).filter(|(line, _)| !line.is_empty())?;
        self.0 = rest;
        Some(line)
    }
}

#[derive(Debug, Clone, Copy)]
enum Form {
    Classic,
    Base64,
}

/// The name in the line that begins a file.
fn head(line: &[u8]) -> Option<(&[u8], Form)> {
    let (rest, form) = match line.strip_prefix(b"begin ") {
        Some(rest) => (rest, Form::Classic),
        None => (line.strip_prefix(b"begin-base64 ")?, Form::Base64),
    };
    let mode = rest.iter().position(|b| *b == b' ')?;
    let (mode, name) = rest.split_at_checked(mode)?;
    let is_mode = (3..=4).contains(&mode.len()) && mode.iter().all(|b| (b'0'..=b'7').contains(b));
    let name = name.trim_ascii();
    (is_mode && !name.is_empty()).then_some((name, form))
}

/// The bytes in the lines below that one, which are taken away with the end; nothing where they are
/// words and no file.
fn body(lines: &mut Lines<'_>, form: Form) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    // Where the end was lost, only what can't be words is a file.
    let mut sure = true;
    let mut closed = false;
    loop {
        let mut behind = Lines(lines.0);
        let line = behind.next().unwrap_or_default().trim_ascii_end();
        let read = match (form, line) {
            (Form::Classic, b"end") | (Form::Base64, b"====") => {
                *lines = behind;
                return Some(bytes);
            }
            (Form::Classic, b"" | b"`") if !closed && !behind.0.is_empty() => {
                closed = true;
                Some(true)
            }
            (Form::Classic, _) if !closed => classic(line, &mut bytes),
            (Form::Base64, _) => base64(line, &mut bytes),
            _ => None,
        };
        let Some(whole) = read else {
            return (sure && !bytes.is_empty()).then_some(bytes);
        };
        sure &= whole;
        *lines = behind;
    }
}

/// Adds what a line holds, and tells whether it is as long as it says; nothing where it is none.
fn classic(line: &[u8], bytes: &mut Vec<u8>) -> Option<bool> {
    let (&first, letters) = line.split_first()?;
    let letter = |b: u8| (b' '..=b'`').contains(&b).then(|| b.wrapping_sub(b' ') & 0x3f);
    let count = usize::from(letter(first).filter(|count| *count > 0)?);
    // Some programs add a letter to check the line by.
    if letters.len() > count.div_ceil(3) * 4 + 1 || !letters.iter().all(|b| letter(*b).is_some()) {
        return None;
    }
    let from = bytes.len();
    let mut bits = 0_u32;
    // Blanks at the end of a line may be lost on the way.
    let letters = letters.iter().copied().chain(std::iter::repeat(b' '));
    for (at, b) in letters.take(count.div_ceil(3) * 4).enumerate() {
        bits = bits << 6 | u32::from(letter(b)?);
        if at % 4 == 3 {
            let [_, three @ ..] = bits.to_be_bytes();
            bytes.extend_from_slice(&three);
            bits = 0;
        }
    }
    bytes.truncate(from + count);
    Some(line.len() > (count * 4).div_ceil(3))
}

fn base64(line: &[u8], bytes: &mut Vec<u8>) -> Option<bool> {
    let is_code = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    if line.is_empty() || !line.iter().all(is_code) {
        return None;
    }
    bytes.extend(decode::lax_base64(line));
    Some(line.len().is_multiple_of(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, rest: &str, files: &[(&str, &[u8])]) {
        let taken = take(text.as_bytes(), MOST);
        let found = taken.as_ref().map(|taken| {
            let files = taken.files.iter().map(|f| (&f.name[..], &f.bytes[..]));
            (String::from_utf8_lossy(&taken.rest).into_owned(), files.collect::<Vec<_>>())
        });
        let files: Vec<(&[u8], &[u8])> = files.iter().map(|(n, b)| (n.as_bytes(), *b)).collect();
        let expected = (!files.is_empty()).then(|| (rest.to_owned(), files));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_file_in_the_text_is_taken_out() {
        // As uuencode of GNU sharutils writes it.
        let lamp = "begin 644 lamp.txt\n42&5L;&\\L(&ET(&ES(&)R87-S+@H`\n`\nend\n";
        let said = b"Hello, it is brass.\n";
        check(lamp, "", &[("lamp.txt", said)]);
        check(&format!("See:\n{lamp}\nJane\n"), "See:\n\nJane\n", &[("lamp.txt", said)]);
        check(&lamp.replace('\n', "\r\n"), "", &[("lamp.txt", said)]);
        check(&lamp.replace("`\nend\n", ""), "", &[("lamp.txt", said)]);
        check(&lamp.replace("`\nend", "\nend"), "", &[("lamp.txt", said)]);
        check(&lamp.replace("`\n`\nend\n", "\n\nJane\n"), "Jane\n", &[("lamp.txt", said)]);
        check(&format!("{lamp}{lamp}"), "", &[("lamp.txt", said), ("lamp.txt", said)]);
        let base64 = "begin-base64 600 a b.txt\nSGVsbG8sIGl0IGlz\nIGJyYXNzLgo=\n====\n";
        check(base64, "", &[("a b.txt", said)]);
    }

    #[test]
    fn what_is_too_many_stays_and_is_told() {
        let lamp = "begin 644 lamp.txt\n42&5L;&\\L(&ET(&ES(&)R87-S+@H`\n`\nend\n";
        let taken = take(lamp.repeat(3).as_bytes(), 2).unwrap();
        assert_eq!((taken.files.len(), taken.more), (2, true));
        assert_eq!(taken.rest, lamp.as_bytes());
        assert!(!take(lamp.repeat(2).as_bytes(), 2).unwrap().more);
    }

    #[test]
    fn words_are_no_file() {
        for text in [
            "begin 644 lamp.txt\nplease, and tell me when.\n",
            "begin 644 lamp.txt\nPLEASE\n",
            "begin 644 lamp.txt\n",
            "begin 644\nend\n",
            "begin 9 lamp\nend\n",
            "begin the day with a lamp\nend\n",
            "begin-base64 644 lamp\nThanks\n",
            "",
        ] {
            check(text, "", &[]);
        }
    }

    #[test]
    fn whatever_is_written_comes_out_again() {
        for length in 0..200_usize {
            let bytes: Vec<u8> = (0..length).map(|n| (n * 7 + length) as u8).collect();
            let text = format!("Hi\n{}Jane\n", encoded(&bytes));
            let taken = take(text.as_bytes(), MOST).unwrap();
            assert_eq!(taken.rest, b"Hi\nJane\n");
            assert_eq!(taken.files, [File { name: b"x".to_vec(), bytes }], "{text}");
        }
    }

    /// As most programs write it, but that blanks at the ends of lines were lost.
    fn encoded(bytes: &[u8]) -> String {
        let letter = |six: u32| char::from(b' ' + (six & 0x3f) as u8);
        let mut out = "begin 644 x\n".to_owned();
        for line in bytes.chunks(45) {
            let mut written = String::from(letter(line.len() as u32));
            for three in line.chunks(3) {
                let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
                let bits = at(0) << 16 | at(1) << 8 | at(2);
                written.extend([18, 12, 6, 0].map(|by| letter(bits >> by)));
            }
            out.push_str(written.trim_end());
            out.push('\n');
        }
        out + "\nend\n"
    }
}
