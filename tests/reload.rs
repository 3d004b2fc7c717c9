//! A running relay gets a new config: nobody who is connected notices, and the next mail does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bauta::smtp::{Received, Sink};
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

const SOON: Duration = Duration::from_secs(60);

fn config(smarthost: SocketAddr, listen: &str, mode: &str, max_size: &str) -> String {
    format!(
        r#"[relay]
hostname = "relay.example"
alias_domain = "relay.example"
marketplace = "Lumo Market"
data_dir = "data"
[smtp]
listen = ["{listen}"]
max_size = {max_size}
trusted_networks = ["127.0.0.0/8"]
[senders]
verify = "address"
[delivery]
route = "smarthost"
smarthost = "{smarthost}"
tls = "none"
[policy]
mode = "{mode}"
[policy.rules.email-address]
buyer_to_seller = "reject"
"#
    )
}

/// `bauta serve` over a folder.
struct Relay {
    dir: TempDir,
    child: Child,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bauta(dir: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bauta"));
    command.current_dir(dir).args(words);
    command
}

impl Relay {
    fn start(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("bauta.toml"), config).unwrap();
        let log = fs::File::create(dir.path().join("log")).unwrap();
        let child = bauta(dir.path(), &["serve"]).stdin(Stdio::null()).stderr(log).spawn().unwrap();
        Self { dir, child }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Waits for a line of the log that holds this; gives it.
    fn said(&self, words: &str) -> String {
        let start = Instant::now();
        loop {
            let log = fs::read_to_string(self.path("log")).unwrap();
            if let Some(line) = log.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            assert!(start.elapsed() < SOON, "the log doesn't say {words:?}:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn reload(&self, config: &str) {
        fs::write(self.path("bauta.toml"), config).unwrap();
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    }

    fn run(&self, words: &[&str]) -> String {
        let out = bauta(self.dir.path(), words).output().unwrap();
        assert!(out.status.success(), "{words:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }
}

/// One session that stays open.
struct Session(BufReader<TcpStream>);

impl Session {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        let mut session = Self(BufReader::new(stream));
        session.hear();
        session.say("EHLO client.example\r\n");
        session
    }

    /// The reply's last line.
    fn hear(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the connection was dropped");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    fn say(&mut self, words: &str) -> String {
        self.0.get_mut().write_all(words.as_bytes()).unwrap();
        self.hear()
    }

    fn send(&mut self, alias: &str, n: u8, text: &str) -> String {
        self.say("MAIL FROM:<jane@mail.example>\r\n");
        let rcpt = self.say(&format!("RCPT TO:<{alias}>\r\n"));
        assert!(rcpt.starts_with("250"), "{rcpt}");
        self.say("DATA\r\n");
        self.say(&format!(
            "From: jane@mail.example\r\nTo: {alias}\r\nSubject: letter {n}\r\n\
             Message-ID: <{n}@mail.example>\r\n\r\n{text}\r\n.\r\n"
        ))
    }
}

async fn receive(mails: &mut UnboundedReceiver<Received>) -> String {
    let mail = tokio::time::timeout(SOON, mails.recv()).await.expect("a mail").unwrap();
    String::from_utf8_lossy(&mail.bytes).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_config_counts_for_the_next_mail_of_the_same_session_and_a_bad_one_for_none() {
    let anywhere = "127.0.0.1:0".parse().unwrap();
    let (first, mut to_first) = Sink::bind(anywhere).await.unwrap();
    let (second, mut to_second) = Sink::bind(anywhere).await.unwrap();
    let port = "127.0.0.1:0";
    let relay = Relay::start(&config(first.address(), port, "observe", "\"25MB\""));
    let listening = relay.said("listening for SMTP");
    let address = listening.rsplit('=').next().unwrap();
    relay.run(&["seller", "put", "S1", "--name", "Lamp Shop", "--email", "cs@lamps.example"]);
    relay.run(&["buyer", "put", "B1", "--name", "Jane Roe", "--email", "jane@mail.example"]);
    relay.run(&["order", "put", "O1", "--seller", "S1", "--buyer", "B1", "--item", "Lamp"]);
    let aliases: serde_json::Value =
        serde_json::from_str(&relay.run(&["alias", "show", "--order", "O1", "--json"])).unwrap();
    let alias = aliases["seller_alias_for_order"].as_str().unwrap();

    let mut session = Session::open(address);
    let contact = "Write to jane.roe@private.example please.";
    let answer = session.send(alias, 1, contact);
    assert!(answer.starts_with("250"), "it only observes: {answer}");
    assert!(receive(&mut to_first).await.contains("letter 1"));

    relay.reload(&config(second.address(), port, "enforce", "\"lots\""));
    let line = relay.said("smtp.max_size");
    assert!(line.contains("bauta.toml:8:12: smtp.max_size"), "{line}");
    relay.said("config not reloaded; the old one stays");
    let answer = session.send(alias, 2, contact);
    assert!(answer.starts_with("250"), "{answer}");
    assert!(receive(&mut to_first).await.contains("letter 2"));

    relay.reload(&config(second.address(), "127.0.0.1:1", "enforce", "\"1MB\""));
    relay.said("config reloaded");
    let line = relay.said("needs a restart");
    assert!(line.contains("smtp.listen"), "{line}");
    let answer = session.send(alias, 3, "My own address is roe@elsewhere.example, do write.");
    assert!(answer.starts_with("550"), "it enforces now: {answer}");
    let answer = session.send(alias, 4, "When will the lamp come?");
    assert!(answer.starts_with("250"), "{answer}");
    assert!(receive(&mut to_second).await.contains("letter 4"));
    assert!(to_first.try_recv().is_err(), "the old next hop got more than its two");

    // The old listener stays; who comes now meets the new limits.
    let mut new = Session::open(address);
    let answer = new.say("MAIL FROM:<jane@mail.example> SIZE=2000000\r\n");
    assert!(answer.starts_with("552"), "{answer}");
    let answer = session.say("MAIL FROM:<jane@mail.example> SIZE=2000000\r\n");
    assert!(answer.starts_with("250"), "a session ends with the limits that it began with");
}
