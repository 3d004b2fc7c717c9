//! DKIM: whether the keys that sign are those that the DNS shows.

use data_encoding::BASE64;

use super::finding::{Finding, text_record};
use super::world::World;
use crate::config::DkimKey;
use crate::dns::NoAnswer;

const CHECK: &str = "dkim";

pub(super) async fn check(world: &World) -> Vec<Finding> {
    let Some(dkim) = &world.config.dkim else {
        let mend =
            format!("bauta --config {} dkim rotate    and do what it says", world.file.display());
        let says =
            "outgoing mail is not signed: DMARC can't pass, and many a receiver takes it for spam";
        return vec![Finding::wrong(CHECK, says, mend)];
    };
    let mut findings = Vec::new();
    for key in &dkim.keys {
        findings.push(published(world, key).await);
    }
    findings
}

async fn published(world: &World, key: &DkimKey) -> Finding {
    let name = format!("{}._domainkey.{}", key.selector, world.alias_domain());
    let right = match key.record() {
        Ok(record) => text_record(&name, &record),
        Err(why) => return Finding::unknown(CHECK, why, "bauta dkim rotate"),
    };
    let texts = match world.dns.texts(&name).await {
        Ok(texts) => texts,
        Err(NoAnswer::Failed) => return Finding::no_answer(CHECK, "TXT", &name),
        Err(_) => {
            let says = format!("{name} does not exist: nobody can check our signatures");
            return Finding::wrong(CHECK, says, right);
        }
    };
    match &texts[..] {
        [text] => match fits(key, text) {
            Ok(()) => Finding::ok(CHECK, format!("{name} shows the key that signs")),
            Err(wrong) => Finding::wrong(CHECK, format!("{name} {wrong}"), right),
        },
        // RFC 6376 §3.6.2.2: which one counts is not defined then.
        _ => {
            let says =
                format!("{name} has {} records; which one counts, nobody knows", texts.len());
            Finding::wrong(CHECK, says, format!("only: {right}"))
        }
    }
}

/// Whether a receiver that reads this record takes our signature (RFC 6376 §3.6.1).
fn fits(key: &DkimKey, text: &str) -> Result<(), String> {
    let tag = |wanted: &str| {
        text.split(';').filter_map(|field| field.split_once('=')).find_map(|(tag, value)| {
            (tag.trim() == wanted).then(|| value.split_whitespace().collect::<String>())
        })
    };
    if tag("v").is_some_and(|version| version != "DKIM1") {
        return Err("is no DKIM record (v=DKIM1)".to_owned());
    }
    let Some(shown) = tag("p") else { return Err("holds no key (p=)".to_owned()) };
    if shown.is_empty() {
        return Err("says that the key is revoked (p= is empty)".to_owned());
    }
    let lists = |wanted: &str, word: &str| {
        tag(wanted).is_none_or(|list| list.split(':').any(|one| one == word || one == "*"))
    };
    if !lists("h", "sha256") {
        return Err("does not allow sha256 (h=)".to_owned());
    }
    if !lists("s", "email") {
        return Err("is not for mail (s=)".to_owned());
    }
    match BASE64.decode(shown.as_bytes()) {
        Ok(shown) if key.shows(&shown) => {}
        Ok(_) => return Err("shows another key than the one that signs".to_owned()),
        Err(_) => return Err("holds a key that can't be read (p= is no base64)".to_owned()),
    }
    // RFC 6376 §3.6.1, t=y: receivers treat it as if there were no signature.
    if tag("t").is_some_and(|flags| flags.split(':').any(|flag| flag == "y")) {
        return Err("says that the key is only tested (t=y), so that it does not count".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Config, DkimAlgorithm, make_dkim_key};

    #[test]
    fn a_record_fits_the_key_that_signs_in_whatever_form_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let made = |name: &str, kind| make_dkim_key(&folder.path().join(name), kind).unwrap();
        let rsa = made("rsa.pem", DkimAlgorithm::Rsa);
        let ed25519 = made("ed.pem", DkimAlgorithm::Ed25519);
        let other = made("other.pem", DkimAlgorithm::Ed25519);
        let text = "relay.hostname = \"r.example\"\nrelay.alias_domain = \"a.example\"\n\
            relay.marketplace = \"M\"\nsenders.verify = \"address\"\n[dkim]\n\
            selector = \"s\"\nkey = \"rsa.pem\"\ned25519_selector = \"e\"\ned25519_key = \"ed.pem\"\n";
        let file = folder.path().join("bauta.toml");
        let config = Config::parse(text, Path::new(&file)).unwrap();
        let keys = config.dkim.unwrap().keys;
        assert_eq!([&keys[0], &keys[1]].map(|key| key.record().unwrap()), [&*rsa, &*ed25519]);
        for (key, record) in keys.iter().zip([&rsa, &ed25519]) {
            let check = |record: &str, words: Option<&str>| match (fits(key, record), words) {
                (Ok(()), None) => {}
                (Err(wrong), Some(words)) => assert!(wrong.contains(words), "{wrong}"),
                (found, _) => panic!("{found:?} of {record}"),
            };
            check(record, None);
            check(&record.replace("v=DKIM1; ", ""), None);
            check(&record.replace("p=", "h=sha1:sha256; s=email; p= "), None);
            check(&format!("{record}; t=y"), Some("only tested"));
            check(&record.replace("p=", "h=sha1; p="), Some("sha256"));
            check(&record.replace("p=", "s=other; p="), Some("not for mail"));
            check("v=DKIM1; p=", Some("revoked"));
            check("v=DKIM1; k=rsa", Some("no key"));
            check("v=DKIM1; p=%%", Some("base64"));
            check("v=spf1 -all", Some("no DKIM record"));
            check(&other, Some("another key"));
        }
    }
}
