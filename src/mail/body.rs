//! The one text of a mail: which parts hold the person's words, and which are attachments.

use super::alternatives::{self, Same};
use super::content::Content as FileContent;
use super::decode;
use super::enriched;
use super::fields;
use super::flowed;
use super::html;
use super::message::{Attachment, Defect, Text, Unreadable};
use super::nested::{self, Place, Wrapped};
use super::openpgp::{self, Armour};
use super::parts::{Part, Tree};
use super::remote::{self, Remote};
use super::rich::{Embedded, Rich, embedded_name};
use super::segment::segment;
use super::uuencoded::{self, Taken};

/// Text that is read, in bytes.
pub(super) const MOST_TEXT: usize = 2 * 1024 * 1024;
/// HTML that is read, in bytes: markup is often many times its text.
const MOST_HTML: usize = 4 * 1024 * 1024;
/// Forms of one kind that are compared with what is taken: each comparison goes over all of it.
const MOST_COMPARED: usize = 8;

/// What the parts hold.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: String,
    /// The markup of the text, where it tells more than the text.
    pub(super) rich: Option<Rich>,
    /// What stands only in another form of the text that the mail has.
    pub(super) otherwise: String,
    /// What would be fetched when it is shown.
    pub(super) remotes: Vec<Remote>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) unreadable: Option<Unreadable>,
}

pub(super) struct Reader<'x> {
    pub(super) raw: &'x [u8],
    tree: &'x Tree,
    pub(super) defects: &'x mut Vec<Defect>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) unreadable: Option<Unreadable>,
    /// Where `raw` stands in the mail that came, and how many mails it is in.
    pub(super) place: Place,
    /// What was wrapped by Outlook.
    pub(super) wrapped: Wrapped,
    /// Text still allowed.
    pub(super) budget: usize,
    /// Forms of the text that are not taken.
    pub(super) otherwise: String,
    /// What would be fetched for them.
    pub(super) stray: Vec<Remote>,
    /// Files that may still be taken out of the lines of texts, in the whole mail.
    pub(super) files_left: &'x mut usize,
}

/// Text of one subtree, whether it came from HTML, and then its markup.
#[derive(Debug, Default)]
struct Words {
    text: String,
    html: bool,
    rich: Option<Rich>,
    remotes: Vec<Remote>,
}

/// What a reader sees of HTML, told apart as the text of a mail is.
pub fn text_of_html(html: &str) -> Text {
    let text = html::text(html, MOST_TEXT).text;
    segment(text.trim_end().to_owned())
}

/// Reads the text and lists the attachments.
pub(super) fn content(
    raw: &[u8],
    tree: &Tree,
    place: Place,
    files_left: &mut usize,
    defects: &mut Vec<Defect>,
) -> Content {
    let mut reader = Reader {
        raw,
        tree,
        defects,
        attachments: Vec::new(),
        unreadable: None,
        place,
        wrapped: Wrapped::default(),
        // Both alternatives are read before one is taken.
        budget: 2 * MOST_TEXT,
        otherwise: String::new(),
        stray: Vec::new(),
        files_left,
    };
    let mut words = reader.part(0, false);
    if words.text.trim().is_empty() && !words.shows_pictures() {
        reader.lose(&mut words.remotes);
        words = Words { text: reader.take_wrapped(), ..Words::default() };
        reader.take_files(&mut words);
    }
    words.trim_end();
    let whole = words.text.len();
    let text = decode::bounded(words.text, MOST_TEXT, reader.defects);
    let mut rich = words.rich.filter(|rich| text.len() == whole && rich.tells_more());
    let embedded = rich.as_mut().map(|rich| std::mem::take(&mut rich.embedded));
    for (number, picture) in embedded.unwrap_or_default().into_iter().enumerate() {
        reader.attachments.push(attached(number, picture));
    }
    let text = text.trim_end().to_owned();
    let mut remotes = words.remotes;
    remotes.iter_mut().for_each(|r| r.at = r.at.map(|at| at.min(text.len())));
    remotes.append(&mut reader.stray);
    remotes.truncate(remote::MOST);
    let otherwise = decode::bounded(reader.otherwise, MOST_TEXT, reader.defects);
    Content {
        text,
        rich,
        otherwise,
        remotes,
        attachments: reader.attachments,
        unreadable: reader.unreadable,
    }
}

