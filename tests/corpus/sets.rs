//! The mails of the corpora, and what is done with each.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bauta::config::{Config, Mode, starter};
use bauta::domain::Direction;
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

/// A mail of a set.
pub struct Mail {
    /// Which of [`SETS`].
    pub set: usize,
    pub path: PathBuf,
    pub raw: Vec<u8>,
}

/// The places of all mails with their sets; nothing where the corpora are not beside the project,
/// which is said.
pub fn places() -> Option<Vec<(usize, PathBuf)>> {
    if !Path::new(CORPUS).is_dir() {
        println!("SKIPPED: the corpora are not beside the project");
        return None;
    }
    let mut places = Vec::new();
    for (number, set) in SETS.iter().enumerate() {
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

/// Every `n`-th where time is short; all with `BAUTA_CORPUS=all`. Says so.
pub fn one_in(n: usize) -> usize {
    if std::env::var_os("BAUTA_CORPUS").is_some_and(|v| v == "all") {
        return 1;
    }
    println!("a sample: one mail in {n}; BAUTA_CORPUS=all for each of them");
    n
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

/// The starter's policy in this mode.
pub fn rules(mode: Mode) -> Rules {
    let text = starter("relay.example", "relay.example", "Example Market");
    let mut policy = Config::parse(&text, Path::new("bauta.toml")).unwrap().policy;
    policy.mode = mode;
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
        sightings: Some(&between.known),
        known_ids: vec![],
        copies: None,
        question: None,
    };
    rehearse(&Rehearsal { rules, context: &context, plan, let_pass: false })
}
