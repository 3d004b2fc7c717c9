//! Real reports of dozens of mail systems come back, to a bounce address and to an alias: none is
//! passed on, and nothing that follows from them makes a loop.

use std::fs;
use std::path::{Path, PathBuf};

use crate::house::{House, SHOP};
use crate::letter::{Letter, bare};
use crate::wire::Wire;

/// The corpus beside the project: the mails as they travel.
fn files() -> Option<Vec<PathBuf>> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/sisimai-bounces/maildir/dos");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("SKIPPED: {} is not there", folder.display());
        return None;
    };
    let folder_of_unix = folder.with_file_name("bsd");
    let others = fs::read_dir(folder_of_unix).unwrap();
    let mut files: Vec<PathBuf> = entries.chain(others).map(|e| e.unwrap().path()).collect();
    files.sort();
    Some(files)
}

/// The mail in a file, to somebody, with the null sender.
fn letter(file: &Path, to: &str) -> Letter {
    let raw = fs::read(file).unwrap();
    let text: Vec<&[u8]> =
        raw.split(|b| *b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l)).collect();
    let end = text.iter().position(|line| line.is_empty()).unwrap_or(text.len());
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in &text[..end] {
        let line = String::from_utf8_lossy(line).replace('\r', "");
        match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => value.push_str(&format!("\r\n{line}")),
            (false, _, Some((name, value))) => {
                headers.push((name.to_owned(), value.trim_start().to_owned()));
            }
            _ => {}
        }
    }
    let clean =
        |line: &&[u8]| -> Vec<u8> { line.iter().copied().filter(|b| *b != b'\r').collect() };
    let body = text[end..].iter().skip(1).map(clean).collect::<Vec<_>>().join(&b"\r\n"[..]);
    Letter { sender: String::new(), to: to.to_owned(), headers, body }
}

#[test]
fn none_is_passed_on_and_none_makes_a_loop() {
    let Some(files) = files() else { return };
    let mut house = House::open();
    let answer = Letter::new(SHOP, &house.buyer_of("O1"), "It leaves tomorrow.\n");
    let bounces = house.passes(&answer).envelope_from;
    house.newest_is("delivered");
    let alias = house.buyer_of("O1");
    let mut wire = Wire::open(house.relay).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for (n, file) in files.iter().enumerate() {
        if n % 50 == 0 {
            wire = Wire::open(house.relay).unwrap();
        }
        let said = wire.send(&letter(file, &bounces)).unwrap();
        match &said[..9] {
            "250 2.0.0" => taken += 1,
            "550 5.7.1" => refused += 1,
            _ => panic!("{}: {said}", file.display()),
        }
        // Such mail to an alias is from nobody who may write there.
        let said = wire.send(&letter(file, &alias)).unwrap();
        assert!(said.starts_with("550 5.7."), "{}: {said}", file.display());
    }
    println!("{taken} taken as reports, {refused} refused");
    assert!(taken > 20 * refused, "{taken} {refused}");
    // All they did: one delivery is failed, of which its sender is told once.
    let told = house.smarthost.next();
    assert_eq!((told.recipients.clone(), told.envelope_from.as_str()), (vec![bare(SHOP)], ""));
    house.newest_is("failed");
    assert_eq!(house.messages().len(), 1);
    // And the notice comes back.
    let mut back = Letter::new("MAILER-DAEMON@lamps.example", &bounces, &told.text);
    back = back.envelope_sender("").subject(&told.subject).header("Auto-Submitted", "auto-replied");
    wire.send(&back).unwrap();
    house.settle();
    assert_eq!(house.smarthost.rest(), [], "nobody is told anything more");
    assert_eq!(house.ask(&["address", "list"]).as_array().unwrap().len(), 0);
}
