//! Questions to the DNS, with answers in our own words.
//!
//! Flow: a name and what is asked of it → hickory, which asks the servers and keeps answers as long
//! as their TTL allows → records as plain data, or why there are none ([`NoAnswer`]).
//! Invariant: whole names only, nothing is put behind them; "there is none" and "nobody knows now"
//! are never taken for one another, for the one is an answer and the other means to come again.
//! Logs: nothing.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};

/// The resolver. Answers are kept as long as their TTL allows. Clones share them.
#[derive(Clone)]
pub struct Dns(TokioResolver);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAnswer {
    /// The name does not exist.
    NoName,
    /// It exists and has nothing of this kind.
    NoRecords,
    /// Nobody knows now: SERVFAIL, a timeout, or no server at all.
    Failed,
}

impl Dns {
    /// Asks these servers; those of the system where none are given.
    ///
    /// # Errors
    /// The system's can't be read.
    pub fn new(servers: &[SocketAddr]) -> Result<Self, String> {
        let mut builder = if servers.is_empty() {
            TokioResolver::builder_tokio().map_err(|error| error.to_string())?
        } else {
            let servers = servers.iter().map(name_server).collect();
            let config = ResolverConfig::from_parts(None, vec![], servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options: &mut ResolverOpts = builder.options_mut();
        // Mail goes by the DNS: RFC 5321 §5.1 knows no hosts file.
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = Duration::from_secs(5);
        options.attempts = 2;
        options.edns0 = true;
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    /// The domain's mail servers with their preference; a host without its final dot, empty where
    /// it is the root (RFC 7505).
    pub async fn mail_servers(&self, domain: &str) -> Result<Vec<(u16, String)>, NoAnswer> {
        let found = self.ask(domain, RecordType::MX).await?;
        let servers = found.into_iter().filter_map(|data| match data {
            RData::MX(mx) => Some((mx.preference, host_name(&mx.exchange))),
            _ => None,
        });
        some(servers.collect())
    }

    /// A host's addresses, IPv4 first: more senders have a name and a reputation there.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, NoAnswer> {
        let (four, six) =
            tokio::join!(self.ask(host, RecordType::A), self.ask(host, RecordType::AAAA));
        let mut addresses = Vec::new();
        let mut missing = None;
        for answer in [four, six] {
            match answer {
                Ok(found) => addresses.extend(found.into_iter().filter_map(|data| data.ip_addr())),
                // Where one is not known now, the other's "nothing" is no answer.
                Err(NoAnswer::Failed) => missing = Some(NoAnswer::Failed),
                Err(why) => missing = missing.or(Some(why)),
            }
        }
        if addresses.is_empty() {
            Err(missing.unwrap_or(NoAnswer::NoRecords))
        } else {
            Ok(addresses)
        }
    }

    /// A host's addresses of one family.
    pub async fn addresses_like(&self, ip: IpAddr, host: &str) -> Result<Vec<IpAddr>, NoAnswer> {
        let kind = if ip.is_ipv4() { RecordType::A } else { RecordType::AAAA };
        let found = self.ask(host, kind).await?;
        some(found.into_iter().filter_map(|data| data.ip_addr()).collect())
    }

    /// The names that an address is said to have, without their final dots.
    pub async fn names(&self, ip: IpAddr) -> Result<Vec<String>, NoAnswer> {
        let found = self.ask(&reverse_name(ip), RecordType::PTR).await?;
        let names = found.into_iter().filter_map(|data| match data {
            RData::PTR(name) => Some(host_name(&name)),
            _ => None,
        });
        some(names.collect())
    }

    /// The texts at a name, the strings of each put together; what is no UTF-8 in them is replaced.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, NoAnswer> {
        let found = self.ask(name, RecordType::TXT).await?;
        let texts = found.into_iter().filter_map(|data| match data {
            RData::TXT(txt) => {
                let bytes: Vec<u8> = txt.txt_data.iter().flat_map(|part| part.to_vec()).collect();
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => None,
        });
        some(texts.collect())
    }

    /// What a name is only another name of (CNAME).
    pub async fn real_name(&self, name: &str) -> Result<String, NoAnswer> {
        let found = self.ask(name, RecordType::CNAME).await?;
        let mut names = found.into_iter().filter_map(|data| match data {
            RData::CNAME(name) => Some(host_name(&name)),
            _ => None,
        });
        names.next().ok_or(NoAnswer::NoRecords)
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, NoAnswer> {
        // Whole names only: what the system would put behind a name is not meant. By label, for in
        // a name that SPF's macros make any octet may stand.
        let labels = name.strip_suffix('.').unwrap_or(name).split('.').map(str::as_bytes);
        let mut name = Name::from_labels(labels).map_err(|_| NoAnswer::NoName)?;
        name.set_fqdn(true);
        match self.0.lookup(name, kind).await {
            Ok(found) => {
                let records = found.answers().iter().filter(|record| record.record_type() == kind);
                some(records.map(|record| record.data.clone()).collect())
            }
            Err(error) if error.is_nx_domain() => Err(NoAnswer::NoName),
            Err(error) if is_empty(&error) => Err(NoAnswer::NoRecords),
            Err(_) => Err(NoAnswer::Failed),
        }
    }
}

/// RFC 2308 §2.2: NOERROR without records. Another code without records is a failure.
fn is_empty(error: &NetError) -> bool {
    use hickory_resolver::net::DnsError;
    use hickory_resolver::proto::op::ResponseCode;
    matches!(error, NetError::Dns(DnsError::NoRecordsFound(none))
        if none.response_code == ResponseCode::NoError)
}

fn some<T>(found: Vec<T>) -> Result<Vec<T>, NoAnswer> {
    if found.is_empty() { Err(NoAnswer::NoRecords) } else { Ok(found) }
}

fn host_name(name: &Name) -> String {
    // By label: the escapes of a zone file are no part of a name.
    let labels: Vec<_> = name.iter().map(String::from_utf8_lossy).collect();
    labels.join(".").to_lowercase()
}

/// Where the names of an address stand (RFC 1035 §3.5, RFC 3596 §2.5).
pub fn reverse_name(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, d] = ip.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            let digits = (0..32).map(|n| format!("{:x}.", (bits >> (4 * n)) & 15));
            digits.collect::<String>() + "ip6.arpa"
        }
    }
}

fn name_server(server: &SocketAddr) -> NameServerConfig {
    let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    connections.iter_mut().for_each(|connection| connection.port = server.port());
    NameServerConfig::new(server.ip(), true, connections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_looked_up_under_its_reverse_name() {
        let name = |ip: &str| reverse_name(ip.parse().unwrap());
        assert_eq!(name("192.0.2.10"), "10.2.0.192.in-addr.arpa");
        assert_eq!(name("::ffff:192.0.2.10"), "10.2.0.192.in-addr.arpa");
        let v6 = "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
        assert_eq!(name("2001:db8::567:89ab"), v6);
    }
}
