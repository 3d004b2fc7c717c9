//! The parts of a mail that goes out, below its header.
//!
//! ```text
//! multipart/mixed                 where there are files
//!   multipart/related             where the HTML shows pictures
//!     multipart/alternative       where there is HTML
//!       text/plain
//!       text/html
//!     image/…
//!   application/…
//! ```

use std::collections::HashMap;

use data_encoding::{BASE64_MIME, HEXLOWER};
use mail_builder::headers::content_type::ContentType;
use mail_builder::mime::MimePart;
use sha2::{Digest, Sha256};

use super::carried::Carried;
use crate::domain::{MsgId, are_all, is_plain_text, lines_of};
use crate::mail::Rich;

/// What a mail is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a> {
    /// LF line ends.
    pub text: &'a str,
    /// A whole document; none for a plain mail.
    pub html: Option<&'a str>,
    /// Pictures; those that the HTML shows go beside it, the others below the text.
    pub pictures: &'a [Carried],
    /// Attached files.
    pub files: &'a [Carried],
    /// The sender's ids of the pictures that the HTML shows, and ours.
    pub ids: &'a HashMap<&'a str, String>,
}

/// Our own Content-IDs for the pictures that the markup shows.
pub(super) fn picture_ids<'a>(
    rich: Option<&Rich>,
    pictures: &'a [Carried],
    msg_id: &MsgId,
) -> HashMap<&'a str, String> {
    let Some(rich) = rich else { return HashMap::new() };
    let own = pictures.iter().enumerate().filter_map(|(number, picture)| {
        let id = picture.content_id.as_deref().filter(|id| rich.shows(id))?;
        Some((id, format!("p{number}.{}", msg_id.as_str())))
    });
    own.collect()
}

impl<'a> Body<'a> {
    /// The parts, in each other. The same body and id give the same bytes.
    pub fn write(&self, msg_id: &MsgId) -> MimePart<'a> {
        // Nobody outside knows the id of a mail that was not sent yet, so nobody can have put a
        // line into it that looks like this.
        let seed = || -> String {
            let seed = HEXLOWER.encode(&Sha256::digest(msg_id.as_str()));
            seed.chars().take(24).collect()
        };
        let multipart = |kind: &str, level: u8, parts: Vec<MimePart<'a>>| {
            let boundary = format!("=_{level}_{}", seed());
            let kind = ContentType::new(format!("multipart/{kind}"));
            (kind.attribute("boundary", boundary), parts)
        };
        // RFC 2046 §4.1.1: in mail, a line ends with CRLF.
        let lines = with_crlf;
        let mut root = MimePart::new("text/plain", lines(self.text));
        if goes_as_it_is(self.text) {
            root = root.transfer_encoding("7bit");
        }
        if let Some(html) = self.html {
            // RFC 2046 §5.1.4: the best form stands last.
            let html = MimePart::new("text/html", lines(html));
            let (kind, parts) = multipart("alternative", 1, vec![root, html]);
            root = MimePart::new(kind, parts);
        }
        let (shown, below): (Vec<_>, Vec<_>) =
            self.pictures.iter().partition(|p| self.id_of(p).is_some() && self.html.is_some());
        if !shown.is_empty() {
            let mut parts = vec![root];
            parts.extend(shown.into_iter().map(|picture| self.picture(picture)));
            let (kind, parts) = multipart("related", 2, parts);
            // RFC 2387 §3.1.
            root = MimePart::new(kind.attribute("type", "multipart/alternative"), parts);
        }
        if !below.is_empty() || !self.files.is_empty() {
            let mut parts = vec![root];
            parts.extend(below.into_iter().map(|picture| self.picture(picture)));
            parts.extend(self.files.iter().map(|file| part(file, "attachment")));
            let (kind, parts) = multipart("mixed", 3, parts);
            root = MimePart::new(kind, parts);
        }
        root
    }

    fn id_of(&self, picture: &Carried) -> Option<&String> {
        self.ids.get(picture.content_id.as_deref()?)
    }

    fn picture(&self, picture: &'a Carried) -> MimePart<'a> {
        let part = part(picture, "inline");
        match self.id_of(picture) {
            Some(id) => part.cid(id.clone()),
            None => part,
        }
    }
}

/// Whether a text can stand in a mail as it is: ASCII in lines of 78 characters at most (RFC 5322
/// §2.1.1; the builder takes 76, as for an encoding), without what is lost at the end of a line.
fn goes_as_it_is(text: &str) -> bool {
    let fits = |line: &str| line.len() <= 78 && !line.ends_with([' ', '\t']);
    are_all(text.as_bytes(), is_plain_text)
        && lines_of(text).all(|line| fits(line.strip_suffix('\n').unwrap_or(line)))
}

