//! HTML goes out as HTML, written afresh: what a person formatted stays, what must not cross is
//! gone from it as from the text.

use crate::house::{House, JANE, SHOP, python_reads};
use crate::letter::{Letter, Opened};

const HTML: &str = "text/html; charset=utf-8";

fn html(letter: Letter, html: &str) -> Letter {
    letter.header("Content-Type", HTML).body(html.replace('\n', "\r\n").as_bytes())
}

/// With both forms, as most mail programs write.
fn both(letter: Letter, text: &str, html: &str) -> Letter {
    let body = format!(
        "--=_b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\
         --=_b\nContent-Type: text/html; charset=utf-8\n\n{html}\n--=_b--\n"
    );
    letter
        .header("Content-Type", "multipart/alternative; boundary=\"=_b\"")
        .body(body.replace('\n', "\r\n").as_bytes())
}

/// The sender's own part of the HTML.
fn own(mail: &Opened) -> &str {
    let inner = mail.html.split_once("<body").and_then(|(_, inner)| inner.split_once(">\n"));
    let (_, inner) = inner.expect("a body");
    inner.split("<div style=\"margin-top:1.5em;").next().unwrap().trim()
}

#[test]
fn a_formatted_answer_arrives_formatted_and_in_both_forms() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    assert_eq!(asked.html, "", "a plain mail stays plain");
    let letter = Letter::answering(&asked, SHOP, "");
    let mail = house.passes(&both(
        letter,
        "Hello Jane,\n* brass\n* glass\nThe *second* leaves on Thursday.\n",
        "<html><head><style>.x{color:#123}</style></head><body class=\"x\" id=\"user-4711\">\
         <p style=\"margin:0\">Hello Jane,</p><ul><li>brass</li><li>glass</li></ul>\
         <p>The <strong data-u=\"4711\">second</strong> leaves on <u>Thursday</u>.</p></body></html>",
    ));
    assert_eq!(
        own(&mail),
        "<div>Hello Jane,</div>\n<ul><li>brass</li>\n<li>glass</li>\n</ul>\n\
         <p>The <b>second</b> leaves on <u>Thursday</u>.</p>"
    );
    assert_eq!(mail.words(), "Hello Jane,\n- brass\n- glass\n\nThe second leaves on Thursday.");
    mail.holds_nothing_of(&["4711", "class=", "id=", "#123"]);
    let seen = python_reads(&mail.raw, house.dir.path());
    assert_eq!(
        seen["parts"].as_array().unwrap(),
        &["multipart/alternative", "text/plain", "text/html"]
    );
    assert_eq!(seen["defects"].as_array().unwrap().len(), 0, "{seen}");
    let lines = mail.raw.split(|b| *b == b'\n');
    assert!(lines.into_iter().all(|line| line.len() <= 79) && mail.raw.is_ascii());
}

#[test]
fn what_is_found_in_the_text_is_gone_from_the_html_too() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let mail = house.passes(&html(
        Letter::answering(&asked, SHOP, ""),
        "<p>On <b>Thursday</b>. Or write jo<b>hn</b>&#64;else<i>where</i>.example,\n\
         see <a href=\"https://other-lamps.example/x\" title=\"john@elsewhere.example\">our page</a>\n\
         or <a href=\"tel:+442079460958\">call</a> <img src=\"https://t.example/p.png\" alt=\"+442079460958\"></p>\
         <p>Yours<br>cs@lamps.example</p>",
    ));
    mail.holds_nothing_of(&["elsewhere", "other-lamps", "7946", "t.example", "cs@lamps"]);
    let html = own(&mail);
    for words in [
        "On <b>Thursday</b>. Or write [removed: e-mail address],",
        "our page &lt;[removed: link]&gt;",
        "call &lt;[removed: phone number]&gt; [removed: picture]",
    ] {
        assert!(html.contains(words), "{words:?} in\n{html}");
    }
    let words: Vec<&str> = mail.words().split_whitespace().collect();
    assert!(words.join(" ").contains("call <[removed: phone number]> [removed: picture]"));
    assert_eq!(house.newest_is("delivered")["action"], "redact");
}

#[test]
fn in_observe_mode_links_stay_and_the_senders_own_address_does_not() {
    let mut house = House::open_with(&[("mode = \"enforce\"", "mode = \"observe\"")]);
    let mail = house.passes(&html(
        Letter::new(JANE, &house.seller_of("O1"), ""),
        "<p>See <a href=\"https://www.lumo.example/a?b=1&amp;c=2\" onclick=\"x()\">this</a>, yours \
         <i>Jane</i> <a href=\"mailto:jane.roe@mail.example\">jane.<b>roe</b>@mail.example</a></p>",
    ));
    let link = "<a href=\"https://www.lumo.example/a?b=1&amp;c=2\" rel=\"noopener noreferrer nofollow\">this</a>";
    assert!(own(&mail).contains(link), "{}", mail.html);
    mail.holds_nothing_of(&["jane.roe", "onclick", "mailto"]);
    let alias = house.alias("O1", "buyer_alias");
    assert!(own(&mail).contains(&alias) && mail.words().contains(&alias), "{}", mail.html);
}

