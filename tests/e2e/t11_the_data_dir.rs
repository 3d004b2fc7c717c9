//! A lost volume or a wrong folder must never cost the aliases that were given out.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::house::{House, JANE, bauta, run};
use crate::letter::Letter;

/// `serve` must refuse with these words and make nothing.
fn refuses(house: &House, words: &[&str]) {
    // Where it serves in spite of all, it is ended, and that is no exit code 1.
    let ran = run(std::process::Command::new("timeout")
        .args(["20", env!("CARGO_BIN_EXE_bauta"), "--config"])
        .arg(house.config_file())
        .arg("serve"));
    assert_eq!(ran.code, 1, "{ran:?}");
    for words in words {
        assert!(ran.err.contains(words), "not {words:?}: {ran:?}");
    }
}

fn listens_everywhere(house: &House) {
    let config = fs::read_to_string(house.config_file()).unwrap();
    let everywhere = config.replace("listen = [\"127.0.0.1:0\"]", "listen = [\"0.0.0.0:0\"]");
    assert_ne!(config, everywhere);
    fs::write(house.config_file(), everywhere).unwrap();
}

#[test]
fn an_empty_folder_is_refused_where_the_world_can_connect_unless_create_is_said() {
    let mut house = House::closed();
    listens_everywhere(&house);
    let data = house.dir.path().join("data");
    refuses(&house, &["--create", data.to_str().unwrap()]);
    assert!(!data.join("bauta.db").exists() && !data.join("alias.keys").exists());
    let ran = house.bauta(&["seller", "put", "S1", "--name", "X", "--email", "x@mail.example"]);
    assert_eq!(ran.code, 1, "the commands beside it refuse likewise: {ran:?}");
    assert!(!data.join("bauta.db").exists());

    house.start_with(&["--create"]);
    house.stop();
    house.start(); // from then on nothing needs to be said
}

#[test]
fn missing_keys_beside_a_database_are_never_made_anew() {
    let mut house = House::open();
    let alias = house.seller_of("O1");
    house.stop();
    let data = house.dir.path().join("data");
    fs::rename(data.join("alias.keys"), data.join("elsewhere")).unwrap();
    refuses(&house, &["alias.keys is missing", "backup"]);
    assert_eq!(house.bauta(&["order", "list"]).code, 1);
    let ran = run(bauta().arg("--config").arg(house.config_file()).args(["serve", "--create"]));
    assert_eq!(ran.code, 1, "not even with --create: {ran:?}");
    assert!(!data.join("alias.keys").exists());
    fs::rename(data.join("elsewhere"), data.join("alias.keys")).unwrap();
    house.start();
    house.passes(&Letter::new(JANE, &alias, "Still there?\n"));
}

#[test]
fn a_missing_database_beside_keys_is_not_made_anew_unless_create_is_said() {
    let mut house = House::open();
    let alias = house.seller_of("O1");
    house.stop();
    for file in ["bauta.db", "bauta.db-wal", "bauta.db-shm"] {
        let _ = fs::remove_file(house.dir.path().join("data").join(file));
    }
    refuses(&house, &["no database", "--create"]);
    assert!(!house.dir.path().join("data/bauta.db").exists());
    house.start_with(&["--create"]);
    for put in [
        &["seller", "put", "S1", "--name", "Lamp Shop", "--email", "cs@lamps.example"][..],
        &["buyer", "put", "B1", "--name", "Jane Roe", "--email", "jane.roe@mail.example"],
        &["order", "put", "O1", "--seller", "S1", "--buyer", "B1"],
    ] {
        house.put(put);
    }
    assert_eq!(house.seller_of("O1"), alias, "the same keys make the same aliases");
}

#[test]
fn two_relays_never_share_a_folder() {
    let mut house = House::open();
    refuses(&house, &["another relay runs on"]);
    house.passes(&Letter::new(JANE, &house.seller_of("O1"), "Still there?\n"));
}

#[test]
fn nobody_else_can_look_into_the_folder() {
    let house = House::open();
    let data = house.dir.path().join("data");
    for (path, most) in [(data.clone(), 0o700), (data.join("alias.keys"), 0o600)] {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & !most, 0, "{} is {mode:o}", path.display());
    }
}

#[test]
fn init_makes_a_folder_that_check_accepts_and_never_overwrites_it() {
    let temp = tempfile::tempdir().unwrap();
    let place = temp.path().join("market");
    let init = || run(bauta().arg("init").arg(&place));
    let made = init();
    assert_eq!(made.code, 0, "{made:?}");
    let files = ["bauta.toml", "data/bauta.db", "data/alias.keys"];
    let contents = || files.map(|f| fs::read(place.join(f)).unwrap());
    assert!(String::from_utf8_lossy(&contents()[0]).contains("mode = \"observe\""));
    for record in [
        "relay.example. MX 10 relay.example.",
        "relay.example. TXT \"v=spf1 a:relay.example -all\"",
        "bauta1._domainkey.relay.example. TXT (\"v=DKIM1; k=rsa; p=",
        "_dmarc.relay.example. TXT \"v=DMARC1; p=reject\"",
    ] {
        assert!(made.out.contains(record), "{record}: {}", made.out);
    }
    for command in [&["check"][..], &["order", "list"], &["seller", "list", "--json"]] {
        // In the folder, nothing more need be named.
        let ran = run(bauta().args(command).current_dir(&place));
        assert_eq!(ran.code, 0, "{command:?}: {ran:?}");
    }
    let before = contents();
    let again = init();
    assert_eq!(again.code, 1, "{again:?}");
    fs::remove_file(place.join("bauta.toml")).unwrap();
    let again = init();
    assert_eq!(again.code, 1, "not even where the config is gone: {again:?}");
    assert_eq!(fs::read(place.join("data/alias.keys")).unwrap(), before[2]);
    assert_eq!(fs::read(place.join("data/bauta.db")).unwrap(), before[1]);
}

#[test]
fn check_names_file_line_and_column_of_every_mistake_and_what_would_be_right() {
    let house = House::closed();
    let config = fs::read_to_string(house.config_file()).unwrap();
    let wrong = config.replace("mode = \"enforce\"", "mode = \"forgive\"\ncolour = \"red\"");
    fs::write(house.config_file(), &wrong).unwrap();
    let ran = house.bauta(&["check"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    let line = wrong.lines().position(|l| l.contains("forgive")).unwrap() + 1;
    let file = house.config_file();
    for words in
        [format!("{}:{line}:8", file.display()), format!("{}:{}:1", file.display(), line + 1)]
    {
        assert!(ran.err.contains(&words), "not {words}: {}", ran.err);
    }
    assert!(ran.err.contains("observe"), "what would be right: {}", ran.err);
    assert_eq!(house.bauta(&["check", "--config"]).code, 2);
    let serve = house.bauta(&["serve"]);
    assert_eq!((serve.code, serve.err), (2, ran.err));
}
