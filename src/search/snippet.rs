//! The place in a view where a word was found.

use super::query::{Query, spaced};
use super::stem::stem;
use super::words::{Word, folded, words};
use crate::domain::Language;
use crate::mail::Message;

/// A snippet is about so long, in characters.
const LENGTH: usize = 160;
/// So much of it stands before the word.
const BEFORE: usize = 50;

/// What is searched in a view: its subject, its text, the names of its files.
pub(super) fn readable(view: &Message) -> String {
    let names = view.attachments.iter().filter_map(|attachment| attachment.name.as_deref());
    let mut text = format!("{}\n{}", view.subject, view.text.body);
    for name in names {
        text.push('\n');
        text.push_str(name);
    }
    text
}

/// Whether all phrases stand in the text.
pub(super) fn has_phrases(query: &Query, text: &str) -> bool {
    if query.phrases.is_empty() {
        return true;
    }
    let text = spaced(&folded(text));
    query.phrases.iter().all(|phrase| match phrase.is_ascii() || phrase.contains(' ') {
        // Whole words.
        true => format!(" {text} ").contains(&format!(" {phrase} ")),
        false => text.contains(phrase.as_str()),
    })
}

/// The stretch of the text around the first word that was searched for; its beginning where none
/// stands in it.
pub(super) fn snippet(query: &Query, view: &Message) -> Snippet {
    let forms: Vec<&str> = query.forms().collect();
    let body = &view.text.body;
    let at = if forms.is_empty() { None } else { place(&forms, body) };
    let elsewhere = || {
        let names = view.attachments.iter().filter_map(|attachment| attachment.name.as_ref());
        names.chain([&view.subject]).find_map(|text| place(&forms, text).map(|at| (text, at)))
    };
    match at {
        Some(at) => Snippet { text: around(body, at), found: true },
        None => match elsewhere() {
            Some((text, at)) => Snippet { text: around(text, at), found: true },
            None => Snippet { text: around(body, 0), found: false },
        },
    }
}

/// A stretch of a view.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Snippet {
    pub(super) text: String,
    /// Whether a word that was searched for stands in it.
    pub(super) found: bool,
}

/// Where the first word stands of which one of the forms is a form.
fn place(forms: &[&str], text: &str) -> Option<usize> {
    let is_meant = |piece: &str| {
        words(&folded(piece)).any(|word| match word {
            Word::Run(run) => forms.iter().any(|form| run.contains(form)),
            Word::Whole(word) => {
                forms.contains(&word)
                    || Language::ALL.iter().any(|l| forms.contains(&stem(*l, word).as_ref()))
            }
        })
    };
    let mut at = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        if is_meant(piece) {
            let inside = piece.char_indices().find(|(i, _)| {
                // In a text without spaces the piece is a sentence: as near as may be.
                piece.len() > LENGTH
                    && forms.iter().any(|f| piece.get(*i..).is_some_and(|p| p.starts_with(f)))
            });
            return Some(at + inside.map_or(0, |(i, _)| i));
        }
        at += piece.len();
    }
    None
}

/// The text around a place, on one line.
fn around(text: &str, at: usize) -> String {
    let (head, tail) = text.split_at_checked(at).unwrap_or((text, ""));
    let before: Vec<char> = head.chars().rev().take(BEFORE).collect();
    let cut = head.chars().count() > BEFORE;
    let behind: String = tail.chars().take(LENGTH).collect();
    let more = tail.chars().nth(LENGTH).is_some();
    let stretch: String = before.into_iter().rev().chain(behind.chars()).collect();
    let line = stretch.split_whitespace().collect::<Vec<_>>().join(" ");
    let (open, end) = (if cut { "…" } else { "" }, if more { "…" } else { "" });
    format!("{open}{line}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::segment;

    fn view(body: &str) -> Message {
        let text = segment(body.to_owned());
        Message { subject: "Order O1".to_owned(), text, ..Message::default() }
    }

    #[test]
    fn a_snippet_shows_the_word_in_the_form_in_which_it_stands() {
        let long = format!("{} The LAMPS arrived. {}", "before ".repeat(40), "after ".repeat(60));
        let found = snippet(&Query::read("lamp"), &view(&long));
        assert!(found.found && found.text.contains("LAMPS arrived"), "{}", found.text);
        assert!(found.text.starts_with('…') && found.text.ends_with('…'), "{}", found.text);
        let found = snippet(&Query::read("zebra"), &view("Nothing of it."));
        assert_eq!(found, Snippet { text: "Nothing of it.".to_owned(), found: false });
        let found = snippet(&Query::read("order"), &view("Nothing."));
        assert_eq!(found, Snippet { text: "Order O1".to_owned(), found: true });
        let text = format!("{}ランプが届きません。", "長".repeat(300));
        let found = snippet(&Query::read("ランプ"), &view(&text));
        assert!(found.text.contains("ランプ"), "{}", found.text);
    }

    #[test]
    fn words_in_quotes_stand_together_and_unspaced_ones_as_they_are() {
        for (query, text, expected) in [
            ("\"brass lamp\"", "a Brass, Lamp!", true),
            ("\"brass lamp\"", "a lamp of brass", false),
            ("\"brass lamp\"", "brass lamps", false),
            ("ランプ", "新しいランプです", true),
            ("ランプ", "ラン ンプ", false),
            ("brass", "", true),
        ] {
            assert_eq!(has_phrases(&Query::read(query), text), expected, "{query} {text}");
        }
    }
}
