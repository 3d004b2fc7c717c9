//! Every HTML mail of the test corpora is composed; what comes out is held against the allow-list by
//! a tokenizer of the test's own, against the text beside it, and against Python's parser.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use bauta::domain::Direction;
use bauta::mail::{self, Message, Piece};
use bauta::rewrite::{Draft, compose};

use crate::between::Between;
use crate::promises::{self, words};
use crate::sets::{Sample, each, places};

/// An attribute and the beginnings of its allowed values.
type Attribute = (&'static str, &'static [&'static str]);

/// Tags that may go out, and their attributes.
const ALLOWED: &[(&str, &[Attribute])] = &[
    ("html", &[]),
    ("body", &[("style", &["font-family:Arial"])]),
    ("p", &[]),
    ("div", &[("style", &["text-align:", "margin-top:1.5em;border-top:1px"])]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("blockquote", &[("type", &["cite"]), ("style", &["margin:0 0 0 0.8ex;border-left:1px"])]),
    ("pre", &[("style", &["white-space:pre-wrap"])]),
    ("ul", &[]),
    ("ol", &[("start", &["1", "2", "3", "4", "5", "6", "7", "8", "9"])]),
    ("li", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("dd", &[]),
    ("table", &[("border", &["1"]), ("cellspacing", &["0"]), ("cellpadding", &["2", "4"])]),
    ("caption", &[]),
    ("tr", &[]),
    ("td", &[("colspan", &[""]), ("rowspan", &[""])]),
    ("th", &[("colspan", &[""]), ("rowspan", &[""])]),
    ("b", &[]),
    ("i", &[]),
    ("u", &[]),
    ("s", &[]),
    ("code", &[]),
    ("small", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("br", &[]),
    ("hr", &[]),
    ("span", &[("style", &["color:#"])]),
    ("a", &[("href", &["http"]), ("rel", &["noopener noreferrer nofollow"])]),
    (
        "img",
        &[("src", &["cid:"]), ("alt", &[""]), ("width", &[""]), ("style", &["max-width:100%"])],
    ),
];

/// Composed without a policy: all that a mail says, as far as it may ever go out.
fn composed(between: &Between, message: &Message) -> Draft {
    compose(&between.plan(message)).unwrap()
}

/// The tags of a document, in the strict form that we write.
fn tags(html: &str) -> Vec<(&str, Vec<(&str, &str)>)> {
    let mut tags = Vec::new();
    for piece in html.split('<').skip(1) {
        let inner = piece.split('>').next().unwrap();
        if inner.starts_with('/') || inner == "!DOCTYPE html" {
            continue;
        }
        let (name, mut rest) = inner.split_once(' ').unwrap_or((inner, ""));
        let mut attributes = Vec::new();
        while let Some((attribute, tail)) = rest.split_once("=\"") {
            let (value, behind) = tail.split_once('"').expect("closed quotes");
            attributes.push((attribute.trim(), value));
            rest = behind;
        }
        assert!(rest.trim().is_empty(), "{inner}");
        tags.push((name, attributes));
    }
    tags
}

fn check_allow_list(html: &str, path: &Path) {
    for (name, attributes) in tags(html) {
        let allowed = ALLOWED.iter().find(|(tag, _)| *tag == name);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{}: <{name}>", path.display()));
        for (attribute, value) in attributes {
            let values = allowed.iter().find(|(known, _)| *known == attribute);
            let fits =
                values.is_some_and(|(_, values)| values.iter().any(|v| value.starts_with(v)));
            assert!(fits, "{}: <{name} {attribute}={value:?}>", path.display());
            let number = matches!(attribute, "width" | "colspan" | "rowspan" | "start");
            assert!(!number || value.parse::<u16>().is_ok(), "{}: {value}", path.display());
            assert!(attribute != "alt" || value.is_empty(), "{}: {value}", path.display());
        }
    }
}

/// A mail of nothing but this HTML, as our reader takes it.
fn read_alone(html: &str) -> Message {
    let head = "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";
    mail::read(format!("{head}{}", html.replace('\n', "\r\n")).as_bytes())
}

#[test]
fn html_of_the_corpora_goes_out_clean_and_says_what_the_text_says() {
    let Some(places) = places() else { return };
    let folder = tempfile::tempdir().unwrap();
    let between = Between::new(Direction::BuyerToSeller, "Zyxina Roe", "zyx@qwv.example");
    let sample = Sample::one_in(3);
    let read = AtomicUsize::new(0);
    let looked_at = each(&places, |number, mail| {
        if !sample.takes(number, mail) {
            return vec![];
        }
        read.fetch_add(1, Ordering::Relaxed);
        let message = mail::read(&mail.raw);
        let Some(markup) = &message.rich else { return vec![] };
        let path = &mail.path;
        assert!(
            markup.pieces.iter().all(|p| !matches!(p, Piece::Words(r) if r.start > r.end)),
            "{}",
            path.display()
        );
        let draft = composed(&between, &message);
        let html = draft.html.as_deref().unwrap();
        check_allow_list(html, path);
        promises::check(&draft, &[]);
        assert!(html.len() < 20 * mail.raw.len() + 2000, "{}: {}", path.display(), html.len());
        // Our own reader finds the same words in it as in the text beside it.
        let again = read_alone(html);
        let otherwise = (words(&again.text.body) != words(&draft.text)).then(|| {
            let mut both = words(&again.text.body).into_iter().zip(words(&draft.text));
            format!("{}: {:?}", path.display(), both.find(|(a, b)| a != b))
        });
        let second = composed(&between, &message);
        assert_eq!(second.bytes, draft.bytes, "{}: composed twice", path.display());
        fs::write(folder.path().join(format!("{number}.eml")), &draft.bytes).unwrap();
        vec![(html.matches("<a href").count(), otherwise)]
    });
    let links: usize = looked_at.iter().map(|(links, _)| links).sum();
    let (rich, read) = (looked_at.len(), read.into_inner());
    println!("{rich} of {read} mails go out with HTML, {links} links in it");
    let otherwise: Vec<&str> = looked_at.iter().filter_map(|(_, o)| o.as_deref()).collect();
    assert!(otherwise.is_empty(), "{}\n{}", otherwise.len(), otherwise.join("\n"));
    assert!(rich * 10 > read, "{rich} of {read}");
    python_agrees(folder.path());
}

/// Python reads every mail without a defect, and finds the same words in both of its forms.
fn python_agrees(folder: &Path) {
    let script = r#"
import email, email.policy, glob, html.parser, re, sys

class Words(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.out, self.href, self.start = [], None, 0
    def handle_starttag(self, tag, attrs):
        if tag in ("p", "div", "td", "th", "tr", "li", "br", "hr", "h1", "h2", "h3", "h4", "h5",
                   "h6", "blockquote", "pre", "dt", "dd", "caption", "table", "ul", "ol", "dl"):
            self.out.append(" ")
        if tag == "a":
            self.href, self.start = dict(attrs).get("href"), len(self.out)
    def handle_endtag(self, tag):
        if tag == "a" and self.href:
            bare = lambda t: re.sub(r"^https?://", "", t.strip().lower()).rstrip("/")
            if bare("".join(self.out[self.start:])) != bare(self.href):
                self.out.append(" " + self.href + " ")
            self.href = None
        elif tag not in ("b", "i", "u", "s", "span", "code", "small", "sub", "sup", "a"):
            self.out.append(" ")
    def handle_data(self, data):
        self.out.append(data)

bad = 0
for name in glob.glob(sys.argv[1] + "/*.eml"):
    mail = email.message_from_binary_file(open(name, "rb"), policy=email.policy.default)
    defects = [d for part in mail.walk() for d in part.defects]
    parser = Words()
    parser.feed(mail.get_body(("html",)).get_content())
    parser.close()
    plain = mail.get_body(("plain",)).get_content()
    left = re.findall(r"\w+", "".join(parser.out))
    right = re.findall(r"\w+", plain)
    if defects or left != right:
        bad += 1
        at = next((i for i, (a, b) in enumerate(zip(left, right)) if a != b), min(len(left), len(right)))
        print(name, defects, left[max(0, at-3):at+5], right[max(0, at-3):at+5])
sys.exit(bad > 0)
"#;
    let ran = Command::new("python3").args(["-c", script]).arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}\n{}", String::from_utf8_lossy(&ran.stderr));
}
