//! Opening attachments in a child process of the same binary, so that a hostile file ends the
//! child and never the relay.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::Relay;
use super::lanes::{Lane, Lanes};
use super::outcome::Outcome;
use crate::domain::{Danger, FileFacts, FileKind, RealAddress, Timestamp, Unopened};
use crate::inspect::{self, Opened, wire};
use crate::mail::{self, Attachment, Inspected, Message};

/// A text file that is judged, in bytes.
const MOST_TEXT: usize = 512 * 1024;
/// A child's time for one mail in the quick lane. What takes longer is tried once more in the slow
/// one, so that a machine with too much to do refuses nobody.
const QUICK: Duration = Duration::from_secs(10);
/// A child's time for one mail in the slow lane. It has a limit of processor time of its own; this
/// one is for a child that sleeps.
const PATIENCE: Duration = Duration::from_secs(30);
/// Files of one mail that may each bring a child down; what comes behind them stays unopened.
const DEATHS: usize = 2;

/// The attachments could not be opened now, for a reason of this machine's.
#[derive(Debug, thiserror::Error)]
#[error("attachments can't be opened: {0}")]
pub struct InspectError(#[from] std::io::Error);

impl Relay {
    /// Opens the attachments of a mail that this sender wrote; of none where nobody waits for it.
    ///
    /// `pictures`: what they show too.
    pub(super) async fn open_attachments(
        &self,
        raw: &[u8],
        message: &mut Message,
        pictures: bool,
        sender: Option<&RealAddress>,
    ) -> Result<(), Outcome> {
        let inspector = self.0.inspector.looking_at_pictures(pictures);
        let now = self.0.clock.now();
        inspector.inspect_of(sender, now, raw, message).await.map_err(|error| {
            tracing::error!(%error, "a mail with attachments is asked to come again");
            Outcome::Storage
        })
    }
}

/// Opens attachments. Cheap to clone; clones share the bound on children.
#[derive(Debug, Clone)]
pub struct Inspector {
    program: PathBuf,
    quick: Duration,
    patience: Duration,
    lanes: Arc<Lanes>,
    /// What pictures show is asked too.
    pictures: bool,
}

impl Inspector {
    /// Children are this binary, also where its file was replaced meanwhile.
    pub fn of_this_binary() -> Self {
        Self::of("/proc/self/exe")
    }

    /// Children are this `bauta`.
    pub fn of(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            quick: QUICK,
            patience: PATIENCE,
            lanes: Arc::default(),
            pictures: false,
        }
    }

    /// The same, asking what pictures show: QR codes, and whether it is the same picture again.
    #[must_use]
    pub fn looking_at_pictures(&self, pictures: bool) -> Self {
        Self { pictures, ..self.clone() }
    }

    /// Opens the attachments of a mail: afterwards each says what was found in it. `raw` is the
    /// mail that `message` was read from. A mail without attachments costs nothing.
    ///
    /// # Errors
    /// No child could be started: nothing is known about the mail then.
    pub async fn inspect(&self, raw: &[u8], message: &mut Message) -> Result<(), InspectError> {
        self.inspect_of(None, Timestamp::EPOCH, raw, message).await
    }

    /// The same for a sender, who has a turn among others.
    async fn inspect_of(
        &self,
        sender: Option<&RealAddress>,
        now: Timestamp,
        raw: &[u8],
        message: &mut Message,
    ) -> Result<(), InspectError> {
        let mut waiting = message.attachments.as_mut_slice();
        if waiting.is_empty() {
            return Ok(());
        }
        let mut turn = self.lanes.turn(sender, now).await;
        let mut deaths = 0;
        while deaths < DEATHS {
            let lane = turn.lane();
            let patience = if lane == Lane::Quick { self.quick } else { self.patience };
            let place = self.lanes.place(lane).await;
            let (answers, in_time) = self.run(raw, waiting, patience).await?;
            drop(place);
            let answered = answers.len().min(waiting.len());
            let (done, rest) = waiting.split_at_mut(answered);
            for (attachment, opened) in done.iter_mut().zip(answers) {
                note(raw, attachment, opened);
            }
            waiting = rest;
            if waiting.is_empty() {
                break;
            }
            turn.goes_slowly(now);
            if !in_time && lane == Lane::Quick {
                continue;
            }
            deaths += 1;
            let Some((culprit, rest)) = waiting.split_first_mut() else { break };
            // This one was in hand when the child ended.
            let bytes = culprit.content.decode(raw);
            let kind = inspect::kind(culprit.name.as_deref(), &culprit.content_type, &bytes);
            tracing::warn!(
                ?kind,
                bytes = bytes.len(),
                "a file brought down the child that opened it"
            );
            let facts = FileFacts::dangerous(kind, Danger::Hostile, None);
            culprit.inspected = Some(Inspected::only(facts));
            waiting = rest;
            if waiting.is_empty() {
                break;
            }
        }
        tracing::debug!(files = message.attachments.len(), "files were opened");
        Ok(())
    }

    /// One child's answers, in the order of the attachments, as many as it gave; and whether it
    /// ended by itself.
    async fn run(
        &self,
        raw: &[u8],
        asked: &[Attachment],
        patience: Duration,
    ) -> Result<(Vec<Opened>, bool), InspectError> {
        let mut child = Command::new(&self.program)
            .arg("inspect")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut output = Vec::new();
        let pipes = (child.stdin.take(), child.stdout.take());
        let ended = async {
            if let (Some(stdin), Some(stdout)) = pipes {
                // A child that dies leaves both pipes broken: what it said until then counts.
                let _ = tokio::join!(
                    ask(stdin, raw, asked, self.pictures),
                    listen(stdout, &mut output)
                );
            }
            child.wait().await
        };
        let in_time = tokio::time::timeout(patience, ended).await.is_ok();
        if !in_time {
            end(&mut child).await;
        }
        Ok((wire::answers(&output), in_time))
    }
}

