//! The disk is full: mail is put off, nothing is half-written, and once there is room it goes on,
//! in the same process.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use crate::house::{House, JANE, eventually, run};
use crate::letter::Letter;
use crate::load::{Load, OnTheirWay, account, while_mail_comes};
use crate::strace::{at_each, may_trace, strace};

fn goes_on(house: &mut House, load: &Load, process: u32) {
    load.waits_for(20);
    assert_eq!(house.process(), process);
}

#[test]
fn where_writes_find_no_room_for_a_while_mail_is_put_off_and_then_taken() {
    if !may_trace() {
        return;
    }
    let mut house = House::open();
    let taken = while_mail_comes(&mut house, |house, load| {
        house.stop();
        let wal = fs::canonicalize(house.dir.path()).unwrap().join("data/bauta.db-wal");
        let of = format!("--trace-path={}", wal.display());
        // In the midst of the groups that they fall into.
        let fails = at_each("pwrite64", "error=ENOSPC:when=203..242");
        let started = house.launch(&strace(&[&of, &fails[0], &fails[1]]), &[]);
        house.listens(started).unwrap();
        let process = house.process();
        load.moves_to(house.relay);
        eventually("mail is put off", || (load.put_off() > 0).then_some(()));
        goes_on(house, load, process);
    });
    let account = account(&mut house, &taken, &OnTheirWay::default());
    println!("writes without room: {account}");
    assert_eq!(account.doubles, 0);
}

const INSIDE: &str = "BAUTA_TEST_SMALL_DISK";

#[test]
fn on_a_disk_that_is_really_full_mail_is_put_off_and_then_taken() {
    let folder = tempfile::tempdir().unwrap();
    let story = "t22_the_disk_is_full::child_with_a_small_disk";
    // A namespace in which anybody may mount a file system, or where only root may have one.
    for ways in [&["--user", "--map-root-user", "--mount"][..], &["--mount"]] {
        let may = run(Command::new("unshare")
            .args(ways)
            .args(["mount", "-t", "tmpfs", "x"])
            .arg(folder.path()));
        if may.code != 0 {
            continue;
        }
        let ran = run(Command::new("unshare")
            .args(ways)
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", story, "--nocapture"])
            .env(INSIDE, "1")
            .env("TMPDIR", folder.path()));
        println!("{}", ran.out);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        assert!(ran.out.contains("a full disk: "), "{}{}", ran.out, ran.err);
        return;
    }
    eprintln!("SKIPPED: this machine lets nobody mount a small disk");
}

/// A house whose data lies on a disk of 16 MiB, and what fills that.
fn on_a_small_disk() -> (House, Filler) {
    let mut house = House::closed();
    let data = house.dir.path().join("data");
    fs::create_dir(&data).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=16m,mode=0700", "bauta"];
    let mounted = run(Command::new("mount").args(mount).arg(&data));
    assert_eq!(mounted.code, 0, "{mounted:?}");
    house.opens();
    (house, Filler(data.join("filler")))
}

/// A file that takes what room there is.
struct Filler(PathBuf);

impl Filler {
    fn fill(&self) {
        let mut file = File::create(&self.0).unwrap();
        while file.write_all(&[b'x'; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// What the story above starts where a disk may be mounted.
#[test]
fn child_with_a_small_disk() {
    if std::env::var_os(INSIDE).is_none() {
        return; // run by its parent only
    }
    let (house, filler) = on_a_small_disk();
    filler.fill();
    let question = Letter::new(JANE, &house.seller_of("O1"), "Is it brass?\n");
    // What room there is inside the files is used up first.
    let refused = (1..100).find_map(|n| {
        let id = format!("<{n}@mail.example>");
        let answer = house.send(&question.clone().header("Message-ID", &id));
        (answer.code != 250).then_some(answer)
    });
    refused.expect("mail is put off").is("452 4.3.1");
    let before = house.messages().len();
    let vases = ["seller", "put", "S9", "--name", "Vase Shop", "--email", "v@vases.example"];
    let refused = house.bauta(&vases);
    assert!(refused.code == 1 && refused.err.contains("the disk is full"), "{refused:?}");
    filler.make_room();
    house.put(&vases);
    house.send(&question.header("Message-ID", "<room@mail.example>")).is("250 2.0.0");
    assert_eq!(house.messages().len(), before + 1, "nothing of what was put off is there");
    drop(house);

    let (mut house, filler) = on_a_small_disk();
    let process = house.process();
    let taken = while_mail_comes(&mut house, |house, load| {
        for _ in 0..3 {
            load.waits_for(10);
            filler.fill();
            let before = load.put_off();
            eventually("mail is put off", || (load.put_off() > before + 5).then_some(()));
            filler.make_room();
            goes_on(house, load, process);
        }
    });
    let account = account(&mut house, &taken, &OnTheirWay::default());
    assert_eq!(account.doubles, 0);
    println!("a full disk: {account}");
}
