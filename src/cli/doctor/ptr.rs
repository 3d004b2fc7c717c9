//! PTR and HELO: whether our name and our addresses lead to each other. Many a receiver refuses
//! mail from an address without a name.

use std::net::{IpAddr, UdpSocket};

use super::finding::Finding;
use super::world::World;
use crate::dns::{NoAnswer, reverse_name};

const CHECK: &str = "ptr";

pub(super) async fn check(world: &World) -> Vec<Finding> {
    if let Some(smarthost) = world.smarthost() {
        let says = format!("mail goes out by {smarthost}: its name and address count, not ours");
        return vec![Finding::ok(CHECK, says)];
    }
    let ours = world.hostname();
    let addresses = match world.dns.addresses(ours).await {
        Ok(addresses) => addresses,
        Err(NoAnswer::Failed) => return vec![Finding::no_answer(CHECK, "A", ours)],
        Err(_) => {
            let says = format!("{ours}, by which we greet other mail servers, has no address");
            let mend = format!("{ours}. A ADDRESS    with the address of this machine");
            return vec![Finding::wrong(CHECK, says, mend)];
        }
    };
    let mut findings = Vec::new();
    for ip in &addresses {
        findings.push(leads_back(world, *ip).await);
    }
    if let Some(own) = own_address(&addresses) {
        let kind = if own.is_ipv4() { "A" } else { "AAAA" };
        let says = format!("mail goes out from {own}, which is no address of {ours}");
        findings.push(Finding::wrong(CHECK, says, format!("{ours}. {kind} {own}")));
    }
    findings
}

async fn leads_back(world: &World, ip: IpAddr) -> Finding {
    let (ours, reverse) = (world.hostname(), reverse_name(ip));
    let mend = format!(
        "{reverse}. PTR {ours}.    (whoever gave you the address sets it: the provider's control panel, \"reverse DNS\")"
    );
    match world.dns.names(ip).await {
        Ok(names) if names.iter().any(|name| name == ours) => {
            Finding::ok(CHECK, format!("{ours} <-> {ip}"))
        }
        Ok(names) => {
            let says = format!("{ip} is called {}, not {ours}", names.join(", "));
            Finding::wrong(CHECK, says, mend)
        }
        Err(NoAnswer::Failed) => Finding::no_answer(CHECK, "PTR", &reverse),
        Err(_) => Finding::wrong(CHECK, format!("{ip}, the address of {ours}, has no name"), mend),
    }
}

/// The address that this machine uses towards the world, where it is a public one that is not
/// among the known. Behind a NAT it is not known here. Nothing is sent: connecting a UDP socket
/// only chooses the way.
fn own_address(known: &[IpAddr]) -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    let own = socket.local_addr().ok()?.ip();
    // Where our name has addresses of another net only, there is nothing to compare.
    let comparable = known.iter().any(|ip| is_public(*ip));
    (is_public(own) && comparable && !known.contains(&own)).then_some(own)
}

/// Whether the whole world knows this IPv4 address.
fn is_public(ip: IpAddr) -> bool {
    let IpAddr::V4(ip) = ip else { return false };
    let [first, second, ..] = ip.octets();
    // RFC 6598 §7: the providers' own, shared by their customers.
    let shared = first == 100 && second & 0xc0 == 64;
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_unspecified()
        || ip.is_documentation();
    !special && !shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_nat_hides_is_not_held_against_anybody() {
        for (ip, expected) in [
            ("198.41.0.4", true),
            ("10.1.2.3", false),
            ("192.168.0.9", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("192.0.2.10", false),
            ("127.0.0.1", false),
            ("2001:500::1", false),
        ] {
            assert_eq!(is_public(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}
