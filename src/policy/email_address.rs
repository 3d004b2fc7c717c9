//! Rule `email-address`: a name, an at and a domain, in all the ways in which people write them.

use std::ops::Range;

use memchr::{memchr, memchr3};

use crate::domain::Certainty;

use super::domains::{self, Allowed};
use super::found::Found;
use super::lexicon::{LEXICON, Sign};
use super::tokens::{At, Dot, Host, Kind, Tokens};
use super::view::View;

/// Addresses and what they may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detector<'r> {
    /// Domains whose addresses are no finding.
    pub domains: &'r Allowed,
    /// Whole addresses that are no finding, lower case.
    pub contacts: &'r [String],
}

/// How far left a name is followed.
const REACH: usize = 64;

impl Detector<'_> {
    /// What is a finding, and what was recognised as an address but is allowed.
    pub fn find(&self, view: &View<'_>, tokens: &Tokens<'_>) -> (Vec<Found>, Vec<Range<usize>>) {
        let (mut found, mut allowed) = (vec![], vec![]);
        let mut i = 0;
        let mut floor = 0;
        while i < tokens.list.len() {
            let hit = tokens
                .word(i)
                .and_then(|_| address(view, tokens, i, floor).or_else(|| hint(tokens, i, floor)))
                .or_else(|| labelled(tokens, i))
                .or_else(|| joined(tokens, i))
                .or_else(|| glued(tokens, i));
            let Some((range, certainty)) = hit else {
                i += 1;
                continue;
            };
            let bytes = tokens.bytes(&range);
            // RFC 3986 §3.2.1: before the host of a link stands no address.
            if tokens.text.get(..bytes.start).is_some_and(|before| before.ends_with("://")) {
                i += 1;
                continue;
            }
            if self.allows(view.words(&bytes)) {
                allowed.push(bytes);
            } else {
                found.push(Found { certainty, range: bytes });
            }
            i = range.end.max(i + 1);
            floor = i;
        }
        (found, allowed)
    }

    /// Allowed is an address as it is written, not what merely folds to it.
    fn allows(&self, words: &str) -> bool {
        let words = words.to_lowercase();
        let domain = words.rsplit_once('@').map(|(_, domain)| domain);
        self.contacts.contains(&words) || domain.is_some_and(|d| self.domains.has(d))
    }
}

/// An address whose name ends with the word at token `i`.
fn address(
    view: &View<'_>,
    tokens: &Tokens<'_>,
    i: usize,
    floor: usize,
) -> Option<(Range<usize>, Certainty)> {
    let (next, at) = tokens.at(i + 1)?;
    let mut host = tokens.host(next)?;
    let start = name_start(tokens, i, floor);
    let local = tokens.text.get(tokens.bytes(&(start..i + 1)))?;
    let common = LEXICON.common.contains(local);
    let telling = local.contains(['_', '.', '-', '+']) || local.contains(|c: char| c.is_numeric());
    if domains::settle(&mut host, view, tokens) {
        let certain = match at {
            At::Plain | At::Bracketed | At::Word => true,
            At::Spaced => !common,
            At::Weak if common => false,
            At::Weak => weak(&host, telling),
        };
        return certain.then(|| (start..host.tokens().end, Certainty::Certain));
    }
    if at == At::Plain
        && let Some(end) = backwards(tokens, local, next)
    {
        return Some((start..end, Certainty::Likely));
    }
    let end = provider(tokens, next)?;
    let certainty = match at {
        At::Plain | At::Bracketed | At::Word => Certainty::Certain,
        At::Spaced if !common => Certainty::Certain,
        // "log in at Gmail", "good at Outlook": a name, or a word about mail before it, is needed.
        At::Weak
            if !common
                && !tokens.is_mark(end, '-')
                && !local.ends_with("ed")
                && (telling || start == 0 || mail_word_before(tokens, start)) =>
        {
            Certainty::Likely
        }
        _ => return None,
    };
    Some((start..with_ending(tokens, end), certainty))
}

