//! Macros (RFC 7208 §7): texts with parts that stand for something about the mail in hand.

use std::net::IpAddr;

/// A text that was read, its macros apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `%%`, `%_` and `%-`: a macro by the grammar, and always the same.
    Fixed(&'static str),
    Macro(Macro),
}

/// `%{ letter digits r delimiters }`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Macro {
    /// In lower case.
    letter: char,
    /// The letter was a capital: what it stands for is escaped as in a URL.
    escaped: bool,
    /// How many of the right-most parts are kept.
    parts: Option<usize>,
    reversed: bool,
    delimiters: String,
}

/// Where a template stands, which decides what may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A name to be looked up.
    Domain,
    /// The text of an explanation, or the value of a modifier that nobody knows.
    Text,
}

/// What the macros stand for, but for `p`, which has to be looked up.
#[derive(Debug)]
pub(super) struct Values<'a> {
    pub local: &'a str,
    /// Of the sender.
    pub sender_domain: &'a str,
    /// Whose record is read.
    pub domain: &'a str,
    pub ip: IpAddr,
    pub hello: &'a str,
    /// `p`
    pub validated: &'a str,
    /// `t`, seconds since 1970.
    pub seconds: i64,
}

impl Template {
    /// Reads a macro-string (RFC 7208 §7.1); none where it is malformed.
    pub fn read(text: &str, place: Place) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            if c != '%' {
                let fits = matches!(c, '!'..='~') || (c == ' ' && place == Place::Text);
                literal.push(fits.then_some(c)?);
                continue;
            }
            if !literal.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut literal)));
            }
            pieces.push(match rest.next()? {
                '%' => Piece::Fixed("%"),
                '_' => Piece::Fixed(" "),
                '-' => Piece::Fixed("%20"),
                '{' => {
                    let (inside, behind) = rest.as_str().split_once('}')?;
                    let read = Macro::read(inside, place)?;
                    rest = behind.chars();
                    Piece::Macro(read)
                }
                _ => return None,
            });
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Some(Self(pieces))
    }

    /// Reads a domain-spec: a macro-string that ends in a macro or in a dot and a top label.
    pub fn read_domain(text: &str) -> Option<Self> {
        let template = Self::read(text, Place::Domain)?;
        let ends_well = match template.0.last()? {
            Piece::Text(text) => {
                let text = text.strip_suffix('.').unwrap_or(text);
                text.rsplit_once('.').is_some_and(|(_, label)| is_top_label(label))
            }
            Piece::Fixed(_) | Piece::Macro(_) => true,
        };
        ends_well.then_some(template)
    }

    /// Whether the client's validated name is wanted, which costs look-ups.
    pub fn names_validated(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Macro(m) if m.letter == 'p'))
    }

    /// The text with what the macros stand for.
    pub fn expand(&self, values: &Values<'_>) -> String {
        let parts = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Fixed(text) => (*text).to_owned(),
            Piece::Macro(read) => read.expand(values),
        });
        parts.collect()
    }

    /// The same as a name to be looked up: RFC 7208 §7.3 drops labels from the left where it is
    /// too long for one.
    pub fn expand_domain(&self, values: &Values<'_>) -> String {
        let name = self.expand(values);
        let mut name = name.strip_suffix('.').unwrap_or(&name);
        while name.len() > 253 {
            let Some((_, shorter)) = name.split_once('.') else { break };
            name = shorter;
        }
        name.to_owned()
    }
}

/// RFC 7208 §7.1: letters, digits and hyphens, no hyphen at either end, not digits alone.
fn is_top_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.bytes().all(|b| b.is_ascii_digit())
}

impl Macro {
    fn read(inside: &str, place: Place) -> Option<Self> {
        let mut chars = inside.chars();
        let named = chars.next()?;
        let letter = named.to_ascii_lowercase();
        let known = match letter {
            's' | 'l' | 'o' | 'd' | 'i' | 'p' | 'h' | 'v' => true,
            // RFC 7208 §7.2: in explanations only.
            'c' | 'r' | 't' => place == Place::Text,
            _ => false,
        };
        let transformers = chars.as_str();
        let digits = transformers.len()
            - transformers.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (digits, rest) = transformers.split_at_checked(digits)?;
        let parts = match digits {
            "" => None,
            // RFC 7208 §7.3: the number must not be zero; one too large for us keeps all parts.
            _ => Some(digits.parse().unwrap_or(usize::MAX)).filter(|n| *n > 0).map(Some)?,
        };
        let delimiters = rest.strip_prefix(['r', 'R']);
        let reversed = delimiters.is_some();
        let delimiters = delimiters.unwrap_or(rest);
        let fit = delimiters.chars().all(|c| matches!(c, '.' | '-' | '+' | ',' | '/' | '_' | '='));
        (known && fit).then(|| Self {
            letter,
            escaped: named.is_ascii_uppercase(),
            parts,
            reversed,
            delimiters: delimiters.to_owned(),
        })
    }

