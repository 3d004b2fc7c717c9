//! Mail is signed as its From says, and a verifier that is not ours finds it so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bauta::smtp::Behaviour;
use serde_json::Value;

use crate::house::{House, JANE, SHOP, run};
use crate::letter::Letter;

/// `dkimpy`, in a folder that `./test` makes; nothing where the registry was out of reach.
pub fn verifier() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/dkimpy/bin/python");
    let there = Command::new(&python).args(["-c", "import dkim, nacl"]).output();
    if there.is_ok_and(|out| out.status.success()) {
        return Some(python);
    }
    eprintln!(
        "SKIPPED: dkimpy is not in target/dkimpy (./test installs it where PyPI is in reach)"
    );
    None
}

const VERIFY: &str = r#"
import dkim, json, sys
records = dict(line.rstrip("\n").split("\t") for line in open(sys.argv[2]))
def answer(name, timeout=5):
    text = records.get(name.decode().rstrip("."))
    return text.encode() if text else None
mail = open(sys.argv[1], "rb").read()
count = sum(1 for name, _ in dkim.rfc822_parse(mail)[0] if name.lower() == b"dkim-signature")
results = []
for index in range(count):
    verifier = dkim.DKIM(mail)
    try:
        passed = verifier.verify(idx=index, dnsfunc=answer)
    except dkim.DKIMException:
        passed = False
    results.append({
        "pass": bool(passed),
        "domain": verifier.domain.decode(),
        "algorithm": verifier.signature_fields[b"a"].decode(),
        "signed": verifier.signature_fields[b"h"].decode().lower(),
    })
print(json.dumps(results))
"#;

/// What the verifier says of each signature.
fn verdicts(python: &Path, folder: &Path, mail: &[u8]) -> Vec<Value> {
    let (file, records) = (folder.join("signed.eml"), folder.join("records"));
    fs::write(&file, mail).unwrap();
    let ran = run(Command::new(python).args(["-c", VERIFY]).arg(&file).arg(&records));
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.json().as_array().unwrap().clone()
}

/// Makes keys with `bauta dkim rotate`, puts their records where the verifier looks, and gives the
/// lines of the config that switch to them.
fn keys(house: &House) -> String {
    let mut records = String::new();
    let mut config = "[dkim]\n".to_owned();
    for (kind, prefix) in [("rsa", ""), ("ed25519", "ed25519_")] {
        let selector = format!("test-{kind}");
        let made = house.ask(&["dkim", "rotate", "--selector", &selector, "--algorithm", kind]);
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        assert_eq!(text("name"), format!("{selector}._domainkey.alias.example"));
        records.push_str(&format!("{}\t{}\n", text("name"), text("record")));
        config.push_str(&format!("{prefix}selector = \"{selector}\"\n"));
        config.push_str(&format!("{prefix}key = \"{}\"\n", text("file")));
    }
    fs::write(house.dir.path().join("records"), records).unwrap();
    config
}

/// A house that signs with both keys.
fn signing() -> House {
    let mut house = House::open();
    let dkim = keys(&house);
    let config = fs::read_to_string(house.config_file()).unwrap();
    fs::write(house.config_file(), format!("{config}\n{dkim}")).unwrap();
    house.stop();
    house.start();
    house
}

fn letters(house: &House) -> Vec<Letter> {
    let to = house.buyer_of("O1");
    vec![
        Letter::new(SHOP, &to, "It left today.\n"),
        Letter::new(SHOP, &to, "Größe 42 – 灯りは明日です。 \n\n  spaces   and\ttabs \n\n\n")
            .subject("Ihre Frage über die Größe der 灯り, und noch etwas mehr als eine Zeile lang"),
        Letter::new(SHOP, &to, "<p>It <b>left</b> today.</p>\n")
            .header("Content-Type", "text/html; charset=utf-8"),
    ]
}

#[test]
fn a_verifier_of_another_family_finds_both_signatures_right_and_aligned() {
    let Some(python) = verifier() else { return };
    let mut house = signing();
    let folder = house.dir.path().to_owned();
    for letter in letters(&house) {
        let mail = house.passes(&letter);
        let told = verdicts(&python, &folder, &mail.raw);
        let algorithms: BTreeSet<_> =
            told.iter().map(|v| v["algorithm"].as_str().unwrap().to_owned()).collect();
        let both = ["ed25519-sha256".to_owned(), "rsa-sha256".to_owned()];
        assert_eq!(algorithms, BTreeSet::from(both), "{told:?}");
        for verdict in &told {
            assert_eq!(verdict["pass"], true, "{told:?}");
            assert_eq!(verdict["domain"], "alias.example", "as From says");
            let signed: Vec<&str> =
                verdict["signed"].as_str().unwrap().split(':').map(str::trim).collect();
            for name in ["from", "to", "subject", "date", "message-id", "reply-to"] {
                let count = signed.iter().filter(|n| **n == name).count();
                assert_eq!(count, 2, "{name} can't be added: {signed:?}");
            }
        }
    }
}