/// "moc.liamg@spmalssarb": the token after it.
fn backwards(tokens: &Tokens<'_>, local: &str, next: usize) -> Option<usize> {
    let turned: String = local.chars().rev().collect();
    let provider = turned.split('.').next().is_some_and(domains::is_provider);
    let name = tokens.word(next).filter(|word| word.len() > 2)?;
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
    (provider && plain && domains::is_domain(&turned)).then_some(next + 1)
}

/// "brasslamp★gmail.com", "brasslamp🌀gmail🌀com": another sign where the @ belongs. Before a
/// provider's domain nothing else stands glued to a name.
fn glued(tokens: &Tokens<'_>, i: usize) -> Option<(Range<usize>, Certainty)> {
    let Some(Kind::Mark(sign)) = tokens.kind(i + 1) else { return None };
    let odd =
        !sign.is_ascii() && !matches!(sign, '。' | '、' | '（' | '「' | '・' | '–' | '…' | '’');
    let name = tokens.word(i).filter(|word| word.len() > 2 && !LEXICON.common.contains(*word))?;
    if !(odd || matches!(sign, '#' | '*' | '^' | '~' | '|' | '%')) || !name.is_ascii() {
        return None;
    }
    let provider = tokens.word(i + 2).filter(|word| domains::is_provider(word))?;
    let dot = tokens.is_mark(i + 3, '.') || tokens.is_mark(i + 3, sign);
    let ending = tokens.word(i + 4).filter(|_| dot)?;
    let start = name_start(tokens, i, 0);
    domains::is_domain(&format!("{provider}.{ending}")).then_some((start..i + 5, Certainty::Likely))
}

/// "g mail dot com", "gmail,com": the ending that was set apart from a provider's name.
fn with_ending(tokens: &Tokens<'_>, end: usize) -> usize {
    let dot = tokens.dot(end).map(|(next, _)| next);
    let next = dot.or(tokens.is_mark(end, ',').then_some(end + 1));
    let ending = next.and_then(|next| Some((next, tokens.word(next)?)));
    match ending {
        Some((next, word)) if domains::is_domain(&format!("x.{word}")) => next + 1,
        _ => end,
    }
}

/// "at" is an ordinary word: "look at example.com" is a link, "jane at gmail.com" an address.
fn weak(host: &Host, telling: bool) -> bool {
    let known = domains::is_provider(host.first());
    match host.dots.last() {
        Some(Dot::Plain) => telling || known || host.dots.iter().any(|d| *d != Dot::Plain),
        Some(Dot::Doubtful) => known,
        Some(Dot::Spaced) => telling || known,
        _ => known || !LEXICON.common.contains(host.first()),
    }
}

/// The token after a provider's name ("gmail", "g-mail", "google mail", "g m a i l").
fn provider(tokens: &Tokens<'_>, i: usize) -> Option<usize> {
    // Hardly any word begins so.
    tokens.opens_provider(i).then_some(())?;
    let (label, end) = tokens.label(i)?;
    let next = tokens.skip_blank(end);
    // "google mail", "gm ail"
    let known = |second: &str| {
        let pairs = [format!("{label}-{second}"), format!("{label}{second}")];
        pairs.iter().any(|pair| LEXICON.providers.has(pair))
    };
    if tokens.word(next).filter(|_| next > end).is_some_and(known) {
        return Some(next + 1);
    }
    // "g.m.a.i.l"
    if let Some(host) = tokens.host(i).filter(|h| h.labels.iter().all(|l| l.0.len() == 1)) {
        let spelled: String = host.labels.iter().map(|l| l.0.as_ref()).collect();
        if host.labels.len() > 2 && domains::is_provider(&spelled) {
            return Some(host.tokens().end);
        }
    }
    domains::is_provider(&label).then_some(end)
}

