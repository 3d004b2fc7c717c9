//! Ports: whether the world can bring its mail.

use super::finding::Finding;
use super::world::World;
use crate::delivery::probe;

const CHECK: &str = "ports";

pub(super) async fn check(world: &World) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut advice: Option<String> = None;
    for server in &world.servers {
        for (ip, shown) in &server.shown {
            let place = format!("{} ({ip}), port {}", server.host, world.port);
            findings.push(match shown {
                Ok(shown) => Finding::ok(CHECK, format!("{place}: {} answers", shown.name)),
                Err(why) if ip.is_ipv6() && why.contains("unreachable") => Finding::unknown(
                    CHECK,
                    format!("{place}: this machine has no way to IPv6 addresses"),
                    format!("try from elsewhere: nc -v {ip} {}", world.port),
                ),
                Err(why) => {
                    if advice.is_none() {
                        advice = Some(what_to_do(world).await);
                    }
                    let mend = advice.clone().unwrap_or_default();
                    Finding::wrong(CHECK, format!("{place}: {why}"), mend)
                }
            });
        }
    }
    if findings.is_empty() {
        let says = "where mail comes in has no address that could be tried".to_owned();
        findings.push(Finding::unknown(CHECK, says, "mend what is said of the MX first"));
    }
    findings
}

/// What keeps the world out, as far as it can be told from here.
async fn what_to_do(world: &World) -> String {
    let listen = &world.config.smtp.listen;
    let fixed: Vec<_> = listen.iter().filter(|l| l.port() != 0).collect();
    let mut here = None;
    for place in &fixed {
        let mut at = **place;
        if at.ip().is_unspecified() {
            at.set_ip(match at.ip() {
                std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
                std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
            });
        }
        if probe(at, world.hostname(), world.hostname()).await.is_ok() {
            here = Some(**place);
            break;
        }
    }
    match here {
        _ if fixed.is_empty() => {
            format!("open port {} to where the relay listens (its log names the port)", world.port)
        }
        Some(place) if listen.iter().all(|l| l.ip().to_canonical().is_loopback()) => format!(
            "the relay listens at {place}, which only this machine can reach: write\n[smtp]\nlisten = [\"0.0.0.0:{0}\", \"[::]:{0}\"]\nor let a mail server in front pass its mail on to it",
            world.port
        ),
        Some(place) => format!(
            "the relay answers here, at {place}: something on the way keeps port {} shut; open it in the firewalls of this machine and of its network",
            world.port
        ),
        None => format!(
            "no relay answers at {} either; start it: bauta --config {} serve",
            listen.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            world.file.display()
        ),
    }
}
