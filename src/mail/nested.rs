//! What stands in a mail in another wrapping: a mail that was attached to it (RFC 2046 §5.2.1), and
//! Outlook's own (`tnef`). Both are opened and what they hold is read like the rest.

use super::body::{self, Reader};
use super::content::Content;
use super::decode::{self, Transfer};
use super::fields;
use super::html;
use super::message::Attachment;
use super::parts::{self, Part};
use super::tnef;

/// Mails in mails that are opened; a deeper one is an attachment that nobody opened.
const DEEPEST: usize = 5;

/// Where the bytes that are read stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// They are the mail that came.
    Whole,
    /// From here on in it, in so many mails.
    From(usize, usize),
    /// In something that had to be decoded, in so many mails.
    Apart(usize),
}

impl Place {
    fn depth(self) -> usize {
        match self {
            Self::Whole => 0,
            Self::From(_, depth) | Self::Apart(depth) => depth,
        }
    }

    /// What a part of `raw` holds.
    pub(super) fn content(self, raw: &[u8], part: &Part) -> Content {
        let offset = match self {
            Self::Whole => 0,
            Self::From(offset, _) => offset,
            Self::Apart(_) => {
                let bytes = raw.get(part.body.clone()).unwrap_or_default();
                return Content::own(decode::transfer(bytes, part.transfer, &mut vec![]));
            }
        };
        Content::within(offset + part.body.start..offset + part.body.end, part.transfer)
    }

    /// The place of a mail in a part that is not encoded.
    fn within(self, part: &Part) -> Self {
        match self {
            Self::Whole => Self::From(part.body.start, 1),
            Self::From(offset, depth) => Self::From(offset + part.body.start, depth + 1),
            Self::Apart(depth) => Self::Apart(depth + 1),
        }
    }
}

/// What Outlook wrapped.
#[derive(Debug, Default)]
pub(super) struct Wrapped {
    text: String,
    /// A wrapping whose words are in a form that is not read.
    unread: Option<Attachment>,
}

/// A mail that is attached, also where its sender's program did not say so.
pub(super) fn is_mail(part: &Part) -> bool {
    matches!(part.content_type.as_str(), "message/rfc822" | "message/global")
        || (part.content_type == "application/octet-stream" && named(part, ".eml"))
}

/// `winmail.dat`, also under its other names.
pub(super) fn is_wrapping(part: &Part) -> bool {
    matches!(part.content_type.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
        || named(part, "winmail.dat")
}

fn named(part: &Part, end: &str) -> bool {
    part.name.as_deref().is_some_and(|name| name.trim().to_lowercase().ends_with(end))
}

impl Reader<'_> {
    /// Opens a mail in the mail: its words are quoted and say nothing of who wrote them, what is
    /// attached to it is attached to this one.
    pub(super) fn mail(&mut self, part: &Part) -> String {
        let raw = self.raw.get(part.body.clone()).unwrap_or_default();
        // RFC 2046 §5.2.1 allows no encoding here, and there are programs that encode it.
        let decoded = match part.transfer {
            Transfer::Identity | Transfer::Unknown => None,
            how => Some(decode::transfer(raw, how, self.defects)),
        };
        let place = match &decoded {
            None => self.place.within(part),
            Some(_) => Place::Apart(self.place.depth() + 1),
        };
        let raw = decoded.as_deref().unwrap_or(raw);
        // What has no header is no mail.
        let block = fields::split(raw, 0..raw.len());
        if place.depth() > DEEPEST || block.empty {
            self.attach(part, false);
            return String::new();
        }
        let tree = parts::tree(raw, &block);
        tree.defects.iter().for_each(|defect| decode::note(self.defects, *defect));
        let mut content = body::content(raw, &tree, place, self.files_left, self.defects);
        self.lose(&mut content.remotes);
        let subject = block
            .first("subject")
            .map(|value| fields::unstructured(value, tree.charset(), self.defects));
        self.attachments.extend(content.attachments);
        self.otherwise.push_str(&content.otherwise);
        self.unreadable = self.unreadable.or(content.unreadable);
        let text = decode::bounded(content.text, self.budget, self.defects);
        self.budget -= text.len();
        quoted(&subject.unwrap_or_default(), &text)
    }

    /// Opens Outlook's wrapping: its files are attached to this mail; its words count where the
    /// mail has no others.
    pub(super) fn unwrap(&mut self, part: &Part) {
        let raw = self.raw.get(part.body.clone()).unwrap_or_default();
        let bytes = decode::transfer(raw, part.transfer, self.defects);
        let mut files = Vec::new();
        match words_and_files(&bytes, 0, &mut files) {
            Some(words) => {
                self.wrapped.text.push_str(&words.text);
                if words.unread {
                    self.attach(part, false);
                    self.wrapped.unread = self.attachments.pop();
                }
                self.attachments.extend(files);
            }
            None => self.attach(part, false),
        }
    }

    /// The words that were wrapped, for a mail that has no others. Where they are in a form that
    /// is not read, the wrapping is an attachment that nobody opened.
    pub(super) fn take_wrapped(&mut self) -> String {
        if self.wrapped.text.trim().is_empty() {
            self.attachments.extend(self.wrapped.unread.take());
        }
        std::mem::take(&mut self.wrapped.text)
    }
}

struct Words {
    text: String,
    unread: bool,
}

