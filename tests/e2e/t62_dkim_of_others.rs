//! Signatures that were not made here: of a signer of another family, and the test mails of
//! another mail server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bauta::dns::Dns;
use bauta::domain::Timestamp;
use bauta::sender::dkim::{Flaw, read, verify};
use data_encoding::BASE64;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::dns::NameServer;
use crate::house::{House, run};
use crate::t57_dkim::verifier;

/// Signs each mail with each key in each pair of forms.
const SIGN: &str = r#"
import base64, dkim, json, sys
asked = json.load(open(sys.argv[1]))
signed = []
for mail in asked["mails"]:
    mail = base64.b64decode(mail)
    for key in asked["keys"]:
        for head in (b"simple", b"relaxed"):
            for body in (b"simple", b"relaxed"):
                secret = open(key["file"], "rb").read() if "file" in key else key["secret"].encode()
                header = dkim.sign(mail, key["selector"].encode(), b"shop.example", secret,
                    canonicalize=(head, body), signature_algorithm=key["algorithm"].encode())
                signed.append({
                    "how": f"{key['algorithm']} {head.decode()}/{body.decode()}",
                    "mail": base64.b64encode(header + mail).decode(),
                })
print(json.dumps(signed))
"#;

fn mails() -> Vec<Vec<u8>> {
    let head = "From: Lamp Shop <cs@shop.example>\r\nTo:  jane@mail.example\r\n\
                Subject: Your\r\n\t lamp   is here\r\nDate: Mon, 23 Nov 2026 20:15:00 +0100\r\n\
                Message-ID: <1@shop.example>\r\n";
    let bodies = [
        "Hello\t Jane, \r\n\r\n  it left   today. \r\n.\r\n\r\n\r\n",
        "Gr\u{f6}\u{df}e 42, \u{660e}\u{65e5}\r\n",
        "",
        "\r\n\r\n",
        "no end",
    ];
    bodies.iter().map(|body| format!("{head}\r\n{body}").into_bytes()).collect()
}

/// Every mail, signed in every way, and where the keys are.
fn signed(python: &Path, house: &House) -> (NameServer, Vec<(String, Vec<u8>)>) {
    let dns = NameServer::start();
    let made = house.ask(&["dkim", "rotate", "--selector", "rsa", "--algorithm", "rsa"]);
    dns.text("rsa._domainkey.shop.example", made["record"].as_str().unwrap());
    let mut seed = [0; 32];
    ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut seed).unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let public = BASE64.encode(pair.public_key().as_ref());
    dns.text("ed._domainkey.shop.example", &format!("v=DKIM1; k=ed25519; p={public}"));
    let mails: Vec<String> = mails().iter().map(|mail| BASE64.encode(mail)).collect();
    let keys = [
        json!({"algorithm": "rsa-sha256", "selector": "rsa", "file": made["file"]}),
        json!({"algorithm": "ed25519-sha256", "selector": "ed", "secret": BASE64.encode(&seed)}),
    ];
    let asked = house.dir.path().join("asked.json");
    fs::write(&asked, json!({"mails": mails, "keys": keys}).to_string()).unwrap();
    let ran = run(Command::new(python).args(["-c", SIGN]).arg(&asked));
    assert_eq!(ran.code, 0, "{ran:?}");
    let signed = ran.json().as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let signed = signed
        .iter()
        .map(|one| (text(&one["how"]), BASE64.decode(text(&one["mail"]).as_bytes()).unwrap()));
    (dns, signed.collect())
}

/// What the one signature of a mail is worth.
async fn verdict(dns: &Dns, mail: &[u8]) -> Result<(), Flaw> {
    match read(mail, Timestamp::EPOCH).as_slice() {
        [Ok(signature)] => verify(dns, signature).await,
        [Err(flaw)] => Err(*flaw),
        _ => Err(Flaw::Malformed),
    }
}

#[test]
fn a_signer_of_another_family_is_understood_and_one_flipped_byte_is_not() {
    let Some(python) = verifier() else { return };
    let house = House::open();
    let (server, signed) = signed(&python, &house);
    assert_eq!(signed.len(), 5 * 2 * 4);
    Runtime::new().unwrap().block_on(verify_and_flip(server, signed));
}

async fn verify_and_flip(server: NameServer, signed: Vec<(String, Vec<u8>)>) {
    let dns = Dns::new(&[server.address]).unwrap();
    for (how, mail) in &signed {
        let text = String::from_utf8_lossy(mail);
        assert_eq!(verdict(&dns, mail).await, Ok(()), "{how}:\n{text}");
    }
    // The first mail in all its forms; a flip never makes one white space into another.
    let (mut flipped, mut passed) = (0, Vec::new());
    for (how, mail) in &signed[..8] {
        for at in 0..mail.len() {
            let mut other = mail.clone();
            other[at] ^= 1;
            flipped += 1;
            if verdict(&dns, &other).await.is_ok() {
                passed.push(format!("{how} at {at}: {:?}", &mail[at.saturating_sub(20)..at + 1]));
            }
        }
    }
    println!("{flipped} mails with one byte flipped");
    assert!(flipped > 4000 && passed.is_empty(), "{flipped} {passed:#?}");
}

/// A name server with what a test mail's `.dns` file says: `name: text`, continued behind a
/// backslash.
fn serve(records: &str) -> NameServer {
    let dns = NameServer::start();
    for record in records.replace("\\\n", " ").lines() {
        let Some((name, text)) = record.split_once(':') else { continue };
        match text.trim() {
            "TEMPERROR" => dns.breaks(name),
            "PERMERROR" => {}
            text => dns.text(name, text),
        }
    }
    dns
}

/// Where another mail server counts otherwise, and why we do not.
const OTHERWISE: [(&str, usize); 2] = [
    // It looks at 5 signatures, we at 10.
    ("02-too_many_headers", 7),
    // It takes l=, behind which anybody can write.
    ("09-limited_body", 2),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_test_mails_of_another_mail_server_are_judged_as_there() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/corpus/chasquid/internal/dkim/testdata");
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("SKIPPED: the corpus is not there: {}", folder.display());
        return;
    };
    let mut judged = 0;
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|path| path.extension().is_some_and(|e| e == "msg")) {
        let Ok(result) = fs::read_to_string(file.with_extension("result")) else { continue };
        let Ok(result) = serde_json::from_str::<Value>(&result) else { continue };
        let Some(valid) = result["Valid"].as_u64() else { continue };
        // Some share the keys of the first.
        let records = fs::read_to_string(file.with_extension("dns"))
            .or_else(|_| fs::read_to_string(folder.join("01-rfc8463.dns")))
            .unwrap();
        let server = serve(&records);
        let dns = Dns::new(&[server.address]).unwrap();
        let mail = fs::read_to_string(file).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
        let mut passed = 0;
        for signature in read(mail.as_bytes(), Timestamp::EPOCH).into_iter().flatten() {
            passed += usize::from(verify(&dns, &signature).await.is_ok());
        }
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let other = OTHERWISE.iter().find(|(known, _)| *known == name).map(|(_, count)| *count);
        assert_eq!(passed, other.unwrap_or(usize::try_from(valid).unwrap()), "{name}");
        judged += 1;
    }
    println!("{judged} test mails");
    assert!(judged >= 8, "{judged}");
}
