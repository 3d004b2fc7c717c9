//! The mails of dkimpy's own test suite, judged here and there, and signed here and judged there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use bauta::config::Config;
use bauta::dns::Dns;
use bauta::domain::Timestamp;
use bauta::relay::sign_with_dkim;
use bauta::sender::dkim::{Flaw, read, verify};
use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::json;

use crate::dns::NameServer;
use crate::house::{House, run};
use crate::t57_dkim::verifier;

/// One verdict of dkimpy's; see fixtures/dkimpy.
#[derive(Debug, Deserialize)]
struct Case {
    test: String,
    index: usize,
    mail: String,
    records: BTreeMap<String, String>,
    passes: bool,
}

impl Case {
    /// With the line ends that a mail has on the wire: dkimpy takes it either way.
    fn mail(&self) -> Vec<u8> {
        on_the_wire(&BASE64.decode(self.mail.as_bytes()).unwrap())
    }
}

fn on_the_wire(mail: &[u8]) -> Vec<u8> {
    let lines = mail.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.collect::<Vec<_>>().join(&b"\r\n"[..])
}

fn cases() -> Vec<Case> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/dkimpy/verdicts.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Where we find otherwise, by the name of the test, and why.
const OTHERWISE: &[(&str, Flaw)] = &[
    // A key of 512 bits, which that test asks dkimpy to bear (RFC 8301 §3.2: at least 1024).
    ("test_dkim.TestSignAndVerify.test_dkim_signature_canonicalization", Flaw::Wrong),
    // l=, behind which anybody can write (RFC 6376 §8.2).
    ("test_dkim.TestSignAndVerify.test_l_verify", Flaw::PartOfBody),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_verdict_is_dkimpys_or_is_named_here() {
    let mut servers: BTreeMap<String, (NameServer, Dns)> = BTreeMap::new();
    let (mut judged, mut otherwise, mut wrong) = (0, 0, Vec::new());
    for case in cases() {
        let (_, dns) = servers.entry(format!("{:?}", case.records)).or_insert_with(|| {
            let server = NameServer::start();
            for (name, text) in &case.records {
                server.text(name, text);
            }
            let dns = Dns::new(&[server.address]).unwrap();
            (server, dns)
        });
        let found = match read(&case.mail(), Timestamp::EPOCH).get(case.index) {
            Some(Ok(signature)) => verify(dns, signature).await,
            Some(Err(flaw)) => Err(*flaw),
            None => Err(Flaw::Malformed),
        };
        judged += 1;
        if found.is_ok() == case.passes {
            continue;
        }
        let known = OTHERWISE.iter().find(|(name, _)| case.test == *name);
        match known {
            Some((_, flaw)) if found == Err(*flaw) => otherwise += 1,
            _ => wrong.push((case.test.clone(), case.passes, found)),
        }
    }
    println!("{judged} verdicts of dkimpy's, {otherwise} of them otherwise here");
    assert!(judged > 100 && wrong.is_empty(), "{judged}: {wrong:#?}");
}

const VERIFY: &str = r#"
import base64, dkim, json, sys
asked = json.load(open(sys.argv[1]))
def answer(name, timeout=5):
    text = asked["records"].get(name.decode().rstrip("."))
    return text.encode() if text else None
def verdicts(mail):
    mail = base64.b64decode(mail)
    return [bool(dkim.DKIM(mail).verify(idx=n, dnsfunc=answer)) for n in range(2)]
print(json.dumps([verdicts(mail) for mail in asked["mails"]]))
"#;

#[test]
fn what_is_signed_here_of_its_mails_is_right_there() {
    let Some(python) = verifier() else { return };
    let house = House::open();
    let mut records = BTreeMap::new();
    let mut section = "\n[dkim]\n".to_owned();
    for (kind, prefix) in [("rsa", ""), ("ed25519", "ed25519_")] {
        let made = house.ask(&["dkim", "rotate", "--selector", kind, "--algorithm", kind]);
        records.insert(made["name"].as_str().unwrap().to_owned(), made["record"].clone());
        let lines = format!("{prefix}selector = \"{kind}\"\n{prefix}key = {}\n", made["file"]);
        section.push_str(&lines);
    }
    let text = format!("{}{section}", fs::read_to_string(house.config_file()).unwrap());
    let file = house.dir.path().join("signing.toml");
    fs::write(&file, text).unwrap();
    let config = Config::load(&file).unwrap();
    let keys = config.dkim.as_ref().unwrap();
    let mut mails: Vec<Vec<u8>> = cases().iter().map(|case| unsigned(&case.mail())).collect();
    mails.sort();
    mails.dedup();
    let mut signed = Vec::new();
    for mail in &mails {
        let domain = domain_of(mail);
        // It signs for one author only.
        let Some(header) =
            domain.and_then(|d| Some((sign_with_dkim(keys, &d, mail, 1_700_000_000)?, d)))
        else {
            continue;
        };
        for kind in ["rsa", "ed25519"] {
            let record = records[&format!("{kind}._domainkey.alias.example")].clone();
            records.insert(format!("{kind}._domainkey.{}", header.1), record);
        }
        signed.push(BASE64.encode(&[&header.0[..], mail].concat()));
    }
    assert!(signed.len() >= 8, "of {} mails {} were signed", mails.len(), signed.len());
    let asked = house.dir.path().join("asked.json");
    fs::write(&asked, json!({"records": records, "mails": signed}).to_string()).unwrap();
    let ran = run(Command::new(python).args(["-c", VERIFY]).arg(&asked));
    assert_eq!(ran.code, 0, "{ran:?}");
    println!("{} mails, each signed twice", signed.len());
    for (n, verdict) in ran.json().as_array().unwrap().iter().enumerate() {
        assert_eq!(
            *verdict,
            json!([true, true]),
            "{}",
            String::from_utf8_lossy(&BASE64.decode(signed[n].as_bytes()).unwrap())
        );
    }
}

/// Without the signatures that it came with.
fn unsigned(mail: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = Vec::new();
    let (mut in_head, mut dropping) = (true, false);
    for line in mail.split_inclusive(|b| *b == b'\n') {
        in_head &= line != b"\r\n";
        if in_head && !line.starts_with(b" ") && !line.starts_with(b"\t") {
            let name = line.get(..15).unwrap_or_default();
            dropping = name.eq_ignore_ascii_case(b"dkim-signature:");
        }
        if !(in_head && dropping) {
            lines.push(line);
        }
    }
    lines.concat()
}

/// Of the author's address, where it ends so simply.
fn domain_of(mail: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(mail);
    let from = text.lines().find(|line| line.to_lowercase().starts_with("from:"))?;
    let (_, domain) = from.trim_end().trim_end_matches('>').rsplit_once('@')?;
    Some(domain.to_owned())
}
