//! Rule `linked-logo`: a picture in the signature that leads outside.

use std::ops::Range;

use crate::mail::{Element, Message, Piece, SegmentKind};

/// Words that may stand below a picture which is still part of the signature: a name, an address.
const WORDS_BELOW: usize = 12;

/// The stretches of the text that tell where the pictures of the signature lead. Whether they lead
/// outside says `external-link`, which finds the same stretch.
pub(super) fn targets(message: &Message) -> Vec<Range<usize>> {
    let Some(rich) = &message.rich else { return vec![] };
    let mut links: Vec<(usize, bool)> = Vec::new();
    let mut targets = Vec::new();
    let mut open: Vec<Option<usize>> = Vec::new();
    for piece in &rich.pieces {
        match piece {
            Piece::Open(Element::Link(number)) => {
                open.push(Some(links.len()));
                links.push((*number, false));
            }
            Piece::Open(_) => open.push(None),
            Piece::Close => {
                open.pop();
            }
            // Links don't nest (HTML §4.5.1): the innermost that is open is the only one.
            Piece::Picture(..) => {
                let at = open.iter().rev().flatten().next();
                if let Some(link) = at.and_then(|at| links.get_mut(*at)) {
                    link.1 = true;
                }
            }
            _ => {}
        }
    }
    let pictured = links.into_iter().filter(|(_, pictured)| *pictured);
    for link in pictured.filter_map(|(number, _)| rich.links.get(number)) {
        if is_in_signature(message, &link.told) {
            targets.push(link.told.clone());
        }
    }
    targets
}

/// Below a separator or a closing, or with nothing but a name or an address below it.
fn is_in_signature(message: &Message, at: &Range<usize>) -> bool {
    let text = &message.text;
    if text.kind_at(at.start) == SegmentKind::Signature {
        return true;
    }
    // What is quoted below does not count.
    let new = text.segments.iter().filter(|s| {
        s.range.end > at.end && matches!(s.kind, SegmentKind::New | SegmentKind::Signature)
    });
    let below: usize = new
        .map(|s| text.body.get(s.range.start.max(at.end)..s.range.end).unwrap_or_default())
        .flat_map(str::split_whitespace)
        .filter(|word| word.contains(char::is_alphanumeric) && !word.contains("//"))
        .take(WORDS_BELOW + 1)
        .count();
    let above = text.body.get(..at.start).unwrap_or_default();
    below <= WORDS_BELOW && above.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail;

    fn check(html: &str, expected: &[&str]) {
        let raw = format!("From: a@b.example\r\nContent-Type: text/html\r\n\r\n{html}\r\n");
        let message = mail::read(raw.as_bytes());
        let found = targets(&message);
        let found: Vec<&str> = found
            .iter()
            .map(|r| message.text.body[r.clone()].trim_matches(['<', '>', ' ']))
            .collect();
        assert_eq!(found, expected, "{html}");
    }

    #[test]
    fn a_picture_below_the_words_that_leads_somewhere_is_a_linked_logo() {
        let logo = "<a href='https://shop.example/'><img src='cid:1@x'></a>";
        let words = "<p>The lamp leaves our house on Monday, as you asked.</p>";
        let more = "<p>And here is how it was made, by hand, in our own house, of the best brass \
            that is to be had in all of Italy these days.</p>";
        check(&format!("{words}<p>Bob</p>{logo}"), &["https://shop.example/"]);
        check(&format!("{words}<p>-- <br>Bob<br>{logo}<br>{more}</p>"), &["https://shop.example/"]);
        check(
            &format!("{words}<p>Kind regards,<br>Bob</p>{logo}<p>Shop Street 1</p>"),
            &["https://shop.example/"],
        );
        // A logo from elsewhere, deep in a table.
        check(
            &format!(
                "{words}<table><tr><td><a href=//x.example><b><img src=//x.example/l.png></b></a><td>Bob</table>"
            ),
            &["//x.example"],
        );
        // In the middle of the words, without a link, without words: no signature.
        check(&format!("{words}{logo}{more}"), &[]);
        check(&format!("{words}<img src='cid:1@x'>"), &[]);
        check(logo, &[]);
        check(&format!("{words}<a href='https://shop.example/'>our shop</a>"), &[]);
    }
}
