//! `bauta demo` needs nothing but the binary, and what it prints can be pasted.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::house::{bauta, ends_when_told, eventually, run, swaks};

/// A demo that stays; it is ended with the test.
struct Demo {
    child: Child,
    folder: tempfile::TempDir,
}

impl Demo {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name| File::create(folder.path().join(name)).unwrap();
        let child = bauta()
            .arg("demo")
            .env("TMPDIR", folder.path())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(file("shown"))
            .stderr(file("log"))
            .spawn()
            .unwrap();
        let demo = Self { child, folder };
        eventually("the demo is there", || demo.shown().contains("Ctrl-C stops").then_some(()));
        demo
    }

    fn shown(&self) -> String {
        fs::read_to_string(self.folder.path().join("shown")).unwrap()
    }

    /// The lines to paste that begin so.
    fn lines(&self, start: &str) -> Vec<String> {
        let shown = self.shown();
        let lines = shown.lines().map(str::trim_start).filter(|l| l.starts_with(start));
        lines.map(str::to_owned).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Into `sh`, verbatim, with `bauta` in the path.
fn paste(line: &str) -> crate::house::Ran {
    let binary = Path::new(env!("CARGO_BIN_EXE_bauta")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let ran = run(Command::new("sh").args(["-c", line]).env("PATH", path));
    assert_eq!(ran.code, 0, "{line}: {ran:?}");
    ran
}

#[test]
fn once_it_shows_a_mail_and_its_answer_before_and_after_and_exits_0() {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(bauta()
        .args(["demo", "--once"])
        .env("TMPDIR", folder.path())
        .current_dir(folder.path()));
    assert_eq!(ran.code, 0, "{ran:?}");
    let parts: Vec<&str> = ran.out.split("After, as ").collect();
    let [before, after_one, after_two] = parts.as_slice() else { panic!("{}", ran.out) };
    assert!(before.contains("jane.roe@mail.example") && before.contains("X-Originating-IP"));
    let (at_seller, sent_back) = after_one.split_once("2. ").unwrap();
    assert!(at_seller.contains("brass lamp") && !at_seller.contains("jane.roe"), "{at_seller}");
    assert!(sent_back.contains("+44 20 7946 0958"), "{sent_back}");
    assert!(after_two.contains("[removed: phone number]") && !after_two.contains("7946"));
    assert!(!after_two.contains("cs@lamps.example"), "{after_two}");
    assert_eq!(ran.out.matches("250 2.0.0 ").count(), 2, "through the real port: {}", ran.out);
    assert!(ran.err.is_empty(), "{}", ran.err);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "it leaves nothing behind: {left:?}");
}

#[test]
fn every_line_that_it_prints_works_when_it_is_pasted_into_a_shell() {
    swaks(); // says so where it is missing
    let mut demo = Demo::start();
    let to_paste = demo.lines("swaks ");
    assert_eq!(to_paste.len(), 4);
    for (line, number) in to_paste.iter().zip(1..) {
        let ran = paste(line);
        assert!(ran.out.contains("250 2.0.0 Accepted"), "{line}: {}", ran.out);
        eventually("it is shown", || (demo.lines("Delivered to").len() == number).then_some(()));
    }
    let shown = demo.shown();
    assert!(shown.contains("[removed: phone number]") && shown.contains("[removed: link]"));
    assert!(
        shown.contains("[removed: e-mail address]")
            || !shown.contains("| On Thursday. Write me at sales@lamps")
    );

    let listed = paste(&demo.lines("bauta --config")[0]);
    assert_eq!(listed.out.lines().count(), 4, "{}", listed.out);

    // "To answer as its reader": the newest line to paste.
    let answers = eventually("how to answer is shown", || {
        let lines = demo.lines("swaks ");
        (lines.len() == 8).then(|| lines[4..].to_vec())
    });
    for line in &answers {
        let ran = paste(line);
        assert!(ran.out.contains("250 2.0.0 Accepted"), "{line}: {}", ran.out);
    }
    assert_eq!(ends_when_told(&mut demo.child), Some(0));
    let log = fs::read_to_string(demo.folder.path().join("log")).unwrap();
    assert!(!log.contains("panic") && !log.contains('@'), "{log}");
}
