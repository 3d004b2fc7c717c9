//! DMARC: whether receivers are asked to refuse what others send in the alias domain's name.

use super::finding::{Finding, text_record};
use super::world::World;
use crate::dns::NoAnswer;

const CHECK: &str = "dmarc";
/// RFC 9989 §4.10: so many names are asked at most.
const STEPS: usize = 8;

pub(super) async fn check(world: &World) -> Finding {
    let domain = world.alias_domain();
    let name = format!("_dmarc.{domain}");
    let right = text_record(&name, "v=DMARC1; p=reject");
    let mut at = domain;
    for _ in 0..STEPS {
        let asked = format!("_dmarc.{at}");
        let texts = match world.dns.texts(&asked).await {
            Ok(texts) => texts,
            Err(NoAnswer::Failed) => return Finding::no_answer(CHECK, "TXT", &asked),
            Err(_) => vec![],
        };
        let records: Vec<&String> =
            texts.iter().filter(|t| t.replace(' ', "").starts_with("v=DMARC1")).collect();
        match records[..] {
            [record] => return judge(&asked, record, at != domain, &right),
            [] => {}
            _ => {
                let says = format!("{asked} has several DMARC records, which counts as none");
                return Finding::wrong(CHECK, says, format!("only one of them, such as: {right}"));
            }
        }
        match at.split_once('.') {
            Some((_, parent)) if parent.contains('.') => at = parent,
            _ => break,
        }
    }
    let says = format!(
        "{domain} has no DMARC record: anybody may write in its name, and many receivers want one"
    );
    Finding::wrong(CHECK, says, right)
}

fn judge(name: &str, record: &str, inherited: bool, right: &str) -> Finding {
    let tag = |wanted: &str| {
        record.split(';').filter_map(|field| field.split_once('=')).find_map(|(tag, value)| {
            (tag.trim() == wanted).then(|| value.trim().to_ascii_lowercase())
        })
    };
    let of_subdomains = if inherited { tag("sp") } else { None };
    let policy = of_subdomains.or_else(|| tag("p"));
    match policy.as_deref() {
        Some(policy @ ("reject" | "quarantine")) => {
            Finding::ok(CHECK, format!("{name} asks for {policy}"))
        }
        Some("none") | None => {
            let mut weak = Finding::ok(
                CHECK,
                format!("{name} asks nobody to refuse what others send in the alias domain's name"),
            );
            weak.mend = Some(format!("(when mail goes out signed) {right}"));
            weak
        }
        Some(other) => {
            Finding::wrong(CHECK, format!("{name} asks for {other:?}, which nobody knows"), right)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_record_is_judged_by_what_it_asks_for_the_alias_domain() {
        let check = |record: &str, inherited, state, words: &str| {
            let found = judge("_dmarc.m.example", record, inherited, "right");
            assert_eq!(found.state, state, "{record}");
            assert!(found.says.contains(words), "{record}: {}", found.says);
        };
        check("v=DMARC1; p=reject", false, State::Ok, "reject");
        check("v=DMARC1;p = Quarantine ;sp=none", false, State::Ok, "quarantine");
        check("v=DMARC1; p=reject; sp=none", true, State::Ok, "asks nobody");
        check("v=DMARC1; p=none", false, State::Ok, "asks nobody");
        check("v=DMARC1; p=refuse", false, State::Wrong, "\"refuse\"");
    }
}
