//! The one text of a mail: which parts hold the person's words, and which are attachments.

use std::collections::HashSet;

use super::content::Content as FileContent;
use super::decode;
use super::flowed;
use super::html;
use super::message::{Attachment, Defect, Unreadable};
use super::openpgp::{self, Armour};
use super::parts::{Part, Tree};

/// Text that is read, in bytes.
pub(super) const MOST_TEXT: usize = 2 * 1024 * 1024;
/// HTML that is read, in bytes: markup is often many times its text.
const MOST_HTML: usize = 4 * 1024 * 1024;

/// What the parts hold.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
    pub(super) unreadable: Option<Unreadable>,
}

struct Reader<'x> {
    raw: &'x [u8],
    tree: &'x Tree,
    defects: &'x mut Vec<Defect>,
    attachments: Vec<Attachment>,
    unreadable: Option<Unreadable>,
    /// Text still allowed.
    budget: usize,
}

/// Text of one subtree, and whether it came from HTML.
#[derive(Debug, Default)]
struct Words {
    text: String,
    html: bool,
}

/// Reads the text and lists the attachments.
pub(super) fn content(raw: &[u8], tree: &Tree, defects: &mut Vec<Defect>) -> Content {
    let mut reader = Reader {
        raw,
        tree,
        defects,
        attachments: Vec::new(),
        unreadable: None,
        // Both alternatives are read before one is taken.
        budget: 2 * MOST_TEXT,
    };
    let words = reader.part(0, false);
    let text = decode::bounded(words.text, MOST_TEXT, reader.defects);
    let text = text.trim_end().to_owned();
    Content { text, attachments: reader.attachments, unreadable: reader.unreadable }
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
        for &child in &part.children {
            let words = self.part(child, false);
            // RFC 2046 §5.1.4: the last alternative is the best one; of one kind the last counts.
            if words.text.trim().is_empty() {
                continue;
            }
            if words.html {
                html = words;
            } else {
                plain = words;
            }
        }
        choose(plain, html, self.defects)
    }

    fn text(&mut self, part: &Part) -> Words {
        let bytes = self.raw.get(part.body.clone()).unwrap_or_default();
        let is_html = part.content_type == "text/html";
        let bytes = decode::transfer(bytes, part.transfer, self.defects);
        let most = if is_html { MOST_HTML } else { self.budget };
        let bytes = match bytes.get(..most) {
            Some(cut) if bytes.len() > most => {
                decode::note(self.defects, Defect::Bounds);
                cut
            }
            _ => bytes.as_slice(),
        };
        let text = decode::charset(bytes, part.charset.as_deref(), self.defects);
        let text = if is_html {
            let read = html::text(&text, self.budget);
            if read.cut {
                decode::note(self.defects, Defect::Bounds);
            }
            decode::clean(&read.text)
        } else {
            self.plain(part, &decode::clean(&text))
        };
        let text = decode::bounded(text, self.budget, self.defects);
        self.budget -= text.len();
        Words { text, html: is_html }
    }

    fn plain(&mut self, part: &Part, text: &str) -> String {
        let text = match openpgp::open(text) {
            Armour::Encrypted => {
                self.unreadable.get_or_insert(Unreadable::Encrypted);
                return String::new();
            }
            Armour::Opened(inner) => inner,
            Armour::None => text.to_owned(),
        };
        if part.flowed { flowed::unwrap(&text, part.del_sp).trim_end().to_owned() } else { text }
    }

    fn attach(&mut self, part: &Part, related: bool) {
        let bytes = self.raw.get(part.body.clone()).unwrap_or_default();
        let picture = part.content_type.starts_with("image/");
        self.attachments.push(Attachment {
            name: part.name.clone().filter(|n| !n.is_empty()),
            content_type: part.content_type.clone(),
            inline: picture && !part.attached && (related || (part.shown && part.id.is_some())),
            size: decode::size(bytes, part.transfer),
            content_id: part.id.clone(),
            content: FileContent::within(part.body.clone(), part.transfer),
        });
    }
}