/// A text with a CR before each LF.
fn with_crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 32 + 2);
    for line in lines_of(text) {
        match line.strip_suffix('\n') {
            Some(line) => {
                out.push_str(line);
                out.push_str("\r\n");
            }
            None => out.push_str(line),
        }
    }
    out
}

/// A file, whatever its type in base64: not a byte of it is changed on the way.
fn part<'a>(file: &'a Carried, disposition: &str) -> MimePart<'a> {
    let kind = ContentType::new(file.content_type.clone());
    let mut disposition = ContentType::new(disposition.to_owned());
    if let Some(name) = &file.name {
        disposition = disposition.attribute("filename", name.clone());
    }
    // The builder writes text as text; whatever else it encodes as it goes, without a copy.
    if kind.is_text() {
        return MimePart::new(kind, BASE64_MIME.encode(&file.bytes).into_bytes())
            .header("Content-Disposition", disposition)
            .transfer_encoding("base64");
    }
    MimePart::new(kind, &*file.bytes).header("Content-Disposition", disposition)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carried(name: Option<&str>, content_type: &str, id: Option<&str>, bytes: &[u8]) -> Carried {
        Carried {
            name: name.map(str::to_owned),
            content_type: content_type.to_owned(),
            content_id: id.map(str::to_owned),
            bytes: bytes.into(),
        }
    }

    fn written(body: &Body<'_>) -> String {
        let mut out = Vec::new();
        body.write(&MsgId::new("m@relay.example").unwrap()).write_part(&mut out);
        String::from_utf8(out).unwrap()
    }

    /// The content types in order.
    fn kinds(mail: &str) -> Vec<&str> {
        mail.lines()
            .filter_map(|l| l.strip_prefix("Content-Type: "))
            .map(|l| l.split(';').next().unwrap())
            .collect()
    }

    #[test]
    fn a_text_is_encoded_only_where_a_mail_would_lose_of_it() {
        let nothing = HashMap::new();
        for (text, encoding) in [
            ("x".repeat(78), "7bit"),
            (format!("{}\nso it is\n\n-- Jane", "x ".repeat(30).trim_end()), "7bit"),
            ("x".repeat(79), "quoted-printable"),
            ("so it is \nnow".to_owned(), "quoted-printable"),
            ("so it is\u{1}now".to_owned(), "7bit"),
            ("é".to_owned(), "base64"),
        ] {
            let body = Body { text: &text, html: None, pictures: &[], files: &[], ids: &nothing };
            let written = written(&body);
            let expected = format!("Content-Transfer-Encoding: {encoding}\r\n");
            assert!(written.contains(&expected), "{text:?}: {written}");
        }
    }

    #[test]
    fn each_shape_is_only_as_deep_as_it_must_be() {
        let picture = carried(Some("lamp.png"), "image/png", Some("1@x"), b"png");
        let loose = carried(None, "image/gif", None, b"gif");
        let file = carried(Some("Grüße.txt"), "text/plain", None, b"a\nb\r\n\xff");
        let ids = HashMap::from([("1@x", "p0.m@relay.example".to_owned())]);
        let plain = Body { text: "Hi\n", html: None, pictures: &[], files: &[], ids: &ids };
        assert_eq!(kinds(&written(&plain)), ["text/plain"]);
        let html = Body { html: Some("<p>Hi</p>"), ..plain };
        assert_eq!(kinds(&written(&html)), ["multipart/alternative", "text/plain", "text/html"]);
        let pictures = [picture, loose];
        let all = Body { pictures: &pictures, files: std::slice::from_ref(&file), ..html };
        let mail = written(&all);
        assert_eq!(
            kinds(&mail),
            [
                "multipart/mixed",
                "multipart/related",
                "multipart/alternative",
                "text/plain",
                "text/html",
                "image/png",
                "image/gif",
                "text/plain",
            ]
        );
        assert!(mail.contains("Content-ID: <p0.m@relay.example>") && !mail.contains("1@x"));
        assert!(mail.contains("filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"), "{mail}");
        assert!(mail.contains("YQpiDQr/"), "the very bytes: {mail}");
        assert_eq!(mail, written(&all), "twice the same");
        let text_only = Body { pictures: &pictures[..1], ..plain };
        assert_eq!(kinds(&written(&text_only)), ["multipart/mixed", "text/plain", "image/png"]);
    }
}
