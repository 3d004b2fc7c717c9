//! TLS: whether mail comes in encrypted, under a certificate that counts, and for how long.

use std::time::Duration;

use super::finding::Finding;
use super::world::World;
use crate::delivery::{Certificate, Shown};

const CHECK: &str = "tls";
/// Authorities that renew by themselves do so a month before the end.
const SOON: Duration = Duration::from_secs(14 * 86_400);

pub(super) fn check(world: &World) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for server in &world.servers {
        for (_, shown) in &server.shown {
            let Ok(shown) = shown else { continue };
            let finding = judge(world, &server.host, shown);
            // Most hosts show the same at every address.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    if findings.is_empty() {
        let says = "no mail server could be asked for its certificate";
        findings.push(Finding::unknown(CHECK, says, "mend what is said of the ports first"));
    }
    findings
}

fn judge(world: &World, host: &str, shown: &Shown) -> Finding {
    let get = format!(
        "certbot certonly --standalone -d {host}\n[tls]\ncert = \"/etc/letsencrypt/live/{host}/fullchain.pem\"\nkey = \"/etc/letsencrypt/live/{host}/privkey.pem\""
    );
    if shown.chain.is_empty() {
        let says = format!("{host} offers no STARTTLS: mail comes in for everybody to read");
        return Finding::wrong(CHECK, says, get);
    }
    let Certificate { until, wrong } = Certificate::of(&shown.chain, host, world.now);
    let end = until.map_or_else(String::new, |until| format!(" (it ends {until})"));
    if let Some(wrong) = wrong {
        let says = format!(
            "{host}: {wrong}{end}; senders that check (MTA-STS) don't deliver, the others don't mind"
        );
        let whole = "tls.cert must hold the certificates between it and its authority too (fullchain.pem); after a change: kill -HUP";
        return Finding::wrong(CHECK, says, format!("{get}\n{whole}"));
    }
    let left = until.map(|until| until.since(world.now));
    match left {
        Some(left) if left < SOON => {
            let days = left.as_secs() / 86_400;
            let says = format!("{host}: the certificate ends in {days} days{end}");
            let renew = "certbot renew    (or whatever renews it), then kill -HUP the relay";
            Finding::wrong(CHECK, says, renew)
        }
        _ => Finding::ok(CHECK, format!("{host}: STARTTLS, the certificate counts{end}")),
    }
}
