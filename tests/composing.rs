//! Random mails are read, composed, scanned and read again: nothing of their sender goes out, and
//! what goes out says what was judged.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "corpus/between.rs"]
mod between;
#[path = "corpus/promises.rs"]
mod promises;
#[path = "corpus/relaying.rs"]
mod relaying;

use std::fs;
use std::path::Path;

use bauta::domain::Direction;
use bauta::mail;
use bauta::rewrite::frame;
use between::Between;
use proptest::prelude::*;
use relaying::{ADDRESS, NAME, relayed};

/// What stands somewhere in a tree of HTML.
#[derive(Debug, Clone)]
enum Node {
    Words(String),
    Element(&'static str, &'static str, Vec<Node>),
    /// With no end, or with one that never began.
    Stray(&'static str),
}

/// Words as people write them, and such as an encoder may stumble over.
fn any_words() -> impl Strategy<Value = String> {
    let words = [
        "lamp",
        "Größe",
        "ランプ",
        "💡",
        "&",
        "&amp;",
        "&lt;b&gt;",
        "a&nbsp;b",
        ">",
        "|",
        "- x",
        "--",
        "From here",
        ".",
        "=3D",
        "%40",
        "1 < 2",
        "\n",
        "  ",
        "\t",
        "\u{ad}",
        "\u{202e}ab",
        "https://relay.example/x?a=1&amp;b=2",
        "wrote:",
        "&#x2028;",
        "&zwj;",
        "x\u{301}",
        "&#0;",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..6).prop_map(|w| w.join(" "))
}

/// The sender's own, in forms in which it may stand in a text.
fn any_secret() -> impl Strategy<Value = Node> {
    prop::sample::select(vec![
        Node::Words(format!(" {} ", ADDRESS)),
        Node::Words(format!(" {} ", "zyx&#46;roe&commat;qwv.example")),
        Node::Words(format!(" {} ", "Zyx.Roe+shop@QWV.example")),
        Node::Words(format!(" {} ", "www.qwv.example")),
        Node::Words(format!(" {} ", "elpmaxe.vwq@eor.xyz")),
        Node::Words(format!(" {} ", "enl4LnJvZUBxd3YuZXhhbXBsZQ")),
        Node::Element(
            "b",
            "",
            vec![
                Node::Words("zyx.".into()),
                Node::Element("i", "", vec![Node::Words("roe@qwv.example".into())]),
            ],
        ),
        Node::Element(
            "table",
            "",
            vec![Node::Words("<tr><td>zyx.roe<td>@<tr><td>qwv.example".into())],
        ),
        Node::Element("a", "href='mailto:zyx.roe@qwv.example'", vec![Node::Words("me".into())]),
        Node::Element(
            "a",
            "href='https://qwv.example/?u=zyx.roe%40qwv.example'",
            vec![Node::Words("here".into())],
        ),
        Node::Element("p", "title='zyx.roe@qwv.example' class='zyx.roe'", vec![]),
        Node::Element("div", "style='display:none'", vec![Node::Words(ADDRESS.into())]),
        Node::Stray("<!-- zyx.roe@qwv.example -->"),
        Node::Stray("<img src='https://qwv.example/t.gif?u=zyx.roe' alt='Zyxa Roe'>"),
        Node::Stray("<style>.x{background:url(https://qwv.example)}</style>"),
        Node::Stray("<script>'zyx.roe@qwv.example'</script>"),
        Node::Stray(
            "<form action='https://qwv.example'><input value='zyx.roe@qwv.example'></form>",
        ),
        Node::Stray(
            "<p>On Monday, Zyxa Roe &lt;zyx.roe@qwv.example&gt; wrote:</p><blockquote>Hi</blockquote>",
        ),
    ])
}

fn any_node(secrets: bool) -> impl Strategy<Value = Node> {
    let tags = [
        "p",
        "div",
        "span",
        "b",
        "i",
        "u",
        "s",
        "em",
        "strong",
        "font",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "blockquote",
        "pre",
        "h1",
        "h5",
        "a",
        "center",
        "dl",
        "dt",
        "dd",
        "code",
        "small",
        "sub",
        "section",
        "form",
        "button",
        "select",
        "option",
        "o:p",
        "label",
        "body",
    ];
    let attributes = [
        "",
        "",
        "",
        "align=right",
        "style='color:#c00'",
        "style='font-weight:bold'",
        "style='float:left'",
        "style='display:flex;flex-direction:row-reverse'",
        "style='order:3'",
        "href='https://relay.example/y'",
        "href='https://x.example/?q=1&amp;r=%22'",
        "href='javascript:x()'",
        "colspan=2",
        "border=1",
        "start=7",
        "dir=rtl",
        "style='white-space:pre'",
        "style='font-size:0'",
        "style='border-left:1px solid'",
        "onclick='x()'",
        "style='background:url(//x.example)'",
        "a=\"",
        "'\"",
    ];
    let strays = [
        "<br>",
        "</p>",
        "</b>",
        "</div>",
        "</td>",
        "<hr>",
        "<img src='https://x.example/p.png'>",
        "<p",
        "<img src='cid:1@x'>",
        "<!-- x -->",
        "<li>",
        "<tr>",
        "<td>",
        "</table>",
        "<![endif]",
        "<svg><p>",
        "<script>x()</script>",
        "<base href='//x.example'>",
        "<iframe src='//x.example'></iframe>",
        "</blockquote>",
        "<meta http-equiv=refresh content='0;url=//x.example'>",
        "<textarea>a</textarea>",
        "<plaintext>",
    ];
    let leaf = prop_oneof![
        4 => any_words().prop_map(Node::Words),
        1 => prop::sample::select(strays.to_vec()).prop_map(Node::Stray),
        u32::from(secrets) => any_secret(),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let children = prop::collection::vec(inner, 0..6);
        let any = |list: &[&'static str]| prop::sample::select(list.to_vec());
        (any(&tags), any(&attributes), children)
            .prop_map(|(tag, attributes, children)| Node::Element(tag, attributes, children))
    })
}

fn write(node: &Node, out: &mut String) {
    match node {
        Node::Words(words) => out.push_str(words),
        Node::Stray(tag) => out.push_str(tag),
        Node::Element(tag, attributes, children) => {
            out.push_str(&format!("<{tag} {attributes}>"));
            children.iter().for_each(|child| write(child, out));
            out.push_str(&format!("</{tag}>"));
        }
    }
}

fn html_mail(nodes: &[Node]) -> Vec<u8> {
    let mut html = String::new();
    nodes.iter().for_each(|node| write(node, &mut html));
    let head = format!(
        "From: {NAME} <{ADDRESS}>\nSubject: Lamp\nMIME-Version: 1.0\n\
         Content-Type: text/html; charset=utf-8\n\n"
    );
    format!("{head}{html}\n").replace('\n', "\r\n").into_bytes()
}

/// A text without the frame and what stands for pictures.
fn without_ours(text: &str) -> String {
    let mut text = text.to_owned();
    let ours: Vec<_> = frame::find(&text).into_iter().flat_map(|found| found.ranges).collect();
    for range in ours.into_iter().rev() {
        text.replace_range(range, "");
    }
    text.replace("[removed: picture]", " ")
}

/// The letters alone: what stands for a picture parts words, and its place is no word's.
fn letters(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '>' | '|' | '-')).collect()
}

