//! Where a domain's mail goes: its MX hosts in the order in which they are tried, or why there are
//! none (RFC 5321 §5.1, RFC 7505).

use crate::dns::{Dns, NoAnswer};

/// Why a domain's mail can't go anywhere. For log and store: names no domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoRoute {
    /// Whether that is so for good.
    pub permanent: bool,
    /// With the enhanced status code of RFC 3463.
    pub why: &'static str,
}

const fn never(why: &'static str) -> NoRoute {
    NoRoute { permanent: true, why }
}

const NOT_NOW: NoRoute =
    NoRoute { permanent: false, why: "4.4.3 the DNS gave no answer about the domain" };

/// The names of a domain's mail servers in the order in which they are tried. `ours`: our own
/// name; whoever prefers us to the others would give us the mail back.
pub(super) async fn mail_servers(
    dns: &Dns,
    domain: &str,
    ours: &str,
) -> Result<Vec<String>, NoRoute> {
    match dns.mail_servers(domain).await {
        Ok(servers) => in_order(servers, ours, |n| {
            let random = getrandom::u64().unwrap_or_default();
            usize::try_from(random % (n as u64)).unwrap_or_default()
        }),
        // RFC 5321 §5.1: the domain itself stands for a missing MX.
        Err(NoAnswer::NoRecords) if domain == ours => Err(never(OURSELVES)),
        Err(NoAnswer::NoRecords) => match dns.addresses(domain).await {
            Ok(_) => Ok(vec![domain.to_owned()]),
            Err(NoAnswer::Failed) => Err(NOT_NOW),
            Err(NoAnswer::NoName | NoAnswer::NoRecords) => {
                Err(never("5.1.2 the domain has no mail server"))
            }
        },
        Err(NoAnswer::NoName) => Err(never("5.1.2 the domain does not exist")),
        Err(NoAnswer::Failed) => Err(NOT_NOW),
    }
}

pub(super) const OURSELVES: &str = "5.4.6 the domain's mail server is this relay itself";

/// `random(n)`: any number below `n`.
fn in_order(
    mut servers: Vec<(u16, String)>,
    ours: &str,
    random: impl Fn(usize) -> usize,
) -> Result<Vec<String>, NoRoute> {
    // RFC 7505 §3: a lone "." says that the domain takes no mail. Beside others it says nothing.
    servers.retain(|(_, host)| !host.is_empty());
    if servers.is_empty() {
        return Err(never("5.1.10 the domain takes no mail (null MX)"));
    }
    // RFC 5321 §5.1: where we are in the list, only who is preferred to us may get it.
    if let Some(own) = servers.iter().filter(|(_, h)| h == ours).map(|(p, _)| *p).min() {
        servers.retain(|(preference, _)| *preference < own);
    }
    if servers.is_empty() {
        return Err(never(OURSELVES));
    }
    // Shuffled, and then sorted by a sort that keeps the order of equals.
    for n in (1..servers.len()).rev() {
        servers.swap(n, random(n + 1));
    }
    servers.sort_by_key(|(preference, _)| *preference);
    let mut hosts: Vec<String> = Vec::new();
    for (_, host) in servers {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(servers: &[(u16, &str)], expected: Result<&[&str], &str>) {
        let servers = servers.iter().map(|(p, h)| (*p, (*h).to_owned())).collect();
        let found = in_order(servers, "relay.example", |n| n - 1);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => {
                assert!(found.permanent && found.why.starts_with(expected), "{found:?}");
            }
            (found, expected) => panic!("{found:?}, not {expected:?}"),
        }
    }

    #[test]
    fn the_preferred_come_first_and_none_that_is_ourselves_or_behind_us() {
        check(&[(20, "b"), (10, "a"), (30, "c")], Ok(&["a", "b", "c"]));
        check(&[(20, "b"), (10, "a"), (20, "relay.example"), (30, "c")], Ok(&["a"]));
        check(&[(5, "relay.example"), (10, "a")], Err("5.4.6"));
        check(&[(10, "a"), (20, "a")], Ok(&["a"]));
        check(&[(0, "")], Err("5.1.10"));
        check(&[(0, ""), (10, "a")], Ok(&["a"]));
    }

    #[test]
    fn equals_are_tried_in_any_order() {
        let servers = || vec![(10, "a".to_owned()), (10, "b".to_owned()), (5, "c".to_owned())];
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..6 {
            let hosts = in_order(servers(), "x", |m| n % m).unwrap();
            assert_eq!(hosts[0], "c");
            seen.insert(hosts[1].clone());
        }
        assert_eq!(seen.len(), 2);
    }
}
