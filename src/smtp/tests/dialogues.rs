//! Dialogues from `fixtures/smtp/`, and what is logged of them.

use std::path::Path;

use super::*;

/// `\r \n \0 \\` and `{N*text}`, N times.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = vec![];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => {
                let escaped = rest.chars().next().unwrap();
                rest = &rest[1..];
                out.push(match escaped {
                    'r' => b'\r',
                    'n' => b'\n',
                    '0' => 0,
                    '\\' => b'\\',
                    other => panic!("no escape: {other}"),
                });
            }
            '{' => {
                let (inner, after) = rest.split_once('}').unwrap();
                let (times, piece) = inner.split_once('*').unwrap();
                out.extend(unescape(piece).repeat(times.parse().unwrap()));
                rest = after;
            }
            c => out.extend(c.to_string().as_bytes()),
        }
    }
    out
}

/// Plays one dialogue; every line of it as one write, or octet by octet.
async fn play(path: &Path, octet_by_octet: bool) {
    let script = std::fs::read_to_string(path).unwrap();
    let peer = script.lines().find_map(|l| l.strip_prefix("peer ")).unwrap_or("127.0.0.1");
    let mut line = call(peer, settings());
    let mut mails = 0;
    let mut closed = false;
    for (number, step) in script.lines().enumerate() {
        let place = format!("{}:{}", path.display(), number + 1);
        let (kind, rest) = step.split_once(' ').unwrap_or((step, ""));
        match kind {
            "" | "#" | "peer" => {}
            // One line, or octets as they are.
            "C:" | "C|" => {
                let mut octets = unescape(rest);
                if kind == "C:" {
                    octets.extend(b"\r\n");
                }
                let size = if octet_by_octet { 1 } else { octets.len() };
                for chunk in octets.chunks(size) {
                    line.send(chunk).await;
                    tokio::task::yield_now().await;
                }
            }
            "S:" => assert_eq!(line.hear().await, rest, "{place}"),
            "closed" => {
                assert_eq!(line.hear().await, "", "{place}: the connection is open");
                closed = true;
            }
            // A mail that came through the door: sender, route, text.
            "mail" => {
                let came = line.door.came();
                let (from, route, text) =
                    came.get(mails).unwrap_or_else(|| panic!("{place}: no mail"));
                let text = text.replace('\\', "\\\\").replace('\r', "\\r").replace('\n', "\\n");
                assert_eq!(
                    format!("<{from}> {route} {}", text.replace('\0', "\\0")),
                    rest,
                    "{place}"
                );
                mails += 1;
            }
            other => panic!("{place}: {other:?} is no step"),
        }
    }
    assert_eq!(line.door.came().len(), mails, "{}: mails that nobody expected", path.display());
    if !closed {
        line.send(b"NOOP\r\n").await;
        assert_eq!(line.hear().await, "250 2.0.0 OK", "{}: something was left", path.display());
    }
}

#[tokio::test]
async fn every_dialogue_goes_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/smtp");
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "dialogue") {
            play(&path, false).await;
            play(&path, true).await;
            played += 1;
        }
    }
    assert!(played >= 10, "only {played} dialogues were found");
}

/// What is logged goes in here.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn refusals_are_logged_without_any_mail_address() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/smtp");
    for name in ["recipients", "outcomes", "stranger", "size", "bare-line-end-in-data"] {
        play(&folder.join(format!("{name}.dialogue")), false).await;
    }
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for turn in ["RCPT refused why=Unknown", "MAIL refused: the peer", "too large", "bare CR or LF"]
    {
        assert!(log.contains(turn), "{turn:?} is not in the log:\n{log}");
    }
    for secret in ["@", "jane", "abc", "unknown-too"] {
        assert!(!log.contains(secret), "{secret:?} is in the log:\n{log}");
    }
}
