//! `check_host` (RFC 7208 §4): one record after another, within the limits of §4.6.4.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use super::macros::{Place, Template, Values};
use super::record::{Directive, Mechanism, Record, is_record, is_within};
use super::{Client, SpfResult};
use crate::dns::{Dns, NoAnswer};
use crate::domain::Timestamp;

/// Terms of all records together that ask the DNS (§4.6.4).
const TERMS: u32 = 10;
/// Their questions that get no record for an answer (§4.6.4).
const VOID: u32 = 2;
/// Mail servers of one `mx`, and names of one address (§4.6.4).
const NAMES: usize = 10;

/// Why there is no result; each is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nobody knows now.
    Temporary,
    /// A record is wrong, or asks for too much.
    Permanent,
}

impl From<Trouble> for SpfResult {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Temporary => Self::TempError,
            Trouble::Permanent => Self::PermError,
        }
    }
}

type Checking<'e> = Pin<Box<dyn Future<Output = Result<SpfResult, Trouble>> + Send + 'e>>;

/// What holds over all records that are read for one mail.
pub(super) struct Evaluation<'a> {
    dns: &'a Dns,
    ip: IpAddr,
    local: &'a str,
    sender_domain: String,
    hello: &'a str,
    terms: u32,
    void: u32,
    /// The names of the client that lead back to its address, once they were looked up.
    validated: Option<Vec<String>>,
    /// The domain whose record decided, and how it explains that.
    decided: Option<(String, Option<Template>)>,
}

impl<'a> Evaluation<'a> {
    pub fn new(dns: &'a Dns, client: &Client<'a>, domain: &str) -> Self {
        Self {
            dns,
            ip: client.ip.to_canonical(),
            local: client.identity().0,
            sender_domain: domain.to_owned(),
            hello: client.hello,
            terms: 0,
            void: 0,
            validated: None,
            decided: None,
        }
    }

