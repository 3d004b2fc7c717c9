//! Which of two forms of one text holds the person's words.

use foldhash::HashSet;

/// How two forms of one text stand to one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chosen {
    /// The HTML holds the person's words, else the plain text does.
    pub(super) html: bool,
    /// They say different things.
    pub(super) differ: bool,
}

/// Chooses between the text of the HTML and the plain text. Mail programs show the HTML, so it
/// wins unless it is a stub or lacks a good part of what the plain text says.
pub(super) fn choose(plain: &str, html: &str) -> Chosen {
    if words(plain).next().is_some() && say_the_same(plain, html) {
        return Chosen { html: true, differ: false };
    }
    let plain_words = normal_words(plain);
    let html_words = normal_words(html);
    if plain_words.is_empty() || html_words.is_empty() {
        return Chosen { html: plain_words.is_empty(), differ: false };
    }
    let lost = missing(&plain_words, &html_words);
    let gained = missing(&html_words, &plain_words);
    let says_much_more = html_words.len() > 2 * plain_words.len() + 10;
    // "Your mail program can't display HTML": shares next to nothing with what it stands for.
    let notice = plain_words.len() <= 40
        && plain_words.iter().any(|w| w == "html")
        && lost * 2 > plain_words.len();
    let lacks = lost * 2 > plain_words.len() || (lost * 5 > plain_words.len() && lost > gained);
    Chosen { html: says_much_more || notice || !lacks, differ: true }
}

/// How many of these words are not among the others.
fn missing(from: &[String], all: &[String]) -> usize {
    let all: HashSet<&String> = all.iter().collect();
    from.iter().filter(|word| !all.contains(word)).count()
}

/// Whether two forms of one kind say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Same {
    /// They do, or the second says it and more.
    Yes,
    /// They do but for a few words.
    Nearly,
    /// The second is a part of the first.
    Less,
    /// They are no forms of one text.
    No,
}

/// Compares two forms of one kind, the worse one first.
pub(super) fn compare(first: &str, second: &str) -> Same {
    if say_the_same(first, second) {
        return Same::Yes;
    }
    let (first, second) = (normal_words(first), normal_words(second));
    let (lost, gained) = (missing(&first, &second), missing(&second, &first));
    let few = |some: usize, all: usize| some * 5 <= all;
    match (lost, gained) {
        (0, _) => Same::Yes,
        (_, 0) => Same::Less,
        _ if few(lost, first.len()) && few(gained, second.len()) => Same::Nearly,
        _ => Same::No,
    }
}

/// Whether one text has an `@` or a domain that the other has not.
pub(super) fn names_somebody(known: &str, text: &str) -> bool {
    let known: HashSet<&str> = names(known).collect();
    names(text).any(|name| !known.contains(name))
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .filter(|token| token.contains(['@', '.']))
        .map(|token| token.trim_matches(|c: char| !c.is_alphanumeric() && c != '@'))
        .filter(|token| token.contains(['@', '.']))
}

/// Whether two texts are word for word the same.
fn say_the_same(one: &str, other: &str) -> bool {
    let same = |a: &str, b: &str| match a.is_ascii() && b.is_ascii() {
        true => a.eq_ignore_ascii_case(b),
        false => a == b || a.to_lowercase() == b.to_lowercase(),
    };
    let (mut one, mut other) = (words(one), words(other));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if same(a, b) => {}
            _ => return false,
        }
    }
}

fn normal_words(text: &str) -> Vec<String> {
    words(text).map(str::to_lowercase).collect()
}

/// Words without links, quote marks and picture placeholders, for comparing.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .filter(|token| {
            let token = token.trim_start_matches(['<', '(', '[']);
            !["http://", "https://", "mailto:", "tel:", "cid:", "//"].iter().any(|scheme| {
                token.get(..scheme.len()).is_some_and(|t| t.eq_ignore_ascii_case(scheme))
            })
        })
        .flat_map(|token| token.split(|c: char| !c.is_alphanumeric()))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_html_wins_unless_it_lacks_what_the_plain_text_says() {
        let check = |plain: &str, html: &str, html_wins: bool| {
            let chosen = choose(plain, html);
            assert_eq!(chosen, Chosen { html: html_wins, differ: true }, "{plain:?} {html:?}");
        };
        let plain = "Hi there, thanks a lot for this.";
        check(plain, "Hi there, thanks a lot for this.\nRing 030 9018200", true);
        check(plain, "Hi there, thanks a lot (jane@x.example) for this.", true);
        check(plain, "Hi there, thanks a lot for this. Yours Jane", true);
        // One word less is no reason to give the formatting up.
        check(plain, "Hi there, thanks a lot for that. Ring 030 9018200", true);
        check(plain, "Hi there", false);
        check(plain, "This mail is empty", false);
        check(plain, "Hi there, thanks. See https://x.example", false);
        check("This mail needs HTML", "Yours came back", true);
        assert_eq!(choose(plain, ""), Chosen { html: false, differ: false });
        assert_eq!(choose("", plain), Chosen { html: true, differ: false });
        assert_eq!(choose("a  B", "> A b"), Chosen { html: true, differ: false });
    }

    #[test]
    fn forms_of_one_kind_are_one_text_or_two() {
        let check = |first: &str, second: &str, expected: Same| {
            assert_eq!(compare(first, second), expected, "{first:?} {second:?}");
        };
        check("", "Hi", Same::Yes);
        check("Is it brass?", "Is it *brass*?", Same::Yes);
        check("Is it brass?", "Hi, is it brass? Jane", Same::Yes);
        check("Is it brass? Jane", "Is it brass?", Same::Less);
        check(
            "I do so hope that the lamp is of brass",
            "I so hope: the lamp is of brass, not tin",
            Same::Nearly,
        );
        check("Is it brass?", "Sent by the shop's own form.", Same::No);
    }

    #[test]
    fn a_name_that_only_one_form_has_is_noticed() {
        assert!(names_somebody("Hi", "Hi x@y"));
        assert!(names_somebody("see https://a.example", "see https://b.example"));
        assert!(!names_somebody("see <https://a.example>.", "see https://a.example"));
    }
}
