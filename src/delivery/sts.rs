//! MTA-STS (RFC 8461): what a domain promises about the encryption of its mail servers.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::encrypt;
use crate::dns::Dns;
use crate::domain::Clock;
use crate::store::{Store, StsPolicy};

/// RFC 8461 §3.3 suggests 64 KiB at most, and a timeout of a minute: here of less, for mail waits.
const LARGEST: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(20);
/// RFC 8461 §3.2: at most a year.
const LONGEST: u64 = 31_557_600;

/// Where promises are looked up and kept.
pub(super) struct Sts {
    pub store: Store,
    pub clock: Clock,
    /// 443, but in tests.
    pub port: u16,
}

/// A promise, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// `enforce`, `testing` or `none`.
    pub mode: String,
    /// Seconds.
    pub max_age: u64,
    /// Names and patterns of mail servers; lower case.
    pub hosts: Vec<String>,
}

impl Policy {
    /// Whether it names this mail server.
    pub fn names(&self, host: &str) -> bool {
        fits(&self.hosts, host)
    }
}

/// A domain's promise as it stands now; none where the DNS announces none.
///
/// # Errors
/// One is announced and can't be had.
pub async fn published(dns: &Dns, domain: &str, port: u16) -> Result<Option<Policy>, String> {
    let texts = dns.texts(&format!("_mta-sts.{domain}")).await.unwrap_or_default();
    if policy_id(&texts).is_none() {
        return Ok(None);
    }
    let fetched = tokio::time::timeout(TIMEOUT, fetch(dns, domain, port)).await;
    let text = fetched.unwrap_or_else(|_| Err("no answer in time".to_owned()))?;
    read_policy(&text).map(Some)
}

impl Sts {
    /// The domain's policy; none where it has none, or none can be had (RFC 8461 §5: then as if it
    /// had none). One that is kept and not over counts where a newer one can't be had.
    pub async fn policy(&self, dns: &Dns, domain: &str) -> Option<StsPolicy> {
        let now = self.clock.now();
        let kept = match self.store.sts_policy(domain).await {
            Ok(kept) => kept.filter(|policy| policy.until > now),
            Err(error) => {
                tracing::warn!(%error, "a kept MTA-STS policy can't be read");
                None
            }
        };
        let texts = dns.texts(&format!("_mta-sts.{domain}")).await.unwrap_or_default();
        let Some(id) = policy_id(&texts) else { return kept };
        if kept.as_ref().is_some_and(|kept| kept.id == id) {
            return kept;
        }
        let fetched = tokio::time::timeout(TIMEOUT, fetch(dns, domain, self.port)).await;
        let read = fetched.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        match read.and_then(|text| read_policy(&text)) {
            Ok(Policy { mode, max_age, hosts }) => {
                let until = now.after(Duration::from_secs(max_age));
                let policy = StsPolicy { id, mode, hosts, until };
                if let Err(error) = self.store.keep_sts_policy(domain, policy.clone()).await {
                    tracing::warn!(%error, "an MTA-STS policy can't be kept");
                }
                Some(policy)
            }
            Err(why) => {
                tracing::info!(why, "an MTA-STS policy is announced and can't be had");
                kept
            }
        }
    }
}

/// The text at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`.
async fn fetch(dns: &Dns, domain: &str, port: u16) -> Result<String, String> {
    let host = format!("mta-sts.{domain}");
    let told = |error: &dyn std::fmt::Display| error.to_string();
    let addresses = dns.addresses(&host).await.map_err(|_| "no address".to_owned())?;
    let name = ServerName::try_from(host.clone()).map_err(|error| told(&error))?;
    let connector = TlsConnector::from(encrypt::proved().map_err(|error| told(&error))?);
    let mut failed = "no address".to_owned();
    for ip in addresses.into_iter().take(3) {
        let opened = async {
            let stream = TcpStream::connect((ip, port)).await?;
            connector.connect(name.clone(), stream).await
        };
        let mut stream = match opened.await {
            Ok(stream) => stream,
            Err(error) => {
                failed = told(&error);
                continue;
            }
        };
        // HTTP/1.0: whoever answers it sends the body whole (RFC 9112 §6.1).
        let asked = format!(
            "GET /.well-known/mta-sts.txt HTTP/1.0\r\nHost: {host}\r\nUser-Agent: bauta\r\nAccept: text/plain\r\n\r\n"
        );
        stream.write_all(asked.as_bytes()).await.map_err(|error| told(&error))?;
        let mut answer = Vec::new();
        let mut bounded = (&mut stream).take(LARGEST as u64 + 1);
        // Some close without saying so; whether all is there, the length tells.
        let ended = bounded.read_to_end(&mut answer).await;
        return read_answer(&answer, ended.is_ok());
    }
    Err(failed)
}

