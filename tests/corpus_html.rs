//! Every HTML mail of the test corpora is composed; what comes out is held against the allow-list by
//! a tokenizer of the test's own, against the text beside it, and against Python's parser.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bauta::config::ShownNameStyle;
use bauta::domain::{
    AliasAddress, Direction, Facts, FactsVersion, Language, MsgId, PairId, Party, PartyId, Secrets,
    Sightings, Timestamp, Verdict,
};
use bauta::mail::{self, Message, Piece};
use bauta::rewrite::{Draft, Plan, compose, thread::ThreadHeaders};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");

/// An attribute and the beginnings of its allowed values.
type Attribute = (&'static str, &'static [&'static str]);

/// Tags that may go out, and their attributes.
const ALLOWED: &[(&str, &[Attribute])] = &[
    ("html", &[]),
    ("body", &[]),
    ("p", &[]),
    ("div", &[("style", &["text-align:", "margin-top:1em;font-size:small"])]),
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

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn facts() -> Facts {
    let party = |id, name: &str, address: &str| {
        Party::new(id, name.parse().unwrap(), Language::En, vec![address.parse().unwrap()])
    };
    Facts {
        version: FactsVersion { seller: 0, buyer: 0, pair: 0 },
        pair: PairId(0),
        key_version: 1,
        seller: party(PartyId::Seller("S1".parse().unwrap()), "Lamp Shop", "cs@lamps.example"),
        buyer: party(PartyId::Buyer("B1".parse().unwrap()), "Zyxina Roe", "zyx@qwv.example"),
        blocked: false,
        seller_alias: AliasAddress::new("selleraliasselleraliasse", "relay.example"),
        buyer_alias: AliasAddress::new("buyeraliasbuyeraliasbuye", "relay.example"),
    }
}

/// Composed without a policy: all that a mail says, as far as it may ever go out.
fn composed(message: &Message) -> Draft {
    let facts = facts();
    let (writer, reader) = (&facts.buyer, &facts.seller);
    let secrets = Secrets::of(writer, &writer.addresses[0], reader, "Buyer", &["Market"]);
    let (known, id) = (Sightings::default(), MsgId::new("out@relay.example").unwrap());
    compose(&Plan {
        facts: &facts,
        direction: Direction::BuyerToSeller,
        recipient: &reader.addresses[0],
        order: None,
        message,
        verdict: &Verdict::clean(),
        cut: &[],
        plain: false,
        pictures: &[],
        files: &[],
        left_out: &[],
        secrets: &secrets,
        known: &known,
        thread: &ThreadHeaders::default(),
        msg_id: &id,
        conversation_subject: None,
        envelope_from: &facts.seller_alias,
        date: Timestamp::EPOCH,
        shown_name: ShownNameStyle::FirstName,
        marketplace: "Market",
    })
    .unwrap()
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

/// Without what only stands for markup in a text: quote marks, bullets, cells.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().filter(|word| !matches!(*word, ">" | "|" | "-")).collect()
}

/// A mail of nothing but this HTML, as our reader takes it.
fn read_alone(html: &str) -> Message {
    let head = "From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n";
    mail::read(format!("{head}{}", html.replace('\n', "\r\n")).as_bytes())
}

#[test]
fn html_of_the_corpora_goes_out_clean_and_says_what_the_text_says() {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpora are not beside the project");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    files(Path::new(CORPUS), &mut paths);
    let (mut read, mut rich, mut links, mut otherwise) = (0, 0, 0, vec![]);
    for path in paths {
        let raw = fs::read(&path).unwrap();
        if !raw.windows(5).any(|w| w.eq_ignore_ascii_case(b"text/")) {
            continue;
        }
        read += 1;
        let message = mail::read(&raw);
        let Some(markup) = &message.rich else { continue };
        assert!(
            markup.pieces.iter().all(|p| !matches!(p, Piece::Words(r) if r.start > r.end)),
            "{}",
            path.display()
        );
        let draft = composed(&message);
        let html = draft.html.as_deref().unwrap();
        check_allow_list(html, &path);
        assert!(html.len() < 20 * raw.len() + 2000, "{}: {}", path.display(), html.len());
        links += html.matches("<a href").count();
        // Our own reader finds the same words in it as in the text beside it.
        let again = read_alone(html);
        if words(&again.text.body) != words(&draft.text) {
            let differs = words(&again.text.body).into_iter().zip(words(&draft.text));
            let first = differs.into_iter().find(|(a, b)| a != b);
            otherwise.push(format!("{}: {first:?}", path.display()));
        }
        let second = composed(&message);
        assert_eq!(second.bytes, draft.bytes, "{}: composed twice", path.display());
        fs::write(folder.path().join(format!("{rich}.eml")), &draft.bytes).unwrap();
        rich += 1;
    }
    println!("{rich} of {read} mails go out with HTML, {links} links in it");
    assert!(otherwise.is_empty(), "{}\n{}", otherwise.len(), otherwise.join("\n"));
    assert!(rich > 300, "{rich}");
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