#[test]
fn one_flipped_byte_or_one_added_header_breaks_them() {
    let Some(python) = verifier() else { return };
    let mut house = signing();
    let folder = house.dir.path().to_owned();
    let letter = letters(&house).remove(0);
    let mail = house.passes(&letter).raw;
    let fails = |what: &str, mail: &[u8]| {
        let told = verdicts(&python, &folder, mail);
        assert!(told.iter().all(|v| v["pass"] == false), "{what}: {told:?}");
    };
    let text = String::from_utf8(mail.clone()).unwrap();
    let flipped = |needle: &str| {
        let at = text.find(needle).unwrap_or_else(|| panic!("{needle} in {text}"));
        let mut other = mail.clone();
        other[at] ^= 1;
        other
    };
    fails("the text", &flipped("left today"));
    fails("the subject", &flipped(text.split_once("\r\nSubject: ").unwrap().1));
    for added in ["Subject: Another\r\n", "Cc: x@y.example\r\n", "Reply-To: x@y.example\r\n"] {
        fails(added, &[added.as_bytes(), &mail].concat());
    }
}

#[test]
fn every_attempt_sends_the_same_signature_also_after_a_restart() {
    let mut house = signing();
    house.smarthost.behaves(Behaviour { drop_after_dot: true, ..Behaviour::default() });
    let letter = letters(&house).remove(0);
    house.send(&letter).is("250 2.0.0");
    let first = house.smarthost.next();
    assert_eq!(String::from_utf8_lossy(&first.raw).matches("DKIM-Signature:").count(), 2);
    house.stop();
    // Another key by now, but this mail is signed already.
    let config = fs::read_to_string(house.config_file()).unwrap();
    let made = house.ask(&["dkim", "rotate", "--selector", "later"]);
    let key = format!("key = \"{}\"", made["file"].as_str().unwrap());
    let config: String = config
        .lines()
        .map(|line| match line {
            line if line.starts_with("selector = ") => "selector = \"later\"\n".to_owned(),
            line if line.starts_with("key = ") => format!("{key}\n"),
            line => format!("{line}\n"),
        })
        .collect();
    fs::write(house.config_file(), config).unwrap();
    house.smarthost.behaves(Behaviour::default());
    house.start();
    let again = house.smarthost.next();
    assert_eq!(again.raw, first.raw);
    house.settle();
    house.smarthost.rest();
    let later = house.passes(&Letter::new(SHOP, &house.buyer_of("O1"), "And this?\n"));
    assert!(String::from_utf8_lossy(&later.raw).contains("s=later;"));
}

#[test]
fn without_keys_nothing_is_signed_and_mail_for_the_operator_never_is() {
    let mut house = House::open();
    let mail = house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Hello?\n"));
    assert!(!String::from_utf8_lossy(&mail.raw).contains("DKIM-Signature"));
    drop(house);
    let postmaster = (
        "marketplace = \"Lumo Market\"\n",
        "marketplace = \"Lumo Market\"\npostmaster = \"ops@market.example\"\n",
    );
    let mut house = House::open_with(&[postmaster]);
    let dkim = keys(&house);
    let config = fs::read_to_string(house.config_file()).unwrap();
    fs::write(house.config_file(), format!("{config}\n{dkim}")).unwrap();
    house.stop();
    house.start();
    // It claims to come from us, and comes from anybody.
    let mut letter = Letter::new("Boss <boss@alias.example>", "abuse@alias.example", "Trust me.\n");
    letter.sender = "x@elsewhere.example".to_owned();
    house.send(&letter).is("250 2.0.0");
    let mail = house.smarthost.next();
    assert!(!String::from_utf8_lossy(&mail.raw).contains("DKIM-Signature"));
}

#[test]
fn before_the_first_start_it_is_said_what_to_do() {
    let house = House::closed();
    let ran = house.bauta(&["dkim", "rotate"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("is not there yet") && ran.err.contains("bauta serve"), "{ran:?}");
    fs::create_dir(house.dir.path().join("data")).unwrap();
    assert_eq!(house.bauta(&["dkim", "rotate"]).code, 0);
}