/// Says who somebody is at a provider without writing an address: "brasslamp gmail com", "my name,
/// then the at-sign and the usual google mail ending".
fn hint(tokens: &Tokens<'_>, i: usize, floor: usize) -> Option<(Range<usize>, Certainty)> {
    let end = provider(tokens, i)?;
    // "KNIT-4471-QQ": a piece of something longer.
    let piece = i > 0 && tokens.is_mark(i - 1, '-') && i > 1 && tokens.word(i - 2).is_some();
    if i == floor || piece {
        return None;
    }
    let before = (floor..i).rev().take(24).take_while(|&j| !ends_sentence(tokens, j));
    let before: Vec<usize> = before.collect();
    let named = |j: &usize| {
        let sign = tokens.sign(*j, Sign::At);
        match sign {
            Some(sign) if sign.weak => {
                let after =
                    if tokens.is_mark(j + 1, '-') { j + 2 } else { tokens.skip_blank(j + 1) };
                matches!(tokens.word(after), Some("sign" | "symbol" | "zeichen"))
            }
            Some(_) => true,
            None => tokens.word(*j).is_some_and(|word| names_the_sign(tokens, *j, word)),
        }
    };
    if let Some(&start) = before.iter().find(|j| named(j)) {
        return Some((start..end, Certainty::Likely));
    }
    // "mail brasslamp on gmail", "mail me: brasslamp then the usual gmail"
    let word_before = |n: usize| before.iter().filter_map(|&j| tokens.word(j)).nth(n);
    let sent =
        matches!(word_before(0), Some("on" | "bei" | "chez" | "usual" | "su" | "bij" | "ubliche"));
    if sent && mail_word_before(tokens, i) {
        let name = before.iter().copied().filter(|&j| tokens.word(j).is_some());
        let named = name.skip(1).find(|&j| {
            tokens.word(j).is_some_and(|w| {
                w.len() > 3
                    && !LEXICON.common.contains(w)
                    && !is_mail_word(w)
                    && w != "then"
                    && w != "usual"
            })
        });
        if let Some(start) = named {
            return Some((start..end, Certainty::Likely));
        }
    }
    // "brasslamp gmail com", "brasslamp🌀gmail🌀com", "find me, karlotta, gmail dot com"
    let ending = (end..end + 4).find(|&j| tokens.word(j).is_some())?;
    let (ending, last) = match tokens.dot(end) {
        Some((next, Dot::Word | Dot::Bracketed | Dot::Spaced)) => (tokens.word(next)?, next + 1),
        Some(_) => return None,
        None => (tokens.word(ending)?, ending + 1),
    };
    let common =
        matches!(ending, "com" | "de" | "fr" | "es" | "it" | "pt" | "nl" | "pl" | "net" | "org");
    let apart = last > end + 1;
    let name = before.iter().copied().take(3).find(|&j| tokens.word(j).is_some())?;
    let word = tokens.word(name)?;
    let fits = common && apart && word.len() >= 3 && !LEXICON.common.contains(word);
    // "de", "it" after a blank or in a list are words; only "com" is none.
    let listed = tokens.is_mark(end, ',');
    let fits = fits && (ending == "com" || (last > end + 2 && !listed));
    fits.then(|| (name_start(tokens, name, floor)..last, Certainty::Likely))
}

/// "the swirly a", "l'a commerciale": what people call the sign.
fn names_the_sign(tokens: &Tokens<'_>, j: usize, word: &str) -> bool {
    let next = || tokens.word(tokens.skip_blank(j + 1));
    match word {
        "swirly" | "curly" | "circled" | "spiral" | "twirly" | "encircled" => next() == Some("a"),
        "monkey" => next() == Some("tail"),
        "kringel" | "geringeltes" => next() == Some("a"),
        _ => false,
    }
}

