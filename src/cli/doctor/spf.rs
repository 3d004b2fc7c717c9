//! SPF: whether receivers are told that mail in the alias domain's name comes from here.

use std::net::IpAddr;

use super::finding::{Finding, text_record};
use super::world::World;
use crate::dns::NoAnswer;
use crate::sender::spf::{self, Client, SpfResult};

const CHECK: &str = "spf";

pub(super) async fn check(world: &World) -> Vec<Finding> {
    let (domain, right) = (world.alias_domain(), right(world));
    let texts = match world.dns.texts(domain).await {
        Ok(texts) => texts,
        Err(NoAnswer::Failed) => return vec![Finding::no_answer(CHECK, "TXT", domain)],
        Err(_) => vec![],
    };
    // RFC 7208 §4.5
    let is_spf = |text: &String| {
        let text = text.to_ascii_lowercase();
        text == "v=spf1" || text.starts_with("v=spf1 ")
    };
    match texts.iter().filter(|text| is_spf(text)).count() {
        0 => {
            let says = format!("{domain} has no SPF record, and our envelope senders are there");
            vec![Finding::wrong(CHECK, says, right)]
        }
        1 => judge(world, &right).await,
        _ => {
            let says =
                format!("{domain} has several SPF records, which is an error (RFC 7208 4.5)");
            vec![Finding::wrong(CHECK, says, format!("only: {right}"))]
        }
    }
}

/// What receivers find for each address that mail goes out from.
async fn judge(world: &World, right: &str) -> Vec<Finding> {
    let (domain, ours) = (world.alias_domain(), world.hostname());
    let bounces = format!("postmaster@{domain}");
    let ask = async |ip: IpAddr, mail_from: &str| {
        spf::check(&world.dns, &Client { ip, hello: ours, mail_from }).await
    };
    // RFC 5737: an address that nobody has.
    if ask([203, 0, 113, 77].into(), &bounces).await == SpfResult::Pass {
        let says = "the SPF record allows everybody to write in the alias domain's name";
        return vec![Finding::wrong(CHECK, says, right)];
    }
    let from = world.smarthost().unwrap_or(ours);
    let addresses = match from.parse() {
        Ok(ip) => vec![ip],
        Err(_) => world.dns.addresses(from).await.unwrap_or_default(),
    };
    if addresses.is_empty() {
        let says = format!("{from}, where mail goes out, has no address that could be judged");
        return vec![Finding::unknown(CHECK, says, "mend what is said of the name first")];
    }
    let mut findings = Vec::new();
    for ip in addresses {
        let found = ask(ip, &bounces).await;
        findings.push(match found {
            SpfResult::Pass => {
                Finding::ok(CHECK, format!("{domain} lets mail come from {ip} ({from})"))
            }
            SpfResult::TempError => Finding::no_answer(CHECK, "TXT", domain),
            // It may hand mail on to machines that only its operator knows.
            _ if world.smarthost().is_some() => Finding::unknown(
                CHECK,
                format!("{domain} says {} of {ip} ({from}); what the smarthost sends from is not known here", found.as_str()),
                format!("what its operator says, or {right}"),
            ),
            _ => Finding::wrong(
                CHECK,
                format!("{domain} says {} of {ip} ({from}), where our mail comes from", found.as_str()),
                right,
            ),
        });
        // Notices have no envelope sender: then the name in EHLO is asked (RFC 7208 §2.4).
        if world.smarthost().is_none() && !matches!(found, SpfResult::TempError) {
            let greeting = ask(ip, "").await;
            if !matches!(greeting, SpfResult::Pass | SpfResult::None | SpfResult::TempError) {
                let says = format!(
                    "{ours}, by which we greet, says {} of its own {ip}: our notices fail",
                    greeting.as_str()
                );
                let mend = text_record(ours, "v=spf1 a -all");
                findings.push(Finding::wrong(CHECK, says, mend));
            }
        }
    }
    findings
}

fn right(world: &World) -> String {
    let by = world.smarthost().unwrap_or(world.hostname());
    let terms = match by.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => format!("ip4:{ip}"),
        Ok(IpAddr::V6(ip)) => format!("ip6:{ip}"),
        Err(_) => format!("a:{by}"),
    };
    text_record(world.alias_domain(), &format!("v=spf1 {terms} -all"))
}
