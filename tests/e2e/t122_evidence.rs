//! An order's conversation goes out as evidence that a third party checks without the database: for a
//! side what that side saw, for an authority everything; what was erased stays as hashes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::house::{House, JANE, SHOP, eventually};
use crate::letter::{Letter, bare};

/// `bauta evidence verify`, as somebody else runs it: no config, no database.
fn verify(path: &Path, more: &[&str]) -> (i32, String) {
    let elsewhere = tempfile::tempdir().unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_bauta"))
        .current_dir(elsewhere.path())
        .args(["evidence", "verify", path.to_str().unwrap()])
        .args(more)
        .output()
        .unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn export(house: &House, whom: &str, name: &str) -> PathBuf {
    let path = house.dir.path().join(name);
    let out = path.to_str().unwrap();
    house.put(&["evidence", "export", "--order", "O1", "--for", whom, "--out", out, "--by", "ann"]);
    path
}

/// Every byte of a folder.
fn all(path: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => text.push_str(&all(&path)),
            false => text.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap())),
        }
    }
    text
}

/// The first message's folder.
fn first(path: &Path) -> PathBuf {
    let mut found = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    found.find(|path| path.file_name().unwrap().to_string_lossy().starts_with("0001-")).unwrap()
}

fn files(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

#[test]
fn each_gets_what_it_may_see_and_whoever_changes_it_is_found_out() {
    let mut house = House::open_with(&[(
        "[policy]\nmode = \"enforce\"\n",
        "[policy]\nmode = \"enforce\"\n[policy.rules.external-link]\nseller_to_buyer = \"hold\"\n",
    )]);
    let asked = house.passes(
        &Letter::new(JANE, &house.seller_of("O1"), "Where is it? Call +49 30 901820 <b>now</b>.\n")
            .subject("Xylophone"),
    );
    house.send(&Letter::answering(&asked, SHOP, "See https://lamps.example/track")).is("250");
    let held = house.ask(&["held", "list"])[0]["id"].as_str().unwrap().to_owned();
    house.put(&["held", "release", &held, "--by", "ann"]);
    let long = "word ".repeat(1500);
    let refused = Letter::new(JANE, &house.seller_of("O1"), &long).subject("Zanzibar");
    house.send(&refused).is("550 5.7.0");
    house.settle();
    let key = house.put(&["evidence", "key"]).trim().to_owned();

    let [seller, buyer, authority] =
        ["seller", "buyer", "authority"].map(|whom| export(&house, whom, &format!("for-{whom}")));
    for folder in [&seller, &buyer, &authority] {
        let (code, said) = verify(folder, &["--key", &key]);
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("the chain is unbroken"), "{said}");
        let manifest: Value =
            serde_json::from_slice(&fs::read(folder.join("manifest.json")).unwrap()).unwrap();
        let chain = manifest["items"].as_array().unwrap().iter();
        let chain: Vec<&str> = chain.map(|item| item["what"].as_str().unwrap()).collect();
        assert_eq!(chain, ["accepted", "held", "released", "rejected"]);
    }
    let (to_seller, to_buyer) = (all(&seller).to_lowercase(), all(&buyer).to_lowercase());
    for (text, other) in [(&to_seller, bare(JANE)), (&to_buyer, bare(SHOP))] {
        assert!(!text.contains(&other), "{other} was given to the other side");
        assert!(text.contains("xylophone"));
    }
    assert!(!to_seller.contains("901820") && to_buyer.contains("901820"), "what was redacted");
    assert!(!to_seller.contains("zanzibar") && to_buyer.contains("zanzibar"), "what was refused");
    let everything = all(&authority).to_lowercase();
    for words in [&bare(JANE), &bare(SHOP), "zanzibar", "901820", "250 2.0.0"] {
        assert!(everything.contains(words), "{words} is for the authority");
    }
    // What the other side's mail server said names that server.
    let said = |folder: &Path| fs::read_to_string(first(folder).join("deliveries.json")).unwrap();
    assert!(said(&seller).contains("250 2.0.0"), "the seller's own");
    assert!(!said(&buyer).contains("250 2.0.0") && said(&buyer).contains("delivered"));
    let page = fs::read_to_string(authority.join("index.html")).unwrap();
    assert!(page.contains("&lt;b&gt;now&lt;/b&gt;") && page.contains("the buyer writes"), "{page}");
    let opened = house.ask(&["held", "show", &held]);
    let by: Vec<&Value> =
        opened["reviews"].as_array().unwrap().iter().filter(|r| r["what"] == "opened").collect();
    assert_eq!(by.len(), 1, "who read the originals is kept: {opened}");

    // Every file, changed by one bit, is found out.
    for file in files(&buyer) {
        let whole = fs::read(&file).unwrap();
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        fs::write(&file, changed).unwrap();
        let (code, said) = verify(&buyer, &[]);
        assert_eq!(code, 1, "{}: {said}", file.display());
        fs::write(&file, whole).unwrap();
    }
    fs::write(buyer.join("more.txt"), "x").unwrap();
    assert!(verify(&buyer, &[]).1.contains("more.txt was added"));
    fs::remove_file(buyer.join("more.txt")).unwrap();
    let other_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(verify(&buyer, &["--key", other_key]).0, 1);
    assert_eq!(verify(&buyer, &[]).0, 0);

    // As one file; what is there is never replaced.
    let zip = export(&house, "buyer", "for-buyer.zip");
    let (code, said) = verify(&zip, &["--key", &key]);
    assert_eq!(code, 0, "{said}");
    let out = zip.to_str().unwrap();
    let again =
        house.bauta(&["evidence", "export", "--order", "O1", "--for", "buyer", "--out", out]);
    assert_eq!(again.code, 1, "{again:?}");
    assert!(again.err.contains("exists already"), "{again:?}");
    assert_eq!(house.bauta(&["evidence", "export", "--order", "O9", "--for", "buyer"]).code, 1);

    // In the database somebody changes what was archived.
    let conn = rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap();
    conn.execute("UPDATE message SET proof = 'another' WHERE subject = 'Xylophone'", []).unwrap();
    drop(conn);
    let forged = export(&house, "authority", "forged");
    let (code, said) = verify(&forged, &[]);
    assert!(code == 1 && said.contains("not those that were archived"), "{said}");

    // What is erased stays as hashes, and the chain whole.
    house.put(&["buyer", "erase", "B1"]);
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Still there?\n"));
    let rest = export(&house, "authority", "rest");
    let (code, said) = verify(&rest, &["--json"]);
    assert_eq!(code, 0, "{said}");
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["here"], &said["expired"]), (&1.into(), &4.into()));
    assert!(!all(&rest).to_lowercase().contains("xylophone"));
    house.settle();
}

#[test]
fn the_root_of_a_day_that_is_over_stands_in_the_log() {
    let mut house = House::open();
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Where is it?\n"));
    house.settle();
    house.stop();
    assert!(!house.log().contains("evidence of the day"), "today is not over");
    let conn = rusqlite::Connection::open(house.dir.path().join("data/bauta.db")).unwrap();
    conn.execute("UPDATE evidence SET at = at - 2 * 86400000", []).unwrap();
    house.start();
    let line = eventually("its root is logged", || {
        let log = house.log();
        log.lines().find(|line| line.contains("evidence of the day")).map(str::to_owned)
    });
    let root = "SELECT lower(hex(root)) FROM evidence_day";
    let root: String = conn.query_row(root, [], |row| row.get(0)).unwrap();
    assert!(line.contains("items=1") && line.contains(&root), "{line}");
}