/// "gmail: brasslamp", "my gmail is brasslamp_88"
fn labelled(tokens: &Tokens<'_>, i: usize) -> Option<(Range<usize>, Certainty)> {
    let end = provider(tokens, i)?;
    let colon = tokens.skip_blank(end);
    if let Some(name) = told_name(tokens, i, end) {
        return Some((i..name + 1, Certainty::Likely));
    }
    if !matches!(tokens.kind(colon), Some(Kind::Mark(':' | '=' | '→' | '👉' | '-')))
        || (tokens.is_mark(colon, '-') && tokens.kind(colon + 1) != Some(Kind::Blank))
    {
        return None;
    }
    let name = tokens.skip_blank(colon + 1);
    let word = tokens.word(name)?;
    let alone = !matches!(tokens.kind(name + 1), Some(Kind::Blank))
        || tokens.word(tokens.skip_blank(name + 1)).is_none();
    let telling = word.contains(|c: char| c.is_ascii_digit() || c == '_');
    let fits = word.len() > 3 && word.is_ascii() && !LEXICON.common.contains(word);
    (fits && (telling || alone)).then_some((i..name + 1, Certainty::Likely))
}

/// "my icloud is brasslamps88": the token of the name.
fn told_name(tokens: &Tokens<'_>, i: usize, end: usize) -> Option<usize> {
    let mine = i.checked_sub(2).and_then(|j| tokens.word(j)).is_some_and(|word| {
        let whole = ["my", "our", "mein", "mijn", "ons", "mon", "notre", "mi", "il", "meu", "moj"];
        whole.contains(&word) || word.starts_with("unser") || word.starts_with("nasz")
    });
    let is = tokens.skip_blank(end);
    let copula = tokens.word(is).filter(|_| mine && is > end)?;
    let name = tokens.skip_blank(is + 1);
    let word = tokens.word(name)?;
    let telling = word.contains(|c: char| c.is_ascii_digit() || c == '_') && word.len() > 3;
    let says = matches!(copula, "is" | "ist" | "lautet" | "est" | "es" | "e" | "to");
    let letters = word.contains(|c: char| c.is_ascii_alphabetic());
    (says && telling && letters && word.is_ascii()).then_some(name)
}

/// "brasslamp2gmail.com", "brasslamp_at_gmail.com": the key of the @ without the shift key (British
/// and French keyboards have 2 and à there), or the word for it in one run.
fn joined(tokens: &Tokens<'_>, i: usize) -> Option<(Range<usize>, Certainty)> {
    let word = tokens.word(i).filter(|w| w.is_ascii())?;
    // Most words have none of it.
    let bytes = word.as_bytes();
    memchr3(b'2', b'q', b't', bytes).or_else(|| memchr(b'_', bytes))?;
    let letter = |c: char| {
        #[cfg(test)]
        super::steps::take();
        c.is_ascii_alphabetic()
    };
    let named = |name: &str| name.len() > 2 && name.contains(letter);
    let marked = ["_at_", "_arroba_", "_arobase_", "_malpa_", "_chiocciola_"];
    let spelled = || {
        let mut halves = marked.iter().filter_map(|at| word.split_once(at));
        word.contains('_') && halves.any(|(name, domain)| named(name) && domain.len() > 2)
    };
    let keyed = || {
        let keys = word.match_indices(['2', 'q']).map(|(at, _)| (at, at + 1));
        let keys = keys.chain(word.match_indices("at").map(|(at, _)| (at, at + 2)));
        let mut halves = keys.filter_map(|(at, end)| Some((word.get(..at)?, word.get(end..)?)));
        // Which provider is soon known; the name before it is looked through only then.
        halves.any(|(name, provider)| LEXICON.providers.has(provider) && named(name))
    };
    if !spelled() && !keyed() {
        return None;
    }
    let host = tokens.host(i)?;
    let ending = host.labels.get(1).map(|l| l.0.as_ref())?;
    let plain = host.dots.first() == Some(&Dot::Plain);
    if !plain || !domains::is_domain(&format!("x.{ending}")) {
        return None;
    }
    let end = host.labels.get(1)?.1;
    Some((i..end, Certainty::Likely))
}

fn ends_sentence(tokens: &Tokens<'_>, i: usize) -> bool {
    matches!(tokens.kind(i), Some(Kind::Mark('.' | '!' | '?' | '。')))
        && tokens.kind(i + 1) == Some(Kind::Blank)
}

fn mail_word_before(tokens: &Tokens<'_>, start: usize) -> bool {
    (start.saturating_sub(14)..start).filter_map(|j| tokens.word(j)).any(is_mail_word)
}

