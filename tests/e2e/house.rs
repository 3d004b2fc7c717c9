//! The house that every story is set in: a relay of its own, run from the real binary in a folder
//! of its own, with one seller, one buyer and one order. Closing it asserts what must always hold.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::letter::{Letter, Opened, bare};
use crate::smarthost::{PATIENCE, Smarthost};

pub const JANE: &str = "Jane Roe <jane.roe@mail.example>";
pub const SHOP: &str = "Lamp Shop <cs@lamps.example>";

pub struct House {
    pub dir: TempDir,
    pub smarthost: Smarthost,
    pub relay: SocketAddr,
    running: Option<Child>,
    /// Everybody's real addresses: none of them may ever stand in the log.
    known: Mutex<Vec<String>>,
    /// Set by a story whose mail may still wait at its end.
    pub may_leave_mail_waiting: bool,
    /// `BAUTA_LOG` from the next start on.
    pub log_level: &'static str,
    /// More of the environment, from the next start on.
    pub environment: Vec<(&'static str, String)>,
}

/// Where in the log a life of the relay begins.
#[derive(Debug, Clone, Copy)]
pub struct LogPlace(usize);

/// What a command said.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// What the relay answered to a mail: the reply that decided.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub text: String,
    /// All that swaks showed.
    pub transcript: String,
}

impl Answer {
    /// The reply begins so, as in `550 5.1.1`.
    pub fn is(&self, start: &str) -> &Self {
        assert!(self.text.starts_with(start), "not {start}:\n{}", self.transcript);
        self
    }

    /// In any case.
    pub fn says(&self, words: &str) -> &Self {
        let said = self.text.to_lowercase();
        assert!(said.contains(&words.to_lowercase()), "not {words:?}:\n{}", self.text);
        self
    }
}

impl House {
    /// Open for business: seller S1, buyer B1, order O1.
    pub fn open() -> Self {
        Self::open_with(&[])
    }

    /// The same with some lines of the config written otherwise.
    pub fn open_with(changes: &[(&str, &str)]) -> Self {
        let mut house = Self::closed();
        let mut config = house.config();
        for (line, other) in changes {
            assert!(config.contains(line), "{line:?} is not in the config");
            config = config.replace(line, other);
        }
        fs::write(house.config_file(), config).unwrap();
        house.opens();
        house
    }

    /// Starts the relay and registers who belongs to it.
    pub fn opens(&mut self) {
        self.start();
        self.put(&["seller", "put", "S1", "--name", "Lamp Shop", "--email", &bare(SHOP)]);
        self.put(&["buyer", "put", "B1", "--name", "Jane Roe", "--email", &bare(JANE)]);
        let pair = ["--seller", "S1", "--buyer", "B1"];
        self.put(&[&["order", "put", "O1", "--item", "Brass lamp"], &pair[..]].concat());
    }

    /// A folder with a config, and no relay yet.
    pub fn closed() -> Self {
        let house = Self {
            dir: tempfile::tempdir().unwrap(),
            smarthost: Smarthost::new(),
            relay: ([127, 0, 0, 1], 0).into(),
            running: None,
            known: Mutex::default(),
            may_leave_mail_waiting: false,
            log_level: "info",
            environment: vec![],
        };
        fs::write(house.config_file(), house.config()).unwrap();
        house
    }

    fn config(&self) -> String {
        format!(
            r#"[relay]
hostname = "relay.example"
alias_domain = "alias.example"
marketplace = "Lumo Market"
data_dir = "data"

[smtp]
listen = ["127.0.0.1:0"]
trusted_networks = ["127.0.0.1/32"]

[senders]
verify = "address"

[delivery]
route = "smarthost"
smarthost = "{}"
tls = "none"
retry_first = "100ms"
retry_max = "1s"

[policy]
mode = "enforce"

# The stories are about other things than what may be written unasked; t85 is.
[policy.rules]
unsolicited.seller_to_buyer = "allow"
thank-you-only.seller_to_buyer = "allow"
shipping-confirmation.seller_to_buyer = "allow"
service-offer.seller_to_buyer = "allow"
"#,
            self.smarthost.address
        )
    }

    pub fn config_file(&self) -> PathBuf {
        self.dir.path().join("bauta.toml")
    }

    pub fn log_file(&self) -> PathBuf {
        self.dir.path().join("relay.log")
    }

    /// Everything that the relay has logged so far, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Starts the relay and waits until it listens.
    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// The same with options of `serve`.
    pub fn start_with(&mut self, options: &[&str]) {
        let started = self.launch(&[], options);
        if let Err(ended) = self.listens(started) {
            panic!("the relay did not start ({ended}):\n{}", self.log());
        }
    }

