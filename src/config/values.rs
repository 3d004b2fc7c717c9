//! Texts of the file → values. Each says only what is wrong; the key's kind says what is right.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use crate::domain::{Language, MessageKind, RealAddress};

use super::settings::Network;

/// What is wrong with a text.
pub(super) type Wrong = String;

/// Number and unit of `25MB`, `48h`. No sign, no fraction, no spaces.
fn number_and_unit(text: &str) -> Option<(u64, &str)> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit))
}

/// A size in bytes. Units as mail servers mean them: KB, MB, GB are powers of 1000, and KiB, MiB,
/// GiB of 1024 for those who want it exact. Letter case is not held against anyone.
pub(super) fn size(text: &str) -> Result<usize, Wrong> {
    let wrong = || format!("{text:?} is no size");
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let factor = match unit.to_ascii_lowercase().as_str() {
        "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(factor).and_then(|b| usize::try_from(b).ok());
    bytes.ok_or_else(|| format!("{text:?} is too large"))
}

/// A span of time. The units are case-sensitive, as `m` is minutes and `M` would be months.
pub(super) fn duration(text: &str) -> Result<Duration, Wrong> {
    let wrong = || format!("{text:?} is no time");
    let (number, unit) = number_and_unit(text).ok_or_else(wrong)?;
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let millis = number.checked_mul(millis).ok_or_else(|| format!("{text:?} is too long"))?;
    Ok(Duration::from_millis(millis))
}

/// A host name, lower case (RFC 1123 §2.1, RFC 5321 §2.3.5).
pub(super) fn host_name(text: &str) -> Result<String, Wrong> {
    let wrong = |why: &str| Err(format!("{text:?} is no host name: {why}"));
    if !text.is_ascii() {
        return wrong("write it in its ASCII form, which starts with xn--");
    }
    if text.ends_with('.') {
        return wrong("leave out the dot at the end");
    }
    if text.is_empty() || text.len() > 253 {
        return wrong("it has 1 to 253 characters");
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if !text.split('.').all(label) {
        return wrong("between its dots stand letters, digits and inner hyphens, 1 to 63");
    }
    // RFC 1123 §2.1: the last label is never all digits, which tells a name from an address.
    if text.split('.').next_back().is_some_and(|l| l.bytes().all(|b| b.is_ascii_digit())) {
        return wrong("it ends in a number, as an IP address does");
    }
    Ok(text.to_ascii_lowercase())
}

/// A dotted domain name, lower case.
pub(super) fn domain(text: &str) -> Result<String, Wrong> {
    let name = host_name(text).map_err(|w| w.replace("is no host name", "is no domain name"))?;
    if !name.contains('.') {
        return Err(format!("{text:?} is no domain name: it has no dot"));
    }
    Ok(name)
}

/// The alias domain: short enough for the longest local part.
pub(super) fn alias_domain(text: &str) -> Result<String, Wrong> {
    let name = domain(text)?;
    // RFC 5321 §4.5.3.1.1 and §4.5.3.1.3: 64 octets, the @ and the domain fit into 254.
    if name.len() > 189 {
        return Err(format!("a domain of {} characters leaves no room for aliases", name.len()));
    }
    Ok(name)
}

/// A name for people to read.
pub(super) fn name(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Err("is empty".into());
    }
    if text.chars().count() > 100 {
        return Err(format!("has {} characters", text.chars().count()));
    }
    // It goes into header lines.
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".into());
    }
    Ok(text.to_owned())
}

/// The name or domain of another marketplace. One of two letters would be found everywhere.
pub(super) fn competitor(text: &str) -> Result<String, Wrong> {
    let name = name(text)?;
    match name.chars().filter(|c| c.is_alphanumeric()).count() {
        0..=2 => Err(format!("{name:?} has fewer than 3 letters and digits")),
        _ => Ok(name),
    }
}

/// A DKIM selector: one label here, though RFC 6376 §3.1 allows several.
pub(super) fn selector(text: &str) -> Result<String, Wrong> {
    let right = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=63).contains(&text.len()) && text.bytes().all(right) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is no selector"))
    }
}

