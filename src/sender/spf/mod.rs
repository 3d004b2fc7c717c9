//! SPF (RFC 7208): whether a host may send for a domain, as the domain's owner says in the DNS.

mod evaluate;
mod macros;
mod record;

use std::net::IpAddr;
use std::time::Duration;

use evaluate::Evaluation;

use super::domain::ascii;
use crate::dns::Dns;
use crate::domain::Timestamp;

/// RFC 7208 §4.6.4 wants at least 20 seconds for all look-ups together.
const TIME: Duration = Duration::from_secs(20);

/// What SPF says (RFC 7208 §2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpfResult {
    /// The domain says nothing, or there is no domain to ask.
    None,
    /// It says that it says nothing about this host.
    Neutral,
    /// The host may.
    Pass,
    /// The host may not.
    Fail,
    /// The host probably may not.
    SoftFail,
    /// Nobody knows now.
    TempError,
    /// The domain's record can't be understood.
    PermError,
}

impl SpfResult {
    /// The word for it (RFC 8601 §2.7.2).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// Who hands a mail in, as it says itself.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// Where it connects from.
    pub ip: IpAddr,
    /// Behind EHLO or HELO.
    pub hello: &'a str,
    /// Between the angle brackets of MAIL; empty for the null sender.
    pub mail_from: &'a str,
}

impl<'a> Client<'a> {
    /// Local part and domain that SPF asks about: those of MAIL, or `postmaster` at the name
    /// behind EHLO where MAIL names nobody (RFC 7208 §2.4, §4.3).
    fn identity(&self) -> (&'a str, &'a str) {
        let (local, domain) = match self.mail_from.rsplit_once('@') {
            Some((local, domain)) => (local, domain),
            None => ("", self.hello),
        };
        (if local.is_empty() { "postmaster" } else { local }, domain)
    }

    /// The domain that a pass proves, in ASCII and lower case; none where there is none that
    /// could be asked (RFC 7208 §4.3).
    pub fn domain(&self) -> Option<String> {
        let (_, domain) = self.identity();
        ascii(domain).filter(|name| name.contains('.'))
    }
}

/// Whether the client may send for the domain of [`Client::domain`] (RFC 7208 §4, `check_host`).
/// Within 20 seconds: what takes longer is a temporary error.
pub async fn check(dns: &Dns, client: &Client<'_>) -> SpfResult {
    let Some(domain) = client.domain() else { return SpfResult::None };
    let mut evaluation = Evaluation::new(dns, client, &domain);
    match tokio::time::timeout(TIME, evaluation.check_host(domain)).await {
        Ok(checked) => checked.unwrap_or_else(Into::into),
        Err(_) => SpfResult::TempError,
    }
}

/// The words in which the owner of a domain explains a `fail` (RFC 7208 §6.2); none where it has
/// none, or none that can be used. They are a stranger's: Bauta tells a sender its own words only.
pub async fn explain(dns: &Dns, client: &Client<'_>, now: Timestamp) -> Option<String> {
    let domain = client.domain()?;
    let mut evaluation = Evaluation::new(dns, client, &domain);
    let explained = async {
        match evaluation.check_host(domain).await {
            Ok(SpfResult::Fail) => evaluation.explain(now).await,
            _ => None,
        }
    };
    tokio::time::timeout(TIME, explained).await.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_that_is_asked_is_that_of_mail_or_else_of_hello() {
        let check = |mail_from, hello, expected: Option<&str>| {
            let client = Client { ip: [192, 0, 2, 1].into(), hello, mail_from };
            assert_eq!(client.domain().as_deref(), expected, "{mail_from} {hello}");
        };
        check("a@Mail.Example", "host.example", Some("mail.example"));
        check("\"a@b\"@mail.example.", "host.example", Some("mail.example"));
        check("a@m\u{fc}ller.example", "host.example", Some("xn--mller-kva.example"));
        check("", "Host.Example", Some("host.example"));
        check("", "localhost", None);
        check("", "[192.0.2.1]", None);
        check("a@[192.0.2.1]", "host.example", None);
        check("a@mail..example", "host.example", None);
    }
}