    /// Starts the relay, as the last argument of another program where one is named (`strace …`),
    /// and does not wait. Where in the log this life begins.
    pub fn launch(&mut self, under: &[&str], options: &[&str]) -> LogPlace {
        let place = LogPlace(self.log().len());
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).unwrap();
        let program = env!("CARGO_BIN_EXE_bauta");
        let mut command = match under {
            [] => Command::new(program),
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        };
        let relay = command
            .arg("--config")
            .arg(self.config_file())
            .arg("serve")
            .args(options)
            .env("BAUTA_LOG", self.log_level)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", under.first().unwrap_or(&program)));
        self.running = Some(relay);
        place
    }

    /// Waits until the relay that was launched listens. `Err`: it ended before.
    pub fn listens(&mut self, started: LogPlace) -> Result<(), ExitStatus> {
        let address = eventually("the relay listens", || {
            let log = self.log();
            let line = log[started.0..].lines().find(|l| l.contains("listening for SMTP"));
            if let Some((_, address)) = line.and_then(|l| l.split_once("address=")) {
                return Some(Ok(address.split_whitespace().next()?.parse().ok()?));
            }
            self.child().try_wait().unwrap().map(Err)
        });
        match address {
            Ok(address) => self.relay = address,
            Err(ended) => {
                self.running = None;
                return Err(ended);
            }
        }
        Ok(())
    }

    /// Waits until the relay has ended by itself, or by what was done to it.
    pub fn ends(&mut self) -> ExitStatus {
        let ended = eventually("the relay ends", || self.child().try_wait().unwrap());
        self.running = None;
        ended
    }

    pub fn has_ended(&mut self) -> bool {
        self.child().try_wait().unwrap().is_some()
    }

    /// The process that the relay runs in.
    pub fn process(&mut self) -> u32 {
        self.child().id()
    }

    fn child(&mut self) -> &mut Child {
        self.running.as_mut().expect("the relay was launched")
    }

    /// SIGTERM; the relay must end well.
    pub fn stop(&mut self) {
        let Some(mut relay) = self.running.take() else { return };
        let ended = ends_when_told(&mut relay);
        assert_eq!(ended, Some(0), "the relay did not end well:\n{}", self.log());
    }

    /// kill -9.
    pub fn kill(&mut self) {
        let mut relay = self.running.take().expect("the relay runs");
        relay.kill().unwrap();
        relay.wait().unwrap();
    }

    /// A command of `bauta`, beside the running relay.
    pub fn bauta(&self, arguments: &[&str]) -> Ran {
        let mut known = self.known.lock().unwrap();
        for pair in arguments.windows(2).filter(|p| p[0] == "--email") {
            known.push(pair[1].to_lowercase());
        }
        let environment = self.environment.iter().map(|(name, value)| (name, value));
        run(bauta().envs(environment).arg("--config").arg(self.config_file()).args(arguments))
    }

    /// A command that must be done.
    pub fn put(&self, arguments: &[&str]) -> String {
        let ran = self.bauta(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.out
    }

    /// A command's answer in JSON.
    pub fn ask(&self, arguments: &[&str]) -> Value {
        let ran = self.bauta(&[arguments, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.json()
    }

    /// One of the aliases that `alias show` prints: `seller_alias`, `buyer_alias_for_order`, ….
    pub fn alias(&self, order: &str, which: &str) -> String {
        self.ask(&["alias", "show", "--order", order])[which].as_str().unwrap().to_owned()
    }

    /// Where buyers write about an order.
    pub fn seller_of(&self, order: &str) -> String {
        self.alias(order, "seller_alias_for_order")
    }

    /// Where sellers write about an order.
    pub fn buyer_of(&self, order: &str) -> String {
        self.alias(order, "buyer_alias_for_order")
    }

    /// Hands a letter in through swaks.
    pub fn send(&self, letter: &Letter) -> Answer {
        self.send_from("127.0.0.1", letter)
    }

    /// The same from another address of this machine.
    pub fn send_from(&self, peer: &str, letter: &Letter) -> Answer {
        let mut file = tempfile::NamedTempFile::new_in(self.dir.path()).unwrap();
        // swaks ends the last line itself.
        let wire = letter.on_the_wire();
        file.write_all(wire.strip_suffix(b"\r\n").unwrap()).unwrap();
        let sender = if letter.sender.is_empty() { "<>" } else { &letter.sender };
        let data = format!("@{}", file.path().display());
        let ran = run(swaks()
            .args(["--server", &self.relay.ip().to_string()])
            .args(["--port", &self.relay.port().to_string()])
            .args(["--local-interface", peer, "--ehlo", "client.example", "--timeout", "60s"])
            .args(["--from", sender, "--to", &letter.to])
            .args(["--no-data-fixup", "--data", &data]));
        Self::heard(&ran)
    }

    /// The reply that decided: the first refusal, or what was said after the final dot.
    fn heard(ran: &Ran) -> Answer {
        let transcript = format!("{}{}", ran.out, ran.err);
        let reply = |line: &str| {
            let rest = line.strip_prefix("<-  ").or_else(|| line.strip_prefix("<** "))?;
            Some(rest.to_owned())
        };
        let lines: Vec<&str> = ran.out.lines().collect();
        let at = lines
            .iter()
            .position(|l| l.starts_with("<**"))
            .or_else(|| lines.iter().rposition(|l| *l == " -> .").map(|at| at + 1))
            .unwrap_or_else(|| panic!("swaks got no answer:\n{transcript}"));
        let text: Vec<String> = lines[at..].iter().map_while(|l| reply(l)).collect();
        let text = text.join("\n");
        let code = text.get(..3).and_then(|c| c.parse().ok());
        let code = code.unwrap_or_else(|| panic!("swaks got no answer:\n{transcript}"));
        Answer { code, text, transcript }
    }

    /// Hands a letter in, which must be taken, and waits for what comes out.
    pub fn passes(&mut self, letter: &Letter) -> Opened {
        self.send(letter).is("250 2.0.0");
        self.smarthost.next()
    }

    /// `message list --json`, the oldest first.
    pub fn messages(&self) -> Vec<Value> {
        let list = self.ask(&["message", "list", "--limit", "100000"]);
        let mut rows = list.as_array().unwrap().clone();
        // The newest stands first there.
        rows.reverse();
        rows
    }

    /// The newest message.
    pub fn newest(&self) -> Value {
        self.messages().pop().expect("a message is in the archive")
    }

    /// Waits until the newest message's delivery is in this state, and gives the message.
    pub fn newest_is(&self, state: &str) -> Value {
        eventually(&format!("the newest message is {state}"), || {
            let newest = self.newest();
            (newest["delivery"]["state"] == state).then_some(newest)
        })
    }

    /// Waits until nothing is on its way.
    pub fn settle(&self) {
        eventually("nothing is on its way", || {
            let open = |m: &Value| {
                matches!(m["delivery"]["state"].as_str(), Some("queued" | "sending" | "deferred"))
            };
            (!self.messages().iter().any(open)).then_some(())
        });
    }

    /// `message show --json` of a message.
    pub fn show(&self, message: &Value) -> Value {
        self.ask(&["message", "show", message["id"].as_str().unwrap()])
    }

    fn assert_what_always_holds(&self) {
        let log = self.log();
        assert!(!log.contains("panic"), "a panic in the log:\n{log}");
        let lower = log.to_lowercase();
        for address in self.known.lock().unwrap().iter() {
            assert!(!lower.contains(address.as_str()), "{address} stands in the log:\n{log}");
        }
        if !self.dir.path().join("data/bauta.db").exists() {
            return;
        }
        for message in self.messages().iter().filter(|m| m["state"] == "accepted") {
            let delivery = &message["delivery"];
            let explained = match delivery["state"].as_str() {
                Some("delivered" | "failed" | "expired" | "cancelled") => true,
                Some("deferred") => {
                    self.may_leave_mail_waiting && delivery["last_reply"].is_string()
                }
                _ => false,
            };
            assert!(explained, "forgotten: {message}");
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if thread::panicking() {
            if let Some(mut relay) = self.running.take() {
                let _ = relay.kill();
                let _ = relay.wait();
            }
            eprintln!("--- the relay's log\n{}---", self.log());
            return;
        }
        if self.running.is_some() && !self.may_leave_mail_waiting {
            self.settle();
        }
        self.stop();
        self.assert_what_always_holds();
    }
}

/// The real binary.
pub fn bauta() -> Command {
    Command::new(env!("CARGO_BIN_EXE_bauta"))
}

/// SIGTERM; the exit code.
pub fn ends_when_told(child: &mut Child) -> Option<i32> {
    let pid = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    // A relay gives running attempts 20 seconds before it abandons them.
    let patience = PATIENCE + Duration::from_secs(20);
    eventually_within(patience, "the process ends", || child.try_wait().unwrap()).code()
}

/// The mail program of these stories; says so if it is missing.
pub fn swaks() -> Command {
    let there = Command::new("swaks").arg("--version").stdout(Stdio::null()).status().is_ok();
    assert!(there, "swaks is missing: install Debian's package swaks (apt-get install swaks)");
    Command::new("swaks")
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    let done = command.stdin(Stdio::null()).output().unwrap();
    Ran {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&done.stdout).into_owned(),
        err: String::from_utf8_lossy(&done.stderr).into_owned(),
    }
}

/// Looks again and again until there is something to see.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, look)
}

fn eventually_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(started.elapsed() < patience, "not in time: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// What python's own mail library makes of a mail: a second opinion, of another family.
pub fn python_reads(raw: &[u8], folder: &Path) -> Value {
    let file = folder.join("second-opinion.eml");
    File::create(&file).unwrap().write_all(raw).unwrap();
    let script = r#"
import email, email.policy, json, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(json.dumps({
    "headers": [[name, str(value)] for name, value in mail.items()],
    "text": mail.get_body(("plain", "html")).get_content(),
    "parts": [part.get_content_type() for part in mail.walk()],
    "utc_offset": mail["Date"].datetime.utcoffset().total_seconds(),
    "defects": [str(d) for part in mail.walk() for d in part.defects],
}))
"#;
    let ran = run(Command::new("python3").args(["-c", script]).arg(&file));
    assert_eq!(ran.code, 0, "python3 is needed: {ran:?}");
    ran.json()
}
