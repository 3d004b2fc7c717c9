//! An SPF record, read by the grammar of RFC 7208 §12.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::SpfResult;
use super::macros::{Place, Template};

/// A record whose every term was understood: an error anywhere makes all of it void (RFC 7208
/// §4.6).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub directives: Vec<Directive>,
    pub redirect: Option<Template>,
    pub explanation: Option<Template>,
}

/// A mechanism, and what SPF says where it matches.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Directive {
    pub result: SpfResult,
    pub mechanism: Mechanism,
}

/// RFC 7208 §5. Without a template the domain is the one whose record it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    All,
    Include(Template),
    A(Option<Template>, Prefixes),
    Mx(Option<Template>, Prefixes),
    Ptr(Option<Template>),
    Ip(IpAddr, u8),
    Exists(Template),
}

/// How many leading bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefixes {
    four: u8,
    six: u8,
}

impl Prefixes {
    /// Whether two addresses of one family are alike in the bits that count.
    pub fn alike(self, one: IpAddr, other: IpAddr) -> bool {
        let bits = if one.is_ipv4() { self.four } else { self.six };
        is_within(one, other, bits)
    }
}

/// Whether two addresses of one family are alike in the first `bits` bits.
pub(super) fn is_within(one: IpAddr, other: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (one, other) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            let differ = one.to_bits() ^ other.to_bits();
            differ.checked_shr(32_u32.saturating_sub(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => {
            let differ = one.to_bits() ^ other.to_bits();
            differ.checked_shr(128_u32.saturating_sub(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Whether a text is an SPF record at all (RFC 7208 §4.5).
pub(super) fn is_record(text: &str) -> bool {
    let (version, rest) = text.split_at_checked(6).unwrap_or((text, ""));
    version.eq_ignore_ascii_case("v=spf1") && (rest.is_empty() || rest.starts_with(' '))
}

impl Record {
    /// Reads a text for which [`is_record`] holds; none where a term is malformed.
    pub fn read(text: &str) -> Option<Self> {
        let mut record = Self { directives: vec![], redirect: None, explanation: None };
        // Only spaces part terms (§4.6.1).
        for term in text.split(' ').skip(1).filter(|term| !term.is_empty()) {
            match modifier(term) {
                Some((name, value)) => record.take_modifier(name, value)?,
                None => record.directives.push(directive(term)?),
            }
        }
        Some(record)
    }

    fn take_modifier(&mut self, name: &str, value: &str) -> Option<()> {
        let place = match name.to_ascii_lowercase().as_str() {
            "redirect" => &mut self.redirect,
            "exp" => &mut self.explanation,
            // §6: what is not known is passed over, if it is well-formed.
            _ => {
                return Template::read(value, Place::Text)
                    .filter(|_| !value.contains(' '))
                    .map(drop);
            }
        };
        // §6: each at most once.
        if place.is_some() {
            return None;
        }
        *place = Some(Template::read_domain(value)?);
        Some(())
    }
}

/// `name "=" value`
fn modifier(term: &str) -> Option<(&str, &str)> {
    let (name, value) = term.split_once('=')?;
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    fits.then_some((name, value))
}

fn directive(term: &str) -> Option<Directive> {
    let (result, term) = match term.split_at_checked(1)? {
        ("+", rest) => (SpfResult::Pass, rest),
        ("-", rest) => (SpfResult::Fail, rest),
        ("~", rest) => (SpfResult::SoftFail, rest),
        ("?", rest) => (SpfResult::Neutral, rest),
        _ => (SpfResult::Pass, term),
    };
    let end = term.find([':', '/']).unwrap_or(term.len());
    let (name, arguments) = term.split_at_checked(end)?;
    let mechanism = match name.to_ascii_lowercase().as_str() {
        "all" if arguments.is_empty() => Mechanism::All,
        "include" => Mechanism::Include(Template::read_domain(arguments.strip_prefix(':')?)?),
        "exists" => Mechanism::Exists(Template::read_domain(arguments.strip_prefix(':')?)?),
        "a" => {
            let (domain, prefixes) = domain_and_prefixes(arguments)?;
            Mechanism::A(domain, prefixes)
        }
        "mx" => {
            let (domain, prefixes) = domain_and_prefixes(arguments)?;
            Mechanism::Mx(domain, prefixes)
        }
        "ptr" => Mechanism::Ptr(domain(arguments)?),
        "ip4" => {
            let (address, bits) = network(arguments.strip_prefix(':')?, 32)?;
            Mechanism::Ip(address.parse::<Ipv4Addr>().ok()?.into(), bits)
        }
        "ip6" => {
            let (address, bits) = network(arguments.strip_prefix(':')?, 128)?;
            Mechanism::Ip(address.parse::<Ipv6Addr>().ok()?.into(), bits)
        }
        _ => return None,
    };
    Some(Directive { result, mechanism })
}

/// `[ ":" domain-spec ]`
fn domain(arguments: &str) -> Option<Option<Template>> {
    match arguments {
        "" => Some(None),
        _ => Template::read_domain(arguments.strip_prefix(':')?).map(Some),
    }
}

/// `[ ":" domain-spec ] [ "/" bits ] [ "//" bits ]`. A slash may stand in the domain-spec too.
fn domain_and_prefixes(arguments: &str) -> Option<(Option<Template>, Prefixes)> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (rest, six) = match arguments.rsplit_once("//") {
        Some((rest, bits)) if digits(bits) => (rest, number(bits, 128)?),
        _ => (arguments, 128),
    };
    let (rest, four) = match rest.rsplit_once('/') {
        Some((rest, bits)) if digits(bits) => (rest, number(bits, 32)?),
        _ => (rest, 32),
    };
    Some((domain(rest)?, Prefixes { four, six }))
}

/// `address [ "/" bits ]`
fn network(text: &str, most: u8) -> Option<(&str, u8)> {
    match text.split_once('/') {
        Some((address, bits)) => Some((address, number(bits, most)?)),
        None => Some((text, most)),
    }
}

/// RFC 7208 §5.6: no zero in front.
fn number(text: &str, most: u8) -> Option<u8> {
    let plain = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|bits| plain && *bits <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_begins_with_its_version_alone() {
        for (text, expected) in [
            ("v=spf1", true),
            ("V=SPF1 -all", true),
            ("v=spf10 -all", false),
            ("v=spf1\t-all", false),
            (" v=spf1 -all", false),
            ("v=spf\u{fc}", false),
        ] {
            assert_eq!(is_record(text), expected, "{text}");
        }
    }

    #[test]
    fn one_malformed_term_makes_the_whole_record_void() {
        for good in [
            "v=spf1",
            "v=spf1  a  -all ",
            "v=spf1 a:mail.example.com/24//64 mx/0 ptr ?all",
            "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 moo.x_y=%{d} -ALL",
            "v=spf1 exists:%{ir}.list.example.com redirect=%{d2}",
        ] {
            assert!(Record::read(good).is_some(), "{good}");
        }
        for bad in [
            "a/33",
            "a//129",
            "a/024",
            "a:",
            "a:/24",
            "a/",
            "mx:192.0.2.1",
            "ip4:192.0.2",
            "ip4:192.0.2.1/",
            "ip4",
            "ip6:::1/+1",
            "all:x",
            "all/8",
            "include",
            "include:com",
            "exists",
            "ptr/24",
            "redirect:x.com",
            "redirect=x.com redirect=x.com",
            "exp=",
            "moo",
            "x=%{",
            "-",
            "=x",
            "1x=y",
            "a:x\u{fc}.com",
        ] {
            assert_eq!(Record::read(&format!("v=spf1 {bad} -all")), None, "{bad}");
        }
    }

    #[test]
    fn addresses_are_compared_in_the_bits_that_count() {
        let check = |one: &str, other: &str, bits, expected| {
            let (one, other) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(is_within(one, other, bits), expected, "{one} {other}/{bits}");
        };
        check("192.0.2.1", "192.0.2.1", 32, true);
        check("192.0.2.1", "192.0.2.0", 32, false);
        check("192.0.2.1", "192.0.2.254", 24, true);
        check("192.0.2.1", "203.0.113.9", 0, true);
        check("2001:db8::1", "2001:db8::2", 126, true);
        check("2001:db8::1", "2001:db8::2", 127, false);
        check("2001:db8::1", "::", 0, true);
        check("192.0.2.1", "::", 0, false);
    }
}