impl Reader<'_> {
    /// Nesting is bounded by `parts::DEEPEST`, so this may call itself.
    fn part(&mut self, index: usize, related: bool) -> Words {
        let tree = self.tree;
        let Some(part) = tree.parts.get(index) else { return Words::default() };
        if part.is_multipart() && !part.children.is_empty() {
            return self.multipart(part);
        }
        match unreadable(part) {
            Some(why) => {
                self.unreadable.get_or_insert(why);
                Words::default()
            }
            None if is_text(part, related) => self.text(part),
            None if nested::is_mail(part) => Words { text: self.mail(part), ..Words::default() },
            None if nested::is_wrapping(part) => {
                self.unwrap(part);
                Words::default()
            }
            None => {
                self.attach(part, related);
                Words::default()
            }
        }
    }

    fn multipart(&mut self, part: &Part) -> Words {
        match part.content_type.as_str() {
            "multipart/alternative" => self.alternative(part),
            // RFC 3156 §4, RFC 1847 §2.2.
            "multipart/encrypted" => {
                self.unreadable.get_or_insert(Unreadable::Encrypted);
                Words::default()
            }
            // RFC 1847 §2.1: the first part is the content, the second its signature.
            "multipart/signed" => {
                part.children.first().map_or_else(Words::default, |&first| self.part(first, false))
            }
            // RFC 2387: the first part is the root, the others are what it shows.
            "multipart/related" => {
                let mut children = part.children.iter();
                let root = children.next().map(|&first| self.part(first, false));
                let mut words = root.unwrap_or_default();
                for &child in children {
                    let more = self.part(child, true);
                    join(&mut words, more);
                }
                words
            }
            _ => {
                let mut words = Words::default();
                for &child in &part.children {
                    let more = self.part(child, false);
                    join(&mut words, more);
                }
                words
            }
        }
    }

    fn alternative(&mut self, part: &Part) -> Words {
        let mut plain = Words::default();
        let mut html = Words { html: true, ..Words::default() };
        let (mut plain_forms, mut html_forms) = (0, 0);
        for &child in &part.children {
            let mut words = self.part(child, false);
            if words.text.trim().is_empty() && !words.shows_pictures() {
                self.lose(&mut words.remotes);
                continue;
            }
            let (taken, forms) = match words.html {
                true => (&mut html, &mut html_forms),
                false => (&mut plain, &mut plain_forms),
            };
            self.take_form(taken, words, *forms);
            *forms += 1;
        }
        let chosen = alternatives::choose(&plain.text, &html.text);
        if chosen.differ {
            decode::note(self.defects, Defect::AlternativesDiffer);
        }
        // Without any formatting the sender's own plain text is as good.
        let html_wins = chosen.html && (chosen.differ || html.tells_more());
        let (taken, mut left) = if html_wins { (html, plain) } else { (plain, html) };
        if chosen.differ || alternatives::names_somebody(&taken.text, &left.text) {
            self.leave_out(&left.text);
        }
        self.lose(&mut left.remotes);
        taken
    }

    /// Takes one more form of the same kind. RFC 2046 §5.1.4: of several the last is the best, but
    /// for what is no other form at all: that is shown too. `before` forms were taken already; with
    /// more of them than anybody writes the last is the one, whatever it says.
    fn take_form(&mut self, taken: &mut Words, form: Words, before: usize) {
        let wordless = |words: &Words| words.text.trim().is_empty();
        let pictures_alone = before > 0
            && (wordless(taken) || wordless(&form))
            // Both show pictures here, and nothing else.
            && (wordless(taken) != wordless(&form) || taken.rich != form.rich);
        let same = match before {
            0 => Same::Yes,
            1..=MOST_COMPARED if pictures_alone => Same::No,
            1..=MOST_COMPARED => alternatives::compare(&taken.text, &form.text),
            _ => Same::Nearly,
        };
        if same != Same::Yes {
            decode::note(self.defects, Defect::AlternativesDiffer);
        }
        let mut left = match same {
            Same::No => return join(taken, form),
            Same::Less => form,
            Same::Yes | Same::Nearly => std::mem::replace(taken, form),
        };
        self.lose(&mut left.remotes);
        if same != Same::Yes || alternatives::names_somebody(&taken.text, &left.text) {
            self.leave_out(&left.text);
        }
    }

    /// What would be fetched for words that are not taken has no place in those that are.
    pub(super) fn lose(&mut self, remotes: &mut Vec<Remote>) {
        let room = remote::MOST.saturating_sub(self.stray.len());
        self.stray.extend(remotes.drain(..).take(room).map(|r| Remote { at: None, ..r }));
    }

    /// What is not taken is judged all the same.
    fn leave_out(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.otherwise.push_str(text.trim_end());
            self.otherwise.push('\n');
        }
    }

    fn text(&mut self, part: &Part) -> Words {
        let bytes = self.raw.get(part.body.clone()).unwrap_or_default();
        let bytes = decode::transfer(bytes, part.transfer, self.defects);
        let mut words = match part.content_type.as_str() {
            "text/html" => self.html(part, &bytes),
            _ => Words { text: self.plain(part, &bytes), ..Words::default() },
        };
        self.take_files(&mut words);
        words.trim_end();
        if words.text.len() > self.budget {
            words.rich = None;
        }
        words.text = decode::bounded(words.text, self.budget, self.defects);
        self.budget -= words.text.len();
        words
    }

    fn html(&mut self, part: &Part, bytes: &[u8]) -> Words {
        let over = bytes.len() > MOST_HTML;
        if over {
            decode::note(self.defects, Defect::Bounds);
        }
        let bytes = bytes.get(..MOST_HTML).unwrap_or(bytes);
        let text = decode::charset(bytes, part.charset.as_deref(), self.defects);
        let read = html::text(&text, self.budget);
        if read.cut {
            decode::note(self.defects, Defect::Bounds);
        }
        let rich = read.rich.filter(|_| !over);
        Words { text: read.text, html: true, rich, remotes: read.remotes }
    }

    fn plain(&mut self, part: &Part, bytes: &[u8]) -> String {
        let text = decode::charset(bytes, part.charset.as_deref(), self.defects);
        let text = decode::clean(&text);
        // Before what unwraps lines, and before the text is cut: files may be longer than texts.
        let text = self.without_files(&text).unwrap_or(text);
        let text = decode::bounded(text, self.budget, self.defects);
        let text = if is_enriched(part) { enriched::text(&text) } else { text };
        let text = match openpgp::open(&text) {
            Armour::Encrypted => {
                self.unreadable.get_or_insert(Unreadable::Encrypted);
                return String::new();
            }
            Armour::Opened(inner) => inner,
            Armour::None => text,
        };
        let text = if part.flowed { flowed::unwrap(&text, part.del_sp) } else { text };
        // What stood before a byte order mark may be gone only now.
        text.trim_start_matches('\u{feff}').trim_end().to_owned()
    }

    /// Takes the files out of the lines of words as they are read, whatever they were written in.
    /// Their markup is gone then: it stands at places of the whole text.
    fn take_files(&mut self, words: &mut Words) {
        if let Some(rest) = self.without_files(&words.text) {
            words.text = rest;
            words.rich = None;
            words.remotes.iter_mut().for_each(|remote| remote.at = None);
        }
    }

    /// A text without the files in its lines; nothing where it has none.
    fn without_files(&mut self, text: &str) -> Option<String> {
        if !text.contains("begin") {
            return None;
        }
        let Taken { rest, files, more } = uuencoded::take(text.as_bytes(), *self.files_left)?;
        if more {
            decode::note(self.defects, Defect::Bounds);
        }
        files.into_iter().for_each(|file| self.attach_uuencoded(file));
        Some(String::from_utf8_lossy(&rest).into_owned())
    }

    /// A file that stood in the lines of a text; one that stands in two forms of it is one file.
    fn attach_uuencoded(&mut self, file: uuencoded::File) {
        let name = fields::unstructured(&file.name, None, self.defects);
        let file = Attachment {
            name: Some(name).filter(|name| !name.is_empty()),
            content_type: "application/octet-stream".to_owned(),
            size: file.bytes.len(),
            content: FileContent::own(file.bytes),
            ..Attachment::default()
        };
        if !self.attachments.contains(&file) {
            *self.files_left = self.files_left.saturating_sub(1);
            self.attachments.push(file);
        }
    }

    pub(super) fn attach(&mut self, part: &Part, related: bool) {
        let bytes = self.raw.get(part.body.clone()).unwrap_or_default();
        let picture = part.content_type.starts_with("image/");
        self.attachments.push(Attachment {
            name: part.name.clone().filter(|n| !n.is_empty()),
            content_type: part.content_type.clone(),
            inline: picture && !part.attached && (related || (part.shown && part.id.is_some())),
            size: decode::size(bytes, part.transfer, self.defects),
            content_id: part.id.clone(),
            charset: part.charset.clone(),
            content: self.place.content(self.raw, part),
            ..Attachment::default()
        });
    }
}

