//! MX: whether mail to the alias domain comes here.

use super::finding::Finding;
use super::world::{Server, World};
use crate::dns::NoAnswer;

const CHECK: &str = "mx";

pub(super) async fn check(world: &World) -> Vec<Finding> {
    let (domain, ours) = (world.alias_domain(), world.hostname());
    let right = format!("{domain}. MX 10 {ours}.");
    let found = match &world.mx {
        Ok(found) => found,
        Err(NoAnswer::Failed) => return vec![Finding::no_answer(CHECK, "MX", domain)],
        Err(_) => {
            let says = format!("{domain} has no MX record, so mail to its aliases comes nowhere");
            return vec![Finding::wrong(CHECK, says, right)];
        }
    };
    if found.iter().all(|(_, host)| host.is_empty()) {
        let says = format!("{domain} says that it takes no mail at all (null MX, RFC 7505)");
        return vec![Finding::wrong(CHECK, says, format!("in its place: {right}"))];
    }
    let mut findings = Vec::new();
    for (preference, host) in found.iter().filter(|(_, host)| !host.is_empty()) {
        let Some(server) = world.servers.iter().find(|s| s.host == *host) else { continue };
        // RFC 2181 §10.3
        if let Ok(real) = world.dns.real_name(host).await {
            let says = format!(
                "the MX of {domain} names {host}, which is only another name (CNAME) of {real}"
            );
            findings.push(Finding::wrong(
                CHECK,
                says,
                format!("{domain}. MX {preference} {real}."),
            ));
            continue;
        }
        findings.push(leads_here(world, *preference, server));
    }
    findings
}

fn leads_here(world: &World, preference: u16, server: &Server) -> Finding {
    let (domain, ours, host) = (world.alias_domain(), world.hostname(), &server.host);
    match &server.addresses {
        Err(NoAnswer::Failed) => return Finding::no_answer(CHECK, "A", host),
        Err(_) => {
            let says = format!("the MX of {domain} names {host}, which has no address");
            let mend = format!("{host}. A ADDRESS    with the address of this machine");
            return Finding::wrong(CHECK, says, mend);
        }
        Ok(_) => {}
    }
    let mut answers = server.shown.iter().filter_map(|(_, shown)| shown.as_ref().ok());
    let says = format!("{domain} -> {host} ({preference})");
    match answers.next() {
        // Whether it can be reached is told among the ports.
        None => Finding::ok(CHECK, says),
        Some(shown) if world.is_ours(shown) || answers.any(|s| world.is_ours(s)) => {
            Finding::ok(CHECK, format!("{says}, this relay"))
        }
        Some(shown) if !world.config.smtp.trusted_networks.is_empty() => {
            let front = format!(
                "{says}, a mail server that calls itself {}; it has to pass mail for {domain} on to this relay (smtp.listen)",
                shown.name
            );
            Finding::ok(CHECK, front)
        }
        Some(shown) => {
            let says =
                format!("{says}, but what answers there calls itself {}, not {ours}", shown.name);
            let mend = format!(
                "{domain}. MX {preference} {ours}.    or, if that is a mail server in front of this relay, name it in smtp.trusted_networks"
            );
            Finding::wrong(CHECK, says, mend)
        }
    }
}