/// A folder, as written.
pub(super) fn path(text: &str) -> Result<std::path::PathBuf, Wrong> {
    if text.trim().is_empty() {
        return Err("is empty".into());
    }
    if text.contains('\0') {
        return Err("holds a zero byte".into());
    }
    Ok(text.into())
}

/// A mailbox. The text is not repeated: it may be somebody's.
pub(super) fn address(text: &str) -> Result<RealAddress, Wrong> {
    text.parse().map_err(|why| format!("is no e-mail address: {why}"))
}

/// The address of a page, short enough for a line of a reply.
pub(super) fn link(text: &str) -> Result<String, Wrong> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let right =
        rest.is_some_and(|rest| !rest.is_empty()) && text.bytes().all(|b| b.is_ascii_graphic());
    match text.len() {
        _ if !right => Err(format!("{text:?} is no address of a page")),
        301.. => Err("is longer than 300 characters".into()),
        _ => Ok(text.to_owned()),
    }
}

/// A sentence that senders read, of a reply's line too: without the full stop that stands there.
pub(super) fn sentence(text: &str) -> Result<String, Wrong> {
    let text = text.trim().trim_end_matches(['.', '。']).trim_end();
    match text.chars().count() {
        0 => return Err("holds an empty sentence".into()),
        1..=200 => {}
        many => return Err(format!("holds a sentence of {many} characters")),
    }
    if text.chars().any(char::is_control) {
        return Err("holds a line break or another control character".into());
    }
    Ok(text.to_owned())
}

/// A kind of proactive message.
pub(super) fn message_kind(text: &str) -> Result<MessageKind, Wrong> {
    text.parse().map_err(|wrong| format!("{wrong}"))
}

/// A language that Bauta speaks.
pub(super) fn language(text: &str) -> Result<Language, Wrong> {
    text.parse().map_err(|_| format!("{text:?} is no language of Bauta's"))
}

/// Where to listen.
pub(super) fn socket(text: &str) -> Result<SocketAddr, Wrong> {
    text.parse().map_err(|_| format!("{text:?} is no IP address with a port"))
}

/// An IP address, with a port or that of the DNS.
pub(super) fn name_server(text: &str) -> Result<SocketAddr, Wrong> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 53));
    }
    text.parse().map_err(|_| format!("{text:?} is no IP address"))
}

/// A network.
pub(super) fn network(text: &str) -> Result<Network, Wrong> {
    text.parse().map_err(|_| format!("{text:?} is no network"))
}

/// Host and port; an IPv6 address is given in brackets and kept without them.
pub(super) fn host_port(text: &str) -> Result<(String, u16), Wrong> {
    let wrong = |why: String| Err(format!("{text:?} is no host and port: {why}"));
    let Some((host, port)) = text.rsplit_once(':') else {
        return wrong("the port is missing".into());
    };
    let port = match port.parse::<u16>() {
        Ok(number) if number > 0 && port.bytes().all(|b| b.is_ascii_digit()) => number,
        _ => return wrong("a port is a number from 1 to 65535".into()),
    };
    if let Some(inner) = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        return match inner.parse::<Ipv6Addr>() {
            Ok(address) => Ok((address.to_string(), port)),
            Err(_) => wrong("in the brackets stands no IPv6 address".into()),
        };
    }
    if host.contains(':') {
        return wrong("an IPv6 address stands in brackets".into());
    }
    if let Ok(IpAddr::V4(address)) = host.parse() {
        return Ok((address.to_string(), port));
    }
    match host_name(host) {
        Ok(name) => Ok((name, port)),
        Err(why) => wrong(why),
    }
}

