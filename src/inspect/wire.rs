//! How the relay and the child that opens files talk: frames with their length in front, on
//! standard input and output.

use std::io::{self, Read, Write};

use super::open::Opened;
use super::pdf_words::MOST_TEXT;
use crate::domain::FileFacts;

/// The longest file that is asked about: more is refused unopened.
pub const LONGEST: usize = 32 * 1024 * 1024;
/// The longest answer beside the file.
const LONGEST_FACTS: usize = 64 * 1024;

/// What stands before the bytes of one file that is to be opened; so many bytes must follow.
/// `look`: what a picture shows is asked too.
pub fn question_head(name: Option<&str>, declared: &str, look: bool, length: usize) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, name.unwrap_or_default().as_bytes());
    put(&mut out, declared.as_bytes());
    out.push(u8::from(look));
    put_length(&mut out, length);
    out
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    put_length(out, field.len());
    out.extend_from_slice(field);
}

fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
}

/// A question as the child reads it: name, declared type, whether to look at a picture, bytes.
pub(super) type Question = (Option<String>, String, bool, Vec<u8>);

/// The next question; `None` where no more come.
pub(super) fn read_question(input: &mut impl Read) -> io::Result<Option<Question>> {
    let mut first = [0];
    if input.read(&mut first)? == 0 {
        return Ok(None);
    }
    let mut rest = [0; 3];
    input.read_exact(&mut rest)?;
    let [b1, b2, b3] = rest;
    let name = text(body(input, u32::from_be_bytes([first[0], b1, b2, b3]), LONGEST)?);
    let declared = text(field(input, LONGEST)?);
    let mut look = [0];
    input.read_exact(&mut look)?;
    let bytes = field(input, LONGEST)?;
    Ok(Some(((!name.is_empty()).then_some(name), declared, look == [1], bytes)))
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

fn field(input: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    input.read_exact(&mut length)?;
    body(input, u32::from_be_bytes(length), most)
}

fn body(input: &mut impl Read, length: u32, most: usize) -> io::Result<Vec<u8>> {
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "a frame that is too long");
    let length = usize::try_from(length).map_err(|_| wrong())?;
    if length > most {
        return Err(wrong());
    }
    let mut bytes = Vec::new();
    input.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}

/// What the child says of a file.
pub(super) fn write_answer(output: &mut impl Write, opened: &Opened) -> io::Result<()> {
    let mut out = Vec::new();
    put(&mut out, &serde_json::to_vec(&opened.facts)?);
    out.push(u8::from(opened.cleaned.is_some()));
    put(&mut out, opened.cleaned.as_deref().unwrap_or_default());
    put(&mut out, opened.words.as_bytes());
    output.write_all(&out)?;
    output.flush()
}

/// Reads the answers that a child gave before it ended, whole ones only; what is no answer ends
/// them.
pub fn answers(mut output: &[u8]) -> Vec<Opened> {
    let mut answers = Vec::new();
    while let Ok(opened) = answer(&mut output) {
        answers.push(opened);
    }
    answers
}

fn answer(output: &mut &[u8]) -> io::Result<Opened> {
    let facts: FileFacts = serde_json::from_slice(&field(output, LONGEST_FACTS)?)?;
    let mut changed = [0];
    output.read_exact(&mut changed)?;
    let cleaned = field(output, 2 * LONGEST)?;
    let words = text(field(output, MOST_TEXT)?);
    match changed {
        [0] if cleaned.is_empty() => Ok(Opened { facts, cleaned: None, words }),
        [1] => Ok(Opened { facts, cleaned: Some(cleaned), words }),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FileKind, Unopened};

    #[test]
    fn questions_and_answers_are_read_as_they_were_written() {
        let mut asked = question_head(Some("ランプ.png"), "image/png", true, 3);
        asked.extend(b"abc");
        asked.extend(question_head(None, "", false, 0));
        let mut input = asked.as_slice();
        let first = read_question(&mut input).unwrap();
        assert_eq!(
            first,
            Some((Some("ランプ.png".into()), "image/png".into(), true, b"abc".to_vec()))
        );
        assert_eq!(read_question(&mut input).unwrap(), Some((None, String::new(), false, vec![])));
        assert_eq!(read_question(&mut input).unwrap(), None);

        let told = [
            Opened {
                facts: FileFacts::of(FileKind::Pdf),
                cleaned: Some(b"%PDF".to_vec()),
                words: "Rechnung ランプ".into(),
            },
            Opened::only(FileFacts::unopened(FileKind::Png, Unopened::Damaged)),
        ];
        let mut output = Vec::new();
        told.iter().for_each(|opened| write_answer(&mut output, opened).unwrap());
        assert_eq!(answers(&output), told);
        // A child that died leaves half an answer, or anything.
        assert_eq!(answers(&output[..output.len() - 1]), told[..1]);
        assert_eq!(answers(b"\0\0\0\x02{}\0\0\0\0\0"), []);
        assert_eq!(answers(&[0xff; 40]), []);
    }

    #[test]
    fn a_frame_that_lies_about_its_length_is_an_error() {
        assert!(read_question(&mut &b"\xff\xff\xff\xff"[..]).is_err());
        assert!(read_question(&mut &b"\0\0\0\x05ab"[..]).is_err());
    }
}