#[test]
fn what_fuzzing_found_keeps_its_promises() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz/relaying");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        relaying::check(&fs::read(path).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn html_of_any_shape_says_what_was_judged(nodes in prop::collection::vec(any_node(false), 0..6)) {
        let between = Between::new(Direction::SellerToBuyer, NAME, ADDRESS);
        let message = mail::read(&html_mail(&nodes));
        let outgoing = relayed(&between, &message);
        prop_assert!(outgoing.is_some(), "stopped without a reason");
        let draft = outgoing.as_ref().unwrap().draft();
        promises::check(draft, &[]);
        let judged = message.text.body.replace(['\u{202e}'], "");
        let said = without_ours(&draft.text);
        prop_assert_eq!(letters(&said), letters(&judged));
    }

    #[test]
    fn html_of_any_shape_carries_nothing_of_its_sender(
        nodes in prop::collection::vec(any_node(true), 1..6), to_seller: bool,
    ) {
        let direction =
            if to_seller { Direction::BuyerToSeller } else { Direction::SellerToBuyer };
        let between = Between::new(direction, NAME, ADDRESS);
        let message = mail::read(&html_mail(&nodes));
        let outgoing = relayed(&between, &message);
        prop_assert!(outgoing.is_some(), "what could have been cut out stopped the mail");
        promises::check(outgoing.unwrap().draft(), &[ADDRESS, "qwv.example"]);
    }

    #[test]
    fn any_text_goes_out_as_it_was_read(text in "[ -~\n\täß€ランプ💡]{0,300}", seller: bool) {
        let direction = if seller { Direction::SellerToBuyer } else { Direction::BuyerToSeller };
        let between = Between::new(direction, NAME, ADDRESS);
        let raw = format!("Subject: {}\nContent-Type: text/plain; charset=utf-8\n\n{text}", text.replace('\n', " "));
        let message = mail::read(raw.replace('\n', "\r\n").as_bytes());
        let Some(outgoing) = relayed(&between, &message) else { return Ok(()) };
        promises::check(outgoing.draft(), &[]);
        let said = without_ours(&outgoing.draft().text);
        prop_assert_eq!(said.trim_end(), message.text.body.trim_end());
    }
}
