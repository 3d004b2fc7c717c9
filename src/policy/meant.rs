//! Whether something that reads as a domain is meant as one: a full stop without its blank, a file,
//! a measure and an abbreviation read the same.

use std::ops::Range;

use crate::domain::Certainty;

use super::lexicon::{LEXICON, Sign};
use super::tokens::{Dot, Host, Kind, Tokens};
use super::view::View;

/// Whether somebody who wrote this meant a domain. `marked`: it has a path or "www".
pub(super) fn is_meant(
    view: &View<'_>,
    tokens: &Tokens<'_>,
    host: &Host,
    marked: bool,
) -> Option<Certainty> {
    let name = host.name();
    let ending = host.ending();
    if LEXICON.names_not_links.contains(&name) && !marked {
        return None;
    }
    let disguised = host.dots.iter().any(|d| *d != Dot::Plain);
    if disguised {
        return spoken(tokens, host, marked);
    }
    if LEXICON.short_domains.contains(&name)
        || (marked && !name.starts_with(|c: char| c.is_numeric()))
    {
        return Some(Certainty::Certain);
    }
    let before = host.labels.get(..host.labels.len() - 1)?;
    // "e.g.as", "S.A.Es", "2.Me", "3.7.de"
    // and a measure: "2.5kg.at home"
    let short = |label: &str| {
        let unit = label.trim_start_matches(char::is_numeric);
        let measure = unit.len() < label.len() && LEXICON.is_unit(unit);
        // "9292.nl"; but "1500.de rest", "250.ml".
        let word = LEXICON.common.contains(ending) || LEXICON.is_unit(ending);
        let figures = unit.is_empty() && (label.len() < 3 || word || before.len() > 1);
        label.chars().count() == 1 || figures || measure
    };
    if before.iter().all(|l| short(&l.0)) && !marked {
        return None;
    }
    // "readme.md", "ER_4.1.3.zip"
    if LEXICON.file_endings.contains(ending) && !marked {
        return None;
    }
    if !marked && is_sentence_end(view, tokens, host) {
        return None;
    }
    let leet = ending.contains(|c: char| c.is_ascii_digit());
    Some(if leet { Certainty::Likely } else { Certainty::Certain })
}

/// A domain whose dots were written as words, in brackets or with blanks.
fn spoken(tokens: &Tokens<'_>, host: &Host, marked: bool) -> Option<Certainty> {
    let last = host.dots.last()?;
    let bare = host.labels.get(host.labels.len().checked_sub(2)?).map(|l| l.0.as_ref())?;
    let telling = bare.contains(['-', '_']) || bare.contains(|c: char| c.is_ascii_digit());
    let common = LEXICON.common.contains(bare);
    if LEXICON.sign(Sign::Dot, bare).is_some() || bare.chars().all(char::is_numeric) {
        return None;
    }
    match last {
        Dot::Bracketed => Some(Certainty::Certain),
        Dot::Word | Dot::Plain if marked => Some(Certainty::Certain),
        Dot::Word if !common => Some(Certainty::Certain),
        Dot::Doubtful if marked || telling => Some(Certainty::Likely),
        Dot::Doubtful if !common && ends_or_is_announced(tokens, host) => Some(Certainty::Likely),
        // "brasslamp .store", "lamps\n.example/manual"; but "and .NET 8", "oh . So"
        Dot::Spaced if marked && (!common || is_known(&host.name())) => Some(Certainty::Certain),
        Dot::Spaced if !common && spaced_is_meant(tokens, host) => Some(Certainty::Likely),
        Dot::Plain if host.dots.len() > 1 && !common => Some(Certainty::Certain),
        _ => None,
    }
}

/// "Nuestra web es lamparas punto es", "lampes point de.": an ending that is an ordinary word ends no
/// sentence; nor is it one where a page is spoken of.
fn ends_or_is_announced(tokens: &Tokens<'_>, host: &Host) -> bool {
    let country = matches!(
        host.ending(),
        "es" | "de" | "at" | "be" | "ch" | "se" | "eu" | "it" | "pt" | "pl" | "nl" | "fr" | "uk"
    );
    let Range { start, end } = host.tokens();
    let next = tokens.kind(end);
    let ends = matches!(next, None | Some(Kind::Mark('.' | '!' | '?' | '。' | ')' | '"' | '»')));
    let mut before = (start.saturating_sub(12)..start).filter_map(|j| tokens.word(j));
    country && (ends || before.any(|word| LEXICON.pages.has(word)))
}