    fn expand(&self, values: &Values<'_>) -> String {
        let value = match self.letter {
            's' => format!("{}@{}", values.local, values.sender_domain),
            'l' => values.local.to_owned(),
            'o' => values.sender_domain.to_owned(),
            'd' => values.domain.to_owned(),
            'i' => dotted(values.ip),
            'p' => values.validated.to_owned(),
            'v' if values.ip.is_ipv4() => "in-addr".to_owned(),
            'v' => "ip6".to_owned(),
            'h' => values.hello.to_owned(),
            'c' => values.ip.to_string(),
            't' => values.seconds.to_string(),
            // `r`, our own name: RFC 7208 §7.3 lets us keep it to ourselves.
            _ => "unknown".to_owned(),
        };
        let value = self.transform(value);
        if self.escaped { escape(&value) } else { value }
    }

    /// RFC 7208 §7.3: split, reversed, cut from the left, put together with dots.
    fn transform(&self, value: String) -> String {
        if self.parts.is_none() && !self.reversed && self.delimiters.is_empty() {
            return value;
        }
        let delimiters = if self.delimiters.is_empty() { "." } else { &self.delimiters };
        let mut parts: Vec<&str> = value.split(|c| delimiters.contains(c)).collect();
        if self.reversed {
            parts.reverse();
        }
        let kept = self.parts.unwrap_or(usize::MAX).min(parts.len());
        parts.split_off(parts.len() - kept).join(".")
    }
}

/// `i`: an IPv6 address in single hexadecimal digits.
fn dotted(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(four) => four.to_string(),
        IpAddr::V6(six) => {
            let bits = six.to_bits();
            let digits = (0..32).rev().map(|n| format!("{:X}", bits >> (4 * n) & 15));
            digits.collect::<Vec<_>>().join(".")
        }
    }
}

/// RFC 3986 §2.3: all but the unreserved characters.
fn escape(text: &str) -> String {
    let escaped = text.bytes().map(|byte| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macros_expand_as_the_rfc_shows() {
        // RFC 7208 §7.4
        let values = |ip: &str| Values {
            local: "strong-bad",
            sender_domain: "email.example.com",
            domain: "email.example.com",
            ip: ip.parse().unwrap(),
            hello: "mx.example.org",
            validated: "mx.example.org",
            seconds: 0,
        };
        for (text, ip, expected) in [
            ("%{s}", "192.0.2.3", "strong-bad@email.example.com"),
            ("%{o}", "192.0.2.3", "email.example.com"),
            ("%{d4}", "192.0.2.3", "email.example.com"),
            ("%{d2}", "192.0.2.3", "example.com"),
            ("%{d1}", "192.0.2.3", "com"),
            ("%{dr}", "192.0.2.3", "com.example.email"),
            ("%{d2r}", "192.0.2.3", "example.email"),
            ("%{l-}", "192.0.2.3", "strong.bad"),
            ("%{lr-}", "192.0.2.3", "bad.strong"),
            ("%{l1r-}", "192.0.2.3", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "192.0.2.3", "3.2.0.192.in-addr._spf.example.com"),
            (
                "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
                "192.0.2.3",
                "bad.strong.lp.3.2.0.192.in-addr._spf.example.com",
            ),
            (
                "%{ir}.%{v}._spf.%{d2}",
                "2001:db8::cb01",
                "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com",
            ),
            ("%{S}", "192.0.2.3", "strong-bad%40email.example.com"),
            ("a%%b%_c%-d", "192.0.2.3", "a%b c%20d"),
        ] {
            let template = Template::read(text, Place::Text).unwrap();
            // The suite has the digits of an address in capitals, the RFC in small letters.
            assert!(template.expand(&values(ip)).eq_ignore_ascii_case(expected), "{text}");
        }
    }

    #[test]
    fn what_is_malformed_is_no_template() {
        for bad in ["%", "%a", "%{", "%{d", "%{x}", "%{d0}", "%{d2q}", "%{d.r}", "%{}", "\u{e4}"] {
            assert_eq!(Template::read(bad, Place::Text), None, "{bad}");
        }
        for text_only in ["%{c}", "%{r}", "%{t}", "a b"] {
            assert_eq!(Template::read(text_only, Place::Domain), None, "{text_only}");
            assert!(Template::read(text_only, Place::Text).is_some(), "{text_only}");
        }
        for bad in ["", "com", "a.b-", "192.0.2.1", "a..", "%{d}com"] {
            assert_eq!(Template::read_domain(bad), None, "{bad}");
        }
        for good in ["a.com", "a.com.", "%{d}.x-1", "x%{d}", "x%%", "a..com", "a:b/c.com"] {
            assert!(Template::read_domain(good).is_some(), "{good}");
        }
    }
}
