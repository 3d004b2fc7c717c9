//! Alignment (RFC 9989): whether the domain that SPF or DKIM proved speaks for the one in `From:`.
//!
//! What a domain asks its receivers to do with mail that is not proved (`p=`) is not looked at:
//! here such mail is refused, whoever is named.

use super::tags;
use crate::dns::{Dns, NoAnswer};

/// RFC 9989 §4.10: of longer names the labels in the middle are left out, so that a walk has at
/// most eight steps.
const LABELS: usize = 8;

/// Nobody knows now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Temporary;

/// What proved a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Spf,
    Dkim,
}

/// A DMARC record, as far as it is about alignment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Record {
    /// `aspf=s`
    strict_spf: bool,
    /// `adkim=s`
    strict_dkim: bool,
    /// `psd=`: whether names below belong to others; none where it does not say.
    public: Option<bool>,
}

impl Record {
    /// Reads a record; none where it is none (RFC 9989 §4.7: its version stands first). A tag with
    /// a value that nobody knows is as if it were not there.
    fn read(text: &str) -> Option<Self> {
        let tags: Vec<(&str, &str)> = text
            .split(';')
            .filter_map(|tag| tag.split_once('='))
            .map(|(name, value)| (name.trim(), value.trim()))
            .collect();
        let (name, version) = tags.first()?;
        if !name.eq_ignore_ascii_case("v") || *version != "DMARC1" {
            return None;
        }
        let is = |name: &str, wanted: &str| {
            tags::value(&tags, name).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
        };
        let public = match (is("psd", "y"), is("psd", "n")) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        };
        Some(Self { strict_spf: is("aspf", "s"), strict_dkim: is("adkim", "s"), public })
    }
}

/// The domain in `From:`, and what was found on the way up from it.
pub(super) struct Author<'a> {
    dns: &'a Dns,
    domain: &'a str,
    walk: Vec<(String, Record)>,
}

impl<'a> Author<'a> {
    pub async fn look_up(dns: &'a Dns, domain: &'a str) -> Result<Self, Temporary> {
        Ok(Self { dns, domain, walk: walk(dns, domain).await? })
    }

    /// The record that holds for the domain (RFC 9989 §4.10.1): its own, else its organisation's,
    /// else the last one on the way.
    fn record(&self) -> Option<Record> {
        let organisation = organisation(&self.walk, self.domain);
        let of = |name: &str| self.walk.iter().find(|(n, _)| n == name).map(|(_, record)| *record);
        let last = || self.walk.last().map(|(_, record)| *record);
        of(self.domain).or_else(|| of(&organisation)).or_else(last)
    }

    /// Whether a domain that was proved speaks for this one (RFC 9989 §4.10.2).
    pub async fn is_spoken_for_by(&self, proved: &str, by: By) -> Result<bool, Temporary> {
        if proved == self.domain {
            return Ok(true);
        }
        // No organisation has a name of one label, or shares a public suffix with another.
        if !may_be_related(proved, self.domain) {
            return Ok(false);
        }
        let Some(record) = self.record() else {
            // PRODUCT §4: no record is needed, and then it is relaxed. RFC 9989 knows no
            // organisation without one, so that the public suffix list has to tell.
            return Ok(registrable(proved) == registrable(self.domain));
        };
        let strict = match by {
            By::Spf => record.strict_spf,
            By::Dkim => record.strict_dkim,
        };
        if strict {
            return Ok(false);
        }
        let other = walk(self.dns, proved).await?;
        Ok(organisation(&other, proved) == organisation(&self.walk, self.domain))
    }
}

/// Whether the two could belong together at all, which saves the look-ups for those that can't.
pub(super) fn may_be_related(one: &str, other: &str) -> bool {
    let end = |name: &str| {
        let mut labels = name.rsplit('.');
        (labels.next().map(str::to_owned), labels.next().map(str::to_owned))
    };
    one == other || end(one) == end(other)
}

/// The name that somebody registered; the name itself where it is a public suffix.
fn registrable(name: &str) -> &str {
    psl::domain_str(name).unwrap_or(name)
}

/// The records on the way up from a domain, its own first (RFC 9989 §4.10).
async fn walk(dns: &Dns, domain: &str) -> Result<Vec<(String, Record)>, Temporary> {
    let mut found = Vec::new();
    for (step, name) in steps(domain).into_iter().enumerate() {
        let texts = match dns.texts(&format!("_dmarc.{name}")).await {
            Ok(texts) => texts,
            Err(NoAnswer::Failed) => return Err(Temporary),
            Err(NoAnswer::NoName | NoAnswer::NoRecords) => continue,
        };
        let mut records = texts.iter().filter_map(|text| Record::read(text));
        // Of several none counts.
        let (Some(record), None) = (records.next(), records.next()) else { continue };
        found.push((name.to_owned(), record));
        // The one a domain has for itself may say that it is public: that is about names below.
        if record.public == Some(false) || (step > 0 && record.public == Some(true)) {
            break;
        }
    }
    Ok(found)
}

