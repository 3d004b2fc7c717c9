//! The mails of the corpora, and what is done with each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bauta::config::{Config, Mode, starter};
use bauta::domain::{Direction, Language};
use bauta::mail::{self, Message};
use bauta::policy::{Context, Rules};
use bauta::relay::{Inspector, Rehearsal, Rehearsed, rehearse};
use bauta::rewrite::Plan;

use crate::between::Between;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpus");

/// Sets that hold mails.
pub const SETS: &[&str] = &[
    "spamassassin-public-corpus",
    "spamassassin-tdata",
    "stalwart-mail-parser",
    "stalwart-smtp",
    "mime-tools",
    "mikel-mail",
    "postfix-mime",
    "flanker",
    "rspamd",
    "eai-test-messages",
    "sisimai-bounces",
    "relay-fx-private-relay",
    "relay-anonaddy",
    "chasquid",
    "talon-replies",
    "email-reply-trimmer",
    "crisp-reply-fixtures",
];

/// The environment variable that asks for more than a sample.
const ASKED: &str = "BAUTA_CORPUS";

/// A mail of a set.
pub struct Mail {
    /// Which of [`SETS`].
    pub set: usize,
    pub path: PathBuf,
    pub raw: Vec<u8>,
}

/// The places of all mails, or of those that are asked for, with their sets; nothing where the corpora are not beside the project,
/// which is said.
pub fn places() -> Option<Vec<(usize, PathBuf)>> {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpora are not beside the project");
        return None;
    }
    let asked = std::env::var(ASKED).unwrap_or_default();
    let asked = SETS.iter().find(|set| **set == asked);
    let mut places = Vec::new();
    for (number, set) in SETS.iter().enumerate() {
        if asked.is_some_and(|asked| asked != set) {
            continue;
        }
        let mut paths = Vec::new();
        list(&Path::new(CORPUS).join(set), &mut paths);
        places.extend(paths.into_iter().map(|path| (number, path)));
    }
    Some(places)
}

fn list(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Which mails are looked at where time is short; all with `BAUTA_CORPUS=all`, and all of one set
/// with its name.
pub struct Sample(usize);

impl Sample {
    /// Every `n`-th of each set; of the first, which is ordinary mail and more than half of the
    /// work, half of that. Says so.
    pub fn one_in(n: usize) -> Self {
        if std::env::var(ASKED).is_ok_and(|asked| asked == "all" || SETS.contains(&&*asked)) {
            return Self(1);
        }
        println!("a sample: one mail in {n}; BAUTA_CORPUS=all for each of them");
        Self(n)
    }

    /// Whether the mail of this number is looked at.
    pub fn takes(&self, number: usize, mail: &Mail) -> bool {
        self.takes_as(number, mail, 0)
    }

    /// Whether it is looked at in this one of several ways: of a sample, each mail goes one way.
    pub fn takes_as(&self, number: usize, mail: &Mail, way: usize) -> bool {
        match self.0 {
            1 => true,
            one_in if mail.set == 0 => number % (2 * one_in) == 2 * way,
            one_in => number % one_in == way,
        }
    }
}

/// Does something for each of the mails on as many threads as there are cores.
pub fn each<T: Send>(
    places: &[(usize, PathBuf)],
    perform: impl Fn(usize, &Mail) -> Vec<T> + Sync,
) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some((set, path)) = places.get(number) else { break };
                    let raw = fs::read(path).unwrap();
                    let some = perform(number, &Mail { set: *set, path: path.clone(), raw });
                    done.lock().unwrap().extend(some);
                }
            });
        }
    });
    done.into_inner().unwrap()
}

/// The starter's policy in this mode, with the message kinds of these languages: to find out what a
/// message is for takes long.
pub fn rules(mode: Mode, languages: &[Language]) -> Rules {
    let text = starter("relay.example", "relay.example", "Example Market");
    let mut policy = Config::parse(&text, Path::new("bauta.toml")).unwrap().policy;
    policy.mode = mode;
    policy.languages = languages.to_vec();
    Rules::new(&policy, &["relay.example".to_owned()]).unwrap()
}

/// The mail as it was read, its attachments opened by a child as the relay opens them.
pub fn opened(raw: &[u8]) -> Message {
    let mut message = mail::read(raw);
    if !message.attachments.is_empty() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let inspector = Inspector::of(env!("CARGO_BIN_EXE_bauta"));
        runtime.block_on(inspector.inspect(raw, &mut message)).unwrap();
    }
    message
}

/// Judges, composes and scans what these two write to one another.
pub fn send(rules: &Rules, between: &Between, message: &Message) -> Rehearsed {
    let plan: Plan<'_> = between.plan(message);
    let direction: Direction = plan.direction;
    let context = Context {
        direction,
        proactive: false,
        // What is marked as quoted is taken for quoted, as in the conversation that it is from.
        sightings: None,
        known_ids: vec![],
        copies: None,
        question: None,
    };
    rehearse(&Rehearsal { rules, context: &context, plan, let_pass: false })
}
