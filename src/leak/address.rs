//! Where a full address stands in a text, whatever is put inside of it or clings to it.

use super::unveil::fold;
use crate::domain::RealAddress;

/// White space, line ends, quote marks and the borders of cells that may stand inside of an address
/// at one place.
const MOST_BETWEEN: usize = 12;
/// RFC 5321 §4.5.3.1.1: a local part is no longer, and so is no tag.
const LONGEST_TAG: usize = 64;

/// One address as it is searched for, in lower case, in texts in which the case of ASCII letters may
/// be any.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Without a tag of its own, from its end.
    local: String,
    domain: String,
    /// Its provider takes dots in the local part for nothing.
    dots: bool,
}

impl Wanted {
    /// The same address once for each spelling of its domain.
    pub fn of(address: &RealAddress) -> Vec<Self> {
        let canonical = address.canonical();
        let local = canonical.reveal().rsplit_once('@').map_or("", |(local, _)| local);
        let local: String = fold(local).chars().rev().collect();
        let (domains, dots) = match address.domain() {
            "gmail.com" | "googlemail.com" => (vec!["gmail.com", "googlemail.com"], true),
            domain => (vec![domain], false),
        };
        let wanted =
            |domain: &str| Self { local: local.clone(), domain: fold(domain).into_owned(), dots };
        domains.into_iter().map(wanted).collect()
    }

    /// Whether it stands in a text, also with a `+tag`, with spaces or a line end inside of it,
    /// from its end (a mark or a style turns it round again for its reader), and whatever clings
    /// to it: a person reads it all the same. Somebody else's that holds it counts too.
    pub fn stands_in(&self, text: &str) -> bool {
        text.match_indices('@').any(|(at, _)| {
            let (before, after) = text.split_at(at);
            let before = before.chars().rev();
            let after = after.chars().skip(1);
            (follows(after.clone(), &self.domain, false) && self.is_local(before.clone()))
                || (follows(before, &self.domain, false) && self.is_local(after))
        })
    }

    /// Whether this begins, read away from the `@`, with the local part, or with a tag and then it.
    fn is_local(&self, chars: impl Iterator<Item = char> + Clone) -> bool {
        if follows(chars.clone(), &self.local, self.dots) {
            return true;
        }
        let mut rest = chars;
        for _ in 0..LONGEST_TAG {
            match rest.next() {
                Some('+') if follows(rest.clone(), &self.local, self.dots) => return true,
                Some(c) if !c.is_whitespace() && c != '@' => {}
                _ => break,
            }
        }
        false
    }
}

/// Whether these characters come one after the other, with no more between them than may be: next
/// to the `@` and to a dot any marks, as in `"jane"@mail.example` (RFC 5321 §4.1.2 Quoted-string) or
/// `[jane]@mail/./example`.
fn follows(mut chars: impl Iterator<Item = char>, wanted: &str, dots: bool) -> bool {
    let mut before = '@';
    wanted.chars().all(|wanted| {
        let edge = matches!(before, '@' | '.') || wanted == '.';
        before = wanted;
        let mut between = 0;
        loop {
            match chars.next() {
                Some(c) if c.to_ascii_lowercase() == wanted => return true,
                Some(c) if c.is_whitespace() || matches!(c, '>' | '|') || (dots && c == '.') => {
                    between += 1;
                }
                Some(c) if edge && !c.is_alphanumeric() => between += 1,
                _ => return false,
            }
            if between > MOST_BETWEEN {
                return false;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, text: &str, expected: bool) {
        let wanted = Wanted::of(&address.parse().unwrap());
        let found = wanted.iter().any(|w| w.stands_in(&fold(text)));
        assert_eq!(found, expected, "{address} in {text:?}");
    }

    #[test]
    fn an_address_is_found_through_tags_dots_and_what_clings_to_it() {
        for text in [
            "jane.roe@mail.example",
            "xjane.roe@mail.examplefoo",
            "jane.roe+tag@mail.example",
            "xjane.roe+tag@mail.examplefoo",
            "1jane.roe+a+b-c@mail.example.org",
            "mailto:Jane.Roe+@mail.example",
            "jane . roe @\n> mail.\n| example",
            "jane.roe+ta\ng@mail.example jane.roe +t@mail.example",
            "elpmaxe.liam@eor.enaj",
            "x elpmaxe.liam@gat+eor.enajx",
            "\"jane.roe\"@mail.example",
            "'jane.roe'@mail.example [jane.roe] @ mail.example",
            "*jane.roe*@mail.example",
            "jane.roe\\@mail.example",
            "jane.roe,@mail.example",
            "jane.roe:@mail.example",
            "jane.roe@@mail.example",
            "jane/./roe/@/mail/./example",
            "jane.roe_@_mail_._example",
        ] {
            check("Jane.Roe@mail.example", text, true);
            check("jane.roe+own@mail.example", text, true);
        }
        for text in ["j.a.ne77@gmail.com", "xjane7.7+y@googlemail.commerce", "JANE77@Gmail.com"] {
            check("ja.ne77@gmail.com", text, true);
            check("jane77+own@googlemail.com", text, true);
        }
        check("jane@m\u{fc}ller.example", "xjane+t@m\u{fc}ller.example", true);
        for text in [
            "jane.roe2@mail.example",
            "jane_roe@mail.example",
            "janeroe@mail.example",
            "jane.roe@post.example",
            "jane.roe at mail.example",
            "jane.roe+tag mary@mail.example",
            "roe@mail.example",
            "@mail.example",
            "jane.roe@",
            "",
        ] {
            check("jane.roe@mail.example", text, false);
        }
    }
}
