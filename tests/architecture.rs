//! The house holds: which room may import which, what stands only in one room, how large a file
//! may grow, and what we depend on. Read as a table; a broken line names the file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every room and what it may import. Arrows run one way; no cycles; the faces never import one
/// another. A room that is made gets a line here.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("dns", &[]),
    ("inspect", &["domain"]),
    ("mail", &["domain"]),
    ("alias", &["domain"]),
    ("sender", &["domain", "dns", "mail", "config"]),
    ("market", &["domain", "config", "sender"]),
    ("policy", &["domain", "mail", "config"]),
    ("rewrite", &["domain", "mail", "alias", "policy", "config", "inspect"]),
    ("leak", &["domain", "mail", "rewrite"]),
    ("bounce", &["domain", "mail"]),
    ("evidence", &["domain"]),
    ("store", &["domain", "market", "leak", "evidence"]),
    ("search", &["domain", "mail", "alias", "store"]),
    (
        "relay",
        &[
            "domain", "config", "dns", "inspect", "mail", "alias", "sender", "market", "policy",
            "rewrite", "leak", "evidence", "store", "search", "bounce",
        ],
    ),
    ("smtp", &["relay", "alias", "domain", "config"]),
    ("delivery", &["relay", "store", "alias", "dns", "domain", "config"]),
    ("web", &["relay", "store", "market", "domain", "config"]),
    ("app", ANY),
    ("cli", ANY),
];

const ANY: &[&str] = &["*"];

/// What may stand in one room only, and why.
const ONLY_IN: &[(&str, &str, &str)] = &[
    ("rusqlite", "store", "the only room that knows SQL"),
    ("mail_builder", "rewrite", "nothing outside it ever writes a header"),
    ("Hmac", "alias", "the only holder of the alias key"),
    ("Outgoing(", "leak", "seal 2: the only maker of Outgoing"),
    ("Admitted(", "market", "seal 1: the only maker of Admitted"),
    ("Outcome::Accepted {", "relay", "a 250 after DATA is built from the store's seal"),
];

/// Where every sentence stands that the relay says to a person, and what its gaps may be filled with.
/// None of it can be a real address of the other side: the sentences hold none, and whoever fills a
/// gap with something new says here what it is.
const SENTENCES: &[(&str, &[&str])] = &[
    (
        // Notices, and what stands in relayed mail beside the sender's words: the shown name of the
        // other side, the alias, the order, a time, the marketplace, a rule and its name. Words that
        // a rule found are the reader's own.
        "rewrite",
        &["", "name", "alias", "about", "order", "time", "until", "marketplace", "rule", "words"],
    ),
    (
        // Replies: our own name, numbers, our id, and the parts of a line that are made here. Words
        // that a rule found are the sender's own.
        "smtp",
        &[
            "",
            "hostname",
            "max_size",
            "octets",
            "limit",
            "found",
            "most",
            "minutes",
            "id",
            "code",
            "enhanced",
            "separator",
            "space",
            "line",
            "head",
            "change",
            "part",
            "cut",
            "dots",
            "more",
        ],
    ),
];

/// The files of [`SENTENCES`]: what their names hold. `test_mail.rs` is what the operator writes to
/// himself.
const SENTENCES_IN: &[&str] = &["texts", "reply", "test_mail"];

/// Words that name no room.
const NO_ROOM: &[&str] = &["utils", "util", "common", "helpers", "helper", "manager", "misc"];

/// Licences that go with MIT OR Apache-2.0.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "0BSD",
    "Unlicense",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "BSL-1.0",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
    "MIT-0",
];

struct Source {
    path: PathBuf,
    room: String,
    /// Without tests and comments.
    code: String,
    lines_before_tests: usize,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "tests" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") && name != "tests.rs" {
                found.push(source(&root, path));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn source(root: &Path, path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).unwrap();
    let before = match text.find("\n#[cfg(test)]\nmod ") {
        Some(at) => &text[..at],
        None => &text,
    };
    let code: String = before
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .map(|l| format!("{l}\n"))
        .collect();
    let inside = path.strip_prefix(root).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    let room = first.trim_end_matches(".rs").to_owned();
    let lines_before_tests = before.lines().count();
    Source { path: inside.to_owned(), room, code, lines_before_tests }
}