fn is_mail_word(word: &str) -> bool {
    word.starts_with("mail")
        || word.starts_with("email")
        || matches!(word, "write" | "reach" | "contact" | "schreib" | "schreiben" | "ecrivez")
        || matches!(word, "escriba" | "scriva" | "escreva" | "schrijf" | "napisz" | "メール")
}

/// The first token of a name that ends with the word at `i`: "john dot sample", "j o h n",
/// "first.last+tag" (RFC 5321 §4.1.2).
fn name_start(tokens: &Tokens<'_>, i: usize, floor: usize) -> usize {
    let mut start = i;
    let single = |j: usize| tokens.word(j).is_some_and(|w| w.chars().count() == 1);
    for _ in 0..REACH {
        let back = |n: usize| start.checked_sub(n).filter(|&j| j >= floor);
        let Some(before) = back(1) else { break };
        // first.last
        let joint =
            matches!(tokens.kind(before), Some(Kind::Mark(c)) if "._-+'&=!#$%*^~".contains(c));
        if joint && back(2).is_some_and(|j| tokens.word(j).is_some()) {
            start -= 2;
            continue;
        }
        // j o h n: at least two letters that already stand alone
        if tokens.kind(before) == Some(Kind::Blank)
            && single(start)
            && back(2).is_some_and(single)
            && (start < i || back(4).is_some_and(single))
        {
            start -= 2;
            continue;
        }
        // john dot sample: from the word before, the dot must lead here
        let word_before =
            (2..=6).filter_map(back).find(|&j| tokens.word(j).is_some_and(joins_names));
        let further = word_before.and_then(|sign| {
            let from = sign.max(floor).checked_sub(1)?;
            (from.saturating_sub(2).max(floor)..=from)
                .rev()
                .find(|&j| tokens.word(j).is_some())
                .filter(|&j| leads(tokens, j, start))
        });
        match further {
            Some(j) => start = j,
            None => break,
        }
    }
    start
}

fn joins_names(word: &str) -> bool {
    [Sign::Dot, Sign::Dash, Sign::Underscore]
        .into_iter()
        .any(|sign| LEXICON.sign(sign, word).is_some())
}