async fn ask(
    mut stdin: ChildStdin,
    raw: &[u8],
    asked: &[Attachment],
    look: bool,
) -> std::io::Result<()> {
    for attachment in asked {
        let bytes = attachment.content.decode(raw);
        let name = attachment.name.as_deref();
        let head = wire::question_head(name, &attachment.content_type, look, bytes.len());
        stdin.write_all(&head).await?;
        stdin.write_all(&bytes).await?;
    }
    stdin.shutdown().await
}

async fn listen(stdout: ChildStdout, output: &mut Vec<u8>) -> std::io::Result<()> {
    let most = u64::try_from(4 * wire::LONGEST).unwrap_or(u64::MAX);
    stdout.take(most).read_to_end(output).await?;
    Ok(())
}

/// SIGKILL, and waits until it is gone.
async fn end(child: &mut Child) {
    if let Err(error) = child.kill().await {
        tracing::warn!(%error, "a child that opens files could not be ended");
    }
}

/// What was found in an attachment, and its bytes as they may go out.
fn note(raw: &[u8], attachment: &mut Attachment, opened: Opened) {
    let Opened { mut facts, cleaned, words } = opened;
    let text = (facts.kind == FileKind::Text).then(|| {
        let bytes = attachment.content.decode(raw);
        mail::words(bytes.get(..=MOST_TEXT).unwrap_or(&bytes), attachment.charset.as_deref())
    });
    if attachment.size > MOST_TEXT && text.is_some() {
        facts.unopened = Some(Unopened::TooLong);
    }
    let bytes: Option<Arc<[u8]>> = facts.is_clean().then(|| match cleaned {
        Some(cleaned) => cleaned.into(),
        None => attachment.content.decode(raw).as_ref().into(),
    });
    attachment.inspected = Some(Inspected { facts, bytes, text, words });
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::mail::Content;

    /// Children that are this shell script.
    fn scripted(dir: &Path, script: &str) -> Inspector {
        let program = dir.join("bauta");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Inspector { quick: PATIENCE, ..Inspector::of(program) }
    }

    /// A mail with these files.
    fn with(files: &[&[u8]]) -> Message {
        let attachments = files
            .iter()
            .map(|f| Attachment { content: Content::own(*f), ..Attachment::default() })
            .collect();
        Message { attachments, ..Message::default() }
    }

    fn found(message: Message) -> Vec<Option<Inspected>> {
        message.attachments.into_iter().map(|a| a.inspected).collect()
    }

    /// A mail with these files, opened by a child that is this shell script.
    async fn opened(script: &str, files: &[&[u8]]) -> Result<Vec<Option<Inspected>>, InspectError> {
        let dir = tempfile::tempdir().unwrap();
        let inspector = scripted(dir.path(), script);
        opened_by(&inspector, files).await
    }

    async fn opened_by(
        inspector: &Inspector,
        files: &[&[u8]],
    ) -> Result<Vec<Option<Inspected>>, InspectError> {
        let mut message = with(files);
        inspector.inspect(b"", &mut message).await?;
        Ok(found(message))
    }

    /// What a child says of one harmless picture.
    fn harmless() -> String {
        let facts = r#"{"kind":"png","danger":null,"inside":null,"unopened":null}"#;
        let octal = format!("\\000\\000\\000\\{:03o}", facts.len());
        format!("printf '{octal}{facts}\\000\\000\\000\\000\\000\\000\\000\\000\\000'")
    }

    fn hostile(kind: FileKind) -> Option<Inspected> {
        Some(Inspected::only(FileFacts::dangerous(kind, Danger::Hostile, None)))
    }

    #[tokio::test]
    async fn a_child_that_dies_hangs_or_talks_nonsense_is_a_finding() {
        for script in ["kill -9 $$", "exec sleep 60", "exit 1", "exec yes", "cat > /dev/null"] {
            let dir = tempfile::tempdir().unwrap();
            let (quick, patience) = (Duration::from_secs(1), Duration::from_secs(2));
            let inspector = Inspector { quick, patience, ..scripted(dir.path(), script) };
            let found = opened_by(&inspector, &[b"%PDF-1.4"]).await.unwrap();
            assert_eq!(found, [hostile(FileKind::Pdf)], "{script}");
        }
    }

    #[tokio::test]
    async fn what_was_said_before_the_end_counts_and_the_rest_gets_another_child() {
        let once = format!("{}\nkill -9 $$", harmless());
        let files: [&[u8]; 5] = [b"\x89PNG\r\n\x1a\n", b"MZ", b"a", b"b", b"c"];
        let found = opened(&once, &files).await.unwrap();
        let clean = |bytes: &[u8]| {
            let facts = FileFacts::of(FileKind::Png);
            Some(Inspected { bytes: Some(bytes.into()), ..Inspected::only(facts) })
        };
        assert_eq!(found[..2], [clean(files[0]), hostile(FileKind::Program)]);
        assert_eq!(found[2..4], [clean(b"a"), hostile(FileKind::Text)]);
        assert_eq!(found[4], None, "two deaths are enough");
    }

    #[tokio::test]
    async fn what_takes_too_long_among_others_is_no_finding_before_it_had_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let inspector = Inspector {
            // Nothing is so quick.
            quick: Duration::ZERO,
            ..scripted(dir.path(), &harmless())
        };
        let (mut message, writer) = (with(&[b"a"]), "jane@mail.example".parse().unwrap());
        inspector.inspect_of(Some(&writer), Timestamp::EPOCH, b"", &mut message).await.unwrap();
        assert_eq!(found(message)[0].as_ref().unwrap().facts, FileFacts::of(FileKind::Png));
    }

    #[tokio::test]
    async fn senders_of_files_that_kill_wait_for_one_another_and_nobody_waits_for_them() {
        let dir = tempfile::tempdir().unwrap();
        let script = format!("head -c 64 | grep -q BAD && kill -9 $$\n{}", harmless());
        let inspector = scripted(dir.path(), &script);
        let now = Timestamp::EPOCH;
        let killers: Vec<RealAddress> =
            (0..4).map(|n| format!("k{n}@bad.example").parse().unwrap()).collect();
        for killer in &killers {
            let mut message = with(&[b"BAD"]);
            inspector.inspect_of(Some(killer), now, b"", &mut message).await.unwrap();
            assert_eq!(found(message), [hostile(FileKind::Text)]);
        }
        // Somebody's file takes its time in the slow lane.
        let place = inspector.lanes.place(Lane::Slow).await;
        let again = killers.into_iter().map(|killer| {
            let inspector = inspector.clone();
            tokio::spawn(async move {
                let mut message = with(&[b"BAD"]);
                inspector.inspect_of(Some(&killer), now, b"", &mut message).await.unwrap();
                found(message)
            })
        });
        let again: Vec<_> = again.collect();
        let (mut message, jane) = (with(&[b"a"]), "jane@mail.example".parse().unwrap());
        inspector.inspect_of(Some(&jane), now, b"", &mut message).await.unwrap();
        assert_eq!(found(message)[0].as_ref().unwrap().facts, FileFacts::of(FileKind::Png));
        assert!(again.iter().all(|task| !task.is_finished()), "each waits for its place");
        drop(place);
        for task in again {
            assert_eq!(task.await.unwrap(), [hostile(FileKind::Text)]);
        }
    }

    #[tokio::test]
    async fn without_a_child_nothing_is_known_and_the_mail_can_come_again() {
        let mut message =
            Message { attachments: vec![Attachment::default()], ..Message::default() };
        let inspector = Inspector::of("/nowhere/bauta");
        assert!(inspector.inspect(b"", &mut message).await.is_err());
        message.attachments.clear();
        assert!(inspector.inspect(b"", &mut message).await.is_ok(), "none is started for nothing");
    }
}