/// The rooms that a file names after `crate::`, in a group too.
fn imports(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let inner = match rest.strip_prefix('{') {
            Some(group) => {
                let mut depth = 1;
                let end = group.find(|c| {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        _ => {}
                    }
                    depth == 0
                });
                &group[..end.unwrap()]
            }
            None => rest,
        };
        let mut depth = 0;
        let mut start = 0;
        let heads = inner.char_indices().filter_map(|(i, c)| {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    let head = &inner[start..i];
                    start = i + 1;
                    return Some(head);
                }
                _ => {}
            }
            None
        });
        let mut heads: Vec<&str> = heads.collect();
        heads.push(&inner[start.min(inner.len())..]);
        if !rest.starts_with('{') {
            heads.truncate(1);
        }
        for head in heads {
            let word: String =
                head.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if !word.is_empty() {
                rooms.insert(word);
            }
        }
    }
    rooms
}

#[test]
fn rooms_import_only_what_the_arrow_table_allows() {
    let table: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut broken = Vec::new();
    for source in sources() {
        if ["lib", "main"].contains(&source.room.as_str()) {
            continue;
        }
        let Some(allowed) = table.get(source.room.as_str()) else {
            broken.push(format!("{}: the room has no line in the table", source.path.display()));
            continue;
        };
        for room in imports(&source.code) {
            let fine = room == source.room || *allowed == ANY || allowed.contains(&room.as_str());
            if !fine {
                broken.push(format!("{} imports {room}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn the_table_itself_has_no_cycle() {
    // The lines stand in an order in which each imports only what stands above it.
    let mut above: Vec<&str> = Vec::new();
    for (room, allowed) in ARROWS.iter().filter(|(_, a)| *a != ANY) {
        for import in *allowed {
            assert!(above.contains(import), "{room} imports {import}, which stands below it");
        }
        above.push(room);
    }
}

#[test]
fn what_belongs_to_one_room_stands_in_no_other() {
    let mut broken = Vec::new();
    for source in sources() {
        for (word, room, why) in ONLY_IN {
            if source.room != *room && source.code.contains(word) && !allowed_match(&source, word) {
                broken.push(format!("{} has {word:?}: {room} is {why}", source.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

/// A pattern that only takes a value apart makes none.
fn allowed_match(source: &Source, word: &str) -> bool {
    source.code.lines().filter(|l| l.contains(word)).all(|l| l.contains("=>"))
}

#[test]
fn no_room_is_named_after_nothing() {
    for source in sources() {
        for part in source.path.components() {
            let name = part.as_os_str().to_string_lossy();
            let name = name.trim_end_matches(".rs");
            assert!(!NO_ROOM.contains(&name), "{} is no name", source.path.display());
        }
    }
}

#[test]
fn a_file_that_passes_500_lines_before_its_tests_wants_to_be_two() {
    for source in sources() {
        let (path, lines) = (source.path.display(), source.lines_before_tests);
        assert!(lines <= 500, "{path} has {lines} lines");
    }
}

#[test]
fn every_room_says_what_it_is_what_flows_through_it_and_what_it_logs() {
    for (room, _) in ARROWS.iter().filter(|(room, _)| *room != "app") {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room).join("mod.rs");
        let text = fs::read_to_string(&path).unwrap();
        for word in ["//! Flow:", "//! Invariant:", "//! Logs:"] {
            assert!(text.contains(word), "src/{room}/mod.rs says nothing of {word:?}");
        }
    }
}

#[test]
fn everything_we_depend_on_comes_from_the_registry_under_a_licence_that_fits() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 20);
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let Some(source) = package["source"].as_str() else { continue };
        assert!(source.starts_with("registry+"), "{name} comes from {source}");
        assert!(!["openssl-sys", "native-tls"].contains(&name), "{name}: TLS is rustls with ring");
        let licence = package["license"].as_str().unwrap_or_default().replace('/', " OR ");
        // "A OR B" offers a choice; "A AND B" binds to both.
        let fits = |all: &str| {
            all.split(" AND ").all(|l| {
                let l = l.trim().trim_matches(|c| c == '(' || c == ')');
                l.split(" OR ")
                    .any(|one| LICENCES.contains(&one.trim_matches(|c| c == '(' || c == ')')))
            })
        };
        let fine = fits(&licence) || licence.split(" OR ").any(|l| LICENCES.contains(&l.trim()));
        assert!(fine, "{name} is under {licence:?}");
    }
}

/// The literals of a source, without those of its tests, and of attributes: an error is for the log.
fn literals(code: &str) -> Vec<String> {
    let left_out = concat!(
        r"(?s)#\[cfg\(test\)\]\n[^;{]*mod \w+ \{.*",
        r"|(?s:#\[[^\]]*\])",
        r"|'(?:[^'\\]|\\[^u]|\\u\{[0-9a-f]+\})'",
    );
    let code = regex::Regex::new(left_out).unwrap().replace_all(code, "").into_owned();
    let literal = r##"r#"(?s:(.*?))"#|\br"([^"]*)"|"((?:[^"\\]|\\.)*)""##;
    let found = regex::Regex::new(literal).unwrap();
    let text =
        |m: regex::Captures<'_>| m.iter().skip(1).flatten().next().unwrap().as_str().to_owned();
    found.captures_iter(&code).map(text).collect()
}

#[test]
fn every_sentence_to_a_person_stands_in_one_place_and_holds_no_address() {
    let gap = regex::Regex::new(r"\{([a-z_]*)[^}]*\}").unwrap();
    let address = regex::Regex::new(r"[^\s@]@[a-z0-9]").unwrap();
    let sentence = regex::Regex::new(r"[\p{L}']+( [\p{L}']+){3,}").unwrap();
    let (mut broken, mut told) = (Vec::new(), 0);
    for source in sources() {
        let path = source.path.display().to_string();
        let Some((_, gaps)) = SENTENCES.iter().find(|(room, _)| source.room == *room) else {
            continue;
        };
        let listed = SENTENCES_IN.iter().any(|name| path.contains(name));
        for text in literals(&source.code) {
            if listed {
                told += usize::from(sentence.is_match(&text));
                if address.is_match(&text) {
                    broken.push(format!("{path}: an address stands in {text:?}"));
                }
                for found in gap.captures_iter(&text) {
                    if !gaps.contains(&&found[1]) {
                        broken.push(format!("{path}: what is {{{}}} in {text:?}?", &found[1]));
                    }
                }
            } else if source.room == "rewrite" && sentence.is_match(&text) {
                // In `smtp` the type of `Connection::say` sees to it.
                broken.push(format!("{path}: a sentence outside of the lists: {text:?}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(told > 200, "the sentences were not found: {told}");
}

// What lies in deploy/ fits the program.

fn file_text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap()
}

fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    text.split(|c| !is_part(c))
        .filter(|word| word.starts_with("bauta_"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn dashboards_and_alerts_name_only_metrics_that_there_are() {
    let there = metrics(&file_text("src/web/operation.rs"));
    assert!(there.len() >= 5, "{there:?}");
    for file in ["deploy/grafana-dashboard.json", "deploy/alerts.yml", "deploy/prometheus.yml"] {
        let named = metrics(&file_text(file));
        let unknown: Vec<_> = named.difference(&there).collect();
        assert!(!named.is_empty() && unknown.is_empty(), "{file}: {unknown:?}");
    }
    serde_json::from_str::<serde_json::Value>(&file_text("deploy/grafana-dashboard.json")).unwrap();
}

#[test]
fn the_unit_and_the_container_run_commands_that_there_are() {
    for file in ["deploy/bauta.service", "deploy/Dockerfile", "deploy/compose.yaml"] {
        let text = file_text(file);
        assert!(text.contains("/usr/local/bin/bauta"), "{file}");
    }
    let unit = file_text("deploy/bauta.service");
    for command in ["check", "serve"] {
        assert!(unit.contains(&format!("--config /etc/bauta/bauta.toml {command}\n")), "{command}");
    }
    let hardened = [
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
    ];
    for line in hardened {
        assert!(unit.lines().any(|l| l == line), "{line}");
    }
}