#[test]
fn what_only_one_form_says_is_held_against_its_sender() {
    let mut house = House::open();
    for (text, html) in [
        (
            "Is it brass, and when do you send it?",
            "<p>Is it <b>brass</b>, when do you send it? Call +44 20 7946 0958</p>",
        ),
        ("Is it brass, and when? Call +44 161 496 0123", "<p>Is it <b>brass</b>, and when?</p>"),
        ("Call +44 113 496 0456 or write to me soon", "<p>Is it <b>brass</b>?</p>"),
    ] {
        let mail = house.passes(&both(Letter::new(JANE, &house.seller_of("O1"), ""), text, html));
        mail.holds_nothing_of(&["7946 0", "496 0"]);
        assert_eq!(house.newest_is("delivered")["action"], "redact", "{text} {html}");
    }
}

#[test]
fn the_frame_does_not_pile_up_and_the_quote_stays_a_quote() {
    let mut house = House::open();
    let asked = house
        .passes(&html(Letter::new(JANE, &house.seller_of("O1"), ""), "<p>Is it <b>brass</b>?</p>"));
    assert!(asked.html.contains("==== Order O1 ====<br>") && asked.text.contains("==== Order O1"));
    let (_, inner) = asked.html.split_once("sans-serif\">").unwrap();
    let inner = inner.split("</body>").next().unwrap();
    let quoting = format!(
        "<div dir=\"ltr\">Yes, <i>of course</i>.</div><br><div class=\"gmail_quote\">\
         <div dir=\"ltr\" class=\"gmail_attr\">On Mon, 23 Nov 2026 at 20:15, Jane &lt;<a \
         href=\"mailto:{0}\">{0}</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\" \
         style=\"margin:0 0 0 .8ex;border-left:1px solid rgb(204,204,204)\">{inner}</blockquote></div>",
        asked.from
    );
    let letter = Letter::answering(&asked, SHOP, "");
    let answer = house.passes(&html(letter, &quoting));
    assert_eq!(answer.html.matches("==== Order O1 ====").count(), 1, "{}", answer.html);
    assert_eq!(answer.text.matches("==== Order O1 ====").count(), 1, "{}", answer.text);
    assert_eq!(answer.html.matches("just reply").count(), 1, "{}", answer.html);
    let html = own(&answer);
    assert!(html.contains("<blockquote") && html.contains("<p>Is it <b>brass</b>?</p>"), "{html}");
    assert!(html.starts_with("<div>Yes, <i>of course</i>.</div>"), "{html}");
    assert!(answer.text.contains("\n> Is it brass?"), "{}", answer.text);
}

#[test]
fn tags_without_end_cost_the_formatting_and_not_the_words() {
    let mut house = House::open();
    let hostile = format!("{}<p>Is it <b>brass</b>?</p>", "<div><b>\n".repeat(20_000));
    let mail = house.passes(&html(Letter::new(JANE, &house.seller_of("O1"), ""), &hostile));
    assert_eq!((mail.words(), mail.html.as_str()), ("Is it brass?", ""));
}

#[test]
fn policy_check_shows_the_html_and_what_was_left_out_of_it() {
    let house = House::closed();
    let mail = "From: Jane <jane.roe@mail.example>\nSubject: Lamp\nContent-Type: text/html\n\n\
        <p>Is it <b>brass</b>?</p><script>x()</script><div style='display:none'>buy me</div>\
        <img src=https://t.example/1.gif width=1><img src=https://t.example/lamp.jpg><!-- x -->";
    let file = house.dir.path().join("mail.eml");
    std::fs::write(&file, mail.replace('\n', "\r\n")).unwrap();
    let file = file.to_str().unwrap();
    let ran = house.bauta(&["policy", "check", file, "--direction", "buyer-to-seller", "--show"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in [
        "--- after, as HTML",
        "--- what was removed, and why",
        "<p>Is it <b>brass</b>?</p>",
        "1 scripts, frames, forms and the like",
        "5 characters that nobody would have seen",
        "1 pictures that lie elsewhere",
        "1 pictures too small to be seen",
        "1 comments",
        "[removed: picture]",
    ] {
        assert!(ran.out.contains(line), "{line:?} in\n{}", ran.out);
    }
    let (verdict, rest) = ran.out.split_once("--- before").unwrap();
    assert!(verdict.contains("tracking") && verdict.contains("t.example/1.gif"), "{verdict}");
    assert!(!rest.contains("buy me") && !rest.contains("t.example"), "{rest}");
}
