//! What a key of the file takes, and how that is said.

use crate::domain::{Language, MessageKind};

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A host name, dotted or not.
    HostName,
    /// A dotted domain name.
    Domain,
    /// A name for people to read.
    Name,
    /// A folder.
    Path,
    /// An e-mail address.
    Address,
    /// The code of a language.
    Language,
    /// Socket addresses to listen on.
    Listen,
    /// Networks.
    Networks,
    /// IP addresses, with or without a port.
    Servers,
    /// A file in PEM.
    PemFile,
    /// The name that a DKIM key has in the DNS.
    Selector,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Always true in this version.
    True,
    /// true or false.
    Flag,
    /// Steps with the scores that they follow from.
    Ladder,
    /// Host and port.
    HostPort,
    /// Bytes.
    Size {
        /// The least, as it is written in the file.
        min: &'static str,
        /// The most.
        max: &'static str,
    },
    /// A span of time.
    Duration {
        /// The least, as it is written in the file.
        min: &'static str,
        /// The most.
        max: &'static str,
    },
    /// A whole number.
    Count {
        /// The least.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Kinds of proactive message.
    MessageKinds,
    /// Domain names.
    Domains,
    /// E-mail addresses and phone numbers.
    Contacts,
    /// E-mail addresses.
    Addresses,
    /// The address of a page.
    Link,
    /// Names of shops and marketplaces.
    Names,
    /// Codes of languages.
    Languages,
    /// Files of language packs.
    PackFiles,
    /// The id of a rule of the admin's own.
    RuleName,
    /// A regular expression.
    Pattern,
    /// A sentence in each of several languages.
    Messages,
}

impl Kind {
    /// What would be right, to stand after "write".
    pub(super) fn right(self) -> String {
        let what = match self {
            Self::True => return "true".into(),
            Self::Flag => return "true or false".into(),
            Self::Ladder => "a list of steps, the lowest score first,".into(),
            Self::OneOf(words) => return one_of(words),
            Self::Count { min, max } => return format!("a whole number from {min} to {max}"),
            Self::Language => {
                let codes = Language::ALL.map(Language::code);
                return one_of(&codes);
            }
            Self::HostName => "a host name".into(),
            Self::Domain => "a domain name".into(),
            Self::Name => "a name of 1 to 100 characters".into(),
            Self::Path => "a folder".into(),
            Self::PemFile => "the path of a PEM file".into(),
            Self::Selector => "small letters, digits and hyphens".into(),
            Self::Address => "an e-mail address".into(),
            Self::Listen => "a list of IP addresses with ports".into(),
            Self::Networks => "a list of networks".into(),
            Self::Servers => "a list of IP addresses".into(),
            Self::HostPort => "a host and a port".into(),
            Self::Size { min, max } => format!("a size from \"{min}\" to \"{max}\""),
            Self::Duration { min, max } => format!("a time from \"{min}\" to \"{max}\""),
            Self::MessageKinds => {
                return format!("a list of {}", MessageKind::WORDS.join(", "));
            }
            Self::Domains => "a list of domain names".into(),
            Self::RuleName => "small letters, digits and hyphens".into(),
            Self::Pattern => "a regular expression".into(),
            Self::Messages => "a table of languages with a sentence of up to 200 characters".into(),
            Self::Names => "a list of names of 1 to 100 characters".into(),
            Self::Contacts => "a list of e-mail addresses and phone numbers".into(),
            Self::Addresses => "a list of e-mail addresses".into(),
            Self::Link => "the address of a page".into(),
            Self::Languages => {
                return format!("a list of {}", Language::ALL.map(Language::code).join(", "));
            }
            Self::PackFiles => "a list of TOML files".into(),
        };
        format!("{what} such as {}", self.sample())
    }

    /// A right value, as TOML.
    pub(super) fn sample(self) -> String {
        match self {
            Self::OneOf(words) => return format!("{:?}", words.first().unwrap_or(&"")),
            Self::Count { min, .. } => return min.to_string(),
            Self::HostName => "\"relay.market.example\"",
            Self::Domain => "\"mail.market.example\"",
            Self::Name => "\"Lamp Market\"",
            Self::Path => "\"/var/lib/bauta\"",
            Self::Address => "\"postmaster@market.example\"",
            Self::Language => "\"en\"",
            Self::Listen => "[\"127.0.0.1:2525\", \"[::1]:2525\"]",
            Self::Networks => "[\"10.0.0.0/8\", \"::1/128\"]",
            Self::Servers => "[\"127.0.0.1:5353\", \"::1\"]",
            Self::PemFile => "\"/etc/bauta/tls.pem\"",
            Self::Selector => "\"bauta1\"",
            Self::True | Self::Flag => "true",
            Self::Ladder => {
                "[{ score = 3, step = \"warning\" }, { score = 6, step = \"proactive-blocked\", for = \"14d\" }, { score = 10, step = \"suspended\", by = \"person\" }]"
            }
            Self::HostPort => "\"mail.example:25\"",
            Self::Size { .. } => "\"25MB\"",
            Self::Duration { .. } => "\"30m\"",
            Self::MessageKinds => "[\"address-correction\"]",
            Self::Domains => "[\"carrier.example\"]",
            Self::Link => "\"https://market.example/help/{rule}\"",
            Self::Addresses => "[\"review@market.example\"]",
            Self::RuleName => "\"no-fax\"",
            Self::Pattern => "'(?i)\\bfax\\b'",
            Self::Messages => "{ en = \"Don't send faxes\", de = \"Senden Sie kein Fax\" }",
            Self::Names => "[\"MegaBay\", \"megabay.example\"]",
            Self::Languages => "[\"en\", \"de\"]",
            Self::PackFiles => "[\"extra-de.toml\"]",
            Self::Contacts => "[\"help@carrier.example\", \"+1 555 010 0199\"]",
        }
        .to_owned()
    }
}

/// `"a"`, `"a" or "b"`, `"a", "b" or "c"`.
pub(super) fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("{w:?}")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}
