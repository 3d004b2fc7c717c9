//! The volume is lost, and the relay comes back from its backup: made beside live traffic, restored
//! while mail to what the backup does not know is put off, until it is registered again.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::house::{House, JANE, SHOP};
use crate::letter::Letter;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn set_unknown_alias(house: &House, from: &str, to: &str) {
    let config = fs::read_to_string(house.config_file()).unwrap();
    assert!(config.contains(from), "{from}");
    fs::write(house.config_file(), config.replace(from, to)).unwrap();
}

#[test]
fn a_lost_volume_comes_back_from_a_backup_that_was_made_beside_live_traffic() {
    let mut house = House::open();
    let first = Letter::new(JANE, &house.seller_of("O1"), "Where is it?\n").subject("Xylophone");
    let asked = house.passes(&first);
    let backup = house.dir.path().join("backup");
    let to_shop = house.seller_of("O1");
    // Mail goes on coming in while it is made.
    let making = Command::new(env!("CARGO_BIN_EXE_bauta"))
        .arg("--config")
        .arg(house.config_file())
        .arg("backup")
        .arg(&backup)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    for n in 0..8 {
        house.send(&Letter::new(JANE, &to_shop, &format!("And {n}?\n"))).is("250");
    }
    let made = making.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(made.status.success() && said.contains("alias.keys"), "{said}");
    assert!(said.contains("bauta.db"), "{said}");
    let again = house.bauta(&["backup", backup.to_str().unwrap()]);
    assert!(again.code == 1 && again.err.contains("exists already"), "{again:?}");
    let alone = house.dir.path().join("alone.db");
    let said = house.ask(&["backup", alone.to_str().unwrap()]);
    assert_eq!(said["bytes"], fs::metadata(&alone).unwrap().len());

    // What comes after it is lost with the volume.
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    let order = ["order", "put", "O2", "--seller", "S1", "--buyer", "B2"];
    house.put(&order);
    let to_shop_of_paul = house.seller_of("O2");
    house.send(&Letter::new("paul@post.example", &to_shop_of_paul, "Hello?\n")).is("250");
    house.settle();
    house.kill();
    let data = house.dir.path().join("data");
    fs::remove_dir_all(&data).unwrap();

    copy(&backup, &data);
    set_unknown_alias(&house, "[smtp]\n", "[smtp]\nunknown_alias = \"defer\"\n");
    assert!(house.put(&["check"]).contains("ok"));
    house.start();
    let kept = house.messages();
    assert_eq!(kept[0]["subject"], "Xylophone");
    assert!(house.ask(&["message", "search", "xylophone"]).as_array().unwrap().len() == 1);
    house.send(&Letter::new("paul@post.example", &to_shop_of_paul, "Still?\n")).is("451 ");
    house.put(&["buyer", "put", "B2", "--name", "Paul Meier", "--email", "paul@post.example"]);
    house.put(&order);
    assert_eq!(house.seller_of("O2"), to_shop_of_paul, "the keys make the same aliases");
    house.send(&Letter::new("paul@post.example", &to_shop_of_paul, "Still?\n")).is("250");
    house.send(&Letter::answering(&asked, SHOP, "It left today.")).is("250");
    assert_eq!(house.newest()["assigned"], "headers");
    house.send(&Letter::new(JANE, "aaaa@alias.example", "Hello?\n")).is("451 ");

    house.stop();
    set_unknown_alias(&house, "unknown_alias = \"defer\"\n", "");
    house.start();
    house.send(&Letter::new(JANE, "aaaa@alias.example", "Hello?\n")).is("550 5.1.1");
    house.settle();
}
