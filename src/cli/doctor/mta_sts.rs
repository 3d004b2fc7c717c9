//! MTA-STS (RFC 8461): whether what we promise about the encryption of our mail is true.

use super::finding::Finding;
use super::world::World;
use crate::delivery::{StsPromise, sts_promise};
use crate::dns::NoAnswer;

const CHECK: &str = "mta-sts";

pub(super) async fn check(world: &World) -> Vec<Finding> {
    let domain = world.alias_domain();
    let record = format!("_mta-sts.{domain}");
    let texts = match world.dns.texts(&record).await {
        Ok(texts) => texts,
        Err(NoAnswer::Failed) => return vec![Finding::no_answer(CHECK, "TXT", &record)],
        Err(_) => vec![],
    };
    if !texts.iter().any(|text| text.starts_with("v=STSv1")) {
        let mut none = Finding::ok(
            CHECK,
            "nothing is promised, and nothing need be: senders encrypt as they like",
        );
        none.mend = Some(format!(
            "(to ask for encryption) {record}. TXT \"v=STSv1; id=1\"    and at https://mta-sts.{domain}/.well-known/mta-sts.txt\n{}",
            policy_text(world)
        ));
        return vec![none];
    }
    match sts_promise(&world.dns, domain, world.sts_port).await {
        Ok(Some(policy)) => holds(world, &policy),
        Ok(None) => {
            let says =
                format!("{record} has no id that counts, or stands twice: nobody reads the policy");
            vec![Finding::wrong(CHECK, says, format!("{record}. TXT \"v=STSv1; id=1\""))]
        }
        Err(why) => {
            let says = format!(
                "a policy is announced and can't be had from https://mta-sts.{domain}/.well-known/mta-sts.txt: {why}"
            );
            let mend = format!(
                "serve there, as text/plain and under a certificate for mta-sts.{domain}:\n{}",
                policy_text(world)
            );
            vec![Finding::wrong(CHECK, says, mend)]
        }
    }
}

fn holds(world: &World, policy: &StsPromise) -> Vec<Finding> {
    if policy.mode == "none" {
        return vec![Finding::ok(CHECK, "the policy says that nothing is promised (mode: none)")];
    }
    if world.servers.is_empty() {
        let says = "there is a policy; which mail servers it must name is not known";
        return vec![Finding::unknown(CHECK, says, "mend what is said of the MX first")];
    }
    let strangers: Vec<&str> = world
        .servers
        .iter()
        .map(|server| server.host.as_str())
        .filter(|host| !policy.names(host))
        .collect();
    if strangers.is_empty() {
        let days = policy.max_age / 86_400;
        let says =
            format!("the policy names every mail server (mode: {}, {days} days)", policy.mode);
        return vec![Finding::ok(CHECK, says)];
    }
    let says = format!(
        "the policy (mode: {}) does not name {}, where mail comes in: senders that check don't deliver there",
        policy.mode,
        strangers.join(", ")
    );
    let mend = format!("{}\nand a new id in the record", policy_text(world));
    vec![Finding::wrong(CHECK, says, mend)]
}

fn policy_text(world: &World) -> String {
    let hosts = world.servers.iter().map(|server| format!("mx: {}\n", server.host));
    format!("version: STSv1\nmode: testing\n{}max_age: 604800", hosts.collect::<String>())
}