/// "t . me / lamps": a host that is known for its links.
pub(super) fn is_known(name: &str) -> bool {
    const SHORTENERS: [&str; 9] = [
        "bit.ly",
        "ow.ly",
        "cutt.ly",
        "goo.gl",
        "is.gd",
        "rb.gy",
        "tinyurl.com",
        "youtu.be",
        "rebrand.ly",
    ];
    SHORTENERS.contains(&name)
        || LEXICON.short_domains.contains(name)
        || LEXICON.messenger_hosts.contains(name)
        || LEXICON.payment_hosts.contains(name)
}

fn spaced_is_meant(tokens: &Tokens<'_>, host: &Host) -> bool {
    let ending = host.ending();
    // A blank on the left only: on both sides it is a mark between thoughts.
    let end = host.tokens().end;
    let left_only = tokens.is_mark(end.saturating_sub(2), '.');
    // "l a m p s . c o m", "lamps . c o m"
    let starts = std::iter::once(host.start).chain(host.labels.iter().map(|l| l.1));
    let spelled = host
        .labels
        .iter()
        .zip(starts)
        .any(|((label, end), from)| label.chars().all(char::is_alphanumeric) && end - from > 6);
    // "lamp-shop . co . uk"; "lamps . com" where no sentence goes on.
    let several = host.dots.len() > 1 && host.dots.iter().all(|dot| *dot == Dot::Spaced);
    let goes_on = tokens.word(tokens.skip_blank(end)).is_some();
    spelled
        || several
        || (left_only && ending.len() > 2 && ending != "net")
        || (ending == "com" && !goes_on)
}

/// "photo.It is", "Just In.Shop Today", "kan.Ja.Be.Is goed": full stops with their blanks forgotten.
fn is_sentence_end(view: &View<'_>, tokens: &Tokens<'_>, host: &Host) -> bool {
    let written = view.words(&tokens.bytes(&host.tokens()));
    let mut labels = written.split('.');
    let (Some(first), Some(ending)) = (labels.next(), labels.next_back()) else { return false };
    let title = |w: &str| {
        w.chars().next().is_some_and(char::is_uppercase)
            && w.chars().skip(1).all(char::is_lowercase)
    };
    let camel =
        first.chars().skip(1).any(char::is_uppercase) && first.chars().any(char::is_lowercase);
    let folded = host.first();
    let two = host.labels.len() == 2;
    if two && LEXICON.common.contains(folded) && LEXICON.common.contains(host.ending()) {
        return true;
    }
    // No sentence begins with these; with "Net" and "Eu" it may.
    if matches!(host.ending(), "com" | "org" | "biz") {
        return false;
    }
    if two && has_words_around(tokens, host, written) {
        return true;
    }
    if !title(ending) || camel {
        return false;
    }
    if !two {
        // Of "Brass.Lamps.Shop" all is a name; "Be.Is" in "kan.Ja.Be.Is" goes on from before.
        let start = host.tokens().start;
        let goes_on =
            start > 1 && tokens.is_mark(start - 1, '.') && tokens.word(start - 2).is_some();
        return labels.all(title) && (goes_on || !title(first));
    }
    // "Visit Brasslamp.Shop": two names, and a word that sends somebody there.
    let start = host.tokens().start;
    let sends = |j: usize| {
        matches!(
            tokens.word(j),
            Some(
                "visit"
                    | "see"
                    | "at"
                    | "on"
                    | "site"
                    | "website"
                    | "besuchen"
                    | "auf"
                    | "sur"
                    | "su"
                    | "op"
                    | "na"
                    | "em"
                    | "en"
            )
        )
    };
    !(title(first) && start.checked_sub(2).is_some_and(sends))
}

/// "the box.it is broken": an article before it, and a word that is the ending of a domain as well
/// with another ordinary word behind it.
fn has_words_around(tokens: &Tokens<'_>, host: &Host, written: &str) -> bool {
    let Range { start, end } = host.tokens();
    let article = start.checked_sub(2).and_then(|j| tokens.word(j)).is_some_and(|word| {
        matches!(
            word,
            "the"
                | "a"
                | "my"
                | "your"
                | "our"
                | "this"
                | "that"
                | "der"
                | "die"
                | "das"
                | "ein"
                | "eine"
                | "mein"
                | "meine"
                | "le"
                | "la"
                | "les"
                | "un"
                | "une"
                | "mon"
                | "el"
                | "los"
                | "il"
                | "lo"
                | "um"
                | "uma"
                | "het"
                | "een"
                | "de"
                | "mijn"
        )
    });
    let next = tokens.skip_blank(end);
    let goes_on = tokens.word(next).filter(|_| next > end).is_some_and(|word| {
        LEXICON.common.contains(word)
            && !matches!(word, "shop" | "store" | "page" | "website" | "stores")
    });
    article
        && goes_on
        && LEXICON.common.contains(host.ending())
        && written.chars().all(|c| c.is_lowercase() || c == '.')
}