/// The names of a walk: the domain, then at most the last seven labels, and one less each time.
fn steps(domain: &str) -> Vec<&str> {
    let mut names = vec![domain];
    let mut rest = domain;
    while let Some((_, parent)) = rest.split_once('.') {
        rest = parent;
        if parent.split('.').count() < LABELS {
            names.push(parent);
        }
    }
    names
}

/// The organisation of a domain, by the records on the way up from it (RFC 9989 §4.10.2).
fn organisation(walk: &[(String, Record)], domain: &str) -> String {
    for (name, record) in walk {
        match record.public {
            Some(false) => return name.clone(),
            Some(true) if name != domain => return one_below(name, domain).to_owned(),
            _ => {}
        }
    }
    match walk.last() {
        // A registry that has a record and does not say psd=y would make one organisation of all
        // who registered with it.
        Some((name, _)) if name != domain && is_public_suffix(name) => {
            one_below(name, domain).to_owned()
        }
        Some((name, _)) => name.clone(),
        None => domain.to_owned(),
    }
}

fn is_public_suffix(name: &str) -> bool {
    psl::suffix_str(name) == Some(name)
}

/// Of a name below `parent`, the one that lies directly below it.
fn one_below<'n>(parent: &str, name: &'n str) -> &'n str {
    let Some(above) = name.strip_suffix(parent).and_then(|rest| rest.strip_suffix('.')) else {
        return name;
    };
    let label = above.rsplit('.').next().unwrap_or(above);
    name.get(above.len() - label.len()..).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_leniently_once_its_version_is_right() {
        let record =
            |strict_spf, strict_dkim, public| Some(Record { strict_spf, strict_dkim, public });
        for (text, expected) in [
            ("v=DMARC1; p=none", record(false, false, None)),
            ("v=DMARC1;p=reject;aspf=s;adkim=S;psd=n;", record(true, true, Some(false))),
            ("v = DMARC1 ; adkim = s ; pct=50; rubbish; psd=u", record(false, true, None)),
            ("v=DMARC1; aspf=x; psd=y", record(false, false, Some(true))),
            ("p=none; v=DMARC1", None),
            ("v=dmarc1", None),
            ("v=spf1 -all", None),
            ("", None),
        ] {
            assert_eq!(Record::read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_walk_goes_up_label_by_label_and_leaves_out_the_middle_of_long_names() {
        assert_eq!(
            steps("a.mail.example.com"),
            ["a.mail.example.com", "mail.example.com", "example.com", "com"]
        );
        // RFC 9989 §4.10: eight look-ups however long the name is.
        assert_eq!(
            steps("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ]
        );
        assert_eq!(steps("a.b.c.d.e.f.g.com").len(), 8);
    }

    #[test]
    fn the_organisation_is_what_the_records_say_and_never_a_public_suffix() {
        let check = |domain: &str, walk: &[(&str, &str)], expected: &str| {
            let walk: Vec<_> = walk
                .iter()
                .map(|(name, text)| ((*name).to_owned(), Record::read(text).unwrap()))
                .collect();
            assert_eq!(organisation(&walk, domain), expected, "{domain} {walk:?}");
        };
        let (plain, own, public) = ("v=DMARC1", "v=DMARC1; psd=n", "v=DMARC1; psd=y");
        check("a.shop.com", &[], "a.shop.com");
        check("a.shop.com", &[("a.shop.com", plain), ("shop.com", plain)], "shop.com");
        check("a.b.shop.com", &[("b.shop.com", own)], "b.shop.com");
        check("a.b.giant.bank", &[("giant.bank", public)], "b.giant.bank");
        check("giant.bank", &[("giant.bank", public)], "giant.bank");
        check("a.shop.com", &[("shop.com", plain), ("com", public)], "shop.com");
        check("a.shop.com", &[("com", plain)], "shop.com");
        check("shop.co.uk", &[("shop.co.uk", plain), ("co.uk", plain)], "shop.co.uk");
    }

    #[test]
    fn strangers_are_told_apart_without_a_look_up() {
        assert!(may_be_related("a.lamps.example", "lamps.example"));
        assert!(may_be_related("lamps.co.uk", "other.co.uk"));
        assert!(!may_be_related("lamps.example", "shop.example"));
        assert!(!may_be_related("example", "lamps.example"));
        assert_eq!(registrable("a.b.lamps.co.uk"), "lamps.co.uk");
        assert_eq!(registrable("co.uk"), "co.uk");
    }
}
