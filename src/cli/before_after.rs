//! What of a mail `bauta policy check --show` says beside its words: the header and the files, as
//! they came and as they go out.

use std::io::{self, Write};

use crate::mail::{self, Attachment};

/// Fields that the outgoing mail has too, written afresh.
const WRITTEN: [&str; 12] = [
    "from",
    "to",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "auto-submitted",
    "content-type",
    "content-transfer-encoding",
];

/// The names of header fields that do not go out.
pub(super) fn dropped_fields(raw: &[u8], out: &mut impl Write) -> io::Result<()> {
    let mut names: Vec<String> = Vec::new();
    for line in header(raw).lines().filter(|line| !line.starts_with([' ', '\t'])) {
        let Some((name, _)) = line.split_once(':') else { continue };
        let name = name.trim();
        let is_known = |n: &String| n.eq_ignore_ascii_case(name);
        if !WRITTEN.contains(&name.to_lowercase().as_str()) && !names.iter().any(is_known) {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n--- header fields that do not go out: none but the needed ones are written afresh"
    )?;
    writeln!(out, "{}", names.join(", "))
}

/// The header of the finished mail.
pub(super) fn header_after(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "--- after, its header\n{}\n", header(bytes).trim_end())
}

/// The header block, LF line ends.
fn header(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).replace("\r\n", "\n");
    text.split("\n\n").next().unwrap_or_default().to_owned()
}

/// The files as they came, and what was found in each.
pub(super) fn files_before(
    raw: &[u8],
    files: &[Attachment],
    out: &mut impl Write,
) -> io::Result<()> {
    if !files.is_empty() {
        writeln!(out, "\n--- before, its files")?;
    }
    files.iter().try_for_each(|file| {
        write!(out, "{}: ", named(file))?;
        let Some(inspected) = &file.inspected else {
            return writeln!(out, "{}, not opened", file.content_type);
        };
        let facts = &inspected.facts;
        write!(out, "{}, {} bytes", facts.kind.word(), file.size)?;
        if let Some(danger) = &facts.danger {
            write!(out, "; {}", danger.word())?;
        }
        if let Some(unopened) = &facts.unopened {
            write!(out, "; {}", unopened.word())?;
        }
        let cleaned =
            inspected.bytes.as_ref().map(|b| b.as_ref() != file.content.decode(raw).as_ref());
        writeln!(
            out,
            "{}",
            match cleaned {
                Some(true) => "; cleaned of what it told about its maker",
                Some(false) => "; nothing in it needed cleaning",
                None => "; it does not go out",
            }
        )
    })
}

/// The files of the finished mail.
pub(super) fn files_after(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    let read = mail::read(bytes);
    if !read.attachments.is_empty() {
        writeln!(out, "--- after, its files")?;
    }
    read.attachments.iter().try_for_each(|file| {
        writeln!(out, "{}: {}, {} bytes", named(file), file.content_type, file.size)
    })
}

fn named(file: &Attachment) -> &str {
    file.name.as_deref().unwrap_or("without a name")
}