/// A picture that stood in the HTML itself is like any other inline picture.
fn attached(number: usize, picture: Embedded) -> Attachment {
    Attachment {
        name: None,
        content_type: picture.content_type,
        inline: true,
        size: picture.bytes.len(),
        content_id: Some(embedded_name(number)),
        content: FileContent::own(picture.bytes),
        ..Attachment::default()
    }
}

fn is_enriched(part: &Part) -> bool {
    matches!(part.content_type.as_str(), "text/enriched" | "text/richtext")
}

/// A body of words, not a file: text/plain, text/html and their kin that are shown
/// in place.
fn is_text(part: &Part, related: bool) -> bool {
    let words = matches!(
        part.content_type.as_str(),
        "text/plain" | "text/html" | "text/markdown" | "text/x-markdown"
    ) || is_enriched(part);
    // A multipart without a usable boundary: its bytes are all there is to show.
    let broken = part.is_multipart();
    // A named text of multipart/related is something that the root refers to.
    (words || broken) && !part.attached && !(related && (part.id.is_some() || part.name.is_some()))
}

fn unreadable(part: &Part) -> Option<Unreadable> {
    if !matches!(part.content_type.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
    {
        return None;
    }
    match part.smime_type.as_deref() {
        // RFC 8551 §3.5.2.
        Some("signed-data") => Some(Unreadable::OpaqueSigned),
        // Certificates are a file like others (RFC 8551 §3.8).
        Some("certs-only") => None,
        // RFC 8551 §3.2.2: the parameter may be left out; §3.3 enveloped, §3.4 authenticated.
        _ => Some(Unreadable::Encrypted),
    }
}

impl Words {
    fn shows_pictures(&self) -> bool {
        self.rich.as_ref().is_some_and(Rich::shows_pictures)
    }

    fn tells_more(&self) -> bool {
        self.rich.as_ref().is_some_and(Rich::tells_more)
    }

    /// Takes white space from its end, and from the markup: other text may come to stand there.
    fn trim_end(&mut self) {
        let end = self.text.trim_end().len();
        if end < self.text.len() {
            self.text.truncate(end);
            if let Some(rich) = &mut self.rich {
                rich.end_at(end);
            }
        }
    }
}

fn join(words: &mut Words, mut more: Words) {
    if more.text.trim().is_empty() && !more.shows_pictures() {
        more.remotes.iter_mut().for_each(|r| r.at = Some(words.text.len()));
        words.remotes.append(&mut more.remotes);
        return;
    }
    words.trim_end();
    let above = words.text.len();
    let gap = if above > 0 { "\n\n" } else { "" };
    let below = |at: usize| at + above + gap.len();
    more.remotes.iter_mut().for_each(|r| r.at = r.at.map(below));
    words.remotes.append(&mut more.remotes);
    // Markup goes on only where all of it is known.
    words.rich = match (words.rich.take(), more.rich) {
        (None, None) => None,
        (None, Some(_)) if words.html => None,
        (Some(_), None) if more.html => None,
        (rich, more_rich) => {
            let mut rich = rich.unwrap_or_else(|| Rich::plain(&words.text));
            let more_rich = more_rich.unwrap_or_else(|| Rich::plain(&more.text));
            rich.append(more_rich, above + gap.len());
            Some(rich)
        }
    };
    words.text.push_str(gap);
    words.text.push_str(&more.text);
    words.html |= more.html;
}