fn words_and_files(bytes: &[u8], depth: usize, files: &mut Vec<Attachment>) -> Option<Words> {
    if depth > DEEPEST {
        return None;
    }
    let tnef = tnef::open(bytes)?;
    let mut text = match (tnef.text, tnef.html) {
        (Some(text), _) if !text.trim().is_empty() => decode::clean(&text),
        (_, Some(html)) => decode::clean(&html::text(&html, body::MOST_TEXT).text),
        _ => String::new(),
    };
    for file in tnef.files {
        if file.is_mail {
            let inner = words_and_files(&file.bytes, depth + 1, files)?;
            text.push_str("\n\n");
            text.push_str(&quoted("", &inner.text));
            continue;
        }
        let content_type = file.content_type.unwrap_or_default();
        let picture = content_type.starts_with("image/");
        files.push(Attachment {
            name: file.name.filter(|name| !name.is_empty()),
            inline: picture && file.content_id.is_some(),
            content_type: if content_type.contains('/') {
                content_type
            } else {
                "application/octet-stream".to_owned()
            },
            size: file.bytes.len(),
            content_id: file.content_id,
            content: Content::own(file.bytes),
            ..Attachment::default()
        });
    }
    Some(Words { text, unread: tnef.only_rtf })
}

/// A text with quote marks, below its subject.
fn quoted(subject: &str, text: &str) -> String {
    let mut out = String::new();
    if !subject.is_empty() {
        out.push_str(&format!("> Subject: {subject}\n>\n"));
    }
    for line in text.lines() {
        out.push_str(if line.is_empty() { ">" } else { "> " });
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::super::tnef::tests::{with_file, wrapped};

    fn mail(parts: &[(&str, &str)]) -> Vec<u8> {
        let mut raw = "Subject: a\nContent-Type: multipart/mixed; boundary=o\n\n".to_owned();
        for (head, body) in parts {
            raw.push_str(&format!("--o\n{head}\n\n{body}\n"));
        }
        raw.push_str("--o--\n");
        raw.replace('\n', "\r\n").into_bytes()
    }

    const INNER: &str = "From: Jane <jane@mail.example>\nSubject: Lamp\n\
        Content-Type: multipart/mixed; boundary=i\n\n--i\n\nIs it brass?\n\n> no\n--i\n\
        Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nAAEC\n--i--\n";

    #[test]
    fn a_mail_in_the_mail_is_quoted_and_its_files_are_this_mails() {
        let crlf = INNER.replace('\n', "\r\n");
        let base64 = data_encoding::BASE64.encode(crlf.as_bytes());
        let named = "Content-Type: application/octet-stream; name=\"fwd.EML\"";
        let encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64";
        for (head, body) in
            [("Content-Type: message/rfc822", INNER), (named, INNER), (encoded, base64.as_str())]
        {
            let raw = mail(&[("Content-Type: text/plain", "See below."), (head, body)]);
            let read = read(&raw);
            let expected = "See below.\n\n> Subject: Lamp\n>\n> Is it brass?\n>\n> > no";
            assert_eq!(read.text.body, expected, "{head}");
            let [file] = &read.attachments[..] else { panic!("{:?}", read.attachments) };
            assert_eq!(
                (file.name.as_deref(), &*file.content.decode(&raw)),
                (Some("a.png"), &[0, 1, 2][..])
            );
        }
    }

    #[test]
    fn mails_in_mails_are_opened_down_to_a_bound() {
        let mut inner = INNER.to_owned();
        for _ in 0..3 {
            inner = format!("Subject: x\nContent-Type: message/rfc822\n\n{inner}");
        }
        let raw = mail(&[("Content-Type: message/rfc822", &inner)]);
        let message = read(&raw);
        assert!(message.text.body.contains("> > > > Is it brass?"), "{}", message.text.body);
        assert_eq!(&*message.attachments[0].content.decode(&raw), [0, 1, 2]);
        for _ in 0..300 {
            inner = format!("Subject: x\nContent-Type: message/rfc822\n\n{inner}");
        }
        let message = read(&mail(&[("Content-Type: message/rfc822", &inner)]));
        assert_eq!(message.attachments[0].content_type, "message/rfc822", "nobody opened it");
    }

    #[test]
    fn outlooks_wrapping_gives_its_files_and_its_words_where_there_are_no_others() {
        let wrapping = data_encoding::BASE64.encode(&with_file("Passt es?", "lamp.pdf", b"%PDF"));
        let head = "Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64";
        for (text, expected) in [("See this.", "See this."), ("", "Passt es?")] {
            let raw = mail(&[("Content-Type: text/plain", text), (head, &wrapping)]);
            let read = read(&raw);
            assert_eq!(read.text.body, expected);
            let [file] = &read.attachments[..] else { panic!("{:?}", read.attachments) };
            assert_eq!(
                (file.name.as_deref(), &*file.content.decode(&raw)),
                (Some("lamp.pdf"), &b"%PDF"[..])
            );
        }
        let empty = data_encoding::BASE64.encode(&wrapped(&[]));
        assert_eq!(
            read(&mail(&[("Content-Type: text/plain", "x"), (head, &empty)])).attachments,
            []
        );
        let broken = read(&mail(&[("Content-Type: text/plain", "x"), (head, "AAAA")]));
        assert_eq!(broken.attachments[0].content_type, "application/ms-tnef");
    }
}
