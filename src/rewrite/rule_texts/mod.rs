//! Per rule and language: what was found, and what to change. The reply in the session, our
//! notices and what a recipient reads in place of removed words come from this one table.

mod de;
mod en;
mod es;
mod fr;
mod it;
mod ja;
mod nl;
mod pl;
mod pt;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use crate::config::Messages;
use crate::domain::{Language, Part, RuleId};

/// What is said of a rule's findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleText {
    /// What it finds, as in `[removed: phone number]`.
    pub what: &'static str,
    /// What its sender can do about it; no full stop.
    pub change: &'static str,
}

/// What is said of a rule's findings in a language.
pub fn rule_text(rule: RuleId, language: Language) -> RuleText {
    let table: [fn(RuleId) -> RuleText; 9] =
        [en::text, de::text, fr::text, es::text, it::text, pt::text, nl::text, pl::text, ja::text];
    language.pick(table)(rule)
}

/// What the admin wrote for those whom a rule finds: in their language, else in English.
pub fn own_text(messages: &Messages, rule: RuleId, language: Language) -> Option<&str> {
    let messages = messages.get(&rule)?;
    messages.get(&language).or_else(|| messages.get(&Language::En)).map(String::as_str)
}

/// A text as it can stand in a reply line; none where that would take more from it than marks.
pub fn all_in_ascii(text: &str) -> Option<String> {
    let ascii = in_ascii(text);
    (ascii.chars().count() >= text.chars().count()).then_some(ascii)
}

/// Where something was found, as in `in the subject`.
pub fn place_text(part: Part, language: Language) -> &'static str {
    let table: [fn(Part) -> &'static str; 9] = [
        en::place,
        de::place,
        fr::place,
        es::place,
        it::place,
        pt::place,
        nl::place,
        pl::place,
        ja::place,
    ];
    language.pick(table)(part)
}

/// Before the number of a line.
pub fn line_text(language: Language) -> &'static str {
    language.pick(["line", "Zeile", "ligne", "línea", "riga", "linha", "regel", "wiersz", "行"])
}

/// Before the link to more about it.
pub fn more_text(language: Language) -> &'static str {
    language.pick([
        en::MORE,
        de::MORE,
        fr::MORE,
        es::MORE,
        it::MORE,
        pt::MORE,
        nl::MORE,
        pl::MORE,
        ja::MORE,
    ])
}

/// The language of the lines of a reply to a sender: ASCII can't write Japanese (RFC 5321 §4.2).
pub fn language_of_replies(language: Language) -> Language {
    match language {
        Language::Ja => Language::En,
        other => other,
    }
}

/// A text of ours as it can stand in a reply line: letters without their marks.
pub fn in_ascii(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        spell(c, &mut out);
        out
    })
}

/// Somebody's words in the same way; what has no spelling stays as it is. `None` where that is most
/// of it, as in Japanese: nobody would know the words again.
pub fn spelled(words: &str) -> Option<String> {
    let mut out = String::with_capacity(words.len());
    let (mut kept, mut lost) = (0_usize, 0_usize);
    for c in words.chars() {
        let before = out.len();
        spell(c, &mut out);
        let is_spelled = out.len() > before;
        match c.is_alphanumeric() {
            true if is_spelled => kept += 1,
            true => lost += 1,
            false => {}
        }
        if !is_spelled && !is_combining_mark(c) {
            out.push(c);
        }
    }
    (lost == 0 || lost < kept).then_some(out)
}

/// Writes a character in ASCII, as far as that is possible.
fn spell(c: char, out: &mut String) {
    out.push_str(match c {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        'ß' => "ss",
        'ł' => "l",
        'Ł' => "L",
        'æ' => "ae",
        'Æ' => "Ae",
        'œ' => "oe",
        'Œ' => "Oe",
        'ø' => "o",
        'Ø' => "O",
        'đ' => "d",
        'Đ' => "D",
        'ı' => "i",
        '‘' | '’' | '‚' => "'",
        '“' | '”' | '„' | '«' | '»' => "'",
        '–' | '—' => "-",
        '€' => "EUR",
        // Wide letters and figures are the same ones (UAX #15).
        c => return out.extend(std::iter::once(c).nfkd().filter(char::is_ascii)),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_spelled_in_ascii_where_that_leaves_them_readable() {
        for (words, expected) in [
            ("Grüße aus Łódź", Some("Gruesse aus Lodz")),
            ("０３０ ９０１８２０", Some("030 901820")),
            ("„écrivez“ – ça", Some("'ecrivez' - ca")),
            ("leave us ★★", Some("leave us ★★")),
            ("0170\u{200b}123", Some("0170\u{200b}123")),
            ("WeChat: 王小", Some("WeChat: 王小")),
            ("電話してください", None),
            ("Позвоните нам", None),
            ("", Some("")),
        ] {
            assert_eq!(spelled(words).as_deref(), expected, "{words}");
        }
    }

    #[test]
    fn every_rule_is_explained_in_every_language_and_fits_into_a_reply() {
        for language in Language::ALL {
            for rule in RuleId::ALL {
                let RuleText { what, change } = rule_text(*rule, language);
                assert!(
                    !what.is_empty() && what.chars().count() <= 40,
                    "{language} {rule}: {what}"
                );
                assert!(
                    !change.is_empty() && !change.ends_with('.'),
                    "{language} {rule}: {change}"
                );
                let reply = in_ascii(rule_text(*rule, language_of_replies(language)).change);
                assert!(reply.is_ascii() && reply.len() <= 300, "{language} {rule}: {reply}");
                // Nothing was lost on the way but marks.
                assert!(
                    reply.len() * 10 >= change.chars().count() * 9,
                    "{language} {rule}: {reply}"
                );
            }
        }
        let said = |rule, language| in_ascii(rule_text(rule, language).change);
        assert_eq!(said(RuleId::TooLong, Language::De), "Kuerzen Sie die Mail");
        assert_eq!(said(RuleId::CardNumber, Language::Fr), "Retirez le numero de carte");
        assert_eq!(said(RuleId::ImportantMisuse, Language::Pl), "Usun [Wazne] z tematu");
    }

    #[test]
    fn two_rules_are_never_told_in_the_same_words() {
        for language in Language::ALL {
            let all = || RuleId::ALL.iter().map(|rule| rule_text(*rule, language));
            let whats: std::collections::BTreeSet<_> = all().map(|t| t.what).collect();
            let changes: std::collections::BTreeSet<_> = all().map(|t| t.change).collect();
            assert_eq!((whats.len(), changes.len()), (RuleId::ALL.len(), RuleId::ALL.len()));
        }
    }
}