/// The body of an answer that counts: 200, text/plain, whole, not too large. Nothing is followed.
fn read_answer(answer: &[u8], ended_well: bool) -> Result<String, String> {
    if answer.len() > LARGEST {
        return Err("the answer is too large".to_owned());
    }
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n");
    let at = split.ok_or("the answer is no HTTP")?;
    let head = String::from_utf8_lossy(answer.get(..at).unwrap_or_default());
    let body = answer.get(at + 4..).unwrap_or_default();
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    let code = status.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    // RFC 8461 §3.3: redirects are not followed, and only 200 is success.
    if code != Some("200") {
        return Err(format!("the answer is {status:?}"));
    }
    let header = |name: &str| {
        let mut values = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        values.find(|(n, _)| n.trim().eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned())
    };
    let kind = header("Content-Type").unwrap_or_default().to_ascii_lowercase();
    if kind.split(';').next().unwrap_or_default().trim() != "text/plain" {
        return Err("the answer is no text/plain".to_owned());
    }
    let length = header("Content-Length").and_then(|n| n.parse::<usize>().ok());
    let whole = match length {
        Some(length) => body.len() == length,
        None => ended_well && header("Transfer-Encoding").is_none(),
    };
    if !whole {
        return Err("the answer is not whole".to_owned());
    }
    String::from_utf8(body.to_vec()).map_err(|_| "the policy is not UTF-8".to_owned())
}

/// RFC 8461 §3.1: the id, where exactly one record is of this version.
fn policy_id(texts: &[String]) -> Option<String> {
    let mut ours = texts.iter().filter(|text| {
        text.strip_prefix("v=STSv1").is_some_and(|rest| rest.trim_start().starts_with(';'))
    });
    let (Some(text), None) = (ours.next(), ours.next()) else { return None };
    let mut fields = text.split(';').filter_map(|field| field.trim().split_once('='));
    let id = fields.find(|(name, _)| *name == "id").map(|(_, value)| value.trim())?;
    let fits = (1..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric());
    fits.then(|| id.to_owned())
}

/// RFC 8461 §3.2.
fn read_policy(text: &str) -> Result<Policy, String> {
    let fields: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    if field("version") != Some("STSv1") {
        return Err("the policy is of no version that is known".to_owned());
    }
    let mode = field("mode").filter(|mode| ["enforce", "testing", "none"].contains(mode));
    let mode = mode.ok_or("the policy has no mode")?.to_owned();
    let max_age = field("max_age").and_then(|age| age.parse::<u64>().ok());
    let max_age = max_age.ok_or("the policy has no max_age")?.min(LONGEST);
    let hosts: Vec<String> = fields
        .iter()
        .filter(|(name, _)| *name == "mx")
        .map(|(_, host)| host.trim_end_matches('.').to_lowercase())
        .collect();
    if hosts.is_empty() && mode != "none" {
        return Err("the policy names no mail server".to_owned());
    }
    Ok(Policy { mode, max_age, hosts })
}

/// RFC 8461 §4.1: by name, or by `*.` for exactly one label.
pub(super) fn fits(patterns: &[String], host: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest == parent),
        None => pattern == host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    #[test]
    fn a_record_counts_where_it_is_the_only_one_of_its_version() {
        let id =
            |texts: &[&str]| policy_id(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>());
        assert_eq!(id(&["v=STSv1; id=20261128T10;"]), Some("20261128T10".to_owned()));
        assert_eq!(id(&["v=spf1 -all", "v=STSv1;id=a"]), Some("a".to_owned()));
        for none in [
            &["v=STSv1; id=a", "v=STSv1; id=b"][..],
            &["v=STSv1; id="],
            &["v=STSv1"],
            &["v=STSv2; id=a"],
            &["v=STSv1; id=a-b"],
            &[],
        ] {
            assert_eq!(id(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_policy_is_read_as_the_rfc_shows() {
        let text = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\n\
            mx: backupmx.example.com\nmax_age: 604800\n";
        let policy = read_policy(&text.replace('\n', "\r\n")).unwrap();
        assert_eq!((policy.mode.as_str(), policy.max_age), ("enforce", 604_800));
        let policy = StsPolicy {
            id: "a".into(),
            mode: policy.mode,
            hosts: policy.hosts,
            until: Timestamp::EPOCH,
        };
        for (host, expected) in [
            ("mail.example.com", true),
            ("a.example.net", true),
            ("example.net", false),
            ("b.a.example.net", false),
            ("mail.example.org", false),
        ] {
            assert_eq!(fits(&policy.hosts, host), expected, "{host}");
        }
        assert!(read_policy("version: STSv1\nmode: none\nmax_age: 1\n").is_ok());
        for wrong in [
            "mode: enforce\nmx: a\nmax_age: 1\n",
            "version: STSv1\nmx: a\nmax_age: 1\n",
            "version: STSv1\nmode: enforce\nmax_age: 1\n",
            "version: STSv1\nmode: enforce\nmx: a\n",
            "",
        ] {
            assert!(read_policy(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn only_a_whole_plain_text_with_200_counts() {
        let check = |answer: &str, well, expected: Option<&str>| {
            let read = read_answer(answer.as_bytes(), well);
            assert_eq!(read.as_deref().ok(), expected, "{answer:?}: {read:?}");
        };
        let plain = "Content-Type: text/plain; charset=utf-8\r\n";
        check(&format!("HTTP/1.1 200 OK\r\n{plain}Content-Length: 2\r\n\r\nhi"), false, Some("hi"));
        check(&format!("HTTP/1.0 200 OK\r\n{plain}\r\nhi"), true, Some("hi"));
        check(&format!("HTTP/1.0 200 OK\r\n{plain}\r\nhi"), false, None);
        check(&format!("HTTP/1.1 200 OK\r\n{plain}Content-Length: 3\r\n\r\nhi"), true, None);
        check(&format!("HTTP/1.1 301 Moved\r\n{plain}Location: /x\r\n\r\nhi"), true, None);
        check("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhi", true, None);
        check("hello", true, None);
    }
}
