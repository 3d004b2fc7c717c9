//! Rule `tracking`: what tells its sender that, when and where a mail was read.
//!
//! Pictures that nobody sees, known trackers, addresses made for one reader, links that count who
//! follows them, and requests for a receipt. Other pictures from elsewhere are `image`.

use std::collections::HashSet;
use std::sync::LazyLock;

use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD};

use super::lexicon::lines;
use super::url::Url;
use crate::domain::Certainty;
use crate::mail::{Remote, RemoteKind};

/// A host that reports, with the path that it does so at.
#[derive(Debug)]
struct Tracker {
    labels: Vec<String>,
    path: String,
}

static TRACKERS: LazyLock<Vec<Tracker>> = LazyLock::new(|| {
    lines(include_str!("data/mail-trackers.txt"))
        .map(|line| {
            let (host, path) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let labels = host.rsplit('.').map(str::to_owned).collect();
            Tracker { labels, path: path.trim().to_lowercase() }
        })
        .collect()
});

/// Paths by which it is told that a mail was opened, and that a link was followed.
static PATHS: LazyLock<[HashSet<String>; 2]> = LazyLock::new(|| {
    let of = |kind: &str| {
        let lines = lines(include_str!("data/open-paths.txt"));
        let ours = lines.filter_map(|line| line.strip_prefix(kind));
        ours.map(|path| path.trim().to_owned()).collect()
    };
    [of("open"), of("click")]
});

/// Parameters that say how a picture is to look, or that it may be fetched at all: long, and the
/// same for everybody.
const OF_PICTURES: [&str; 16] = [
    "v",
    "ver",
    "version",
    "hash",
    "h",
    "s",
    "sig",
    "signature",
    "cb",
    "ts",
    "expires",
    "policy",
    "key-pair-id",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
];

/// Whether what would be fetched is tracking, and how sure that is.
pub(super) fn of(remote: &Remote) -> Option<Certainty> {
    let url = Url::read(&remote.url);
    let named = is_tracker(&url) || has_path(&url, 0) || names_reader(&remote.url);
    match remote.kind {
        _ if named => Some(Certainty::Certain),
        // A dot has no other use, but it may also keep others apart.
        RemoteKind::Unseen if is_for_one(&url) || last_is_opaque(&url) => Some(Certainty::Certain),
        RemoteKind::Unseen | RemoteKind::Other => Some(Certainty::Likely),
        RemoteKind::Picture if is_for_one(&url) => Some(Certainty::Likely),
        RemoteKind::Picture => None,
    }
}

/// Whether a link only leads through somebody who counts.
pub(super) fn is_wrapper(link: &str) -> bool {
    let url = Url::read(link);
    // A host alone leads to its front page.
    let leads_on = url.path.len() > 1 || !url.query.is_empty();
    leads_on && is_tracker(&url)
        || (has_path(&url, 1) && (is_for_one(&url) || last_is_opaque(&url)))
}

fn is_tracker(url: &Url<'_>) -> bool {
    let labels: Vec<&str> = url.host.rsplit('.').collect();
    let path = url.path.to_lowercase();
    TRACKERS.iter().any(|tracker| {
        let same = |(known, label): (&String, &&str)| match known.split_once('#') {
            None => known == label,
            Some((head, tail)) => {
                let middle = label.strip_prefix(head).and_then(|l| l.strip_suffix(tail));
                middle.is_some_and(|m| !m.is_empty() && m.bytes().all(|b| b.is_ascii_digit()))
            }
        };
        tracker.labels.len() <= labels.len()
            && tracker.labels.iter().zip(&labels).all(same)
            && path.starts_with(&tracker.path)
    })
}

fn has_path(url: &Url<'_>, which: usize) -> bool {
    let Some(known) = PATHS.get(which) else { return false };
    let segments = url.segments();
    // A path of many segments is no tracker's.
    let segments = segments.get(..segments.len().min(12)).unwrap_or_default();
    (1..=3).any(|length| segments.windows(length).any(|w| known.contains(&w.join("/"))))
}

/// An e-mail address in it, as it is or encoded: it was made for that reader.
fn names_reader(url: &str) -> bool {
    let rest = url.find("://").map_or(url, |at| url.get(at + 3..).unwrap_or_default());
    // What stands before the first slash can hold a user's name.
    let rest = rest.find(['/', '?']).map_or("", |at| rest.get(at..).unwrap_or_default());
    let plain = rest.replace("%40", "@");
    plain.split(['/', '?', '&', '=', ';', ',', '|']).take(60).any(|word| {
        is_address(word)
            || decoded(word)
                .is_some_and(|text| text.split(['|', ',', ';', '&', '=']).any(is_address))
    })
}

fn decoded(word: &str) -> Option<String> {
    let word = word.trim_end_matches("%3D").trim_end_matches("%3d");
    if !(12..=400).contains(&word.len()) {
        return None;
    }
    let bytes = BASE64URL_NOPAD
        .decode(word.as_bytes())
        .or_else(|_| BASE64_NOPAD.decode(word.as_bytes()))
        .ok()?;
    String::from_utf8(bytes).ok().filter(|text| text.contains('@'))
}

fn is_address(word: &str) -> bool {
    let Some((local, domain)) = word.split_once('@') else { return false };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '%');
    !local.is_empty()
        && local.chars().all(fits)
        && domain.chars().all(fits)
        // "lamp@2x.png" is a picture for fine screens.
        && super::domains::is_domain(&domain.to_lowercase())
        && !is_picture_name(domain)
}