/// An address or phone number that may be named, as written. Not repeated: it may be somebody's.
pub(super) fn contact(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let phone = (3..=20).contains(&digits)
        && text.chars().all(|c| c.is_ascii_digit() || "+-()/. ".contains(c));
    if phone || text.parse::<RealAddress>().is_ok() {
        Ok(text.to_owned())
    } else {
        Err("holds something that is neither an e-mail address nor a phone number".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `None`: it must be refused.
    fn check<T: std::fmt::Debug + PartialEq>(
        read: impl Fn(&str) -> Result<T, Wrong>,
        cases: &[(&str, Option<T>)],
    ) {
        for (text, expected) in cases {
            let read = read(text);
            assert_eq!(read.as_ref().ok(), expected.as_ref(), "{text:?} gave {read:?}");
        }
    }

    #[test]
    fn sizes_are_bytes_with_decimal_or_binary_units() {
        check(
            size,
            &[
                ("25MB", Some(25_000_000)),
                ("25MiB", Some(26_214_400)),
                ("64kb", Some(64_000)),
                ("1GB", Some(1_000_000_000)),
                ("512B", Some(512)),
                ("25", None),
                ("MB", None),
                ("", None),
                ("2.5MB", None),
                ("-1MB", None),
                ("25 MB", None),
                ("25XB", None),
                ("99999999999999999GB", None),
            ],
        );
    }

    #[test]
    fn times_have_a_unit() {
        let millis = |n| Some(Duration::from_millis(n));
        check(
            duration,
            &[
                ("500ms", millis(500)),
                ("2s", millis(2_000)),
                ("30m", millis(1_800_000)),
                ("48h", millis(172_800_000)),
                ("60d", millis(5_184_000_000)),
                ("60", None),
                ("h", None),
                ("1w", None),
                ("30M", None),
                ("1h30m", None),
                ("-1s", None),
                ("999999999999999999d", None),
            ],
        );
    }

    #[test]
    fn a_domain_is_dotted_ascii_and_no_address() {
        let long = format!("{}.example", "a".repeat(64));
        check(
            domain,
            &[
                ("Mail.Market.Example", Some("mail.market.example".to_owned())),
                ("xn--4gbrim.example", Some("xn--4gbrim.example".to_owned())),
                ("localhost", None),
                ("market.example.", None),
                ("-a.example", None),
                ("a..example", None),
                ("a_b.example", None),
                ("192.0.2.1", None),
                ("märkt.example", None),
                ("https://market.example", None),
                ("", None),
                (&long, None),
            ],
        );
        assert_eq!(host_name("localhost"), Ok("localhost".to_owned()));
        let label = "a".repeat(60);
        let wide = format!("{label}.{label}.{label}.example");
        assert!(domain(&wide).is_ok() && alias_domain(&wide).is_err());
    }

    #[test]
    fn a_next_hop_is_a_host_and_a_port() {
        let at = |host: &str, port| Some((host.to_owned(), port));
        check(
            host_port,
            &[
                ("127.0.0.1:2526", at("127.0.0.1", 2526)),
                ("Mail.Example:25", at("mail.example", 25)),
                ("mail:25", at("mail", 25)),
                ("[::1]:25", at("::1", 25)),
                ("::1:25", None),
                ("[::1]", None),
                ("[mail.example]:25", None),
                ("mail.example", None),
                ("mail.example:0", None),
                ("mail.example:70000", None),
                ("mail.example:+25", None),
                (":25", None),
                ("300.1.1.1:25", None),
            ],
        );
    }

    #[test]
    fn a_contact_is_an_address_or_a_phone_number() {
        let as_is = |t: &str| Some(t.to_owned());
        check(
            contact,
            &[
                ("help@carrier.example", as_is("help@carrier.example")),
                ("+1 (555) 010-0199", as_is("+1 (555) 010-0199")),
                (" 112 ", as_is("112")),
                ("carrier.example", None),
                ("call us", None),
                ("12", None),
                ("", None),
            ],
        );
    }

    #[test]
    fn a_name_fits_into_a_header_line() {
        check(
            name,
            &[
                (" Lamp Market ", Some("Lamp Market".to_owned())),
                ("market.example", Some("market.example".to_owned())),
                ("  ", None),
                ("Lamp\r\nBcc: all@x.example", None),
                (&"x".repeat(101), None),
            ],
        );
    }
}