    /// What the domain's record says, or that of the one it redirects to. Calls itself at most as
    /// deep as [`TERMS`] allows.
    pub fn check_host(&mut self, domain: String) -> Checking<'_> {
        Box::pin(async move {
            let record = match self.record(&domain).await? {
                Some(record) => record,
                None => return Ok(SpfResult::None),
            };
            for Directive { result, mechanism } in &record.directives {
                if self.matches(mechanism, &domain).await? {
                    self.decided = Some((domain, record.explanation));
                    return Ok(*result);
                }
            }
            let Some(redirect) = &record.redirect else { return Ok(SpfResult::Neutral) };
            self.count_term()?;
            let target = self.expand(redirect, &domain).await;
            match self.check_host(target).await? {
                // §6.1: there must be one.
                SpfResult::None => Err(Trouble::Permanent),
                result => Ok(result),
            }
        })
    }

    /// The one SPF record of a domain (§4.4, §4.5).
    async fn record(&self, domain: &str) -> Result<Option<Record>, Trouble> {
        let texts = match self.dns.texts(domain).await {
            Ok(texts) => texts,
            Err(NoAnswer::Failed) => return Err(Trouble::Temporary),
            Err(NoAnswer::NoName | NoAnswer::NoRecords) => return Ok(None),
        };
        let mut records = texts.iter().filter(|text| is_record(text));
        match (records.next(), records.next()) {
            (None, _) => Ok(None),
            (Some(text), None) => Record::read(text).map(Some).ok_or(Trouble::Permanent),
            (Some(_), Some(_)) => Err(Trouble::Permanent),
        }
    }

    async fn matches(&mut self, mechanism: &Mechanism, domain: &str) -> Result<bool, Trouble> {
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip(address, bits) => Ok(is_within(self.ip, *address, *bits)),
            Mechanism::Include(target) => self.includes(target, domain).await,
            Mechanism::A(target, prefixes) => {
                self.count_term()?;
                let host = self.target(target.as_ref(), domain).await;
                let found = self.addresses(&host).await?;
                Ok(found.into_iter().any(|address| prefixes.alike(self.ip, address)))
            }
            Mechanism::Mx(target, prefixes) => {
                self.count_term()?;
                let name = self.target(target.as_ref(), domain).await;
                let answer = self.dns.mail_servers(&name).await;
                let servers = self.counted(answer)?;
                if servers.len() > NAMES {
                    return Err(Trouble::Permanent);
                }
                for (_, host) in servers {
                    let found = self.addresses(&host).await?;
                    if found.into_iter().any(|address| prefixes.alike(self.ip, address)) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Mechanism::Ptr(target) => {
                self.count_term()?;
                let name = self.target(target.as_ref(), domain).await.to_ascii_lowercase();
                Ok(self.validated().await?.iter().any(|own| is_in(own, &name)))
            }
            Mechanism::Exists(target) => {
                self.count_term()?;
                let name = self.expand(target, domain).await;
                // §5.7: A, whatever the client's address is.
                let answer = self.dns.addresses_like([0, 0, 0, 0].into(), &name).await;
                Ok(!self.counted(answer)?.is_empty())
            }
        }
    }

    /// §5.2: only a pass is a match, and a domain without a record is an error.
    async fn includes(&mut self, target: &Template, domain: &str) -> Result<bool, Trouble> {
        self.count_term()?;
        let target = self.expand(target, domain).await;
        match self.check_host(target).await? {
            SpfResult::Pass => Ok(true),
            SpfResult::None => Err(Trouble::Permanent),
            _ => Ok(false),
        }
    }

    fn count_term(&mut self) -> Result<(), Trouble> {
        self.terms += 1;
        if self.terms > TERMS { Err(Trouble::Permanent) } else { Ok(()) }
    }

    /// An answer of the DNS; none is counted, and too many of those are an error.
    fn counted<T>(&mut self, answer: Result<Vec<T>, NoAnswer>) -> Result<Vec<T>, Trouble> {
        match answer {
            Ok(found) => Ok(found),
            Err(NoAnswer::Failed) => Err(Trouble::Temporary),
            Err(NoAnswer::NoName | NoAnswer::NoRecords) => {
                self.void += 1;
                if self.void > VOID { Err(Trouble::Permanent) } else { Ok(vec![]) }
            }
        }
    }

    /// A host's addresses of the client's family.
    async fn addresses(&mut self, host: &str) -> Result<Vec<IpAddr>, Trouble> {
        let answer = self.dns.addresses_like(self.ip, host).await;
        self.counted(answer)
    }

    async fn target(&mut self, target: Option<&Template>, domain: &str) -> String {
        match target {
            Some(target) => self.expand(target, domain).await,
            None => domain.to_owned(),
        }
    }

    async fn expand(&mut self, template: &Template, domain: &str) -> String {
        let validated = self.validated_name(template, domain).await;
        template.expand_domain(&self.values(domain, &validated, 0))
    }

    fn values<'v>(&'v self, domain: &'v str, validated: &'v str, seconds: i64) -> Values<'v> {
        Values {
            local: self.local,
            sender_domain: &self.sender_domain,
            domain,
            ip: self.ip,
            hello: self.hello,
            validated,
            seconds,
        }
    }

    /// `p` (§7.3): the domain itself before one below it before any other.
    async fn validated_name(&mut self, template: &Template, domain: &str) -> String {
        if !template.names_validated() {
            return String::new();
        }
        let names = self.validated().await.unwrap_or_default();
        let own = names.iter().find(|name| **name == domain);
        let below = || names.iter().find(|name| is_in(name, domain));
        own.or_else(below).or(names.first()).map_or("unknown", String::as_str).to_owned()
    }

    /// The client's names that lead back to its address (§5.5). Where that can't be looked up it
    /// has none.
    async fn validated(&mut self) -> Result<Vec<String>, Trouble> {
        if let Some(known) = &self.validated {
            return Ok(known.clone());
        }
        let names = match self.dns.names(self.ip).await {
            // §5.5: a fault of the DNS is no match.
            Err(NoAnswer::Failed) => vec![],
            answer => self.counted(answer)?,
        };
        let mut validated = Vec::new();
        for name in names.into_iter().take(NAMES) {
            let back = self.dns.addresses_like(self.ip, &name).await.unwrap_or_default();
            if back.contains(&self.ip) {
                validated.push(name);
            }
        }
        self.validated = Some(validated.clone());
        Ok(validated)
    }

    /// The explanation of the record that decided (§6.2).
    pub async fn explain(&mut self, now: Timestamp) -> Option<String> {
        let (domain, explanation) = self.decided.take()?;
        let name = self.expand(&explanation?, &domain).await;
        let texts = self.dns.texts(&name).await.ok()?;
        let [text] = texts.as_slice() else { return None };
        let template = Template::read(text, Place::Text)?;
        let validated = self.validated_name(&template, &domain).await;
        Some(template.expand(&self.values(&domain, &validated, now.as_secs())))
    }
}

/// Whether a name is the domain or lies below it.
fn is_in(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}
