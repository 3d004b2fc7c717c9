//! What tells a seller when and where a mail was read does not arrive, and the seller is not
//! punished for what mail programs do unasked.

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

const HTML: &str = "<p>Hello Jane,</p><p>the second leaves on Thursday, as you asked.</p>\
    <p>See <a href=\"https://u7.ct.sendgrid.net/ls/click?upn=u001.x\">where it is</a>.</p>\
    <img src=\"https://pictures.lamps.example/thursday.png\">\
    <p>Bob</p><p><a href=\"https://www.lamps.example/\"><img src=\"https://www.lamps.example/logo.png\"></a></p>\
    <img src=\"https://u7.ct.sendgrid.net/wf/open?upn=u001.x\" width=\"1\" height=\"1\">";

#[test]
fn nothing_that_reports_reading_arrives_and_each_is_named() {
    let mut house = House::open();
    let asked = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "When?\n"));
    let letter = Letter::answering(&asked, SHOP, "")
        .header("Content-Type", "text/html; charset=utf-8")
        .header("Disposition-Notification-To", "cs@lamps.example")
        .body(HTML.as_bytes());
    let mail = house.passes(&letter);
    mail.holds_nothing_of(&["sendgrid", "lamps.example", "Disposition-Notification"]);
    for words in ["where it is &lt;[removed: link]&gt;", "[removed: picture]", "Bob"] {
        assert!(mail.html.contains(words), "{words} in {}", mail.html);
    }
    let shown = house.show(&house.newest_is("delivered"));
    let findings = shown["verdict"]["findings"].as_array().unwrap().clone();
    let mut found: Vec<(&str, &str)> = findings
        .iter()
        .map(|f| (f["rule"].as_str().unwrap(), f["words"].as_str().unwrap()))
        .collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            ("image", "https://pictures.lamps.example/thursday.png"),
            ("image", "https://www.lamps.example/logo.png"),
            ("linked-logo", "https://www.lamps.example/"),
            ("tracking", "Disposition-Notification-To"),
            ("tracking", "https://u7.ct.sendgrid.net/ls/click?upn=u001.x"),
            ("tracking", "https://u7.ct.sendgrid.net/wf/open?upn=u001.x"),
        ]
    );
}

#[test]
fn a_buyers_pictures_from_elsewhere_are_nobodys_fault() {
    let mut house = House::open();
    let letter = Letter::new(JANE, &house.seller_of("O1"), "")
        .header("Content-Type", "text/html; charset=utf-8")
        .body(b"<p>It came <b>broken</b>.</p><img src=\"https://mail.example/logo.png\">");
    let mail = house.passes(&letter);
    mail.holds_nothing_of(&["mail.example/logo"]);
    let shown = house.show(&house.newest_is("delivered"));
    assert_eq!(shown["verdict"]["action"], "allow");
    assert_eq!(shown["verdict"]["findings"].as_array().unwrap().len(), 0);
}