/// Whether the word at `from` and the one at `to` are joined by a written-out sign.
fn leads(tokens: &Tokens<'_>, from: usize, to: usize) -> bool {
    let by_dot = tokens.dot(from + 1).is_some_and(|(next, dot)| next == to && dot != Dot::Plain);
    by_dot || tokens.label(from).is_some_and(|(_, end)| end > to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(String, Certainty)> {
        let view = View::new(text);
        let tokens = Tokens::new(&view.text);
        let domains = Allowed::new(["msg.market.example".to_owned()]);
        let contacts = ["safety@authority.example".to_owned()];
        let (found, _) = Detector { domains: &domains, contacts: &contacts }.find(&view, &tokens);
        found.iter().map(|f| (view.words(&f.range).to_owned(), f.certainty)).collect()
    }

    fn check(text: &str, words: &[&str]) {
        let found: Vec<String> = found(text).into_iter().map(|f| f.0).collect();
        assert_eq!(found, words, "{text}");
    }

    #[test]
    fn a_plain_address_is_found_with_its_exact_words() {
        check("Mail Jane.Roe+x@Mail.Example, please.", &["Jane.Roe+x@Mail.Example"]);
        check("a@x.de b@y.co.uk.Thanks", &["a@x.de", "b@y.co.uk"]);
        check("<jürgen@müller.de>", &["jürgen@müller.de"]);
        check("иван@пример.рф", &["иван@пример.рф"]);
        check("ada @ example.com", &["ada @ example.com"]);
    }

    #[test]
    fn an_address_is_found_in_every_disguise_and_language() {
        for (text, words) in [
            ("under john dot sample at gmail dot com.", "john dot sample at gmail dot com"),
            ("john (at) gmail [dot] com", "john (at) gmail [dot] com"),
            ("john (a) gmail.com", "john (a) gmail.com"),
            ("JOHN AT GMAIL DOT COM", "JOHN AT GMAIL DOT COM"),
            ("j o h n @ g m a i l . c o m", "j o h n @ g m a i l . c o m"),
            ("lampbuyer88.x\n@\noutlook\n.\ncom", "lampbuyer88.x\n@\noutlook\n.\ncom"),
            ("sa\u{200b}les@x\u{ad}y.example", "sa\u{200b}les@x\u{ad}y.example"),
            ("ｐａｒｔｓ＠ｘｙ．ｅｘａｍｐｌｅ", "ｐａｒｔｓ＠ｘｙ．ｅｘａｍｐｌｅ"),
            ("l4mp.sh0p(at)yah00[dot]c0m", "l4mp.sh0p(at)yah00[dot]c0m"),
            ("lena.beispiel (ät) gmx punkt de", "lena.beispiel (ät) gmx punkt de"),
            ("devis arobase lampes-port point example", "devis arobase lampes-port point example"),
            ("taller arroba lámpаra punto example", "taller arroba lámpаra punto example"),
            (
                "carla punto lampade chiocciola libero punto it",
                "carla punto lampade chiocciola libero punto it",
            ),
            (
                "ana ponto silva arroba hotmail ponto com",
                "ana ponto silva arroba hotmail ponto com",
            ),
            ("lamp apenstaartje koper punt example", "lamp apenstaartje koper punt example"),
            ("sklep małpa lampy kropka example", "sklep małpa lampy kropka example"),
            ("tanakaアットマークgmailドットcom", "tanakaアットマークgmailドットcom"),
            ("tanakaあっとgmailどっとcomまで", "tanakaあっとgmailどっとcom"),
            ("tanaka＠じーめーるドットコム", "tanaka＠じーめーるドットコム"),
            (
                "tanakaアットマークジーメールドットコムまで",
                "tanakaアットマークジーメールドットコム",
            ),
            ("send it to lamps at outlook dot com", "lamps at outlook dot com"),
            ("brasslamp@gmail", "brasslamp@gmail"),
            ("karl_otta at gmail", "karl_otta at gmail"),
            ("name, karlotta, gmail dot com", "karlotta, gmail dot com"),
            (
                "full name, then the at-sign and the usual google mail ending",
                "at-sign and the usual google mail",
            ),
            ("mail&#64;x.de and", "mail&#64;x.de"),
            ("bob@lamps.cóm", "bob@lamps.cóm"),
            ("me: john at gmail dót com", "john at gmail dót com"),
        ] {
            check(text, &[words]);
        }
    }

    #[test]
    fn what_only_looks_like_an_address_is_none() {
        for text in [
            "look at example.com",
            "meet me at 5 dot",
            "Look at dot no. 3 in the manual",
            "500 mA @ 5 V or 3.0 A @ 9 V. You paid for 2 @ 15.99.",
            "Log in at Gmail to set up the tablet. Not locked at iCloud.",
            "Available at Outlook stores, @Harbour and @Station",
            "reach us at the shop. It is open",
            "あっという間に届き、どっと疲れました。アットホームなお店です",
            "follow @moss.and.meadow_",
            "Comes with Gmail, YouTube and Play",
            "The point at the end. Com port cover",
        ] {
            check(text, &[]);
        }
    }

    #[test]
    fn the_market_s_own_addresses_and_allowed_contacts_are_none_but_look_alikes_are() {
        check("always from mfrgg2lk@msg.market.example", &[]);
        check("write to Safety@Authority.example", &[]);
        check("x@msg.market.example.evil.example", &["x@msg.market.example.evil.example"]);
        check("x@msg.mаrket.example", &["x@msg.mаrket.example"]);
    }

    #[test]
    fn a_guess_says_that_it_is_one() {
        assert_eq!(found("mail brasslamp at gmail")[0].1, Certainty::Likely);
        assert_eq!(found("brasslamp@gmail.com")[0].1, Certainty::Certain);
    }
}