/// A parameter that nobody could have written who did not know the reader.
fn is_for_one(url: &Url<'_>) -> bool {
    url.parameters().any(|(name, value)| {
        !OF_PICTURES.contains(&name.as_str()) && !name.starts_with("x-") && is_opaque(value, 16)
    })
}

fn last_is_opaque(url: &Url<'_>) -> bool {
    let last = url.path.rsplit(['/', '\\']).find(|s| !s.is_empty()).unwrap_or_default();
    let stem = if is_picture_name(last) {
        last.rsplit_once('.').map_or(last, |(stem, _)| stem)
    } else {
        last
    };
    is_opaque(stem, 16)
}

fn is_picture_name(name: &str) -> bool {
    let end = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    name.contains('.')
        && matches!(end.as_str(), "gif" | "png" | "jpg" | "jpeg" | "webp" | "svg" | "bmp" | "avif")
}

/// Letters and digits in no order: nothing that a person named.
fn is_opaque(value: &str, least: usize) -> bool {
    let value = value.trim_end_matches("%3D").trim_end_matches("%3d").trim_end_matches('=');
    let fits =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~' | '+' | '%');
    if value.len() < least || !value.chars().all(fits) || is_picture_name(value) {
        return false;
    }
    // Words have runs of letters between their marks; a code goes back and forth.
    let kind = |c: char| match c {
        _ if c.is_ascii_digit() => 1,
        _ if c.is_ascii_lowercase() => 2,
        _ if c.is_ascii_uppercase() => 3,
        _ => 0,
    };
    let kinds: Vec<u8> = value.chars().map(kind).collect();
    let changes = kinds.windows(2).filter(|w| matches!(w, [a, b] if a != b && *a > 0 && *b > 0));
    let digits = kinds.iter().filter(|k| **k == 1).count();
    digits == value.len() && value.len() >= 24 || changes.count() * 6 >= value.len() && digits > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: RemoteKind, url: &str, expected: Option<Certainty>) {
        let remote = Remote { kind, url: url.to_owned(), at: None };
        assert_eq!(of(&remote), expected, "{url}");
    }

    #[test]
    fn what_reports_that_a_mail_was_opened_is_found() {
        use Certainty::*;
        let picture = |url, expected| check(RemoteKind::Picture, url, expected);
        for url in [
            "https://u123.ct.sendgrid.net/wf/open?upn=abc",
            "http://shop.us2.list-manage.com/track/open.php?u=1&id=2&e=3",
            "https://T.SideKickOpen08.com/s3t/o/x",
            "https://www.shop.example/track/open/12",
            "https://shop.example/i/pixel.gif",
            "https://shop.example/i?to=jane.roe@mail.example",
            "https://shop.example/i?to=jane.roe%40mail.example",
            "https://shop.example/i/amFuZS5yb2VAbWFpbC5leGFtcGxl/logo.png",
            "//app.frontapp.com/api/1/noauth/companies/x/seen/y.gif",
        ] {
            picture(url, Some(Certain));
        }
        picture("https://shop.example/logo.png?r=8f14e45fceea167a5a36dedd4bea2543", Some(Likely));
        check(RemoteKind::Unseen, "https://shop.example/spacer.gif", Some(Likely));
        check(RemoteKind::Unseen, "https://shop.example/o/4f9a8b7c6d5e4f3a2b1c.gif", Some(Certain));
        check(RemoteKind::Other, "https://fonts.example/a.css", Some(Likely));
    }

    #[test]
    fn an_ordinary_picture_from_elsewhere_is_none() {
        for url in [
            "https://shop.example/logo.png",
            "https://shop.example/img/8f14e45fceea167a5a36dedd4bea2543.png",
            "https://shop.example/logo.png?v=8f14e45fceea167a5a36dedd4bea2543",
            "https://shop.example/logo.png?w=600&h=200&fit=crop",
            "https://shop.example/brass-lamp-with-shade-40cm@2x.png",
            "https://shop.example/image?name=brass-lamp-with-a-long-name.jpg",
            "https://s3.example/a.png?X-Amz-Signature=8f14e45fceea167a5a36dedd4bea2543",
            "https://ci3.shopcontent.example/mail-sig/AIorK4yVq8f3h2k1",
            "https://opensource.example/openings/lamp.png",
            "https://mysendgrid.net.example/logo.png",
            "https://notmandrillapp.com/track/logo.png",
        ] {
            check(RemoteKind::Picture, url, None);
        }
    }

    #[test]
    fn a_link_that_counts_its_readers_is_a_wrapper() {
        for (link, expected) in [
            ("https://u1.ct.sendgrid.net/ls/click?upn=abc", true),
            ("https://mail.shop.example/ls/click?upn=u001.Ab3dEf6hIj9kLm2nOp5q", true),
            ("https://t.cmail20.com/a", true),
            ("https://shop.example/ls/click", false),
            ("https://shop.example/lamps?id=Ab3dEf6hIj9kLm2nOp5q", false),
            ("shop.example", false),
            ("list-manage.com", false),
            ("https://list-manage.com/", false),
            ("https://dhl.com/track/click/lamp", false),
        ] {
            assert_eq!(is_wrapper(link), expected, "{link}");
        }
    }

    #[test]
    fn hostile_addresses_take_linear_time() {
        for url in ["/".repeat(100_000), "a@".repeat(100_000), "?&=".repeat(100_000)] {
            let _ = of(&Remote { kind: RemoteKind::Picture, url, at: None });
        }
    }
}