/// A body of words, not a file: text/plain and text/html that are shown in place.
fn is_text(part: &Part, related: bool) -> bool {
    let words = matches!(part.content_type.as_str(), "text/plain" | "text/html");
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

fn join(words: &mut Words, more: Words) {
    if more.text.trim().is_empty() {
        return;
    }
    if !words.text.is_empty() {
        words.text.truncate(words.text.trim_end().len());
        words.text.push_str("\n\n");
    }
    words.text.push_str(&more.text);
    words.html |= more.html;
}

/// Which alternative holds the person's words: the plain text, unless it is empty or a stub, or
/// the HTML says all of it and more.
fn choose(plain: Words, html: Words, defects: &mut Vec<Defect>) -> Words {
    let plain_words = normal_words(&plain.text);
    let html_words = normal_words(&html.text);
    if plain_words.is_empty() || html_words.is_empty() {
        return if plain_words.is_empty() && !html.text.is_empty() { html } else { plain };
    }
    if plain_words == html_words {
        return plain;
    }
    decode::note(defects, Defect::AlternativesDiffer);
    let shown: HashSet<&String> = html_words.iter().collect();
    let shared = plain_words.iter().filter(|w| shown.contains(w)).count();
    let says_much_more = html_words.len() > 2 * plain_words.len() + 10;
    // "Your mail program can't display HTML": shares next to nothing with what it stands for.
    let notice = plain_words.len() <= 40
        && plain_words.iter().any(|w| w == "html")
        && shared * 2 < plain_words.len();
    // Mail programs show the HTML: what only it says would pass unjudged.
    let contained = rest(&plain_words, &html_words)
        .is_some_and(|rest| tells(&rest) || names_somebody(&plain.text, &html.text));
    if says_much_more || notice || contained { html } else { plain }
}

/// The words of `long` that remain when those of `short` are taken out in order; `None` where it
/// doesn't hold them all.
fn rest<'w>(short: &[String], long: &'w [String]) -> Option<Vec<&'w str>> {
    let mut short = short.iter().peekable();
    let rest = long.iter().filter(|word| short.next_if_eq(word).is_none());
    let rest = rest.map(String::as_str).collect();
    short.peek().is_none().then_some(rest)
}

/// Three words are a sentence; figures can be a number.
fn tells(words: &[&str]) -> bool {
    words.len() >= 3 || words.iter().any(|word| word.contains(char::is_numeric))
}

/// Whether the HTML has an `@` or a domain that the plain text has not.
fn names_somebody(plain: &str, html: &str) -> bool {
    let known: HashSet<&str> = plain.split_whitespace().collect();
    html.split_whitespace().filter(|token| !known.contains(token)).any(|token| {
        let inner = token.trim_matches(|c: char| !c.is_alphanumeric() && c != '@');
        inner.contains(['@', '.'])
    })
}

/// Lower-cased words without links, quote marks and picture placeholders, for comparing.
fn normal_words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .filter(|token| {
            let token = token.trim_start_matches(['<', '(', '[']);
            !["http://", "https://", "mailto:", "tel:", "cid:", "//"].iter().any(|scheme| {
                token.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme))
            })
        })
        .flat_map(|token| token.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_that_only_the_html_says_is_dropped() {
        let check = |plain: &str, html: &str, html_wins: bool| {
            let words = |text: &str, html| Words { text: text.to_owned(), html };
            let mut defects = vec![];
            let chosen = choose(words(plain, false), words(html, true), &mut defects);
            assert_eq!(chosen.html, html_wins, "{plain:?} {html:?}");
            assert_eq!(defects, [Defect::AlternativesDiffer], "{plain:?} {html:?}");
        };
        let plain = "Hi there, thanks a lot for this.";
        check(plain, "Hi there, thanks a lot for this.\nRing 030 9018200", true);
        check(plain, "Ring 0309018200. Hi there, thanks a lot for this.", true);
        check(plain, "Hi there, thanks a lot (jane@x.example) for this.", true);
        check(plain, "Hi there, thanks a lot for this. lamps.example", true);
        check(plain, "Hi there, thanks a lot for this. 5", true);
        check(plain, "Hi there, thanks a lot for this. And one more word.", true);
        // A greeting more is no reason to give up the plain text.
        check(plain, "Hi there, thanks a lot for this. Yours Jane", false);
        // It does not say everything that the plain text says.
        check(plain, "Hi there, thanks. Ring 030 9018200", false);
        check(plain, "this for lot a thanks, there Hi. Ring 030 9018200", false);
    }
}
